package yandexsim

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// region is Object Storage's.
const region = "ru-central1"

// xmlError is an error of S3.
type xmlError struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
}

func refuseXML(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(xmlError{Code: code, Message: Secret}) // the client may have gone
}

// S3Error is the Body of a Fault of Object Storage.
func S3Error(code string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>` + code + `</Code><Message>` + Secret + `</Message></Error>`
}

// opened finds the tenant whose bucket a request is for, after its signature has been checked; nil when it was refused.
func (s *Server) opened(w http.ResponseWriter, r *http.Request) *tenant {
	fields := map[string]string{}
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	for part := range strings.SplitSeq(rest, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[k] = v
	}
	access, _, _ := strings.Cut(fields["Credential"], "/")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	switch {
	case scheme != "AWS4-HMAC-SHA256" || err != nil:
		refuseXML(w, http.StatusForbidden, "AccessDenied")
		return nil
	case s.now().Sub(at).Abs() > 15*time.Minute:
		refuseXML(w, http.StatusForbidden, "RequestTimeTooSkewed")
		return nil
	}
	for _, t := range s.tenants {
		if t.accessKey != access {
			continue
		}
		switch {
		case !t.signed(r, fields["SignedHeaders"], at):
			refuseXML(w, http.StatusForbidden, "SignatureDoesNotMatch")
		case r.PathValue("bucket") != t.bucket:
			refuseXML(w, http.StatusNotFound, "NoSuchBucket")
		default:
			return t
		}
		return nil
	}
	refuseXML(w, http.StatusForbidden, "InvalidAccessKeyId")
	return nil
}

// signed tells whether a request's signature is the one that the secret key gives over the same headers.
func (t *tenant) signed(r *http.Request, headers string, at time.Time) bool {
	u, err := url.ParseRequestURI(r.RequestURI) // as it was asked, whatever a handler in front took off the path
	if err != nil {
		return false
	}
	u.Scheme, u.Host = "http", r.Host
	again, err := http.NewRequestWithContext(context.Background(), r.Method, u.String(), nil)
	if err != nil {
		return false
	}
	for name := range strings.SplitSeq(headers, ";") {
		if v := r.Header.Values(name); name != "host" && len(v) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = v
		}
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	creds := aws.Credentials{AccessKeyID: t.accessKey, SecretAccessKey: t.secretKey}
	if err := signer.SignHTTP(context.Background(), creds, again, r.Header.Get("X-Amz-Content-Sha256"), "s3", region, at); err != nil {
		return false
	}
	return again.Header.Get("Authorization") == r.Header.Get("Authorization")
}

type listing struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name                  string
	Prefix                string
	KeyCount              int
	MaxKeys               int
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listed
}

type listed struct {
	Key          string
	LastModified string
	ETag         string
	Size         int
	StorageClass string
}

// listBucket lists the files of the export, few at a time.
func (s *Server) listBucket(w http.ResponseWriter, r *http.Request) {
	t := s.opened(w, r)
	if t == nil {
		return
	}
	q := r.URL.Query()
	at, _ := strconv.Atoi(q.Get("continuation-token")) // none is the beginning
	const size = 40
	var all []time.Time
	for _, day := range s.exportDays(t) {
		if strings.HasPrefix(s.exportKey(day), q.Get("prefix")) {
			all = append(all, day)
		}
	}
	end := min(at+size, len(all))
	out := listing{Name: t.bucket, Prefix: q.Get("prefix"), KeyCount: end - at, MaxKeys: size, IsTruncated: end < len(all)}
	if out.IsTruncated {
		out.NextContinuationToken = strconv.Itoa(end)
	}
	for _, day := range all[at:end] {
		f := s.exportFile(t, day)
		out.Contents = append(out.Contents, listed{
			Key: f.key, LastModified: f.modified.UTC().Format("2006-01-02T15:04:05.000Z"), ETag: `"` + f.etag + `"`, Size: len(f.body), StorageClass: "STANDARD",
		})
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(out) // the client may have gone
}

// object gives a file of the export.
func (s *Server) object(w http.ResponseWriter, r *http.Request) {
	t := s.opened(w, r)
	if t == nil {
		return
	}
	for _, day := range s.exportDays(t) {
		if s.exportKey(day) != r.PathValue("key") {
			continue
		}
		f := s.exportFile(t, day)
		w.Header().Set("ETag", `"`+f.etag+`"`)
		w.Header().Set("Last-Modified", f.modified.UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Type", "text/csv")
		_, _ = w.Write(f.body) // the client may have gone
		return
	}
	refuseXML(w, http.StatusNotFound, "NoSuchKey")
}
