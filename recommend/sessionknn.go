package recommend

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/topk"
)

var (
	_ Persistent   = (*SessionKNN)(nil)
	_ Meaner       = (*SessionKNN)(nil)
	_ SparseScorer = (*SessionKNN)(nil)
	_ OrderReader  = (*SessionKNN)(nil)
	_ Similar      = (*SessionKNN)(nil)
	_ Explainer    = (*SessionKNN)(nil)
)

// PositionWeighting says how much an item of the running session counts, by its
// distance d from the latest event (d = 0) in a session of n events.
type PositionWeighting int

const (
	ExponentialPositions PositionWeighting = iota // exp(-d/PositionDecay), STAN (default)
	EvenPositions                                 // 1, S-KNN
	LinearPositions                               // (n-d)/n
	QuadraticPositions                            // ((n-d)/n)²
	HarmonicPositions                             // 1/(d+1)
	LogPositions                                  // ln 1.7/ln(d+1.7)
)

// SessionKNNOptions configures FitSessionKNN; SessionKNN has the formula. The
// zero value holds what did well on clicks of several shops. As published:
//
//   - S-KNN: EvenPositions, and -1 for StepDecay, DistanceDecay, IDF, MatchIDF,
//     AgeDecay and Remind, 1 for Match and Before.
//   - V-SKNN: the same with LinearPositions (or another), Length -1, and IDF 1.
//   - STAN: Match and Before 1, and -1 for StepDecay, IDF, MatchIDF, Remind.
type SessionKNNOptions struct {
	Neighbors int // sessions that vote; default 1000
	Sample    int // candidates: the newest sessions that share an item; default 5000

	Position      PositionWeighting // weight of an event d before the newest of n in the running session; default ExponentialPositions
	PositionDecay float64           // λ1 of ExponentialPositions, in events; default 3
	MatchIDF      float64           // power of ln((N+1)/n) of an item in the similarity; default 1, negative means 0
	Length        float64           // power of the neighbour's number of items that divides the similarity; default 0.3, 0.5 is cosine, negative means 0
	AgeDecay      float64           // λ2: days where the sequences have times, otherwise the share of all sequences that are newer; default and negative: no decay
	StepDecay     float64           // a neighbour's votes fade with the distance of the shared item from the end of the running session, in events; default 3, negative: no decay
	DistanceDecay float64           // λ3: its votes fade with the distance from the shared item, in events; default 2, negative: no decay
	Before        float64           // factor for items before the shared item; default 0.8, negative means 0
	Match         float64           // factor for the shared event itself; default 0.2, negative means 0
	IDF           float64           // power of ln((N+1)/n) of an item in a vote; default 1, negative means 0

	// Remind adds the items of the running session themselves: Remind times the
	// best vote for the latest event, fading by RemindDecay events. People come
	// back to what they looked at. Default 0.3, negative means 0.
	Remind      float64
	RemindDecay float64 // in events; default 5
}

// withDefaults fills in what is left out; a negative weight or decay becomes 0, none.
func (o SessionKNNOptions) withDefaults() SessionKNNOptions {
	o.Neighbors = check.Default(o.Neighbors, 1000)
	o.Sample = check.Default(o.Sample, 5000)
	o.PositionDecay = check.Default(o.PositionDecay, 3)
	o.MatchIDF = check.OrOff(o.MatchIDF, 1)
	o.Length = check.OrOff(o.Length, 0.3)
	o.AgeDecay = check.OrOff(o.AgeDecay, 0)
	o.StepDecay = check.OrOff(o.StepDecay, 3)
	o.DistanceDecay = check.OrOff(o.DistanceDecay, 2)
	o.Before = check.OrOff(o.Before, 0.8)
	o.Match = check.OrOff(o.Match, 0.2)
	o.IDF = check.OrOff(o.IDF, 1)
	o.Remind = check.OrOff(o.Remind, 0.3)
	o.RemindDecay = check.Default(o.RemindDecay, 5)
	return o
}

