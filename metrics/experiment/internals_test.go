package experiment

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func value() *rapid.Generator[float64] {
	return rapid.Custom(func(t *rapid.T) float64 {
		offset := rapid.SampledFrom([]float64{0, 0, 1e6}).Draw(t, "offset")
		return offset + rapid.Float64Range(-1000, 1000).Draw(t, "x")
	})
}

func nan(x float64, err error) float64 {
	if err != nil {
		return math.NaN()
	}
	return x
}

func relNear(t testing.TB, name string, got, want, tol float64) {
	t.Helper()
	if !testkit.Close(got, want, 1e-300, tol) {
		t.Errorf("%s = %.15g, want %.15g", name, got, want)
	}
}

func ok[T any](t testing.TB) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}
