// Package chdb binds libchdb, ClickHouse as a shared library, without cgo.
//
// The library keeps one data path for a whole process, so a process opens it
// once (Open) and then makes as many connections to it as it wants (Connect).
// A connection runs one statement at a time.
package chdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"github.com/ebitengine/purego"
)

// PackagePath is where npm puts the library below a project's root.
const PackagePath = "node_modules/@chdb/lib-linux-x64-gnu/libchdb.so"

// ErrNoLibrary says that libchdb.so was found nowhere.
var ErrNoLibrary = errors.New(`libchdb.so is not here: run "make engines" or name its path in the settings`)

// Find returns the path of libchdb.so. A given path must exist; with an empty
// one the library is looked for in node_modules of the working folder, of the
// executable's folder and of every folder above them.
func Find(given string) (string, error) {
	if given != "" {
		if _, err := os.Stat(given); err != nil {
			return "", fmt.Errorf("cannot open library %s: %w", given, ErrNoLibrary)
		}
		return given, nil
	}
	for _, start := range startFolders() {
		for dir := start; ; dir = filepath.Dir(dir) {
			path := filepath.Join(dir, PackagePath)
			if _, err := os.Stat(path); err == nil {
				return path, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", ErrNoLibrary
}

func startFolders() []string {
	var dirs []string
	if dir, err := os.Getwd(); err == nil {
		dirs = append(dirs, dir)
	}
	if exe, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Dir(exe))
	}
	return dirs
}

// Library is a loaded libchdb.so.
type Library struct {
	version    func() string
	setSignals func(int32)
	connect    func(int32, unsafe.Pointer) uintptr
	closeConn  func(uintptr)

	query func(conn uintptr, query unsafe.Pointer, queryLen uintptr, format unsafe.Pointer, formatLen uintptr,
		names, nameLens, values, valueLens unsafe.Pointer, count uintptr) uintptr
	streamInsert func(conn uintptr, query unsafe.Pointer, queryLen uintptr, format unsafe.Pointer, formatLen uintptr,
		names, nameLens, values, valueLens unsafe.Pointer, count uintptr) uintptr
	classify func(conn uintptr, query unsafe.Pointer, queryLen uintptr, database unsafe.Pointer, databaseLen uintptr, out unsafe.Pointer) int32

	appendInsert  func(stream uintptr, data unsafe.Pointer, n uintptr) int32
	doneInsert    func(stream uintptr) uintptr
	cancelInsert  func(stream uintptr)
	insertError   func(stream uintptr) string
	destroyInsert func(stream uintptr)

	resultBuffer       func(uintptr) unsafe.Pointer
	resultLength       func(uintptr) uintptr
	resultError        func(uintptr) string
	resultRows         func(uintptr) uint64
	resultBytes        func(uintptr) uint64
	resultStorageRows  func(uintptr) uint64
	resultStorageBytes func(uintptr) uint64
	resultRowsWritten  func(uintptr) uint64
	resultBytesWritten func(uintptr) uint64
	destroyResult      func(uintptr)
}

// Open loads the library at path and keeps its signal handlers off: with them
// on, the Go runtime's own handling of signals breaks.
func Open(path string) (*Library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("cannot load library %s: %w", path, err)
	}
	lib := &Library{}
	for name, fn := range lib.symbols() {
		address, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("cannot find %s in library %s (another version?): %w", name, path, err)
		}
		purego.RegisterFunc(fn, address)
	}
	lib.setSignals(0)
	return lib, nil
}

func (l *Library) symbols() map[string]any {
	return map[string]any{
		"chdb_version":                     &l.version,
		"chdb_set_signal_handlers_enabled": &l.setSignals,
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.closeConn,
		"chdb_query_with_params_n":         &l.query,
		"chdb_stream_insert_with_params_n": &l.streamInsert,
		"chdb_classify_query_n":            &l.classify,
		"chdb_stream_append":               &l.appendInsert,
		"chdb_stream_done":                 &l.doneInsert,
		"chdb_stream_cancel_insert":        &l.cancelInsert,
		"chdb_stream_insert_error":         &l.insertError,
		"chdb_destroy_insert_stream":       &l.destroyInsert,
		"chdb_result_buffer":               &l.resultBuffer,
		"chdb_result_length":               &l.resultLength,
		"chdb_result_error":                &l.resultError,
		"chdb_result_rows_read":            &l.resultRows,
		"chdb_result_bytes_read":           &l.resultBytes,
		"chdb_result_storage_rows_read":    &l.resultStorageRows,
		"chdb_result_storage_bytes_read":   &l.resultStorageBytes,
		"chdb_result_rows_written":         &l.resultRowsWritten,
		"chdb_result_bytes_written":        &l.resultBytesWritten,
		"chdb_destroy_query_result":        &l.destroyResult,
	}
}

// Version is the library's own version, such as "26.7.3". The version of
// ClickHouse inside it is what SELECT version() answers.
func (l *Library) Version() string { return l.version() }
