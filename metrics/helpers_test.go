package metrics_test

import (
	"encoding"
	"fmt"
	"testing"
	"time"

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

type binaryForm interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

func second[T any](_ T, err error) error { return err }

var day0 = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func relNear(t testing.TB, name string, got, want, tol float64) {
	t.Helper()
	if !testkit.Close(got, want, 1e-300, tol) {
		t.Errorf("%s = %.15g, want %.15g", name, got, want)
	}
}

func bools(xs []int) []bool {
	out := make([]bool, len(xs))
	for i, x := range xs {
		out[i] = x == 1
	}
	return out
}

func floats(xs []int) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = float64(x)
	}
	return out
}

// proportion is x of n, which must be possible.
func proportion(x, n int64) metrics.Proportion {
	p, err := metrics.NewProportion(x, n)
	if err != nil {
		panic(err)
	}
	return p
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

func seq(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}
