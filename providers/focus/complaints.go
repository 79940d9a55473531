package focus

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/infrazen/infrazen/pipeline"
)

// How many wrong cells are shown, and after how many reading ends.
const (
	shownComplaints = 5
	maxComplaints   = 1000
)

// complaints gathers the cells that make a file unfit to load.
type complaints struct {
	count int
	shown []pipeline.Text
}

func (c *complaints) add(line int64, columnName string, cell []byte, why pipeline.Text) {
	c.count++
	if len(c.shown) >= shownComplaints {
		return
	}
	value := example(cell)
	c.shown = append(c.shown, pipeline.Text{
		RU: fmt.Sprintf("строка %d, %s: «%s» — %s", line, columnName, value, why.RU),
		EN: fmt.Sprintf("row %d, %s: %q is %s", line, columnName, value, why.EN),
	})
}

// fault is the sentence on all of them; nil when there are none.
func (c *complaints) fault(key string) *pipeline.Fault {
	if c.count == 0 {
		return nil
	}
	count := strconv.Itoa(c.count)
	more := count
	if c.count >= maxComplaints {
		more = count + "+"
	}
	ru, en := make([]string, len(c.shown)), make([]string, len(c.shown))
	for i, t := range c.shown {
		ru[i], en[i] = t.RU, t.EN
	}
	return newFaultText(key, pipeline.Text{
		RU: fmt.Sprintf("Файл «%s» не загружен целиком: неверных значений — %s. %s. Исправьте выгрузку и положите файл заново.", key, more, upperFirst(strings.Join(ru, "; "))),
		EN: fmt.Sprintf("Nothing of the file %q was loaded, wrong values: %s. %s. Correct the export and put the file there again.", key, more, upperFirst(strings.Join(en, "; "))),
	})
}

func newFaultText(key string, t pipeline.Text) *pipeline.Fault {
	return &pipeline.Fault{Code: pipeline.FaultMalformed, Scope: key, Text: t}
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(r)) + s[n:]
}

// example shortens a cell for a sentence and makes it printable.
func example(cell []byte) string {
	const most = 40
	s := strings.ToValidUTF8(string(cell[:min(len(cell), 4*most)]), "�")
	s = strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) || r == '\u00a0' || r == '\u202f' {
			return r
		}
		return ' '
	}, s)
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return s
}

func whyNumber(err error) pipeline.Text {
	switch {
	case errors.Is(err, errThousands):
		return pipeline.Text{RU: "разделитель тысяч; числа пишут без него", EN: "a number with a thousands separator; write numbers without it"}
	case errors.Is(err, errComma):
		return pipeline.Text{RU: "число с запятой; дробную часть отделяют точкой", EN: "a number with a comma; the decimal point is a dot"}
	case errors.Is(err, errMixed):
		return pipeline.Text{RU: "другой разделитель дробной части, чем в других строках; нужен один на весь файл", EN: "written with another decimal point than other rows; use one in the whole file"}
	case errors.Is(err, errHuge):
		return pipeline.Text{RU: "число вне допустимых границ (до 18 цифр до точки, до 80 после)", EN: "a number out of bounds (up to 18 digits before the point and 80 after)"}
	default:
		return pipeline.Text{RU: "не число", EN: "not a number"}
	}
}
