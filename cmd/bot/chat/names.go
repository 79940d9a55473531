package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/infrazen/infrazen/cmd/bot/chat/question"
	"github.com/infrazen/infrazen/cmd/bot/telegram"
	"github.com/infrazen/infrazen/pipeline"
)

// namesOf limits how many names of a dimension a sentence can mention.
const namesOf = 2000

// context gathers the names that a sentence may mention.
func (b *Bot) context(ctx context.Context, v visitor) (question.Context, error) {
	zone, err := zoneOf(v.tenant)
	if err != nil {
		return question.Context{}, err
	}
	c := question.Context{Now: b.Now(), Zone: zone}
	for _, d := range []pipeline.Dimension{pipeline.DimProvider, pipeline.DimProject, pipeline.DimService, pipeline.DimRegion, pipeline.DimResource} {
		values, err := b.Facts.DimensionValues(ctx, v.tenant.ID, d, "", namesOf)
		if err != nil {
			return question.Context{}, fmt.Errorf("cannot list the names of %s: %w", d, err)
		}
		for _, k := range values {
			c.Names = append(c.Names, question.Name{Dimension: d, Value: k.Value, Label: k.Label})
		}
	}
	connections, err := b.Store.ConnectionsOf(ctx, v.tenant.ID)
	if err != nil {
		return question.Context{}, err
	}
	for _, conn := range connections {
		c.Names = append(c.Names, question.Name{Dimension: pipeline.DimConnection, Value: string(conn.ID), Label: conn.Name})
	}
	return c, nil
}

func zoneOf(t pipeline.Tenant) (*time.Location, error) {
	zone, err := time.LoadLocation(t.Zone)
	if err != nil {
		return nil, fmt.Errorf("cannot use the zone of tenant %s: %w", t.ID, err)
	}
	return zone, nil
}

// languageOf guesses a stranger's language: Russian unless Telegram says another.
func languageOf(u telegram.Update) pipeline.Lang {
	if u.FromLang == "" || len(u.FromLang) >= 2 && u.FromLang[:2] == "ru" {
		return pipeline.Russian
	}
	return pipeline.English
}
