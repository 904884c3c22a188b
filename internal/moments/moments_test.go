package moments

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func must[T any](t testing.TB) func(x T, err error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

// Far from 0 the squares of Welford's deviations lose digits, those from the
// first value do not.
func TestOrigin(t *testing.T) {
	for _, offset := range []float64{0, 1e9, 1e12, 1e15} {
		var all Moments
		for range 1000 {
			part := must[Moments](t)(Of([]float64{offset + 4, offset + 7, offset + 13, offset + 16}))
			if v, _ := part.Variance(); v != 30 {
				t.Fatalf("variance of four values at %v is %v, want 30", offset, v)
			}
			if err := all.Merge(part); err != nil {
				t.Fatal(err)
			}
		}
		n := float64(all.N())
		testkit.Near(t, "variance", must[float64](t)(all.Variance()), 22.5*n/(n-1), 1e-10)
		testkit.Near(t, "population variance", must[float64](t)(all.PopulationVariance()), 22.5, 1e-10)
		testkit.Near(t, "mean", all.Mean(), offset+10, 0)
	}
}

// The contract at both ends of float64: an error, never Inf and never a wrong 0.
func TestExtremes(t *testing.T) {
	for _, c := range []struct {
		name string
		xs   []float64
		want error // of the variance
	}{
		{"one large value", []float64{1e308}, check.ErrUndefined},
		{"equal", []float64{1e-300, 1e-300, 1e-300}, nil},
		{"equal, large", []float64{math.MaxFloat64, math.MaxFloat64}, nil},
		{"too small", []float64{1e-300, 2e-300}, check.ErrOverflow},
		{"too small, means cancel", []float64{0, 1e-300, -1e-300}, check.ErrOverflow},
		{"small beside large", []float64{1e-300, 2e-300, 1}, nil},
		{"subnormal variance", []float64{0, 1e-155}, check.ErrOverflow},
		{"small", []float64{0, 1e-150}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := must[Moments](t)(Of(c.xs))
			var w Welford
			var j, ja, jb Joint
			for i, x := range c.xs {
				half := &ja
				if i > 0 {
					half = &jb
				}
				if err := errors.Join(w.Add(x), j.Add(1, x), half.Add(1, x)); err != nil {
					t.Fatal(err)
				}
			}
			a, b := must[Moments](t)(Of(c.xs[:1])), must[Moments](t)(Of(c.xs[1:]))
			if err := errors.Join(a.Merge(b), ja.Merge(jb)); err != nil {
				t.Fatal(err)
			}
			want := math.NaN()
			for who, variance := range map[string]func() (float64, error){"moments": m.Variance, "welford": w.Variance, "merged": a.Variance} {
				v, err := variance()
				if !errors.Is(err, c.want) {
					t.Errorf("%s: %v, want %v", who, err, c.want)
				}
				if err == nil && (v == 0) != (c.name == "equal" || c.name == "equal, large") {
					t.Errorf("%s: variance %v", who, v)
				}
				if err == nil {
					want = v
				}
			}
			if _, err := m.Squares(); len(c.xs) > 1 && !errors.Is(err, c.want) {
				t.Errorf("squares: %v, want %v", err, c.want)
			}
			for who, joint := range map[string]Joint{"joint": j, "merged joint": ja} {
				if len(c.xs) < 2 {
					break
				}
				if err := joint.Underflow(); !errors.Is(err, c.want) {
					t.Errorf("%s: %v, want %v", who, err, c.want)
				}
				if c.want == nil {
					testkit.Near(t, who, joint.Cov(1, 1), want, 1e-12)
				}
			}
		})
	}
	for _, c := range []struct {
		name string
		xs   []float64
		want error
	}{
		{"NaN", []float64{1, math.NaN()}, check.ErrNotFinite},
		{"Inf", []float64{math.Inf(-1)}, check.ErrNotFinite},
		{"squares", []float64{1e200, -1e200}, check.ErrOverflow},
		{"difference", []float64{math.MaxFloat64, -math.MaxFloat64}, check.ErrOverflow},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m Moments
			var w Welford
			var j Joint
			for i, x := range c.xs {
				before, beforeW, beforeJ := m, w, j
				em, ew, ej := m.Add(x), w.Add(x), j.Add(x)
				if i < len(c.xs)-1 {
					continue
				}
				for who, err := range map[string]error{"moments": em, "welford": ew, "joint": ej} {
					if !errors.Is(err, c.want) {
						t.Errorf("%s: %v, want %v", who, err, c.want)
					}
				}
				if m != before || w != beforeW || j != beforeJ {
					t.Error("changed after an error")
				}
			}
		})
	}
	big := must[Moments](t)(Of([]float64{1.7e308, 1.7e308}))
	if s, err := big.Sum(); !errors.Is(err, check.ErrOverflow) {
		t.Errorf("sum %v, %v", s, err)
	}
	var e Moments
	if s := must[float64](t)(e.Sum()); s != 0 || !math.IsNaN(e.Mean()) {
		t.Errorf("empty: sum %v, mean %v", s, e.Mean())
	}
	full := must[Moments](t)(New(math.MaxInt64, 1, 0))
	if err := full.Add(1); !errors.Is(err, check.ErrOverflow) {
		t.Errorf("one value more than int64 counts: %v", err)
	}
	if err := full.Merge(big); !errors.Is(err, check.ErrOverflow) {
		t.Errorf("merge beyond int64: %v", err)
	}
}

