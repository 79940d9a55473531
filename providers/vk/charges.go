package vk

import (
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// complete says of a report's charge what stands in no column.
func (s *session) complete(c *pipeline.Charge) {
	c.ProviderName, c.PublisherName, c.InvoiceIssuerName = s.place.title.EN, s.place.title.EN, s.place.title.EN
	if c.BillingAccountID == "" {
		c.BillingAccountID = s.console
	}
	if c.SubAccountID == "" {
		c.SubAccountID, c.SubAccountName = s.project, orDefault(s.console, s.project)
	}
	if c.RegionID == "" {
		c.RegionID, c.RegionName = s.region, s.place.regionName.RU
	}
	y, m, _ := c.Start.In(s.zone).Date()
	c.BillingPeriodStart = time.Date(y, m, 1, 0, 0, 0, 0, s.zone).UTC()
	c.ChargeFrequency, c.PricingCategory, c.CostStatus = "Usage-Based", "Standard", pipeline.Billed
	kind, known := typeOf(c.ResourceType)
	if c.ResourceType == "" {
		kind, known = typeOf(c.ServiceName)
	}
	if c.Unrecognised = !known; known {
		c.ResourceType = string(kind)
	}
	if c.ServiceCategory == "" {
		c.ServiceCategory = categoryOf(kind)
	}
}

// typeOf finds the type that a word of the report stands for; false when nobody knows it. VK names no words, so that the beginnings of
// those that its console uses are looked for, in Russian and English.
func typeOf(word string) (pipeline.ResourceType, bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	for _, t := range []struct {
		kind  pipeline.ResourceType
		words []string
	}{
		{pipeline.Snapshot, []string{"снимок", "снапшот", "snapshot"}},
		{pipeline.Backup, []string{"резерв", "бэкап", "backup"}},
		{pipeline.LoadBalancer, []string{"балансировщик", "load balancer", "load_balancer", "loadbalancer"}},
		{pipeline.FloatingIP, []string{"плавающий", "floating", "внешний ip", "ip-адрес", "ip адрес"}},
		{pipeline.Cluster, []string{"кластер kubernetes", "kubernetes", "контейнер", "k8s"}},
		{pipeline.Database, []string{"инстанс бд", "база", "базы", "субд", "database", "dbaas"}},
		{pipeline.Share, []string{"файлов", "share", "nfs"}},
		{pipeline.Bucket, []string{"объектн", "бакет", "bucket", "object storage", "s3"}},
		{pipeline.Image, []string{"образ", "image"}},
		{pipeline.Volume, []string{"диск", "том", "volume", "disk"}},
		{pipeline.CDN, []string{"cdn"}},
		{pipeline.License, []string{"лиценз", "license"}},
		{pipeline.Network, []string{"сеть", "сети", "маршрутизатор", "роутер", "трафик", "network", "router"}},
		{pipeline.Server, []string{"виртуальная машина", "виртуальные машины", "вм", "сервер", "облачные серверы", "instance", "server", "vm"}},
	} {
		for _, w := range t.words {
			if strings.HasPrefix(word, w) {
				return t.kind, true
			}
		}
	}
	return pipeline.OtherType, false
}

// categoryOf is the FOCUS ServiceCategory of a type.
func categoryOf(t pipeline.ResourceType) string {
	switch t {
	case pipeline.Server, pipeline.Cluster:
		return "Compute"
	case pipeline.Volume, pipeline.Snapshot, pipeline.Backup, pipeline.Image, pipeline.Bucket, pipeline.Share:
		return "Storage"
	case pipeline.Database:
		return "Databases"
	case pipeline.FloatingIP, pipeline.LoadBalancer, pipeline.Network, pipeline.CDN:
		return "Networking"
	}
	return "Other"
}
