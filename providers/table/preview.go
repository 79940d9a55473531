package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// previewRows is how many rows a preview shows; previewCell how long a cell of it may be, in runes.
const (
	previewRows = 20
	previewCell = 200
)

// roleTag is what a preview calls a column of tags.
const roleTag = "tag"

// Preview reads a whole file by a mapping, or by a guessed one when the text is empty. Times without a zone are in zone where
// the mapping names none; a guess names it. It is what a pipeline.Previewer gives.
func Preview(ctx context.Context, name string, file io.ReadSeeker, mapping string, zone *time.Location) (pipeline.Preview, error) {
	return preview(ctx, name, file, mapping, zone, Mapping{})
}

// preview does it; known is what is known of a cloud's reports beforehand.
func preview(ctx context.Context, name string, file io.ReadSeeker, mapping string, zone *time.Location, known Mapping) (pipeline.Preview, error) {
	m, guessed := Mapping{Version: Version}, strings.TrimSpace(mapping) == ""
	if !guessed {
		var err error
		if m, err = DecodeMapping(mapping); err != nil {
			return pipeline.Preview{}, err
		}
	}
	p := pipeline.Preview{Guessed: guessed, Roles: roleOptions(), Mapping: m.JSON()}
	sample, err := Look(ctx, file, name, m)
	if err != nil {
		return p, takeFault(&p, err)
	}
	if guessed {
		m, p.Questions = guess(sample, known)
		m.Zone = zone.String()
		p.Mapping = m.JSON()
	}
	p.Sheets, p.Columns = sample.Sheets, previewColumns(sample.Names, &m)
	for _, r := range sample.Rows[:min(len(sample.Rows), previewRows)] {
		p.Rows = append(p.Rows, pipeline.PreviewRow{Number: r.Line, Cells: shownCells(r.Cells, len(sample.Names), &p, sample.Workbook)})
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return p, fmt.Errorf("cannot read the file %s once more: %w", name, err)
	}
	r, err := Read(ctx, file, name, m, zone, func(pipeline.Charge) error { return nil })
	fill(&p, &r)
	return p, takeFault(&p, err)
}

// fill takes what a reading found into the preview.
func fill(p *pipeline.Preview, r *Report) {
	p.Read, p.Lines, p.Unpriced, p.Totals = r.Rows, r.Lines, r.Unpriced, r.Totals
	p.First, p.Last, p.Notes = r.First, r.Last, r.Notes
	for _, l := range r.LeftOut {
		p.LeftOut = append(p.LeftOut, pipeline.PreviewLeftOut{Reason: l.Reason, Rows: l.Rows, Totals: l.Totals})
	}
	for _, problem := range r.Problems {
		p.Problems = append(p.Problems, pipeline.PreviewProblem{Row: problem.Row, Column: problem.Column, Text: problem.Text})
	}
}

func roleOptions() []pipeline.Option {
	specs := roles()
	out := make([]pipeline.Option, 0, len(specs)+1)
	for _, s := range specs {
		out = append(out, pipeline.Option{Value: string(s.role), Label: s.label})
	}
	return append(out, pipeline.Option{Value: roleTag, Label: pipeline.Text{RU: "Тег", EN: "Tag"}})
}

// previewColumns says what the mapping makes of each column. Of a column with several roles it tells the first.
func previewColumns(names []string, m *Mapping) []pipeline.PreviewColumn {
	out := make([]pipeline.PreviewColumn, len(names))
	for i, n := range names {
		out[i] = pipeline.PreviewColumn{Name: n}
		for _, spec := range roles() {
			if strings.EqualFold(m.Columns[spec.role], n) {
				out[i].Role = string(spec.role)
				break
			}
		}
		if t := slices.IndexFunc(m.Tags, func(t TagColumn) bool { return strings.EqualFold(t.Column, n) }); t >= 0 && out[i].Role == "" {
			out[i].Role, out[i].Key = roleTag, m.Tags[t].Key
		}
	}
	return out
}

// shownCells are the cells of a row for people: as many as there are columns, none too long, and dates of a workbook as dates.
func shownCells(cells []string, width int, p *pipeline.Preview, workbook bool) []string {
	out := make([]string, width)
	for i := range out {
		s := cellAt(cells, i)
		date := i < len(p.Columns) && oneOf(p.Columns[i].Role, string(RoleStart), string(RoleEnd))
		if workbook && date && isSerial(s) {
			if w, err := excelDate(s, false, time.UTC); err == nil {
				s = w.time.Format("2006-01-02 15:04:05")
			}
		}
		if runes := []rune(s); len(runes) > previewCell {
			s = string(runes[:previewCell]) + "…"
		}
		out[i] = s
	}
	return out
}

// takeFault puts a fault of the file or the mapping into the preview; what may pass by itself stays an error.
func takeFault(p *pipeline.Preview, err error) error {
	var f *pipeline.Fault
	if errors.As(err, &f) && !f.Retry {
		p.Fault = f
		return nil
	}
	return err
}
