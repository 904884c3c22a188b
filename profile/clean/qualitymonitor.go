package clean

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/drift"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/rng"
)

// Column says what is expected of one column of a table.
type Column struct {
	Name string // required, different for every column
	Text bool   // its values are texts, "" is missing; otherwise numbers, NaN is missing

	Edges      []float64 // of numbers: inner edges of the bins whose shares are compared, ascending, at most 999, see BinEdges; nil: no drift
	Categories []string  // of texts: those whose shares are compared, all others being one more, at most 999; nil: no drift
	Closed     bool      // a text that is none of Categories breaks the rule
	Bounds     *Outliers // a number outside breaks the rule; nil: none

	Complete float64 // least share of rows with a value, in [0, 1]
	Valid    float64 // least share of the values that keep the rule, in (0, 1]; 0 is 1
	Unique   bool    // no value comes twice; each takes 8 bytes and more
}

// MonitorOptions configures a Monitor. Monitors merge and are compared only where all of it is equal.
type MonitorOptions struct {
	Columns []Column      // 1 to 10,000; numbers and texts may alternate
	Stale   time.Duration // age of the newest row from which the data is not fresh; 0: any
	Level   float64       // probability that a report of a table that has not changed has a false alarm of drift or volume; default 0.01
	MaxKeys int           // different values of all Unique columns that are held; default 10 million
}

// Monitor is a mergeable report on a table: what Quality says, and by column how complete, valid and unique it is, how many rows came a
// day and how far the values have moved from those of a reference, which is a Monitor that was stored. Its state does not depend on the
// order of rows, nor on how they were split before Merge. It is not safe for concurrent use.
type Monitor struct {
	opt     MonitorOptions
	head    []byte // the options, written
	quality Quality
	columns []columnState
	days    map[int64]int64
	keys    int
}

// columnState counts one column.
type columnState struct {
	counts []int64 // missing, then bins or categories, then for texts all others
	broken int64
	seen   map[uint64]int64
}

// BinEdges returns inner edges for Column.Edges: of at most bins bins that hold equally many values of the sample. bins 0 is 10. NaN are left out. ErrOption unless bins is in
// [2, 1000], ErrEmpty without values, ErrNotFinite for infinite ones, ErrUndefined where they are all one. The arithmetic is that of metrics/drift.
func BinEdges(sample []float64, bins int) ([]float64, error) {
	bins = check.Default(bins, 10)
	if bins < 2 || bins > 1000 {
		return nil, fmt.Errorf("clean: BinEdges: bins is %d, want in [2, 1000]: %w", bins, ErrOption)
	}
	xs := slices.DeleteFunc(slices.Clone(sample), math.IsNaN)
	if len(xs) == 0 {
		return nil, fmt.Errorf("clean: BinEdges: no values: %w", ErrEmpty)
	}
	if err := check.Slice("sample", xs); err != nil {
		return nil, fmt.Errorf("clean: BinEdges: %w", err)
	}
	slices.Sort(xs)
	edges := drift.Edges(xs, bins)
	if len(edges) == 0 {
		return nil, fmt.Errorf("clean: BinEdges: the sample is constant: %w", ErrUndefined)
	}
	return edges, nil
}

// withDefaults fills in what is zero and copies what the caller could change.
func (o MonitorOptions) withDefaults() MonitorOptions {
	o.Level = check.Default(o.Level, .01)
	o.MaxKeys = check.Default(o.MaxKeys, 10_000_000)
	o.Columns = slices.Clone(o.Columns)
	for i := range o.Columns {
		c := &o.Columns[i]
		c.Edges, c.Categories = slices.Clone(c.Edges), slices.Clone(c.Categories)
		slices.Sort(c.Categories)
		c.Valid = check.Default(c.Valid, 1)
		if c.Bounds != nil {
			c.Bounds = &Outliers{lo: c.Bounds.lo, hi: c.Bounds.hi, known: c.Bounds.known}
		}
	}
	return o
}

