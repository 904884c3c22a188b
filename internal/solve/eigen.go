package solve

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	blasgonum "gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/gonum"

	"github.com/aislekit/aisle/internal/parallel"
)

// symmetricEigen returns the eigenvalues of the symmetric n×n matrix g,
// descending, and the eigenvectors as columns of an n×n matrix. A matrix that is
// not finite has eigenvalues 0. It is LAPACK's DSYEV, to the bit, with looks at ctx
// on the way: reduction to tridiagonal form, and implicit QL or QR with shifts.
func symmetricEigen(ctx context.Context, g []float64, n int) (values, vectors []float64, err error) {
	values, vectors = make([]float64, n), make([]float64, n*n)
	largest := 0.0
	for _, x := range g {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return values, vectors, nil
		}
		largest = max(largest, math.Abs(x))
	}
	a, exponent := slices.Clone(g), 0
	if largest < 0x1p-300 || largest > 0x1p480 { // squares must not overflow, nor vanish
		_, exponent = math.Frexp(largest)
		for i := range a {
			a[i] = math.Ldexp(a[i], -exponent)
		}
	}
	t := &tridiagonal{n: n, d: make([]float64, n), e: make([]float64, n), z: a, c: make([]float64, n), s: make([]float64, n), meter: parallel.NewMeter(ctx)}
	if err := t.reduce(ctx); err != nil {
		return nil, nil, err
	}
	if converged, err := t.solve(); err != nil || !converged {
		return values, vectors, err
	}
	order := ascending(t.d)
	for k := range n {
		from := order[n-1-k]
		values[k] = math.Ldexp(t.d[from], exponent)
		for i := range n {
			vectors[i*n+k] = t.z[i*n+from]
		}
	}
	return values, vectors, nil
}

// tridiagonal is a symmetric tridiagonal matrix on its way to a diagonal one.
type tridiagonal struct {
	n     int
	d, e  []float64 // diagonal; e[i] is beside d[i] and d[i+1]
	z     []float64 // n×n: the product of the transformations so far
	c, s  []float64 // rotations of a sweep, number i of columns i and i+1
	meter *parallel.Meter
	impl  gonum.Implementation
}

// reduce turns the matrix in t.z into t and the transformation to it: DSYTRD, a look
// at ctx before each block of its columns, and DORGTR.
func (t *tridiagonal) reduce(ctx context.Context) error {
	const block = 32 // LAPACK's
	n, a := t.n, t.z
	tau, work := make([]float64, n), make([]float64, max(n, 1)*block)
	i := n
	for ; i > block; i -= block {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		lo := i - block
		t.impl.Dlatrd(blas.Upper, i, block, a, n, t.e, tau, work, block)
		blasgonum.Implementation{}.Dsyr2k(blas.Upper, blas.NoTrans, lo, block, -1, a[lo:], n, work, block, 1, a, n)
		for j := lo; j < i; j++ {
			a[(j-1)*n+j] = t.e[j-1]
			t.d[j] = a[j*n+j]
		}
	}
	t.impl.Dsytd2(blas.Upper, i, a, n, t.d, t.e, tau)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t.impl.Dorgtr(blas.Upper, n, a, n, tau, work, len(work))
	return nil
}

// solve makes t diagonal, block by block between its zeros: DSTEQR (Dubrulle, Martin
// and Wilkinson 1968). It reports whether 30 sweeps an eigenvalue were enough.
func (t *tridiagonal) solve() (converged bool, err error) {
	sweeps := 30 * t.n
	for lo, hi := 0, 0; lo < t.n; lo = hi + 1 {
		largest := math.Abs(t.d[lo])
		for hi = lo; hi < t.n-1; hi++ {
			if math.Abs(t.e[hi]) <= float64(math.Sqrt(math.Abs(t.d[hi]))*math.Sqrt(math.Abs(t.d[hi+1])))*0x1p-53 {
				t.e[hi] = 0
				break
			}
			largest = max(largest, math.Abs(t.e[hi]), math.Abs(t.d[hi+1]))
		}
		switch {
		case lo == hi:
		case largest < 0x1p-405: // where LAPACK scales: nothing beside the matrix as a whole
			clear(t.e[lo:hi])
		case math.Abs(t.d[hi]) < math.Abs(t.d[lo]):
			sweeps, err = t.block(hi, lo, -1, sweeps)
		default:
			sweeps, err = t.block(lo, hi, 1, sweeps)
		}
		if err != nil || sweeps < 0 {
			return false, err
		}
	}
	return true, nil
}

