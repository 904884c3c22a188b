package kpi

import (
	"math"
	"testing"
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
