package profile

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/vec"
)

// Table is one row of numbers for each user: what segmentation and prediction
// take. All Rows share one array in row order. A Table is a snapshot: it does not
// change with its Builder.
type Table[U ID] struct {
	IDs   []U         // ascending
	Names []string    // of the columns
	Rows  [][]float64 // len(IDs) × len(Names)

	Schema *Schema // of a table that Builder.Table made; nil of others
}

// Column returns the index of a column, or -1.
func (t *Table[U]) Column(name string) int {
	if t == nil {
		return -1
	}
	return slices.Index(t.Names, name)
}

// Row returns the index of a user, or -1.
func (t *Table[U]) Row(id U) int {
	if t == nil {
		return -1
	}
	if i, ok := slices.BinarySearch(t.IDs, id); ok {
		return i
	}
	return -1
}

// Values returns a copy of one column. An unknown name is ErrUnknownID, a row that is
// not as long as Names, or no row for each of IDs, ErrShape.
func (t *Table[U]) Values(name string) ([]float64, error) {
	if err := check.Receiver("profile: Table.Values", t); err != nil {
		return nil, err
	}
	j := t.Column(name)
	if j < 0 {
		return nil, fmt.Errorf("profile: Table.Values: column %q: %w", name, ErrUnknownID)
	}
	if err := t.shape(); err != nil {
		return nil, fmt.Errorf("profile: Table.Values: %w", err)
	}
	out := make([]float64, len(t.Rows))
	for i, r := range t.Rows {
		out[i] = r[j]
	}
	return out, nil
}

// Select returns a table of the named columns in that order, with rows of its
// own. No name is ErrEmpty, an unknown one ErrUnknownID, a repeated one ErrDuplicate, a row
// that is not as long as Names, or no row for each of IDs, ErrShape.
func (t *Table[U]) Select(names ...string) (*Table[U], error) {
	if err := check.Receiver("profile: Table.Select", t); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("profile: Table.Select: no columns: %w", ErrEmpty)
	}
	at := make([]int, len(names))
	for k, n := range names {
		if at[k] = t.Column(n); at[k] < 0 {
			return nil, fmt.Errorf("profile: Table.Select: column %q: %w", n, ErrUnknownID)
		}
		if slices.Contains(names[:k], n) {
			return nil, fmt.Errorf("profile: Table.Select: column %q: %w", n, ErrDuplicate)
		}
	}
	if err := t.shape(); err != nil {
		return nil, fmt.Errorf("profile: Table.Select: %w", err)
	}
	out := &Table[U]{IDs: slices.Clone(t.IDs), Names: slices.Clone(names), Rows: vec.Rows(len(t.Rows), len(names))}
	if t.Schema != nil {
		s := *t.Schema
		s.names, out.Schema = slices.Clone(names), &s
	}
	for i, r := range t.Rows {
		for k, j := range at {
			out.Rows[i][k] = r[j]
		}
	}
	return out, nil
}

// shape checks a table that the caller may have filled.
func (t *Table[U]) shape() error {
	if err := check.Len("Rows", len(t.Rows), len(t.IDs)); err != nil {
		return err
	}
	for i, r := range t.Rows {
		if len(r) != len(t.Names) {
			return fmt.Errorf("row %d has %d columns, want %d: %w", i, len(r), len(t.Names), ErrShape)
		}
	}
	return nil
}

// TableOptions configures Builder.Table: which columns it has.
type TableOptions struct {
	// Columns names them. Default: the base columns that anything is known of, the
	// counts of the kinds that occur, and the affinities of the Labels heaviest labels of
	// each dimension. Left out are columns in which no user has a value, as dwell_seconds
	// where no event has a Dwell, and pages where none has any: what cannot be filled is
	// no feature, and FitImputer of package profile/feature refuses it. To apply a model at a later cut-off, pass the Names it was fitted on.
	Columns []string
	// Schema asks for the columns of an earlier table, of a Builder with the same settings: another
	// window, half-life, weight, band, currency or feature is ErrMismatch. Columns must then be nil. Default none.
	Schema *Schema
	// Labels is how many labels of each dimension become columns by default.
	// Default 8; negative: none.
	Labels int
}

type column[U, I ID] struct {
	name  string
	value func(b *Builder[U, I], u int) float64
}

