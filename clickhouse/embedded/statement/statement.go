// Package statement tells what the HTTP front of ClickHouse must know of a
// statement before the engine runs it: whether rows of an INSERT follow and in
// which format, which format the answer has, and whether it is one statement.
package statement

import (
	"errors"
	"strings"
)

// Kind says how a statement is run.
type Kind int

const (
	// Other is run as it is; its answer is small.
	Other Kind = iota
	// Select may have an answer of any size.
	Select
	// Insert is followed by rows.
	Insert
	// Empty has nothing in it.
	Empty
	// Nonsense is no statement, though clickhouse-client would take it for a
	// word to itself: exit, \q.
	Nonsense
)

// ErrMany says that the text has more than one statement.
var ErrMany = errors.New("multi-statements are not allowed")

// ErrFile says that the statement reads or writes a file of the client, which
// only clickhouse-client can.
var ErrFile = errors.New("INTO OUTFILE and FROM INFILE work in clickhouse-client only, not over HTTP")

// ErrInput says that the statement uses input() with rows.
var ErrInput = errors.New("INSERT ... SELECT ... FROM input() is not supported by the embedded engine: insert into a table first")

// Statement is what was found out about one statement.
type Statement struct {
	// Kind says how it is run.
	Kind Kind
	// Verb is its first word in upper case: "SELECT", "INSERT", "KILL".
	Verb string
	// Format is the name after FORMAT, or "" when the statement does not say it.
	Format string
	// Head is the text before the FORMAT clause (for an INSERT: before the
	// FORMAT clause or VALUES), without a semicolon.
	Head string
	// Tail is the SETTINGS clause behind the FORMAT clause, if any.
	Tail string
	// Data is where in the text the rows of an INSERT begin.
	Data  int
	names map[string]bool
}

// Mentions tells whether a name (in lower case) is among the statement's words.
func (s *Statement) Mentions(name string) bool { return s.names[name] }

// Parse looks at a text. The text may be only the beginning of an INSERT with rows.
func Parse(text string) (*Statement, error) {
	p := &parser{lexer: lexer{text: text}, st: &Statement{names: map[string]bool{}}}
	first, ok := p.take()
	if !ok {
		p.st.Kind = Empty
		return p.st, nil
	}
	p.st.Verb = strings.ToUpper(p.word(first))
	if p.st.Verb == "INSERT" {
		return p.insert()
	}
	return p.plain(first)
}

// RowsFollow tells whether the text is the beginning of an INSERT and reaches
// to where its rows begin.
func RowsFollow(text string) bool {
	st, err := Parse(text)
	return err == nil && st.Kind == Insert && (st.Data < len(text) || text[st.Data-1] == '\n')
}

type parser struct {
	lexer lexer
	st    *Statement
}

func (p *parser) take() (token, bool) {
	t, ok := p.lexer.next()
	if ok && t.kind == tokenWord {
		p.st.names[strings.ToLower(p.word(t))] = true
	}
	return t, ok
}

func (p *parser) word(t token) string { return p.lexer.text[t.start:t.end] }

func (p *parser) is(t token, keyword string) bool {
	return t.kind == tokenWord && t.depth == 0 && strings.EqualFold(p.word(t), keyword)
}

func (p *parser) isMark(t token, mark string) bool {
	return t.kind == tokenMark && p.word(t) == mark
}

// plain reads a statement without rows.
func (p *parser) plain(first token) (*Statement, error) {
	tokens := []token{first}
	inserts, ended := false, false
	for {
		t, ok := p.take()
		if !ok {
			break
		}
		if p.isMark(t, ";") && t.depth == 0 {
			ended = true
			continue
		}
		if ended {
			return nil, ErrMany
		}
		if p.is(t, "OUTFILE") && p.is(tokens[len(tokens)-1], "INTO") {
			return nil, ErrFile
		}
		inserts = inserts || p.is(t, "INSERT")
		tokens = append(tokens, t)
	}
	p.clauses(tokens)
	if p.st.Verb != "INSERT" && p.nonsense(tokens) {
		p.st.Kind = Nonsense
	}
	switch p.st.Verb {
	case "SELECT", "WITH", "(", "FROM":
		if !inserts && p.st.Kind != Nonsense {
			p.st.Kind = Select
		}
	}
	return p.st, nil
}

