package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The kernels of AVX-512. Each gives the bits of its AVX2 twin: an element of a
// product is one chain of fused multiply-adds in ascending k at any width.

func gp(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

func zmms(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = ZMM()
	}
	return v
}

func zeroZ(v ...reg.VecVirtual) {
	for _, r := range v {
		VPXORD(r, r, r)
	}
}

const (
	panelItems = 32 // columns of a panel
	panelUsers = 12 // rows held against it
)

// panelAbove holds 12 users against panels of 32 items and keeps nothing of the
// products but one bit each.
func panelAbove() {
	const signature = "func(masks *uint32, panels, users, threshold *float32, f, count int)"
	text("panelAboveAVX512", signature, "panelAboveAVX512 sets bit j of masks[12·p+u] where Σ_k users[12k+u]·panels[(p·f+k)·32+j] >= threshold[u], k ascending, for p < count.")
	masks, panels, users, threshold, f, count := gp("masks"), gp("panels"), gp("users"), gp("threshold"), gp("f"), gp("count")
	acc := zmms(2 * panelUsers)
	y, b := zmms(2), zmms(2)
	q, k := GP64(), GP64()
	m, hi := GP32(), GP32()
	Label("w")
	TESTQ(count, count)
	JZ(LabelRef("wdone"))
	zeroZ(acc...)
	MOVQ(users, q)
	MOVQ(f, k)
	Label("wk")
	VMOVUPS(Mem{Base: panels}, y[0])
	VMOVUPS(Mem{Base: panels, Disp: 64}, y[1])
	for u := range panelUsers {
		VBROADCASTSS(Mem{Base: q, Disp: 4 * u}, b[u%2])
		VFMADD231PS(y[0], b[u%2], acc[2*u])
		VFMADD231PS(y[1], b[u%2], acc[2*u+1])
	}
	ADDQ(U32(4*panelItems), panels)
	ADDQ(U32(4*panelUsers), q)
	DECQ(k)
	JNZ(LabelRef("wk"))
	for u := range panelUsers {
		low, high := K(), K()
		VBROADCASTSS(Mem{Base: threshold, Disp: 4 * u}, b[u%2])
		VCMPPS(U8(0x1d), b[u%2], acc[2*u], low) // greater or equal, ordered, quiet
		VCMPPS(U8(0x1d), b[u%2], acc[2*u+1], high)
		KMOVW(low, m)
		KMOVW(high, hi)
		SHLL(U8(16), hi)
		ORL(hi, m)
		MOVL(m, Mem{Base: masks, Disp: 4 * u})
	}
	ADDQ(U32(4*panelUsers), masks)
	DECQ(count)
	JMP(LabelRef("w"))
	Label("wdone")
	VZEROUPPER()
	RET()

	text("panelAboveAVX2", signature, "panelAboveAVX2 is panelAboveAVX512.")
	masks, panels, users, threshold, f, count = gp("masks"), gp("panels"), gp("users"), gp("threshold"), gp("f"), gp("count")
	a := make([]reg.VecVirtual, 12)
	for i := range a {
		a[i] = YMM()
	}
	y, b = []reg.VecVirtual{YMM(), YMM()}, []reg.VecVirtual{YMM(), YMM()}
	p, q, k := GP64(), GP64(), GP64()
	m, hi = GP32(), GP32()
	Label("v")
	TESTQ(count, count)
	JZ(LabelRef("vdone"))
	for tile := range 4 { // 6 users × 16 items at a time
		half, six := tile/2, tile%2*6
		loop := "vk" + string(rune('0'+tile))
		zero(a...)
		LEAQ(Mem{Base: panels, Disp: 64 * half}, p)
		LEAQ(Mem{Base: users, Disp: 4 * six}, q)
		MOVQ(f, k)
		Label(loop)
		VMOVUPS(Mem{Base: p}, y[0])
		VMOVUPS(Mem{Base: p, Disp: 32}, y[1])
		for u := range 6 {
			VBROADCASTSS(Mem{Base: q, Disp: 4 * u}, b[u%2])
			VFMADD231PS(y[0], b[u%2], a[2*u])
			VFMADD231PS(y[1], b[u%2], a[2*u+1])
		}
		ADDQ(U32(4*panelItems), p)
		ADDQ(U32(4*panelUsers), q)
		DECQ(k)
		JNZ(LabelRef(loop))
		for u := range 6 {
			VBROADCASTSS(Mem{Base: threshold, Disp: 4 * (six + u)}, b[u%2])
			VCMPPS(U8(0x1d), b[u%2], a[2*u], a[2*u])
			VCMPPS(U8(0x1d), b[u%2], a[2*u+1], a[2*u+1])
			VMOVMSKPS(a[2*u], m)
			VMOVMSKPS(a[2*u+1], hi)
			SHLL(U8(8), hi)
			ORL(hi, m)
			MOVW(m.As16(), Mem{Base: masks, Disp: 4*(six+u) + 2*half})
		}
	}
	MOVQ(f, k)
	SHLQ(U8(7), k)
	ADDQ(k, panels)
	ADDQ(U32(4*panelUsers), masks)
	DECQ(count)
	JMP(LabelRef("v"))
	Label("vdone")
	VZEROUPPER()
	RET()
}

