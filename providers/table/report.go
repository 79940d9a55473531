package table

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// Report is what was found in a file.
type Report struct {
	// Rows is how many rows that are not blank came after the header; Lines how many of them are charges.
	Rows, Lines int64
	// Unpriced is how many charges have no cost in the file. They are not in the totals.
	Unpriced int64
	// Totals are the exact sums of BilledCost by currency.
	Totals map[string]decimal.Decimal
	// First is the earliest start of a charge, Last the latest end (exclusive), in UTC; zero when there are no charges.
	First, Last time.Time
	// LeftOut are the rows that are no charges, by the rule that says so.
	LeftOut []LeftOutRows
	// Problems are the first cells that could not be read, ProblemCount how many there are.
	Problems     []Problem
	ProblemCount int64
	// Notes are what was coped with.
	Notes []pipeline.Note
}

// LeftOutRows are rows that were left out for one reason.
type LeftOutRows struct {
	Reason pipeline.Text
	Rows   int64
	// Totals are the sums of their costs by currency, as far as they could be read.
	Totals map[string]decimal.Decimal
}

// Problem is a cell that could not be read. Row is the number of the row in the file, from 1.
type Problem struct {
	Row    int64
	Column string
	// Text is the whole sentence, with row, column and value.
	Text pipeline.Text
}

// How many problems are kept, how many of them a fault tells, and after how many reading ends.
const (
	keptProblems = 20
	toldProblems = 5
	maxProblems  = 1000
)

func (r *Report) problem(row int64, column, value string, why pipeline.Text) {
	r.ProblemCount++
	if len(r.Problems) >= keptProblems {
		return
	}
	shown := example(value)
	r.Problems = append(r.Problems, Problem{Row: row, Column: column, Text: pipeline.Text{
		RU: fmt.Sprintf("строка %d, столбец «%s»: «%s» — %s", row, column, shown, why.RU),
		EN: fmt.Sprintf("row %d, column %q: %q is %s", row, column, shown, why.EN),
	}})
}

// fault is the sentence on all problems; nil when there are none.
func (r *Report) fault(name string) *pipeline.Fault {
	if r.ProblemCount == 0 {
		return nil
	}
	count := strconv.FormatInt(r.ProblemCount, 10)
	if r.ProblemCount >= maxProblems {
		count += "+"
	}
	var ru, en []string
	for _, p := range r.Problems[:min(len(r.Problems), toldProblems)] {
		ru, en = append(ru, p.Text.RU), append(en, p.Text.EN)
	}
	return &pipeline.Fault{Code: pipeline.FaultMalformed, Scope: name, Text: pipeline.Text{
		RU: fmt.Sprintf("Файл «%s» не загружен: неверных значений — %s. %s. Исправьте файл, поменяйте разметку столбцов или добавьте правило пропуска для этих строк.",
			name, count, strings.Join(ru, "; ")),
		EN: fmt.Sprintf("Nothing of the file %q was loaded, wrong values: %s. %s. Correct the file, change the column mapping, or add a rule that leaves these rows out.",
			name, count, strings.Join(en, "; ")),
	}}
}

// total adds a cost to the totals of its currency.
func addTotal(totals *map[string]decimal.Decimal, currency string, cost decimal.Decimal) {
	if *totals == nil {
		*totals = make(map[string]decimal.Decimal)
	}
	(*totals)[currency] = (*totals)[currency].Add(cost)
}

// note adds what was coped with; a note of the same code, scope and text counts up.
func (r *Report) note(code, scope string, count int64, ru, en string, args ...any) {
	if count > 0 {
		r.Notes = append(r.Notes, pipeline.Note{Code: code, Scope: scope, Text: pipeline.Textf(ru, en, args...), Count: count})
	}
}

// example shortens a cell for a sentence and makes it printable.
func example(cell string) string {
	const most = 40
	s := strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) || r == '\u00a0' || r == '\u202f' {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(cell[:min(len(cell), 4*most)], "�"))
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return s
}
