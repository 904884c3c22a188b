package lifetime_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

// a law is simulated by the story its paper tells.
type law struct {
	name      string
	params    []float64
	fit       func(context.Context, *lifetime.Summary[weeks], lifetime.FitOptions) (*lifetime.Model[weeks], error)
	given     func(params ...float64) *lifetime.Model[weeks]
	lostFirst bool
}

var laws = []law{
	{
		"BG/NBD",
		[]float64{.6, 5, .8, 2.5},
		lifetime.FitBGNBD[weeks],
		func(p ...float64) *lifetime.Model[weeks] {
			return get(lifetime.NewBGNBD[weeks](p[0], p[1], p[2], p[3]))
		}, false,
	},
	{
		"MBG/NBD",
		[]float64{.6, 5, .8, 2.5},
		lifetime.FitMBGNBD[weeks],
		func(p ...float64) *lifetime.Model[weeks] {
			return get(lifetime.NewMBGNBD[weeks](p[0], p[1], p[2], p[3]))
		}, true,
	},
	{
		"Pareto/NBD",
		[]float64{.6, 5, .8, 12},
		lifetime.FitParetoNBD[weeks],
		func(p ...float64) *lifetime.Model[weeks] {
			return get(lifetime.NewParetoNBD[weeks](p[0], p[1], p[2], p[3]))
		}, false,
	},
}

// orders draws the ages at which a customer buys again up to an age.
func (l law) orders(r *rng.Stream, until float64) (ages []float64) {
	p := l.params
	rate := r.Gamma(p[0]) / p[1]
	if l.name == "Pareto/NBD" {
		until = min(until, r.Exp()/(r.Gamma(p[2])/p[3]))
		for at := r.Exp() / rate; at < until; at += r.Exp() / rate {
			ages = append(ages, at)
		}
		return ages
	}
	chance := r.Beta(p[2], p[3])
	if l.lostFirst && r.Bool(chance) {
		return nil
	}
	for at := r.Exp() / rate; at < until; at += r.Exp() / rate {
		if ages = append(ages, at); r.Bool(chance) {
			break
		}
	}
	return ages
}

// customers draws n of them, and how often each buys in the time ahead after its age.
func (l law) customers(seed uint64, n int, ahead float64) (cs []customer, then []int) {
	r := rng.New(seed, 7, 0)
	for range n {
		age := 20 + 30*r.Float64()
		c := customer{Age: weeks(age)}
		later := 0
		for _, at := range l.orders(r, age+ahead) {
			if at <= age {
				c.Repeats++
				c.AgeAtLast = weeks(at)
			} else {
				later++
			}
		}
		cs, then = append(cs, c), append(then, later)
	}
	return cs, then
}

// TestRecovered: customers drawn from each law give its parameters back within four standard
// errors, and buy as often, and are as alive, as it says.
func TestRecovered(t *testing.T) {
	for _, l := range laws {
		t.Run(l.name, func(t *testing.T) {
			const ahead = 30
			n := 8000
			if l.name == "Pareto/NBD" {
				n = 1500
			}
			if testkit.Race {
				n /= 4
			}
			cs, then := l.customers(1, n, ahead)
			m := get(l.fit(bg, summary(cs), lifetime.FitOptions{}))
			r := m.Report()
			if !r.Converged || len(r.Warnings) > 0 {
				t.Errorf("%+v", r)
			}
			for i, p := range r.Params {
				if off := math.Abs(p.Value - l.params[i]); !(off < 4*p.StdErr) {
					t.Errorf("%s is %v ± %v, drawn from %v", p.Name, p.Value, p.StdErr, l.params[i])
				}
			}
			// By tenth of expectation: what came, beside what was expected.
			truth := l.given(l.params...)
			var want, got, zero, none [3]float64
			var count [3]float64
			for i, c := range cs {
				k := min(c.Repeats, 2)
				count[k]++
				want[k] += get(truth.Expected(c, ahead))
				got[k] += float64(then[i])
				zero[k] += get(truth.ProbGiven(c, 0, ahead))
				if then[i] == 0 {
					none[k]++
				}
			}
			for k := range want {
				if off := math.Abs(got[k] - want[k]); off > 6*math.Sqrt(3*want[k]+1) {
					t.Errorf("%d repeats: %v orders, want %v", k, got[k], want[k])
				}
				if off := math.Abs(none[k] - zero[k]); off > 4*math.Sqrt(count[k])/2 {
					t.Errorf("%d repeats: %v without an order, want %v", k, none[k], zero[k])
				}
			}
		})
	}
}

