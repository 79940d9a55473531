package collecttest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Kind is the kind of the small cloud.
const Kind pipeline.Kind = "small"

// World is what the small cloud tells of itself. It travels as JSON.
type World struct {
	// Clock is the cloud's clock; zero when it does not tell.
	Clock time.Time
	// Charges are billed hours.
	Charges []pipeline.Charge
	// Unread is the instant before which the cloud's bill can be read and from which it fails; zero when it can be read whole.
	Unread    time.Time
	Files     []File
	Resources []pipeline.Resource
	// Scopes are the lists that an inventory reads. Failing ones give half of what they have, and a fault.
	Scopes  []string
	Failing []string
	Samples []pipeline.Sample
}

// File is an object with charges in it.
type File struct {
	Key, Version string
	Charges      []pipeline.Charge
}

// Cloud is a provider of a World. Hooks are called when they are set.
type Cloud struct {
	// World gives what the connection's account looks like now; an error is the whole task's.
	World func(ctx context.Context, settings pipeline.Settings) (World, error)
	// Feeds are all of them when nil.
	Specs []pipeline.FeedSpec
	// OnOpen and OnClose see sessions come and go.
	OnOpen, OnClose func()
	OnTask          func(pipeline.Task)
	// Limited makes every task wait for the cloud's limit first.
	Limited  bool
	Parallel int
}

// Info implements pipeline.Provider.
func (c *Cloud) Info() pipeline.Info {
	specs := c.Specs
	if specs == nil {
		specs = AllFeeds()
	}
	return pipeline.Info{
		Kind: Kind, Title: pipeline.Text{RU: "Малое облако", EN: "Small cloud"}, BillingZone: "Europe/Moscow", Concurrency: c.Parallel,
		Fields: []pipeline.Field{{Name: "login", Fixed: true}, {Name: "password", Secret: true, Required: true}}, Feeds: specs,
	}
}

// AllFeeds are the feeds of the small cloud.
func AllFeeds() []pipeline.FeedSpec {
	return []pipeline.FeedSpec{
		{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, Every: time.Hour, Restated: 2 * time.Hour, Backfill: 48 * time.Hour, Accrues: true},
		{Feed: pipeline.FeedCharges, Grain: pipeline.GrainHour, Every: time.Hour, Restated: 24 * time.Hour, Backfill: 24 * time.Hour},
		{Feed: pipeline.FeedFiles, Grain: pipeline.GrainObject, Every: time.Hour},
		{Feed: pipeline.FeedUsage, Grain: pipeline.GrainHour, Every: time.Hour},
	}
}

// Open implements pipeline.Provider.
func (c *Cloud) Open(settings pipeline.Settings, env pipeline.Env) (pipeline.Session, error) {
	if settings["password"] == "" {
		return nil, &pipeline.Fault{Code: pipeline.FaultSettings, Text: pipeline.Text{RU: "Нет пароля.", EN: "There is no password."}}
	}
	if c.OnOpen != nil {
		c.OnOpen()
	}
	return &session{cloud: c, settings: settings, env: env}, nil
}

type session struct {
	cloud    *Cloud
	settings pipeline.Settings
	env      pipeline.Env
	using    sync.Mutex
}

func (s *session) Check(ctx context.Context) (pipeline.Outcome, error) {
	w, err := s.cloud.World(ctx, s.settings)
	return outcomeOf(&w), err
}

func (s *session) Close(context.Context) error {
	if s.cloud.OnClose != nil {
		s.cloud.OnClose()
	}
	return nil
}

func (s *session) Objects(ctx context.Context) ([]pipeline.Object, error) {
	w, err := s.cloud.World(ctx, s.settings)
	var objects []pipeline.Object
	for _, f := range w.Files {
		objects = append(objects, pipeline.Object{Key: f.Key, Version: f.Version, Size: int64(len(f.Charges))})
	}
	return objects, err
}

