package selectelsim

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/providers/world"
)

// grant is a token given out; one without a project is of the account.
type grant struct {
	account *world.Account
	project string
	expires time.Time
	revoked bool
}

// StaticToken is the X-Token of an account.
func StaticToken(a *world.Account) string {
	return fmt.Sprintf("static-%x", sha256.Sum256([]byte(a.ID+"/"+a.Password)))[:47]
}

// Expire ends all tokens given out.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.tokens {
		g.revoked = true
	}
}

// SetTokenLife is for tokens given out from now on.
func (s *Server) SetTokenLife(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conf.TokenLife = d
}

type authRequest struct {
	Auth struct {
		Identity struct {
			Methods  []string `json:"methods"`
			Password struct {
				User struct {
					Name     string `json:"name"`
					Password string `json:"password"`
					Domain   struct {
						Name string `json:"name"`
					} `json:"domain"`
				} `json:"user"`
			} `json:"password"`
		} `json:"identity"`
		Scope struct {
			Project *struct {
				ID string `json:"id"`
			} `json:"project"`
			Domain *struct {
				Name string `json:"name"`
			} `json:"domain"`
		} `json:"scope"`
	} `json:"auth"`
}

func unauthorized(w http.ResponseWriter) {
	writeStatus(w, http.StatusUnauthorized, object{"error": object{
		"code": 401, "message": "The request you have made requires authentication. " + Secret, "title": "Unauthorized",
	}})
}

// auth is Keystone: a token of the account or of one project, with the catalog.
func (s *Server) auth(w http.ResponseWriter, r *http.Request) {
	var in authRequest
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	user := in.Auth.Identity.Password.User
	a := s.Account(user.Domain.Name)
	if a == nil || user.Name != ServiceUser || user.Password != a.Password || !slices.Contains(in.Auth.Identity.Methods, "password") {
		unauthorized(w)
		return
	}
	g := &grant{account: a}
	switch {
	case in.Auth.Scope.Project != nil:
		g.project = in.Auth.Scope.Project.ID
		if !slices.ContainsFunc(a.Projects, func(p world.Project) bool { return p.ID == g.project }) {
			unauthorized(w)
			return
		}
	case in.Auth.Scope.Domain == nil || in.Auth.Scope.Domain.Name != a.ID:
		unauthorized(w)
		return
	}
	token := s.issue(g)
	w.Header().Set("X-Subject-Token", token)
	const layout = "2006-01-02T15:04:05.000000Z"
	body := object{
		"methods": []string{"password"}, "expires_at": g.expires.UTC().Format(layout), "issued_at": s.now().UTC().Format(layout),
		"user": object{"name": user.Name, "domain": object{"name": a.ID}}, "roles": []object{{"name": "reader"}},
		"catalog": s.catalog(r, g.project),
	}
	if g.project != "" {
		body["project"] = object{"id": g.project, "name": a.Project(g.project)}
	}
	writeStatus(w, http.StatusCreated, object{"token": body})
}

func (s *Server) issue(g *grant) string {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	g.expires = now.Add(s.conf.TokenLife)
	token := fmt.Sprintf("gAAAAA%x", sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", g.account.ID, g.project, s.issued)))
	s.tokens[token] = g
	return token
}

// catalog lists the public and the internal addresses of every region. An account's token has none.
func (s *Server) catalog(r *http.Request, project string) []object {
	if project == "" {
		return []object{}
	}
	kinds := []struct{ kind, path string }{
		{"compute", "/compute/v2.1"},
		{"volumev3", "/volume/v3/" + project},
		{"network", "/network"},
		{"load-balancer", "/load-balancer"},
		{"sharev2", "/share/v2/" + project},
		{"dbaas", "/dbaas/v1"},
		{"mks", "/mks/v1"},
		{"metric", "/metric"},
	}
	var out []object
	for _, k := range kinds {
		var endpoints []object
		for _, region := range s.conf.Regions {
			endpoints = append(
				endpoints,
				object{"id": region + k.kind, "interface": "internal", "region": region, "region_id": region, "url": "http://" + r.Host + "/internal" + k.path},
				object{"id": region + k.kind + "p", "interface": "public", "region": region, "region_id": region, "url": "http://" + hostOf(r, region) + "/region/" + region + k.path},
			)
		}
		out = append(out, object{"type": k.kind, "name": k.kind, "id": k.kind, "endpoints": endpoints})
	}
	return append(out, object{"type": "craas", "name": "craas", "id": "craas", "endpoints": []object{
		{"id": "cr", "interface": "public", "region": s.conf.Regions[0], "region_id": s.conf.Regions[0], "url": "http://" + r.Host + "/cr/api"},
	}})
}

// hostOf puts kz-1 on another host, as at Selectel.
func hostOf(r *http.Request, region string) string {
	if rest, ok := strings.CutPrefix(r.Host, "127.0.0.1"); ok && region == "kz-1" {
		return "localhost" + rest
	}
	return r.Host
}

// grantOf finds the live token of a request.
func (s *Server) grantOf(r *http.Request) *grant {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.tokens[r.Header.Get("X-Auth-Token")]
	if g == nil || g.revoked || !now.Before(g.expires) {
		return nil
	}
	return g
}

// ofAccount lets requests with a static token or an account's token through.
func (s *Server) ofAccount(h func(http.ResponseWriter, *http.Request, *world.Account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if a := s.byStatic(r); a != nil {
			h(w, r, a)
			return
		}
		g := s.grantOf(r)
		switch {
		case g == nil:
			writeStatus(w, http.StatusUnauthorized, object{"status": "error", "code": "UNAUTHORIZED"})
		case g.project != "" || s.conf.ClosedBilling:
			writeStatus(w, http.StatusForbidden, object{"status": "error", "code": "FORBIDDEN"})
		default:
			h(w, r, g.account)
		}
	}
}

func (s *Server) byStatic(r *http.Request) *world.Account {
	token := r.Header.Get("X-Token")
	for _, a := range s.conf.Accounts {
		if token != "" && token == StaticToken(a) {
			return a
		}
	}
	return nil
}

// place is a region of a project as a request sees it.
type place struct {
	account         *world.Account
	project, region string
	now             time.Time
}

// ofProject lets requests with a project's token through.
func (s *Server) ofProject(h func(http.ResponseWriter, *http.Request, *place)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g := s.grantOf(r)
		if g == nil || g.project == "" || r.PathValue("project") != "" && r.PathValue("project") != g.project {
			unauthorized(w)
			return
		}
		h(w, r, &place{account: g.account, project: g.project, region: r.PathValue("region"), now: s.now()})
	}
}
