package vec

import "math"

// Accelerated reports whether the kernels for AVX2 run, not the portable forms.
func Accelerated() bool { return hasAVX2 }

// Level returns "avx512", "avx2" or "portable": which kernels run.
func Level() string {
	switch {
	case hasAVX512:
		return "avx512"
	case hasAVX2:
		return "avx2"
	}
	return "portable"
}

// Products are rounded before they are added (float32(x*y) + z), so that a
// compiler which fuses multiply and add cannot change results between builds.

// maxRows bounds the rows of one assembly call: assembly cannot be preempted.
const maxRows = 1024

// Dot returns Σ x[i]·y[i].
func Dot(x, y []float32) float32 {
	if hasAVX2 {
		return dotAVX2(x, y[:len(x)])
	}
	return dotGo(x, y)
}

// dotGo is the portable Dot: sums run side by side as the lanes of the kernel do.
func dotGo(x, y []float32) float32 {
	y = y[:len(x)]
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	i := 0
	for ; i+8 <= len(x); i += 8 {
		a, b := x[i:i+8:i+8], y[i:i+8:i+8]
		s0 += float32(a[0] * b[0])
		s1 += float32(a[1] * b[1])
		s2 += float32(a[2] * b[2])
		s3 += float32(a[3] * b[3])
		s4 += float32(a[4] * b[4])
		s5 += float32(a[5] * b[5])
		s6 += float32(a[6] * b[6])
		s7 += float32(a[7] * b[7])
	}
	for ; i < len(x); i++ {
		s0 += float32(x[i] * y[i])
	}
	return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
}

// Axpy adds a·x to y.
func Axpy(a float32, x, y []float32) {
	if hasAVX2 {
		axpyAVX2(a, x, y[:len(x)])
		return
	}
	axpyGo(a, x, y)
}

func axpyGo(a float32, x, y []float32) {
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		p, q := x[i:i+4:i+4], y[i:i+4:i+4]
		q[0] += float32(a * p[0])
		q[1] += float32(a * p[1])
		q[2] += float32(a * p[2])
		q[3] += float32(a * p[3])
	}
	for ; i < len(x); i++ {
		y[i] += float32(a * x[i])
	}
}

// DotRows writes into dst the dot products of x with len(dst) consecutive rows
// of length len(x). Each is what Dot returns.
func DotRows(dst, rows, x []float32) {
	if !hasAVX2 {
		dotRowsGo(dst, rows, x)
		return
	}
	f := len(x)
	_ = rows[:len(dst)*f]
	for lo := 0; lo < len(dst); lo += maxRows {
		hi := min(lo+maxRows, len(dst))
		if hasAVX512 {
			four := lo + (hi-lo)&^3
			dotRowsAVX512(dst[lo:four], rows[lo*f:four*f], x)
			dotRowsAVX2(dst[four:hi], rows[four*f:hi*f], x)
			continue
		}
		dotRowsAVX2(dst[lo:hi], rows[lo*f:hi*f], x)
	}
}

func dotRowsGo(dst, rows, x []float32) {
	f := len(x)
	for i := range dst {
		dst[i] = dotGo(x, rows[i*f:i*f+f])
	}
}

// GatherDot writes into dst[k] the dot product of x with row idx[k] of src, rows
// of length len(x). Each is what Dot returns.
func GatherDot(dst, src []float32, idx []int32, x []float32) {
	if !hasAVX2 {
		gatherDotGo(dst, src, idx, x)
		return
	}
	dst = dst[:len(idx)]
	for lo := 0; lo < len(idx); lo += maxRows {
		hi := min(lo+maxRows, len(idx))
		if hasAVX512 {
			four := lo + (hi-lo)&^3
			gatherDotAVX512(dst[lo:four], src, idx[lo:four], x)
			gatherDotAVX2(dst[four:hi], src, idx[four:hi], x)
			continue
		}
		gatherDotAVX2(dst[lo:hi], src, idx[lo:hi], x)
	}
}

func gatherDotGo(dst, src []float32, idx []int32, x []float32) {
	f := len(x)
	for k, i := range idx {
		dst[k] = dotGo(x, src[int(i)*f:int(i)*f+f])
	}
}

// GatherDist writes into dst[k] the squared distance of x from scale[i] times row i =
// idx[k] of src, rows of length len(x). Each element of a difference is rounded once
// where the level fuses, twice where not; with a scale of 1 always once. So a distance
// is right to len(x) roundings of itself, however far from the origin the rows lie.
func GatherDist(dst, src []float32, idx []int32, scale, x []float32) {
	if !hasAVX2 {
		gatherDistGo(dst, src, idx, scale, x)
		return
	}
	dst = dst[:len(idx)]
	for lo := 0; lo < len(idx); lo += maxRows {
		hi := min(lo+maxRows, len(idx))
		if hasAVX512 {
			four := lo + (hi-lo)&^3
			gatherDistAVX512(dst[lo:four], src, idx[lo:four], scale, x)
			gatherDistAVX2(dst[four:hi], src, idx[four:hi], scale, x)
			continue
		}
		gatherDistAVX2(dst[lo:hi], src, idx[lo:hi], scale, x)
	}
}

