package providertest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/infrazen/infrazen/pipeline"
)

func (c Case) testInfo(t *testing.T) {
	info := c.Provider.Info()
	if diff := cmp.Diff(info, c.Provider.Info()); diff != "" {
		t.Errorf("Info differs between calls:\n%s", diff)
	}
	checkName(t, "kind", string(info.Kind))
	checkText(t, "title", info.Title)
	checkText(t, "about", info.About)
	if _, err := time.LoadLocation(info.BillingZone); err != nil || info.BillingZone == "" {
		t.Errorf("billing zone %q is not known", info.BillingZone)
	}
	if len(info.Feeds) == 0 {
		t.Error("it gives no feed")
	}
	for _, f := range info.Feeds {
		if f.Feed == "" || f.Grain == "" || f.Every <= 0 || f.Accrues && f.Feed != pipeline.FeedInventory {
			t.Errorf("feed %+v is not whole", f)
		}
	}
	seen := map[string]bool{}
	for _, f := range info.Fields {
		checkName(t, "field", f.Name)
		checkText(t, "label of "+f.Name, f.Label)
		if seen[f.Name] {
			t.Errorf("field %s stands twice", f.Name)
		}
		seen[f.Name] = true
		if f.Secret && f.Default != "" {
			t.Errorf("secret field %s has a default", f.Name)
		}
		for _, o := range f.Options {
			checkText(t, "option of "+f.Name, o.Label)
		}
	}
}

func checkName(t *testing.T, what, name string) {
	t.Helper()
	bad := func(r rune) bool { return !unicode.IsLower(r) && !unicode.IsDigit(r) && r != '_' && r != '-' }
	if name == "" || strings.ContainsFunc(name, bad) {
		t.Errorf("%s %q: a name of lower case letters, digits, _ and - is wanted", what, name)
	}
}

func checkText(t *testing.T, what string, text pipeline.Text) {
	t.Helper()
	if text.RU == "" || text.EN == "" {
		t.Errorf("%s %+v: both languages are wanted", what, text)
	}
}

func (c Case) testBadSettings(t *testing.T) {
	cloud := c.New(t)
	b := &bench{t: t, cloud: cloud, watch: &watch{}}
	var bad []pipeline.Settings
	for _, f := range c.Provider.Info().Fields {
		if f.Required {
			s := clone(cloud.Settings)
			delete(s, f.Name)
			bad = append(bad, s)
		}
	}
	for _, settings := range append(bad, cloud.Bad...) {
		_, err := c.Provider.Open(settings, b.env(t))
		var f *pipeline.Fault
		if !errors.As(err, &f) || f.Code != pipeline.FaultSettings {
			t.Errorf("Open with %d settings of which one is bad gives %v, want a settings fault", len(settings), err)
			continue
		}
		b.sentence(f)
		for _, field := range c.Provider.Info().Fields {
			if v := settings[field.Name]; field.Secret && v != "" && strings.Contains(err.Error(), v) {
				t.Errorf("the error holds the secret field %s", field.Name)
			}
		}
	}
	if b.watch.n != 0 {
		t.Errorf("Open made %d requests", b.watch.n)
	}
}

func clone(s pipeline.Settings) pipeline.Settings {
	out := pipeline.Settings{}
	for k, v := range s {
		out[k] = v
	}
	return out
}

// refused checks that Check and every feed fail as a whole with a code, after few requests.
func (c Case) refused(t *testing.T, pick func(*Cloud) pipeline.Settings, code pipeline.FaultCode) {
	cloud := c.New(t)
	settings := pick(cloud)
	if settings == nil {
		return
	}
	want := func(what string, err error) {
		t.Helper()
		var f *pipeline.Fault
		if !errors.As(err, &f) || f.Code != code || f.Retry {
			t.Errorf("%s gives %v, want a fault %s that is not retried", what, err, code)
		}
	}
	b := c.open(t, cloud, settings)
	out, err := b.s.Check(t.Context())
	b.told(out, err)
	want("Check", err)
	for _, feed := range c.feeds() {
		if slices.Contains(cloud.Offline, feed) {
			continue
		}
		for _, task := range cloud.Tasks[feed] {
			before := b.watch.n
			rec, _, err := b.collect(t.Context(), task)
			want(string(feed), err)
			if n := b.watch.n - before; n > 2 {
				t.Errorf("%s made %d requests with credentials that are refused", feed, n)
			}
			if len(rec.Rows)+len(rec.Points)+len(rec.Committed) > 0 {
				t.Errorf("%s handed rows over", feed)
			}
		}
	}
}

