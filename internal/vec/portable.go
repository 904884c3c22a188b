package vec

// Products are rounded before they are added (float32(x*y) + z), so that a
// compiler which fuses multiply and add cannot change results between builds.

// dotGo is the portable Dot: sums run side by side as the lanes of the kernel do.
func dotGo(x, y []float32) float32 {
	y = y[:len(x)]
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	i := 0
	for ; i+8 <= len(x); i += 8 {
		a, b := x[i:i+8:i+8], y[i:i+8:i+8]
		s0 += float32(a[0] * b[0])
		s1 += float32(a[1] * b[1])
		s2 += float32(a[2] * b[2])
		s3 += float32(a[3] * b[3])
		s4 += float32(a[4] * b[4])
		s5 += float32(a[5] * b[5])
		s6 += float32(a[6] * b[6])
		s7 += float32(a[7] * b[7])
	}
	for ; i < len(x); i++ {
		s0 += float32(x[i] * y[i])
	}
	return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
}

func axpyGo(a float32, x, y []float32) {
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		p, q := x[i:i+4:i+4], y[i:i+4:i+4]
		q[0] += float32(a * p[0])
		q[1] += float32(a * p[1])
		q[2] += float32(a * p[2])
		q[3] += float32(a * p[3])
	}
	for ; i < len(x); i++ {
		y[i] += float32(a * x[i])
	}
}

func dotRowsGo(dst, rows, x []float32) {
	f := len(x)
	for i := range dst {
		dst[i] = dotGo(x, rows[i*f:i*f+f])
	}
}

func gatherDotGo(dst, src []float32, idx []int32, x []float32) {
	f := len(x)
	for k, i := range idx {
		dst[k] = dotGo(x, src[int(i)*f:int(i)*f+f])
	}
}

func gatherAxpyGo(out, src []float32, idx []int32, coef []float32) {
	f := len(out)
	for k, i := range idx {
		axpyGo(coef[k], src[int(i)*f:int(i)*f+f], out)
	}
}

func syrkGo(c []float32, ldc, from, size int, w, y []float32, ld, n int) {
	for k := range n {
		wr, yr := w[k*ld:k*ld+size], y[k*ld:k*ld+size]
		for i := from; i < size; i++ {
			if v := wr[i]; v != 0 {
				axpyGo(v, yr[i:], c[i*ldc+i:i*ldc+size])
			}
		}
	}
}

func tile16Go(c []float32, ldc int, w, y []float32, n int) {
	for k := range n {
		wr, yr := w[16*k:16*k+16], y[16*k:16*k+16]
		for i, v := range wr {
			if v != 0 {
				axpyGo(v, yr, c[i*ldc:i*ldc+16])
			}
		}
	}
}

func pairStepGo(x, y, z []float32, a, keep float32) {
	for i, v := range x {
		ax := float32(a * v)
		x[i] = float32(keep*v) + float32(a*(y[i]-z[i]))
		y[i] = float32(keep*y[i]) + ax
		z[i] = float32(keep*z[i]) - ax
	}
}

func rowStepGo(x, y []float32, a, keep float32) {
	for i, v := range x {
		x[i] = float32(keep*v) + float32(a*y[i])
		y[i] = float32(keep*y[i]) + float32(a*v)
	}
}

func gatherScaleGo(raw, scaled, src []float32, idx []int32, coef []float32, f int) {
	fp := Pad(f)
	for k, i := range idx {
		r, s := raw[k*fp:k*fp+fp], scaled[k*fp:k*fp+fp]
		copy(r, src[int(i)*f:int(i)*f+f])
		clear(r[f:])
		clear(s[f:])
		for j, v := range r[:f] {
			s[j] = coef[k] * v
		}
	}
}

func symvGo(out, m, x []float32) {
	var chains [2][64]float32
	for lo := 0; lo < len(out); lo += len(chains[0]) {
		hi := min(lo+len(chains[0]), len(out))
		clear(chains[0][:])
		clear(chains[1][:])
		for k, v := range x {
			axpyGo(v, m[k*len(x)+lo:k*len(x)+hi], chains[k%2][:hi-lo])
		}
		for j := lo; j < hi; j++ {
			out[j] = chains[0][j-lo] + chains[1][j-lo]
		}
	}
}

// panelAboveGo is the portable PanelAbove.
func panelAboveGo(masks []uint32, panels, users, threshold []float32, f int) {
	var sums [PanelItems]float32
	for p := 0; p*PanelUsers < len(masks); p++ {
		panel := panels[p*f*PanelItems : (p+1)*f*PanelItems]
		for u := range PanelUsers {
			clear(sums[:])
			for k := range f {
				axpyGo(users[k*PanelUsers+u], panel[k*PanelItems:(k+1)*PanelItems], sums[:])
			}
			m := uint32(0)
			for j, s := range sums {
				if s >= threshold[u] {
					m |= 1 << j
				}
			}
			masks[p*PanelUsers+u] = m
		}
	}
}
