package focus

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"

	"github.com/infrazen/infrazen/pipeline"
)

// limits bound one file.
type limits struct {
	maxBytes, maxRows int64
}

// table is an open file of any format: a header, and rows as text.
type table interface {
	header() []string
	// want says which cells of a row are needed; the others may be left empty.
	want(at []int) error
	// next gives the cells of the next row, valid until the next call, and its number for people, or io.EOF.
	next() (row [][]byte, line int64, err error)
	// commaDecimals tells whether a comma may be a decimal point in this file.
	commaDecimals() bool
	// note writes down what the format was coped with.
	note(n *notebook)
	close()
}

// headSize is how many bytes are looked at to tell what a file is.
const headSize = 64 << 10

// openTable tells by its first bytes what a file is and opens it so.
func openTable(ctx context.Context, f file, key string, l limits, n *notebook) (table, error) {
	src := &sourceReader{in: contextReader{ctx: ctx, in: f}}
	in := bufio.NewReaderSize(src, headSize)
	magic, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch kind := kindOf(magic); kind {
	case kindParquet:
		return openParquet(ctx, f, key, l)
	case kindText:
		return openText(&limitedReader{in: in, left: l.maxBytes}, func() {}, key, n)
	case kindForeign:
		return nil, faultForeign(key)
	default:
		out, closeIt, err := decompress(in, src, kind)
		if err != nil {
			return nil, err
		}
		t, err := openText(&limitedReader{in: out, left: l.maxBytes}, closeIt, key, n)
		if err != nil {
			closeIt()
		}
		return t, err
	}
}

// fileKind is what the first bytes of a file say.
type fileKind int

const (
	kindText fileKind = iota
	kindGzip
	kindZstd
	kindParquet
	kindForeign
)

func kindOf(magic []byte) fileKind {
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return kindGzip
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return kindZstd
	case bytes.HasPrefix(magic, []byte("PAR1")):
		return kindParquet
	case bytes.HasPrefix(magic, []byte("PK\x03\x04")), bytes.HasPrefix(magic, []byte{0xd0, 0xcf, 0x11, 0xe0}),
		bytes.HasPrefix(magic, []byte("PARE")), bytes.HasPrefix(magic, []byte("ORC")), bytes.HasPrefix(magic, []byte("Obj\x01")):
		return kindForeign
	default:
		return kindText
	}
}

func faultForeign(key string) *pipeline.Fault {
	return newFault(pipeline.FaultMalformed, key,
		"Файл «%s» — не CSV и не Parquet (архив ZIP, книга Excel, ORC, Avro или другой двоичный формат). Выгрузите CSV в UTF-8, CSV.gz или Parquet.",
		"The file %q is neither CSV nor Parquet (a ZIP archive, an Excel workbook, ORC, Avro or another binary format). Export CSV in UTF-8, CSV.gz or Parquet.", key)
}

func faultEmptyFile(key string) *pipeline.Fault {
	return newFault(pipeline.FaultMalformed, key,
		"Файл «%s» пуст, в нём нет даже заголовка. Если он ещё копируется, подождите; иначе выгрузите его заново.",
		"The file %q is empty, it has not even a header. If it is still being copied, wait; otherwise export it again.", key)
}

func decompress(in io.Reader, src *sourceReader, kind fileKind) (io.Reader, func(), error) {
	if kind == kindZstd {
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, nil, src.blame(err)
		}
		return &unpackReader{in: z, src: src}, z.Close, nil
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, nil, src.blame(err)
	}
	return &unpackReader{in: z, src: src}, func() { _ = z.Close() }, nil
}

// sourceReader remembers the error of the place a file comes from, to tell it from that of a damaged file.
type sourceReader struct {
	in  io.Reader
	err error
}

func (r *sourceReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// blame gives the source's error if it has one, and else says that the file is torn.
func (r *sourceReader) blame(err error) error {
	if r.err != nil {
		return r.err
	}
	return fmt.Errorf("%w: %w", errTorn, err)
}

type unpackReader struct {
	in  io.Reader
	src *sourceReader
}

func (r *unpackReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.src.blame(err)
	}
	return n, err
}

// limitedReader fails once more than its limit was read.
type limitedReader struct {
	in   io.Reader
	left int64
}

