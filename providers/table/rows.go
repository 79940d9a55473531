package table

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/infrazen/infrazen/pipeline"
)

// Bounds of a file.
const (
	// MaxBytes is how long a file may be, and a workbook's sheet when it is unpacked eightfold.
	MaxBytes = 64 << 20
	// maxRow is how many bytes one row of text may have. A quote that is never closed ends here and not at the file's end.
	maxRow   = 1 << 20
	maxCells = 2000
	headSize = 64 << 10
)

// rows gives the rows of a table as text.
type rows interface {
	// next gives the cells of the next row that is not blank and its number in the file, or io.EOF. The cells are valid until the
	// next call.
	next() (cells []string, line int64, err error)
	// workbook tells whether dates may be numbers, and whether they count from 1904.
	workbook() (is, from1904 bool)
	close() error
}

// open tells by its first bytes what a file is and opens it.
func open(ctx context.Context, in io.Reader, name string, m *Mapping) (contextRows, error) {
	r, err := openRows(ctx, in, name, m)
	return contextRows{rows: r, ctx: ctx}, err
}

func openRows(ctx context.Context, in io.Reader, name string, m *Mapping) (rows, error) {
	buf := bufio.NewReaderSize(&boundedReader{ctx: ctx, in: in, left: MaxBytes}, headSize)
	head, err := buf.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case len(bytes.TrimSpace(head)) == 0:
		return nil, faultEmpty(name)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return openWorkbook(buf, name, m)
	case bytes.HasPrefix(head, []byte{0xd0, 0xcf, 0x11, 0xe0}):
		return nil, faultOldExcel(name)
	}
	return openText(buf, head, name, m)
}

// contextRows ends when its context ends.
type contextRows struct {
	rows
	ctx context.Context
}

func (r contextRows) next() ([]string, int64, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, 0, err
	}
	return r.rows.next()
}

// sheets are the sheets of a workbook; nil when the table is none.
func (r contextRows) sheets() []string {
	if book, ok := r.rows.(*sheetRows); ok {
		return book.file.GetSheetList()
	}
	return nil
}

// boundedReader fails when its context ends and once more than its limit was read.
type boundedReader struct {
	ctx  context.Context
	in   io.Reader
	left int64
}

func (r *boundedReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.in.Read(p)
	if r.left -= int64(n); r.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

// rowGuard fails when a row does not end within maxRow bytes.
type rowGuard struct {
	in    io.Reader
	since int
}

func (g *rowGuard) Read(p []byte) (int, error) {
	if g.since > maxRow {
		return 0, errLongRow
	}
	n, err := g.in.Read(p)
	g.since += n
	return n, err
}

// textRows reads CSV.
type textRows struct {
	name  string
	csv   *csv.Reader
	guard *rowGuard
	// before is how many lines were taken off before the reader saw them.
	before int64
	// last is the number of the latest row.
	last  int64
	coded Encoding
}

func openText(in *bufio.Reader, head []byte, name string, m *Mapping) (rows, error) {
	text, coded, err := decode(in, head, name, m.Encoding)
	if err != nil {
		return nil, err
	}
	head, err = text.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return nil, faultBinary(name)
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return nil, faultEmpty(name)
	}
	t := &textRows{name: name, guard: &rowGuard{in: text}, coded: coded}
	comma := m.Delimiter
	if told, length := toldDelimiter(head); length > 0 {
		_, _ = text.Discard(length) // the bytes are in the buffer
		t.before = 1
		head = head[length:]
		if comma == "" {
			comma = told
		}
	}
	if comma == "" {
		comma = delimiterOf(head, max(m.HeaderRow-t.before, 1))
	}
	t.csv = newCSV(t.guard, comma)
	return t, nil
}

func newCSV(in io.Reader, comma string) *csv.Reader {
	r := csv.NewReader(in)
	r.Comma = rune(comma[0])
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	return r
}

// decode turns a file's bytes into UTF-8.
func decode(in *bufio.Reader, head []byte, name string, want Encoding) (*bufio.Reader, Encoding, error) {
	bom8 := bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf})
	bom16 := bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff})
	if want == "" {
		want = encodingOf(head, bom16)
	}
	switch {
	case want == UTF16 && !bom16:
		return nil, "", malformed(name, "Файл «%s» не в UTF-16: в начале нет метки порядка байтов. Выберите другую кодировку.",
			"The file %q is not UTF-16: it has no byte order mark. Choose another encoding.", name)
	case want == UTF16:
		text := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(in)
		return bufio.NewReaderSize(text, headSize), UTF16, nil
	case want == Windows1251 && !bom8:
		return bufio.NewReaderSize(charmap.Windows1251.NewDecoder().Reader(in), headSize), Windows1251, nil
	case bom8:
		_, err := in.Discard(3)
		return in, UTF8, err
	}
	return in, UTF8, nil
}

