package question

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
)

func moscow(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func world(t testing.TB) Context {
	return Context{
		Now:  time.Date(2026, 11, 23, 14, 30, 0, 0, moscow(t)),
		Zone: moscow(t),
		Names: []Name{
			{Dimension: pipeline.DimProvider, Value: "Selectel", Label: "Selectel"},
			{Dimension: pipeline.DimProvider, Value: "Beget", Label: "Beget"},
			{Dimension: pipeline.DimConnection, Value: "c-1", Label: "Beget Prod"},
			{Dimension: pipeline.DimProject, Value: "p-1", Label: "Интернет-магазин"},
			{Dimension: pipeline.DimService, Value: "Managed Databases", Label: "Managed Databases"},
			{Dimension: pipeline.DimResource, Value: "r-1", Label: "vps-app-01"},
			{Dimension: pipeline.DimResource, Value: "r-2", Label: "infrazen-demo.ru"},
		},
	}
}

func TestParse(t *testing.T) {
	c := world(t)
	f := func(sentence, want string) {
		t.Helper()
		if diff := cmp.Diff(want, describe(c, Parse(sentence, c))); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", sentence, diff)
		}
	}
	f("сколько потратили вчера на Selectel по проектам?", "cost 22.11.2026–23.11.2026 by [project] in provider=Selectel")
	f("Сколько потратили вчера?", "cost 22.11.2026–23.11.2026 by []")
	f("сколько стоит vps-app-01 за неделю по дням", "cost 17.11.2026–24.11.2026 by [] step day in resource=r-1")
	f("топ 10 серверов за прошлый месяц", "top 01.10.2026–01.11.2026 by [resource] top 10 in resource_type=server")
	f("топ 10 по сервисам за прошлый месяц", "top 01.10.2026–01.11.2026 by [service] top 10")
	f("расходы в бегете в октябре по сервисам и регионам", "cost 01.10.2026–01.11.2026 by [service region] in provider=Beget")
	f("траты Beget Prod на прошлой неделе по сравнению с предыдущей", "cost 16.11.2026–23.11.2026 by [] compared in connection=c-1")
	f("сколько ушло с 1 по 15 октября", "cost 01.10.2026–16.10.2026 by []")
	f("сколько ушло с 28.10 по 03.11", "cost 28.10.2026–04.11.2026 by []")
	f("расход 15 декабря", "cost 15.12.2025–16.12.2025 by []")
	f("сколько вчера в долларах по сервисам", "cost 22.11.2026–23.11.2026 by [service] in USD")
	f("расходы Beget вчера в KZT", "cost 22.11.2026–23.11.2026 by [] in KZT in provider=Beget")
	f("spending yesterday in euros", "cost 22.11.2026–23.11.2026 by [] in EUR")
	f("сколько вчера в Европе", "cost 22.11.2026–23.11.2026 by [] unknown [Европе]")
	f("сколько вчера рублей", "cost 22.11.2026–23.11.2026 by []")
	f("2026-11-20", "cost 20.11.2026–21.11.2026 by []")
	f("последние 30 дней по тегу env", "cost 25.10.2026–24.11.2026 by [tag:env]")
	f("за 24 часа по часам", "cost 22.11.2026–23.11.2026 by [] step hour")
	f("баланс", "balance 01.11.2026–01.12.2026 by []")
	f("на сколько хватит денег", "balance 01.11.2026–01.12.2026 by []")
	f("что самое дорогое сегодня", "top 23.11.2026–24.11.2026 by [resource] top 5")
	f("how much did we spend yesterday on selectel by project", "cost 22.11.2026–23.11.2026 by [project] in provider=Selectel")
	f("top 3 services last month", "top 01.10.2026–01.11.2026 by [service] top 3")
	f("costs in October 2025 by week compared to previous", "cost 01.10.2025–01.11.2025 by [] step week compared")
	f("сколько потратил Интернет-магазин в этом месяце", "cost 01.11.2026–01.12.2026 by [] in project=p-1")
	f("сколько стоит infrazen-demo.ru", "cost 01.11.2026–01.12.2026 by [] in resource=r-2")
	f("managed databases и бегет за июнь", "cost 01.06.2026–01.07.2026 by [] in service=Managed Databases provider=Beget")
	f("сколько потратили на Azure вчера", "cost 22.11.2026–23.11.2026 by [] unknown [Azure]")
	f("помощь", "help 01.11.2026–01.12.2026 by []")
}

func describe(c Context, q Question) string {
	var b strings.Builder
	day := func(t time.Time) string { return t.In(c.Zone).Format("02.01.2006") }
	b.WriteString(string(q.Topic) + " " + day(q.Query.From) + "–" + day(q.Query.To) + " by ")
	dims := make([]string, 0, 3)
	for _, d := range q.Query.GroupBy {
		dims = append(dims, string(d))
	}
	b.WriteString("[" + strings.Join(dims, " ") + "]")
	if q.Query.Step != pipeline.StepNone {
		b.WriteString(" step " + string(q.Query.Step))
	}
	if q.Query.Compare != pipeline.CompareNone {
		b.WriteString(" compared")
	}
	if q.Query.Top > 0 {
		b.WriteString(" top " + strconv.Itoa(q.Query.Top))
	}
	if q.Query.Currency != "" {
		b.WriteString(" in " + q.Query.Currency)
	}
	for i, n := range q.Places {
		if i == 0 {
			b.WriteString(" in")
		}
		b.WriteString(" " + string(n.Dimension) + "=" + n.Value)
	}
	if len(q.Unknown) > 0 {
		b.WriteString(" unknown [" + strings.Join(q.Unknown, " ") + "]")
	}
	return b.String()
}

// Whatever is typed becomes a question that can be asked, and no word is lost: each is used, a stop word, or named as unknown.
func FuzzParse(f *testing.F) {
	f.Add("сколько потратили вчера на Selectel по проектам?")
	f.Add("с 31 по 31 февраля топ 99999999999999999999 по по по")
	f.Add("\xff\xfe 0.0.0 29.2 за за последние")
	c := world(f)
	f.Fuzz(func(t *testing.T, sentence string) {
		q := Parse(sentence, c)
		if err := q.Query.Check(); err != nil {
			t.Fatalf("%q: %v", sentence, err)
		}
	})
}
