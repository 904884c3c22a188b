package recommend

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// An epoch shows every entry exactly once, under its own user and among the
// items of its block, and cells that run side by side share nothing.
func TestGridProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		users, items := rapid.IntRange(1, 90).Draw(t, "users"), rapid.IntRange(1, 300).Draw(t, "items")
		seed := rapid.Uint64().Draw(t, "seed")
		r := rng.New(seed, 0, 0)
		rows := make([][]int32, users)
		for u := range rows {
			for i := range items {
				if r.Bool(0.1) {
					rows[u] = append(rows[u], int32(i))
				}
			}
		}
		x, err := InteractionsFromRows(items, rows)
		if err != nil {
			t.Fatal(err)
		}
		g := newGrid(x.users, seed, rapid.IntRange(1, 4).Draw(t, "workers"))
		for e := range 3 {
			type visit struct {
				users map[int32]bool
				items map[int32]bool
				pos   []int64
			}
			visits := make([]visit, g.side*g.side)
			sum, err := g.epoch(context.Background(), e, func(_ int, c *sgdCell) float64 {
				v := visit{users: map[int32]bool{}, items: map[int32]bool{}}
				for _, i := range c.items {
					v.items[i] = true
				}
				for k := range c.users {
					u, pos := c.run(k)
					if len(pos) == 0 || v.users[u] {
						panic(fmt.Sprintf("user %d has an empty run or two", u))
					}
					v.users[u] = true
					for _, p := range pos {
						if p < x.users.Ptr[u] || p >= x.users.Ptr[u+1] || !v.items[x.users.Col[p]] {
							panic(fmt.Sprintf("entry %d of user %d is in the wrong cell", p, u))
						}
					}
					v.pos = append(v.pos, pos...)
				}
				for at := range g.cells { // the cell's own place in the list
					if &g.cells[at] == c.gridCell {
						visits[at] = v
					}
				}
				return float64(len(v.pos))
			})
			if err != nil {
				t.Fatal(err)
			}
			if int(sum) != x.Len() {
				t.Fatalf("sum over the cells is %v, want %d", sum, x.Len())
			}
			seen := make([]int, x.Len())
			total := 0
			for round := range g.side {
				owners, taken := map[int32]bool{}, map[int32]bool{}
				for b := range g.side {
					v := visits[b*g.side+(b+round)%g.side]
					for u := range v.users {
						if owners[u] {
							t.Fatalf("user %d is in two cells of round %d", u, round)
						}
						owners[u] = true
					}
					for i := range v.items {
						if taken[i] {
							t.Fatalf("item %d is in two cells of round %d", i, round)
						}
						taken[i] = true
					}
					for _, p := range v.pos {
						seen[p]++
						total++
					}
				}
				if n := len(columnsOf(x.users)); len(taken) != n {
					t.Fatalf("round %d covers %d of the %d items that have entries, of %d", round, len(taken), n, items)
				}
			}
			for p, n := range seen {
				if n != 1 {
					t.Fatalf("entry %d was visited %d times", p, n)
				}
			}
		}
	})
}

// The same draws in the same cells at any number of processors; other epochs
// and seeds give others.
func TestGridStreams(t *testing.T) {
	x := groups(200, 160, 12, 1)
	trace := func(seed uint64, epoch int) []byte {
		g := newGrid(x.users, seed, 0)
		out := make([][]byte, g.side*g.side)
		_, err := g.epoch(context.Background(), epoch, func(_ int, c *sgdCell) float64 {
			var b []byte
			for k := range c.users {
				u, pos := c.run(k)
				b = binary.LittleEndian.AppendUint32(b, uint32(u))
				for _, p := range pos {
					b = binary.LittleEndian.AppendUint64(b, uint64(p))
					b = binary.LittleEndian.AppendUint32(b, uint32(c.items[c.rand.Intn(len(c.items))]))
				}
			}
			for at := range g.cells {
				if &g.cells[at] == c.gridCell {
					out[at] = b
				}
			}
			return 0
		})
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Join(out, nil)
	}
	testkit.AtGOMAXPROCS(t, func() []byte { return trace(7, 2) })
	if bytes.Equal(trace(7, 2), trace(7, 3)) || bytes.Equal(trace(7, 2), trace(8, 2)) {
		t.Error("another epoch or seed gives the same order")
	}
}

func TestSGDSchedule(t *testing.T) {
	s := sgdSchedule{epochs: 5, rate: 0.1, decay: 0.8}
	for e, want := range []float64{0.1, 0.08, 0.06, 0.04, 0.02} {
		testkit.Near(t, fmt.Sprintf("rate of epoch %d", e), float64(s.rateOf(e)), want, 1e-8)
	}
	s.epochs = 1
	testkit.Near(t, "only epoch", float64(s.rateOf(0)), 0.1, 1e-8)
}
