package segment

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*KMeansStep)(nil)
	_ encoding.BinaryMarshaler   = (*KMeansStep)(nil)
	_ encoding.BinaryUnmarshaler = (*KMeansStep)(nil)
)

// KMeansStep is one round of k-means as an accumulator, for rows that are
// spread over shards, machines or parties: everyone starts from the same
// centres, adds their rows, the states are merged, and Next gives the centres of
// the following round. Per centre it keeps the weight, Σ w(x−centre), Σ w·d² and
// the farthest row: rows themselves are not kept, apart from that one.
//
// Merge is commutative and associative, up to rounding of the sums. Use
// NewKMeansStep; it is not safe for concurrent use while Add or Merge runs.
type KMeansStep struct {
	k, d   int
	centre []float64 // k×d
	sum    []float64 // k×d
	weight []float64 // k
	spread []float64 // k
	far    []float64 // k×d, the farthest row
	farD   []float64 // k, its squared distance
	farW   []float64 // k, its weight; 0 means none
	tiles  tiles
}

// NewKMeansStep returns the empty state of a round that starts from centers
// (K rows of equal length).
func NewKMeansStep(centers [][]float64) (*KMeansStep, error) {
	flat, k, d, err := flatCentres(centers)
	if err != nil {
		return nil, fmt.Errorf("segment: NewKMeansStep: %w", err)
	}
	s := &KMeansStep{
		k: k, d: d, centre: flat, sum: make([]float64, k*d), weight: make([]float64, k), spread: make([]float64, k),
		far: make([]float64, k*d), farD: make([]float64, k), farW: make([]float64, k),
	}
	s.tiles.set(flat, k, d)
	return s, nil
}

func flatCentres(centers [][]float64) (flat []float64, k, d int, err error) {
	if k, d, err = checkMatrix("Centers", centers); err != nil {
		return nil, 0, 0, err
	}
	for _, c := range centers {
		for _, v := range c {
			flat = append(flat, v+0)
		}
	}
	return flat, k, d, nil
}

// Add puts one row with a weight into the state. Weight 0 counts as absent.
func (s *KMeansStep) Add(row []float64, weight float64) error {
	if err := check.Receiver("segment: KMeansStep.Add", s); err != nil {
		return err
	}
	if s.k == 0 {
		return fmt.Errorf("segment: KMeansStep.Add: use NewKMeansStep: %w", ErrEmpty)
	}
	if err := checkRow(row, s.d); err != nil {
		return fmt.Errorf("segment: KMeansStep.Add: %w", err)
	}
	if !(weight >= 0) || math.IsInf(weight, 0) {
		return fmt.Errorf("segment: KMeansStep.Add: weight is %v, want >= 0 and finite: %w", weight, ErrRange)
	}
	if weight == 0 {
		return nil
	}
	j, dist, _ := s.tiles.nearest2(row)
	total, spread := s.weight[j]+weight, s.spread[j]+float64(weight*dist)
	if !check.Finite(total) || !check.Finite(spread) {
		return fmt.Errorf("segment: KMeansStep.Add: sums of cluster %d: %w", j, ErrOverflow)
	}
	s.weight[j], s.spread[j] = total, spread
	c := s.centre[j*s.d:]
	for q, v := range row {
		s.sum[j*s.d+q] += float64(weight * (v - c[q]))
	}
	s.farthest(j, row, dist, weight)
	return nil
}

// farthest keeps the better of the present and the given candidate. The order is
// total, so that it does not matter who comes first.
func (s *KMeansStep) farthest(j int, row []float64, dist, weight float64) {
	old := s.far[j*s.d : (j+1)*s.d]
	c := cmp.Compare(dist, s.farD[j])
	if c == 0 {
		if c = slices.Compare(old, row); c == 0 {
			c = cmp.Compare(weight, s.farW[j])
		}
	}
	if s.farW[j] == 0 || c > 0 {
		copy(old, row)
		for q := range old {
			old[q] += 0
		}
		s.farD[j], s.farW[j] = dist, weight
	}
}

// Merge adds the rows of other. Nil, the state itself and states that start from
// other centres are ErrMismatch; sums beyond float64 are ErrOverflow. An error
// changes nothing.
func (s *KMeansStep) Merge(other *KMeansStep) error {
	const where = "segment: KMeansStep.Merge"
	if err := check.Merge(where, s, other); err != nil {
		return err
	}
	if err := made(where, s.k > 0); err != nil {
		return err
	}
	if s.k != other.k || s.d != other.d || !slices.Equal(s.centre, other.centre) {
		return fmt.Errorf("%s: the states start from different centres: %w", where, ErrMismatch)
	}
	for j := range s.k {
		if !check.Finite(s.weight[j]+other.weight[j]) || !check.Finite(s.spread[j]+other.spread[j]) {
			return fmt.Errorf("%s: sums of cluster %d: %w", where, j, ErrOverflow)
		}
	}
	for j := range s.k {
		s.weight[j] += other.weight[j]
		s.spread[j] += other.spread[j]
		if other.farW[j] > 0 {
			s.farthest(j, other.far[j*s.d:(j+1)*s.d], other.farD[j], other.farW[j])
		}
	}
	for q, v := range other.sum {
		s.sum[q] += v
	}
	return nil
}