// validate names every field out of its range.
func (o MonitorOptions) validate() error {
	var c check.Options
	c.Require(len(o.Columns) >= 1 && len(o.Columns) <= 10_000, "Columns", len(o.Columns), "1 to 10,000")
	c.Require(o.Stale >= 0, "Stale", o.Stale, ">= 0")
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	c.Require(o.MaxKeys >= 1 && o.MaxKeys <= math.MaxInt32, "MaxKeys", o.MaxKeys, "1 to 2^31-1")
	names := make(map[string]bool, len(o.Columns))
	for i := range o.Columns {
		x := &o.Columns[i]
		field := func(name string) string { return fmt.Sprintf("Columns[%d].%s", i, name) }
		c.Require(x.Name != "" && !names[x.Name], field("Name"), x.Name, "a name of its own")
		names[x.Name] = true
		c.Require(len(x.Edges) <= 999 && (len(x.Edges) == 0 || !x.Text) && risingEdges(x.Edges), field("Edges"), len(x.Edges), "at most 999 ascending finite numbers, of numbers")
		distinct := len(x.Categories) == len(slices.Compact(slices.Clone(x.Categories))) && !slices.Contains(x.Categories, "")
		c.Require(len(x.Categories) <= 999 && (len(x.Categories) == 0 || x.Text) && distinct, field("Categories"), len(x.Categories), "at most 999 different ones, of texts")
		c.Require(!x.Closed || len(x.Categories) > 0, field("Closed"), x.Closed, "Categories")
		c.Require(x.Bounds == nil || !x.Text && x.Bounds.known, field("Bounds"), x.Bounds, "made by FitOutliers or NewBounds, of numbers")
		c.Require(x.Complete >= 0 && x.Complete <= 1, field("Complete"), x.Complete, "in [0, 1]")
		c.Require(x.Valid > 0 && x.Valid <= 1, field("Valid"), x.Valid, "in (0, 1]")
	}
	return c.Err("clean: NewMonitor")
}

// risingEdges reports whether edges are finite and each above the one before.
func risingEdges(xs []float64) bool {
	for i, x := range xs {
		if !check.Finite(x) || i > 0 && x <= xs[i-1] {
			return false
		}
	}
	return true
}

// NewMonitor returns an empty Monitor. ErrOption names every field of opt that is out of range.
func NewMonitor(opt MonitorOptions) (*Monitor, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	m := &Monitor{opt: opt, days: make(map[int64]int64), columns: make([]columnState, len(opt.Columns))}
	var w codec.Writer
	opt.put(&w)
	m.head = w.AppendFrame(nil, codec.KindMonitor, 1)
	for i := range m.columns {
		c, s := &opt.Columns[i], &m.columns[i]
		bins := len(c.Edges) + 1
		if c.Text {
			bins = len(c.Categories) + 1
		}
		s.counts = make([]int64, 1+bins)
		if c.Unique {
			s.seen = make(map[uint64]int64)
		}
	}
	return m, nil
}

// Empty returns an empty Monitor with the same options, for the next window; nil for nil.
func (m *Monitor) Empty() *Monitor {
	if m == nil || m.head == nil {
		return nil
	}
	x, err := NewMonitor(m.opt)
	if err != nil {
		return nil // cannot be: they were valid
	}
	return x
}

// made refuses nil and what NewMonitor has not made.
func (m *Monitor) made(where string) error {
	if m == nil || m.head == nil {
		return fmt.Errorf("%s: not made by NewMonitor: %w", where, ErrEmpty)
	}
	return nil
}

