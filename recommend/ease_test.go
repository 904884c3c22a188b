package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// denseRows returns x as rows of float64, binary unless weights count.
func denseRows(x *Interactions, weights bool) [][]float64 {
	out := make([][]float64, x.Users())
	for u := range out {
		out[u] = make([]float64, x.Items())
		items, w := x.Row(u)
		for k, i := range items {
			if out[u][i] = float64(w[k]); !weights && w[k] != 0 {
				out[u][i] = 1
			}
		}
	}
	return out
}

func denseTranspose(a [][]float64) [][]float64 {
	out := make([][]float64, len(a[0]))
	for j := range out {
		out[j] = make([]float64, len(a))
		for i := range a {
			out[j][i] = a[i][j]
		}
	}
	return out
}

func denseProduct(a, b [][]float64) [][]float64 {
	out := make([][]float64, len(a))
	for i := range a {
		out[i] = make([]float64, len(b[0]))
		for k, v := range a[i] {
			for j, w := range b[k] {
				out[i][j] += v * w
			}
		}
	}
	return out
}

// denseInverse is Gauss-Jordan elimination with partial pivoting.
func denseInverse(a [][]float64) [][]float64 {
	n := len(a)
	m := make([][]float64, n)
	for i := range m {
		m[i] = append(append([]float64(nil), a[i]...), make([]float64, n)...)
		m[i][n+i] = 1
	}
	for c := range n {
		p := c
		for r := c; r < n; r++ {
			if math.Abs(m[r][c]) > math.Abs(m[p][c]) {
				p = r
			}
		}
		m[c], m[p] = m[p], m[c]
		d := m[c][c]
		for j := range m[c] {
			m[c][j] /= d
		}
		for r := range m {
			if f := m[r][c]; r != c && f != 0 {
				for j := range m[r] {
					m[r][j] -= f * m[c][j]
				}
			}
		}
	}
	for i := range m {
		m[i] = m[i][n:]
	}
	return m
}

// drawWeighted returns a small random matrix with weights 0 to 4.
func drawWeighted(t *rapid.T) *Interactions {
	seed := rapid.Uint64().Draw(t, "seed")
	x := groups(rapid.IntRange(3, 25).Draw(t, "users"), rapid.IntRange(9, 24).Draw(t, "items"), 4, seed)
	r := rng.New(seed, 2, 0)
	for p := range x.users.Val {
		x.users.Val[p] = float32(r.Intn(5))
	}
	return x
}

// slowEASE is the closed form of the papers in float64, column by column.
func slowEASE(x *Interactions, opt EASEOptions) [][]float64 {
	opt = opt.withDefaults()
	a := denseRows(x, opt.UseWeights)
	g := denseProduct(denseTranspose(a), a)
	n := len(g)
	penalty := make([]float64, n)
	for i := range g {
		penalty[i] = opt.L2 + opt.Dropout/(1-opt.Dropout)*g[i][i]
		g[i][i] += penalty[i]
	}
	p := denseInverse(g)
	b := make([][]float64, n)
	for j := range b {
		b[j] = make([]float64, n)
		for i := range b[j] {
			// The multiplier of column i: zero diagonal, or no multiplier where the
			// diagonal of I - PΛ is at most ξ.
			mult := penalty[i]
			if 1-p[i][i]*penalty[i] > opt.Diagonal {
				mult = (1 - opt.Diagonal) / p[i][i]
			}
			b[j][i] = -p[j][i] * mult
		}
		b[j][j]++
	}
	return b
}

func TestEASEProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawWeighted(t)
		opt := EASEOptions{
			L2:         rapid.SampledFrom([]float64{0.1, 1, 50}).Draw(t, "lambda"),
			Dropout:    rapid.SampledFrom([]float64{0, 0.25, 0.8}).Draw(t, "dropout"),
			Diagonal:   rapid.SampledFrom([]float64{0, 0.1, 0.9}).Draw(t, "diagonal"),
			UseWeights: rapid.Bool().Draw(t, "weights"),
		}
		m, err := FitEASE(context.Background(), x, opt)
		if err != nil {
			t.Fatal(err)
		}
		want := slowEASE(x, opt)
		for j := range want {
			for i, w := range want[j] {
				if got := float64(m.b[j*m.items+i]); math.Abs(got-w) > 2e-4 {
					t.Fatalf("B[%d, %d] = %v, want %v", j, i, got, w)
				}
			}
			if opt.Diagonal == 0 && m.b[j*m.items+j] != 0 {
				t.Fatalf("B[%d, %d] = %v, want 0", j, j, m.b[j*m.items+j])
			}
		}
	})
}