func (r *limitedReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if r.left -= int64(n); r.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

// openText opens CSV: it deals with encodings, finds the delimiter and reads the header.
func openText(in io.Reader, closeIt func(), key string, n *notebook) (table, error) {
	text, head, err := decodeText(in, n)
	if err != nil {
		return nil, err
	}
	switch {
	case len(bytes.TrimSpace(head)) == 0:
		return nil, faultEmptyFile(key)
	case bytes.IndexByte(head, 0) >= 0:
		return nil, faultForeign(key)
	}
	t := &csvTable{key: key, closeIt: closeIt}
	skipped := skipSep(text, head)
	t.comma = delimiterOf(head[skipped:])
	t.reader = newCSVReader(text, t.comma)
	if skipped > 0 {
		t.reader.next++
	}
	row, err := t.reader.read()
	if err != nil {
		return nil, t.fault(err)
	}
	for _, cell := range row {
		if !utf8.Valid(cell) {
			return nil, faultHeaderEncoding(key)
		}
		t.names = append(t.names, string(bytes.TrimSpace(cell)))
	}
	return t, nil
}

func faultHeaderEncoding(key string) *pipeline.Fault {
	return newFault(pipeline.FaultMalformed, key,
		"Заголовок файла «%s» не в UTF-8 (похоже на Windows-1251). Сохраните файл в UTF-8: в Excel это «CSV UTF-8».",
		"The header of the file %q is not UTF-8 (Windows-1251, it seems). Save the file as UTF-8: in Excel that is \"CSV UTF-8\".", key)
}

// decodeText takes off a byte order mark and turns UTF-16 into UTF-8. head is the beginning, still unread.
func decodeText(in io.Reader, n *notebook) (text *bufio.Reader, head []byte, err error) {
	text = bufio.NewReaderSize(in, headSize)
	if head, err = peek(text); err != nil {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		_, err = text.Discard(3)
		n.add(NoteBOM, 1, "В начале файла метка порядка байтов (BOM), она пропущена.", "The file begins with a byte order mark, it was skipped.")
		head = head[3:]
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		n.add(NoteEncoding, 1, "Файл в UTF-16, прочитан как UTF-8.", "The file is in UTF-16, it was read as UTF-8.")
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
		text = bufio.NewReaderSize(utf16.NewDecoder().Reader(text), headSize)
		head, err = peek(text)
	}
	return text, head, err
}

func peek(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(headSize)
	if errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	return head, err
}

// skipSep skips the line "sep=;" that Excel understands, and gives its length.
func skipSep(text *bufio.Reader, head []byte) int {
	if !bytes.HasPrefix(bytes.ToLower(head[:min(4, len(head))]), []byte("sep=")) {
		return 0
	}
	end := bytes.IndexByte(head, '\n')
	if end < 0 {
		return 0
	}
	n, _ := text.Discard(end + 1)
	return n
}

// delimiterOf chooses the delimiter with which the header has the most names that FOCUS knows, or else the most names.
func delimiterOf(head []byte) byte {
	head = bytes.TrimLeft(head, "\r\n")
	if end := bytes.IndexByte(head, '\n'); end >= 0 {
		head = head[:end+1]
	}
	best, bestKnown, bestCount := byte(','), -1, -1
	for _, comma := range []byte{',', ';', '\t', '|'} {
		row, err := newCSVReader(bytes.NewReader(head), comma).read()
		if err != nil {
			continue
		}
		names := make([]string, len(row))
		for i, cell := range row {
			names[i] = string(cell)
		}
		if k := known(names); k > bestKnown || (k == bestKnown && len(row) > bestCount) {
			best, bestKnown, bestCount = comma, k, len(row)
		}
	}
	return best
}

// csvTable is a text file with delimiters.
type csvTable struct {
	key     string
	names   []string
	reader  *csvReader
	comma   byte
	closeIt func()
}

func (t *csvTable) header() []string { return t.names }

func (t *csvTable) want([]int) error { return nil }

func (t *csvTable) next() ([][]byte, int64, error) {
	row, err := t.reader.read()
	if err != nil {
		return nil, t.reader.line, t.fault(err)
	}
	return row, t.reader.line, nil
}

func (t *csvTable) commaDecimals() bool { return t.comma == ';' || t.comma == '\t' }

func (t *csvTable) note(n *notebook) {
	if t.comma != ',' {
		n.add(NoteDelimiter, 1, "Столбцы разделены знаком %q, а не запятой.", "Columns are parted by %q, not by commas.", string(t.comma))
	}
}

func (t *csvTable) close() { t.closeIt() }

// fault names the row whose form is broken. Other errors pass.
func (t *csvTable) fault(err error) error {
	var why pipeline.Text
	switch {
	case errors.Is(err, errBareQuote):
		why = pipeline.Text{RU: "кавычка внутри поля, которое само не в кавычках", EN: "a quote within a field that is not quoted itself"}
	case errors.Is(err, errAfterQuote):
		why = pipeline.Text{RU: "текст после закрывающей кавычки", EN: "text after a closing quote"}
	case errors.Is(err, errOpenQuote):
		why = pipeline.Text{RU: "кавычка не закрыта до конца файла: он обрывается или кавычки внутри поля не удвоены", EN: "a quote that is not closed before the file ends: it breaks off, or quotes within a field are not doubled"}
	case errors.Is(err, errLongRow):
		why = pipeline.Text{RU: "строка длиннее 4 МиБ: видимо, кавычка не закрыта", EN: "a row longer than 4 MiB: a quote is not closed, it seems"}
	default:
		return err
	}
	f := newFaultText(t.key, pipeline.Text{
		RU: fmt.Sprintf("Файл «%s» не загружен: строка %d — %s. Исправьте выгрузку и положите файл заново.", t.key, t.reader.line, why.RU),
		EN: fmt.Sprintf("Nothing of the file %q was loaded: row %d has %s. Correct the export and put the file there again.", t.key, t.reader.line, why.EN),
	})
	return because(f, err)
}
