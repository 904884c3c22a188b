package vec

import (
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// TestCentres64: all numbers of coordinates and centres around the unrolling, on
// values with many exact ties, against plain loops, to the bit.
func TestCentres64(t *testing.T) {
	r := rng.New(3, 3, 3)
	for d := 1; d <= 9; d++ {
		for k := 1; k <= 35; k++ {
			const n = 11
			x, c := make([]float64, n*d), make([]float64, k*d)
			draw := func() float64 { return float64(r.Intn(3)) }
			if k%2 == 0 {
				draw = r.Normal
			}
			for i := range x {
				x[i] = draw()
			}
			for i := range c {
				c[i] = draw()
			}
			rows := []int32{3, 0, 0, 10, 7, 2}
			tiles := SetTiles(nil, c, d)
			lanes := len(tiles) / d
			dst := append(make([]float64, len(rows)*lanes), 42)
			Distances64(dst, x, d, rows, tiles)
			out := append(make([]float64, 3*len(rows)), 42)
			Nearest64(out, x, d, rows, tiles)
			for i, row := range rows {
				at, d1, d2 := 0, math.Inf(1), math.Inf(1)
				for j := range lanes {
					want := math.Inf(1)
					if j < k {
						want = 0
						for q := range d {
							v := x[int(row)*d+q] - c[j*d+q]
							want += float64(v * v)
						}
					}
					if dst[i*lanes+j] != want {
						t.Fatalf("d %d, k %d: distance [%d,%d] = %v, want %v", d, k, i, j, dst[i*lanes+j], want)
					}
					if want < d1 {
						at, d1, d2 = j, want, d1
					} else {
						d2 = min(d2, want)
					}
				}
				if got, want := out[3*i:3*i+3], []float64{float64(at), d1, d2}; !slices.Equal(got, want) {
					t.Fatalf("d %d, k %d: row %d: %v, want %v", d, k, i, got, want)
				}
			}
			if dst[len(rows)*lanes] != 42 || out[3*len(rows)] != 42 {
				t.Fatalf("d %d, k %d: wrote beyond the end", d, k)
			}
			label := make([]int32, n)
			for i := range label {
				label[i] = int32(r.Intn(k))
			}
			sum := append(normals64(k*d, 8), 42)
			want := slices.Clone(sum)
			Scatter64(sum[:k*d], c, x, d, label)
			for i, a := range label {
				for q := range d {
					want[int(a)*d+q] += x[i*d+q] - c[int(a)*d+q]
				}
			}
			if !slices.Equal(sum, want) {
				t.Fatalf("d %d, k %d: Scatter64 %v, want %v", d, k, sum, want)
			}
		}
	}
}