func (c Case) testWrongCredentials(t *testing.T) {
	c.refused(t, func(cl *Cloud) pipeline.Settings { return cl.Wrong }, pipeline.FaultCredentials)
}

func (c Case) testSecondFactor(t *testing.T) {
	c.refused(t, func(cl *Cloud) pipeline.Settings { return cl.Locked }, pipeline.FaultSecondFactor)
}

func (c Case) testCheck(t *testing.T) {
	cloud := c.New(t)
	b := c.open(t, cloud, cloud.Settings)
	out, err := b.s.Check(t.Context())
	b.told(out, err)
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	if len(out.Scopes) == 0 {
		t.Error("Check tells of no scope")
	}
	for _, s := range out.Scopes {
		if s.Fault != nil && !s.Skipped {
			t.Errorf("Check: %v", s.Fault)
		}
	}
}

func (c Case) testCollect(t *testing.T) {
	for _, feed := range c.feeds() {
		cloud := c.New(t)
		b := c.open(t, cloud, cloud.Settings)
		for _, task := range cloud.Tasks[feed] {
			rec, out := b.must(task)
			if !out.Complete() {
				t.Errorf("%s is not complete: %+v", feed, out.Scopes)
			}
			if len(out.Scopes) == 0 {
				t.Errorf("%s tells of no scope", feed)
			}
			checkFound(t, rec, out)
			for id, want := range cloud.Types {
				if r, ok := rec.Resource(id); feed == pipeline.FeedInventory && (!ok || r.Type != want) {
					t.Errorf("resource %s is %q, want %q", id, r.Type, want)
				}
			}
			if feed == pipeline.FeedInventory {
				checkPrices(t, rec, cloud.Prices)
			}
		}
	}
}

// checkFound compares what scopes say they found with what came.
func checkFound(t *testing.T, rec *Recorder, out pipeline.Outcome) {
	t.Helper()
	for scope, ids := range rec.IDs() {
		if s, ok := scopeOf(out, scope); ok && s.Found != int64(len(ids)) {
			t.Errorf("scope %s says it found %d, and %d came", scope, s.Found, len(ids))
		}
	}
}

func checkPrices(t *testing.T, rec *Recorder, prices map[string]string) {
	t.Helper()
	for id, want := range prices {
		r, ok := rec.Resource(id)
		i := slices.IndexFunc(r.Rates, func(rate pipeline.Rate) bool { return rate.Component == "" })
		switch {
		case !ok || i < 0:
			t.Errorf("resource %s has no rate, want %q", id, want)
		case r.Rates[i].Known != (want != ""):
			t.Errorf("resource %s: price known is %t, want %q", id, r.Rates[i].Known, want)
		case want != "" && r.Rates[i].Amount.String() != want:
			t.Errorf("resource %s costs %s, want %s", id, r.Rates[i].Amount, want)
		}
	}
}

func (c Case) testTruth(t *testing.T) {
	cloud := c.New(t)
	if cloud.Truth == nil {
		return
	}
	b := c.open(t, cloud, cloud.Settings)
	rec, _ := b.must(cloud.Tasks[pipeline.FeedInventory][0])
	sameTruth(t, cloud.Truth(), rec.IDs())
}

func sameTruth(t *testing.T, want, got map[string][]string) {
	t.Helper()
	sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
	if diff := cmp.Diff(want, got, sorted, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the cloud holds (-), was found (+):\n%s", diff)
	}
}

