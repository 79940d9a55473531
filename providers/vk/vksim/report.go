package vksim

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"github.com/infrazen/infrazen/providers/world"
)

// The layout of the report is ours: VK documents that it is by day, has resource identifiers and labels and comes as CSV or XLSX, and
// names no column.
func columns() []string {
	return []string{
		"Дата", "Сервис", "Тип ресурса", "ID ресурса", "Имя ресурса", "Статья расхода", "Количество", "Единица измерения", "Стоимость", "Метки",
	}
}

// totalWord begins the last line of a report.
const totalWord = "Итого"

// ReportLine is a line of the consumption report: what one part of one resource cost on one day.
type ReportLine struct {
	Day                            time.Time // midnight of the stand-in's zone
	Service, Type, ResourceID, SKU string
	Name, Unit                     string
	Quantity, Cost                 decimal.Decimal
	// Exact is the cost before it was rounded.
	Exact decimal.Decimal
	Tags  map[string]string
}

// Lines are the lines of the days from one to another, the last one excluded, as VK gives them out at an instant; zero means in the
// end. A cost under a kopeck is rounded up to one kopeck, as VK documents.
func (s *Server) Lines(a *world.Account, from, to, asOf time.Time) []ReportLine {
	type key struct {
		day           int64
		resource, sku string
	}
	at := map[key]int{}
	var out []ReportLine
	for _, l := range a.Bill(from, to, asOf) {
		y, m, d := l.Hour.In(s.conf.Zone).Date()
		day := time.Date(y, m, d, 0, 0, 0, 0, s.conf.Zone)
		k := key{day.Unix(), l.ResourceID, l.SKU}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			service, kind := wordsOf(l.Kind)
			out = append(out, ReportLine{Day: day, Service: service, Type: kind, ResourceID: l.ResourceID, SKU: l.SKU, Unit: l.Unit + "·ч", Tags: l.Tags})
		}
		r := &out[i]
		r.Name, r.Quantity, r.Exact = l.Name, r.Quantity.Add(l.Quantity), r.Exact.Add(l.Cost)
	}
	kopeck := decimal.New(1, -2)
	for i := range out {
		if out[i].Cost = out[i].Exact; out[i].Exact.IsPositive() && out[i].Exact.LessThan(kopeck) {
			out[i].Cost = kopeck
		}
	}
	return out
}

// wordsOf are the service and the type of resource as the report calls them.
func wordsOf(k world.Kind) (service, kind string) {
	switch k {
	case world.Server:
		return "Облачные серверы", "Виртуальная машина"
	case world.Volume:
		return "Облачные серверы", "Диск"
	case world.Snapshot:
		return "Облачные серверы", "Снимок диска"
	case world.Backup:
		return "Резервное копирование", "Резервная копия"
	case world.FloatingIP:
		return "Виртуальные сети", "Плавающий IP"
	case world.LoadBalancer:
		return "Виртуальные сети", "Балансировщик нагрузки"
	case world.Share:
		return "Файловые хранилища", "Файловое хранилище"
	case world.Cluster:
		return "Контейнеры", "Кластер Kubernetes"
	case world.Database:
		return "Базы данных", "Инстанс БД"
	}
	return "Новые сервисы", "Квантовый ускоритель"
}

func (l *ReportLine) cells() []string {
	tags := make([]string, 0, len(l.Tags))
	for k, v := range l.Tags {
		tags = append(tags, k+"="+v)
	}
	slices.Sort(tags)
	return []string{
		l.Day.Format(time.DateOnly), l.Service, l.Type, l.ResourceID, l.Name, l.SKU, comma(l.Quantity), l.Unit, comma(l.Cost), strings.Join(tags, ";"),
	}
}

func comma(d decimal.Decimal) string { return strings.ReplaceAll(d.String(), ".", ",") }

// rows are all rows of the report with its header and its total.
func (s *Server) rows(a *world.Account, from, to, asOf time.Time) [][]string {
	out, total := [][]string{columns()}, decimal.Zero
	for _, l := range s.Lines(a, from, to, asOf) {
		out, total = append(out, l.cells()), total.Add(l.Cost)
	}
	last := make([]string, len(columns()))
	last[0], last[8] = totalWord, comma(total)
	return append(out, last)
}

// Report is the consumption report of the days from one to another, the last one excluded, as CSV in the layout of ours: UTF-8 with a
// byte order mark, semicolons, decimal commas.
func (s *Server) Report(a *world.Account, from, to, asOf time.Time) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.Comma = ';'
	if err := w.WriteAll(s.rows(a, from, to, asOf)); err != nil {
		return nil, fmt.Errorf("cannot write the report: %w", err)
	}
	return b.Bytes(), nil
}

// ReportXLSX is Report as a workbook. Its cells are texts, so that no digit is lost.
func (s *Server) ReportXLSX(a *world.Account, from, to, asOf time.Time) (content []byte, err error) {
	f := excelize.NewFile()
	defer func() {
		if e := f.Close(); err == nil && e != nil {
			err = fmt.Errorf("cannot close the workbook: %w", e)
		}
	}()
	for i, row := range s.rows(a, from, to, asOf) {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			return nil, fmt.Errorf("cannot write row %d of the report: %w", i+1, err)
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("cannot write the report: %w", err)
	}
	return b.Bytes(), nil
}
