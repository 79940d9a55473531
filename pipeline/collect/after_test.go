package collect_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

// tagged is a lab whose charges come after the inventory, with the tasks that its cloud was given.
func tagged() (l *lab, tasks func(pipeline.Feed) []pipeline.Task) {
	l = newLab(noon)
	l.cloud.Parallel = 4
	l.cloud.Specs = []pipeline.FeedSpec{
		{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, Every: time.Hour},
		{Feed: pipeline.FeedCharges, Grain: pipeline.GrainHour, Every: time.Hour, After: pipeline.FeedInventory},
	}
	var mu sync.Mutex
	var got []pipeline.Task
	l.cloud.OnTask = func(t pipeline.Task) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, t)
	}
	return l, func(f pipeline.Feed) []pipeline.Task {
		mu.Lock()
		defer mu.Unlock()
		var of []pipeline.Task
		for _, t := range got {
			if t.Feed == f {
				of = append(of, t)
			}
		}
		return of
	}
}

func TestChargesKnowTheTagsOfTheInventory(t *testing.T) {
	l, tasks := tagged()
	r := server("a", "", "")
	r.Rates, r.Tags, r.ProjectID = nil, map[string]string{"team": "shop"}, "p1"
	l.tell(collecttest.World{Scopes: []string{"vps"}, Resources: []pipeline.Resource{r}})
	l.sync(t)
	charges := tasks(pipeline.FeedCharges)
	if len(charges) == 0 {
		t.Fatal("no charges were asked for")
	}
	for _, task := range charges {
		if len(task.Known) != 1 || task.Known[0].Tags["team"] != "shop" || task.Known[0].ProjectID != "p1" {
			t.Fatalf("charges were asked for knowing %+v", task.Known)
		}
	}
}

func TestChargesWaitForTheFirstInventoryButNotForever(t *testing.T) {
	l, tasks := tagged()
	young := connection()
	young.CreatedAt = noon.Add(-time.Minute)
	l.windows.Connect(young, pipeline.Settings{"password": "open sesame"})
	down := true
	l.cloud.World = func(context.Context, pipeline.Settings) (collecttest.World, error) {
		if down {
			down = false
			return collecttest.World{}, &pipeline.Fault{Code: pipeline.FaultUnavailable, Retry: true, Err: errors.New("down")}
		}
		return collecttest.World{}, nil
	}
	l.sync(t)
	if n := len(tasks(pipeline.FeedCharges)); n != 0 {
		t.Fatalf("%d windows of charges were asked for before any inventory was read", n)
	}
	if f := l.last(t, pipeline.FeedCharges).Fault; f == nil || !f.Retry {
		t.Errorf("charges that wait are told as %v", f)
	}
	l.windows.Set(noon.Add(11 * time.Minute))
	down = true // the inventory comes first and fails again
	l.windows.AllDue()
	l.sync(t)
	if len(tasks(pipeline.FeedCharges)) == 0 {
		t.Error("charges wait for an inventory that cannot be read")
	}
}
