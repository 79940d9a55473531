package table

import (
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// The codes of what cannot be guessed.
const (
	AskStart     = "start"
	AskCost      = "cost"
	AskCurrency  = "currency"
	AskDateOrder = "date_order"
	AskDecimal   = "decimal"
)

// Guess proposes a mapping for a file by its columns' names and its first and last rows. What it is not sure of it leaves out
// and asks: a wrong guess is a wrong bill.
func Guess(s Sample) (Mapping, []pipeline.Note) { return guess(s, Mapping{}) }

// guess takes the currency and the provider from what is known, where the file does not tell.
func guess(s Sample, known Mapping) (Mapping, []pipeline.Note) {
	g := guesser{sample: &s, m: Mapping{Version: Version, Columns: map[Role]string{}, Provider: known.Provider}, taken: make([]bool, len(s.Names)), currency: known.Currency}
	if len(s.Rows) > 0 && s.HeaderRow > 1 {
		g.m.HeaderRow = s.HeaderRow
	}
	g.byName()
	g.byBeginning()
	g.guessStart()
	g.guessTags()
	g.guessDates()
	g.guessNumbers()
	g.guessCurrency()
	g.guessProvider()
	g.guessLeftOut()
	if g.m.Columns[RoleCost] == "" {
		g.ask(AskCost, "Не понять, в каком столбце стоимость: выберите его.", "It is not clear which column has the cost: choose it.")
	}
	return g.m, g.asked
}

type guesser struct {
	sample *Sample
	m      Mapping
	taken  []bool
	asked  []pipeline.Note
	// currency is that of the cloud, when it has one.
	currency string
}

func (g *guesser) ask(code, ru, en string, args ...any) {
	g.asked = append(g.asked, pipeline.Note{Code: code, Count: 1, Text: pipeline.Textf(ru, en, args...)})
}

func (g *guesser) take(role Role, at int) {
	g.m.Columns[role] = g.sample.Names[at]
	g.taken[at] = true
}

// byName takes for each role the column whose name means it most surely.
func (g *guesser) byName() {
	folded := make([]string, len(g.sample.Names))
	for i, n := range g.sample.Names {
		folded[i] = fold(n)
	}
	for _, spec := range roles() {
		for _, name := range spec.names {
			if at := slices.Index(folded, name); at >= 0 && !g.taken[at] {
				g.take(spec.role, at)
				break
			}
		}
	}
}

// byBeginning takes columns whose names begin like a role's: "Стоимость с НДС, руб.". Of costs the one with tax counts.
func (g *guesser) byBeginning() {
	for _, b := range []struct {
		role   Role
		begins []string
	}{
		{RoleCost, []string{"стоимость", "сумма", "итоговаястоимость", "начислено", "списано", "cost", "totalcost", "amount"}},
		{RoleStart, []string{"дата", "период", "начало", "date", "period"}},
		{RoleQuantity, []string{"количество", "объем", "потребление", "quantity", "usagequantity"}},
		{RoleService, []string{"услуга", "сервис", "наименованиеуслуги", "service"}},
	} {
		if g.m.Columns[b.role] != "" {
			continue
		}
		best, bestRank := -1, 0
		for i, n := range g.sample.Names {
			name := fold(n)
			if g.taken[i] || !slices.ContainsFunc(b.begins, func(begin string) bool { return strings.HasPrefix(name, begin) }) {
				continue
			}
			rank := 2
			switch {
			case strings.Contains(name, "безндс"), strings.Contains(name, "withouttax"), strings.Contains(name, "заединицу"), strings.Contains(name, "perunit"):
				rank = 1
			case strings.Contains(name, "сндс"), strings.Contains(name, "withtax"):
				rank = 3
			}
			if rank > bestRank {
				best, bestRank = i, rank
			}
		}
		if best >= 0 {
			g.take(b.role, best)
		}
	}
}

// guessStart takes, when no name says it, the first column that holds dates.
func (g *guesser) guessStart() {
	if g.m.Columns[RoleStart] == "" {
		for i := range g.sample.Names {
			if !g.taken[i] && g.allDates(i) {
				g.take(RoleStart, i)
				break
			}
		}
	}
	if g.m.Columns[RoleStart] == "" {
		g.ask(AskStart, "Не понять, в каком столбце дата: выберите его.", "It is not clear which column has the date: choose it.")
	}
}

func (g *guesser) allDates(at int) bool {
	dates, others := 0, 0
	for s := range g.values(at) {
		if _, err := parseDate(s, MonthFirst, time.UTC); err == nil {
			dates++
		} else if _, err := parseDate(s, DayFirst, time.UTC); err == nil {
			dates++
		} else {
			others++
		}
	}
	return dates > 0 && others*10 < dates
}

// values gives the cells of a column that are not empty.
func (g *guesser) values(at int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, rows := range [][]SampleRow{g.sample.Rows, g.sample.Tail} {
			for _, r := range rows {
				if s := cellAt(r.Cells, at); s != "" && !yield(s) {
					return
				}
			}
		}
	}
}

