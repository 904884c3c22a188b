// Command gen writes the amd64 kernels of package vec.
//
// It is a module of its own, so that users of Aisle do not inherit avo. Run
//
//	cd internal/vec/gen && GOWORK=off go run . -out ../vec_amd64.s -stubs ../vec_amd64.go -pkg vec
//
// Order of summation, the same in every dot product: element i belongs to lane
// i mod 32, each lane is one chain of fused multiply-adds in ascending i, and the
// lanes are added in one fixed tree: those 16 apart, then 8, 4, 2 and 1. Kernels
// of another width must keep it.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const prefetchAhead = 8 // rows between a gather and its prefetch

func main() {
	ConstraintExpr("!noasm")
	mask()
	dot()
	axpy()
	dotRows()
	gatherDot()
	gatherAxpy()
	tile()
	pairStep()
	rowStep()
	scale()
	nextAbove()
	panelAbove()
	tile16()
	gatherScale()
	quarterTable()
	rowsOfFour()
	gatherApply(32)
	gatherApply(64)
	gatherApply(128)
	symv()
	cholPanel()
	gatherDist()
	bytesWithin()
	cpu()
	Generate()
}

// text opens a function whose pointer arguments do not escape.
func text(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(doc)
}

// lanes runs body over n elements at p, eight at a time and the rest under a
// mask. body gets loads and stores that do the right thing for both.
func lanes(label string, n reg.GPVirtual, ptrs []reg.GPVirtual, body func(load func(p int) reg.VecVirtual, store func(v reg.VecVirtual, p int))) {
	Label(label + "8")
	CMPQ(n, U32(8))
	JL(LabelRef(label + "mask"))
	body(func(p int) reg.VecVirtual {
		v := YMM()
		VMOVUPS(Mem{Base: ptrs[p]}, v)
		return v
	}, func(v reg.VecVirtual, p int) { VMOVUPS(v, Mem{Base: ptrs[p]}) })
	for _, p := range ptrs {
		ADDQ(U32(32), p)
	}
	SUBQ(U32(8), n)
	JMP(LabelRef(label + "8"))
	Label(label + "mask")
	TESTQ(n, n)
	JZ(LabelRef(label + "done"))
	m := tailMask(n)
	body(func(p int) reg.VecVirtual {
		v := YMM()
		VMASKMOVPS(Mem{Base: ptrs[p]}, m, v)
		return v
	}, func(v reg.VecVirtual, p int) { VMASKMOVPS(v, m, Mem{Base: ptrs[p]}) })
	Label(label + "done")
}

func broadcast(name string) reg.VecVirtual {
	v := YMM()
	m, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(m.Addr, v)
	return v
}

// pairStep is the update of pairwise losses (BPR, WARP).
func pairStep() {
	text("pairStepAVX2", "func(x, y, z []float32, a, keep float32)", "pairStepAVX2 sets x, y, z to keep·x + a(y-z), keep·y + a·x, keep·z - a·x.")
	a, keep := broadcast("a"), broadcast("keep")
	lanes("p", loadLen("x"), []reg.GPVirtual{loadGP("x"), loadGP("y"), loadGP("z")}, func(load func(int) reg.VecVirtual, store func(reg.VecVirtual, int)) {
		x, y, z := load(0), load(1), load(2)
		d, ax := YMM(), YMM()
		VSUBPS(z, y, d)
		VMULPS(a, x, ax)
		VMULPS(keep, x, x)
		VFMADD231PS(d, a, x)
		VFMADD213PS(ax, keep, y)
		VFMSUB213PS(ax, keep, z)
		store(x, 0)
		store(y, 1)
		store(z, 2)
	})
	VZEROUPPER()
	RET()
}

