package bandit

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// TestUCBRegret: the regret stays below the bound of Auer, Cesa-Bianchi and Fischer (2002, theorem 1), and grows
// with the logarithm of the rounds, where that of chance grows with their number.
func TestUCBRegret(t *testing.T) {
	rate := []float64{.1, .25, .4, .7, .55}
	from := []int32{0, 1, 2, 3, 4}
	for seed := range testkit.Seeds(5) {
		g := rng.New(seed, 30, 0)
		arms, _ := NewClickArms(len(rate))
		var regret [2]float64
		const rounds = 6000
		for r := range rounds {
			p, err := NewUCB(arms, UCBOptions{Epsilon: -1})
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.AppendChoices(nil, Ask{From: from, K: 1, Request: uint64(r)})
			if err != nil || got[0].Propensity != 1 {
				t.Fatal(got, err)
			}
			regret[r*2/rounds] += .7 - rate[got[0].Item]
			_ = arms.Add(got[0].Item, g.Bool(rate[got[0].Item]))
		}
		bound := 0.
		for _, x := range rate {
			if d := .7 - x; d > 0 {
				bound += 8*math.Log(rounds)/d + (1+math.Pi*math.Pi/3)*d
			}
		}
		chance := rounds * (.7 - (.1+.25+.4+.7+.55)/5)
		if all := regret[0] + regret[1]; all > bound || all > chance/5 || regret[1] > regret[0]/2 {
			t.Errorf("seed %d: regret %v, of it late %v; bound %v, by chance %v", seed, all, regret[1], bound, chance)
		}
	}
}

// TestUCBKnown: bounds by hand, and arms never shown first.
func TestUCBKnown(t *testing.T) {
	arms, _ := NewClickArms(3)
	for arm, n := range [][2]int64{{80, 40}, {20, 8}, {0, 0}} {
		if err := arms.AddCounts(int32(arm), n[0], n[1]); err != nil {
			t.Fatal(err)
		}
	}
	p, err := NewUCB(arms, UCBOptions{Epsilon: -1})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "bound", p.bound[0], .5+math.Sqrt(2*math.Log(100)/80), 1e-15)
	testkit.Near(t, "bound", p.bound[1], .4+math.Sqrt(2*math.Log(100)/20), 1e-15)
	got, err := p.AppendChoices(nil, Ask{From: []int32{0, 1, 2}, K: 3})
	if err != nil || got[0].Item != 2 || got[1].Item != 1 || got[2].Item != 0 {
		t.Errorf("%v, %v", got, err)
	}
	for _, none := range []*ClickArms{nil, {}} {
		if _, err := NewUCB(none, UCBOptions{}); !errors.Is(err, ErrEmpty) {
			t.Error(err)
		}
	}
	for _, opt := range []UCBOptions{{Width: math.NaN()}, {Width: math.Inf(1)}, {Epsilon: 2}, {Epsilon: math.Inf(-1)}} {
		if _, err := NewUCB(arms, opt); !errors.Is(err, ErrOption) {
			t.Errorf("%+v: %v", opt, err)
		}
	}
}

func BenchmarkUCB(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("arms=%d", n), func(b *testing.B) {
			arms, _ := NewClickArms(n)
			from := make([]int32, n)
			for i := range from {
				from[i] = int32(i)
				_ = arms.AddCounts(int32(i), 100, int64(i%50))
			}
			p, err := NewUCB(arms, UCBOptions{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			var dst []Choice
			r := uint64(0)
			for b.Loop() {
				if dst, err = p.AppendChoices(dst[:0], Ask{From: from, K: 3, Request: r}); err != nil {
					b.Fatal(err)
				}
				r++
			}
		})
	}
}
