package clickhouse

import (
	"context"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
)

// gathering joins the small INSERTs of one table that come while another one is under way: each INSERT makes a part, with a
// dozen files, whatever its size, so many connections' rows go better as one. An INSERT that comes alone is sent at once and alone.
type gathering struct {
	mu     sync.Mutex
	tables map[string]*group
}

// group is what waits for a table, and whether somebody is sending.
type group struct {
	sending bool
	waiting []*grouped
}

type grouped struct {
	token   string
	content *block
	done    chan error
}

// insertGrouped is insert for rows that need not be one INSERT of their own. All of a group succeed or fail together. A call
// that is repeated after a success is dropped when it was alone both times; as part of a group its rows may be there twice, so
// it is for tables in which that changes no answer.
func (s *Store) insertGrouped(ctx context.Context, table, token string, content *block) error {
	own := &grouped{token: token, content: content, done: make(chan error, 1)}
	g, lead := s.small.join(table, own)
	if lead {
		s.send(ctx, table, g)
	}
	select {
	case err := <-own.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join adds to what waits for a table and tells whether the caller is to send.
func (g *gathering) join(table string, own *grouped) (of *group, lead bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tables == nil {
		g.tables = map[string]*group{}
	}
	of = g.tables[table]
	if of == nil {
		of = &group{}
		g.tables[table] = of
	}
	of.waiting = append(of.waiting, own)
	lead = !of.sending
	of.sending = true
	return of, lead
}

// take gives what waits; nothing when all is sent, and then the next comer leads.
func (g *gathering) take(of *group) []*grouped {
	g.mu.Lock()
	defer g.mu.Unlock()
	taken := of.waiting
	of.waiting = nil
	of.sending = len(taken) > 0
	return taken
}

// send sends what waits, again and again, until nothing does. Rows of others do not depend on whether the caller is cancelled.
func (s *Store) send(ctx context.Context, table string, of *group) {
	first := s.small.take(of)
	s.sendOne(ctx, table, first)
	rest := s.small.take(of)
	if len(rest) == 0 {
		return
	}
	s.sending.Go(func() {
		for ctx := context.WithoutCancel(ctx); len(rest) > 0; rest = s.small.take(of) {
			s.sendOne(ctx, table, rest)
		}
	})
}

func (s *Store) sendOne(ctx context.Context, table string, taken []*grouped) {
	token, content := taken[0].token, taken[0].content
	if len(taken) > 1 {
		ctx = context.WithoutCancel(ctx)
		tokens := []any{"group"}
		for _, t := range taken {
			tokens = append(tokens, t.token)
		}
		token, content = tokenOf(tokens...), together(taken)
	}
	err := s.insert(ctx, table, token, content)
	for _, t := range taken {
		t.done <- err
	}
}

// together is one block of all rows.
func together(taken []*grouped) *block {
	all := &block{}
	for _, t := range taken {
		all.n += t.content.n
	}
	for i, p := range taken[0].content.parts {
		all.add(p.Name, string(p.Type), func(c column.Interface) error {
			for _, t := range taken {
				if err := t.content.parts[i].fill(c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return all
}
