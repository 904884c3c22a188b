package recommend

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/topk"
)

var (
	_ Persistent   = (*Markov)(nil)
	_ Meaner       = (*Markov)(nil)
	_ SparseScorer = (*Markov)(nil)
	_ OrderReader  = (*Markov)(nil)
	_ Similar      = (*Markov)(nil)
	_ Explainer    = (*Markov)(nil)
)

// StepWeighting says how much a transition over d events counts, d = 1 for the
// next event.
type StepWeighting int

const (
	HarmonicSteps  StepWeighting = iota // 1/d (default)
	QuadraticSteps                      // 1/d²
	LinearSteps                         // 1-(d-1)/Steps
	EvenSteps                           // 1
)

// MarkovOptions configures FitMarkov. With Steps 1 and Backoff -1 it is a plain
// Markov chain of first order.
type MarkovOptions struct {
	Neighbors int           // followers kept for each item; default 500
	Steps     int           // farthest transition that counts, in events; default 10
	Weighting StepWeighting // default HarmonicSteps

	// Backoff is the number of transitions an item must have been seen with for
	// its followers to get half of what is left of the score; the rest goes to the
	// event before it. Default 0.5, negative means 0: only the latest item that has
	// followers counts.
	Backoff float64
	// Remember is a share that always goes to the event before, in [0, 1);
	// default 0.3, negative means 0.
	Remember float64

	Workers  int            // goroutines; default GOMAXPROCS. No influence on the result
	Progress func(Progress) // called once, at the end, on the caller's goroutine
}

func (o MarkovOptions) withDefaults() MarkovOptions {
	o.Neighbors = check.Default(o.Neighbors, 500)
	o.Steps = check.Default(o.Steps, 10)
	o.Backoff = check.OrOff(o.Backoff, 0.5)
	o.Remember = check.OrOff(o.Remember, 0.3)
	return o
}

func (o MarkovOptions) validate() error {
	var c check.Options
	check.Positive(&c, "Neighbors", o.Neighbors)
	c.Require(o.Steps > 0 && o.Steps <= 1000, "Steps", o.Steps, "in [1, 1000]")
	c.Require(o.Weighting >= HarmonicSteps && o.Weighting <= EvenSteps, "Weighting", int(o.Weighting), "a StepWeighting")
	c.Require(o.Backoff >= 0 && o.Backoff <= 1e9, "Backoff", o.Backoff, "at most 1e9")
	c.Require(o.Remember >= 0 && o.Remember < 1, "Remember", o.Remember, "in [0, 1)")
	return c.Err("recommend: FitMarkov")
}

// of returns the weight of a transition over d events.
func (o *MarkovOptions) of(d int) float64 {
	switch o.Weighting {
	case QuadraticSteps:
		return 1 / float64(d*d)
	case LinearSteps:
		return 1 - float64(d-1)/float64(o.Steps)
	case EvenSteps:
		return 1
	}
	return 1 / float64(d)
}

// Markov recommends what follows: transitions of first order, those over several
// events at a lower weight (sequential rules, SR, of Ludewig and Jannach 2018).
//
//	P(i | j) = Σ w(d) / Σ_i Σ w(d)
//
// over the pairs of events j … i that lie d ≤ Steps apart in a sequence. The
// Neighbors most probable followers of each item are kept. The score reads the
// history from its end, h₁ the latest event:
//
//	score(i) = Σ_k P(i | h_k) · (1-γ_k) · Π_{l<k} γ_l,  γ_k = max(Remember, Backoff/(n_k+Backoff))
//
// with n_k the weight of all transitions from h_k: an item seldom seen hands
// most of its say to the event before it (a backoff after Witten and Bell), an
// unknown one all of it. A query's weights multiply 1-γ. Scores of a history add
// up to at most 1, an estimate of the probability that i is what comes next.
//
// AppendSimilar names what comes after an item. Reasons are exact. Immutable,
// safe for concurrent use.
type Markov struct {
	itemWeights
	total             []float32 // n of each item
	backoff, remember float32
}