// Table returns one row for each user of whom anything before the cut-off is
// known, users ascending. Columns, with w standing for each window in days:
//
//	tenure_days           since registration, or else since first seen
//	age_years             year of the cut-off less User.BirthYear, by the clock of Zone
//	active_days_ago       since last seen (event, order or refund)
//	recency_days          since the last order
//	orders, orders_<w>d   number of orders
//	units, units_<w>d     pieces bought
//	paid, paid_<w>d       money paid, minor units
//	net, net_<w>d         paid minus refunded in that window; may be negative
//	order_value           paid / orders
//	basket_size           units / orders
//	gap_days              mean gap between orders, (last-first)/(orders-1)
//	refund_rate           refunded / paid
//	events, events_<w>d   number of events of all kinds
//	<kind>, <kind>_<w>d   number of events of one Kind
//	dwell_seconds         mean dwell of events that have one
//	position              mean position of events that have one
//	pages                 pages turned
//	rating, sentiment     means
//	category=<label>      share of the user's decayed weight, 0 to 1; likewise
//	brand=<label>, price_band=<band>, term=<word>, channel=<label>,
//	campaign=<label>, device=<label>
//	...                   columns of BuilderOptions.Features, before the shares
//
// Days are those of the clock of BuilderOptions.Zone, 23 or 25 hours long where it is
// changed, with the part of the last one: an event is in a window of w days exactly where
// it is at most w days ago.
//
// Missing is NaN. Counts and sums of a user who did nothing are 0, because that
// is known; days since, means, rates and shares without anything to divide by are
// NaN. It fails with ErrEmpty where there are no users, ErrUnknownID for an
// unknown column, ErrDuplicate for a repeated one and ErrOption for an empty, non-nil
// Columns. Cost: users × columns.
//
// Take these columns for money, baskets, returns and behaviour. Those of
// predict.Labeler speak of the times of purchases only, the ones its labels are
// trained with: join both by user, and take recency from one of them.
func (b *Builder[U, I]) Table(opt TableOptions) (*Table[U], error) {
	if err := b.made("profile: Builder.Table"); err != nil {
		return nil, err
	}
	users := b.sorted()
	if len(users) == 0 {
		return nil, fmt.Errorf("profile: Builder.Table: no user before %v: %w", b.opt.AsOf, ErrEmpty)
	}
	if opt.Columns != nil && len(opt.Columns) == 0 {
		return nil, fmt.Errorf("profile: Builder.Table: Columns is empty: %w", ErrOption)
	}
	if opt.Schema != nil {
		if opt.Columns != nil || len(opt.Schema.names) == 0 {
			return nil, fmt.Errorf("profile: Builder.Table: Schema beside Columns, or of no table: %w", ErrOption)
		}
		if field := opt.Schema.differs(b.schema(nil)); field != "" {
			return nil, fmt.Errorf("profile: Builder.Table: Schema: %s differs: %w", field, ErrMismatch)
		}
	}
	opt.Columns = opt.names()
	columns, labels, names, err := b.columns(opt)
	if err != nil {
		return nil, fmt.Errorf("profile: Builder.Table: %w", err)
	}
	t := &Table[U]{Names: names, Rows: vec.Rows(len(users), len(names))}
	t.IDs = make([]U, len(users))
	var scratch []float64
	for i, u := range users {
		t.IDs[i] = b.users.Key(u)
		for j, c := range columns {
			if c != nil {
				t.Rows[i][j] = c(b, int(u))
			}
		}
		if len(labels.at) > 0 {
			b.shares(u, labels, t.Rows[i])
		}
		scratch = b.featureValues(scratch[:0], u, labels.features, t.Rows[i])
	}
	t.Schema = b.schema(names)
	if opt.Columns == nil {
		return t.seen()
	}
	return t, nil
}

// names is the columns that are asked for, nil for those that are there.
func (o *TableOptions) names() []string {
	if o.Columns == nil {
		return o.Schema.Names()
	}
	return o.Columns
}

// seen leaves out the columns of which nothing is known of anybody.
func (t *Table[U]) seen() (*Table[U], error) {
	var names []string
	for j, name := range t.Names {
		if slices.ContainsFunc(t.Rows, func(r []float64) bool { return !math.IsNaN(r[j]) && (name != "pages" || r[j] > 0) }) {
			names = append(names, name)
		}
	}
	if len(names) == len(t.Names) {
		return t, nil
	}
	return t.Select(names...)
}

