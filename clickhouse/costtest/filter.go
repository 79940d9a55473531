package costtest

import (
	"slices"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// Value is what a row has in a dimension.
func Value(d pipeline.Dimension, r *Row) string {
	if key, ok := d.Tag(); ok {
		return r.Tags[key]
	}
	switch d {
	case pipeline.DimConnection:
		return string(r.Connection)
	case pipeline.DimSource:
		return r.Source
	case pipeline.DimProvider:
		return r.ProviderName
	case pipeline.DimBillingAccount:
		return r.BillingAccountID
	case pipeline.DimProject:
		return r.SubAccountID
	case pipeline.DimServiceCategory:
		return r.ServiceCategory
	case pipeline.DimService:
		return r.ServiceName
	case pipeline.DimResource:
		return r.ResourceID
	case pipeline.DimResourceName:
		return r.ResourceName
	case pipeline.DimResourceType:
		return r.ResourceType
	case pipeline.DimRegion:
		return r.RegionID
	case pipeline.DimZone:
		return r.AvailabilityZone
	case pipeline.DimSku:
		return r.SkuID
	case pipeline.DimChargeCategory:
		return string(r.ChargeCategory)
	case pipeline.DimCostStatus:
		return string(r.CostStatus)
	case pipeline.DimCurrency:
		return r.BillingCurrency
	case pipeline.DimUnrecognised:
		if r.Unrecognised {
			return "true"
		}
		return "false"
	}
	panic("no such dimension: " + d)
}

// Matches tells whether a filter lets a row through.
func Matches(f *pipeline.Filter, r *Row) bool {
	if f == nil {
		return true
	}
	switch f.Op {
	case pipeline.OpAnd:
		return !slices.ContainsFunc(f.Args, func(a pipeline.Filter) bool { return !Matches(&a, r) })
	case pipeline.OpOr:
		return slices.ContainsFunc(f.Args, func(a pipeline.Filter) bool { return Matches(&a, r) })
	case pipeline.OpNot:
		return !Matches(&f.Args[0], r)
	case pipeline.OpEquals:
		return Value(f.Dimension, r) == f.Values[0]
	case pipeline.OpIn:
		return slices.Contains(f.Values, Value(f.Dimension, r))
	case pipeline.OpContains:
		return strings.Contains(strings.ToLower(Value(f.Dimension, r)), strings.ToLower(f.Values[0]))
	case pipeline.OpHasTag:
		key, _ := f.Dimension.Tag()
		_, ok := r.Tags[key]
		return ok
	}
	panic("no such operation: " + f.Op)
}
