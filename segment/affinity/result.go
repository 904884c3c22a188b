package affinity

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/parallel"
)

// Options configures Lifts.Result. The zero value is its defaults.
type Options struct {
	// Level is the confidence, in (0, 1), that all intervals together hold what they should; 0:
	// .95. Each is as wide as Bonferroni has it for the number of cells tested.
	Level float64
	// FDR is the share of false findings to be expected among the white spots, in (0, 1); 0: .05.
	FDR float64
	// MinExpected is the least number of buyers that a cell would have if its segment bought as
	// all customers do, for the cell to be tested, > 0; 0: 5. It is a bound on what was to be
	// expected, not on what was found.
	MinExpected float64
	// MaxLift is the largest lift of a white spot, in (0, 1]; 0: .8.
	MaxLift float64
	// MinAudience is the number of customers below which nothing is told: 0 means 50, −1 no
	// floor.
	MinAudience int
}

// withDefaults returns o with its defaults.
func (o Options) withDefaults() Options {
	o.Level = check.Default(o.Level, .95)
	o.FDR = check.Default(o.FDR, .05)
	o.MinExpected = check.Default(o.MinExpected, 5)
	o.MaxLift = check.Default(o.MaxLift, .8)
	return o
}

// validate reports every bad field.
func (o Options) validate(where string) error {
	var c check.Options
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	c.Require(o.FDR > 0 && o.FDR < 1, "FDR", o.FDR, "in (0, 1)")
	c.Require(o.MinExpected > 0 && check.Finite(o.MinExpected), "MinExpected", o.MinExpected, "> 0")
	c.Require(o.MaxLift > 0 && o.MaxLift <= 1, "MaxLift", o.MaxLift, "in (0, 1]")
	c.Require(o.MinAudience >= -1, "MinAudience", o.MinAudience, "> 0, or -1 for no floor")
	return c.Err(where)
}

// Cell is one segment and one category.
type Cell struct {
	Segment, Category string  // their names
	Customers         int64   // of the segment
	Buyers            int64   // of the category among them; may be 0
	Money             int64   // that these spent on it, in minor units
	Expected          float64 // buyers, if the segment bought as all customers do
	Lift              float64 // Buyers / Expected: 2 is twice as many as among all customers
	Low, High         float64 // its interval, at the level of Options for all tested cells together; NaN where not tested
	P                 float64 // Fisher's exact test of the segment against all others, two-sided; NaN where not tested
	Q                 float64 // P adjusted for all tested cells (Benjamini, Hochberg 1995); NaN where not tested
	// AtStake is the money that the buyers who are missing would spend, as much as the buyers of
	// the category in other segments do: (Expected − Buyers) times that, in minor units. 0 where none are.
	AtStake float64
	// Err is ErrPrivacy where the cell is withheld, since it is about few customers, or others
	// that are would be known by it: then only the names are told, Lift, Low, High, P and Q are NaN.
	Err error
}

// Result is the table of all segments and categories.
type Result struct {
	Customers int64  // of the segments in it
	Tested    int    // cells with at least MinExpected buyers to be expected
	Cells     []Cell // by segment, then by category; those without buyers included

	fdr, most float64
}

// Result compares each segment with all customers in the purchase of each category. Segments
// of fewer than MinAudience customers are left out, of the totals as well.
//
// A lift is tested, and has an interval, by comparing the segment with all others: their ratio
// of shares ρ and the segment's part w of the customers give the lift 1/(w + (1−w)/ρ), which
// rises with ρ, so that the interval of Koopman's score for ρ becomes one of the lift, a cell
// without buyers included.
//
// ErrEmpty without customers, ErrPrivacy where no segment is large enough, ErrUndefined with
// one segment alone, ErrTooLarge beyond 1,048,576 cells, ErrOverflow for customers or money
// beyond int64, ErrOption for bad options, context.Cause(ctx) when ctx ends. Cost: some 100
// evaluations of a score, and a test, for each cell tested.
func (l *Lifts) Result(ctx context.Context, opt Options) (Result, error) {
	const where = "affinity: Lifts.Result"
	if err := check.Receiver(where, l); err != nil {
		return Result{}, err
	}
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return Result{}, err
	}
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	t := table{floor: check.Floor(opt.MinAudience), opt: opt, meter: parallel.NewMeter(ctx)}
	if err := t.lay(l); err != nil {
		return Result{}, fmt.Errorf("%s: %w", where, err)
	}
	if err := t.test(); err != nil {
		return Result{}, err
	}
	t.adjust()
	t.withhold(where)
	return Result{Customers: t.n, Tested: t.tested, Cells: t.cells, fdr: opt.FDR, most: opt.MaxLift}, nil
}

// table is a result in the making: cells by segment, then category.
type table struct {
	opt                  Options
	floor                int64
	meter                *parallel.Meter
	segments, categories []string
	n                    int64
	buyers, money        []int64 // by category
	cells                []Cell
	tested               int
}

