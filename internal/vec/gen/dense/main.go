// Command dense writes the float64 kernels of package vec: products with rows of
// a matrix, weighted cross-products, the logistic loss, moments.
//
//	cd internal/vec/gen && GOWORK=off go run ./dense -out ../vec_dense_amd64.s -stubs ../vec_dense_amd64.go -pkg vec
//
// Order of summation: in a dot product element i belongs to lane i mod 4, each
// lane is one chain in ascending i, and the lanes are added as (0+1)+(2+3). In
// sums of rows every element is one chain in ascending order of rows.
package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!noasm")
	dotRows()
	axpyRows()
	tile()
	logistic()
	centreRow()
	distances()
	nearest()
	scatter()
	Generate()
}

func text(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(doc)
}

func ptr(name string) reg.GPVirtual    { return Load(Param(name).Base(), GP64()).(reg.GPVirtual) }
func length(name string) reg.GPVirtual { return Load(Param(name).Len(), GP64()).(reg.GPVirtual) }

func zero(vs ...reg.VecVirtual) {
	for _, v := range vs {
		VXORPD(v, v, v)
	}
}

func ymms(n int) []reg.VecVirtual {
	vs := make([]reg.VecVirtual, n)
	for i := range vs {
		vs[i] = YMM()
	}
	return vs
}

// dotRows takes four rows at a time.
func dotRows() {
	text("dotRows64AVX2", "func(dst, rows, x []float64)", "dotRows64AVX2 writes into dst the dot products of x with consecutive rows of length len(x), a multiple of 4.")
	dst, n, rows, x, bytes := ptr("dst"), length("dst"), ptr("rows"), ptr("x"), length("x")
	SHLQ(U8(3), bytes)
	at := GP64()
	v := YMM()
	Label("four")
	CMPQ(n, U32(4))
	JL(LabelRef("one"))
	p := []reg.GPVirtual{rows, GP64(), GP64(), GP64()}
	for r := 1; r < 4; r++ {
		LEAQ(Mem{Base: p[r-1], Index: bytes, Scale: 1}, p[r])
	}
	acc := ymms(4)
	zero(acc...)
	XORQ(at, at)
	Label("fourloop")
	CMPQ(at, bytes)
	JGE(LabelRef("foursum"))
	VMOVUPD(Mem{Base: x, Index: at, Scale: 1}, v)
	for r := range acc {
		VFMADD231PD(Mem{Base: p[r], Index: at, Scale: 1}, v, acc[r])
	}
	ADDQ(U32(32), at)
	JMP(LabelRef("fourloop"))
	Label("foursum")
	VHADDPD(acc[1], acc[0], acc[0])
	VHADDPD(acc[3], acc[2], acc[2])
	VPERM2F128(U8(0x20), acc[2], acc[0], acc[1])
	VPERM2F128(U8(0x31), acc[2], acc[0], acc[3])
	VADDPD(acc[3], acc[1], acc[1])
	VMOVUPD(acc[1], Mem{Base: dst})
	ADDQ(U32(32), dst)
	LEAQ(Mem{Base: p[3], Index: bytes, Scale: 1}, rows)
	SUBQ(U32(4), n)
	JMP(LabelRef("four"))
	Label("one")
	TESTQ(n, n)
	JZ(LabelRef("end"))
	a := YMM()
	zero(a)
	XORQ(at, at)
	Label("oneloop")
	CMPQ(at, bytes)
	JGE(LabelRef("onesum"))
	VMOVUPD(Mem{Base: x, Index: at, Scale: 1}, v)
	VFMADD231PD(Mem{Base: rows, Index: at, Scale: 1}, v, a)
	ADDQ(U32(32), at)
	JMP(LabelRef("oneloop"))
	Label("onesum")
	VHADDPD(a, a, a)
	hi := XMM()
	VEXTRACTF128(U8(1), a, hi)
	VADDSD(hi, a.AsX(), a.AsX())
	VMOVSD(a.AsX(), Mem{Base: dst})
	ADDQ(U32(8), dst)
	ADDQ(bytes, rows)
	DECQ(n)
	JMP(LabelRef("one"))
	Label("end")
	VZEROUPPER()
	RET()
}