func (p *parser) nonsense(tokens []token) bool {
	switch p.st.Verb {
	case "BEGIN", "COMMIT", "ROLLBACK", "(":
		return false
	}
	return len(tokens) == 1 || tokens[0].kind != tokenWord
}

// clauses finds FORMAT name [SETTINGS ...] at the end of the tokens.
func (p *parser) clauses(tokens []token) {
	text, last := p.lexer.text, tokens[len(tokens)-1]
	p.st.Head = text[:last.end]
	for i := len(tokens) - 2; i > 0; i-- {
		if !p.is(tokens[i], "FORMAT") || tokens[i+1].kind == tokenMark {
			continue
		}
		atEnd := i+2 == len(tokens)
		if !atEnd && !p.is(tokens[i+2], "SETTINGS") {
			continue
		}
		p.st.Head = text[:tokens[i-1].end]
		p.st.Format = strings.Trim(p.word(tokens[i+1]), "`\"")
		if !atEnd {
			p.st.Tail = text[tokens[i+2].start:last.end]
		}
		return
	}
}

// insert reads the head of an INSERT up to its rows.
func (p *parser) insert() (*Statement, error) {
	end, ok := p.target()
	if !ok {
		return p.noRows()
	}
	for {
		t, ok := p.take()
		switch {
		case !ok, p.isMark(t, ";") && t.depth == 0:
			return p.noRows()
		case p.is(t, "VALUES"):
			return p.rows("Values", end, t.end), nil
		case p.is(t, "FORMAT"):
			return p.format(end)
		case p.is(t, "INFILE"):
			return nil, ErrFile
		case p.is(t, "SELECT"), p.is(t, "WITH"), p.startsSelect(t):
			return p.insertSelect(t)
		}
		end = t.end
	}
}

// startsSelect tells whether a bracket opens a subquery and not a list of columns.
func (p *parser) startsSelect(t token) bool {
	if !p.isMark(t, "(") || t.depth != 0 {
		return false
	}
	ahead := p.lexer
	for {
		next, ok := ahead.next()
		if !ok || !p.isMark(next, "(") {
			word := ""
			if ok {
				word = strings.ToUpper(p.word(next))
			}
			return word == "SELECT" || word == "WITH"
		}
	}
}

// target reads [INTO] [TABLE] [FUNCTION] name and returns where it ends.
func (p *parser) target() (int, bool) {
	t, ok := p.take()
	for ok && (p.is(t, "INTO") || p.is(t, "TABLE") || p.is(t, "FUNCTION")) {
		t, ok = p.take()
	}
	return t.end, ok
}

func (p *parser) rows(format string, head, data int) *Statement {
	p.st.Kind, p.st.Format = Insert, format
	p.st.Head, p.st.Data = p.lexer.text[:head], data
	return p.st
}

func (p *parser) format(head int) (*Statement, error) {
	name, ok := p.take()
	if !ok {
		return p.noRows()
	}
	text, at := p.lexer.text, name.end
	for at < len(text) && (text[at] == ' ' || text[at] == '\t' || text[at] == '\f') {
		at++
	}
	if at < len(text) && text[at] == ';' {
		at++
	}
	if at < len(text) && text[at] == '\r' {
		at++
	}
	if at < len(text) && text[at] == '\n' {
		at++
	}
	return p.rows(strings.Trim(p.word(name), "`\""), head, at), nil
}

func (p *parser) noRows() (*Statement, error) {
	p.st.Head = p.lexer.text
	return p.st, nil
}

// insertSelect reads the rest of INSERT ... SELECT.
func (p *parser) insertSelect(first token) (*Statement, error) {
	st, err := p.plain(first)
	if err == nil && st.Mentions("format") && st.Mentions("input") {
		return nil, ErrInput
	}
	return st, err
}
