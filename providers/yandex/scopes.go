package yandex

import (
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// The scopes that concern no single folder.
const (
	scopeAuth    = "auth"
	scopeClouds  = "clouds"
	scopeFolders = "folders"
	scopeAccount = "billing/accounts"
	scopeReport  = "billing/usage-report"
	scopeExport  = "billing/export"
	scopeBucket  = "bucket"
)

func scopeLabel(scope string) pipeline.Text {
	return map[string]pipeline.Text{
		scopeAuth:    {RU: "Вход", EN: "Sign-in"},
		scopeClouds:  {RU: "Облака", EN: "Clouds"},
		scopeFolders: {RU: "Каталоги", EN: "Folders"},
		scopeAccount: {RU: "Платёжный аккаунт", EN: "Billing account"},
		scopeReport:  {RU: "Отчёты о потреблении", EN: "Usage reports"},
		scopeExport:  {RU: "Файл детализации", EN: "File of the export"},
		scopeBucket:  {RU: "Бакет с детализацией", EN: "Bucket with the export"},
	}[scope]
}

// listing is one list of a folder.
type listing struct {
	// name begins its scope: "compute/instances".
	name          string
	label         pipeline.Text
	service, path string
	// key is the list's name in the answer.
	key  string
	read reader
	// args of the reader: the engine of a database.
	engine string
}

func (l *listing) scope(f folder) string { return l.name + "/" + f.ID }

func (l *listing) labelOf(f folder) pipeline.Text {
	return pipeline.Text{RU: l.label.RU + ": " + f.title(), EN: l.label.EN + ": " + f.title()}
}

// listings are what is read of every folder. Disks stand before snapshots, instances before disks, clusters before both.
func listings() []listing {
	out := []listing{
		{name: "kubernetes/clusters", label: pipeline.Text{RU: "Кластеры Kubernetes", EN: "Kubernetes clusters"}, service: "mks", path: "/managed-kubernetes/v1/clusters", key: "clusters", read: readKubernetes},
		{name: "compute/instances", label: pipeline.Text{RU: "Виртуальные машины", EN: "Virtual machines"}, service: "compute", path: "/compute/v1/instances", key: "instances", read: readInstance},
		{name: "compute/disks", label: pipeline.Text{RU: "Диски", EN: "Disks"}, service: "compute", path: "/compute/v1/disks", key: "disks", read: readDisk},
		{name: "compute/snapshots", label: pipeline.Text{RU: "Снимки дисков", EN: "Disk snapshots"}, service: "compute", path: "/compute/v1/snapshots", key: "snapshots", read: readSnapshot},
		{name: "compute/images", label: pipeline.Text{RU: "Образы", EN: "Images"}, service: "compute", path: "/compute/v1/images", key: "images", read: readImage},
		{name: "vpc/addresses", label: pipeline.Text{RU: "Публичные адреса", EN: "Public addresses"}, service: "vpc", path: "/vpc/v1/addresses", key: "addresses", read: readAddress},
		{name: "lb/network", label: pipeline.Text{RU: "Балансировщики", EN: "Load balancers"}, service: "load-balancer", path: "/load-balancer/v1/networkLoadBalancers", key: "networkLoadBalancers", read: readBalancer},
		{name: "registry", label: pipeline.Text{RU: "Реестры контейнеров", EN: "Container registries"}, service: "container-registry", path: "/container-registry/v1/registries", key: "registries", read: readRegistry},
		{name: "storage/buckets", label: pipeline.Text{RU: "Бакеты", EN: "Buckets"}, service: "storage", path: "/storage/v1/buckets", key: "buckets", read: readBucket},
	}
	for _, engine := range []string{"postgresql", "mysql", "clickhouse", "mongodb", "redis", "kafka", "opensearch"} {
		out = append(out, listing{
			name: "mdb/" + engine, label: pipeline.Text{RU: "Базы " + engine, EN: "Databases " + engine},
			service: "mdb", path: "/managed-" + engine + "/v1/clusters", key: "clusters", read: readDatabase, engine: engine,
		})
	}
	return out
}

// folderOf is the folder in a scope's name.
func folderOf(scope string) string {
	return scope[strings.LastIndexByte(scope, '/')+1:]
}
