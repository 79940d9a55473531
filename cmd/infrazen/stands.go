package main

import (
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/beget"
	"github.com/infrazen/infrazen/providers/beget/begetsim"
	"github.com/infrazen/infrazen/providers/selectel"
	"github.com/infrazen/infrazen/providers/selectel/selectelsim"
	"github.com/infrazen/infrazen/providers/vk"
	"github.com/infrazen/infrazen/providers/vk/vksim"
	"github.com/infrazen/infrazen/providers/world"
	"github.com/infrazen/infrazen/providers/yandex"
	"github.com/infrazen/infrazen/providers/yandex/yandexsim"
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

func vkStand(page int, accounts []*world.Account) stand {
	return stand{
		kind: vk.Kind, accounts: accounts, handler: vksim.New(vksim.Config{Accounts: accounts, PageSize: page, EmbeddedFlavors: true}),
		settings: func(a *world.Account, base string) pipeline.Settings {
			return pipeline.Settings{
				vk.FieldUser: vksim.User(a), vk.FieldPassword: a.Password, vk.FieldProject: vksim.ProjectID(a), vk.FieldConsole: a.ID,
				vk.FieldIdentity: base + "/identity/v3", vk.FieldBilling: base, vk.FieldMonitoring: base + "/monitoring",
			}
		},
	}
}

// yandexStand gives all accounts one key: making one takes some tenths of a second.
func yandexStand(page int, accounts []*world.Account) stand {
	c := yandexsim.Config{Accounts: accounts, PageSize: page, Keys: map[string]*rsa.PrivateKey{}}
	key := yandexKey()
	for _, a := range accounts {
		c.Keys[a.ID] = key
	}
	sim := yandexsim.New(c)
	credentials := map[string]yandexsim.Credentials{}
	for _, own := range sim.Credentials() {
		credentials[own.BillingAccount] = own
	}
	return stand{
		kind: yandex.Kind, accounts: accounts, handler: sim,
		settings: func(a *world.Account, base string) pipeline.Settings {
			own := credentials[a.ID]
			return pipeline.Settings{
				yandex.FieldKey: own.KeyFile, yandex.FieldBillingAccount: own.BillingAccount, yandex.FieldBucket: own.Bucket,
				yandex.FieldAccessKey: own.AccessKey, yandex.FieldSecretKey: own.SecretKey,
				yandex.FieldAddress: base, yandex.FieldMonitoring: base, yandex.FieldStorage: base,
			}
		},
	}
}

// yandexKey is the key of an account that is the same at every start.
func yandexKey() *rsa.PrivateKey {
	own := yandexsim.New(yandexsim.Config{Accounts: []*world.Account{{Cloud: world.Yandex, ID: "key", Password: "key"}}}).Credentials()[0]
	var file struct {
		PrivateKey string `json:"private_key"`
	}
	if err := json.Unmarshal([]byte(own.KeyFile), &file); err != nil {
		panic("cannot read the stand-in's own key file: " + err.Error())
	}
	_, block, _ := strings.Cut(file.PrivateKey, "\n")
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(block))
	if err != nil {
		panic("cannot read the stand-in's own key: " + err.Error())
	}
	return key
}
