package server

import (
	"context"
	"slices"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

type dimensionView struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

type dimensionsOut struct {
	Body struct {
		Dimensions []dimensionView `json:"dimensions" doc:"In the order to show them; tags last, as tag:key"`
	}
}

type dimensionValuesIn struct {
	Dimension string `path:"dimension" maxLength:"300"`
	Q         string `query:"q" maxLength:"200" doc:"Looked for in value and label"`
	Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type dimensionValuesOut struct {
	Body struct {
		Values []keyView `json:"values"`
	}
}

func (s *Server) listDimensions(ctx context.Context, c caller, _ *struct{}) (*dimensionsOut, error) {
	tags, err := s.Facts.TagKeys(ctx, c.tenant())
	if err != nil {
		return nil, err
	}
	out := &dimensionsOut{}
	out.Body.Dimensions = mapped(pipeline.Dimensions(), func(d pipeline.Dimension) dimensionView {
		return dimensionView{Name: string(d), Title: dimensionTitle(d, c.lang)}
	})
	for _, key := range tags {
		out.Body.Dimensions = append(out.Body.Dimensions, dimensionView{Name: string(pipeline.TagDimension(key)), Title: key})
	}
	return out, nil
}

func (s *Server) dimensionValues(ctx context.Context, c caller, in *dimensionValuesIn) (*dimensionValuesOut, error) {
	d := pipeline.Dimension(in.Dimension)
	if !d.Known() {
		return nil, refuse(404, "Измерение %q не известно.", "Dimension %q is not known.", in.Dimension)
	}
	out := &dimensionValuesOut{}
	if d == pipeline.DimConnection { // its values are ids: people know the names
		conns, err := s.Store.ConnectionsOf(ctx, c.tenant())
		out.Body.Values = connectionKeys(conns, in.Q, in.Limit)
		return out, err
	}
	values, err := s.Facts.DimensionValues(ctx, c.tenant(), d, in.Q, in.Limit)
	if err != nil {
		return nil, err
	}
	out.Body.Values = mapped(values, viewKey)
	return out, nil
}

func connectionKeys(conns []pipeline.Connection, text string, limit int) []keyView {
	keys := []keyView{}
	for _, conn := range conns {
		if len(keys) < limit && strings.Contains(strings.ToLower(conn.Name), strings.ToLower(text)) {
			keys = append(keys, keyView{Value: string(conn.ID), Label: conn.Name})
		}
	}
	slices.SortFunc(keys, func(a, b keyView) int { return strings.Compare(a.Label, b.Label) })
	return keys
}

func dimensionTitle(d pipeline.Dimension, lang pipeline.Lang) string {
	titles := map[pipeline.Dimension]pipeline.Text{
		pipeline.DimProvider: {RU: "Облако", EN: "Provider"}, pipeline.DimConnection: {RU: "Подключение", EN: "Connection"},
		pipeline.DimProject: {RU: "Проект", EN: "Project"}, pipeline.DimServiceCategory: {RU: "Категория сервиса", EN: "Service category"},
		pipeline.DimService: {RU: "Сервис", EN: "Service"}, pipeline.DimResource: {RU: "Ресурс", EN: "Resource"},
		pipeline.DimResourceName: {RU: "Имя ресурса", EN: "Resource name"}, pipeline.DimResourceType: {RU: "Тип ресурса", EN: "Resource type"},
		pipeline.DimRegion: {RU: "Регион", EN: "Region"}, pipeline.DimZone: {RU: "Зона доступности", EN: "Availability zone"},
		pipeline.DimSku: {RU: "Артикул", EN: "SKU"}, pipeline.DimBillingAccount: {RU: "Платёжный аккаунт", EN: "Billing account"},
		pipeline.DimChargeCategory: {RU: "Вид начисления", EN: "Charge category"}, pipeline.DimCostStatus: {RU: "По счёту или по оценке", EN: "Billed or estimated"},
		pipeline.DimCurrency: {RU: "Валюта", EN: "Currency"}, pipeline.DimUnrecognised: {RU: "Нераспознанное", EN: "Unrecognised"},
		pipeline.DimSource: {RU: "Источник", EN: "Source"},
	}
	if t, ok := titles[d]; ok {
		return t.In(lang)
	}
	return string(d)
}