func TestNew(t *testing.T) {
	m := must[Moments](t)(New(5, 3, 2))
	if v := must[float64](t)(m.Variance()); v != 2 || m.Mean() != 3 || m.N() != 5 || must[float64](t)(m.Squares()) != 8 {
		t.Errorf("%+v", m)
	}
	for _, c := range []struct {
		n              int64
		mean, variance float64
		want           error
	}{
		{-1, 0, 0, check.ErrRange},
		{2, 0, -1, check.ErrRange},
		{2, math.Inf(1), 1, check.ErrNotFinite},
		{2, 0, math.NaN(), check.ErrNotFinite},
		{3, 0, math.MaxFloat64, check.ErrOverflow},
	} {
		if _, err := New(c.n, c.mean, c.variance); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// values draws n numbers, some of them equal.
func values(t *rapid.T, n int) []float64 {
	one := rapid.OneOf(rapid.Float64Range(-1e6, 1e6), rapid.Map(rapid.IntRange(-2, 2), func(i int) float64 { return float64(i) }))
	return rapid.SliceOfN(one, n, n).Draw(t, "values")
}

// Any split gives what one pass gives, which is what the textbook says; Welford is
// the same recurrence about 0.
func TestMergeProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 30).Draw(t, "n")
		xs, ys := values(t, n), values(t, n)
		var m, shard Moments
		var j, js Joint
		var w Welford
		for i, x := range xs {
			if rapid.Bool().Draw(t, "cut") {
				if err := errors.Join(m.Merge(shard), j.Merge(js)); err != nil {
					t.Fatal(err)
				}
				shard, js = Moments{}, Joint{}
			}
			if err := errors.Join(shard.Add(x), js.Add(x, ys[i]), w.Add(x)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(m.Merge(shard), j.Merge(js)); err != nil {
			t.Fatal(err)
		}
		mean := [2]float64{}
		for i := range xs {
			mean[0] += xs[i] / float64(n)
			mean[1] += ys[i] / float64(n)
		}
		var xx, xy, scale float64
		for i := range xs {
			xx += (xs[i] - mean[0]) * (xs[i] - mean[0])
			xy += (xs[i] - mean[0]) * (ys[i] - mean[1])
			scale = math.Max(scale, math.Max(math.Abs(xs[i]), math.Abs(ys[i])))
		}
		tol := 1e-12*scale*scale*float64(n) + 1e-300
		near := func(name string, got, want, tol float64) {
			if !testkit.Close(got, want, tol, 0) {
				t.Fatalf("%s is %v, want %v", name, got, want)
			}
		}
		near("n", float64(m.N()), float64(n), 0)
		near("mean", m.Mean(), mean[0], 1e-12*scale+1e-300)
		near("squares", m.rel.m2, xx, tol)
		near("welford mean", w.Mean(), mean[0], 1e-12*scale+1e-300)
		near("welford squares", w.m2, xx, tol)
		near("joint squares", j.Products(0, 0), xx, tol)
		near("products", j.Products(1, 0), xy, tol)
		near("joint mean", j.Mean(1), mean[1], 1e-12*scale+1e-300)
		near("quad", j.Quad(1, 1), (xx+2*xy+j.Products(1, 1))/float64(n-1), 4*tol)
		near("difference", m.Minus(Moments(m)), 0, 0)
		if j.N() != int64(n) || w.N() != int64(n) {
			t.Fatalf("counts %d and %d", j.N(), w.N())
		}
	})
}

