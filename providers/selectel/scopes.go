package selectel

import (
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// The scopes that are not lists of a region and a project.
const (
	scopeAuth         = "auth"
	scopeConsumption  = "consumption"
	scopeTotals       = "consumption/projects"
	scopePrices       = "prices"
	scopeTransactions = "transactions"
	scopeBalances     = "balances"
	scopeProjects     = "projects"
	scopeBilling      = "billing"
	scopeToken        = "project" // with the project's identifier behind it
	scopeCPU          = "cpu"
	scopeMemory       = "memory"
)

// scopeOf names a list of one region and one project.
func scopeOf(list, region, project string) string { return list + "/" + region + "/" + project }

// scopeLabel names a scope for people; names are those of projects.
func scopeLabel(scope string, names map[string]string) pipeline.Text {
	labels := map[string]pipeline.Text{
		scopeAuth:         {RU: "Вход", EN: "Sign-in"},
		scopeConsumption:  {RU: "Потребление", EN: "Consumption"},
		scopeTotals:       {RU: "Итоги потребления по проектам", EN: "Consumption totals by project"},
		scopePrices:       {RU: "Прайс-лист", EN: "Price list"},
		scopeTransactions: {RU: "Операции по счёту", EN: "Transactions"},
		scopeBalances:     {RU: "Баланс", EN: "Balance"},
		scopeProjects:     {RU: "Проекты", EN: "Projects"},
		scopeBilling:      {RU: "Ресурсы из биллинга", EN: "Resources from billing"},
		scopeToken:        {RU: "Вход в проект", EN: "Sign-in to project"},
		scopeCPU:          {RU: "Загрузка процессора", EN: "CPU load"},
		scopeMemory:       {RU: "Занятая память", EN: "Memory in use"},
	}
	for _, l := range listings() {
		labels[l.name] = l.label
	}
	if t, ok := labels[scope]; ok {
		return t
	}
	list, rest, _ := strings.Cut(scope, "/")
	t, ok := labels[list]
	if !ok {
		return pipeline.Text{RU: scope, EN: scope}
	}
	region, project, both := strings.Cut(rest, "/")
	if !both {
		region, project = "", rest
	}
	where := strings.TrimLeft(region+", "+nameOf(names, project), ", ")
	return pipeline.Text{RU: t.RU + ": " + where, EN: t.EN + ": " + where}
}

func nameOf(names map[string]string, project string) string {
	if n := names[project]; n != "" {
		return n
	}
	return project
}