func axpyRows() {
	text("axpyRows64AVX2", "func(out, rows, coef []float64)", "axpyRows64AVX2 adds Σ coef[k]·(row k) to out, rows of length len(out), a multiple of 4.")
	out, bytes, rows, coef, n := ptr("out"), length("out"), ptr("rows"), ptr("coef"), length("coef")
	SHLQ(U8(3), bytes)
	at := GP64()
	v := YMM()
	c := ymms(4)
	Label("afour")
	CMPQ(n, U32(4))
	JL(LabelRef("aone"))
	p := []reg.GPVirtual{rows, GP64(), GP64(), GP64()}
	for r := 1; r < 4; r++ {
		LEAQ(Mem{Base: p[r-1], Index: bytes, Scale: 1}, p[r])
	}
	for r := range c {
		VBROADCASTSD(Mem{Base: coef, Disp: 8 * r}, c[r])
	}
	XORQ(at, at)
	Label("afourloop")
	CMPQ(at, bytes)
	JGE(LabelRef("afournext"))
	VMOVUPD(Mem{Base: out, Index: at, Scale: 1}, v)
	for r := range c {
		VFMADD231PD(Mem{Base: p[r], Index: at, Scale: 1}, c[r], v)
	}
	VMOVUPD(v, Mem{Base: out, Index: at, Scale: 1})
	ADDQ(U32(32), at)
	JMP(LabelRef("afourloop"))
	Label("afournext")
	ADDQ(U32(32), coef)
	LEAQ(Mem{Base: p[3], Index: bytes, Scale: 1}, rows)
	SUBQ(U32(4), n)
	JMP(LabelRef("afour"))
	Label("aone")
	TESTQ(n, n)
	JZ(LabelRef("aend"))
	VBROADCASTSD(Mem{Base: coef}, c[0])
	XORQ(at, at)
	Label("aoneloop")
	CMPQ(at, bytes)
	JGE(LabelRef("aonenext"))
	VMOVUPD(Mem{Base: out, Index: at, Scale: 1}, v)
	VFMADD231PD(Mem{Base: rows, Index: at, Scale: 1}, c[0], v)
	VMOVUPD(v, Mem{Base: out, Index: at, Scale: 1})
	ADDQ(U32(32), at)
	JMP(LabelRef("aoneloop"))
	Label("aonenext")
	ADDQ(U32(8), coef)
	ADDQ(bytes, rows)
	DECQ(n)
	JMP(LabelRef("aone"))
	Label("aend")
	VZEROUPPER()
	RET()
}

// tile is the inner kernel of a symmetric update: eight accumulators, six loads.
func tile() {
	text("tile4x8AVX2", "func(c *float64, ldc int, w, y *float64, ld, n int)", "tile4x8AVX2 adds Σ_k w[k·ld+i]·y[k·ld+j] to c[i·ldc+j] for i < 4, j < 8, k < n ascending.")
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	c, ldc, w, y, ld, n := load("c"), load("ldc"), load("w"), load("y"), load("ld"), load("n")
	SHLQ(U8(3), ldc)
	SHLQ(U8(3), ld)
	acc := ymms(8)
	p := c
	for i := range 4 {
		if i > 0 {
			q := GP64()
			LEAQ(Mem{Base: p, Index: ldc, Scale: 1}, q)
			p = q
		}
		VMOVUPD(Mem{Base: p}, acc[2*i])
		VMOVUPD(Mem{Base: p, Disp: 32}, acc[2*i+1])
	}
	y0, y1, b := YMM(), YMM(), YMM()
	Label("tloop")
	VMOVUPD(Mem{Base: y}, y0)
	VMOVUPD(Mem{Base: y, Disp: 32}, y1)
	for i := range 4 {
		VBROADCASTSD(Mem{Base: w, Disp: 8 * i}, b)
		VFMADD231PD(y0, b, acc[2*i])
		VFMADD231PD(y1, b, acc[2*i+1])
	}
	ADDQ(ld, y)
	ADDQ(ld, w)
	DECQ(n)
	JNZ(LabelRef("tloop"))
	for i := range 4 {
		VMOVUPD(acc[2*i], Mem{Base: c})
		VMOVUPD(acc[2*i+1], Mem{Base: c, Disp: 32})
		ADDQ(ldc, c)
	}
	VZEROUPPER()
	RET()
}

