package focus_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/focus"
)

const (
	testAccess = "focus-test-access"
	testSecret = "focus-test-secret-value"
)

// storage is a running versitygw, a real S3 server, reached through a socket in a directory of the test's.
type storage struct {
	http   *http.Client
	client *s3.Client
	waited []string
}

// startStorage builds the server (a tool of the module in s3test) and starts it.
func startStorage(t *testing.T) *storage {
	t.Helper()
	build := exec.Command("go", "tool", "-n", "versitygw")
	build.Dir = "s3test"
	var complaint bytes.Buffer
	build.Stderr = &complaint
	path, err := build.Output()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("the S3 server cannot be built here: %v\n%s", err, complaint.String())
	}
	if err != nil {
		t.Fatalf("cannot build the S3 server: %v\n%s", err, complaint.String())
	}
	dir, err := os.MkdirTemp("", "s3")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for _, sub := range []string{"data", "meta"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(dir, "s")
	server := exec.Command(strings.TrimSpace(string(path)), "--quiet", "--port", socket, "--access", testAccess, "--secret", testSecret,
		"--region", "us-east-1", "posix", "--sidecar", filepath.Join(dir, "meta"), filepath.Join(dir, "data"))
	server.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	st := &storage{http: &http.Client{Transport: transport}}
	st.client = s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://s3.test"), UsePathStyle: true, HTTPClient: st.http,
		Credentials: credentials.NewStaticCredentialsProvider(testAccess, testSecret, ""),
	})
	st.awaitReady(t)
	return st
}

func (st *storage) awaitReady(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := st.client.ListBuckets(ctx, &s3.ListBucketsInput{}); err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal("the S3 server does not start")
		case <-tick.C:
		}
	}
}

