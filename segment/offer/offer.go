package offer

import (
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/exp/constraints"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
)

// ID is a constraint for the caller's identifiers of customers and items.
type ID interface {
	~string | constraints.Integer
}

// maxTimes bounds the multiple of points, so that no product of it overflows.
const maxTimes = 1000

// Offer is one offer: what it gives, on which lines, to whom and when, how often, and what it
// goes together with. Amounts are minor units of Options.Currency. It gives exactly one of
// Off (a coupon), Off with Every (full reduction: every 300 minus 40), Off with Each (off each
// unit), Percent, Steps (full reduction by tiers) and Times (points).
//
// Thresholds and percentages are of what is left of the lines it is for after the offers
// applied before it: what the customer would pay. Off never takes more than that.
type Offer[I ID] struct {
	ID string // unique in a Book, not empty

	Off     int64   // taken off, > 0
	Every   int64   // with Off: Off for every so much; >= Off
	Each    bool    // with Off: Off for each unit of its lines
	Percent float64 // taken off, in (0, 100]; read to four decimals, the result rounded half up
	Steps   []Step  // the last one reached counts; From and Off ascend strictly
	Times   float64 // points of its lines, times this: in (1, 1000], read to four decimals
	Most    int64   // takes at most this off an order; 0 means no maximum

	Items              []I      // its lines are those with one of these items,
	Categories, Brands []string // categories or brands; with none of the three all lines are

	MinSpend                  int64     // on its lines, at least
	First                     bool      // first orders only
	Segments, Tiers, Channels []string  // customers in one of the segments, of one of the tiers, orders by one of the channels; none: all
	From, Until               time.Time // valid at and after From, before Until; zero: open

	// Days of validity, by the clock of Options.Zone, at least one of them where any are
	// given: days of the week, days of the month (−1 is its last), and dates, of which year,
	// month and day as written count: a member day, or a holiday from the caller's table.
	Weekdays  []time.Weekday
	MonthDays []int
	Dates     []time.Time

	Codes       map[string]int64 // the order must bring one of these; its value says how often each works, negative: always
	PerCustomer int64            // times a customer may use it; 0 means no limit
	Uses        int64            // times it may be used in all; 0 means no limit
	Budget      int64            // what it may take off in all; 0 means no limit, negative nothing

	HoldOut  float64 // share of customers who never get it, in [0, 1], so that its effect can be measured
	Campaign string  // offers of one campaign hold the same customers out; default ID

	Group    string   // of the offers of a group an order gets at most one; "" is no group
	Alone    bool     // goes with no other
	Excludes []string // ids of offers, or campaigns, that it does not go with, whichever of the two says so
	Priority int      // higher ones are applied first, among equals by ID; points after money
	Contact  int64    // cost of telling a customer about it, for Book.Propose
}

// Step is one tier of a full reduction: from From on, Off is taken off. 0 < Off <= From.
type Step struct {
	From, Off int64 // minor units
}

// Options configures New.
type Options struct {
	Currency string         // ISO 4217, any case; orders must be in it. Required
	Zone     *time.Location // the shop's clock; default UTC
	Budget   int64          // what all offers together may take off; 0 means no limit, negative nothing
	PerOrder int            // offers an order gets at most; 0 means no limit
	// Nodes bounds the search for the best combination; default 20,000, and fewer for orders
	// of many lines, so that at most 20 million amounts are looked at. Negative means none:
	// offers are taken in order of application wherever they can be.
	Nodes  int
	Seed   uint64 // of the hold-outs
	Points PointsOptions
}

// PointsOptions configures the points of a shop.
type PointsOptions struct {
	Per      int64   // minor units paid in money that earn one point; 0 means none are earned
	Lot      int64   // Lot points pay Worth minor units, whole lots only; both 0 means they pay nothing
	Worth    int64   // see Lot
	MaxShare float64 // percent of an order that points may pay, in [0, 100]; default 100
	Days     int     // points expire with the end of the day so many days later, by Options.Zone; 0 means never
}

func (o Options) withDefaults() Options {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	o.Nodes = check.OrOff(o.Nodes, 20_000)
	o.Points.MaxShare = check.Default(o.Points.MaxShare, 100)
	return o
}