func TestJointOf(t *testing.T) {
	m := must[Moments](t)(Of([]float64{1, 4, 7}))
	var want Joint
	for _, x := range []float64{1, 4, 7} {
		if err := want.Add(x, 5); err != nil {
			t.Fatal(err)
		}
	}
	if got := JointOf(m, 5); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

const kind = 0x7fff // of no frame

func TestReadWrite(t *testing.T) {
	frame := func(write func(w *codec.Writer)) *codec.Reader {
		var w codec.Writer
		write(&w)
		return must[*codec.Reader](t)(codec.Open(w.AppendFrame(nil, kind, 1), kind, 1))
	}
	m := must[Moments](t)(Of([]float64{3, 5, 11}))
	r := frame(m.Write)
	if got := Read(r); r.Done() != nil || got != m {
		t.Errorf("%+v, want %+v: %v", got, m, r.Done())
	}
	var j Joint
	for _, x := range []float64{3, 5, 11} {
		if err := j.Add(x, 2*x, -x); err != nil {
			t.Fatal(err)
		}
	}
	r = frame(func(w *codec.Writer) { j.Write(w, 3) })
	if got := ReadJoint(r, 3); r.Done() != nil || got != j {
		t.Errorf("%+v, want %+v: %v", got, j, r.Done())
	}
	nan := math.NaN()
	for name, bad := range map[string]Moments{
		"count":         {rel: Welford{n: -1}},
		"origin":        {origin: nan, rel: Welford{n: 1}},
		"sum of both":   {origin: math.MaxFloat64, rel: Welford{n: 2, mean: math.MaxFloat64}},
		"squares":       {rel: Welford{n: 2, m2: -1}},
		"squares of 1":  {rel: Welford{n: 1, m2: 1}},
		"mean of none":  {rel: Welford{mean: 1}},
		"infinite":      {rel: Welford{n: 2, m2: math.Inf(1)}},
		"infinite mean": {rel: Welford{n: 2, mean: math.Inf(1)}},
	} {
		r := frame(bad.Write)
		if Read(r); !errors.Is(r.Done(), check.ErrCorrupt) {
			t.Errorf("%s: %v", name, r.Done())
		}
	}
	for name, bad := range map[string]Joint{
		"count":        {n: -1},
		"mean of none": {mean: [MaxVars]float64{1}},
		"squares":      {n: 2, c: [maxPairs]float64{-1}},
		"squares of 1": {n: 1, c: [maxPairs]float64{1}},
		"infinite":     {n: 2, c: [maxPairs]float64{0, math.Inf(-1)}},
		"origin":       {n: 2, origin: [MaxVars]float64{nan}},
	} {
		r := frame(func(w *codec.Writer) { bad.Write(w, 2) })
		if ReadJoint(r, 2); !errors.Is(r.Done(), check.ErrCorrupt) {
			t.Errorf("%s: %v", name, r.Done())
		}
	}
}
