package reorder

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/supply"
)

// Simulation holds what came of a simulation: for every product, replication and batch the
// sums of its periods. It is immutable but for Merge, and safe for concurrent readers.
type Simulation[K supply.ID] struct {
	ids   []K // ascending
	plan  schedule
	level float64
	reps  []int     // numbers of the replications, ascending
	obs   []float64 // product × replication × batch × sums
}

// Measured is the value of a measure with its confidence interval.
type Measured struct {
	Value     float64 // over all observations
	Low, High float64 // ends of the interval
}

// Performance is what a policy does, per period after the warm-up; in a total, of all products together. Intervals
// are those of Student's law over the observations, which are the replications, or the
// batches of one run where there is one replication (batch means: batches must be much
// longer than lead and review, or the intervals are too narrow); of rates by the delta method for a ratio
// of sums, cut to [0, 1]. With one observation their ends are NaN.
type Performance struct {
	Cost         Measured // sum of the five below
	OrderCost    Measured // of placing orders
	PurchaseCost Measured // of units delivered
	HoldingCost  Measured // of stock at the ends of periods
	ShortageCost Measured // of backorders and of lost units
	WasteCost    Measured // of throwing away

	CycleService Measured // share of cycles, from a delivery to the next, without a shortage; NaN without a cycle
	FillRate     Measured // share of demand served at once; NaN without demand
	ReadyRate    Measured // share of periods that end with nothing lost and nothing owed

	Demand Measured // units
	Lost   Measured // units of demand that found no stock and did not wait
	Bought Measured // units delivered
	Waste  Measured // units thrown away at the end of shelf life
	Stock  Measured // units on hand at the end of a period
	Owed   Measured // units owed then
	Orders Measured // number of orders
}

// measure says how a measure comes from the sums: those of num over that of den.
type measure struct {
	num  []int
	den  int // -1 is the number of periods
	rate bool
	at   func(p *Performance) *Measured
}

// measures lists them all.
func measures() []measure {
	return []measure{
		{[]int{sumOrder, sumPurchase, sumHolding, sumShortage, sumWaste}, -1, false, func(p *Performance) *Measured { return &p.Cost }},
		{[]int{sumOrder}, -1, false, func(p *Performance) *Measured { return &p.OrderCost }},
		{[]int{sumPurchase}, -1, false, func(p *Performance) *Measured { return &p.PurchaseCost }},
		{[]int{sumHolding}, -1, false, func(p *Performance) *Measured { return &p.HoldingCost }},
		{[]int{sumShortage}, -1, false, func(p *Performance) *Measured { return &p.ShortageCost }},
		{[]int{sumWaste}, -1, false, func(p *Performance) *Measured { return &p.WasteCost }},
		{[]int{sumGood}, sumCycles, true, func(p *Performance) *Measured { return &p.CycleService }},
		{[]int{sumServed}, sumDemand, true, func(p *Performance) *Measured { return &p.FillRate }},
		{[]int{sumReady}, sumPeriods, true, func(p *Performance) *Measured { return &p.ReadyRate }},
		{[]int{sumDemand}, -1, false, func(p *Performance) *Measured { return &p.Demand }},
		{[]int{sumLost}, -1, false, func(p *Performance) *Measured { return &p.Lost }},
		{[]int{sumBought}, -1, false, func(p *Performance) *Measured { return &p.Bought }},
		{[]int{sumWasted}, -1, false, func(p *Performance) *Measured { return &p.Waste }},
		{[]int{sumStock}, -1, false, func(p *Performance) *Measured { return &p.Stock }},
		{[]int{sumOwed}, -1, false, func(p *Performance) *Measured { return &p.Owed }},
		{[]int{sumOrders}, -1, false, func(p *Performance) *Measured { return &p.Orders }},
	}
}

// newSimulation makes room for the observations of products in ascending order.
func newSimulation[K supply.ID](where string, products []Simulated[K], opt SimulateOptions) (*Simulation[K], error) {
	units := float64(len(products)) * float64(opt.Replications) * float64(opt.Batches)
	if units > maxObservations {
		return nil, fmt.Errorf("%s: %d products, %d replications, %d batches, want at most 2^25 observations: %w",
			where, len(products), opt.Replications, opt.Batches, ErrTooLarge)
	}
	s := &Simulation[K]{
		ids: make([]K, len(products)), level: opt.Level, reps: make([]int, opt.Replications),
		plan: schedule{periods: opt.Periods, warmup: opt.Warmup, batches: opt.Batches, first: opt.First, seed: opt.Seed},
		obs:  make([]float64, int(units)*sums),
	}
	for i := range products {
		s.ids[i] = products[i].ID
	}
	for i := range s.reps {
		s.reps[i] = opt.First + i
	}
	return s, nil
}

