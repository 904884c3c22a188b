package vec

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func drawPair(t *rapid.T) (x, y []float32) {
	n := rapid.IntRange(0, 70).Draw(t, "n")
	f := rapid.Float32Range(-100, 100)
	return rapid.SliceOfN(f, n, n).Draw(t, "x"), rapid.SliceOfN(f, n, n).Draw(t, "y")
}

// Against float64 sums: the error of a float32 sum of n products is bounded by
// n·2⁻²⁴·Σ|x·y|.
func TestVecProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawPair(t)
		a := rapid.Float32Range(-10, 10).Draw(t, "a")
		dot, abs, norm := 0.0, 0.0, 0.0
		for i := range x {
			p := float64(x[i]) * float64(y[i])
			dot += p
			abs += math.Abs(p)
			norm += float64(x[i]) * float64(x[i])
		}
		eps := math.Ldexp(float64(len(x)+2), -24)
		if got := float64(Dot(x, y)); math.Abs(got-dot) > eps*abs+1e-40 {
			t.Fatalf("Dot = %v, want %v", got, dot)
		}
		if Dot(x, y) != Dot(y, x) {
			t.Fatal("Dot is not symmetric")
		}
		if got := Norm2(x); math.Abs(got-norm) > 1e-12*norm {
			t.Fatalf("Norm2 = %v, want %v", got, norm)
		}
		z := append([]float32(nil), y...)
		Axpy(a, x, z)
		for i := range z {
			if want := y[i] + float32(a*x[i]); z[i] != want {
				t.Fatalf("Axpy[%d] = %v, want %v", i, z[i], want)
			}
		}
		z = append(z[:0], x...)
		Scale(a, z)
		for i := range z {
			if z[i] != a*x[i] {
				t.Fatalf("Scale[%d]", i)
			}
		}
	})
}

// The order of additions is part of the contract: same bits on every path.
func TestDotPinned(t *testing.T) {
	x, y := make([]float32, 29), make([]float32, 29)
	for i := range x {
		x[i], y[i] = 1/float32(i+1), float32(i*i%17)-8.3
	}
	if got, want := math.Float32bits(Dot(x, y)), uint32(0xc1323012); got != want {
		t.Errorf("Dot has bits %#x, want %#x", got, want)
	}
}

func TestLonger(t *testing.T) {
	if Dot([]float32{1, 2}, []float32{3, 4, 5}) != 11 || Dot(nil, nil) != 0 {
		t.Error("Dot takes len(x) elements")
	}
	defer func() {
		if recover() == nil {
			t.Error("a short operand was accepted")
		}
	}()
	Dot([]float32{1, 2}, []float32{3})
}

func BenchmarkDot(b *testing.B) {
	for _, n := range []int{16, 64, 256} {
		x, y := make([]float32, n), make([]float32, n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.SetBytes(int64(8 * n))
			for b.Loop() {
				Dot(x, y)
			}
		})
	}
}