// sorted returns the users of the profile by ascending id.
func (b *Builder[U, I]) sorted() []int32 {
	var out []int32
	for u := range b.state {
		if b.known(int32(u)) {
			out = append(out, int32(u))
		}
	}
	keys := b.users.Keys()
	slices.SortFunc(out, func(x, y int32) int { return cmp.Compare(keys[x], keys[y]) })
	return out
}

// labelColumns says which columns are affinities.
type labelColumns struct {
	at    []int       // columns
	dim   []Dimension // of each
	where map[int32]int

	features map[int][]featureColumn // by feature
}

// shares fills the affinity columns of the row of user u: the weight of each label
// over that of its whole dimension.
func (b *Builder[U, I]) shares(u int32, labels labelColumns, row []float64) {
	var total [dimensions]fixed
	part := make([]fixed, len(row))
	b.loves(u, func(label int32, sum fixed) {
		d := b.dim[label]
		total[d] = total[d].add(sum)
		if j, ok := labels.where[label]; ok {
			part[j] = part[j].add(sum)
		}
	})
	for k, j := range labels.at {
		if t := total[labels.dim[k]]; t.zero() {
			row[j] = math.NaN()
		} else {
			row[j] = part[j].float() / t.float()
		}
	}
}

// columns resolves the options into functions (nil for affinities) and labels.
func (b *Builder[U, I]) columns(opt TableOptions) ([]func(*Builder[U, I], int) float64, labelColumns, []string, error) {
	base := b.baseColumns()
	names := slices.Clone(opt.Columns)
	if names == nil {
		seen := b.kindsSeen()
		for _, c := range base {
			kind, _, _ := strings.Cut(c.name, "_")
			if k := slices.Index(kindNames[:], kind); k < 0 || seen[k] {
				names = append(names, c.name)
			}
		}
		for _, x := range b.extra.list {
			names = append(names, x.Columns()...)
		}
		for d := range dimensions {
			for _, l := range b.top(Dimension(d), check.OrOff(opt.Labels, 8)) {
				names = append(names, Dimension(d).String()+"="+l)
			}
		}
	}
	find := make(map[string]func(*Builder[U, I], int) float64, len(base))
	for _, c := range base {
		find[c.name] = c.value
	}
	labels := labelColumns{where: make(map[int32]int), features: make(map[int][]featureColumn)}
	seen := make(map[string]bool, len(names))
	out := make([]func(*Builder[U, I], int) float64, len(names))
	for j, name := range names {
		if seen[name] {
			return nil, labels, nil, fmt.Errorf("column %q: %w", name, ErrDuplicate)
		}
		seen[name] = true
		if out[j] = find[name]; out[j] != nil {
			continue
		}
		if at, ok := b.extra.column[name]; ok {
			labels.features[at[0]] = append(labels.features[at[0]], featureColumn{from: at[1], to: j})
			continue
		}
		dim, label, ok := strings.Cut(name, "=")
		d := slices.Index(dimensionNames[:], dim)
		if !ok || d < 0 {
			return nil, labels, nil, fmt.Errorf("column %q: %w", name, ErrUnknownID)
		}
		labels.at = append(labels.at, j)
		labels.dim = append(labels.dim, Dimension(d))
		if i := b.labels[d].Index(label); i >= 0 {
			labels.where[b.global[d][i]] = j
		}
	}
	return out, labels, names, nil
}

func (b *Builder[U, I]) kindsSeen() (seen [kinds + 1]bool) {
	nb := b.buckets()
	for i, n := range b.counts {
		if n > 0 {
			seen[i/nb%kinds+1] = true
		}
	}
	return seen
}

// top returns the n heaviest labels of a dimension over all users, heaviest
// first, ties by name. A label that no user has (the only one was forgotten, or his events
// weigh nothing) is none.
func (b *Builder[U, I]) top(d Dimension, n int) []string {
	sum := make([]fixed, b.labels[d].Len())
	used := make([]bool, len(sum))
	b.taste.all(func(_ int32, key uint64, s *fixed) {
		if label := key >> 32; b.dim[label] == d {
			i := b.local[label]
			if w := b.fade.now(int32(uint32(key)), *s); !w.zero() {
				sum[i], used[i] = sum[i].add(w), true
			}
		}
	})
	var order []int
	for i, in := range used {
		if in {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Or(sum[y].compare(sum[x]), cmp.Compare(b.labels[d].Key(int32(x)), b.labels[d].Key(int32(y))))
	})
	var out []string
	for _, i := range order[:min(n, len(order))] {
		out = append(out, b.labels[d].Key(int32(i)))
	}
	return out
}

