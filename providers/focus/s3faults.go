package focus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/infrazen/infrazen/pipeline"
)

func rangeFrom(at int64) string { return fmt.Sprintf("bytes=%d-", at) }

// startsAt tells whether a Content-Range begins at an offset.
func startsAt(contentRange string, at int64) bool {
	first, _, found := strings.Cut(strings.TrimPrefix(contentRange, "bytes "), "-")
	n, err := strconv.ParseInt(first, 10, 64)
	return found && err == nil && n == at
}

// fault turns an answer of the storage into a sentence. key is empty when the bucket was listed.
// The codes are those of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
func (b *bucket) fault(key string, err error) error {
	var known *pipeline.Fault
	if errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	cause := causeOf(err)
	if f := b.faultOfCode(key, codeOf(err)); f != nil {
		return because(f, cause)
	}
	if f := b.faultOfTransport(err); f != nil {
		return because(f, cause)
	}
	return because(b.faultOfStatus(key, statusOf(err)), cause)
}

// causeOf keeps of an error what a log may show: no address with a signature, no answer's body.
func causeOf(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		return fmt.Errorf("storage answered %s with status %d", api.ErrorCode(), statusOf(err))
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return fmt.Errorf("cannot %s: %w", op.Op, op.Err)
	}
	if status := statusOf(err); status != 0 {
		return fmt.Errorf("storage answered with status %d", status)
	}
	return errors.New("no answer from the storage")
}

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

func (b *bucket) faultOfCode(key, code string) *pipeline.Fault {
	switch code {
	case "NoSuchBucket":
		return newFault(pipeline.FaultNotFound, setBucket,
			"Бакета «%s» в этом хранилище нет. Проверьте имя бакета и адрес хранилища.",
			"There is no bucket %q in this storage. See that the bucket's name and the endpoint are right.", b.conf.bucket)
	case "NoSuchKey":
		return faultGone(key)
	case "PreconditionFailed", "InvalidRange":
		return faultChanged(key)
	case "InvalidAccessKeyId", "InvalidAccessKey", "NotSignedUp", "InvalidClientTokenId", "XAdminUserNotFound":
		return newFault(pipeline.FaultCredentials, setAccessKey,
			"Хранилище не знает такого идентификатора ключа. Проверьте поле «Идентификатор ключа доступа» и то, что ключ не удалён.",
			"The storage does not know this access key ID. Check the field \"Access key ID\", and that the key was not deleted.")
	case "SignatureDoesNotMatch", "InvalidSecurity":
		return newFault(pipeline.FaultCredentials, setSecretKey,
			"Секретный ключ не подходит к идентификатору. Впишите секретный ключ заново, без пробелов.",
			"The secret key does not fit the access key ID. Enter the secret key again, without blanks.")
	case "ExpiredToken", "TokenRefreshRequired":
		return newFault(pipeline.FaultExpired, setAccessKey,
			"Срок ключа доступа истёк. Выпустите новый и впишите его.", "The access key has expired. Make a new one and enter it.")
	case "AccountProblem", "AllAccessDisabled":
		return newFault(pipeline.FaultAccount, "",
			"Аккаунт хранилища заблокирован. Разберитесь с этим у поставщика.", "The storage account is blocked. Settle that with the provider.")
	case "RequestTimeTooSkewed":
		return retried(newFault(pipeline.FaultClock, "",
			"Часы сервера InfraZen и хранилища расходятся больше чем на 15 минут. Попросите администратора включить синхронизацию времени.",
			"The clocks of the InfraZen server and of the storage are over 15 minutes apart. Ask the operator to synchronise the time."))
	}
	return b.faultOfOtherCode(key, code)
}

func (b *bucket) faultOfOtherCode(key, code string) *pipeline.Fault {
	switch code {
	case "AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "MovedPermanently", "Redirect", "IllegalLocationConstraintException", "InvalidRegionName":
		return newFault(pipeline.FaultSettings, setRegion,
			"Бакет «%s» лежит в другом регионе, чем «%s». Впишите регион бакета и, если у региона свой адрес, адрес хранилища.",
			"The bucket %q lies in another region than %q. Enter the bucket's region, and the endpoint if the region has its own.", b.conf.bucket, b.conf.region)
	case "InvalidBucketName":
		return newFault(pipeline.FaultSettings, setBucket,
			"Имя бакета «%s» недопустимо. Проверьте его.", "The bucket name %q is not allowed. Check it.", b.conf.bucket)
	case "SlowDown", "TooManyRequests", "Throttling", "ThrottlingException", "RequestLimitExceeded":
		return retried(newFault(pipeline.FaultThrottled, key,
			"Хранилище просит обращаться реже. Продолжим позже сами.", "The storage asks for fewer requests. It goes on later by itself."))
	case "InvalidObjectState":
		return newFault(pipeline.FaultForbidden, key,
			"Файл «%s» лежит в архивном классе хранения (Glacier). Восстановите его в обычный класс или уберите из-под префикса.",
			"The file %q is in an archive storage class (Glacier). Restore it, or move it out of the prefix.", key)
	case "AccessDenied", "Forbidden":
		return b.faultDenied(key)
	}
	return nil
}

