package privacy

import (
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
)

// Cost is what a release costs: Epsilon of pure differential privacy, or Rho of
// zero-concentrated. Exactly one of them is set.
type Cost struct {
	Epsilon float64 // ε of discrete Laplace noise
	Rho     float64 // ρ of discrete Gaussian noise
}

// BudgetOptions configures NewBudget. Set Epsilon alone, Rho alone, or Epsilon and Delta.
type BudgetOptions struct {
	// Epsilon is the budget of pure ε-differential privacy, over all releases, at most 1000.
	Epsilon float64
	// Delta in (0, 1) makes the budget (Epsilon, Delta), kept as the largest ρ that
	// EpsilonOf says is no more than that. Take much less than one over the number of customers.
	Delta float64
	// Rho is the budget of ρ-zero-concentrated differential privacy, at most 1000.
	Rho float64
}

// Expense is one entry of a budget.
type Expense struct {
	Query string  // as the release was called
	Cost  float64 // in the budget's own measure: ε, or ρ
}

// A Budget says how much may be told of a body of data and what was spent of it. All that is ever
// told of these customers has to go through the same Budget: store its bytes with the
// data. In a budget of ε the costs of releases add up; in one of ρ too, and Laplace noise
// costs ε²/2. It is safe for concurrent use. Make it with NewBudget.
type Budget struct {
	mu           sync.Mutex
	concentrated bool  // ρ, not ε
	total, spent int64 // units
	entries      []Expense
	costs        []int64 // of the entries
}

// NewBudget returns a budget of which nothing is spent. Another combination of
// options than one of the three, and values outside of their range, are ErrOption.
func NewBudget(opt BudgetOptions) (*Budget, error) {
	var c check.Options
	pure, rho := opt.Epsilon != 0, opt.Rho != 0
	c.Require(pure != rho, "Epsilon", opt.Epsilon, "this or Rho")
	ok := func(x float64) bool { return x == 0 || x >= 1./unit && x <= maxCost }
	c.Require(ok(opt.Epsilon), "Epsilon", opt.Epsilon, "1e-12 to 1000")
	c.Require(ok(opt.Rho), "Rho", opt.Rho, "1e-12 to 1000")
	c.Require(opt.Delta == 0 || opt.Delta > 0 && opt.Delta < 1 && pure, "Delta", opt.Delta, "above 0, below 1, beside Epsilon")
	if err := c.Err("privacy: NewBudget"); err != nil {
		return nil, err
	}
	b := &Budget{concentrated: rho || opt.Delta > 0}
	switch {
	case opt.Delta > 0:
		lo, hi := int64(0), int64(maxCost*unit)
		for hi-lo > 1 {
			mid := lo + (hi-lo)/2
			if e, err := EpsilonOf(float64(mid)/unit, opt.Delta); err == nil && e <= opt.Epsilon {
				lo = mid
			} else {
				hi = mid
			}
		}
		if lo == 0 {
			return nil, fmt.Errorf("privacy: NewBudget: Epsilon %v at Delta %v allows no noise: %w", opt.Epsilon, opt.Delta, ErrOption)
		}
		b.total = lo
	case rho:
		b.total = int64(math.Round(opt.Rho * unit))
	default:
		b.total = int64(math.Round(opt.Epsilon * unit))
	}
	return b, nil
}

// EpsilonOf returns the ε of which ρ-zero-concentrated differential privacy is (ε, δ)-
// differential privacy: the infimum over α > 1 of ρα + ln(1−1/α) − (ln δ + ln α)/(α−1)
// (Canonne, Kamath and Steinke 2020, corollary 13), never negative and never above
// ρ + 2√(ρ ln 1/δ). ρ is in [0, 1000] and δ in (0, 1), else ErrRange; NaN and
// infinities are ErrNotFinite.
func EpsilonOf(rho, delta float64) (float64, error) {
	if err := check.Slice("argument", []float64{rho, delta}); err != nil {
		return 0, fmt.Errorf("privacy: EpsilonOf: %w", err)
	}
	if rho < 0 || rho > maxCost || delta <= 0 || delta >= 1 {
		return 0, fmt.Errorf("privacy: EpsilonOf: rho %v, delta %v, want 0 to %d and between 0 and 1: %w", rho, delta, maxCost, ErrRange)
	}
	if rho == 0 {
		return 0, nil
	}
	at := func(u float64) float64 { // α = 1 + e^u
		a := math.Exp(u)
		return rho*(1+a) + u - math.Log1p(a) - (math.Log(delta)+math.Log1p(a))/a
	}
	lo, hi := -20., 40.
	const golden = .6180339887498949
	for range 120 {
		x, y := hi-golden*(hi-lo), lo+golden*(hi-lo)
		if at(x) < at(y) {
			hi = y
		} else {
			lo = x
		}
	}
	simple := rho + 2*math.Sqrt(-rho*math.Log(delta))
	return max(0, min(at((lo+hi)/2), simple)), nil
}

