package yandex

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/infrazen/infrazen/pipeline"
)

// maxObjects is how many files an export may have: fifty years of days.
const maxObjects = 20_000

// bucket reads the export from Object Storage over its S3 API.
type bucket struct {
	conf   *config
	env    pipeline.Env
	client *s3.Client
}

// newBucket makes a bucket whose requests are signed by the clock now.
func newBucket(conf *config, env pipeline.Env, now func() time.Time) *bucket {
	o := s3.Options{
		Region:                     conf.region,
		Credentials:                credentials.NewStaticCredentialsProvider(conf.accessKey, conf.secretKey, ""),
		BaseEndpoint:               aws.String(conf.storage),
		UsePathStyle:               true,
		RetryMaxAttempts:           1,
		HTTPSignerV4:               &clockSigner{v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }), now},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if env.HTTP != nil {
		o.HTTPClient = env.HTTP
	}
	return &bucket{conf: conf, env: env, client: s3.New(o)}
}

func (b *bucket) wait(ctx context.Context) error {
	if b.env.Wait == nil {
		return nil
	}
	return b.env.Wait(ctx, "yandex/storage/"+b.conf.accessKey, pipeline.RateLimit{Burst: 20, Per: time.Second})
}

// list gives the files of the export. The version of one is its ETag.
func (b *bucket) list(ctx context.Context) ([]pipeline.Object, error) {
	var out []pipeline.Object
	in := &s3.ListObjectsV2Input{Bucket: aws.String(b.conf.bucket), Prefix: aws.String(b.conf.prefix)}
	for {
		if err := b.wait(ctx); err != nil {
			return nil, err
		}
		page, err := b.client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, b.fault(ctx, "", err)
		}
		if page.Name == nil && len(page.Contents) == 0 {
			return nil, noListing() // a listing names its bucket
		}
		for _, o := range page.Contents {
			if key := aws.ToString(o.Key); strings.HasSuffix(strings.ToLower(key), ".csv") {
				out = append(out, pipeline.Object{
					Key: key, Version: cleanETag(o.ETag), Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified).UTC(),
				})
			}
		}
		if len(out) > maxObjects {
			return nil, tooManyFiles()
		}
		if !aws.ToBool(page.IsTruncated) || page.NextContinuationToken == nil {
			return out, nil
		}
		in.ContinuationToken = page.NextContinuationToken
	}
}

// clockSigner signs requests by the cloud's clock: Object Storage refuses signatures that are a quarter of an hour off.
type clockSigner struct {
	signer *v4.Signer
	now    func() time.Time
}

// SignHTTP implements s3.HTTPSignerV4.
func (c *clockSigner) SignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string, _ time.Time, o ...func(*v4.SignerOptions)) error {
	return c.signer.SignHTTP(ctx, credentials, r, payloadHash, service, region, c.now(), o...)
}

func cleanETag(tag *string) string { return strings.Trim(aws.ToString(tag), `"`) }

// export is an open file of the export.
type export struct {
	body     io.ReadCloser
	etag     string
	modified time.Time
}

func (b *bucket) open(ctx context.Context, key string) (*export, error) {
	if err := b.wait(ctx); err != nil {
		return nil, err
	}
	in := &s3.GetObjectInput{Bucket: aws.String(b.conf.bucket), Key: aws.String(key)}
	out, err := b.client.GetObject(ctx, in)
	if err != nil {
		return nil, b.fault(ctx, key, err)
	}
	return &export{body: out.Body, etag: cleanETag(out.ETag), modified: aws.ToTime(out.LastModified).UTC()}, nil
}
