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
	if df > manyFreedoms {
		return NormalTwoSided(math.Sqrt((df - 0.5) * math.Log1p(t/df*t)))
	}
	return min(mathext.RegIncBeta(df/2, 0.5, df/(df+t*t)), 1)
}

// manyFreedoms is where the law of (df−½)·ln(1+t²/df) is that of a squared normal to 12
// digits (Hill 1970), and where gonum's incomplete beta function has lost as many.
const manyFreedoms = 1e6

// StudentQuantile returns t with P(T <= t) = p for df degrees of freedom, +Inf for
// the normal.
func StudentQuantile(p, df float64) float64 {
	if df > manyFreedoms {
		z := NormalQuantile(p)
		if math.IsInf(df, 1) {
			return z
		}
		return math.Copysign(math.Sqrt(df*math.Expm1(z*z/(df-0.5))), z)
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile(p)
}

// ChiSquaredUpper returns P(χ² > x) for df degrees of freedom.
func ChiSquaredUpper(x, df float64) float64 { return mathext.GammaIncRegComp(df/2, x/2) }

// ChiSquaredQuantile returns x with P(χ² <= x) = p for df degrees of freedom.
func ChiSquaredQuantile(p, df float64) float64 { return distuv.ChiSquared{K: df}.Quantile(p) }

// BetaCDF returns P(X <= x) for X of Beta(a, b) and x in [0, 1].
func BetaCDF(a, b, x float64) float64 { return Beta{a, b}.CDF(x) }

// FQuantile returns the p quantile of Snedecor's law with df1 and df2 degrees of freedom, p
// in (0, 1): of the odds of a beta law, either side of which keeps its digits.
func FQuantile(p, df1, df2 float64) float64 {
	b, c := mathext.InvRegIncBeta(df1/2, df2/2, p), mathext.InvRegIncBeta(df2/2, df1/2, 1-p)
	return b / c * (df2 / df1)
}