// of returns the sums of run k, product by product and in each replication by replication.
func (s *Simulation[K]) of(k int) []float64 {
	n := s.plan.batches * sums
	return s.obs[k*n : (k+1)*n]
}

// product returns the sums of all runs of product i.
func (s *Simulation[K]) product(i int) []float64 {
	n := len(s.reps) * s.plan.batches * sums
	return s.obs[i*n : (i+1)*n]
}

// ready refuses a simulation that Simulate has not made.
func (s *Simulation[K]) ready(where string) error {
	if s == nil || len(s.ids) == 0 {
		return fmt.Errorf("%s: nothing simulated: %w", where, ErrEmpty)
	}
	return nil
}

// find returns the index of a product.
func (s *Simulation[K]) find(where string, id K) (int, error) {
	if err := s.ready(where); err != nil {
		return 0, err
	}
	i, ok := slices.BinarySearch(s.ids, id)
	if !ok {
		return 0, fmt.Errorf("%s: product %v: %w", where, id, ErrUnknownID)
	}
	return i, nil
}

// IDs returns the products in ascending order. The slice is the caller's.
func (s *Simulation[K]) IDs() []K {
	if s == nil {
		return nil
	}
	return slices.Clone(s.ids)
}

// Product returns the performance of one product, ErrUnknownID if it was not simulated,
// ErrEmpty for a nil simulation.
func (s *Simulation[K]) Product(id K) (Performance, error) {
	i, err := s.find("reorder: Simulation.Product", id)
	if err != nil {
		return Performance{}, err
	}
	return s.perform(s.product(i)), nil
}

// Total returns the performance of all products together: sums of costs and units, and
// rates of all demand, cycles and periods. ErrEmpty for a nil simulation.
func (s *Simulation[K]) Total() (Performance, error) {
	if err := s.ready("reorder: Simulation.Total"); err != nil {
		return Performance{}, err
	}
	return s.perform(s.total()), nil
}

// total adds the products up, in ascending order of their ids.
func (s *Simulation[K]) total() []float64 {
	out := slices.Clone(s.product(0))
	for i := 1; i < len(s.ids); i++ {
		for j, x := range s.product(i) {
			out[j] += x
		}
	}
	return out
}

// Against returns this simulation less another of the same products, periods, replications
// and seed, run with other policies, suppliers or costs: differences with the intervals of
// paired observations. The common random numbers make them far narrower than those of two
// simulations apart. ErrMismatch where products or runs differ, ErrEmpty for one that is nil.
func (s *Simulation[K]) Against(other *Simulation[K]) (Performance, error) {
	const where = "reorder: Simulation.Against"
	if err := s.pairs(where, other); err != nil {
		return Performance{}, err
	}
	return s.differ(s.total(), other.total()), nil
}

// ProductAgainst is Against of one product; ErrUnknownID if it was not simulated.
func (s *Simulation[K]) ProductAgainst(other *Simulation[K], id K) (Performance, error) {
	const where = "reorder: Simulation.ProductAgainst"
	if err := s.pairs(where, other); err != nil {
		return Performance{}, err
	}
	i, err := s.find(where, id)
	if err != nil {
		return Performance{}, err
	}
	return s.differ(s.product(i), other.product(i)), nil
}

// pairs refuses another simulation whose observations are not the partners of s's.
func (s *Simulation[K]) pairs(where string, other *Simulation[K]) error {
	if err := s.ready(where); err != nil {
		return err
	}
	if err := other.ready(where); err != nil {
		return err
	}
	if !slices.Equal(s.reps, other.reps) {
		return fmt.Errorf("%s: other replications: %w", where, ErrMismatch)
	}
	return s.same(where, other)
}

// same refuses a simulation of other products or of runs of another kind.
func (s *Simulation[K]) same(where string, other *Simulation[K]) error {
	a, b := s.plan, other.plan
	a.first, b.first = 0, 0
	if a != b {
		return fmt.Errorf("%s: other periods, batches or seed: %w", where, ErrMismatch)
	}
	if !slices.Equal(s.ids, other.ids) {
		return fmt.Errorf("%s: other products: %w", where, ErrMismatch)
	}
	return nil
}

