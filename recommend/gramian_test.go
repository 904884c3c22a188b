package recommend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

func bytesOf(t testing.TB, g *Gramian) []byte {
	t.Helper()
	b, err := g.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Splitting 1, 4 or 16 ways, permuting and merging in any order gives the same
// bytes, close to the float64 sum.
func TestGramianMergeProp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := rapid.IntRange(1, 9).Draw(rt, "factors")
		n := rapid.IntRange(0, 60).Draw(rt, "n")
		r := rng.New(rapid.Uint64().Draw(rt, "seed"), 0, 0)
		v := make([]float32, n*f)
		for i := range v {
			v[i] = float32(r.Normal())
		}
		all, err := Gram(context.Background(), v, f, 2)
		if err != nil {
			t.Fatal(err)
		}
		want := bytesOf(t, all)
		for _, parts := range []int{1, 4, 16} {
			gs := make([]*Gramian, parts)
			for p := range gs {
				gs[p], _ = NewGramian(f)
			}
			for _, i := range r.Perm(n) {
				if err := gs[Partition(i, parts)].Add(v[int(i)*f : int(i)*f+f]); err != nil {
					t.Fatal(err)
				}
			}
			for _, p := range r.Perm(parts)[1:] {
				if p != 0 {
					if err := gs[0].Merge(gs[p]); err != nil {
						t.Fatal(err)
					}
					gs[p], _ = NewGramian(f)
				}
			}
			for _, g := range gs[1:] { // the one the permutation left out
				if err := gs[0].Merge(g); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(bytesOf(t, gs[0]), want) {
				t.Fatalf("%d parts give other bytes", parts)
			}
		}
		var back Gramian
		if err := back.UnmarshalBinary(want); err != nil || !bytes.Equal(bytesOf(t, &back), want) || back.Len() != int64(n) {
			t.Fatalf("round trip: %v", err)
		}
		g := all.Result()
		for i := range f {
			for j := range f {
				s := 0.0
				for k := range n {
					s += float64(v[k*f+i]) * float64(v[k*f+j])
				}
				if math.Abs(float64(g[i*f+j])-s) > 1e-6*(1+math.Abs(s)) {
					t.Fatalf("G[%d,%d] = %v, want %v", i, j, g[i*f+j], s)
				}
			}
		}
	})
}

