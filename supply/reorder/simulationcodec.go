package reorder

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*Simulation[string])(nil)
	_ encoding.BinaryMarshaler   = (*Simulation[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Simulation[string])(nil)
)

// AppendBinary appends the simulation to dst. Equal states give equal bytes. ErrEmpty for
// one that Simulate has not made.
func (s *Simulation[K]) AppendBinary(dst []byte) ([]byte, error) {
	if err := s.ready("reorder: Simulation.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(s.plan.periods)
	w.Int(s.plan.warmup)
	w.Int(s.plan.batches)
	w.Uint64(s.plan.seed)
	w.Float64(s.level)
	w.Int(len(s.reps))
	for _, r := range s.reps {
		w.Int(r)
	}
	w.Int(int(ids.ClassOf[K]()))
	ids.PutAscending(&w, s.ids)
	w.Float64s(s.obs)
	return w.AppendFrame(dst, codec.KindSimulation, 1), nil
}

// MarshalBinary returns the simulation as bytes.
func (s *Simulation[K]) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	int    periods of a run, in [1, 10⁷]
//	int    periods of its warm-up, fewer
//	int    batches, in [1, periods - warm-up]
//	u64    seed
//	f64    confidence level, in (0, 1)
//	int    n, n ints: numbers of the replications, ascending, below 2³¹
//	ids    int class (0 text, 1 signed, 2 unsigned numbers), int n, n ids of K ascending:
//	       length and bytes, or 8 bytes that fit K
//	[]f64  sums, from 0 to 1e100: by product, replication and batch 17 each (5 costs; demand,
//	       served, lost, bought and wasted units; stock, owed; orders, cycles, good cycles,
//	       ready periods, periods), the periods those of the batch, ready periods no more than
//	       they, good cycles than cycles, served and lost units together than demand (1e-9)
//
// Any other length, order or value is ErrCorrupt, another kind of frame is ErrMismatch, a
// newer version ErrVersion; the receiver is then unchanged. A nil receiver is ErrEmpty.
func (s *Simulation[K]) UnmarshalBinary(data []byte) error {
	const where = "reorder: Simulation.UnmarshalBinary"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindSimulation, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	n := Simulation[K]{plan: schedule{periods: r.Int(), warmup: r.Int(), batches: r.Int(), seed: r.Uint64()}, level: r.Float64()}
	o := SimulateOptions{Periods: n.plan.periods, Warmup: n.plan.warmup, Batches: n.plan.batches, Replications: 1, Level: n.level}
	if r.Err() == nil && o.validate(where) != nil {
		r.Fail("has options that are not valid")
	}
	n.reps = decodeReplications(r)
	if got := r.Int(); r.Err() == nil && got != int(ids.ClassOf[K]()) {
		r.Fail("has ids of another type")
	}
	n.ids = ids.GetAscending[K](r)
	n.obs = r.Float64s()
	if r.Err() == nil {
		want := float64(len(n.ids)) * float64(len(n.reps)) * float64(n.plan.batches) * sums
		if len(n.ids) == 0 || len(n.reps) == 0 || float64(len(n.obs)) != want {
			r.Fail("has another number of sums than of products, replications and batches")
		}
	}
	for _, x := range n.obs {
		if !(x >= 0 && x <= 1e100) { // so that their squares can be added
			r.Fail("has a sum that is none")
			break
		}
	}
	if r.Err() == nil && !n.consistent() {
		r.Fail("has counts that no simulation has")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	n.plan.first = n.reps[0]
	*s = n
	return nil
}

// consistent reports whether every observation has the periods of its batch, and no rate is above 1.
func (s *Simulation[K]) consistent() bool {
	for u := range len(s.obs) / sums {
		x := s.obs[u*sums:][:sums]
		if x[sumPeriods] != s.length(u) || x[sumReady] > x[sumPeriods] || x[sumGood] > x[sumCycles] || x[sumServed]+x[sumLost] > x[sumDemand]*(1+1e-9) {
			return false
		}
	}
	return true
}

// decodeReplications reads the numbers of the replications, ascending.
func decodeReplications(r *codec.Reader) []int {
	n := r.Int()
	if n > r.Left()/8 {
		r.Fail("has fewer replications than it says")
		return nil
	}
	reps := make([]int, 0, n)
	for i := range n {
		x := r.Int()
		if x > math.MaxInt32-1 || i > 0 && x <= reps[i-1] {
			r.Fail("has replications out of order")
			break
		}
		reps = append(reps, x)
	}
	return reps
}
