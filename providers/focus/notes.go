package focus

import (
	"slices"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// The codes of the notes on what was coped with.
const (
	NoteBOM            = "bom"
	NoteEncoding       = "encoding"
	NoteDelimiter      = "delimiter"
	NoteUnknownColumns = "unknown_columns"
	NoteCustomColumns  = "custom_columns"
	NoteMissingColumns = "missing_columns"
	NoteRenamedColumns = "renamed_columns"
	NoteRounded        = "rounded"
	NoteFloatColumns   = "float_columns"
	NoteCommaDecimals  = "comma_decimals"
	NoteUnpriced       = "unpriced"
	NoteEmptyCost      = "empty_cost"
	NoteBadTags        = "bad_tags"
	NoteEmptyPeriod    = "empty_period"
	NoteCurrencyCase   = "currency_case"
	NoteCategory       = "unknown_category"
	NoteSubsecond      = "subsecond"
	NoteDuplicateFile  = "duplicate_file"
	NoteNoRows         = "no_rows"
)

// notebook gathers the notes on one file, in the order in which they first came up.
type notebook struct {
	scope string
	notes []pipeline.Note
}

// add records a note once; count is how many rows or columns it concerns.
func (n *notebook) add(code string, count int64, ru, en string, args ...any) {
	n.notes = append(n.notes, pipeline.Note{
		Code: code, Scope: n.scope, Text: pipeline.Textf(ru, en, args...), Count: count,
	})
}

// list joins names for a sentence, the first twenty of them.
func list(names []string) string {
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}

func sortedList(names []string) string {
	return list(slices.Sorted(slices.Values(names)))
}
