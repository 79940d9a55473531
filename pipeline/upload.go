package pipeline

import (
	"context"
	"io"
	"time"
)

// Uploads are the files that users gave to one connection. A provider's session lists them as its objects: the key is the
// name, the version the Version.
type Uploads interface {
	// List gives the files, removed ones included, in order of name.
	List(ctx context.Context) ([]Upload, error)
	// Open reads a file of this name and version. A file that is not there is ErrNotFound.
	Open(ctx context.Context, name, version string) (io.ReadCloser, error)
}

// Upload is one file. A file uploaded under a name that is there replaces it.
type Upload struct {
	Name string
	// Version is the hexadecimal SHA-256 of the content; of a removed file it differs from every content's.
	Version    string
	Size       int64
	UploadedAt time.Time
	UploadedBy UserID
	// Removed files are to be taken back: their charges go.
	Removed bool
}

// UploadSpec says which files a connection takes.
type UploadSpec struct {
	// Title is what the file is: "Отчёт о потреблении"; Help says where the user finds it at the cloud.
	Title, Help Text
	// Extensions are the file names' endings, with the dot.
	Extensions []string
	// MaxBytes bounds a file.
	MaxBytes int64
}
