package recommend

import (
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// groups returns a matrix in which users of group g take items of group g, with
// a little noise, an empty user and an item nobody took.
func groups(users, items, n int, seed uint64) *Interactions {
	rows := make([][]int32, users)
	for u := range rows {
		r := rng.New(seed, 1, uint64(u))
		if u == users-1 {
			continue
		}
		taken := map[int32]bool{}
		for len(taken) < n {
			i := r.Intn(items - 1)
			if r.Bool(0.95) {
				i = i/4*4 + u%4
			}
			if i < items-1 && !taken[int32(i)] {
				taken[int32(i)] = true
				rows[u] = append(rows[u], int32(i))
			}
		}
	}
	x, err := InteractionsFromRows(items, rows)
	if err != nil {
		panic(err)
	}
	return x
}

func mustMarshal(t testing.TB, m Persistent) []byte {
	t.Helper()
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func second[T any](_ T, err error) error { return err }