func (b *bucket) faultDenied(key string) *pipeline.Fault {
	if key != "" {
		return newFault(pipeline.FaultForbidden, key,
			"Ключ не имеет права читать файл «%s». Дайте ему GetObject на бакет «%s».",
			"The key may not read the file %q. Permit it GetObject on the bucket %q.", key, b.conf.bucket)
	}
	return newFault(pipeline.FaultForbidden, setBucket,
		"Ключ не имеет права смотреть бакет «%s». Дайте ему ListBucket и GetObject на этот бакет или проверьте имя бакета.",
		"The key may not list the bucket %q. Permit it ListBucket and GetObject on it, or check the bucket's name.", b.conf.bucket)
}

// faultOfTransport is for requests that no storage has answered.
func (b *bucket) faultOfTransport(err error) *pipeline.Fault {
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var netErr net.Error
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return retried(newFault(pipeline.FaultSettings, setEndpoint,
			"Адрес хранилища не найден в DNS. Проверьте поле «Адрес хранилища»; если имя бакета стоит в начале адреса, включите «Имя бакета в пути».",
			"The endpoint's name is not in the DNS. Check the field \"Endpoint\"; if the bucket's name is put before it, set \"Bucket name in the path\" to yes."))
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &invalid):
		return newFault(pipeline.FaultSettings, setEndpoint,
			"Сертификату хранилища нельзя доверять: он выпущен не для этого адреса, просрочен или подписан неизвестным центром. Проверьте адрес или попросите администратора добавить центр сертификации.",
			"The storage's certificate cannot be trusted: it is for another name, out of date or signed by an unknown authority. Check the endpoint, or ask the operator to add the authority.")
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return newFault(pipeline.FaultSettings, setEndpoint,
			"По этому адресу хранилище отвечает без TLS. Если так и задумано, впишите адрес с http:// вместо https://.",
			"At this address the storage answers without TLS. If that is meant, write the endpoint with http:// in place of https://.")
	case errors.As(err, &netErr) && netErr.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return retried(newFault(pipeline.FaultTimeout, "",
			"Хранилище не ответило вовремя. Попробуем ещё раз сами; если не пройдёт, проверьте адрес.",
			"The storage gave no answer in time. It will be tried again by itself; check the endpoint if it stays."))
	}
	return nil
}

func (b *bucket) faultOfStatus(key string, status int) *pipeline.Fault {
	switch {
	case status == http.StatusUnauthorized:
		return newFault(pipeline.FaultCredentials, setAccessKey,
			"Хранилище не приняло ключ доступа. Проверьте идентификатор и секретный ключ.",
			"The storage did not accept the access key. Check the access key ID and the secret key.")
	case status == http.StatusForbidden:
		return b.faultDenied(key)
	case status == http.StatusNotFound && key != "":
		return faultGone(key)
	case status == http.StatusPreconditionFailed:
		return faultChanged(key)
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return retried(newFault(pipeline.FaultThrottled, key,
			"Хранилище просит обращаться реже. Продолжим позже сами.", "The storage asks for fewer requests. It goes on later by itself."))
	case status >= 500:
		return retried(newFault(pipeline.FaultUnavailable, key,
			"Хранилище отвечает ошибкой %d. Попробуем ещё раз сами.", "The storage answers with error %d. It will be tried again by itself.", status))
	case status != 0:
		return newFault(pipeline.FaultSettings, setEndpoint,
			"По этому адресу отвечает не S3-совместимое хранилище (код %d). Проверьте адрес, регион и бакет.",
			"What answers at this address is no S3-compatible storage (status %d). Check the endpoint, the region and the bucket.", status)
	default:
		return retried(newFault(pipeline.FaultUnavailable, setEndpoint,
			"Нет связи с хранилищем. Проверьте адрес и порт; попробуем ещё раз сами.",
			"The storage cannot be reached. Check the address and port; it will be tried again by itself."))
	}
}
