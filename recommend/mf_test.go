package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/testkit"
)

// ratings returns a matrix of ratings of rank 2 with biases and a little noise,
// about share of its cells, and the rest of them as a test part.
func ratings(users, items int, share float64, seed uint64) (train, test *Interactions) {
	r := rng.New(seed, 1, 0)
	normal := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = r.Normal()
		}
		return v
	}
	bu, bi := normal(users), normal(items)
	p, q := normal(2*users), normal(2*items)
	full := &sparse.CSR{Rows: users, Cols: items, Ptr: make([]int64, users+1)}
	in := []bool{}
	for u := range users {
		for i := range items {
			if !r.Bool(share) {
				continue
			}
			v := 3.5 + 0.4*bu[u] + 0.4*bi[i] + 0.5*(p[2*u]*q[2*i]+p[2*u+1]*q[2*i+1]) + 0.1*r.Normal()
			full.Col = append(full.Col, int32(i))
			full.Val = append(full.Val, float32(v))
			in = append(in, r.Bool(0.8))
		}
		full.Ptr[u+1] = int64(len(full.Col))
	}
	x := &Interactions{users: full}
	inside := func(u, k int) bool { return in[x.users.Ptr[u]+int64(k)] }
	return x.Select(inside), x.Select(func(u, k int) bool { return !inside(u, k) })
}

// predictor is a model of ratings.
type predictor interface {
	Persistent
	Predict(user, item int32) (float32, error)
}

func rmse(t testing.TB, m predictor, x *Interactions) float64 {
	t.Helper()
	sum := 0.0
	for u := range x.Users() {
		items, vals := x.Row(u)
		for k, i := range items {
			r, err := m.Predict(int32(u), i)
			if err != nil {
				t.Fatal(err)
			}
			sum += float64(r-vals[k]) * float64(r-vals[k])
		}
	}
	return math.Sqrt(sum / float64(x.Len()))
}

