package wire

import (
	"context"
	"os"
	"strconv"
	"time"

	"github.com/infrazen/infrazen/cmd/bot/chat"
	"github.com/infrazen/infrazen/cmd/bot/telegram"
	"github.com/infrazen/infrazen/cmd/internal/boot"
)

// RunBot runs the bot until ctx ends. Without a token it says so and does nothing.
func RunBot(ctx context.Context, env boot.Env, s *Stores) error {
	cfg := env.Settings.Telegram
	if cfg.Token == "" {
		env.Log.InfoContext(ctx, "the telegram bot is off because no token is set", "setting", boot.EnvName("telegram.token"))
		<-ctx.Done()
		return nil
	}
	client, err := telegram.New(telegram.Config{Token: cfg.Token, Endpoint: cfg.Endpoint, Proxy: cfg.Proxy})
	if err != nil {
		return err
	}
	defer client.Close()
	return chat.New(chat.Deps{
		Telegram: client, Store: s.People, Facts: s.Facts, Asker: s.Asker(), Accounts: s.Accounts(env.Settings), Now: time.Now, Log: env.Log,
		Registry: env.Registry, Holder: Holder("bot"), PublicURL: env.Settings.PublicURL,
	}).Run(ctx)
}

// Holder names this process among all that share the stores.
func Holder(service string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return service + "@" + host + ":" + strconv.Itoa(os.Getpid()) + ":" + strconv.FormatInt(time.Now().UnixNano(), 36)
}
