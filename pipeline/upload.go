package pipeline

import (
	"context"
	"io"
	"time"

	"github.com/shopspring/decimal"
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

// Previewer is a Provider that shows a file before a connection is made of it. A kind with a Mapping field has to be one.
type Previewer interface {
	// Preview reads a whole file by a mapping, or by one that it guesses when the mapping is empty, and stores nothing. What is
	// wrong with the file or the mapping is in the Preview; an error is that of reading, or of a mapping that means nothing.
	// zone is the tenant's: a guess takes it for times without one unless the cloud's own zone is known.
	Preview(ctx context.Context, name string, file io.ReadSeeker, mapping string, zone *time.Location) (Preview, error)
}

// Preview is what a file looks like under a mapping.
type Preview struct {
	// Mapping is the given or the guessed one, as it is kept in a connection's settings.
	Mapping string
	Guessed bool
	// Roles are what a column can be, Columns the file's, and Rows its first rows with their numbers in the file.
	Roles   []Option
	Columns []PreviewColumn
	Rows    []PreviewRow
	// Sheets are those of a workbook; nil when the file is none.
	Sheets []string
	// Questions are what could not be guessed: the user has to say it.
	Questions []Note
	// Fault is why the file cannot be loaded with this mapping; nil when it can.
	Fault    *Fault
	Problems []PreviewProblem
	// Read is how many rows came after the header, Lines how many of them are charges, Unpriced how many of those have no cost.
	Read, Lines, Unpriced int64
	// Totals are the exact sums of BilledCost by currency; First and Last the period of the charges, Last exclusive.
	Totals      map[string]decimal.Decimal
	First, Last time.Time
	LeftOut     []PreviewLeftOut
	Notes       []Note
}

// PreviewColumn is a column of a file.
type PreviewColumn struct {
	Name string
	// Role is a value of Preview.Roles, empty when the mapping does not use the column. A column of tags has the role "tag",
	// and Key is the tag's name, empty for a column of many tags.
	Role string
	Key  string
}

// PreviewRow is a row of a file, as text.
type PreviewRow struct {
	Number int64
	Cells  []string
}

// PreviewProblem is a cell that cannot be read.
type PreviewProblem struct {
	Row    int64
	Column string
	Text   Text
}

// PreviewLeftOut are rows that a rule of the mapping leaves out.
type PreviewLeftOut struct {
	Reason Text
	Rows   int64
	Totals map[string]decimal.Decimal
}
