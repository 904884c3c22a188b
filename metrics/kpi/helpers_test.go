package kpi

import (
	"fmt"
	"math"
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

func nan(x float64, err error) float64 {
	if err != nil {
		return math.NaN()
	}
	return x
}

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
