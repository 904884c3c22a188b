//go:build noasm || !amd64

package vec

func dotRows64AVX2(dst, rows, x []float64)                   { dotRows64Go(dst, rows, x) }
func axpyRows64AVX2(out, rows, coef []float64)               { axpyRows64Go(out, rows, coef) }
func tile4x8AVX2(_ *float64, _ int, _, _ *float64, _, _ int) { panic("vec: no assembly here") }
func logistic64AVX2(loss, grad, curve, eta, z []float64) {
	for k, e := range eta {
		loss[k], grad[k], curve[k] = logisticGo(e, z[k])
	}
}

func centreRow64AVX2(dst, src, shift, s1, s2 []float64, w float64, _ *float64) {
	centreRow64Go(dst, src, shift, s1, s2, w)
}

func distances64AVX2(dst, x []float64, d int, rows []int32, tiles []float64) {
	distances64Go(dst, x, d, rows, tiles)
}

func nearest64AVX2(out, x []float64, d int, rows []int32, tiles []float64) {
	nearest64Go(out, x, d, rows, tiles)
}

func scatter64AVX2(sum, centre, x []float64, d int, label []int32) {
	scatter64Go(sum, centre, x, d, label)
}
