//go:build noasm || !amd64

package vec

const hasAVX2, hasAVX512 = false, false

func dotAVX2(x, y []float32) float32                              { return dotGo(x, y) }
func axpyAVX2(a float32, x, y []float32)                          { axpyGo(a, x, y) }
func dotRowsAVX2(dst, rows, x []float32)                          { dotRowsGo(dst, rows, x) }
func gatherDotAVX2(dst, src []float32, idx []int32, x []float32)  { gatherDotGo(dst, src, idx, x) }
func gatherAxpyAVX2(out, src []float32, idx []int32, c []float32) { gatherAxpyGo(out, src, idx, c) }
func syrkAVX2(c []float32, ldc, from, size int, w, y []float32, ld, n int) {
	syrkGo(c, ldc, from, size, w, y, ld, n)
}
func tile16AVX2(c []float32, ldc int, w, y []float32, n int) { tile16Go(c, ldc, w, y, n) }

func panelAboveAVX2(masks *uint32, panels, users, threshold *float32, f, count int)   {}
func panelAboveAVX512(masks *uint32, panels, users, threshold *float32, f, count int) {}

func dotRowsAVX512(dst, rows, x []float32)                         {}
func gatherDotAVX512(dst, src []float32, idx []int32, x []float32) {}
func scaleAVX2(a float32, x []float32)                             {}
func gatherApplyWide(out, src []float32, idx []int32, a, w, x []float32, flat int) bool {
	return false
}
func gatherScaleAVX2(raw, scaled, src []float32, idx []int32, coef []float32, f, limit int) {}
func symvAVX2(out, m, x []float32)                                                          {}
func symvAVX512(out, m, x []float32)                                                        {}
func cholPanelAVX512(a *float32, n, width int, neg *float32) bool                           { return false }

func pairStepAVX2(x, y, z []float32, a, keep float32)    { pairStepGo(x, y, z, a, keep) }
func rowStepAVX2(x, y []float32, a, keep float32)        { rowStepGo(x, y, a, keep) }
func nextAboveAVX2(x, _ []float32, _ float32, _ int) int { return len(x) }
