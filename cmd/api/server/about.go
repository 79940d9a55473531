package server

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"github.com/google/uuid"

	"github.com/infrazen/infrazen/pipeline"
)

// about is what is known of a request beside its content.
type about struct {
	id string
	// addr is the client's address, behind the proxies that are trusted.
	addr netip.Addr
	// secure is true when the client came over https.
	secure bool
	lang   pipeline.Lang
	// caller is nil without a valid session.
	caller *caller
	body   []byte
}

type aboutKey struct{}

// aboutOf gives what identify has put into the context.
func aboutOf(ctx context.Context) *about {
	if a, ok := ctx.Value(aboutKey{}).(*about); ok {
		return a
	}
	return &about{lang: pipeline.Russian}
}

// identify gives the request its id, address and language.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &about{id: uuid.NewString(), lang: acceptedLang(r.Header.Get("Accept-Language"))}
		if a.lang == "" {
			a.lang = pipeline.Russian
		}
		a.addr, a.secure = s.proxies.client(r)
		a.secure = a.secure || s.Config.https()
		w.Header().Set("X-Request-Id", a.id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), aboutKey{}, a)))
	})
}

// proxies are the networks whose forwarding headers are believed.
type proxies []netip.Prefix

func (ps proxies) trusts(a netip.Addr) bool {
	for _, p := range ps {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// client gives the address a request comes from and whether it came over https. Of X-Forwarded-For it takes the last
// address that is no trusted proxy: what stands before it may be the client's invention.
func (ps proxies) client(r *http.Request) (addr netip.Addr, secure bool) {
	secure = r.TLS != nil
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		addr = peer.Addr().Unmap()
	}
	if !ps.trusts(addr) {
		return addr, secure
	}
	secure = secure || r.Header.Get("X-Forwarded-Proto") == "https"
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && ps.trusts(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap()
	}
	return addr, secure
}
