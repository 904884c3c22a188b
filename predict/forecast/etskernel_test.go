package forecast

import (
	"math"
	"slices"
	"testing"
)

// The derivatives of every form against differences, with a missing period: the search trusts
// them.
func TestETSDerivatives(t *testing.T) {
	y := make([]float64, 30)
	for i := range y {
		y[i] = (5 + .1*float64(i)) * (1 + .3*math.Sin(float64(i)*math.Pi/2)) * (1 + .05*math.Cos(float64(i*i)))
	}
	y[7] = math.NaN()
	forms := ETSOptions{Model: "ZZZ"}.forms()
	for _, trend := range []string{"N", "A", "Ad"} {
		forms = append(forms, ETSOptions{Model: "A" + trend + "M"}.forms()...)
	}
	if len(forms) != 18 {
		t.Fatalf("%d forms", len(forms))
	}
	for _, f := range forms {
		k, _ := newKernel(y, 29)
		k.use(f, 4)
		st, _ := k.start(f.season, 4)
		x := k.begin(st)[1].x
		x[0] = .3
		if got, want := k.jacobian(x), k.objective(x); math.Abs(got-want) > 1e-12*want {
			t.Errorf("%s: F %v by the derivatives, %v without", f, got, want)
		}
		g := slices.Clone(k.g)
		for j := range x {
			const h = 1e-6
			at := x[j]
			x[j] = at + h
			up := k.objective(x)
			x[j] = at - h
			down := k.objective(x)
			x[j] = at
			if want := (up - down) / (2 * h) / 2; math.Abs(g[j]-want) > 1e-6*(1+math.Abs(want)) {
				t.Errorf("%s: derivative %d of %d: %v, want %v", f, j, k.p, g[j], want)
			}
		}
	}
}
