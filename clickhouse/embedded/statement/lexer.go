package statement

import "strings"

type tokenKind int

const (
	tokenWord    tokenKind = iota // a bare word: keyword, name, number
	tokenQuoted                   // '...', "...", `...` or $tag$...$tag$
	tokenMark                     // one character of punctuation
	tokenComment                  // -- ..., # ..., /* ... */
)

type token struct {
	kind       tokenKind
	start, end int
	depth      int // how many brackets are open around it
	closed     bool
}

// lexer cuts ClickHouse SQL into tokens. It never fails: what it does not know
// becomes punctuation.
type lexer struct {
	text  string
	pos   int
	depth int
}

// next returns the next token that is not a comment.
func (l *lexer) next() (token, bool) {
	for {
		t, ok := l.raw()
		if !ok || t.kind != tokenComment {
			return t, ok
		}
	}
}

func (l *lexer) raw() (token, bool) {
	for l.pos < len(l.text) && isSpace(l.text[l.pos]) {
		l.pos++
	}
	if l.pos >= len(l.text) {
		return token{}, false
	}
	t := token{start: l.pos, depth: l.depth, closed: true}
	switch c := l.text[l.pos]; {
	case c == '\'' || c == '"' || c == '`':
		t.kind = tokenQuoted
		t.closed = l.quoted(c)
	case l.has("--"), l.has("#!"), l.has("# "):
		t.kind = tokenComment
		l.until("\n")
	case l.has("/*"):
		t.kind = tokenComment
		l.pos += 2
		t.closed = l.until("*/")
	case c == '$' && l.heredoc():
		t.kind = tokenQuoted
	case isWord(c):
		t.kind = tokenWord
		for l.pos < len(l.text) && isWord(l.text[l.pos]) {
			l.pos++
		}
	default:
		t.kind = tokenMark
		l.mark(c, &t)
	}
	t.end = l.pos
	return t, true
}

func (l *lexer) mark(c byte, t *token) {
	l.pos++
	switch c {
	case '(', '[', '{':
		l.depth++
	case ')', ']', '}':
		l.depth = max(0, l.depth-1)
		t.depth = l.depth
	}
}

func (l *lexer) has(prefix string) bool { return strings.HasPrefix(l.text[l.pos:], prefix) }

// until moves behind the mark, or to the end when it is not there.
func (l *lexer) until(mark string) bool {
	i := strings.Index(l.text[l.pos:], mark)
	if i < 0 {
		l.pos = len(l.text)
		return false
	}
	l.pos += i + len(mark)
	return true
}

func (l *lexer) quoted(quote byte) bool {
	for l.pos++; l.pos < len(l.text); l.pos++ {
		switch l.text[l.pos] {
		case '\\':
			l.pos++
		case quote:
			if l.pos+1 < len(l.text) && l.text[l.pos+1] == quote {
				l.pos++
				continue
			}
			l.pos++
			return true
		}
	}
	l.pos = len(l.text)
	return false
}

// heredoc moves behind $tag$...$tag$ when there is one here.
func (l *lexer) heredoc() bool {
	i := l.pos + 1
	for i < len(l.text) && isWord(l.text[i]) && l.text[i] != '$' {
		i++
	}
	if i >= len(l.text) || l.text[i] != '$' {
		return false
	}
	tag := l.text[l.pos : i+1]
	end := strings.Index(l.text[i+1:], tag)
	if end < 0 {
		return false
	}
	l.pos = i + 1 + end + len(tag)
	return true
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
