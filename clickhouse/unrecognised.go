package clickhouse

import (
	"context"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/infrazen/infrazen/pipeline"
)

// unrecognisedGroups is how many groups are given when a question does not say.
const unrecognisedGroups = 200

// exampleFields are the columns that tell what an unrecognised line may be, besides those that it is grouped by.
func exampleFields() []string {
	return []string{
		"ResourceName", "ChargeDescription", "ChargeCategory", "ChargeFrequency", "PricingUnit", "ConsumedUnit", "ListUnitPrice", "SkuPriceId",
		"SubAccountId", "SubAccountName", "RegionId", "AvailabilityZone", "BillingAccountId", "source", "Tags",
	}
}

// Unrecognised gives what a tenant was charged in a period for things of types that nobody recognised, dearest first.
func (s *Store) Unrecognised(ctx context.Context, tenant pipeline.TenantID, q pipeline.UnrecognisedQuery) ([]pipeline.UnrecognisedGroup, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = unrecognisedGroups
	}
	fields := make([]string, 0, len(exampleFields()))
	for _, f := range exampleFields() {
		fields = append(fields, "toString("+f+")")
	}
	text := strings.ReplaceAll(s.texts["unrecognised"], "{{fields}}", "["+strings.Join(fields, ", ")+"]")
	bound := args{"tenant": string(tenant), "from": seconds(ceilSecond(q.From)), "to": seconds(ceilSecond(q.To)), "limit": limit}
	var out []pipeline.UnrecognisedGroup
	err := s.rowsOf(ctx, "unrecognised", text, bound, func(r driver.Rows) error {
		g, err := scanUnrecognised(r)
		out = append(out, g)
		return err
	})
	return out, err
}

func scanUnrecognised(r driver.Rows) (pipeline.UnrecognisedGroup, error) {
	var g pipeline.UnrecognisedGroup
	var resources uint64
	var ids []string
	var fields [][]string
	if err := r.Scan((*string)(&g.ConnectionID), &g.ProviderName, &g.ResourceType, &g.ServiceName, &g.ServiceCategory, &g.SkuID, &g.Currency,
		&g.Cost, &g.Estimated, &g.Unpriced, &g.Lines, &resources, &ids, &fields, &g.FirstStart, &g.FirstSeen); err != nil {
		return g, err
	}
	g.Resources, g.FirstStart, g.FirstSeen = int64(resources), known(g.FirstStart), known(g.FirstSeen)
	for i, id := range ids {
		e := pipeline.UnrecognisedExample{ResourceID: id, Fields: map[string]string{}}
		if err := readExample(&e, fields[i]); err != nil {
			return g, err
		}
		g.Examples = append(g.Examples, e)
	}
	return g, nil
}

func readExample(e *pipeline.UnrecognisedExample, values []string) error {
	for i, name := range exampleFields() {
		switch {
		case values[i] == "":
		case name == "ResourceName":
			e.ResourceName = values[i]
		case name == "Tags":
			tags, err := decodeMap(values[i])
			if err != nil {
				return err
			}
			for k, v := range tags {
				e.Fields["Tags."+k] = v
			}
		default:
			e.Fields[name] = values[i]
		}
	}
	return nil
}

// UnrecognisedResources gives the tenant's living resources of types that are not among ours, by connection and the cloud's own word.
func (s *Store) UnrecognisedResources(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.UnrecognisedResources, error) {
	var types []string
	for _, t := range pipeline.ResourceTypes() {
		if t.Recognised() {
			types = append(types, string(t))
		}
	}
	var out []pipeline.UnrecognisedResources
	err := s.rows(ctx, "unrecognised_resources", args{"tenant": string(tenant), "types": types}, func(r driver.Rows) error {
		var u pipeline.UnrecognisedResources
		var count uint64
		var names, ids []string
		if err := r.Scan((*string)(&u.ConnectionID), &u.ResourceType, &count, &names, &ids); err != nil {
			return err
		}
		u.Count = int64(count)
		for i, id := range ids {
			u.Examples = append(u.Examples, pipeline.UnrecognisedExample{ResourceID: id, ResourceName: names[i]})
		}
		out = append(out, u)
		return nil
	})
	return out, err
}
