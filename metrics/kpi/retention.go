package kpi

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
)

// RetentionKind says when a user counts as retained n periods after his first.
type RetentionKind uint8

const (
	RetentionClassic RetentionKind = iota // active in period n itself
	RetentionRolling                      // active in period n or later
	RetentionBracket                      // active in a range of periods
)

// RetentionOptions configures Activity.Retention.
type RetentionOptions struct {
	Kind RetentionKind // default RetentionClassic

	// Periods is the last n of the classic and rolling kinds, counted from the
	// cohort's own period 0. Default 12.
	Periods int

	// Brackets are the ranges of the bracket kind, both ends included: {1, 7} is
	// the week after the first day.
	Brackets [][2]int

	// AsOf is when the data end, itself excluded. Periods that are not over by then
	// are censored: such a cohort is left out, not counted as lost. Required.
	AsOf time.Time

	// MinAudience is the number of users below which a cohort is withheld, see
	// RetentionRow.Err: default 50, -1 for no floor.
	MinAudience int
}

func (o RetentionOptions) withDefaults() RetentionOptions {
	o.Periods = check.Default(o.Periods, 12)
	return o
}

func (o RetentionOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Kind <= RetentionBracket, "Kind", uint8(o.Kind), "classic, rolling or bracket")
	c.Require(o.Periods > 0 && o.Periods <= 10_000, "Periods", o.Periods, "in [1, 10000]")
	c.Require((o.Kind == RetentionBracket) == (len(o.Brackets) > 0), "Brackets", o.Brackets, "ranges for RetentionBracket, nothing otherwise")
	for _, b := range o.Brackets {
		c.Require(b[0] >= 0 && b[1] >= b[0] && b[1] <= 10_000, "Brackets", b, "0 <= from <= to <= 10000")
	}
	c.Require(o.MinAudience >= -1, "MinAudience", o.MinAudience, "> 0, or -1 for no floor")
	c.Require(!o.AsOf.IsZero(), "AsOf", o.AsOf, "when the data end")
	return c.Err(where)
}

// RetentionRow is one cohort: the users who started in one period.
type RetentionRow struct {
	Period int             // index in the calendar
	Users  int64           // size of the cohort
	Cells  []metrics.Ratio // one a column; those of periods not over yet are undefined
	// Err is ErrPrivacy where the row is withheld, since the cohort has fewer users than
	// MinAudience, or all withheld ones together would have: then Users is 0 and Cells
	// are undefined.
	Err error
}

// RetentionTable is the retention of cohorts.
type RetentionTable struct {
	Calendar Calendar       // which the periods are of
	Columns  []string       // "0", "1", …, with a plus where rolling, "1-7" for brackets
	Rows     []RetentionRow // by time; cohorts whose own period is not over are left out
	// Overall takes the cohorts together for which the column is over; the withheld ones only
	// where it is over for all of them, since some would tell of one.
	Overall []metrics.Ratio
	users   int64 // in all cohorts
}

// column is a range of periods counted from a cohort's own, both ends included.
type column struct{ from, to int }

const forever = math.MaxInt32

// String returns "3", "1-7" or "3+".
func (c column) String() string {
	switch c.to {
	case forever:
		return fmt.Sprintf("%d+", c.from)
	case c.from:
		return fmt.Sprint(c.from)
	}
	return fmt.Sprintf("%d-%d", c.from, c.to)
}

// columns returns what the kind and its settings ask for.
func (o RetentionOptions) columns() []column {
	var cols []column
	if o.Kind == RetentionBracket {
		for _, b := range o.Brackets {
			cols = append(cols, column{b[0], b[1]})
		}
		return cols
	}
	for n := range o.Periods + 1 {
		to := n
		if o.Kind == RetentionRolling {
			to = forever
		}
		cols = append(cols, column{n, to})
	}
	return cols
}