// tile16 is the 16×16 tile of symmetric products and of the sweep.
func tile16() {
	text("tile16x16AVX512", "func(c *float32, ldc int, w, y *float32, ld, n int)", "tile16x16AVX512 adds Σ_k w[k·ld+i]·y[k·ld+j] to c[i·ldc+j] for i, j < 16, k < n ascending.")
	c, ldc, w, y, ld, n := gp("c"), gp("ldc"), gp("w"), gp("y"), gp("ld"), gp("n")
	SHLQ(U8(2), ldc)
	SHLQ(U8(2), ld)
	acc := zmms(16)
	row := GP64()
	MOVQ(c, row)
	for i := range acc {
		VMOVUPS(Mem{Base: row}, acc[i])
		ADDQ(ldc, row)
	}
	v := ZMM()
	Label("uk")
	TESTQ(n, n)
	JZ(LabelRef("uend"))
	VMOVUPS(Mem{Base: y}, v)
	for i := range acc {
		VFMADD231PS_BCST(Mem{Base: w, Disp: 4 * i}, v, acc[i])
	}
	ADDQ(ld, w)
	ADDQ(ld, y)
	DECQ(n)
	JMP(LabelRef("uk"))
	Label("uend")
	for i := range acc {
		VMOVUPS(acc[i], Mem{Base: c})
		ADDQ(ldc, c)
	}
	VZEROUPPER()
	RET()
}

// gatherScale copies rows and their multiples, fetching ahead over the flat
// index array: rows of a big matrix come from main memory.
func gatherScale() {
	text("gatherScaleAVX2", "func(raw, scaled, src []float32, idx []int32, coef []float32, f, limit int)", "gatherScaleAVX2 copies the rows idx of src to raw and coef times them to scaled, f a multiple of 16; idx may be read up to limit.")
	raw, scaled, src, idx, count, coef := loadGP("raw"), loadGP("scaled"), loadGP("src"), loadGP("idx"), loadLen("idx"), loadGP("coef")
	f, limit := gp("f"), gp("limit")
	stride, k, left := GP64(), GP64(), GP64()
	MOVQ(f, stride)
	SHLQ(U8(2), stride)
	DECQ(limit)
	XORQ(k, k)
	a, v, w := YMM(), []reg.VecVirtual{YMM(), YMM()}, []reg.VecVirtual{YMM(), YMM()}
	Label("sk")
	CMPQ(k, count)
	JGE(LabelRef("sdone"))
	ahead(src, idx, k, limit, stride)
	VBROADCASTSS(Mem{Base: coef, Index: k, Scale: 4}, a)
	p := rowAt(src, idx, k, stride)
	MOVQ(f, left)
	Label("sj")
	for b := range v {
		VMOVUPS(Mem{Base: p, Disp: 32 * b}, v[b])
		VMULPS(v[b], a, w[b])
		VMOVUPS(v[b], Mem{Base: raw, Disp: 32 * b})
		VMOVUPS(w[b], Mem{Base: scaled, Disp: 32 * b})
	}
	ADDQ(U32(64), p)
	ADDQ(U32(64), raw)
	ADDQ(U32(64), scaled)
	SUBQ(U32(16), left)
	JNZ(LabelRef("sj"))
	INCQ(k)
	JMP(LabelRef("sk"))
	Label("sdone")
	VZEROUPPER()
	RET()
}

