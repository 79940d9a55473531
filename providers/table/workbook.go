package table

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/infrazen/infrazen/pipeline"
)

// Bounds of a workbook: what it may be when unpacked, and how much of one part is held in memory; the rest lies in files.
const (
	maxUnpacked = 8 * MaxBytes
	maxInMemory = 4 << 20
)

// sheetRows reads the rows of one sheet.
type sheetRows struct {
	name     string
	file     *excelize.File
	rows     *excelize.Rows
	line     int64
	from1904 bool
}

func openWorkbook(in io.Reader, name string, m *Mapping) (rows, error) {
	content, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	if err := checkParts(content, name); err != nil {
		return nil, err
	}
	file, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxInMemory,
	})
	if err != nil {
		return nil, because(faultWorkbook(name), err)
	}
	s := &sheetRows{name: name, file: file}
	if err := s.openSheet(m.Sheet); err != nil {
		_ = s.close()
		return nil, err
	}
	return s, nil
}

func faultWorkbook(name string) *pipeline.Fault {
	return malformed(name, "Книга «%s» не читается: файл повреждён или это не XLSX. Откройте её в Excel и сохраните заново.",
		"The workbook %q cannot be read: it is damaged or no XLSX. Open it in Excel and save it again.", name)
}

// checkParts makes sure that the parts unpack within the limit and that every sheet is there to its end: what reads the rows
// takes a sheet that breaks off for one that is shorter.
func checkParts(content []byte, name string) error {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return because(faultWorkbook(name), err)
	}
	var left int64 = maxUnpacked
	for _, part := range archive.File {
		if left -= int64(min(part.UncompressedSize64, maxUnpacked+1)); left < 0 {
			return faultTooLarge(name, MaxBytes)
		}
		if !strings.HasPrefix(strings.ToLower(part.Name), "xl/worksheets/sheet") {
			continue
		}
		if err := checkEnd(part); err != nil {
			return because(faultWorkbook(name), err)
		}
	}
	return nil
}

// checkEnd unpacks a part and looks whether its last bytes close the sheet.
func checkEnd(part *zip.File) error {
	in, err := part.Open()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	var tail tailWriter
	if _, err := io.Copy(&tail, in); err != nil {
		return err
	}
	if !bytes.HasSuffix(bytes.TrimSpace(tail.last), []byte("worksheet>")) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// tailWriter keeps the last bytes that were written.
type tailWriter struct{ last []byte }

func (t *tailWriter) Write(p []byte) (int, error) {
	const most = 256
	t.last = append(t.last, p[max(0, len(p)-most):]...)
	t.last = t.last[max(0, len(t.last)-most):]
	return len(p), nil
}

func (s *sheetRows) openSheet(want string) error {
	names := s.file.GetSheetList()
	sheet := want
	for i := 0; want == "" && i < len(names); i++ {
		if visible, err := s.file.GetSheetVisible(names[i]); err == nil && visible {
			sheet = names[i]
			break
		}
	}
	var err error
	s.rows, err = s.file.Rows(sheet)
	var noSheet excelize.ErrSheetNotExist
	switch {
	case errors.As(err, &noSheet) || sheet == "":
		return malformed(s.name, "В книге «%s» нет листа «%s». Есть листы: %s.", "The workbook %q has no sheet %q. Its sheets: %s.", s.name, want, strings.Join(names, ", "))
	case err != nil:
		return because(faultWorkbook(s.name), err)
	}
	if props, err := s.file.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		s.from1904 = *props.Date1904
	}
	return nil
}

func (s *sheetRows) next() ([]string, int64, error) {
	for s.rows.Next() {
		s.line++
		cells, err := s.rows.Columns()
		if err != nil {
			return nil, 0, because(faultWorkbook(s.name), err)
		}
		if len(cells) > maxCells {
			return nil, 0, faultTooWide(s.name, s.line)
		}
		if !blankRow(cells) {
			return cells, s.line, nil
		}
	}
	if err := s.rows.Error(); err != nil {
		return nil, 0, because(faultWorkbook(s.name), err)
	}
	return nil, 0, io.EOF
}

func (s *sheetRows) workbook() (is, from1904 bool) { return true, s.from1904 }

func (s *sheetRows) close() error {
	var err error
	if s.rows != nil {
		err = s.rows.Close()
	}
	return errors.Join(err, s.file.Close())
}