// Add counts a row: its business time and the values of the number columns and of the text columns, each in the order of the options. An infinite number is malformed and counts
// as missing. ErrRange for other numbers of values, a missing or impossible time, or more different values of Unique columns than MaxKeys, ErrOverflow for more than 2^63−1 rows; the
// state is then unchanged. O(columns).
func (m *Monitor) Add(at time.Time, numbers []float64, texts []string) error {
	if err := m.made("clean: Monitor.Add"); err != nil {
		return err
	}
	wantTexts := 0
	for i := range m.opt.Columns {
		if m.opt.Columns[i].Text {
			wantTexts++
		}
	}
	if len(texts) != wantTexts || len(numbers) != len(m.columns)-wantTexts {
		return fmt.Errorf("clean: Monitor.Add: %d numbers and %d texts, want %d and %d: %w", len(numbers), len(texts), len(m.columns)-wantTexts, wantTexts, ErrRange)
	}
	if err := check.Time("at", at); err != nil {
		return fmt.Errorf("clean: Monitor.Add: %w", err)
	}
	if err := m.room(numbers, texts); err != nil {
		return err
	}
	m.quality.Keep(at)
	m.days[day(at)]++
	for i := range m.columns {
		c := &m.opt.Columns[i]
		if c.Text {
			m.text(i, texts[0])
			texts = texts[1:]
		} else {
			m.number(i, numbers[0])
			numbers = numbers[1:]
		}
	}
	return nil
}

func day(t time.Time) int64 {
	n := t.Unix() / 86400
	if t.Unix()%86400 < 0 {
		n--
	}
	return n
}

// room refuses a row whose keys would be too many, or whose counts too large: of rows, and of fields, which others may count in too.
func (m *Monitor) room(numbers []float64, texts []string) error {
	fresh := m.keys
	if m.quality.rows == math.MaxInt64 {
		return fmt.Errorf("clean: Monitor.Add: rows: %w", ErrOverflow)
	}
	for i := range m.columns {
		c := &m.opt.Columns[i]
		if f := m.quality.fields[c.Name]; f != nil && f.Seen == math.MaxInt64 {
			return fmt.Errorf("clean: Monitor.Add: rows of a field: %w", ErrOverflow)
		}
		var key uint64
		ok := false
		if c.Text {
			key, ok = rng.HashString(texts[0]), texts[0] != ""
			texts = texts[1:]
		} else {
			key, ok = numberKey(numbers[0]), check.Finite(numbers[0])
			numbers = numbers[1:]
		}
		if ok && c.Unique && m.columns[i].seen[key] == 0 {
			fresh++
		}
	}
	if fresh > m.opt.MaxKeys {
		return fmt.Errorf("clean: Monitor.Add: more than %d different values of unique columns: %w", m.opt.MaxKeys, ErrRange)
	}
	return nil
}

// numberKey is one key for one number, −0 being 0.
func numberKey(x float64) uint64 { return rng.Mix(math.Float64bits(x + 0)) }

// number counts a value of number column i.
func (m *Monitor) number(i int, x float64) {
	c, s := &m.opt.Columns[i], &m.columns[i]
	switch {
	case math.IsNaN(x):
		s.counts[0]++
		m.quality.Field(c.Name, Missing)
		return
	case math.IsInf(x, 0):
		s.counts[0]++
		m.quality.Field(c.Name, Malformed)
		return
	}
	m.quality.Field(c.Name, Kept)
	s.counts[1+sort.SearchFloat64s(c.Edges, x)]++
	if c.Bounds != nil && c.Bounds.Is(x) {
		s.broken++
	}
	m.key(i, numberKey(x))
}

// text counts a value of text column i.
func (m *Monitor) text(i int, x string) {
	c, s := &m.opt.Columns[i], &m.columns[i]
	if x == "" {
		s.counts[0]++
		m.quality.Field(c.Name, Missing)
		return
	}
	m.quality.Field(c.Name, Kept)
	k, ok := slices.BinarySearch(c.Categories, x)
	if !ok {
		k = len(c.Categories)
		if c.Closed {
			s.broken++
		}
	}
	s.counts[1+k]++
	m.key(i, rng.HashString(x))
}

func (m *Monitor) key(i int, key uint64) {
	if s := &m.columns[i]; s.seen != nil {
		if s.seen[key]++; s.seen[key] == 1 {
			m.keys++
		}
	}
}

// Quality returns the counts of rows and fields so far, for what else is to be reported of them: rows that were rejected before Add.
func (m *Monitor) Quality() *Quality {
	if m == nil || m.head == nil {
		return nil
	}
	return &m.quality
}

