package embedded

import (
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/infrazen/infrazen/clickhouse/embedded/chdb"
)

// tagSetting is a setting without effect here; its value marks every statement
// of a connection in system.processes.
const tagSetting = "send_logs_source_regexp"

// displayName is the server's name in answers.
const displayName = "infrazen-embedded"

// serverSettings give statements the defaults of a server, where those of the
// library differ.
func serverSettings() []setting {
	return []setting{
		{"implicit_select", "0"},
		{"allow_introspection_functions", "0"},
		{"storage_file_read_method", "pread"},
	}
}

// mergeTreeSettings give tables the default of a server where that of the library differs: parts that were merged stay until
// the merged one has surely reached the disk, because nothing is fsynced.
func mergeTreeSettings() []setting {
	return []setting{{"old_parts_lifetime", "480"}}
}

type setting struct{ name, value string }

// engine owns the library and the data path and hands out connections. A
// connection costs 0.1 ms, so each request has one of its own and nothing of
// one request can be seen by another.
type engine struct {
	cfg   Config
	lib   *chdb.Library
	lock  *os.File
	base  *chdb.Conn // keeps the engine up while no request runs
	slots chan struct{}
	tags  atomic.Int64

	adminMu sync.Mutex
	admin   *chdb.Conn // for KILL
	version string
	zone    string
}

func openEngine(cfg Config) (*engine, error) {
	path, err := chdb.Find(cfg.Library)
	if err != nil {
		return nil, err
	}
	e := &engine{cfg: cfg, slots: make(chan struct{}, cfg.MaxStatements)}
	if err := e.lockPath(); err != nil {
		return nil, err
	}
	if err := e.start(path); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// lockPath takes the data folder for this process. The kernel gives the lock
// back when the process ends, however it ends.
func (e *engine) lockPath() error {
	if err := os.MkdirAll(e.cfg.Path, 0o700); err != nil {
		return fmt.Errorf("cannot make the data folder %s: %w", e.cfg.Path, err)
	}
	file, err := os.OpenFile(filepath.Join(e.cfg.Path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("cannot open the lock of the data folder %s: %w", e.cfg.Path, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return fmt.Errorf("cannot use the data folder %s: another process has it open: stop that one or name another folder: %w", e.cfg.Path, err)
	}
	e.lock = file
	return nil
}

func (e *engine) start(library string) error {
	lib, err := chdb.Open(library)
	if err != nil {
		return err
	}
	e.lib = lib
	file := filepath.Join(e.cfg.Path, "engine.xml")
	if err := os.WriteFile(file, []byte(e.configFile()), 0o600); err != nil {
		return fmt.Errorf("cannot write the engine's settings %s: %w", file, err)
	}
	if e.base, err = lib.Connect(e.pathArgument(), "--config-file="+file); err != nil {
		return fmt.Errorf("cannot start the engine on %s: %w", e.cfg.Path, err)
	}
	if e.admin, err = lib.Connect(e.pathArgument()); err != nil {
		return err
	}
	version, _, err := e.base.Query("SELECT version(), timezone()", "TSVRaw")
	if err != nil {
		return fmt.Errorf("cannot ask the engine's version: %w", err)
	}
	e.version, e.zone, _ = strings.Cut(strings.TrimSpace(string(version)), "\t")
	return nil
}

// pathArgument names the data path, which every connection must do.
func (e *engine) pathArgument() string { return "--path=" + filepath.Join(e.cfg.Path, "data") }

// configFile is the engine's own settings, small enough for a laptop.
func (e *engine) configFile() string {
	const mib = 1 << 20
	values := []struct {
		name  string
		value int64
	}{
		{"max_server_memory_usage", e.cfg.MaxMemory},
		{"mark_cache_size", 64 * mib},
		{"primary_index_cache_size", 64 * mib},
		{"index_mark_cache_size", 16 * mib},
		{"uncompressed_cache_size", 0},
		{"query_condition_cache_size", 16 * mib},
		{"compiled_expression_cache_size", 32 * mib},
		{"parquet_metadata_cache_size", 16 * mib},
		{"vector_similarity_index_cache_size", 16 * mib},
		{"text_index_tokens_cache_size", 16 * mib},
		{"text_index_header_cache_size", 16 * mib},
		{"text_index_postings_cache_size", 16 * mib},
		{"background_pool_size", 2},
		{"background_schedule_pool_size", 4},
	}
	var b strings.Builder
	b.WriteString("<clickhouse>\n")
	for _, v := range values {
		fmt.Fprintf(&b, "  <%s>%d</%s>\n", v.name, v.value, v.name)
	}
	b.WriteString("  <merge_tree>\n")
	for _, v := range mergeTreeSettings() {
		fmt.Fprintf(&b, "    <%s>%s</%s>\n", v.name, v.value, v.name)
	}
	b.WriteString("  </merge_tree>\n")
	b.WriteString("  <display_name>")
	_ = xml.EscapeText(&b, []byte(displayName))
	b.WriteString("</display_name>\n</clickhouse>\n")
	return b.String()
}

func (e *engine) close() {
	for _, conn := range []*chdb.Conn{e.admin, e.base} {
		if conn != nil {
			conn.Close()
		}
	}
	if e.lock != nil {
		_ = e.lock.Close()
	}
}

// wait takes one of the places for running statements; release gives it back.
func (e *engine) wait(ctx context.Context) (release func(), err error) {
	select {
	case e.slots <- struct{}{}:
		return func() { <-e.slots }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("cannot run the statement: all %d places were taken until the client left: %w", cap(e.slots), ctx.Err())
	}
}

// connection is a connection to the engine with a tag that finds its statement.
type connection struct {
	*chdb.Conn
	tag string
}

func (e *engine) connect() (*connection, error) {
	tag := fmt.Sprintf("infrazen-%d", e.tags.Add(1))
	args := []string{e.pathArgument(), "--" + tagSetting + "=" + tag}
	for _, s := range serverSettings() {
		args = append(args, "--"+s.name+"="+s.value)
	}
	conn, err := e.lib.Connect(args...)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: conn, tag: tag}, nil
}

// apply sets settings on the connection, all or none.
func (c *connection) apply(settings []setting) error {
	if len(settings) == 0 {
		return nil
	}
	parts := make([]string, len(settings))
	for i, s := range settings {
		parts[i] = s.name + " = " + quote(s.value)
	}
	_, _, err := c.Query("SET "+strings.Join(parts, ", "), "Null")
	return err
}

func (c *connection) use(database string) error {
	if database == "" {
		return nil
	}
	_, _, err := c.Query("USE "+quoteName(database), "Null")
	return err
}

// kill asks the engine to stop the statement of a connection. It returns at
// once; the statement ends with an error of its own.
func (e *engine) kill(tag string) {
	e.adminMu.Lock()
	defer e.adminMu.Unlock()
	_, _, _ = e.admin.Query("KILL QUERY WHERE Settings['"+tagSetting+"'] = "+quote(tag)+" ASYNC", "Null")
}

func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

func quoteName(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(s) + "`"
}
