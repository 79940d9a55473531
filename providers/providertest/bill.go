package providertest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// Bill is what a cloud's billing says now of the period or the object of one task, and what can happen to it. Nil functions
// mean that the cloud cannot.
type Bill struct {
	// Task is of FeedCharges or FeedFiles.
	Task pipeline.Task
	// Costs are the exact BilledCost by the start of the charge period (RFC 3339, UTC) and the resource, "" for none, as
	// decimal text in canonical form.
	Costs func() map[BillKey]string
	// Late lets lines appear that were missing, Restate changes lines already given out, Vanish takes some away.
	Late, Restate, Vanish func()
	// Unknown are resources billed under a type that nobody knows: their lines must be there, marked as unrecognised.
	Unknown []string
}

// BillKey is one place of a bill.
type BillKey struct {
	Start    string
	Resource string
}

// testBill compares charges with the cloud's bill, before and after it changes.
func (c Case) testBill(t *testing.T) {
	probe := c.New(t)
	for i := range probe.Bills {
		for name, change := range map[string]func(b *Bill) func(){
			"as it is":       func(*Bill) func() { return func() {} },
			"late lines":     func(b *Bill) func() { return b.Late },
			"restated lines": func(b *Bill) func() { return b.Restate },
			"vanished lines": func(b *Bill) func() { return b.Vanish },
		} {
			t.Run(string(probe.Bills[i].Task.Feed)+" "+name, func(t *testing.T) {
				c.oneBill(t, i, name, change)
			})
		}
	}
}

func (c Case) oneBill(t *testing.T, i int, name string, change func(b *Bill) func()) {
	cloud := c.New(t)
	bill := &cloud.Bills[i]
	happen := change(bill)
	if happen == nil {
		return
	}
	b := c.open(t, cloud, cloud.Settings)
	before := bill.Costs()
	if len(before) == 0 {
		t.Fatal("the bill is empty")
	}
	rec, _ := b.must(bill.Task)
	sameBill(t, before, rec)
	unknownKept(t, bill.Unknown, rec)
	happen()
	after := bill.Costs()
	if name != "as it is" && cmp.Equal(before, after) {
		t.Errorf("%s: the bill is what it was", name)
	}
	if bill.Task.Feed == pipeline.FeedFiles {
		bill.Task.Object.Version += "+"
	}
	rec, _ = b.must(bill.Task)
	sameBill(t, after, rec)
}

func sameBill(t *testing.T, want map[BillKey]string, rec *Recorder) {
	t.Helper()
	if diff := cmp.Diff(want, rec.Costs()); diff != "" {
		t.Errorf("the bill says (-), was collected (+):\n%.4000s", diff)
	}
}

func unknownKept(t *testing.T, ids []string, rec *Recorder) {
	t.Helper()
	charges := rec.Charges()
	for _, id := range ids {
		i := slices.IndexFunc(charges, func(c pipeline.Charge) bool { return c.ResourceID == id })
		if i < 0 || !charges[i].Unrecognised {
			t.Errorf("resource %s is billed under an unknown type: its lines must be there and be marked", id)
		}
	}
}

// Charges are all charges of committed slices.
func (r *Recorder) Charges() []pipeline.Charge {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []pipeline.Charge
	for _, charges := range r.Committed {
		out = append(out, charges...)
	}
	return out
}

// Costs are the sums of BilledCost of committed slices; places whose sum is zero are left out.
func (r *Recorder) Costs() map[BillKey]string {
	sums := map[BillKey]decimal.Decimal{}
	charges := r.Charges()
	for i := range charges {
		c := &charges[i]
		k := BillKey{c.Start.Format(time.RFC3339), c.ResourceID}
		sums[k] = sums[k].Add(c.BilledCost)
	}
	out := map[BillKey]string{}
	for k, d := range sums {
		if !d.IsZero() {
			out[k] = d.String()
		}
	}
	return out
}
