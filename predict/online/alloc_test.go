package online_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/online"
)

// Learn and Predict allocate nothing once a row is warm.
func TestAllocs(t *testing.T) {
	if testkit.Race {
		t.Skip("counts differ under the race detector")
	}
	crossed := get(online.NewSpace(online.SpaceOptions{Bits: 8, Namespaces: []string{"user", "ad"}, Crosses: [][2]string{{"user", "ad"}}}))
	for name, m := range map[string]online.Learner{
		"ftrl": get(online.NewFTRL(crossed, online.FTRLOptions{})), "fm": get(online.NewFM(tiny, online.FMOptions{})), "field": get(online.NewFieldFM(tiny, online.FMOptions{})),
	} {
		row, served := m.Space().Row(), m.Snapshot()
		fill := func() {
			row.Reset()
			row.Add("user", "u1", 1)
			row.Add("ad", "a1", 2)
			row.Offset(.1)
		}
		fill()
		get(m.Learn(row, 1, 1))
		get(m.Predict(row))
		if n := testing.AllocsPerRun(100, func() {
			fill()
			get(m.Learn(row, 1, 1))
			get(m.Predict(row))
			get(served.Predict(row))
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// Readers of snapshots run beside a learner, and a snapshot predicts what its learner did.
func TestReaders(t *testing.T) {
	for _, m := range []online.Learner{get(online.NewFTRL(tiny, online.FTRLOptions{})), get(online.NewFM(tiny, online.FMOptions{})), get(online.NewFieldFM(tiny, online.FMOptions{}))} {
		var live atomic.Pointer[online.Snapshot]
		live.Store(m.Snapshot())
		var wg sync.WaitGroup
		var done atomic.Bool
		for range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				row := filled()
				for !done.Load() {
					s := live.Load()
					if a, b := get(s.Predict(row)), get(s.Predict(row)); a != b {
						t.Error("a snapshot has changed")
					}
				}
			}()
		}
		r, row := rand.New(rand.NewPCG(1, 2)), tiny.Row()
		for n := range 2000 {
			row.Reset()
			row.Add("user", string(rune('a'+r.IntN(5))), 1)
			row.Add("ad", "price", 100*r.Float64())
			get(m.Learn(row, float64(r.IntN(2)), 1))
			if n%100 == 0 {
				live.Store(m.Snapshot())
				testkit.Near(t, "snapshot", get(live.Load().Predict(row)), get(m.Predict(row)), 1e-6)
			}
		}
		done.Store(true)
		wg.Wait()
	}
}
