package ranking

import (
	"testing"

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

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }

func seq(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

func drawList(t *rapid.T, items, most int) []int32 {
	perm := rapid.Permutation(seq(items)).Draw(t, "list")
	return perm[:rapid.IntRange(0, most).Draw(t, "length")]
}