const flatAhead = 12 // rows between a pass over the flat index array and its prefetch

// ahead fetches the first 256 bytes of row idx[min(k+flatAhead, last)].
func ahead(src, idx, k, last, stride reg.GPVirtual) {
	q := GP64()
	LEAQ(Mem{Base: k, Disp: flatAhead}, q)
	CMPQ(q, last)
	CMOVQGT(last, q)
	p := rowAt(src, idx, q, stride)
	for line := range 4 {
		PREFETCHT0(Mem{Base: p, Disp: 64 * line})
	}
}

// gatherApply is one product with Σ w·y·yᵀ: each row is read for its dot product
// and, while it is in the first-level cache, for its share of the sum, which stays
// in registers. Four rows at a time share the additions of their lanes.
func gatherApply(f int) {
	name := map[int]string{32: "32", 64: "64", 128: "128"}[f]
	text("gatherApply"+name+"AVX512", "func(out, src []float32, idx []int32, a, w, x []float32, limit int)", "gatherApply"+name+"AVX512 adds Σ (a[k] + w[k]·(x·row))·row over the rows idx of src to out, rows of "+name+"; rows up to idx[limit-1] are fetched ahead, none for limit 0.")
	src, idx, count, a, w, x := loadGP("src"), loadGP("idx"), loadLen("idx"), loadGP("a"), loadGP("w"), loadGP("x")
	at, err := Param("limit").Resolve()
	if err != nil {
		panic(err)
	}
	out := loadGP("out")
	nv := f / 16
	acc := zmms(nv)
	for j, r := range acc {
		VMOVUPS(Mem{Base: out, Disp: 64 * j}, r)
	}
	l := func(s string) string { return "z" + name + s }
	spread := ZMM()
	spreadAt := GP64()
	LEAQ(quarters, spreadAt)
	VMOVDQU32(Mem{Base: spreadAt}, spread)
	k, last := GP64(), GP64()
	XORQ(k, k)
	LEAQ(Mem{Base: count, Disp: -1}, last)
	mask := K()
	KXNORW(mask, mask, mask)
	p := []reg.GPVirtual{GP64(), GP64(), GP64(), GP64()}
	q := GP64()
	rowOf := func(to, at reg.GPVirtual) {
		MOVLQSX(Mem{Base: idx, Index: at, Scale: 4}, to)
		IMUL3Q(U32(4*f), to, to)
		ADDQ(src, to)
	}
	Label(l("k"))
	CMPQ(k, count)
	JGE(LabelRef(l("done")))
	LEAQ(Mem{Base: k, Disp: 4}, q)
	CMPQ(q, count)
	JLE(LabelRef(l("four")))
	// Fewer than four are left: the last stands in for those behind it, at weight 0.
	bits, left := GP32(), GP64()
	MOVQ(count, left)
	SUBQ(k, left)
	MOVL(U32(1), bits)
	SHLXL(left.As32(), bits, bits)
	DECL(bits)
	KMOVW(bits, mask)
	Label(l("four"))
	for r := range p {
		LEAQ(Mem{Base: k, Disp: r}, q)
		CMPQ(q, last)
		CMOVQGT(last, q)
		rowOf(p[r], q)
	}
	for r := range p {
		LEAQ(Mem{Base: k, Disp: flatAhead + r}, q)
		CMPQ(q, at.Addr)
		JGE(LabelRef(l("near")))
		rowOf(q, q)
		for line := range f / 16 {
			PREFETCHT0(Mem{Base: q, Disp: 64 * line})
		}
	}
	Label(l("near"))
	dots := zmms(4)
	odd := zmms(4)
	xv := ZMM()
	for j := range nv {
		VMOVUPS(Mem{Base: x, Disp: 64 * j}, xv)
		for r := range p {
			row, to := Mem{Base: p[r], Disp: 64 * j}, dots[r]
			if j%2 == 1 {
				to = odd[r]
			}
			if j < 2 {
				VMULPS(row, xv, to)
			} else {
				VFMADD231PS(row, xv, to)
			}
		}
	}
	d := reduceFour(dots, odd)
	av, wv := odd[2], odd[3]
	VMOVUPS_Z(Mem{Base: a, Index: k, Scale: 4}, mask, av)
	VMOVUPS_Z(Mem{Base: w, Index: k, Scale: 4}, mask, wv)
	VPERMPS(av, spread, av)
	VPERMPS(wv, spread, wv)
	VMULPS(wv, d, d) // rounded, as the portable form rounds it
	VADDPS(av, d, d)
	for r := range p {
		VSHUFF32X4(U8(0x55*r), d, d, xv)
		for j := range nv {
			VFMADD231PS(Mem{Base: p[r], Disp: 64 * j}, xv, acc[j])
		}
	}
	ADDQ(U32(4), k)
	JMP(LabelRef(l("k")))
	Label(l("done"))
	out = loadGP("out")
	for j, r := range acc {
		VMOVUPS(r, Mem{Base: out, Disp: 64 * j})
	}
	VZEROUPPER()
	RET()
}