// Merge adds the rows of other, which it leaves alone. ErrMismatch for nil, itself and other options, ErrEmpty for what NewMonitor has not
// made, ErrRange for more keys than MaxKeys, ErrOverflow; m is then unchanged.
func (m *Monitor) Merge(other *Monitor) error {
	if err := check.Merge("clean: Monitor.Merge", m, other); err != nil {
		return err
	}
	if err := m.made("clean: Monitor.Merge"); err != nil {
		return err
	}
	if !bytes.Equal(m.head, other.head) {
		return fmt.Errorf("clean: Monitor.Merge: other options: %w", ErrMismatch)
	}
	keys := m.keys
	for i := range m.columns {
		for key := range other.columns[i].seen {
			if m.columns[i].seen[key] == 0 {
				keys++
			}
		}
	}
	if keys > m.opt.MaxKeys {
		return fmt.Errorf("clean: Monitor.Merge: %d different values of unique columns, want at most %d: %w", keys, m.opt.MaxKeys, ErrRange)
	}
	if err := m.quality.Merge(&other.quality); err != nil { // rows bound every count that is not of the Quality
		return fmt.Errorf("clean: Monitor.Merge: %w", err)
	}
	m.keys = keys
	for d, n := range other.days {
		m.days[d] += n
	}
	for i := range m.columns {
		s, o := &m.columns[i], &other.columns[i]
		s.broken += o.broken
		for k, n := range o.counts {
			s.counts[k] += n
		}
		for key, n := range o.seen {
			s.seen[key] += n
		}
	}
	return nil
}

// Finding is one line of a MonitorResult: what was looked at, and whether it is as it should be.
type Finding struct {
	Column string  // "" of the table as a whole
	Test   string  // "complete", "valid", "unique", "drift", "fresh" or "volume"
	Value  float64 // share of rows or values, PSI, age in hours, or deviations from the rows a day of the reference
	Limit  float64 // that Value is held against; below 0 for a row from the future
	JS, KS float64 // of drift: distances of Jensen–Shannon and of the cumulative shares (that of numbers alone means something), missing values being a bin
	Alarm  bool    // Value is on the wrong side of Limit; of drift, also above 0.1, below which it is too small to matter
}

// MonitorResult is one report over all: rows and fields, and what is wrong.
type MonitorResult struct {
	Quality  QualityResult // rows, fields, times
	Findings []Finding     // by column in the order of the options, then of the table
}

// Alarms returns the findings that are alarms.
func (r MonitorResult) Alarms() []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return !f.Alarm })
}

// String returns the report as a few lines of text, alarms marked.
func (r MonitorResult) String() string {
	var b strings.Builder
	b.WriteString(r.Quality.String())
	for _, f := range r.Findings {
		mark := "ok   "
		if f.Alarm {
			mark = "ALARM"
		}
		fmt.Fprintf(&b, "%s %-8s %-14s %.4g (limit %.4g)\n", mark, f.Test, f.Column, f.Value, f.Limit)
	}
	return b.String()
}

// Result tests all that the options ask for, and with a reference drift (PSI over the bins, missing values being one, against what
// chance alone exceeds with probability Level over the number of such tests) and volume (rows a day, against their deviation in the
// reference, at the same level). A zero asOf leaves out freshness. A newest row that lies after asOf by more than Stale or a day, whichever is less, is an alarm too: reject Future rows before,
// as they hide the age of the others. Without any row the age is +Inf and, against a reference of two days and more, the volume −Inf, always alarms. What else
// cannot be judged, for want of rows, is left out. ErrMismatch for a reference of other
// options, ErrRange for an impossible asOf, ErrEmpty for what NewMonitor has not made. It changes nothing.
func (m *Monitor) Result(ctx context.Context, reference *Monitor, asOf time.Time) (MonitorResult, error) {
	if err := m.made("clean: Monitor.Result"); err != nil {
		return MonitorResult{}, err
	}
	if reference != nil && !bytes.Equal(m.head, reference.head) {
		return MonitorResult{}, fmt.Errorf("clean: Monitor.Result: reference of other options: %w", ErrMismatch)
	}
	out := MonitorResult{Quality: m.quality.Result()}
	if !asOf.IsZero() {
		if err := check.Time("asOf", asOf); err != nil {
			return MonitorResult{}, fmt.Errorf("clean: Monitor.Result: %w", err)
		}
	}
	tests := 1.0
	for i := range m.columns {
		if len(m.columns[i].counts) > 2 {
			tests++
		}
	}
	level := m.opt.Level / tests
	for i := range m.columns {
		if ctx.Err() != nil {
			return MonitorResult{}, context.Cause(ctx)
		}
		out.Findings = m.column(out.Findings, i, reference, level)
	}
	if m.opt.Stale > 0 && !asOf.IsZero() {
		out.Findings = append(out.Findings, m.fresh(&out.Quality, asOf))
	}
	if reference != nil {
		if z, df, ok := volume(m.days, reference.days); ok {
			limit := infer.StudentQuantile(1-level/2, df)
			out.Findings = append(out.Findings, Finding{Test: "volume", Value: z, Limit: limit, Alarm: math.Abs(z) > limit})
		}
	}
	return out, nil
}

