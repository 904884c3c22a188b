package lifetime_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"math"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

type customer = lifetime.Customer[lifetime.Weeks]

var bg = context.Background()

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func get[T any](v T, err error) T {
	must(err)
	return v
}

// cdnow returns the customers of the published sample, with the mean value of those who came
// back.
func cdnow(t testing.TB) []customer {
	rows, err := csv.NewReader(bytes.NewReader(testkit.ReadShared(t, "data", "cdnow", "cdnow_customers_summary_with_transactions.csv.gz"))).ReadAll()
	must(err)
	var out []customer
	number := func(s string) float64 { return get(strconv.ParseFloat(s, 64)) }
	for _, r := range rows[1:] {
		out = append(out, customer{int(number(r[1])), lifetime.Weeks(number(r[2])), lifetime.Weeks(number(r[3])), number(r[4])})
	}
	if len(out) != 2357 {
		t.Fatalf("%d customers", len(out))
	}
	return out
}

func summary[T lifetime.Time](cs []lifetime.Customer[T]) *lifetime.Summary[T] {
	s := new(lifetime.Summary[T])
	for _, c := range cs {
		must(s.Add(c))
	}
	return s
}

// printed fails unless got shows the digits of want when it is rounded to so many decimals.
func printed(t testing.TB, name string, got, want float64, decimals int) {
	t.Helper()
	if off := math.Abs(got - want); !(off <= .5000001*math.Pow(10, -float64(decimals))) {
		t.Errorf("%s: %.*f, want %.*f", name, decimals+3, got, decimals, want)
	}
}

// published holds the numbers of Fader, Hardie and Lee (2005) and its notes, as printed.
type published struct {
	Params, StdErrs       []float64
	LogLikelihood         float64
	Times, Fitted         []float64
	Given, Alive          [][]float64
	Zero, Eleven, Twelve  float64
	Thirteen, TwoOf, None float64
}

// TestBGNBDPublished: parameters, standard errors and likelihood from a cold start, and what
// follows from them, to the printed digits.
func TestBGNBDPublished(t *testing.T) {
	m := get(lifetime.FitBGNBD(bg, summary(cdnow(t)), lifetime.FitOptions{}))
	r := m.Report()
	if !r.Converged || len(r.Warnings) > 0 || r.Customers != 2357 {
		t.Errorf("%+v", r)
	}
	for i, want := range []float64{.242593, 4.413532, .792886, 2.425752} {
		// The values end at the tolerance of an optimiser in their sixth digit: b is 2.4257534.
		testkit.Near(t, r.Params[i].Name, r.Params[i].Value, want, 2e-6)
		testkit.Near(t, r.Params[i].Name+", standard error", r.Params[i].StdErr, []float64{.0126, .378, .186, .705}[i], .0005)
	}
	printed(t, "LL", r.LogLikelihood, -9582.43, 2)
	for _, c := range []struct{ t, want float64 }{{.1429, .0078}, {1, .0532}, {3, .1506}, {31.8571, 1.0405}, {32, 1.0437}} {
		printed(t, "E[X(t)]", get(m.ExpectedNew(lifetime.Weeks(c.t))), c.want, 4)
	}
	// The paper prints 1.8576 for the parameters of its own optimiser; ours give 1.85797.
	testkit.Near(t, "E[X(78)]", get(m.ExpectedNew(78)), 1.8576, 5e-4)

	given := get(lifetime.NewBGNBD[lifetime.Weeks](.243, 4.414, .793, 2.426))
	for _, c := range []struct{ t, want float64 }{{.1429, .00783}, {1, .05327}, {3, .15087}} {
		printed(t, "E[X(t)], given", get(given.ExpectedNew(lifetime.Weeks(c.t))), c.want, 5)
	}
	for _, c := range []struct{ t, want float64 }{{31.8571, 1.0420}, {32, 1.0452}, {78, 1.8605}} {
		printed(t, "E[X(t)], given", get(given.ExpectedNew(lifetime.Weeks(c.t))), c.want, 4)
	}
	two := customer{Repeats: 2, AgeAtLast: 30.43, Age: 38.86}
	printed(t, "E[Y(39)]", get(given.Expected(two, 39)), 1.226, 3)
	for _, c := range []struct {
		c    customer
		want float64
	}{
		{two, .726579},
		{customer{Repeats: 1, AgeAtLast: 1.71, Age: 38.86}, .212101},
		{customer{Repeats: 26, AgeAtLast: 30.86, Age: 31}, .968916},
		{customer{Age: 38.86}, 1},
	} {
		testkit.Near(t, "alive", get(given.Alive(c.c)), c.want, 5.1e-7)
	}
	printed(t, "P(N(39)=0)", get(given.Prob(0, 39)), .5737864, 7)
	for n, want := range map[int]float64{11: .0019995, 12: .0015170, 13: .0011633} {
		printed(t, "P(N(30)=n)", get(given.Prob(n, 30)), want, 7)
	}
	printed(t, "LL of two", get(given.LogLikelihood(two)), -9.458606, 6)
	printed(t, "LL of none", get(given.LogLikelihood(customer{Age: 38.86})), -.554713, 6)
}
