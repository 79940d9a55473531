// Package cbrsim is a stand-in for the Bank of Russia's exchange rates: XML_daily.asp and XML_dynamic.asp with made-up rates that
// are the same at every start. As at the bank, answers are windows-1251 with decimal commas, a rate is set on a working day
// for the next day, and the first days of January have none. Faults can be switched on for the next requests.
package cbrsim

import (
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/text/encoding/charmap"
)

// Config says what the stand-in serves.
type Config struct {
	// Seed makes the rates.
	Seed uint64
	// Now is the stand-in's clock. Defaults to time.Now.
	Now func() time.Time
}

// Fault is a way in which an answer goes wrong.
type Fault string

// The faults.
const (
	Page       Fault = "page"       // a web page with status 200, as the protection against overload sends
	Refused    Fault = "refused"    // HTTP 403 with a web page
	Throttled  Fault = "throttled"  // HTTP 429 with Retry-After: 30
	Broken     Fault = "broken"     // HTTP 500
	EmptyDay   Fault = "empty day"  // no rates, as on a day before the first
	Charset    Fault = "charset"    // windows-1251 that says it is UTF-8
	Parameters Fault = "parameters" // "Error in parameters" in place of rates
	Torn       Fault = "torn"       // half of the answer
	Slow       Fault = "slow"       // half of the answer and no more until the client leaves
	Strange    Fault = "strange"    // a price that is none
)

// currency is one that the stand-in sets rates of.
type currency struct {
	id, numCode, code, name string
	nominal                 int64
	base                    int64 // ten-thousandths of a rouble
}

func currencies() []currency {
	return []currency{
		{"R01235", "840", "USD", "Доллар США", 1, 81_2000},
		{"R01239", "978", "EUR", "Евро", 1, 94_1500},
		{"R01375", "156", "CNY", "Юань", 1, 11_3700},
		{"R01335", "398", "KZT", "Казахстанских тенге", 100, 15_6400},
		{"R01350", "124", "CAD", "Канадский доллар", 1, 58_0300},
		{"R01035", "826", "GBP", "Фунт стерлингов", 1, 107_4200},
		{"R01090B", "933", "BYN", "Белорусский рубль", 1, 27_1100},
	}
}

// Server is the stand-in. It is an http.Handler; many goroutines may use it.
type Server struct {
	conf Config
	mux  *http.ServeMux

	mu        sync.Mutex
	faults    []Fault
	corrected map[string]decimal.Decimal
	requests  int
	stuck     chan struct{}
}

// New makes a stand-in.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Server{conf: c, mux: http.NewServeMux(), corrected: map[string]decimal.Decimal{}, stuck: make(chan struct{})}
	s.mux.HandleFunc("GET /scripts/XML_daily.asp", s.daily)
	s.mux.HandleFunc("GET /scripts/XML_dynamic.asp", s.dynamic)
	return s
}

// Break makes the next requests go wrong, one each.
func (s *Server) Break(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Correct sets another rate of a day that has one.
func (s *Server) Correct(code string, day time.Time, value decimal.Decimal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.corrected[code+day.Format(time.DateOnly)] = value
}

// Requests counts the requests so far.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Stuck gives a value whenever a slow answer has come as far as it will.
func (s *Server) Stuck() <-chan struct{} { return s.stuck }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Value is what a currency's nominal costs from a day on; false when the bank sets no rate for that day, or has not yet.
func (s *Server) Value(code string, day time.Time) (decimal.Decimal, bool) {
	for _, c := range currencies() {
		if c.code == code && s.set(day) {
			return s.value(c, day), true
		}
	}
	return decimal.Zero, false
}

// set tells whether rates were set for a day: on a working day before it, by half past three in Moscow.
func (s *Server) set(day time.Time) bool {
	before := day.AddDate(0, 0, -1)
	if before.Weekday() == time.Saturday || before.Weekday() == time.Sunday || before.Month() == time.January && before.Day() <= 8 {
		return false
	}
	return day.Year() >= 1993 && !s.conf.Now().Before(before.Add(12*time.Hour+30*time.Minute))
}

func (s *Server) value(c currency, day time.Time) decimal.Decimal {
	s.mu.Lock()
	fixed, ok := s.corrected[c.code+day.Format(time.DateOnly)]
	s.mu.Unlock()
	if ok {
		return fixed
	}
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d %s %s", s.conf.Seed, c.code, day.Format(time.DateOnly))
	number := day.Unix() / 86400
	drift := number % 240 // a slow wave of a sixth of a year up and down
	if drift > 120 {
		drift = 240 - drift
	}
	return decimal.New(c.base+c.base*(drift-60)/1000+int64(h.Sum64()%uint64(c.base/100))-c.base/200, -4)
}

func (s *Server) daily(w http.ResponseWriter, r *http.Request) {
	day, ok := date(r, "date_req")
	if !ok && r.URL.Query().Get("date_req") != "" {
		s.answer(w, r, `<ValCurs>Error in parameters</ValCurs>`)
		return
	}
	if !ok || day.After(s.conf.Now().AddDate(0, 0, 1)) {
		day = s.conf.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
	}
	for n := 0; n < 30 && !s.set(day); n++ {
		day = day.AddDate(0, 0, -1)
	}
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, `<ValCurs Date="%s" name="Foreign Currency Market">`, day.Format("02.01.2006"))
	for _, c := range currencies() {
		if s.set(day) {
			_, _ = fmt.Fprintf(&b, `<Valute ID="%s"><NumCode>%s</NumCode><CharCode>%s</CharCode><Nominal>%d</Nominal><Name>%s</Name>%s</Valute>`,
				c.id, c.numCode, c.code, c.nominal, c.name, s.prices(c, day))
		}
	}
	s.answer(w, r, b.String()+`</ValCurs>`)
}

