package boot

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// List are the currencies, in order.
func (r Rates) List() []string {
	var out []string
	for code := range strings.SplitSeq(r.Currencies, ",") {
		if code = strings.ToUpper(strings.TrimSpace(code)); code != "" && code != pipeline.RateBase && !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out
}

func (r Rates) check() []error {
	var errs []error
	switch r.Source {
	case RatesCBR:
		if u, err := url.Parse(r.Address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			errs = append(errs, fmt.Errorf("rates.address is %q; it must be a URL such as https://www.cbr.ru", r.Address))
		}
	case RatesFile:
		if r.File == "" {
			errs = append(errs, errors.New("rates.file is empty; name the CSV file with the rates, or set rates.source to cbr or off"))
		}
	case RatesOff:
	default:
		errs = append(errs, fmt.Errorf("rates.source is %q; it must be cbr, file or off", r.Source))
	}
	for _, code := range r.List() {
		if !pipeline.IsCurrency(code) {
			errs = append(errs, fmt.Errorf("rates.currencies has %q; it must be codes such as USD with commas between them", code))
		}
	}
	return errs
}