func outcomeOf(w *World) pipeline.Outcome {
	o := pipeline.Outcome{CloudTime: w.Clock}
	for _, s := range w.Scopes {
		r := pipeline.ScopeResult{Scope: s}
		if slices.Contains(w.Failing, s) {
			r.Fault = &pipeline.Fault{Code: pipeline.FaultUnavailable, Scope: s, Retry: true, Text: pipeline.Text{RU: "Не отвечает.", EN: "It does not answer."}}
		}
		o.Scopes = append(o.Scopes, r)
	}
	return o
}

func (s *session) Collect(ctx context.Context, t pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	if !s.using.TryLock() {
		panic("a session is used twice at once")
	}
	defer s.using.Unlock()
	if s.cloud.OnTask != nil {
		s.cloud.OnTask(t)
	}
	if s.cloud.Limited {
		if err := s.env.Wait(ctx, "small", pipeline.RateLimit{Burst: 1, Per: time.Second}); err != nil {
			return pipeline.Outcome{}, err
		}
	}
	w, err := s.cloud.World(ctx, s.settings)
	if err != nil {
		return pipeline.Outcome{}, err
	}
	switch t.Feed {
	case pipeline.FeedInventory:
		return s.inventory(ctx, &w, sink)
	case pipeline.FeedCharges:
		return s.charges(ctx, &w, t, sink)
	case pipeline.FeedFiles:
		return s.file(ctx, &w, t, sink)
	default:
		return s.usage(ctx, &w, t, sink)
	}
}

func (s *session) inventory(ctx context.Context, w *World, sink pipeline.Sink) (pipeline.Outcome, error) {
	for i, r := range w.Resources {
		if slices.Contains(w.Failing, r.Scope) && i%2 == 0 {
			continue
		}
		if err := sink.Resources(ctx, []pipeline.Resource{r}); err != nil {
			return pipeline.Outcome{}, err
		}
	}
	return outcomeOf(w), sink.Account(ctx, pipeline.AccountState{Currency: "RUB"})
}

func (s *session) charges(ctx context.Context, w *World, t pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	o := pipeline.Outcome{CloudTime: w.Clock}
	slice, err := sink.Slice(ctx, pipeline.Slice{Source: "consumption", From: t.From, To: t.To})
	if err != nil {
		return o, err
	}
	defer slice.Abort()
	for _, c := range w.Charges {
		if c.Start.Before(t.From) || !c.Start.Before(t.To) {
			continue
		}
		if !w.Unread.IsZero() && !c.Start.Before(w.Unread) {
			o.Scopes = []pipeline.ScopeResult{{Scope: "bill", Fault: &pipeline.Fault{Code: pipeline.FaultTimeout, Retry: true}}}
			return o, nil
		}
		if err := slice.Add(ctx, c); err != nil {
			return o, err
		}
	}
	return o, slice.Commit(ctx)
}

func (s *session) file(ctx context.Context, w *World, t pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	o := pipeline.Outcome{CloudTime: w.Clock}
	slice, err := sink.Slice(ctx, pipeline.Slice{Source: "file:" + t.Object.Key})
	if err != nil {
		return o, err
	}
	defer slice.Abort()
	at := slices.IndexFunc(w.Files, func(f File) bool { return f.Key == t.Object.Key })
	if at < 0 {
		return o, &pipeline.Fault{Code: pipeline.FaultNotFound, Text: pipeline.Text{RU: "Файла больше нет.", EN: "The file is gone."}}
	}
	for _, c := range w.Files[at].Charges {
		if err := slice.Add(ctx, c); err != nil {
			return o, err
		}
	}
	return o, slice.Commit(ctx)
}

func (s *session) usage(ctx context.Context, w *World, t pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	for _, p := range w.Samples {
		if p.Time.Before(t.From) || !p.Time.Before(t.To) {
			continue
		}
		if err := sink.Samples(ctx, []pipeline.Sample{p}); err != nil {
			return pipeline.Outcome{}, err
		}
	}
	return pipeline.Outcome{CloudTime: w.Clock}, nil
}