// Weights returns the weight of the rows nearest to each centre.
func (s *KMeansStep) Weights() []float64 {
	if s == nil {
		return nil
	}
	return slices.Clone(s.weight)
}

// Inertia returns Σ w·‖x−centre‖² for the centres the round started from.
func (s *KMeansStep) Inertia() float64 {
	if s == nil {
		return 0
	}
	total := 0.0
	for _, v := range s.spread {
		total += v
	}
	return total
}

// Next returns the centres for the next round and Σ‖shift‖², how far they moved;
// the state does not change. A cluster without rows moves to the farthest row of
// all, further such clusters to the farthest rows of other clusters; if none is
// left (all rows lie on their centres) it stays. No rows at all is ErrEmpty.
func (s *KMeansStep) Next() (centers [][]float64, shift float64, err error) {
	if err := check.Receiver("segment: KMeansStep.Next", s); err != nil {
		return nil, 0, err
	}
	sum, weight := slices.Clone(s.sum), slices.Clone(s.weight)
	total := 0.0
	var donors, empty []int
	for j, w := range weight {
		total += w
		if w == 0 {
			empty = append(empty, j)
		} else if s.farD[j] > 0 && w > s.farW[j] {
			donors = append(donors, j)
		}
	}
	if total == 0 {
		return nil, 0, fmt.Errorf("segment: KMeansStep.Next: no rows: %w", ErrEmpty)
	}
	slices.SortStableFunc(donors, func(a, b int) int {
		return cmp.Or(cmp.Compare(s.farD[b], s.farD[a]), slices.Compare(s.far[a*s.d:(a+1)*s.d], s.far[b*s.d:(b+1)*s.d]))
	})
	next := slices.Clone(s.centre)
	for i, j := range empty[:min(len(empty), len(donors))] {
		a := donors[i]
		row, w := s.far[a*s.d:(a+1)*s.d], s.farW[a]
		for q, v := range row {
			sum[a*s.d+q] -= float64(w * (v - s.centre[a*s.d+q]))
		}
		weight[a] -= w
		copy(next[j*s.d:], row)
	}
	for j, w := range weight {
		for q := range s.d {
			if w > 0 {
				next[j*s.d+q] += sum[j*s.d+q] / w
			}
		}
		shift += squared(next[j*s.d:(j+1)*s.d], s.centre[j*s.d:(j+1)*s.d])
	}
	if _, ok := within(next); !ok || !check.Finite(shift) {
		return nil, 0, fmt.Errorf("segment: KMeansStep.Next: a centre moves to a place that is not finite: %w", ErrOverflow)
	}
	return unflatten(next, s.k, s.d), shift, nil
}

// AppendBinary appends the state's binary form to dst.
func (s *KMeansStep) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("segment: KMeansStep.AppendBinary", s); err != nil {
		return dst, err
	}
	if s.k == 0 {
		return dst, fmt.Errorf("segment: KMeansStep.AppendBinary: use NewKMeansStep: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Int(s.k)
	w.Int(s.d)
	for _, v := range s.parts() {
		w.Float64s(*v)
	}
	return w.AppendFrame(dst, codec.KindKMeansStep, 1), nil
}

func (s *KMeansStep) parts() []*[]float64 {
	return []*[]float64{&s.centre, &s.sum, &s.far, &s.weight, &s.spread, &s.farD, &s.farW}
}

// MarshalBinary returns the state's binary form.
func (s *KMeansStep) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	int      K >= 1
//	int      d >= 1 columns
//	3×[]f64  K×d each: centres of the start, Σ w(x−centre), the farthest rows; finite,
//	         centres and rows none beyond 1e140 in size
//	4×[]f64  K each: weights, Σ w·d², distance and weight of the farthest row; finite and
//	         >= 0
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; s is then unchanged.
func (s *KMeansStep) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("segment: KMeansStep.UnmarshalBinary", s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindKMeansStep, 1)
	if err != nil {
		return fmt.Errorf("segment: KMeansStep.UnmarshalBinary: %w", err)
	}
	n := &KMeansStep{k: r.Int(), d: r.Int()}
	for i, v := range n.parts() {
		*v = r.Float64s()
		if r.Err() != nil {
			break
		}
		if n.k < 1 || n.d < 1 || i < 3 && (len(*v)/n.d != n.k || len(*v)%n.d != 0) || i >= 3 && len(*v) != n.k {
			r.Fail("shapes do not agree")
		}
		for _, x := range *v {
			if !check.Finite(x) || i >= 3 && x < 0 {
				r.Fail("a value is not finite, or a weight or distance negative")
				break
			}
		}
	}
	for _, v := range []*[]float64{&n.centre, &n.far} {
		if _, ok := within(*v); !ok {
			r.Fail("a coordinate is too large")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("segment: KMeansStep.UnmarshalBinary: %w", err)
	}
	n.tiles.set(n.centre, n.k, n.d)
	*s = *n
	return nil
}
