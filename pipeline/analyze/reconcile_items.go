package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// vatItem is the VAT within the document's sum, rounded to the minor unit as documents have it.
func vatItem(doc pipeline.ClosingDocument) pipeline.ReconciliationItem {
	item := pipeline.ReconciliationItem{Kind: pipeline.ItemVAT}
	if doc.VATRate == nil {
		return item
	}
	hundred := decimal.NewFromInt(100)
	item.Amount = doc.Total.Mul(*doc.VATRate).DivRound(hundred.Add(*doc.VATRate), pipeline.MinorDigits(doc.Currency))
	rate := doc.VATRate.String()
	item.Text = pipeline.Text{
		RU: "НДС " + strings.Replace(rate, ".", ",", 1) + "\u00a0%: в\u00a0документе он есть, в\u00a0ценах API его нет",
		EN: "VAT at " + rate + "%: in the document, not in the API's prices",
	}
	return item
}

func creditsItem(r *pipeline.Reconciliation) pipeline.ReconciliationItem {
	item := pipeline.ReconciliationItem{Kind: pipeline.ItemCredits, Text: pipeline.Text{
		RU: "Скидки и\u00a0гранты вычтены у\u00a0нас, а\u00a0в\u00a0документе нет", EN: "Credits are deducted in our sum and not in the document",
	}}
	for _, c := range r.Categories {
		if c.Category == pipeline.Credit {
			item.Amount = c.Cost.Neg()
		}
	}
	return item
}

func bonusItem(used decimal.Decimal) pipeline.ReconciliationItem {
	return pipeline.ReconciliationItem{Kind: pipeline.ItemBonus, Amount: used.Neg(), Text: pipeline.Text{
		RU: "Оплачено бонусами: в\u00a0документ это не\u00a0входит", EN: "Paid by bonus money: not in the document",
	}}
}

func correctionsItem(facts pipeline.MonthFacts, currency string) pipeline.ReconciliationItem {
	item := pipeline.ReconciliationItem{Kind: pipeline.ItemCorrections, Text: pipeline.Text{
		RU: "Начисления, которые облако изменило после даты документа", EN: "Charges that the cloud changed after the document's date",
	}}
	for _, c := range facts.Charges {
		if c.Currency == currency {
			item.Amount = item.Amount.Add(c.CostAsOf).Sub(c.Cost)
		}
	}
	return item
}

func gapsItem(amount, most decimal.Decimal, missing int64) pipeline.ReconciliationItem {
	return pipeline.ReconciliationItem{Kind: pipeline.ItemGaps, Amount: amount, Assumed: true, Bound: &most, Text: pipeline.Text{
		RU: fmt.Sprintf("Не\u00a0собрано за\u00a0%d\u00a0%s: оценка по\u00a0остальным часам месяца", missing, pipeline.Plural(missing, "час", "часа", "часов")),
		EN: fmt.Sprintf("Not collected in %d hours: estimated by the other hours of the month", missing),
	}}
}

func roundingItem(amount, most decimal.Decimal, currency string) pipeline.ReconciliationItem {
	return pipeline.ReconciliationItem{Kind: pipeline.ItemRounding, Amount: amount, Bound: &most, Text: pipeline.Text{
		RU: "Округление, не\u00a0больше " + pipeline.FormatMoney(most, currency, pipeline.Russian),
		EN: "Rounding, at most " + pipeline.FormatMoney(most, currency, pipeline.English),
	}}
}

func unexplainedItem(amount decimal.Decimal) pipeline.ReconciliationItem {
	return pipeline.ReconciliationItem{Kind: pipeline.ItemUnexplained, Amount: amount, Text: pipeline.Text{
		RU: "Не\u00a0объяснено", EN: "Unexplained",
	}}
}

// notes say what has no known amount.
func notes(facts pipeline.MonthFacts, r *pipeline.Reconciliation) []pipeline.Text {
	var out []pipeline.Text
	if facts.Open {
		out = append(out, pipeline.Text{RU: "Месяц ещё не\u00a0закончился: сумма вырастет.", EN: "The month is not over: the sum will grow."})
	}
	if r.Unpriced > 0 {
		out = append(out, pipeline.Text{
			RU: fmt.Sprintf("Цена %d\u00a0%s неизвестна: их стоимость в\u00a0сумму не\u00a0входит.", r.Unpriced, pipeline.Plural(r.Unpriced, "строки", "строк", "строк")),
			EN: fmt.Sprintf("%d lines have no known price: their cost is not in the sum.", r.Unpriced),
		})
	}
	if facts.Missing > 0 {
		out = append(out, missingNote(facts))
	}
	if facts.Rule != nil && !facts.Rule.NotBilled.IsZero() {
		out = append(out, facts.Rule.NotBilled)
	}
	return append(out, foreignNotes(facts, r.Currency)...)
}

func missingNote(facts pipeline.MonthFacts) pipeline.Text {
	text := pipeline.Text{
		RU: fmt.Sprintf("Не\u00a0собраны данные за\u00a0%d\u00a0%s", facts.Missing, pipeline.Plural(facts.Missing, "час", "часа", "часов")),
		EN: fmt.Sprintf("%d hours were not collected", facts.Missing),
	}
	if facts.MoreMissing {
		text.RU, text.EN = text.RU+" или больше", text.EN+", or more"
	}
	text.RU, text.EN = text.RU+".", text.EN+"."
	return text
}

// foreignNotes tell of charges in other currencies, which are never added up.
func foreignNotes(facts pipeline.MonthFacts, currency string) []pipeline.Text {
	sums := map[string]decimal.Decimal{}
	for _, c := range facts.Charges {
		if c.Currency != currency && c.Lines > 0 {
			sums[c.Currency] = sums[c.Currency].Add(c.Cost)
		}
	}
	others := make([]string, 0, len(sums))
	for other := range sums {
		others = append(others, other)
	}
	slices.Sort(others)
	out := make([]pipeline.Text, len(others))
	for i, other := range others {
		out[i] = pipeline.Text{
			RU: "Есть начисления в\u00a0другой валюте, они не\u00a0складываются: " + pipeline.FormatMoney(sums[other], other, pipeline.Russian) + ".",
			EN: "There are charges in another currency, which are not added up: " + pipeline.FormatMoney(sums[other], other, pipeline.English) + ".",
		}
	}
	return out
}