// validate checks options that have their defaults: a decay of 0 means none.
func (o SessionKNNOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Neighbors > 0 && o.Neighbors <= math.MaxInt32, "Neighbors", o.Neighbors, "in [1, 2³¹)")
	c.Require(o.Sample > 0 && o.Sample <= math.MaxInt32, "Sample", o.Sample, "in [1, 2³¹)")
	c.Require(o.Position >= ExponentialPositions && o.Position <= LogPositions, "Position", int(o.Position), "a PositionWeighting")
	check.Positive(&c, "PositionDecay", o.PositionDecay)
	check.Positive(&c, "RemindDecay", o.RemindDecay)
	for _, f := range []struct {
		name  string
		value float64
	}{
		{"MatchIDF", o.MatchIDF}, {"Length", o.Length}, {"Before", o.Before}, {"Match", o.Match}, {"IDF", o.IDF}, {"Remind", o.Remind},
	} {
		c.Require(f.value >= 0 && f.value <= 1000, f.name, f.value, "in [0, 1000]")
	}
	check.NonNegative(&c, "AgeDecay", o.AgeDecay)
	check.NonNegative(&c, "StepDecay", o.StepDecay)
	check.NonNegative(&c, "DistanceDecay", o.DistanceDecay)
	return c.Err(where)
}

// SessionKNN recommends what came up in similar sessions: S-KNN and V-SKNN
// (Ludewig and Jannach 2018) and STAN (Garg et al. 2019) are settings of it.
// No training; published comparisons have it level with recurrent networks.
//
// A query is the running session, oldest first, with repeats; the weights of the
// query multiply the weights of its events. The similarity of a past session n is
//
//	sim(n) = Σ w(j)·ln((N+1)/nⱼ)^MatchIDF / |n|^Length · exp(-age(n)/AgeDecay)
//
// over the items j they share, w(j) being the position weight of the latest j,
// N the number of sessions, nⱼ those with j, and |n| the distinct items of n.
// Of the Sample newest sessions that share an item, the Neighbors most similar
// vote. Let s be the latest event of the running session whose item n has too,
// at distance d from the end. Each item i of n gets
//
//	sim(n) · exp(-d/StepDecay) · exp(-|pos(i)-pos(s)|/DistanceDecay) · ln((N+1)/nᵢ)^IDF
//
// times Before when i stands before s. Of several occurrences of i in n the
// nearest to s counts, the later of two equally near; of several of the shared
// item the last is s. The occurrence s itself counts by the factor Match: that
// the session went through s is no sign that it comes again, another occurrence
// in n is. Remind adds the running session itself.
//
// Reasons are exact: a vote is shared out among the items that made the sessions
// similar. AppendSimilar names what the sessions of an item have. Immutable,
// safe for concurrent use.
//
// Memory: the sequences, and at most 4 bytes an event for the index from items to
// sessions, which keeps the Sample newest of each item: older ones could never be
// candidates. Cost of a query: the kept sessions of each item in it, and the
// events of the neighbours, well below a millisecond for 10⁵ sessions.
type SessionKNN struct {
	origin
	opt  SessionKNNOptions
	seqs *Sequences

	// Sessions are numbered by age: rank 0 is the newest.
	order []int32   // rank → sequence
	size  []float32 // by rank, what multiplies the similarity: |n|^-Length·exp(-age/AgeDecay)
	ptr   []int64   // item → its ranks, ascending
	ranks []int32
	vote  []float32 // by item, ln((N+1)/n)^IDF
	match []float32 // by item, ln((N+1)/n)^MatchIDF
	near  []float32 // by distance from the shared item, up to where it no longer counts

	scratch sync.Pool // *sessionScratch
}

