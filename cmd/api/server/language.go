package server

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// acceptedLang is the first of our languages that an Accept-Language header prefers, or "" when it names none.
func acceptedLang(header string) pipeline.Lang {
	best, bestQ := pipeline.Lang(""), 0.0
	for part := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			q, _ = strconv.ParseFloat(v, 64)
		}
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		lang := pipeline.Lang(primary)
		if (lang == pipeline.Russian || lang == pipeline.English) && q > bestQ {
			best, bestQ = lang, q
		}
	}
	return best
}

// statusTitle says what a status means.
func statusTitle(status int, lang pipeline.Lang) string {
	if lang == pipeline.English {
		return http.StatusText(status)
	}
	titles := map[int]string{
		http.StatusBadRequest: "Запрос не разобран", http.StatusUnauthorized: "Нужно войти", http.StatusForbidden: "Недостаточно прав",
		http.StatusNotFound: "Не найдено", http.StatusMethodNotAllowed: "Метод не поддерживается", http.StatusRequestTimeout: "Запрос не дождались",
		http.StatusConflict: "Конфликт", http.StatusRequestEntityTooLarge: "Запрос слишком велик",
		http.StatusUnsupportedMediaType: "Формат не поддерживается", http.StatusUnprocessableEntity: "Запрос с ошибками",
		http.StatusTooManyRequests: "Слишком много запросов", http.StatusInternalServerError: "Внутренняя ошибка",
		http.StatusServiceUnavailable: "Временно недоступно", http.StatusGatewayTimeout: "Нет ответа вовремя",
	}
	if t, ok := titles[status]; ok {
		return t
	}
	return http.StatusText(status)
}

// humaText says in lang what huma says in English. What it does not know stays English.
func humaText(message string, lang pipeline.Lang) string {
	if list, ok := strings.CutSuffix(message, `, "`); ok { // an empty value is allowed too, which nobody needs to be told
		message = list + `"`
	}
	if lang == pipeline.English {
		return message
	}
	for _, t := range humaTexts() {
		if rest, ok := strings.CutPrefix(message, t.en); ok && (t.open || rest == "") {
			return t.ru + strings.TrimSuffix(rest, " to be present")
		}
	}
	return message
}

// phrase is a sentence of huma's or of our JSON reader; when it is open, a value follows it.
type phrase struct {
	en, ru string
	open   bool
}

func humaTexts() []phrase {
	return []phrase{
		{"validation failed", "В запросе есть ошибки: исправьте отмеченные поля.", false},
		{"request body is required", "Нужно тело запроса.", false},
		{"request body is too large", "Тело запроса слишком велико.", true},
		{"request body read timeout", "Тело запроса не пришло вовремя.", false},
		{"cannot read request body", "Тело запроса не прочитано.", false},
		{"unexpected error occurred", "Внутренняя ошибка InfraZen.", false},
		{"unknown query parameter", "неизвестный параметр", false},
		{"required query parameter is missing", "обязательный параметр не указан", false},
		{"required path parameter is missing", "обязательная часть адреса не указана", false},
		{"required header parameter is missing", "обязательный заголовок не указан", false},
		{"invalid integer", "должно быть целое число", false},
		{"invalid float", "должно быть число", false},
		{"invalid boolean", "должно быть true или false", false},
		{"invalid date/time for format", "дата не разобрана, пример: 2026-11-01T00:00:00Z; формат", true},
		{"invalid value: ", "значение не разобрано: ", true},
		{"unknown content type: ", "формат не поддерживается, нужен application/json: ", true},
		{"unexpected property", "неизвестное поле", false},
		{"expected string to be RFC 3339 date-time", "дата не разобрана, пример: 2026-11-01T00:00:00Z", false},
		{"expected string to be RFC 3339 date", "дата не разобрана, пример: 2026-11-01", false},
		{"expected string to be RFC 5322 email", "адрес почты не разобран", true},
		{"expected string to be RFC 4122 uuid", "должен быть UUID", true},
		{"expected string to match pattern ", "не подходит под образец ", true},
		{"expected string to be a decimal number such as ", "нужно: десятичное число, например ", true},
		{"expected string to be a currency code such as ", "нужно: код валюты, например ", true},
		{"expected string to be ", "нужно: ", true},
		{"expected boolean", "должно быть true или false", false},
		{"expected number >= ", "должно быть не меньше ", true},
		{"expected number <= ", "должно быть не больше ", true},
		{"expected number > ", "должно быть больше ", true},
		{"expected number < ", "должно быть меньше ", true},
		{"expected number to be a multiple of ", "должно быть кратно ", true},
		{"expected number", "должно быть число", false},
		{"expected integer", "должно быть целое число", false},
		{"expected string", "должна быть строка", false},
		{"expected array items to be unique", "значения не должны повторяться", false},
		{"expected array length >= ", "значений должно быть не меньше ", true},
		{"expected array length <= ", "значений должно быть не больше ", true},
		{"expected array", "должен быть список", false},
		{"expected object with at least ", "полей должно быть не меньше: ", true},
		{"expected object with at most ", "полей должно быть не больше: ", true},
		{"expected object", "должен быть объект", false},
		{"expected value to be one of ", "должно быть одно из значений ", true},
		{"expected length >= ", "длина должна быть не меньше ", true},
		{"expected length <= ", "длина должна быть не больше ", true},
		{"expected required property ", "не указано обязательное поле ", true},
		{"the JSON cannot be read: ", "JSON не разобран: ", true},
		{"the text is not UTF-8", "текст не в кодировке UTF-8", false},
		{"the JSON is nested too deep", "JSON вложен слишком глубоко", false},
		{"the text holds a zero byte", "в тексте есть нулевой байт", false},
		{"a field is given twice: ", "поле указано дважды: ", true},
		{"something follows the JSON value", "после значения JSON есть что-то ещё", false},
	}
}