// reduceFour adds the 32 lanes of four rows, 16 in dots and 16 in odd, side by
// side. Each quarter of the result holds the sum of a row, four times.
func reduceFour(dots, odd []reg.VecVirtual) reg.VecVirtual {
	for r := range dots {
		VADDPS(odd[r], dots[r], dots[r])
	}
	// 16 lanes to 8, 4, 2 and 1.
	halves := func(u, v reg.VecVirtual, lo, hi uint8) reg.VecVirtual {
		VSHUFF32X4(U8(lo), v, u, odd[0])
		VSHUFF32X4(U8(hi), v, u, odd[1])
		VADDPS(odd[1], odd[0], u)
		return u
	}
	s01 := halves(dots[0], dots[1], 0x44, 0xee)
	s23 := halves(dots[2], dots[3], 0x44, 0xee)
	d := halves(s01, s23, 0x88, 0xdd)
	VPERMILPS(U8(0x4e), d, odd[0])
	VADDPS(odd[0], d, d)
	VPERMILPS(U8(0xb1), d, odd[0])
	VADDPS(odd[0], d, d)
	return d
}

// fourDots leaves the products of x with four rows of n numbers as reduceFour does, or,
// with scales, the squared distances of x from the scaled rows.
func fourDots(label string, p []reg.GPVirtual, x, n reg.GPVirtual, scales ...reg.VecVirtual) reg.VecVirtual {
	dots, odd := zmms(4), zmms(4)
	zeroZ(dots...)
	zeroZ(odd...)
	xv := zmms(2)
	at, left := GP64(), GP64()
	XORQ(at, at)
	MOVQ(n, left)
	Label(label + "32")
	CMPQ(left, U32(32))
	JL(LabelRef(label + "tail"))
	for half, to := range [][]reg.VecVirtual{dots, odd} {
		VMOVUPS(Mem{Base: x, Index: at, Scale: 4, Disp: 64 * half}, xv[half])
		for r := range p {
			row := Mem{Base: p[r], Index: at, Scale: 4, Disp: 64 * half}
			if scales == nil {
				VFMADD231PS(row, xv[half], to[r])
				continue
			}
			d := ZMM()
			VMOVUPS(row, d)
			VFMSUB213PS(xv[half], scales[r], d)
			VFMADD231PS(d, d, to[r])
		}
	}
	ADDQ(U32(32), at)
	SUBQ(U32(32), left)
	JMP(LabelRef(label + "32"))
	Label(label + "tail")
	TESTQ(left, left)
	JZ(LabelRef(label + "sum"))
	bits, mask, t := GP32(), K(), ZMM()
	MOVL(U32(1), bits)
	SHLXL(left.As32(), bits, bits)
	DECL(bits)
	for half, to := range [][]reg.VecVirtual{dots, odd} {
		KMOVW(bits, mask)
		VMOVUPS_Z(Mem{Base: x, Index: at, Scale: 4, Disp: 64 * half}, mask, xv[half])
		for r := range p {
			VMOVUPS_Z(Mem{Base: p[r], Index: at, Scale: 4, Disp: 64 * half}, mask, t)
			if scales == nil {
				VFMADD231PS(t, xv[half], to[r])
				continue
			}
			VFMSUB213PS(xv[half], scales[r], t)
			VFMADD231PS(t, t, to[r])
		}
		SHRL(U8(16), bits)
	}
	Label(label + "sum")
	return reduceFour(dots, odd)
}

