package focus

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

var errNested = errors.New("a nested column of a shape that is not known")

// parquetColumn is one top-level column whose cells are read as text: a plain one, a map or list of key and value,
// or a group of plain fields. The latter two become JSON objects.
type parquetColumn struct {
	at      int
	leaves  []*leafReader
	pairs   bool
	fields  bool
	isFloat bool
	buffer  []byte
}

func newParquetColumn(c *parquet.Column, at int) (*parquetColumn, error) {
	p := &parquetColumn{at: at}
	leaves := leavesOf(c)
	for _, leaf := range leaves {
		p.leaves = append(p.leaves, newLeafReader(leaf))
	}
	switch {
	case c.Leaf() && c.MaxRepetitionLevel() == 0:
		kind := c.Type().Kind()
		p.isFloat = kind == parquet.Float || kind == parquet.Double
	case c.Leaf() || !strings.EqualFold(c.Name(), "Tags") || len(leaves) == 0:
		return nil, errNested
	case isPairs(leaves):
		p.pairs = true
		if strings.EqualFold(leaves[0].Name(), "value") {
			slices.Reverse(p.leaves)
		}
	case allPlain(leaves):
		p.fields = true
	default:
		return nil, errNested
	}
	return p, nil
}

func leavesOf(c *parquet.Column) []*parquet.Column {
	if c.Leaf() {
		return []*parquet.Column{c}
	}
	var out []*parquet.Column
	for _, child := range c.Columns() {
		out = append(out, leavesOf(child)...)
	}
	return out
}

func isPairs(leaves []*parquet.Column) bool {
	if len(leaves) != 2 || leaves[0].MaxRepetitionLevel() != 1 || leaves[1].MaxRepetitionLevel() != 1 {
		return false
	}
	a, b := strings.ToLower(leaves[0].Name()), strings.ToLower(leaves[1].Name())
	return (a == "key" && b == "value") || (a == "value" && b == "key")
}

func allPlain(leaves []*parquet.Column) bool {
	for _, leaf := range leaves {
		if leaf.MaxRepetitionLevel() != 0 {
			return false
		}
	}
	return true
}

// cell gives the next row's value as text, empty for null, valid until the next call.
func (p *parquetColumn) cell() ([]byte, error) {
	if !p.pairs && !p.fields {
		v, err := p.leaves[0].next()
		if err != nil || v.IsNull() {
			return nil, err
		}
		p.buffer = p.leaves[0].appendText(p.buffer[:0], v)
		return p.buffer, nil
	}
	object := make(map[string]string)
	var err error
	if p.pairs {
		err = p.readPairs(object)
	} else {
		err = p.readFields(object)
	}
	if err != nil || len(object) == 0 {
		return nil, err
	}
	return json.Marshal(object)
}

func (p *parquetColumn) readFields(into map[string]string) error {
	for _, leaf := range p.leaves {
		v, err := leaf.next()
		if err != nil {
			return err
		}
		if !v.IsNull() {
			into[leaf.column.Name()] = string(leaf.appendText(nil, v))
		}
	}
	return nil
}

// readPairs reads the keys and values of one row. A key that is null ends up as no pair: the map is null or empty.
func (p *parquetColumn) readPairs(into map[string]string) error {
	keys, values := p.leaves[0], p.leaves[1]
	for first := true; ; first = false {
		if !first {
			more, err := keys.continues()
			if err != nil || !more {
				return err
			}
		}
		k, err := keys.next()
		if err != nil {
			return err
		}
		name := ""
		if !k.IsNull() {
			name = string(keys.appendText(nil, k))
		}
		v, err := values.next()
		if err != nil {
			return err
		}
		switch {
		case k.IsNull():
		case v.IsNull():
			into[name] = ""
		default:
			into[name] = string(values.appendText(nil, v))
		}
	}
}

// leafReader reads the values of one leaf column of one row group in order.
type leafReader struct {
	column *parquet.Column
	text   func([]byte, parquet.Value) []byte
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	buffer [128]parquet.Value
	at, n  int
}

func newLeafReader(c *parquet.Column) *leafReader {
	return &leafReader{column: c, text: textOfType(c.Type())}
}

func (r *leafReader) open(pages parquet.Pages) { r.pages = pages }

func (r *leafReader) close() {
	r.release()
	if r.pages != nil {
		_ = r.pages.Close()
		r.pages = nil
	}
	r.at, r.n = 0, 0
}

func (r *leafReader) release() {
	if r.page != nil {
		parquet.Release(r.page)
		r.page, r.values = nil, nil
	}
}

// next gives the next value. It is an error when there is none.
func (r *leafReader) next() (parquet.Value, error) {
	if err := r.fill(); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return parquet.Value{}, err
	}
	v := r.buffer[r.at]
	r.at++
	return v, nil
}

