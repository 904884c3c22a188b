package solve

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/gonum"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// gramOf returns XᵀX of a random n×n matrix of that rank, columns scaled to powers of
// grade, every zeroth-th column 0.
func gramOf(n, rank, zeroth int, grade float64, seed uint64) []float64 {
	r := rng.New(seed, 0, 0)
	x := make([]float64, rank*n)
	for k := range x {
		if c := k % n; zeroth == 0 || c%zeroth != 0 {
			x[k] = r.Normal() * math.Pow(grade, float64(c))
		}
	}
	g := make([]float64, n*n)
	for i := range n {
		for j := range n {
			for k := range rank {
				g[i*n+j] += x[k*n+i] * x[k*n+j]
			}
		}
	}
	return g
}

// The values and vectors of LAPACK's DSYEV, to the bit, whatever the matrix.
func TestSymmetricEigenIsLAPACK(t *testing.T) {
	var impl gonum.Implementation
	for _, c := range []struct {
		name string
		n    int
		g    []float64
	}{
		{"1", 1, []float64{3}},
		{"2", 2, gramOf(2, 2, 0, 1, 1)},
		{"32, one block", 32, gramOf(32, 32, 0, 1, 2)},
		{"33", 33, gramOf(33, 33, 0, 1, 3)},
		{"100", 100, gramOf(100, 100, 0, 1, 4)},
		{"rank 7 of 80", 80, gramOf(80, 7, 0, 1, 5)},
		{"zero columns", 64, gramOf(64, 64, 5, 1, 6)},
		{"graded down", 48, gramOf(48, 48, 0, 0.3, 7)},
		{"graded up", 48, gramOf(48, 48, 0, 3, 8)},
		{"zero", 16, make([]float64, 256)},
		{"identity", 16, gramIdentity(16)},
	} {
		n := c.n
		values, vectors, err := symmetricEigen(context.Background(), c.g, n)
		if err != nil {
			t.Fatal(err)
		}
		a, w, work := slices.Clone(c.g), make([]float64, n), make([]float64, 64*n+64)
		if !impl.Dsyev(lapack.EVCompute, blas.Upper, n, a, n, w, work, len(work)) {
			t.Fatalf("%s: DSYEV did not converge", c.name)
		}
		for k := range n {
			if values[k] != w[n-1-k] {
				t.Errorf("%s: value %d is %v, want %v", c.name, k, values[k], w[n-1-k])
			}
			for i := range n {
				if vectors[i*n+k] != a[i*n+n-1-k] {
					t.Fatalf("%s: vector %d differs at %d: %v, want %v", c.name, k, i, vectors[i*n+k], a[i*n+n-1-k])
				}
			}
		}
	}
}

func gramIdentity(n int) []float64 {
	g := make([]float64, n*n)
	for i := range n {
		g[i*n+i] = 1
	}
	return g
}

// Matrices near the ends of float64 have the values of the same matrix in the middle.
func TestSymmetricEigenScales(t *testing.T) {
	const n = 40
	g := gramOf(n, n, 0, 1, 9)
	want, _, _ := symmetricEigen(context.Background(), g, n)
	for _, e := range []int{-1000, -600, -310, 500, 1000} {
		far := make([]float64, len(g))
		for i, v := range g {
			far[i] = math.Ldexp(v, e)
		}
		got, _, err := symmetricEigen(context.Background(), far, n)
		if err != nil {
			t.Fatal(err)
		}
		for k := range n {
			if math.Abs(math.Ldexp(got[k], -e)-want[k]) > 1e-13*want[0] {
				t.Errorf("times 2^%d: value %d is %v, want %v", e, k, math.Ldexp(got[k], -e), want[k])
			}
		}
	}
}

// A look at the context in every few million multiplications, and an end at each is the
// end of it.
func TestSymmetricEigenLooks(t *testing.T) {
	const n = 256
	g := gramOf(n, 40, 0, 1, 10)
	for i := range n {
		g[i*n+i]++ // of full rank, so that there are sweeps for each value
	}
	looks := testkit.NewLooks(0, true)
	if _, _, err := symmetricEigen(looks, g, n); err != nil {
		t.Fatal(err)
	}
	if reduce, rotate := looks.From("reduce"), looks.From("rotate"); reduce < n/32 || rotate < 3 {
		t.Errorf("%d looks in the reduction and %d in the sweeps", reduce, rotate)
	}
	for end := 1; end <= looks.Count(); end++ {
		if _, _, err := symmetricEigen(testkit.NewLooks(end, false), g, n); !errors.Is(err, context.Canceled) {
			t.Fatalf("told to stop at look %d: %v", end, err)
		}
	}
}
