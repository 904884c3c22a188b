//go:build !noasm

package vec

import "os"

// hasAVX2 and hasAVX512 are decided once at start-up: the instructions of the
// kernels in the processor, an operating system that saves the wide registers, and
// no AISLE_KERNELS that forbids them. They are variables for tests only. hasAVX512
// implies hasAVX2.
var hasAVX2, hasAVX512 = permit(os.Getenv("AISLE_KERNELS"))

// permit returns what the machine has, at most the level that setting names. It only
// ever takes away, and a setting that it does not know takes everything: whoever
// sets it distrusts a kernel.
func permit(setting string) (avx2, avx512 bool) {
	avx2, avx512 = detect()
	switch setting {
	case "", "avx512":
		return avx2, avx512
	case "avx2":
		return avx2, false
	}
	return false, false
}

// detect asks the processor which instruction sets it has and the operating system saves.
func detect() (avx2, avx512 bool) {
	const (
		fma, osxsave, avx = 1 << 12, 1 << 27, 1 << 28     // leaf 1, ECX
		wide2             = 1 << 5                        // leaf 7, EBX
		wide512           = 1<<16 | 1<<17 | 1<<30 | 1<<31 // F, DQ, BW, VL
		saved             = 1<<1 | 1<<2                   // XCR0: XMM and YMM state
		saved512          = saved | 1<<5 | 1<<6 | 1<<7    // and masks and ZMM
	)
	if leaves, _, _, _ := cpuid(0, 0); leaves < 7 {
		return false, false
	}
	_, _, c, _ := cpuid(1, 0)
	_, b, _, _ := cpuid(7, 0)
	if c&fma == 0 || c&osxsave == 0 || c&avx == 0 || b&wide2 == 0 {
		return false, false
	}
	x := xgetbv()
	return x&saved == saved, x&saved512 == saved512 && b&wide512 == wide512
}