// count returns the events of kind k in the first w+1 buckets.
func (b *Builder[U, I]) count(u int, k Kind, w int) float64 {
	sum := 0.0
	for _, n := range b.countOf(int32(u), int(k))[:w+1] {
		sum += float64(n)
	}
	return sum
}

// flow returns the sum of a flow over the first w+1 buckets.
func (b *Builder[U, I]) flow(u, flow, w int) int64 {
	sum := int64(0)
	for _, x := range b.flowOf(int32(u), flow)[:w+1] {
		sum += x
	}
	return sum
}

// daysSince returns the days of the clock from at to the cut-off.
func (b *Builder[U, I]) daysSince(at int64) float64 {
	if at == never || at == notYet {
		return math.NaN()
	}
	return b.days.Since(at)
}

// over is x/y, and NaN for y = 0.
func over(x, y int64) float64 {
	if y == 0 {
		return math.NaN()
	}
	return float64(x) / float64(y)
}

// baseColumns lists all columns but affinities, in the order of the doc of Table.
func (b *Builder[U, I]) baseColumns() []column[U, I] {
	type B = Builder[U, I]
	all := len(b.from)
	var out []column[U, I]
	add := func(name string, f func(*B, int) float64) { out = append(out, column[U, I]{name, f}) }
	// windowed adds the column over all time and one for each window.
	windowed := func(name string, f func(b *B, u, w int) float64) {
		add(name, func(b *B, u int) float64 { return f(b, u, all) })
		for w, days := range b.opt.Windows {
			add(fmt.Sprintf("%s_%dd", name, days), func(b *B, u int) float64 { return f(b, u, w) })
		}
	}
	add("tenure_days", func(b *B, u int) float64 {
		return b.daysSince(min(b.state[u].registered, b.state[u].firstSeen))
	})
	add("age_years", func(b *B, u int) float64 { return b.age(u) })
	add("active_days_ago", func(b *B, u int) float64 { return b.daysSince(b.state[u].lastSeen) })
	add("recency_days", func(b *B, u int) float64 { return b.daysSince(b.state[u].lastOrder) })
	windowed("orders", func(b *B, u, w int) float64 { return float64(b.flow(u, flowOrders, w)) })
	windowed("units", func(b *B, u, w int) float64 { return float64(b.flow(u, flowUnits, w)) })
	windowed("paid", func(b *B, u, w int) float64 { return float64(b.flow(u, flowPaid, w)) })
	windowed("net", func(b *B, u, w int) float64 { return float64(b.flow(u, flowPaid, w) - b.flow(u, flowRefunded, w)) })
	add("order_value", func(b *B, u int) float64 { return over(b.flow(u, flowPaid, all), b.flow(u, flowOrders, all)) })
	add("basket_size", func(b *B, u int) float64 { return over(b.flow(u, flowUnits, all), b.flow(u, flowOrders, all)) })
	add("gap_days", func(b *B, u int) float64 { return b.gap(u) })
	add("refund_rate", func(b *B, u int) float64 { return over(b.flow(u, flowRefunded, all), b.flow(u, flowPaid, all)) })
	windowed("events", func(b *B, u, w int) float64 {
		sum := 0.0
		for k := 1; k <= kinds; k++ {
			sum += b.count(u, Kind(k), w)
		}
		return sum
	})
	for k := 1; k <= kinds; k++ {
		windowed(kindNames[k], func(b *B, u, w int) float64 { return b.count(u, Kind(k), w) })
	}
	add("dwell_seconds", func(b *B, u int) float64 {
		return over(b.state[u].dwellSum, b.state[u].dwellCount) / float64(time.Second)
	})
	add("position", func(b *B, u int) float64 { return over(b.state[u].positionSum, b.state[u].positionCount) })
	add("pages", func(b *B, u int) float64 { return float64(b.state[u].pages) })
	add("rating", func(b *B, u int) float64 { return over(b.state[u].ratingSum, b.state[u].ratingCount) / micro })
	add("sentiment", func(b *B, u int) float64 { return over(b.state[u].sentimentSum, b.state[u].sentimentCount) / micro })
	return out
}

// gap returns the mean days between consecutive orders, NaN below two.
func (b *Builder[U, I]) gap(u int) float64 {
	s, n := &b.state[u], b.flow(u, flowOrders, len(b.from))
	if n < 2 {
		return math.NaN()
	}
	return (b.daysSince(s.firstOrder) - b.daysSince(s.lastOrder)) / float64(n-1)
}
