package yandex

import (
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// typeRule gives the type of what a service bills, by a word in the name of its SKU where it bills several things.
type typeRule struct {
	service string
	words   []string // any of them; none means every SKU
	kind    pipeline.ResourceType
}

// typeRules go from top to bottom; names are in lower case. SKU names come in the language of the export.
func typeRules() []typeRule {
	compute, vpc := "compute", "virtual private cloud"
	return []typeRule{
		{compute, []string{"snapshot", "снимок", "снимк"}, pipeline.Snapshot},
		{compute, []string{"image", "образ"}, pipeline.Image},
		{compute, []string{"drive", "disk", "диск", "storage", "хранилищ", "накопител"}, pipeline.Volume},
		{compute, nil, pipeline.Server},
		{vpc, []string{"ip", "address", "адрес"}, pipeline.FloatingIP},
		{vpc, nil, pipeline.Network},
		{"object storage", nil, pipeline.Bucket},
		{"kubernetes", nil, pipeline.Cluster},
		{"load balancer", nil, pipeline.LoadBalancer},
		{"container registry", nil, pipeline.Registry},
		{"cdn", nil, pipeline.CDN},
		{"postgresql", nil, pipeline.Database},
		{"mysql", nil, pipeline.Database},
		{"clickhouse", nil, pipeline.Database},
		{"mongodb", nil, pipeline.Database},
		{"storedoc", nil, pipeline.Database},
		{"redis", nil, pipeline.Database},
		{"valkey", nil, pipeline.Database},
		{"kafka", nil, pipeline.Database},
		{"opensearch", nil, pipeline.Database},
		{"greenplum", nil, pipeline.Database},
		{"ydb", nil, pipeline.Database},
		{"managed service for", nil, pipeline.Database},
		{"backup", nil, pipeline.Backup},
		{"dns", nil, pipeline.Domain},
		{"marketplace", nil, pipeline.License},
	}
}

// otherServices are those that we know and have no type for.
func otherServices() []string {
	return []string{
		"functions", "serverless", "message queue", "monitoring", "monium", "logging", "key management", "lockbox", "interconnect",
		"data transfer", "data streams", "datasphere", "speechkit", "translate", "vision", "foundation models", "api gateway",
		"certificate manager", "iot", "tracker", "datalens", "data proc", "smart web security", "support", "cloud registry", "wiki",
	}
}

// typeOf tells what kind of resource a service and an SKU bill. What nobody has heard of keeps the service's own name, and
// known is false.
func typeOf(service, sku string) (kind pipeline.ResourceType, known bool) {
	low, lowSKU := strings.ToLower(service), strings.ToLower(sku)
	for _, r := range typeRules() {
		if !strings.Contains(low, r.service) {
			continue
		}
		if len(r.words) == 0 {
			return r.kind, true
		}
		for _, w := range r.words {
			if strings.Contains(lowSKU, w) {
				return r.kind, true
			}
		}
	}
	for _, s := range otherServices() {
		if strings.Contains(low, s) {
			return pipeline.OtherType, true
		}
	}
	if service == "" {
		return pipeline.OtherType, false
	}
	return pipeline.ResourceType(service), false
}
