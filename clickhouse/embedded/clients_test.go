package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
)

type goRow struct {
	ID    uint64            `ch:"id"`
	Name  string            `ch:"name"`
	Cost  decimal.Decimal   `ch:"cost"`
	At    time.Time         `ch:"at"`
	Tags  map[string]string `ch:"tags"`
	Low   string            `ch:"low"`
	Maybe *int32            `ch:"maybe"`
	List  []string          `ch:"list"`
	UUID  uuid.UUID         `ch:"uuid"`
}

func TestClickHouseGoWithEveryCompression(t *testing.T) {
	for name, method := range map[string]clickhouse.CompressionMethod{
		"none": clickhouse.CompressionNone, "lz4": clickhouse.CompressionLZ4, "zstd": clickhouse.CompressionZSTD,
		"gzip": clickhouse.CompressionGZIP, "deflate": clickhouse.CompressionDeflate, "br": clickhouse.CompressionBrotli,
	} {
		t.Run(name, func(t *testing.T) {
			conn := openGo(t, enginetest.Database(t), func(o *clickhouse.Options) {
				o.Compression = &clickhouse.Compression{Method: method, Level: 3}
				if name == "gzip" || name == "deflate" || name == "br" {
					o.Settings = clickhouse.Settings{"enable_http_compression": 1}
				}
			})
			roundTrip(t, conn)
		})
	}
}

func roundTrip(t *testing.T, conn clickhouse.Conn) {
	ctx := context.Background()
	if err := conn.Exec(ctx, `CREATE TABLE t (id UInt64, name String, cost Decimal(38, 12), at DateTime64(3, 'UTC'), tags Map(String, String),
		low LowCardinality(String), maybe Nullable(Int32), list Array(String), uuid UUID) ENGINE = MergeTree ORDER BY id`); err != nil {
		t.Fatal(err)
	}
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO t")
	if err != nil {
		t.Fatal(err)
	}
	number := int32(-7)
	row := func(i int) goRow {
		r := goRow{
			ID: uint64(i), Name: fmt.Sprint("имя ", i), Cost: decimal.New(int64(i)*1234567, -12), At: time.UnixMilli(1700000000000 + int64(i)).UTC(),
			Tags: map[string]string{"env": fmt.Sprint(i % 3)}, Low: fmt.Sprint(i % 5), List: []string{"a", fmt.Sprint(i)}, UUID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, i)),
		}
		if i%2 == 0 {
			r.Maybe = &number
		}
		return r
	}
	for i := range 100_000 {
		r := row(i)
		if err := batch.AppendStruct(&r); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	var got []goRow
	if err := conn.Select(ctx, &got, "SELECT * FROM t WHERE id >= $1 ORDER BY id LIMIT 70000", 100); err != nil {
		t.Fatal(err)
	}
	if len(got) != 70000 {
		t.Fatalf("%d rows", len(got))
	}
	for _, i := range []int{0, 1, 69_999} {
		if diff := cmp.Diff(row(i+100), got[i]); diff != "" {
			t.Error(diff)
		}
	}
	var n uint64
	bound := clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"from": "99990"}), clickhouse.WithSettings(clickhouse.Settings{"max_threads": 1}))
	if err := conn.QueryRow(bound, "SELECT count() FROM t WHERE id >= {from:UInt64}").Scan(&n); err != nil || n != 10 {
		t.Errorf("bound: %d %v", n, err)
	}
	exception, ok := errors.AsType[*clickhouse.Exception](conn.Exec(ctx, "SELECT * FROM nope"))
	if !ok || exception.Code != 60 {
		t.Errorf("exception %v", exception)
	}
	rows, err := conn.Query(ctx, "SELECT throwIf(number = 5000000) FROM numbers(10000000)")
	for err == nil && rows.Next() {
	}
	if err == nil {
		err = rows.Err()
		_ = rows.Close()
	}
	if exception, ok := errors.AsType[*clickhouse.Exception](err); !ok || exception.Code != 395 {
		t.Errorf("exception in the middle: %v", err)
	}
	rows, err = conn.Query(ctx, "SELECT id, name FROM t WHERE 0")
	if err != nil || rows.Next() || rows.Err() != nil {
		t.Errorf("no rows: %v", err)
	}
	_ = rows.Close()
}