func gatherDistGo(dst, src []float32, idx []int32, scale, x []float32) {
	f := len(x)
	for k, i := range idx {
		dst[k] = distGo(x, src[int(i)*f:int(i)*f+f], scale[i])
	}
}

// distGo is the squared distance of x from c·y: four sums side by side.
func distGo(x, y []float32, c float32) float32 {
	y = y[:len(x)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(x); i += 4 {
		a, b := x[i:i+4:i+4], y[i:i+4:i+4]
		d0, d1, d2, d3 := float32(c*b[0])-a[0], float32(c*b[1])-a[1], float32(c*b[2])-a[2], float32(c*b[3])-a[3]
		s0 += float32(d0 * d0)
		s1 += float32(d1 * d1)
		s2 += float32(d2 * d2)
		s3 += float32(d3 * d3)
	}
	for ; i < len(x); i++ {
		d := float32(c*y[i]) - x[i]
		s0 += float32(d * d)
	}
	return (s0 + s2) + (s1 + s3)
}

// GatherAxpy adds Σ coef[k]·(row idx[k] of src) to out, rows of length len(out),
// k ascending.
func GatherAxpy(out, src []float32, idx []int32, coef []float32) {
	if !hasAVX2 {
		gatherAxpyGo(out, src, idx, coef)
		return
	}
	coef = coef[:len(idx)]
	for lo := 0; lo < len(idx); lo += maxRows {
		hi := min(lo+maxRows, len(idx))
		gatherAxpyAVX2(out, src, idx[lo:hi], coef[lo:hi])
	}
}

func gatherAxpyGo(out, src []float32, idx []int32, coef []float32) {
	f := len(out)
	for k, i := range idx {
		axpyGo(coef[k], src[int(i)*f:int(i)*f+f], out)
	}
}

// GatherApply adds Σ (a[k] + w[k]·(x·row idx[k] of src))·(row idx[k] of src) to
// out, rows of length len(out), k ascending: a product with a sum of weighted
// squares of rows. a, w and the scratch memory coef hold len(idx) numbers; flat is
// how many indices from idx[0] on may be read to fetch rows ahead, len(idx) or more
// where the array goes on, 0 for rows that are in the cache.
func GatherApply(out, src []float32, idx []int32, a, w, x, coef []float32, flat int) {
	const block = 32 // rows that stay in the first-level cache
	x, a, w = x[:len(out)], a[:len(idx)], w[:len(idx)]
	if gatherApplyWide(out, src, idx, a, w, x, flat) {
		return
	}
	for lo := 0; lo < len(idx); lo += block {
		hi := min(lo+block, len(idx))
		c := coef[lo:hi]
		GatherDot(c, src, idx[lo:hi], x)
		for k, d := range c {
			c[k] = a[lo+k] + float32(w[lo+k]*d)
		}
		GatherAxpy(out, src, idx[lo:hi], c)
	}
}

// GatherScale copies row idx[k] of src, rows of length f, to row k of raw, and
// coef[k] times it to row k of scaled, both with rows of length Pad(f) and zeros
// behind f. flat is as in GatherApply.
func GatherScale(raw, scaled, src []float32, idx []int32, coef []float32, f, flat int) {
	if !hasAVX2 || f%16 != 0 || len(idx) == 0 {
		gatherScaleGo(raw, scaled, src, idx, coef, f)
		return
	}
	_, _, _ = raw[len(idx)*f-1], scaled[len(idx)*f-1], coef[len(idx)-1]
	gatherScaleAVX2(raw, scaled, src, idx, coef, f, max(flat, len(idx)))
}

func gatherScaleGo(raw, scaled, src []float32, idx []int32, coef []float32, f int) {
	fp := Pad(f)
	for k, i := range idx {
		r, s := raw[k*fp:k*fp+fp], scaled[k*fp:k*fp+fp]
		copy(r, src[int(i)*f:int(i)*f+f])
		clear(r[f:])
		clear(s[f:])
		for j, v := range r[:f] {
			s[j] = coef[k] * v
		}
	}
}

// Symv writes into out the product of x with the symmetric matrix m of len(x) rows,
// a multiple of 16: the sum of x[k] times row k over even k, plus that over odd k.
func Symv(out, m, x []float32) {
	n := len(x)
	out = out[:n]
	if n == 0 {
		return
	}
	_ = m[n*n-1]
	if !hasAVX2 {
		symvGo(out, m, x)
		return
	}
	step := max(64, (1<<20/n)&^63) // columns of one call
	for lo := 0; lo < n; lo += step {
		if hi := min(lo+step, n); hasAVX512 {
			symvAVX512(out[lo:hi], m[lo:], x)
		} else {
			symvAVX2(out[lo:hi], m[lo:], x)
		}
	}
}

func symvGo(out, m, x []float32) {
	var chains [2][64]float32
	for lo := 0; lo < len(out); lo += len(chains[0]) {
		hi := min(lo+len(chains[0]), len(out))
		clear(chains[0][:])
		clear(chains[1][:])
		for k, v := range x {
			axpyGo(v, m[k*len(x)+lo:k*len(x)+hi], chains[k%2][:hi-lo])
		}
		for j := lo; j < hi; j++ {
			out[j] = chains[0][j-lo] + chains[1][j-lo]
		}
	}
}

// CholeskyPanel factors 16 rows of a symmetric positive definite n×n matrix, whose
// first lo rows are factored and subtracted: rows lo to lo+16 of U, from the
// diagonal on, replace those of a, and their negation, from column lo+16 on, those
// of neg (16×n). n and lo must be multiples of 16. It returns false at a pivot that
// is not positive or not finite.
func CholeskyPanel(a []float32, n, lo int, neg []float32) bool {
	_, _ = a[(lo+16)*n-1], neg[16*n-1]
	if hasAVX512 {
		return cholPanelAVX512(&a[lo*n+lo], n, n-lo, &neg[lo])
	}
	for k := lo; k < lo+16; k++ {
		row := a[k*n : k*n+n]
		d := row[k]
		if !(d > 0 && d <= math.MaxFloat32) {
			return false
		}
		d = float32(math.Sqrt(float64(d)))
		row[k] = d
		Scale(1/d, row[k+1:])
		for i := k + 1; i < lo+16; i++ {
			Axpy(-row[i], row[i:], a[i*n+i:i*n+n])
		}
		for j := lo + 16; j < n; j++ {
			neg[(k-lo)*n+j] = -row[j]
		}
	}
	return true
}

// Pad returns n rounded up to the multiple of 16 that Syrk needs.
func Pad(n int) int { return (n + 15) &^ 15 }

// Syrk adds Σ_k w[k,i]·y[k,j], k < n ascending, to c[i,j] for from <= i, j < size
// and at least j >= i; elements below the diagonal become meaningless. w and y
// hold n rows of stride ld, c rows of stride ldc. from and size must be
// multiples of 16. With w = y it is a symmetric rank-n update.
func Syrk(c []float32, ldc, from, size int, w, y []float32, ld, n int) {
	if n == 0 || from >= size {
		return
	}
	_, _, _ = c[(size-1)*ldc+size-1], w[(n-1)*ld+size-1], y[(n-1)*ld+size-1]
	if hasAVX2 {
		syrkAVX2(c, ldc, from, size, w, y, ld, n)
		return
	}
	syrkGo(c, ldc, from, size, w, y, ld, n)
}

func syrkGo(c []float32, ldc, from, size int, w, y []float32, ld, n int) {
	for k := range n {
		wr, yr := w[k*ld:k*ld+size], y[k*ld:k*ld+size]
		for i := from; i < size; i++ {
			if v := wr[i]; v != 0 {
				axpyGo(v, yr[i:], c[i*ldc+i:i*ldc+size])
			}
		}
	}
}

// Tile16 adds Σ_k w[16k+i]·y[16k+j], k < n ascending, to c[i·ldc+j] for i, j < 16.
func Tile16(c []float32, ldc int, w, y []float32, n int) {
	if n == 0 {
		return
	}
	_, _, _ = c[15*ldc+15], w[16*n-1], y[16*n-1]
	if hasAVX2 {
		tile16AVX2(c, ldc, w, y, n)
		return
	}
	tile16Go(c, ldc, w, y, n)
}

func tile16Go(c []float32, ldc int, w, y []float32, n int) {
	for k := range n {
		wr, yr := w[16*k:16*k+16], y[16*k:16*k+16]
		for i, v := range wr {
			if v != 0 {
				axpyGo(v, yr, c[i*ldc:i*ldc+16])
			}
		}
	}
}

// PairStep replaces x, y and z, of equal length, by keep·x + a(y-z), keep·y + a·x
// and keep·z - a·x, the old values on the right: one step of a pairwise loss.
func PairStep(x, y, z []float32, a, keep float32) {
	y, z = y[:len(x)], z[:len(x)]
	if hasAVX2 {
		pairStepAVX2(x, y, z, a, keep)
		return
	}
	pairStepGo(x, y, z, a, keep)
}

func pairStepGo(x, y, z []float32, a, keep float32) {
	for i, v := range x {
		ax := float32(a * v)
		x[i] = float32(keep*v) + float32(a*(y[i]-z[i]))
		y[i] = float32(keep*y[i]) + ax
		z[i] = float32(keep*z[i]) - ax
	}
}

// RowStep replaces x and y, of equal length, by keep·x + a·y and keep·y + a·x, the
// old values on the right: one step of a pointwise loss.
func RowStep(x, y []float32, a, keep float32) {
	y = y[:len(x)]
	if hasAVX2 {
		rowStepAVX2(x, y, a, keep)
		return
	}
	rowStepGo(x, y, a, keep)
}

func rowStepGo(x, y []float32, a, keep float32) {
	for i, v := range x {
		x[i] = float32(keep*v) + float32(a*y[i])
		y[i] = float32(keep*y[i]) + float32(a*v)
	}
}

// NextAbove returns the first index i >= from with x[i]·y[i] >= threshold, or
// len(x). NaN is never above. The product is rounded once, so every level finds
// the same index.
func NextAbove(x, y []float32, threshold float32, from int) int {
	const chunk = 1 << 16 // elements of one assembly call
	n := len(x)
	y = y[:n]
	for from < n {
		if hasAVX2 && from%8 == 0 {
			end := min(from+chunk, n)
			if from = nextAboveAVX2(x[:end], y[:end], threshold, from); from >= end {
				continue
			}
		}
		// The rest of a block, element by element.
		for end := min(from&^7+8, n); from < end; from++ {
			if float32(x[from]*y[from]) >= threshold {
				return from
			}
		}
	}
	return n
}

// Shape of the operands of PanelAbove.
const (
	PanelUsers = 12
	PanelItems = 32
)

// Fast reports whether PanelAbove beats DotRows.
func Fast() bool { return hasAVX2 }

// PanelAbove holds PanelUsers vectors of length f against panels of PanelItems
// vectors each, and says which products reach the user's threshold: bit j of
// masks[PanelUsers·p+u] is set where
//
//	Σ_k users[PanelUsers·k+u] · panels[(p·f+k)·PanelItems+j] >= threshold[u]
//
// the sum running over ascending k. NaN never reaches. The sums of the levels
// differ by rounding: leave a margin and ask Dot. len(masks) says how many panels
// there are; f > 0.
func PanelAbove(masks []uint32, panels, users, threshold []float32, f int) {
	count := len(masks) / PanelUsers
	if count == 0 {
		return
	}
	_, _, _ = panels[count*f*PanelItems-1], users[f*PanelUsers-1], threshold[PanelUsers-1]
	switch {
	case hasAVX512:
		panelAboveAVX512(&masks[0], &panels[0], &users[0], &threshold[0], f, count)
	case hasAVX2:
		panelAboveAVX2(&masks[0], &panels[0], &users[0], &threshold[0], f, count)
	default:
		panelAboveGo(masks[:count*PanelUsers], panels, users, threshold, f)
	}
}

// panelAboveGo is the portable PanelAbove.
func panelAboveGo(masks []uint32, panels, users, threshold []float32, f int) {
	var sums [PanelItems]float32
	for p := 0; p*PanelUsers < len(masks); p++ {
		panel := panels[p*f*PanelItems : (p+1)*f*PanelItems]
		for u := range PanelUsers {
			clear(sums[:])
			for k := range f {
				axpyGo(users[k*PanelUsers+u], panel[k*PanelItems:(k+1)*PanelItems], sums[:])
			}
			m := uint32(0)
			for j, s := range sums {
				if s >= threshold[u] {
					m |= 1 << j
				}
			}
			masks[p*PanelUsers+u] = m
		}
	}
}

// Scale multiplies x by a.
func Scale(a float32, x []float32) {
	if hasAVX2 {
		scaleAVX2(a, x)
		return
	}
	for i := range x {
		x[i] *= a
	}
}

// Norm2 returns Σ x[i]² in float64.
func Norm2(x []float32) float64 {
	s := 0.0
	for _, v := range x {
		s += float64(float64(v) * float64(v))
	}
	return s
}

// Normalize writes x, scaled to length 1, into dst; zero stays zero.
func Normalize(dst, x []float32) {
	norm := math.Sqrt(Norm2(x))
	if norm == 0 {
		clear(dst)
		return
	}
	for k, v := range x {
		dst[k] = float32(float64(v) / norm)
	}
}
