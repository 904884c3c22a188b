package bandit

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// asked is a policy with the context that it needs.
type asked struct {
	name    string
	policy  Policy
	context []float64
}

func (p asked) choose(dst []Choice, from []int32, k int, request uint64) ([]Choice, error) {
	return p.policy.AppendChoices(dst, Ask{From: from, K: k, Request: request, Context: p.context})
}

func testArms(t testing.TB) (*ClickArms, *LinearArms, []float64) {
	t.Helper()
	c, err := NewClickArms(4)
	if err != nil {
		t.Fatal(err)
	}
	for arm, n := range [][2]int64{{40, 4}, {30, 6}, {10, 2}, {5, 0}} {
		if err := c.AddCounts(int32(arm), n[0], n[1]); err != nil {
			t.Fatal(err)
		}
	}
	l, err := NewLinearArms(4, 3, LinearArmsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	g := rng.New(5, 0, 0)
	for range 30 {
		x := []float64{1, g.Normal(), g.Normal()}
		arm := int32(g.Intn(3))
		if err := l.Add(arm, x, 0.2*float64(arm)+0.3*x[1]+0.3*g.Normal()); err != nil {
			t.Fatal(err)
		}
	}
	return c, l, []float64{1, 0.5, -0.2}
}

func policies(t testing.TB, epsilon float64) []asked {
	c, l, x := testArms(t)
	e, err := NewEpsilonGreedy(EpsilonGreedyOptions{Epsilon: epsilon, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	th, err := NewThompson(c, ThompsonOptions{Epsilon: epsilon, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	lt, err := NewLinearThompson(l, ThompsonOptions{Epsilon: epsilon, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	u, err := NewLinUCB(l, LinUCBOptions{Epsilon: epsilon, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	ucb, err := NewUCB(c, UCBOptions{Epsilon: epsilon, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	return []asked{{"EpsilonGreedy", e, nil}, {"Thompson", th, nil}, {"LinearThompson", lt, x}, {"LinUCB", u, x}, {"UCB", ucb, nil}}
}

// TestPropensities: over many requests each list comes as often as the product
// of its propensities says, and Σ 1/propensity of one list estimates the number of
// requests, which is what off-policy estimators rest on.
func TestPropensities(t *testing.T) {
	const requests = 4000
	from := []int32{0, 1, 2, 3}
	for _, p := range policies(t, 0.2) {
		t.Run(p.name, func(t *testing.T) {
			count := map[[2]int32]int{}
			mean := map[[2]int32]float64{}
			var dst []Choice
			for r := range uint64(requests) {
				var err error
				if dst, err = p.choose(dst[:0], from, 2, r); err != nil || len(dst) != 2 {
					t.Fatal(dst, err)
				}
				key := [2]int32{dst[0].Item, dst[1].Item}
				if key[0] == key[1] {
					t.Fatal("an arm twice")
				}
				for _, c := range dst {
					if !(c.Propensity > 0 && c.Propensity <= 1) || c.Error < 0 || c.Error > 0.5/math.Sqrt(200)+1e-9 {
						t.Fatalf("%+v", c)
					}
				}
				count[key]++
				mean[key] += dst[0].Propensity * dst[1].Propensity
			}
			for key, n := range count {
				want := mean[key] / float64(n) * requests
				if d := math.Abs(float64(n) - want); d > 5*math.Sqrt(want)+0.02*want {
					t.Errorf("list %v came %d times, propensities say %.1f", key, n, want)
				}
			}
			if len(count) != 12 {
				t.Errorf("%d of 12 lists ever came", len(count))
			}
		})
	}
}

// TestThompsonPropensity compares with numerical integration and with the
// stated error.
func TestThompsonPropensity(t *testing.T) {
	c, _, _ := testArms(t)
	p, err := NewThompson(c, ThompsonOptions{Epsilon: -1, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	// ∫ f_i Π_{j≠i} F_j by the midpoint rule; the densities are differences of F.
	exact := make([]float64, 4)
	const steps = 20000
	for s := range steps {
		lo, hi := float64(s)/steps, float64(s+1)/steps
		for i := range exact {
			v := betaAbove(p.a[i], p.b[i], lo) - betaAbove(p.a[i], p.b[i], hi)
			for j := range exact {
				if j != i {
					v *= 1 - betaAbove(p.a[j], p.b[j], (lo+hi)/2)
				}
			}
			exact[i] += v
		}
	}
	outside, n := 0, 0
	for r := range uint64(400) {
		got, err := p.AppendChoices(nil, Ask{From: []int32{0, 1, 2, 3}, K: 1, Request: r})
		if err != nil {
			t.Fatal(err)
		}
		want := exact[got[0].Item]
		n++
		if math.Abs(got[0].Propensity-want) > 2*got[0].Error {
			outside++
		}
		if math.Abs(got[0].Propensity-want) > 0.15 {
			t.Errorf("arm %d: %+v, exact %v", got[0].Item, got[0], want)
		}
	}
	if outside > n/10 {
		t.Errorf("%d of %d outside of two standard errors", outside, n)
	}
}

// TestEpsilonGreedyProp: the propensities of all arms add up to 1, and each is
// epsilon/left, plus 1-epsilon for the best.
func TestEpsilonGreedyProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		k := rapid.IntRange(1, 10).Draw(t, "k")
		eps := rapid.Float64Range(0.01, 1).Draw(t, "epsilon")
		e, err := NewEpsilonGreedy(EpsilonGreedyOptions{Epsilon: eps, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		from := make([]int32, n) // best first, whatever the order of the numbers
		for i := range from {
			from[i] = int32(10 + i)
		}
		for i := range from {
			at := rapid.IntRange(i, n-1).Draw(t, "rank")
			from[i], from[at] = from[at], from[i]
		}
		got, err := e.AppendChoices(nil, Ask{From: from, K: k, Request: rapid.Uint64().Draw(t, "request")})
		if err != nil || len(got) != min(k, n) {
			t.Fatal(got, err)
		}
		left := slices.Clone(from)
		for _, c := range got {
			at := slices.Index(left, c.Item)
			if at < 0 {
				t.Fatalf("%v is not left", c)
			}
			want := eps / float64(len(left))
			if at == 0 {
				want += 1 - eps
			}
			if math.Abs(c.Propensity-want) > 1e-12 || c.Error != 0 {
				t.Fatalf("%+v, want %v", c, want)
			}
			left = slices.Delete(left, at, at+1)
		}
	})
}

// TestLinUCBOracle compares bounds with the formula, with the inverse of gonum.
func TestLinUCBOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		d, arms := 1+g.Intn(5), 1+g.Intn(3)
		l, err := NewLinearArms(arms, d, LinearArmsOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ridge, alpha := 0.5+g.Float64(), 2*g.Float64()+0.01
		a := make([]*mat.Dense, arms)
		b := make([][]float64, arms)
		for m := range arms {
			a[m], b[m] = mat.NewDense(d, d, nil), make([]float64, d)
			for i := range d {
				a[m].Set(i, i, ridge)
			}
		}
		draw := func() []float64 {
			x := make([]float64, d)
			for i := range x {
				x[i] = g.Normal()
			}
			return x
		}
		for range g.Intn(20) {
			m, x, r := g.Intn(arms), draw(), g.Normal()
			if err := l.Add(int32(m), x, r); err != nil {
				t.Fatal(err)
			}
			for i := range d {
				b[m][i] += r * x[i]
				for j := range d {
					a[m].Set(i, j, a[m].At(i, j)+x[i]*x[j])
				}
			}
		}
		p, err := NewLinUCB(l, LinUCBOptions{Alpha: alpha, L2: ridge})
		if err != nil {
			t.Fatal(err)
		}
		x := draw()
		for m := range arms {
			var inv mat.Dense
			if err := inv.Inverse(a[m]); err != nil {
				t.Fatal(err)
			}
			mean, v := 0.0, 0.0
			for i := range d {
				for j := range d {
					mean += x[i] * inv.At(i, j) * b[m][j]
					v += x[i] * inv.At(i, j) * x[j]
				}
			}
			got, err := p.Bound(int32(m), x)
			if want := mean + alpha*math.Sqrt(v); err != nil || !testkit.Close(got, want, 1e-9, 1e-9) {
				t.Fatalf("bound %v (%v), want %v", got, err, want)
			}
		}
	})
}

// TestBanditsLearn: with a planted best arm, each policy ends up choosing it.
func TestBanditsLearn(t *testing.T) {
	const rounds = 1500
	rate := []float64{0.05, 0.1, 0.3, 0.1}
	c, _ := NewClickArms(4)
	l, _ := NewLinearArms(4, 2, LinearArmsOptions{})
	from := []int32{0, 1, 2, 3}
	good := [3]int{}
	g := rng.New(4, 0, 0)
	for r := range uint64(rounds) {
		th, err := NewThompson(c, ThompsonOptions{Samples: 2})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := th.AppendChoices(nil, Ask{From: from, K: 1, Request: r})
		_ = c.Add(got[0].Item, g.Bool(rate[got[0].Item]))
		// The best arm depends on the sign of the context.
		x := []float64{1, 1}
		best := int32(2)
		if g.Bool(0.5) {
			x[1], best = -1, 1
		}
		u, err := NewLinUCB(l, LinUCBOptions{})
		if err != nil {
			t.Fatal(err)
		}
		choice, _ := u.AppendChoices(nil, Ask{From: from, K: 1, Request: r, Context: x})
		reward := 0.1 * g.Normal()
		if choice[0].Item == best {
			reward++
		}
		_ = l.Add(choice[0].Item, x, reward)
		if r >= rounds/2 {
			if got[0].Item == 2 {
				good[0]++
			}
			if choice[0].Item == best {
				good[1]++
			}
		}
	}
	if good[0] < rounds/2*7/10 || good[1] < rounds/2*9/10 {
		t.Errorf("of %d late rounds, Thompson found the best arm in %d, LinUCB in %d", rounds/2, good[0], good[1])
	}
}

// TestPoliciesNarrow: what Free rules out is not chosen, propensities are those
// among what is left, and Took hears of every choice before Free is asked.
func TestPoliciesNarrow(t *testing.T) {
	for _, p := range policies(t, 1) { // all chance, so propensities are 1/left
		for r := range uint64(50) {
			var took []int32
			got, err := p.policy.AppendChoices(nil, Ask{
				From: []int32{3, 1, 0, 2}, K: 4, Request: r, Context: p.context,
				Took: func(i int32) { took = append(took, i) },
				Free: func(i int32) bool { return i%2 != took[len(took)-1]%2 }, // neighbours exclude each other
			})
			if err != nil || len(got) != 2 || len(took) != 2 {
				t.Fatalf("%s: %v, took %v, %v", p.name, got, took, err)
			}
			for k, c := range got {
				if want := 1 / float64(4-2*k); c.Item != took[k] || math.Abs(c.Propensity-want) > 1e-12 {
					t.Fatalf("%s: place %d: %+v, took %v, want propensity %v", p.name, k, c, took, want)
				}
			}
			if got[0].Item%2 == got[1].Item%2 {
				t.Fatalf("%s: %v and %v exclude each other", p.name, got[0], got[1])
			}
		}
	}
}

func TestPoliciesConformance(t *testing.T) {
	testkit.AtGOMAXPROCS(t, func() []byte {
		var out []byte
		for _, p := range policies(t, 0.1) {
			for r := range uint64(20) {
				got, err := p.choose(nil, []int32{3, 1, 2}, 3, r)
				if err != nil {
					t.Fatal(err)
				}
				out = fmt.Append(out, got)
			}
		}
		return out
	})
}

func TestPoliciesBadInput(t *testing.T) {
	c, l, x := testArms(t)
	nan := math.NaN()
	for name, err := range map[string]error{
		"epsilon":      second(NewEpsilonGreedy(EpsilonGreedyOptions{Epsilon: 2})),
		"epsilon NaN":  second(NewEpsilonGreedy(EpsilonGreedyOptions{Epsilon: nan})),
		"samples":      second(NewThompson(c, ThompsonOptions{Samples: 1})),
		"prior":        second(NewThompson(c, ThompsonOptions{Success: -1})),
		"spread":       second(NewLinearThompson(l, ThompsonOptions{Spread: nan})),
		"ridge":        second(NewLinUCB(l, LinUCBOptions{L2: -1})),
		"alpha":        second(NewLinUCB(l, LinUCBOptions{Alpha: nan})),
		"no arms":      second(NewClickArms(0)),
		"no features":  second(NewLinearArms(1, 0, LinearArmsOptions{})),
		"arms of none": second(NewLinearArms(0, 2, LinearArmsOptions{})),
	} {
		if !errors.Is(err, ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, none := range []*ClickArms{nil, {}} {
		if _, err := NewThompson(none, ThompsonOptions{}); !errors.Is(err, ErrEmpty) {
			t.Error(err)
		}
	}
	for _, none := range []*LinearArms{nil, {}} {
		if _, err := NewLinUCB(none, LinUCBOptions{}); !errors.Is(err, ErrEmpty) {
			t.Error(err)
		}
		if _, err := NewLinearThompson(none, ThompsonOptions{}); !errors.Is(err, ErrEmpty) {
			t.Error(err)
		}
	}
	for _, c := range []struct{ arms, d, limit int64 }{{1 << 30, 4096, 1 << 56}, {1000, 1000, 0}, {10, 10, 8*10*111 - 1}} {
		if _, err := NewLinearArms(int(c.arms), int(c.d), LinearArmsOptions{MemoryLimit: c.limit}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d arms of %d features in %d bytes: %v", c.arms, c.d, c.limit, err)
		}
	}
	if _, err := NewLinearArms(10, 10, LinearArmsOptions{MemoryLimit: 8 * 10 * 111}); err != nil {
		t.Error(err)
	}
	if _, err := NewLinearArms(1<<30, 4096, LinearArmsOptions{}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	before, _ := l.MarshalBinary()
	for name, tc := range map[string]struct{ err, want error }{
		"arm": {c.Add(4, true), ErrUnknownID}, "negative arm": {c.Add(-1, true), ErrUnknownID}, "counts": {c.AddCounts(0, 1, 2), ErrRange},
		"overflow": {c.AddCounts(0, math.MaxInt64, 0), ErrOverflow}, "self": {c.Merge(c), ErrMismatch}, "nil": {c.Merge(nil), ErrMismatch},
		"linear arm": {l.Add(9, x, 1), ErrUnknownID}, "short": {l.Add(0, x[:1], 1), ErrShape}, "reward": {l.Add(0, x, nan), ErrNotFinite},
		"context": {l.Add(0, []float64{1, 2, nan}, 1), ErrNotFinite}, "huge": {l.Add(0, []float64{1, 2, 1e200}, 1), ErrRange},
		"linear self": {l.Merge(l), ErrMismatch}, "linear nil": {l.Merge(nil), ErrMismatch},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: %v", name, tc.err)
		}
	}
	if after, _ := l.MarshalBinary(); !bytes.Equal(before, after) {
		t.Error("errors changed the arms")
	}
	for _, p := range policies(t, 0.1) {
		if _, err := p.choose(nil, []int32{1}, 0, 1); !errors.Is(err, ErrOption) {
			t.Errorf("%s: k 0: %v", p.name, err)
		}
		if _, err := p.choose(nil, []int32{1, 1}, 1, 1); !errors.Is(err, ErrDuplicate) {
			t.Errorf("%s: twice: %v", p.name, err)
		}
		if got, err := p.choose(nil, nil, 3, 1); err != nil || len(got) != 0 {
			t.Errorf("%s: none: %v %v", p.name, got, err)
		}
		if got, err := p.choose(nil, []int32{2}, 3, 1); err != nil || len(got) != 1 || math.Abs(got[0].Propensity-1) > 1e-12 {
			t.Errorf("%s: one: %v %v", p.name, got, err)
		}
		if p.name != "EpsilonGreedy" {
			if _, err := p.choose(nil, []int32{4}, 3, 1); !errors.Is(err, ErrUnknownID) {
				t.Errorf("%s: unknown: %v", p.name, err)
			}
		}
	}
	u, _ := NewLinUCB(l, LinUCBOptions{})
	if _, err := u.AppendChoices(nil, Ask{From: []int32{3}, K: 1, Context: []float64{1e300, 1e300, 1e300}}); !errors.Is(err, ErrDiverged) {
		t.Error(err)
	}
	if _, err := u.AppendChoices(nil, Ask{From: []int32{0}, K: 1, Context: x[:2]}); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := u.AppendChoices(nil, Ask{From: []int32{0}, K: 1, Context: []float64{1, 0, nan}}); !errors.Is(err, ErrNotFinite) {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestPoliciesAllocs(t *testing.T) {
	if testkit.Race {
		t.Skip("sync.Pool drops items under the race detector")
	}
	dst := make([]Choice, 0, 4)
	from := []int32{0, 1, 2, 3}
	for _, p := range policies(t, 0.1) {
		if n := testing.AllocsPerRun(50, func() {
			if _, err := p.choose(dst, from, 3, 9); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", p.name, n)
		}
	}
}

// TestArmsMerge: shards merge to one pass; counts exactly, sums to rounding, and
// in any order.
func TestArmsMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		var c [4]*ClickArms
		var l [4]*LinearArms
		for i := range c {
			c[i], _ = NewClickArms(3)
			l[i], _ = NewLinearArms(3, 2, LinearArmsOptions{})
		}
		for range 40 {
			arm, hit := int32(g.Intn(3)), g.Bool(0.3)
			x, r := []float64{float64(g.Intn(9) - 4), float64(g.Intn(9) - 4)}, float64(g.Intn(5))
			for _, s := range []int{0, 1 + g.Intn(3)} {
				if c[s].Add(arm, hit) != nil || l[s].Add(arm, x, r) != nil {
					t.Fatal("Add")
				}
			}
		}
		order := g.Perm(3)
		empty, _ := NewClickArms(3)
		none, _ := NewLinearArms(3, 2, LinearArmsOptions{})
		for _, i := range order {
			if empty.Merge(c[1+i]) != nil || none.Merge(l[1+i]) != nil {
				t.Fatal("Merge")
			}
		}
		a, _ := c[0].MarshalBinary()
		b, _ := empty.MarshalBinary()
		if !bytes.Equal(a, b) {
			t.Fatal("counts differ")
		}
		a, _ = l[0].MarshalBinary() // integers, so that the sums are exact
		b, _ = none.MarshalBinary()
		if !bytes.Equal(a, b) {
			t.Fatal("sums differ")
		}
		var back LinearArms
		if err := back.UnmarshalBinary(a); err != nil {
			t.Fatal(err)
		}
		var clicks ClickArms
		a, _ = c[0].MarshalBinary()
		if err := clicks.UnmarshalBinary(a); err != nil {
			t.Fatal(err)
		}
		if n, k := clicks.Counts(1); n != c[0].shown[1] || k != c[0].success[1] || back.Count(1) != l[0].n[1] {
			t.Fatal("decoding changed the counts")
		}
	})
}

func FuzzArmsUnmarshal(f *testing.F) {
	c, l, _ := testArms(f)
	a, _ := c.MarshalBinary()
	b, _ := l.MarshalBinary()
	f.Add(a)
	f.Add(b)
	f.Fuzz(func(t *testing.T, data []byte) {
		data = testkit.Refit(data)
		c := &ClickArms{}
		if c.UnmarshalBinary(data) == nil {
			if again, _ := c.MarshalBinary(); !bytes.Equal(again, data) {
				t.Fatal("not canonical")
			}
			p, err := NewThompson(c, ThompsonOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.AppendChoices(nil, Ask{From: []int32{0}, K: 1}); err != nil {
				t.Fatal(err)
			}
		}
		l := &LinearArms{}
		if l.UnmarshalBinary(data) == nil {
			if again, _ := l.MarshalBinary(); !bytes.Equal(again, data) {
				t.Fatal("not canonical")
			}
			if p, err := NewLinUCB(l, LinUCBOptions{}); err == nil {
				_, err = p.AppendChoices(nil, Ask{From: []int32{0}, K: 1, Context: make([]float64, l.Features())})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkPolicies(b *testing.B) {
	for _, p := range policies(b, 0.1) {
		b.Run("policy="+p.name+"/arms=4/k=1", func(b *testing.B) {
			b.ReportAllocs()
			var dst []Choice
			from := []int32{0, 1, 2, 3}
			r := uint64(0)
			for b.Loop() {
				dst, _ = p.choose(dst[:0], from, 1, r)
				r++
			}
		})
	}
}
