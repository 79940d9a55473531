package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/infrazen/infrazen/clickhouse/embedded/chdb"
	"github.com/infrazen/infrazen/clickhouse/embedded/statement"
)

// maxQuerySize is how long a statement may be, the rows of an INSERT aside;
// the setting max_query_size changes it.
const maxQuerySize = 256 << 10

// pieceSize is how much of a body or an answer is moved at once.
const pieceSize = 256 << 10

// statement answers one HTTP request with a statement in it.
func (s *server) statement(w http.ResponseWriter, r *http.Request) {
	p := newResponse(w, s.engine.version)
	p.header("X-ClickHouse-Server-Display-Name", displayName)
	p.header("X-ClickHouse-Timezone", s.engine.zone)
	defer func() { s.metrics.observe(p) }()
	if failed := s.allowed(r); failed != nil {
		p.fail(failed)
		return
	}
	req, failed := parseRequest(r)
	if failed != nil {
		p.fail(failed)
		return
	}
	if req.queryID == "" {
		req.queryID = uuid.NewString()
	}
	p.header("X-ClickHouse-Query-Id", req.queryID)
	p.packing, p.wait = choosePacking(r, req), req.waitEnd
	if err := s.run1(r, req, p); err != nil {
		if r.Context().Err() != nil {
			s.metrics.cancelled.Inc()
		}
		p.fail(failureOf(err))
		return
	}
	_ = p.finish()
}

// run1 reads, places and runs one statement.
func (s *server) run1(r *http.Request, req *request, p *response) error {
	text, st, body, err := s.read(r, req)
	if err != nil {
		return err
	}
	if st.Format == "" {
		st.Format = req.format
	}
	if st.Format == "" {
		st.Format = defaultFormat
	}
	ctx, x, err := s.running.begin(r.Context(), req.queryID, req.replaceRunning)
	if err != nil {
		return err
	}
	defer s.running.end(x)
	release, err := s.engine.wait(ctx)
	if err != nil {
		return err
	}
	defer release()
	conn, err := s.engine.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	s.running.setTag(x, conn.tag)
	if err := conn.use(req.database); err != nil {
		return err
	}
	settings := req.settings
	if req.readonly {
		settings = append(settings, setting{"readonly", "2"})
	}
	if err := conn.apply(settings); err != nil {
		return err
	}
	j := &job{server: s, conn: conn, req: req, st: st, text: text, p: p}
	return j.run(ctx, body)
}

// read takes the statement from the URL and the body. What follows the
// statement in the body are the rows of an INSERT.
func (s *server) read(r *http.Request, req *request) (string, *statement.Statement, io.Reader, error) {
	body, err := unpack(r, req)
	if err != nil {
		return "", nil, nil, err
	}
	body = &countingReader{r: body, count: s.metrics.bytesIn}
	limit := maxQuerySize
	for _, set := range req.settings {
		if n := number(set.value); set.name == "max_query_size" && n > 0 {
			limit = n
		}
	}
	head := req.query
	if head != "" {
		head += "\n"
	}
	rest := make([]byte, max(limit-len(head), 0)+1)
	n, err := io.ReadFull(body, rest)
	whole := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !whole {
		return "", nil, nil, fail(271, "CANNOT_DECOMPRESS", "Cannot read the body of the request: %s", err)
	}
	text := head + string(rest[:n])
	st, err := statement.Parse(text)
	switch {
	case errors.Is(err, statement.ErrMany):
		return "", nil, nil, fail(62, "SYNTAX_ERROR", "%s", err)
	case errors.Is(err, statement.ErrFile):
		return "", nil, nil, fail(358, "INTO_OUTFILE_NOT_ALLOWED", "%s", err)
	case errors.Is(err, statement.ErrInput):
		return "", nil, nil, fail(48, "NOT_IMPLEMENTED", "%s", err)
	case err != nil:
		return "", nil, nil, err
	case st.Kind == statement.Empty:
		return "", nil, nil, fail(62, "SYNTAX_ERROR", "Syntax error: failed at position 1 (end of query): . Empty query")
	case st.Kind != statement.Insert && !whole:
		return "", nil, nil, fail(62, "SYNTAX_ERROR", "Syntax error: Max query size exceeded (can be increased with the `max_query_size` setting)")
	case whole:
		body = bytes.NewReader(nil)
	}
	return text, st, body, nil
}

