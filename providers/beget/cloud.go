package beget

import (
	"context"
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// cloudListAnswer is GET /v1/cloud (openapi-cloud-go v1.6.6); the key is singular.
type cloudListAnswer struct {
	Service rows    `json:"service"`
	Total   integer `json:"total_count"`
}

// cloudService is one managed service. Its payload stands under the lower-case name of its type.
type cloudService struct {
	ID              text           `json:"id"`
	ConfigurationID text           `json:"configuration_id"`
	DisplayName     text           `json:"display_name"`
	Description     text           `json:"description"`
	Status          text           `json:"status"`
	StatusDetails   text           `json:"status_details"`
	CreatedAt       text           `json:"created_at"`
	PriceDay        money          `json:"price_day"` // roubles
	Type            text           `json:"type"`
	Region          text           `json:"region"`
	Slug            text           `json:"slug"`
	ProjectID       text           `json:"project_id"`
	Database        part[database] `json:"-"`
	S3              part[s3]       `json:"s3"`
	CDN             part[cdn]      `json:"cdn"`
}

// database is the payload of a MySQL or PostgreSQL service. pma_url, which may carry a session, is not named here.
type database struct {
	Configuration part[struct {
		CPU            integer `json:"cpu_count"`
		Disk           integer `json:"disk_size"` // MB
		Memory         integer `json:"memory"`    // MB
		Version        text    `json:"version"`
		DisplayVersion text    `json:"display_version"`
	}] `json:"configuration"`
	Host        text    `json:"host"`
	Port        integer `json:"port"`
	DiskUsed    integer `json:"disk_used"` // bytes, as a string
	DiskLeft    integer `json:"disk_left"` // bytes, as a string
	ReadOnly    flag    `json:"read_only"`
	AddressInfo part[struct {
		Public  part[[]part[address]] `json:"public"`
		Private part[[]part[address]] `json:"private"`
	}] `json:"address_info"`
}

type address struct {
	IP text `json:"ip"`
}

// s3 is a bucket. access_key, secret_key, ftp and sftp are not named here.
type s3 struct {
	FQDN   text    `json:"fqdn"`
	Public flag    `json:"public"`
	Quota  integer `json:"quota_used_size"` // unit not documented
}

type cdn struct {
	Traffic text `json:"traffic"`
}

// UnmarshalJSON implements json.Unmarshaler: it finds the database's payload under its type's name.
func (c *cloudService) UnmarshalJSON(b []byte) error {
	type plain cloudService
	if err := json.Unmarshal(b, (*plain)(c)); err != nil {
		return err
	}
	if c.engine() == "" {
		return nil
	}
	var payloads map[string]json.RawMessage
	if err := json.Unmarshal(b, &payloads); err != nil {
		return err
	}
	if raw, ok := payloads[strings.ToLower(string(c.Type))]; ok {
		return c.Database.UnmarshalJSON(raw)
	}
	return nil
}

// engine is the part of statistics' paths that the service's type belongs to; empty when it is no database. A version of
// MySQL or PostgreSQL that is newer than the specification is a database all the same.
func (c *cloudService) engine() string {
	switch t := strings.ToUpper(string(c.Type)); {
	case strings.HasPrefix(t, "MYSQL"):
		return "mysql"
	case strings.HasPrefix(t, "POSTGRESQL"):
		return "postgresql"
	}
	return ""
}

func (s *session) listCloud(ctx context.Context, scope string) ([]cloudService, error) {
	fetch := func(ctx context.Context, offset int) (page, error) {
		var a cloudListAnswer
		q := pageQuery(offset)
		q.Set("view", "SERVICE_VIEW_FULL")
		err := s.get(ctx, scope, "/v1/cloud", q, &a)
		return page{absentIsNull(a.Service), a.Total}, err
	}
	return readList(ctx, func(c cloudService) string { return string(c.ID) }, fetch, s.malformed(scope))
}

// cloudResource maps a managed service; known is false when its type is not one we know.
func cloudResource(c cloudService, n names, s3prices map[string]s3Price) (r pipeline.Resource, known bool) {
	typ, service, known := cloudType(c)
	db := c.Database.V
	conf := db.Configuration.V
	r = pipeline.Resource{
		ID: string(c.ID), Type: typ, Name: firstOf(c.DisplayName, c.Slug, c.ID),
		Status: strings.ToUpper(string(c.Status)), Scope: scopeCloud,
		ProjectID: string(c.ProjectID), ProjectName: n.projects[string(c.ProjectID)],
		RegionID: string(c.Region), RegionName: n.regions[string(c.Region)],
		VCPU: conf.CPU.positive(), MemoryBytes: megabytes(conf.Memory), DiskBytes: megabytes(conf.Disk),
		Attributes: cloudAttributes(c), Volatile: cloudVolatile(c),
		CreatedAt: c.CreatedAt.instant(),
		Rates:     []pipeline.Rate{cloudRate(c, typ, service)},
	}
	if typ == pipeline.Bucket {
		maps.Copy(r.Volatile, s3Facts(c, s3prices))
	}
	return r, known
}

func cloudType(c cloudService) (typ pipeline.ResourceType, service string, known bool) {
	switch t := strings.ToUpper(string(c.Type)); {
	case c.engine() == "mysql":
		return pipeline.Database, "Cloud MySQL", true
	case c.engine() == "postgresql":
		return pipeline.Database, "Cloud PostgreSQL", true
	case t == "S_3":
		return pipeline.Bucket, "S3 storage", true
	case t == "CDN":
		return pipeline.CDN, "CDN", true
	default:
		return pipeline.OtherType, firstOf(c.Type, "unknown"), false
	}
}

// cloudRate is the price in force. What is billed by use (S3, CDN) shows a price of 0, which is not its price: unknown.
func cloudRate(c cloudService, typ pipeline.ResourceType, service string) pipeline.Rate {
	price := c.PriceDay
	byUse := typ == pipeline.Bucket || typ == pipeline.CDN
	if byUse && price.Known && price.Amount.IsZero() {
		price = money{}
	}
	return dayRate("", service, string(c.ConfigurationID), price)
}

func cloudAttributes(c cloudService) map[string]string {
	a := map[string]string{}
	db := c.Database.V
	putText(a, "service_type", c.Type)
	putText(a, "slug", c.Slug)
	putText(a, "description", c.Description)
	if c.StatusDetails != "_" {
		putText(a, "status_details", c.StatusDetails)
	}
	putText(a, "version", text(firstOf(db.Configuration.V.Version, db.Configuration.V.DisplayVersion)))
	putText(a, "host", db.Host)
	if db.Port.Known {
		a["port"] = strconv.FormatInt(db.Port.N, 10)
	}
	putFlag(a, "read_only", db.ReadOnly)
	putText(a, "ip_address", addresses(db.AddressInfo.V.Public.V))
	putText(a, "private_ip_address", addresses(db.AddressInfo.V.Private.V))
	putText(a, "fqdn", c.S3.V.FQDN)
	putFlag(a, "public", c.S3.V.Public)
	return a
}

func addresses(list []part[address]) text {
	var out []text
	for _, p := range list {
		out = append(out, p.V.IP)
	}
	return joinTexts(out)
}

func cloudVolatile(c cloudService) map[string]string {
	v := map[string]string{}
	putBytes(v, "disk_used_bytes", c.Database.V.DiskUsed, 1)
	putBytes(v, "disk_left_bytes", c.Database.V.DiskLeft, 1)
	if q := c.S3.V.Quota; q.Known {
		v["quota_used_size"] = strconv.FormatInt(q.N, 10)
	}
	putText(v, "traffic", c.CDN.V.Traffic)
	return v
}
