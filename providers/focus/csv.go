package focus

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxRecord is how many bytes one row may have. A quote that is never closed ends here and not at the file's end.
const maxRecord = 4 << 20

// Faults of a CSV row's form.
var (
	errBareQuote  = errors.New("a quote within an unquoted field")
	errAfterQuote = errors.New("text after a closing quote")
	errOpenQuote  = errors.New("a quote that is never closed")
	errLongRow    = errors.New("a row longer than 4 MiB")
)

// csvReader reads RFC 4180 rows in constant memory. Blank lines are skipped.
type csvReader struct {
	in    *bufio.Reader
	comma byte
	// line is the number of the line, from 1, on which the latest row begins; next that of the line after it.
	line, next int64
	record     []byte
	fields     [][]byte
	unquoted   []byte
}

func newCSVReader(in io.Reader, comma byte) *csvReader {
	return &csvReader{in: bufio.NewReaderSize(in, 256<<10), comma: comma, next: 1}
}

// read gives the fields of the next row, valid until the next call, or io.EOF.
func (r *csvReader) read() ([][]byte, error) {
	for {
		rec, err := r.readRecord()
		if err != nil {
			return nil, err
		}
		rec = trimEnd(rec)
		if len(rec) == 0 {
			continue
		}
		return r.split(rec)
	}
}

// readRecord gives the bytes of one row: a line, or several while a quote is open.
func (r *csvReader) readRecord() ([]byte, error) {
	r.line = r.next
	line, err := r.readLine(nil)
	if err != nil || bytes.IndexByte(line, '"') < 0 {
		return line, err
	}
	if bytes.Count(line, []byte{'"'})%2 == 0 {
		return line, nil
	}
	r.record = append(r.record[:0], line...)
	for open := true; open; {
		from := len(r.record)
		r.record, err = r.readLine(r.record)
		if errors.Is(err, io.EOF) {
			return nil, errOpenQuote
		}
		if err != nil {
			return nil, err
		}
		open = bytes.Count(r.record[from:], []byte{'"'})%2 == 0
	}
	return r.record, nil
}

// readLine reads one line with its end. With a nil head the result may lie in the reader's buffer, else it is appended.
func (r *csvReader) readLine(head []byte) ([]byte, error) {
	chunk, err := r.in.ReadSlice('\n')
	if head == nil && err == nil {
		r.next++
		return chunk, nil
	}
	if head == nil {
		head = r.record[:0]
	}
	start := len(head)
	for {
		head = append(head, chunk...)
		if len(head) > maxRecord {
			return nil, errLongRow
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
		chunk, err = r.in.ReadSlice('\n')
	}
	r.record = head
	if errors.Is(err, io.EOF) && len(head) > start {
		err = nil
	}
	r.next++
	return head, err
}

func trimEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte{'\n'})
	return bytes.TrimSuffix(b, []byte{'\r'})
}

func (r *csvReader) split(rec []byte) ([][]byte, error) {
	r.fields = r.fields[:0]
	r.unquoted = r.unquoted[:0]
	for {
		field, rest, more, err := r.cutField(rec)
		if err != nil {
			return nil, err
		}
		r.fields = append(r.fields, field)
		if !more {
			return r.fields, nil
		}
		rec = rest
	}
}

// cutField takes the first field off a row. more tells that a delimiter followed it.
func (r *csvReader) cutField(rec []byte) (field, rest []byte, more bool, err error) {
	if len(rec) > 0 && rec[0] == '"' {
		return r.cutQuoted(rec[1:])
	}
	end := bytes.IndexByte(rec, r.comma)
	if end < 0 {
		field = rec
	} else {
		field, rest, more = rec[:end], rec[end+1:], true
	}
	if bytes.IndexByte(field, '"') >= 0 {
		return nil, nil, false, errBareQuote
	}
	return field, rest, more, nil
}

// cutQuoted takes a field whose opening quote is already off.
func (r *csvReader) cutQuoted(rec []byte) (field, rest []byte, more bool, err error) {
	from := len(r.unquoted)
	doubled := false
	for {
		end := bytes.IndexByte(rec, '"')
		if end < 0 {
			return nil, nil, false, errOpenQuote
		}
		after := rec[end+1:]
		if len(after) > 0 && after[0] == '"' {
			doubled = true
			r.unquoted = append(r.unquoted, rec[:end+1]...)
			rec = after[1:]
			continue
		}
		field = rec[:end]
		if doubled {
			r.unquoted = append(r.unquoted, field...)
			field = r.unquoted[from:]
		}
		switch {
		case len(after) == 0:
			return field, nil, false, nil
		case after[0] == r.comma:
			return field, after[1:], true, nil
		default:
			return nil, nil, false, errAfterQuote
		}
	}
}
