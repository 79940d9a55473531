package boot

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func load(t *testing.T, args, environ []string) (Settings, error) {
	t.Helper()
	s, _, err := Load("test", args, environ, &bytes.Buffer{})
	return s, err
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "infrazen.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadLayers(t *testing.T) {
	path := writeFile(t, "listen: 127.0.0.1:1\ndata_dir: from-file\ncollector:\n  workers: 7\n  lease: 30s\n")
	s, err := load(t,
		[]string{"--listen", "127.0.0.1:3"},
		[]string{"INFRAZEN_CONFIG=" + path, "INFRAZEN_LISTEN=127.0.0.1:2", "INFRAZEN_DATA_DIR=from-env", "OTHER=x"})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Listen, want.PublicURL = "127.0.0.1:3", "http://127.0.0.1:3" // a flag is over the environment
	want.DataDir, want.KeyFile = "from-env", "from-env/key"           // the environment is over the file
	want.Collector.Workers, want.Collector.Lease = 7, 30*time.Second  // the file is over the defaults
	if s != want {
		t.Fatalf("got  %+v\nwant %+v", s, want)
	}
}

func TestLoadNamesWhatIsWrong(t *testing.T) {
	f := func(args, environ []string, want string) {
		t.Helper()
		_, err := load(t, args, environ)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("got %v, want an error with %q", err, want)
		}
	}
	f([]string{"--no-such"}, nil, "no-such")
	f(nil, []string{"INFRAZEN_LISTN=x"}, "INFRAZEN_LISTN")
	f([]string{"--config", writeFile(t, "listn: x\n")}, nil, `"listn"`)
	f([]string{"--config", writeFile(t, "listen: [\n")}, nil, "infrazen.yaml")
	f([]string{"--config", "does-not-exist.yaml"}, nil, "does-not-exist.yaml")
	f(nil, []string{"INFRAZEN_COLLECTOR_WORKERS=many"}, "workers")
	f([]string{"--collector.workers=0"}, nil, "collector.workers")
	f([]string{"--log.level=loud"}, nil, "log.level")
	f([]string{"--log.format=xml"}, nil, "log.format")
	f([]string{"--collector.lease=1s"}, nil, "collector.lease")
	f([]string{"--telegram.endpoint=https://example.org/"}, nil, "telegram.endpoint")
	f([]string{"--demo.days=0"}, nil, "demo.days")
	f([]string{"--rates.source=ecb"}, nil, "rates.source")
	f([]string{"--rates.source=file"}, nil, "rates.file")
	f(nil, []string{"INFRAZEN_RATES_ADDRESS=www.cbr.ru"}, "rates.address")
	f([]string{"--rates.currencies=USD,dollar"}, nil, "rates.currencies")
}
