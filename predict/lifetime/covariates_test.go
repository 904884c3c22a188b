package lifetime_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

// attributed are the numbers of testdata/golden_covariates.py.
type attributed struct {
	Rows                          [][]float64
	Customers                     [][3]float64
	Lasted                        []int
	Ended                         []bool
	BGNBD, Pareto, Logit, CLogLog struct {
		Params, StdErrs []float64
		LL              float64
		Levels          map[string]float64
	}
}

func readAttributed(t testing.TB) (a attributed, cs []customer) {
	testkit.Golden(t, "covariates.json", &a)
	for _, c := range a.Customers {
		cs = append(cs, customer{Repeats: int(c[0]), AgeAtLast: weeks(c[1]), Age: weeks(c[2])})
	}
	return a, cs
}

// TestCovariatesPeer: the maximum of the likelihood written down in Python, coefficients and standard
// errors included.
func TestCovariatesPeer(t *testing.T) {
	a, cs := readAttributed(t)
	for name, c := range map[string]struct {
		m       *lifetime.Model[weeks]
		want    []float64
		stdErrs []float64
		ll      float64
	}{
		"BG/NBD":     {get(lifetime.FitBGNBD(bg, summary(cs), lifetime.FitOptions{})), a.BGNBD.Params, a.BGNBD.StdErrs, a.BGNBD.LL},
		"Pareto/NBD": {get(lifetime.NewParetoNBD[weeks](1, 10, 1, 10)), a.Pareto.Params, a.Pareto.StdErrs, a.Pareto.LL},
	} {
		m := get(lifetime.FitCovariates(bg, c.m, cs, a.Rows, lifetime.CovariateOptions{Names: []string{"app", "size"}}))
		r := m.Report()
		if !r.Converged || len(r.Warnings) > 0 || r.LogLikelihood < c.ll-1e-7 || r.LogLikelihood > c.ll+1e-4 {
			t.Errorf("%s: %+v, the peer's likelihood is %v", name, r, c.ll)
		}
		sum := 0.
		for i, x := range cs {
			sum += get(get(m.For(a.Rows[i])).LogLikelihood(x))
		}
		testkit.Near(t, name+": sum over the laws of each row", sum, r.LogLikelihood, 1e-7)
		for i, p := range r.Params {
			testkit.Near(t, name+": "+p.Name, p.Value, c.want[i], 2e-3*c.stdErrs[i])
			testkit.Near(t, name+": standard error of "+p.Name, p.StdErr/c.stdErrs[i], 1, .01)
		}
	}
}

// channels draws customers who buy more and leave sooner by channel.
func channels(seed uint64, n int) (cs []customer, rows [][]float64) {
	r := rng.New(seed, 0, 0)
	for i := range n {
		row := []float64{float64(i % 2), 100 + 20*r.Normal()}
		l := law{name: "Pareto/NBD", params: []float64{.9, 8 * math.Exp(-.7*row[0]-.01*row[1]), 1.2, 30 * math.Exp(-.5*row[0])}}
		c := customer{Age: weeks(20 + 30*r.Float64())}
		for _, at := range l.orders(r, float64(c.Age)) {
			c.Repeats, c.AgeAtLast = c.Repeats+1, weeks(at)
		}
		cs, rows = append(cs, c), append(rows, row)
	}
	return cs, rows
}

// TestCovariatesMerged: drawn customers give the coefficients back; other units of a column and of
// time, another order and any number of workers give the same.
func TestCovariatesMerged(t *testing.T) {
	n := 800
	if testkit.Race {
		n = 450
	}
	cs, rows := channels(1, n)
	start := get(lifetime.NewParetoNBD[weeks](1, 10, 1, 10))
	m := get(lifetime.FitCovariates(bg, start, cs, rows, lifetime.CovariateOptions{Workers: 1}))
	r := m.Report()
	for i, want := range []float64{.9, 8, 1.2, 30, .7, .01, .5, 0} {
		if p := r.Params[i]; !(math.Abs(p.Value-want) < 4*p.StdErr) || !r.Converged {
			t.Errorf("%s is %v ± %v, drawn from %v", p.Name, p.Value, p.StdErr, want)
		}
	}
	data := get(m.MarshalBinary())
	order := make([]int, len(cs))
	for i := range order {
		order[i] = i
	}
	rng.New(2, 0, 0).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	var mixed []customer
	var beside, scaled [][]float64
	for _, i := range order {
		mixed, beside, scaled = append(mixed, cs[i]), append(beside, rows[i]), append(scaled, []float64{1e6 * rows[i][0], rows[i][1]/10 - 3})
	}
	if got := get(get(lifetime.FitCovariates(bg, start, mixed, beside, lifetime.CovariateOptions{Workers: 3})).MarshalBinary()); !bytes.Equal(got, data) {
		t.Error("permuted customers give another law")
	}
	other := get(lifetime.FitCovariates(bg, start, mixed, scaled, lifetime.CovariateOptions{})).Report()
	testkit.Near(t, "a column in other units", other.Params[4].Value*1e6, r.Params[4].Value, 1e-6)
	testkit.Near(t, "its standard error", other.Params[5].StdErr/10, r.Params[5].StdErr, 1e-6*r.Params[5].StdErr)
	back := new(lifetime.Covariates[weeks])
	must(back.UnmarshalBinary(data))
	if !bytes.Equal(get(back.MarshalBinary()), data) {
		t.Error("a law read is written otherwise")
	}
	if err := new(lifetime.Covariates[lifetime.Days]).UnmarshalBinary(data); !errors.Is(err, lifetime.ErrMismatch) {
		t.Errorf("another unit: %v", err)
	}
}

