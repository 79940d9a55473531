package telegram

import "strings"

// address cuts the bot's name out of a message and tells whether the message is meant for the bot.
// A command with another bot's name is not.
func address(m *rawMessage, bot string) (text string, toBot bool) {
	text = strings.TrimSpace(m.Text)
	private := m.Chat.Type == "private" || m.Chat.Type == ""
	if strings.HasPrefix(text, "/") {
		command, rest, _ := strings.Cut(text, " ")
		name, addressee, named := strings.Cut(command, "@")
		if named && !strings.EqualFold(addressee, bot) {
			return text, false
		}
		return strings.TrimSpace(name + " " + rest), true
	}
	if without, ok := cutMention(text, bot); ok {
		return without, true
	}
	reply := m.ReplyTo != nil && m.ReplyTo.From != nil && bot != "" && strings.EqualFold(m.ReplyTo.From.Username, bot)
	return text, private || reply
}

func cutMention(text, bot string) (string, bool) {
	if bot == "" {
		return text, false
	}
	i := strings.Index(strings.ToLower(text), "@"+strings.ToLower(bot))
	if i < 0 || i+1+len(bot) > len(text) {
		return text, false
	}
	return strings.TrimSpace(text[:i] + text[i+1+len(bot):]), true
}
