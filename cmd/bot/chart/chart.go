// Package chart draws an answer as a PNG picture.
package chart

import (
	"bytes"
	"fmt"
	"image/color"
	"time"

	"codeberg.org/go-fonts/dejavu/dejavusans"
	"github.com/shopspring/decimal"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"

	"github.com/infrazen/infrazen/pipeline"
)

const (
	width, height = 20 * vg.Centimeter, 11 * vg.Centimeter
	maxLabels     = 12
)

var brandBlue = color.RGBA{R: 0x1e, G: 0x40, B: 0xaf, A: 0xff}

// PNG draws the series of the answer's first currency as bars, one a step, with days in zone. The same answer gives the same bytes.
func PNG(a pipeline.CostAnswer, lang pipeline.Lang, zone *time.Location) ([]byte, error) {
	if len(a.Totals) == 0 || len(a.Totals[0].Series) == 0 {
		return nil, fmt.Errorf("cannot draw a chart: the answer has no series")
	}
	total := a.Totals[0]
	p, err := newPlot()
	if err != nil {
		return nil, err
	}
	p.Title.Text = pipeline.FormatMoney(total.Cost, total.Currency, lang)
	p.Y.Min = 0
	bars, err := plotter.NewBarChart(values(total.Series), barWidth(len(total.Series)))
	if err != nil {
		return nil, fmt.Errorf("cannot draw a chart: %w", err)
	}
	bars.Color, bars.LineStyle.Width = brandBlue, 0
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	p.Add(grid, bars)
	p.X.Tick.Marker = timeTicks(a.Steps, a.Query.Step, zone)
	p.Y.Tick.Marker = moneyTicks{currency: total.Currency, lang: lang}
	return encode(p)
}

func newPlot() (*plot.Plot, error) {
	face, err := opentype.Parse(dejavusans.TTF)
	if err != nil {
		return nil, fmt.Errorf("cannot read the font: %w", err)
	}
	fonts := font.NewCache([]font.Face{{Font: font.Font{Typeface: "DejaVu"}, Face: face}})
	p := plot.New()
	p.TextHandler = text.Plain{Fonts: fonts}
	p.BackgroundColor = color.White
	for _, style := range []*text.Style{&p.Title.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.X.Label.TextStyle, &p.Y.Label.TextStyle} {
		style.Font.Typeface = "DejaVu"
		style.Font.Variant = ""
		style.Handler = p.TextHandler
	}
	p.Title.TextStyle.Font.Size = 14
	p.Title.Padding = 3 * vg.Millimeter
	return p, nil
}

// values turns money into bar heights; only a picture is made of them.
func values(series []decimal.Decimal) plotter.Values {
	out := make(plotter.Values, len(series))
	for i, d := range series {
		out[i] = d.InexactFloat64()
	}
	return out
}

func barWidth(n int) vg.Length { return (width - 4*vg.Centimeter) / vg.Length(n) * 0.75 }

func timeTicks(steps []time.Time, step pipeline.Step, zone *time.Location) plot.ConstantTicks {
	layout := map[pipeline.Step]string{pipeline.StepHour: "15:04", pipeline.StepMonth: "01.2006"}[step]
	if layout == "" {
		layout = "02.01"
	}
	every := (len(steps) + maxLabels - 1) / maxLabels
	ticks := make(plot.ConstantTicks, len(steps))
	for i, t := range steps {
		ticks[i].Value = float64(i)
		if i%every == 0 {
			ticks[i].Label = t.In(zone).Format(layout)
		}
	}
	return ticks
}

// moneyTicks labels the usual places of a scale with money.
type moneyTicks struct {
	currency string
	lang     pipeline.Lang
}

// Ticks implements plot.Ticker.
func (m moneyTicks) Ticks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i := range ticks {
		if ticks[i].Label != "" {
			ticks[i].Label = pipeline.FormatMoney(decimal.NewFromFloat(ticks[i].Value).Round(6), m.currency, m.lang)
		}
	}
	return ticks
}

func encode(p *plot.Plot) ([]byte, error) {
	w, err := p.WriterTo(width, height, "png")
	if err != nil {
		return nil, fmt.Errorf("cannot draw a chart: %w", err)
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("cannot draw a chart: %w", err)
	}
	return b.Bytes(), nil
}
