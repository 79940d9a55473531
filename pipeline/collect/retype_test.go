package collect_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

// mapping makes one word of the cloud a universal type.
func mapping(word string, to pipeline.ResourceType) pipeline.TypeMapping {
	return pipeline.TypeMapping{ID: word + " " + string(to), Match: pipeline.TypeMatch{ResourceType: word}, To: pipeline.TypeTarget{ResourceType: to}}
}

// unknown is a billed line of a type that nobody knows.
func unknown(hour int, resource, word, cost string) pipeline.Charge {
	c := charge(hour, resource, cost)
	c.ResourceType, c.Unrecognised, c.ServiceName, c.ServiceCategory = word, true, "Odd "+word, "Other"
	return c
}

// labelled adds the rows up as believed at an instant, by connection, source, hour, resource and every word that a mapping may change.
func labelled(l *collecttest.Ledger, at time.Time) collecttest.Totals {
	return totalsBy(l, at, func(r *collecttest.Row) string {
		c := &r.Charge
		return fmt.Sprint(r.Account.Connection, r.Source, c.Start, c.ResourceID, c.ResourceType, c.ServiceCategory, c.ServiceName, c.Unrecognised, c.Tags)
	})
}

// unlabelled leaves the words out: no mapping may change these.
func unlabelled(l *collecttest.Ledger, at time.Time) collecttest.Totals {
	return totalsBy(l, at, func(r *collecttest.Row) string {
		return fmt.Sprint(r.Account.Connection, r.Source, r.Charge.Start, r.Charge.ResourceID)
	})
}

func totalsBy(l *collecttest.Ledger, at time.Time, key func(*collecttest.Row) string) collecttest.Totals {
	sums := map[string]pipeline.Measures{}
	for _, r := range l.Rows() {
		if at.IsZero() || !r.SeenAt.After(at) {
			sums[key(&r)] = sums[key(&r)].Add(r.Charge.Measures)
		}
	}
	totals := collecttest.Totals{}
	for k, m := range sums {
		if !m.IsZero() {
			totals[k] = collecttest.MeasuresText(m)
		}
	}
	return totals
}

// retype lets one collector apply what is due, at as many later times as it asks for.
func (l *lab) retype(t interface{ Fatal(...any) }) {
	c := l.collector(t, "retyper")
	for range 20 {
		if err := c.RetypeDue(context.Background()); err != nil {
			t.Fatal(err)
		}
		if done, _ := l.windows.Retyped(); done {
			return
		}
		now, _ := l.windows.Now(context.Background())
		l.windows.Set(now.Add(15 * time.Minute))
	}
	t.Fatal("the history was not retyped")
}

func (l *lab) appended(before int) []collecttest.Row { return l.ledger.Rows()[before:] }

