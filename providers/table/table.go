// Package table brings in bills that are tables of any kind: CSV and XLSX whose columns a mapping explains.
//
// One uploaded file is one slice of the ledger: it is loaded whole or not at all. Deviations that lose and invent no number are
// told in notes; all others refuse the file with a sentence that names the rows. What cannot be told from the file alone, such as
// the order of day and month, is asked and not guessed.
package table

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// The kinds of connections that read tables.
const (
	KindTable   pipeline.Kind = "table"
	KindCloudRu pipeline.Kind = "cloudru"
)

// Variant is what makes one kind of table differ from another.
type Variant struct {
	Kind         pipeline.Kind
	Title, About pipeline.Text
	Upload       pipeline.UploadSpec
	// Zone is the IANA zone of times that name none, where the mapping does not say it.
	Zone string
	// Known is what is known of the cloud's reports whatever their columns: the currency and the cloud's name. The columns are
	// guessed from the first file.
	Known Mapping
}

// Provider is one kind of table.
type Provider struct{ variant Variant }

// New makes a kind of table.
func New(v Variant) *Provider { return &Provider{variant: v} }

// All makes every kind of table, the general one first.
func All() []pipeline.Provider {
	out := make([]pipeline.Provider, 0, 2)
	for _, v := range Variants() {
		out = append(out, New(v))
	}
	return out
}

// Info describes the kind.
func (p *Provider) Info() pipeline.Info {
	upload := p.variant.Upload
	return pipeline.Info{
		Kind: p.variant.Kind, Title: p.variant.Title, About: p.variant.About,
		Fields: []pipeline.Field{{
			Name:  settingMapping,
			Label: pipeline.Text{RU: "Разметка столбцов", EN: "Column mapping"},
			Help: pipeline.Text{
				RU: "Что в каком столбце и как записаны даты и числа. Применяется ко всем файлам подключения.",
				EN: "What is in which column, and how dates and numbers are written. It holds for all files of the connection.",
			},
			Required: true, Multiline: true, Mapping: true,
		}},
		Feeds: []pipeline.FeedSpec{{Feed: pipeline.FeedFiles, Grain: pipeline.GrainObject, Every: 5 * time.Minute}},
		// Files are periods of their own; the zone is that of the days they are asked for in.
		BillingZone: p.variant.Zone,
		Concurrency: 2,
		Uploads:     &upload,
	}
}

// Open checks the mapping and makes a session. It opens no file.
func (p *Provider) Open(settings pipeline.Settings, env pipeline.Env) (pipeline.Session, error) {
	text := settings[settingMapping]
	if text == "" {
		return nil, faultMapping("Столбцы не размечены. Выберите файл и укажите, что в каком столбце.",
			"The columns are not set. Choose a file and say what is in which column.")
	}
	m, err := ParseMapping(text)
	if err != nil {
		return nil, err
	}
	zone, err := p.zone()
	if err != nil {
		return nil, err
	}
	return &session{mapping: m, mark: markOf(m), zone: zone, uploads: env.Uploads}, nil
}

func (p *Provider) zone() (*time.Location, error) {
	zone, err := time.LoadLocation(p.variant.Zone)
	if err != nil {
		return nil, fmt.Errorf("cannot use the zone %q: %w", p.variant.Zone, err)
	}
	return zone, nil
}

// Preview implements pipeline.Previewer.
func (p *Provider) Preview(ctx context.Context, name string, file io.ReadSeeker, mapping string, zone *time.Location) (pipeline.Preview, error) {
	own, err := p.zone()
	if err != nil {
		return pipeline.Preview{}, err
	}
	if own != time.UTC || zone == nil {
		zone = own
	}
	return preview(ctx, name, file, mapping, zone, p.variant.Known)
}
