package beget_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/beget"
	"github.com/infrazen/infrazen/providers/beget/begetsim"
	"github.com/infrazen/infrazen/providers/providertest"
	"github.com/infrazen/infrazen/providers/world"
)

// TestConformanceOfAWorld runs the suite over an account that is rendered from a world while people change it.
func TestConformanceOfAWorld(t *testing.T) {
	providertest.Run(t, providertest.Case{Provider: beget.New(), New: func(t *testing.T) *providertest.Cloud {
		a := world.NewAccount(world.AccountConfig{
			Seed: 21, Catalog: world.BegetCatalog(), Start: testNow().Add(-90 * testDay).Truncate(time.Hour), Servers: 7, Projects: 5,
		})
		account := begetsim.FromWorld(a)
		s := begetsim.New(begetsim.Config{Seed: 7, Now: testNow, Start: a.Start, Accounts: []begetsim.Account{account, begetsim.Locked()}, LegacyLimit: -1})
		srv := httptest.NewServer(s)
		t.Cleanup(srv.Close)
		good := pipeline.Settings{
			beget.FieldLogin: account.Login, beget.FieldPassword: account.Password, beget.FieldAPIPassword: account.APIPassword, beget.FieldAddress: srv.URL,
		}
		cloud := &providertest.Cloud{
			Settings: good, Wrong: with(good, beget.FieldPassword, "not the password"),
			Locked:  with(with(good, beget.FieldLogin, begetsim.Locked().Login), beget.FieldPassword, begetsim.Locked().Password),
			Secrets: []string{begetsim.Secret}, Now: testNow, Prices: map[string]string{}, Types: map[string]pipeline.ResourceType{},
			Truth: func() map[string][]string { return truth(s, account.Login) }, Expire: s.RevokeTokens, SkewClock: s.SetClockOffset,
			Tasks: map[pipeline.Feed][]pipeline.Task{
				pipeline.FeedInventory: {inventoryTask()}, pipeline.FeedUsage: {usageTask(-time.Hour, 0), usageTask(-30*time.Hour, -24*time.Hour)},
			},
		}
		described(cloud, a)
		cloud.Remove = func() (string, string) {
			if err := a.Remove(cloud.Known[0].ID, testNow().Add(-10*time.Minute)); err != nil {
				t.Fatal(err)
			}
			return cloud.Known[0].ID, "vps"
		}
		return cloud
	}})
}

// described says of every thing of a world what it is and what it costs a day; the servers are known from before.
func described(cloud *providertest.Cloud, a *world.Account) {
	for _, r := range a.Inventory(testNow()) {
		id := r.ID
		switch r.Kind {
		case world.Server:
			cloud.Types[id] = pipeline.Server
			cloud.Known = append(cloud.Known, pipeline.KnownResource{ID: id, Type: pipeline.Server, Scope: "vps"})
		case world.Database:
			cloud.Types[id] = pipeline.Database
		case world.Bucket:
			cloud.Types[id] = pipeline.Bucket
		case world.Snapshot:
			cloud.Types[id] = pipeline.Snapshot
		case world.CDN:
			cloud.Types[id] = pipeline.CDN
		case world.FloatingIP:
			id = "ip:" + id
			cloud.Types[id] = pipeline.FloatingIP
		}
		cloud.Prices[id] = ""
		if len(r.Parts) > 0 {
			cloud.Prices[id] = a.HourlyCost(r.Parts, testNow()).Mul(decimal.NewFromInt(24)).String()
		}
	}
}
