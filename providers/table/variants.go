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
				RU: "Детализация расходов Cloud.ru из личного кабинета. Столбцы определим по файлу, разметку можно поправить.",
				EN: "The detailed cost report of Cloud.ru from its console. The columns are found in the file, and the mapping can be changed.",
			},
			Upload: pipeline.UploadSpec{
				Title: pipeline.Text{RU: "Детализация расходов", EN: "Detailed cost report"},
				Help: pipeline.Text{
					RU: "Личный кабинет Cloud.ru: «Контроль затрат», «Отчёт о расходах», стрелка в строке с детализацией. За месяц она готова в первых числах следующего.",
					EN: "The Cloud.ru console: \"Контроль затрат\" (cost control), \"Отчёт о расходах\" (cost report), the arrow in the row of the details. A month's are ready in the first days of the next.",
				},
				Extensions: extensions, MaxBytes: MaxBytes,
			},
			// Source of the way to the file: cloud.ru/docs/console_partner/ug/topics/guides__billing-docs.html. The columns of the
			// file are documented nowhere [U], so they are guessed by their Russian names.
			Zone:  "Europe/Moscow",
			Known: Mapping{Currency: "RUB", Provider: "Cloud.ru"},
		},
	}
}
