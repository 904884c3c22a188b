package metrics

import "github.com/aislekit/aisle/internal/codec"

func appendMoments(w *codec.Writer, m *Moments) {
	w.Int64(m.n)
	w.Float64(m.origin)
	w.Float64(m.mean)
	w.Float64(m.m2)
}

func readMoments(r *codec.Reader) Moments {
	m := Moments{n: r.Int64(), origin: r.Float64(), mean: r.Float64(), m2: r.Float64()}
	if !m.valid() {
		r.Fail("moments are not a count, finite means and a non-negative square sum")
	}
	return m
}
