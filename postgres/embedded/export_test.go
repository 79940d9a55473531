package embedded

// What the tests of the outside need of the inside.
var (
	FindEngine = findEngine
	CopyTree   = copyTree
)
