package analyze

import (
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// explainCloud sets the cloud's own forecast and why ours is another.
func explainCloud(r *pipeline.Runway) {
	days := r.PrepaidAccount.State.DaysToSuspension
	if days == nil || *days > 100_000 {
		return
	}
	observed := r.PrepaidAccount.State.ObservedAt
	r.CloudEndsAt = observed.Add(time.Duration(*days) * 24 * time.Hour)
	if r.EndsAt.IsZero() && r.State != pipeline.RunwayLong {
		r.Difference = pipeline.Text{
			RU: "По начислениям счёт сейчас не\u00a0расходуется, облако\u00a0же считает по\u00a0своей ставке.",
			EN: "By the charges nothing is spent now, while the cloud counts by a rate of its own.",
		}
		return
	}
	if gap := r.EndsAt.Sub(r.CloudEndsAt).Abs(); !r.EndsAt.IsZero() && gap < 24*time.Hour {
		r.Difference = pipeline.Text{
			RU: "Расходится меньше чем на\u00a0сутки: облако считает целыми сутками, мы\u00a0— по\u00a0часам.",
			EN: "The difference is less than a day: the cloud counts whole days, we count hours.",
		}
		return
	}
	r.Difference = joinTexts(rateText(r), bonusText(r), pipeline.Text{
		RU: "Облако считает целыми сутками по\u00a0одной ставке, мы\u00a0— по\u00a0часам недели, без разовых покупок.",
		EN: "The cloud counts whole days at one rate, we count the hours of the week, one-off purchases left out.",
	})
}

func rateText(r *pipeline.Runway) pipeline.Text {
	rate, currency := r.PrepaidAccount.State.DailyRate, r.PrepaidAccount.State.Currency
	if rate == nil || rate.Round(2).Equal(r.Daily.Round(2)) {
		return pipeline.Text{}
	}
	return pipeline.Text{
		RU: "По\u00a0данным облака сутки стоят " + pipeline.FormatMoney(*rate, currency, pipeline.Russian) + ", по\u00a0начислениям\u00a0— " +
			pipeline.FormatMoney(r.Daily, currency, pipeline.Russian) + ".",
		EN: "The cloud takes a day for " + pipeline.FormatMoney(*rate, currency, pipeline.English) + ", by the charges it is " +
			pipeline.FormatMoney(r.Daily, currency, pipeline.English) + ".",
	}
}

func bonusText(r *pipeline.Runway) pipeline.Text {
	bonus := r.PrepaidAccount.State.Bonus
	if bonus == nil || !bonus.IsPositive() {
		return pipeline.Text{}
	}
	if r.Rule.BonusPays {
		return pipeline.Text{RU: "Мы считаем вместе с\u00a0бонусами.", EN: "We count the bonus as well."}
	}
	return pipeline.Text{RU: "Бонусы мы не\u00a0считаем.", EN: "We leave the bonus out."}
}

func joinTexts(texts ...pipeline.Text) pipeline.Text {
	var out pipeline.Text
	for _, t := range texts {
		if t.IsZero() {
			continue
		}
		if !out.IsZero() {
			out.RU, out.EN = out.RU+" ", out.EN+" "
		}
		out.RU, out.EN = out.RU+t.RU, out.EN+t.EN
	}
	return out
}