// table is a read-only array of values, each four times: operands of
// instructions as they stand.
func table(name string, values ...uint64) func(i int) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i, v := range values {
		for l := range 4 {
			DATA(32*i+8*l, U64(v))
		}
	}
	return func(i int) Mem { return m.Offset(32 * i) }
}

// logistic: with m = z·eta and e = exp(-|m|), every wanted value is made of e
// without cancellation.
//
// exp: x = n·ln2 + r, |r| <= ln2/2, Taylor's series to r¹³ (error 4e-18).
// log1p(e) = 2·artanh(s), s = e/(2+e) <= 1/3, to s³⁵ (relative error 2e-18).
func logistic() {
	const expTerms, logTerms = 13, 17
	var series []uint64
	fact := 1.0
	for i := range expTerms + 1 {
		if i > 0 {
			fact *= float64(i)
		}
		series = append(series, math.Float64bits(1/fact))
	}
	expC := table("expSeries", series...)
	series = nil
	for i := range logTerms + 1 {
		series = append(series, math.Float64bits(2/float64(2*i+1)))
	}
	logC := table("logSeries", series...)
	f := math.Float64bits
	const ln2Hi, ln2Lo = 6.93147180369123816490e-01, 1.90821492927058770002e-10
	k := table("logisticConst", f(math.Log2E), f(ln2Hi), f(ln2Lo), f(-708), f(1), f(2), 1023, 1<<63)
	const log2e, hi, lo, least, one, two, bias, sign = 0, 1, 2, 3, 4, 5, 6, 7

	text("logistic64AVX2", "func(loss, grad, curve, eta, z []float64)", "logistic64AVX2 writes log(1+exp(-z·eta)) and its first two derivatives by eta, z = ±1; len(eta) is a multiple of 4.")
	loss, grad, curve, eta, z, n := ptr("loss"), ptr("grad"), ptr("curve"), ptr("eta"), ptr("z"), length("eta")
	at := GP64()
	XORQ(at, at)
	Label("lloop")
	CMPQ(at, n)
	JGE(LabelRef("lend"))
	slot := func(p reg.GPVirtual) Mem { return Mem{Base: p, Index: at, Scale: 8} }
	zv, m, x, e, t, q := YMM(), YMM(), YMM(), YMM(), YMM(), YMM()
	VMOVUPD(slot(z), zv)
	VMULPD(slot(eta), zv, m)
	VORPD(k(sign), m, x) // -|m|
	// e = exp(x)
	VMULPD(k(log2e), x, t)
	VROUNDPD(U8(8), t, t)
	r := YMM()
	VMOVAPD(x, r)
	VFNMADD231PD(k(hi), t, r)
	VFNMADD231PD(k(lo), t, r)
	VMOVUPD(expC(expTerms), e)
	for i := expTerms - 1; i >= 0; i-- {
		VFMADD213PD(expC(i), r, e)
	}
	whole := XMM()
	VCVTPD2DQY(t, whole)
	VPMOVSXDQ(whole, t)
	VPADDQ(k(bias), t, t)
	VPSLLQ(U8(52), t, t)
	VMULPD(t, e, e)
	VCMPPD(U8(0x11), k(least), x, t) // x < -708: e is 0
	VANDNPD(e, t, e)
	// loss = log1p(e) + max(-m, 0)
	s, s2 := YMM(), YMM()
	VADDPD(k(two), e, s)
	VDIVPD(s, e, s)
	VMULPD(s, s, s2)
	VMOVUPD(logC(logTerms), q)
	for i := logTerms - 1; i >= 0; i-- {
		VFMADD213PD(logC(i), s2, q)
	}
	VMULPD(s, q, q)
	zeros := YMM()
	zero(zeros)
	VSUBPD(m, zeros, t)
	VMAXPD(zeros, t, t)
	VADDPD(t, q, q)
	VMOVUPD(q, slot(loss))
	// s = 1/(1+e), t = e·s; grad = -z·(t where m >= 0, else s)
	VADDPD(k(one), e, s)
	VMOVUPD(k(one), t)
	VDIVPD(s, t, s)
	VMULPD(s, e, t)
	VCMPPD(U8(0x1d), zeros, m, q)
	VBLENDVPD(q, t, s, q)
	VMULPD(zv, q, q)
	VXORPD(k(sign), q, q)
	VMOVUPD(q, slot(grad))
	VMULPD(s, t, t)
	VMOVUPD(t, slot(curve))
	ADDQ(U32(4), at)
	JMP(LabelRef("lloop"))
	Label("lend")
	VZEROUPPER()
	RET()
}

