package question

// currencyWords are the words after "в" and "in" that name a currency: by their beginnings, or whole where a beginning would
// take other words too (евро, Европа).
var currencyWords = []struct{ stems, whole, code string }{
	{stems: "рубл roubl rubl", whole: "rub", code: "RUB"},
	{stems: "доллар бакс dollar", whole: "usd", code: "USD"},
	{whole: "евро euro euros eur", code: "EUR"},
	{stems: "тенге tenge", whole: "kzt", code: "KZT"},
	{stems: "юан yuan", whole: "cny", code: "CNY"},
}

// currency takes "в долларах", "in euros", "в USD".
func (p *parser) currency() {
	for i := range p.words {
		if !anyOf(p.at(i), "в во in to") {
			continue
		}
		for _, c := range currencyWords {
			if begins(p.at(i+1), c.stems) || anyOf(p.at(i+1), c.whole) {
				p.inCurrency = c.code
				p.use(i, 2)
				break
			}
		}
	}
}
