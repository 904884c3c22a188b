package explain

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aislekit/aisle/internal/check"
)

// Phrase is how one column is spoken of. In texts {name} stands for Name, {value} for the
// value, rounded to Digits places behind the point.
type Phrase struct {
	// Name of the column for people; "" is its name in the data.
	Name string
	// Raises and Lowers are the texts for a contribution above and below 0; "" is that of
	// the table's Default.
	Raises, Lowers string
	// Missing takes the place of {value} where the value is NaN; "" is that of the Default.
	Missing string
	// Bands word values by their size, before Raises and Lowers: the first one whose Below the value
	// is below. They ascend by Below; +Inf closes them.
	Bands []Band
	// Digits behind the point of {value}, at most 15; 0 means none, and trailing zeros are left out.
	Digits int
}

// Band words the values below a bound.
type Band struct {
	Below          float64 // the bound, which is not in the band itself
	Raises, Lowers string  // as in Phrase
}

// Table holds the words of a language or of a caller. It is plain data: start from
// English or Chinese and replace what is wanted.
type Table struct {
	// Phrases by the name of the column.
	Phrases map[string]Phrase
	// Default is for columns without one, and for what a phrase leaves open.
	Default Phrase
	// Change is the text of one change of a hint: {name}, {from}, {to}, {step}, which is to − from without sign.
	// More and Less are its forms for values that rise and fall; "" is Change.
	Change, More, Less string
	// And joins two changes.
	And string
}

// English returns a table of words for any column, and for the timing columns of predict.Labeler.
func English() Table {
	return Table{
		Default: Phrase{Raises: "{name}: {value} raises the estimate", Lowers: "{name}: {value} lowers the estimate", Missing: "not known", Digits: 2},
		Phrases: map[string]Phrase{
			"recency_days": {Name: "days since the last purchase", Bands: []Band{
				{Below: 1, Raises: "bought today", Lowers: "bought only today"},
				{Below: math.Inf(1), Raises: "last purchase {value} days ago raises the estimate", Lowers: "last purchase {value} days ago lowers the estimate"},
			}},
			"tenure_days":    {Name: "days since the first purchase"},
			"log_purchases":  {Name: "purchases so far (logarithm)", Digits: 2},
			"mean_gap_days":  {Name: "days between purchases"},
			"overdue":        {Name: "waiting time over the usual gap", Digits: 1},
			"purchases_30d":  {Name: "purchases in 30 days"},
			"purchases_90d":  {Name: "purchases in 90 days"},
			"purchases_365d": {Name: "purchases in 365 days"},
			"single": {Name: "single purchase", Bands: []Band{
				{Below: .5, Raises: "has bought more than once", Lowers: "has bought more than once, which lowers the estimate"},
				{Below: math.Inf(1), Raises: "a single purchase so far, which raises the estimate", Lowers: "a single purchase so far"},
			}},
		},
		Change: "{name} from {from} to {to}", More: "{step} more: {name} from {from} to {to}", Less: "{step} less: {name} from {from} to {to}", And: " and ",
	}
}

// Chinese returns the same words in Chinese.
func Chinese() Table {
	return Table{
		Default: Phrase{Raises: "{name}为{value}，提高了预测值", Lowers: "{name}为{value}，降低了预测值", Missing: "未知", Digits: 2},
		Phrases: map[string]Phrase{
			"recency_days": {Name: "距上次购买天数", Bands: []Band{
				{Below: 1, Raises: "今天刚购买过", Lowers: "今天刚购买过，短期内再购可能较低"},
				{Below: math.Inf(1), Raises: "距上次购买{value}天，提高了预测值", Lowers: "距上次购买已{value}天，降低了预测值"},
			}},
			"tenure_days":    {Name: "距首次购买天数"},
			"log_purchases":  {Name: "累计购买次数（对数）", Digits: 2},
			"mean_gap_days":  {Name: "平均购买间隔天数"},
			"overdue":        {Name: "等待时间与平均间隔之比", Digits: 1},
			"purchases_30d":  {Name: "近30天购买次数"},
			"purchases_90d":  {Name: "近90天购买次数"},
			"purchases_365d": {Name: "近365天购买次数"},
			"single": {Name: "仅购买一次", Bands: []Band{
				{Below: .5, Raises: "有过多次购买", Lowers: "有过多次购买，降低了预测值"},
				{Below: math.Inf(1), Raises: "仅购买过一次，提高了预测值", Lowers: "仅购买过一次"},
			}},
		},
		Change: "{name}由{from}变为{to}", More: "{name}增加{step}（由{from}到{to}）", Less: "{name}减少{step}（由{from}到{to}）", And: "，并且",
	}
}

