package main

import (
	"net/http"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/beget"
	"github.com/infrazen/infrazen/providers/beget/begetsim"
	"github.com/infrazen/infrazen/providers/selectel"
	"github.com/infrazen/infrazen/providers/selectel/selectelsim"
	"github.com/infrazen/infrazen/providers/world"
)

func selectelStand(page int, accounts []*world.Account) stand {
	return stand{
		kind: selectel.Kind, accounts: accounts, handler: selectelsim.New(selectelsim.Config{Accounts: accounts, PageSize: page}),
		settings: func(a *world.Account, base string) pipeline.Settings {
			return pipeline.Settings{
				selectel.FieldAccount: a.ID, selectel.FieldUser: selectelsim.ServiceUser, selectel.FieldPassword: a.Password,
				selectel.FieldToken: selectelsim.StaticToken(a), selectel.FieldIdentity: base + "/identity/v3/", selectel.FieldAPI: base,
			}
		},
	}
}

func begetStand(page int, accounts []*world.Account) stand {
	c := begetsim.Config{PageSize: page, LegacyLimit: -1}
	for _, a := range accounts {
		c.Accounts = append(c.Accounts, begetsim.FromWorld(a))
		c.Seed, c.Start = a.Seed, a.Start
	}
	return stand{kind: beget.Kind, accounts: accounts, handler: begetsim.New(c), settings: begetSettings(c.Accounts, "")}
}

// demoBegetStand is the stand-in with the demo company's accounts, below a path.
func demoBegetStand(seed uint64, start time.Time) stand {
	const path = "/beget"
	return stand{
		kind: beget.Kind, accounts: world.DemoBeget(seed, start),
		handler:  http.StripPrefix(path, begetsim.New(begetsim.Config{Seed: seed, Start: start})),
		settings: begetSettings(begetsim.Demo(), path),
	}
}

func begetSettings(logins []begetsim.Account, path string) func(*world.Account, string) pipeline.Settings {
	passwords := map[string]string{}
	for _, l := range logins {
		passwords[l.Login] = l.APIPassword
	}
	return func(a *world.Account, base string) pipeline.Settings {
		return pipeline.Settings{
			beget.FieldLogin: a.ID, beget.FieldPassword: a.Password, beget.FieldAPIPassword: passwords[a.ID], beget.FieldAddress: base + path,
		}
	}
}
