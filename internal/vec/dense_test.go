package vec

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

func normals64(n int, seed uint64) []float64 {
	r := rng.New(seed, 64, 0)
	x := make([]float64, n)
	for i := range x {
		x[i] = r.Normal()
	}
	return x
}

// TestDense64Tails: every number of rows around the unrolling, every padded
// length, against sums in other order, with guards behind the outputs.
func TestDense64Tails(t *testing.T) {
	const guard = 12345.5
	for rows := range 14 {
		for f := 0; f <= 28; f += 4 {
			x, m, c := normals64(f, 1), normals64(rows*f, 2), normals64(rows, 3)
			dst := make([]float64, rows+1)
			dst[rows] = guard
			DotRows64(dst[:rows], m, x)
			for i := range rows {
				want, abs := 0.0, 0.0
				for j := range f {
					want += m[i*f+j] * x[j]
					abs += math.Abs(m[i*f+j] * x[j])
				}
				if math.Abs(dst[i]-want) > 1e-15*float64(f+1)*abs {
					t.Fatalf("DotRows64 %d×%d: [%d] = %v, want %v", rows, f, i, dst[i], want)
				}
				one := make([]float64, 1)
				if DotRows64(one, m[i*f:i*f+f], x); one[0] != dst[i] {
					t.Fatalf("DotRows64 %d×%d: row %d alone gives other bits", rows, f, i)
				}
			}
			out := append(normals64(f, 4), guard)
			want := append([]float64(nil), out...)
			AxpyRows64(out[:f], m, c)
			for j := range f {
				abs := math.Abs(want[j])
				for i := range rows {
					want[j] += c[i] * m[i*f+j]
					abs += math.Abs(c[i] * m[i*f+j])
				}
				if math.Abs(out[j]-want[j]) > 1e-15*float64(rows+1)*abs {
					t.Fatalf("AxpyRows64 %d×%d: [%d] = %v, want %v", rows, f, j, out[j], want[j])
				}
			}
			if dst[rows] != guard || out[f] != guard {
				t.Fatalf("%d×%d: wrote beyond the end", rows, f)
			}
		}
	}
}

func TestCentreRow64(t *testing.T) {
	for n := range 23 {
		p := Pad4(n)
		src, shift := normals64(n, 1), normals64(p, 2)
		run := func(f func(dst, src, shift, s1, s2 []float64, w float64)) []float64 {
			dst, s1, s2 := make([]float64, p+1), append(normals64(p, 3), 9), append(normals64(p, 4), 9)
			f(dst[:p], src, shift, s1[:p], s2[:p], 0.3)
			return append(append(dst, s1...), s2...)
		}
		fetch := func(dst, src, shift, s1, s2 []float64, w float64) { CentreRow64(dst, src, shift, s1, s2, w, src) }
		got, want := run(fetch), run(centreRow64Go)
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("length %d: element %d is %v, want %v", n, i, got[i], want[i])
			}
		}
		for j := range n {
			if got[j] != src[j]-shift[j] {
				t.Fatalf("length %d: dst[%d] = %v", n, j, got[j])
			}
		}
	}
}

func TestSyrk64(t *testing.T) {
	for _, size := range []int{0, 8, 16, 24, 40} {
		for _, n := range []int{0, 1, 2, 3, 4, 5, 9, 33} {
			ld, ldc := size+4, size+3
			w, y := normals64(n*ld, 5), normals64(n*ld, 6)
			c := normals64(size*ldc+8, 7)
			want := append([]float64(nil), c...)
			Syrk64(c, ldc, size, w, y, ld, n)
			for i := range size {
				for j := i; j < size; j++ {
					s := want[i*ldc+j]
					for k := range n {
						s += w[k*ld+i] * y[k*ld+j]
					}
					if math.Abs(c[i*ldc+j]-s) > 1e-14*float64(n+1) {
						t.Fatalf("size %d, n %d: [%d,%d] = %v, want %v", size, n, i, j, c[i*ldc+j], s)
					}
				}
			}
			for i := size * ldc; i < len(c); i++ {
				if c[i] != want[i] {
					t.Fatalf("size %d, n %d: wrote beyond the end", size, n)
				}
			}
		}
	}
}

