package recommend

import (
	"math"
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

// listKL is the divergence that Calibrate promises to lower.
func listKL(c *Categories, taste []float64, list []Scored) float64 {
	q := make([]float64, c.Len())
	for _, s := range list {
		own := c.Of(s.Item)
		for _, g := range own {
			q[g] += 1 / float64(len(own)) / float64(len(list))
		}
	}
	sum, kl := 0.0, 0.0
	for _, p := range taste {
		sum += p
	}
	for g, p := range taste {
		if p /= sum; p > 0 {
			kl += p * math.Log(p/(0.99*q[g]+0.01*p))
		}
	}
	return kl
}

// determinant is by Gaussian elimination with pivoting.
func determinant(a [][]float64) float64 {
	d := 1.0
	for c := range a {
		p := c
		for r := c; r < len(a); r++ {
			if math.Abs(a[r][c]) > math.Abs(a[p][c]) {
				p = r
			}
		}
		if p != c {
			a[p], a[c] = a[c], a[p]
			d = -d
		}
		if a[c][c] == 0 {
			return 0
		}
		d *= a[c][c]
		for r := c + 1; r < len(a); r++ {
			f := a[r][c] / a[c][c]
			for j := c; j < len(a); j++ {
				a[r][j] -= f * a[c][j]
			}
		}
	}
	return d
}
