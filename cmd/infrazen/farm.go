package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/world"
)

// stand is the stand-in of one cloud with its accounts.
type stand struct {
	kind     pipeline.Kind
	handler  http.Handler
	accounts []*world.Account
	// settings are those of a connection to an account, secrets included, with the stand-in at an address.
	settings func(a *world.Account, base string) pipeline.Settings
}

// farm is all stand-ins on one port, each below its kind's path.
type farm struct {
	stands []stand

	mu   sync.Mutex
	dead map[string]bool // kinds that answer nothing
}

// connections are what connects to every account of the farm at an address ("http://127.0.0.1:1").
func (f *farm) connections(address string, fields map[pipeline.Kind][]pipeline.Field) []demoConnection {
	var out []demoConnection
	for _, s := range f.stands {
		for _, a := range s.accounts {
			c := demoConnection{Connection: pipeline.Connection{Kind: s.kind, Name: a.Title, Settings: map[string]string{}}, secrets: map[string]string{}}
			values := s.settings(a, address+"/"+string(s.kind))
			for _, field := range fields[s.kind] {
				v, ok := values[field.Name]
				switch {
				case !ok:
				case field.Secret:
					c.secrets[field.Name] = v
				default:
					c.Settings[field.Name] = v
				}
			}
			out = append(out, c)
		}
	}
	return out
}

// fieldsOf are the settings of each kind.
func fieldsOf(all []pipeline.Provider) map[pipeline.Kind][]pipeline.Field {
	out := map[pipeline.Kind][]pipeline.Field{}
	for _, p := range all {
		info := p.Info()
		out[info.Kind] = info.Fields
	}
	return out
}

// controlPath is where the bench says which clouds are dead.
const controlPath = "/control/dead/"

// ServeHTTP implements http.Handler.
func (f *farm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if kind, ok := strings.CutPrefix(r.URL.Path, controlPath); ok {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.dead = map[string]bool{kind: kind != ""}
		return
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	f.mu.Lock()
	dead := f.dead[kind]
	f.mu.Unlock()
	if dead {
		_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that the client leaves
		<-r.Context().Done()
		return
	}
	for _, s := range f.stands {
		if string(s.kind) == kind {
			http.StripPrefix("/"+kind, s.handler).ServeHTTP(w, r)
			return
		}
	}
	http.NotFound(w, r)
}

// serve answers on a listener until ctx ends, over HTTP/2 without TLS too: gRPC wants it.
func (f *farm) serve(ctx context.Context, l net.Listener) error {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{Handler: f, ReadHeaderTimeout: 10 * time.Second, Protocols: protocols}
	stopped := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stopped()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("cannot serve the stand-in clouds: %w", err)
	}
	return nil
}