type sessionScratch struct {
	marked  indexSet  // the ranks that share an item, none between queries
	sum     []float32 // of marked ranks, the similarity without what the session itself adds
	step    []int32   // of marked ranks, the distance of the shared item from the end
	stamp   []uint32  // by item: in the set when now
	now     uint32
	weights []float32 // of the running session, latest first; see weigh
	events  []float32
	fade    []float32
	heap    topk.Heap
	near    []topk.Item
	all     []float32 // a score of every item; see list
}

// FitSessionKNN builds the index. Cost: O(events). Errors: ErrEmpty, ErrOption.
func FitSessionKNN(ctx context.Context, s *Sequences, opt SessionKNNOptions) (*SessionKNN, error) {
	opt = opt.withDefaults()
	if err := opt.validate("recommend: FitSessionKNN"); err != nil {
		return nil, err
	}
	if err := s.check("FitSessionKNN"); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m := &SessionKNN{origin: s.origin.ofItems(), opt: opt, seqs: s.bare()}
	if err := m.prepare(ctx); err != nil {
		return nil, err
	}
	return m, nil
}

// prepare derives from sequences and options what a query needs.
func (m *SessionKNN) prepare(ctx context.Context) (err error) {
	s, o := m.seqs, m.opt
	if m.order, err = s.newestFirst(ctx); err != nil {
		return err
	}
	m.order = slices.DeleteFunc(m.order, func(k int32) bool { return len(s.Sequence(int(k))) == 0 })
	n := len(m.order)
	meter := parallel.NewMeter(ctx)
	last := make([]int32, s.items)
	each := func(fn func(i int32, rank int)) error { // distinct items of each session, newest session first
		for i := range last {
			last[i] = -1
		}
		for r, k := range m.order {
			for _, i := range s.Sequence(int(k)) {
				if last[i] != int32(r) {
					last[i] = int32(r)
					fn(i, r)
				}
			}
			if err := meter.Did(8 * len(s.Sequence(int(k)))); err != nil {
				return err
			}
		}
		return nil
	}
	count, distinct := make([]int64, s.items), make([]int32, n)
	if err := each(func(i int32, r int) { count[i]++; distinct[r]++ }); err != nil {
		return err
	}
	m.size = make([]float32, n)
	for r, k := range m.order {
		f := math.Pow(float64(max(distinct[r], 1)), -o.Length)
		if o.AgeDecay > 0 {
			age := float64(r) / float64(n)
			if s.times != nil {
				age = float64(uint64(s.times[m.order[0]])-uint64(s.times[k])) / 86400e9
			}
			f *= math.Exp(-age / o.AgeDecay)
		}
		m.size[r] = float32(f)
	}
	m.ptr = make([]int64, s.items+1)
	m.vote, m.match = make([]float32, s.items), make([]float32, s.items)
	for i, c := range count {
		m.ptr[i+1] = m.ptr[i] + min(c, int64(o.Sample))
		if c > 0 {
			idf := math.Log(float64(n+1) / float64(c))
			m.vote[i] = float32(math.Pow(idf, o.IDF))
			m.match[i] = float32(math.Pow(idf, o.MatchIDF))
		}
	}
	m.ranks = make([]int32, m.ptr[s.items])
	next := slices.Clone(m.ptr)
	if err := each(func(i int32, r int) {
		if p := next[i]; p < m.ptr[i+1] {
			m.ranks[p] = int32(r)
			next[i]++
		}
	}); err != nil {
		return err
	}
	m.near = []float32{1}
	for d := 1; d < 1<<12 && o.DistanceDecay > 0; d++ {
		w := float32(math.Exp(-float64(d) / o.DistanceDecay))
		if w < 1e-9 {
			break
		}
		m.near = append(m.near, w)
	}
	return nil
}

// Users returns the number of sessions of the fit.
func (m *SessionKNN) Users() int {
	m = orZero(m)
	return m.seqs.Len()
}

// Items returns the number of items.
func (m *SessionKNN) Items() int {
	m = orZero(m)
	return m.seqs.Items()
}

