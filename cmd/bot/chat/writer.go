package chat

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/cmd/bot/chat/question"
	"github.com/infrazen/infrazen/cmd/bot/telegram"
	"github.com/infrazen/infrazen/pipeline"
)

// shownGroups is how many groups an answer lists before "other".
const shownGroups = 15

// writer puts answers into words.
type writer struct {
	lang pipeline.Lang
	zone *time.Location
	now  time.Time
}

func (w writer) t(ru, en string, args ...any) string {
	return pipeline.Textf(ru, en, args...).In(w.lang)
}

func (w writer) money(d decimal.Decimal, currency string) string {
	return pipeline.FormatMoney(d, currency, w.lang)
}

// costs answers a question about money.
func (w writer) costs(q question.Question, a pipeline.CostAnswer) string {
	var b strings.Builder
	b.WriteString(w.heading(q) + "\n")
	if len(a.Totals) == 0 {
		b.WriteString(w.t("Расходов нет.\n", "No costs.\n"))
	}
	for _, t := range a.Totals {
		w.total(&b, t)
		w.groups(&b, t, a, len(q.Query.GroupBy) > 0)
	}
	w.conversion(&b, q.Query.Currency, a)
	w.dataState(&b, a.Data)
	if len(q.Unknown) > 0 {
		b.WriteString(w.t("\nНе\u00a0понял и\u00a0не\u00a0учёл: %s.", "\nNot understood and left out: %s.", strings.Join(q.Unknown, ", ")))
	}
	return strings.TrimSpace(b.String())
}

// heading says how the question was understood: when and where.
func (w writer) heading(q question.Question) string {
	parts := []string{capital(q.Period.Name.In(w.lang)) + w.dates(q.Period)}
	for _, n := range q.Places {
		parts = append(parts, n.Label)
	}
	return strings.Join(parts, " · ")
}

// dates gives the period's days unless its name has them.
func (w writer) dates(p question.Period) string {
	if strings.ContainsAny(p.Name.RU, "0123456789") {
		return ""
	}
	first, last := p.From.In(w.zone), p.To.Add(-time.Second).In(w.zone)
	if first.Format(time.DateOnly) == last.Format(time.DateOnly) {
		return ", " + first.Format("02.01.2006")
	}
	return ", " + first.Format("02.01") + "–" + last.Format("02.01.2006")
}

func (w writer) total(b *strings.Builder, t pipeline.CostTotal) {
	b.WriteString(w.money(t.Cost, t.Currency) + w.change(t.CostSum, t.Previous, t.Currency) + "\n")
	if !t.Estimated.IsZero() {
		b.WriteString(w.t("из них оценка: %s\n", "of which estimated: %s\n", w.money(t.Estimated, t.Currency)))
	}
	if t.Unpriced > 0 {
		b.WriteString(w.t("цена неизвестна: %d\u00a0%s, в\u00a0сумму не\u00a0входит\n", "price unknown: %d %s, not in the sum\n",
			t.Unpriced, pipeline.Text{RU: pipeline.Plural(t.Unpriced, "строка", "строки", "строк"), EN: "lines"}.In(w.lang)))
	}
}

// change compares with the previous period.
func (w writer) change(now pipeline.CostSum, before *pipeline.CostSum, currency string) string {
	if before == nil {
		return ""
	}
	if before.Cost.IsZero() {
		return w.t(" (в\u00a0прошлый период — ничего)", " (nothing in the period before)")
	}
	percent := now.Cost.Sub(before.Cost).Mul(decimal.NewFromInt(100)).DivRound(before.Cost.Abs(), 1)
	sign := ""
	if percent.IsPositive() {
		sign = "+"
	}
	return w.t(" (было %s, %s%s\u00a0%%)", " (was %s, %s%s%%)", w.money(before.Cost, currency), sign, pipeline.FormatNumber(percent, 1, w.lang))
}

