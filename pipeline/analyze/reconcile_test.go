package analyze

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
)

func charged(category pipeline.ChargeCategory, cost string, lines int64) pipeline.MonthCharges {
	return pipeline.MonthCharges{Currency: "RUB", Category: category, Status: pipeline.Billed, Cost: d(cost), CostAsOf: d(cost), Lines: lines, LinesAsOf: lines}
}

func document(total, rate string) pipeline.ClosingDocument {
	doc := pipeline.ClosingDocument{Total: d(total), Currency: "RUB"}
	if rate != "" {
		doc.VATRate = ptr(d(rate))
	}
	return doc
}

// itemised writes a reconciliation in one line; a star marks what is assumed.
func itemised(r pipeline.Reconciliation) string {
	parts := []string{string(r.State), "ours " + r.Ours.String(), "difference " + r.Difference.String()}
	for _, i := range r.Items {
		star := ""
		if i.Assumed {
			star = "*"
		}
		parts = append(parts, fmt.Sprintf("%s%s %s", i.Kind, star, i.Amount))
	}
	return strings.Join(parts, ", ")
}

func TestReconcile(t *testing.T) {
	f := func(name string, doc pipeline.ClosingDocument, facts pipeline.MonthFacts, want string) {
		t.Helper()
		facts.Hours = 720
		if got := itemised(Reconcile(doc, facts)); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
	usage := func(cost string) pipeline.MonthFacts {
		return pipeline.MonthFacts{Charges: []pipeline.MonthCharges{charged(pipeline.Usage, cost, 1000)}}
	}
	yes, no := true, false
	f("equal", document("1200.00", ""), usage("1200"), "equal, ours 1200, difference 0")
	f("equal but for rounding", document("1234.57", ""), usage("1234.567891234567891234"),
		"equal, ours 1234.567891234567891234, difference 0.002108765432108766, rounding 0.002108765432108766")
	f("no data", document("10", ""), pipeline.MonthFacts{}, "no_data, ours 0, difference 10, unexplained 10")
	f("more than rounding, with a rest", document("1201", ""), usage("1199.9984"), "unexplained, ours 1199.9984, difference 1.0016, rounding 0.0016, unexplained 1")
	f("more than rounding", document("1200.02", ""), usage("1200"), "unexplained, ours 1200, difference 0.02, unexplained 0.02")

	// 1200 with VAT at 20 per cent holds 200 of it.
	net := usage("1000")
	net.Rule = &pipeline.ClosingRule{PricesIncludeVAT: &no}
	f("prices without VAT", document("1200", "20"), net, "explained, ours 1000, difference 200, vat 200")
	f("nobody said whether prices have VAT", document("1200", "20"), usage("1000"), "explained, ours 1000, difference 200, vat* 200")
	f("they have, for all that is known", document("1200", "20"), usage("1200"), "equal, ours 1200, difference 0")
	gross := document("1200", "20")
	gross.PricesIncludeVAT = &yes
	f("the document says that they have", gross, net, "unexplained, ours 1000, difference 200, unexplained 200")
	taxed := usage("1000")
	taxed.Charges = append(taxed.Charges, charged(pipeline.Tax, "200", 1))
	taxed.Rule = net.Rule
	f("VAT is a line of the bill", document("1200", "20"), taxed, "equal, ours 1200, difference 0")
	f("22 per cent, to the kopeck", document("99.99", "22"), pipeline.MonthFacts{Charges: []pipeline.MonthCharges{charged(pipeline.Usage, "81.96", 1)}, Rule: net.Rule},
		"explained, ours 81.96, difference 18.03, vat 18.03")

	credits := usage("1000")
	credits.Charges = append(credits.Charges, charged(pipeline.Credit, "-150.5", 3))
	f("credits are in both", document("849.5", ""), credits, "equal, ours 849.5, difference 0")
	f("credits are not in the document", document("1000", ""), credits, "explained, ours 849.5, difference 150.5, credits* 150.5")

	bonus := usage("1000")
	bonus.BonusUsed, bonus.BonusCurrency = d("300"), "RUB"
	f("bonus money is not in the document, it seems", document("700", ""), bonus, "explained, ours 1000, difference -300, bonus* -300")
	f("it seems to be", document("1000", ""), bonus, "equal, ours 1000, difference 0")
	bonus.Rule = &pipeline.ClosingRule{BonusInDocument: &no}
	f("declared not to be", document("1000", ""), bonus, "unexplained, ours 1000, difference 0, bonus -300, unexplained 300")
	bonus.BonusCurrency = "USD"
	f("bonus money in another currency", document("1000", ""), bonus, "equal, ours 1000, difference 0")

	late := usage("1010")
	late.Charges[0].CostAsOf, late.CorrectionsKnown = d("1000"), true
	f("corrected after the document", document("1000", ""), late, "explained, ours 1010, difference -10, corrections* -10")
	f("corrected, and the document has it", document("1010", ""), late, "equal, ours 1010, difference 0")
	late.CorrectionsKnown = false
	f("it is not known what was held then", document("1000", ""), late, "unexplained, ours 1010, difference -10, unexplained -10")

	// 684 hours are known of 720 and cost 684: the 36 that are missing may explain 36 roubles.
	gaps := usage("684")
	gaps.Missing = 36
	f("hours are missing", document("720", ""), gaps, "explained, ours 684, difference 36, gaps* 36")
	f("hours are missing, and more", document("730", ""), gaps, "unexplained, ours 684, difference 46, gaps* 36, unexplained 10")
	f("missing hours make nothing less", document("600", ""), gaps, "unexplained, ours 684, difference -84, unexplained -84")

	gaps.Missing = 361
	f("most hours are missing", document("720", ""), gaps, "unexplained, ours 684, difference 36, unexplained 36")

	rows := usage("1000")
	rows.Rule = &pipeline.ClosingRule{RoundsRows: true}
	f("each row is rounded", document("1004.99", ""), rows, "explained, ours 1000, difference 4.99, rounding 4.99")
	f("by no more than half a kopeck each", document("1005.01", ""), rows, "unexplained, ours 1000, difference 5.01, unexplained 5.01")

	either := usage("1000")
	either.Charges = append(either.Charges, charged(pipeline.Credit, "-100", 1))
	either.Charges[0].CostAsOf, either.CorrectionsKnown, either.BonusUsed, either.BonusCurrency = d("1040"), true, d("60"), "RUB"
	f("one assumption rather than two", document("940", ""), either, "explained, ours 900, difference 40, corrections* 40")

	all := usage("1000")
	all.Charges = append(all.Charges, charged(pipeline.Credit, "-100", 1))
	all.Charges[0].CostAsOf, all.CorrectionsKnown = d("990"), true
	all.BonusUsed, all.BonusCurrency, all.Rule = d("40"), "RUB", &pipeline.ClosingRule{PricesIncludeVAT: &no, BonusInDocument: &no}
	// 900 + 100 - 40 - 10 = 950, and VAT on top: 1140.
	f("everything at once", document("1140", "20"), all, "explained, ours 900, difference 240, vat 190, bonus -40, credits* 100, corrections* -10")
}

func TestReconcileNotes(t *testing.T) {
	facts := pipeline.MonthFacts{
		Charges: []pipeline.MonthCharges{
			charged(pipeline.Usage, "100", 10),
			{Currency: "USD", Category: pipeline.Usage, Cost: d("7"), Lines: 2},
			{Currency: "RUB", Category: pipeline.Usage, Status: pipeline.Estimated, Cost: d("3"), Lines: 4, Unpriced: 2},
		},
		Hours: 720, Missing: 21, MoreMissing: true, Open: true,
		Rule: &pipeline.ClosingRule{NotBilled: pipeline.Text{RU: "Домены в API не приходят.", EN: "Domains are not in the API."}},
	}
	r := Month(facts, "RUB")
	var all []string
	for _, n := range r.Notes {
		all = append(all, n.RU)
		if n.EN == "" {
			t.Errorf("%q is not said in English", n.RU)
		}
	}
	got := strings.ReplaceAll(strings.Join(all, " "), "\u00a0", " ")
	want := "Месяц ещё не закончился: сумма вырастет. Цена 2 строк неизвестна: их стоимость в сумму не входит. Не собраны данные за 21 час или больше. " +
		"Домены в API не приходят. Есть начисления в другой валюте, они не складываются: 7,00 $."
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if r.Estimated.String() != "3" || r.Ours.String() != "103" || r.Lines != 14 || r.State != pipeline.ReconciliationNoDocument {
		t.Errorf("got %+v", r)
	}
	if c := MainCurrency(facts, "EUR"); c != "RUB" {
		t.Errorf("the main currency is %s", c)
	}
	if c := MainCurrency(pipeline.MonthFacts{}, "EUR"); c != "EUR" {
		t.Errorf("the currency of nothing is %s", c)
	}
}

func drawMonth(t *rapid.T) (pipeline.ClosingDocument, pipeline.MonthFacts) {
	amount := func(name string, low, high int64) decimal.Decimal {
		return decimal.New(rapid.Int64Range(low, high).Draw(t, name), -int32(rapid.IntRange(0, 6).Draw(t, name+" digits")))
	}
	maybe := func(name string) *bool {
		switch rapid.IntRange(0, 2).Draw(t, name) {
		case 0:
			return ptr(false)
		case 1:
			return ptr(true)
		}
		return nil
	}
	var facts pipeline.MonthFacts
	for range rapid.IntRange(0, 6).Draw(t, "parts") {
		facts.Charges = append(facts.Charges, pipeline.MonthCharges{
			Currency: rapid.SampledFrom([]string{"RUB", "RUB", "USD"}).Draw(t, "currency"), Lines: rapid.Int64Range(0, 5000).Draw(t, "lines"),
			Category: rapid.SampledFrom([]pipeline.ChargeCategory{pipeline.Usage, pipeline.Purchase, pipeline.Tax, pipeline.Credit, pipeline.Adjustment}).Draw(t, "category"),
			Cost:     amount("cost", -100_000, 1_000_000), CostAsOf: amount("as of", -100_000, 1_000_000),
		})
	}
	facts.BonusUsed, facts.BonusCurrency = amount("bonus", 0, 10_000), "RUB"
	facts.Hours, facts.Missing = 720, rapid.Int64Range(0, 720).Draw(t, "missing")
	facts.CorrectionsKnown = rapid.Bool().Draw(t, "corrections")
	facts.Rule = &pipeline.ClosingRule{PricesIncludeVAT: maybe("vat in prices"), BonusInDocument: maybe("bonus in document"), RoundsRows: rapid.Bool().Draw(t, "rounds")}
	doc := document(amount("total", 0, 1_000_000).String(), "")
	if rapid.Bool().Draw(t, "with vat") {
		doc.VATRate = ptr(amount("rate", 0, 25))
	}
	return doc, facts
}

func TestReconcileProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc, facts := drawMonth(t)
		r := Reconcile(doc, facts)
		sum, unexplained := r.Ours, decimal.Zero
		for _, i := range r.Items {
			sum = sum.Add(i.Amount)
			if i.Amount.IsZero() {
				t.Fatalf("an item of nothing: %s", itemised(r))
			}
			if i.Kind == pipeline.ItemUnexplained {
				unexplained = i.Amount
			}
			if i.Bound != nil && i.Amount.Abs().GreaterThan(*i.Bound) {
				t.Fatalf("%s is %s, and at most %s", i.Kind, i.Amount, i.Bound)
			}
			if i.Kind == pipeline.ItemRounding {
				n := int64(2)
				if facts.Rule.RoundsRows {
					n += r.Lines
				}
				if i.Amount.Abs().GreaterThan(decimal.New(5, -3).Mul(decimal.NewFromInt(n))) {
					t.Fatalf("rounding explains %s of %d lines", i.Amount, r.Lines)
				}
			}
		}
		if !sum.Equal(doc.Total) {
			t.Fatalf("ours and the items are %s, the document has %s: %s", sum, doc.Total, itemised(r))
		}
		if got := r.State == pipeline.ReconciliationUnexplained || r.State == pipeline.ReconciliationNoData; got == unexplained.IsZero() && r.Lines > 0 {
			t.Fatalf("the state is not that of the remainder: %s", itemised(r))
		}
		parts := decimal.Zero
		for _, c := range r.Categories {
			parts = parts.Add(c.Cost)
		}
		if !parts.Equal(r.Ours) {
			t.Fatalf("the categories are %s, all is %s", parts, r.Ours)
		}
	})
}
