package metrics

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
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

func relNear(t testing.TB, name string, got, want, tol float64) {
	t.Helper()
	if !testkit.Close(got, want, 1e-300, tol) {
		t.Errorf("%s = %.15g, want %.15g", name, got, want)
	}
}

func prop(t testing.TB, x, n int64) Proportion {
	t.Helper()
	p, err := NewProportion(x, n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
