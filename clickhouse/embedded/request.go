package embedded

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/infrazen/infrazen/clickhouse/embedded/chdb"
)

// request is what a client asked besides the text of its statement.
type request struct {
	query    string // the part of the statement in the URL
	database string
	queryID  string
	format   string // the format when the statement names none
	settings []setting
	params   []chdb.Param
	readonly bool // GET and HEAD must not write

	compress, decompress bool // ClickHouse's own blocks around the answer, the body
	httpCompression      bool
	waitEnd              bool
	replaceRunning       bool
	zstd                 bool // blocks of the answer are ZSTD instead of LZ4
	protocolVersion      int

	session sessionRequest
	tables  []external
}

// setting returns the value of a setting in the URL, or "".
func (req *request) setting(name string) string {
	for _, s := range req.settings {
		if s.name == name {
			return s.value
		}
	}
	return ""
}

// sessionRequest is what a client asks of its session.
type sessionRequest struct {
	id          string
	timeoutText string // seconds
	check       string // "1": the session must be there
	close       bool   // end it after this statement
}

// parseRequest reads the URL and the headers. Every parameter that has no
// meaning of its own is a setting, as in ClickHouse.
func parseRequest(r *http.Request) (*request, *failure) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fail(36, "BAD_ARGUMENTS", "Cannot read the parameters in the URL: %s", err)
	}
	req := &request{
		format:   r.Header.Get("X-ClickHouse-Format"),
		database: r.Header.Get("X-ClickHouse-Database"),
		readonly: r.Method == http.MethodGet || r.Method == http.MethodHead,
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if failed := req.parameter(name, values.Get(name)); failed != nil {
			return nil, failed
		}
	}
	return req, nil
}

func (req *request) parameter(name, value string) *failure {
	switch name {
	case "query":
		req.query = value
	case "database":
		req.database = value
	case "query_id":
		req.queryID = value
	case "default_format":
		req.format = value
	case "compress":
		req.compress = truth(value)
	case "decompress":
		req.decompress = truth(value)
	case "session_id":
		req.session.id = value
	case "session_timeout":
		req.session.timeoutText = value
	case "session_check":
		req.session.check = value
	case "close_session":
		req.session.close = truth(value)
	case "client_protocol_version":
		req.protocolVersion = number(value)
	case "user", "password", "quota_key", "stacktrace", "role", "buffer_size", "http_response_buffer_size":
	default:
		return req.settingOrParam(name, value)
	}
	return nil
}

func (req *request) settingOrParam(name, value string) *failure {
	if param, ok := strings.CutPrefix(name, "param_"); ok {
		req.params = append(req.params, chdb.Param{Name: param, Value: value})
		return nil
	}
	switch name {
	case "wait_end_of_query":
		req.waitEnd = truth(value)
		return nil
	case "enable_http_compression":
		req.httpCompression = truth(value)
		return nil
	case "replace_running_query":
		req.replaceRunning = truth(value)
		return nil
	case "network_compression_method":
		req.zstd = strings.EqualFold(value, "zstd")
	}
	if !isName(name) {
		return fail(115, "UNKNOWN_SETTING", "Unknown setting '%s'", name)
	}
	req.settings = append(req.settings, setting{name, value})
	return nil
}

func truth(value string) bool { return value == "1" || strings.EqualFold(value, "true") }

// number reads a small whole number; anything else is 0.
func number(value string) int {
	n := 0
	for _, c := range value {
		if c < '0' || c > '9' || n > 1<<24 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// isName tells whether a setting's name is a plain identifier.
func isName(s string) bool {
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// effective are the request's settings with readonly for a GET, unless the
// client itself asks for a stricter one.
func (req *request) effective() []setting {
	if !req.readonly {
		return req.settings
	}
	for _, s := range req.settings {
		if s.name == "readonly" && s.value != "0" {
			return req.settings
		}
	}
	kept := slices.DeleteFunc(slices.Clone(req.settings), func(s setting) bool { return s.name == "readonly" })
	return append(kept, setting{"readonly", "2"})
}

// credentials returns the user and password of a request, wherever they are:
// Basic authorization, X-ClickHouse-User and -Key, or the URL.
func credentials(r *http.Request) (user, password string) {
	if user, password, ok := r.BasicAuth(); ok {
		return orDefault(user), password
	}
	if user, key := r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key"); user != "" || key != "" {
		return orDefault(user), key
	}
	values := r.URL.Query()
	return orDefault(values.Get("user")), values.Get("password")
}

func orDefault(user string) string {
	if user == "" {
		return "default"
	}
	return user
}
