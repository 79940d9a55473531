package table

import "github.com/infrazen/infrazen/pipeline"

// roleSpec is a role with its label and the names of columns that mean it, folded as fold does, the surest first.
type roleSpec struct {
	role  Role
	label pipeline.Text
	names []string
}

// roles are all roles in the order in which they are offered and guessed.
func roles() []roleSpec {
	return []roleSpec{
		{RoleStart, pipeline.Text{RU: "Дата или начало периода", EN: "Date or start of the period"}, []string{
			"chargeperiodstart", "lineitemusagestartdate", "usagestartdate", "usagedatetime", "usagestarttime", "usagestart", "usagedate",
			"дата", "датаначала", "начало", "началопериода", "датаначалапериода", "датаоказанияуслуги", "датапотребления", "датасписания",
			"date", "startdate", "periodstart", "starttime", "start", "день", "day", "период", "отчетныйпериод", "period", "месяц", "month", "billingperiod",
		}},
		{RoleEnd, pipeline.Text{RU: "Конец периода", EN: "End of the period"}, []string{
			"chargeperiodend", "lineitemusageenddate", "usageenddate", "usageendtime", "usageend", "датаокончания", "конец", "конецпериода",
			"окончание", "окончаниепериода", "датаконца", "enddate", "periodend", "endtime", "end",
		}},
		{RoleCost, pipeline.Text{RU: "Стоимость", EN: "Cost"}, []string{
			"billedcost", "lineitemunblendedcost", "unblendedcost", "costinbillingcurrency", "pretaxcost", "costinusd", "totalcost", "cost",
			"стоимостьсндс", "суммасндс", "итоговаястоимость", "суммакоплате", "коплате", "стоимость", "стоимостьруб", "стоимостьсндсруб",
			"суммасндсруб", "суммаруб", "сумма", "начислено", "списано", "итого", "amount", "totalamount", "total", "charge", "price",
		}},
		{RoleEffectiveCost, pipeline.Text{RU: "Стоимость с учётом предоплаты", EN: "Effective (amortised) cost"}, []string{"effectivecost", "amortizedcost"}},
		{RoleListCost, pipeline.Text{RU: "Стоимость без скидок", EN: "Cost by list prices"}, []string{
			"listcost", "pricingpublicondemandcost", "publicondemandcost", "paygcostinbillingcurrency", "стоимостьбезскидки", "стоимостьбезскидок",
		}},
		{RoleCurrency, pipeline.Text{RU: "Валюта", EN: "Currency"}, []string{
			"billingcurrency", "billingcurrencycode", "lineitemcurrencycode", "currencycode", "currency", "валюта", "кодвалюты",
		}},
		{RoleService, pipeline.Text{RU: "Сервис", EN: "Service"}, []string{
			"servicename", "productproductname", "lineitemproductcode", "productcode", "metercategory", "service", "сервис", "услуга", "наименованиеуслуги",
			"названиесервиса", "наименованиесервиса", "продукт", "product", "productname", "сервисплатформы", "наименование",
		}},
		{RoleServiceGroup, pipeline.Text{RU: "Группа сервисов", EN: "Group of services"}, []string{
			"servicecategory", "servicefamily", "productproductfamily", "группауслуг", "категорияуслуги", "категория",
		}},
		{RoleResourceID, pipeline.Text{RU: "Идентификатор ресурса", EN: "Resource ID"}, []string{
			"resourceid", "lineitemresourceid", "instanceid", "идентификаторресурса", "idресурса", "resource", "ресурс", "объект", "uuid",
		}},
		{RoleResourceName, pipeline.Text{RU: "Имя ресурса", EN: "Resource name"}, []string{"resourcename", "имяресурса", "названиересурса", "наименованиересурса", "instancename"}},
		{RoleResourceType, pipeline.Text{RU: "Тип ресурса", EN: "Resource type"}, []string{"resourcetype", "типресурса", "consumedservice"}},
		{RoleProjectID, pipeline.Text{RU: "Идентификатор проекта", EN: "Project ID"}, []string{
			"subaccountid", "lineitemusageaccountid", "subscriptionid", "folderid", "projectid", "idпроекта", "идентификаторпроекта", "subscriptionguid",
		}},
		{RoleProjectName, pipeline.Text{RU: "Проект", EN: "Project"}, []string{
			"subaccountname", "subscriptionname", "foldername", "projectname", "project", "проект", "названиепроекта", "имяпроекта", "наименованиепроекта", "каталог",
		}},
		{RoleRegion, pipeline.Text{RU: "Регион", EN: "Region"}, []string{"regionid", "productregioncode", "resourcelocation", "region", "регион", "location", "расположение", "regionname"}},
		{RoleZone, pipeline.Text{RU: "Зона доступности", EN: "Availability zone"}, []string{"availabilityzone", "lineitemavailabilityzone", "зонадоступности", "зона", "цод"}},
		{RoleSku, pipeline.Text{RU: "Артикул (SKU)", EN: "SKU"}, []string{"skuid", "productsku", "meterid", "sku", "артикул", "idsku", "кодуслуги", "кодтарифа", "skuname"}},
		{RoleDescription, pipeline.Text{RU: "Описание", EN: "Description"}, []string{
			"chargedescription", "lineitemlineitemdescription", "description", "описание", "метрика", "тариф", "комментарий", "metername",
		}},
		{RoleQuantity, pipeline.Text{RU: "Количество", EN: "Quantity"}, []string{
			"consumedquantity", "lineitemusageamount", "usagequantity", "quantity", "pricingquantity", "количество", "колво", "объем", "объемпотребления", "потребление", "usageamount",
		}},
		{RoleUnit, pipeline.Text{RU: "Единица измерения", EN: "Unit"}, []string{"consumedunit", "pricingunit", "unitofmeasure", "unit", "единица", "единицаизмерения", "едизм", "едизмерения"}},
		{RoleCategory, pipeline.Text{RU: "Вид начисления", EN: "Kind of charge"}, []string{"chargecategory", "lineitemlineitemtype", "chargetype", "видначисления", "типначисления", "типоперации"}},
		{RoleProvider, pipeline.Text{RU: "Облако", EN: "Cloud"}, []string{"providername", "облако", "провайдер", "поставщик"}},
		{RoleAccount, pipeline.Text{RU: "Платёжный аккаунт", EN: "Billing account"}, []string{
			"billingaccountid", "billpayeraccountid", "лицевойсчет", "договор", "номердоговора", "платежныйаккаунт", "billingaccount", "контракт",
		}},
	}
}