// rowsOfFour are products with rows one behind the other, and with gathered rows.
func rowsOfFour() {
	text("dotRowsAVX512", "func(dst, rows, x []float32)", "dotRowsAVX512 is dotRowsAVX2 for a multiple of 4 rows.")
	dst, count, row, x, n := loadGP("dst"), loadLen("dst"), loadGP("rows"), loadGP("x"), loadLen("x")
	p := []reg.GPVirtual{row, GP64(), GP64(), GP64()}
	stride, at := GP64(), GP64()
	MOVQ(n, stride)
	SHLQ(U8(2), stride)
	pick := ZMM()
	LEAQ(firsts, at)
	VMOVDQU32(Mem{Base: at}, pick)
	Label("e4")
	TESTQ(count, count)
	JZ(LabelRef("edone"))
	for r := 1; r < 4; r++ {
		LEAQ(Mem{Base: p[r-1], Index: stride, Scale: 1}, p[r])
	}
	d := fourDots("e", p, x, n)
	VPERMPS(d, pick, d)
	VMOVUPS(d.AsX(), Mem{Base: dst})
	LEAQ(Mem{Base: p[3], Index: stride, Scale: 1}, row)
	ADDQ(U32(16), dst)
	SUBQ(U32(4), count)
	JMP(LabelRef("e4"))
	Label("edone")
	VZEROUPPER()
	RET()

	gatherWide("h", "gatherDotAVX512", "func(dst, src []float32, idx []int32, x []float32)", "gatherDotAVX512 is gatherDotAVX2 for a multiple of 4 rows.", false)
}

// gatherDistWide is gatherDist for four rows at a time.
func gatherDistWide() {
	gatherWide("o", "gatherDistAVX512", "func(dst, src []float32, idx []int32, scale, x []float32)", "gatherDistAVX512 is gatherDistAVX2 for a multiple of 4 rows.", true)
}