// tailMask leaves in m the mask of the first n lanes, n in 0..3.
func tailMask(masks Mem, n reg.GPVirtual) reg.VecVirtual {
	p, m, k := GP64(), YMM(), GP64()
	LEAQ(masks, p)
	MOVQ(U32(4), k)
	SUBQ(n, k)
	VMOVDQU(Mem{Base: p, Index: k, Scale: 8}, m)
	return m
}

func centreRow() {
	masks := GLOBL("masks64", RODATA|NOPTR)
	for i := range 8 {
		DATA(8*i, U64([]uint64{math.MaxUint64, 0}[i/4]))
	}
	text("centreRow64AVX2", "func(dst, src, shift, s1, s2 []float64, w float64, next *float64)", "centreRow64AVX2 sets dst to src-shift and adds w·dst to s1 and w·dst² to s2; all but src are as long as len(src) rounded up to 4, the rest of dst becomes -shift. It fetches as many elements from next on into the cache.")
	dst, src, n, shift, s1, s2 := ptr("dst"), ptr("src"), length("src"), ptr("shift"), ptr("s1"), ptr("s2")
	w, v, t, u := YMM(), YMM(), YMM(), YMM()
	m, err := Param("w").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSD(m.Addr, w)
	at := GP64()
	XORQ(at, at)
	slot := func(p reg.GPVirtual) Mem { return Mem{Base: p, Index: at, Scale: 8} }
	step := func() {
		VSUBPD(slot(shift), v, v)
		VMOVUPD(v, slot(dst))
		VMULPD(v, w, t)
		VADDPD(slot(s1), t, u)
		VMOVUPD(u, slot(s1))
		VMULPD(v, t, t)
		VADDPD(slot(s2), t, t)
		VMOVUPD(t, slot(s2))
	}
	next := Load(Param("next"), GP64()).(reg.GPVirtual)
	Label("cwhole")
	CMPQ(n, U32(4))
	JL(LabelRef("ctail"))
	PREFETCHT0(slot(next))
	VMOVUPD(slot(src), v)
	step()
	ADDQ(U32(4), at)
	SUBQ(U32(4), n)
	JMP(LabelRef("cwhole"))
	Label("ctail")
	TESTQ(n, n)
	JZ(LabelRef("cend"))
	VMASKMOVPD(slot(src), tailMask(masks, n), v)
	step()
	Label("cend")
	VZEROUPPER()
	RET()
}

// squares adds (x-tile)² over d coordinates into acc: one group of four lanes, or
// four groups that stand group bytes apart, group3 being three times that. It
// clears acc first, moves tile behind the groups and leaves x as it was.
func squares(label string, acc []reg.VecVirtual, x, d, tile, group, group3 reg.GPVirtual) {
	zero(acc...)
	left := GP64()
	MOVQ(d, left)
	slots := []Mem{{Base: tile}}
	if len(acc) == 4 {
		slots = append(slots, Mem{Base: tile, Index: group, Scale: 1}, Mem{Base: tile, Index: group, Scale: 2}, Mem{Base: tile, Index: group3, Scale: 1})
	}
	v, t := YMM(), YMM()
	Label(label)
	VBROADCASTSD(Mem{Base: x}, v)
	for g, m := range slots {
		VSUBPD(m, v, t)
		VMULPD(t, t, t)
		VADDPD(t, acc[g], acc[g])
	}
	ADDQ(U32(32), tile)
	ADDQ(U32(8), x)
	DECQ(left)
	JNZ(LabelRef(label))
	SHRQ(U8(2), group) // d·8 bytes
	SUBQ(group, x)
	SHLQ(U8(2), group)
	if len(acc) == 4 {
		ADDQ(group3, tile)
	}
}

