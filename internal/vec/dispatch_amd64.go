//go:build !noasm

package vec

// hasAVX2 is decided once at start-up: AVX2 and FMA in the processor, and an
// operating system that saves the wide registers.
var hasAVX2 = detectAVX2()

func detectAVX2() bool {
	const (
		fma, osxsave, avx = 1 << 12, 1 << 27, 1 << 28 // leaf 1, ECX
		avx2              = 1 << 5                    // leaf 7, EBX
		saved             = 1<<1 | 1<<2               // XCR0: XMM and YMM state
	)
	if leaves, _, _, _ := cpuid(0, 0); leaves < 7 {
		return false
	}
	_, _, c, _ := cpuid(1, 0)
	_, b, _, _ := cpuid(7, 0)
	return c&fma != 0 && c&osxsave != 0 && c&avx != 0 && b&avx2 != 0 && xgetbv()&saved == saved
}
