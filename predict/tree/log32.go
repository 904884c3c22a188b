package tree

import "math"

// log32 is the logarithm of a float32 as the C libraries compute it that XGBoost runs on: glibc from 2.28 to
// 2.40, musl and others take it from Arm's optimized routines (logf), which is up to .82 units in the last place off.
// The nearest float32 would not be the same one for each base score. x = 2^k·z, and 1/c is
// near 1/z for one of sixteen c, so that log x = k·log 2 + log c + log(z/c), the last of them by a polynomial.
func log32(x float32) float32 {
	bits := math.Float32bits(x)
	if bits-0x00800000 >= 0x7f800000-0x00800000 { // 0, below it, subnormal, or no number
		if !(x > 0) || math.IsInf(float64(x), 1) {
			return float32(math.Log(float64(x)))
		}
		bits = math.Float32bits(x*(1<<23)) - 23<<23
	}
	above := bits - 0x3f330000
	k := int32(above) >> 23
	z := float64(math.Float32frombits(bits - above&0xff800000))
	c := &logs[above>>19&15]
	r := math.FMA(z, c[0], -1)
	y := math.FMA(0x1.5575b0be00b6ap-2, r, -0x1.ffffef20a4123p-2)
	y = math.FMA(-0x1.00ea348b88334p-2, r*r, y)
	return float32(math.FMA(y, r*r, math.FMA(float64(k), 0x1.62e42fefa39efp-1, c[1])+r))
}

// logs are 1/c and log c of log32.
var logs = [16][2]float64{
	{0x1.661ec79f8f3bep+0, -0x1.57bf7808caadep-2},
	{0x1.571ed4aaf883dp+0, -0x1.2bef0a7c06ddbp-2},
	{0x1.49539f0f010bp+0, -0x1.01eae7f513a67p-2},
	{0x1.3c995b0b80385p+0, -0x1.b31d8a68224e9p-3},
	{0x1.30d190c8864a5p+0, -0x1.6574f0ac07758p-3},
	{0x1.25e227b0b8eap+0, -0x1.1aa2bc79c81p-3},
	{0x1.1bb4a4a1a343fp+0, -0x1.a4e76ce8c0e5ep-4},
	{0x1.12358f08ae5bap+0, -0x1.1973c5a611cccp-4},
	{0x1.0953f419900a7p+0, -0x1.252f438e10c1ep-5},
	{0x1p+0, 0x0p+0},
	{0x1.e608cfd9a47acp-1, 0x1.aa5aa5df25984p-5},
	{0x1.ca4b31f026aap-1, 0x1.c5e53aa362eb4p-4},
	{0x1.b2036576afce6p-1, 0x1.526e57720db08p-3},
	{0x1.9c2d163a1aa2dp-1, 0x1.bc2860d22477p-3},
	{0x1.886e6037841edp-1, 0x1.1058bc8a07ee1p-2},
	{0x1.767dcf5534862p-1, 0x1.4043057b6ee09p-2},
}