func TestGramianBadInput(t *testing.T) {
	for _, f := range []int{0, -1, 1 << 15} {
		if _, err := NewGramian(f); !errors.Is(err, ErrOption) {
			t.Errorf("factors %d: %v", f, err)
		}
	}
	g, _ := NewGramian(2)
	before := bytesOf(t, g)
	for name, c := range map[string]struct {
		v    []float32
		want error
	}{"short": {[]float32{1}, ErrShape}, "NaN": {[]float32{1, float32(math.NaN())}, ErrNotFinite}, "huge": {[]float32{1, 1e6}, ErrOverflow}} {
		if err := g.Add(c.v); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o, _ := NewGramian(3)
	if !errors.Is(g.Merge(g), ErrMismatch) || !errors.Is(g.Merge(o), ErrMismatch) || !errors.Is(g.Merge(nil), ErrMismatch) {
		t.Error("bad merge accepted")
	}
	if !bytes.Equal(bytesOf(t, g), before) {
		t.Error("a refused call changed the state")
	}
	if _, err := Gram(context.Background(), make([]float32, 5), 2, 1); !errors.Is(err, ErrShape) {
		t.Errorf("ragged: %v", err)
	}
	big, _ := NewGramian(1)
	twin, _ := NewGramian(1)
	_ = big.Add([]float32{32000})
	_ = twin.Add([]float32{32000})
	if err := big.Merge(twin); !errors.Is(err, ErrOverflow) {
		t.Errorf("overflowing merge: %v", err)
	}
}

// SolveALS over any partition of the rows gives the bytes of one call, and one
// iteration made of the pieces is one iteration of FitALS up to the rounding of
// the Gram matrix.
func TestSolveALSPieces(t *testing.T) {
	x := groups(60, 48, 8, 3)
	opt := ALSOptions{Factors: 8, Iterations: 1, Unobserved: 0.3, Regularization: 0.4, Solver: Cholesky, Seed: 4}
	items, _ := startVectors(context.Background(), rng.Hash(opt.Seed, 2), x.Items(), 8)
	clearEmpty(items, 8, x.byItem())
	g, err := Gram(context.Background(), items, 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	whole := make([]float32, x.Users()*8)
	if err := SolveALS(context.Background(), whole, x, items, g.Result(), opt); err != nil {
		t.Fatal(err)
	}
	for _, parts := range []int{4, 16} {
		got := make([]float32, len(whole))
		for p := range parts {
			var users []int
			var rows [][]int32
			for u := range x.Users() {
				if Partition(u, parts) == p {
					row, _ := x.Row(u)
					users, rows = append(users, u), append(rows, row)
				}
			}
			if len(users) == 0 {
				continue
			}
			block, err := InteractionsFromRows(x.Items(), rows)
			if err != nil {
				t.Fatal(err)
			}
			dst := make([]float32, len(users)*8)
			if err := SolveALS(context.Background(), dst, block, items, g.Result(), opt); err != nil {
				t.Fatal(err)
			}
			for k, u := range users {
				copy(got[u*8:], dst[k*8:k*8+8])
			}
		}
		for i := range got {
			if got[i] != whole[i] {
				t.Fatalf("%d parts: number %d is %v, want %v", parts, i, got[i], whole[i])
			}
		}
	}
	gu, err := Gram(context.Background(), whole, 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	m := x.byItem()
	byItem := &Interactions{users: m}
	if err := SolveALS(context.Background(), items, byItem, whole, gu.Result(), opt); err != nil {
		t.Fatal(err)
	}
	fit, err := FitALS(context.Background(), x, opt)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range items {
		testkit.Near(t, fmt.Sprintf("item number %d", i), float64(v), float64(fit.y[i]), 1e-4)
	}
	for name, err := range map[string]error{
		"short dst":  SolveALS(context.Background(), whole[:8], x, items, gu.Result(), opt),
		"short gram": SolveALS(context.Background(), whole, x, items, make([]float32, 9), opt),
	} {
		if !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*ALSOptions){
		"no Unobserved":     func(o *ALSOptions) { o.Unobserved = 0 },
		"no Regularization": func(o *ALSOptions) { o.Regularization = 0 },
	} {
		o := opt
		change(&o)
		if err := SolveALS(context.Background(), whole, x, items, gu.Result(), o); !errors.Is(err, ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPartition(t *testing.T) {
	count := make([]int, 7)
	moved := 0
	const n = 20_000
	for i := range n {
		id := fmt.Sprintf("user-%d", i)
		p := Partition(id, 7)
		count[p]++
		q := Partition(id, 8)
		if q != p {
			moved++
			if q != 7 {
				t.Fatalf("%s moved from %d to %d", id, p, q)
			}
		}
	}
	for p, c := range count {
		if math.Abs(float64(c)-n/7.0) > 5*math.Sqrt(n/7.0) {
			t.Errorf("part %d has %d of %d", p, c, n)
		}
	}
	if math.Abs(float64(moved)-n/8.0) > 5*math.Sqrt(n/8.0) {
		t.Errorf("%d of %d moved", moved, n)
	}
	if Partition(5, 1) != 0 || Partition("x", 0) != 0 || Partition(5, 100) != Partition(int32(5), 100) {
		t.Error("degenerate parts")
	}
}

func FuzzGramianUnmarshal(f *testing.F) {
	g, _ := NewGramian(3)
	_ = g.Add([]float32{1, -2, 0.5})
	data, _ := g.MarshalBinary()
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		var g Gramian
		if g.UnmarshalBinary(testkit.Refit(data)) == nil {
			if b, err := g.MarshalBinary(); err != nil || !bytes.Equal(b, testkit.Refit(data)) {
				t.Error("not canonical")
			}
			_ = g.Result()
		}
	})
}

func BenchmarkGram(b *testing.B) {
	v, _ := startVectors(context.Background(), 1, 10_000, 64)
	for b.Loop() {
		if _, err := Gram(context.Background(), v, 64, 0); err != nil {
			b.Fatal(err)
		}
	}
}
