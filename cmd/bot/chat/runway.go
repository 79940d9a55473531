package chat

import (
	"fmt"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// nextMonthEnd is the instant at which the month after this one ends.
func (w writer) nextMonthEnd() time.Time {
	y, m, _ := w.now.In(w.zone).Date()
	return time.Date(y, m+2, 1, 0, 0, 0, 0, w.zone)
}

// runways tells for how long the money on each account lasts, first those that run out first.
func (w writer) runways(list []pipeline.Runway) string {
	var b strings.Builder
	short := false
	for _, r := range list {
		if r.PrepaidAccount.State.Balance != nil {
			w.runway(&b, r)
			short = short || r.TopUp.IsPositive()
		}
	}
	if b.Len() == 0 {
		return w.t("Остатков нет: ни\u00a0одно подключение их не\u00a0сообщило.", "No balances: no connection has told any.")
	}
	if short {
		last := w.nextMonthEnd().Add(-time.Second)
		b.WriteString(w.t("\nПополнение посчитано так, чтобы хватило по\u00a0%s. Разовые покупки не\u00a0учтены.", "\nTop-ups are to last through %s. One-off purchases are left out.",
			w.day(last)))
	}
	return strings.TrimSpace(b.String())
}

func (w writer) runway(b *strings.Builder, r pipeline.Runway) {
	state := r.PrepaidAccount.State
	fmt.Fprintf(b, "%s: %s", r.Name, w.money(*state.Balance, state.Currency))
	if state.Bonus != nil && !state.Bonus.IsZero() {
		b.WriteString(w.t(", бонусов %s", ", bonus %s", w.money(*state.Bonus, state.Currency)))
	}
	switch r.State {
	case pipeline.RunwayRuns:
		b.WriteString(w.t(", хватит %sдо\u00a0%s", ", lasts %suntil %s", w.atMost(r), w.hour(r.EndsAt)))
		if r.TopUp.IsPositive() {
			b.WriteString(w.t("; пополнить на\u00a0%s", "; top up %s", w.money(r.TopUp, state.Currency)))
		}
		b.WriteString("\n")
	case pipeline.RunwayOut:
		b.WriteString(w.t(", деньги закончились; пополнить на\u00a0%s\n", ", the money has run out; top up %s\n", w.money(r.TopUp, state.Currency)))
	case pipeline.RunwayLong:
		b.WriteString(w.t(", хватит больше чем на\u00a0три года\n", ", lasts for more than three years\n"))
	case pipeline.RunwayIdle:
		b.WriteString(w.t(", сейчас не\u00a0расходуется\n", ", nothing is spent now\n"))
	default:
		w.cloudForecast(b, r)
	}
}

// cloudForecast is what the cloud says itself, where we cannot say.
func (w writer) cloudForecast(b *strings.Builder, r pipeline.Runway) {
	state := r.PrepaidAccount.State
	if days := state.DaysToSuspension; days != nil {
		word := pipeline.Text{RU: pipeline.Plural(*days, "день", "дня", "дней"), EN: "days"}.In(w.lang)
		b.WriteString(w.t(", хватит на\u00a0%d\u00a0%s", ", enough for %d %s", *days, word))
	}
	b.WriteString(w.t(" (на\u00a0%s)\n", " (as of %s)\n", w.clock(state.ObservedAt)))
}

func (w writer) atMost(r pipeline.Runway) string {
	if r.AtMost {
		return w.t("не\u00a0дольше чем ", "at most ")
	}
	return ""
}

// day is "1 декабря" or "Tuesday, 1 December".
func (w writer) day(t time.Time) string {
	at := t.In(w.zone)
	if w.lang == pipeline.English {
		return at.Format("Monday, 2 January")
	}
	months := strings.Fields("января февраля марта апреля мая июня июля августа сентября октября ноября декабря")
	return fmt.Sprintf("%d\u00a0%s", at.Day(), months[at.Month()-1])
}

// hour is "вторника, 1 декабря, около 14:00": to the nearest full hour, with the year when it is another.
func (w writer) hour(t time.Time) string {
	at := t.Add(30 * time.Minute).Truncate(time.Hour).In(w.zone)
	year := ""
	if at.Year() != w.now.In(w.zone).Year() {
		year = at.Format(" 2006")
	}
	weekdays := strings.Fields("воскресенья понедельника вторника среды четверга пятницы субботы")
	if w.lang == pipeline.English {
		return w.day(at) + year + ", about " + at.Format("15:04")
	}
	return weekdays[at.Weekday()] + ", " + w.day(at) + year + ", около\u00a0" + at.Format("15:04")
}
