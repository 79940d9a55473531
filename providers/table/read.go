package table

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Read reads a CSV file or an XLSX workbook by a mapping and hands over its charges in the file's order, with Start and End in
// UTC. name is the file's, for faults. zone holds for times without one where the mapping names none. An error means that the
// file cannot be taken whole; some charges may then have been handed over, and the caller must drop them. It is a
// *pipeline.Fault that names the rows, or add's own error. The Report is filled in either case, as far as the file was read.
func Read(ctx context.Context, in io.Reader, name string, m Mapping, zone *time.Location, add func(pipeline.Charge) error) (Report, error) {
	var r Report
	if f := m.Missing(); f != nil {
		return r, f
	}
	src, err := open(ctx, in, name, &m)
	if err != nil {
		return r, readFault(name, MaxBytes, err)
	}
	defer func() { _ = src.close() }()
	err = read(src, name, &m, zone, &r, add)
	return r, readFault(name, MaxBytes, err)
}

func read(src rows, name string, m *Mapping, zone *time.Location, r *Report, add func(pipeline.Charge) error) error {
	names, first, line, err := header(src, name, m)
	if err != nil {
		return err
	}
	b, f := bind(names, name, m)
	if f != nil {
		return f
	}
	mp := newMapper(m, b, zone, src, r)
	if first != nil {
		if err := mp.row(first, line, add); err != nil {
			return err
		}
	}
	for r.ProblemCount < maxProblems || m.BadRows == LeaveBadRows {
		cells, line, err := src.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := mp.row(cells, line, add); err != nil {
			return err
		}
	}
	mp.finish()
	if f := r.fault(name); f != nil && m.BadRows != LeaveBadRows {
		return f
	}
	if r.Lines > 0 && r.Unpriced == r.Lines {
		return malformed(name,
			"Файл «%s»: в столбце «%s» нет ни одной суммы. Если там формулы, откройте книгу в Excel и сохраните её; иначе выберите другой столбец.",
			"The file %q: the column %q has not one amount. If it holds formulas, open the workbook in Excel and save it; otherwise choose another column.",
			name, m.Columns[RoleCost])
	}
	return nil
}

// row takes one row: a rule leaves it out, or it becomes a charge, or it is a problem.
func (mp *mapper) row(cells []string, line int64, add func(pipeline.Charge) error) error {
	mp.report.Rows++
	if i := mp.leftOut(cells); i >= 0 {
		mp.leave(i, cells)
		return nil
	}
	before := mp.report.ProblemCount
	c := mp.charge(cells, line)
	if mp.report.ProblemCount > before {
		if mp.m.BadRows == LeaveBadRows {
			mp.leave(len(mp.b.rules), cells)
		}
		return nil
	}
	if before > 0 && mp.m.BadRows != LeaveBadRows {
		return nil // the file is refused already
	}
	mp.count(&c)
	if err := add(c); err != nil {
		return callerError{err}
	}
	return nil
}

// leftOut gives the rule that leaves a row out, -1 when none does.
func (mp *mapper) leftOut(cells []string) int {
	for i, r := range mp.b.rules {
		if r.rule.matches(cellAt(cells, r.at)) {
			return i
		}
	}
	return -1
}

// matches tells whether a cell meets the rule's condition.
func (r *LeaveOut) matches(cell string) bool {
	cell = strings.ToLower(cell)
	switch {
	case r.Empty:
		return cell == ""
	case r.Equals != "":
		return cell == strings.ToLower(strings.TrimFunc(r.Equals, isBlank))
	case r.Prefix != "":
		return strings.HasPrefix(cell, strings.ToLower(r.Prefix))
	}
	return r.Contains != "" && strings.Contains(cell, strings.ToLower(r.Contains))
}

// text says the rule.
func (r *LeaveOut) text() pipeline.Text {
	switch {
	case r.Empty:
		return pipeline.Textf("столбец «%s» пуст", "column %q is empty", r.Column)
	case r.Equals != "":
		return pipeline.Textf("столбец «%s» — «%s»", "column %q is %q", r.Column, r.Equals)
	case r.Prefix != "":
		return pipeline.Textf("столбец «%s» начинается с «%s»", "column %q begins with %q", r.Column, r.Prefix)
	}
	return pipeline.Textf("столбец «%s» содержит «%s»", "column %q contains %q", r.Column, r.Contains)
}

// cellAt gives a cell without the blanks around it; cells that the row does not have and the word NULL are empty.
func cellAt(cells []string, at int) string {
	if at >= len(cells) {
		return ""
	}
	s := strings.TrimFunc(cells[at], isBlank)
	if len(s) == 4 && oneOf(s, "NULL", "null", "Null") {
		return ""
	}
	return s
}
