package vk

import (
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// The scopes: one list each.
const (
	scopeAuth          = "identity"
	scopeFlavors       = "flavors"
	scopeServers       = "servers"
	scopeVolumes       = "volumes"
	scopeSnapshots     = "snapshots"
	scopeBackups       = "backups"
	scopeFloatingIPs   = "floatingips"
	scopeLoadBalancers = "loadbalancers"
	scopeShares        = "shares"
	scopeClusters      = "clusters"
	scopeDatabases     = "databases"
	scopeBalance       = "balance"
	scopeCPU           = "monitoring/cpu"
	scopeMemory        = "monitoring/memory"
)

// list is where one scope is read: a service of the catalog, a path behind its address, and the key of the list in the answer.
type list struct {
	scope, service, path, key string
}

func lists() []list {
	return []list{
		{scopeFlavors, "compute", "flavors/detail", "flavors"},
		{scopeServers, "compute", "servers/detail", "servers"},
		{scopeVolumes, "block-storage", "volumes/detail", "volumes"},
		{scopeSnapshots, "block-storage", "snapshots/detail", "snapshots"},
		{scopeBackups, "block-storage", "backups/detail", "backups"},
		{scopeFloatingIPs, "network", "v2.0/floatingips", "floatingips"},
		{scopeLoadBalancers, "load-balancer", "v2.0/lbaas/loadbalancers", "loadbalancers"},
		{scopeShares, "shared-file-system", "shares/detail", "shares"},
		{scopeClusters, "container-infrastructure-management", "clusters", "clusters"},
		{scopeDatabases, "database", "instances", "instances"},
	}
}

func listOf(scope string) list {
	for _, l := range lists() {
		if l.scope == scope {
			return l
		}
	}
	return list{scope: scope}
}

// scopeLabel names a scope for people.
func scopeLabel(scope string) pipeline.Text {
	labels := map[string]pipeline.Text{
		scopeAuth:          {RU: "Вход", EN: "Sign-in"},
		scopeFlavors:       {RU: "Конфигурации серверов", EN: "Flavors"},
		scopeServers:       {RU: "Серверы", EN: "Servers"},
		scopeVolumes:       {RU: "Диски", EN: "Volumes"},
		scopeSnapshots:     {RU: "Снимки дисков", EN: "Volume snapshots"},
		scopeBackups:       {RU: "Резервные копии", EN: "Backups"},
		scopeFloatingIPs:   {RU: "Плавающие IP-адреса", EN: "Floating IPs"},
		scopeLoadBalancers: {RU: "Балансировщики нагрузки", EN: "Load balancers"},
		scopeShares:        {RU: "Файловые хранилища", EN: "File shares"},
		scopeClusters:      {RU: "Кластеры Kubernetes", EN: "Kubernetes clusters"},
		scopeDatabases:     {RU: "Базы данных", EN: "Databases"},
		scopeBalance:       {RU: "Баланс", EN: "Balance"},
		scopeCPU:           {RU: "Нагрузка процессоров", EN: "CPU load"},
		scopeMemory:        {RU: "Занятая память", EN: "Memory in use"},
	}
	if t, ok := labels[scope]; ok {
		return t
	}
	name := strings.TrimPrefix(scope, sourceFile)
	return pipeline.Text{RU: name, EN: name}
}
