package table_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/providertest"
	"github.com/infrazen/infrazen/providers/table"
)

// folder holds uploads in memory.
type folder struct {
	mu       sync.Mutex
	uploads  []pipeline.Upload
	contents map[string]string
}

func newFolder(files map[string]string) *folder {
	f := &folder{contents: map[string]string{}}
	for name, content := range files {
		f.put(name, content)
	}
	return f
}

var firstUpload = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)

func (f *folder) put(name, content string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := sha256.Sum256([]byte(content))
	u := pipeline.Upload{
		Name: name, Version: hex.EncodeToString(sum[:]), Size: int64(len(content)),
		UploadedAt: firstUpload.Add(time.Duration(len(f.uploads)) * time.Hour),
	}
	f.uploads = slices.DeleteFunc(f.uploads, func(u pipeline.Upload) bool { return u.Name == name })
	f.uploads = append(f.uploads, u)
	f.contents[name] = content
}

func (f *folder) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.uploads, f.contents = nil, map[string]string{}
}

func (f *folder) remove(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.uploads {
		if f.uploads[i].Name == name {
			f.uploads[i].Removed, f.uploads[i].Version = true, "removed"
		}
	}
}

func (f *folder) List(ctx context.Context) ([]pipeline.Upload, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.uploads), ctx.Err()
}

func (f *folder) Open(ctx context.Context, name, version string) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.ContainsFunc(f.uploads, func(u pipeline.Upload) bool { return u.Name == name && u.Version == version && !u.Removed }) {
		return nil, pipeline.ErrNotFound
	}
	return io.NopCloser(strings.NewReader(f.contents[name])), ctx.Err()
}

// withUploads gives every session of a provider the same files.
type withUploads struct {
	pipeline.Provider
	files pipeline.Uploads
}

func (p withUploads) Open(s pipeline.Settings, env pipeline.Env) (pipeline.Session, error) {
	env.Uploads = p.files
	return p.Provider.Open(s, env)
}

const (
	julyBill = "Дата;Ресурс;Услуга;Стоимость, руб.\n" +
		"01.07.2026;vm-1;ВМ;1 234,56\n02.07.2026;vm-1;ВМ;0,44\n02.07.2026;disk-1;Диск;3\n02.07.2026;vm-2;ВМ;-1\n"
	julyMapping = `{"version":1,"period":"day","decimal":",","currency":"RUB","zone":"Europe/Moscow","provider":"Облако",` +
		`"columns":{"start":"Дата","cost":"Стоимость, руб.","service":"Услуга","resource_id":"Ресурс"}}`
)

// TestConforms runs the suite of all providers on both kinds.
func TestConforms(t *testing.T) {
	for _, v := range table.Variants() {
		t.Run(string(v.Kind), func(t *testing.T) {
			files := newFolder(nil)
			providertest.Run(t, providertest.Case{Provider: withUploads{table.New(v), files}, New: func(t *testing.T) *providertest.Cloud {
				files.reset()
				files.put("july.csv", julyBill)
				return julyCloud(t, v, files)
			}})
		})
	}
}

func julyCloud(t *testing.T, v table.Variant, files *folder) *providertest.Cloud {
	settings := pipeline.Settings{"mapping": julyMapping}
	s := open(t, v, settings, files)
	objects, err := s.Objects(t.Context())
	if err != nil || len(objects) != 1 {
		t.Fatal(objects, err)
	}
	task := pipeline.Task{Feed: pipeline.FeedFiles, Object: objects[0]}
	costs := map[providertest.BillKey]string{
		{Start: "2026-06-30T21:00:00Z", Resource: "vm-1"}: "1234.56", {Start: "2026-07-01T21:00:00Z", Resource: "vm-1"}: "0.44",
		{Start: "2026-07-01T21:00:00Z", Resource: "disk-1"}: "3", {Start: "2026-07-01T21:00:00Z", Resource: "vm-2"}: "-1",
	}
	bad := []pipeline.Settings{{"mapping": "{"}, {"mapping": `{"version":2,"columns":{}}`}, {"mapping": `{"version":1,"columns":{"start":"Дата"}}`}}
	return &providertest.Cloud{
		Settings: settings, Bad: bad, Tasks: map[pipeline.Feed][]pipeline.Task{pipeline.FeedFiles: {task}},
		Bills: []providertest.Bill{{
			Task:  task,
			Costs: func() map[providertest.BillKey]string { return maps.Clone(costs) },
			Late: func() {
				files.put("july.csv", julyBill+"03.07.2026;vm-3;ВМ;7,5\n")
				costs[providertest.BillKey{Start: "2026-07-02T21:00:00Z", Resource: "vm-3"}] = "7.5"
			},
			Restate: func() {
				files.put("july.csv", strings.Replace(julyBill, "0,44", "0,45", 1))
				costs[providertest.BillKey{Start: "2026-07-01T21:00:00Z", Resource: "vm-1"}] = "0.45"
			},
			Vanish: func() {
				files.remove("july.csv")
				clear(costs)
			},
		}},
	}
}

func open(t *testing.T, v table.Variant, settings pipeline.Settings, files pipeline.Uploads) pipeline.Session {
	t.Helper()
	s, err := table.New(v).Open(settings, pipeline.Env{Now: time.Now, Log: slog.New(slog.DiscardHandler), Uploads: files})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// TestMappingIsInTheVersion: another mapping makes every file another object, and a removed file stays what it is.
func TestMappingIsInTheVersion(t *testing.T) {
	files := newFolder(map[string]string{"a.csv": julyBill})
	files.put("gone.csv", "x")
	files.remove("gone.csv")
	versions := func(mapping string) map[string]string {
		objects, err := open(t, table.Variants()[0], pipeline.Settings{"mapping": mapping}, files).Objects(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, o := range objects {
			out[o.Key] = o.Version
		}
		return out
	}
	before, same, after := versions(julyMapping), versions(strings.ReplaceAll(julyMapping, `":`, `" : `)), versions(strings.Replace(julyMapping, `"day"`, `"month"`, 1))
	if diff := cmp.Diff(before, same); diff != "" {
		t.Errorf("the same mapping with other blanks:\n%s", diff)
	}
	if before["a.csv"] == after["a.csv"] || before["gone.csv"] != after["gone.csv"] || after["gone.csv"] != "removed" {
		t.Errorf("before %v, after %v", before, after)
	}
}

// TestDuplicateFileCountsOnce: two files of one content are charged once, and the copy takes over when the first is removed.
func TestDuplicateFileCountsOnce(t *testing.T) {
	files := newFolder(map[string]string{"b.csv": julyBill})
	files.put("a.csv", julyBill)
	s := open(t, table.Variants()[0], pipeline.Settings{"mapping": julyMapping}, files)
	collect := func() map[string]int {
		t.Helper()
		objects, err := s.Objects(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]int{}
		for _, o := range objects {
			task := pipeline.Task{Feed: pipeline.FeedFiles, Object: o}
			rec := providertest.NewRecorder(task)
			if _, err := s.Collect(t.Context(), task, rec); err != nil {
				t.Fatal(err)
			}
			for slice, charges := range rec.Committed {
				out[slice.Source] = len(charges)
			}
		}
		return out
	}
	if diff := cmp.Diff(map[string]int{"file:b.csv": 4, "file:a.csv": 0}, collect()); diff != "" {
		t.Error(diff)
	}
	files.remove("b.csv")
	if diff := cmp.Diff(map[string]int{"file:b.csv": 0, "file:a.csv": 4}, collect()); diff != "" {
		t.Error(diff)
	}
}