// rowPointer sets p to row list[0] of x.
func rowPointer(p, x, d, list reg.GPVirtual) {
	MOVLQSX(Mem{Base: list}, p)
	IMULQ(d, p)
	LEAQ(Mem{Base: x, Index: p, Scale: 8}, p)
}

func distances() {
	text("distances64AVX2", "func(dst, x []float64, d int, rows []int32, tiles []float64)", "distances64AVX2 writes the squared distances of the listed rows of x, d > 0 long, to the centres of tiles, four in a group.")
	dst, x, d, list, n := ptr("dst"), ptr("x"), Load(Param("d"), GP64()).(reg.GPVirtual), ptr("rows"), length("rows")
	tiles, size := ptr("tiles"), length("tiles")
	end, wideEnd, tile, group, group3, row := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	LEAQ(Mem{Base: tiles, Index: size, Scale: 8}, end)
	MOVQ(d, group)
	SHLQ(U8(5), group)
	LEAQ(Mem{Base: group, Index: group, Scale: 2}, group3)
	MOVQ(end, wideEnd) // beyond it four groups do not fit
	SUBQ(group3, wideEnd)
	acc := ymms(4)
	Label("srow")
	TESTQ(n, n)
	JZ(LabelRef("send"))
	rowPointer(row, x, d, list)
	MOVQ(tiles, tile)
	Label("swide")
	CMPQ(tile, wideEnd)
	JGE(LabelRef("sgroup"))
	squares("swideloop", acc, row, d, tile, group, group3)
	for g, s := range acc {
		VMOVUPD(s, Mem{Base: dst, Disp: 32 * g})
	}
	ADDQ(U32(128), dst)
	JMP(LabelRef("swide"))
	Label("sgroup")
	CMPQ(tile, end)
	JGE(LabelRef("snext"))
	squares("sloop", acc[:1], row, d, tile, group, group3)
	VMOVUPD(acc[0], Mem{Base: dst})
	ADDQ(U32(32), dst)
	JMP(LabelRef("sgroup"))
	Label("snext")
	ADDQ(U32(4), list)
	DECQ(n)
	JMP(LabelRef("srow"))
	Label("send")
	VZEROUPPER()
	RET()
}

// smallest leaves in every lane of v the smallest of its lanes.
func smallest(v, t reg.VecVirtual) {
	VPERM2F128(U8(1), v, v, t)
	VMINPD(t, v, v)
	VPERMILPD(U8(5), v, t)
	VMINPD(t, v, v)
}

