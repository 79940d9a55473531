package focus

import (
	"context"
	"errors"

	"github.com/infrazen/infrazen/pipeline"
)

// newFault makes a fault whose sentence takes the same arguments in both languages.
func newFault(code pipeline.FaultCode, scope, ru, en string, args ...any) *pipeline.Fault {
	return &pipeline.Fault{Code: code, Scope: scope, Text: pipeline.Textf(ru, en, args...)}
}

func because(f *pipeline.Fault, err error) *pipeline.Fault {
	f.Err = err
	return f
}

func retried(f *pipeline.Fault) *pipeline.Fault {
	f.Retry = true
	return f
}

func faultChanged(key string) *pipeline.Fault {
	return retried(newFault(pipeline.FaultUnavailable, key,
		"Файл «%s» изменился во время чтения. Ничего из него не загружено, прочитаем его заново сами.",
		"The file %q changed while it was read. Nothing of it was loaded; it will be read again by itself.", key))
}

func faultGone(key string) *pipeline.Fault {
	return retried(newFault(pipeline.FaultNotFound, key,
		"Файла «%s» больше нет на месте. Верните его или удалите подключение, если файл не нужен.",
		"The file %q is no longer there. Put it back, or remove the connection if it is not needed.", key))
}

// faultCancelled is for work that was ended from outside. It keeps nothing of the error but that.
func faultCancelled(scope string, err error) *pipeline.Fault {
	cause, code := context.Canceled, pipeline.FaultUnavailable
	if errors.Is(err, context.DeadlineExceeded) {
		cause, code = context.DeadlineExceeded, pipeline.FaultTimeout
	}
	return because(retried(newFault(code, scope,
		"Чтение прервано, ничего не загружено. Повторим сами.", "Reading was ended and nothing was loaded. It will be tried again by itself.")), cause)
}

// listFault turns an error of looking at a place into a fault.
func listFault(err error) error {
	var f *pipeline.Fault
	switch {
	case err == nil || errors.As(err, &f):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return faultCancelled("", err)
	default:
		return because(retried(newFault(pipeline.FaultUnavailable, "",
			"Не удалось прочитать список файлов. Попробуем ещё раз сами.", "The list of files could not be read. It will be tried again by itself.")), scrub(err))
	}
}

// isGone tells whether an error says that a file is not there.
func isGone(err error, key string) bool {
	var f *pipeline.Fault
	return errors.As(err, &f) && f.Code == pipeline.FaultNotFound && f.Scope == key
}

func faultTorn(key string, err error) *pipeline.Fault {
	return because(newFault(pipeline.FaultMalformed, key,
		"Файл «%s» обрывается или повреждён, поэтому ничего из него не загружено. Выгрузите или скопируйте его ещё раз целиком.",
		"The file %q breaks off or is damaged, so nothing of it was loaded. Export or copy it whole once more.", key), err)
}

func faultUnreadable(key string, err error) *pipeline.Fault {
	return because(retried(newFault(pipeline.FaultUnavailable, key,
		"Чтение файла «%s» прервалось. Ничего из него не загружено, попробуем ещё раз сами.",
		"Reading the file %q was interrupted. Nothing of it was loaded; it will be tried again by itself.", key)), err)
}

func faultTooLong(key string, maxBytes int64) *pipeline.Fault {
	return newFault(pipeline.FaultTooLarge, key,
		"Файл «%s» в распакованном виде больше %d байт — это предел InfraZen. Ничего из него не загружено: разделите выгрузку на части (по дням или месяцам) или попросите администратора поднять предел.",
		"The file %q is longer than %d bytes when decompressed, which is InfraZen's limit. Nothing of it was loaded: split the export (by day or month), or ask the operator to raise the limit.",
		key, maxBytes)
}

func faultTooManyRows(key string, maxRows int64) *pipeline.Fault {
	return newFault(pipeline.FaultTooLarge, key,
		"В файле «%s» больше %d строк — это предел InfraZen. Ничего из него не загружено: разделите выгрузку на части (по дням или месяцам) или попросите администратора поднять предел.",
		"The file %q has more than %d rows, which is InfraZen's limit. Nothing of it was loaded: split the export (by day or month), or ask the operator to raise the limit.",
		key, maxRows)
}

// errTooLong is what a limited reader gives when its limit is passed.
var errTooLong = errors.New("longer than the limit")

// errTooManyRows ends a file with more rows than the limit.
var errTooManyRows = errors.New("more rows than the limit")

// errTorn marks an input that ends or breaks where it must not.
var errTorn = errors.New("damaged or cut off")

// readFault turns an error of reading a file's content into a fault. Faults and sink errors pass unchanged.
func readFault(key string, l limits, err error) error {
	var f *pipeline.Fault
	var fromSink sinkError
	switch {
	case errors.As(err, &fromSink):
		return fromSink.error
	case errors.As(err, &f):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return faultCancelled(key, err)
	case errors.Is(err, errTooLong):
		return faultTooLong(key, l.maxBytes)
	case errors.Is(err, errTooManyRows):
		return faultTooManyRows(key, l.maxRows)
	case errors.Is(err, errTorn):
		return faultTorn(key, err)
	default:
		return faultUnreadable(key, scrub(err))
	}
}

// sinkError marks an error of the sink, which is no fault of the file.
type sinkError struct{ error }

func ofSink(err error) error {
	if err == nil {
		return nil
	}
	return sinkError{err}
}
