package selectel

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// mapper turns rows of consumption into charges. It is pure.
type mapper struct {
	account string
	known   map[string]*pipeline.KnownResource
	prices  *priceList
	lang    pipeline.Lang
	servers map[string]*object // billed in this answer
	lines   map[lineOf]*pipeline.Line
	unknown int64
}

// lineOf is what a line is made of: the same parts give the same line in every hour.
type lineOf struct {
	provider string
	project  *project
	object   *object
	metricID text
	region   text
	unit     text
	priced   bool
}

func newMapper(account string, known map[string]*pipeline.KnownResource, prices *priceList, lang pipeline.Lang) *mapper {
	return &mapper{account: account, known: known, prices: prices, lang: lang, lines: map[lineOf]*pipeline.Line{}}
}

// charges maps the rows of a span and counts those that lie outside it.
func (m *mapper) charges(rows []row, d span) (charges []pipeline.Charge, outside int64) {
	m.servers = billedServers(rows)
	charges = make([]pipeline.Charge, 0, len(rows))
	for i := range rows {
		if r := &rows[i]; r.hour.Before(d.from) || !r.hour.Before(d.to) {
			outside++
		} else {
			charges = append(charges, m.charge(r))
		}
	}
	return charges, outside
}

// billedServers are the servers of an answer by their identifier.
func billedServers(rows []row) map[string]*object {
	out := map[string]*object{}
	for i := range rows {
		o := rows[i].object
		if o.ID == "" || out[string(o.ID)] != nil {
			continue
		}
		if f, ok := find(objectFamilies(), string(o.Type)); ok && f.kind == pipeline.Server {
			out[string(o.ID)] = o
		}
	}
	return out
}

func (m *mapper) charge(r *row) pipeline.Charge {
	c := pipeline.Charge{Start: r.hour, End: r.hour.Add(time.Hour)}
	cost := kopecks(r.value.D)
	quantity := r.metric.Quantity.D
	c.LineCount, c.ConsumedQuantity, c.PricingQuantity = 1, quantity, quantity
	price, priced := m.prices.priceOf(r)
	c.Line = *m.line(r, price, priced)
	c.BillingPeriodStart = monthStart(r.hour)
	if !r.value.Known {
		c.UnpricedCount = 1
		return c
	}
	c.BilledCost, c.EffectiveCost, c.ContractedCost, c.ListCost = cost, cost, cost, cost
	if priced {
		c.ListCost = price.Mul(quantity)
	}
	return c
}

// monthStart is the first instant of the Moscow month of an instant.
func monthStart(t time.Time) time.Time {
	y, mo, _ := t.In(moscow()).Date()
	return time.Date(y, mo, 1, 0, 0, 0, 0, moscow()).UTC()
}

func (m *mapper) line(r *row, price decimal.Decimal, priced bool) *pipeline.Line {
	key := lineOf{r.provider, r.project, r.object, r.metric.ID, r.metric.Region, r.metric.Unit, priced}
	l := m.lines[key]
	if l == nil {
		l = m.newLine(r)
		if priced {
			l.ListUnitPrice = price.String()
		}
		m.lines[key] = l
	}
	if l.Unrecognised {
		m.unknown++
	}
	return l
}

func (m *mapper) newLine(r *row) *pipeline.Line {
	f, ok := familyOf(r.provider, string(r.object.Type), string(r.metric.ID))
	region, zone := place(string(r.metric.Region))
	l := &pipeline.Line{
		ProviderName: "Selectel", PublisherName: "Selectel", InvoiceIssuerName: "Selectel", BillingAccountID: m.account,
		BillingCurrency: currency, SubAccountID: string(r.project.ID), SubAccountName: string(r.project.Name),
		ServiceName: f.service, ServiceCategory: f.category, ResourceType: string(f.kind),
		RegionID: region, RegionName: regionNames()[region].In(m.lang), AvailabilityZone: zone,
		SkuID: string(r.metric.ID), ChargeCategory: pipeline.Usage, ChargeFrequency: "Usage-Based", PricingCategory: "Standard",
		PricingUnit: string(r.metric.Unit), ConsumedUnit: string(r.metric.Unit), CostStatus: pipeline.Billed, Unrecognised: !ok,
		ChargeDescription: string(r.metric.Name),
	}
	if strings.HasSuffix(string(r.metric.ID), "_preemptible") {
		l.PricingCategory = "Dynamic"
	}
	m.resource(l, r, f.kind)
	if k := m.known[l.ResourceID]; k != nil {
		l.Tags = k.Tags
	}
	return l
}

// resource says whose charge a row is. A disk or a public address belongs to the server that it is attached to while that is
// billed in the same answer; else, as everything, to itself.
func (m *mapper) resource(l *pipeline.Line, r *row, kind pipeline.ResourceType) {
	o := r.object
	if kind == pipeline.Bucket {
		l.ResourceID, l.ResourceName = bucketOf(r)
		return
	}
	l.ResourceID, l.ResourceName = string(o.ID), string(o.Name)
	parent := m.servers[string(o.ParentID)]
	if parent != nil && o.ParentID != o.ID && (kind == pipeline.Volume || kind == pipeline.FloatingIP) {
		own := l.ResourceName
		if own == "" {
			own = l.ResourceID
		}
		l.ResourceID, l.ResourceName, l.ResourceType = string(parent.ID), string(parent.Name), string(pipeline.Server)
		if l.ResourceName == "" {
			l.ResourceName = string(o.ParentName)
		}
		l.ChargeDescription = strings.TrimSpace(own + ": " + l.ChargeDescription)
	}
	if k := m.known[l.ResourceID]; l.ResourceName == "" && k != nil {
		l.ResourceName = k.Name
	}
}

// bucketOf names the container of a row of object storage. Rows have no identifier, so it is region and name; hidden
// containers with the parts of large files belong to their own one; a row without a container is the project's.
func bucketOf(r *row) (id, name string) {
	name = containerName(string(r.object.Name))
	if name == "" {
		if r.object.ID != "" && r.object.ID != r.project.ID {
			return string(r.object.ID), ""
		}
		return "", ""
	}
	return bucketID(string(r.metric.Region), name), name
}

func bucketID(region, name string) string { return "s3:" + region + ":" + name }

// containerName is the visible container that a container belongs to.
func containerName(name string) string {
	for _, hidden := range []string{"_segments", "_s3multipartuploads", "+segments", "/.file-segments", ".file-segments"} {
		if rest, ok := strings.CutSuffix(name, hidden); ok {
			return rest
		}
	}
	return name
}
