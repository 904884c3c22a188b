package rng

import (
	"math"
	"slices"
	"testing"
)

// Pinned values: SplitMix64 of 0 is the generator's published first output;
// the rest are this package's promise that a stream never changes.
func TestPinned(t *testing.T) {
	if got := Mix(0); got != 0xe220a8397b1dcdaf {
		t.Errorf("Mix(0) = %#x", got)
	}
	if got := HashString("aisle"); got != 0xda51a85c812e81f4 {
		t.Errorf("HashString = %#x", got)
	}
	if got := Hash(1, 2, 3); got != 0xe234b8e7662009c0 {
		t.Errorf("Hash = %#x", got)
	}
	if Hash(1, 2) == Hash(2, 1) || Hash(1) == Hash(1, 0) {
		t.Error("Hash ignores order or length")
	}
	for _, c := range []struct {
		seed, stage, block uint64
		want               [4]uint64
	}{
		{0, 0, 0, [4]uint64{0x815fd0c26794068f, 0xcaca4848218d899e, 0xcd804c7034edfb36, 0x4d2b5c904ac463fd}},
		{1, 2, 3, [4]uint64{0x9f246e0b52853576, 0x96bd356b70afb035, 0x34ab7bc9e3bdb463, 0x6586e7471b50edeb}},
		{9223372036854775808, 7, 1099511627776, [4]uint64{0xb001346609091d6, 0xddc7837e1dcaf8e2, 0xfb2fd7bcd25cf049, 0xf0ac802551cad36d}},
	} {
		r := New(c.seed, c.stage, c.block)
		for i, w := range c.want {
			if got := r.Uint64(); got != w {
				t.Errorf("New(%d, %d, %d) draw %d = %#x, want %#x", c.seed, c.stage, c.block, i, got, w)
			}
		}
	}
	r := New(1, 2, 3)
	if got := r.Perm(8); !slices.Equal(got, []int32{3, 0, 6, 2, 5, 1, 7, 4}) {
		t.Errorf("Perm = %v", got)
	}
	if got := r.Normal(); got != -0.9437232256208963 {
		t.Errorf("Normal = %v", got)
	}
}

// xoshiro256** from the state 1, 2, 3, 4 starts with the outputs that follow
// from the published recurrence; the first two can be done by hand:
// rotl(2·5, 7)·9 = 11520, then s1 becomes 0, giving 0.
func TestRecurrence(t *testing.T) {
	r := &Stream{s: [4]uint64{1, 2, 3, 4}}
	for i, want := range []uint64{11520, 0, 1509978240, 1215971899390074240} {
		if got := r.Uint64(); got != want {
			t.Errorf("output %d = %d, want %d", i, got, want)
		}
	}
}

func TestReset(t *testing.T) {
	r := New(5, 6, 7)
	a := []float64{r.Normal(), r.Float64()} // leaves a spare normal behind
	r.Normal()
	r.Reset(5, 6, 7)
	if b := []float64{r.Normal(), r.Float64()}; !slices.Equal(a, b) {
		t.Errorf("after Reset %v, before %v", b, a)
	}
}

func TestUint64nUnbiased(t *testing.T) {
	r := New(1, 0, 0)
	// 3·2⁶² shows the bias of a plain multiply or modulo at once: half of the
	// values would be twice as likely.
	const n, draws = uint64(3) << 62, 60000
	thirds := [3]int{}
	for range draws {
		x := r.Uint64n(n)
		if x >= n {
			t.Fatalf("%d is out of range", x)
		}
		thirds[x>>62]++
	}
	chi2(t, "3·2^62", thirds[:])
	for _, n := range []uint64{1, 2, 3, 7, 10, 64} {
		counts := make([]int, n)
		for range 2000 * int(n) {
			counts[r.Uint64n(n)]++
		}
		chi2(t, "n", counts)
	}
	if r.Uint64n(0) != 0 || r.Intn(0) != 0 || r.Intn(-4) != 0 {
		t.Error("empty range")
	}
}

// chi2 fails when counts are further from uniform than chance allows (six
// standard deviations of the statistic).
func chi2(t *testing.T, name string, counts []int) {
	t.Helper()
	total := 0
	for _, c := range counts {
		total += c
	}
	e, x := float64(total)/float64(len(counts)), 0.0
	for _, c := range counts {
		x += (float64(c) - e) * (float64(c) - e) / e
	}
	df := float64(len(counts) - 1)
	if x > df+6*math.Sqrt(2*df)+1e-9 {
		t.Errorf("%s: χ² %.1f at %v degrees of freedom: %v", name, x, df, counts)
	}
}

