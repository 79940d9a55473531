package focussim

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"time"

	"github.com/parquet-go/parquet-go"
)

// header are the columns of the CSV exports: FOCUS 1.2, and one column of the cloud's own.
func header() []string {
	return []string{
		"BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingCurrency", "BillingAccountId", "BillingAccountName",
		"BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeClass",
		"ChargeDescription", "ChargeFrequency", "ConsumedQuantity", "ConsumedUnit", "PricingQuantity", "PricingUnit",
		"PricingCategory", "ListUnitPrice", "ContractedUnitPrice", "ProviderName", "PublisherName", "InvoiceIssuerName",
		"RegionId", "RegionName", "AvailabilityZone", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory",
		"ServiceName", "SkuId", "SkuPriceId", "SubAccountId", "SubAccountName", "Tags", "x_ExportVersion",
	}
}

// flat is a row as text, in the order and with the names of header.
type flat struct {
	row    *row
	cloud  *Cloud
	region Region
	zone   string
}

func (w *world) place(r *row) flat {
	f := flat{row: r, cloud: &w.conf.Cloud}
	if r.thing.id != "" {
		f.region = w.conf.Cloud.Regions[min(r.thing.region, len(w.conf.Cloud.Regions)-1)]
		if r.thing.kind == "server" || r.thing.kind == "volume" {
			f.zone = f.region.Zones[min(r.thing.zone, len(f.region.Zones)-1)]
		}
	}
	return f
}

func (f *flat) period() (start, end time.Time) {
	start = time.Date(f.row.Start.Year(), f.row.Start.Month(), 1, 0, 0, 0, 0, time.UTC)
	return start, start.AddDate(0, 1, 0)
}

func (f *flat) tags() map[string]string {
	tags := make(map[string]string)
	for k, v := range map[string]string{"env": f.row.thing.env, "team": f.row.thing.team} {
		if v != "" {
			tags[k] = v
		}
	}
	return tags
}

func (f *flat) cells() ([]string, error) {
	r, t := f.row, f.row.thing
	tags := ""
	if m := f.tags(); len(m) > 0 {
		b, err := json.Marshal(m)
		if err != nil {
			return nil, err
		}
		tags = string(b)
	}
	start, end := f.period()
	cost, quantity, unit := r.BilledCost.StringFixed(10), r.Quantity.String(), r.UnitPrice.String()
	at := func(t time.Time) string { return t.Format(time.RFC3339) }
	return []string{
		cost, cost, cost, cost, f.cloud.Currency, f.cloud.Account, f.cloud.AccountName,
		at(start), at(end), at(r.Start), at(r.End), r.category, "",
		t.description, r.frequency, quantity, t.unit, quantity, t.unit,
		"Standard", unit, unit, f.cloud.Name, f.cloud.Publisher, f.cloud.Issuer,
		f.region.ID, f.region.Name, f.zone, t.id, t.name, t.kind, t.category,
		t.service, t.sku, t.sku + "." + f.cloud.Currency, t.project, t.project, tags, "2",
	}, nil
}

