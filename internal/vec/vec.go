// Package vec is float32 arithmetic for the hot loops.
//
// Each function has a portable form (portable.go) and one for amd64 processors
// with AVX2 and FMA (vec_amd64.s, written by gen), chosen once at start-up; the
// build tag noasm leaves the portable form alone. Both are deterministic; they
// agree to rounding, not to the last bit, because only one fuses multiply and
// add.
//
// Operand lengths must agree and indices must be in range: callers validate
// once, outside the loop. Calls are cut so that none holds up the garbage
// collector for long.
package vec

// maxRows bounds the rows of one assembly call: assembly cannot be preempted.
const maxRows = 1024

// Dot returns Σ x[i]·y[i].
func Dot(x, y []float32) float32 {
	if hasAVX2 {
		return dotAVX2(x, y[:len(x)])
	}
	return dotGo(x, y)
}

// Axpy adds a·x to y.
func Axpy(a float32, x, y []float32) {
	if hasAVX2 {
		axpyAVX2(a, x, y[:len(x)])
		return
	}
	axpyGo(a, x, y)
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
		dotRowsAVX2(dst[lo:hi], rows[lo*f:hi*f], x)
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
		gatherDotAVX2(dst[lo:hi], src, idx[lo:hi], x)
	}
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

// Scale multiplies x by a.
func Scale(a float32, x []float32) {
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