// ReasonOptions configures Reasons.
type ReasonOptions struct {
	// Table holds the words; the zero Table is English.
	Table Table
	// Most is how many reasons to give; 0 means 4.
	Most int
	// MinShare leaves out contributions below this share of the sum of all sizes; 0 means .05,
	// negative means 0.
	MinShare float64
	// Raising gives only reasons that raise the estimate, Lowering only those that lower it,
	// as adverse action codes do. Both are the same as none.
	Raising, Lowering bool
}

// validate looks at the phrases in the order of their keys, so that the first fault told is always the same.
func (o ReasonOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Most > 0, "Most", o.Most, "> 0")
	c.Require(o.MinShare >= 0 && o.MinShare < 1, "MinShare", o.MinShare, "0 <= MinShare < 1")
	for _, name := range slices.Sorted(maps.Keys(o.Table.Phrases)) {
		p := o.Table.Phrases[name]
		field := fmt.Sprintf("Table.Phrases[%q]", name)
		c.Require(p.Digits >= 0 && p.Digits <= 15, field+".Digits", p.Digits, "0 … 15")
		for k, b := range p.Bands {
			c.Require(b.Below == b.Below && (k == 0 || b.Below > p.Bands[k-1].Below), fmt.Sprintf("%s.Bands[%d].Below", field, k), b.Below, "ascending")
		}
	}
	c.Require(o.Table.Default.Digits >= 0 && o.Table.Default.Digits <= 15, "Table.Default.Digits", o.Table.Default.Digits, "0 … 15")
	return c.Err(where)
}

// Reason is one contribution in words.
type Reason struct {
	Name         string  // of the column in the data
	Column       int     // its number
	Value        float64 // in the row, NaN where missing
	Contribution float64 // as given
	Text         string  // for people
}

// Reasons appends to dst the columns that moved a prediction most, in words, the largest
// contribution first, ties by column. contributions come from TreeSHAP, from Linear or from predict.Reason, one a
// column, in whatever unit: only signs and shares count. Those of 0, and those below MinShare, are left out.
//
// Errors: ErrShape for names, contributions and row of different lengths, ErrNotFinite for a contribution that is none or an infinite value,
// ErrOption; dst comes back as it was. A value that is missing is worded by Missing.
func Reasons(dst []Reason, names []string, contributions, row []float64, opt ReasonOptions) ([]Reason, error) {
	const where = "explain: Reasons"
	if len(contributions) != len(names) || len(row) != len(names) {
		return dst, fmt.Errorf("%s: %d names, %d contributions, %d values: %w", where, len(names), len(contributions), len(row), ErrShape)
	}
	opt.Most, opt.MinShare = check.Default(opt.Most, 4), check.OrOff(opt.MinShare, .05)
	if opt.Table.Default.Raises == "" && opt.Table.Default.Lowers == "" && opt.Table.Phrases == nil {
		opt.Table = English()
	}
	if err := opt.validate(where); err != nil {
		return dst, err
	}
	if err := check.Slice("contributions", contributions); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	for j, x := range row {
		if math.IsInf(x, 0) {
			return dst, fmt.Errorf("%s: row[%d] is %v: %w", where, j, x, ErrNotFinite)
		}
	}
	largest, total := 0.0, 0.0
	for _, c := range contributions {
		largest = max(largest, math.Abs(c))
	}
	for _, c := range contributions { // as shares of the largest, so that no sum overflows
		if c != 0 {
			total += math.Abs(c) / largest
		}
	}
	var order []int
	for j, c := range contributions {
		if c == 0 || opt.Raising != opt.Lowering && opt.Raising != (c > 0) || math.Abs(c)/largest < opt.MinShare*total {
			continue
		}
		order = append(order, j)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(math.Abs(contributions[b]), math.Abs(contributions[a]))
	})
	for _, j := range order[:min(len(order), opt.Most)] {
		dst = append(dst, Reason{
			Name: names[j], Column: j, Value: row[j], Contribution: contributions[j],
			Text: opt.Table.reason(names[j], row[j], contributions[j] > 0),
		})
	}
	return dst, nil
}

