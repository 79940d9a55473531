package table

import "github.com/infrazen/infrazen/pipeline"

// Variants are the kinds of tables on offer.
func Variants() []Variant {
	extensions := []string{".csv", ".tsv", ".txt", ".xlsx"}
	return []Variant{
		{
			Kind:  KindTable,
			Title: pipeline.Text{RU: "Любой CSV или XLSX", EN: "Any CSV or XLSX"},
			About: pipeline.Text{
				RU: "Отчёт о расходах любого облака или поставщика: загрузите файл и укажите, что в каком столбце.",
				EN: "A cost report of any cloud or vendor: upload the file and say what is in which column.",
			},
			Upload: pipeline.UploadSpec{
				Title:      pipeline.Text{RU: "Отчёт о расходах", EN: "Cost report"},
				Help:       pipeline.Text{RU: "CSV или XLSX, в котором у каждой строки есть дата и сумма.", EN: "CSV or XLSX in which every row has a date and an amount."},
				Extensions: extensions, MaxBytes: MaxBytes,
			},
			Zone: "UTC",
		},
		{
			Kind:  KindCloudRu,
			Title: pipeline.Text{RU: "Cloud.ru (отчёт файлом)", EN: "Cloud.ru (report file)"},
			About: pipeline.Text{
				RU: "Детализация расходов Cloud.ru из личного кабинета. Разметка столбцов предложена, её можно поправить.",
				EN: "The detailed cost report of Cloud.ru from its console. A column mapping is proposed and can be changed.",
			},
			Upload: pipeline.UploadSpec{
				Title: pipeline.Text{RU: "Детализация расходов", EN: "Detailed cost report"},
				Help: pipeline.Text{
					RU: "Скачайте отчёт с детализацией в разделе расходов личного кабинета Cloud.ru, в CSV или XLSX.",
					EN: "Download the detailed report from the costs section of the Cloud.ru console, as CSV or XLSX.",
				},
				Extensions: extensions, MaxBytes: MaxBytes,
			},
			Zone: "Europe/Moscow",
		},
	}
}