// easeGolden is written by testdata/golden_ease.py.
type easeGolden struct {
	Users, Items int
	Ptr          []int64
	Col          []int32
	Val          []float32
	Cases        []struct {
		Lambda, Dropout, Diagonal float64
		Weights                   bool
		B                         []float64
	}
}

func TestEASEGolden(t *testing.T) {
	var g easeGolden
	testkit.Golden(t, "ease.json", &g)
	x, err := NewInteractions(g.Users, g.Items, g.Ptr, g.Col, g.Val)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range g.Cases {
		m, err := FitEASE(context.Background(), x, EASEOptions{L2: c.Lambda, Dropout: c.Dropout, Diagonal: c.Diagonal, UseWeights: c.Weights})
		if err != nil {
			t.Fatal(err)
		}
		if len(m.b) != len(c.B) {
			t.Fatalf("%d weights, want %d", len(m.b), len(c.B))
		}
		for k, w := range c.B {
			testkit.Near(t, fmt.Sprintf("λ=%v p=%v ξ=%v weight %d", c.Lambda, c.Dropout, c.Diagonal, k), float64(m.b[k]), w, 2e-5)
		}
	}
}

// The first-order conditions of the objective hold: for each column i, the
// gradient of ‖X - XB‖² + Σ Λ‖B‖² vanishes off the diagonal.
func TestEASEStationary(t *testing.T) {
	x := groups(200, 60, 10, 4)
	opt := EASEOptions{L2: 30, Dropout: 0.2}
	m, err := FitEASE(context.Background(), x, opt)
	if err != nil {
		t.Fatal(err)
	}
	a := denseRows(x, false)
	g := denseProduct(denseTranspose(a), a)
	for i := range g {
		for j := range g {
			if i == j {
				continue
			}
			grad := -g[j][i] + (opt.L2+opt.Dropout/(1-opt.Dropout)*g[j][j])*float64(m.b[j*m.items+i])
			for k := range g {
				grad += g[j][k] * float64(m.b[k*m.items+i])
			}
			if math.Abs(grad) > 1e-3*(1+g[j][i]) {
				t.Fatalf("gradient at (%d, %d) is %v", j, i, grad)
			}
		}
	}
}

func TestEASEMemoryLimit(t *testing.T) {
	x := groups(20, 40, 4, 1)
	need := EASEMemory(40)
	_, err := FitEASE(context.Background(), x, EASEOptions{MemoryLimit: need - 1})
	if !errors.Is(err, ErrTooLarge) || !contains(err.Error(), fmt.Sprint(need)) {
		t.Errorf("one byte short: %v, want ErrTooLarge naming %d", err, need)
	}
	if _, err := FitEASE(context.Background(), x, EASEOptions{MemoryLimit: need}); err != nil {
		t.Errorf("enough: %v", err)
	}
	// A million items: refused at once, without an overflow on the way.
	big, err := InteractionsFromRows(1_000_000, [][]int32{{0, 999_999}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := FitEASE(context.Background(), big, EASEOptions{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a million items: %v", err)
	}
	if got := EASEMemory(1_000_000); got < 4e12 || got > 5e12 {
		t.Errorf("EASEMemory of a million items is %d", got)
	}
}

func TestEASEOptions(t *testing.T) {
	_, err := FitEASE(context.Background(), groups(10, 9, 2, 1), EASEOptions{L2: -1, Dropout: 1, Diagonal: math.NaN(), MemoryLimit: -1})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"L2", "Dropout", "Diagonal", "MemoryLimit"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

func BenchmarkFitEASE(b *testing.B) {
	x := groups(10_000, 2_000, 40, 1)
	b.Run("users=10k/items=2k/entries=400k", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitEASE(context.Background(), x, EASEOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
