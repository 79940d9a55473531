package question

import (
	"strconv"

	"github.com/infrazen/infrazen/pipeline"
)

// dimensionStems are the words after "по" and "by".
var dimensionStems = []struct {
	stems string
	dim   pipeline.Dimension
	step  pipeline.Step
}{
	{stems: "проект project папк folder", dim: pipeline.DimProject},
	{stems: "сервис услуг service", dim: pipeline.DimService},
	{stems: "провайдер облак cloud provider", dim: pipeline.DimProvider},
	{stems: "подключен аккаунт учетн connection account", dim: pipeline.DimConnection},
	{stems: "ресурс сервер машин вм vm vps resource server machine", dim: pipeline.DimResource},
	{stems: "тип type kind", dim: pipeline.DimResourceType},
	{stems: "регион region", dim: pipeline.DimRegion},
	{stems: "зон zone", dim: pipeline.DimZone},
	{stems: "категори categor", dim: pipeline.DimServiceCategory},
	{stems: "час hour", step: pipeline.StepHour},
	{stems: "дн сутк day", step: pipeline.StepDay},
	{stems: "недел week", step: pipeline.StepWeek},
	{stems: "месяц month", step: pipeline.StepMonth},
}

// grouping takes "по проектам", "by service and region", "по тегу env", "по дням", "daily".
func (p *parser) grouping() {
	for i := range p.words {
		if anyOf(p.at(i), "по by per") {
			for n := p.groupAt(i, i+1); n > 0; {
				next := i + 1 + n
				if !anyOf(p.at(next), "и and") {
					break
				}
				i = next
				n = p.groupAt(i, i+1)
			}
		}
		switch {
		case anyOf(p.at(i), "почасово hourly ежечасно"):
			p.step = pipeline.StepHour
			p.use(i, 1)
		case anyOf(p.at(i), "ежедневно daily посуточно"):
			p.step = pipeline.StepDay
			p.use(i, 1)
		}
	}
}

// groupAt uses one grouping whose word begins at i, with the word before it at lead, and returns how many words it took.
func (p *parser) groupAt(lead, i int) int {
	w := p.at(i)
	if w == "" {
		return 0
	}
	if begins(w, "тег метк tag label") && p.at(i+1) != "" {
		p.addGroup(pipeline.TagDimension(p.words[i+1].typed))
		p.use(lead, i+2-lead)
		return 2
	}
	for _, d := range dimensionStems {
		if !begins(w, d.stems) {
			continue
		}
		if d.dim != "" {
			p.addGroup(d.dim)
		} else {
			p.step = d.step
		}
		p.use(lead, i+1-lead)
		return 1
	}
	return 0
}

func (p *parser) addGroup(d pipeline.Dimension) {
	for _, g := range p.groups {
		if g == d {
			return
		}
	}
	if len(p.groups) < pipeline.MaxGroupBy {
		p.groups = append(p.groups, d)
	}
}

// comparison takes "по сравнению с прошлым", "против прошлого", "vs previous", "сравни".
func (p *parser) comparison() {
	for i := range p.words {
		switch {
		case p.at(i) == "по" && begins(p.at(i+1), "сравнен"):
			p.compared(i, 2)
		case begins(p.at(i), "сравн compar"), anyOf(p.at(i), "против vs versus"):
			p.compared(i, 1)
		case anyOf(p.at(i), "больше меньше more less") && anyOf(p.at(i+1), "чем than"):
			p.compared(i, 2)
		}
	}
}

func (p *parser) compared(i, n int) {
	p.compare = true
	p.use(i, n)
	for j := i + n; ; j++ {
		w := p.at(j)
		if !anyOf(w, "с со with to the") && !begins(w, "прошл предыдущ previous last before раньше период period") && !begins(w, "недел месяц день дн год week month day") {
			return
		}
		p.use(j, 1)
	}
}

// topic takes the words that say what is asked.
func (p *parser) topic() {
	for i := range p.words {
		w := p.at(i)
		switch {
		case begins(w, "баланс остат balance") || anyOf(w, "осталось хватит runway"):
			p.question.Topic = Balance
			p.use(i, 1)
		case anyOf(w, "топ top") || begins(w, "дорог сам expensive крупнейш biggest largest"):
			p.asked(Top)
			p.use(i, 1)
			p.ofWhat(i + 1 + p.count(i+1))
		case anyOf(w, "помощь help start справка") || begins(w, "умее"):
			p.asked(Help)
			p.use(i, 1)
		}
	}
}

func (p *parser) asked(t Topic) {
	if p.question.Topic == Cost {
		p.question.Topic = t
	}
}

// count takes the number of "топ 10" and returns how many words that were.
func (p *parser) count(i int) int {
	n, err := strconv.Atoi(p.at(i))
	if err != nil || n < 1 || n > 50 {
		return 0
	}
	p.top = n
	p.use(i, 1)
	return 1
}

// ofWhat takes the word after "топ 10": services, projects; "servers" are resources of that type only.
func (p *parser) ofWhat(i int) {
	w := p.at(i)
	if w == "" {
		return
	}
	for _, d := range dimensionStems {
		if d.dim == "" || !begins(w, d.stems) {
			continue
		}
		p.addGroup(d.dim)
		p.use(i, 1)
		if d.dim == pipeline.DimResource && !begins(w, "ресурс resource") {
			p.question.Places = append(p.question.Places, Name{Dimension: pipeline.DimResourceType, Value: string(pipeline.Server), Label: p.words[i].typed})
		}
		return
	}
}

// stopWords carry no meaning of their own here.
const stopWords = "сколько какой какая какие каков было будет мы я нам у нас мне на в во за с со по и а из для от до к о об про " +
	"ли же то это этот эта всего все весь вся итого общая общий покажи показать дай скажи расскажи пожалуйста сейчас там чем что " +
	"денег деньги рублей руб затраты расход расходы траты трат стоимость цена счет " +
	"how much did do we spend spent was is are the a an on in at of for to from my our us me show give tell please what which cost costs spending total money it and bill"

// leftovers collects the words that no rule has used.
func (p *parser) leftovers() {
	for i := range p.words {
		w := p.at(i)
		if w == "" || anyOf(w, stopWords) || begins(w, "потрат потрач трат стои израсход расход затрат spend spent обош заплат уш") {
			continue
		}
		p.question.Unknown = append(p.question.Unknown, p.words[i].typed)
	}
}
