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

	"github.com/ClickHouse/ch-go/compress"
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
	if isMultipart(r) {
		if err := req.readForm(r); err != nil {
			p.fail(failureOf(err))
			return
		}
		defer func() { _ = r.MultipartForm.RemoveAll() }()
	}
	if zone := req.setting("session_timezone"); zone != "" {
		p.header("X-ClickHouse-Timezone", zone)
	}
	if req.queryID == "" {
		req.queryID = uuid.NewString()
	}
	p.header("X-ClickHouse-Query-Id", req.queryID)
	p.packing, p.wait = choosePacking(r, req), req.waitEnd
	if err := s.place(r, req, p); err != nil {
		if r.Context().Err() != nil {
			s.metrics.cancelled.Inc()
		}
		p.fail(failureOf(err))
		if p.abort {
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		return
	}
	_ = p.finish()
}

// place reads, places and runs one statement.
func (s *server) place(r *http.Request, req *request, p *response) error {
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
	if req.session.id == "" {
		conn, err := s.engine.connect()
		if err != nil {
			return err
		}
		defer conn.Close()
		return s.runOn(ctx, x, &job{server: s, conn: conn, req: req, st: st, text: text, p: p}, body)
	}
	conn, giveBack, err := s.sessions.take(req.session)
	if err != nil {
		return err
	}
	defer giveBack()
	return s.runInSession(ctx, x, &job{server: s, conn: conn, req: req, st: st, text: text, p: p}, body)
}

// runOn runs a statement on a connection that is its own.
func (s *server) runOn(ctx context.Context, x *execution, j *job, body io.Reader) error {
	s.running.setTag(x, j.conn.tag)
	if err := j.conn.use(j.req.database); err != nil {
		return err
	}
	if err := j.conn.apply(j.req.effective()); err != nil {
		return err
	}
	return j.run(ctx, body)
}

// runInSession runs a statement in a session, whose own settings and database
// are as before when it has ended. The engine cannot take readonly back from a
// session, so a GET is checked by the engine's parser instead.
func (s *server) runInSession(ctx context.Context, x *execution, j *job, body io.Reader) error {
	s.running.setTag(x, j.conn.tag)
	before, err := j.conn.remember(j.req)
	if err != nil {
		return err
	}
	if j.req.readonly && !j.conn.OnlyReads(j.text) && j.st.Verb != "SET" && j.st.Verb != "USE" {
		return fail(164, "READONLY", "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries")
	}
	if err = j.conn.use(j.req.database); err == nil {
		err = j.conn.apply(j.req.settings)
	}
	if err == nil {
		err = j.run(ctx, body)
	}
	return errors.Join(err, j.conn.restore(before))
}

// read takes the statement from the URL and the body. What follows the
// statement in the body are the rows of an INSERT.
func (s *server) read(r *http.Request, req *request) (string, *statement.Statement, io.Reader, error) {
	if isMultipart(r) {
		r.Body = http.NoBody
	}
	body, err := unpack(r, req)
	if err != nil {
		return "", nil, nil, err
	}
	body = &countingReader{r: body, count: s.metrics.bytesIn}
	limit := number(req.setting("max_query_size"))
	if limit == 0 {
		limit = maxQuerySize
	}
	text, whole, err := s.head(req, body, limit)
	if err != nil {
		return "", nil, nil, err
	}
	st, err := statement.Parse(text)
	switch {
	case errors.Is(err, statement.ErrMany):
		return "", nil, nil, fail(62, "SYNTAX_ERROR", "Syntax error (%s)", err)
	case errors.Is(err, statement.ErrFile):
		return "", nil, nil, fail(358, "INTO_OUTFILE_NOT_ALLOWED", "%s", err)
	case errors.Is(err, statement.ErrInput):
		return "", nil, nil, fail(48, "NOT_IMPLEMENTED", "%s", err)
	case err != nil:
		return "", nil, nil, err
	case st.Kind == statement.Empty:
		return "", nil, nil, fail(62, "SYNTAX_ERROR", "Syntax error: failed at position 1 (end of query): . Empty query")
	case st.Kind == statement.Nonsense:
		return "", nil, nil, fail(62, "SYNTAX_ERROR", "Syntax error: failed at position 1 (%.40s): %.300s", text, text)
	case st.Kind != statement.Insert && !whole:
		return "", nil, nil, fail(62, "SYNTAX_ERROR", "Syntax error: Max query size exceeded (can be increased with the `max_query_size` setting)")
	}
	return text, st, body, nil
}

// head reads the body until the statement is known: to where the rows of an
// INSERT begin, or to the end. It gives up behind the limit.
func (s *server) head(req *request, body io.Reader, limit int) (text string, whole bool, err error) {
	read := []byte(req.query)
	if len(read) > 0 {
		read = append(read, '\n')
	}
	buf := make([]byte, 64<<10)
	for len(read) <= limit && !statement.RowsFollow(string(read)) {
		n, err := body.Read(buf)
		read = append(read, buf[:n]...)
		if errors.Is(err, io.EOF) {
			return string(read), true, nil
		}
		if err != nil {
			return "", false, unreadable(err)
		}
	}
	return string(read), false, nil
}

// unreadable is an error of the body of a request.
func unreadable(err error) *failure {
	if _, ok := errors.AsType[*compress.CorruptedDataErr](err); ok {
		return fail(40, "CHECKSUM_DOESNT_MATCH", "Cannot unpack the body of the request: %s", err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fail(33, "CANNOT_READ_ALL_DATA", "Cannot read the body of the request: %s", err)
	}
	return fail(271, "CANNOT_DECOMPRESS", "Cannot read the body of the request: %s", err)
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
	drop, err := j.conn.load(j.req.tables)
	if err == nil {
		err = j.dispatch(ctx, body)
	}
	return errors.Join(err, drop())
}

func (j *job) dispatch(ctx context.Context, body io.Reader) error {
	switch j.st.Kind {
	case statement.Insert:
		return j.insert(io.MultiReader(bytes.NewReader([]byte(j.text[j.st.Data:])), body))
	case statement.Select:
		if isHello(j.text, j.req) {
			return j.hello()
		}
		return j.selects(ctx)
	}
	if kill, ok := statement.ParseKill(j.text); ok {
		return j.kill(kill)
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
			return unreadable(readErr)
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
	defer func() { _ = reader.Close() }()
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
	return j.server.withClientIDs(j.st.Head, j.st) + "\nINTO OUTFILE '" + path + "' APPEND\nFORMAT " + quoteName(j.st.Format) + "\n" + j.st.Tail
}

func (j *job) hello() error {
	answer, err := j.server.hello(j.req.protocolVersion)
	if err != nil {
		return fmt.Errorf("cannot encode the hello: %w", err)
	}
	_, err = j.p.Write(answer)
	return err
}
