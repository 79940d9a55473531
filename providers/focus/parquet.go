package focus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/infrazen/infrazen/pipeline"
)

// parquetTable reads a Parquet file row by row: of each column that is needed it holds one page.
type parquetTable struct {
	ctx     context.Context
	key     string
	file    *parquet.File
	in      *readerAt
	names   []string
	columns []*parquet.Column
	wanted  []*parquetColumn
	row     [][]byte
	groups  []parquet.RowGroup
	left    int64 // rows left in the open group
	line    int64
}

// openParquet opens a Parquet file. A file whose footer does not fit is torn.
func openParquet(ctx context.Context, f file, key string, l limits) (t *parquetTable, err error) {
	at, size, err := f.randomAccess(ctx)
	if err != nil {
		return nil, err
	}
	in := &readerAt{in: at}
	defer rescue(in, &err)
	if err := checkFooter(in, size); err != nil {
		return nil, err
	}
	pf, err := parquet.OpenFile(in, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, in.blame(err)
	}
	t = &parquetTable{ctx: ctx, key: key, file: pf, in: in, groups: pf.RowGroups()}
	if err := t.checkSize(l); err != nil {
		return nil, err
	}
	for _, c := range pf.Root().Columns() {
		t.names = append(t.names, c.Name())
		t.columns = append(t.columns, c)
	}
	t.row = make([][]byte, len(t.names))
	return t, nil
}

// checkFooter looks at the end of the file: its mark, and a footer no longer than the file.
func checkFooter(in io.ReaderAt, size int64) error {
	var tail [8]byte
	if size < 12 {
		return fmt.Errorf("%w: a Parquet file of %d bytes", errTorn, size)
	}
	if _, err := in.ReadAt(tail[:], size-8); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if length := int64(binary.LittleEndian.Uint32(tail[:4])); string(tail[4:]) != "PAR1" || length > size-12 {
		return fmt.Errorf("%w: no Parquet footer at the end", errTorn)
	}
	return nil
}

func (t *parquetTable) checkSize(l limits) error {
	var total int64
	for _, g := range t.file.Metadata().RowGroups {
		if g.NumRows < 0 || g.TotalByteSize < 0 {
			return fmt.Errorf("%w: negative sizes in the Parquet footer", errTorn)
		}
		if total += g.TotalByteSize; total > l.maxBytes || total < 0 {
			return errTooLong
		}
		if err := t.checkCodecs(g.Columns); err != nil {
			return err
		}
	}
	if t.file.NumRows() > l.maxRows {
		return errTooManyRows
	}
	return nil
}

// checkCodecs refuses compression that the Parquet library does not read safely: its LZ4 reader takes ever more memory on
// a damaged page.
func (t *parquetTable) checkCodecs(chunks []format.ColumnChunk) error {
	for _, c := range chunks {
		switch c.MetaData.Codec {
		case format.Uncompressed, format.Snappy, format.Gzip, format.Brotli, format.Zstd:
		default:
			return newFault(pipeline.FaultMalformed, t.key,
				"Файл «%s» сжат способом %s, который InfraZen не читает. Выгрузите Parquet со сжатием Snappy, ZSTD или GZIP.",
				"The file %q is compressed with %s, which InfraZen does not read. Export Parquet with Snappy, ZSTD or GZIP.",
				t.key, c.MetaData.Codec)
		}
	}
	return nil
}

// rescue turns a panic of the Parquet library, which damaged files can cause, into an error.
func rescue(in *readerAt, err *error) {
	if p := recover(); p != nil {
		*err = in.blame(fmt.Errorf("panic of the Parquet reader: %v", p))
	}
}

func (t *parquetTable) header() []string { return t.names }

func (t *parquetTable) want(at []int) (err error) {
	defer rescue(t.in, &err)
	for _, i := range at {
		c, err := newParquetColumn(t.columns[i], i)
		if err != nil {
			return newFault(pipeline.FaultMalformed, t.key,
				"В файле «%s» столбец %s вложенный, а нужен простой. Выгрузите его текстом, числом или временем.",
				"In the file %q the column %s is nested, but a plain one is needed. Export it as text, number or time.", t.key, t.names[i])
		}
		t.wanted = append(t.wanted, c)
	}
	return nil
}

func (t *parquetTable) next() (row [][]byte, line int64, err error) {
	defer rescue(t.in, &err)
	for t.left == 0 {
		if err := t.closeGroup(); err != nil {
			return nil, t.line, t.in.blame(err)
		}
		if len(t.groups) == 0 {
			return nil, t.line, io.EOF
		}
		t.openGroup(t.groups[0])
		t.groups = t.groups[1:]
	}
	if t.line%1024 == 0 && t.ctx.Err() != nil {
		return nil, t.line, t.ctx.Err()
	}
	t.left--
	t.line++
	for _, c := range t.wanted {
		cell, err := c.cell()
		if err != nil {
			return nil, t.line, t.in.blame(err)
		}
		t.row[c.at] = cell
	}
	return t.row, t.line, nil
}

func (t *parquetTable) openGroup(g parquet.RowGroup) {
	t.left = g.NumRows()
	chunks := g.ColumnChunks()
	for _, c := range t.wanted {
		for _, leaf := range c.leaves {
			leaf.open(chunks[leaf.column.Index()].Pages())
		}
	}
}

// closeGroup makes sure that no column has more values than the group has rows.
func (t *parquetTable) closeGroup() error {
	for _, c := range t.wanted {
		for _, leaf := range c.leaves {
			if more, err := leaf.more(); err != nil || more {
				return errors.Join(err, errors.New("more values than rows"))
			}
		}
	}
	t.closePages()
	return nil
}

func (t *parquetTable) closePages() {
	for _, c := range t.wanted {
		for _, leaf := range c.leaves {
			leaf.close()
		}
	}
}

func (t *parquetTable) commaDecimals() bool { return false }

func (t *parquetTable) note(n *notebook) {
	var names []string
	for _, c := range t.wanted {
		if c.isFloat {
			names = append(names, t.names[c.at])
		}
	}
	if len(names) > 0 {
		n.add(NoteFloatColumns, int64(len(names)),
			"Столбцы с двоичными числами с плавающей точкой: %s. Взята их кратчайшая десятичная запись; точнее выгружать DECIMAL.",
			"Columns of binary floating point numbers: %s. Their shortest decimal form was taken; DECIMAL would be exact.", list(names))
	}
}

func (t *parquetTable) close() { t.closePages() }

// readerAt remembers the error of the place a file comes from, to tell it from that of a damaged file.
type readerAt struct {
	in  io.ReaderAt
	err error
}

func (r *readerAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.in.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

func (r *readerAt) blame(err error) error {
	if r.err != nil {
		return r.err
	}
	return fmt.Errorf("%w: %w", errTorn, err)
}