// reason words one contribution.
func (t Table) reason(name string, x float64, raises bool) string {
	p := t.Phrases[name]
	choose := func(up, down string) string {
		if raises {
			return up
		}
		return down
	}
	text := cmp.Or(choose(p.Raises, p.Lowers), choose(t.Default.Raises, t.Default.Lowers), "{name}: {value}")
	for _, b := range p.Bands {
		if x < b.Below {
			text = cmp.Or(choose(b.Raises, b.Lowers), text)
			break
		}
	}
	value := cmp.Or(p.Missing, t.Default.Missing, "NaN")
	if x == x {
		value = t.number(name, x, 0)
	}
	return strings.NewReplacer("{name}", t.name(name), "{value}", value).Replace(text)
}

// name is what people call a column.
func (t Table) name(name string) string { return cmp.Or(t.Phrases[name].Name, name) }

// number writes a value with the digits of its phrase, or more.
func (t Table) number(name string, x float64, least int) string {
	digits := t.Default.Digits
	if p, ok := t.Phrases[name]; ok {
		digits = p.Digits
	}
	digits = max(digits, least)
	if math.Abs(x) >= 1e15 {
		return strconv.FormatFloat(x, 'g', 6, 64)
	}
	s := strconv.FormatFloat(x, 'f', min(max(digits, 0), 15), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// places is how many digits the numbers of a change need at least, so that they agree with each other, and the step
// is not rounded to another: "1 more: from 1 to 2" is not said of 1.5 and 2.
func (t Table) places(c Change) int {
	for d := range 15 {
		printed := func(x float64) float64 {
			v, _ := strconv.ParseFloat(t.number(c.Name, x, d), 64) // it was written just now
			return v
		}
		step := math.Abs(c.To - c.From)
		if s := printed(step); math.Abs(s-step) <= .01*step && math.Abs(math.Abs(printed(c.To)-printed(c.From))-s) <= .01*step {
			return d
		}
	}
	return 15
}

// Text says in the words of a table what a hint asks for: "1 more: purchases in 30 days from 1
// to 2". The zero Table is English. Names of changes are looked up in Phrases, as names of columns are. Numbers have more digits
// than their phrase says where the step would be another one without.
func (h Hint) Text(t Table) string {
	if t.Change == "" && t.More == "" && t.Less == "" {
		e := English()
		t.Change, t.More, t.Less, t.And = e.Change, e.More, e.Less, cmp.Or(t.And, e.And)
		if t.Phrases == nil {
			t.Phrases, t.Default = e.Phrases, e.Default
		}
	}
	parts := make([]string, 0, len(h.Changes))
	for _, c := range h.Changes {
		text, d := t.Change, t.places(c)
		switch {
		case c.To > c.From:
			text = cmp.Or(t.More, t.Change)
		case c.To < c.From:
			text = cmp.Or(t.Less, t.Change)
		}
		parts = append(parts, strings.NewReplacer(
			"{name}", t.name(c.Name), "{from}", t.number(c.Name, c.From, d), "{to}", t.number(c.Name, c.To, d),
			"{step}", t.number(c.Name, math.Abs(c.To-c.From), d),
		).Replace(text))
	}
	return strings.Join(parts, cmp.Or(t.And, ", "))
}
