package focus_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/focus"
	"github.com/infrazen/infrazen/providers/providertest"
)

// TestConformsInAFolder runs the suite of all providers on files of a folder.
func TestConformsInAFolder(t *testing.T) {
	root := t.TempDir()
	put(t, root, "bills/a.csv", shared(t, "data/focus/sample-1.0.csv"))
	provider := focus.New(focus.Variants()[0], focus.Options{FolderRoot: root})
	settings := pipeline.Settings{"source": "folder", "folder": "bills"}
	providertest.Run(t, providertest.Case{Provider: provider, New: func(t *testing.T) *providertest.Cloud {
		return &providertest.Cloud{
			Settings: settings,
			Bad: []pipeline.Settings{
				{"source": "folder"},
				{"source": "folder", "folder": "/etc"},
				{"source": "folder", "folder": "../x"},
				{"source": "ftp"},
				{"source": "s3", "bucket": "b", "access_key": testAccess, "secret_key": testSecret, "endpoint": "ftp://x"},
			},
			Tasks: tasksOf(t, provider, settings, nil),
		}
	}})
}

// TestConformsInABucket runs it on a bucket whose answers are those of S3's pages.
func TestConformsInABucket(t *testing.T) {
	provider := focus.New(focus.Variants()[1], focus.Options{})
	providertest.Run(t, providertest.Case{Provider: provider, New: func(t *testing.T) *providertest.Cloud {
		server := httptest.NewServer(oneObject(head + goodRow))
		t.Cleanup(server.Close)
		settings := pipeline.Settings{"source": "s3", "endpoint": server.URL, "bucket": "b", "access_key": testAccess, "secret_key": testSecret}
		wrong := pipeline.Settings{"source": "s3", "endpoint": server.URL, "bucket": "b", "access_key": "somebody", "secret_key": "something"}
		return &providertest.Cloud{
			Settings: settings, Wrong: wrong, Secrets: []string{testSecret},
			Tasks: tasksOf(t, provider, settings, server.Client()),
		}
	}})
}

// tasksOf makes a task of each object there is.
func tasksOf(t *testing.T, p pipeline.Provider, settings pipeline.Settings, client *http.Client) map[pipeline.Feed][]pipeline.Task {
	t.Helper()
	env := testEnv(t)
	env.HTTP = client
	s, err := p.Open(settings, env)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(t.Context()) }()
	objects, err := s.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var tasks []pipeline.Task
	for _, o := range objects {
		tasks = append(tasks, task(o))
	}
	return map[pipeline.Feed][]pipeline.Task{pipeline.FeedFiles: tasks}
}

// oneObject is a bucket with one object, which only the test's key may read.
func oneObject(content string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		switch {
		case !strings.Contains(r.Header.Get("Authorization"), "Credential="+testAccess+"/"):
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, "<Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error>")
		case r.URL.Query().Has("list-type"):
			_, _ = fmt.Fprintf(w, `<ListBucketResult><Name>b</Name><MaxKeys>1000</MaxKeys><Contents><Key>a.csv</Key><ETag>"v1"</ETag>`+
				`<Size>%d</Size><LastModified>2026-10-01T00:00:00Z</LastModified></Contents></ListBucketResult>`, len(content))
		default:
			_, _ = fmt.Fprint(w, content)
		}
	}
}