// Meaning says what a score stands for.
func (*SessionKNN) Meaning() string {
	return "sum over similar sessions that hold the item of their weighted similarity"
}

// SparseScores is true: items of no neighbour score 0.
func (*SessionKNN) SparseScores() bool { return true }

// ReadsOrder is true: the history is a sequence, oldest first.
func (*SessionKNN) ReadsOrder() bool { return true }

func (*SessionKNN) readsEvenly() {}

func (m *SessionKNN) get() *sessionScratch {
	if t, ok := m.scratch.Get().(*sessionScratch); ok {
		return t
	}
	n := m.seqs.Len()
	return &sessionScratch{sum: make([]float32, n), step: make([]int32, n), marked: newIndexSet(n), stamp: make([]uint32, m.seqs.items)}
}

// begin starts a new, empty set of items.
func (t *sessionScratch) begin() {
	if t.now++; t.now == 0 {
		clear(t.stamp)
		t.now = 1
	}
}

// add puts item i into the set and reports whether it was new.
func (t *sessionScratch) add(i int32) bool {
	if t.stamp[i] == t.now {
		return false
	}
	t.stamp[i] = t.now
	return true
}

// position returns the weight of the event at distance d from the end of n.
func (o *SessionKNNOptions) position(d, n int) float64 {
	x := float64(n-d) / float64(n)
	switch o.Position {
	case EvenPositions:
		return 1
	case LinearPositions:
		return x
	case QuadraticPositions:
		return x * x
	case HarmonicPositions:
		return 1 / float64(d+1)
	case LogPositions:
		return math.Log(1.7) / math.Log(float64(d)+1.7)
	}
	return math.Exp(-float64(d) / o.PositionDecay)
}

// weigh fills t.weights with what sharing each event of the session adds to a
// similarity, latest first, t.events with its plain weight and t.fade with its
// share of StepDecay. Weights of the query count in proportion to the largest. It
// reports whether any is positive.
func (m *SessionKNN) weigh(t *sessionScratch, q *Query) bool {
	n := len(q.Items)
	most := float32(0)
	for k := range q.Items {
		most = max(most, q.Weight(k))
	}
	if most == 0 {
		return false
	}
	t.weights, t.events, t.fade = t.weights[:0], t.events[:0], t.fade[:0]
	for d := range n {
		k := n - 1 - d
		w := q.Weight(k) / most
		fade := float32(1)
		if m.opt.StepDecay > 0 {
			fade = float32(math.Exp(-float64(d) / m.opt.StepDecay))
		}
		t.fade = append(t.fade, fade)
		t.events = append(t.events, w)
		t.weights = append(t.weights, float32(m.opt.position(d, n))*w*m.match[q.Items[k]])
	}
	return true
}

// neighbors leaves in t.near the sessions that vote, best first, and in t.step
// where they share an item. weigh comes before it.
func (m *SessionKNN) neighbors(t *sessionScratch, q *Query) {
	t.begin()
	for d, w := range t.weights {
		i := q.Items[len(q.Items)-1-d]
		if !t.add(i) || w == 0 {
			continue
		}
		for _, r := range m.ranks[m.ptr[i]:m.ptr[i+1]] {
			if !t.marked.has(r) {
				t.marked.add(r)
				t.step[r], t.sum[r] = int32(d), w
			} else {
				t.sum[r] += w
			}
		}
	}
	t.heap.Reset(m.opt.Neighbors)
	left := m.opt.Sample
	for w, word := range t.marked {
		t.marked[w] = 0
		for ; word != 0 && left > 0; word &= word - 1 {
			left--
			r := int32(w<<6 + bits.TrailingZeros64(word))
			if s := t.sum[r] * m.size[r]; s > 0 && (!t.heap.Full() || s > t.heap.Worst().Score) {
				t.heap.Push(r, s)
			}
		}
	}
	t.near = t.heap.AppendSorted(t.near[:0])
}

