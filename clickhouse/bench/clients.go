package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// oneClient asks the twelve questions one after the other, of one tenant after the other.
func (b *bench) oneClient(ctx context.Context) error {
	questions := Questions(b.World.To())
	took := make([][]time.Duration, len(questions))
	var all []time.Duration
	for round := range b.Rounds + 1 {
		for i := range questions {
			start := time.Now()
			if err := b.ask(ctx, round*len(questions)+i); err != nil {
				return err
			}
			if round > 0 { // the first round warms up
				took[i] = append(took[i], time.Since(start))
				all = append(all, time.Since(start))
			}
		}
	}
	for i, q := range questions {
		b.tell("question "+q.Name, fmt.Sprintf("p50 %.1f ms, greatest %.1f ms", ms(percentile(took[i], 50)), ms(percentile(took[i], 100))))
	}
	b.tell("12 overview questions, one client: p50", fmt.Sprintf("%.1f ms", ms(percentile(all, 50))))
	p99 := ms(percentile(all, 99))
	b.judge("12 overview questions, one client: p99", fmt.Sprintf("%.1f ms", p99), "<= 50 ms", p99 <= 50)
	return nil
}

// ask asks the n-th question: all twelve of a tenant, then those of the next.
func (b *bench) ask(ctx context.Context, n int) error {
	questions := Questions(b.World.To())
	answer, err := b.store.Costs(ctx, Tenant(n/len(questions)%b.World.Tenants), questions[n%len(questions)].CostQuery)
	if err == nil && len(answer.Groups) == 0 {
		err = fmt.Errorf("question %q has an empty answer", questions[n%len(questions)].Name)
	}
	return err
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func percentile(ds []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(ds))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

// eightClients compares the store with plain HTTP requests of the very same statements, by turns.
func (b *bench) eightClients(ctx context.Context) error {
	recorded, err := b.record(ctx)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	bare := func(ctx context.Context, n int) error {
		for _, r := range recorded[n%len(recorded)] {
			if err := r.send(ctx, client); err != nil {
				return err
			}
		}
		return nil
	}
	const turns = 4
	var asked, sent float64
	var took []time.Duration
	for range turns {
		n, ds, err := eight(ctx, b.Loaded/turns, b.ask)
		if err != nil {
			return err
		}
		asked, took = asked+n, append(took, ds...)
		if n, _, err = eight(ctx, b.Loaded/turns, bare); err != nil {
			return err
		}
		sent += n
	}
	b.tell("8 clients: questions/s", fmt.Sprintf("%.0f, p99 %.0f ms", asked/b.Loaded.Seconds(), ms(percentile(took, 99))))
	b.tell("8 clients: questions/s of the bare engine with the same SQL", fmt.Sprintf("%.0f", sent/b.Loaded.Seconds()))
	b.judge("8 clients: questions/s over the bare engine's with the same SQL", fmt.Sprintf("%.2f", asked/sent), ">= 0.7", asked >= 0.7*sent)
	return nil
}

// eight runs eight clients for a while and tells how many requests they made and how long each took.
func eight(ctx context.Context, during time.Duration, request func(context.Context, int) error) (float64, []time.Duration, error) {
	var mu sync.Mutex
	var took []time.Duration
	group, ctx := errgroup.WithContext(ctx)
	end := time.Now().Add(during)
	for client := range 8 {
		group.Go(func() error {
			for n := client * 1201; time.Now().Before(end); n++ {
				start := time.Now()
				if err := request(ctx, n); err != nil {
					return err
				}
				mu.Lock()
				took = append(took, time.Since(start))
				mu.Unlock()
			}
			return nil
		})
	}
	err := group.Wait()
	return float64(len(took)), took, err
}

// recording is one request that the store made.
type recording struct {
	url, body  string
	user, pass string
}

// record asks every question of every tenant through a proxy and keeps the statements.
func (b *bench) record(ctx context.Context) ([][]recording, error) {
	target, err := url.Parse(b.DSN)
	if err != nil {
		return nil, fmt.Errorf("cannot read the engine's address: %w", err)
	}
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: target.Scheme, Host: target.Host})
	var kept []recording
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !strings.Contains(string(body), "displayName()") {
			user, pass, _ := r.BasicAuth()
			kept = append(kept, recording{"http://" + target.Host + r.URL.RequestURI(), string(body), user, pass})
		}
		forward.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	through := *target
	through.Host = strings.TrimPrefix(proxy.URL, "http://")
	store, err := openStore(ctx, through.String())
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }()
	var out [][]recording
	for tenant := range b.World.Tenants {
		for _, q := range Questions(b.World.To()) {
			kept = nil
			if _, err := store.Costs(ctx, Tenant(tenant), q.CostQuery); err != nil {
				return nil, err
			}
			out = append(out, kept)
		}
	}
	return out, nil
}

// send makes the request again and reads the answer without looking at it.
func (r recording) send(ctx context.Context, client *http.Client) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, strings.NewReader(r.body))
	if err != nil {
		return err
	}
	if r.user != "" {
		request.SetBasicAuth(r.user, r.pass)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the bare engine answered %s", response.Status)
	}
	return nil
}