// block finds the eigenvalues of rows l … end, in direction dir, one after the other,
// each by sweeps from the row nearest end that is still tied to l back to l. It returns
// how many sweeps are left, -1 when they did not do.
func (t *tridiagonal) block(l, end, dir, sweeps int) (left int, err error) {
	d, shift := t.d, (1-dir)/2
	beside := func(i int) *float64 { return &t.e[i-shift] } // of rows i and i+dir
	for (end-l)*dir >= 0 {
		m := l
		for ; m != end; m += dir {
			v := math.Abs(*beside(m))
			if float64(v*v) <= float64(float64(0x1p-106*math.Abs(d[m]))*math.Abs(d[m+dir]))+0x1p-1022 {
				*beside(m) = 0
				break
			}
		}
		switch {
		case m == l:
			l += dir
			continue
		case m == l+dir:
			lo := min(l, m)
			d[lo], d[lo+1], t.c[lo], t.s[lo] = t.impl.Dlaev2(d[lo], t.e[lo], d[lo+1])
			if err := t.rotate(lo, lo+1, dir); err != nil {
				return 0, err
			}
			*beside(l) = 0
			l += 2 * dir
			continue
		case sweeps == 0:
			return -1, nil
		}
		sweeps--
		p := d[l]
		g := (d[l+dir] - p) / (2 * *beside(l))
		g = d[m] - p + *beside(l)/(g+math.Copysign(t.impl.Dlapy2(g, 1), g))
		s, c, r := 1.0, 1.0, 0.0
		p = 0
		for i := m - dir; i != l-dir; i -= dir {
			f, b := s**beside(i), c**beside(i)
			c, s, r = t.impl.Dlartg(g, f)
			if i != m-dir {
				*beside(i + dir) = r
			}
			g = d[i+dir] - p
			r = float64((d[i]-g)*s) + float64(2*c*b)
			p = s * r
			d[i+dir] = g + p
			g = float64(c*r) - b
			t.c[i-shift], t.s[i-shift] = c, -float64(dir)*s
		}
		if err := t.rotate(min(l, m), max(l, m), dir); err != nil {
			return 0, err
		}
		d[l] -= p
		*beside(l) = g
	}
	return sweeps, nil
}

// rotate applies the rotations of columns lo … hi to t.z, in order or, for dir 1, from
// the last: some rows at a time, which stay in the cache.
func (t *tridiagonal) rotate(lo, hi, dir int) error {
	const rows = 32
	direct := lapack.Forward
	if dir > 0 {
		direct = lapack.Backward
	}
	for r := 0; r < t.n; r += rows {
		some := min(rows, t.n-r)
		t.impl.Dlasr(blas.Right, lapack.Variable, direct, some, hi-lo+1, t.c[lo:], t.s[lo:], t.z[r*t.n+lo:], t.n)
		if err := t.meter.Did(some * (hi - lo)); err != nil {
			return err
		}
	}
	return nil
}

// ascending returns the order of d, equal ones in the order that LAPACK's sort by
// selection leaves them in.
func ascending(d []float64) []int {
	order := make([]int, len(d))
	for i := range order {
		order[i] = i
	}
	for i := range order {
		least := i
		for j := i + 1; j < len(order); j++ {
			if d[order[j]] < d[order[least]] {
				least = j
			}
		}
		order[i], order[least] = order[least], order[i]
	}
	return order
}
