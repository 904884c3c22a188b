package online

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

// slow is a factorisation machine in float64 that goes over pairs, with gradients by its definition.
type slow struct {
	w, hw  []float64
	v, hv  [][]float64 // by place: a vector for each field
	fields int
	k      int
	base   [2]float64
	opt    FMOptions
}

func slowOf(m *machine) *slow {
	s := &slow{fields: m.fields, k: m.factors, opt: m.opt, base: [2]float64{m.base, m.baseSquares}}
	for p := range uint32(1 << m.space.bits) {
		row := m.at(p)
		s.w, s.hw = append(s.w, float64(row[0])), append(s.hw, 1)
		v, h := make([]float64, len(row)-1), make([]float64, len(row)-1)
		for i, x := range row[1:] {
			v[i], h[i] = float64(x), 1
		}
		s.v, s.hv = append(s.v, v), append(s.hv, h)
	}
	return s
}

// of is where the vector of a for b begins.
func (s *slow) of(b cell) int {
	if s.fields == 1 {
		return 0
	}
	return int(b.field) * s.k
}

// learn returns the score before.
func (s *slow) learn(x example, y, weight float64) float64 {
	norm := 1.0
	if s.opt.Normalize {
		sum := 0.0
		for _, c := range x.cells {
			sum += c.value * c.value
		}
		if sum > 0 {
			norm = 1 / math.Sqrt(sum)
		}
	}
	score := s.base[0] + x.offset
	gw, gv := map[uint32]float64{}, map[[2]uint32]float64{}
	for i, a := range x.cells {
		za := a.value * norm
		score += s.w[a.index] * za
		gw[a.index] = za
		for _, b := range x.cells[:i] {
			zz := za * b.value * norm
			for k := range s.k {
				u, v := s.of(b)+k, s.of(a)+k
				score += s.v[a.index][u] * s.v[b.index][v] * zz
				gv[[2]uint32{a.index, uint32(u)}] += s.v[b.index][v] * zz
				gv[[2]uint32{b.index, uint32(v)}] += s.v[a.index][u] * zz
			}
		}
	}
	slope := weight * (y - score) * -1
	if s.opt.Loss == Logistic {
		slope = weight * (1/(1+math.Exp(-score)) - y)
	}
	move := func(x, h *float64, g float64) {
		*h += g * g
		*x -= s.opt.Rate * g / math.Sqrt(*h)
	}
	for p, z := range gw {
		move(&s.w[p], &s.hw[p], slope*z+s.opt.L2*s.w[p])
	}
	for at, d := range gv {
		move(&s.v[at[0]][at[1]], &s.hv[at[0]][at[1]], slope*d+s.opt.L2*s.v[at[0]][at[1]])
	}
	if !s.opt.NoIntercept {
		move(&s.base[0], &s.base[1], slope)
	}
	return score
}

// Streams of rows with one feature of each namespace, so that steps have one order, end where gradients by definition lead.
func TestFMOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	s, err := NewSpace(SpaceOptions{Bits: 12, Namespaces: []string{"user", "ad", "site"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, fields := range map[string]int{"fm": 1, "field": 3} {
		for _, opt := range []FMOptions{{}, {Factors: 3, Loss: Squared, Rate: .2}, {Normalize: true, L2: .01, NoIntercept: true, Spread: .5}} {
			m, err := newMachine("", s, opt, fields)
			if err != nil {
				t.Fatal(err)
			}
			o, row := slowOf(&m), s.Row()
			for step := range 200 {
				row.Reset()
				for i, n := range []string{"user", "ad", "site"} {
					if r.IntN(5) > 0 {
						row.Add(n, string(rune('a'+r.IntN(4+i))), 1+math.Round(2*r.NormFloat64())/4)
					}
				}
				row.Offset(r.NormFloat64() / 4)
				y, weight := float64(r.IntN(2)), float64(1+r.IntN(2))
				x, err := row.read(s)
				if err != nil {
					t.Fatal(err)
				}
				score, _, ok := m.learn(x, y, weight)
				want := o.learn(x, y, weight)
				if !ok || math.Abs(score-want) > 1e-3*(1+math.Abs(want)) {
					t.Fatalf("%s: step %d: score %v, want %v", name, step, score, want)
				}
			}
			moved := 0.0
			for p := range uint32(1 << s.bits) {
				for i, x := range m.at(p)[1:] {
					testkit.Near(t, name, float64(x), o.v[p][i], 1e-3)
					moved = max(moved, math.Abs(float64(m.squares[int(p)*m.stride()+1+i])-1))
				}
			}
			if moved < .01 {
				t.Errorf("%s: vectors hardly move", name)
			}
		}
	}
}