func (w writer) groups(b *strings.Builder, t pipeline.CostTotal, a pipeline.CostAnswer, grouped bool) {
	if !grouped {
		return
	}
	shown, rest, restCount := 0, decimal.Zero, 0
	for _, g := range a.Groups {
		switch {
		case g.Currency != t.Currency:
		case g.Other:
			rest, restCount = rest.Add(g.Cost), restCount+g.Merged
		case shown < shownGroups:
			shown++
			fmt.Fprintf(b, "• %s — %s%s\n", w.label(g), w.money(g.Cost, g.Currency), w.share(g.Cost, t.Cost))
		default:
			rest, restCount = rest.Add(g.Cost), restCount+1
		}
	}
	if restCount > 0 {
		b.WriteString(w.t("• остальное (%d) — %s\n", "• other (%d) — %s\n", restCount, w.money(rest, t.Currency)))
	}
}

func (w writer) label(g pipeline.CostGroup) string {
	labels := make([]string, len(g.Keys))
	for i, k := range g.Keys {
		labels[i] = k.Label
		if k.Label == "" {
			labels[i] = w.t("не\u00a0указано", "not set")
		}
	}
	return strings.Join(labels, " / ")
}

func (w writer) share(part, whole decimal.Decimal) string {
	if !whole.IsPositive() || part.IsNegative() {
		return ""
	}
	percent := part.Mul(decimal.NewFromInt(100)).DivRound(whole, 0)
	return w.t(" (%s\u00a0%%)", " (%s%%)", percent.String())
}

// dataState says how old and how whole the data is.
func (w writer) dataState(b *strings.Builder, d pipeline.DataState) {
	if d.CollectedAt.IsZero() {
		b.WriteString(w.t("\nДанные ещё не\u00a0собраны.", "\nNo data has been collected yet."))
		return
	}
	b.WriteString(w.t("\nДанные на\u00a0%s", "\nData as of %s", w.clock(d.CollectedAt)))
	if d.Complete {
		b.WriteString(w.t(", полные.", ", complete."))
		return
	}
	b.WriteString(w.t(", неполные.", ", incomplete."))
	for i, g := range d.Gaps {
		if i == 3 {
			break
		}
		fmt.Fprintf(b, "\n– %s: %s", g.ConnectionName, g.Reason.In(w.lang))
	}
	if more := d.GapCount - min(len(d.Gaps), 3); more > 0 {
		b.WriteString(w.t("\n– и\u00a0ещё %d", "\n– and %d more", more))
	}
}

// clock writes an instant in the tenant's zone, with the day unless it is today's.
func (w writer) clock(t time.Time) string {
	at := t.In(w.zone)
	s := at.Format("15:04")
	if at.Format(time.DateOnly) != w.now.In(w.zone).Format(time.DateOnly) {
		s += " " + at.Format("02.01")
	}
	if w.zone.String() == "Europe/Moscow" {
		return s + w.t("\u00a0мск", " Moscow time")
	}
	return s + " (" + w.zone.String() + ")"
}

// buttons offers to look deeper.
func buttons(lang pipeline.Lang, q question.Question, a pipeline.CostAnswer) [][]telegram.Button {
	if len(a.Totals) == 0 {
		return nil
	}
	button := func(ru, en, data string) telegram.Button {
		return telegram.Button{Text: pipeline.Text{RU: ru, EN: en}.In(lang), Data: data}
	}
	row := []telegram.Button{
		button("По\u00a0сервисам", "By service", "by:service"),
		button("По\u00a0ресурсам", "By resource", "by:resource"),
	}
	if q.Query.To.Sub(q.Query.From) > 25*time.Hour {
		return [][]telegram.Button{row, {button("График по\u00a0дням", "Chart by day", "step:day")}}
	}
	return [][]telegram.Button{row, {button("График по\u00a0часам", "Chart by hour", "step:hour")}}
}

func capital(s string) string {
	runes := []rune(s)
	if len(runes) == 0 {
		return s
	}
	return strings.ToUpper(string(runes[:1])) + string(runes[1:])
}
