package yandex

import (
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// typeOfMeta tells a type from what a usage report says of a resource: its service's slug and the type within it, such as
// "compute" and "compute.disk".
func typeOfMeta(service, resourceType string) (kind pipeline.ResourceType, known bool) {
	_, word, found := strings.Cut(resourceType, ".")
	if !found {
		word = resourceType
	}
	kinds := map[string]pipeline.ResourceType{
		"instance": pipeline.Server, "disk": pipeline.Volume, "filesystem": pipeline.Share, "snapshot": pipeline.Snapshot, "image": pipeline.Image,
		"address": pipeline.FloatingIP, "network": pipeline.Network, "bucket": pipeline.Bucket, "registry": pipeline.Registry,
		"networkloadbalancer": pipeline.LoadBalancer, "loadbalancer": pipeline.LoadBalancer,
	}
	low := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(word))
	if kind, ok := kinds[low]; ok {
		return kind, true
	}
	if low == "cluster" && strings.Contains(service, "kubernetes") {
		return pipeline.Cluster, true
	}
	kind, known = typeOf(strings.ReplaceAll(service, "-", " "), "")
	if !known && resourceType != "" {
		kind = pipeline.ResourceType(resourceType)
	}
	return kind, known
}

// serviceTitle is the name under which the export lists a service, for a report's slug; a slug that is not known stays.
func serviceTitle(slug string) string {
	titles := map[string]string{
		"compute": "Compute Cloud", "vpc": "Virtual Private Cloud", "storage": "Object Storage", "managed-kubernetes": "Managed Service for Kubernetes",
		"managed-postgresql": "Managed Service for PostgreSQL", "managed-mysql": "Managed Service for MySQL", "managed-clickhouse": "Managed Service for ClickHouse",
		"managed-redis": "Yandex Managed Service for Valkey", "managed-kafka": "Managed Service for Apache Kafka", "managed-mongodb": "Yandex StoreDoc",
		"load-balancer": "Network Load Balancer", "container-registry": "Container Registry",
	}
	if t, ok := titles[slug]; ok {
		return t
	}
	return slug
}