// conformRatings is what all models of ratings have in common.
func conformRatings(t *testing.T, fit func(x *Interactions, lo, hi float64, progress func(Progress)) (predictor, error)) {
	t.Helper()
	train, test := ratings(120, 80, 0.4, 1)
	var losses []float64
	m, err := fit(train, 0, 0, func(p Progress) { losses = append(losses, p.Loss) })
	if err != nil {
		t.Fatal(err)
	}
	// Noise is 0.1, ratings without their means spread 0.9.
	if e := rmse(t, m, test); e > 0.4 {
		t.Errorf("test error is %v, want less than 0.4", e)
	}
	if first, last := losses[0], losses[len(losses)-1]; !(last < 0.3*first) {
		t.Errorf("loss went from %v to %v", first, last)
	}

	t.Run("scale", func(t *testing.T) {
		other := train.Select(func(int, int) bool { return true })
		for p := range other.users.Val {
			other.users.Val[p] = 100*other.users.Val[p] - 1000
		}
		n, err := fit(other, 0, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, b := make([]float32, m.Items()), make([]float32, m.Items())
		for u := range train.Users() {
			if err := errors.Join(m.Score(a, train.Query(u)), n.Score(b, other.Query(u))); err != nil {
				t.Fatal(err)
			}
			for i := range a {
				if d := math.Abs(float64(b[i]) - (100*float64(a[i]) - 1000)); d > 3 {
					t.Fatalf("user %d item %d: %v of ratings in hundreds, %v of ratings in units", u, i, b[i], a[i])
				}
			}
		}
	})
	t.Run("bounds", func(t *testing.T) {
		n, err := fit(train, 3, 4, nil)
		if err != nil {
			t.Fatal(err)
		}
		lo, hi := 0, 0
		for u := range int32(train.Users()) {
			for i := range int32(train.Items()) {
				r, err := n.Predict(u, i)
				if err != nil || r < 3 || r > 4 {
					t.Fatal(r, err)
				}
				if r == 3 {
					lo++
				}
				if r == 4 {
					hi++
				}
			}
		}
		if lo == 0 || hi == 0 {
			t.Errorf("%d predictions at the lower bound, %d at the upper one", lo, hi)
		}
		for _, b := range [][2]float64{{4, 3}, {1, 1}, {math.NaN(), 1}, {0, math.Inf(1)}} {
			if _, err := fit(train, b[0], b[1], nil); !errors.Is(err, ErrOption) {
				t.Errorf("bounds %v: %v", b, err)
			}
		}
	})
	t.Run("strangers", func(t *testing.T) {
		known, folded := make([]float32, m.Items()), make([]float32, m.Items())
		off, n := 0.0, 0
		for u := range train.Users() {
			q := train.Query(u)
			err1 := m.Score(known, q)
			q.User = Stranger
			if err := errors.Join(err1, m.Score(folded, q)); err != nil {
				t.Fatal(err)
			}
			items, _ := test.Row(u)
			for _, i := range items {
				off += math.Abs(float64(known[i] - folded[i]))
				n++
			}
		}
		if off/float64(n) > 0.15 {
			t.Errorf("folded-in predictions are off by %v on average", off/float64(n))
		}
		a, err1 := m.Predict(Stranger, 3)
		b, err2 := m.Predict(int32(m.Users()), 3)
		if err := errors.Join(err1, err2); err != nil || a != b {
			t.Errorf("strangers: %v and %v, %v", a, b, err)
		}
		if _, err := m.Predict(0, int32(m.Items())); !errors.Is(err, ErrUnknownID) {
			t.Errorf("unknown item: %v", err)
		}
		nan := Query{User: Stranger, Items: []int32{1}, Weights: []float32{float32(math.NaN())}}
		if err := m.Score(known, nan); !errors.Is(err, ErrRange) {
			t.Errorf("a rating that is NaN: %v", err)
		}
	})
	t.Run("same bytes", func(t *testing.T) {
		testkit.AtGOMAXPROCS(t, func() []byte {
			n, err := fit(train, 0, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			return mustMarshal(t, n)
		})
	})
	t.Run("constant", func(t *testing.T) {
		x := train.Select(func(int, int) bool { return true })
		for p := range x.users.Val {
			x.users.Val[p] = 4.2
		}
		n, err := fit(x, 0, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "constant ratings", rmse(t, n, x), 0, 1e-2)
	})
}

func TestMF(t *testing.T) {
	for _, alternating := range []bool{false, true} {
		t.Run(fmt.Sprint("alternating=", alternating), func(t *testing.T) {
			conformRatings(t, func(x *Interactions, lo, hi float64, progress func(Progress)) (predictor, error) {
				return FitMF(context.Background(), x, MFOptions{
					Factors: 4, Rate: 0.03, Regularization: 0.02, Alternating: alternating, Min: lo, Max: hi, Loss: true, Progress: progress,
				})
			})
		})
	}
}

// A half step of the alternating fit leaves no user who could do better, by the
// objective written down in float64.
func TestMFAlternatingProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		x, _ := ratings(rapid.IntRange(5, 20).Draw(t, "users"), rapid.IntRange(5, 100).Draw(t, "items"), 0.7, seed)
		f := rapid.IntRange(1, 20).Draw(t, "factors")
		m := &MF{}
		_ = m.startRatings(context.Background(), x, f, seed)
		for i := range m.bias {
			m.bias[i] = float32(i%3) / 3
		}
		o := ratingRidge{rapid.Float64Range(0.01, 1).Draw(t, "lambda"), rapid.Float64Range(0.01, 1).Draw(t, "bias lambda")}
		if err := o.half(context.Background(), x.users, biased{m.x, m.userBias}, biased{m.y, m.bias}, f, 1); err != nil {
			t.Fatal(err)
		}
		for u := range x.Users() {
			items, vals := x.Row(u)
			loss := func() float64 {
				s := 0.0
				for k, i := range items {
					e := float64(vals[k]) - float64(m.userBias[u]) - float64(m.bias[i])
					for j, a := range m.UserVector(u) {
						e -= float64(a) * float64(m.ItemVector(int(i))[j])
					}
					s += e*e + o.bias*float64(m.userBias[u])*float64(m.userBias[u])
					for _, a := range m.UserVector(u) {
						s += o.vector * float64(a) * float64(a)
					}
				}
				return s
			}
			best := loss()
			for k := -1; k < f; k++ {
				at := &m.userBias[u]
				if k >= 0 {
					at = &m.UserVector(u)[k]
				}
				for _, d := range []float32{0.03, -0.03} {
					was := *at
					*at += d
					if moved := loss(); moved < best-1e-5*(1+best) {
						t.Fatalf("user %d: moving coordinate %d lowers the loss from %v to %v", u, k, best, moved)
					}
					*at = was
				}
			}
		}
	})
}

