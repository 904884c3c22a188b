package solve

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

func spd(n int, seed uint64) []float64 {
	r := rng.New(seed, 1, 0)
	b := make([]float64, n*n)
	for i := range b {
		b[i] = r.Normal()
	}
	a := make([]float64, n*n)
	for i := range n {
		for j := range n {
			for k := range n {
				a[i*n+j] += b[k*n+i] * b[k*n+j]
			}
		}
		a[i*n+i] += float64(n) / 4
	}
	return a
}

func TestCholesky(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 16, 33, 48, 64, 128} {
		a := spd(n, uint64(n))
		want := make([]float64, n)
		r := rng.New(9, 2, uint64(n))
		for i := range want {
			want[i] = r.Normal()
		}
		b := make([]float64, n)
		a32, b32 := make([]float32, n*n), make([]float32, n)
		for i := range n {
			for j := range n {
				b[i] += a[i*n+j] * want[j]
				a32[i*n+j] = float32(a[i*n+j])
			}
			b32[i] = float32(b[i])
		}
		if !Cholesky64(a, n) || !Cholesky32(a32, n, make([]float32, panel*n)) {
			t.Fatalf("n=%d: not positive definite", n)
		}
		SolveCholesky64(a, n, b)
		SolveCholesky32(a32, n, b32)
		for i := range want {
			if math.Abs(b[i]-want[i]) > 1e-9 {
				t.Errorf("n=%d: x[%d] = %v, want %v", n, i, b[i], want[i])
			}
			if math.Abs(float64(b32[i])-want[i]) > 2e-3 {
				t.Errorf("n=%d float32: x[%d] = %v, want %v", n, i, b32[i], want[i])
			}
		}
	}
}

// a·(-Inverse32(a)) is the identity, at sizes below, at and above the block.
func TestInverse32(t *testing.T) {
	for _, n := range []int{16, 32, 112, 128, 144, 272, 400} {
		a := spd(n, uint64(n))
		b := make([]float32, n*n)
		for i := range n {
			for j := i; j < n; j++ { // only the upper triangle is read
				b[i*n+j] = float32(a[i*n+j])
			}
		}
		var first []float32
		for _, workers := range []int{1, 3} {
			c := append([]float32(nil), b...)
			if ok, err := Inverse32(context.Background(), c, n, workers); !ok || err != nil {
				t.Fatalf("n=%d: %v, %v", n, ok, err)
			}
			if first == nil {
				first = c
			} else if !slices.Equal(first, c) {
				t.Fatalf("n=%d: workers change the result", n)
			}
		}
		worst := 0.0
		for i := range n {
			for j := range n {
				s := 0.0
				for k := range n {
					s -= a[i*n+k] * float64(first[k*n+j])
				}
				if i == j {
					s--
				}
				worst = max(worst, math.Abs(s))
			}
		}
		if worst > 1e-3 {
			t.Errorf("n=%d: A·A⁻¹ differs from I by %v", n, worst)
		}
	}
	bad := make([]float32, 256)
	if ok, _ := Inverse32(context.Background(), bad, 16, 1); ok {
		t.Error("accepted a singular matrix")
	}
}

func TestCholeskyRefuses(t *testing.T) {
	for _, a := range [][]float64{{0}, {-1}, {math.NaN()}, {math.Inf(1)}, {1, 2, 2, 1}} {
		n := int(math.Sqrt(float64(len(a))))
		b := make([]float32, len(a))
		for i := range a {
			b[i] = float32(a[i])
		}
		if Cholesky64(append([]float64(nil), a...), n) || Cholesky32(b, n, nil) {
			t.Errorf("accepted %v", a)
		}
	}
}
