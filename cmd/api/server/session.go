package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

type sessionView struct {
	User    userView     `json:"user"`
	Tenant  tenantView   `json:"tenant"`
	Role    string       `json:"role" enum:"viewer,admin"`
	Tenants []memberView `json:"tenants" doc:"The organisations that the user may switch to"`
}

type userView struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	Name  string `json:"name"`
	Lang  string `json:"lang" enum:"ru,en"`
}

type tenantView struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Zone     string `json:"zone" doc:"IANA time zone in which its days are cut"`
	Currency string `json:"currency"`
}

type memberView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role" enum:"viewer,admin"`
}

type sessionOut struct{ Body sessionView }

type signedInOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      sessionView
}

type signedOutOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

type signInIn struct {
	Body struct {
		Email    string `json:"email" minLength:"3" maxLength:"254"`
		Password string `json:"password" minLength:"1" maxLength:"1000"`
	}
}

type linkIn struct {
	Body struct {
		Token string `json:"token" minLength:"1" maxLength:"512"`
	}
}

type switchIn struct {
	Body struct {
		TenantID string `json:"tenant_id" maxLength:"64"`
	}
}

type passwordIn struct {
	Body struct {
		Old string `json:"old" maxLength:"1000" doc:"The password until now; anything for who has none yet"`
		New string `json:"new" minLength:"10" maxLength:"1000"`
	}
}

type userIn struct {
	Body struct {
		Name *string `json:"name,omitempty" maxLength:"200"`
		Lang *string `json:"lang,omitempty" enum:"ru,en"`
	}
}

func (s *Server) routeSession() {
	add(s, operation{id: "sign-in", method: http.MethodPost, path: "/session", tag: "session", summary: "Sign in with a password", access: anyone}, s.signIn)
	add(s, operation{id: "sign-in-by-link", method: http.MethodPost, path: "/session/link", tag: "session", summary: "Sign in with a one-time link's token", access: anyone}, s.signInByLink)
	add(s, operation{id: "get-session", method: http.MethodGet, path: "/session", tag: "session", summary: "Who is signed in, and where", access: members}, s.getSession)
	add(s, operation{id: "sign-out", method: http.MethodDelete, path: "/session", tag: "session", summary: "Sign out", access: anyone}, s.signOut)
	add(s, operation{id: "switch-tenant", method: http.MethodPut, path: "/session/tenant", tag: "session", summary: "Go to another organisation of the user", access: persons}, s.switchTenant)
	add(s, operation{id: "change-password", method: http.MethodPut, path: "/session/password", tag: "session", summary: "Change the password; other sessions of the user end", access: persons}, s.changePassword)
	add(s, operation{id: "update-user", method: http.MethodPatch, path: "/session/user", tag: "session", summary: "Change the name or the language", access: persons}, s.updateUser)
}

func (s *Server) signIn(ctx context.Context, c caller, in *signInIn) (*signedInOut, error) {
	user, err := s.checkPassword(ctx, strings.ToLower(strings.TrimSpace(in.Body.Email)), in.Body.Password)
	if err != nil {
		s.metrics.signIns.WithLabelValues("refused").Inc()
		return nil, err
	}
	return s.admit(ctx, user)
}

// checkPassword asks the store with a bounded number of others: each check takes tens of megabytes.
func (s *Server) checkPassword(ctx context.Context, email, password string) (pipeline.User, error) {
	select {
	case s.limits.checks <- struct{}{}:
		defer func() { <-s.limits.checks }()
		return s.Store.CheckPassword(ctx, email, password)
	case <-ctx.Done():
		return pipeline.User{}, ctx.Err()
	}
}

func (s *Server) signInByLink(ctx context.Context, c caller, in *linkIn) (*signedInOut, error) {
	user, err := s.Store.UseLink(ctx, in.Body.Token)
	if isRefused(err) {
		s.metrics.signIns.WithLabelValues("refused").Inc()
		return nil, refuse(http.StatusUnauthorized, "Ссылка уже использована или устарела. Попросите новую.",
			"The link was used already or has run out. Ask for another.")
	}
	if err != nil {
		return nil, err
	}
	return s.admit(ctx, user)
}