func TestMappingReachesHistoryAndTheFuture(t *testing.T) {
	l := newLab(noon)
	tape := pipeline.Resource{ID: "t-1", Type: "TAPE", Name: "t-1", Scope: "vps", CreatedAt: noon.Add(-2 * time.Hour), Rates: []pipeline.Rate{rate("3", pipeline.PerHour)}}
	w := collecttest.World{
		Charges: []pipeline.Charge{unknown(1, "a", "TAPE", "1.50"), unknown(2, "b", "GPU", "2"), charge(3, "c", "7")},
		Files:   []collecttest.File{{Key: "f", Version: "1", Charges: []pipeline.Charge{unknown(4, "a", "TAPE", "0.10")}}},
		Scopes:  []string{"vps"}, Resources: []pipeline.Resource{tape},
	}
	l.tell(w)
	l.sync(t)
	before, old, rows := labelled(l.ledger, time.Time{}), unlabelled(l.ledger, time.Time{}), len(l.ledger.Rows())

	l.windows.Set(noon.Add(time.Minute))
	w.Files = nil // the file is gone, what it held is not
	l.tell(w)
	l.windows.Map("t", collecttest.Kind, mapping("TAPE", pipeline.Backup))
	l.retype(t)
	if d := cmp.Diff(old, unlabelled(l.ledger, time.Time{})); d != "" {
		t.Errorf("the mapping changed totals: %s", d)
	}
	for _, r := range l.appended(rows) {
		if r.Charge.ResourceID == "b" || r.Charge.ResourceID == "c" {
			t.Errorf("a line that the mapping is not for was touched: %+v", r)
		}
	}
	if got := typesHeld(l.ledger); !cmp.Equal(got, map[string]string{"a": "backup", "b": "GPU", "c": "", "t-1": "backup"}) {
		t.Errorf("held: %v", got)
	}
	if d := cmp.Diff(before, labelled(l.ledger, noon)); d != "" {
		t.Errorf("as of before the mapping: %s", d)
	}

	rows = len(l.ledger.Rows())
	l.retype(t)
	l.windows.AllDue()
	l.sync(t)
	for _, r := range l.appended(rows) {
		if r.Source != collect.SourceAccrual || r.Charge.ResourceType != "backup" { // time goes on for what accrues
			t.Errorf("collected again: appended %+v", r)
		}
	}
	states, err := l.ledger.States(t.Context(), account)
	if err != nil || len(states) != 1 || states[0].Type != pipeline.Backup || states[0].CloudType() != "TAPE" {
		t.Errorf("resources: %+v, %v", states, err)
	}

	l.windows.Map("t", collecttest.Kind)
	l.retype(t)
	if got := typesHeld(l.ledger); !cmp.Equal(got, map[string]string{"a": "TAPE", "b": "GPU", "c": "", "t-1": "TAPE"}) {
		t.Errorf("undone: %v", got)
	}
	if rows := l.ledger.Rows(); len(rows[len(rows)-1].Charge.Tags) != 0 {
		t.Errorf("undone, and the tags stay: %v", rows[len(rows)-1].Charge.Tags)
	}
}

// typesHeld gives the one type under which each resource holds anything.
func typesHeld(l *collecttest.Ledger) map[string]string {
	sums := map[[2]string]pipeline.Measures{}
	for _, r := range l.Rows() {
		k := [2]string{r.Charge.ResourceID, r.Charge.ResourceType}
		sums[k] = sums[k].Add(r.Charge.Measures)
	}
	types := map[string]string{}
	for k, m := range sums {
		if !m.IsZero() {
			types[k[0]] += k[1]
		}
	}
	return types
}

// A window that began with older mappings ends after the history was relabelled: it is looked through once more.
func TestWindowsThatBeganWithOlderMappingsAreWaitedFor(t *testing.T) {
	l := newLab(noon)
	l.tell(collecttest.World{Charges: []pipeline.Charge{unknown(1, "a", "TAPE", "1")}, Scopes: []string{"vps"}})
	entered, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	l.ledger.BeforeAppend = func(_ collect.Account, s pipeline.Slice) error {
		if s.Source == "consumption" {
			once.Do(func() { close(entered); <-goOn })
		}
		return nil
	}
	var wg sync.WaitGroup
	wg.Go(func() { l.sync(t) })
	<-entered
	l.windows.Map("t", collecttest.Kind, mapping("TAPE", pipeline.Backup))
	if err := l.collector(t, "retyper").RetypeDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done, _ := l.windows.Retyped(); done {
		t.Error("the history counts as relabelled while a window with older mappings is under way")
	}
	close(goOn)
	wg.Wait()
	l.ledger.BeforeAppend = nil
	if got := typesHeld(l.ledger); got["a"] != "TAPE" {
		t.Fatalf("the window did not write what it began with: %v", got)
	}
	l.retype(t)
	if got := typesHeld(l.ledger); got["a"] != "backup" {
		t.Errorf("held: %v", got)
	}
}

