package vk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// inventory is one snapshot being made.
type inventory struct {
	*session
	report
	rows []pipeline.Resource
	seen map[string]bool
	// floating tells which server an address belongs to; nil when servers were not read.
	floating map[string]string
	// unpriced counts the resources whose price the list does not have.
	unpriced int64
}

// batch is how many resources are handed over at once.
const batch = 1000

// collectInventory reads everything that is there now, and the balance. Each list fails alone.
func (s *session) collectInventory(ctx context.Context, sink pipeline.Sink) (pipeline.Outcome, error) {
	inv := &inventory{session: s, seen: map[string]bool{}}
	if err := s.connect(ctx); err != nil {
		return s.outcome(&inv.report), err
	}
	for _, read := range []func(context.Context){
		inv.readFlavors, inv.readServers, inv.readVolumes, inv.readSnapshots, inv.readBackups, inv.readFloatingIPs, inv.readLoadBalancers,
		inv.readShares, inv.readClusters, inv.readDatabases,
	} {
		read(ctx)
		if err := s.ended(ctx); err != nil {
			return s.outcome(&inv.report), err
		}
	}
	account, err := s.readBalance(ctx, &inv.report)
	if stop := s.ended(ctx); stop != nil {
		return s.outcome(&inv.report), stop
	}
	if err != nil {
		inv.close(scopeBalance, err, 0)
	}
	inv.nothingPermitted()
	inv.priceNotes()
	for part := range slices.Chunk(inv.rows, batch) {
		if err := sink.Resources(ctx, part); err != nil {
			return s.outcome(&inv.report), pipeline.AsFault(err)
		}
	}
	if account != nil {
		if err := sink.Account(ctx, *account); err != nil {
			return s.outcome(&inv.report), pipeline.AsFault(err)
		}
	}
	return s.outcome(&inv.report), nil
}

// add takes a resource once. What stands on two pages because the list moved between them is one.
func (inv *inventory) add(r pipeline.Resource) bool {
	if r.ID == "" || inv.seen[r.ID] {
		return false
	}
	inv.seen[r.ID] = true
	if r.Name == "" {
		r.Name = r.ID
	}
	r.ProjectID, r.ProjectName = inv.project, orDefault(inv.console, inv.project)
	r.RegionID, r.RegionName = inv.region, inv.place.regionName.RU
	r.Status = strings.ToUpper(r.Status)
	r.CreatedAt = r.CreatedAt.UTC().Truncate(time.Second)
	if r.CreatedAt.Year() < 2000 {
		r.CreatedAt = time.Time{}
	}
	for i := range r.Rates {
		if !r.Rates[i].Known {
			inv.unpriced++
		}
	}
	inv.rows = append(inv.rows, r)
	return true
}

// priceNotes tell where the estimate comes from, and what it lacks.
func (inv *inventory) priceNotes() {
	inv.note("price_unknown", "", inv.unpriced,
		"В прайс-листе нет цен части ресурсов: их стоимость неизвестна и в оценку не входит. Допишите цены в поле «Прайс-лист» или загрузите отчёт о потреблении.",
		"The price list lacks the prices of some resources: their cost is unknown and not in the estimate. Add prices to the field Price list, or upload a consumption report.")
	if !inv.prices.Verified && len(inv.prices.Prices) > 0 {
		inv.note("prices_unverified", "", 1,
			"Оценка сделана по встроенным ориентировочным ценам, не сверенным с прайс-листом VK Cloud. Впишите цены своего договора в поле «Прайс-лист» или загрузите отчёт о потреблении.",
			"The estimate goes by built-in prices that give the range and were not checked against VK Cloud's list. Enter your contract's prices in the field Price list, or upload a consumption report.")
	}
}

// tagsOf takes an OpenStack thing's metadata as tags. Metadata may hold passwords: keys that sound so are dropped.
func tagsOf(metadata map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range metadata {
		if k != "" && !soundsSecret(k) {
			out[k] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func soundsSecret(key string) bool {
	key = strings.ToLower(key)
	for _, w := range []string{"pass", "pwd", "secret", "token", "key", "credential", "private", "user_data", "userdata", "auth", "cert"} {
		if strings.Contains(key, w) {
			return true
		}
	}
	return false
}

// splitTags takes Neutron's and Octavia's tags, which are words: "team=shop" has a key, "shop" is a key without a value.
func splitTags(words []string) map[string]string {
	m := map[string]string{}
	for _, w := range words {
		k, v, found := strings.Cut(w, "=")
		if !found {
			k, v, _ = strings.Cut(w, ":")
		}
		m[strings.TrimSpace(k)] = strings.TrimSpace(v)
	}
	return tagsOf(m)
}

// put sets an attribute that is not empty.
func put(m map[string]string, key, value string) {
	if value != "" {
		m[key] = value
	}
}
