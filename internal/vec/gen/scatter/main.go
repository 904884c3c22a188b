// Command scatter writes the amd64 kernels of package vec for sparse products.
//
//	cd internal/vec/gen && GOWORK=off go run ./scatter -out ../scatter_amd64.s -stubs ../scatter_amd64.go -pkg vec
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	ahead = 6  // rows between a prefetch and its use
	lines = 32 // cache lines of a row fetched ahead at the most
)

func main() {
	ConstraintExpr("!noasm")
	scatter()
	scatterCoded()
	shrink()
	peaks()
	count()
	drain()
	Generate()
}

func pointer(name string) reg.GPVirtual { return Load(Param(name).Base(), GP64()).(reg.GPVirtual) }

// heads walks over the heads of many rows. The rows lie anywhere in memory and the
// branch at the end of each is hard to predict, so it is the prefetch that makes
// it fast: as many lines as will be read, because each costs a place in a queue.
// Four entries at p are the work of four, one that of one; streams are the arrays
// of 4 bytes an entry.
func heads(streams []string, four, one func(arrays []reg.GPVirtual, p reg.GPVirtual, factor reg.VecVirtual)) {
	rows, f, lens, ptr := pointer("rows"), pointer("f"), pointer("lens"), pointer("ptr")
	arrays := make([]reg.GPVirtual, len(streams))
	for k, name := range streams {
		arrays[k] = pointer(name)
	}
	n := Load(Param("rows").Len(), GP64()).(reg.GPVirtual)
	k, p, end, next := GP64(), GP64(), GP64(), GP64()
	factor := XMM()
	XORQ(k, k)
	Label("row")
	CMPQ(k, n)
	JGE(LabelRef("done"))
	LEAQ(Mem{Base: k, Disp: ahead}, next)
	CMPQ(next, n)
	JGE(LabelRef("fetched"))
	MOVLQSX(Mem{Base: lens, Index: next, Scale: 4}, end)
	MOVLQSX(Mem{Base: rows, Index: next, Scale: 4}, next)
	MOVQ(Mem{Base: ptr, Index: next, Scale: 8}, next)
	MOVQ(U32(16*lines), p)
	CMPQ(end, p)
	CMOVQGT(p, end)
	ADDQ(next, end)
	Label("fetch")
	for _, array := range arrays {
		PREFETCHT0(Mem{Base: array, Index: next, Scale: 4})
	}
	ADDQ(U8(16), next)
	CMPQ(next, end)
	JLT(LabelRef("fetch"))
	Label("fetched")
	MOVLQSX(Mem{Base: rows, Index: k, Scale: 4}, next)
	MOVQ(Mem{Base: ptr, Index: next, Scale: 8}, p)
	MOVLQSX(Mem{Base: lens, Index: k, Scale: 4}, end)
	ADDQ(p, end)
	VMOVSS(Mem{Base: f, Index: k, Scale: 4}, factor)
	INCQ(k)
	SUBQ(U32(4), end)
	CMPQ(p, end)
	JG(LabelRef("rest"))
	Label("four")
	four(arrays, p, factor)
	ADDQ(U32(4), p)
	CMPQ(p, end)
	JLE(LabelRef("four"))
	Label("rest")
	ADDQ(U32(4), end)
	Label("one")
	CMPQ(p, end)
	JGE(LabelRef("row"))
	one(arrays, p, factor)
	INCQ(p)
	JMP(LabelRef("one"))
	Label("done")
	RET()
}

func entry(array, p reg.Register, disp int) Mem {
	return Mem{Base: array, Index: p, Scale: 4, Disp: 4 * disp}
}

func add(sum, column, v reg.Register) {
	VADDSS(Mem{Base: sum, Index: column, Scale: 4}, v, v)
	VMOVSS(v, Mem{Base: sum, Index: column, Scale: 4})
}