// Any mappings, made and unmade while collectors lose requests, answers and their lives, leave what one clean run with the last
// mappings leaves, and never changed a total on the way.
func TestAnyMappingsEqualOneCleanRunWithTheLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clean, chaos := newLab(noon), newLab(noon)
		chaos.config.MaxLines = rapid.IntRange(1, 40).Draw(t, "max lines")
		chaos.count = rapid.Bool().Draw(t, "counting")
		var last []pipeline.TypeMapping
		for i := range rapid.IntRange(1, 3).Draw(t, "epochs") {
			start := noon.Add(time.Duration(i) * 3 * time.Hour)
			w := anyWorld(t, i)
			for j := range w.Charges {
				odd(t, &w.Charges[j])
			}
			for j := range w.Resources {
				w.Resources[j].Type = rapid.SampledFrom([]pipeline.ResourceType{pipeline.Server, "TAPE", "GPU"}).Draw(t, "resource type")
			}
			last = anyMappings(t)
			clean.windows.Set(start)
			clean.windows.Map("t", collecttest.Kind, last...)
			clean.tell(w)
			clean.sync(t)
			chaos.tell(w)
			chaos.windows.Set(start)
			chaos.mapMeanwhile(t)
			end := chaos.muddle(t, start)
			chaos.windows.Map("t", collecttest.Kind, last...)
			chaos.retype(t)
			if d := cmp.Diff(unlabelled(clean.ledger, start), unlabelled(chaos.ledger, end)); d != "" {
				t.Fatalf("epoch %d: clean against muddled: %s", i, d)
			}
		}
		clean.retype(t)
		if d := cmp.Diff(labelled(clean.ledger, time.Time{}), labelled(chaos.ledger, time.Time{})); d != "" {
			t.Fatalf("with the last mappings: clean against muddled: %s", d)
		}
		rows := len(chaos.ledger.Rows())
		chaos.retype(t)
		if n := len(chaos.appended(rows)); n > 0 {
			t.Fatalf("applied once more: appended %d rows", n)
		}
	})
}

func odd(t *rapid.T, c *pipeline.Charge) {
	if word := rapid.SampledFrom([]string{"", "TAPE", "GPU"}).Draw(t, "word"); word != "" {
		c.ResourceType, c.Unrecognised, c.ServiceName = word, true, "Odd "+word
	}
}

func anyMappings(t *rapid.T) []pipeline.TypeMapping {
	var ms []pipeline.TypeMapping
	for _, word := range []string{"TAPE", "GPU"} {
		if to := rapid.SampledFrom([]pipeline.ResourceType{"", pipeline.Backup, pipeline.OtherType}).Draw(t, "to"); to != "" {
			m := mapping(word, to)
			m.To.ServiceName = rapid.SampledFrom([]string{"", "Лента"}).Draw(t, "service")
			ms = append(ms, m)
		}
	}
	return ms
}

// mapMeanwhile changes mappings and applies them, with the accidents of the muddle that follows, at a few places of it.
func (l *lab) mapMeanwhile(t *rapid.T) {
	editions := [][]pipeline.TypeMapping{anyMappings(t), anyMappings(t)}
	var opens sync.Mutex
	n := 0
	l.cloud.OnTask = func(pipeline.Task) {
		opens.Lock()
		defer opens.Unlock()
		if n++; n%5 == 0 && n/5 <= len(editions) {
			l.windows.Map("t", collecttest.Kind, editions[n/5-1]...)
		}
		if n%7 == 0 {
			_ = l.collector(t, fmt.Sprint("retyper ", n)).RetypeDue(context.Background())
		}
	}
}

// A sum that grows keeps the hours that it came in, also when its type changes between two readings.
func TestGrowingSumsKeepTheirHoursUnderAMapping(t *testing.T) {
	l, now := collecttest.NewLedger(), day
	odd := func(through int, cost string) (pipeline.Slice, pipeline.Charge) {
		s := moscowDay(through)
		c := total(s, "t-1", cost)
		c.ResourceType, c.Unrecognised = "TAPE", true
		return s, c
	}
	for i, types := range []pipeline.TypeMappings{nil, {mapping("TAPE", pipeline.Backup)}, {mapping("TAPE", pipeline.Volume)}, nil} {
		o := options(&now)
		o.Types = &types
		s, c := odd(5+i, fmt.Sprint(10+3*i))
		write(t, l, s, o, c)
		want := even(0, 5, "2")
		for h := range i {
			want[5+h] = "3"
		}
		wantHours(t, l, s, "t-1", want)
	}
	if got := typesHeld(l); got["t-1"] != "TAPE" {
		t.Errorf("held: %v", got)
	}
}