func TestCovariatesRefused(t *testing.T) {
	cs, rows := channels(1, 60)
	start := get(lifetime.NewBGNBD[weeks](1, 10, 1, 3))
	change := func(f func(row []float64) []float64) (out [][]float64) {
		for _, r := range rows {
			out = append(out, f(append([]float64(nil), r...)))
		}
		return out
	}
	for name, c := range map[string]struct {
		m    *lifetime.Model[weeks]
		cs   []customer
		rows [][]float64
		opt  lifetime.CovariateOptions
		want error
	}{
		"no model":       {nil, cs, rows, lifetime.CovariateOptions{}, lifetime.ErrEmpty},
		"BG/BB":          {get(lifetime.NewBGBB[weeks](1, 1, 1, 1)), cs, rows, lifetime.CovariateOptions{}, lifetime.ErrOption},
		"no rows":        {start, nil, nil, lifetime.CovariateOptions{}, lifetime.ErrEmpty},
		"lengths":        {start, cs[1:], rows, lifetime.CovariateOptions{}, lifetime.ErrShape},
		"names":          {start, cs, rows, lifetime.CovariateOptions{Names: []string{"a"}}, lifetime.ErrShape},
		"iterations":     {start, cs, rows, lifetime.CovariateOptions{MaxIter: -1}, lifetime.ErrOption},
		"constant":       {start, cs, change(func(r []float64) []float64 { r[0] = 3; return r }), lifetime.CovariateOptions{}, lifetime.ErrUndefined},
		"column twice":   {start, cs, change(func(r []float64) []float64 { r[1] = 2*r[0] - 7; return r }), lifetime.CovariateOptions{}, lifetime.ErrUndefined},
		"NaN":            {start, cs, change(func(r []float64) []float64 { r[0] = math.NaN(); return r }), lifetime.CovariateOptions{}, lifetime.ErrNotFinite},
		"a bad customer": {start, append([]customer{{Repeats: 1}}, cs[1:]...), rows, lifetime.CovariateOptions{}, lifetime.ErrRange},
	} {
		if _, err := lifetime.FitCovariates(bg, c.m, c.cs, c.rows, c.opt); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	m := attributedFew()
	if _, err := m.For([]float64{1e9}); !errors.Is(err, lifetime.ErrOverflow) {
		t.Errorf("far away: %v", err)
	}
	if _, err := m.For([]float64{1, 2}); !errors.Is(err, lifetime.ErrShape) {
		t.Errorf("a short row: %v", err)
	}
}

// TestHazardPeer: statsmodels on one row for each case and period.
func TestHazardPeer(t *testing.T) {
	a, _ := readAttributed(t)
	for _, cloglog := range []bool{false, true} {
		m := get(lifetime.FitHazard(bg, a.Rows, a.Lasted, a.Ended, lifetime.HazardOptions{CLogLog: cloglog}))
		r, want := m.Report(), a.Logit
		if cloglog {
			want = a.CLogLog
		}
		if !r.Converged || len(r.Warnings) > 0 {
			t.Errorf("%+v", r)
		}
		testkit.Near(t, "likelihood", r.LogLikelihood, want.LL, 1e-8*math.Abs(want.LL))
		kept := 1.
		for p := 1; p <= m.Periods(); p++ {
			ends := 0.
			if level, ok := want.Levels[strconv.Itoa(p)]; ok {
				eta := level + want.Params[0] + 2.5*want.Params[1]
				if ends = 1 / (1 + math.Exp(-eta)); cloglog {
					ends = -math.Expm1(-math.Exp(eta))
				}
			}
			testkit.Near(t, "hazard", get(m.At([]float64{1, 2.5}, p)), ends, 1e-8)
			kept *= 1 - ends
			testkit.Near(t, "alive", get(m.Alive([]float64{1, 2.5}, p)), kept, 1e-8)
		}
		testkit.Near(t, "alive, later", get(m.Alive([]float64{1, 2.5}, 1<<30)), kept, 1e-8)
		for i, p := range r.Params {
			testkit.Near(t, "coefficient", p.Value, want.Params[i], 1e-8)
			testkit.Near(t, "standard error", p.StdErr, want.StdErrs[i], 1e-7)
		}
	}
}

// TestHazardMerged: permuted rows give the same bytes; with one column of two values and one period the
// coefficient is the log odds ratio; periods without an end have the chance 0, and the last one 1.
func TestHazardMerged(t *testing.T) {
	a, _ := readAttributed(t)
	m := get(lifetime.FitHazard(bg, a.Rows, a.Lasted, a.Ended, lifetime.HazardOptions{}))
	order := make([]int, len(a.Rows))
	for i := range order {
		order[i] = i
	}
	rng.New(5, 0, 0).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	var rows [][]float64
	var lasted []int
	var ended []bool
	for _, i := range order {
		rows, lasted, ended = append(rows, a.Rows[i]), append(lasted, a.Lasted[i]), append(ended, a.Ended[i])
	}
	if !bytes.Equal(get(get(lifetime.FitHazard(bg, rows, lasted, ended, lifetime.HazardOptions{})).MarshalBinary()), get(m.MarshalBinary())) {
		t.Error("permuted rows give another model")
	}
	var x [][]float64
	var last []int
	var end []bool
	for i := range 100 { // 40 of 50 stay of one kind, 20 of 50 of the other; all of the rest end in period 3
		stays := i%2 == 0 && i < 80 || i%2 == 1 && i < 40
		x, end = append(x, []float64{float64(i % 2)}), append(end, true)
		if last = append(last, 1); stays {
			last[i] = 3
		}
	}
	two := get(lifetime.FitHazard(bg, x, last, end, lifetime.HazardOptions{}))
	testkit.Near(t, "log odds ratio", two.Report().Params[0].Value, math.Log(30./20)-math.Log(10./40), 1e-10)
	testkit.Near(t, "its standard error", two.Report().Params[0].StdErr, math.Sqrt(1./30+1./20+1./10+1./40), 1e-10)
	if a, b, c := get(two.At([]float64{1}, 1)), get(two.At([]float64{1}, 2)), get(two.At([]float64{0}, 3)); math.Abs(a-.6) > 1e-10 || b != 0 || c != 1 {
		t.Errorf("%v %v %v", a, b, c)
	}
	if v := get(two.Alive([]float64{1}, 3)); v != 0 {
		t.Errorf("%v alive after all ended", v)
	}
}

func TestHazardRefused(t *testing.T) {
	a, _ := readAttributed(t)
	set := func(i, v int) []int {
		out := append([]int(nil), a.Lasted...)
		out[i] = v
		return out
	}
	double := make([][]float64, len(a.Rows))
	for i, r := range a.Rows {
		double[i] = []float64{r[0], 1 - r[0]}
	}
	for name, c := range map[string]struct {
		rows   [][]float64
		lasted []int
		ended  []bool
		opt    lifetime.HazardOptions
		want   error
	}{
		"no rows":      {nil, nil, nil, lifetime.HazardOptions{}, lifetime.ErrEmpty},
		"lengths":      {a.Rows, a.Lasted[1:], a.Ended, lifetime.HazardOptions{}, lifetime.ErrShape},
		"period 0":     {a.Rows, set(4, 0), a.Ended, lifetime.HazardOptions{}, lifetime.ErrRange},
		"period 65537": {a.Rows, set(4, 65537), a.Ended, lifetime.HazardOptions{}, lifetime.ErrRange},
		"none ended":   {a.Rows, a.Lasted, make([]bool, len(a.Rows)), lifetime.HazardOptions{}, lifetime.ErrUndefined},
		"follows":      {double, a.Lasted, a.Ended, lifetime.HazardOptions{}, lifetime.ErrUndefined},
		"iterations":   {a.Rows, a.Lasted, a.Ended, lifetime.HazardOptions{MaxIter: -1}, lifetime.ErrOption},
	} {
		if _, err := lifetime.FitHazard(bg, c.rows, c.lasted, c.ended, c.opt); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	// A column that parts those that end from the others.
	var x [][]float64
	var last []int
	var end []bool
	for i := range 40 {
		x, last, end = append(x, []float64{float64(i % 2)}), append(last, 1+i%2), append(end, i%2 == 0)
	}
	if r := get(lifetime.FitHazard(bg, x, last, end, lifetime.HazardOptions{})).Report(); r.Converged || len(r.Warnings) == 0 {
		t.Errorf("parted: %+v", r)
	}
	get(lifetime.FitHazard(bg, [][]float64{{1}, {2}, {3}}, []int{65536, 1, 2}, []bool{true, true, false}, lifetime.HazardOptions{}))
}

func BenchmarkFitHazard(b *testing.B) {
	cs, rows := channels(3, 20000)
	var lasted []int
	var ended []bool
	for _, c := range cs {
		lasted, ended = append(lasted, 1+int(c.Age)/4), append(ended, c.Repeats == 0)
	}
	for b.Loop() {
		get(lifetime.FitHazard(context.Background(), rows, lasted, ended, lifetime.HazardOptions{}))
	}
}

func BenchmarkFitCovariates(b *testing.B) {
	cs, rows := channels(4, 5000)
	start := get(lifetime.FitBGNBD(bg, summary(cs), lifetime.FitOptions{}))
	for b.Loop() {
		get(lifetime.FitCovariates(bg, start, cs, rows, lifetime.CovariateOptions{}))
	}
}
