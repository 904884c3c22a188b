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
	ahead = 4 // rows between a prefetch and its use
	lines = 8 // cache lines of a row fetched ahead, of its columns and its values each
)

func main() {
	ConstraintExpr("!noasm")
	scatter()
	drain()
	Generate()
}

func pointer(name string) reg.GPVirtual { return Load(Param(name).Base(), GP64()).(reg.GPVirtual) }

// scatter adds the heads of many rows to a dense accumulator. The rows lie
// anywhere in memory and are short, and the branch at the end of each is hard to
// predict, so it is the prefetch that makes it fast.
func scatter() {
	TEXT("scatterAVX2", NOSPLIT, "func(sum []float32, rows []int32, f []float32, lens []int32, ptr []int64, col []int32, val []float32)")
	Pragma("noescape")
	Doc("scatterAVX2 adds f[k]·val[p] to sum[col[p]] for the first lens[k] entries p of row rows[k], k ascending.")
	sum, rows, f, lens := pointer("sum"), pointer("rows"), pointer("f"), pointer("lens")
	ptr, col, val := pointer("ptr"), pointer("col"), pointer("val")
	n := Load(Param("rows").Len(), GP64()).(reg.GPVirtual)
	k, p, end, next := GP64(), GP64(), GP64(), GP64()
	a, b := GP64(), GP64()
	factor, x, y := XMM(), XMM(), XMM()
	at := func(base reg.Register, disp int) Mem { return Mem{Base: base, Index: p, Scale: 4, Disp: 4 * disp} }
	add := func(c reg.Register, v reg.Register) {
		VADDSS(Mem{Base: sum, Index: c, Scale: 4}, v, v)
		VMOVSS(v, Mem{Base: sum, Index: c, Scale: 4})
	}
	XORQ(k, k)
	Label("row")
	CMPQ(k, n)
	JGE(LabelRef("done"))
	LEAQ(Mem{Base: k, Disp: ahead}, next)
	CMPQ(next, n)
	JGE(LabelRef("fetched"))
	MOVLQSX(Mem{Base: rows, Index: next, Scale: 4}, next)
	MOVQ(Mem{Base: ptr, Index: next, Scale: 8}, next)
	for l := range lines {
		PREFETCHT0(Mem{Base: col, Index: next, Scale: 4, Disp: 64 * l})
		PREFETCHT0(Mem{Base: val, Index: next, Scale: 4, Disp: 64 * l})
	}
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
	for d := 0; d < 4; d += 2 {
		// The columns of a row are distinct: both sums may be read before either is
		// written.
		MOVL(at(col, d), a.As32())
		MOVL(at(col, d+1), b.As32())
		VMULSS(at(val, d), factor, x)
		VMULSS(at(val, d+1), factor, y)
		add(a, x)
		add(b, y)
	}
	ADDQ(U32(4), p)
	CMPQ(p, end)
	JLE(LabelRef("four"))
	Label("rest")
	ADDQ(U32(4), end)
	Label("one")
	CMPQ(p, end)
	JGE(LabelRef("row"))
	MOVL(at(col, 0), a.As32())
	VMULSS(at(val, 0), factor, x)
	add(a, x)
	INCQ(p)
	JMP(LabelRef("one"))
	Label("done")
	RET()
}

// drain finds the few sums that matter to either of two lists and clears all.
func drain() {
	TEXT("drainAVX2", NOSPLIT, "func(hit []int32, hits []float32, sum, own, floors []float32, floor, other float32) int")
	Pragma("noescape")
	Doc("drainAVX2 collects the sums s = sum[c] with s·own[c] >= floor or s·other >= floors[c], c ascending, sets all sums to zero and returns how many it found. len(sum) is a multiple of 8.")
	hit, hits, sum, own, floors := pointer("hit"), pointer("hits"), pointer("sum"), pointer("own"), pointer("floors")
	n := Load(Param("sum").Len(), GP64()).(reg.GPVirtual)
	broadcast := func(name string) reg.VecVirtual {
		v := YMM()
		m, err := Param(name).Resolve()
		if err != nil {
			panic(err)
		}
		VBROADCASTSS(m.Addr, v)
		return v
	}
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