// continues tells whether the next value belongs to the same row.
func (r *leafReader) continues() (bool, error) {
	err := r.fill()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil && r.buffer[r.at].RepetitionLevel() > 0, err
}

// more tells whether there is a value left.
func (r *leafReader) more() (bool, error) {
	if r.pages == nil {
		return false, nil
	}
	err := r.fill()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// fill makes the buffer hold an unread value.
func (r *leafReader) fill() error {
	for r.at == r.n {
		if r.values == nil {
			page, err := r.pages.ReadPage()
			if err != nil {
				return err
			}
			r.page, r.values = page, page.Values()
		}
		n, err := r.values.ReadValues(r.buffer[:])
		r.at, r.n = 0, n
		switch {
		case n == 0 && (err == nil || errors.Is(err, io.EOF)):
			r.release()
		case err != nil && !errors.Is(err, io.EOF):
			return err
		}
	}
	return nil
}

func (r *leafReader) appendText(to []byte, v parquet.Value) []byte { return r.text(to, v) }

// textOfType gives how the values of a type are written: numbers exactly, times in RFC 3339, bytes as they are.
func textOfType(t parquet.Type) func([]byte, parquet.Value) []byte {
	if lt := t.LogicalType(); lt != nil {
		switch lt := lt.Value.(type) {
		case *format.DecimalType:
			return func(to []byte, v parquet.Value) []byte { return appendDecimal(to, v, int(lt.Scale)) }
		case *format.TimestampType:
			return timestampText(lt.Unit)
		case *format.DateType:
			return func(to []byte, v parquet.Value) []byte {
				return time.Unix(int64(v.Int32())*86400, 0).UTC().AppendFormat(to, time.DateOnly)
			}
		case *format.IntType:
			if !lt.IsSigned {
				return appendUnsigned
			}
		}
	}
	return appendPlain
}

func appendPlain(to []byte, v parquet.Value) []byte {
	switch v.Kind() {
	case parquet.Boolean:
		return strconv.AppendBool(to, v.Boolean())
	case parquet.Int32:
		return strconv.AppendInt(to, int64(v.Int32()), 10)
	case parquet.Int64:
		return strconv.AppendInt(to, v.Int64(), 10)
	case parquet.Int96:
		return appendInt96(to, v.Int96())
	case parquet.Float:
		return strconv.AppendFloat(to, float64(v.Float()), 'g', -1, 32)
	case parquet.Double:
		return strconv.AppendFloat(to, v.Double(), 'g', -1, 64)
	default:
		return append(to, v.ByteArray()...)
	}
}

func appendUnsigned(to []byte, v parquet.Value) []byte {
	if v.Kind() == parquet.Int32 {
		return strconv.AppendUint(to, uint64(v.Uint32()), 10)
	}
	return strconv.AppendUint(to, v.Uint64(), 10)
}

// appendDecimal writes the unscaled value and the power of ten: exact, and as short as it is stored.
func appendDecimal(to []byte, v parquet.Value, scale int) []byte {
	switch v.Kind() {
	case parquet.Int32:
		to = strconv.AppendInt(to, int64(v.Int32()), 10)
	case parquet.Int64:
		to = strconv.AppendInt(to, v.Int64(), 10)
	default:
		to = appendTwosComplement(to, v.ByteArray())
	}
	if scale == 0 {
		return to
	}
	to = append(to, 'e')
	return strconv.AppendInt(to, int64(-scale), 10)
}

func appendTwosComplement(to, b []byte) []byte {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n.Append(to, 10)
}

func timestampText(unit format.TimeUnit) func([]byte, parquet.Value) []byte {
	at := time.UnixMicro
	switch unit.Value.(type) {
	case *format.MilliSeconds:
		at = time.UnixMilli
	case *format.NanoSeconds:
		at = func(n int64) time.Time { return time.Unix(n/1e9, n%1e9) }
	}
	return func(to []byte, v parquet.Value) []byte {
		return at(v.Int64()).UTC().AppendFormat(to, time.RFC3339Nano)
	}
}

// appendInt96 writes the timestamp of older writers: nanoseconds of a day, and the Julian day.
func appendInt96(to []byte, v deprecated.Int96) []byte {
	const julianEpoch = 2440588
	var b [8]byte
	binary.LittleEndian.PutUint32(b[:4], v[0])
	binary.LittleEndian.PutUint32(b[4:], v[1])
	nanos := int64(binary.LittleEndian.Uint64(b[:]))
	days := int64(v[2]) - julianEpoch
	return time.Unix(days*86400, 0).Add(time.Duration(nanos)).UTC().AppendFormat(to, time.RFC3339Nano)
}