// Mean and variance of every distribution within six standard errors; the
// fourth central moment bounds the error of the variance.
func TestMoments(t *testing.T) {
	r := New(42, 0, 0)
	type dist struct {
		name             string
		draw             func() float64
		mean, vari, kurt float64 // kurt: excess
		lo, hi           float64
	}
	inf := math.Inf(1)
	ds := []dist{
		{"uniform", r.Float64, .5, 1. / 12, -1.2, 0, 1},
		{"normal", r.Normal, 0, 1, 0, -inf, inf},
		{"exp", r.Exp, 1, 1, 6, 0, inf},
	}
	for _, a := range []float64{.05, .5, 1, 2.5, 40} {
		ds = append(ds, dist{"gamma", func() float64 { return r.Gamma(a) }, a, a, 6 / a, 0, inf})
	}
	for _, ab := range [][2]float64{{.5, .5}, {1, 3}, {20, 5}} {
		a, b := ab[0], ab[1]
		k := 6 * ((a-b)*(a-b)*(a+b+1) - a*b*(a+b+2)) / (a * b * (a + b + 2) * (a + b + 3))
		ds = append(ds, dist{"beta", func() float64 { return r.Beta(a, b) }, a / (a + b), a * b / ((a + b) * (a + b) * (a + b + 1)), k, 0, 1})
	}
	for _, m := range []float64{.1, 3, 29, 31, 100, 5000} {
		ds = append(ds, dist{"poisson", func() float64 { return float64(r.Poisson(m)) }, m, m, 1 / m, 0, inf})
	}
	for _, np := range [][2]float64{{1, .3}, {20, .1}, {32, .5}, {33, .5}, {1000, .02}, {1000, .97}} {
		n, p := np[0], np[1]
		q := 1 - p
		ds = append(ds, dist{"binomial", func() float64 { return float64(r.Binomial(int(n), p)) }, n * p, n * p * q, (1 - 6*p*q) / (n * p * q), 0, n})
	}
	const n = 60000
	for _, d := range ds {
		mean, m2 := 0.0, 0.0
		for i := range n {
			x := d.draw()
			if !(x >= d.lo && x <= d.hi) {
				t.Fatalf("%s: %v out of range", d.name, x)
			}
			dx := x - mean
			mean += dx / float64(i+1)
			m2 += dx * (x - mean)
		}
		v := m2 / (n - 1)
		if se := math.Sqrt(d.vari / n); math.Abs(mean-d.mean) > 6*se {
			t.Errorf("%s mean %.5g, want %.5g ± %.2g", d.name, mean, d.mean, 6*se)
		}
		if se := d.vari * math.Sqrt((d.kurt+2)/n); math.Abs(v-d.vari) > 6*se {
			t.Errorf("%s(mean %v) variance %.5g, want %.5g ± %.2g", d.name, d.mean, v, d.vari, 6*se)
		}
	}
}

// Bad parameters end and give the documented value; they used to loop for ever.
func TestBadParameters(t *testing.T) {
	r := New(1, 1, 1)
	nan, inf := math.NaN(), math.Inf(1)
	for _, x := range []float64{nan, inf, -1, 0} {
		if !math.IsNaN(r.Gamma(x)) {
			t.Errorf("Gamma(%v) is a number", x)
		}
		if r.Poisson(x) != 0 {
			t.Errorf("Poisson(%v)", x)
		}
	}
	for _, n := range []int{0, -5, 10, 100} {
		w := max(n, 0)
		if r.Binomial(n, 1) != w || r.Binomial(n, 2) != w || r.Binomial(n, 0) != 0 || r.Binomial(n, nan) != 0 || r.Binomial(n, -1) != 0 {
			t.Errorf("Binomial(%d, …) at the ends", n)
		}
	}
	if x := r.Beta(1e-300, 1e-300); x != 0 && x != 1 {
		t.Errorf("Beta of tiny shapes %v", x)
	}
	if x := r.Gamma(math.SmallestNonzeroFloat64); x != 0 {
		t.Errorf("Gamma of the smallest shape %v", x)
	}
}

func TestShuffleUniform(t *testing.T) {
	r := New(9, 9, 9)
	counts := map[[3]int32]int{}
	for range 12000 {
		counts[[3]int32(r.Perm(3))]++
	}
	flat := []int{}
	for _, p := range [][3]int32{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		flat = append(flat, counts[p])
	}
	chi2(t, "permutations of 3", flat)
}

// Streams of neighbouring names do not resemble one another.
func TestStreamsDiffer(t *testing.T) {
	seen := map[uint64]bool{}
	for seed := range uint64(8) {
		for stage := range uint64(8) {
			for block := range uint64(64) {
				x := New(seed, stage, block).Uint64()
				if seen[x] {
					t.Fatalf("stream (%d, %d, %d) starts like another", seed, stage, block)
				}
				seen[x] = true
			}
		}
	}
	a, b, same := New(1, 1, 1), New(1, 1, 2), 0
	for range 64000 {
		if a.Bool(.5) == b.Bool(.5) {
			same++
		}
	}
	if math.Abs(float64(same)-32000) > 6*math.Sqrt(16000) {
		t.Errorf("neighbouring streams agree in %d of 64000 coin tosses", same)
	}
}

// Every fold gets its share of each row and of all together, and each entry of a row
// falls into each fold as often.
func TestDeal(t *testing.T) {
	next := 0
	var total [3]int
	var at [7][3]int
	for row := range uint64(300) {
		dst := make([]int32, 7)
		next = New(5, 1, row).Deal(dst, 3, next)
		var count [3]int
		for e, f := range dst {
			count[f]++
			total[f]++
			at[e][f]++
		}
		if slices.Min(count[:]) != 2 || slices.Max(count[:]) != 3 {
			t.Fatalf("row %d: %v entries by fold", row, count)
		}
		if slices.Max(total[:])-slices.Min(total[:]) > 1 {
			t.Fatalf("after row %d: %v entries by fold", row, total)
		}
	}
	for e, folds := range at {
		for f, n := range folds {
			if n < 60 || n > 140 {
				t.Errorf("entry %d is in fold %d %d times of 300", e, f, n)
			}
		}
	}
}
