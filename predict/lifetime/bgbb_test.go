package lifetime_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

type years = lifetime.Years

// binomial are the numbers of testdata/golden_bgbb.py.
type binomial struct {
	Donations             [][]int // repeats, last, periods, donors
	Params, StdErrs, Peer []float64
	LL                    float64
	Points                [][]int
	PointLL, Alive        []float64
	Expected              [][]float64 // in 1, 5, 100, 20000 periods
	Prob, Prob200, Fresh  []float64
}

// donors are those of the charity of the paper.
func donors(rows [][]int) *lifetime.Summary[years] {
	s := new(lifetime.Summary[years])
	for _, r := range rows {
		for range r[3] {
			must(s.Add(lifetime.Customer[years]{Repeats: r[0], AgeAtLast: years(r[1]), Age: years(r[2])}))
		}
	}
	return s
}

// TestBGBBPublished: the donors of the paper, from a cold start, to its printed digits, and to those
// of the formulas by SciPy.
func TestBGBBPublished(t *testing.T) {
	var want binomial
	testkit.Golden(t, "bgbb.json", &want)
	r := get(lifetime.FitBGBB(bg, donors(want.Donations), lifetime.FitOptions{})).Report()
	if !r.Converged || len(r.Warnings) > 0 || r.Customers != 11104 || r.LogLikelihood < want.LL-1e-6 {
		t.Errorf("%+v, want the likelihood %v", r, want.LL)
	}
	for i, p := range []float64{1.204, .750, .657, 2.783} {
		got := r.Params[i]
		testkit.Near(t, got.Name, got.Value, p, .0005)
		testkit.Near(t, got.Name+" of the peer", got.Value, want.Peer[i], 1e-4*got.StdErr)
		testkit.Near(t, "standard error of "+got.Name, got.StdErr/want.StdErrs[i], 1, 1e-3)
	}
	printed(t, "LL", r.LogLikelihood, -33225.6, 1)
	m := get(lifetime.NewBGBB[years](1.204, .750, .657, 2.783))
	at := func(x, last, n int) lifetime.Customer[years] {
		return lifetime.Customer[years]{Repeats: x, AgeAtLast: years(last), Age: years(n)}
	}
	for _, c := range []struct {
		x, last         int
		alive, expected float64
	}{{0, 0, .11, .07}, {2, 4, .59, 1.06}, {6, 6, .93, 3.75}} {
		printed(t, "P(alive)", get(m.Alive(at(c.x, c.last, 6))), c.alive, 2)
		printed(t, "E in five years", get(m.Expected(at(c.x, c.last, 6), 5)), c.expected, 2)
	}
	for i, p := range want.Points {
		c := at(p[0], p[1], p[2])
		testkit.Near(t, "LL", get(m.LogLikelihood(c)), want.PointLL[i], 1e-11)
		testkit.Near(t, "alive", get(m.Alive(c)), want.Alive[i], 1e-12)
		for k, h := range []years{1, 5, 100, 20000} {
			testkit.Near(t, "expected", get(m.Expected(c, h)), want.Expected[i][k], 1e-9*want.Expected[i][k]+1e-12)
		}
	}
	for k, p := range want.Prob {
		testkit.Near(t, "P(N(6))", get(m.Prob(k, 6)), p, 1e-13)
	}
	for i, k := range []int{0, 1, 50, 200} {
		testkit.Near(t, "P(N(200))", get(m.Prob(k, 200)), want.Prob200[i], 1e-12)
	}
	for i, h := range []years{1, 6, 500} {
		testkit.Near(t, "expected of a new one", get(m.ExpectedNew(h)), want.Fresh[i], 1e-11)
	}
}

// giving draws customers by the story of the law, and what they do in the periods ahead.
func giving(seed uint64, n, ahead int, p [4]float64) (cs []customer, then []int) {
	r := rng.New(seed, 3, 0)
	for range n {
		buys, leaves := r.Beta(p[0], p[1]), r.Beta(p[2], p[3])
		age, later := 4+r.Intn(12), 0
		c := customer{Age: weeks(age)}
		for k := 1; k <= age+ahead && !r.Bool(leaves); k++ {
			switch {
			case !r.Bool(buys):
			case k > age:
				later++
			default:
				c.Repeats, c.AgeAtLast = c.Repeats+1, weeks(k)
			}
		}
		cs, then = append(cs, c), append(then, later)
	}
	return cs, then
}

