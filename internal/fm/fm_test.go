package fm_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/aislekit/aisle/internal/fm"
)

// sample is some features of a model.
type sample struct {
	v    [][]float32
	w, z []float32
}

func draw(r *rand.Rand, n, f int) sample {
	s := sample{make([][]float32, n), make([]float32, n), make([]float32, n)}
	for g := range n {
		s.v[g] = make([]float32, f)
		for k := range f {
			s.v[g][k] = float32(r.NormFloat64())
		}
		s.w[g], s.z[g] = float32(r.NormFloat64()), float32(r.NormFloat64())
	}
	return s
}

// pairs is the score by its definition.
func (s sample) pairs() float64 {
	total := 0.0
	for g := range s.v {
		total += float64(s.w[g]) * float64(s.z[g])
		for h := range g {
			for k := range s.v[g] {
				total += float64(s.v[g][k]) * float64(s.v[h][k]) * float64(s.z[g]) * float64(s.z[h])
			}
		}
	}
	return total
}

func (s sample) sum(f int) fm.Sum {
	sum := fm.Sum{V: make([]float32, f)}
	sum.Reset()
	for g := range s.v {
		sum.Add(s.v[g], s.w[g], s.z[g])
	}
	return sum
}

// The sum in O(kn) is the sum over pairs.
func TestScore(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, f := range []int{1, 3, 8, 17, 64} {
		for n := range 9 {
			s := draw(r, n, f)
			sum := s.sum(f)
			if got, want := float64(sum.Score()), s.pairs(); math.Abs(got-want) > 1e-4*(1+math.Abs(want)+float64(n*n*f)/10) {
				t.Errorf("n=%d f=%d: %v, want %v", n, f, got, want)
			}
		}
	}
	one := fm.Sum{V: make([]float32, 2)}
	one.Start([]float32{3, 4}, 7)
	if one.Score() != 7 || one.Alone() != 7-12.5 {
		t.Errorf("one feature: %v, alone %v", one.Score(), one.Alone())
	}
}

// A small step raises the score by what its derivatives, taken numerically from the
// definition, say.
func TestStep(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n, f, rate, h = 5, 6, 1e-3, 1e-2
	s := draw(r, n, f)
	want := 0.0
	at := func(x *float32) {
		was := *x
		*x = was + h
		up := s.pairs()
		*x = was - h
		down := s.pairs()
		*x = was
		d := (up - down) / (2 * h)
		want += rate * d * d
	}
	for g := range n {
		at(&s.w[g])
		for k := range f {
			at(&s.v[g][k])
		}
	}
	sum, before := s.sum(f), s.pairs()
	by := fm.Step{Along: sum.V, Rate: rate, Keep: 1, Own: true}
	for g := range n {
		by.Take(s.v[g], &s.w[g], s.z[g])
	}
	if got := s.pairs() - before; math.Abs(got-want) > .05*want {
		t.Errorf("the score rose by %v, want %v", got, want)
	}
	v, w := []float32{1, 2}, float32(3)
	(&fm.Step{Along: []float32{1, 1}, Rate: 2, Keep: .5}).Take(v, &w, 1)
	if v[0] != 2.5 || v[1] != 3 || w != 3 {
		t.Errorf("a step along another vector leads to %v, %v", v, w)
	}
}
