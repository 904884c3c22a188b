package recommend

import (
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// slowWalk is the formula of the doc comment on dense matrices; nothing is cut.
func slowWalk(x *Interactions, opt RP3BetaOptions) [][]float64 {
	a := denseRows(x, opt.UseWeights)
	scale := func(m [][]float64) [][]float64 {
		out := make([][]float64, len(m))
		for r, row := range m {
			sum := 0.0
			for _, v := range row {
				sum += v
			}
			out[r] = make([]float64, len(row))
			for c, v := range row {
				if v > 0 {
					out[r][c] = math.Pow(v/sum, opt.Alpha)
				}
			}
		}
		return out
	}
	b := denseProduct(scale(denseTranspose(a)), scale(a))
	for j := range b {
		for i := range b[j] {
			if n := x.ItemCounts()[i]; n > 0 {
				b[j][i] /= math.Pow(float64(n), opt.Beta)
			}
		}
		b[j][j] = 0
	}
	return b
}

// checkKept compares a sparse row with the dense one it was cut from: the kept
// values agree, there are at most k, and none left out is better.
func checkKept(t *rapid.T, m *itemWeights, want [][]float64, k int) {
	t.Helper()
	for j := range want {
		cols, vals := m.reaches.Row(j)
		if len(cols) > k {
			t.Fatalf("row %d keeps %d, want at most %d", j, len(cols), k)
		}
		kept := map[int32]bool{}
		worst := math.Inf(1)
		for n, i := range cols {
			kept[i] = true
			worst = min(worst, float64(vals[n]))
			if w := want[j][i]; math.Abs(float64(vals[n])-w) > 1e-4*max(1, w) {
				t.Fatalf("B[%d, %d] = %v, want %v", j, i, vals[n], w)
			}
		}
		for i, w := range want[j] {
			if kept[int32(i)] || int(i) == j {
				continue
			}
			if len(cols) < k && w > 1e-6 || w > worst+1e-5*max(1, worst) {
				t.Fatalf("B[%d, %d] = %v was left out; kept %d of %d, worst %v", j, i, w, len(cols), k, worst)
			}
		}
	}
}

func TestRP3BetaProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawWeighted(t)
		opt := RP3BetaOptions{
			Neighbors:  rapid.IntRange(1, 26).Draw(t, "k"),
			Alpha:      rapid.Float64Range(0.2, 2).Draw(t, "alpha"),
			Beta:       rapid.SampledFrom([]float64{-1, 0.3, 1}).Draw(t, "beta"),
			UseWeights: rapid.Bool().Draw(t, "weights"),
		}
		m, err := FitRP3Beta(context.Background(), x, opt)
		if err != nil {
			t.Fatal(err)
		}
		slow := opt
		slow.Beta = max(opt.Beta, 0)
		checkKept(t, &m.itemWeights, slowWalk(x, slow), opt.Neighbors)

		opt.Normalize = true
		n, err := FitRP3Beta(context.Background(), x, opt)
		if err != nil {
			t.Fatal(err)
		}
		for j := range x.Items() {
			_, vals := m.reaches.Row(j)
			_, norm := n.reaches.Row(j)
			sum := 0.0
			for _, v := range vals {
				sum += float64(v)
			}
			for k := range norm {
				if math.Abs(float64(norm[k])*sum-float64(vals[k])) > 1e-5*sum {
					t.Fatalf("row %d: normalised %v from %v", j, norm, vals)
				}
			}
		}
	})
}

func TestRP3BetaOptions(t *testing.T) {
	_, err := FitRP3Beta(context.Background(), groups(10, 9, 2, 1), RP3BetaOptions{Neighbors: -1, Alpha: -1, Beta: math.NaN()})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Neighbors", "Alpha", "Beta"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

func BenchmarkFitRP3Beta(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	b.Run("users=10k/items=3k/entries=400k/neighbors=200", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitRP3Beta(context.Background(), x, RP3BetaOptions{}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(x.Len())*float64(b.N)/b.Elapsed().Seconds(), "interactions/s")
	})
}