// job is a statement with all that it needs.
type job struct {
	server *server
	conn   *connection
	req    *request
	st     *statement.Statement
	text   string
	p      *response
}

func (j *job) run(ctx context.Context, body io.Reader) error {
	j.p.header("Content-Type", contentType(j.st.Format))
	j.p.header("X-ClickHouse-Format", j.st.Format)
	ended := j.server.engine.killWhenDone(ctx, j.conn.tag)
	defer ended()
	switch j.st.Kind {
	case statement.Insert:
		return j.insert(io.MultiReader(bytes.NewReader([]byte(j.text[j.st.Data:])), body))
	case statement.Select:
		if isHello(j.text, j.req) {
			return j.hello()
		}
		return j.selects(ctx)
	}
	answer, stats, err := j.conn.Query(j.text, j.st.Format, j.req.params...)
	j.p.stats.Add(stats)
	if err != nil {
		return err
	}
	_, err = j.p.Write(answer)
	return err
}

// insert hands the rows over piece by piece.
func (j *job) insert(rows io.Reader) error {
	ins, err := j.conn.Insert(j.st.Head, j.st.Format, j.req.params...)
	if err != nil {
		return err
	}
	defer ins.Close()
	buf := make([]byte, pieceSize)
	for {
		n, readErr := rows.Read(buf)
		if n > 0 {
			if _, err := ins.Write(buf[:n]); err != nil {
				break // Done says why
			}
		}
		if errors.Is(readErr, io.EOF) {
			break
		}
		if readErr != nil {
			ins.Cancel()
			return fail(210, "NETWORK_ERROR", "Cannot read the rows of the INSERT: %s", readErr)
		}
	}
	stats, err := ins.Done()
	j.p.stats.Add(stats)
	return err
}

// selects runs a statement with an answer of any size. The engine writes the
// answer into a pipe, in one format from the first byte to the last; its own
// streaming begins the format anew with every piece.
func (j *job) selects(ctx context.Context) error {
	reader, writer, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("cannot make a pipe for the answer: %w", err)
	}
	defer reader.Close()
	closeWriter := func() { _ = writer.Close() }
	stop := context.AfterFunc(ctx, func() { _ = reader.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	type outcome struct {
		stats chdb.Stats
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		defer closeWriter()
		_, stats, err := j.conn.Query(j.into(writer), j.st.Format, j.req.params...)
		done <- outcome{stats, err}
	}()
	_, copyErr := io.CopyBuffer(struct{ io.Writer }{j.p}, struct{ io.Reader }{reader}, make([]byte, pieceSize))
	if copyErr != nil {
		_ = reader.Close()
		j.server.engine.kill(j.conn.tag)
	}
	result := <-done
	j.p.stats.Add(result.stats)
	return errors.Join(result.err, copyErr)
}

// into is the statement with its answer sent into the pipe.
func (j *job) into(pipe *os.File) string {
	path := "/proc/self/fd/" + strconv.Itoa(int(pipe.Fd()))
	return j.st.Head + "\nINTO OUTFILE '" + path + "' APPEND\nFORMAT " + quoteName(j.st.Format) + "\n" + j.st.Tail
}

func (j *job) hello() error {
	answer, err := j.server.hello(j.req.protocolVersion)
	if err != nil {
		return fmt.Errorf("cannot encode the hello: %w", err)
	}
	_, err = j.p.Write(answer)
	return err
}
