package focus

import (
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// binding says which cell of a row goes into which column of FOCUS.
type binding struct {
	cells []boundCell
	has   [measureCount]bool
	// provider is false when the file has no ProviderName.
	provider bool
}

type boundCell struct {
	at int
	column
}

// headerReport is what there is to say of a header.
type headerReport struct {
	missing, absent, renamed, unknown, custom, doubled []string
}

// bind matches a header with the columns of FOCUS. A name of the current version wins over an older one for the same column.
func bind(header []string) (binding, headerReport) {
	byName, byAlias := index(columns())
	at := make(map[string]int) // FOCUS name -> cell
	var rep headerReport
	late := make(map[string]int)
	seen := make(map[string]bool)
	for i, h := range header {
		name := fold(h)
		switch known, alias := byName[name], byAlias[name]; {
		case known != "" && seen[name]:
			rep.doubled = append(rep.doubled, h)
		case known != "":
			at[known] = i
		case alias != "":
			late[h] = i
		case isCustom(h):
			rep.custom = append(rep.custom, h)
		default:
			rep.unknown = append(rep.unknown, named(h))
		}
		seen[name] = true
	}
	rep.bindAliases(header, at, late, byAlias)
	return rep.finish(at), rep
}

func named(h string) string {
	if strings.TrimSpace(h) == "" {
		return "«»"
	}
	return h
}

func index(cols []column) (byName, byAlias map[string]string) {
	byName, byAlias = make(map[string]string), make(map[string]string)
	for _, c := range cols {
		byName[fold(c.name)] = c.name
		for _, a := range c.aliases {
			byAlias[fold(a)] = c.name
		}
	}
	return byName, byAlias
}

func (rep *headerReport) bindAliases(header []string, at, late map[string]int, byAlias map[string]string) {
	for i, h := range header {
		if j, isAlias := late[h]; !isAlias || j != i {
			continue
		}
		known := byAlias[fold(h)]
		if _, taken := at[known]; taken {
			rep.unknown = append(rep.unknown, h)
			continue
		}
		at[known] = i
		rep.renamed = append(rep.renamed, h+" → "+known)
	}
}

func (rep *headerReport) finish(at map[string]int) binding {
	var b binding
	for _, c := range columns() {
		i, found := at[c.name]
		switch {
		case found && c.kind != ignoredColumn:
			b.cells = append(b.cells, boundCell{at: i, column: c})
			b.provider = b.provider || c.name == "ProviderName"
			if c.kind == costColumn || c.kind == quantityColumn {
				b.has[c.number] = true
			}
		case !found && c.required:
			rep.missing = append(rep.missing, c.name)
		case !found && c.mandatory:
			rep.absent = append(rep.absent, c.name)
		}
	}
	return b
}

// known counts how many names of a header FOCUS knows.
func known(header []string) int {
	byName, byAlias := index(columns())
	n := 0
	for _, h := range header {
		if name := fold(h); byName[name] != "" || byAlias[name] != "" {
			n++
		}
	}
	return n
}

// fault is why a file with this header cannot be loaded; nil when it can.
func (rep *headerReport) fault(key string, header []string) *pipeline.Fault {
	switch {
	case known(header) < 3:
		return newFault(pipeline.FaultMalformed, key,
			"Файл «%s» — не FOCUS: в нём нет нужных столбцов (первые столбцы: %s). Выгрузите отчёт в формате FOCUS 1.0–1.2 или уберите файл.",
			"The file %q is not FOCUS: the columns are not there (its first columns: %s). Export in the FOCUS 1.0 to 1.2 format, or remove the file.",
			key, list(shortened(header)))
	case len(rep.missing) > 0:
		return newFault(pipeline.FaultMalformed, key,
			"В файле «%s» нет обязательных столбцов: %s. Ничего из него не загружено: добавьте эти столбцы в выгрузку и повторите её.",
			"The file %q lacks the columns %s, which are required. Nothing of it was loaded: add these columns to the export and run it again.",
			key, list(rep.missing))
	case len(rep.doubled) > 0:
		return newFault(pipeline.FaultMalformed, key,
			"В файле «%s» столбец встречается дважды: %s. Неясно, какому верить, поэтому ничего не загружено: оставьте один.",
			"The file %q has a column twice: %s. It is not clear which one counts, so nothing was loaded: keep one.",
			key, list(rep.doubled))
	default:
		return nil
	}
}

func shortened(header []string) []string {
	out := make([]string, 0, 5)
	for _, h := range header[:min(len(header), 5)] {
		out = append(out, example([]byte(h)))
	}
	return out
}

// note writes down what was coped with.
func (rep *headerReport) note(n *notebook) {
	if len(rep.absent) > 0 {
		n.add(NoteMissingColumns, int64(len(rep.absent)),
			"Нет столбцов, которые FOCUS требует: %s. Остальное загружено, эти сведения пусты.",
			"Columns that FOCUS demands are not there: %s. The rest was loaded, these facts are empty.", list(rep.absent))
	}
	if len(rep.renamed) > 0 {
		n.add(NoteRenamedColumns, int64(len(rep.renamed)),
			"Столбцы с именами из других версий FOCUS прочитаны как: %s.",
			"Columns named as in other versions of FOCUS were read as: %s.", list(rep.renamed))
	}
	if len(rep.unknown) > 0 {
		n.add(NoteUnknownColumns, int64(len(rep.unknown)),
			"Столбцы, которых нет в FOCUS, не загружены: %s.", "Columns that are not FOCUS's were left out: %s.", sortedList(rep.unknown))
	}
	if len(rep.custom) > 0 {
		n.add(NoteCustomColumns, int64(len(rep.custom)),
			"Собственные столбцы поставщика (x_…) не загружены: %s.", "The vendor's own columns (x_...) were left out: %s.", sortedList(rep.custom))
	}
}

// positions gives the cells that are read.
func (b *binding) positions() []int {
	out := make([]int, len(b.cells))
	for i := range b.cells {
		out[i] = b.cells[i].at
	}
	return out
}