// nearest keeps, lane by lane, the smallest and the second smallest distance and
// the index of the smallest, and compares the lanes at the end.
func nearest() {
	f := math.Float64bits
	k := table("nearestConst", f(math.Inf(1)), f(4))
	lanes := GLOBL("laneIndex", RODATA|NOPTR)
	for i := range 4 {
		DATA(8*i, U64(f(float64(i))))
	}
	text("nearest64AVX2", "func(out, x []float64, d int, rows []int32, tiles []float64)", "nearest64AVX2 writes three values for each of the listed rows of x, d > 0 long: the index of the nearest centre of tiles, lowest first among equals, the squared distance to it and that to the runner-up.")
	out, x, d, list, n := ptr("out"), ptr("x"), Load(Param("d"), GP64()).(reg.GPVirtual), ptr("rows"), length("rows")
	tiles, size := ptr("tiles"), length("tiles")
	end, wideEnd, tile, group, group3, row := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	LEAQ(Mem{Base: tiles, Index: size, Scale: 8}, end)
	MOVQ(d, group)
	SHLQ(U8(5), group)
	LEAQ(Mem{Base: group, Index: group, Scale: 2}, group3)
	MOVQ(end, wideEnd) // beyond it four groups do not fit
	SUBQ(group3, wideEnd)
	d1, d2, at, now, t := YMM(), YMM(), YMM(), YMM(), YMM()
	acc := ymms(4)
	take := func(s reg.VecVirtual) {
		VCMPPD(U8(0x11), d1, s, t) // s < d1, lane by lane: earlier groups win ties
		VBLENDVPD(t, now, at, at)
		VMAXPD(s, d1, t)
		VMINPD(t, d2, d2)
		VMINPD(s, d1, d1)
		VADDPD(k(1), now, now)
	}
	Label("nrow")
	TESTQ(n, n)
	JZ(LabelRef("nend"))
	rowPointer(row, x, d, list)
	MOVQ(tiles, tile)
	VMOVUPD(k(0), d1)
	VMOVUPD(k(0), d2)
	VMOVUPD(k(0), at)
	VMOVUPD(lanes, now)
	Label("nwide")
	CMPQ(tile, wideEnd)
	JGE(LabelRef("none"))
	squares("nwideloop", acc, row, d, tile, group, group3)
	for _, s := range acc {
		take(s)
	}
	JMP(LabelRef("nwide"))
	Label("none")
	CMPQ(tile, end)
	JGE(LabelRef("nstore"))
	squares("noneloop", acc[:1], row, d, tile, group, group3)
	take(acc[0])
	JMP(LabelRef("none"))
	Label("nstore")
	m, u, w := YMM(), YMM(), YMM()
	VMOVAPD(d1, m)
	smallest(m, t)
	VCMPPD(U8(0), m, d1, u) // lanes that hold the smallest
	VMOVUPD(k(0), w)
	VBLENDVPD(u, at, w, w)
	smallest(w, t)
	VCMPPD(U8(0), w, at, u) // the one lane of lowest index
	VBLENDVPD(u, d2, d1, u)
	smallest(u, t)
	VMOVSD(w.AsX(), Mem{Base: out})
	VMOVSD(m.AsX(), Mem{Base: out, Disp: 8})
	VMOVSD(u.AsX(), Mem{Base: out, Disp: 16})
	ADDQ(U32(24), out)
	ADDQ(U32(4), list)
	DECQ(n)
	JMP(LabelRef("nrow"))
	Label("nend")
	VZEROUPPER()
	RET()
}

func scatter() {
	text("scatter64AVX2", "func(sum, centre, x []float64, d int, label []int32)", "scatter64AVX2 adds each row of x minus its centre to the sum of its label; rows are d long.")
	sum, centre, x, d, label, n := ptr("sum"), ptr("centre"), ptr("x"), Load(Param("d"), GP64()).(reg.GPVirtual), ptr("label"), length("label")
	a, left, s, c := GP64(), GP64(), GP64(), GP64()
	v, w := YMM(), XMM()
	Label("grow")
	TESTQ(n, n)
	JZ(LabelRef("gend"))
	MOVLQSX(Mem{Base: label}, a)
	IMULQ(d, a)
	LEAQ(Mem{Base: sum, Index: a, Scale: 8}, s)
	LEAQ(Mem{Base: centre, Index: a, Scale: 8}, c)
	MOVQ(d, left)
	step := func(bytes uint32) {
		for _, p := range []reg.GPVirtual{x, c, s} {
			ADDQ(U32(bytes), p)
		}
		SUBQ(U32(bytes/8), left)
	}
	Label("gfour")
	CMPQ(left, U32(4))
	JL(LabelRef("gone"))
	VMOVUPD(Mem{Base: x}, v)
	VSUBPD(Mem{Base: c}, v, v)
	VADDPD(Mem{Base: s}, v, v)
	VMOVUPD(v, Mem{Base: s})
	step(32)
	JMP(LabelRef("gfour"))
	Label("gone")
	TESTQ(left, left)
	JZ(LabelRef("gnext"))
	VMOVSD(Mem{Base: x}, w)
	VSUBSD(Mem{Base: c}, w, w)
	VADDSD(Mem{Base: s}, w, w)
	VMOVSD(w, Mem{Base: s})
	step(8)
	JMP(LabelRef("gone"))
	Label("gnext")
	ADDQ(U32(4), label)
	DECQ(n)
	JMP(LabelRef("grow"))
	Label("gend")
	VZEROUPPER()
	RET()
}
