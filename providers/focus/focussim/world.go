package focussim

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/shopspring/decimal"
)

// row is one line of an export.
type row struct {
	thing      *thing
	Start, End time.Time
	Quantity   decimal.Decimal
	UnitPrice  decimal.Decimal
	BilledCost decimal.Decimal
	category   string
	frequency  string
}

// world is the company at a cloud.
type world struct {
	conf   Config
	start  time.Time
	things []thing
	extra  extras
}

// extras are the lines that belong to no resource.
type extras struct {
	support, grant thing
}

func newWorld(c Config, start time.Time) *world {
	w := &world{conf: c, start: start, things: catalogue()}
	for i := range w.things {
		t := &w.things[i]
		t.id = fmt.Sprintf("%s-%012x", t.kind, uint64(w.dice(t.name, time.Time{}).Int64N(1<<48)))
	}
	w.extra.support = thing{
		category: "Other", service: "Техническая поддержка", sku: "support.business", description: "Поддержка «Бизнес», месяц",
		unit: "Months", price: 24_000_000_000, size: 1000,
	}
	w.extra.grant = thing{
		category: "Other", service: "Грант", sku: "grant", description: "Стартовый грант", unit: "Days", price: -310_000_000, size: 1000,
	}
	return w
}

// dice are the chances of one thing in one hour: the same at every call.
func (w *world) dice(name string, hour time.Time) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d/%s/%d", w.conf.Seed, name, hour.Unix())
	return rand.New(rand.NewPCG(w.conf.Seed, h.Sum64()))
}

// rows gives what the cloud has exported by now of the hours in [from, to), in order of time.
func (w *world) rows(from, to time.Time) []row {
	var out []row
	for hour := from; hour.Before(to); hour = hour.Add(time.Hour) {
		if hour.Add(time.Hour + exportLag).After(w.conf.Now) {
			break
		}
		out = append(out, w.oddRows(hour)...)
		for i := range w.things {
			if r, exported := w.rowOf(&w.things[i], hour); exported {
				out = append(out, r)
			}
		}
	}
	return out
}

// oddRows gives the lines of a month and of a day.
func (w *world) oddRows(hour time.Time) []row {
	var out []row
	if hour.Day() == 1 && hour.Hour() == 0 {
		r := w.price(&w.extra.support, hour, 1000)
		r.End, r.category, r.frequency = hour.AddDate(0, 1, 0), "Purchase", "Recurring"
		out = append(out, r)
	}
	if hour.Hour() == 0 && hour.Before(w.start.AddDate(0, 0, 30)) {
		r := w.price(&w.extra.grant, hour, 1000)
		r.End, r.category, r.frequency = hour.AddDate(0, 0, 1), "Credit", "One-Time"
		out = append(out, r)
	}
	return out
}

func (w *world) rowOf(t *thing, hour time.Time) (r row, exported bool) {
	age := int(hour.Sub(w.start) / (24 * time.Hour))
	if age < t.from || (t.to > 0 && age >= t.to) {
		return r, false
	}
	dice := w.dice(t.name, hour)
	factor := t.pattern.factor(hour, age, dice)
	if factor == 0 {
		return r, false
	}
	luck := dice.IntN(100)
	if hour.Add(time.Hour + settleAfter).After(w.conf.Now) {
		switch {
		case luck < 4:
			return r, false // comes late
		case luck < 10:
			factor = factor * 8 / 10 // is corrected upwards
		}
	}
	return w.price(t, hour, factor), true
}

// price makes the line of a thing used for an hour at a load in thousandths of the usual one.
func (w *world) price(t *thing, hour time.Time, load int64) row {
	quantity := decimal.New(t.size*load, -6)
	unit := decimal.New(t.price*w.conf.Cloud.PriceFactor, -9)
	return row{
		thing: t, Start: hour, End: hour.Add(time.Hour), Quantity: quantity, UnitPrice: unit,
		BilledCost: quantity.Mul(unit).RoundBank(10), category: "Usage", frequency: "Usage-Based",
	}
}

// factor is the load of an hour in thousandths of the usual one; 0 means that the thing is off.
func (p pattern) factor(hour time.Time, age int, dice *rand.Rand) int64 {
	noise := 970 + dice.Int64N(61)
	local := hour.Add(3 * time.Hour) // Moscow
	weekend := local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
	switch p {
	case daily:
		return dayCurve(local.Hour(), weekend) * (1000 + int64(age)*3) / 1000 * noise / 1000
	case growing:
		return 1000 + int64(age)*4
	case traffic:
		load := dayCurve(local.Hour(), weekend) * noise / 1000
		if age%37 == 36 && local.Hour() >= 13 && local.Hour() < 18 {
			load *= 8 // somebody downloads the whole shop
		}
		return load
	case nightly:
		if hour.Hour() < 1 || hour.Hour() > 4 {
			return 0
		}
		return noise
	case workHours:
		if weekend || local.Hour() < 9 || local.Hour() >= 20 {
			return 0
		}
		return 1000
	default:
		return 1000
	}
}

// dayCurve is the load of a shop by the hour of the day.
func dayCurve(hour int, weekend bool) int64 {
	curve := [24]int64{420, 330, 280, 260, 260, 300, 420, 600, 820, 990, 1100, 1160, 1190, 1180, 1160, 1150, 1180, 1250, 1340, 1420, 1450, 1330, 980, 640}
	if weekend {
		return curve[hour] * 78 / 100
	}
	return curve[hour]
}
