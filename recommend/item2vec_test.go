package recommend

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
)

// The expected counts are those of the comment, pair by pair.
func TestWindowPairsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSequences(t)
		opt := Item2VecOptions{Window: rapid.IntRange(1, 5).Draw(t, "window"), Subsample: rapid.SampledFrom([]float64{-1, 0.1}).Draw(t, "subsample")}.withDefaults()
		counts := make([]float64, s.items)
		for _, i := range s.events {
			counts[i]++
		}
		keep := func(i int32) float64 {
			f := counts[i] / float64(len(s.events))
			if opt.Subsample == 0 || f <= opt.Subsample {
				return 1
			}
			return math.Sqrt(opt.Subsample / f)
		}
		want := map[[2]int32]float64{}
		for k := range s.Len() {
			seq := s.Sequence(k)
			for a, i := range seq {
				for b, j := range seq {
					if d := max(a-b, b-a); i != j && d <= opt.Window {
						want[[2]int32{i, j}] += float64(opt.Window-d+1) / float64(opt.Window) * keep(i) * keep(j)
					}
				}
			}
		}
		got, err := windowPairs(context.Background(), s, counts, opt)
		if err != nil {
			t.Fatal(err)
		}
		if err := got.Validate(); err != nil || got.Len() != len(want) {
			t.Fatalf("%d pairs, want %d (%v)", got.Len(), len(want), err)
		}
		for i := range s.items {
			cols, vals := got.Row(i)
			for k, j := range cols {
				if w := want[[2]int32{int32(i), j}]; math.Abs(float64(vals[k])-w) > 1e-5*w {
					t.Fatalf("pair %d %d counts %v, want %v", i, j, vals[k], w)
				}
			}
		}
	})
}

// A step descends along the numeric gradient of its loss.
func TestSkipGramStep(t *testing.T) {
	const rate = 1e-3
	for _, sign := range []float32{1, -1} {
		v, c := []float32{0.3, -0.2, 0.5}, []float32{0.1, 0.4, -0.6}
		loss := func(v, c []float64) float64 {
			s := 0.0
			for k := range v {
				s += v[k] * c[k]
			}
			return math.Log1p(math.Exp(-float64(sign) * s))
		}
		x, y := make([]float64, 3), make([]float64, 3)
		for k := range v {
			x[k], y[k] = float64(v[k]), float64(c[k])
		}
		g := &skipGram{c: c, f: 3, loss: true}
		if got, want := g.step(v, 0, sign, rate), loss(x, y); math.Abs(got-want) > 1e-6 {
			t.Errorf("loss %v, want %v", got, want)
		}
		for k := range x {
			for _, p := range []struct {
				at  []float64
				now float32
			}{{x, v[k]}, {y, c[k]}} {
				const h = 1e-5
				old := p.at[k]
				p.at[k] = old + h
				up := loss(x, y)
				p.at[k] = old - h
				down := loss(x, y)
				p.at[k] = old
				if want := old - rate*(up-down)/(2*h); math.Abs(float64(p.now)-want) > 1e-6 {
					t.Errorf("coordinate %d moves to %v, want %v", k, p.now, want)
				}
			}
		}
	}
}

// Words of a text are items too: words used alike are found alike, although they
// never stand together.
func TestItem2VecText(t *testing.T) {
	var rows [][]int32
	words := map[string]int32{}
	text := "fresh apple juice . fresh pear juice . sweet apple cake . sweet pear cake . steel hammer head . steel axe head . heavy hammer blow . heavy axe blow ."
	for range 30 {
		for _, line := range strings.Split(text, ".") {
			var row []int32
			for _, w := range strings.Fields(line) {
				if _, ok := words[w]; !ok {
					words[w] = int32(len(words))
				}
				row = append(row, words[w])
			}
			rows = append(rows, row)
		}
	}
	s, err := SequencesFromRows(len(words), rows)
	if err != nil {
		t.Fatal(err)
	}
	m, err := FitItem2Vec(context.Background(), s, Item2VecOptions{Factors: 8, Subsample: -1, Epochs: 60, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	for a, b := range map[string]string{"apple": "pear", "hammer": "axe"} {
		near, err := m.AppendSimilar(nil, words[a], 1)
		if err != nil || near[0].Item != words[b] {
			t.Errorf("nearest to %s: %v, want %d (%v)", a, near, words[b], err)
		}
	}
}

func TestItem2VecLossFalls(t *testing.T) {
	var losses []float64
	_, err := FitItem2Vec(context.Background(), clicks(1500, 200, 5), Item2VecOptions{Factors: 16, Epochs: 8, Loss: true, Progress: func(p Progress) { losses = append(losses, p.Loss) }})
	if err != nil {
		t.Fatal(err)
	}
	if len(losses) != 8 || !(losses[7] < 0.9*losses[0]) {
		t.Errorf("losses %v", losses)
	}
}

func TestItem2VecSameBytes(t *testing.T) {
	testkit.AtGOMAXPROCS(t, func() []byte {
		m, err := FitItem2Vec(context.Background(), clicks(1000, 300, 3), Item2VecOptions{Factors: 8, Epochs: 3})
		if err != nil {
			t.Fatal(err)
		}
		return mustMarshal(t, m)
	})
}

func TestItem2VecOptions(t *testing.T) {
	s, _ := SequencesFromRows(3, [][]int32{{0, 1}})
	_, err := FitItem2Vec(context.Background(), s, Item2VecOptions{Factors: -1, Window: -1, Epochs: -1, Rate: -1, Negatives: -1, Power: math.NaN(), Subsample: 2})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Factors", "Window", "Epochs", "Rate", "Negatives", "Power", "Subsample"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

func BenchmarkFitItem2Vec(b *testing.B) {
	s := clicks(20_000, 5_000, 1)
	b.Run("sessions=20k/items=5k/factors=64/epochs=1", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitItem2Vec(context.Background(), s, Item2VecOptions{Epochs: 1}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(s.Events())*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
}
