package yandexsim

import (
	"bytes"
	"crypto/md5"
	"encoding/csv"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/infrazen/infrazen/providers/world"
)

// exported is one file of the export.
type exported struct {
	key      string
	body     []byte
	etag     string
	modified time.Time
	asOf     time.Time
}

// exportCache keeps the files as long as nothing in them changes.
type exportCache struct {
	mu    sync.Mutex
	files map[time.Time]*exported
}

// exportDays are the days of which there is a file: all from the world's start on of which an hour is over.
func (s *Server) exportDays(t *tenant) []time.Time {
	var out []time.Time
	hour := s.hour()
	y, m, d := t.account.Start.In(world.Moscow()).Date()
	for at := time.Date(y, m, d, 0, 0, 0, 0, world.Moscow()); !at.Add(time.Hour).After(hour); at = at.AddDate(0, 0, 1) {
		out = append(out, at)
	}
	return out
}

func (s *Server) exportKey(day time.Time) string {
	return s.conf.Prefix + day.In(world.Moscow()).Format("20060102") + ".csv"
}

// exportFile is the file of a day in UTC+3, with the sums until the last whole hour.
func (s *Server) exportFile(t *tenant, day time.Time) *exported {
	hour := s.hour()
	end := day.Add(24 * time.Hour)
	asOf := version(t.account, t.account.Start, end, hour)
	t.exports.mu.Lock()
	defer t.exports.mu.Unlock()
	if f := t.exports.files[day]; f != nil && f.asOf.Equal(asOf) {
		return f
	}
	to := end
	if hour.Before(to) {
		to = hour
	}
	f := &exported{key: s.exportKey(day), asOf: asOf, modified: asOf}
	f.body = t.csv(day, t.lines(day.UTC(), to.UTC(), hour), f.modified)
	sum := md5.Sum(f.body) // an ETag of S3
	f.etag = hex.EncodeToString(sum[:])
	if t.exports.files == nil {
		t.exports.files = map[time.Time]*exported{}
	}
	t.exports.files[day] = f
	return f
}

// csv renders the lines. Which label columns there are depends on the labels of the day, and the order of columns on the day.
func (t *tenant) csv(day time.Time, lines []*usageLine, exportedAt time.Time) []byte {
	labels := map[string]bool{}
	for _, u := range lines {
		for k := range u.Tags {
			labels[k] = true
		}
	}
	header := []string{
		"billing_account_id", "billing_account_name", "cloud_id", "cloud_name", "folder_id", "folder_name", "resource_id", "service_id",
		"service_name", "sku_id", "sku_name", "date", "currency", "pricing_quantity", "pricing_unit", "cost", "credit",
		"monetary_grant_credit", "volume_incentive_credit", "cud_credit", "misc_credit", "locale", "updated_at", "exported_at",
	}
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		header = append(header, "label.user_labels."+k)
	}
	if day.In(world.Moscow()).Day()%2 == 0 {
		slices.Reverse(header)
	}
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	_ = w.Write(header) // a buffer takes everything
	for _, u := range lines {
		values := t.values(day, u, exportedAt)
		record := make([]string, len(header))
		for i, name := range header {
			record[i] = values[name]
			if k, ok := strings.CutPrefix(name, "label.user_labels."); ok {
				record[i] = u.Tags[k]
			}
		}
		_ = w.Write(record)
	}
	w.Flush()
	return buf.Bytes()
}

func (t *tenant) values(day time.Time, u *usageLine, exportedAt time.Time) map[string]string {
	sv := serviceOf(u.SKU)
	price := t.account.PriceAt(u.SKU, u.Hour)
	unix := strconv.FormatInt(exportedAt.Unix(), 10)
	return map[string]string{
		"billing_account_id": t.account.ID, "billing_account_name": t.account.Title, "cloud_id": t.cloudID, "cloud_name": "cloud",
		"folder_id": u.ProjectID, "folder_name": t.account.Project(u.ProjectID), "resource_id": u.resource,
		"service_id": sv.id, "service_name": sv.name, "sku_id": skuID(u.SKU), "sku_name": price.Name,
		"date": day.In(world.Moscow()).Format(time.DateOnly), "currency": t.account.Currency,
		"pricing_quantity": u.quantity.String(), "pricing_unit": u.Unit, "cost": u.cost.String(), "credit": u.credit().String(),
		"monetary_grant_credit": u.grant.String(), "volume_incentive_credit": u.volume.String(), "cud_credit": "0", "misc_credit": "0",
		"locale": "en", "updated_at": unix, "exported_at": unix,
	}
}
