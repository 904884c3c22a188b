//go:build !noasm

package vec

type level struct {
	name         string
	avx2, avx512 bool
}

// allLevels returns the levels that this machine has.
func allLevels() []level {
	out := []level{{name: "portable"}}
	avx2, avx512 := detect()
	if avx2 {
		out = append(out, level{"avx2", true, false})
	}
	if avx512 {
		out = append(out, level{"avx512", true, true})
	}
	return out
}

// force makes l the level until its result is called.
func force(l level) func() {
	a, b := hasAVX2, hasAVX512
	hasAVX2, hasAVX512 = l.avx2, l.avx512
	return func() { hasAVX2, hasAVX512 = a, b }
}