// Retention returns the share of each cohort that came back. Rolling retention
// sees older cohorts for longer and so flatters them: compare it only at equal
// age of the data. ErrEmpty if no cohort's own period is over. Of two sets of users the
// function Retention tells the same share.
func (a *Activity[U]) Retention(opt RetentionOptions) (RetentionTable, error) {
	if err := check.Receiver("kpi: Activity.Retention", a); err != nil {
		return RetentionTable{}, err
	}
	opt = opt.withDefaults()
	if err := opt.validate("kpi: Activity.Retention"); err != nil {
		return RetentionTable{}, err
	}
	open, err := a.clock.index(opt.AsOf) // the first period that is not over
	if err != nil {
		return RetentionTable{}, fmt.Errorf("kpi: Activity.Retention: %w", err)
	}
	cols := opt.columns()
	t := RetentionTable{Calendar: a.Calendar()}
	for _, c := range cols {
		t.Columns = append(t.Columns, c.String())
	}
	rows := map[int32]*RetentionRow{}
	a.lives(func(_, cohort int32, periods []int32) {
		if cohort >= open {
			return
		}
		row := rows[cohort]
		if row == nil {
			row = &RetentionRow{Period: int(cohort), Cells: make([]metrics.Ratio, len(cols))}
			rows[cohort] = row
		}
		row.Users++
		for j, c := range cols {
			from, to := int64(cohort)+int64(c.from), int64(cohort)+int64(c.to)
			if c.to == forever && from >= int64(open) || c.to != forever && to >= int64(open) {
				continue // not over yet
			}
			var kept int64
			k, _ := slices.BinarySearch(periods, int32(from))
			if k < len(periods) && int64(periods[k]) <= to && periods[k] < open {
				kept = 1
			}
			_ = row.Cells[j].Add(kept, 1) // no more than there are users
		}
	})
	if len(rows) == 0 {
		return RetentionTable{}, fmt.Errorf("kpi: Activity.Retention: no cohort before %v: %w", opt.AsOf, ErrEmpty)
	}
	for _, r := range rows {
		t.Rows = append(t.Rows, *r)
	}
	slices.SortFunc(t.Rows, func(a, b RetentionRow) int { return a.Period - b.Period })
	t.withhold(check.Floor(opt.MinAudience))
	return t, nil
}

// withhold empties the rows of few users and takes the others together, with the withheld
// ones in columns that are over for all of these: a column with some of them would tell, less
// the rows that are shown, of one. Where all of them are few, nothing tells of them.
func (t *RetentionTable) withhold(least int64) {
	sizes := make([]int64, len(t.Rows))
	for i, r := range t.Rows {
		sizes[i] = r.Users
		t.users += r.Users
	}
	t.Overall = make([]metrics.Ratio, len(t.Columns))
	hidden, over, few, without := make([]metrics.Ratio, len(t.Columns)), make([]int, len(t.Columns)), 0, int64(0)
	for i, withheld := range check.Withhold(least, sizes) {
		r := &t.Rows[i]
		into := t.Overall
		if withheld {
			into = hidden
			few++
			without += r.Users
		}
		for j, c := range r.Cells {
			_ = into[j].Merge(&c) // no more than there are users
			if withheld && c.Den() > 0 {
				over[j]++
			}
		}
		if withheld {
			r.Users, r.Cells = 0, make([]metrics.Ratio, len(r.Cells))
			r.Err = fmt.Errorf("kpi: Activity.Retention: cohort %s: %w", t.Calendar.Label(r.Period), ErrPrivacy)
		}
	}
	for j := range hidden {
		if over[j] == few && !check.Few(hidden[j].Den(), least) {
			_ = t.Overall[j].Merge(&hidden[j])
		}
	}
	if check.Few(without, least) {
		t.users -= without
	}
}

// Table returns the retention with one row per cohort and a last one for all.
func (t RetentionTable) Table() *metrics.Table {
	out := metrics.NewTable(append([]string{t.Calendar.Period.String(), "users"}, t.Columns...)...)
	var users int64
	line := func(name string, n any, cells []metrics.Ratio) {
		row := []any{name, n}
		for _, c := range cells {
			if c.Den() == 0 {
				row = append(row, math.NaN())
			} else {
				row = append(row, math.Round(1e4*c.Float())/1e4)
			}
		}
		out.AddRow(row...)
	}
	for _, r := range t.Rows {
		if r.Err != nil {
			line(t.Calendar.Label(r.Period), "few", r.Cells)
			continue
		}
		line(t.Calendar.Label(r.Period), r.Users, r.Cells)
		users += r.Users
	}
	var all any = max(t.users, users)
	if all == int64(0) {
		all = "few"
	}
	line("all", all, t.Overall)
	return out
}

