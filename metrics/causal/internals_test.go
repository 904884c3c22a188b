package causal

import (
	"testing"

	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func ok[T any](t testing.TB) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

func within(e metrics.Effect, truth float64) bool { return e.Low <= truth && truth <= e.High }

func value() *rapid.Generator[float64] {
	return rapid.Custom(func(t *rapid.T) float64 {
		offset := rapid.SampledFrom([]float64{0, 0, 1e6}).Draw(t, "offset")
		return offset + rapid.Float64Range(-1000, 1000).Draw(t, "x")
	})
}

// joint lists all that a state of joint moments knows.
func joint(m *moments.Joint) []float64 {
	var out []float64
	for i := range moments.MaxVars {
		out = append(out, m.Mean(i))
		for j := range i + 1 {
			out = append(out, m.Products(i, j))
		}
	}
	return out
}
