package experiment_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
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

func second[T any](_ T, err error) error { return err }

// proportion is x of n, which must be possible.
func proportion(x, n int64) metrics.Proportion {
	p, err := metrics.NewProportion(x, n)
	if err != nil {
		panic(err)
	}
	return p
}
