package table

// The codes of notes on a file.
const (
	NoteLeftOut     = "rows_left_out"
	NoteUnpriced    = "unpriced"
	NoteRounded     = "rounded"
	NoteEmptyPeriod = "empty_period"
	NoteSubsecond   = "subsecond"
	NoteBadTags     = "bad_tags"
	NoteNoTagColumn = "no_tag_column"
	NoteCategory    = "unknown_category"
	NoteEmptyCost   = "empty_cost"
	NoteNoRows      = "no_rows"
)
