//go:build noasm || !amd64

package vec

func scatterAVX2(sum []float32, rows []int32, f []float32, lens []int32, ptr []int64, col []int32, val []float32) {
	scatterGo(sum, rows, f, lens, ptr, col, val)
}

func scatterCodedAVX2(sum []float32, rows []int32, f []float32, lens []int32, ptr []int64, coded []int32, values *[256]float32) {
	scatterCodedGo(sum, rows, f, lens, ptr, coded, values)
}

func drainAVX2(hit []int32, hits, sum, own, floors []float32, floor, other float32) int {
	return drainGo(hit, hits, sum, own, floors, floor, other)
}

func shrinkAVX2(sum, size []float32, own, h float32) { shrinkGo(sum, size, own, h) }

func peaksAVX2(dst, sum, own []float32) { peaksGo(dst, sum, own) }

func countAVX2(x []float32, t float32) int { return countGo(x, t) }