// lay fills counts and totals of the segments that are large enough.
func (t *table) lay(l *Lifts) error {
	if len(l.customers) == 0 {
		return fmt.Errorf("no customers: %w", ErrEmpty)
	}
	var err error
	for segment, n := range l.customers {
		if n < t.floor {
			continue
		}
		t.segments = append(t.segments, segment)
		if t.n, err = check.AddInt64(t.n, n); err != nil {
			return fmt.Errorf("customers: %w", err)
		}
	}
	switch len(t.segments) {
	case 0:
		return fmt.Errorf("no segment of %d customers: %w", t.floor, ErrPrivacy)
	case 1:
		return fmt.Errorf("one segment alone has nobody to compare with: %w", ErrUndefined)
	}
	slices.Sort(t.segments)
	names := make(map[string]bool)
	for p := range l.cells {
		if l.customers[p.segment] >= t.floor {
			names[p.category] = true
		}
	}
	t.categories = slices.Sorted(maps.Keys(names))
	if len(t.segments)*len(t.categories) > maxCells {
		return fmt.Errorf("%d segments of %d categories, want at most %d cells: %w", len(t.segments), len(t.categories), maxCells, ErrTooLarge)
	}
	t.buyers, t.money = make([]int64, len(t.categories)), make([]int64, len(t.categories))
	for _, segment := range t.segments {
		for k, category := range t.categories {
			c := l.cells[pair{segment, category}]
			t.cells = append(t.cells, Cell{Segment: segment, Category: category, Customers: l.customers[segment], Buyers: c.buyers, Money: c.money})
			t.buyers[k] += c.buyers // no more than customers, which fit
			if t.money[k], err = check.AddInt64(t.money[k], c.money); err != nil {
				return fmt.Errorf("money of %q: %w", category, err)
			}
		}
	}
	return nil
}

// test fills lifts, intervals and p-values. How many cells are tested decides how wide the
// intervals are, so that the cells are counted first.
func (t *table) test() error {
	for i := range t.cells {
		c, k := &t.cells[i], i%len(t.categories)
		c.Expected = float64(c.Customers) / float64(t.n) * float64(t.buyers[k])
		c.Lift = float64(c.Buyers) / c.Expected
		c.Low, c.High, c.P, c.Q = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		if c.Expected >= t.opt.MinExpected {
			t.tested++
		}
		if others := t.buyers[k] - c.Buyers; c.Expected > float64(c.Buyers) && others > 0 {
			spent := (float64(t.money[k]) - float64(c.Money)) / float64(others)
			c.AtStake = max(0, (c.Expected-float64(c.Buyers))*spent)
		}
	}
	level := 1 - (1-t.opt.Level)/float64(max(t.tested, 1))
	for i := range t.cells {
		c, k := &t.cells[i], i%len(t.categories)
		if c.Expected < t.opt.MinExpected {
			continue
		}
		if err := t.meter.Did(20_000); err != nil {
			return err
		}
		others, rest := t.buyers[k]-c.Buyers, t.n-c.Customers
		c.P = infer.FisherExact(others, rest, c.Buyers, c.Customers)
		low, high := infer.TwoRates{X: float64(others), N: float64(rest), Y: float64(c.Buyers), M: float64(c.Customers)}.Score(infer.RiskRatio, level)
		w := float64(c.Customers) / float64(t.n)
		lift := func(ratio float64) float64 {
			if ratio == 0 {
				return 0
			}
			return 1 / (w + (1-w)/ratio)
		}
		c.Low, c.High = min(lift(low), c.Lift), max(lift(high), c.Lift)
	}
	return nil
}

// adjust sets Q by the step-up procedure over the tested cells.
func (t *table) adjust() {
	ps := make([]float64, 0, t.tested)
	for i := range t.cells {
		if p := t.cells[i].P; !math.IsNaN(p) {
			ps = append(ps, p)
		}
	}
	slices.Sort(ps)
	q, least := make([]float64, len(ps)), 1.0
	for i := len(q) - 1; i >= 0; i-- {
		least = min(least, ps[i]*float64(len(ps))/float64(i+1))
		q[i] = least
	}
	for i := range t.cells {
		if p := t.cells[i].P; !math.IsNaN(p) {
			t.cells[i].Q = q[sort.SearchFloat64s(ps, p)]
		}
	}
}

// withhold empties the cells about few buyers, or few others of the segment. The total of a
// category follows from any cell that is told, so that the withheld cells of a category have
// to be many together; where all of its buyers are few, the cells without any go with them.
func (t *table) withhold(where string) {
	s := len(t.segments)
	buyers, others := make([]int64, s), make([]int64, s)
	for k, category := range t.categories {
		for i := range t.segments {
			c := &t.cells[i*len(t.categories)+k]
			buyers[i], others[i] = c.Buyers, c.Customers-c.Buyers
		}
		all := check.Few(t.buyers[k], t.floor)
		for i, withheld := range check.Withhold(t.floor, buyers, others) {
			if withheld || all {
				nan := math.NaN()
				t.cells[i*len(t.categories)+k] = Cell{
					Segment: t.segments[i], Category: category, Lift: nan, Low: nan, High: nan, P: nan, Q: nan,
					Err: fmt.Errorf("%s: %q and %q: %w", where, t.segments[i], category, ErrPrivacy),
				}
			}
		}
	}
}

// WhiteSpots returns the cells that are told and well below what was to be expected: with a
// lift of MaxLift at most and a Q of FDR at most. Those with the most money at stake come first;
// equal ones go by segment and category.
func (r Result) WhiteSpots() []Cell {
	var out []Cell
	for _, c := range r.Cells {
		if c.Err == nil && c.Lift >= 0 && c.Lift <= r.most && c.Q <= r.fdr*(1+1e-12) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Cell) int { return cmp.Compare(b.AtStake, a.AtStake) })
	return out
}
