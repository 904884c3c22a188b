//go:build !noasm

package vec

// syrkAVX2 goes over c in tiles that fit the registers.
func syrkAVX2(c []float32, ldc, from, size int, w, y []float32, ld, n int) {
	if hasAVX512 {
		for i := from; i < size; i += 16 {
			for j := i; j < size; j += 16 {
				tile16x16AVX512(&c[i*ldc+j], ldc, &w[i], &y[j], ld, n)
			}
		}
		return
	}
	for i := from; i < size; i += 4 {
		for j := i &^ 15; j < size; j += 16 {
			tile4x16AVX2(&c[i*ldc+j], ldc, &w[i], &y[j], ld, n)
		}
	}
}

func tile16AVX2(c []float32, ldc int, w, y []float32, n int) {
	if hasAVX512 {
		tile16x16AVX512(&c[0], ldc, &w[0], &y[0], 16, n)
		return
	}
	for i := 0; i < 16; i += 4 {
		tile4x16AVX2(&c[i*ldc], ldc, &w[i], &y[0], 16, n)
	}
}

// gatherApplyWide answers for the row lengths that have a kernel.
func gatherApplyWide(out, src []float32, idx []int32, a, w, x []float32, flat int) bool {
	if !hasAVX512 {
		return false
	}
	kernel := gatherApply64AVX512
	switch len(out) {
	case 32:
		kernel = gatherApply32AVX512
	case 64:
	case 128:
		kernel = gatherApply128AVX512
	default:
		return false
	}
	for lo := 0; lo < len(idx); lo += maxRows {
		hi := min(lo+maxRows, len(idx))
		kernel(out, src, idx[lo:hi], a[lo:hi], w[lo:hi], x, max(flat-lo, 0))
	}
	return true
}
