package vec

import (
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// rowsOf returns a matrix of the given row lengths in compressed sparse row form,
// columns distinct.
func rowsOf(r *rng.Stream, lens []int, cols int) (ptr []int64, col []int32, val []float32) {
	ptr = append(ptr, 0)
	for _, n := range lens {
		first := r.Intn(cols - n + 1)
		for k := range n {
			col = append(col, int32(first+k))
			val = append(val, float32(r.Normal()))
		}
		ptr = append(ptr, int64(len(col)))
	}
	return ptr, col, val
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

func TestScatter(t *testing.T) {
	r := rng.New(1, 2, 3)
	const cols = 80
	for n := range 40 { // rows added, and their lengths
		lens := make([]int, n+1)
		for k := range lens {
			lens[k] = (k*7 + n) % 41
		}
		ptr, col, val := rowsOf(r, lens, cols)
		var rows, heads []int32
		var f []float32
		for k := range n {
			row := r.Intn(len(lens))
			rows, f = append(rows, int32(row)), append(f, float32(r.Normal()))
			heads = append(heads, int32(k%(lens[row]+1)))
		}
		got := make([]float32, cols+5)
		for c := range got {
			got[c] = float32(c)
		}
		want := slices.Clone(got)
		for k, row := range rows {
			for q := ptr[row]; q < ptr[row]+int64(heads[k]); q++ {
				want[col[q]] += float32(f[k] * val[q])
			}
		}
		var values [256]float32 // the same sums from entries of 4 bytes
		coded := make([]int32, len(col))
		for q := range coded {
			coded[q] = col[q]<<8 | int32(q*13)&255
			values[coded[q]&255] = val[q]
		}
		ofCoded := slices.Clone(got)
		for k, row := range rows {
			for q := ptr[row]; q < ptr[row]+int64(heads[k]); q++ {
				ofCoded[col[q]] += float32(f[k] * values[coded[q]&255])
			}
		}
		for name, scatter := range map[string]func([]float32, []int32, []float32, []int32, []int64, []int32, *[256]float32){"chosen": ScatterCoded, "portable": scatterCodedGo} {
			sum := slices.Clone(got)
			scatter(sum, rows, f, heads, ptr, coded, &values)
			if !sameBits(sum, ofCoded) {
				t.Fatalf("coded, %s, %d rows: got %v, want %v", name, n, sum, ofCoded)
			}
		}
		portable := slices.Clone(got)
		Scatter(got, rows, f, heads, ptr, col, val)
		scatterGo(portable, rows, f, heads, ptr, col, val)
		if !sameBits(got, want) || !sameBits(portable, want) {
			t.Fatalf("%d rows: got %v, portable %v, want %v", n, got, portable, want)
		}
	}
}

// Many rows are cut into several calls.
func TestScatterLong(t *testing.T) {
	const n = 100_000
	row := []int32{0, 1, 2, 3, 4}
	rows, f, lens := make([]int32, n), make([]float32, n), make([]int32, n)
	for k := range n {
		rows[k], f[k], lens[k] = int32(k%2), 1, int32(k%3+3)
	}
	sum := make([]float32, 5)
	Scatter(sum, rows, f, lens, []int64{0, 5, 10}, slices.Concat(row, row), slices.Repeat([]float32{1}, 10))
	if want := []float32{n, n, n, 66666, 33333}; !slices.Equal(sum, want) {
		t.Errorf("got %v, want %v", sum, want)
	}
	sum = make([]float32, 5)
	ScatterCoded(sum, rows, f, lens, []int64{0, 5, 10}, slices.Repeat([]int32{7, 1<<8 + 7, 2<<8 + 7, 3<<8 + 7, 4<<8 + 7}, 2), &[256]float32{7: 1})
	if want := []float32{n, n, n, 66666, 33333}; !slices.Equal(sum, want) {
		t.Errorf("coded: got %v, want %v", sum, want)
	}
}

func TestDrain(t *testing.T) {
	r := rng.New(4, 5, 6)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for n := range 100 {
		for _, share := range []int{1, 3, 30} {
			sum, own, floors := make([]float32, n), make([]float32, n+3), make([]float32, n+3)
			for c := range own {
				own[c], floors[c] = float32(r.Float64()), math.SmallestNonzeroFloat32
				if r.Intn(2) == 0 {
					floors[c] = float32(r.Float64())
				}
			}
			for c := range sum {
				if r.Intn(share) == 0 {
					sum[c] = []float32{float32(r.Float64()), float32(r.Float64()), -float32(r.Float64()), nan, inf, 1e-45}[r.Intn(6)]
				}
			}
			floor, other := []float32{math.SmallestNonzeroFloat32, 0.3, 0.9}[r.Intn(3)], float32(r.Float64())
			var want []int32
			var values []float32
			for c, s := range sum {
				if s*own[c] >= floor || s*other >= floors[c] {
					want, values = append(want, int32(c)), append(values, s)
				}
			}
			for name, drain := range map[string]func([]int32, []float32, []float32, []float32, []float32, float32, float32) int{"chosen": Drain, "portable": drainGo} {
				hit, hits, left := make([]int32, n+1), make([]float32, n+1), slices.Clone(sum)
				found := drain(hit, hits, left, own, floors, floor, other)
				if !slices.Equal(hit[:found], want) || !sameBits(hits[:found], values) {
					t.Fatalf("%s, %d sums: got %v %v, want %v %v", name, n, hit[:found], hits[:found], want, values)
				}
				for c, s := range left {
					if math.Float32bits(s)<<1 != 0 {
						t.Fatalf("%s, %d sums: sum %d is %v afterwards", name, n, c, s)
					}
				}
			}
		}
	}
}

func TestShrink(t *testing.T) {
	r := rng.New(8, 9, 10)
	for _, n := range []int{0, 1, 7, 8, 9, 100, 1<<15 + 13} {
		sum, size := make([]float32, n), make([]float32, n+1)
		for c := range sum {
			sum[c], size[c] = float32(r.Normal()), float32(r.Float64())
		}
		want, portable := make([]float32, n), slices.Clone(sum)
		for c, s := range sum {
			product := float32(0.7) * size[c]
			below := product + 0.3
			want[c] = s / below
		}
		Shrink(sum, size, 0.7, 0.3)
		shrinkGo(portable, size, 0.7, 0.3)
		if !sameBits(sum, want) || !sameBits(portable, want) {
			t.Fatalf("%d sums: got %v, portable %v, want %v", n, sum, portable, want)
		}
	}
}

func TestPeaks(t *testing.T) {
	r := rng.New(5, 6, 7)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, n := range []int{0, 1, 63, 64, 65, 127, 128, 1000, 1 << 17} {
		sum, own := make([]float32, n), make([]float32, n+2)
		for c := range sum {
			own[c] = float32(r.Float64())
			if r.Intn(3) == 0 {
				sum[c] = []float32{float32(r.Float64()), -float32(r.Float64()), nan, inf}[max(r.Intn(20)-16, 0)]
			}
		}
		want := make([]float32, n/64*8)
		for c := range n / 64 * 64 {
			if v := sum[c] * own[c]; v > want[c/64*8+c%8] {
				want[c/64*8+c%8] = v
			}
		}
		got, portable := Peaks(make([]float32, n/8+3), sum, own), make([]float32, n/64*8)
		peaksGo(portable, sum, own)
		if !sameBits(got, want) || !sameBits(portable, want) {
			t.Fatalf("%d sums: got %v, portable %v, want %v", n, got, portable, want)
		}
		for _, least := range []float32{0, 0.3, 0.9, inf} {
			want := 0
			for _, v := range sum {
				if v >= least {
					want++
				}
			}
			if got := CountAtLeast(sum, least); got != want || countGo(sum, least) != want {
				t.Fatalf("%d sums: %d and %d are at least %v, want %d", n, got, countGo(sum, least), least, want)
			}
		}
	}
}