// TestBGBBRecovered: drawn customers give their parameters back, and buy as often as expected, by
// whether they bought in their last third.
func TestBGBBRecovered(t *testing.T) {
	truth := [4]float64{1.2, 2, .8, 4}
	cs, then := giving(1, 20000, 8, truth)
	m := get(lifetime.FitBGBB(bg, summary(cs), lifetime.FitOptions{}))
	r := m.Report()
	if !r.Converged || len(r.Warnings) > 0 {
		t.Errorf("%+v", r)
	}
	for i, p := range r.Params {
		if off := math.Abs(p.Value - truth[i]); !(off < 4*p.StdErr) {
			t.Errorf("%s is %v ± %v, drawn from %v", p.Name, p.Value, p.StdErr, truth[i])
		}
	}
	var want, got, none, gotNone [2]float64
	for i, c := range cs {
		k := 0
		if 3*(c.Age-c.AgeAtLast) > c.Age {
			k = 1
		}
		want[k] += get(m.Expected(c, 8))
		got[k] += float64(then[i])
		none[k] += get(m.ProbGiven(c, 0, 8))
		if then[i] == 0 {
			gotNone[k]++
		}
	}
	for k := range want {
		if math.Abs(got[k]/want[k]-1) > .05 || math.Abs(gotNone[k]/none[k]-1) > .03 {
			t.Errorf("group %d: %v orders, expected %v; %v without, expected %v", k, got[k], want[k], gotNone[k], none[k])
		}
	}
}

// TestBGBBDerivatives: a round has the gradient and the Hessian of its likelihood, as differences see
// them, and a fit the standard errors of the Hessian.
func TestBGBBDerivatives(t *testing.T) {
	cs, _ := giving(2, 800, 0, [4]float64{1.2, 2, .8, 4})
	s := summary(cs)
	r := get(lifetime.FitBGBB(bg, s, lifetime.FitOptions{})).Report()
	const e = 1e-3
	ll := func(i int, x float64, j int, y float64) float64 {
		var q [4]float64
		for k, p := range r.Params {
			q[k] = math.Log(p.Value)
		}
		q[i] += x
		q[j] += y
		return get(get(lifetime.NewBGBB[weeks](math.Exp(q[0]), math.Exp(q[1]), math.Exp(q[2]), math.Exp(q[3]))).Round(bg, s)).LogLikelihood()
	}
	info := make([][]float64, 4)
	for i := range info {
		if g := (ll(i, e, i, 0) - ll(i, -e, i, 0)) / (2 * e); math.Abs(g) > 1e-3 {
			t.Errorf("the gradient in %s is %v", r.Params[i].Name, g)
		}
		info[i] = make([]float64, 4)
		for j := range info {
			info[i][j] = -(ll(i, e, j, e) - ll(i, e, j, -e) - ll(i, -e, j, e) + ll(i, -e, j, -e)) / (4 * e * e)
		}
	}
	for i, v := range inverse(info) {
		if want := r.Params[i].Value * math.Sqrt(v[i]); math.Abs(r.Params[i].StdErr/want-1) > 3e-3 {
			t.Errorf("the standard error of %s is %v, by differences %v", r.Params[i].Name, r.Params[i].StdErr, want)
		}
	}
}

// TestBGBBMergedShards: permuted customers, rounds of shards and merged summaries give the same bytes.
func TestBGBBMergedShards(t *testing.T) {
	cs, _ := giving(3, 900, 0, [4]float64{1.2, 2, .8, 4})
	want := get(get(lifetime.FitBGBB(bg, summary(cs), lifetime.FitOptions{Workers: 1})).MarshalBinary())
	rng.New(4, 0, 0).Shuffle(len(cs), func(i, j int) { cs[i], cs[j] = cs[j], cs[i] })
	shards := []*lifetime.Summary[weeks]{summary(cs[:200]), summary(cs[200:500]), summary(cs[500:])}
	far := lifetime.FitOptions{Rounds: func(ctx context.Context, p []float64) (*lifetime.Round, error) {
		all := new(lifetime.Round)
		for _, s := range shards {
			var got lifetime.Round
			must(got.UnmarshalBinary(get(get(get(lifetime.NewBGBB[weeks](p[0], p[1], p[2], p[3])).Round(ctx, s)).MarshalBinary())))
			must(all.Merge(&got))
		}
		return all, nil
	}}
	if got := get(get(lifetime.FitBGBB[weeks](bg, nil, far)).MarshalBinary()); !bytes.Equal(got, want) {
		t.Error("shards give another model")
	}
	merged := new(lifetime.Summary[weeks])
	for _, k := range []int{2, 0, 1} {
		must(merged.Merge(shards[k]))
	}
	if got := get(get(lifetime.FitBGBB(bg, merged, lifetime.FitOptions{Workers: 3})).MarshalBinary()); !bytes.Equal(got, want) {
		t.Error("merged summaries give another model")
	}
	m := new(lifetime.Model[weeks])
	must(m.UnmarshalBinary(want))
	if got := get(m.MarshalBinary()); !bytes.Equal(got, want) {
		t.Error("a model read is written otherwise")
	}
}