func TestClickHouseGoThroughDatabaseSQL(t *testing.T) {
	options, err := clickhouse.ParseDSN(enginetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	db := clickhouse.OpenDB(options)
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE s (a UInt32, b String) ENGINE = MergeTree ORDER BY a"); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	insert, err := tx.Prepare("INSERT INTO s (a, b)")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if _, err := insert.Exec(uint32(i), "b"); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO s VALUES (?, ?)", 11, "it's"); err != nil {
		t.Fatal(err)
	}
	var n int
	var b string
	if err := db.QueryRow("SELECT count(), max(b) FROM s").Scan(&n, &b); err != nil || n != 11 || b != "it's" {
		t.Errorf("%d %q %v", n, b, err)
	}
	if err := db.Ping(); err != nil {
		t.Error(err)
	}
}

func TestClickHouseGoExternalTableAndCancel(t *testing.T) {
	conn := openGo(t, enginetest.Database(t))
	table, err := ext.NewTable("wanted", ext.Column("id", "UInt64"), ext.Column("name", "String"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := table.Append(uint64(i*10), fmt.Sprint("n", i)); err != nil {
			t.Fatal(err)
		}
	}
	var names string
	ctx := clickhouse.Context(context.Background(), clickhouse.WithExternalTable(table))
	if err := conn.QueryRow(ctx, "SELECT arrayStringConcat(groupArray(name), ',') FROM numbers(15) AS n JOIN wanted AS w ON w.id = n.number").Scan(&names); err != nil || names != "n0,n1" {
		t.Errorf("%q %v", names, err)
	}
	short, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if err := conn.Exec(short, "SELECT count() FROM system.numbers WHERE NOT ignore(number)"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestNodeClient runs the suite in testdata with ClickHouse's own client for
// node, which others wrote.
func TestNodeClient(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is needed for the tests of @clickhouse/client: ", err)
	}
	e := enginetest.Shared(t)
	cmd := exec.Command(node, "--test", "--test-reporter=spec", filepath.Join("testdata", "client.test.mjs"))
	cmd.Env = append(os.Environ(), "ENGINE_URL=http://"+e.Addr, "ENGINE_DATABASE="+e.Database(t))
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Fatal("curl is needed: ", err)
	}
	c := newClient(t)
	base := "http://" + c.engine.Addr + "/?database=" + c.database
	run := func(stdin string, args ...string) string {
		cmd := exec.Command(curl, append([]string{"-sS"}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return string(out) + err.Error()
		}
		return string(out)
	}
	for _, step := range []struct {
		stdin string
		args  []string
		want  string
	}{
		{"", []string{"http://" + c.engine.Addr + "/ping"}, "Ok.\n"},
		{"", []string{base, "-d", "CREATE TABLE c (a UInt32, b String) ENGINE = MergeTree ORDER BY a"}, ""},
		{"1\tx\n2\ty\n", []string{base + "&query=INSERT%20INTO%20c%20FORMAT%20TSV", "--data-binary", "@-"}, ""},
		{`{"a":3,"b":"z"}`, []string{base + "&query=INSERT%20INTO%20c%20FORMAT%20JSONEachRow", "-T", "-", "-X", "POST"}, ""},
		{"INSERT INTO c VALUES (4, 'v')", []string{base, "--data-binary", "@-"}, ""},
		{"", []string{base + "&query=SELECT%20*%20FROM%20c%20ORDER%20BY%20a"}, "1\tx\n2\ty\n3\tz\n4\tv\n"},
		{"", []string{"-G", base, "--data-urlencode", "query=SELECT count() FROM c FORMAT JSONCompactEachRow"}, "[4]\n"},
		{"", []string{"--compressed", base + "&enable_http_compression=1", "-d", "SELECT sum(a) FROM c"}, "10\n"},
		{"", []string{"-u", "default:", base, "-d", "SELECT 1"}, "1\n"},
		{"", []string{"-u", "default:wrong", "-o", "/dev/null", "-w", "%{http_code}", base, "-d", "SELECT 1"}, "403"},
		{"", []string{"-o", "/dev/null", "-w", "%{http_code} %header{x-clickhouse-exception-code}", base, "-d", "SELECT * FROM nope"}, "404 60"},
		{"", []string{"-X", "HEAD", "-I", "-o", "/dev/null", "-w", "%{http_code}", base}, "200"},
		{"", []string{"-o", "/dev/null", base + "&max_threads=1", "-d", "SELECT throwIf(number = 3000000) FROM numbers(10000000)"}, "curl: (18) transfer closed with outstanding read data remaining\nexit status 18"},
	} {
		if diff := cmp.Diff(step.want, run(step.stdin, step.args...)); diff != "" {
			t.Errorf("curl %v: %s", step.args, diff)
		}
	}
}
