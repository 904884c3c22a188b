package decision

import (
	"testing"

	"pgregory.net/rapid"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }

func value() *rapid.Generator[float64] {
	return rapid.Custom(func(t *rapid.T) float64 {
		offset := rapid.SampledFrom([]float64{0, 0, 1e6}).Draw(t, "offset")
		return offset + rapid.Float64Range(-1000, 1000).Draw(t, "x")
	})
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
