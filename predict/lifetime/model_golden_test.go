package lifetime_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"math"
	"os"
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
	// The spreadsheet of the paper prints 1.8576, since it cuts the series of ₂F₁ short; to the end, by
	// SciPy 1.17.1 for the parameters .242593, 4.413532, .792886, 2.425752, it is this.
	testkit.Near(t, "E[X(78)]", get(m.ExpectedNew(78)), 1.8579721, 5e-6)

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

func TestParetoNBDPublished(t *testing.T) {
	r := get(lifetime.FitParetoNBD(bg, summary(cdnow(t)), lifetime.FitOptions{})).Report()
	if !r.Converged || len(r.Warnings) > 0 {
		t.Errorf("%+v", r)
	}
	for i, want := range []float64{.553, 10.578, .606, 11.669} {
		// The papers' optimiser leaves beta a thousandth of its standard error off: 11.6679.
		testkit.Near(t, r.Params[i].Name, r.Params[i].Value, want, []float64{.0005, .0005, .0005, .0015}[i])
	}
	printed(t, "LL", r.LogLikelihood, -9595.0, 1)
	m := get(lifetime.NewParetoNBD[weeks](.553, 10.578, .606, 11.669))
	c := customer{Repeats: 26, AgeAtLast: 30.86, Age: 31}
	printed(t, "E[Y(52)]", get(m.Expected(c, 52)), 25.46, 2)
	printed(t, "alive", get(m.Alive(c)), .9979, 4)
	// Where Γ(r+x) and the powers of it underflow, a naive form falls to 0 from one order to the next.
	m = get(lifetime.NewParetoNBD[weeks](.55, 10.58, .61, 11.67))
	testkit.Near(t, "132 orders", get(m.Expected(customer{Repeats: 132, AgeAtLast: 200, Age: 200}, 10)), 6.2060517889632418, 1e-10)
	testkit.Near(t, "133 orders", get(m.Expected(customer{Repeats: 133, AgeAtLast: 200, Age: 200}, 10)), 6.2528722475748113, 1e-10)
}

// spent returns what customers spent.
func spent(cs []customer) *lifetime.Spend {
	s := new(lifetime.Spend)
	for _, c := range cs {
		must(s.Add(c.Repeats, c.Value))
	}
	return s
}

func TestGammaGammaPublished(t *testing.T) {
	s := spent(cdnow(t))
	m := get(lifetime.FitGammaGamma(bg, s, lifetime.FitOptions{}))
	r := m.Report()
	if !r.Converged || len(r.Warnings) > 0 || r.Customers != 946 {
		t.Errorf("%+v", r)
	}
	printed(t, "p", r.Params[0].Value, 6.25, 2)
	printed(t, "q", r.Params[1].Value, 3.74, 2)
	testkit.Near(t, "v", r.Params[2].Value, 15.445, .0051) // printed as 15.44 and as 15.45
	printed(t, "mean, fitted", get(m.Mean()), 35.17, 2)
	printed(t, "correlation", get(s.Correlation()), .1139, 4)
	m = get(lifetime.NewGammaGamma(6.25, 3.74, 15.44))
	for _, c := range []struct {
		x          int
		mean, want float64
	}{{2, 22.35, 24.66}, {1, 11.77, 18.92}, {0, 0, 35.22}, {7, 73.74, 71.47}, {2, 25.55, 27.29}} {
		printed(t, "E(M)", get(m.Expected(c.x, c.mean)), c.want, 2)
	}
}

func TestSBGPublished(t *testing.T) {
	for _, c := range []struct {
		name         string
		survivors    []int64
		alpha, beta  float64
		ll           float64
		survival     map[int]float64
		retention    map[int]float64
		derl1, derl5 float64
	}{
		{
			"regular",
			[]int64{1000, 631, 468, 382, 326, 289, 262, 241},
			.7041, 1.1820, -1680.2652,
			map[int]float64{1: .6267, 2: .4738, 3: .3880, 4: .3321, 5: .2923, 6: .2625, 7: .2390, 8: .2201, 9: .2044, 10: .1912, 11: .1799, 12: .1700},
			map[int]float64{1: .6267, 2: .7560, 3: .8188, 8: .9208, 12: .9454},
			2.9644, 5.8941,
		},
		{
			"high end",
			[]int64{1000, 869, 743, 653, 593, 551, 517, 491},
			.6681, 3.8061, -1611.1581,
			map[int]float64{8: .4604, 12: .3780},
			nil, 5.4145, 6.8967,
		},
	} {
		s := new(lifetime.Tenures)
		must(s.AddCohort(c.survivors...))
		m := get(lifetime.FitSBG(bg, s, lifetime.FitOptions{}))
		r := m.Report()
		if !r.Converged || len(r.Warnings) > 0 || r.Customers != 1000 {
			t.Errorf("%s: %+v", c.name, r)
		}
		printed(t, "alpha", r.Params[0].Value, c.alpha, 4)
		printed(t, "beta", r.Params[1].Value, c.beta, 4)
		printed(t, "LL", r.LogLikelihood, c.ll, 4)
		for at, want := range c.survival {
			printed(t, "S", get(m.Survival(at)), want, 4)
		}
		for at, want := range c.retention {
			printed(t, "retention", get(m.Retention(at)), want, 4)
		}
		printed(t, "DERL 1", get(m.DERL(1, .1)), c.derl1, 4)
		printed(t, "DERL 5", get(m.DERL(5, .1)), c.derl5, 4)
	}
}

// long reports whether checks of minutes were asked for.
func long() bool { return os.Getenv("AISLE_LONG") != "" }
