package yandex

import "github.com/infrazen/infrazen/pipeline"

// The addresses used unless the settings say otherwise.
const (
	DefaultReports    = "billing.api.cloud.yandex.net:443"
	DefaultMonitoring = "https://monitoring.api.cloud.yandex.net"
	DefaultStorage    = "https://storage.yandexcloud.net"
	DefaultRegion     = "ru-central1"
)

func fields() []pipeline.Field {
	return append(append(accessFields(), exportFields()...), advancedFields()...)
}

func accessFields() []pipeline.Field {
	return []pipeline.Field{
		{
			Name: FieldKey, Required: true, Secret: true, Multiline: true,
			Label: pipeline.Text{RU: "Ключ сервисного аккаунта", EN: "Service account key"},
			Help: pipeline.Text{
				RU: "Весь JSON авторизованного ключа сервисного аккаунта. Роли: viewer на облако или каталог, billing.accounts.viewer на платёжный аккаунт, monitoring.viewer для нагрузки.",
				EN: "The whole JSON of an authorised key of a service account. Roles: viewer on the cloud or folder, billing.accounts.viewer on the billing account, monitoring.viewer for load.",
			},
		},
		{
			Name:  FieldFolder,
			Label: pipeline.Text{RU: "Идентификаторы каталогов", EN: "Folder IDs"},
			Help: pipeline.Text{
				RU: "Через запятую. Нужны, если аккаунту видны только отдельные каталоги; пусто: все каталоги всех доступных облаков.",
				EN: "Separated by commas. Needed when the account sees single folders only; empty: all folders of all clouds that it sees.",
			},
		},
		{
			Name: FieldBillingAccount, Fixed: true,
			Label: pipeline.Text{RU: "Идентификатор платёжного аккаунта", EN: "Billing account ID"},
			Help: pipeline.Text{
				RU: "Пусто: первый доступный. Укажите, если их несколько.",
				EN: "Empty: the first one that is visible. Give it when there are several.",
			},
		},
	}
}

func exportFields() []pipeline.Field {
	return []pipeline.Field{
		{
			Name: FieldBucket, Fixed: true,
			Label: pipeline.Text{RU: "Бакет с детализацией", EN: "Bucket with the export"},
			Help: pipeline.Text{
				RU: "Бакет, куда Yandex Cloud Billing каждый час выгружает детализацию в CSV: самый полный источник, с метками и скидками. Пусто: расходы берутся из отчётов API, без меток.",
				EN: "The bucket into which Yandex Cloud Billing exports usage details as CSV every hour: the fullest source, with labels and credits. Empty: costs come from the API's reports, without labels.",
			},
		},
		{
			Name:  FieldPrefix,
			Label: pipeline.Text{RU: "Префикс файлов", EN: "Prefix of the files"},
			Help:  pipeline.Text{RU: "Как указан при настройке выгрузки; пусто: все файлы .csv бакета.", EN: "As given when the export was set up; empty: all .csv files of the bucket."},
		},
		{
			Name:  FieldAccessKey,
			Label: pipeline.Text{RU: "Идентификатор статического ключа", EN: "Static key ID"},
			Help:  pipeline.Text{RU: "Статический ключ доступа сервисного аккаунта с ролью storage.viewer.", EN: "The static access key of a service account with the role storage.viewer."},
		},
		{
			Name: FieldSecretKey, Secret: true,
			Label: pipeline.Text{RU: "Секретный статический ключ", EN: "Static key secret"},
			Help:  pipeline.Text{RU: "Показывается один раз, при создании ключа.", EN: "It is shown once, when the key is made."},
		},
	}
}

func advancedFields() []pipeline.Field {
	only := pipeline.Text{RU: "Меняется только для прокси и проверок.", EN: "To be changed for a proxy or for tests only."}
	return []pipeline.Field{
		{
			Name: FieldAddress, Advanced: true,
			Label: pipeline.Text{RU: "Адрес API", EN: "API address"},
			Help: pipeline.Text{
				RU: "Один адрес вместо всех адресов *.api.cloud.yandex.net: пути сервисов остаются. Меняется только для прокси и проверок.",
				EN: "One address in place of all *.api.cloud.yandex.net: the services keep their paths. To be changed for a proxy or for tests only.",
			},
		},
		{
			Name: FieldReports, Advanced: true, Default: DefaultReports,
			Label: pipeline.Text{RU: "Адрес отчётов (gRPC)", EN: "Address of reports (gRPC)"}, Help: only,
		},
		{
			Name: FieldMonitoring, Advanced: true, Default: DefaultMonitoring,
			Label: pipeline.Text{RU: "Адрес Monitoring", EN: "Address of Monitoring"},
			Help: pipeline.Text{
				RU: "Yandex переводит Monitoring на новое имя; если адрес сменится, впишите новый.",
				EN: "Yandex is moving Monitoring to a new name; if its address changes, enter the new one.",
			},
		},
		{
			Name: FieldStorage, Advanced: true, Default: DefaultStorage,
			Label: pipeline.Text{RU: "Адрес Object Storage", EN: "Address of Object Storage"}, Help: only,
		},
		{
			Name: FieldRegion, Advanced: true, Default: DefaultRegion,
			Label: pipeline.Text{RU: "Регион Object Storage", EN: "Region of Object Storage"}, Help: only,
		},
	}
}