// FitMarkov counts transitions. Cost: O(events·Steps) time; memory 12 bytes a
// distinct transition while fitting, 8 a kept one. Errors: ErrEmpty, ErrOption.
func FitMarkov(ctx context.Context, s *Sequences, opt MarkovOptions) (*Markov, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if err := s.check("FitMarkov"); err != nil {
		return nil, err
	}
	weight := make([]float64, opt.Steps+1)
	for d := 1; d <= opt.Steps; d++ {
		weight[d] = opt.of(d)
	}
	ptr, at, owner := s.occurrences()
	found := make([][]topk.Item, s.items)
	m := &Markov{total: make([]float32, s.items), backoff: float32(opt.Backoff), remember: float32(opt.Remember)}
	workers := parallel.Scratch(s.items, occurrenceBlock, opt.Workers)
	sums, heaps := make([][]float64, workers), make([]topk.Heap, workers)
	err := parallel.For(ctx, s.items, occurrenceBlock, workers, func(w, lo, hi int) error {
		if sums[w] == nil {
			sums[w] = make([]float64, s.items)
		}
		sum, h := sums[w], &heaps[w]
		var touched []int32
		meter := parallel.NewMeter(ctx)
		for j := lo; j < hi; j++ {
			total := 0.0
			touched = touched[:0]
			for _, p := range at[ptr[j]:ptr[j+1]] {
				after := s.events[p+1 : min(p+1+int64(opt.Steps), s.ptr[owner[p]+1])]
				if err := meter.Did(4 * len(after)); err != nil {
					return err
				}
				for d, i := range after {
					if sum[i] == 0 {
						touched = append(touched, i)
					}
					sum[i] += weight[d+1]
					total += weight[d+1]
				}
			}
			h.Reset(opt.Neighbors)
			for _, i := range touched {
				h.Push(i, float32(sum[i]/total))
				sum[i] = 0
			}
			m.total[j] = float32(total)
			found[j] = h.AppendSorted(make([]topk.Item, 0, h.Len()))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	b, err := fromTop(ctx, found, s.items, workers)
	if err != nil {
		return nil, err
	}
	m.itemWeights = itemWeights{origin: s.origin.ofItems(), users: s.Len(), reaches: b, near: b}
	if opt.Progress != nil {
		opt.Progress(Progress{Iteration: 1, Iterations: 1, Loss: math.NaN()})
	}
	return m, nil
}

// occurrenceBlock is how many items a worker takes at a time: of a few, categories, each may
// occur very often.
const occurrenceBlock = 16

// occurrences returns the positions of each item in the events, item i at
// at[ptr[i]:ptr[i+1]], ascending, and the sequence of each position.
func (s *Sequences) occurrences() (ptr, at []int64, owner []int32) {
	ptr, at, owner = make([]int64, s.items+1), make([]int64, len(s.events)), make([]int32, len(s.events))
	for _, i := range s.events {
		ptr[i+1]++
	}
	for i := range s.items {
		ptr[i+1] += ptr[i]
	}
	next := append([]int64(nil), ptr...)
	for k := range s.Len() {
		for p := s.ptr[k]; p < s.ptr[k+1]; p++ {
			i := s.events[p]
			at[next[i]] = p
			next[i]++
			owner[p] = int32(k)
		}
	}
	return ptr, at, owner
}

// Meaning says what a score stands for.
func (*Markov) Meaning() string {
	return "decayed probability that the item follows the latest events"
}

// SparseScores is true: items that never followed score 0.
func (*Markov) SparseScores() bool { return true }

// ReadsOrder is true: the history is a sequence, oldest first.
func (*Markov) ReadsOrder() bool { return true }

func (*Markov) readsEvenly() {}

// shares calls fn with the share of each event of the history that has a say,
// latest first, until less than 10⁻⁶ is left.
func (m *Markov) shares(q *Query, fn func(k int, share float32)) {
	left := float32(1)
	for k := len(q.Items) - 1; k >= 0 && left > 1e-6; k-- {
		n := m.total[q.Items[k]]
		if n == 0 || q.Weight(k) == 0 {
			continue
		}
		back := max(m.remember, m.backoff/(n+m.backoff))
		fn(k, left*(1-back)*q.Weight(k))
		left *= back
	}
}

// Score writes the score of every item; ErrEmpty when no event of the history
// was ever followed by another, ErrRange for a weight that is negative or not
// finite.
func (m *Markov) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := orderQuery(dst, &q, m.Items()); err != nil {
		return err
	}
	clear(dst)
	known := false
	m.shares(&q, func(k int, share float32) {
		known = true
		cols, vals := m.reaches.Row(int(q.Items[k]))
		for n, i := range cols {
			dst[i] += float32(share * vals[n])
		}
	})
	if !known {
		return ErrEmpty
	}
	return nil
}

// AppendReasons appends the events of the history with the largest share in the
// score of item. The decomposition is exact.
func (m *Markov) AppendReasons(dst []Reason, q Query, item int32, k int) (_ []Reason, err error) {
	m = orZero(m)
	defer about(&err, "Markov.AppendReasons")
	if uint32(item) >= uint32(m.Items()) {
		return dst, noItem(item, m.Items())
	}
	if err := checkHistory(&q, m.Items()); err != nil {
		return dst, err
	}
	share := make([]float32, len(q.Items))
	m.shares(&q, func(k int, s float32) { share[k] = s })
	return topReasons(dst, &q, k, m.Items(), func(n int, j int32) float32 {
		if p := m.reaches.Find(int(j), item); p >= 0 {
			return share[n] * m.reaches.Val[p]
		}
		return 0
	})
}

// AppendBinary appends the frame of m to dst.
func (m *Markov) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("Markov")
	}
	var w codec.Writer
	w.Int(m.users)
	w.Float32(m.backoff)
	w.Float32(m.remember)
	w.Float32s(m.total)
	putCSR(&w, m.reaches)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindMarkov, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *Markov) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. Payload of
// version 1, in the words of Persistent:
//
//	int      users
//	f32      backoff, finite and >= 0
//	f32      remembered share, in [0, 1)
//	[]f32    transitions each item was seen with, finite and >= 0
//	matrix   probabilities, items×items: row j holds the followers of item j
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *Markov) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindMarkov, 1)
	if err != nil {
		return fmt.Errorf("recommend: Markov.UnmarshalBinary: %w", err)
	}
	d := Markov{backoff: 0}
	users := r.Int()
	d.backoff, d.remember, d.total = r.Float32(), r.Float32(), r.Float32s()
	b := getCSR(r)
	if b.Rows == 0 || b.Rows != b.Cols || len(d.total) != b.Rows {
		r.Fail("holds parts of different sizes")
	}
	if !(d.backoff >= 0 && d.backoff <= math.MaxFloat32) || !(d.remember >= 0 && d.remember < 1) {
		r.Fail("has a setting out of range")
	}
	for _, v := range d.total {
		if !(v >= 0 && v <= math.MaxFloat32) {
			r.Fail("has a count out of range")
			break
		}
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: Markov.UnmarshalBinary: %w", err)
	}
	d.itemWeights = itemWeights{users: users, reaches: b, near: b}
	*m = d
	m.origin = of
	return nil
}
