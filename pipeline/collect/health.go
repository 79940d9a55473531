package collect

import "github.com/infrazen/infrazen/pipeline"

// How many windows of a kind must go without an answer, one after the other, before its cloud is taken for down; and how many
// are then tried at once, so that its return is noticed.
const (
	downAfter = 6
	probes    = 2
)

// health counts, for each kind, the windows since its cloud last answered.
type health map[pipeline.Kind]int

// take looks at how a window ended.
func (h health) take(kind pipeline.Kind, r *Result) {
	if unanswered(r) {
		h[kind]++
	} else {
		h[kind] = 0
	}
}

// share is how many of the workers a kind may have. No kind gets all of them as long as there are others, so that one dead
// cloud, whose windows only wait, does not hold up the rest.
func (h health) share(kind pipeline.Kind, workers int) int {
	if h[kind] >= downAfter {
		return min(probes, workers)
	}
	return max(1, workers*3/4)
}

// unanswered tells whether nothing at all came from the cloud.
func unanswered(r *Result) bool {
	if r.Fault != nil {
		return silent(r.Fault)
	}
	for _, s := range r.Outcome.Scopes {
		if s.Fault == nil || !silent(s.Fault) {
			return false
		}
	}
	return len(r.Outcome.Scopes) > 0
}

func silent(f *pipeline.Fault) bool {
	return f.Code == pipeline.FaultTimeout || f.Code == pipeline.FaultUnavailable
}
