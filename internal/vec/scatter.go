package vec

// Scatter adds f[k]·val[p] to sum[col[p]] for the first lens[k] entries p of row
// rows[k] of a compressed sparse row matrix, k ascending. Each product and each
// sum is rounded once, so every level gives the same bits. The columns of a row
// are distinct and below len(sum), lens[k] at most the length of the row.
//
// It costs about 1.3 ns a product when the rows do not fit the L2 cache.
func Scatter(sum []float32, rows []int32, f []float32, lens []int32, ptr []int64, col []int32, val []float32) {
	if !hasAVX2 {
		scatterGo(sum, rows, f, lens, ptr, col, val)
		return
	}
	inCalls(rows, f, lens, func(rows []int32, f []float32, lens []int32) {
		scatterAVX2(sum, rows, f, lens, ptr, col, val)
	})
}

// ScatterCoded is Scatter for entries that hold their column times 256 plus the
// number of their value, which is a quarter faster: reading the entries is what
// takes long.
func ScatterCoded(sum []float32, rows []int32, f []float32, lens []int32, ptr []int64, coded []int32, values *[256]float32) {
	if !hasAVX2 {
		scatterCodedGo(sum, rows, f, lens, ptr, coded, values)
		return
	}
	inCalls(rows, f, lens, func(rows []int32, f []float32, lens []int32) {
		scatterCodedAVX2(sum, rows, f, lens, ptr, coded, values)
	})
}

// inCalls cuts rows so that no call into assembly, which cannot be preempted,
// takes long.
func inCalls(rows []int32, f []float32, lens []int32, call func(rows []int32, f []float32, lens []int32)) {
	const most = 1 << 15 // products of one call, but one row at least
	f, lens = f[:len(rows)], lens[:len(rows)]
	for lo := 0; lo < len(rows); {
		hi, work := lo, 0
		for hi < len(rows) && work < most {
			work += int(lens[hi])
			hi++
		}
		call(rows[lo:hi], f[lo:hi], lens[lo:hi])
		lo = hi
	}
}

func scatterGo(sum []float32, rows []int32, f []float32, lens []int32, ptr []int64, col []int32, val []float32) {
	for k, r := range rows {
		a := ptr[r]
		b := a + int64(lens[k])
		cols, x := col[a:b], f[k]
		vals := val[a:b][:len(cols)]
		for n, c := range cols {
			sum[c] += float32(x * vals[n])
		}
	}
}

func scatterCodedGo(sum []float32, rows []int32, f []float32, lens []int32, ptr []int64, coded []int32, values *[256]float32) {
	for k, r := range rows {
		a, x := ptr[r], f[k]
		for _, e := range coded[a : a+int64(lens[k])] {
			sum[uint32(e)>>8] += float32(x * values[e&255])
		}
	}
}

// Shrink divides each sum[c] by own·size[c] + h; len(size) is at least that of sum.
// Product, sum and quotient are each rounded, so every level gives the same bits.
func Shrink(sum, size []float32, own, h float32) {
	size = size[:len(sum)]
	whole := 0
	if hasAVX2 {
		whole = len(sum) &^ 7
		const most = 1 << 15 // of one call into assembly
		for lo := 0; lo < whole; lo += most {
			hi := min(lo+most, whole)
			shrinkAVX2(sum[lo:hi], size[lo:hi], own, h)
		}
	}
	shrinkGo(sum[whole:], size[whole:], own, h)
}

func shrinkGo(sum, size []float32, own, h float32) {
	for c, s := range sum {
		sum[c] = s / (float32(own*size[c]) + h)
	}
}

// Peaks splits sums into groups of eight and writes the largest of 0 and
// sum[c]·own[c] over each into dst: group 8b+l are the c that are l modulo 8 of
// the 64 from 64·b. It returns the part of dst it wrote, an eighth of the sums;
// the last len(sum) modulo 64 have no group. NaN counts as 0.
func Peaks(dst, sum, own []float32) []float32 {
	n := len(sum) / 64 * 8
	dst, own = dst[:n], own[:len(sum)]
	if !hasAVX2 {
		peaksGo(dst, sum, own)
		return dst
	}
	const most = 1 << 13 // peaks of one call into assembly
	for lo := 0; lo < n; lo += most {
		hi := min(lo+most, n)
		peaksAVX2(dst[lo:hi], sum[8*lo:8*hi], own[8*lo:8*hi])
	}
	return dst
}

func peaksGo(dst, sum, own []float32) {
	for b := 0; b < len(dst); b += 8 {
		top := dst[b : b+8]
		clear(top)
		for k, s := range sum[8*b : 8*b+64] {
			if v := float32(s * own[8*b+k]); v > top[k&7] {
				top[k&7] = v
			}
		}
	}
}

// CountAtLeast returns how many of x are at least t.
func CountAtLeast(x []float32, t float32) int {
	n, whole := 0, 0
	if hasAVX2 {
		whole = len(x) &^ 7
		const most = 1 << 16 // of one call into assembly
		for lo := 0; lo < whole; lo += most {
			n += countAVX2(x[lo:min(lo+most, whole)], t)
		}
	}
	return n + countGo(x[whole:], t)
}

func countGo(x []float32, t float32) int {
	n := 0
	for _, v := range x {
		if v >= t {
			n++
		}
	}
	return n
}

// Drain collects the sums s = sum[c] with s·own[c] >= floor or s·other >=
// floors[c]: their indices in hit and themselves in hits, c ascending. It sets
// all sums to zero and returns how many it found. All slices have at least the
// length of sum, at most 65,536; floor and floors are above 0. NaN is not found. Each product is rounded once,
// so every level finds the same.
func Drain(hit []int32, hits, sum, own, floors []float32, floor, other float32) int {
	n := len(sum)
	hit, hits, own, floors = hit[:n], hits[:n], own[:n], floors[:n]
	found, whole := 0, 0
	if hasAVX2 {
		whole = n &^ 7
		found = drainAVX2(hit, hits, sum[:whole], own, floors, floor, other)
	}
	rest := drainGo(hit[found:], hits[found:], sum[whole:], own[whole:], floors[whole:], floor, other)
	for k := range rest {
		hit[found+k] += int32(whole)
	}
	return found + rest
}

func drainGo(hit []int32, hits, sum, own, floors []float32, floor, other float32) int {
	found := 0
	for c, s := range sum {
		if s == 0 {
			continue
		}
		if float32(s*own[c]) >= floor || float32(s*other) >= floors[c] {
			hit[found], hits[found] = int32(c), s
			found++
		}
		sum[c] = 0
	}
	return found
}