// Merge adds the replications of other, which must be of the same products and runs and of
// other numbers (SimulateOptions.First): whoever runs them in parts gets the bytes of one
// run, in any order. That products and policies were the same is the caller's promise. ErrMismatch for other
// products, periods, batches or seed, for nil and for s itself, ErrDuplicate for a
// replication that is in both, ErrTooLarge beyond 2²⁵ observations; s is then unchanged.
func (s *Simulation[K]) Merge(other *Simulation[K]) error {
	const where = "reorder: Simulation.Merge"
	if err := check.Merge(where, s, other); err != nil {
		return err
	}
	if err := s.ready(where); err != nil {
		return err
	}
	if err := other.ready(where); err != nil {
		return err
	}
	if err := s.same(where, other); err != nil {
		return err
	}
	reps := slices.Concat(s.reps, other.reps)
	slices.Sort(reps)
	for i := 1; i < len(reps); i++ {
		if reps[i] == reps[i-1] {
			return fmt.Errorf("%s: replication %d is in both: %w", where, reps[i], ErrDuplicate)
		}
	}
	if float64(len(s.ids))*float64(len(reps))*float64(s.plan.batches) > maxObservations {
		return fmt.Errorf("%s: %d replications, want at most 2^25 observations: %w", where, len(reps), ErrTooLarge)
	}
	obs := make([]float64, 0, len(s.obs)+len(other.obs))
	for i := range s.ids {
		a, b := 0, 0
		for _, r := range reps {
			if a < len(s.reps) && s.reps[a] == r {
				obs = append(obs, s.of(i*len(s.reps)+a)...)
				a++
			} else {
				obs = append(obs, other.of(i*len(other.reps)+b)...)
				b++
			}
		}
	}
	s.reps, s.obs, s.plan.first = reps, obs, reps[0]
	return nil
}

// length is the number of periods of observation u.
func (s *Simulation[K]) length(u int) float64 {
	b := u % s.plan.batches
	return float64(s.plan.end(b) - s.plan.end(b-1))
}

// ratio returns the two sums of a measure over all observations.
func (s *Simulation[K]) ratio(m measure, obs []float64) (num, den float64) {
	for u := range len(obs) / sums {
		a, b := s.parts(m, obs, u)
		num += a
		den += b
	}
	return num, den
}

// parts returns the two sums of a measure of one observation.
func (s *Simulation[K]) parts(m measure, obs []float64, u int) (num, den float64) {
	row := obs[u*sums:][:sums]
	for _, k := range m.num {
		num += row[k]
	}
	if m.den < 0 {
		return num, s.length(u)
	}
	return num, row[m.den]
}

// perform reads all measures of one table of observations.
func (s *Simulation[K]) perform(obs []float64) Performance {
	var p Performance
	for _, m := range measures() {
		num, den := s.ratio(m, obs)
		r := num / den // NaN for 0/0
		half := s.half(len(obs)/sums, func(u int) float64 {
			a, b := s.parts(m, obs, u)
			return residual(a, b, r, den)
		})
		v := Measured{r, r - half, r + half}
		if m.rate {
			v.Low, v.High = max(v.Low, 0), min(v.High, 1)
		}
		*m.at(&p) = v
	}
	return p
}

// differ reads the differences of two tables of paired observations.
func (s *Simulation[K]) differ(x, y []float64) Performance {
	var p Performance
	for _, m := range measures() {
		numX, denX := s.ratio(m, x)
		numY, denY := s.ratio(m, y)
		rx, ry := numX/denX, numY/denY
		half := s.half(len(x)/sums, func(u int) float64 {
			ax, bx := s.parts(m, x, u)
			ay, by := s.parts(m, y, u)
			return residual(ax, bx, rx, denX) - residual(ay, by, ry, denY)
		})
		d := rx - ry
		*m.at(&p) = Measured{d, d - half, d + half}
	}
	return p
}

// residual is the share of one observation in the error of a ratio r of sums, times the
// number of observations: (a - r·b)/mean of b, over n.
func residual(a, b, r, den float64) float64 { return (a - r*b) / den }

// half is half the interval of the sum of n residuals, which are 0 on average.
func (s *Simulation[K]) half(n int, residual func(u int) float64) float64 {
	if n < 2 {
		return math.NaN()
	}
	squares := 0.0
	for u := range n {
		e := residual(u)
		squares += e * e
	}
	// The ratio is the mean of n·e, whose variance is n²·Σe²/(n-1), over n.
	return infer.StudentQuantile((1+s.level)/2, float64(n-1)) * math.Sqrt(squares*float64(n)/float64(n-1))
}
