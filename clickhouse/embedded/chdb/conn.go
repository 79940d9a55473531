package chdb

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"
)

// Error is what the engine says went wrong: "Code: 60. DB::Exception: ...".
type Error struct {
	// Message is the engine's text without a line end.
	Message string
}

// Error returns the engine's text.
func (e *Error) Error() string { return e.Message }

// Param is the value of a {name:Type} placeholder in the engine's escaped
// text form: \N is NULL, \t a tab, \\ a backslash.
type Param struct{ Name, Value string }

// Stats count what a statement did.
type Stats struct {
	// ResultRows and ResultBytes are what the answer has.
	ResultRows, ResultBytes uint64
	// ReadRows and ReadBytes are what was read of tables.
	ReadRows, ReadBytes uint64
	// WrittenRows and WrittenBytes are what was written, materialized views included.
	WrittenRows, WrittenBytes uint64
}

// Add adds another count to this one.
func (s *Stats) Add(o Stats) {
	s.ResultRows += o.ResultRows
	s.ResultBytes += o.ResultBytes
	s.ReadRows += o.ReadRows
	s.ReadBytes += o.ReadBytes
	s.WrittenRows += o.WrittenRows
	s.WrittenBytes += o.WrittenBytes
}

// Conn is one connection; it is for one goroutine at a time.
type Conn struct {
	lib    *Library
	handle uintptr // chdb_connection*
}

// Connect makes a connection. Arguments are "--path=...", "--config-file=..."
// (both count for the first connection of the process only) and
// "--<setting>=<value>" for settings of this connection.
func (l *Library) Connect(args ...string) (*Conn, error) {
	argv := append([]string{"clickhouse"}, args...)
	var pin runtime.Pinner
	defer pin.Unpin()
	pointers := make([]unsafe.Pointer, len(argv)+1)
	for i, arg := range argv {
		text := append([]byte(arg), 0)
		pin.Pin(&text[0])
		pointers[i] = unsafe.Pointer(&text[0])
	}
	handle := l.connect(int32(len(argv)), unsafe.Pointer(&pointers[0]))
	runtime.KeepAlive(pointers)
	if handle == 0 {
		return nil, errors.New("cannot open the engine: is its data path in use by another process, or a setting wrong?")
	}
	return &Conn{lib: l, handle: handle}, nil
}

// Close ends the connection. When it is the last one of the process, the
// engine stops.
func (c *Conn) Close() {
	if c.handle != 0 {
		c.lib.closeConn(c.handle)
		c.handle = 0
	}
}

// inner is the chdb_connection behind the pointer that chdb_connect gave.
func (c *Conn) inner() uintptr {
	return *(*uintptr)(*(*unsafe.Pointer)(unsafe.Pointer(&c.handle)))
}

type callFunc func(conn uintptr, query unsafe.Pointer, queryLen uintptr, format unsafe.Pointer, formatLen uintptr,
	names, nameLens, values, valueLens unsafe.Pointer, count uintptr) uintptr

func (c *Conn) call(fn callFunc, query, format string, params []Param) uintptr {
	var pin runtime.Pinner
	defer pin.Unpin()
	count := len(params)
	names, values := make([]unsafe.Pointer, count+1), make([]unsafe.Pointer, count+1)
	nameLens, valueLens := make([]uintptr, count+1), make([]uintptr, count+1)
	for i, param := range params {
		names[i], values[i] = pinned(&pin, param.Name), pinned(&pin, param.Value)
		nameLens[i], valueLens[i] = uintptr(len(param.Name)), uintptr(len(param.Value))
	}
	result := fn(c.inner(), pinned(&pin, query), uintptr(len(query)), pinned(&pin, format), uintptr(len(format)),
		unsafe.Pointer(&names[0]), unsafe.Pointer(&nameLens[0]), unsafe.Pointer(&values[0]), unsafe.Pointer(&valueLens[0]), uintptr(count))
	runtime.KeepAlive(names)
	runtime.KeepAlive(values)
	runtime.KeepAlive(nameLens)
	runtime.KeepAlive(valueLens)
	return result
}

// pinned returns the address of the text's bytes followed by a zero byte.
func pinned(pin *runtime.Pinner, text string) unsafe.Pointer {
	data := make([]byte, len(text)+1)
	copy(data, text)
	pin.Pin(&data[0])
	return unsafe.Pointer(&data[0])
}