// TestDerivatives: a Newton step needs the true gradient and Hessian; what the fit ends with
// has a gradient of zero, and the standard errors are those of numerical differences.
func TestDerivatives(t *testing.T) {
	for _, l := range laws {
		cs, _ := l.customers(2, 600, 0)
		s := summary(cs)
		r := get(l.fit(bg, s, lifetime.FitOptions{})).Report()
		at := make([]float64, len(r.Params))
		for i, p := range r.Params {
			at[i] = math.Log(p.Value)
		}
		ll := func(by ...float64) float64 {
			p := make([]float64, len(at))
			for i := range at {
				p[i] = math.Exp(at[i] + by[i])
			}
			return get(l.given(p...).Round(bg, s)).LogLikelihood()
		}
		const e = 1e-3
		n := len(at)
		info := make([][]float64, n)
		step := func(i int, x float64, j int, y float64) float64 {
			by := make([]float64, n)
			by[i] += x
			by[j] += y
			return ll(by...)
		}
		for i := range n {
			if g := (step(i, e, i, 0) - step(i, -e, i, 0)) / (2 * e); math.Abs(g) > 1e-3 {
				t.Errorf("%s: the gradient in %s is %v", l.name, r.Params[i].Name, g)
			}
			info[i] = make([]float64, n)
			for j := range n {
				info[i][j] = -(step(i, e, j, e) - step(i, e, j, -e) - step(i, -e, j, e) + step(i, -e, j, -e)) / (4 * e * e)
			}
		}
		for i, v := range inverse(info) {
			if want := math.Exp(at[i]) * math.Sqrt(v[i]); math.Abs(r.Params[i].StdErr/want-1) > 1e-3 {
				t.Errorf("%s: the standard error of %s is %v, by differences %v", l.name, r.Params[i].Name, r.Params[i].StdErr, want)
			}
		}
	}
}

// inverse is that of a small matrix, by elimination.
func inverse(a [][]float64) [][]float64 {
	n := len(a)
	out := make([][]float64, n)
	for i := range out {
		out[i] = make([]float64, n)
		out[i][i] = 1
	}
	for i := range n {
		p := a[i][i]
		for j := range n {
			a[i][j] /= p
			out[i][j] /= p
		}
		for k := range n {
			if f := a[k][i]; k != i {
				for j := range n {
					a[k][j] -= f * a[i][j]
					out[k][j] -= f * out[i][j]
				}
			}
		}
	}
	return out
}

// TestSameBytes: permuted customers, shards merged in any order, rounds of several machines and
// any number of workers give the same model, byte for byte.
func TestSameBytes(t *testing.T) {
	for _, l := range laws {
		cs, _ := l.customers(3, 900, 0)
		want := get(get(l.fit(bg, summary(cs), lifetime.FitOptions{Workers: 1})).MarshalBinary())
		r := rng.New(4, 0, 0)
		r.Shuffle(len(cs), func(i, j int) { cs[i], cs[j] = cs[j], cs[i] })
		shards := []*lifetime.Summary[weeks]{summary(cs[:200]), summary(cs[200:500]), summary(cs[500:])}
		if got := get(get(l.fit(bg, summary(cs), lifetime.FitOptions{Workers: 3})).MarshalBinary()); !bytes.Equal(got, want) {
			t.Errorf("%s: permuted customers give another model", l.name)
		}
		far := lifetime.FitOptions{Rounds: func(ctx context.Context, params []float64) (*lifetime.Round, error) {
			all := new(lifetime.Round)
			for _, s := range shards {
				sent := get(get(l.given(params...).Round(ctx, s)).MarshalBinary())
				var got lifetime.Round
				must(got.UnmarshalBinary(sent))
				must(all.Merge(&got))
			}
			return all, nil
		}}
		if got := get(get(l.fit(bg, nil, far)).MarshalBinary()); !bytes.Equal(got, want) {
			t.Errorf("%s: shards give another model", l.name)
		}
		merged := new(lifetime.Summary[weeks])
		for _, k := range []int{2, 0, 1} {
			must(merged.Merge(shards[k]))
		}
		if got := get(get(l.fit(bg, merged, lifetime.FitOptions{})).MarshalBinary()); !bytes.Equal(got, want) {
			t.Errorf("%s: merged summaries give another model", l.name)
		}
	}
}

