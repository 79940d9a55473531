package main

import (
	"github.com/infrazen/infrazen/pipeline"
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