// encodingOf tells the encoding by the beginning of a file: text that is not UTF-8 is of Windows here.
func encodingOf(head []byte, bom16 bool) Encoding {
	if bom16 {
		return UTF16
	}
	for cut := 0; cut < utf8.UTFMax && cut < len(head); cut++ {
		if utf8.Valid(head[:len(head)-cut]) {
			return UTF8
		}
		if len(head) < headSize {
			break // the whole file: no rune is cut off
		}
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return UTF8
	}
	return Windows1251
}

// toldDelimiter reads the line "sep=;" that spreadsheets understand, and gives its length with the line's end.
func toldDelimiter(head []byte) (comma string, length int) {
	if len(head) < 5 || !strings.EqualFold(string(head[:4]), "sep=") {
		return "", 0
	}
	end := bytes.IndexByte(head, '\n')
	if end < 0 || !oneOf(string(head[4]), ",", ";", "\t", "|") {
		return "", 0
	}
	return string(head[4]), end + 1
}

// delimiterOf chooses the delimiter that cuts the header row, and the rows after it alike, into the most cells.
func delimiterOf(head []byte, headerRow int64) string {
	best, most := ",", 0
	for _, comma := range []string{",", ";", "\t", "|"} {
		if n := cellsBy(head, comma, headerRow); n > most {
			best, most = comma, n
		}
	}
	return best
}

// cellsBy gives how many cells a delimiter cuts rows into, 0 when it does not fit. Rows of one width count twice as much.
func cellsBy(head []byte, comma string, headerRow int64) int {
	r := newCSV(bytes.NewReader(head), comma)
	width, same, seen := 0, 0, 0
	for seen < 20 {
		row, err := r.Read()
		if err != nil {
			break
		}
		if line, _ := r.FieldPos(0); int64(line) < headerRow {
			continue
		}
		seen++
		width = max(width, len(row))
		if len(row) == width {
			same++
		}
	}
	if width < 2 {
		return 0
	}
	if same == seen {
		return 2 * width
	}
	return width
}

func (t *textRows) next() ([]string, int64, error) {
	for {
		cells, err := t.csv.Read()
		if err != nil {
			return nil, 0, t.fault(err)
		}
		t.guard.since = 0
		if blankRow(cells) {
			continue
		}
		at, _ := t.csv.FieldPos(0)
		line := int64(at) + t.before
		t.last = line
		if len(cells) > maxCells {
			return nil, 0, faultTooWide(t.name, line)
		}
		for _, c := range cells {
			if !utf8.ValidString(c) {
				return nil, 0, malformed(t.name, "Файл «%s», строка %d: текст не в той кодировке. Выберите кодировку файла (UTF-8, windows-1251) или сохраните его в UTF-8.",
					"The file %q, row %d: the text is in another encoding. Choose the file's encoding (UTF-8, windows-1251), or save it as UTF-8.", t.name, line)
			}
		}
		return cells, line, nil
	}
}

func blankRow(cells []string) bool {
	for _, c := range cells {
		if strings.TrimFunc(c, isBlank) != "" {
			return false
		}
	}
	return true
}

func faultTooWide(name string, line int64) *pipeline.Fault {
	return malformed(name, "Файл «%s», строка %d: больше %d столбцов. Оставьте в выгрузке нужные столбцы.",
		"The file %q, row %d: over %d columns. Keep only the columns that are needed.", name, line, maxCells)
}

// fault names the row whose form is broken. Other errors pass.
func (t *textRows) fault(err error) error {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, errLongRow):
		return because(malformed(t.name,
			"Файл «%s»: после строки %d идёт строка длиннее %d КБ — видимо, кавычка не закрыта. Исправьте выгрузку.",
			"The file %q: after row %d comes a row over %d KB: a quote is not closed, it seems. Correct the export.", t.name, t.last, maxRow>>10), err)
	case errors.As(err, &parse):
		return because(malformed(t.name,
			"Файл «%s», строка %d: кавычки стоят неправильно (не закрыты или не удвоены внутри поля). Исправьте выгрузку или выберите другой разделитель.",
			"The file %q, row %d: quotes are wrong (not closed, or not doubled within a field). Correct the export, or choose another delimiter.",
			t.name, int64(parse.StartLine)+t.before), fmt.Errorf("cannot read a row: %w", parse.Err))
	}
	return err
}

func (t *textRows) workbook() (is, from1904 bool) { return false, false }

func (t *textRows) close() error { return nil }
