package solve

import (
	"context"
	"errors"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
)

func randomSparse(rows, cols int, density float64, seed uint64) *sparse.CSR {
	r := rng.New(seed, 0, 0)
	var es []sparse.Entry
	for i := range rows {
		for j := range cols {
			if r.Bool(density) {
				es = append(es, sparse.Entry{Row: int32(i), Col: int32(j), Val: float32(r.Normal())})
			}
		}
	}
	m, err := sparse.FromEntries(rows, cols, es)
	if err != nil {
		panic(err)
	}
	return m
}

// Against gonum's full SVD: singular values agree, vectors are orthonormal, and
// ‖A·v‖ is the singular value.
func TestTruncatedSVDProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := rapid.IntRange(1, 60).Draw(t, "rows"), rapid.IntRange(1, 60).Draw(t, "cols")
		rank := rapid.IntRange(1, 70).Draw(t, "rank")
		a := randomSparse(rows, cols, rapid.Float64Range(0, 0.5).Draw(t, "density"), rapid.Uint64().Draw(t, "seed"))
		s, v, err := TruncatedSVD(context.Background(), a, a.Transpose(), SVDOptions{Rank: rank, Oversample: 60, Iterations: 3, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		dense := mat.NewDense(rows, cols, nil)
		for r := range rows {
			c, x := a.Row(r)
			for k, j := range c {
				dense.Set(r, int(j), float64(x[k]))
			}
		}
		var svd mat.SVD
		if !svd.Factorize(dense, mat.SVDThin) {
			t.Skip("no oracle")
		}
		want := svd.Values(nil)
		k := len(s)
		if k > rank || len(v) != cols*k {
			t.Fatalf("%d values, %d numbers", k, len(v))
		}
		for i, w := range want[:min(rank, len(want))] {
			if i >= k {
				if w > 1e-3*want[0] {
					t.Fatalf("value %d of %v is missing", i, want)
				}
				break
			}
			if math.Abs(s[i]-w) > 1e-4*want[0] {
				t.Fatalf("value %d is %v, want %v", i, s[i], w)
			}
		}
		for p := range k {
			for q := range k {
				dot := 0.0
				for i := range cols {
					dot += float64(v[i*k+p]) * float64(v[i*k+q])
				}
				if p == q {
					dot--
				}
				if math.Abs(dot) > 2e-4 {
					t.Fatalf("vectors %d and %d: product is off by %v", p, q, dot)
				}
			}
			norm := 0.0
			for r := range rows {
				x := 0.0
				for j := range cols {
					x += dense.At(r, j) * float64(v[j*k+p])
				}
				norm += x * x
			}
			if math.Abs(math.Sqrt(norm)-s[p]) > 1e-4*s[0] {
				t.Fatalf("‖A·v‖ is %v for value %v", math.Sqrt(norm), s[p])
			}
		}
	})
}

// A spectrum that decays slowly, as that of shop data, with few iterations.
func TestTruncatedSVDSlowDecay(t *testing.T) {
	a := randomSparse(400, 300, 0.05, 5)
	at := a.Transpose()
	exact, _, err := TruncatedSVD(context.Background(), a, at, SVDOptions{Rank: 300, Iterations: 2})
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := TruncatedSVD(context.Background(), a, at, SVDOptions{Rank: 20, Oversample: 20, Iterations: 10})
	if err != nil {
		t.Fatal(err)
	}
	for k, x := range s {
		if math.Abs(x-exact[k]) > 0.005*exact[k] {
			t.Errorf("value %d is %v, want %v", k, x, exact[k])
		}
	}
}

func TestTruncatedSVDSameBytes(t *testing.T) {
	a := randomSparse(9000, 120, 0.05, 5)
	at := a.Transpose()
	_, one, err := TruncatedSVD(context.Background(), a, at, SVDOptions{Rank: 20, Oversample: 5, Iterations: 3, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, many, err := TruncatedSVD(context.Background(), a, at, SVDOptions{Rank: 20, Oversample: 5, Iterations: 3, Workers: 7})
	if err != nil {
		t.Fatal(err)
	}
	for i := range one {
		if one[i] != many[i] {
			t.Fatalf("element %d is %v with one worker, %v with seven", i, one[i], many[i])
		}
	}
	stop := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(stop)
	if _, _, err := TruncatedSVD(ctx, a, at, SVDOptions{Rank: 2, Iterations: 1}); !errors.Is(err, stop) {
		t.Errorf("cancelled: %v", err)
	}
}
