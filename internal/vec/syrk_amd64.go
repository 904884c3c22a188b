//go:build !noasm

package vec

func syrkAVX2(c []float32, ldc, from, size int, w, y []float32, ld, n int) {
	for i := from; i < size; i += 4 {
		for j := i &^ 15; j < size; j += 16 {
			tile4x16AVX2(&c[i*ldc+j], ldc, &w[i], &y[j], ld, n)
		}
	}
}

func tile16AVX2(c []float32, ldc int, w, y []float32, n int) {
	for i := 0; i < 16; i += 4 {
		tile4x16AVX2(&c[i*ldc], ldc, &w[i], &y[0], 16, n)
	}
}
