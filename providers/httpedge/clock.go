package httpedge

import (
	"net/http"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// MaxSkew is how far our clock and a cloud's may differ before the user is told.
const MaxSkew = 2 * time.Minute

// clock compares our clock with the Date headers of answers.
type clock struct {
	cloud time.Time     // newest Date
	skew  time.Duration // cloud minus ours
	known bool
}

// note takes an answer's Date, made between two instants of ours. Date has whole seconds.
func (c *clock) note(h http.Header, before, after time.Time) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	ours := before.Add(after.Sub(before) / 2)
	c.cloud, c.skew, c.known = date.UTC(), date.Add(500*time.Millisecond).Sub(ours), true
}

// CloudTime is the cloud's clock as its newest answer told it; zero when none did.
func (c *Client) CloudTime() time.Time { return c.clock.cloud }

// Now is the present by the cloud's clock, or by ours while no answer has told it.
func (c *Client) Now() time.Time {
	now := c.cfg.Env.Now().UTC()
	if c.clock.known {
		now = now.Add(c.clock.skew)
	}
	return now.Truncate(time.Second)
}

// ClockFault says by how much and in which direction our clock is wrong; nil when it is within MaxSkew.
func (c *Client) ClockFault() *pipeline.Fault {
	if !c.clock.known || c.clock.skew.Abs() <= MaxSkew {
		return nil
	}
	ru, en := "отстают от часов", "behind"
	if c.clock.skew < 0 {
		ru, en = "спешат относительно часов", "ahead of"
	}
	by := c.clock.skew.Abs().Round(time.Minute).String()
	return &pipeline.Fault{
		Code: pipeline.FaultClock,
		Text: pipeline.Text{
			RU: "Часы сервера InfraZen " + ru + " " + c.cfg.Cloud + " на " + by + ". Включите синхронизацию времени (NTP): данные собраны по часам облака.",
			EN: "The clock of the InfraZen server is " + by + " " + en + " that of " + c.cfg.Cloud + ". Switch on time synchronisation (NTP): data was collected by the cloud's clock.",
		},
		Retry: true,
	}
}
