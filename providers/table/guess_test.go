package table_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/table"
)

func guess(t *testing.T, name string, content []byte) (table.Mapping, []string) {
	t.Helper()
	s, err := table.Look(t.Context(), bytes.NewReader(content), name, table.Mapping{Version: table.Version})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	m, asked := table.Guess(s)
	var codes []string
	for _, q := range asked {
		if q.Text.RU == "" || q.Text.EN == "" {
			t.Errorf("%s: a question without words: %+v", name, q)
		}
		codes = append(codes, q.Code)
	}
	return m, codes
}

// TestGuessOfRealBills: what is guessed reads the real bills to their exact totals.
func TestGuessOfRealBills(t *testing.T) {
	for file, c := range map[string]struct{ total, currency string }{
		"aws-cur-sample.csv":  {"1.6823086974", "USD"},
		"azure-ea-sample.csv": {"1.26136926505726", "CAD"},
	} {
		content := shared(t, "data/bills/"+file)
		m, asked := guess(t, file, content)
		if len(asked) > 0 {
			t.Errorf("%s: asked %v", file, asked)
		}
		charges, r, err := readAll(t, file, content, mapping(t, m.JSON()))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if r.Totals[c.currency].String() != c.total || charges[0].ServiceName == "" || charges[0].ProviderName == "" || charges[0].SubAccountID == "" {
			t.Errorf("%s: %v, first %+v", file, r.Totals, charges[0])
		}
	}
	focus, asked := guess(t, "focus.csv", shared(t, "data/focus/sample-1.0.csv"))
	if len(asked) > 0 {
		t.Errorf("FOCUS: asked %v", asked)
	}
	want := map[table.Role]string{
		table.RoleStart: "ChargePeriodStart", table.RoleEnd: "ChargePeriodEnd", table.RoleCost: "BilledCost", table.RoleEffectiveCost: "EffectiveCost",
		table.RoleListCost: "ListCost", table.RoleCurrency: "BillingCurrency", table.RoleService: "ServiceName", table.RoleResourceID: "ResourceId", table.RoleCategory: "ChargeCategory",
		table.RoleRegion: "RegionId", table.RoleProvider: "ProviderName",
	}
	for role, column := range want {
		if focus.Columns[role] != column {
			t.Errorf("FOCUS %s: %q, want %q", role, focus.Columns[role], column)
		}
	}
}

