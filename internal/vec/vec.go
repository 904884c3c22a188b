// Package vec is float32 vector arithmetic for the hot loops.
//
// Every function is pure Go today and unrolled by hand; assembly for amd64 may
// replace single functions behind the build tag !noasm without changing their
// contracts. Operand lengths must agree: callers validate shapes once, outside
// the loop.
//
// Products are rounded before they are added (float32(x*y) + z), so that a
// compiler which fuses multiply and add cannot change results between builds.
package vec

// Dot returns Σ x[i]·y[i], accumulated in eight lanes that are added pairwise.
func Dot(x, y []float32) float32 {
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

// Axpy adds a·x to y.
func Axpy(a float32, x, y []float32) {
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

// Scale multiplies x by a.
func Scale(a float32, x []float32) {
	for i := range x {
		x[i] *= a
	}
}

// Norm2 returns Σ x[i]² in float64.
func Norm2(x []float32) float64 {
	s := 0.0
	for _, v := range x {
		s += float64(float64(v) * float64(v))
	}
	return s
}