func (o Options) validate() error {
	var c check.Options
	_, err := check.Currency("Currency", o.Currency)
	c.Require(err == nil, "Currency", o.Currency, "a code of three letters")
	c.Require(o.PerOrder >= 0, "PerOrder", o.PerOrder, ">= 0")
	p := o.Points
	c.Require(p.Per >= 0, "Points.Per", p.Per, ">= 0")
	c.Require(p.Lot >= 0 && (p.Lot > 0) == (p.Worth > 0), "Points.Lot", p.Lot, ">= 0, and with Worth both or none above 0")
	c.Require(p.Worth >= 0, "Points.Worth", p.Worth, ">= 0")
	c.Require(p.MaxShare >= 0 && p.MaxShare <= 100, "Points.MaxShare", p.MaxShare, "in [0, 100]")
	c.Require(p.Days >= 0 && p.Days <= 36_500, "Points.Days", p.Days, "in [0, 36500]")
	return c.Err("offer: New")
}

// validate records what is wrong with an offer; name is its place.
func (o *Offer[I]) validate(c *check.Options, name string) {
	field := func(f string) string { return name + "." + f }
	c.Require(o.ID != "", field("ID"), o.ID, "not empty")
	kinds := 0
	for _, has := range []bool{o.Off != 0, o.Percent != 0, len(o.Steps) > 0, o.Times != 0} {
		if has {
			kinds++
		}
	}
	c.Require(kinds == 1, name, fmt.Sprintf("%d of Off, Percent, Steps, Times", kinds), "exactly one")
	c.Require(o.Off >= 0, field("Off"), o.Off, ">= 0")
	c.Require(o.Every == 0 || o.Every >= o.Off && o.Off > 0 && !o.Each, field("Every"), o.Every, ">= Off, with Off and without Each")
	c.Require(!o.Each || o.Off > 0, field("Each"), o.Each, "with Off only")
	c.Require(o.Percent == 0 || o.Percent >= 1e-4 && o.Percent <= 100, field("Percent"), o.Percent, "in (0, 100]")
	c.Require(o.Times == 0 || o.Times >= 1+1e-4 && o.Times <= maxTimes, field("Times"), o.Times, "in (1, 1000]")
	last := Step{}
	for _, s := range o.Steps {
		c.Require(s.Off > last.Off && s.From > last.From && s.Off <= s.From, field("Steps"), s, "From and Off above 0, ascending, Off <= From")
		last = s
	}
	check.NonNegative(c, field("Most"), o.Most)
	check.NonNegative(c, field("MinSpend"), o.MinSpend)
	check.NonNegative(c, field("PerCustomer"), o.PerCustomer)
	check.NonNegative(c, field("Uses"), o.Uses)
	check.NonNegative(c, field("Contact"), o.Contact)
	c.Require(o.HoldOut >= 0 && o.HoldOut <= 1, field("HoldOut"), o.HoldOut, "in [0, 1]")
	c.Require(o.From.IsZero() || o.Until.IsZero() || o.From.Before(o.Until), field("Until"), o.Until, "after From")
	for _, d := range o.Weekdays {
		c.Require(d >= time.Sunday && d <= time.Saturday, field("Weekdays"), int(d), "in [0, 6]")
	}
	for _, d := range o.MonthDays {
		c.Require(d == -1 || d >= 1 && d <= 31, field("MonthDays"), d, "in [1, 31], or -1")
	}
	for _, d := range o.Dates {
		c.Require(!d.IsZero(), field("Dates"), d, "a date")
	}
	if _, empty := o.Codes[""]; empty {
		c.Require(false, field("Codes"), `""`, "codes that are not empty")
	}
}

// Book is the offers of a shop with their rules. It is immutable and safe for concurrent use.
type Book[U, I ID] struct {
	opt    Options
	offers []entry[I] // as given
	order  []int32    // indices in order of application
	index  map[string]int32
	clash  [][]bool // by two indices: do not go together
}

// entry is an offer, prepared.
type entry[I ID] struct {
	Offer[I]
	benefit
	items              map[I]bool
	categories, brands map[string]bool
	dates              map[int64]bool // by day number
	zone               *time.Location
	digits             string // currency
}

