package wire

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/infrazen/infrazen/cmd/bot/telegram"
	"github.com/infrazen/infrazen/cmd/internal/boot"
)

// botNameRetry is how long to wait before Telegram is asked for the bot's name again.
const botNameRetry = 30 * time.Second

// learnBotName asks Telegram for the bot's user name until it answers or ctx ends, and puts it into name. Without a token it does nothing.
func learnBotName(ctx context.Context, env boot.Env, name *atomic.Value) error {
	cfg := env.Settings.Telegram
	if cfg.Token == "" {
		return nil
	}
	client, err := telegram.New(telegram.Config{Token: cfg.Token, Endpoint: cfg.Endpoint, Proxy: cfg.Proxy})
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		me, err := client.Me(ctx)
		if err == nil {
			name.Store(me)
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(botNameRetry):
		}
	}
}