// price returns what a release with n costs in the budget's measure, rounded up.
func (b *Budget) price(n *Noise) (int64, error) {
	switch {
	case n.gaussian == b.concentrated:
		return n.cost, nil
	case n.gaussian:
		return 0, fmt.Errorf("noise of a Gaussian has no ε without δ: make the budget with Rho, or Epsilon and Delta: %w", ErrMismatch)
	}
	e := big.NewInt(n.cost)
	e.Mul(e, e)
	e.Add(e, big.NewInt(2*unit-1))
	return e.Quo(e, big.NewInt(2*unit)).Int64(), nil
}

// Release returns values with noise, one draw each, and takes the cost of n off the
// budget once: the sensitivity of n is that of all the values together. Call it after the
// last merge, and tell nobody the values themselves. src is as in Noise.Draw. A release
// that costs more than is left is ErrBudget, no values ErrEmpty, Gaussian noise in a
// budget of pure ε ErrMismatch; after any error, of src too, nothing is spent and nothing
// was told. What noise would carry beyond int64 stays at its end. query is for the record:
// put no customer into it.
func (b *Budget) Release(query string, n *Noise, src io.Reader, values []int64) ([]int64, error) {
	const where = "privacy: Budget.Release"
	if b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
	}
	switch {
	case b == nil || b.total == 0:
		return nil, fmt.Errorf("%s: not made by NewBudget: %w", where, ErrEmpty)
	case n == nil || n.num == nil:
		return nil, fmt.Errorf("%s: no noise: %w", where, ErrOption)
	case len(values) == 0:
		return nil, fmt.Errorf("%s: no values: %w", where, ErrEmpty)
	}
	cost, err := b.price(n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if cost > b.total-b.spent {
		return nil, fmt.Errorf("%s: costs %v of %v left: %w", where, float64(cost)/unit, float64(b.total-b.spent)/unit, ErrBudget)
	}
	c := newCoins(src)
	out := make([]int64, len(values))
	for i, v := range values {
		out[i] = clamp(new(big.Int).Add(big.NewInt(v), n.draw(c)))
	}
	if c.err != nil {
		return nil, fmt.Errorf("%s: source: %w", where, c.err)
	}
	b.spent += cost
	b.entries = append(b.entries, Expense{Query: query, Cost: float64(cost) / unit})
	b.costs = append(b.costs, cost)
	return out, nil
}

// Total returns the whole budget in its own measure: Epsilon, or Rho.
func (b *Budget) Total() Cost {
	if b == nil {
		return Cost{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cost(b.total)
}

// Remaining returns what is left of Total.
func (b *Budget) Remaining() Cost {
	if b == nil {
		return Cost{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cost(b.total - b.spent)
}

func (b *Budget) cost(n int64) Cost {
	if b.concentrated {
		return Cost{Rho: float64(n) / unit}
	}
	return Cost{Epsilon: float64(n) / unit}
}

// Entries returns what was spent on what, in order of the releases.
func (b *Budget) Entries() []Expense {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.entries)
}

// Spent returns the ε at which all releases together are (ε, δ)-differentially private:
// that of EpsilonOf, or in a budget of pure ε their sum for any δ. δ is in (0, 1), else ErrRange.
func (b *Budget) Spent(delta float64) (float64, error) {
	var total int64
	var spent float64
	var concentrated bool
	if b != nil {
		b.mu.Lock()
		total, spent, concentrated = b.total, float64(b.spent)/unit, b.concentrated
		b.mu.Unlock()
	}
	if total == 0 {
		return 0, fmt.Errorf("privacy: Budget.Spent: not made by NewBudget: %w", ErrEmpty)
	}
	e, err := EpsilonOf(spent, delta)
	if err != nil {
		return 0, fmt.Errorf("privacy: Budget.Spent: %w", err)
	}
	if !concentrated {
		e = spent
	}
	return e, nil
}
