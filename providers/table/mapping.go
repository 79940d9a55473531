package table

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Version is the version of mappings that this package writes and reads.
const Version = 1

// maxMapping is how long a mapping's JSON may be.
const maxMapping = 32 << 10

// Mapping says what the columns of a table are and how its dates and numbers are written. It is kept as JSON.
type Mapping struct {
	Version int `json:"version"`
	// Sheet is the sheet of a workbook; the first one that is visible when empty.
	Sheet string `json:"sheet,omitempty"`
	// HeaderRow is the number of the row with the columns' names, from 1 as the file counts; the first row that is not blank when
	// zero. With NoHeader there is none, and columns are named #1, #2 and so on.
	HeaderRow int64 `json:"header_row,omitempty"`
	NoHeader  bool  `json:"no_header,omitempty"`
	// Delimiter is one of "," ";" "\t" "|"; the one that fits the header when empty.
	Delimiter string `json:"delimiter,omitempty"`
	// Encoding is one of the Encodings; found by the first bytes when empty.
	Encoding Encoding `json:"encoding,omitempty"`

	// DateOrder says how dates such as 9/2/2023 are read. Dates in ISO 8601 and dates with dots (02.09.2023) need none.
	DateOrder DateOrder `json:"date_order,omitempty"`
	// Zone is the IANA zone of times that do not name their own; the connection's when empty.
	Zone string `json:"zone,omitempty"`
	// Period is the length of a row's period when no column gives its end: the hour, day or month that the start lies in.
	Period Period `json:"period,omitempty"`
	// EndInclusive is true when an end that is a date alone is the last day of the period.
	EndInclusive bool `json:"end_inclusive,omitempty"`

	// Decimal is "." or ","; a point when empty. Group is "." or "," when thousands are parted by it; blanks and apostrophes
	// between groups of three digits are read in any case.
	Decimal string `json:"decimal,omitempty"`
	Group   string `json:"group,omitempty"`
	// Sign says what the sign of a cost means.
	Sign Sign `json:"sign,omitempty"`
	// Currency is the ISO 4217 code of all rows, when no column gives it.
	Currency string `json:"currency,omitempty"`

	// Columns gives the name of the column for each role. One column may have several roles.
	Columns map[Role]string `json:"columns"`
	// Tags are the columns that tags are taken from.
	Tags []TagColumn `json:"tags,omitempty"`
	// Categories translates words of the category column to FOCUS's; the usual words are known without it.
	Categories map[string]pipeline.ChargeCategory `json:"categories,omitempty"`
	// Provider is the name of the cloud, for the ProviderName of the charges.
	Provider string `json:"provider,omitempty"`

	// LeaveOut are the rules for rows that are no charges: totals, headings.
	LeaveOut []LeaveOut `json:"leave_out,omitempty"`
	// BadRows says what becomes of a row that cannot be read.
	BadRows BadRows `json:"bad_rows,omitempty"`
}

// Role is what a column is for a charge.
type Role string

// The roles of columns. Start and Cost are required.
const (
	RoleStart         Role = "start"
	RoleEnd           Role = "end"
	RoleCost          Role = "cost"
	RoleEffectiveCost Role = "effective_cost"
	RoleListCost      Role = "list_cost"
	RoleCurrency      Role = "currency"
	RoleService       Role = "service"
	RoleServiceGroup  Role = "service_category"
	RoleResourceID    Role = "resource_id"
	RoleResourceName  Role = "resource_name"
	RoleResourceType  Role = "resource_type"
	RoleProjectID     Role = "project_id"
	RoleProjectName   Role = "project_name"
	RoleRegion        Role = "region"
	RoleZone          Role = "availability_zone"
	RoleSku           Role = "sku"
	RoleDescription   Role = "description"
	RoleQuantity      Role = "quantity"
	RoleUnit          Role = "unit"
	RoleCategory      Role = "category"
	RoleAccount       Role = "account"
	RoleProvider      Role = "provider"
)

// Encoding is how a file's bytes are text.
type Encoding string

// The encodings. UTF-16 begins with a byte order mark.
const (
	UTF8        Encoding = "utf-8"
	UTF16       Encoding = "utf-16"
	Windows1251 Encoding = "windows-1251"
)

// DateOrder is the order of day and month in dates with slashes, dashes or blanks that do not begin with the year.
type DateOrder string

// The orders.
const (
	DayFirst   DateOrder = "dmy"
	MonthFirst DateOrder = "mdy"
)

// Period is the length of a row's period.
type Period string

// The periods, cut in the zone of the mapping.
const (
	Hour  Period = "hour"
	Day   Period = "day"
	Month Period = "month"
)