// rowStep is the update of pointwise losses (MF, logistic MF).
func rowStep() {
	text("rowStepAVX2", "func(x, y []float32, a, keep float32)", "rowStepAVX2 sets x, y to keep·x + a·y, keep·y + a·x.")
	a, keep := broadcast("a"), broadcast("keep")
	lanes("q", loadLen("x"), []reg.GPVirtual{loadGP("x"), loadGP("y")}, func(load func(int) reg.VecVirtual, store func(reg.VecVirtual, int)) {
		x, y := load(0), load(1)
		ax, ay := YMM(), YMM()
		VMULPS(a, x, ax)
		VMULPS(a, y, ay)
		VFMADD213PS(ay, keep, x)
		VFMADD213PS(ax, keep, y)
		store(x, 0)
		store(y, 1)
	})
	VZEROUPPER()
	RET()
}

// scale is in place, one rounding an element.
func scale() {
	text("scaleAVX2", "func(a float32, x []float32)", "scaleAVX2 multiplies x by a.")
	a := broadcast("a")
	x, n := loadGP("x"), loadLen("x")
	v := []reg.VecVirtual{YMM(), YMM(), YMM(), YMM()}
	Label("b32")
	CMPQ(n, U32(32))
	JL(LabelRef("brest"))
	for b, r := range v {
		VMULPS(Mem{Base: x, Disp: 32 * b}, a, r)
	}
	for b, r := range v {
		VMOVUPS(r, Mem{Base: x, Disp: 32 * b})
	}
	ADDQ(U32(128), x)
	SUBQ(U32(32), n)
	JMP(LabelRef("b32"))
	Label("brest")
	lanes("b", n, []reg.GPVirtual{x}, func(load func(int) reg.VecVirtual, store func(reg.VecVirtual, int)) {
		r := load(0)
		VMULPS(a, r, r)
		store(r, 0)
	})
	VZEROUPPER()
	RET()
}

