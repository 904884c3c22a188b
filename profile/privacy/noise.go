package privacy

import (
	"fmt"
	"io"
	"math"
	"math/big"

	"github.com/aislekit/aisle/internal/check"
)

// unit is the grain in which ε and ρ are held: whole numbers of 10⁻¹², so that ten
// releases of .1 are just 1, and the noise has the very ε that the budget takes off.
const unit = 1_000_000_000_000

// maxCost bounds ε and ρ of one release and of a budget: beyond it nothing is private.
const maxCost = 1000

// Noise is one mechanism: the discrete Laplace or the discrete Gaussian law, for a
// query of known sensitivity. It is drawn by whole numbers alone, so that the law is exact
// and not what floating point makes of it. Make it with NewLaplace or NewGaussian;
// immutable and safe for concurrent use, as far as the source of its draws is.
type Noise struct {
	gaussian bool
	cost     int64    // ε or ρ in units
	num, den *big.Int // the scale Δ/ε, or σ²
}

// units returns x as a whole number of units, and refuses what is not in (0, maxCost].
func units(what string, x float64) (int64, error) {
	if !check.Finite(x) {
		return 0, fmt.Errorf("%s is %v: %w", what, x, ErrNotFinite)
	}
	if n := math.Round(x * unit); n >= 1 && x <= maxCost {
		return int64(n), nil
	}
	return 0, fmt.Errorf("%s is %v, want 1e-12 to %d: %w", what, x, maxCost, ErrRange)
}

// NewLaplace returns the discrete Laplace law with P(k) in proportion to exp(−|k|·ε/Δ):
// a whole number, or a vector of them, one draw each, of which one customer changes the
// sum of absolute values by at most sensitivity Δ >= 1 is ε-differentially private with it. ε is
// rounded to 1e-12 and at most 1000, else ErrRange; NaN and infinities are ErrNotFinite.
func NewLaplace(sensitivity int64, epsilon float64) (*Noise, error) {
	return newNoise("NewLaplace", false, big.NewInt(sensitivity), epsilon)
}

// NewGaussian returns the discrete Gaussian law with P(k) in proportion to exp(−k²/2σ²),
// σ² = Δ²/2ρ, where squared is Δ², the most by which one customer changes the sum of
// squares of a vector of whole numbers, >= 1: it is then ρ-zero-concentrated
// differentially private. Range and errors of ρ are those of ε in NewLaplace.
func NewGaussian(squared int64, rho float64) (*Noise, error) {
	return newNoise("NewGaussian", true, big.NewInt(squared), rho)
}

// newNoise makes both laws: their scales are the bound over the cost, or over twice it.
func newNoise(where string, gaussian bool, bound *big.Int, cost float64) (*Noise, error) {
	what := "epsilon"
	if gaussian {
		what = "rho"
	}
	c, err := units(what, cost)
	if err != nil {
		return nil, fmt.Errorf("privacy: %s: %w", where, err)
	}
	if bound.Sign() < 1 {
		return nil, fmt.Errorf("privacy: %s: sensitivity is %v, want a bound >= 1: %w", where, bound, ErrRange)
	}
	over := big.NewInt(c)
	if gaussian {
		over.Lsh(over, 1)
	}
	scale := new(big.Rat).SetFrac(new(big.Int).Mul(bound, big.NewInt(unit)), over)
	return &Noise{gaussian: gaussian, cost: c, num: scale.Num(), den: scale.Denom()}, nil
}

// Draw returns one draw by bytes of src, nil for crypto/rand. Give another source in
// tests only: who can foresee the bytes can take the noise off again. Noise beyond int64 is
// its end. What src returns as an error is returned, and no noise; a source that ends
// is io.EOF or io.ErrUnexpectedEOF, one whose bytes never vary ErrRange, one that gives none
// io.ErrNoProgress. 128 bytes are read at a time, in as many reads as it takes. Draw spends nothing: see Budget.Release.
func (n *Noise) Draw(src io.Reader) (int64, error) {
	if n == nil || n.num == nil {
		return 0, fmt.Errorf("privacy: Noise.Draw: not made by NewLaplace or NewGaussian: %w", ErrEmpty)
	}
	c := newCoins(src)
	y := n.draw(c)
	if c.err != nil {
		return 0, fmt.Errorf("privacy: Noise.Draw: source: %w", c.err)
	}
	return clamp(y), nil
}

func (n *Noise) draw(c *coins) *big.Int {
	c.read = 0
	if n.gaussian {
		return c.gaussian(n.num, n.den)
	}
	return c.laplace(n.num, n.den)
}

// clamp returns x, or the end of int64 that it lies beyond.
func clamp(x *big.Int) int64 {
	switch {
	case x.IsInt64():
		return x.Int64()
	case x.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// Cost returns what a release with n costs, as it was rounded: ε of Laplace noise, ρ
// of Gaussian noise.
func (n *Noise) Cost() Cost {
	switch {
	case n == nil || n.num == nil:
		return Cost{}
	case n.gaussian:
		return Cost{Rho: float64(n.cost) / unit}
	}
	return Cost{Epsilon: float64(n.cost) / unit}
}

// scale returns the scale, or σ².
func (n *Noise) scale() float64 {
	x, _ := new(big.Rat).SetFrac(n.num, n.den).Float64()
	return x
}

// wide is the σ² from which sums over all whole numbers and their integrals agree in
// every digit of a float64: they differ by 2exp(−2π²σ²).
const wide = 9

// Probability returns P(k); 0 of nil. Its relative error is a few units in the last place and that
// of the exponent, about |k|·ε/Δ·2⁻⁵³ for Laplace noise and k²/2σ²·2⁻⁵³ for that of a Gaussian.
func (n *Noise) Probability(k int64) float64 {
	if n == nil || n.num == nil {
		return 0
	}
	s, x := n.scale(), math.Abs(float64(k))
	if !n.gaussian {
		return math.Tanh(1/s/2) * math.Exp(-x/s)
	}
	sum, _ := gaussianSums(s)
	return math.Exp(-x*x/2/s) / sum
}

// Variance returns the variance of a draw, 2e^−x/(1−e^−x)² with x = ε/Δ for Laplace
// noise, which is 0 where float64 underflows; 0 of nil.
func (n *Noise) Variance() float64 {
	if n == nil || n.num == nil {
		return 0
	}
	s := n.scale()
	if !n.gaussian {
		h := math.Sinh(1 / s / 2)
		return 1 / (2 * h * h)
	}
	sum, squares := gaussianSums(s)
	return squares / sum
}

// gaussianSums returns the sums of exp(−k²/2σ²) and of k²exp(−k²/2σ²) over all k.
func gaussianSums(s float64) (sum, squares float64) {
	if s >= wide {
		sum = math.Sqrt(2 * math.Pi * s)
		return sum, s * sum
	}
	sum = 1
	for k := 1.0; k < 200; k++ {
		p := 2 * math.Exp(-k*k/2/s)
		sum, squares = sum+p, squares+k*k*p
	}
	return sum, squares
}
