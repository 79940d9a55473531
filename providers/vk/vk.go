// Package vk reads VK Cloud: servers, disks, addresses, balancers, file storage, Kubernetes clusters and databases over OpenStack's
// APIs, the balance, the load from Cloud Monitoring, and the consumption report that a user downloads from the console.
//
// VK has no API of costs. Until a report is imported its resources carry rates from a price list, which pipeline/collect turns into
// estimates; an imported report stands for the estimate on the days that it covers. Every service fails alone.
package vk

import (
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/table"
)

// The kinds of connection: one for each region, as the days of bills, the currency and the addresses are the region's.
const (
	Kind           pipeline.Kind = "vk"
	KindKazakhstan pipeline.Kind = "vk-kz"
)

// The names of the settings.
const (
	FieldUser       = "user"
	FieldPassword   = "password"
	FieldProject    = "project_id"
	FieldConsole    = "console_project_id"
	FieldMapping    = "report_mapping"
	FieldPrices     = "price_list"
	FieldRegion     = "region"
	FieldIdentity   = "identity_url"
	FieldBilling    = "billing_url"
	FieldMonitoring = "monitoring_url"
)

// Provider is VK Cloud in one region.
type Provider struct{ place place }

// New returns the provider of the Moscow region.
func New() Provider { return Provider{place: moscow()} }

// NewKazakhstan returns the provider of the Kazakhstan region.
func NewKazakhstan() Provider { return Provider{place: kazakhstan()} }

// All lists the providers of all regions.
func All() []pipeline.Provider { return []pipeline.Provider{New(), NewKazakhstan()} }

// place is what differs between the regions.
type place struct {
	kind       pipeline.Kind
	title      pipeline.Text
	regionName pipeline.Text
	currency   string
	// zone cuts the days of reports. VK documents Moscow GMT+3 and Kazakhstan GMT+6 (cloud.vk.com, detail of the balance); the latter is
	// no civil zone of today's Kazakhstan, so it is named by its offset.
	zone                          string
	identity, billing, monitoring string
	prices                        string
}

func moscow() place {
	return place{
		kind: Kind, title: pipeline.Text{RU: "VK Cloud", EN: "VK Cloud"}, regionName: pipeline.Text{RU: "Москва", EN: "Moscow"},
		currency: "RUB", zone: "Europe/Moscow",
		identity: "https://infra.mail.ru:5000/v3/", billing: "https://msk.cloud.vk.com", monitoring: "https://cloud.vk.ru/monitoring/query/v2",
		prices: moscowPrices,
	}
}

// kazakhstan's identity and billing addresses are made after those of Moscow; only that of Monitoring is documented.
func kazakhstan() place {
	return place{
		kind: KindKazakhstan, title: pipeline.Text{RU: "VK Cloud Казахстан", EN: "VK Cloud Kazakhstan"},
		regionName: pipeline.Text{RU: "Казахстан", EN: "Kazakhstan"}, currency: "KZT", zone: "Etc/GMT-6",
		identity: "https://kz.cloud.vk.kz/infra/identity/v3/", billing: "https://kz.cloud.vk.kz", monitoring: "https://kz.cloud.vk.kz/monitoring/query/v2",
	}
}

// Info implements pipeline.Provider.
func (p Provider) Info() pipeline.Info {
	return pipeline.Info{
		Kind: p.place.kind, Title: p.place.title,
		About: pipeline.Text{
			RU: "Серверы, диски, адреса, базы и кластеры VK Cloud (" + p.place.regionName.RU + "): оценка по прайс-листу и точные суммы из отчёта о потреблении, нагрузка, баланс.",
			EN: "Servers, disks, addresses, databases and clusters of VK Cloud (" + p.place.regionName.EN + "): an estimate by the price list and exact sums from the consumption report, load, balance.",
		},
		Fields: p.fields(), Feeds: feeds(), BillingZone: p.place.zone, Concurrency: 1, Prepaid: prepaid(), Closing: closing(), Uploads: uploads(),
	}
}

func feeds() []pipeline.FeedSpec {
	return []pipeline.FeedSpec{
		{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, Every: time.Hour, Backfill: 90 * 24 * time.Hour, Accrues: true},
		{Feed: pipeline.FeedUsage, Grain: pipeline.GrainHour, Every: time.Hour, Backfill: 30 * 24 * time.Hour},
		{Feed: pipeline.FeedFiles, Grain: pipeline.GrainObject, Every: 5 * time.Minute, Supersedes: true},
	}
}

// closing is how VK's documents differ from what we hold: a report's rows are rounded up to a kopeck each, the total of the report is
// their sum, and days without a report are our estimate.
func closing() *pipeline.ClosingRule {
	return &pipeline.ClosingRule{
		RoundsRows: true,
		NotBilled: pipeline.Text{
			RU: "VK Cloud не\u00a0отдаёт списания по\u00a0API: дни без загруженного отчёта о\u00a0потреблении посчитаны по\u00a0прайс-листу, и\u00a0в\u00a0них нет услуг, которых прайс-лист не\u00a0знает.",
			EN: "VK Cloud's API tells no deductions: days without an uploaded consumption report are worked out from a price list, and services that it does not know are not in them.",
		},
	}
}

// prepaid is VK's rule: the project is frozen when the payment account runs out, its objects wait for their deletion, and nothing is
// said of how long; bonus money of the kind of object pays first.
func prepaid() *pipeline.Prepaid {
	return &pipeline.Prepaid{
		BonusPays: true, Source: "https://cloud.vk.com/docs/en/intro/billing/concepts/balance",
		Text: pipeline.Text{
			RU: "Когда на платёжном счёте кончаются деньги, VK Cloud сразу замораживает проект, а его объекты ставит в очередь на удаление. Срок удаления не назван. Бонусы тратятся первыми, каждый вид — только на свои сервисы.",
			EN: "When the payment account runs out, VK Cloud freezes the project at once and queues its objects for deletion. It does not say how soon they are deleted. Bonuses are spent first, each kind on its own services only.",
		},
	}
}

func uploads() *pipeline.UploadSpec {
	return &pipeline.UploadSpec{
		Title: pipeline.Text{RU: "Отчёт о потреблении", EN: "Consumption report"},
		Help: pipeline.Text{
			RU: "В личном кабинете VK Cloud откройте «Баланс и платежи» → «Детализация», выберите период, детализацию по дням, ID ресурсов и метки и скачайте CSV или XLSX. Отчёт заменяет оценку за те дни, которые в нём есть; если периоды пересекаются, верен файл, загруженный позже.",
			EN: "In the VK Cloud console open Balance and payments, then Detail, choose the period, days, resource IDs and labels, and download CSV or XLSX. The report replaces the estimate of the days that it has; where periods overlap, the file uploaded later is right.",
		},
		Extensions: []string{".csv", ".xlsx"}, MaxBytes: table.MaxBytes,
	}
}

var _ pipeline.Previewer = Provider{}
