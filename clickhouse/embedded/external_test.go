package embedded_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// form makes a multipart body; a name that begins with @ is a file.
func form(t *testing.T, fields ...[2]string) (*bytes.Buffer, string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, field := range fields {
		create := func() (io.Writer, error) { return w.CreateFormField(field[0]) }
		if name, isFile := strings.CutPrefix(field[0], "@"); isFile {
			create = func() (io.Writer, error) { return w.CreateFormFile(name, "rows.txt") }
		}
		part, err := create()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte(field[1]))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &body, w.FormDataContentType()
}

func TestExternalTables(t *testing.T) {
	c := newClient(t)
	send := func(body *bytes.Buffer, kind string, params ...string) answer {
		req := c.request(context.Background(), http.MethodPost, body, params...)
		req.Header.Set("Content-Type", kind)
		return c.do(req)
	}
	body, kind := form(t, [2]string{"@ids", "1\tone\n3\tthree\n"}, [2]string{"query", "SELECT sum(id), max(name) FROM ids"})
	if a := send(body, kind, "ids_structure=id UInt32, name String"); a.body != "4\tthree\n" {
		t.Errorf("structure: %d %s", a.status, a.body)
	}
	body, kind = form(t, [2]string{"@ids", "1,\"x\"\n2,\"y\"\n"}, [2]string{"@more", "5\n"})
	s := "session_id=external-" + c.database
	if a := send(body, kind, "query=SELECT sum(_1), (SELECT sum(_1) FROM more) FROM ids WHERE _1 > {n:UInt8}", "param_n=1",
		"ids_types=UInt32,Enum8('x' = 1, 'y' = 2)", "ids_format=CSV", "more_types=UInt8", s); a.body != "2\t5\n" {
		t.Errorf("types: %d %s", a.status, a.body)
	}
	if a := c.post("SELECT * FROM ids", s); a.code() != "60" {
		t.Errorf("the table is still in the session: %d %s", a.status, a.body)
	}
	body, kind = form(t, [2]string{"@ids", "x\n"})
	if a := send(body, kind, "query=SELECT * FROM ids", "ids_types=UInt32"); a.code() != "27" && a.code() != "72" {
		t.Errorf("wrong rows: %d %s", a.status, a.body)
	}
	body, kind = form(t, [2]string{"@ids", "1\n"})
	if a := send(body, kind, "query=SELECT * FROM ids"); a.code() != "36" || a.status != 400 {
		t.Errorf("no structure: %d %s", a.status, a.body)
	}
}
