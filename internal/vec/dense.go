package vec

import (
	"math"
	"unsafe"
)

// Pad4 returns n rounded up to the multiple of 4 that rows of float64 need.
func Pad4(n int) int { return (n + 3) &^ 3 }

// Pad8 returns n rounded up to the multiple of 8 that Syrk64 needs.
func Pad8(n int) int { return (n + 7) &^ 7 }

// cut64 is the number of rows of length f of one assembly call.
func cut64(f int) int { return max(16, 1<<17/max(f, 1)) }

// Dot64 returns Σ x[i]·y[i]; y must be at least as long as x. Four sums run side by
// side, over i modulo 4, and are added in pairs; what is left over of a length
// that is no multiple of 4 goes to the first of them.
func Dot64(x, y []float64) float64 {
	y = y[:len(x)]
	var a, b, c, d float64
	i := 0
	for ; i+4 <= len(x); i += 4 {
		a += x[i] * y[i]
		b += x[i+1] * y[i+1]
		c += x[i+2] * y[i+2]
		d += x[i+3] * y[i+3]
	}
	for ; i < len(x); i++ {
		a += x[i] * y[i]
	}
	return (a + b) + (c + d)
}

// Axpy64 adds a·x to y, which must be at least as long.
func Axpy64(a float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += a * v
	}
}

// DotRows64 writes into dst the dot products of x with len(dst) consecutive rows
// of length len(x), a multiple of 4.
func DotRows64(dst, rows, x []float64) {
	f := len(x)
	_ = rows[:len(dst)*f]
	if f%4 != 0 {
		panic("vec: DotRows64: the length of a row is no multiple of 4")
	}
	if !hasAVX2 {
		dotRows64Go(dst, rows, x)
		return
	}
	for lo, step := 0, cut64(f); lo < len(dst); lo += step {
		hi := min(lo+step, len(dst))
		dotRows64AVX2(dst[lo:hi], rows[lo*f:hi*f], x)
	}
}

// AxpyRows64 adds Σ coef[k]·(row k) to out, k ascending, over consecutive rows of
// length len(out), a multiple of 4.
func AxpyRows64(out, rows, coef []float64) {
	f := len(out)
	_ = rows[:len(coef)*f]
	if f%4 != 0 {
		panic("vec: AxpyRows64: the length of a row is no multiple of 4")
	}
	if !hasAVX2 {
		axpyRows64Go(out, rows, coef)
		return
	}
	for lo, step := 0, cut64(f); lo < len(coef); lo += step {
		hi := min(lo+step, len(coef))
		axpyRows64AVX2(out, rows[lo*f:hi*f], coef[lo:hi])
	}
}

// Syrk64 adds Σ_k w[k,i]·y[k,j], k < n ascending, to c[i,j] for i <= j < size;
// elements below the diagonal become meaningless. w and y hold n rows of stride
// ld, c rows of stride ldc; size must be a multiple of 8.
func Syrk64(c []float64, ldc, size int, w, y []float64, ld, n int) {
	if n == 0 || size == 0 {
		return
	}
	if size%8 != 0 {
		panic("vec: Syrk64: the size is no multiple of 8")
	}
	_, _, _ = c[(size-1)*ldc+size-1], w[(n-1)*ld+size-1], y[(n-1)*ld+size-1]
	if !hasAVX2 {
		syrk64Go(c, ldc, size, w, y, ld, n)
		return
	}
	for i := 0; i < size; i += 4 {
		for j := i &^ 7; j < size; j += 8 {
			tile4x8AVX2(&c[i*ldc+j], ldc, &w[i], &y[j], ld, n)
		}
	}
}

// CentreRow64 sets dst to src-shift and adds w·dst to s1 and w·dst² to s2, element
// by element. dst, shift, s1 and s2 have length Pad4(len(src)); what stands behind
// src counts as 0. Products are rounded before they are added: every level gives
// the same bits. next, if not empty, is a row wanted soon: it is fetched into the
// cache meanwhile.
func CentreRow64(dst, src, shift, s1, s2 []float64, w float64, next []float64) {
	n := Pad4(len(src))
	dst, shift, s1, s2 = dst[:n], shift[:n], s1[:n], s2[:n]
	if hasAVX2 {
		const chunk = 1 << 14
		at := unsafe.SliceData(next)
		for ; len(src) > chunk; src = src[chunk:] {
			centreRow64AVX2(dst[:chunk], src[:chunk], shift[:chunk], s1[:chunk], s2[:chunk], w, at)
			dst, shift, s1, s2 = dst[chunk:], shift[chunk:], s1[chunk:], s2[chunk:]
		}
		centreRow64AVX2(dst, src, shift, s1, s2, w, at)
		return
	}
	centreRow64Go(dst, src, shift, s1, s2, w)
}

