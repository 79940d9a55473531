package focus

import "github.com/infrazen/infrazen/pipeline"

// Variants lists the kinds there are, the general one first.
func Variants() []Variant {
	return []Variant{
		{
			Kind:  KindFiles,
			Title: pipeline.Text{RU: "Файлы FOCUS", EN: "FOCUS files"},
			About: pipeline.Text{
				RU: "Счета в формате FOCUS 1.0–1.2 (CSV, CSV.gz, Parquet) из папки или S3-совместимого хранилища.",
				EN: "Bills in the FOCUS 1.0 to 1.2 format (CSV, CSV.gz, Parquet) from a folder or an S3-compatible bucket.",
			},
			Region: "us-east-1",
		},
		{
			Kind:  KindAWS,
			Title: pipeline.Text{RU: "AWS (выгрузка FOCUS)", EN: "AWS (FOCUS export)"},
			About: pipeline.Text{
				RU: "AWS Data Exports в формате FOCUS: укажите бакет выгрузки и включите в ней перезапись прежних файлов (Overwrite).",
				EN: "AWS Data Exports in the FOCUS format: name the export's bucket and let the export overwrite its files.",
			},
			ProviderName: "AWS",
			Region:       "us-east-1",
		},
		{
			Kind:  KindAzure,
			Title: pipeline.Text{RU: "Azure (выгрузка FOCUS)", EN: "Azure (FOCUS export)"},
			About: pipeline.Text{
				RU: "Выгрузка Azure Cost Management «Cost and usage details (FOCUS)» с перезаписью файлов, скопированная в папку или S3-совместимое хранилище.",
				EN: "The Azure Cost Management export \"Cost and usage details (FOCUS)\" with file overwrite, copied to a folder or an S3-compatible bucket.",
			},
			ProviderName: "Microsoft",
			Region:       "us-east-1",
		},
		{
			Kind:  KindGCP,
			Title: pipeline.Text{RU: "Google Cloud (выгрузка FOCUS)", EN: "Google Cloud (FOCUS export)"},
			About: pipeline.Text{
				RU: "Представление FOCUS из BigQuery, выгруженное в Cloud Storage; доступ по HMAC-ключу.",
				EN: "The FOCUS view of BigQuery exported to Cloud Storage, read with an HMAC key.",
			},
			ProviderName: "Google Cloud",
			Endpoint:     "https://storage.googleapis.com",
			Region:       "auto",
		},
		{
			Kind:  KindOracle,
			Title: pipeline.Text{RU: "Oracle Cloud (выгрузка FOCUS)", EN: "Oracle Cloud (FOCUS export)"},
			About: pipeline.Text{
				RU: "Отчёты FOCUS Oracle Cloud из Object Storage через его S3-совместимый адрес или из папки.",
				EN: "Oracle Cloud's FOCUS reports from Object Storage by its S3-compatible address, or from a folder.",
			},
			ProviderName: "Oracle",
			Region:       "us-ashburn-1",
		},
	}
}
