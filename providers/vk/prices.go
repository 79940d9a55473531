package vk

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/shopspring/decimal"
	"go.yaml.in/yaml/v3"

	"github.com/infrazen/infrazen/pipeline"
)

//go:embed prices.yaml
var moscowPrices string

// PriceList is what units of VK Cloud cost. VK has no API of prices, so that it is a setting.
type PriceList struct {
	Name string `yaml:"name"`
	// Read is the day on which the prices were read, and Source where.
	Read   string `yaml:"read"`
	Source string `yaml:"source"`
	// Verified is false for prices that only give the range.
	Verified bool   `yaml:"verified"`
	Currency string `yaml:"currency"`
	// Per is what a price is for: "hour" or "month".
	Per string `yaml:"per"`
	// Prices are by unit: vcpu, ram_gb, disk:<volume type>, snapshot_gb, backup_gb, floating_ip, load_balancer, share_gb, k8s_master,
	// db_vcpu, db_ram_gb, db_disk_gb.
	Prices map[string]decimal.Decimal `yaml:"-"`
}

// Bounds of a price list.
const (
	maxPriceList = 64 << 10
	maxPrices    = 2000
)

// priceText is a price as it is written: read as text, so that no float comes between.
type priceText struct{ yaml.Node }

// UnmarshalYAML implements yaml.Unmarshaler.
func (p *priceText) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: a number is wanted", n.Line)
	}
	p.Node = *n
	return nil
}

// ParsePrices reads a price list in YAML or JSON; an empty text is a list without prices. A list of another currency than the region's
// is refused. The error is a *pipeline.Fault with FaultSettings.
func ParsePrices(text, currency string) (*PriceList, error) {
	if strings.TrimSpace(text) == "" {
		return &PriceList{Currency: currency, Per: "hour", Verified: true}, nil
	}
	if len(text) > maxPriceList {
		return nil, badPrices("он длиннее 64 КБ", "it is longer than 64 KB", nil)
	}
	var raw struct {
		PriceList `yaml:",inline"`
		Prices    map[string]priceText `yaml:"prices"`
	}
	raw.Verified = true
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&raw); err != nil {
		return nil, badPrices("это не YAML и не JSON с полями currency, per и prices", "it is no YAML or JSON with the fields currency, per and prices", err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, badPrices("после списка стоит что-то ещё", "something follows the list", err)
	}
	list := raw.PriceList
	switch {
	case list.Currency != currency:
		return nil, badPrices("валюта должна быть "+currency, "the currency has to be "+currency, nil)
	case list.Per != "hour" && list.Per != "month":
		return nil, badPrices("поле per должно быть hour или month", "the field per has to be hour or month", nil)
	case len(raw.Prices) == 0 || len(raw.Prices) > maxPrices:
		return nil, badPrices("в нём нет цен или их слишком много", "it has no prices, or too many", nil)
	}
	list.Prices = make(map[string]decimal.Decimal, len(raw.Prices))
	for unit, p := range raw.Prices {
		amount, err := parseAmount(p.Value)
		if err != nil {
			return nil, badPrices(fmt.Sprintf("цена %q — не число от 0 с точкой", unit), fmt.Sprintf("the price %q is no number from 0 with a point", unit), err)
		}
		list.Prices[unit] = amount
	}
	return &list, nil
}

// parseAmount reads a price: digits with a point, at most nine after it.
func parseAmount(text string) (decimal.Decimal, error) {
	if text == "" || len(text) > 24 || strings.Trim(text, "0123456789.") != "" {
		return decimal.Decimal{}, errors.New("not a number")
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return decimal.Decimal{}, errors.New("not a number")
	}
	if d.Exponent() < -9 || d.GreaterThan(decimal.New(1, 9)) {
		return decimal.Decimal{}, errors.New("out of bounds")
	}
	return d, nil
}

func badPrices(ru, en string, err error) *pipeline.Fault {
	f := settingsFault("Прайс-лист не подходит: "+ru+". Исправьте поле «Прайс-лист» или очистите его, тогда возьмём встроенный.",
		"The price list does not fit: "+en+". Correct the field Price list, or empty it to use the built-in one.")
	f.Err = err
	return f
}

// part is so many units of a resource. Units that end in _mb are priced by the gigabyte.
type part struct {
	unit string
	n    int64
}

// gigabyteShare is the part of a gigabyte that a megabyte is, exactly.
func gigabyteShare() decimal.Decimal { return decimal.New(9765625, -10) }

// rate is the price of a resource that has so many units of each kind; it is unknown when one of them is.
func (l *PriceList) rate(service string, parts ...part) []pipeline.Rate {
	r := pipeline.Rate{ServiceName: service, Currency: l.Currency, Period: pipeline.RatePeriod(l.Per), Known: true, CostStatus: pipeline.Estimated}
	for _, p := range parts {
		unit, n := p.unit, decimal.NewFromInt(p.n)
		if name, megabytes := strings.CutSuffix(unit, "_mb"); megabytes {
			unit, n = name+"_gb", n.Mul(gigabyteShare())
		}
		price, known := l.Prices[unit]
		if !known {
			r.Known, r.Amount = false, decimal.Zero
			return []pipeline.Rate{r}
		}
		r.Amount = r.Amount.Add(price.Mul(n))
	}
	return []pipeline.Rate{r}
}
