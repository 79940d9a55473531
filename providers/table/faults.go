package table

import (
	"context"
	"errors"

	"github.com/infrazen/infrazen/pipeline"
)

// settingMapping is the name of the setting that holds the mapping, and the scope of its faults.
const settingMapping = "mapping"

func newFault(code pipeline.FaultCode, scope, ru, en string, args ...any) *pipeline.Fault {
	return &pipeline.Fault{Code: code, Scope: scope, Text: pipeline.Textf(ru, en, args...)}
}

func faultMapping(ru, en string, args ...any) *pipeline.Fault {
	return newFault(pipeline.FaultSettings, settingMapping, ru, en, args...)
}

func malformed(name, ru, en string, args ...any) *pipeline.Fault {
	return newFault(pipeline.FaultMalformed, name, ru, en, args...)
}

func because(f *pipeline.Fault, err error) *pipeline.Fault {
	f.Err = err
	return f
}

// What a file's form can be wrong in.
var (
	errLongRow = errors.New("a row longer than 1 MiB")
	errTooLong = errors.New("longer than the limit")
)

func faultEmpty(name string) *pipeline.Fault {
	return malformed(name, "Файл «%s» пуст: в нём нет строк. Выгрузите отчёт заново.",
		"The file %q is empty: it has no rows. Export the report again.", name)
}

func faultBinary(name string) *pipeline.Fault {
	return malformed(name, "Файл «%s» — не таблица CSV и не книга XLSX. Выгрузите отчёт в CSV или XLSX.",
		"The file %q is neither a CSV table nor an XLSX workbook. Export the report as CSV or XLSX.", name)
}

func faultOldExcel(name string) *pipeline.Fault {
	return malformed(name,
		"Файл «%s» — книга Excel старого вида (.xls) или защищённая паролем. Откройте её и сохраните без пароля как .xlsx или CSV UTF-8.",
		"The file %q is an old Excel workbook (.xls) or is protected by a password. Open it and save it without a password as .xlsx or CSV UTF-8.", name)
}

func faultTooLarge(name string, most int64) *pipeline.Fault {
	return newFault(pipeline.FaultTooLarge, name,
		"Файл «%s» больше %d МБ (у книги XLSX считается и распакованный размер). Разделите отчёт по месяцам или выгрузите его в CSV.",
		"The file %q is over %d MB (of a workbook the unpacked size counts as well). Split the report by month, or export it as CSV.", name, most>>20)
}

// readFault turns an error of reading into a fault. Faults and errors of the caller's own function pass unchanged.
func readFault(name string, most int64, err error) error {
	var f *pipeline.Fault
	var mine callerError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mine):
		return mine.error
	case errors.As(err, &f):
		return err
	case errors.Is(err, errTooLong):
		return faultTooLarge(name, most)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		code := pipeline.FaultUnavailable
		if errors.Is(err, context.DeadlineExceeded) {
			code = pipeline.FaultTimeout
		}
		f = newFault(code, name, "Чтение файла прервано, ничего не загружено. Повторим сами.",
			"Reading the file was ended and nothing was loaded. It will be tried again by itself.")
	default:
		f = newFault(pipeline.FaultUnavailable, name,
			"Чтение файла «%s» прервалось. Ничего из него не загружено, попробуем ещё раз сами.",
			"Reading the file %q was interrupted. Nothing of it was loaded; it will be tried again by itself.", name)
	}
	f.Retry = true
	return because(f, err)
}

// callerError marks an error of the function that takes the charges, which is no fault of the file.
type callerError struct{ error }