// TestLogistic64 compares with the standard library within a few units in the
// last place, at all tail lengths and over the whole range.
func TestLogistic64(t *testing.T) {
	var all []float64
	for _, v := range []float64{0, 1e-300, 1e-17, 1e-8, 0.1, 0.34657, 0.3466, 0.5, 1, 2, 5, 20, 36, 37, 38, 100, 700, 707.9, 708.1, 745, 746, 1e5, 1e300, math.Inf(1)} {
		all = append(all, v, -v)
	}
	r := rng.New(1, 2, 3)
	for range 20000 {
		all = append(all, 20*r.Normal())
	}
	close := func(got, want float64) bool {
		return got == want || math.Abs(got-want) <= 8*0x1p-52*math.Abs(want)+1e-307
	}
	n := len(all)
	z := make([]float64, n)
	for i := range z {
		z[i] = float64(1 - 2*(i%2))
	}
	l, g, c := make([]float64, n), make([]float64, n), make([]float64, n)
	Logistic64(l, g, c, all, z)
	for i, e := range all {
		wl, wg, wc := logisticGo(e, z[i])
		if !close(l[i], wl) || !close(g[i], wg) || !close(c[i], wc) {
			t.Fatalf("eta %v, z %v: %v %v %v, want %v %v %v", e, z[i], l[i], g[i], c[i], wl, wg, wc)
		}
	}
	for m := range 12 {
		a, b, d := make([]float64, m+1), make([]float64, m+1), make([]float64, m+1)
		a[m], b[m], d[m] = 7, 7, 7
		Logistic64(a[:m], b[:m], d[:m], all[50:50+m], z[50:50+m])
		for i := range m {
			if a[i] != l[50+i] || b[i] != g[50+i] || d[i] != c[50+i] {
				t.Fatalf("length %d: element %d has other bits", m, i)
			}
		}
		if a[m] != 7 || b[m] != 7 || d[m] != 7 {
			t.Fatal("wrote beyond the end")
		}
	}
	nan := []float64{math.NaN(), math.NaN(), 1, 0, math.NaN()}
	Logistic64(l[:5], g[:5], c[:5], nan, []float64{1, -1, 1, 1, 1})
	for _, i := range []int{0, 1, 4} {
		if l[i] == l[i] || g[i] == g[i] || c[i] == c[i] {
			t.Errorf("NaN gives %v %v %v", l[i], g[i], c[i])
		}
	}
	if !close(l[3], math.Ln2) || g[3] != -0.5 || c[3] != 0.25 {
		t.Errorf("at 0: %v %v %v", l[3], g[3], c[3])
	}
}

// TestLogistic64Exact bounds the error of log(1+e) against 200-bit arithmetic
// near 0, where a series that was cut short would show.
func TestLogistic64Exact(t *testing.T) {
	for _, eta := range []float64{0, 1e-3, 0.25, 0.5, 0.75} {
		var l, g, c [1]float64
		Logistic64(l[:], g[:], c[:], []float64{eta}, []float64{1})
		// e = exp(-eta) by its series; log1p(e) = 2·artanh(e/(2+e)) by its own.
		x := new(big.Float).SetPrec(200).SetFloat64(-eta)
		e, term := big.NewFloat(1).SetPrec(200), big.NewFloat(1).SetPrec(200)
		for k := 1; k < 60; k++ {
			term.Mul(term, x).Quo(term, big.NewFloat(float64(k)))
			e.Add(e, term)
		}
		s := new(big.Float).SetPrec(200).Add(e, big.NewFloat(2))
		s.Quo(e, s)
		s2 := new(big.Float).SetPrec(200).Mul(s, s)
		sum, pow := new(big.Float).SetPrec(200), new(big.Float).SetPrec(200).Set(s)
		for k := range 90 {
			sum.Add(sum, new(big.Float).SetPrec(200).Quo(pow, big.NewFloat(float64(2*k+1))))
			pow.Mul(pow, s2)
		}
		want, _ := sum.Mul(sum, big.NewFloat(2)).Float64()
		if math.Abs(l[0]-want) > 2*0x1p-52*want {
			t.Errorf("log(1+exp(-%v)) = %v, want %v", eta, l[0], want)
		}
	}
}

// The order of summation is a promise: models are compared bit by bit.
func TestDot64Axpy64(t *testing.T) {
	for n := range 20 {
		x, y := normals64(n, 1), normals64(n+3, 2)
		var sums [4]float64
		for i := range x {
			if k := i % 4; i < n&^3 {
				sums[k] += x[i] * y[i]
			} else {
				sums[0] += x[i] * y[i]
			}
		}
		if got, want := Dot64(x, y), (sums[0]+sums[1])+(sums[2]+sums[3]); got != want {
			t.Errorf("n %d: %v, want %v", n, got, want)
		}
		z := slices.Clone(y)
		Axpy64(-1.5, x, z)
		for i := range z {
			want := y[i]
			if i < n {
				want += -1.5 * x[i]
			}
			if z[i] != want {
				t.Errorf("n %d: z[%d] is %v, want %v", n, i, z[i], want)
			}
		}
	}
}