// Sign says what the sign of a cost means.
type Sign string

// The meanings. AsGiven: a credit is negative. Negated: what is to be paid is negative. PositiveCredits: rows whose category is
// Credit are written positive and reduce the bill.
const (
	AsGiven         Sign = ""
	Negated         Sign = "negated"
	PositiveCredits Sign = "positive_credits"
)

// BadRows says what becomes of a row that cannot be read.
type BadRows string

// By default such a row refuses the whole file; with LeaveBadRows it is left out and told in the report.
const (
	RefuseFile   BadRows = ""
	LeaveBadRows BadRows = "leave_out"
)

// TagColumn is a column with tags. With a Key its value is that tag's; without, it holds many tags as JSON or as "k=v;k2=v2".
type TagColumn struct {
	Column string `json:"column"`
	Key    string `json:"key,omitempty"`
}

// LeaveOut names rows that are no charges by the value of one column. Exactly one of the conditions is given.
// Texts are compared without regard to case and to blanks around them.
type LeaveOut struct {
	Column   string `json:"column"`
	Equals   string `json:"equals,omitempty"`
	Prefix   string `json:"prefix,omitempty"`
	Contains string `json:"contains,omitempty"`
	Empty    bool   `json:"empty,omitempty"`
}

// ParseMapping reads a mapping and checks that its values are allowed and that it has all that a file cannot be read without.
// The error is a *pipeline.Fault with FaultSettings and the scope "mapping".
func ParseMapping(text string) (Mapping, error) {
	m, err := DecodeMapping(text)
	if err != nil {
		return Mapping{}, err
	}
	if f := m.Missing(); f != nil {
		return Mapping{}, f
	}
	return m, nil
}

// DecodeMapping reads a mapping that may still lack columns. The error is as ParseMapping's.
func DecodeMapping(text string) (Mapping, error) {
	var m Mapping
	if len(text) > maxMapping {
		return m, faultMapping("Разметка столбцов длиннее %d КБ: оставьте только нужные столбцы.",
			"The column mapping is longer than %d KB: keep only the columns that are needed.", maxMapping>>10)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	err := dec.Decode(&m)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("text after the mapping")
		}
	}
	if err != nil {
		return Mapping{}, because(faultMapping(
			"Разметка столбцов не читается. Откройте подключение, выберите файл и настройте столбцы заново.",
			"The column mapping cannot be read. Open the connection, choose a file and set the columns again."), err)
	}
	if f := m.check(); f != nil {
		return Mapping{}, f
	}
	return m, nil
}

// JSON writes the mapping for keeping.
func (m Mapping) JSON() string {
	m.Version = Version
	if m.Columns == nil {
		m.Columns = map[Role]string{}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return "" // texts and numbers always encode
	}
	return strings.TrimSpace(out.String())
}

// Missing is the fault of a mapping without the columns that no file can be read without; nil when they are there.
func (m *Mapping) Missing() *pipeline.Fault {
	switch {
	case m.Columns[RoleStart] == "":
		return faultMapping("Не указано, в каком столбце дата. Выберите столбец с датой или началом периода.",
			"It is not said which column has the date. Choose the column with the date or the start of the period.")
	case m.Columns[RoleCost] == "":
		return faultMapping("Не указано, в каком столбце стоимость. Выберите столбец с суммой.",
			"It is not said which column has the cost. Choose the column with the amount.")
	case m.Columns[RoleCurrency] == "" && m.Currency == "":
		return faultMapping("Не указана валюта. Выберите столбец с валютой или впишите код валюты, например RUB.",
			"The currency is not given. Choose the column with the currency, or enter its code, such as USD.")
	case m.Columns[RoleEnd] == "" && m.Period == "":
		return faultMapping("Не указано, за какой срок каждая строка. Выберите столбец с концом периода или срок: час, день, месяц.",
			"It is not said what period a row is for. Choose the column with the period's end, or a length: hour, day, month.")
	case m.Sign == PositiveCredits && m.Columns[RoleCategory] == "":
		return faultMapping("Чтобы вычитать скидки и возвраты, укажите столбец с видом начисления.",
			"To subtract credits, choose the column with the kind of charge.")
	}
	return nil
}

// Location gives the zone of the mapping, or the other one when the mapping has none.
func (m *Mapping) Location(otherwise *time.Location) *time.Location {
	if m.Zone != "" {
		if loc, err := time.LoadLocation(m.Zone); err == nil {
			return loc
		}
	}
	if otherwise == nil {
		return time.UTC
	}
	return otherwise
}

func oneOf[T comparable](v T, allowed ...T) bool { return slices.Contains(allowed, v) }
