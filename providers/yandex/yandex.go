// Package yandex reads Yandex Cloud: what exists over REST, what it costs from the daily CSV export in Object Storage or, where
// there is none, from the usage reports over gRPC, and the load of machines from Monitoring.
//
// The export's days are days of UTC+3, those of the usage reports are days of UTC: a connection uses one of the two, never both.
// Every list of every folder fails alone.
package yandex

import (
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// Kind is this provider's kind of connection.
const Kind pipeline.Kind = "yandex"

// The names of the settings.
const (
	FieldKey            = "service_account_key"
	FieldFolder         = "folder_id"
	FieldBillingAccount = "billing_account_id"
	FieldBucket         = "bucket"
	FieldPrefix         = "prefix"
	FieldAccessKey      = "access_key_id"
	FieldSecretKey      = "secret_access_key"
	FieldAddress        = "base_url"
	FieldReports        = "grpc_address"
	FieldMonitoring     = "monitoring_url"
	FieldStorage        = "storage_url"
	FieldRegion         = "storage_region"
)

// cloudName is Yandex Cloud as charges and sentences call it.
const cloudName = "Yandex Cloud"

// billingZone is where the export cuts its days.
func billingZone() *time.Location { return time.FixedZone("MSK", 3*60*60) }

// Provider is Yandex Cloud. Its zero value is ready.
type Provider struct{}

// New returns the provider.
func New() Provider { return Provider{} }

// Info implements pipeline.Provider.
func (Provider) Info() pipeline.Info {
	return pipeline.Info{
		Kind:  Kind,
		Title: pipeline.Text{RU: "Yandex Cloud", EN: "Yandex Cloud"},
		About: pipeline.Text{
			RU: "Ресурсы всех каталогов, расходы и скидки по часам, нагрузка машин и баланс Yandex Cloud.",
			EN: "Resources of all folders, costs and credits by the hour, load of machines and the balance of Yandex Cloud.",
		},
		Fields:      fields(),
		Feeds:       feeds(),
		BillingZone: "Europe/Moscow",
		Concurrency: 2,
		Prepaid:     prepaid(),
	}
}

const day = 24 * time.Hour

func feeds() []pipeline.FeedSpec {
	return []pipeline.FeedSpec{
		{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, Every: time.Hour},
		// The cloud overwrites a day's file every hour and may change it for a month; the listing tells which ones have changed.
		{Feed: pipeline.FeedFiles, Grain: pipeline.GrainObject, Every: 20 * time.Minute},
		// A report costs a minute of a limit that all connections share, so it is asked for rarely.
		{Feed: pipeline.FeedCharges, Grain: pipeline.GrainDay, Every: 6 * time.Hour, Restated: 7 * day, Backfill: 90 * day},
		{Feed: pipeline.FeedUsage, Grain: pipeline.GrainHour, Every: time.Hour, Backfill: 30 * day},
	}
}

// prepaid is what Yandex Cloud says of accounts in debt. When resources stop depends on the contract and the billing threshold.
func prepaid() *pipeline.Prepaid {
	return &pipeline.Prepaid{
		DeletedAfter: 60 * day,
		BonusPays:    true,
		Text: pipeline.Text{
			RU: "Когда на лицевом счёте долг и порог оплаты исчерпан, Yandex Cloud может остановить машины и базы; хранение данных продолжает тарифицироваться. Если не погасить весь долг за 60 дней, данные и платёжный аккаунт удаляются. Грант расходуется раньше денег, но долг им не погасить.",
			EN: "When the account is in debt and the billing threshold is used up, Yandex Cloud may stop machines and databases; storage is still charged. Unless the whole debt is paid within 60 days, the data and the billing account are deleted. Grants are used before money, and do not pay debts.",
		},
		Source: "https://yandex.cloud/en/docs/billing/concepts/billing-account-statuses",
	}
}

// Open implements pipeline.Provider.
func (Provider) Open(settings pipeline.Settings, env pipeline.Env) (pipeline.Session, error) {
	conf, f := parseSettings(settings)
	if f != nil {
		return nil, f
	}
	if env.Now == nil {
		env.Now = time.Now
	}
	s := &session{env: env, conf: conf, edge: httpedge.New(httpedge.Config{Env: env, Cloud: cloudName})}
	s.edge.Hide(settings[FieldKey], conf.secretKey)
	if conf.bucket != "" {
		s.bucket = newBucket(&s.conf, env, s.edge.Now)
	}
	return s, nil
}
