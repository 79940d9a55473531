package yandex

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/infrazen/infrazen/pipeline"
)

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func statusOf(err error) int {
	var re *smithyhttp.ResponseError
	if errors.As(err, &re) && re.Response != nil && re.Response.Response != nil {
		return re.HTTPStatusCode()
	}
	return 0
}

// fault turns an error of Object Storage into a sentence; what a log may show of it has no address with a signature. key is
// empty when the bucket was listed. The codes are those of S3.
func (b *bucket) fault(ctx context.Context, key string, err error) error {
	if ctx.Err() != nil {
		return stopped(ctx)
	}
	var known *pipeline.Fault
	if errors.As(err, &known) {
		return known
	}
	f := b.codeFault(codeOf(err))
	if f == nil {
		f = transportFault(err)
	}
	f.Scope = key
	f.Err = bucketCause(err)
	return f
}

// bucketCause keeps the storage's code and status of an error, or what went wrong with the connection.
func bucketCause(err error) error {
	var op *net.OpError
	switch code, status := codeOf(err), statusOf(err); {
	case code != "" || status != 0:
		return fmt.Errorf("storage answered %q with status %d", code, status)
	case errors.As(err, &op):
		return fmt.Errorf("cannot %s: %w", op.Op, op.Err)
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	return errors.New("the answer of the storage broke off")
}

func plain(code pipeline.FaultCode, retry bool, ru, en string) *pipeline.Fault {
	return &pipeline.Fault{Code: code, Retry: retry, Text: pipeline.Text{RU: ru, EN: en}}
}

func (b *bucket) codeFault(code string) *pipeline.Fault {
	switch code {
	case "NoSuchBucket":
		return plain(pipeline.FaultNotFound, false,
			"Бакета с детализацией нет в Object Storage. Проверьте имя бакета в настройках подключения.",
			"The bucket with the export does not exist in Object Storage. Check the bucket's name in the connection's settings.")
	case "NoSuchKey":
		return plain(pipeline.FaultNotFound, false,
			"Файла детализации больше нет в бакете. Загруженное из него остаётся.", "The file of the export is no longer in the bucket. What was loaded from it stays.")
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken":
		return plain(pipeline.FaultCredentials, false,
			"Object Storage не принял статический ключ. Впишите идентификатор и секретный ключ заново или создайте новую пару.",
			"Object Storage did not accept the static key. Enter its ID and secret again, or make a new pair.")
	case "AccessDenied":
		return plain(pipeline.FaultForbidden, false,
			"Статическому ключу не открыт бакет с детализацией. Назначьте его сервисному аккаунту роль storage.viewer на бакет.",
			"The static key may not read the bucket with the export. Grant its service account the role storage.viewer on the bucket.")
	case "SlowDown", "TooManyRequests", "RequestLimitExceeded":
		return plain(pipeline.FaultThrottled, true,
			"Object Storage просит обращаться реже. Чтение детализации отложено и продолжится само.",
			"Object Storage asks for fewer requests. Reading the export is deferred and goes on by itself.")
	case "RequestTimeTooSkewed":
		return plain(pipeline.FaultClock, true,
			"Часы сервера InfraZen и Object Storage расходятся больше чем на 15 минут. Включите синхронизацию времени (NTP).",
			"The clocks of the InfraZen server and of Object Storage are over 15 minutes apart. Switch on time synchronisation (NTP).")
	case "AuthorizationHeaderMalformed", "PermanentRedirect", "InvalidRegionName":
		return plain(pipeline.FaultSettings, false,
			"Регион или адрес Object Storage не тот. Проверьте их в настройках подключения.", "The region or address of Object Storage is wrong. Check them in the connection's settings.")
	}
	return nil
}

func transportFault(err error) *pipeline.Fault {
	var ne net.Error
	switch status := statusOf(err); {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		return plain(pipeline.FaultTimeout, true,
			"Object Storage не ответил вовремя. Повторим сами; если так будет долго, проверьте сеть сервера InfraZen.",
			"Object Storage did not answer in time. It will be asked again; if it lasts, check the network of the InfraZen server.")
	case status == http.StatusForbidden:
		return plain(pipeline.FaultForbidden, false,
			"Object Storage не открыл бакет с детализацией. Проверьте права статического ключа.", "Object Storage did not open the bucket with the export. Check the rights of the static key.")
	case status == http.StatusTooManyRequests:
		return plain(pipeline.FaultThrottled, true,
			"Object Storage просит обращаться реже. Чтение детализации продолжится само.", "Object Storage asks for fewer requests. Reading the export goes on by itself.")
	case status == http.StatusOK:
		return noListing()
	}
	return plain(pipeline.FaultUnavailable, true,
		"Object Storage не отдал данные: соединение прервалось или на его стороне ошибка. Загруженное осталось как было; повторим сами.",
		"Object Storage did not give the data: the connection broke or it has an error. What was loaded stays as it was; it will be asked again.")
}

func noListing() *pipeline.Fault {
	return plain(pipeline.FaultMalformed, true,
		"Вместо данных Object Storage пришло что-то другое. Проверьте адрес Object Storage в настройках; если он верен, повторим сами.",
		"Something else came in place of Object Storage's data. Check the address of Object Storage in the settings; if it is right, it will be asked again.")
}

func tooManyFiles() *pipeline.Fault {
	return plain(pipeline.FaultTooLarge, false,
		"В бакете больше 20 000 файлов .csv. Укажите префикс файлов детализации в настройках подключения.",
		"The bucket has over 20,000 .csv files. Give the prefix of the export's files in the connection's settings.")
}
