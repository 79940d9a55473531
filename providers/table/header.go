package table

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// header reads rows up to the header and gives the columns' names. Without a header it also gives back the first row.
func header(in rows, name string, m *Mapping) (names, first []string, line int64, err error) {
	for {
		cells, line, err := in.next()
		if errors.Is(err, io.EOF) {
			if m.HeaderRow > 0 {
				return nil, nil, 0, faultNoRow(name, m.HeaderRow)
			}
			return nil, nil, 0, faultEmpty(name)
		}
		if err != nil {
			return nil, nil, 0, err
		}
		if line < m.HeaderRow {
			continue
		}
		if !m.NoHeader {
			return columnNames(cells), nil, line, nil
		}
		first = slices.Clone(cells)
		return columnNames(make([]string, len(cells))), first, line, nil
	}
}

func faultNoRow(name string, row int64) *pipeline.Fault {
	return malformed(name, "В файле «%s» нет строки %d, в которой должен быть заголовок.",
		"The file %q has no row %d, where the header should be.", name, row)
}

// columnNames gives each column a name of its own: "#3" for one without a name, "Cost (1)" and "Cost (2)" for two of one name.
func columnNames(cells []string) []string {
	count := make(map[string]int)
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = strings.Join(strings.FieldsFunc(c, isBlank), " ")
		count[strings.ToLower(out[i])]++
	}
	nth := make(map[string]int)
	for i, c := range out {
		key := strings.ToLower(c)
		switch {
		case c == "":
			out[i] = fmt.Sprintf("#%d", i+1)
		case count[key] > 1:
			nth[key]++
			out[i] = fmt.Sprintf("%s (%d)", c, nth[key])
		}
	}
	return out
}

// binding says in which cell each role is, and the tags and rules.
type binding struct {
	names   []string
	cell    map[Role]int
	tags    []boundTag
	rules   []boundRule
	missing []string // columns of tags that the file does not have
}

type boundTag struct {
	at  int
	key string // empty for a column of many tags
}

type boundRule struct {
	at   int
	rule LeaveOut
}

// bind finds the columns of a mapping. Columns of tags may be missing: exports add and drop them.
func bind(names []string, name string, m *Mapping) (binding, *pipeline.Fault) {
	b := binding{names: names, cell: make(map[Role]int)}
	index := make(map[string]int, len(names))
	for i, n := range names {
		index[strings.ToLower(n)] = i
	}
	find := func(column string) (int, bool) {
		at, ok := index[strings.ToLower(strings.Join(strings.FieldsFunc(column, isBlank), " "))]
		return at, ok
	}
	var missing []string
	for _, spec := range roles() {
		column := m.Columns[spec.role]
		if column == "" {
			continue
		}
		at, ok := find(column)
		if !ok {
			missing = append(missing, column)
		}
		b.cell[spec.role] = at
	}
	for _, r := range m.LeaveOut {
		at, ok := find(r.Column)
		if !ok {
			missing = append(missing, r.Column)
		}
		b.rules = append(b.rules, boundRule{at: at, rule: r})
	}
	for _, t := range m.Tags {
		at, ok := find(t.Column)
		if !ok {
			b.missing = append(b.missing, t.Column)
			continue
		}
		b.tags = append(b.tags, boundTag{at: at, key: t.Key})
	}
	if len(missing) > 0 {
		return binding{}, faultColumns(name, missing, names)
	}
	return b, nil
}

func faultColumns(name string, missing, names []string) *pipeline.Fault {
	for _, column := range missing {
		if _, twice := slices.BinarySearch(sortedLower(names), strings.ToLower(column)+" (2)"); twice {
			return malformed(name,
				"В файле «%[1]s» столбец «%[2]s» встречается не один раз. Выберите, какой из них нужен: «%[2]s (1)», «%[2]s (2)».",
				"The file %[1]q has the column %[2]q more than once. Choose the one that counts: %[2]q with (1) or with (2).", name, column)
		}
	}
	if len(names) == 1 {
		return malformed(name,
			"В файле «%s» только один столбец: «%s». Скорее всего, столбцы разделены другим знаком — выберите разделитель.",
			"The file %q has only one column: %q. It seems that the columns are parted by another character: choose the delimiter.", name, example(names[0]))
	}
	shown := make([]string, 0, 8)
	for _, n := range names[:min(len(names), 8)] {
		shown = append(shown, example(n))
	}
	return malformed(name,
		"В файле «%s» нет столбцов: %s. Есть такие: %s. Выгрузите отчёт с теми же столбцами или поменяйте разметку.",
		"The file %q lacks the columns %s. It has: %s. Export the report with the same columns, or change the column mapping.",
		name, strings.Join(missing, ", "), strings.Join(shown, ", "))
}

func sortedLower(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(n)
	}
	slices.Sort(out)
	return out
}
