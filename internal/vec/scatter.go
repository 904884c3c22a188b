package vec

// Scatter adds f[k]·val[p] to sum[col[p]] for the first lens[k] entries p of row
// rows[k] of a compressed sparse row matrix, k ascending. Each product and each
// sum is rounded once, so every level gives the same bits. The columns of a row
// are distinct and below len(sum), lens[k] at most the length of the row.
//
// It costs about 1.3 ns a product when the rows do not fit the L2 cache.
func Scatter(sum []float32, rows []int32, f []float32, lens []int32, ptr []int64, col []int32, val []float32) {
	f, lens = f[:len(rows)], lens[:len(rows)]
	if !hasAVX2 {
		scatterGo(sum, rows, f, lens, ptr, col, val)
		return
	}
	const most = 1 << 15 // products of one assembly call, but one row at least
	for lo := 0; lo < len(rows); {
		hi, work := lo, 0
		for hi < len(rows) && work < most {
			work += int(lens[hi])
			hi++
		}
		scatterAVX2(sum, rows[lo:hi], f[lo:hi], lens[lo:hi], ptr, col, val)
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
