package yandexsim

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/world"
)

// service is what bills an SKU: as the export, the price list and the usage reports name it.
type service struct {
	id, name, slug string
}

func services() map[string]service {
	return map[string]service{
		"compute":    {"dn22pas77ftg9h3f2djj", "Compute Cloud", "compute"},
		"vpc":        {"dn2s47gt6u5g3k1v5m8q", "Virtual Private Cloud", "vpc"},
		"postgresql": {"dn2d7rqsk3g7bpl2l9h4", "Managed Service for PostgreSQL", "managed-postgresql"},
		"storage":    {"dn2k5hs0rt6m2q8f1v9c", "Object Storage", "storage"},
		"balancer":   {"dn2b1g9s7k4m6q3t8v2n", "Network Load Balancer", "load-balancer"},
		"kubernetes": {"dn2n9k3r6t1m8q5v7s2d", "Managed Service for Kubernetes", "managed-kubernetes"},
		"registry":   {"dn2r8t5m2q9k6v3s1g7b", "Container Registry", "container-registry"},
		"quasar":     {"dn2q1u2a3s4a5r6t7m8k", "Quasar Computing", "quasar"},
	}
}

func serviceOf(sku string) service {
	word, _, _ := strings.Cut(sku, ".")
	return services()[word]
}

// skuID is an SKU's identifier: a word without meaning.
func skuID(sku string) string {
	sum := sha256.Sum256([]byte(sku))
	return "dn2" + hex.EncodeToString(sum[:])[:17]
}

// ResourceOf is the resource that a line of the bill is told for. Traffic belongs to the folder as a whole.
func ResourceOf(l world.BillLine) string {
	if l.SKU == world.YandexEgress {
		return ""
	}
	return l.ResourceID
}

// usageLine is what one SKU of one resource came to in some hours.
type usageLine struct {
	world.BillLine
	resource string
	quantity decimal.Decimal
	// cost is by list price; volume and grant are credits, negative.
	cost, volume, grant decimal.Decimal
}

func (u *usageLine) credit() decimal.Decimal { return u.volume.Add(u.grant) }

// lines are those of the hours in [from, to), as known at an instant, summed up by folder, resource and SKU.
func (t *tenant) lines(from, to, asOf time.Time) []*usageLine {
	type id struct{ project, resource, sku string }
	var out []*usageLine
	at := map[id]*usageLine{}
	for _, l := range t.account.Bill(from, to, asOf) {
		k := id{l.ProjectID, ResourceOf(l), l.SKU}
		u := at[k]
		if u == nil {
			u = &usageLine{BillLine: l, resource: ResourceOf(l)}
			at[k] = u
			out = append(out, u)
		}
		u.quantity, u.cost, u.volume = u.quantity.Add(l.Quantity), u.cost.Add(l.ListCost), u.volume.Add(l.Cost.Sub(l.ListCost))
		u.grant = u.grant.Sub(l.Credit)
	}
	return out
}

// settled is how long after a day its bill may still fill up line by line.
const settled = 72 * time.Hour

// version is the instant as of which a period is as it is at another one: the same for as long as it does not change.
func version(a *world.Account, from, to, asOf time.Time) time.Time {
	if asOf.Sub(to) < settled {
		return asOf
	}
	return a.Changed(from, to, asOf)
}
