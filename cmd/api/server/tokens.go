package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type tokenView struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	CreatedAt *time.Time `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at" doc:"Null when it does not end"`
}

type tokensOut struct {
	Body struct {
		Tokens []tokenView `json:"tokens"`
	}
}

type createTokenIn struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200"`
		Days int    `json:"days,omitempty" minimum:"0" maximum:"3650" doc:"How long it lasts; 0 never ends"`
	}
}

type createTokenOut struct {
	Body struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Token string `json:"token" doc:"Shown this once, and empty when an Idempotency-Key is repeated; it opens the organisation with the user's role"`
	}
}

type tokenID struct {
	ID string `path:"id" format:"uuid"`
}

func (s *Server) routeTokens() {
	add(s, operation{id: "list-tokens", method: http.MethodGet, path: "/tokens", tag: "tokens", summary: "The user's API tokens in this organisation", access: persons}, s.listTokens)
	add(s, operation{id: "create-token", method: http.MethodPost, path: "/tokens", tag: "tokens", summary: "Make an API token", access: persons, status: http.StatusCreated, once: true, keep: withoutToken}, s.createToken)
	add(s, operation{id: "delete-token", method: http.MethodDelete, path: "/tokens/{id}", tag: "tokens", summary: "Take back an API token", access: persons}, s.deleteToken)
}

func (s *Server) listTokens(ctx context.Context, c caller, _ *struct{}) (*tokensOut, error) {
	tokens, err := s.Store.Tokens(ctx, c.tenant(), c.User.ID)
	if err != nil {
		return nil, err
	}
	out := &tokensOut{}
	out.Body.Tokens = mapped(tokens, func(t Token) tokenView {
		return tokenView{ID: t.ID, Name: t.Name, CreatedAt: when(t.CreatedAt), ExpiresAt: when(t.ExpiresAt)}
	})
	return out, nil
}

func (s *Server) createToken(ctx context.Context, c caller, in *createTokenIn) (*createTokenOut, error) {
	name := strings.TrimSpace(in.Body.Name)
	token, id, err := s.Store.CreateToken(ctx, c.User.ID, c.tenant(), name, time.Duration(in.Body.Days)*24*time.Hour)
	if err != nil {
		return nil, err
	}
	out := &createTokenOut{}
	out.Body.ID, out.Body.Name, out.Body.Token = id, name, token
	return out, nil
}

// withoutToken is the answer as it is kept for its idempotency key: the token itself is kept nowhere.
func withoutToken(body []byte) ([]byte, error) {
	out := createTokenOut{}
	if err := json.Unmarshal(body, &out.Body); err != nil {
		return nil, err
	}
	out.Body.Token = ""
	return json.Marshal(out.Body)
}

func (s *Server) deleteToken(ctx context.Context, c caller, in *tokenID) (*struct{}, error) {
	return nil, s.Store.DeleteToken(ctx, c.tenant(), c.User.ID, in.ID)
}

func decimalOf(n int64) string { return strconv.FormatInt(n, 10) }