func encodeCSV(w *world, rows []row) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	out := csv.NewWriter(z)
	if err := out.Write(header()); err != nil {
		return nil, err
	}
	for i := range rows {
		f := w.place(&rows[i])
		cells, err := f.cells()
		if err != nil {
			return nil, err
		}
		if err := out.Write(cells); err != nil {
			return nil, err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// parquetRow is a row of the archive: the same columns with types.
type parquetRow struct {
	BilledCost          int64     `parquet:"BilledCost,decimal(10:18)"`
	EffectiveCost       int64     `parquet:"EffectiveCost,decimal(10:18)"`
	ListCost            int64     `parquet:"ListCost,decimal(10:18)"`
	ContractedCost      int64     `parquet:"ContractedCost,decimal(10:18)"`
	BillingCurrency     string    `parquet:"BillingCurrency,dict"`
	BillingAccountID    string    `parquet:"BillingAccountId,dict"`
	BillingAccountName  string    `parquet:"BillingAccountName,dict"`
	BillingPeriodStart  time.Time `parquet:"BillingPeriodStart,timestamp(millisecond)"`
	BillingPeriodEnd    time.Time `parquet:"BillingPeriodEnd,timestamp(millisecond)"`
	ChargePeriodStart   time.Time `parquet:"ChargePeriodStart,timestamp(millisecond)"`
	ChargePeriodEnd     time.Time `parquet:"ChargePeriodEnd,timestamp(millisecond)"`
	ChargeCategory      string    `parquet:"ChargeCategory,dict"`
	ChargeClass         *string   `parquet:"ChargeClass,optional"`
	ChargeDescription   string    `parquet:"ChargeDescription,dict"`
	ChargeFrequency     string    `parquet:"ChargeFrequency,dict"`
	ConsumedQuantity    int64     `parquet:"ConsumedQuantity,decimal(6:18)"`
	ConsumedUnit        string    `parquet:"ConsumedUnit,dict"`
	PricingQuantity     int64     `parquet:"PricingQuantity,decimal(6:18)"`
	PricingUnit         string    `parquet:"PricingUnit,dict"`
	PricingCategory     string    `parquet:"PricingCategory,dict"`
	ListUnitPrice       int64     `parquet:"ListUnitPrice,decimal(9:18)"`
	ContractedUnitPrice int64     `parquet:"ContractedUnitPrice,decimal(9:18)"`
	ProviderName        string    `parquet:"ProviderName,dict"`
	PublisherName       string    `parquet:"PublisherName,dict"`
	InvoiceIssuerName   string    `parquet:"InvoiceIssuerName,dict"`
	RegionID            string    `parquet:"RegionId,dict"`
	RegionName          string    `parquet:"RegionName,dict"`
	AvailabilityZone    string    `parquet:"AvailabilityZone,dict"`
	ResourceID          string    `parquet:"ResourceId,dict"`
	ResourceName        string    `parquet:"ResourceName,dict"`
	ResourceType        string    `parquet:"ResourceType,dict"`
	ServiceCategory     string    `parquet:"ServiceCategory,dict"`
	ServiceName         string    `parquet:"ServiceName,dict"`
	SkuID               string    `parquet:"SkuId,dict"`
	SkuPriceID          string    `parquet:"SkuPriceId,dict"`
	SubAccountID        string    `parquet:"SubAccountId,dict"`
	SubAccountName      string    `parquet:"SubAccountName,dict"`
	Tags                []tag     `parquet:"Tags,list"`
	ExportVersion       string    `parquet:"x_ExportVersion,dict"`
}

// tag is one of a list: its order is ours, so that the same rows are the same bytes.
type tag struct {
	Key   string `parquet:"key"`
	Value string `parquet:"value"`
}

func (f *flat) typed() parquetRow {
	r, t := f.row, f.row.thing
	start, end := f.period()
	cost, quantity := r.BilledCost.Shift(10).IntPart(), r.Quantity.Shift(6).IntPart()
	unit := r.UnitPrice.Shift(9).IntPart()
	p := parquetRow{
		BilledCost: cost, EffectiveCost: cost, ListCost: cost, ContractedCost: cost,
		BillingCurrency: f.cloud.Currency, BillingAccountID: f.cloud.Account, BillingAccountName: f.cloud.AccountName,
		BillingPeriodStart: start, BillingPeriodEnd: end, ChargePeriodStart: r.Start, ChargePeriodEnd: r.End,
		ChargeCategory: r.category, ChargeDescription: t.description, ChargeFrequency: r.frequency,
		ConsumedQuantity: quantity, ConsumedUnit: t.unit, PricingQuantity: quantity, PricingUnit: t.unit,
		PricingCategory: "Standard", ListUnitPrice: unit, ContractedUnitPrice: unit,
		ProviderName: f.cloud.Name, PublisherName: f.cloud.Publisher, InvoiceIssuerName: f.cloud.Issuer,
		RegionID: f.region.ID, RegionName: f.region.Name, AvailabilityZone: f.zone,
		ResourceID: t.id, ResourceName: t.name, ResourceType: t.kind, ServiceCategory: t.category,
		ServiceName: t.service, SkuID: t.sku, SkuPriceID: t.sku + "." + f.cloud.Currency,
		SubAccountID: t.project, SubAccountName: t.project, ExportVersion: "2",
	}
	for _, k := range []string{"env", "team"} {
		if v := f.tags()[k]; v != "" {
			p.Tags = append(p.Tags, tag{Key: k, Value: v})
		}
	}
	return p
}

func encodeParquet(w *world, rows []row) ([]byte, error) {
	var b bytes.Buffer
	out := parquet.NewGenericWriter[parquetRow](&b, parquet.Compression(&parquet.Zstd))
	typed := make([]parquetRow, len(rows))
	for i := range rows {
		f := w.place(&rows[i])
		typed[i] = f.typed()
	}
	if _, err := out.Write(typed); err != nil {
		return nil, err
	}
	if err := out.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