// TestBGBBProcess: probabilities add up to one, before and given a history, and their mean is the
// expectation, at and around gamma 1 too; the next order is the first period likely enough.
func TestBGBBProcess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) float64 { return math.Exp(rapid.Float64Range(-3, 3).Draw(t, name)) }
		gamma := rapid.SampledFrom([]float64{1, 1 + 1e-12, draw("gamma")}).Draw(t, "gamma or 1")
		m := get(lifetime.NewBGBB[weeks](draw("alpha"), draw("beta"), gamma, draw("delta")))
		n, age := rapid.IntRange(0, 40).Draw(t, "periods"), rapid.IntRange(1, 30).Draw(t, "age")
		c := customer{Age: weeks(age), AgeAtLast: weeks(rapid.IntRange(0, age).Draw(t, "last"))}
		if c.AgeAtLast > 0 {
			c.Repeats = rapid.IntRange(1, int(c.AgeAtLast)).Draw(t, "repeats")
		}
		var sum, mean [2]float64
		for k := range n + 1 {
			for i, p := range []float64{get(m.Prob(k, weeks(n))), get(m.ProbGiven(c, k, weeks(n)))} {
				sum[i] += p
				mean[i] += p * float64(k)
			}
		}
		for i, want := range []float64{get(m.ExpectedNew(weeks(n))), get(m.Expected(c, weeks(n)))} {
			if math.Abs(sum[i]-1) > 1e-10 || math.Abs(mean[i]-want) > 1e-9*(1+want) {
				t.Fatalf("%d: probabilities add up to %v, mean %v, expected %v", i, sum[i], mean[i], want)
			}
		}
	})
}

// TestBGBBFar: sums that are long meet those that are short, and extremes stay finite.
func TestBGBBFar(t *testing.T) {
	for _, gamma := range []float64{1e-6, .3, 1 - 1e-9, 1, 1 + 1e-9, 1.001, 7, 500} {
		for _, delta := range []float64{1e-3, 2, 1e5} {
			m := get(lifetime.NewBGBB[weeks](1, 1, gamma, delta))
			a, b := get(m.ExpectedNew(4096)), get(m.ExpectedNew(4097))
			next := .5
			for k := range 4097 {
				next *= (delta + float64(k)) / (gamma + delta + float64(k))
			}
			if got := b - a; math.Abs(got-next) > 1e-9*(next+1e-3*a) {
				t.Errorf("gamma %v, delta %v: period 4097 adds %v, want %v", gamma, delta, got, next)
			}
			get(m.ExpectedNew(1e300))
		}
	}
	for _, p := range [][4]float64{{1e-20, 1e20, 1e-20, 1e20}, {1e20, 1e-20, 1e20, 1e-20}, {1e-20, 1e-20, 1e-20, 1e-20}, {1e20, 1e20, 1e20, 1e20}} {
		m := get(lifetime.NewBGBB[weeks](p[0], p[1], p[2], p[3]))
		for _, c := range []customer{{}, {Age: 5}, {Repeats: 3, AgeAtLast: 3, Age: 65536}, {Repeats: 5, AgeAtLast: 5, Age: 5}} {
			if a := get(m.Alive(c)); !(a >= 0 && a <= 1) {
				t.Errorf("%v: %v alive", p, a)
			}
			if e := get(m.Expected(c, 10)); !(e >= 0 && e <= 10) {
				t.Errorf("%v: %v expected in 10 periods", p, e)
			}
		}
	}
	due := get(get(lifetime.NewBGBB[weeks](1, 1, 1, 1)).NextOrder(customer{Age: 2}, .5))
	if due != 3 { // Beta(1, 3): none in k periods with probability 3/(3+k)
		t.Errorf("due in %v", due)
	}
}