func (s *Server) dynamic(w http.ResponseWriter, r *http.Request) {
	from, ok := date(r, "date_req1")
	to, alsoOK := date(r, "date_req2")
	id := r.URL.Query().Get("VAL_NM_RQ")
	if !ok || !alsoOK || to.Before(from) {
		s.answer(w, r, `<ValCurs>Error in parameters</ValCurs>`)
		return
	}
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, `<ValCurs ID="%s" DateRange1="%s" DateRange2="%s" name="Foreign Currency Market Dynamic">`,
		id, from.Format("02.01.2006"), to.Format("02.01.2006"))
	for _, c := range currencies() {
		for day := from; c.id == id && !day.After(to); day = day.AddDate(0, 0, 1) {
			if s.set(day) {
				_, _ = fmt.Fprintf(&b, `<Record Date="%s" Id="%s"><Nominal>%d</Nominal>%s</Record>`, day.Format("02.01.2006"), id, c.nominal, s.prices(c, day))
			}
		}
	}
	s.answer(w, r, b.String()+`</ValCurs>`)
}

// prices writes the price of the nominal and of one unit, the latter as short as it is.
func (s *Server) prices(c currency, day time.Time) string {
	v := s.value(c, day)
	comma := func(text string) string { return strings.Replace(text, ".", ",", 1) }
	return fmt.Sprintf("<Value>%s</Value><VunitRate>%s</VunitRate>", comma(v.StringFixed(4)), comma(v.Div(decimal.NewFromInt(c.nominal)).String()))
}

func date(r *http.Request, name string) (time.Time, bool) {
	t, err := time.Parse("02/01/2006", r.URL.Query().Get(name))
	return t, err == nil
}

// answer sends a document, or what the next fault makes of it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, doc string) {
	s.mu.Lock()
	s.requests++
	var fault Fault
	if len(s.faults) > 0 {
		fault, s.faults = s.faults[0], s.faults[1:]
	}
	s.mu.Unlock()
	const page = `<!DOCTYPE html><html><head><title>DDOS-GUARD</title></head><body></body></html>`
	charset := "windows-1251"
	switch fault {
	case Page:
		send(w, http.StatusOK, "text/html", page)
		return
	case Refused:
		send(w, http.StatusForbidden, "text/html", page)
		return
	case Throttled:
		w.Header().Set("Retry-After", "30")
		send(w, http.StatusTooManyRequests, "text/html", "")
		return
	case Broken:
		send(w, http.StatusInternalServerError, "text/html", "")
		return
	case EmptyDay:
		doc = doc[:strings.IndexByte(doc, '>')+1] + "</ValCurs>"
	case Parameters:
		doc = `<ValCurs>Error in parameters</ValCurs>`
	case Strange:
		doc = strings.Replace(doc, "<Value>", "<Value>-", 1)
	case Charset:
		charset = "UTF-8"
	}
	body, err := charmap.Windows1251.NewEncoder().String(`<?xml version="1.0" encoding="` + charset + `"?>` + doc)
	if err != nil {
		http.Error(w, "the stand-in cannot write "+err.Error(), http.StatusInternalServerError)
		return
	}
	s.deliver(w, r, fault, body)
}

func (s *Server) deliver(w http.ResponseWriter, r *http.Request, fault Fault, body string) {
	switch fault {
	case Torn:
		body = body[:len(body)/2]
	case Slow:
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = io.WriteString(w, body[:len(body)/2])
		_ = http.NewResponseController(w).Flush() // as much as the connection can
		select {
		case s.stuck <- struct{}{}:
			<-r.Context().Done()
		case <-r.Context().Done():
		}
		return
	}
	send(w, http.StatusOK, "application/xml; charset=windows-1251", body)
}

func send(w http.ResponseWriter, status int, kind, body string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client may have gone
}