// votes calls give for every item of a neighbour with its vote.
func (m *SessionKNN) votes(t *sessionScratch, q *Query, nb topk.Item, give func(i int32, vote float32)) {
	seq := m.seqs.Sequence(int(m.order[nb.ID]))
	d := int(t.step[nb.ID])
	shared := q.Items[len(q.Items)-1-d]
	at := len(seq) - 1
	for seq[at] != shared {
		at--
	}
	s := nb.Score * t.fade[d]
	before := s * float32(m.opt.Before)
	t.begin()
	give(shared, s*float32(m.opt.Match)*m.vote[shared])
	for dist := 1; dist <= at || at+dist < len(seq); dist++ {
		w := float32(1)
		if m.opt.DistanceDecay > 0 {
			if dist >= len(m.near) {
				break
			}
			w = m.near[dist]
		}
		if k := at + dist; k < len(seq) && t.add(seq[k]) {
			give(seq[k], s*w*m.vote[seq[k]])
		}
		if k := at - dist; k >= 0 && t.add(seq[k]) {
			give(seq[k], before*w*m.vote[seq[k]])
		}
	}
}

// score writes the votes for every item and the share of the running session. It
// returns what Remind multiplies: the best vote, or 1.
func (m *SessionKNN) score(t *sessionScratch, dst []float32, q *Query, remind float64) (best float32) {
	m.neighbors(t, q)
	clear(dst)
	for _, nb := range t.near {
		m.votes(t, q, nb, func(i int32, vote float32) { dst[i] += vote })
	}
	if remind == 0 {
		return 0
	}
	for _, v := range dst {
		best = max(best, v)
	}
	if best == 0 {
		best = 1
	}
	for d, w := range t.events {
		dst[q.Items[len(q.Items)-1-d]] += m.reminder(best, d, w)
	}
	return best
}

func (m *SessionKNN) reminder(best float32, d int, w float32) float32 {
	return float32(best * w * float32(m.opt.Remind*math.Exp(-float64(d)/m.opt.RemindDecay)))
}

// Score writes the sum of the votes for every item; ErrEmpty for an empty
// session or one whose weights are all 0, ErrRange for a weight that is negative
// or not finite.
func (m *SessionKNN) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := orderQuery(dst, &q, m.seqs.Items()); err != nil {
		return err
	}
	t := m.get()
	defer m.scratch.Put(t)
	if !m.weigh(t, &q) {
		return ErrEmpty
	}
	m.score(t, dst, &q, m.opt.Remind)
	return nil
}

// AppendSimilar appends the items with the most votes after a session of item
// alone.
func (m *SessionKNN) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	m = orZero(m)
	if uint32(item) >= uint32(m.seqs.Items()) {
		return dst, unknownItem(m.Items())
	}
	t := m.get()
	defer m.scratch.Put(t)
	q := Query{User: Stranger, Items: []int32{item}}
	m.weigh(t, &q)
	m.score(t, t.list(m.seqs.items), &q, 0)
	t.heap.Reset(min(k, m.seqs.items))
	for i, s := range t.all {
		if s > 0 && int32(i) != item {
			t.heap.Push(int32(i), s)
		}
	}
	t.near = t.heap.AppendSorted(t.near[:0])
	for _, it := range t.near {
		dst = append(dst, Scored{it.ID, it.Score})
	}
	return dst, nil
}

// list returns room for a score of every item.
func (t *sessionScratch) list(items int) []float32 {
	if t.all == nil {
		t.all = make([]float32, items)
	}
	return t.all
}

