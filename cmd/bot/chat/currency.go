package chat

import (
	"context"
	"strings"

	"github.com/infrazen/infrazen/cmd/bot/chat/question"
	"github.com/infrazen/infrazen/pipeline"
)

// askCosts asks a question, and when its answer has several currencies asks it once more in the organisation's.
func (b *Bot) askCosts(ctx context.Context, tenant pipeline.Tenant, q *question.Question) (pipeline.CostAnswer, error) {
	a, err := b.Asker.Ask(ctx, tenant.ID, q.Query)
	if err != nil || len(a.Totals) < 2 || q.Query.Currency != "" {
		return a, err
	}
	q.Query.Currency = tenant.Currency
	if q.Query.Currency == "" {
		q.Query.Currency = pipeline.RateBase
	}
	return b.Asker.Ask(ctx, tenant.ID, q.Query)
}

// conversion says by which rate sums were converted, and what had none.
func (w writer) conversion(b *strings.Builder, currency string, a pipeline.CostAnswer) {
	if currency == "" || len(a.Totals) == 0 {
		return
	}
	if len(a.Unconverted) < len(a.Totals) {
		b.WriteString(w.t("Суммы в\u00a0%s: по\u00a0курсу ЦБ на\u00a0день расхода.\n", "Sums in %s: by the Bank of Russia's rate of the day of use.\n", currency))
	}
	if len(a.Unconverted) > 0 {
		codes := make([]string, len(a.Unconverted))
		for i, c := range a.Unconverted {
			if codes[i] = c; c == "" {
				codes[i] = w.t("валюта не\u00a0указана", "currency not stated")
			}
		}
		b.WriteString(w.t("Нет курса, не\u00a0пересчитано: %s.\n", "No rate, not converted: %s.\n", strings.Join(codes, ", ")))
	}
}
