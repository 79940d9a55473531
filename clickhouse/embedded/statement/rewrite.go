package statement

import "strings"

// ReplaceTable puts a subquery in the place of a table wherever a FROM, a JOIN
// or a comma names it as database.table.
func ReplaceTable(text, database, table, subquery string) string {
	lex := lexer{text: text}
	var out strings.Builder
	var last [4]token // the token before, database, dot, table
	copied := 0
	word := func(t token) string { return strings.Trim(text[t.start:t.end], "`\"") }
	for {
		t, ok := lex.next()
		if !ok {
			out.WriteString(text[copied:])
			return out.String()
		}
		copy(last[:], last[1:])
		last[3] = t
		if word(last[1]) != database || word(last[2]) != "." || word(t) != table {
			continue
		}
		switch strings.ToUpper(word(last[0])) {
		case "FROM", "JOIN", ",":
			out.WriteString(text[copied:last[1].start])
			out.WriteString(subquery)
			copied = t.end
		}
	}
}

// Kill is a KILL QUERY statement.
type Kill struct {
	// Condition is the text after WHERE, Tail what follows it (SYNC, ASYNC,
	// TEST, FORMAT ...).
	Condition, Tail string
}

// ParseKill takes KILL QUERY WHERE ... apart. It returns false for any other
// statement, KILL MUTATION among them.
func ParseKill(text string) (Kill, bool) {
	p := &parser{lexer: lexer{text: text}, st: &Statement{names: map[string]bool{}}}
	for _, keyword := range []string{"KILL", "QUERY", "WHERE"} {
		if t, ok := p.take(); !ok || !p.is(t, keyword) {
			return Kill{}, false
		}
	}
	start, end := p.lexer.pos, p.lexer.pos
	for {
		t, ok := p.take()
		if !ok || p.isMark(t, ";") && t.depth == 0 {
			return Kill{Condition: text[start:end]}, true
		}
		for _, keyword := range []string{"SYNC", "ASYNC", "TEST", "FORMAT"} {
			if p.is(t, keyword) {
				return Kill{Condition: text[start:end], Tail: strings.TrimRight(text[t.start:], "; \t\r\n")}, true
			}
		}
		end = t.end
	}
}