// index gives the place of the column of a role, -1 when there is none.
func (g *guesser) index(role Role) int {
	name := g.m.Columns[role]
	if name == "" {
		return -1
	}
	return slices.Index(g.sample.Names, name)
}

// guessTags takes columns of tags by their names.
func (g *guesser) guessTags() {
	for i, n := range g.sample.Names {
		if g.taken[i] {
			continue
		}
		lower := strings.ToLower(n)
		if oneOf(fold(n), "tags", "labels", "resourcetags", "userlabels", "теги", "метки", "тэги") {
			g.m.Tags = append(g.m.Tags, TagColumn{Column: n})
			continue
		}
		for _, prefix := range []string{"resourcetags/user:", "resourcetags/aws:", "resourcetags/", "user_labels.", "label.", "labels.", "tag:", "tag.", "tags.", "tags/", "тег:", "метка:"} {
			if key, ok := strings.CutPrefix(lower, prefix); ok && key != "" {
				g.m.Tags = append(g.m.Tags, TagColumn{Column: n, Key: n[len(n)-len(key):]})
				break
			}
		}
		if len(g.m.Tags) >= maxRules {
			return
		}
	}
}

func (g *guesser) guessCurrency() {
	if g.m.Columns[RoleCurrency] != "" {
		return
	}
	if at := g.index(RoleCost); at >= 0 {
		name := strings.ToLower(g.sample.Names[at])
		for _, c := range []struct{ word, code string }{{"руб", "RUB"}, {"₽", "RUB"}, {"rub", "RUB"}, {"usd", "USD"}, {"eur", "EUR"}, {"€", "EUR"}, {"тенге", "KZT"}, {"kzt", "KZT"}} {
			if strings.Contains(name, c.word) {
				g.m.Currency = c.code
				return
			}
		}
		for s := range g.values(at) {
			if a, err := parseAmount(s, g.m.point(), g.m.Group); err == nil && a.currency != "" {
				g.m.Currency = a.currency
				return
			}
		}
	}
	if g.currency != "" {
		g.m.Currency = g.currency
		return
	}
	g.ask(AskCurrency, "Не понять, в какой валюте суммы: выберите столбец или впишите код валюты.",
		"It is not clear what currency the amounts are in: choose the column, or enter the currency's code.")
}

func (g *guesser) guessProvider() {
	for _, n := range g.sample.Names {
		switch name := fold(n); {
		case strings.HasPrefix(n, "lineItem/"):
			g.m.Provider = "AWS"
		case name == "metercategory":
			g.m.Provider = "Microsoft"
		}
	}
}

// guessLeftOut proposes to leave out rows of totals: those without a date in which a cell says so.
func (g *guesser) guessLeftOut() {
	start := g.index(RoleStart)
	if start < 0 {
		return
	}
	for _, rows := range [][]SampleRow{g.sample.Rows, g.sample.Tail} {
		for _, r := range rows {
			if _, err := parseDate(cellAt(r.Cells, start), MonthFirst, time.UTC); err == nil {
				continue
			}
			for i := range min(len(r.Cells), len(g.sample.Names)) {
				g.totalRule(i, cellAt(r.Cells, i))
			}
		}
	}
}

func (g *guesser) totalRule(at int, cell string) {
	for _, word := range []string{"итого", "всего", "итог", "grand total", "total", "subtotal"} {
		if !strings.HasPrefix(strings.ToLower(cell), word) {
			continue
		}
		rule := LeaveOut{Column: g.sample.Names[at], Prefix: cell[:len(word)]}
		if !slices.ContainsFunc(g.m.LeaveOut, func(r LeaveOut) bool { return r.Column == rule.Column && strings.EqualFold(r.Prefix, rule.Prefix) }) {
			g.m.LeaveOut = append(g.m.LeaveOut, rule)
		}
		return
	}
}
