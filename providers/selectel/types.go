package selectel

import (
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// family is what a word of the billing stands for.
type family struct {
	prefix   string
	kind     pipeline.ResourceType
	service  string
	category string // FOCUS ServiceCategory
}

// objectFamilies are the types of objects by the beginning of their names; the longest comes first. cloud_vm and the disks'
// are seen at the live service; the names of managed services are guesses, which is why whole families are matched.
func objectFamilies() []family {
	return []family{
		{"cloud_vm", pipeline.Server, "Cloud Servers", "Compute"},
		{"cloud_server", pipeline.Server, "Cloud Servers", "Compute"},
		{"volume_backup", pipeline.Backup, "Volume Backups", "Storage"},
		{"volume_totaliops", pipeline.Volume, "Network Volumes", "Storage"},
		{"volume", pipeline.Volume, "Network Volumes", "Storage"},
		{"backup", pipeline.Backup, "Volume Backups", "Storage"},
		{"snapshot", pipeline.Snapshot, "Volume Snapshots", "Storage"},
		{"image", pipeline.Image, "Images", "Storage"},
		{"share", pipeline.Share, "File Storage", "Storage"},
		{"network_floatingip", pipeline.FloatingIP, "Public IP Addresses", "Networking"},
		{"network_floating_ip", pipeline.FloatingIP, "Public IP Addresses", "Networking"},
		{"floating_ip", pipeline.FloatingIP, "Public IP Addresses", "Networking"},
		{"floatingip", pipeline.FloatingIP, "Public IP Addresses", "Networking"},
		{"network_subnet", pipeline.Network, "Public Subnets", "Networking"},
		{"network_router", pipeline.Network, "Cloud Routers", "Networking"},
		{"router", pipeline.Network, "Cloud Routers", "Networking"},
		{"network", pipeline.Network, "Networks", "Networking"},
		{"load_balancer", pipeline.LoadBalancer, "Load Balancers", "Networking"},
		{"loadbalancer", pipeline.LoadBalancer, "Load Balancers", "Networking"},
		{"dbaas", pipeline.Database, "Managed Databases", "Databases"},
		{"mks", pipeline.Cluster, "Managed Kubernetes", "Compute"},
		{"craas", pipeline.Registry, "Container Registry", "Storage"},
		{"container_registry", pipeline.Registry, "Container Registry", "Storage"},
		{"s3", pipeline.Bucket, "S3 Storage", "Storage"},
		{"storage", pipeline.Bucket, "S3 Storage", "Storage"},
		{"container", pipeline.Bucket, "S3 Storage", "Storage"},
		{"cdn", pipeline.CDN, "CDN", "Networking"},
		{"license", pipeline.License, "Licenses", "Other"},
	}
}

// metricFamilies are what a metric tells of an object whose type does not (ids from the price list).
func metricFamilies() []family {
	return []family{
		{"compute_", pipeline.Server, "Cloud Servers", "Compute"},
		{"exttraffic", pipeline.Network, "Traffic", "Networking"},
		{"license_", pipeline.License, "Licenses", "Other"},
		{"image_gigabytes", pipeline.Image, "Images", "Storage"},
	}
}

// serviceFamilies are services that bill one kind of thing, whatever they call its type.
func serviceFamilies() []family {
	return []family{
		{"storage", pipeline.Bucket, "S3 Storage", "Storage"},
		{"private_storage", pipeline.Bucket, "S3 Storage", "Storage"},
		{"dbaas", pipeline.Database, "Managed Databases", "Databases"},
		{"mks", pipeline.Cluster, "Managed Kubernetes", "Compute"},
		{"craas", pipeline.Registry, "Container Registry", "Storage"},
		{"cdn", pipeline.CDN, "CDN", "Networking"},
		{"netdisk", pipeline.Volume, "Network Volumes", "Storage"},
	}
}

// otherServices names services whose objects are none of our types.
func otherServices() map[string][2]string {
	return map[string][2]string{
		"vpc": {"Cloud Platform", "Compute"}, "serverless": {"Serverless", "Compute"}, "vmware": {"VMware Cloud", "Compute"},
		"ones": {"Cloud for 1C", "Business Applications"}, "mobfarm": {"Mobile Farm", "Developer Tools"},
		"ses": {"Email Service", "Web"}, "inference": {"Inference", "AI and Machine Learning"},
	}
}

func find(families []family, word string) (family, bool) {
	for _, f := range families {
		if strings.HasPrefix(word, f.prefix) {
			return f, true
		}
	}
	return family{}, false
}

// familyOf tells what an object is: by its type, by its service, and where it has no type by the metric that is billed of it.
// False when none of them is known: then the object's own word stands for its type.
func familyOf(provider, objectType, metricID string) (family, bool) {
	if f, ok := find(objectFamilies(), objectType); ok {
		return f, true
	}
	for _, f := range serviceFamilies() {
		if f.prefix == provider {
			return f, true
		}
	}
	if objectType == "" {
		if f, ok := find(objectFamilies(), metricID); ok {
			return f, true
		}
		if f, ok := find(metricFamilies(), metricID); ok {
			return f, true
		}
	}
	name, category := provider, "Other"
	if named, ok := otherServices()[provider]; ok {
		name, category = named[0], named[1]
	}
	if name == "" {
		name = "Selectel"
	}
	kind := pipeline.ResourceType(objectType)
	if kind == "" {
		kind = pipeline.OtherType
	}
	return family{kind: kind, service: name, category: category}, false
}

// place splits the place of a row into region and zone: "ru-3b" is a zone of "ru-3".
func place(where string) (region, zone string) {
	n := len(where)
	if n < 3 || where[n-1] < 'a' || where[n-1] > 'z' || where[n-2] < '0' || where[n-2] > '9' {
		return where, ""
	}
	return where[:n-1], where
}

// regionNames are the places of regions as Selectel names them; others go without a name.
func regionNames() map[string]pipeline.Text {
	spb, msk := pipeline.Text{RU: "Санкт-Петербург", EN: "Saint Petersburg"}, pipeline.Text{RU: "Москва", EN: "Moscow"}
	return map[string]pipeline.Text{
		"ru-1": spb, "ru-3": spb, "ru-9": spb, "ru-2": msk, "ru-7": msk, "ru-8": {RU: "Новосибирск", EN: "Novosibirsk"},
		"kz-1": {RU: "Алматы", EN: "Almaty"}, "uz-1": {RU: "Ташкент", EN: "Tashkent"}, "uz-2": {RU: "Ташкент", EN: "Tashkent"},
		"ke-1": {RU: "Найроби", EN: "Nairobi"}, "gis-1": msk, "gis-2": msk,
	}
}
