package causal

import "math"

// QiniCausalML is a Qini curve by the convention of causalml. It starts from
// the same values as UpliftArea, and two packages given one model still print
// two numbers, for three reasons:
//
//   - While only treated users have been reached there is nothing to compare with,
//     so the curve runs straight from the origin to the first point with a
//     control. scikit-uplift, and with it UpliftPoint.Qini, counts the responses
//     of the treated alone there.
//   - The score is a mean over users instead of an area: the curve less the
//     straight line to its last point, at 0, 1, … n users.
//   - It is divided by the size of the last point, the total effect, instead of
//     by a perfect order. That exists for revenue as well, but it has no upper
//     bound: with a small total effect it exceeds 1.
//
// Users of equal score are not parted; the curve is straight across them, where
// causalml takes them in the order of the rows.
type QiniCausalML struct {
	Values     []float64 // at the points of the curves
	Score      float64   // mean of curve − straight line: qini_score(normalize=False)
	Normalized float64   // Score/|last value|: qini_score(normalize=True); NaN if that is 0
}

// QiniCausalML returns the Qini curve by the convention of causalml.
// ErrUndefined for curves of no users.
func (c UpliftCurves) QiniCausalML() (QiniCausalML, error) {
	if len(c.Points) == 0 || c.Points[len(c.Points)-1].OneArm {
		return QiniCausalML{Score: math.NaN(), Normalized: math.NaN()}, undefined("QiniCausalML: curves without users in both arms")
	}
	r := QiniCausalML{Values: make([]float64, len(c.Points)), Normalized: math.NaN()}
	at := func(i int) float64 { return float64(c.Points[i].Treated + c.Points[i].Control) }
	first := 0
	for c.Points[first].Control == 0 {
		first++
	}
	// Sum of the curve at 1, 2, … users, a straight piece at a time.
	sum, x0, y0 := 0.0, 0.0, 0.0
	for i := first; i < len(c.Points); i++ {
		x, y := at(i), c.Points[i].Qini
		h := x - x0
		sum += h*y0 + (y-y0)*(h+1)/2
		r.Values[i] = y
		x0, y0 = x, y
	}
	for i := range first {
		r.Values[i] = r.Values[first] * (at(i) / at(first))
	}
	r.Score = sum/(x0+1) - y0/2
	if y0 != 0 {
		r.Normalized = r.Score / math.Abs(y0)
	}
	return r, nil
}
