package embedded

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// multipartMemory is how much of a form with external tables stays in memory;
// the rest goes into temporary files.
const multipartMemory = 16 << 20

// external is a table that a client sends with its statement.
type external struct {
	name, structure, format string
	open                    func() (io.ReadCloser, error)
}

func isMultipart(r *http.Request) bool {
	return strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "multipart/form-data")
}

// readForm takes the statement, the parameters and the external tables out of
// a form. The caller removes the form's files.
func (req *request) readForm(r *http.Request) error {
	if err := r.ParseMultipartForm(multipartMemory); err != nil {
		return fail(36, "BAD_ARGUMENTS", "Cannot read the form: %s", err)
	}
	for name, values := range r.MultipartForm.Value {
		if req.setting(name+"_structure") != "" || req.setting(name+"_types") != "" {
			// A file without a file name, as clickhouse-go sends it.
			open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(values[0])), nil }
			if err := req.external(name, open); err != nil {
				return err
			}
			continue
		}
		if failed := req.parameter(name, values[0]); failed != nil {
			return failed
		}
	}
	for name, files := range r.MultipartForm.File {
		open := func() (io.ReadCloser, error) { return files[0].Open() }
		if err := req.external(name, open); err != nil {
			return err
		}
	}
	return nil
}

// external takes name_structure, name_types and name_format from among the
// settings, where parsing the URL has put them.
func (req *request) external(name string, open func() (io.ReadCloser, error)) error {
	if !isName(name) {
		return fail(36, "BAD_ARGUMENTS", "External table '%s' has a name that is not an identifier", name)
	}
	table := external{name: name, format: "TabSeparated", open: open}
	var kept []setting
	for _, s := range req.settings {
		switch s.name {
		case name + "_structure":
			table.structure = s.value
		case name + "_types":
			table.structure = numbered(s.value)
		case name + "_format":
			table.format = s.value
		default:
			kept = append(kept, s)
		}
	}
	req.settings = kept
	if table.structure == "" {
		return fail(36, "BAD_ARGUMENTS", "Neither structure nor types have not been provided for external table %s. Use fields %s_structure or %s_types to do so", name, name, name)
	}
	req.tables = append(req.tables, table)
	return nil
}

// numbered names columns _1, _2 and so on, for a list of types.
func numbered(types string) string {
	var columns []string
	depth, start := 0, 0
	for i := 0; i <= len(types); i++ {
		switch {
		case i == len(types) || types[i] == ',' && depth == 0:
			columns = append(columns, fmt.Sprintf("_%d %s", len(columns)+1, types[start:i]))
			start = i + 1
		case types[i] == '(':
			depth++
		case types[i] == ')':
			depth--
		}
	}
	return strings.Join(columns, ", ")
}

// load makes the external tables as temporary ones. The returned function
// drops them.
func (c *connection) load(tables []external) (drop func() error, err error) {
	drop = func() error {
		var errs []error
		for _, table := range tables {
			_, _, err := c.Query("DROP TEMPORARY TABLE IF EXISTS "+quoteName(table.name), "Null")
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	}
	for _, table := range tables {
		if _, _, err := c.Query("CREATE TEMPORARY TABLE "+quoteName(table.name)+" ("+table.structure+") ENGINE = Memory", "Null"); err != nil {
			return drop, err
		}
		if err := c.fill(table); err != nil {
			return drop, err
		}
	}
	return drop, nil
}

func (c *connection) fill(table external) error {
	file, err := table.open()
	if err != nil {
		return fmt.Errorf("cannot read external table %s: %w", table.name, err)
	}
	defer func() { _ = file.Close() }()
	ins, err := c.Insert("INSERT INTO "+quoteName(table.name), table.format)
	if err != nil {
		return err
	}
	defer ins.Close()
	if _, err := io.CopyBuffer(struct{ io.Writer }{ins}, file, make([]byte, pieceSize)); err != nil {
		if _, done := ins.Done(); done != nil {
			return done
		}
		return err
	}
	_, err = ins.Done()
	return err
}
