package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

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

// farm is all stand-ins on one port, each at a loopback address of its own: their catalogs name addresses at the root of a host.
type farm struct {
	stands    []stand
	listeners []net.Listener

	mu   sync.Mutex
	dead pipeline.Kind // answers nothing
}

// addressOf is where the n-th stand listens: 127.0.0.1, 127.0.0.2 and so on.
func addressOf(n, port int) string {
	return net.JoinHostPort(fmt.Sprintf("127.0.0.%d", n+1), strconv.Itoa(port))
}

// listen takes the port at every stand's address.
func (f *farm) listen(ctx context.Context, port int) error {
	for i, s := range f.stands {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addressOf(i, port))
		if err != nil {
			return errors.Join(fmt.Errorf("cannot start the stand-in of %s (setting demo.port): %w", s.kind, err), f.close())
		}
		f.listeners = append(f.listeners, l)
	}
	return nil
}

func (f *farm) close() error {
	var errs []error
	for _, l := range f.listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// connections are what connects to every account.
func (f *farm) connections(port int, fields map[pipeline.Kind][]pipeline.Field) []demoConnection {
	var out []demoConnection
	for i, s := range f.stands {
		for _, a := range s.accounts {
			c := demoConnection{Connection: pipeline.Connection{Kind: s.kind, Name: a.Title, Settings: map[string]string{}}, secrets: map[string]string{}}
			values := s.settings(a, "http://"+addressOf(i, port))
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

// deadPath is where the bench says which kind is dead.
const deadPath = "/control/dead/"

// guarded is a stand's handler that answers nothing while its kind is dead.
func (f *farm) guarded(s *stand) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, control := strings.CutPrefix(r.URL.Path, deadPath)
		f.mu.Lock()
		if control {
			f.dead = pipeline.Kind(kind)
		}
		dead := f.dead == s.kind
		f.mu.Unlock()
		switch {
		case control:
		case dead:
			_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that the client leaves
			<-r.Context().Done()
		default:
			s.handler.ServeHTTP(w, r)
		}
	})
}

// serve answers until ctx ends, over HTTP/2 without TLS too: gRPC wants it.
func (f *farm) serve(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for i := range f.stands {
		protocols := &http.Protocols{}
		protocols.SetHTTP1(true)
		protocols.SetUnencryptedHTTP2(true)
		srv := &http.Server{Handler: f.guarded(&f.stands[i]), ReadHeaderTimeout: 10 * time.Second, Protocols: protocols}
		g.Go(func() error {
			if err := srv.Serve(f.listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("cannot serve the stand-in of %s: %w", f.stands[i].kind, err)
			}
			return nil
		})
		g.Go(func() error { <-ctx.Done(); return srv.Close() })
	}
	return g.Wait()
}