// TestUnitsOfTime: seconds and years lead to the same law.
func TestUnitsOfTime(t *testing.T) {
	cs, _ := laws[0].customers(5, 2000, 0)
	w := get(lifetime.FitBGNBD(bg, summary(cs), lifetime.FitOptions{})).Report()
	seconds := new(lifetime.Summary[lifetime.Seconds])
	years := new(lifetime.Summary[lifetime.Years])
	for _, c := range cs {
		must(seconds.Add(lifetime.Customer[lifetime.Seconds]{
			Repeats: c.Repeats, AgeAtLast: lifetime.Convert[lifetime.Seconds](c.AgeAtLast), Age: lifetime.Convert[lifetime.Seconds](c.Age),
		}))
		must(years.Add(lifetime.Customer[lifetime.Years]{
			Repeats: c.Repeats, AgeAtLast: lifetime.Convert[lifetime.Years](c.AgeAtLast), Age: lifetime.Convert[lifetime.Years](c.Age),
		}))
	}
	for _, c := range []struct {
		r     lifetime.Report
		scale float64
	}{
		{get(lifetime.FitBGNBD(bg, seconds, lifetime.FitOptions{})).Report(), 7 * 86400},
		{get(lifetime.FitBGNBD(bg, years, lifetime.FitOptions{})).Report(), 7 / 365.2425},
	} {
		for i, p := range c.r.Params {
			want := w.Params[i]
			if i == 1 {
				want.Value, want.StdErr = want.Value*c.scale, want.StdErr*c.scale
			}
			if math.Abs(p.Value/want.Value-1) > 1e-6 || math.Abs(p.StdErr/want.StdErr-1) > 1e-6 {
				t.Errorf("%s is %v ± %v, in weeks %v ± %v", p.Name, p.Value, p.StdErr, want.Value, want.StdErr)
			}
		}
	}
}

// TestProcess: probabilities add up to one and their mean is the expectation, for laws of all
// shapes, those at a = 1 and near it included, where the published form is 0/0.
func TestProcess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := laws[0] // and, for their cost, the others now and then
		if k := rapid.IntRange(0, 9).Draw(t, "law"); k < 3 {
			l = laws[k]
		}
		draw := func(name string) float64 { return math.Exp(rapid.Float64Range(-2.5, 2).Draw(t, name)) }
		a := rapid.SampledFrom([]float64{1, 1 + 1e-12, draw("a")}).Draw(t, "a or s")
		alpha := draw("alpha")
		m := l.given(draw("r"), alpha, a, draw("b"))
		at := weeks(alpha * rapid.Float64Range(.01, 1).Draw(t, "t"))
		sum, mean := 0.0, 0.0
		for n := range 150 {
			p := get(m.Prob(n, at))
			sum += p
			mean += p * float64(n)
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("probabilities add up to %v", sum)
		}
		if want := get(m.ExpectedNew(at)); math.Abs(mean-want) > 1e-8*(1+want) {
			t.Fatalf("expected are %v, by the probabilities %v", want, mean)
		}
	})
}

// TestNoCliff: nothing jumps where powers underflow, and a reseller with a hundred thousand
// orders spoils neither fit nor answers.
func TestNoCliff(t *testing.T) {
	for _, l := range laws {
		m := l.given(l.params...)
		last := 0.0
		for x := 1; x < 3000; x += 31 {
			v := get(m.Expected(customer{Repeats: x, AgeAtLast: 199.9999, Age: 200}, 20))
			if x > 50 && !(v > last && v < last+4) {
				t.Fatalf("%s: %d repeats: %v after %v", l.name, x, v, last)
			}
			last = v
		}
		cs, _ := l.customers(6, 600, 0)
		cs = append(cs, customer{Repeats: 100_000, AgeAtLast: 49.9999, Age: 50})
		r := get(l.fit(bg, summary(cs), lifetime.FitOptions{})).Report()
		if !r.Converged || r.Params[0].StdErr > .2 {
			t.Errorf("%s: with a reseller: %+v", l.name, r)
		}
		heavy := cs[len(cs)-1]
		if got := get(m.Expected(heavy, 50)); got < 5e4 || got > 100_001 {
			t.Errorf("%s: the reseller is expected to buy %v times", l.name, got)
		}
		// Far beyond the age, and for the shortest of times.
		for _, h := range []weeks{1e-9, 1e9} {
			if v := get(m.Expected(customer{Repeats: 3, AgeAtLast: 1, Age: 2}, h)); !(v > 0) {
				t.Errorf("%s: %v orders in %v", l.name, v, h)
			}
		}
	}
}

