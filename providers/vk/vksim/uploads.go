package vksim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Uploads are the reports that users have given to one connection, in memory. It is a pipeline.Uploads.
type Uploads struct {
	mu    sync.Mutex
	files map[string]upload
}

type upload struct {
	pipeline.Upload
	content []byte
}

// NewUploads makes an empty store.
func NewUploads() *Uploads { return &Uploads{files: map[string]upload{}} }

// Put uploads a file at an instant, in place of one of the same name.
func (u *Uploads) Put(name string, content []byte, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	sum := sha256.Sum256(content)
	u.files[name] = upload{
		Upload:  pipeline.Upload{Name: name, Version: hex.EncodeToString(sum[:]), Size: int64(len(content)), UploadedAt: at},
		content: bytes.Clone(content),
	}
}

// Remove takes a file back at an instant.
func (u *Uploads) Remove(name string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f := u.files[name]
	f.Removed, f.UploadedAt, f.Size, f.content = true, at, 0, nil
	f.Version = "removed-" + f.Version
	u.files[name] = f
}

// List implements pipeline.Uploads.
func (u *Uploads) List(context.Context) ([]pipeline.Upload, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	out := make([]pipeline.Upload, 0, len(u.files))
	for _, f := range u.files {
		out = append(out, f.Upload)
	}
	slices.SortFunc(out, func(a, b pipeline.Upload) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// Open implements pipeline.Uploads.
func (u *Uploads) Open(_ context.Context, name, version string) (io.ReadCloser, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f, ok := u.files[name]
	if !ok || f.Removed || f.Version != version {
		return nil, fmt.Errorf("cannot open %s: %w", name, pipeline.ErrNotFound)
	}
	return io.NopCloser(bytes.NewReader(f.content)), nil
}