func TestGuess(t *testing.T) {
	type columns = map[table.Role]string
	for name, c := range map[string]struct {
		content string
		want    table.Mapping
		asked   []string
	}{
		"Russian, with a title and totals": {
			"Детализация расходов\n\nПроект;Услуга;Дата;Кол-во;Ед. изм.;Стоимость без НДС, руб.;Стоимость с НДС, руб.\nПрод;ВМ;01.07.2026;24;ч;1 000,00;1 200,00\nПрод;ВМ;02.07.2026;24;ч;1 000,00;1 200,00\nВсего:;;;;;2 000,00;2 400,00\n",
			table.Mapping{
				HeaderRow: 3, Period: table.Day, Decimal: ",", Currency: "RUB",
				Columns: columns{
					table.RoleProjectName: "Проект", table.RoleService: "Услуга", table.RoleStart: "Дата", table.RoleQuantity: "Кол-во", table.RoleUnit: "Ед. изм.",
					table.RoleCost: "Стоимость с НДС, руб.",
				},
				LeaveOut: []table.LeaveOut{{Column: "Проект", Prefix: "Всего"}},
			},
			nil,
		},
		"months, and a currency sign": {
			"Месяц,Сервис,Сумма\nИюль 2026,S3,\"1 234,56 ₽\"\n",
			table.Mapping{Period: table.Month, Decimal: ",", Currency: "RUB", Columns: columns{table.RoleStart: "Месяц", table.RoleService: "Сервис", table.RoleCost: "Сумма"}},
			nil,
		},
		"first days of months": {
			"date,cost,currency\n2026-07-01,1.5,EUR\n2026-08-01,2,EUR\n",
			table.Mapping{Period: table.Month, Columns: columns{table.RoleStart: "date", table.RoleCost: "cost", table.RoleCurrency: "currency"}},
			nil,
		},
		"days and months that may be swapped": {
			"date,cost,currency\n7/1/2026,1.5,EUR\n7/2/2026,2,EUR\n",
			table.Mapping{Period: table.Day, Columns: columns{table.RoleStart: "date", table.RoleCost: "cost", table.RoleCurrency: "currency"}},
			[]string{table.AskDateOrder},
		},
		"another column settles the order": {
			"date,till,cost,currency\n7/1/2026,7/13/2026,1.5,EUR\n",
			table.Mapping{DateOrder: table.MonthFirst, Period: table.Day, Columns: columns{table.RoleStart: "date", table.RoleCost: "cost", table.RoleCurrency: "currency"}},
			nil,
		},
		"a comma that may be either": {
			"date;cost;currency\n2026-07-01;1,234;EUR\n2026-07-02;5,678;EUR\n",
			table.Mapping{Period: table.Day, Columns: columns{table.RoleStart: "date", table.RoleCost: "cost", table.RoleCurrency: "currency"}},
			[]string{table.AskDecimal},
		},
		"both separators": {
			"date;cost;currency\n2026-07-01;1.234,5;EUR\n2026-07-02;5.678;EUR\n",
			table.Mapping{Period: table.Day, Decimal: ",", Group: ".", Columns: columns{table.RoleStart: "date", table.RoleCost: "cost", table.RoleCurrency: "currency"}},
			nil,
		},
		"hours, tags, the last day inclusive": {
			"start date,end date,cost_usd,user_labels.env,labels,tag:Owner\n2026-07-01,2026-07-31,1.5,prod,a=b,me\n",
			table.Mapping{
				EndInclusive: true, Columns: columns{table.RoleStart: "start date", table.RoleEnd: "end date", table.RoleCost: "cost_usd"}, Currency: "USD",
				Tags: []table.TagColumn{{Column: "user_labels.env", Key: "env"}, {Column: "labels"}, {Column: "tag:Owner", Key: "Owner"}},
			},
			nil,
		},
		"times": {
			"timestamp;what;cost\n2026-07-01 10:00;x;1\n2026-07-01 11:00;x;1\n",
			table.Mapping{Period: table.Hour, Columns: columns{table.RoleStart: "timestamp", table.RoleCost: "cost"}},
			[]string{table.AskCurrency},
		},
		"nothing that is known": {
			"a,b\n1,2\n", table.Mapping{Columns: columns{}}, []string{table.AskStart, table.AskCurrency, table.AskCost},
		},
	} {
		m, asked := guess(t, name, []byte(c.content))
		c.want.Version = table.Version
		if diff := cmp.Diff(c.want, m, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(c.asked, asked, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s asked (-want +got):\n%s", name, diff)
		}
	}
}

// TestPreview: a guess, its answer as a mapping, and what is wrong with either.
func TestPreview(t *testing.T) {
	cloudru := table.New(table.Variants()[1])
	show := func(content, mapping string) pipeline.Preview {
		t.Helper()
		p, err := cloudru.Preview(context.Background(), "a.csv", strings.NewReader(content), mapping, nil)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	const content = "Дата;Услуга;Стоимость\n01.07.2026;ВМ;10,50\n02.07.2026;ВМ;x\n"
	p := show(content, "")
	if !p.Guessed || p.Fault == nil || len(p.Problems) != 1 || p.Problems[0].Row != 3 || p.Problems[0].Column != "Стоимость" {
		t.Errorf("with a wrong row: %+v", p)
	}
	p = show(strings.Replace(content, ";x", ";0,01", 1), "")
	if p.Fault != nil || p.Totals["RUB"].String() != "10.51" || p.First.Format(time.RFC3339) != "2026-06-30T21:00:00Z" || p.Lines != 2 {
		t.Errorf("preview %+v", p)
	}
	if !strings.Contains(p.Mapping, `"provider":"Cloud.ru"`) || !strings.Contains(p.Mapping, `"zone":"Europe/Moscow"`) {
		t.Errorf("mapping %s", p.Mapping)
	}
	if diff := cmp.Diff([]pipeline.PreviewColumn{{Name: "Дата", Role: "start"}, {Name: "Услуга", Role: "service"}, {Name: "Стоимость", Role: "cost"}}, p.Columns); diff != "" {
		t.Error(diff)
	}
	again := show(strings.Replace(content, ";x", ";0,01", 1), p.Mapping)
	if again.Guessed || again.Mapping != p.Mapping || !again.Totals["RUB"].Equal(p.Totals["RUB"]) {
		t.Errorf("by the guess: %+v", again)
	}
	if half := show(content, `{"version":1,"columns":{}}`); half.Fault == nil || len(half.Columns) != 3 || half.Fault.Scope != "mapping" {
		t.Errorf("a mapping without columns: %+v", half)
	}
	if old := show("\xd0\xcf\x11\xe0", ""); old.Fault == nil || len(old.Columns) != 0 {
		t.Errorf("an old workbook: %+v", old)
	}
	if _, err := cloudru.Preview(context.Background(), "a.csv", strings.NewReader(content), "{", nil); err == nil {
		t.Error("a broken mapping is taken")
	}
}