// The steps of the fit, written down in float64.
func TestMFStepProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &MF{}
		rule := sgdRule{}
		scale := ratingScale{mean: 2, deviation: 0.5}
		stepProp(t, &m.latent, &rule, true,
			func(x *Interactions, c *sgdCell, _ *pairScratch) {
				m.cell(x.users, c, &scale, ratingRidge{rule.regularization, 0.3}, 0.1)
			},
			func(s *slowFactors, x *Interactions, c *sgdCell, _ func() int32) {
				u, pos := c.run(0)
				for _, p := range pos {
					i := x.users.Col[p]
					e := (float64(x.users.Val[p])-2)/0.5 - s.score(u, i)
					xu, yi := s.user(u), s.item(i)
					for k := range s.f {
						a, b := xu[k], yi[k]
						xu[k] += 0.1 * (e*b - rule.regularization*a)
						yi[k] += 0.1 * (e*a - rule.regularization*b)
					}
					s.bias[i] += 0.1 * (e - 0.3*s.bias[i])
					s.userBias[u] += 0.1 * (e - 0.3*s.userBias[u])
				}
			})
	})
}

// The SGD of scikit-surprise, from its start and in its order.
func TestMFGoldenSurprise(t *testing.T) {
	var g struct {
		Users, Items, Factors, Epochs int
		Rate, Regularization, Mean    float64
		Visits                        [][3]float64
		P0, Q0                        []float32
		P, Q, BU, BI                  []float64
	}
	testkit.Golden(t, "surprise.json", &g)
	entries := []sparse.Entry{}
	for _, v := range g.Visits {
		entries = append(entries, sparse.Entry{Row: int32(v[0]), Col: int32(v[1]), Val: float32(v[2])})
	}
	csr, err := sparse.FromEntries(g.Users, g.Items, entries)
	if err != nil {
		t.Fatal(err)
	}
	m := &MF{latent: latent{
		factors: g.Factors, x: g.P0, y: g.Q0, bias: make([]float32, g.Items), userBias: make([]float32, g.Users),
	}}
	cell := &gridCell{}
	for _, e := range entries {
		if n := len(cell.users); n == 0 || cell.users[n-1] != e.Row {
			cell.users, cell.ends = append(cell.users, e.Row), append(cell.ends, 0)
		}
		cell.pos = append(cell.pos, csr.Find(int(e.Row), e.Col))
		cell.ends[len(cell.ends)-1] = int32(len(cell.pos))
	}
	for range g.Epochs {
		m.cell(csr, &sgdCell{gridCell: cell}, &ratingScale{mean: g.Mean, deviation: 1}, ratingRidge{g.Regularization, g.Regularization}, float32(g.Rate))
	}
	for name, pair := range map[string]struct {
		got  []float32
		want []float64
	}{"p": {m.x, g.P}, "q": {m.y, g.Q}, "bu": {m.userBias, g.BU}, "bi": {m.bias, g.BI}} {
		if len(pair.got) != len(pair.want) || len(pair.got) == 0 {
			t.Fatalf("%d of %s, want %d", len(pair.got), name, len(pair.want))
		}
		for i := range pair.got {
			testkit.Near(t, fmt.Sprintf("%s[%d]", name, i), float64(pair.got[i]), pair.want[i], 1e-5)
		}
	}
}

func TestMFOptions(t *testing.T) {
	x, _ := ratings(10, 9, 0.5, 1)
	_, err := FitMF(context.Background(), x, MFOptions{
		Factors: -1, Epochs: -2, Rate: math.NaN(), Decay: 2, Regularization: math.Inf(1), BiasRegularization: math.NaN(), Min: 2, Max: 1,
	})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Factors", "Epochs", "Rate", "Decay", "Regularization", "BiasRegularization", "Min, Max"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
	if _, err := FitMF(context.Background(), x, MFOptions{Rate: 10, Epochs: 500, Regularization: -1, BiasRegularization: -1}); !errors.Is(err, ErrDiverged) {
		t.Errorf("a rate of 10: %v", err)
	}
}

func BenchmarkFitMF(b *testing.B) {
	x, _ := ratings(2_000, 1_000, 0.2, 1)
	for _, alternating := range []bool{false, true} {
		b.Run(fmt.Sprintf("entries=320k/factors=64/alternating=%v", alternating), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := FitMF(context.Background(), x, MFOptions{Epochs: 2, Alternating: alternating, Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(2*x.Len()*b.N), "ns/rating")
		})
	}
}
