package postgres_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
)

func hexSum(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// contentOf reads a file whole.
func contentOf(t *testing.T, up pipeline.Uploads, name, version string) string {
	t.Helper()
	in, err := up.Open(t.Context(), name, version)
	must(t, err)
	defer in.Close()
	content, err := io.ReadAll(in)
	must(t, err)
	return string(content)
}

func TestUploads(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	by := member(t, s, tn, "ivan@example.ru").ID
	a := connect(t, s, tn, "table", "c")
	up := s.UploadsOf(a)
	ignore := cmpopts.IgnoreFields(pipeline.Upload{}, "UploadedAt")
	put := func(name, content string) pipeline.Upload {
		t.Helper()
		u, err := s.PutUpload(t.Context(), tn, a.Connection, name, by, strings.NewReader(content))
		must(t, err)
		if time.Since(u.UploadedAt).Abs() > time.Minute {
			t.Errorf("uploaded at %s", u.UploadedAt)
		}
		return u
	}
	long := strings.Repeat("длинный файл;1,5\n", 200_000) // several chunks
	b, first := put("б.csv", long), put("a.csv", "x")
	want := []pipeline.Upload{
		{Name: "a.csv", Version: hexSum("x"), Size: 1, UploadedBy: by},
		{Name: "б.csv", Version: hexSum(long), Size: int64(len(long)), UploadedBy: by},
	}
	list, err := up.List(t.Context())
	if diff := cmp.Diff(want, list, ignore); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if contentOf(t, up, "б.csv", b.Version) != long || contentOf(t, up, "a.csv", first.Version) != "x" {
		t.Error("the content is not what was uploaded")
	}
	second := put("a.csv", "other")
	if _, err := up.Open(t.Context(), "a.csv", first.Version); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("the version before: %v", err)
	}
	if got := contentOf(t, up, "a.csv", second.Version); got != "other" {
		t.Errorf("replaced: %q", got)
	}
	must(t, s.RemoveUpload(t.Context(), tn, a.Connection, "a.csv"))
	list, err = up.List(t.Context())
	must(t, err)
	if len(list) != 2 || !list[0].Removed || list[0].Version == second.Version || list[0].Version == first.Version || list[1].Removed {
		t.Errorf("after the removal: %+v", list)
	}
	if err := s.RemoveUpload(t.Context(), tn, a.Connection, "a.csv"); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if again := put("a.csv", "x"); again.Version != first.Version || contentOf(t, up, "a.csv", first.Version) != "x" {
		t.Error("a removed file does not come back")
	}
	if empty := put("empty", ""); contentOf(t, up, "empty", empty.Version) != "" {
		t.Error("an empty file is not empty")
	}
	if n := text(t, s, `SELECT count(*)::text FROM upload_chunks`); n != fmt.Sprint((len(long)-1)>>20+1+1) {
		t.Errorf("%s chunks are kept", n)
	}
	must(t, s.DeleteConnection(t.Context(), tn, a.Connection))
	if n := text(t, s, `SELECT count(*)::text FROM upload_chunks`); n != "0" {
		t.Errorf("%s chunks are left of a deleted connection", n)
	}
}

func TestUploadsOfAnotherTenant(t *testing.T) {
	s := pgtest.Open(t)
	owner := connect(t, s, tenant(t, s), "table", "c")
	u, err := s.PutUpload(t.Context(), owner.Tenant, owner.Connection, "a.csv", "", strings.NewReader("secret"))
	must(t, err)
	thief := collect.Account{Tenant: tenant(t, s), Connection: owner.Connection}
	for name, reach := range map[string]func(context.Context) error{
		"put": func(ctx context.Context) error {
			_, err := s.PutUpload(ctx, thief.Tenant, thief.Connection, "a.csv", "", strings.NewReader("x"))
			return err
		},
		"remove": func(ctx context.Context) error { return s.RemoveUpload(ctx, thief.Tenant, thief.Connection, "a.csv") },
		"open": func(ctx context.Context) error {
			_, err := s.UploadsOf(thief).Open(ctx, "a.csv", u.Version)
			return err
		},
	} {
		if err := reach(t.Context()); !errors.Is(err, pipeline.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := s.UploadsOf(thief).List(t.Context()); len(list) != 0 || err != nil {
		t.Errorf("list: %+v, %v", list, err)
	}
	if contentOf(t, s.UploadsOf(owner), "a.csv", u.Version) != "secret" {
		t.Error("the owner's file changed")
	}
}

func TestUploadThatFailsChangesNothing(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "table", "c")
	u, err := s.PutUpload(t.Context(), a.Tenant, a.Connection, "a.csv", "", strings.NewReader("good"))
	must(t, err)
	for name, in := range map[string]io.Reader{
		"broken":    io.MultiReader(bytes.NewReader(make([]byte, 3<<20)), iotest.ErrReader(errors.New("the client went away"))),
		"too large": io.LimitReader(zeros{}, postgres.MaxUpload+1),
	} {
		if _, err := s.PutUpload(t.Context(), a.Tenant, a.Connection, "a.csv", "", in); err == nil {
			t.Errorf("%s: no error", name)
		} else if name == "too large" && pipeline.AsFault(err).Code != pipeline.FaultTooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	if contentOf(t, s.UploadsOf(a), "a.csv", u.Version) != "good" || text(t, s, `SELECT count(*)::text FROM upload_chunks`) != "1" {
		t.Error("a failed upload left something behind")
	}
	for i := range postgres.MaxUploads - 1 {
		_, err := s.PutUpload(t.Context(), a.Tenant, a.Connection, fmt.Sprintf("%d.csv", i), "", strings.NewReader("x"))
		must(t, err)
	}
	if _, err := s.PutUpload(t.Context(), a.Tenant, a.Connection, "one too many", "", strings.NewReader("x")); err == nil || pipeline.AsFault(err).Code != pipeline.FaultTooLarge {
		t.Errorf("one file too many: %v", err)
	}
	_, err = s.PutUpload(t.Context(), a.Tenant, a.Connection, "a.csv", "", strings.NewReader("replaced"))
	must(t, err)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestUploadsTakeLittleMemory stores and reads the largest file there may be, of bytes that cannot be compressed.
func TestUploadsTakeLittleMemory(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "table", "c")
	random := rand.NewChaCha8([32]byte{1})
	most := uint64(0)
	watch := func() {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
	}
	watch()
	before := most
	u, err := s.PutUpload(t.Context(), a.Tenant, a.Connection, "big", "", &watched{in: io.LimitReader(random, postgres.MaxUpload), look: watch})
	must(t, err)
	in, err := s.UploadsOf(a).Open(t.Context(), "big", u.Version)
	must(t, err)
	sum := sha256.New()
	size, err := io.Copy(sum, &watched{in: in, look: watch})
	must(t, err, in.Close())
	if size != postgres.MaxUpload || hex.EncodeToString(sum.Sum(nil)) != u.Version {
		t.Errorf("%d bytes came back, another content", size)
	}
	t.Logf("heap at most %d bytes above %d", most-before, before)
	if most-before > 32<<20 {
		t.Errorf("heap grew by %d bytes", most-before)
	}
}

// watched looks at the memory every 16 MiB.
type watched struct {
	in   io.Reader
	n    int64
	look func()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.in.Read(p)
	if w.n>>24 != (w.n+int64(n))>>24 {
		w.look()
	}
	w.n += int64(n)
	return n, err
}
