package fm

import "math"

// Adaptive is a step of AdaGrad (Duchi, Hazan and Singer 2011), as libffm takes it: each number has a sum
// of its squared gradients, which starts at 1, and moves by Rate over its root.
type Adaptive struct {
	Along    []float32 // s of the sample
	Slope    float32   // derivative of the loss by the score
	Rate, L2 float32
}

// move moves x by gradient g.
func (a *Adaptive) move(x, squares *float32, g float32) {
	h := *squares + float32(g*g)
	*squares = h
	*x -= float32(a.Rate*g) / float32(math.Sqrt(float64(h)))
}

// Weight moves the weight of a feature of value z.
func (a *Adaptive) Weight(w, squares *float32, z float32) {
	a.move(w, squares, float32(a.Slope*z)+float32(a.L2**w))
}

// Vector moves its vector along s - z·v.
func (a *Adaptive) Vector(v, squares []float32, z float32) {
	squares, s, slope := squares[:len(v)], a.Along[:len(v)], float32(a.Slope*z)
	for k := range v {
		a.move(&v[k], &squares[k], float32(slope*(s[k]-float32(z*v[k])))+float32(a.L2*v[k]))
	}
}

// Pair moves the vectors that two features have for each other's field, z the product of their
// values.
func (a *Adaptive) Pair(u, uSquares, v, vSquares []float32, z float32) {
	v, uSquares, vSquares = v[:len(u)], uSquares[:len(u)], vSquares[:len(u)]
	slope := float32(a.Slope * z)
	for k := range u {
		gu := float32(slope*v[k]) + float32(a.L2*u[k])
		gv := float32(slope*u[k]) + float32(a.L2*v[k])
		a.move(&u[k], &uSquares[k], gu)
		a.move(&v[k], &vSquares[k], gv)
	}
}
