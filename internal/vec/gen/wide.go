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
