package focus

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/infrazen/infrazen/pipeline"
)

// maxObjects is how many files one connection may have.
const maxObjects = 100_000

// source makes the place that the settings name.
func (c config) source(o Options, hashes *hashCache, env pipeline.Env) source {
	if c.kind == sourceFolder {
		return &folder{base: o.FolderRoot, path: c.folder, hashes: hashes}
	}
	return newBucket(c.bucket, env)
}

// bucket reads objects of an S3-compatible storage.
type bucket struct {
	conf   bucketConfig
	env    pipeline.Env
	client *s3.Client
}

func newBucket(conf bucketConfig, env pipeline.Env) *bucket {
	o := s3.Options{
		Region:                     conf.region,
		Credentials:                credentials.NewStaticCredentialsProvider(conf.accessKey, conf.secretKey, ""),
		UsePathStyle:               conf.pathStyle,
		RetryMaxAttempts:           1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if env.HTTP != nil {
		o.HTTPClient = env.HTTP
	}
	if conf.endpoint != "" {
		o.BaseEndpoint = aws.String(conf.endpoint)
		o.APIOptions = append(o.APIOptions, unsignedAcceptEncoding)
	}
	return &bucket{conf: conf, env: env, client: s3.New(o)}
}

// unsignedAcceptEncoding leaves the Accept-Encoding header out of the signature: Google's storage rewrites it.
// https://docs.cloud.google.com/storage/docs/authentication/signatures
func unsignedAcceptEncoding(stack *middleware.Stack) error {
	const name = "Accept-Encoding"
	type held struct{}
	hide := middleware.FinalizeMiddlewareFunc("HideAcceptEncoding",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if r, ok := in.Request.(*smithyhttp.Request); ok {
				ctx = middleware.WithStackValue(ctx, held{}, r.Header.Get(name))
				r.Header.Del(name)
			}
			return next.HandleFinalize(ctx, in)
		})
	show := middleware.FinalizeMiddlewareFunc("ShowAcceptEncoding",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if r, ok := in.Request.(*smithyhttp.Request); ok {
				if v, _ := middleware.GetStackValue(ctx, held{}).(string); v != "" {
					r.Header.Set(name, v)
				}
			}
			return next.HandleFinalize(ctx, in)
		})
	if err := stack.Finalize.Insert(hide, "Signing", middleware.Before); err != nil {
		return err
	}
	return stack.Finalize.Insert(show, "Signing", middleware.After)
}

func (b *bucket) label() pipeline.Text {
	return pipeline.Textf("Бакет «%s»", "Bucket %q", b.conf.bucket)
}

func (b *bucket) faultEmpty() *pipeline.Fault {
	if b.conf.prefix == "" {
		return retried(newFault(pipeline.FaultNotFound, "",
			"В бакете «%s» нет файлов FOCUS (.csv, .csv.gz, .parquet). Проверьте, что выгрузка уже прошла; ранее загруженное осталось как было.",
			"The bucket %q has no FOCUS files (.csv, .csv.gz, .parquet). See that the export has run; what was loaded before stays as it was.", b.conf.bucket))
	}
	return retried(newFault(pipeline.FaultNotFound, setPrefix,
		"В бакете «%s» под префиксом «%s» нет файлов FOCUS (.csv, .csv.gz, .parquet). Исправьте префикс или подождите первой выгрузки; ранее загруженное осталось как было.",
		"The bucket %q has no FOCUS files (.csv, .csv.gz, .parquet) under the prefix %q. Correct the prefix or wait for the first export; what was loaded before stays as it was.",
		b.conf.bucket, b.conf.prefix))
}

// wait keeps to a rate that every storage bears, shared with other connections to the same storage.
func (b *bucket) wait(ctx context.Context) error {
	if b.env.Wait == nil {
		return nil
	}
	host := "aws " + b.conf.region
	if u, err := url.Parse(b.conf.endpoint); err == nil && u.Host != "" {
		host = u.Host
	}
	return b.env.Wait(ctx, "focus s3 "+host, pipeline.RateLimit{Burst: 20, Per: time.Second})
}

func (b *bucket) list(ctx context.Context) ([]pipeline.Object, []pipeline.ScopeResult, error) {
	var out []pipeline.Object
	in := &s3.ListObjectsV2Input{Bucket: aws.String(b.conf.bucket)}
	if b.conf.prefix != "" {
		in.Prefix = aws.String(b.conf.prefix)
	}
	for {
		if err := b.wait(ctx); err != nil {
			return nil, nil, err
		}
		page, err := b.client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, nil, b.fault("", err)
		}
		if page.Name == nil && page.MaxKeys == nil && len(page.Contents) == 0 {
			return nil, nil, b.faultOfStatus("", http.StatusOK) // a listing names its bucket
		}
		for _, o := range page.Contents {
			key := aws.ToString(o.Key)
			if strings.HasSuffix(key, "/") || !isCandidate(key) {
				continue
			}
			out = append(out, pipeline.Object{
				Key: key, Version: cleanETag(o.ETag), Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified).UTC(),
			})
		}
		if len(out) > maxObjects {
			return nil, nil, newFault(pipeline.FaultTooLarge, setPrefix,
				"В бакете больше %d файлов FOCUS. Сузьте префикс или заведите несколько подключений.",
				"The bucket has more than %d FOCUS files. Narrow the prefix, or make several connections.", maxObjects)
		}
		if !aws.ToBool(page.IsTruncated) || page.NextContinuationToken == nil {
			return out, nil, nil
		}
		in.ContinuationToken = page.NextContinuationToken
	}
}

