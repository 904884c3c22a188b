package infer

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Level returns the confidence level to use: 0.95 for 0, ErrOption unless it is
// then in (0, 1).
func Level(level float64) (float64, error) {
	level = check.Default(level, 0.95)
	if !(level > 0 && level < 1) {
		return level, fmt.Errorf("level is %v, want in (0, 1): %w", level, check.ErrOption)
	}
	return level, nil
}

// NormalCDF returns P(Z <= z).
func NormalCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// NormalPDF returns the density of the standard normal at z.
func NormalPDF(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }

// NormalQuantile returns z with P(Z <= z) = p.
func NormalQuantile(p float64) float64 { return mathext.NormalQuantile(p) }

// NormalTwoSided returns P(|Z| > |z|).
func NormalTwoSided(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// StudentTwoSided returns P(|T| > |t|) for df degrees of freedom, +Inf for the
// normal. The incomplete beta form keeps small tails exact.
func StudentTwoSided(t, df float64) float64 {
	if math.IsInf(df, 1) {
		return NormalTwoSided(t)
	}
	return mathext.RegIncBeta(df/2, 0.5, df/(df+t*t))
}

// StudentQuantile returns t with P(T <= t) = p for df degrees of freedom, +Inf for
// the normal.
func StudentQuantile(p, df float64) float64 {
	// Beyond 1e8 degrees of freedom t and z agree to 8 digits.
	if df > 1e8 {
		return NormalQuantile(p)
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile(p)
}

// ChiSquaredUpper returns P(χ² > x) for df degrees of freedom.
func ChiSquaredUpper(x, df float64) float64 { return mathext.GammaIncRegComp(df/2, x/2) }

// ChiSquaredQuantile returns x with P(χ² <= x) = p for df degrees of freedom.
func ChiSquaredQuantile(p, df float64) float64 { return distuv.ChiSquared{K: df}.Quantile(p) }

// BetaCDF returns P(X <= x) for X of Beta(a, b) and x in [0, 1].
func BetaCDF(a, b, x float64) float64 { return mathext.RegIncBeta(a, b, x) }

// BetaQuantile returns x with P(X <= x) = p for X of Beta(a, b), by bisection in
// the logarithm so that quantiles near 0 keep their digits.
func BetaQuantile(a, b, p float64) float64 {
	lo, hi := -745.0, 0.0
	for range 200 {
		mid := (lo + hi) / 2
		if mid == lo || mid == hi {
			break
		}
		if BetaCDF(a, b, math.Exp(mid)) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
	return math.Exp(hi)
}
