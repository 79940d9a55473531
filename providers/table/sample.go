package table

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"
)

// How much of a file is looked at for a guess.
const (
	sampleRows = 500
	tailRows   = 5
	headerRows = 30
)

// Sample is the beginning and the end of a table, to guess a mapping from.
type Sample struct {
	// Names are the columns' names, HeaderRow where they stand.
	Names     []string
	HeaderRow int64
	Rows      []SampleRow
	// Tail are the last rows, when the file has more than Rows.
	Tail []SampleRow
	// Workbook is true for XLSX; Sheets are its sheets.
	Workbook bool
	Sheets   []string
}

// SampleRow is a row with its number in the file.
type SampleRow struct {
	Line  int64
	Cells []string
}

// Look reads a file's beginning and end. Of the mapping it heeds what says how the file is read: sheet, header row, delimiter and
// encoding; what is empty there is found. The error is a *pipeline.Fault.
func Look(ctx context.Context, in io.Reader, name string, m Mapping) (Sample, error) {
	src, err := open(ctx, in, name, &m)
	if err != nil {
		return Sample{}, readFault(name, MaxBytes, err)
	}
	defer func() { _ = src.close() }()
	s, err := look(src, name, &m)
	return s, readFault(name, MaxBytes, err)
}

func look(src contextRows, name string, m *Mapping) (Sample, error) {
	s := Sample{Sheets: src.sheets()}
	s.Workbook, _ = src.workbook()
	for {
		cells, line, err := src.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s, err
		}
		row := SampleRow{Line: line, Cells: slices.Clone(cells)}
		if len(s.Rows) < sampleRows {
			s.Rows = append(s.Rows, row)
			continue
		}
		s.Tail = append(s.Tail, row)
		s.Tail = s.Tail[max(0, len(s.Tail)-tailRows):]
	}
	if len(s.Rows) == 0 {
		return s, faultEmpty(name)
	}
	s.takeHeader(m)
	if s.Names == nil {
		return s, faultNoRow(name, m.HeaderRow)
	}
	return s, nil
}

// takeHeader parts the header from the rows: the one that the mapping tells, or the one that looks most like it.
func (s *Sample) takeHeader(m *Mapping) {
	var at int
	switch {
	case m.NoHeader:
		s.HeaderRow = m.HeaderRow
		first := slices.IndexFunc(s.Rows, func(r SampleRow) bool { return r.Line >= m.HeaderRow })
		if first >= 0 {
			s.Rows = s.Rows[first:]
			s.Names = columnNames(make([]string, len(s.Rows[0].Cells)))
		}
		return
	case m.HeaderRow > 0:
		at = slices.IndexFunc(s.Rows, func(r SampleRow) bool { return r.Line >= m.HeaderRow })
		if at < 0 {
			return
		}
	default:
		at = headerAmong(s.Rows[:min(len(s.Rows), headerRows)])
	}
	s.Names, s.HeaderRow = columnNames(s.Rows[at].Cells), s.Rows[at].Line
	s.Rows = s.Rows[at+1:]
}

// headerAmong gives the row that looks most like a header: the one with the most names that are known, and if no row has two of
// them, the first that is about as wide as the widest.
func headerAmong(rows []SampleRow) int {
	index := namesIndex()
	best, most, widest := 0, 0, 0
	for i, r := range rows {
		known := 0
		for _, c := range r.Cells {
			if _, ok := index[fold(c)]; ok {
				known++
			}
		}
		if known > most {
			best, most = i, known
		}
		widest = max(widest, filled(r.Cells))
	}
	if most >= 2 {
		return best
	}
	for i, r := range rows {
		if filled(r.Cells)*5 >= widest*4 {
			return i
		}
	}
	return 0
}

func filled(cells []string) int {
	n := 0
	for _, c := range cells {
		if strings.TrimFunc(c, isBlank) != "" {
			n++
		}
	}
	return n
}

// fold makes a name comparable: small letters and digits alone.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		switch r = unicode.ToLower(r); {
		case r == 'ё':
			return 'е'
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return r
		}
		return -1
	}, name)
}

// namesIndex gives the role of every name that is known.
func namesIndex() map[string]Role {
	out := make(map[string]Role)
	for _, spec := range roles() {
		for _, n := range spec.names {
			out[n] = spec.role
		}
	}
	return out
}