// fresh holds the age of the newest row against Stale, and one below 0 against what clocks may differ by.
func (m *Monitor) fresh(q *QualityResult, asOf time.Time) Finding {
	f := Finding{Test: "fresh", Value: math.Inf(1), Limit: m.opt.Stale.Hours(), Alarm: true}
	age, err := q.Age(asOf)
	switch ahead := min(m.opt.Stale, 24*time.Hour); {
	case err != nil: // no row
	case age < 0:
		f.Value, f.Limit, f.Alarm = age.Hours(), -ahead.Hours(), age < -ahead
	default:
		f.Value, f.Alarm = age.Hours(), age > m.opt.Stale
	}
	return f
}

// column appends the findings of column i.
func (m *Monitor) column(dst []Finding, i int, reference *Monitor, level float64) []Finding {
	c, s := &m.opt.Columns[i], &m.columns[i]
	var rows int64
	for _, n := range s.counts {
		rows += n
	}
	values := rows - s.counts[0]
	share := func(test string, part, whole int64, limit float64) {
		if whole > 0 {
			x := float64(part) / float64(whole)
			dst = append(dst, Finding{Column: c.Name, Test: test, Value: x, Limit: limit, Alarm: x < limit})
		}
	}
	share("complete", values, rows, c.Complete)
	if c.Bounds != nil || c.Closed {
		share("valid", values-s.broken, values, c.Valid)
	}
	if c.Unique {
		share("unique", int64(len(s.seen)), values, 1)
	}
	if reference != nil && len(s.counts) > 2 {
		if d, err := drift.Compare(reference.columns[i].counts, s.counts, level); err == nil {
			dst = append(dst, Finding{Column: c.Name, Test: "drift", Value: d.PSI, Limit: d.Threshold, JS: d.JS, KS: d.KS, Alarm: d.Alarm})
		}
	}
	return dst
}

// volume returns by how many standard errors the rows a day of a window lie above those of the reference. Days without rows between the first and the last count. The
// variance is that of the days of the reference, and that of chance, the mean, where it is smaller. A window without rows, whose days nobody knows, is −Inf.
func volume(window, reference map[int64]int64) (z, df float64, ok bool) {
	daily := func(days map[int64]int64) (n, mean, variance float64) {
		first, last := int64(math.MaxInt64), int64(math.MinInt64)
		var rows int64
		for d, k := range days {
			first, last, rows = min(first, d), max(last, d), rows+k
		}
		if rows == 0 {
			return 0, 0, 0
		}
		n = float64(last-first) + 1
		mean = float64(rows) / n
		variance = (n - float64(len(days))) * mean * mean
		for _, d := range sortedDays(days) {
			x := float64(days[d]) - mean
			variance += x * x
		}
		return n, mean, variance / max(n-1, 1)
	}
	n, mean, _ := daily(window)
	k, base, variance := daily(reference)
	switch {
	case k < 2:
		return 0, 0, false
	case n == 0:
		return math.Inf(-1), k - 1, true
	}
	return (mean - base) / math.Sqrt(max(variance, base)*(1/n+1/k)), k - 1, true
}
