package recommend

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// chooser is any policy over the arms 0 … n-1, with an oracle that draws a list
// by the definition of the policy.
type chooser struct {
	name   string
	choose func(dst []Choice, from []int32, k int, request uint64) ([]Choice, error)
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
	l, err := NewLinearArms(4, 3)
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

func choosers(t testing.TB, epsilon float64) []chooser {
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
	return []chooser{
		{"EpsilonGreedy", func(dst []Choice, from []int32, k int, r uint64) ([]Choice, error) {
			var s [8]Scored
			list := s[:0]
			for _, a := range from {
				list = append(list, Scored{a, float32(a % 3)})
			}
			return e.AppendChoices(dst, list, k, r)
		}},
		{"Thompson", th.AppendChoices},
		{"LinearThompson", func(dst []Choice, from []int32, k int, r uint64) ([]Choice, error) {
			return lt.AppendChoices(dst, x, from, k, r)
		}},
		{"LinUCB", func(dst []Choice, from []int32, k int, r uint64) ([]Choice, error) {
			return u.AppendChoices(dst, x, from, k, r)
		}},
	}
}

// TestPropensities: over many requests each list comes as often as the product
// of its propensities says, and Σ 1/propensity of one list estimates the number of
// requests, which is what off-policy estimators rest on.
func TestPropensities(t *testing.T) {
	const requests = 4000
	from := []int32{0, 1, 2, 3}
	for _, p := range choosers(t, 0.2) {
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
		got, err := p.AppendChoices(nil, []int32{0, 1, 2, 3}, 1, r)
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
		var from []Scored
		for i := range n {
			from = append(from, Scored{int32(10 + i), float32(rapid.IntRange(0, 3).Draw(t, "score"))})
		}
		got, err := e.AppendChoices(nil, from, k, rapid.Uint64().Draw(t, "request"))
		if err != nil || len(got) != min(k, n) {
			t.Fatal(got, err)
		}
		left := slices.Clone(from)
		for _, c := range got {
			best := 0
			for i := range left {
				if left[i].Score > left[best].Score {
					best = i
				}
			}
			at := slices.IndexFunc(left, func(s Scored) bool { return s.Item == c.Item })
			if at < 0 {
				t.Fatalf("%v is not left", c)
			}
			want := eps / float64(len(left))
			if at == best {
				want += 1 - eps
			}
			if math.Abs(c.Propensity-want) > 1e-12 || c.Error != 0 {
				t.Fatalf("%+v, want %v", c, want)
			}
			left = slices.Delete(left, at, at+1)
		}
	})
}

// TestLinUCBOracle compares bounds with the formula, by Gauss-Jordan inversion.
func TestLinUCBOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		d, arms := 1+g.Intn(5), 1+g.Intn(3)
		l, err := NewLinearArms(arms, d)
		if err != nil {
			t.Fatal(err)
		}
		ridge, alpha := 0.5+g.Float64(), 2*g.Float64()+0.01
		a := make([][][]float64, arms)
		b := make([][]float64, arms)
		for m := range arms {
			a[m], b[m] = make([][]float64, d), make([]float64, d)
			for i := range d {
				a[m][i] = make([]float64, d)
				a[m][i][i] = ridge
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
					a[m][i][j] += x[i] * x[j]
				}
			}
		}
		p, err := NewLinUCB(l, LinUCBOptions{Alpha: alpha, Ridge: ridge})
		if err != nil {
			t.Fatal(err)
		}
		x := draw()
		for m := range arms {
			inv := denseInverse(a[m])
			mean, v := 0.0, 0.0
			for i := range d {
				for j := range d {
					mean += x[i] * inv[i][j] * b[m][j]
					v += x[i] * inv[i][j] * x[j]
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
	l, _ := NewLinearArms(4, 2)
	from := []int32{0, 1, 2, 3}
	good := [3]int{}
	g := rng.New(4, 0, 0)
	for r := range uint64(rounds) {
		th, err := NewThompson(c, ThompsonOptions{Samples: 2})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := th.AppendChoices(nil, from, 1, r)
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
		choice, _ := u.AppendChoices(nil, x, from, 1, r)
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

func TestExploreDeterminism(t *testing.T) {
	testkit.AtGOMAXPROCS(t, func() []byte {
		var out []byte
		for _, p := range choosers(t, 0.1) {
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

func TestExploreBadInput(t *testing.T) {
	c, l, x := testArms(t)
	nan := math.NaN()
	for name, err := range map[string]error{
		"epsilon":      second(NewEpsilonGreedy(EpsilonGreedyOptions{Epsilon: 2})),
		"epsilon NaN":  second(NewEpsilonGreedy(EpsilonGreedyOptions{Epsilon: nan})),
		"samples":      second(NewThompson(c, ThompsonOptions{Samples: 1})),
		"prior":        second(NewThompson(c, ThompsonOptions{Success: -1})),
		"spread":       second(NewLinearThompson(l, ThompsonOptions{Spread: nan})),
		"ridge":        second(NewLinUCB(l, LinUCBOptions{Ridge: -1})),
		"alpha":        second(NewLinUCB(l, LinUCBOptions{Alpha: nan})),
		"no arms":      second(NewClickArms(0)),
		"no features":  second(NewLinearArms(1, 0)),
		"arms of none": second(NewLinearArms(0, 2)),
	} {
		if !errors.Is(err, ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewThompson(nil, ThompsonOptions{}); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
	if _, err := NewLinUCB(nil, LinUCBOptions{}); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
	if _, err := NewLinearArms(1<<30, 4096); !errors.Is(err, ErrTooLarge) {
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
	for _, p := range choosers(t, 0.1) {
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
	e, _ := NewEpsilonGreedy(EpsilonGreedyOptions{})
	if _, err := e.AppendChoices(nil, []Scored{{1, float32(nan)}}, 1, 1); !errors.Is(err, ErrNotFinite) {
		t.Error(err)
	}
	u, _ := NewLinUCB(l, LinUCBOptions{})
	if _, err := u.AppendChoices(nil, []float64{1e300, 1e300, 1e300}, []int32{3}, 1, 1); !errors.Is(err, ErrDiverged) {
		t.Error(err)
	}
	if _, err := u.AppendChoices(nil, x[:2], []int32{0}, 1, 1); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestExploreAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool drops items under the race detector")
	}
	dst := make([]Choice, 0, 4)
	from := []int32{0, 1, 2, 3}
	for _, p := range choosers(t, 0.1) {
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
			l[i], _ = NewLinearArms(3, 2)
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
		none, _ := NewLinearArms(3, 2)
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
		data = refit(data)
		c := &ClickArms{}
		if c.UnmarshalBinary(data) == nil {
			if again, _ := c.MarshalBinary(); !bytes.Equal(again, data) {
				t.Fatal("not canonical")
			}
			p, err := NewThompson(c, ThompsonOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.AppendChoices(nil, []int32{0}, 1, 1); err != nil {
				t.Fatal(err)
			}
		}
		l := &LinearArms{}
		if l.UnmarshalBinary(data) == nil {
			if again, _ := l.MarshalBinary(); !bytes.Equal(again, data) {
				t.Fatal("not canonical")
			}
			if p, err := NewLinUCB(l, LinUCBOptions{}); err == nil {
				_, err = p.AppendChoices(nil, make([]float64, l.Features()), []int32{0}, 1, 1)
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkExplore(b *testing.B) {
	for _, p := range choosers(b, 0.1) {
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
