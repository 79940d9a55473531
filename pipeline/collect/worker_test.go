package collect_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

// onlyCharges leaves one feed with one window an hour.
func (l *lab) onlyCharges() *lab {
	l.cloud.Specs = []pipeline.FeedSpec{{Feed: pipeline.FeedCharges, Grain: pipeline.GrainHour, Every: time.Hour}}
	return l
}

func TestPanicOfAProviderIsItsWindowsFault(t *testing.T) {
	l := newLab(noon).onlyCharges()
	first := true
	l.cloud.World = func(context.Context, pipeline.Settings) (collecttest.World, error) {
		if first {
			first = false
			panic("open sesame")
		}
		return collecttest.World{}, nil
	}
	l.config.Workers = 1
	l.sync(t)
	failed := 0
	for _, f := range l.windows.Finished() {
		if f.Result.Fault != nil {
			failed++
			if f.Result.Fault.Code != pipeline.FaultInternal || !f.Result.Fault.Retry {
				t.Errorf("the panic became %v", f.Result.Fault)
			}
		}
	}
	if failed != 1 || len(l.windows.Finished()) < 2 {
		t.Errorf("%d of %d windows failed", failed, len(l.windows.Finished()))
	}
	if strings.Contains(l.log.String(), "open sesame") || !strings.Contains(l.log.String(), "provider panicked") {
		t.Errorf("log: %s", l.log)
	}
}

func TestSecretsOfAConnectionGoNowhere(t *testing.T) {
	l := newLab(noon).onlyCharges()
	l.down = &pipeline.Fault{
		Code: pipeline.FaultCredentials, Text: pipeline.Text{RU: "пароль open sesame", EN: "password open sesame"}, Err: errors.New("POST /?p=open+sesame"),
	}
	l.sync(t)
	f := l.last(t, pipeline.FeedCharges).Fault
	if told := f.Error() + f.Text.RU + l.log.String(); strings.Contains(told, "sesame") || !strings.Contains(told, "[secret]") {
		t.Errorf("told: %s", told)
	}
}

func TestWrongPasswordIsNotHammered(t *testing.T) {
	l := newLab(noon).onlyCharges()
	l.down = &pipeline.Fault{Code: pipeline.FaultCredentials, Retry: true}
	l.sync(t)
	if wait := l.last(t, pipeline.FeedCharges).RetryAt.Sub(noon); wait < 30*time.Minute {
		t.Errorf("tried again after %s", wait)
	}
}

func TestSessionsAreUsedAgainUntilTheConnectionIsEdited(t *testing.T) {
	l := newLab(noon).onlyCharges()
	opened, closed := 0, 0
	l.cloud.OnOpen, l.cloud.OnClose = func() { opened++ }, func() { closed++ }
	c := l.collector(t, "one")
	sync := func() {
		t.Helper()
		if err := c.PlanAll(context.Background()); err != nil {
			t.Fatal(err)
		}
		c.CollectDue(context.Background())
		c.CloseIdle(context.Background())
	}
	sync()
	l.windows.Set(noon.Add(time.Hour))
	sync()
	if opened != 1 || closed != 0 {
		t.Errorf("%d sessions were opened and %d closed, want one open", opened, closed)
	}
	edited := connection()
	edited.Version = 2
	l.windows.Connect(edited, pipeline.Settings{"password": "another"})
	l.windows.AllDue()
	sync()
	if opened != 2 || closed != 1 {
		t.Errorf("after the edit %d sessions were opened and %d closed", opened, closed)
	}
}

func TestEditDuringCollectionLeavesTheWindowUnmarked(t *testing.T) {
	l := newLab(noon).onlyCharges()
	edits := 0
	l.cloud.World = func(context.Context, pipeline.Settings) (collecttest.World, error) {
		if edits++; edits == 1 {
			edited := connection()
			edited.Version = 2
			l.windows.Connect(edited, pipeline.Settings{"password": "x"})
		}
		return collecttest.World{}, nil
	}
	l.config.Workers = 1
	l.sync(t)
	for _, f := range l.windows.Finished() {
		if f.Window.Connection.Version != 2 {
			t.Errorf("a window begun with settings of version %d was marked", f.Window.Connection.Version)
		}
	}
}

// running is a lab whose cloud answers only when it is told to, or when the task is given up.
func running(t *testing.T) (l *lab, asked chan struct{}, stopped *atomic.Int64) {
	l = newLab(noon).onlyCharges()
	asked, stopped = make(chan struct{}, 100), &atomic.Int64{}
	l.config.Workers, l.config.Grace = 1, 10*time.Millisecond
	l.cloud.World = func(ctx context.Context, _ pipeline.Settings) (collecttest.World, error) {
		asked <- struct{}{}
		<-ctx.Done()
		stopped.Add(1)
		return collecttest.World{}, ctx.Err()
	}
	return l, asked, stopped
}

func TestStoppedCollectorHandsItsWindowsBack(t *testing.T) {
	l, asked, stopped := running(t)
	c := l.collector(t, "one")
	if err := c.PlanAll(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Work(ctx)
	}()
	<-asked
	stop()
	<-done
	if len(l.windows.Finished()) != 0 || stopped.Load() != 1 {
		t.Errorf("%d windows were marked, %d stopped", len(l.windows.Finished()), stopped.Load())
	}
	l.windows.Set(noon.Add(time.Second)) // far less than the lease
	left, err := l.windows.Claim(context.Background(), "two", 100, time.Minute, collect.ClaimLimits{PerConnection: map[pipeline.Kind]int{collecttest.Kind: 100}})
	if err != nil || len(left) != 12 {
		t.Errorf("another collector finds %d windows, %v", len(left), err)
	}
}

func TestLostLeaseEndsTheWork(t *testing.T) {
	l, asked, stopped := running(t)
	l.config.Lease = 30 * time.Millisecond
	c := l.collector(t, "one")
	if err := c.PlanAll(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Work(ctx)
	}()
	<-asked
	l.windows.Steal()
	for stopped.Load() == 0 {
		<-asked // the next window is begun when the first has been given up
	}
	stop()
	<-done
	if n := len(l.windows.Finished()); n != 0 {
		t.Errorf("%d windows were marked", n)
	}
}

func TestPlansAskForNoMoreThanIsNew(t *testing.T) {
	l := newLab(noon).onlyCharges()
	c := l.collector(t, "one")
	for i := range 3 {
		l.windows.Set(noon.Add(time.Duration(i) * time.Hour))
		if err := c.PlanAll(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	c.CollectDue(context.Background())
	if n := len(l.windows.Finished()); n != 14 {
		t.Errorf("%d windows were collected, want 14 hours", n)
	}
}