// testAgain collects twice in one session: the second time gives the same.
func (c Case) testAgain(t *testing.T) {
	for _, feed := range c.feeds() {
		cloud := c.New(t)
		b := c.open(t, cloud, cloud.Settings)
		for _, task := range cloud.Tasks[feed] {
			first, _ := b.must(task)
			second, _ := b.must(task)
			if diff := cmp.Diff(first.Points, second.Points); diff != "" {
				t.Errorf("%s gives other samples the second time:\n%.2000s", feed, diff)
			}
			if diff := cmp.Diff(first.IDs(), second.IDs()); diff != "" {
				t.Errorf("%s gives other resources the second time:\n%s", feed, diff)
			}
			if diff := cmp.Diff(first.Committed, second.Committed); diff != "" {
				t.Errorf("%s gives other charges the second time:\n%.2000s", feed, diff)
			}
		}
	}
}

func (c Case) testScopesFailAlone(t *testing.T) {
	probe := c.New(t)
	if probe.Break == nil {
		return
	}
	for _, feed := range c.feeds() {
		for _, scope := range probe.Breakable[feed] {
			for _, how := range []Breakage{Torn, CutOff, ServerError, Hang, SlowBody, Throttled, Forbidden, WebPage} {
				t.Run(string(feed)+" "+scope+" "+string(how), func(t *testing.T) {
					t.Parallel()
					c.oneFails(t, feed, scope, how)
				})
			}
		}
	}
}

func (c Case) oneFails(t *testing.T, feed pipeline.Feed, scope string, how Breakage) {
	cloud := c.New(t)
	task := cloud.Tasks[feed][0]
	b := c.open(t, cloud, cloud.Settings)
	mend, ok := cloud.Break(scope, how)
	if !ok {
		return
	}
	rec, out := b.must(task)
	res, told := scopeOf(out, scope)
	switch {
	case !told || res.Fault == nil:
		t.Fatalf("scope %s broke and is told as %+v", scope, res)
	case how == Forbidden && !res.Skipped:
		t.Errorf("a section that is not permitted is not skipped: %+v", res)
	case faultOf(how) != "" && res.Fault.Code != faultOf(how):
		t.Errorf("scope %s fails with %v, want %s", scope, res.Fault, faultOf(how))
	case how != Forbidden && (!res.Fault.Retry || res.Skipped):
		t.Errorf("scope %s: %v is to be retried and not skipped", scope, res.Fault)
	}
	spared := func(name string) bool {
		return name != scope && (cloud.Dependents == nil || !slices.Contains(cloud.Dependents(scope, how), name))
	}
	for _, s := range out.Scopes {
		if spared(s.Scope) && s.Fault != nil && !s.Skipped {
			t.Errorf("scope %s broke and %s fails too: %v", scope, s.Scope, s.Fault)
		}
	}
	if feed == pipeline.FeedInventory && cloud.Truth != nil {
		want, got := cloud.Truth(), rec.IDs()
		keep := func(m map[string][]string) map[string][]string {
			kept := map[string][]string{}
			for k, v := range m {
				if spared(k) {
					kept[k] = v
				}
			}
			return kept
		}
		sameTruth(t, keep(want), keep(got))
	}
	mend()
	if _, out = b.must(task); !out.Complete() {
		t.Errorf("scope %s was mended and the task is not complete: %+v", scope, out.Scopes)
	}
}

// testExpiry ends the sign-in after each of the first requests.
func (c Case) testExpiry(t *testing.T) {
	if probe := c.New(t); probe.Expire == nil {
		return
	}
	for _, feed := range c.feeds() {
		for after := 2; after <= 14; after += 3 {
			cloud := c.New(t)
			b := c.open(t, cloud, cloud.Settings)
			b.watch.seen = func(n int) {
				if n == after {
					cloud.Expire()
				}
			}
			rec, out := b.must(cloud.Tasks[feed][0])
			if !out.Complete() {
				t.Errorf("%s is not complete when the sign-in ends before request %d: %+v", feed, after, out.Scopes)
			}
			if feed == pipeline.FeedInventory && cloud.Truth != nil {
				sameTruth(t, cloud.Truth(), rec.IDs())
			}
		}
	}
}

