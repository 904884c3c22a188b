//go:build noasm || !amd64

package vec

// hasAVX2 and hasAVX512 are constants here, so that the compiler drops every
// branch that would call one of the kernels below: they only stand in for the
// names of the assembly.
const hasAVX2, hasAVX512 = false, false

const noAssembly = "vec: no assembly here"

func dotAVX2(_, _ []float32) float32                             { panic(noAssembly) }
func axpyAVX2(_ float32, _, _ []float32)                         { panic(noAssembly) }
func scaleAVX2(_ float32, _ []float32)                           { panic(noAssembly) }
func dotRowsAVX2(_, _, _ []float32)                              { panic(noAssembly) }
func dotRowsAVX512(_, _, _ []float32)                            { panic(noAssembly) }
func gatherDotAVX2(_, _ []float32, _ []int32, _ []float32)       { panic(noAssembly) }
func gatherDotAVX512(_, _ []float32, _ []int32, _ []float32)     { panic(noAssembly) }
func gatherDistAVX2(_, _ []float32, _ []int32, _, _ []float32)   { panic(noAssembly) }
func gatherDistAVX512(_, _ []float32, _ []int32, _, _ []float32) { panic(noAssembly) }
func gatherAxpyAVX2(_, _ []float32, _ []int32, _ []float32)      { panic(noAssembly) }
func gatherScaleAVX2(_, _, _ []float32, _ []int32, _ []float32, _, _ int) {
	panic(noAssembly)
}
func symvAVX2(_, _, _ []float32)                                  { panic(noAssembly) }
func symvAVX512(_, _, _ []float32)                                { panic(noAssembly) }
func syrkAVX2(_ []float32, _, _, _ int, _, _ []float32, _, _ int) { panic(noAssembly) }
func tile16AVX2(_ []float32, _ int, _, _ []float32, _ int)        { panic(noAssembly) }
func cholPanelAVX512(_ *float32, _, _ int, _ *float32) bool       { panic(noAssembly) }
func pairStepAVX2(_, _, _ []float32, _, _ float32)                { panic(noAssembly) }
func rowStepAVX2(_, _ []float32, _, _ float32)                    { panic(noAssembly) }
func bytesWithinAVX2(_ []uint64, _ []uint8, _, _ uint8)           { panic(noAssembly) }
func nextAboveAVX2(_, _ []float32, _ float32, _ int) int          { panic(noAssembly) }
func panelAboveAVX2(_ *uint32, _, _, _ *float32, _, _ int)        { panic(noAssembly) }
func panelAboveAVX512(_ *uint32, _, _, _ *float32, _, _ int)      { panic(noAssembly) }

func scatterAVX2(_ []float32, _ []int32, _ []float32, _ []int32, _ []int64, _ []int32, _ []float32) {
	panic(noAssembly)
}

func scatterCodedAVX2(_ []float32, _ []int32, _ []float32, _ []int32, _ []int64, _ []int32, _ *[256]float32) {
	panic(noAssembly)
}
func drainAVX2(_ []int32, _, _, _, _ []float32, _, _ float32) int { panic(noAssembly) }
func shrinkAVX2(_, _ []float32, _, _ float32)                     { panic(noAssembly) }
func peaksAVX2(_, _, _ []float32)                                 { panic(noAssembly) }
func countAVX2(_ []float32, _ float32) int                        { panic(noAssembly) }

func dotRows64AVX2(_, _, _ []float64)                                { panic(noAssembly) }
func axpyRows64AVX2(_, _, _ []float64)                               { panic(noAssembly) }
func tile4x8AVX2(_ *float64, _ int, _, _ *float64, _, _ int)         { panic(noAssembly) }
func logistic64AVX2(_, _, _, _, _ []float64)                         { panic(noAssembly) }
func centreRow64AVX2(_, _, _, _, _ []float64, _ float64, _ *float64) { panic(noAssembly) }
func distances64AVX2(_, _ []float64, _ int, _ []int32, _ []float64)  { panic(noAssembly) }
func nearest64AVX2(_, _ []float64, _ int, _ []int32, _ []float64)    { panic(noAssembly) }
func scatter64AVX2(_, _, _ []float64, _ int, _ []int32)              { panic(noAssembly) }

// gatherApplyWide knows no row length: there is no kernel.
func gatherApplyWide(_, _ []float32, _ []int32, _, _, _ []float32, _ int) bool { return false }
