package chart

import (
	"bytes"
	"image/png"
	"os"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

func month(days int) pipeline.CostAnswer {
	zone := time.FixedZone("MSK", 3*3600)
	a := pipeline.CostAnswer{Query: pipeline.CostQuery{Step: pipeline.StepDay}}
	total := pipeline.CostTotal{Currency: "RUB"}
	for i := range days {
		cost := decimal.New(int64(1200000+37000*((i*7)%11)), -2)
		a.Steps = append(a.Steps, time.Date(2026, 10, 1+i, 0, 0, 0, 0, zone).UTC())
		total.Series = append(total.Series, cost)
		total.Cost = total.Cost.Add(cost)
	}
	a.Totals = []pipeline.CostTotal{total}
	return a
}

func draw(t *testing.T, a pipeline.CostAnswer) []byte {
	t.Helper()
	picture, err := PNG(a, pipeline.Russian, time.FixedZone("MSK", 3*3600))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func TestPNG(t *testing.T) {
	picture := draw(t, month(31))
	if path := os.Getenv("INFRAZEN_TEST_CHART"); path != "" {
		if err := os.WriteFile(path, picture, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	blue := 0
	for x := range img.Bounds().Dx() {
		for y := range img.Bounds().Dy() {
			if r, g, b, _ := img.At(x, y).RGBA(); r>>8 == 0x1e && g>>8 == 0x40 && b>>8 == 0xaf {
				blue++
			}
		}
	}
	if share := float64(blue) / float64(img.Bounds().Dx()*img.Bounds().Dy()); share < 0.2 || share > 0.8 {
		t.Fatalf("%.2f of the picture is bars", share)
	}
	if !bytes.Equal(picture, draw(t, month(31))) {
		t.Fatal("the same answer gave other bytes")
	}
	if bytes.Equal(picture, draw(t, month(30))) {
		t.Fatal("another answer gave the same bytes")
	}
}

func TestPNGOfOnePointAndOfNothing(t *testing.T) {
	draw(t, month(1))
	if _, err := PNG(pipeline.CostAnswer{}, pipeline.Russian, time.UTC); err == nil {
		t.Fatal("nothing must not become a picture")
	}
}