// scatter adds the heads of many rows to a dense accumulator.
func scatter() {
	TEXT("scatterAVX2", NOSPLIT, "func(sum []float32, rows []int32, f []float32, lens []int32, ptr []int64, col []int32, val []float32)")
	Pragma("noescape")
	Doc("scatterAVX2 adds f[k]·val[p] to sum[col[p]] for the first lens[k] entries p of row rows[k], k ascending.")
	sum := pointer("sum")
	a, b := GP64(), GP64()
	x, y := XMM(), XMM()
	heads([]string{"col", "val"}, func(arrays []reg.GPVirtual, p reg.GPVirtual, factor reg.VecVirtual) {
		for d := 0; d < 4; d += 2 {
			// The columns of a row are distinct: both sums may be read before either is
			// written.
			MOVL(entry(arrays[0], p, d), a.As32())
			MOVL(entry(arrays[0], p, d+1), b.As32())
			VMULSS(entry(arrays[1], p, d), factor, x)
			VMULSS(entry(arrays[1], p, d+1), factor, y)
			add(sum, a, x)
			add(sum, b, y)
		}
	}, func(arrays []reg.GPVirtual, p reg.GPVirtual, factor reg.VecVirtual) {
		MOVL(entry(arrays[0], p, 0), a.As32())
		VMULSS(entry(arrays[1], p, 0), factor, x)
		add(sum, a, x)
	})
}

// scatterCoded is scatter for entries of 4 bytes, which is half of what has to be
// fetched.
func scatterCoded() {
	TEXT("scatterCodedAVX2", NOSPLIT, "func(sum []float32, rows []int32, f []float32, lens []int32, ptr []int64, coded []int32, values *[256]float32)")
	Pragma("noescape")
	Doc("scatterCodedAVX2 adds f[k]·values[coded[p]&255] to sum[coded[p]>>8] for the first lens[k] entries p of row rows[k], k ascending.")
	sum, values := pointer("sum"), Load(Param("values"), GP64()).(reg.GPVirtual)
	column, code := []reg.GPVirtual{GP64(), GP64()}, []reg.GPVirtual{GP64(), GP64()}
	product := []reg.VecVirtual{XMM(), XMM()}
	pair := func(array, p, factor reg.Register, first, n int) {
		for d := range n {
			MOVL(entry(array, p, first+d), column[d].As32())
			MOVBLZX(column[d].As8(), code[d].As32())
			SHRL(U8(8), column[d].As32())
			VMULSS(Mem{Base: values, Index: code[d], Scale: 4}, factor, product[d])
		}
		for d := range n {
			add(sum, column[d], product[d])
		}
	}
	heads([]string{"coded"}, func(arrays []reg.GPVirtual, p reg.GPVirtual, factor reg.VecVirtual) {
		pair(arrays[0], p, factor, 0, 2)
		pair(arrays[0], p, factor, 2, 2)
	}, func(arrays []reg.GPVirtual, p reg.GPVirtual, factor reg.VecVirtual) {
		pair(arrays[0], p, factor, 0, 1)
	})
}

// shrink rounds the product before the addition, as scalars do.
func shrink() {
	TEXT("shrinkAVX2", NOSPLIT, "func(sum, size []float32, own, h float32)")
	Pragma("noescape")
	Doc("shrinkAVX2 divides each sum[c] by own·size[c] + h. len(sum) is a multiple of 8.")
	sum, size := pointer("sum"), pointer("size")
	n := Load(Param("sum").Len(), GP64()).(reg.GPVirtual)
	own, h := broadcast("own"), broadcast("h")
	d, s := YMM(), YMM()
	c := GP64()
	XORQ(c, c)
	Label("next")
	CMPQ(c, n)
	JGE(LabelRef("shrunk"))
	VMULPS(Mem{Base: size, Index: c, Scale: 4}, own, d)
	VADDPS(h, d, d)
	VMOVUPS(Mem{Base: sum, Index: c, Scale: 4}, s)
	VDIVPS(d, s, s)
	VMOVUPS(s, Mem{Base: sum, Index: c, Scale: 4})
	ADDQ(U32(8), c)
	JMP(LabelRef("next"))
	Label("shrunk")
	VZEROUPPER()
	RET()
}

// peaks takes eight vectors of eight lanes at a time.
func peaks() {
	TEXT("peaksAVX2", NOSPLIT, "func(dst, sum, own []float32)")
	Pragma("noescape")
	Doc("peaksAVX2 writes, for lane l of each 64 sums, the largest of 0 and sum[c]·own[c] over the c that are l modulo 8. len(sum) is 8·len(dst), a multiple of 64.")
	dst, sum, own := pointer("dst"), pointer("sum"), pointer("own")
	n := Load(Param("dst").Len(), GP64()).(reg.GPVirtual)
	k := GP64()
	XORQ(k, k)
	top := []reg.VecVirtual{YMM(), YMM()}
	v := []reg.VecVirtual{YMM(), YMM()}
	Label("group")
	CMPQ(k, n)
	JGE(LabelRef("peaked"))
	for _, t := range top {
		VXORPS(t, t, t)
	}
	for d := range 8 {
		v, t := v[d%2], top[d%2]
		VMOVUPS(Mem{Base: sum, Disp: 32 * d}, v)
		VMULPS(Mem{Base: own, Disp: 32 * d}, v, v)
		VMAXPS(t, v, t) // t where v is NaN
	}
	VMAXPS(top[1], top[0], top[0])
	VMOVUPS(top[0], Mem{Base: dst, Index: k, Scale: 4})
	ADDQ(U32(256), sum)
	ADDQ(U32(256), own)
	ADDQ(U32(8), k)
	JMP(LabelRef("group"))
	Label("peaked")
	VZEROUPPER()
	RET()
}

