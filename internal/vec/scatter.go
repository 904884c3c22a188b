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
