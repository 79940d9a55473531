package pipeline

import (
	"time"

	"github.com/shopspring/decimal"
)

// BurnHour is what one whole hour of an account cost, in the account's currency. Purchases, credits and adjustments are not in it.
type BurnHour struct {
	Start time.Time // UTC, a full hour
	Cost  decimal.Decimal
	// Estimated is the part of Cost that no bill has stated.
	Estimated decimal.Decimal
}

// PrepaidAccount is what is known of the money on one account: a question for a Runway.
type PrepaidAccount struct {
	ConnectionID ConnectionID
	Name         string
	Kind         Kind
	// State is the latest change of the account. Its ObservedAt is the instant to which Balance and Bonus belong.
	State AccountState
	// CheckedAt is when the account was last read, changed or not; zero when unknown.
	CheckedAt time.Time
	// Rule is what the cloud does without money; nil when use is billed afterwards.
	Rule *Prepaid
	// Burn are the hours whose charges are whole, oldest first, without gaps being filled: an hour that is not known is not there.
	Burn []BurnHour
	// Through is the instant up to which charges are whole, a full hour; zero when nothing is known.
	Through time.Time
	// Unpriced counts the lines of the latest 24 known hours whose price is unknown: their cost is in no hour.
	Unpriced int64
	// Foreign are currencies of charges that are not the account's; they are in no hour.
	Foreign []string
}

// RunwayState says what can be told of an account.
type RunwayState string

// The states of a runway.
const (
	RunwayRuns      RunwayState = "runs"       // EndsAt is known
	RunwayOut       RunwayState = "out"        // the money has run out by now
	RunwayLong      RunwayState = "long"       // it lasts for more than RunwayHorizon
	RunwayIdle      RunwayState = "idle"       // nothing is spent
	RunwayPostpaid  RunwayState = "postpaid"   // use is billed afterwards
	RunwayNoBalance RunwayState = "no_balance" // the cloud has not told the balance
	RunwayNoHistory RunwayState = "no_history" // no charges were collected yet
	RunwayCurrency  RunwayState = "currency"   // charges are in another currency than the balance
)

// RunwayHorizon is how far ahead a runway looks.
const RunwayHorizon = 3 * 365 * 24 * time.Hour

// BurnBasis is the history that a burn was worked out from.
type BurnBasis string

// The bases, the best first.
const (
	BurnByWeeks BurnBasis = "weeks" // the mean of each hour of the week over two weeks or more, the later weeks counting more
	BurnByDays  BurnBasis = "days"  // what there is of the hours of the week; the mean of a day for the others
	BurnByDay   BurnBasis = "day"   // the mean of the latest known hours, at most 24
)

// Runway is for how long the money on an account lasts. All amounts are in the account's currency, all instants in UTC.
type Runway struct {
	PrepaidAccount
	State RunwayState
	// Money is what pays: the balance, and the bonus where the cloud takes it.
	Money decimal.Decimal
	// Left is Money less what was spent from State.ObservedAt to now.
	Left decimal.Decimal
	// Daily is the mean cost of a day; DailyEstimated the part of it that no bill has stated; DailyLow and DailyHigh the range.
	Daily, DailyEstimated, DailyLow, DailyHigh decimal.Decimal
	Basis                                      BurnBasis
	// AtMost is true when something runs whose price is unknown: the money lasts for so long at most.
	AtMost bool
	// EndsAt is the instant at which the money runs out, zero when it is not known or never does. EndsEarly and EndsLate are the
	// same at the high and at the low end of the burn; zero when beyond the horizon.
	EndsAt, EndsEarly, EndsLate time.Time
	// SuspendedAt and DeletedAt follow from EndsAt by the cloud's rule. DeletedAt is zero when the cloud does not say.
	SuspendedAt, DeletedAt time.Time
	// Until is the instant that the money should last to. TopUp is what it takes in whole units of the currency, zero when there is
	// enough; TopUpHigh the same at the high end of the burn.
	Until            time.Time
	TopUp, TopUpHigh decimal.Decimal
	// CloudEndsAt is the cloud's own forecast, zero when there is none; Difference says why ours is another.
	CloudEndsAt time.Time
	Difference  Text
}
