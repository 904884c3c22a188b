package drift

import (
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }

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