func cleanETag(tag *string) string { return strings.Trim(aws.ToString(tag), `"`) }

// digest of an object is its ETag with its size: equal content gives it equal when it was uploaded the same way.
func (b *bucket) digest(_ context.Context, o pipeline.Object) (string, error) { return o.Version, nil }

func (b *bucket) close() error { return nil }

func (b *bucket) open(ctx context.Context, key string) (file, error) {
	o := &remoteFile{bucket: b, key: key, ctx: ctx}
	if err := o.connect(); err != nil {
		return nil, err
	}
	return o, nil
}

// remoteFile is one version of an object: it is pinned by its ETag, and read on from where a broken connection left it.
type remoteFile struct {
	bucket *bucket
	key    string
	ctx    context.Context
	etag   string
	body   io.ReadCloser
	size   int64
	read   int64
	failed int
	temp   *os.File
}

// maxReconnects is how often in a row a broken transfer is taken up without a byte in between.
const maxReconnects = 3

func (r *remoteFile) connect() error {
	if err := r.bucket.wait(r.ctx); err != nil {
		return err
	}
	in := &s3.GetObjectInput{Bucket: aws.String(r.bucket.conf.bucket), Key: aws.String(r.key)}
	if r.etag != "" {
		in.IfMatch = aws.String(`"` + r.etag + `"`)
		in.Range = aws.String(rangeFrom(r.read))
	}
	out, err := r.bucket.client.GetObject(r.ctx, in)
	if err != nil {
		return r.bucket.fault(r.key, err)
	}
	if r.etag == "" {
		r.etag, r.size = cleanETag(out.ETag), aws.ToInt64(out.ContentLength)
	} else if cleanETag(out.ETag) != r.etag || !startsAt(aws.ToString(out.ContentRange), r.read) {
		_ = out.Body.Close()
		return faultChanged(r.key)
	}
	r.body = out.Body
	return nil
}

func (r *remoteFile) Read(p []byte) (int, error) {
	for {
		n, err := r.body.Read(p)
		r.read += int64(n)
		if n > 0 {
			r.failed = 0
		}
		switch {
		case err == nil || n > 0:
			return n, nil
		case errors.Is(err, io.EOF) && r.read >= r.size:
			return 0, io.EOF
		case r.ctx.Err() != nil:
			return 0, r.ctx.Err()
		}
		_ = r.body.Close()
		r.body = io.NopCloser(strings.NewReader(""))
		if r.failed++; r.failed > maxReconnects || r.etag == "" {
			return 0, faultUnreadable(r.key, err)
		}
		if err := r.connect(); err != nil {
			return 0, err
		}
	}
}

func (r *remoteFile) Close() error {
	err := r.body.Close()
	if r.temp != nil {
		_ = r.temp.Close()
		err = errors.Join(err, os.Remove(r.temp.Name()))
		r.temp = nil
	}
	return err
}

func (r *remoteFile) version() string { return r.etag }

func (r *remoteFile) verify(ctx context.Context) error {
	if err := r.bucket.wait(ctx); err != nil {
		return err
	}
	out, err := r.bucket.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: aws.String(r.bucket.conf.bucket), Key: aws.String(r.key),
	})
	if err != nil {
		return r.bucket.fault(r.key, err)
	}
	if cleanETag(out.ETag) != r.etag {
		return faultChanged(r.key)
	}
	return nil
}

// randomAccess downloads the object: Parquet is read from its end and in pieces.
func (r *remoteFile) randomAccess(ctx context.Context) (io.ReaderAt, int64, error) {
	if err := r.restart(); err != nil {
		return nil, 0, err
	}
	temp, err := os.CreateTemp(r.bucket.env.TempDir, "focus-*.parquet")
	if err != nil {
		return nil, 0, faultDisk(r.key, err)
	}
	r.temp = temp
	n, err := io.Copy(diskWriter{temp, r.key}, contextReader{ctx: ctx, in: r})
	if err != nil {
		return nil, 0, err
	}
	return temp, n, nil
}

// restart begins the transfer anew.
func (r *remoteFile) restart() error {
	if r.read == 0 {
		return nil
	}
	_ = r.body.Close()
	r.body = io.NopCloser(strings.NewReader(""))
	r.read = 0
	return r.connect()
}

// diskWriter tells a full disk from a broken transfer.
type diskWriter struct {
	out *os.File
	key string
}

func (w diskWriter) Write(p []byte) (int, error) {
	n, err := w.out.Write(p)
	if err != nil {
		err = faultDisk(w.key, err)
	}
	return n, err
}

func faultDisk(key string, err error) *pipeline.Fault {
	return because(retried(newFault(pipeline.FaultUnavailable, key,
		"Не удалось сохранить файл «%s» во временный каталог сервера: проверьте, что на диске есть место. Повторим сами.",
		"The file %q could not be kept in the server's temporary directory: see that the disk has room. It will be tried again by itself.", key)), scrub(err))
}
