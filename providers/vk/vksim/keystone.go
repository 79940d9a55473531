package vksim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/infrazen/infrazen/providers/world"
)

// grant is a token given out.
type grant struct {
	account *world.Account
	until   time.Time
}

// ExpireTokens ends all tokens given out.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// signIn is the body of a password sign-in.
type signIn struct {
	Auth struct {
		Identity struct {
			Methods  []string
			Password struct {
				User struct {
					Name     string
					Password string
					Domain   struct{ Name string }
				}
			}
		}
		Scope struct {
			Project struct{ ID, Region string }
		}
	}
}

func (s *Server) auth(w http.ResponseWriter, r *http.Request) {
	var in signIn
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		refuse(w, http.StatusBadRequest, "Invalid input for field")
		return
	}
	user := in.Auth.Identity.Password.User
	a := s.account(func(a *world.Account) bool { return User(a) == user.Name && a.Password == user.Password })
	s.mu.Lock()
	without := s.without[user.Name]
	if u, ok := s.users[user.Name]; ok && u.password == user.Password {
		a = u.account
	}
	s.mu.Unlock()
	switch {
	case a == nil || user.Domain.Name != "users":
		refuse(w, http.StatusUnauthorized, "The request you have made requires authentication.")
	case without:
		refuse(w, http.StatusUnauthorized, "Two-factor authentication is not enabled for the user, API access is denied.")
	case in.Auth.Scope.Project.ID != ProjectID(a) || in.Auth.Scope.Project.Region != "RegionOne":
		refuse(w, http.StatusUnauthorized, "The request you have made requires authentication: no access to project "+in.Auth.Scope.Project.ID+".")
	default:
		s.issue(w, r, a)
	}
}

func (s *Server) issue(w http.ResponseWriter, r *http.Request, a *world.Account) {
	now := s.conf.Now()
	s.mu.Lock()
	s.issued++
	token := fmt.Sprintf("gAAAAA-%s-%d-%d", Secret, s.issued, now.UnixNano())
	s.tokens[token] = &grant{account: a, until: now.Add(TokenLife)}
	s.mu.Unlock()
	w.Header().Set("X-Subject-Token", token)
	project := ProjectID(a)
	write(w, http.StatusCreated, object{"token": object{
		"methods": []string{"password"}, "issued_at": stamp(now), "expires_at": stamp(now.Add(TokenLife)),
		"user":    object{"id": "u-" + a.ID, "name": User(a), "domain": object{"id": "users", "name": "users"}},
		"project": object{"id": project, "name": a.ID, "domain": object{"id": "users", "name": "users"}},
		"roles":   []object{{"id": "1", "name": "project_viewer"}},
		"catalog": catalog("http://"+r.Host+s.conf.Prefix, project),
	}})
}

// catalog has the services of VK under one host. Each has an internal address that must not be used.
func catalog(base, project string) []object {
	var out []object
	for _, c := range []struct{ kind, name, path string }{
		{"identity", "keystone", "/identity/v3"},
		{"compute", "nova", "/compute/v2.1"},
		{"volumev3", "cinderv3", "/volume/v3/" + project},
		{"network", "neutron", "/network"},
		{"load-balancer", "octavia", "/loadbalancer"},
		{"sharev2", "manilav2", "/share/v2/" + project},
		{"container-infra", "magnum", "/magnum/v1"},
		{"database", "trove", "/database/v1.0/" + project},
	} {
		out = append(out, object{"type": c.kind, "name": c.name, "id": c.name, "endpoints": []object{
			{"id": c.name + "-i", "interface": "internal", "region": "RegionOne", "region_id": "RegionOne", "url": "http://internal.invalid" + c.path},
			{"id": c.name + "-k", "interface": "public", "region": "RegionTwo", "region_id": "RegionTwo", "url": "http://other.invalid" + c.path},
			{"id": c.name + "-p", "interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": base + c.path},
		}})
	}
	return out
}

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	delete(s.tokens, r.Header.Get("X-Subject-Token"))
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// bearer finds the account of a live token; nil when there is none.
func (s *Server) bearer(r *http.Request) *world.Account {
	now := s.conf.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.tokens[r.Header.Get("X-Auth-Token")]
	if g == nil || !now.Before(g.until) {
		return nil
	}
	return g.account
}

// open lets a request with a live token of a project that is not frozen through to a handler.
func (s *Server) open(h func(http.ResponseWriter, *http.Request, *world.Account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := s.bearer(r)
		if a == nil {
			refuse(w, http.StatusUnauthorized, "The request you have made requires authentication.")
			return
		}
		s.mu.Lock()
		frozen := s.frozen[a.ID]
		s.mu.Unlock()
		if project := r.PathValue("project"); project != "" && project != ProjectID(a) {
			refuse(w, http.StatusForbidden, "The project of the token is another one.")
			return
		}
		if frozen {
			refuse(w, http.StatusForbidden, "Project is frozen.")
			return
		}
		h(w, r, a)
	}
}

// balance answers under the console's number of the project alone.
func (s *Server) balance(w http.ResponseWriter, r *http.Request) {
	a := s.bearer(r)
	pid := r.PathValue("pid")
	switch {
	case a == nil:
		write(w, http.StatusUnauthorized, object{"error": "Unauthorized"})
	case len(pid) < 4 || pid[:3] != "mcs":
		write(w, http.StatusUnprocessableEntity, object{"loc": []string{"path", "pid"}, "msg": "value is not a valid project", "type": "value_error"})
	case pid != a.ID:
		write(w, http.StatusNotFound, object{"error": "Project not found"})
	default:
		write(w, http.StatusOK, object{
			"base": json.Number(a.Balance(s.conf.Now()).StringFixed(2)), "bonus": json.Number(a.Bonus.String()),
		})
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