// nextAbove scans eight products at a time against a threshold.
func nextAbove() {
	text("nextAboveAVX2", "func(x, y []float32, threshold float32, from int) int", "nextAboveAVX2 returns the first multiple of 8 at or after from (one itself) whose block of 8 holds x·y >= threshold, or a block that is not whole.")
	t := broadcast("threshold")
	x, y, n := loadGP("x"), loadGP("y"), loadLen("x")
	at := Load(Param("from"), GP64()).(reg.GPVirtual)
	next := GP64()
	v, w := YMM(), YMM()
	m, m2 := GP32(), GP32()
	Label("n16") // two blocks at a time, the usual case of none
	LEAQ(Mem{Base: at, Disp: 16}, next)
	CMPQ(next, n)
	JG(LabelRef("n8"))
	VMOVUPS(Mem{Base: x, Index: at, Scale: 4}, v)
	VMOVUPS(Mem{Base: x, Index: at, Scale: 4, Disp: 32}, w)
	VMULPS(Mem{Base: y, Index: at, Scale: 4}, v, v)
	VMULPS(Mem{Base: y, Index: at, Scale: 4, Disp: 32}, w, w)
	VCMPPS(U8(0x1d), t, v, v) // greater or equal, ordered, quiet
	VCMPPS(U8(0x1d), t, w, w)
	VMOVMSKPS(v, m)
	VMOVMSKPS(w, m2)
	TESTL(m, m)
	JNZ(LabelRef("ndone"))
	TESTL(m2, m2)
	JNZ(LabelRef("nsecond"))
	MOVQ(next, at)
	JMP(LabelRef("n16"))
	Label("nsecond")
	ADDQ(U32(8), at)
	JMP(LabelRef("ndone"))
	Label("n8")
	LEAQ(Mem{Base: at, Disp: 8}, next)
	CMPQ(next, n)
	JG(LabelRef("ndone"))
	VMOVUPS(Mem{Base: x, Index: at, Scale: 4}, v)
	VMULPS(Mem{Base: y, Index: at, Scale: 4}, v, v)
	VCMPPS(U8(0x1d), t, v, v)
	VMOVMSKPS(v, m)
	TESTL(m, m)
	JNZ(LabelRef("ndone"))
	MOVQ(next, at)
	JMP(LabelRef("n8"))
	Label("ndone")
	Store(at, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// cpu writes the two instructions that tell what the processor can do.
func cpu() {
	text("cpuid", "func(leaf, sub uint32) (eax, ebx, ecx, edx uint32)", "cpuid executes CPUID.")
	Load(Param("leaf"), reg.EAX)
	Load(Param("sub"), reg.ECX)
	CPUID()
	for i, r := range []reg.Register{reg.EAX, reg.EBX, reg.ECX, reg.EDX} {
		Store(r, ReturnIndex(i))
	}
	RET()
	text("xgetbv", "func() (eax uint32)", "xgetbv returns the low half of XCR0.")
	XORL(reg.ECX, reg.ECX)
	XGETBV()
	Store(reg.EAX, ReturnIndex(0))
	RET()
}

// masks is eight all-ones words followed by eight zero words: loading at word
// 8-n gives a mask of the first n lanes.
var masks Mem

func mask() {
	masks = GLOBL("masks", RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(0xffffffff))
	}
	for i := 8; i < 16; i++ {
		DATA(4*i, U32(0))
	}
}

// tailMask leaves in m the mask of the first n lanes, n in 0..7.
func tailMask(n reg.GPVirtual) reg.VecVirtual {
	p, m, k := GP64(), YMM(), GP64()
	LEAQ(masks, p)
	MOVQ(U32(8), k)
	SUBQ(n, k)
	VMOVDQU(Mem{Base: p, Index: k, Scale: 4}, m)
	return m
}

func accumulators() []reg.VecVirtual {
	a := make([]reg.VecVirtual, 4)
	for i := range a {
		a[i] = YMM()
	}
	return a
}

func zero(v ...reg.VecVirtual) {
	for _, r := range v {
		VXORPS(r, r, r)
	}
}

// reduce adds the 32 lanes and returns the register whose lowest word is the sum.
func reduce(a []reg.VecVirtual) reg.Register {
	VADDPS(a[2], a[0], a[0])
	VADDPS(a[3], a[1], a[1])
	VADDPS(a[1], a[0], a[0])
	hi := XMM()
	lo := a[0].AsX()
	VEXTRACTF128(U8(1), a[0], hi)
	VADDPS(hi, lo, lo)
	VMOVHLPS(lo, lo, hi)
	VADDPS(hi, lo, lo)
	VMOVSHDUP(lo, hi)
	VADDSS(hi, lo, lo)
	return lo
}

// dotLoop accumulates rows[r]·x for up to two rows of n elements, or, with scales, the
// squares of scales[r]·rows[r] - x. It leaves the row pointers where they are.
func dotLoop(label string, rows []reg.GPVirtual, x reg.GPVirtual, n reg.GPVirtual, scales ...reg.VecVirtual) [][]reg.VecVirtual {
	acc := make([][]reg.VecVirtual, len(rows))
	for r := range rows {
		acc[r] = accumulators()
		zero(acc[r]...)
	}
	at, left := GP64(), GP64()
	XORQ(at, at)
	MOVQ(n, left)
	v := YMM()
	step := func(block, lane int) {
		VMOVUPS(Mem{Base: x, Index: at, Scale: 4, Disp: 32 * block}, v)
		for r, p := range rows {
			row := Mem{Base: p, Index: at, Scale: 4, Disp: 32 * block}
			if scales == nil {
				VFMADD231PS(row, v, acc[r][lane])
				continue
			}
			d := YMM()
			VMOVUPS(row, d)
			VFMSUB213PS(v, scales[r], d)
			VFMADD231PS(d, d, acc[r][lane])
		}
	}
	Label(label + "32")
	CMPQ(left, U32(32))
	JL(LabelRef(label + "tail"))
	for b := range 4 {
		step(b, b)
	}
	ADDQ(U32(32), at)
	SUBQ(U32(32), left)
	JMP(LabelRef(label + "32"))
	Label(label + "tail")
	for b := range 4 { // up to three whole blocks, then the rest under a mask
		next := label + "t" + string(rune('0'+b))
		CMPQ(left, U32(8))
		JL(LabelRef(label + "m" + string(rune('0'+b))))
		if b < 3 {
			step(0, b)
			ADDQ(U32(8), at)
			SUBQ(U32(8), left)
			JMP(LabelRef(next))
		}
		Label(label + "m" + string(rune('0'+b)))
		TESTQ(left, left)
		JZ(LabelRef(label + "done"))
		m, w := tailMask(left), YMM()
		VMASKMOVPS(Mem{Base: x, Index: at, Scale: 4}, m, v)
		for r, p := range rows {
			VMASKMOVPS(Mem{Base: p, Index: at, Scale: 4}, m, w)
			if scales == nil {
				VFMADD231PS(w, v, acc[r][b])
				continue
			}
			VFMSUB213PS(v, scales[r], w)
			VFMADD231PS(w, w, acc[r][b])
		}
		JMP(LabelRef(label + "done"))
		Label(next)
	}
	Label(label + "done")
	return acc
}

func dot() {
	text("dotAVX2", "func(x, y []float32) float32", "dotAVX2 returns x·y over len(x) elements.")
	x, y, n := loadGP("x"), loadGP("y"), loadLen("x")
	acc := dotLoop("d", []reg.GPVirtual{y}, x, n)
	Store(reduce(acc[0]), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func loadGP(name string) reg.GPVirtual { return Load(Param(name).Base(), GP64()).(reg.GPVirtual) }
func loadLen(name string) reg.GPVirtual {
	return Load(Param(name).Len(), GP64()).(reg.GPVirtual)
}

func axpy() {
	text("axpyAVX2", "func(a float32, x, y []float32)", "axpyAVX2 adds a·x to y over len(x) elements.")
	a := YMM()
	VBROADCASTSS(NewParamAddr("a", 0), a)
	x, y, n := loadGP("x"), loadGP("y"), loadLen("x")
	v := []reg.VecVirtual{YMM(), YMM(), YMM(), YMM()}
	Label("a32")
	CMPQ(n, U32(32))
	JL(LabelRef("a8"))
	for b, r := range v {
		VMOVUPS(Mem{Base: y, Disp: 32 * b}, r)
	}
	for b, r := range v {
		VFMADD231PS(Mem{Base: x, Disp: 32 * b}, a, r)
	}
	for b, r := range v {
		VMOVUPS(r, Mem{Base: y, Disp: 32 * b})
	}
	ADDQ(U32(128), x)
	ADDQ(U32(128), y)
	SUBQ(U32(32), n)
	JMP(LabelRef("a32"))
	Label("a8")
	CMPQ(n, U32(8))
	JL(LabelRef("amask"))
	VMOVUPS(Mem{Base: y}, v[0])
	VFMADD231PS(Mem{Base: x}, a, v[0])
	VMOVUPS(v[0], Mem{Base: y})
	ADDQ(U32(32), x)
	ADDQ(U32(32), y)
	SUBQ(U32(8), n)
	JMP(LabelRef("a8"))
	Label("amask")
	TESTQ(n, n)
	JZ(LabelRef("adone"))
	m := tailMask(n)
	VMASKMOVPS(Mem{Base: y}, m, v[0])
	VMASKMOVPS(Mem{Base: x}, m, v[1])
	VFMADD231PS(v[1], a, v[0])
	VMASKMOVPS(v[0], m, Mem{Base: y})
	Label("adone")
	VZEROUPPER()
	RET()
}

func dotRows() {
	text("dotRowsAVX2", "func(dst, rows, x []float32)", "dotRowsAVX2 writes into dst the dot products of x with consecutive rows of length len(x).")
	dst, count, p, x, n := loadGP("dst"), loadLen("dst"), loadGP("rows"), loadGP("x"), loadLen("x")
	stride := GP64()
	MOVQ(n, stride)
	SHLQ(U8(2), stride)
	Label("r2")
	CMPQ(count, U32(2))
	JL(LabelRef("r1"))
	p2 := GP64()
	LEAQ(Mem{Base: p, Index: stride, Scale: 1}, p2)
	acc := dotLoop("rr", []reg.GPVirtual{p, p2}, x, n)
	s0 := reduce(acc[0])
	VMOVSS(s0.(reg.VecVirtual), Mem{Base: dst})
	s1 := reduce(acc[1])
	VMOVSS(s1.(reg.VecVirtual), Mem{Base: dst, Disp: 4})
	LEAQ(Mem{Base: p, Index: stride, Scale: 2}, p)
	ADDQ(U32(8), dst)
	SUBQ(U32(2), count)
	JMP(LabelRef("r2"))
	Label("r1")
	TESTQ(count, count)
	JZ(LabelRef("rdone"))
	acc = dotLoop("rs", []reg.GPVirtual{p}, x, n)
	VMOVSS(reduce(acc[0]).(reg.VecVirtual), Mem{Base: dst})
	Label("rdone")
	VZEROUPPER()
	RET()
}

// rowAt returns the address of row idx[k] of src, stride in bytes.
func rowAt(src, idx, k, stride reg.GPVirtual) reg.GPVirtual {
	p := GP64()
	MOVLQSX(Mem{Base: idx, Index: k, Scale: 4}, p)
	IMULQ(stride, p)
	ADDQ(src, p)
	return p
}

// prefetch fetches the first 256 bytes of row idx[min(k+ahead, last)].
func prefetch(src, idx, k, last, stride reg.GPVirtual) {
	q := GP64()
	LEAQ(Mem{Base: k, Disp: prefetchAhead}, q)
	CMPQ(q, last)
	CMOVQGT(last, q)
	p := rowAt(src, idx, q, stride)
	for line := range 4 {
		PREFETCHT0(Mem{Base: p, Disp: 64 * line})
	}
}

func gatherDot() {
	text("gatherDotAVX2", "func(dst, src []float32, idx []int32, x []float32)", "gatherDotAVX2 writes into dst the dot products of x with the rows idx of src.")
	dst, src, idx, count, x, n := loadGP("dst"), loadGP("src"), loadGP("idx"), loadLen("idx"), loadGP("x"), loadLen("x")
	stride, last, k := GP64(), GP64(), GP64()
	MOVQ(n, stride)
	SHLQ(U8(2), stride)
	LEAQ(Mem{Base: count, Disp: -1}, last)
	XORQ(k, k)
	Label("g2")
	k2 := GP64()
	LEAQ(Mem{Base: k, Disp: 1}, k2)
	CMPQ(k2, count)
	JGE(LabelRef("g1"))
	prefetch(src, idx, k, last, stride)
	prefetch(src, idx, k2, last, stride)
	acc := dotLoop("gg", []reg.GPVirtual{rowAt(src, idx, k, stride), rowAt(src, idx, k2, stride)}, x, n)
	VMOVSS(reduce(acc[0]).(reg.VecVirtual), Mem{Base: dst, Index: k, Scale: 4})
	VMOVSS(reduce(acc[1]).(reg.VecVirtual), Mem{Base: dst, Index: k, Scale: 4, Disp: 4})
	ADDQ(U32(2), k)
	JMP(LabelRef("g2"))
	Label("g1")
	CMPQ(k, count)
	JGE(LabelRef("gdone"))
	acc = dotLoop("gs", []reg.GPVirtual{rowAt(src, idx, k, stride)}, x, n)
	VMOVSS(reduce(acc[0]).(reg.VecVirtual), Mem{Base: dst, Index: k, Scale: 4})
	Label("gdone")
	VZEROUPPER()
	RET()
}

// gatherDist is gatherDot with squared differences.
func gatherDist() {
	text("gatherDistAVX2", "func(dst, src []float32, idx []int32, scale, x []float32)", "gatherDistAVX2 writes into dst the squared distances of x from scale[i] times row i of src, i in idx.")
	dst, src, idx, count, x, n := loadGP("dst"), loadGP("src"), loadGP("idx"), loadLen("idx"), loadGP("x"), loadLen("x")
	stride, last, k := GP64(), GP64(), GP64()
	MOVQ(n, stride)
	SHLQ(U8(2), stride)
	LEAQ(Mem{Base: count, Disp: -1}, last)
	XORQ(k, k)
	factor := func(k reg.GPVirtual) reg.VecVirtual {
		at, v := GP64(), YMM()
		scale := loadGP("scale") // each time: there are no registers left to keep it
		MOVLQSX(Mem{Base: idx, Index: k, Scale: 4}, at)
		VBROADCASTSS(Mem{Base: scale, Index: at, Scale: 4}, v)
		return v
	}
	Label("j2")
	k2 := GP64()
	LEAQ(Mem{Base: k, Disp: 1}, k2)
	CMPQ(k2, count)
	JGE(LabelRef("j1"))
	prefetch(src, idx, k, last, stride)
	prefetch(src, idx, k2, last, stride)
	acc := dotLoop("jj", []reg.GPVirtual{rowAt(src, idx, k, stride), rowAt(src, idx, k2, stride)}, x, n, factor(k), factor(k2))
	VMOVSS(reduce(acc[0]).(reg.VecVirtual), Mem{Base: dst, Index: k, Scale: 4})
	VMOVSS(reduce(acc[1]).(reg.VecVirtual), Mem{Base: dst, Index: k, Scale: 4, Disp: 4})
	ADDQ(U32(2), k)
	JMP(LabelRef("j2"))
	Label("j1")
	CMPQ(k, count)
	JGE(LabelRef("jdone"))
	acc = dotLoop("js", []reg.GPVirtual{rowAt(src, idx, k, stride)}, x, n, factor(k))
	VMOVSS(reduce(acc[0]).(reg.VecVirtual), Mem{Base: dst, Index: k, Scale: 4})
	Label("jdone")
	VZEROUPPER()
	RET()
	gatherDistWide()
}

func gatherAxpy() {
	text("gatherAxpyAVX2", "func(out, src []float32, idx []int32, coef []float32)", "gatherAxpyAVX2 adds Σ coef[k]·src[idx[k]] to out; each element is one chain in ascending k.")
	out, n, src, idx, count, coef := loadGP("out"), loadLen("out"), loadGP("src"), loadGP("idx"), loadLen("idx"), loadGP("coef")
	stride, k := GP64(), GP64()
	MOVQ(n, stride)
	SHLQ(U8(2), stride)
	c := YMM()
	pass := func(label string, width int) {
		Label(label)
		CMPQ(n, U32(8*width))
		JL(LabelRef(label + "done"))
		v := make([]reg.VecVirtual, width)
		for b := range v {
			v[b] = YMM()
			VMOVUPS(Mem{Base: out, Disp: 32 * b}, v[b])
		}
		XORQ(k, k)
		Label(label + "k")
		CMPQ(k, count)
		JGE(LabelRef(label + "end"))
		VBROADCASTSS(Mem{Base: coef, Index: k, Scale: 4}, c)
		p := rowAt(src, idx, k, stride)
		for b := range v {
			VFMADD231PS(Mem{Base: p, Disp: 32 * b}, c, v[b])
		}
		INCQ(k)
		JMP(LabelRef(label + "k"))
		Label(label + "end")
		for b := range v {
			VMOVUPS(v[b], Mem{Base: out, Disp: 32 * b})
		}
		ADDQ(U32(32*width), out)
		ADDQ(U32(32*width), src)
		SUBQ(U32(8*width), n)
		JMP(LabelRef(label))
		Label(label + "done")
	}
	pass("x64", 8)
	pass("x32", 4)
	pass("x8", 1)
	TESTQ(n, n)
	JZ(LabelRef("xdone"))
	m, v, w := tailMask(n), YMM(), YMM()
	VMASKMOVPS(Mem{Base: out}, m, v)
	XORQ(k, k)
	Label("xm")
	CMPQ(k, count)
	JGE(LabelRef("xmend"))
	VBROADCASTSS(Mem{Base: coef, Index: k, Scale: 4}, c)
	p := rowAt(src, idx, k, stride)
	VMASKMOVPS(Mem{Base: p}, m, w)
	VFMADD231PS(w, c, v)
	INCQ(k)
	JMP(LabelRef("xm"))
	Label("xmend")
	VMASKMOVPS(v, m, Mem{Base: out})
	Label("xdone")
	VZEROUPPER()
	RET()
}

// tile is the register tile of every symmetric product: C[4×16] += WᵀY.
func tile() {
	text("tile4x16AVX2", "func(c *float32, ldc int, w, y *float32, ld, n int)", "tile4x16AVX2 adds Σ_k w[k·ld+i]·y[k·ld+j] to c[i·ldc+j] for i < 4, j < 16, k < n ascending.")
	c, ldc, w, y, ld, n := gp("c"), gp("ldc"), gp("w"), gp("y"), gp("ld"), gp("n")
	SHLQ(U8(2), ldc)
	SHLQ(U8(2), ld)
	var acc [4][2]reg.VecVirtual
	row := GP64()
	MOVQ(c, row)
	for i := range acc {
		for j := range acc[i] {
			acc[i][j] = YMM()
			VMOVUPS(Mem{Base: row, Disp: 32 * j}, acc[i][j])
		}
		if i < 3 {
			ADDQ(ldc, row)
		}
	}
	y0, y1, b0, b1 := YMM(), YMM(), YMM(), YMM()
	Label("tk")
	TESTQ(n, n)
	JZ(LabelRef("tend"))
	VMOVUPS(Mem{Base: y}, y0)
	VMOVUPS(Mem{Base: y, Disp: 32}, y1)
	for i := 0; i < 4; i += 2 {
		VBROADCASTSS(Mem{Base: w, Disp: 4 * i}, b0)
		VBROADCASTSS(Mem{Base: w, Disp: 4*i + 4}, b1)
		VFMADD231PS(y0, b0, acc[i][0])
		VFMADD231PS(y1, b0, acc[i][1])
		VFMADD231PS(y0, b1, acc[i+1][0])
		VFMADD231PS(y1, b1, acc[i+1][1])
	}
	ADDQ(ld, w)
	ADDQ(ld, y)
	DECQ(n)
	JMP(LabelRef("tk"))
	Label("tend")
	for i := range acc {
		for j := range acc[i] {
			VMOVUPS(acc[i][j], Mem{Base: c, Disp: 32 * j})
		}
		if i < 3 {
			ADDQ(ldc, c)
		}
	}
	VZEROUPPER()
	RET()
}

// bytesWithin compares 64 bytes at a time, as differences from low.
func bytesWithin() {
	text("bytesWithinAVX2", "func(dst []uint64, codes []uint8, low, span uint8)", "bytesWithinAVX2 sets bit i%64 of dst[i/64] where codes[i]-low <= span, for 64 codes of each word of dst.")
	var wide [2]reg.VecVirtual
	for i, name := range []string{"low", "span"} {
		g, x := GP32(), XMM()
		Load(Param(name), g)
		VMOVD(g, x)
		wide[i] = YMM()
		VPBROADCASTB(x, wide[i])
	}
	dst, codes, n := loadGP("dst"), loadGP("codes"), loadLen("dst")
	low, high := GP32(), GP64()
	a, b, c, d := YMM(), YMM(), YMM(), YMM()
	Label("bword")
	TESTQ(n, n)
	JZ(LabelRef("bdone"))
	VMOVDQU(Mem{Base: codes}, a)
	VMOVDQU(Mem{Base: codes, Disp: 32}, b)
	VPSUBB(wide[0], a, a)
	VPSUBB(wide[0], b, b)
	VPMINUB(wide[1], a, c)
	VPMINUB(wide[1], b, d)
	VPCMPEQB(c, a, a)
	VPCMPEQB(d, b, b)
	VPMOVMSKB(a, low)
	VPMOVMSKB(b, high.As32())
	SHLQ(U8(32), high)
	ORQ(low.As64(), high)
	MOVQ(high, Mem{Base: dst})
	ADDQ(U32(64), codes)
	ADDQ(U32(8), dst)
	DECQ(n)
	JMP(LabelRef("bword"))
	Label("bdone")
	VZEROUPPER()
	RET()
}