// AppendReasons appends the items of the running session that brought the
// sessions that vote for item. The decomposition is exact. Cost: that of Score
// and the events of the neighbours once more.
func (m *SessionKNN) AppendReasons(dst []Reason, q Query, item int32, k int) (_ []Reason, err error) {
	m = orZero(m)
	defer about(&err, "SessionKNN.AppendReasons")
	n := m.seqs.Items()
	if uint32(item) >= uint32(n) {
		return dst, noItem(item, n)
	}
	t := m.get()
	defer m.scratch.Put(t)
	if err := orderQuery(t.list(n), &q, n); err != nil {
		return dst, err
	}
	if !m.weigh(t, &q) {
		return dst, ErrEmpty
	}
	best := m.score(t, t.all, &q, m.opt.Remind)
	share := make([]float32, len(q.Items)) // by distance from the end
	t.begin()
	for d, w := range t.events {
		i := q.Items[len(q.Items)-1-d]
		if !t.add(i) {
			t.weights[d] = 0 // an earlier visit, which the similarity leaves out
		}
		if m.opt.Remind > 0 && i == item {
			share[d] = m.reminder(best, d, w)
		}
	}
	for _, nb := range t.near {
		vote := float32(0)
		m.votes(t, &q, nb, func(i int32, v float32) {
			if i == item {
				vote += v
			}
		})
		if vote == 0 {
			continue
		}
		t.begin()
		for _, i := range m.seqs.Sequence(int(m.order[nb.ID])) {
			t.add(i)
		}
		for d, w := range t.weights {
			if w > 0 && t.stamp[q.Items[len(q.Items)-1-d]] == t.now {
				share[d] += vote * (w / t.sum[nb.ID])
			}
		}
	}
	return topReasons(dst, &q, k, n, func(k int, _ int32) float32 { return share[len(share)-1-k] })
}

// AppendBinary appends the frame of m to dst.
func (m *SessionKNN) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("SessionKNN")
	}
	var w codec.Writer
	o := m.opt
	w.Int(o.Neighbors)
	w.Int(o.Sample)
	w.Int(int(o.Position))
	for _, f := range o.numbers() {
		w.Float64(*f)
	}
	putSequences(&w, m.seqs)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindSessionKNN, 2), nil
}

// numbers returns the real options in the order of the binary form.
func (o *SessionKNNOptions) numbers() []*float64 {
	return []*float64{
		&o.PositionDecay, &o.MatchIDF, &o.Length, &o.AgeDecay, &o.StepDecay, &o.DistanceDecay,
		&o.Before, &o.Match, &o.IDF, &o.Remind, &o.RemindDecay,
	}
}

// MarshalBinary returns the frame of m.
func (m *SessionKNN) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 2, in the words of Persistent:
//
//	int      Neighbors, > 0
//	int      Sample, > 0
//	int      Position, a PositionWeighting
//	11 f64   PositionDecay, MatchIDF, Length, AgeDecay, StepDecay, DistanceDecay, Before,
//	         Match, IDF, Remind, RemindDecay, in the ranges of SessionKNNOptions
//	int      items, at most 64 for each sequence and event, and 1024
//	[]i64    pointers, sequences+1, ascending from 0 to the number of events
//	[]i32    events, each an item
//	byte     there are times: 0 or 1
//	[]i64    with times: Unix nanoseconds of each sequence; in version 1 Unix seconds
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *SessionKNN) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindSessionKNN, 2)
	if err != nil {
		return fmt.Errorf("recommend: SessionKNN.UnmarshalBinary: %w", err)
	}
	o := SessionKNNOptions{Neighbors: r.Int(), Sample: r.Int(), Position: PositionWeighting(r.Int())}
	for _, f := range o.numbers() {
		*f = r.Float64()
	}
	s := getSequences(r, 2)
	if s.items == 0 || o.validate("decode") != nil {
		r.Fail("has no items, or a setting out of range")
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: SessionKNN.UnmarshalBinary: %w", err)
	}
	m.opt, m.seqs = o, s
	m.scratch = sync.Pool{}
	if err := m.prepare(context.Background()); err != nil {
		return err
	}
	m.origin = of
	return nil
}