// TestBGBBRefused: histories that are not of whole periods, and more of them than are counted.
func TestBGBBRefused(t *testing.T) {
	m := get(lifetime.NewBGBB[weeks](1, 1, 1, 1))
	for name, c := range map[string]customer{
		"age":       {Age: 2.5},
		"last":      {Repeats: 1, AgeAtLast: 1.5, Age: 3},
		"too many":  {Repeats: 4, AgeAtLast: 3, Age: 9},
		"too long":  {Age: 65537},
		"far apart": {Repeats: 1, AgeAtLast: 1, Age: 1e300},
	} {
		var s lifetime.Summary[weeks]
		must(s.Add(c))
		must(s.Add(customer{Repeats: 1, AgeAtLast: 1, Age: 1}))
		_, alive := m.Alive(c)
		_, round := m.Round(bg, &s)
		_, fit := lifetime.FitBGBB(bg, &s, lifetime.FitOptions{})
		for what, err := range map[string]error{"Alive": alive, "Round": round, "Fit": fit} {
			if !errors.Is(err, lifetime.ErrRange) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
	if _, err := m.Prob(0, 65537); !errors.Is(err, lifetime.ErrTooLarge) {
		t.Errorf("a probability far ahead: %v", err)
	}
	none := new(lifetime.Summary[weeks])
	must(none.Add(customer{Age: 3}))
	if _, err := lifetime.FitBGBB(bg, none, lifetime.FitOptions{}); !errors.Is(err, lifetime.ErrUndefined) {
		t.Errorf("nobody came back: %v", err)
	}
	// All alike: no finite parameters, and the fit says so.
	alike := new(lifetime.Summary[weeks])
	for range 50 {
		must(alike.Add(customer{Repeats: 4, AgeAtLast: 4, Age: 4}))
	}
	if r := get(lifetime.FitBGBB(bg, alike, lifetime.FitOptions{})).Report(); len(r.Warnings) == 0 {
		t.Errorf("all alike: %+v", r)
	}
}

// TestBGBBOrders: orders by weeks of seven days are what the law reads.
func TestBGBBOrders(t *testing.T) {
	o := get(lifetime.NewOrders[int, weeks](7))
	r := rng.New(9, 0, 0)
	for id := range 300 {
		at := time.Date(2025, 1, 1+r.Intn(30), 0, 0, 0, 0, time.UTC)
		for range 1 + r.Intn(6) {
			must(o.Add(id, at, 100))
			at = at.AddDate(0, 0, 1+r.Intn(25))
		}
	}
	_, cs, err := o.Customers(time.Date(2025, 6, 5, 0, 0, 0, 0, time.UTC)) // a Thursday, as periods begin
	must(err)
	if r := get(lifetime.FitBGBB(bg, summary(cs), lifetime.FitOptions{})).Report(); r.Customers != 300 {
		t.Errorf("%+v", r)
	}
}

// TestBGBBList: value and the list of whom to contact work on this law, too.
func TestBGBBList(t *testing.T) {
	m, g := get(lifetime.NewBGBB[weeks](1.2, .75, .66, 2.8)), get(lifetime.NewGammaGamma(6.25, 3.74, 15.44))
	c := customer{Repeats: 4, AgeAtLast: 5, Age: 12, Value: 30}
	v := get(lifetime.CLV(m, g, c, lifetime.CLVOptions[weeks]{Steps: 10, Step: 1}))
	testkit.Near(t, "value", v, get(m.Expected(c, 10))*get(g.Expected(4, 30)), 1e-9*v)
	rows := get(lifetime.WinBack(bg, m, g, []customer{c, {Age: 12}}, lifetime.WinBackOptions[weeks]{Horizon: 10, Response: .2}))
	for _, r := range rows {
		if r.Row == 0 {
			// Beta(5.2, 1.75) misses seven periods with this probability.
			want := 1.
			for k := range 7 {
				want *= (1.75 + float64(k)) / (6.95 + float64(k))
			}
			testkit.Near(t, "unusual", r.Unusual, want, 1e-12)
		}
	}
}

func BenchmarkFitBGBB(b *testing.B) {
	cs, _ := giving(7, 20000, 0, [4]float64{1.2, 2, .8, 4})
	s := summary(cs)
	b.ReportMetric(float64(s.Customers()), "customers")
	for b.Loop() {
		get(lifetime.FitBGBB(bg, s, lifetime.FitOptions{}))
	}
}
