package experiment_test

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

// A product of one price has no variance per order, in whatever order users come and
// however shards are merged.
func TestRatioOfOnePrice(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var a, b [2]experiment.RatioMoments
		for _, i := range rng.Perm(100) {
			k, orders := rng.IntN(2), 0.0
			if i < 20 {
				orders = float64(1 + i%3)
			}
			if err := errors.Join(a[k].Add(19.99*orders, orders), b[k].Add(21*orders, orders)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(a[0].Merge(&a[1]), b[0].Merge(&b[1])); err != nil {
			t.Fatal(err)
		}
		for scale := range metrics.ScaleOdds {
			if e, err := experiment.CompareRatios(a[0], b[0], metrics.CompareOptions{Scale: scale}); !errors.Is(err, experiment.ErrUndefined) {
				t.Fatalf("%v, %v", e, err)
			}
		}
	}
}

func TestCohenHRange(t *testing.T) {
	for _, p := range [][2]float64{{2, 1}, {-.1, .5}, {.5, math.NaN()}} {
		if h := experiment.CohenH(p[0], p[1]); !math.IsNaN(h) {
			t.Errorf("%v: %v", p, h)
		}
	}
}

// Secret keys: who knows the salt alone cannot tell the arm, shares are as planned, and arms of one
// salt do not tell those of another.
func TestKeyedAssigner(t *testing.T) {
	key := []byte("0123456789abcdef")
	a := ok[*experiment.Assigner](t)(experiment.NewKeyedAssigner(key, "mail", []float64{1, 3}))
	same := ok[*experiment.Assigner](t)(experiment.NewKeyedAssigner(append([]byte{}, key...), "mail", []float64{1, 3}))
	others := []*experiment.Assigner{
		ok[*experiment.Assigner](t)(experiment.NewKeyedAssigner([]byte("0123456789abcdeg"), "mail", []float64{1, 3})),
		ok[*experiment.Assigner](t)(experiment.NewKeyedAssigner(key, "mail2", []float64{1, 3})),
		ok[*experiment.Assigner](t)(experiment.NewAssigner("mail", []float64{1, 3})),
	}
	const n = 20_000
	treated, agree := 0, make([]int, len(others))
	for i := range n {
		id := fmt.Sprint("user", i)
		arm := a.Arm(id)
		if arm != same.Arm(id) || a.ArmID(uint64(i)) != same.ArmID(uint64(i)) {
			t.Fatal("one key, two answers")
		}
		treated += arm
		for j, o := range others {
			if o.Arm(id) == arm {
				agree[j]++
			}
		}
	}
	if math.Abs(float64(treated)/n-.75) > .015 {
		t.Errorf("%d of %d treated", treated, n)
	}
	for j, x := range agree {
		if math.Abs(float64(x)/n-(.75*.75+.25*.25)) > .02 {
			t.Errorf("other %d agrees in %d of %d", j, x, n)
		}
	}
	// The format: HMAC-SHA-256, by Python 3.11, hmac and hashlib.
	if got := [4]int{a.Arm("ann"), a.Arm("bob"), a.Arm("carl"), a.Arm("dora")}; got != ([4]int{1, 1, 1, 1}) {
		t.Errorf("arms %v", got)
	}
	if _, err := experiment.NewKeyedAssigner(key[:15], "mail", []float64{1, 1}); !errors.Is(err, experiment.ErrOption) {
		t.Errorf("short key: %v", err)
	}
	if _, err := experiment.NewKeyedAssigner(key, "", []float64{1, 1}); !errors.Is(err, experiment.ErrEmpty) {
		t.Errorf("no salt: %v", err)
	}
}

// Sums are clipped on both sides, above 0 only where asked, and of ratios above the line.
func TestClippedMetrics(t *testing.T) {
	opt := experiment.Options{Arms: []string{"a", "b"}, Outcomes: 2, Metrics: []experiment.Metric{
		{Name: "both", Cap: .9, Floor: .1},
		{Name: "positive", Cap: .5, Positive: true},
		{Name: "ratio", Kind: experiment.Ratio, Per: 1, Cap: .9, Floor: .1},
	}}
	x := ok[*experiment.Run[int]](t)(experiment.New[int](opt))
	plain := ok[*experiment.Run[int]](t)(experiment.New[int](experiment.Options{Arms: opt.Arms, Outcomes: 4, Metrics: []experiment.Metric{
		{Name: "both", Outcome: 1}, {Name: "positive", Outcome: 2}, {Name: "ratio", Kind: experiment.Ratio, Outcome: 1, Per: 3},
	}}))
	for i := range 101 { // sums of 0 to 100, quantiles 10, 90, and 50.5 of those above 0
		v, orders := float64(i), float64(1+i%4)
		low, pos := min(max(v, 10), 90), min(v, 50.5)
		if err := errors.Join(x.Assign(i, i%2), x.Add(i, 0, v), x.Add(i, 1, orders), plain.Assign(i, i%2), plain.Add(i, 1, low), plain.Add(i, 2, pos), plain.Add(i, 3, orders)); err != nil {
			t.Fatal(err)
		}
	}
	got, want := ok[experiment.Result](t)(x.Result()), ok[experiment.Result](t)(plain.Result())
	for i, r := range got.Rows {
		w := want.Rows[i].Effect
		if r.Err != nil || math.Abs(r.Effect.Estimate-w.Estimate) > 1e-12 || math.Abs(r.Effect.SE-w.SE) > 1e-12 {
			t.Errorf("%s: %v, want %v", r.Metric, r.Effect, w)
		}
	}
	for _, bad := range []experiment.Metric{
		{Cap: .5, Floor: .5}, {Floor: -.1}, {Floor: math.NaN()}, {Kind: experiment.Proportion, Floor: .1}, {Kind: experiment.Ratio, CUPED: true, Cap: .9}, {Scale: metrics.ScaleOdds},
	} {
		if _, err := experiment.New[int](experiment.Options{Arms: opt.Arms, Outcomes: 1, Metrics: []experiment.Metric{bad}}); !errors.Is(err, experiment.ErrOption) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// A run that forgot a user is, to the byte, the one that never saw him.
func TestForget(t *testing.T) {
	opt := experiment.Options{Arms: []string{"a", "b"}, Outcomes: 2, Metrics: []experiment.Metric{{Name: "m"}}}
	for gone := range 7 {
		with, without := ok[*experiment.Run[int]](t)(experiment.New[int](opt)), ok[*experiment.Run[int]](t)(experiment.New[int](opt))
		var c, left experiment.Clusters[int]
		for i := range 6 {
			err := errors.Join(with.Assign(i, i%2), with.Add(i, 1, float64(i)), with.AddPre(i, 0, 3), c.Add(i, float64(i)))
			if i != gone {
				err = errors.Join(err, without.Assign(i, i%2), without.Add(i, 1, float64(i)), without.AddPre(i, 0, 3), left.Add(i, float64(i)))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if with.Forget(gone) != (gone < 6) || with.Forget(gone) || c.Forget(gone) != (gone < 6) || c.Forget(gone) {
			t.Errorf("%d", gone)
		}
		for _, p := range [][2]encoding.BinaryMarshaler{{with, without}, {&c, &left}} {
			if !bytes.Equal(ok[[]byte](t)(p[0].MarshalBinary()), ok[[]byte](t)(p[1].MarshalBinary())) {
				t.Errorf("%T still knows of %d", p[0], gone)
			}
		}
	}
}