// New checks offers and makes a Book of them. The slices and maps of the offers are copied.
//
// Errors: ErrOption names every bad field of the options and of each offer ("offers[2].Percent
// is 101"); ErrDuplicate for two offers of one ID; ErrUnknownID for Excludes that name neither
// an offer nor a campaign. No offers are no error: such a Book prices orders and keeps points.
// Cost: O(offers²) for what goes together.
func New[U, I ID](offers []Offer[I], opt Options) (*Book[U, I], error) {
	if err := opt.validate(); err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	opt.Currency, _ = check.Currency("Currency", opt.Currency)
	var c check.Options
	for i := range offers {
		offers[i].validate(&c, fmt.Sprintf("offers[%d]", i))
	}
	if err := c.Err("offer: New"); err != nil {
		return nil, err
	}
	b := &Book[U, I]{opt: opt, index: make(map[string]int32, len(offers))}
	named := map[string]bool{}
	for i := range offers {
		o := &offers[i]
		if _, twice := b.index[o.ID]; twice {
			return nil, fmt.Errorf("offer: New: offers[%d]: ID %q: %w", i, o.ID, ErrDuplicate)
		}
		b.index[o.ID] = int32(i)
		b.offers = append(b.offers, prepared(o, opt))
		b.order = append(b.order, int32(i))
		named[o.ID], named[b.offers[i].Campaign] = true, true
	}
	for i := range offers {
		for _, x := range offers[i].Excludes {
			if !named[x] {
				return nil, fmt.Errorf("offer: New: offers[%d]: Excludes %q: %w", i, x, ErrUnknownID)
			}
		}
	}
	slices.SortFunc(b.order, func(x, y int32) int { return b.offers[x].before(&b.offers[y]) })
	b.clash = make([][]bool, len(offers))
	for i := range b.clash {
		b.clash[i] = make([]bool, len(offers))
		for j := range b.clash[i] {
			b.clash[i][j] = i != j && b.offers[i].apart(&b.offers[j]) != ""
		}
	}
	return b, nil
}

// prepared copies an offer and brings what it looks up into sets.
func prepared[I ID](o *Offer[I], opt Options) entry[I] {
	e := entry[I]{Offer: *o, zone: opt.Zone, digits: opt.Currency}
	e.Items, e.Steps, e.Excludes = slices.Clone(o.Items), slices.Clone(o.Steps), slices.Clone(o.Excludes)
	e.Segments, e.Tiers, e.Channels = slices.Clone(o.Segments), slices.Clone(o.Tiers), slices.Clone(o.Channels)
	e.Weekdays, e.MonthDays = slices.Clone(o.Weekdays), slices.Clone(o.MonthDays)
	if e.Campaign == "" {
		e.Campaign = e.ID
	}
	e.items, e.categories, e.brands = setOf(o.Items), setOf(o.Categories), setOf(o.Brands)
	e.dates = make(map[int64]bool, len(o.Dates))
	for _, d := range o.Dates {
		e.dates[calendar.Day(time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, time.UTC), time.UTC)] = true
	}
	if o.Codes != nil {
		e.Codes = make(map[string]int64, len(o.Codes))
		for code, uses := range o.Codes {
			e.Codes[code] = uses
		}
	}
	e.benefit = benefit{
		off: o.Off, every: o.Every, each: o.Each, steps: e.Steps, most: o.Most, least: o.MinSpend,
		percent: int64(math.Round(o.Percent * 1e4)), per: opt.Points.Per,
	}
	if o.Times != 0 {
		e.times = int64(math.Round((o.Times - 1) * 1e4))
	}
	return e
}

func setOf[K comparable](xs []K) map[K]bool {
	m := make(map[K]bool, len(xs))
	for _, x := range xs {
		m[x] = true
	}
	return m
}

// before is the order of application: money before points, higher priority, then ID.
func (e *entry[I]) before(f *entry[I]) int {
	switch {
	case (e.times > 0) != (f.times > 0):
		if f.times > 0 {
			return -1
		}
		return 1
	case e.Priority != f.Priority:
		if e.Priority > f.Priority {
			return -1
		}
		return 1
	case e.ID < f.ID:
		return -1
	}
	return 1
}

// apart names the rule by which two offers do not go together, "" where they do.
func (e *entry[I]) apart(f *entry[I]) string {
	names := func(a, b *entry[I]) bool {
		return slices.Contains(a.Excludes, b.ID) || slices.Contains(a.Excludes, b.Campaign)
	}
	switch {
	case e.Alone || f.Alone:
		return "Alone"
	case e.Group != "" && e.Group == f.Group:
		return "Group"
	case names(e, f) || names(f, e):
		return "Excludes"
	}
	return ""
}

// Options returns the options of the book, with defaults filled in.
func (b *Book[U, I]) Options() Options {
	if b == nil {
		return Options{}
	}
	return b.opt
}