// ChurnOptions configures Activity.Churn.
type ChurnOptions struct {
	From time.Time // users alive then are looked at; required
	AsOf time.Time // and are found alive or not by then, itself excluded; required

	// Inactive is the number of periods without activity after which a user has
	// churned. Default 0: Factor times the Quantile of the gaps between active
	// periods within the user's cohort, rounded up, so that customers who buy
	// twice a year are not given up after a month. Cohorts of fewer than MinGaps
	// gaps use those of all users.
	Inactive int
	Factor   float64 // default 2
	Quantile float64 // in (0, 1), default 0.9
	MinGaps  int     // default 30
}

func (o ChurnOptions) withDefaults() ChurnOptions {
	o.Factor = check.Default(o.Factor, 2)
	o.Quantile = check.Default(o.Quantile, 0.9)
	o.MinGaps = check.Default(o.MinGaps, 30)
	return o
}

func (o ChurnOptions) validate(where string) error {
	var c check.Options
	c.Require(!o.From.IsZero() && o.From.Before(o.AsOf), "From", o.From, "a time before AsOf")
	c.Require(o.Inactive >= 0 && o.Inactive <= maxPeriods, "Inactive", o.Inactive, ">= 0")
	check.Positive(&c, "Factor", o.Factor)
	c.Require(o.Quantile > 0 && o.Quantile < 1, "Quantile", o.Quantile, "in (0, 1)")
	check.Positive(&c, "MinGaps", o.MinGaps)
	return c.Err(where)
}

// Churn is the share of users who stopped.
type Churn struct {
	Rate     metrics.Ratio // churned users of those alive at From
	Inactive int           // periods without activity, of all users together, after which a user has churned
}

// Churn returns the share of users alive at From who had churned by AsOf. It reports
// on a period that is over, in the periods of the calendar and with a limit of each
// cohort's own. To label users for a model that predicts churn take
// predict.InactivityPeriod: one limit for all from gaps between instants, and no look
// at what comes after. A
// user is alive at a time if he was active in one of the last so many complete
// periods before it. Gaps are those that ended before AsOf. ErrUndefined where
// the number of periods is to come from gaps and there are none.
func (a *Activity[U]) Churn(opt ChurnOptions) (Churn, error) {
	if err := check.Receiver("kpi: Activity.Churn", a); err != nil {
		return Churn{}, err
	}
	opt = opt.withDefaults()
	if err := opt.validate("kpi: Activity.Churn"); err != nil {
		return Churn{}, err
	}
	lo, hi, err := a.span("Churn", opt.From, opt.AsOf)
	if err != nil {
		return Churn{}, err
	}
	out := Churn{Inactive: opt.Inactive}
	var limit map[int32]int // of cohorts that have one of their own
	if opt.Inactive == 0 {
		if out.Inactive, limit, err = a.inactivity(opt, hi); err != nil {
			return Churn{}, err
		}
	}
	a.lives(func(_, cohort int32, periods []int32) {
		n := out.Inactive
		if l, ok := limit[cohort]; ok {
			n = l
		}
		alive := func(at int32) bool {
			k, _ := slices.BinarySearch(periods, at)
			return k > 0 && int64(periods[k-1]) >= int64(at)-int64(n)
		}
		if !alive(lo) {
			return
		}
		var lost int64
		if !alive(hi) {
			lost = 1
		}
		_ = out.Rate.Add(lost, 1) // no more than there are users
	})
	return out, nil
}

// inactivity returns after how many periods without activity a user has churned, by
// the gaps that ended before period hi: of all users, and of each cohort with gaps
// enough.
func (a *Activity[U]) inactivity(opt ChurnOptions, hi int32) (all int, of map[int32]int, err error) {
	var every []float64
	gaps := map[int32][]float64{}
	a.lives(func(_, cohort int32, periods []int32) {
		for i := 1; i < len(periods) && periods[i] < hi; i++ {
			g := float64(periods[i] - periods[i-1])
			every = append(every, g)
			gaps[cohort] = append(gaps[cohort], g)
		}
	})
	if len(every) == 0 {
		return 0, nil, undefined("Activity.Churn: nobody came back, so there is no gap to judge by")
	}
	threshold := func(gs []float64) int {
		slices.Sort(gs)
		// Exact products such as 2×1.5 must not be rounded up by their last bit.
		x := opt.Factor * infer.Quantile(gs, opt.Quantile)
		return int(min(max(math.Ceil(x-1e-9*x), 1), maxPeriods))
	}
	of = map[int32]int{}
	for cohort, gs := range gaps {
		if len(gs) >= opt.MinGaps {
			of[cohort] = threshold(gs)
		}
	}
	return threshold(every), of, nil
}