// testCancelled cancels at each of the first requests, which the cloud never answers.
func (c Case) testCancelled(t *testing.T) {
	for _, feed := range c.feeds() {
		for at := 1; at <= 7; at += 2 {
			cloud := c.New(t)
			if len(cloud.Tasks[feed]) == 0 {
				continue
			}
			b := c.open(t, cloud, cloud.Settings)
			ctx, cancel := context.WithCancel(t.Context())
			reached := false
			b.watch.seen = func(n int) {
				if n == at {
					reached = true
					cancel()
				}
			}
			within(t, string(feed), func() {
				rec, _, err := b.collect(ctx, cloud.Tasks[feed][0])
				if !reached {
					return
				}
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%s cancelled at request %d gives %v", feed, at, err)
				}
				if n := b.watch.n; n > at {
					t.Errorf("%s made %d more requests after it was cancelled", feed, n-at)
				}
				if len(rec.Committed)+len(rec.Rows) > 0 {
					t.Errorf("%s handed over a snapshot or a slice though it was cancelled", feed)
				}
			})
			cancel()
		}
	}
}

func (c Case) testClock(t *testing.T) {
	if probe := c.New(t); probe.SkewClock == nil {
		return
	}
	for _, skew := range []time.Duration{3 * time.Hour, -3 * time.Hour, 0} {
		cloud := c.New(t)
		cloud.SkewClock(skew)
		b := c.open(t, cloud, cloud.Settings)
		for _, feed := range c.feeds() {
			_, out := b.must(cloud.Tasks[feed][0])
			if slices.Contains(cloud.Offline, feed) {
				continue
			}
			if out.CloudTime.IsZero() {
				t.Errorf("%s does not tell the cloud's time", feed)
			}
			said := slices.ContainsFunc(out.Notes, func(n pipeline.Note) bool { return n.Code == string(pipeline.FaultClock) })
			if said != (skew != 0) {
				t.Errorf("%s with a clock off by %s: told is %t", feed, skew, said)
			}
			if !out.Complete() {
				t.Errorf("%s with a clock off by %s is not complete: %+v", feed, skew, out.Scopes)
			}
		}
		if b.watch.n > 2000 {
			t.Errorf("a clock off by %s costs %d requests", skew, b.watch.n)
		}
	}
}

func (c Case) testVanished(t *testing.T) {
	cloud := c.New(t)
	if cloud.Remove == nil {
		return
	}
	b := c.open(t, cloud, cloud.Settings)
	task := cloud.Tasks[pipeline.FeedInventory][0]
	rec, _ := b.must(task)
	for _, r := range rec.Rows {
		task.Known = append(task.Known, pipeline.KnownResource{ID: r.ID, Type: r.Type, Name: r.Name, Scope: r.Scope})
	}
	id, scope := cloud.Remove()
	if !slices.Contains(rec.IDs()[scope], id) {
		t.Fatalf("resource %s was not found in %s before its removal", id, scope)
	}
	rec, out := b.must(task)
	if slices.Contains(rec.IDs()[scope], id) {
		t.Errorf("resource %s is removed and still shown", id)
	}
	if s, _ := scopeOf(out, scope); s.Fault != nil {
		t.Errorf("scope %s fails after a removal: %v", scope, s.Fault)
	}
	for _, feed := range c.feeds() {
		if feed == pipeline.FeedUsage {
			usage := cloud.Tasks[feed][0]
			usage.Known = task.Known
			if _, out := b.must(usage); !out.Complete() {
				t.Errorf("usage is not complete after a removal: %+v", out.Scopes)
			}
		}
	}
}