// TestSeriesMeetsIntegral: the two forms of the expectation meet where one hands over.
func TestSeriesMeetsIntegral(t *testing.T) {
	for _, l := range laws[:2] {
		for _, a := range []float64{.01, .5, 1, 3, 50} {
			m := l.given(.7, 1, a, 2)
			lo, hi := get(m.ExpectedNew(98.9999)), get(m.ExpectedNew(99.0001)) // z below and above .99
			slope := get(m.ExpectedNew(98.9999)) - get(m.ExpectedNew(98.9997))
			if math.Abs(hi-lo-slope) > 1e-9*hi {
				t.Errorf("%s, a %v: from %v to %v, want a step of %v", l.name, a, lo, hi, slope)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	s := new(lifetime.Summary[weeks])
	for name, c := range map[string]struct {
		c    customer
		want error
	}{
		"last beyond age": {customer{Repeats: 1, AgeAtLast: 3, Age: 2}, lifetime.ErrRange},
		"repeats, age 0":  {customer{Repeats: 1, Age: 2}, lifetime.ErrRange},
		"age at none":     {customer{AgeAtLast: 1, Age: 2}, lifetime.ErrRange},
		"negative":        {customer{Repeats: -1, AgeAtLast: 1, Age: 2}, lifetime.ErrRange},
		"NaN":             {customer{Age: weeks(math.NaN())}, lifetime.ErrNotFinite},
		"infinite":        {customer{Repeats: 1, AgeAtLast: 1, Age: weeks(math.Inf(1))}, lifetime.ErrNotFinite},
	} {
		var field *lifetime.FieldError
		if err := s.Add(c.c); !errors.Is(err, c.want) || !errors.As(err, &field) || field.Field == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.Customers() != 0 {
		t.Error("a refused customer was counted")
	}
	for range 10 {
		must(s.Add(customer{Age: 5}))
	}
	if _, err := lifetime.FitBGNBD(bg, s, lifetime.FitOptions{}); !errors.Is(err, lifetime.ErrUndefined) {
		t.Errorf("without repeats: %v", err)
	}
	if _, err := lifetime.FitBGNBD(bg, new(lifetime.Summary[weeks]), lifetime.FitOptions{}); !errors.Is(err, lifetime.ErrEmpty) {
		t.Errorf("without customers: %v", err)
	}
	if _, err := lifetime.FitBGNBD[weeks](bg, nil, lifetime.FitOptions{MaxIter: -1, Workers: -1}); !errors.Is(err, lifetime.ErrOption) {
		t.Errorf("bad options: %v", err)
	}
	a, b := get(laws[0].given(1, 1, 1, 1).Round(bg, few())), get(laws[0].given(1, 1, 1, 2).Round(bg, few()))
	if err := a.Merge(b); !errors.Is(err, lifetime.ErrMismatch) {
		t.Errorf("rounds of other parameters: %v", err)
	}
}

func TestSummaryLaws(t *testing.T) {
	testkit.Laws[*lifetime.Summary[weeks]]{
		Empty: func() *lifetime.Summary[weeks] { return new(lifetime.Summary[weeks]) },
		Add: func(t *rapid.T) func(*lifetime.Summary[weeks]) {
			c := customer{Age: weeks(rapid.IntRange(1, 4).Draw(t, "age"))}
			if c.Repeats = rapid.IntRange(0, 2).Draw(t, "x"); c.Repeats > 0 {
				c.AgeAtLast = c.Age / 2
			}
			return func(s *lifetime.Summary[weeks]) { must(s.Add(c)) }
		},
		Merge: func(a, b *lifetime.Summary[weeks]) error { return a.Merge(b) },
		Result: func(s *lifetime.Summary[weeks]) (out []float64) {
			for c, n := range s.Groups() {
				out = append(out, float64(c.Repeats), float64(c.AgeAtLast), float64(c.Age), float64(n))
			}
			return append(out, float64(s.Customers()))
		},
	}.Check(t)
}

func TestConcurrentReaders(t *testing.T) {
	m := laws[0].given(laws[0].params...)
	c := customer{Repeats: 3, AgeAtLast: 10, Age: 20}
	want := get(m.Expected(c, 10))
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 50 {
				if get(m.Expected(c, 10)) != want || get(m.Alive(c)) > 1 {
					t.Error("readers differ")
				}
			}
		}()
	}
	wg.Wait()
}
