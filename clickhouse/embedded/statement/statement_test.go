package statement

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	type want struct {
		Kind               Kind
		Format, Head, Tail string
		Data               string
	}
	f := func(text string, w want) {
		t.Helper()
		st, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			return
		}
		got := want{Kind: st.Kind, Format: st.Format, Head: st.Head, Tail: st.Tail}
		if st.Kind == Insert {
			got.Data = text[st.Data:]
		}
		if diff := cmp.Diff(w, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	f("", want{Kind: Empty})
	f(" -- x\n/* y */", want{Kind: Empty})
	f("exit", want{Kind: Nonsense, Head: "exit"})
	f(`\q`, want{Kind: Nonsense, Head: `\q`})
	f("COMMIT", want{Head: "COMMIT"})
	f("SELECT 1", want{Kind: Select, Head: "SELECT 1"})
	f("select 1 format JSON;", want{Kind: Select, Format: "JSON", Head: "select 1"})
	f("SELECT 1 FORMAT `CSV` SETTINGS a = 1 ; -- end", want{Kind: Select, Format: "CSV", Head: "SELECT 1", Tail: "SETTINGS a = 1"})
	f("SELECT 1 SETTINGS a = 1 FORMAT CSV", want{Kind: Select, Format: "CSV", Head: "SELECT 1 SETTINGS a = 1"})
	f("SELECT 'a FORMAT CSV'", want{Kind: Select, Head: "SELECT 'a FORMAT CSV'"})
	f("SELECT (SELECT 1 FORMAT CSV)", want{Kind: Select, Head: "SELECT (SELECT 1 FORMAT CSV)"})
	f("SELECT format FROM t", want{Kind: Select, Head: "SELECT format FROM t"})
	f("SELECT 1 -- FORMAT CSV", want{Kind: Select, Head: "SELECT 1"})
	f("SELECT $x$;$x$", want{Kind: Select, Head: "SELECT $x$;$x$"})
	f("(SELECT 1)", want{Kind: Select, Head: "(SELECT 1)"})
	f("WITH 1 AS a SELECT a", want{Kind: Select, Head: "WITH 1 AS a SELECT a"})
	f("WITH 1 AS a INSERT INTO t SELECT a", want{Head: "WITH 1 AS a INSERT INTO t SELECT a"})
	f("SHOW TABLES FORMAT CSV", want{Format: "CSV", Head: "SHOW TABLES"})
	f("DROP TABLE x", want{Head: "DROP TABLE x"})

	f("INSERT INTO t VALUES (1)", want{Kind: Insert, Format: "Values", Head: "INSERT INTO t", Data: " (1)"})
	f("insert into values values(1)", want{Kind: Insert, Format: "Values", Head: "insert into values", Data: "(1)"})
	f("INSERT INTO d.t (a, `b``c`) SETTINGS x = 1 FORMAT CSV\n1,2", want{Kind: Insert, Format: "CSV", Head: "INSERT INTO d.t (a, `b``c`) SETTINGS x = 1", Data: "1,2"})
	f("INSERT INTO t FORMAT RowBinary \t\r\n\n;", want{Kind: Insert, Format: "RowBinary", Head: "INSERT INTO t", Data: "\n;"})
	f("INSERT INTO t FORMAT TSV 1\t2", want{Kind: Insert, Format: "TSV", Head: "INSERT INTO t", Data: "1\t2"})
	f("INSERT INTO TABLE FUNCTION file('x', CSV) FORMAT CSV\n", want{Kind: Insert, Format: "CSV", Head: "INSERT INTO TABLE FUNCTION file('x', CSV)"})
	f("INSERT INTO t SELECT 1", want{Head: "INSERT INTO t SELECT 1"})
	f("INSERT INTO t (a) (SELECT 1)", want{Head: "INSERT INTO t (a) (SELECT 1)"})
	f("INSERT INTO t WITH 1 AS x SELECT x", want{Head: "INSERT INTO t WITH 1 AS x SELECT x"})
	f("INSERT INTO t", want{Head: "INSERT INTO t"})
	f("INSERT", want{Head: "INSERT"})
	f("INSERT INTO t FORMAT", want{Head: "INSERT INTO t FORMAT"})
	f("INSERT INTO t VALUES (1); SELECT 2", want{Kind: Insert, Format: "Values", Head: "INSERT INTO t", Data: " (1); SELECT 2"})
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]error{
		"SELECT 1; SELECT 2":                                        ErrMany,
		"SELECT 1;; x":                                              ErrMany,
		"DROP TABLE a; DROP TABLE b":                                ErrMany,
		"INSERT INTO t SELECT 1; SELECT 2":                          ErrMany,
		"SELECT 1 INTO OUTFILE 'x'":                                 ErrFile,
		"SELECT 1 into /* */ outfile 'x' FORMAT CSV":                ErrFile,
		"INSERT INTO t FROM INFILE 'x' FORMAT CSV":                  ErrFile,
		"INSERT INTO t SELECT * FROM input('a Int8') FORMAT CSV\n1": ErrInput,
	} {
		if _, err := Parse(text); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

func TestRowsFollow(t *testing.T) {
	text := "INSERT INTO t (a) FORMAT CSV\n1,2"
	first := len("INSERT INTO t (a) FORMAT CSV\n")
	for i := range len(text) {
		if got, want := RowsFollow(text[:i]), i >= first; got != want {
			t.Errorf("%q: %v", text[:i], got)
		}
	}
	if RowsFollow("SELECT 1\n") || RowsFollow("") {
		t.Error("no INSERT")
	}
}

func TestReplaceTable(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT * FROM system.processes":                                         "SELECT * FROM (X)",
		"SELECT * FROM `system`.`processes` AS p":                                "SELECT * FROM (X) AS p",
		"SELECT 'FROM system.processes' FROM a, system.processes p":              "SELECT 'FROM system.processes' FROM a, (X) p",
		"SELECT 1 FROM a JOIN system.processes USING b -- from system.processes": "SELECT 1 FROM a JOIN (X) USING b -- from system.processes",
		"SELECT system.processes.x FROM b":                                       "SELECT system.processes.x FROM b",
		"":                                                                       "",
	} {
		if got := ReplaceTable(text, "system", "processes", "(X)"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestParseKill(t *testing.T) {
	type want struct {
		Kill Kill
		OK   bool
	}
	for text, w := range map[string]want{
		"KILL QUERY WHERE query_id = 'a'":                      {Kill{" query_id = 'a'", ""}, true},
		"kill query where query_id = 'SYNC' SYNC FORMAT CSV; ": {Kill{" query_id = 'SYNC'", "SYNC FORMAT CSV"}, true},
		"KILL QUERY WHERE 1 FORMAT JSON":                       {Kill{" 1", "FORMAT JSON"}, true},
		"KILL MUTATION WHERE 1":                                {},
		"SELECT 1":                                             {},
		"KILL":                                                 {},
	} {
		kill, ok := ParseKill(text)
		if diff := cmp.Diff(w, want{kill, ok}); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"SELECT 1 FORMAT CSV", "INSERT INTO t VALUES ('a\\'', $$b$$)", "INSERT INTO t (a) FORMAT CSV\n1", "/* ' */ SELECT `a``b`;", "KILL QUERY WHERE 1 SYNC", "\\", "$a", "''''",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		st, err := Parse(text)
		RowsFollow(text)
		ParseKill(text)
		if ReplaceTable(text, "no such database", "no such table", "") != text {
			t.Errorf("%q was changed", text)
		}
		if err != nil {
			return
		}
		if !strings.HasPrefix(text, st.Head) {
			t.Errorf("head %q is no beginning of %q", st.Head, text)
		}
		if st.Kind == Insert && (st.Data < len(st.Head) || st.Data > len(text)) {
			t.Errorf("rows of %q begin at %d", text, st.Data)
		}
	})
}