// Logistic64 writes, for every eta and its z = ±1, log(1+exp(-z·eta)) and its
// first and second derivative by eta. All have the length of eta. Values are
// exact to a few units in the last place; eta of ±Inf gives the limits, NaN NaN.
func Logistic64(loss, grad, curve, eta, z []float64) {
	n := len(eta)
	loss, grad, curve, z = loss[:n], grad[:n], curve[:n], z[:n]
	done := 0
	if hasAVX2 {
		const chunk = 4096
		whole := n &^ 3
		for ; done < whole; done += chunk {
			hi := min(done+chunk, whole)
			logistic64AVX2(loss[done:hi], grad[done:hi], curve[done:hi], eta[done:hi], z[done:hi])
		}
		if done = whole; done == n {
			return
		}
		// The last few in a block of four, so that a value does not depend on its place.
		var b [5][4]float64
		copy(b[3][:], eta[done:])
		copy(b[4][:], z[done:])
		logistic64AVX2(b[0][:], b[1][:], b[2][:], b[3][:], b[4][:])
		copy(loss[done:], b[0][:])
		copy(grad[done:], b[1][:])
		copy(curve[done:], b[2][:])
		return
	}
	for k, e := range eta {
		loss[k], grad[k], curve[k] = logisticGo(e, z[k])
	}
}

func logisticGo(eta, z float64) (loss, grad, curve float64) {
	m := z * eta
	if m >= 0 {
		e := math.Exp(-m)
		s := 1 / (1 + e)
		return math.Log1p(e), -z * e * s, e * s * s
	}
	e := math.Exp(m)
	s := 1 / (1 + e)
	return math.Log1p(e) - m, -z * s, e * s * s
}

// dotRows64Go is the portable DotRows64: sums of one row in the order of the kernel.
func dotRows64Go(dst, rows, x []float64) {
	f := len(x)
	for i := range dst {
		row := rows[i*f : i*f+f]
		var s0, s1, s2, s3 float64
		for j := 0; j+4 <= f; j += 4 {
			a, b := row[j:j+4:j+4], x[j:j+4:j+4]
			s0 += float64(a[0] * b[0])
			s1 += float64(a[1] * b[1])
			s2 += float64(a[2] * b[2])
			s3 += float64(a[3] * b[3])
		}
		dst[i] = (s0 + s1) + (s2 + s3)
	}
}

// axpyRows64Go is the portable AxpyRows64: two rows at a time, each sum in the order of rows.
func axpyRows64Go(out, rows, coef []float64) {
	f := len(out)
	k := 0
	for ; k+2 <= len(coef); k += 2 {
		a, b, p, q := coef[k], coef[k+1], rows[k*f:k*f+f], rows[k*f+f:k*f+2*f]
		q = q[:len(p)]
		for j, v := range p {
			out[j] = (out[j] + float64(a*v)) + float64(b*q[j])
		}
	}
	if k < len(coef) {
		for j, v := range rows[k*f : k*f+f] {
			out[j] += float64(coef[k] * v)
		}
	}
}

// syrk64Go takes four rows at a time: one pass over c for four updates.
func syrk64Go(c []float64, ldc, size int, w, y []float64, ld, n int) {
	k := 0
	for ; k+4 <= n; k += 4 {
		w0, w1, w2, w3 := w[k*ld:][:size], w[(k+1)*ld:][:size], w[(k+2)*ld:][:size], w[(k+3)*ld:][:size]
		for i := range size {
			a, b, e, f := w0[i], w1[i], w2[i], w3[i]
			if a == 0 && b == 0 && e == 0 && f == 0 {
				continue
			}
			dst := c[i*ldc+i : i*ldc+size]
			y0, y1, y2, y3 := y[k*ld+i:][:len(dst)], y[(k+1)*ld+i:][:len(dst)], y[(k+2)*ld+i:][:len(dst)], y[(k+3)*ld+i:][:len(dst)]
			for j, v := range dst {
				dst[j] = (((v + float64(a*y0[j])) + float64(b*y1[j])) + float64(e*y2[j])) + float64(f*y3[j])
			}
		}
	}
	for ; k < n; k++ {
		for i := range size {
			a := w[k*ld+i]
			dst := c[i*ldc+i : i*ldc+size]
			for j, v := range y[k*ld+i:][:len(dst)] {
				dst[j] += float64(a * v)
			}
		}
	}
}

func centreRow64Go(dst, src, shift, s1, s2 []float64, w float64) {
	for j := range dst {
		v := 0.0
		if j < len(src) {
			v = src[j]
		}
		v -= shift[j]
		t := float64(w * v)
		dst[j] = v
		s1[j] += t
		s2[j] += float64(t * v)
	}
}