// count subtracts masks, -1 where the comparison holds.
func count() {
	TEXT("countAVX2", NOSPLIT, "func(x []float32, t float32) int")
	Pragma("noescape")
	Doc("countAVX2 returns how many of x are at least t. len(x) is a multiple of 8.")
	x := pointer("x")
	n := Load(Param("x").Len(), GP64()).(reg.GPVirtual)
	t := broadcast("t")
	total, m := YMM(), YMM()
	VPXOR(total, total, total)
	k := GP64()
	XORQ(k, k)
	Label("eight")
	CMPQ(k, n)
	JGE(LabelRef("counted"))
	VMOVUPS(Mem{Base: x, Index: k, Scale: 4}, m)
	VCMPPS(U8(0x1d), t, m, m) // greater or equal, ordered, quiet
	VPSUBD(m, total, total)
	ADDQ(U32(8), k)
	JMP(LabelRef("eight"))
	Label("counted")
	half := XMM()
	VEXTRACTI128(U8(1), total, half)
	VPADDD(half, total.AsX(), half)
	VPHADDD(half, half, half)
	VPHADDD(half, half, half)
	sum := GP32()
	VMOVD(half, sum)
	VZEROUPPER()
	wide := sum.As64()
	Store(wide, ReturnIndex(0))
	RET()
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

// drain finds the few sums that matter to either of two lists and clears all.
func drain() {
	TEXT("drainAVX2", NOSPLIT, "func(hit []int32, hits []float32, sum, own, floors []float32, floor, other float32) int")
	Pragma("noescape")
	Doc("drainAVX2 collects the sums s = sum[c] with s·own[c] >= floor or s·other >= floors[c], c ascending, sets all sums to zero and returns how many it found. len(sum) is a multiple of 8.")
	hit, hits, sum, own, floors := pointer("hit"), pointer("hits"), pointer("sum"), pointer("own"), pointer("floors")
	n := Load(Param("sum").Len(), GP64()).(reg.GPVirtual)
	floor, other := broadcast("floor"), broadcast("other")
	zero, s, v := YMM(), YMM(), YMM()
	VXORPS(zero, zero, zero)
	c, found, m, bit := GP64(), GP64(), GP32(), GP32()
	one := XMM()
	XORQ(c, c)
	XORQ(found, found)
	Label("block")
	CMPQ(c, n)
	JGE(LabelRef("drained"))
	VMOVUPS(Mem{Base: sum, Index: c, Scale: 4}, s)
	VMULPS(Mem{Base: own, Index: c, Scale: 4}, s, v)
	VMULPS(other, s, s)
	VCMPPS(U8(0x1d), floor, v, v) // greater or equal, ordered, quiet
	VCMPPS(U8(0x1d), Mem{Base: floors, Index: c, Scale: 4}, s, s)
	VORPS(v, s, s)
	VMOVMSKPS(s, m)
	TESTL(m, m)
	JZ(LabelRef("clear"))
	Label("bit")
	TZCNTL(m, bit)
	ADDL(c.As32(), bit)
	VMOVSS(Mem{Base: sum, Index: bit.As64(), Scale: 4}, one)
	MOVL(bit, Mem{Base: hit, Index: found, Scale: 4})
	VMOVSS(one, Mem{Base: hits, Index: found, Scale: 4})
	INCQ(found)
	LEAL(Mem{Base: m.As64(), Disp: -1}, bit)
	ANDL(bit, m)
	JNZ(LabelRef("bit"))
	Label("clear")
	VMOVUPS(zero, Mem{Base: sum, Index: c, Scale: 4})
	ADDQ(U32(8), c)
	JMP(LabelRef("block"))
	Label("drained")
	VZEROUPPER()
	Store(found, ReturnIndex(0))
	RET()
}