// gatherWide takes four gathered rows at a time: their products with x, or the squared
// distances of x from the scaled rows.
func gatherWide(label, name, signature, doc string, scaled bool) {
	text(name, signature, doc)
	dst, src, idx, count := loadGP("dst"), loadGP("src"), loadGP("idx"), loadLen("idx")
	var scale reg.GPVirtual
	if scaled {
		scale = loadGP("scale")
	}
	x, n := loadGP("x"), loadLen("x")
	stride, at := GP64(), GP64()
	MOVQ(n, stride)
	SHLQ(U8(2), stride)
	pick := ZMM()
	LEAQ(firsts, at)
	VMOVDQU32(Mem{Base: at}, pick)
	Label(label + "4")
	TESTQ(count, count)
	JZ(LabelRef(label + "done"))
	p := []reg.GPVirtual{GP64(), GP64(), GP64(), GP64()}
	var scales []reg.VecVirtual
	for r := range p {
		MOVLQSX(Mem{Base: idx, Disp: 4 * r}, p[r])
		if scaled {
			v := ZMM()
			VBROADCASTSS(Mem{Base: scale, Index: p[r], Scale: 4}, v)
			scales = append(scales, v)
		}
		IMULQ(stride, p[r])
		ADDQ(src, p[r])
	}
	CMPQ(count, U32(4+prefetchAhead))
	JL(LabelRef(label + "near"))
	for r := range p {
		MOVLQSX(Mem{Base: idx, Disp: 4 * (prefetchAhead + r)}, at)
		IMULQ(stride, at)
		ADDQ(src, at)
		for line := range 4 {
			PREFETCHT0(Mem{Base: at, Disp: 64 * line})
		}
	}
	Label(label + "near")
	d := fourDots(label, p, x, n, scales...)
	VPERMPS(d, pick, d)
	VMOVUPS(d.AsX(), Mem{Base: dst})
	ADDQ(U32(16), dst)
	ADDQ(U32(16), idx)
	SUBQ(U32(4), count)
	JMP(LabelRef(label + "4"))
	Label(label + "done")
	VZEROUPPER()
	RET()
}

// quarters spreads the first four words over the quarters of a register.
var quarters Mem

// firsts gathers the first words of the quarters.
var firsts Mem

func quarterTable() {
	quarters = GLOBL("quarters", RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(i/4))
	}
	firsts = GLOBL("firsts", RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(i%4*4))
	}
}

// symv is a product with a symmetric matrix, as sums of its rows: two chains, of
// even and of odd rows.
func symv() {
	for _, wide := range []bool{true, false} {
		name, size := "symvAVX2", 8
		if wide {
			name, size = "symvAVX512", 16
		}
		vector := func() reg.VecVirtual {
			if wide {
				return ZMM()
			}
			return YMM()
		}
		text(name, "func(out, m, x []float32)", name+" writes into out the sum of x[k] times row k of m, len(out) columns of rows of stride len(x), multiples of 16.")
		out, columns, m, x, n := loadGP("out"), loadLen("out"), loadGP("m"), loadGP("x"), loadLen("x")
		stride, left, k, row, xp := GP64(), GP64(), GP64(), GP64(), GP64()
		MOVQ(n, stride)
		SHLQ(U8(2), stride)
		MOVQ(columns, left)
		b := []reg.VecVirtual{vector(), vector()}
		block := func(label string, width int) {
			Label(name + label)
			CMPQ(left, U32(width*size))
			JL(LabelRef(name + label + "done"))
			acc := make([]reg.VecVirtual, 2*width)
			for i := range acc {
				acc[i] = vector()
				if wide {
					VPXORD(acc[i], acc[i], acc[i])
				} else {
					VXORPS(acc[i], acc[i], acc[i])
				}
			}
			MOVQ(m, row)
			MOVQ(x, xp)
			MOVQ(n, k)
			Label(name + label + "k")
			for odd := range 2 {
				VBROADCASTSS(Mem{Base: xp, Disp: 4 * odd}, b[odd])
				for j := range width {
					VFMADD231PS(Mem{Base: row, Disp: 4 * size * j}, b[odd], acc[odd*width+j])
				}
				ADDQ(stride, row)
			}
			ADDQ(U32(8), xp)
			SUBQ(U32(2), k)
			JNZ(LabelRef(name + label + "k"))
			for j := range width {
				VADDPS(acc[width+j], acc[j], acc[j])
				VMOVUPS(acc[j], Mem{Base: out, Disp: 4 * size * j})
			}
			ADDQ(U32(4*size*width), out)
			ADDQ(U32(4*size*width), m)
			SUBQ(U32(size*width), left)
			JMP(LabelRef(name + label))
			Label(name + label + "done")
		}
		block("w", 4)
		block("n", 16/size)
		VZEROUPPER()
		RET()
	}
}

