package chat

import (
	"github.com/infrazen/infrazen/cmd/bot/telegram"
	"github.com/infrazen/infrazen/pipeline"
)

var (
	help = pipeline.Text{
		RU: "Спросите обычными словами, например:\n" +
			"• сколько потратили вчера на\u00a0Selectel по\u00a0проектам\n" +
			"• расходы за\u00a0прошлый месяц по\u00a0сервисам\n" +
			"• сколько стоит vps-app-01 за\u00a0неделю по\u00a0дням\n" +
			"• топ 10\u00a0серверов за\u00a0октябрь\n" +
			"• на\u00a0сколько хватит денег\n\n" +
			"Команды:\n/cost — расходы за\u00a0этот месяц\n/top — самое дорогое\n/balance — на\u00a0сколько хватит денег\n/unlink — отвязать чат",
		EN: "Ask in plain words, for example:\n" +
			"• how much did we spend yesterday on Selectel by project\n" +
			"• costs last month by service\n" +
			"• vps-app-01 last 7 days by day\n" +
			"• top 10 servers in October\n" +
			"• what is our runway\n\n" +
			"Commands:\n/cost — costs of this month\n/top — what costs most\n/balance — how long the money lasts\n/unlink — unlink this chat",
	}
	sorry = pipeline.Text{
		RU: "Не\u00a0получилось ответить: данные сейчас недоступны. Повторите вопрос через минуту.",
		EN: "No answer for now: the data cannot be reached. Ask again in a minute.",
	}
	askAgain = pipeline.Text{
		RU: "Исходный вопрос не\u00a0найден. Задайте его ещё раз.",
		EN: "The question above is gone. Please ask it again.",
	}
	badCode = pipeline.Text{
		RU: "Код не\u00a0подошёл: он одноразовый и\u00a0действует недолго. Возьмите новый: InfraZen → Настройки → Telegram.",
		EN: "This code does not work: it is for one use and a short time. Take a new one: InfraZen → Settings → Telegram.",
	}
	unlinked = pipeline.Text{
		RU: "Чат отвязан. Больше сюда ничего не\u00a0придёт.",
		EN: "This chat is unlinked. Nothing more will come here.",
	}
)

// stranger is what a chat hears that is not linked.
func (b *Bot) stranger(lang pipeline.Lang) string {
	return pipeline.Textf(
		"Этот чат ещё не\u00a0привязан к\u00a0InfraZen.\nОткройте %s/settings, раздел «Telegram», получите код и\u00a0пришлите сюда: /start КОД",
		"This chat is not linked to InfraZen yet.\nOpen %s/settings, section “Telegram”, get a code and send here: /start CODE",
		b.PublicURL).In(lang)
}

func menu(lang pipeline.Lang) []telegram.Command {
	entry := func(command, ru, en string) telegram.Command {
		return telegram.Command{Command: command, Description: pipeline.Text{RU: ru, EN: en}.In(lang)}
	}
	return []telegram.Command{
		entry("cost", "Сколько потратили", "What was spent"),
		entry("top", "Что стоит дороже всего", "What costs most"),
		entry("balance", "На сколько хватит денег", "How long the money lasts"),
		entry("help", "Что можно спросить", "What can be asked"),
	}
}