func (st *storage) put(t *testing.T, bucket, key string, content []byte) {
	t.Helper()
	_, err := st.client.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String(key), Body: bytes.NewReader(content),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (st *storage) settings(bucket string) pipeline.Settings {
	return pipeline.Settings{
		"source": "s3", "endpoint": "http://s3.test", "bucket": bucket, "access_key": testAccess, "secret_key": testSecret,
	}
}

func (st *storage) open(t *testing.T, settings pipeline.Settings, client *http.Client) pipeline.Session {
	t.Helper()
	env := testEnv(t)
	env.HTTP = client
	env.Wait = func(_ context.Context, key string, _ pipeline.RateLimit) error {
		st.waited = append(st.waited, key)
		return nil
	}
	s, err := focus.New(focus.Variants()[0], focus.Options{}).Open(settings, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func TestS3(t *testing.T) {
	st := startStorage(t)
	ctx := context.Background()
	if _, err := st.client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("bills")}); err != nil {
		t.Fatal(err)
	}
	t.Run("faults", func(t *testing.T) { testS3Faults(t, st) })
	t.Run("files", func(t *testing.T) { testS3Files(t, st) })
	t.Run("changes", func(t *testing.T) { testS3Changes(t, st) })
	t.Run("broken transfer", func(t *testing.T) { testS3BrokenTransfer(t, st) })
}

func testS3Files(t *testing.T, st *storage) {
	sample := shared(t, "data/focus/sample-1.0.csv")
	rows := writeParquet(t, []pairsRow{{BilledCost: "7", BillingCurrency: "USD", ChargePeriodStart: "2026-10-01", ChargePeriodEnd: 20728, ChargeCategory: "Tax"}})
	st.put(t, "bills", "focus/2024 09/пример+1.csv.gz", gz(t, sample))
	st.put(t, "bills", "focus/b.parquet", rows)
	st.put(t, "bills", "focus/copy-of-b.parquet", rows)
	st.put(t, "bills", "focus/manifest.json", []byte("{}"))
	st.put(t, "bills", "elsewhere/x.csv", []byte("no"))
	settings := st.settings("bills")
	settings["prefix"] = "focus/"
	s := st.open(t, settings, st.http)
	out, err := s.Check(context.Background())
	if err != nil || !out.Complete() || out.Scopes[0].Found != 3 {
		t.Fatalf("check: %+v, %v", out, err)
	}
	l := newLedger()
	outcomes, faults := collectAll(t, s, l)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	got := make(map[string]int)
	for source, charges := range l.slices {
		got[source] = len(charges)
	}
	want := map[string]int{"file:focus/2024 09/пример+1.csv.gz": 1000, "file:focus/b.parquet": 1, "file:focus/copy-of-b.parquet": 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if noteCodes(outcomes["focus/copy-of-b.parquet"])[focus.NoteDuplicateFile] != 1 {
		t.Errorf("the copy has no note: %+v", outcomes["focus/copy-of-b.parquet"])
	}
	currency := func(c *pipeline.Charge) string { return c.BillingCurrency }
	billed := func(c *pipeline.Charge) string { return c.BilledCost.String() }
	if got := sumCharges(l.all(), currency, billed)["USD"]; got != "27.520226728990000000" {
		t.Error(got)
	}
	if len(st.waited) == 0 || st.waited[0] != "focus s3 s3.test" {
		t.Errorf("requests waited for %v", st.waited)
	}
}

func testS3Changes(t *testing.T, st *storage) {
	st.put(t, "bills", "changing/a.csv", []byte(head+goodRow))
	settings := st.settings("bills")
	settings["prefix"] = "changing/"
	s := st.open(t, settings, st.http)
	objects, err := s.Objects(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	l := newLedger()
	l.onAdd = func(int64) error {
		st.put(t, "bills", "changing/a.csv", []byte(head+goodRow+goodRow))
		return nil
	}
	task := pipeline.Task{Feed: pipeline.FeedFiles, Object: objects[0]}
	for _, when := range []string{"while it is read", "before it is read"} {
		_, err = s.Collect(context.Background(), task, l)
		if f := pipeline.AsFault(err); err == nil || !f.Retry || !strings.Contains(f.Text.EN, "changed") {
			t.Errorf("a file that changes %s: %v", when, err)
		}
		l.onAdd = nil
	}
	if len(l.slices) != 0 {
		t.Error("a file that changed was committed")
	}
	if _, faults := collectAll(t, s, l); len(faults) > 0 || len(l.slices["file:changing/a.csv"]) != 2 {
		t.Errorf("the new content: %v, %v", l.slices, faults)
	}
}

// breaking cuts the body of every answer to a GET after some bytes.
type breaking struct {
	http.RoundTripper
	after  int64
	broken int
}

func (b *breaking) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil && strings.Contains(r.URL.Path, "long") && r.Method == http.MethodGet {
		b.broken++
		resp.Body = &cutBody{ReadCloser: resp.Body, left: b.after}
	}
	return resp, err
}

type cutBody struct {
	io.ReadCloser
	left int64
}

func (c *cutBody) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, fmt.Errorf("connection reset by the test")
	}
	n, err := c.ReadCloser.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

func testS3BrokenTransfer(t *testing.T, st *storage) {
	st.put(t, "bills", "broken/long.csv", []byte(head+strings.Repeat(goodRow, 10_000)))
	settings := st.settings("bills")
	settings["prefix"] = "broken/"
	transport := &breaking{RoundTripper: st.http.Transport, after: 100_000}
	l := newLedger()
	if _, faults := collectAll(t, st.open(t, settings, &http.Client{Transport: transport}), l); len(faults) > 0 {
		t.Fatal(faults)
	}
	if n := len(l.slices["file:broken/long.csv"]); n != 10_000 || transport.broken < 5 {
		t.Errorf("%d rows over %d transfers", n, transport.broken)
	}
	transport.after = 0
	l = newLedger()
	_, faults := collectAll(t, st.open(t, settings, &http.Client{Transport: transport}), l)
	f := faults["broken/long.csv"]
	if f == nil || f.Code != pipeline.FaultUnavailable || !f.Retry || len(l.slices) != 0 {
		t.Errorf("a transfer that never comes through: %v", f)
	}
}

func testS3Faults(t *testing.T, st *storage) {
	f := func(change map[string]string, code pipeline.FaultCode, want string) {
		t.Helper()
		settings := st.settings("bills")
		for k, v := range change {
			settings[k] = v
		}
		s := st.open(t, settings, st.http)
		_, err := s.Check(context.Background())
		fault := pipeline.AsFault(err)
		if err == nil || fault.Code != code || !strings.Contains(fault.Text.EN, want) {
			t.Errorf("%v: %v, want %s %q", change, err, code, want)
		}
		if strings.Contains(fmt.Sprintf("%v %+v", err, fault), testSecret) {
			t.Errorf("%v: the fault tells the secret", change)
		}
	}
	f(nil, pipeline.FaultNotFound, "no FOCUS files")
	f(map[string]string{"prefix": "none/"}, pipeline.FaultNotFound, `under the prefix "none/"`)
	f(map[string]string{"bucket": "no-such"}, pipeline.FaultNotFound, `no bucket "no-such"`)
	f(map[string]string{"secret_key": "wrong"}, pipeline.FaultCredentials, "secret key does not fit")
	f(map[string]string{"access_key": "wrong"}, pipeline.FaultCredentials, "does not know this access key")
	f(map[string]string{"region": "eu-west-1"}, pipeline.FaultSettings, "another region")
}

func TestEndpointFaults(t *testing.T) {
	f := func(endpoint string, client *http.Client, code pipeline.FaultCode, want string) {
		t.Helper()
		env := testEnv(t)
		env.HTTP = client
		s, err := focus.New(focus.Variants()[0], focus.Options{}).Open(pipeline.Settings{
			"source": "s3", "endpoint": endpoint, "bucket": "b", "access_key": testAccess, "secret_key": testSecret,
		}, env)
		if err == nil {
			_, err = s.Objects(context.Background())
		}
		fault := pipeline.AsFault(err)
		if err == nil || fault.Code != code || !strings.Contains(fault.Text.EN, want) || fault.Text.RU == "" {
			t.Errorf("%s: %v, want %s %q", endpoint, err, code, want)
		}
	}
	answer := func(status int, body string) *httptest.Server {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(srv.Close)
		return srv
	}
	plain := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	code := func(c string) string { return "<Error><Code>" + c + "</Code><Message>m</Message></Error>" }
	f(answer(403, code("AccessDenied")).URL, plain, pipeline.FaultForbidden, "may not list the bucket")
	f(answer(403, code("RequestTimeTooSkewed")).URL, plain, pipeline.FaultClock, "clocks")
	f(answer(301, code("PermanentRedirect")).URL, plain, pipeline.FaultSettings, "another region")
	f(answer(503, code("SlowDown")).URL, plain, pipeline.FaultThrottled, "fewer requests")
	f(answer(500, code("InternalError")).URL, plain, pipeline.FaultUnavailable, "error 500")
	f(answer(502, "<html>bad gateway</html>").URL, plain, pipeline.FaultUnavailable, "error 502")
	f(answer(404, "<html>not here</html>").URL, plain, pipeline.FaultSettings, "no S3-compatible storage")
	f(answer(200, "<html>welcome").URL, plain, pipeline.FaultSettings, "no S3-compatible storage")
	f(answer(200, `{"not": "xml"}`).URL, plain, pipeline.FaultSettings, "no S3-compatible storage")
	f(strings.Replace(answer(200, "").URL, "http:", "https:", 1), plain, pipeline.FaultSettings, "without TLS")
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	f(secure.URL, plain, pipeline.FaultSettings, "cannot be trusted")
	closed := answer(200, "")
	closed.Close()
	f(closed.URL, plain, pipeline.FaultUnavailable, "cannot be reached")
	f("https://no-such-host.invalid", plain, pipeline.FaultSettings, "DNS")
	f("ftp://x", plain, pipeline.FaultSettings, "not an address")
	f("https://user:pass@host", plain, pipeline.FaultSettings, "not an address")
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer slow.Close()
	f(slow.URL, &http.Client{Timeout: 50 * time.Millisecond, Transport: plain.Transport}, pipeline.FaultTimeout, "no answer in time")
}

func TestSettingsFaults(t *testing.T) {
	good := pipeline.Settings{"source": "s3", "endpoint": "https://s3.test", "region": "r", "bucket": "b", "access_key": "a", "secret_key": "s"}
	f := func(name, value, scope string) {
		t.Helper()
		settings := pipeline.Settings{}
		for k, v := range good {
			settings[k] = v
		}
		settings[name] = value
		_, err := focus.New(focus.Variants()[0], focus.Options{FolderRoot: t.TempDir()}).Open(settings, testEnv(t))
		if scope == "" && err != nil {
			t.Errorf("%s=%q: %v", name, value, err)
		}
		if scope == "" {
			return
		}
		if fault := pipeline.AsFault(err); err == nil || fault.Code != pipeline.FaultSettings || fault.Scope != scope {
			t.Errorf("%s=%q: %v", name, value, err)
		}
	}
	f("bucket", "", "bucket")
	f("bucket", "a/b", "bucket")
	f("access_key", " ", "access_key")
	f("secret_key", "", "secret_key")
	f("path_style", "maybe", "path_style")
	f("source", "ftp", "source")
	f("source", "", "source")
	f("endpoint", "s3.test", "")
	f("region", "", "")
	f("path_style", "no", "")
}