// cholPanel factors 16 rows of a Cholesky factorisation.
func cholPanel() {
	text("cholPanelAVX512", "func(a *float32, n, width int, neg *float32) bool", "cholPanelAVX512 factors 16 rows of stride n from the diagonal at a on, width columns, a multiple of 16, into U; -U goes to neg, of the same stride, but for its first 16 columns. It returns false at a pivot that is not positive or not finite.")
	a, n, width, neg := gp("a"), gp("n"), gp("width"), gp("neg")
	SHLQ(U8(2), n)
	row, right, to, word := GP64(), GP64(), GP64(), GP32()
	v := zmms(16)
	spread, sign := ZMM(), ZMM()
	one, inf, none, d, t := XMM(), XMM(), XMM(), XMM(), XMM()
	MOVL(U32(0x3f800000), word)
	VMOVD(word, one)
	MOVL(U32(0x7f800000), word)
	VMOVD(word, inf)
	MOVL(U32(0x80000000), word)
	VPBROADCASTD(word, sign)
	VPXORD(none, none, none)
	inverses := AllocLocal(64) // 1/pivot of each row
	MOVQ(a, row)
	for i := range v {
		VMOVUPS(Mem{Base: row}, v[i])
		ADDQ(n, row)
	}
	MOVQ(a, row)
	for k := range v {
		VMOVUPS(v[k], Mem{Base: row})
		VMOVSS(Mem{Base: row, Disp: 4 * k}, d)
		VUCOMISS(none, d)
		JBE(LabelRef("cbad")) // NaN too
		VUCOMISS(inf, d)
		JAE(LabelRef("cbad"))
		VSQRTSS(d, d, d)
		VDIVSS(d, one, t)
		VMOVSS(t, inverses.Offset(4*k))
		VBROADCASTSS(t, spread)
		VMULPS(spread, v[k], v[k])
		VMOVUPS(v[k], Mem{Base: row})
		VMOVSS(d, Mem{Base: row, Disp: 4 * k})
		for i := k + 1; i < 16; i++ {
			VFNMADD231PS_BCST(Mem{Base: row, Disp: 4 * i}, v[k], v[i])
		}
		ADDQ(n, row)
	}
	MOVQ(a, right)
	Label("cblock")
	SUBQ(U32(16), width)
	JZ(LabelRef("cgood"))
	ADDQ(U32(64), right)
	ADDQ(U32(64), neg)
	MOVQ(right, row)
	for i := range v {
		VMOVUPS(Mem{Base: row}, v[i])
		ADDQ(n, row)
	}
	MOVQ(a, row) // of the block on the diagonal
	MOVQ(neg, to)
	at := GP64()
	MOVQ(right, at)
	for k := range v {
		VMULPS_BCST(inverses.Offset(4*k), v[k], v[k])
		VMOVUPS(v[k], Mem{Base: at})
		for i := k + 1; i < 16; i++ {
			VFNMADD231PS_BCST(Mem{Base: row, Disp: 4 * i}, v[k], v[i])
		}
		VPXORD(sign, v[k], v[k])
		VMOVUPS(v[k], Mem{Base: to})
		ADDQ(n, row)
		ADDQ(n, at)
		ADDQ(n, to)
	}
	JMP(LabelRef("cblock"))
	Label("cgood")
	MOVL(U32(1), word)
	JMP(LabelRef("cend"))
	Label("cbad")
	XORL(word, word)
	Label("cend")
	Store(word.As8(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}