// analysis is chdb_query_analysis_v1.
type analysis struct{ size, statements, flags, class uint32 }

// OnlyReads asks the engine's parser whether a text is one statement that
// leaves no trace: SELECT, SHOW, DESCRIBE, EXPLAIN, EXISTS, CHECK. Nothing is run.
func (c *Conn) OnlyReads(query string) bool {
	var pin runtime.Pinner
	defer pin.Unpin()
	result := &analysis{size: uint32(unsafe.Sizeof(analysis{}))}
	pin.Pin(result)
	state := c.lib.classify(c.inner(), pinned(&pin, query), uintptr(len(query)), nil, 0, unsafe.Pointer(result))
	return state == 0 && result.statements == 1 && result.class == 0
}

// Query runs a statement and returns its whole answer in the format.
func (c *Conn) Query(query, format string, params ...Param) ([]byte, Stats, error) {
	result := c.call(c.lib.query, query, format, params)
	if result == 0 {
		return nil, Stats{}, &Error{Message: "the engine gave no answer"}
	}
	defer c.lib.destroyResult(result)
	if err := c.lib.errorOf(result); err != nil {
		return nil, Stats{}, err
	}
	return c.lib.bytesOf(result), c.lib.statsOf(result), nil
}

func (l *Library) errorOf(result uintptr) error {
	if message := l.resultError(result); message != "" {
		return &Error{Message: strings.TrimRight(message, "\r\n")}
	}
	return nil
}

func (l *Library) bytesOf(result uintptr) []byte {
	n := l.resultLength(result)
	address := l.resultBuffer(result)
	if n == 0 || address == nil {
		return nil
	}
	data := make([]byte, n)
	copy(data, unsafe.Slice((*byte)(address), n))
	return data
}

func (l *Library) statsOf(result uintptr) Stats {
	return Stats{
		ResultRows: l.resultRows(result), ResultBytes: l.resultBytes(result),
		ReadRows: l.resultStorageRows(result), ReadBytes: l.resultStorageBytes(result),
		WrittenRows: l.resultRowsWritten(result), WrittenBytes: l.resultBytesWritten(result),
	}
}

// Insert begins an INSERT whose rows follow in the format. The statement has
// neither a FORMAT clause nor rows. The caller must Close it.
func (c *Conn) Insert(query, format string, params ...Param) (*Insert, error) {
	stream := c.call(c.lib.streamInsert, query, format, params)
	if stream == 0 {
		return nil, &Error{Message: "the engine gave no answer"}
	}
	ins := &Insert{lib: c.lib, stream: stream}
	if err := ins.failure(); err != nil {
		ins.Close()
		return nil, err
	}
	return ins, nil
}

// Insert is an INSERT that takes its rows piece by piece.
type Insert struct {
	lib    *Library
	stream uintptr
	closed bool
}

// Write hands over a piece of the rows, cut anywhere. It waits when the engine
// is behind. After an error, Done says what it was.
func (i *Insert) Write(data []byte) (int, error) {
	if len(data) == 0 {
		return 0, nil
	}
	if i.lib.appendInsert(i.stream, unsafe.Pointer(&data[0]), uintptr(len(data))) != 0 {
		if err := i.failure(); err != nil {
			return 0, err
		}
		return 0, fmt.Errorf("cannot write %d bytes of rows: the engine takes no more", len(data))
	}
	return len(data), nil
}

// Done ends the rows and waits until they are stored.
func (i *Insert) Done() (Stats, error) {
	result := i.lib.doneInsert(i.stream)
	if result == 0 {
		return Stats{}, &Error{Message: "the engine gave no answer"}
	}
	defer i.lib.destroyResult(result)
	if err := i.lib.errorOf(result); err != nil {
		return Stats{}, err
	}
	return i.lib.statsOf(result), nil
}

// Cancel gives the INSERT up; blocks already stored stay stored.
func (i *Insert) Cancel() { i.lib.cancelInsert(i.stream) }

// Close frees the INSERT, giving it up if it was not Done.
func (i *Insert) Close() {
	if !i.closed {
		i.closed = true
		i.lib.destroyInsert(i.stream)
	}
}

func (i *Insert) failure() error {
	if message := i.lib.insertError(i.stream); message != "" {
		return &Error{Message: strings.TrimRight(message, "\r\n")}
	}
	return nil
}
