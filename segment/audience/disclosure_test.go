package audience_test

import (
	"errors"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/segment/audience"
)

// rank returns the rank of rows of rationals, which it changes.
func rank(rows [][]*big.Rat) int {
	r := 0
	for c := 0; len(rows) > 0 && c < len(rows[0]) && r < len(rows); c++ {
		p := slices.IndexFunc(rows[r:], func(v []*big.Rat) bool { return v[c].Sign() != 0 })
		if p < 0 {
			continue
		}
		rows[r], rows[r+p] = rows[r+p], rows[r]
		for _, v := range rows[r+1:] {
			f := new(big.Rat).Quo(v[c], rows[r][c])
			for k := range v {
				v[k] = new(big.Rat).Sub(v[k], new(big.Rat).Mul(f, rows[r][k]))
			}
		}
		r++
	}
	return r
}

// told returns the sizes of the unions of cells that the counts of sets tell: those whose
// vector of users adds nothing to the rank. By trying every union.
func told(sets [][]bool, users int) map[uint]int {
	matrix := func(extra ...[]bool) [][]*big.Rat {
		var out [][]*big.Rat
		for _, s := range append(slices.Clone(sets), extra...) {
			row := make([]*big.Rat, users)
			for u, in := range s {
				row[u] = new(big.Rat)
				if in {
					row[u].SetInt64(1)
				}
			}
			out = append(out, row)
		}
		return out
	}
	cell, cells := make([]int, users), map[string]int{}
	for u := range users {
		key := ""
		for _, s := range sets {
			key += map[bool]string{true: "1", false: "0"}[s[u]]
		}
		if _, ok := cells[key]; !ok {
			cells[key] = len(cells)
		}
		cell[u] = cells[key]
	}
	out, have := map[uint]int{}, rank(matrix())
	for union := uint(1); union < 1<<len(cells); union++ {
		v, n, bits := make([]bool, users), 0, uint(0)
		for u := range users {
			if v[u] = union>>cell[u]&1 == 1; v[u] {
				n++
				bits |= 1 << u
			}
		}
		if rank(matrix(v)) == have {
			out[bits] = n
		}
	}
	return out
}

// TestPublishedSums: a count is refused exactly where it is small itself, differs little
// from one published, or, with all that were published, tells the size of a small union of
// cells; against trying every union by rank over the rationals.
func TestPublishedSumsProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		users := rapid.IntRange(1, 8).Draw(r, "users")
		floor := rapid.IntRange(2, 4).Draw(r, "floor")
		few := func(n int) bool { return n > 0 && n < floor }
		var p audience.Published
		var entered [][]bool
		for range rapid.IntRange(1, 6).Draw(r, "audiences") {
			in := rapid.SliceOfN(rapid.Bool(), users, users).Draw(r, "in")
			var ids []int32
			for u, yes := range in {
				if yes {
					ids = append(ids, int32(u))
				}
			}
			a, err := audience.New(users, ids)
			must(err)
			a, err = a.WithMinSize(floor)
			must(err)
			want := few(len(ids))
			for _, b := range entered {
				more, less := 0, 0
				for u := range users {
					if in[u] && !b[u] {
						more++
					} else if b[u] && !in[u] {
						less++
					}
				}
				want = want || few(more) || few(less)
			}
			before := told(entered, users)
			for union, n := range told(append(slices.Clone(entered), in), users) {
				if _, known := before[union]; few(n) && !known {
					want = true
				}
			}
			n, err := p.Count(a)
			if got := errors.Is(err, audience.ErrPrivacy); got != want || !got && (err != nil || n != len(ids)) {
				r.Fatalf("%v after %v, floor %d: %d, %v, want refused %v", in, entered, floor, n, err, want)
			}
			if !want {
				entered = append(entered, in)
			}
		}
		for union, n := range told(entered, users) {
			if few(n) {
				r.Fatalf("%v tell that %b are %d, floor %d", entered, union, n, floor)
			}
		}
	})
}

// TestPublishedParts: no two of these differ by few people; all together tell of ten.
func TestPublishedParts(t *testing.T) {
	whole, left, right := span(t, 0, 210), span(t, 0, 100), span(t, 100, 200)
	for _, order := range [][]*audience.Set{{whole, left, right}, {left, right, whole}, {right, whole, left}} {
		var p audience.Published
		for i, a := range order {
			if _, err := p.Count(a); i < 2 && err != nil || i == 2 && !errors.Is(err, audience.ErrPrivacy) {
				t.Errorf("audience %d: %v", i, err)
			}
		}
		if p.Len() != 2 {
			t.Errorf("%d entered", p.Len())
		}
		if open, err := order[2].WithMinSize(-1); err != nil {
			t.Error(err)
		} else if _, err := p.Count(open); err != nil {
			t.Errorf("without a floor: %v", err)
		}
		if _, err := p.Count(span(t, 250, 350)); err != nil {
			t.Errorf("what was told already is held against others: %v", err)
		}
	}
	// Three that overlap two by two: all pairs and the union are told, so the triple is.
	var p audience.Published
	for i, a := range []*audience.Set{span(t, 0, 200), span(t, 100, 300), span(t, 0, 300), span(t, 0, 100)} {
		if _, err := p.Count(a); err != nil {
			t.Errorf("parts of 100: audience %d: %v", i, err)
		}
	}
}

// TestPublishedMany: a ledger of forty audiences of a shop, and where it gives up.
func TestPublishedMany(t *testing.T) {
	const users = 20000
	draw := func(r *rng.Stream, n int, share float64) *audience.Set {
		var ids []int32
		for u := range int32(n) {
			if r.Bool(share) {
				ids = append(ids, u)
			}
		}
		a, err := audience.New(n, ids)
		must(err)
		return a
	}
	r := rng.New(14, 0, 0)
	var p audience.Published
	for i := range 40 {
		if _, err := p.Count(draw(r, users, .02+.01*float64(i%20))); err != nil {
			t.Fatalf("audience %d: %v", i, err)
		}
	}
	p = audience.Published{}
	var err error
	for i := 0; i < 200 && err == nil; i++ {
		_, err = p.Count(draw(r, 400, .5))
	}
	t.Logf("%d audiences of half of 400 users entered; then %v", p.Len(), err)
	if !errors.Is(err, audience.ErrTooLarge) || p.Len() < 10 {
		t.Errorf("%d entered, then %v", p.Len(), err)
	}
}
