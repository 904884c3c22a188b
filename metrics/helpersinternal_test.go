package metrics

import (
	"fmt"
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

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }

// near compares slices within tol.
func near(t testing.TB, name string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d values, want %d", name, len(got), len(want))
	}
	for i := range got {
		testkit.Near(t, fmt.Sprintf("%s[%d]", name, i), got[i], want[i], tol)
	}
}

func seq(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}
