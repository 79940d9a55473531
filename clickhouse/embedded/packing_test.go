package embedded_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

func packers() map[string]func(io.Writer) io.WriteCloser {
	return map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"br":      func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
		"lz4":     func(w io.Writer) io.WriteCloser { return lz4.NewWriter(w) },
		"zstd": func(w io.Writer) io.WriteCloser {
			packer, _ := zstd.NewWriter(w)
			return packer
		},
	}
}

func unpacked(t *testing.T, encoding, body string) string {
	t.Helper()
	var reader io.Reader
	var err error
	switch packed := strings.NewReader(body); encoding {
	case "gzip":
		reader, err = gzip.NewReader(packed)
	case "deflate":
		reader, err = zlib.NewReader(packed)
	case "br":
		reader = brotli.NewReader(packed)
	case "lz4":
		reader = lz4.NewReader(packed)
	case "zstd":
		reader, err = zstd.NewReader(packed)
	case "":
		reader = packed
	}
	if err != nil {
		t.Fatal(encoding, err)
	}
	data, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(encoding, err)
	}
	return string(data)
}

func TestHTTPEncodings(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE p (a UInt64, b String) ENGINE = MergeTree ORDER BY a")
	rows := strings.Repeat("7,abcdefgh\n", 200_000)
	for encoding, packer := range packers() {
		c.must("TRUNCATE TABLE p")
		var packed bytes.Buffer
		w := packer(&packed)
		_, _ = io.WriteString(w, rows)
		_ = w.Close()
		req := c.request(context.Background(), http.MethodPost, &packed, "query=INSERT INTO p FORMAT CSV")
		req.Header.Set("Content-Encoding", encoding)
		if a := c.do(req); a.status != 200 {
			t.Errorf("%s: insert %d %s", encoding, a.status, a.body)
		}
		ask := func(statement string, params ...string) answer {
			req := c.request(context.Background(), http.MethodPost, strings.NewReader(statement), params...)
			req.Header.Set("Accept-Encoding", encoding+";q=1.0, identity;q=0.5")
			return c.do(req)
		}
		a := ask("SELECT a, b FROM p FORMAT CSV", "enable_http_compression=1", "format_csv_delimiter=,", "output_format_csv_crlf_end_of_line=0")
		if got := a.header.Get("Content-Encoding"); got != encoding {
			t.Errorf("%s: answer in %q", encoding, got)
		}
		if got := strings.ReplaceAll(unpacked(t, encoding, a.body), `"`, ""); got != rows || len(a.body) > len(rows)/10 {
			t.Errorf("%s: answer of %d bytes, packed %d", encoding, len(got), len(a.body))
		}
		if a := ask("SELECT 1"); a.header.Get("Content-Encoding") != "" || a.body != "1\n" {
			t.Errorf("%s: packed without enable_http_compression", encoding)
		}
		if a := ask("SELECT throwIf(1)", "enable_http_compression=1"); a.status != 500 || !strings.HasPrefix(unpacked(t, a.header.Get("Content-Encoding"), a.body), "Code: 395.") {
			t.Errorf("%s: exception %d %q", encoding, a.status, a.body)
		}
	}
	req := c.request(context.Background(), http.MethodPost, strings.NewReader("SELECT 1"))
	req.Header.Set("Content-Encoding", "rar")
	if a := c.do(req); a.code() != "89" {
		t.Errorf("unknown encoding: %d %s", a.status, a.body)
	}
	req = c.request(context.Background(), http.MethodPost, strings.NewReader("SELECT 1"))
	req.Header.Set("Content-Encoding", "gzip")
	if a := c.do(req); a.code() != "271" {
		t.Errorf("no gzip: %d %s", a.status, a.body)
	}
}

func TestClickHouseBlocks(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE p (a UInt64) ENGINE = MergeTree ORDER BY a")
	for _, method := range []compress.Method{compress.LZ4, compress.ZSTD, compress.None} {
		packer := compress.NewWriter(compress.LevelZero, method)
		var body bytes.Buffer
		for _, piece := range []string{"INSERT INTO p FORMAT CSV\n1\n", "2\n"} {
			if err := packer.Compress([]byte(piece)); err != nil {
				t.Fatal(err)
			}
			body.Write(packer.Data)
		}
		damaged := bytes.Clone(body.Bytes())
		if a := c.do(c.request(context.Background(), http.MethodPost, &body, "decompress=1")); a.status != 200 {
			t.Errorf("%v: %d %s", method, a.status, a.body)
		}
		damaged[len(damaged)-1] ^= 1
		if a := c.do(c.request(context.Background(), http.MethodPost, bytes.NewReader(damaged), "decompress=1")); a.code() != "40" {
			t.Errorf("%v damaged: %d %s", method, a.status, a.body)
		}
	}
	if got := c.must("SELECT count() FROM p"); got != "6\n" {
		t.Errorf("got %q", got)
	}
	for _, method := range []string{"LZ4", "ZSTD"} {
		for statement, want := range map[string]string{
			"SELECT 5":                                        "5\n",
			"SELECT count() FROM p":                           "6\n",
			"SELECT number FROM numbers(300000)":              c.must("SELECT number FROM numbers(300000)"),
			"SELECT repeat('x', 900000), repeat('y', 900000)": strings.Repeat("x", 900000) + "\t" + strings.Repeat("y", 900000) + "\n",
		} {
			a := c.post(statement, "compress=1", "network_compression_method="+method)
			reader := proto.NewReader(strings.NewReader(a.body))
			reader.EnableCompression()
			got, err := io.ReadAll(reader)
			if err != nil && !strings.Contains(err.Error(), "EOF") || string(got) != want {
				t.Errorf("%s %s: %d bytes, want %d, %v", method, statement, len(got), len(want), err)
			}
		}
	}
}
