package httpedge_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// TestStream hands an answer on while it arrives, and tells what goes wrong on the way.
func TestStream(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/refused":
			w.WriteHeader(http.StatusUnprocessableEntity)
		case "/down":
			w.WriteHeader(http.StatusBadGateway)
		case "/cut":
			w.Header().Set("Content-Length", "100")
		}
		_, _ = io.WriteString(w, "0123456789") // the client may have gone
	}))
	defer srv.Close()
	own := errors.New("own")
	f := func(path string, maxBody int64, fail error, wantRead, wantBody string, wantCode pipeline.FaultCode) {
		t.Helper()
		c := httpedge.New(httpedge.Config{Cloud: "Test", MaxBody: maxBody, Env: pipeline.Env{HTTP: srv.Client()}})
		var got strings.Builder
		ans, err := c.Stream(t.Context(), httpedge.Request{Scope: "s", Method: http.MethodGet, URL: srv.URL + path}, func(body io.Reader) error {
			if _, err := io.Copy(&got, body); err != nil {
				return err
			}
			return fail
		})
		var fault *pipeline.Fault
		errors.As(err, &fault)
		switch {
		case wantCode != "" && (fault == nil || fault.Code != wantCode):
			t.Errorf("%s gives %v, want %s", path, err, wantCode)
		case wantCode == "" && !errors.Is(err, fail):
			t.Errorf("%s gives %v, want %v", path, err, fail)
		}
		if wantCode == "" && got.String() != wantRead || string(ans.Body) != wantBody {
			t.Errorf("%s: %q was read and %q kept", path, got.String(), ans.Body)
		}
	}
	f("/", 10, nil, "0123456789", "", "")
	f("/", 9, nil, "", "", pipeline.FaultTooLarge)
	f("/", 10, own, "0123456789", "", "")
	f("/refused", 10, nil, "", "0123456789", "")
	f("/down", 10, nil, "", "", pipeline.FaultUnavailable)
	f("/cut", 200, nil, "", "", pipeline.FaultMalformed)
}