// admit opens a session in the first of the user's tenants.
func (s *Server) admit(ctx context.Context, user pipeline.User) (*signedInOut, error) {
	ms, err := s.Store.Memberships(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	if len(ms) == 0 {
		s.metrics.signIns.WithLabelValues("refused").Inc()
		return nil, refuse(http.StatusForbidden, "Вы пока не состоите ни в одной организации. Попросите администратора добавить вас.",
			"You are not in any organisation yet. Ask an admin to add you.")
	}
	s.metrics.signIns.WithLabelValues("admitted").Inc()
	return s.openSession(ctx, user, ms, ms[0])
}

func (s *Server) openSession(ctx context.Context, user pipeline.User, all []pipeline.Membership, m pipeline.Membership) (*signedInOut, error) {
	token, err := s.Store.CreateSession(ctx, user.ID, m.Tenant.ID, s.Config.SessionTTL)
	if err != nil {
		return nil, err
	}
	return &signedInOut{
		SetCookie: sessionCookie(ctx, token, s.Config.SessionTTL),
		Body:      viewSession(SignIn{User: user, Tenant: m.Tenant, Role: m.Role}, all),
	}, nil
}

func sessionCookie(ctx context.Context, value string, ttl time.Duration) http.Cookie {
	return http.Cookie{
		Name: cookieName, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: aboutOf(ctx).secure, MaxAge: int(ttl / time.Second),
	}
}

func viewSession(in SignIn, ms []pipeline.Membership) sessionView {
	return sessionView{
		User:   viewUser(in.User),
		Tenant: tenantView{ID: string(in.Tenant.ID), Name: in.Tenant.Name, Zone: in.Tenant.Zone, Currency: in.Tenant.Currency},
		Role:   string(in.Role),
		Tenants: mapped(ms, func(m pipeline.Membership) memberView {
			return memberView{ID: string(m.Tenant.ID), Name: m.Tenant.Name, Role: string(m.Role)}
		}),
	}
}

func viewUser(u pipeline.User) userView {
	lang := u.Lang
	if lang != pipeline.English {
		lang = pipeline.Russian
	}
	return userView{ID: string(u.ID), Email: u.Email, Name: u.Name, Lang: string(lang)}
}

func (s *Server) getSession(ctx context.Context, c caller, _ *struct{}) (*sessionOut, error) {
	ms, err := s.Store.Memberships(ctx, c.User.ID)
	if err != nil {
		return nil, err
	}
	return &sessionOut{Body: viewSession(c.SignIn, ms)}, nil
}

func (s *Server) signOut(ctx context.Context, c caller, _ *struct{}) (*signedOutOut, error) {
	if c.secret != "" && !c.Token {
		if err := s.Store.DeleteSession(ctx, c.secret); err != nil && !isRefused(err) {
			return nil, err
		}
	}
	cookie := sessionCookie(ctx, "", 0)
	cookie.MaxAge = -1
	return &signedOutOut{SetCookie: cookie}, nil
}

func (s *Server) switchTenant(ctx context.Context, c caller, in *switchIn) (*signedInOut, error) {
	ms, err := s.Store.Memberships(ctx, c.User.ID)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(ms, func(m pipeline.Membership) bool { return string(m.Tenant.ID) == in.Body.TenantID })
	if i < 0 {
		return nil, notFound()
	}
	out, err := s.openSession(ctx, c.User, ms, ms[i])
	if err != nil {
		return nil, err
	}
	if err := s.Store.DeleteSession(ctx, c.secret); err != nil && !isRefused(err) {
		return nil, err
	}
	return out, nil
}

func (s *Server) changePassword(ctx context.Context, c caller, in *passwordIn) (*struct{}, error) {
	if err := s.checkOld(ctx, c, in.Body.Old); err != nil {
		return nil, err
	}
	if err := s.Store.SetPassword(ctx, c.User.ID, in.Body.New); err != nil {
		return nil, err
	}
	return nil, s.Store.DeleteOtherSessions(ctx, c.User.ID, c.secret)
}

// checkOld checks the password until now. Who has none yet, having come by a one-time link, need not give one.
func (s *Server) checkOld(ctx context.Context, c caller, old string) error {
	has, err := s.Store.HasPassword(ctx, c.User.ID)
	if err != nil || !has {
		return err
	}
	_, err = s.checkPassword(ctx, c.User.Email, old)
	if isRefused(err) {
		return invalid(fault{location: "body.old", text: pipeline.Text{RU: "прежний пароль неверен", EN: "the old password is wrong"}})
	}
	return err
}

type userOut struct{ Body userView }

func (s *Server) updateUser(ctx context.Context, c caller, in *userIn) (*userOut, error) {
	u := c.User
	if in.Body.Name != nil {
		u.Name = strings.TrimSpace(*in.Body.Name)
	}
	if in.Body.Lang != nil {
		u.Lang = pipeline.Lang(*in.Body.Lang)
	}
	u, err := s.Store.UpdateUser(ctx, u)
	if err != nil {
		return nil, err
	}
	return &userOut{Body: viewUser(u)}, nil
}
