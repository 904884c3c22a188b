package recommend

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/fixed"
	"github.com/aislekit/aisle/internal/solve"
)

var (
	_ encoding.BinaryAppender    = (*ALSItems)(nil)
	_ encoding.BinaryMarshaler   = (*ALSItems)(nil)
	_ encoding.BinaryUnmarshaler = (*ALSItems)(nil)
)

// ALSItems is the item half-step of ALS over parties that own their users and never give a vector of theirs away: of each item of a block the
// sums Σ (c−α₀)·x·xᵀ and Σ c·x over the users who have it. One iteration is: each party solves its users by SolveALS against the item
// vectors, which all know, and adds their new vectors to a Gramian and to an ALSItems of each block; both are merged, and Result solves the items. Sums are
// of integers, in units of 2⁻³²: any split of the users, and one party that has them all, give the same bytes.
//
// A party that misses a round is left out of both, the Gramian and the ALSItems: the items of that round are those of the users who are there, and
// all are back with the next. What a party with few users of an item sends tells of their vectors: Words are for the masks of package predict/federated.
//
// It holds (f+1)·(f+2)/2 numbers of 8 bytes an item, f the factors: take blocks of a few thousand items. It is not safe for concurrent use; use NewALSItems.
type ALSItems struct {
	first, items, factors int
	objective             alsObjective
	users                 int64
	sums                  []int64 // of each item: entries, Σ c·x, the upper triangle of Σ (c−α₀)·x·xᵀ row by row
}

// NewALSItems returns the sums of the items first … first+items−1, without users. It uses Factors, Alpha, Unobserved, Regularization and FrequencyExponent
// of opt; the first, Unobserved and Regularization must be set, as for SolveALS. ErrOption for these, ErrRange for a
// block that is none, ErrTooLarge for more than 2²⁷ numbers.
func NewALSItems(first, items int, opt ALSOptions) (*ALSItems, error) {
	const where = "recommend: NewALSItems"
	opt.Alpha = check.Default(opt.Alpha, 1)
	opt.FrequencyExponent = check.OrOff(opt.FrequencyExponent, 0.5)
	var c check.Options
	c.Require(opt.Factors > 0 && opt.Factors <= 1<<14, "Factors", opt.Factors, "in [1, 16384]")
	check.Positive(&c, "Alpha", opt.Alpha)
	check.Positive(&c, "Unobserved", opt.Unobserved)
	c.Require(opt.Regularization != 0 && check.Finite(opt.Regularization), "Regularization", opt.Regularization, "> 0, or below 0 for none")
	c.Require(opt.FrequencyExponent >= 0 && opt.FrequencyExponent <= 2, "FrequencyExponent", opt.FrequencyExponent, "at most 2")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	if first < 0 || items < 1 || first > math.MaxInt32-items {
		return nil, fmt.Errorf("%s: %d items from %d on: %w", where, items, first, ErrRange)
	}
	opt.Regularization = max(opt.Regularization, 0)
	s := &ALSItems{first: first, items: items, factors: opt.Factors, objective: opt.objective()}
	if int64(items) > alsItemsMost/int64(s.width()) {
		return nil, fmt.Errorf("%s: %d items of %d numbers: %w", where, items, s.width(), ErrTooLarge)
	}
	s.sums = make([]int64, items*s.width())
	return s, nil
}

// alsItemsMost bounds the numbers of an ALSItems.
const alsItemsMost = 1 << 27

// width is the number of sums of an item.
func (s *ALSItems) width() int { return 1 + s.factors + s.factors*(s.factors+1)/2 }

// Add adds a user: its new vector, and its items with their weights, nil for 1 each. Items outside of the block are passed over; a user
// without any counts, as its vector does in the Gramian. It costs f² operations an item.
//
// Errors: ErrEmpty for a state that NewALSItems did not make, ErrShape, ErrNotFinite, ErrRange for an item or a weight below 0, ErrDuplicate for an item twice, ErrOverflow where a sum
// would leave ±2³⁰; the state is then unchanged.
func (s *ALSItems) Add(vector []float32, items []int32, weights []float32) error {
	const where = "recommend: ALSItems.Add"
	if s == nil || s.factors == 0 {
		return fmt.Errorf("%s: not made by NewALSItems: %w", where, ErrEmpty)
	}
	if len(vector) != s.factors || weights != nil && len(weights) != len(items) {
		return fmt.Errorf("%s: vector of length %d, want %d; %d weights for %d items: %w", where, len(vector), s.factors, len(weights), len(items), ErrShape)
	}
	if err := check.Slice32("vector", vector); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	seen := make(map[int32]bool, len(items))
	for k, i := range items {
		w := weightAt(weights, k)
		switch {
		case i < 0 || w < 0:
			return fmt.Errorf("%s: items[%d]: item or weight below 0: %w", where, k, ErrRange)
		case !check.Finite(float64(w)):
			return fmt.Errorf("%s: weights[%d]: %w", where, k, ErrNotFinite)
		case seen[i]:
			return fmt.Errorf("%s: items[%d]: %w", where, k, ErrDuplicate)
		}
		seen[i] = true
	}
	for _, write := range []bool{false, true} { // all or nothing
		for k, i := range items {
			if at := int(i) - s.first; at >= 0 && at < s.items && !s.add(s.sums[at*s.width():][:s.width()], vector, weightAt(weights, k), write) {
				return fmt.Errorf("%s: items[%d]: %w", where, k, ErrOverflow)
			}
		}
	}
	s.users++
	return nil
}

// add adds an entry to the sums of its item, or only reports whether they have room for it.
func (s *ALSItems) add(to []int64, vector []float32, weight float32, write bool) bool {
	c := s.objective.alpha * float64(weight)
	d := c - s.objective.unobserved
	room := func(at int, v float64) bool {
		v = math.RoundToEven(v * gramScale)
		if !(math.Abs(float64(to[at])+v) <= gramScale<<30) {
			return false
		}
		if write {
			to[at] += int64(v)
		}
		return true
	}
	at := 1 + len(vector)
	for j, x := range vector {
		if !room(1+j, c*float64(x)) {
			return false
		}
		dx := d * float64(x)
		for _, y := range vector[j:] {
			if !room(at, dx*float64(y)) {
				return false
			}
			at++
		}
	}
	if write {
		to[0]++
	}
	return true
}

// same reports whether other is of the same items and objective.
func (s *ALSItems) same(other *ALSItems) bool {
	return s.first == other.first && s.items == other.items && s.factors == other.factors && s.objective == other.objective
}

// Merge adds the users of other. ErrMismatch for nil, s itself and other items or options, ErrOverflow, ErrEmpty; s is then unchanged.
func (s *ALSItems) Merge(other *ALSItems) error {
	const where = "recommend: ALSItems.Merge"
	if err := check.Merge(where, s, other); err != nil {
		return err
	}
	if s.factors == 0 {
		return fmt.Errorf("%s: not made by NewALSItems: %w", where, ErrEmpty)
	}
	if !s.same(other) {
		return fmt.Errorf("%s: of other items or options: %w", where, ErrMismatch)
	}
	for i, v := range other.sums {
		if n := s.sums[i] + v; n > gramScale<<30 || n < -gramScale<<30 {
			return fmt.Errorf("%s: sum %d of item %d: %w", where, i%s.width(), s.first+i/s.width(), ErrOverflow)
		}
	}
	for i, v := range other.sums {
		s.sums[i] += v
	}
	s.users += other.users
	return nil
}

// Len returns the number of users.
func (s *ALSItems) Len() int64 {
	s = orZero(s)
	return s.users
}

// Result writes the vectors of the items, items×f, by the Gramian of the vectors of the same users, solved in float64. An item
// without entries has a vector of zeros. It costs f³/3 operations an item. Errors: ErrEmpty without users, ErrShape, ErrMismatch for a Gramian of
// another length or of more or fewer users, ErrDiverged for an item without a solution; dst is then unspecified.
func (s *ALSItems) Result(dst []float32, gram *Gramian) error {
	const where = "recommend: ALSItems.Result"
	if s == nil || s.users == 0 {
		return fmt.Errorf("%s: no users: %w", where, ErrEmpty)
	}
	f := s.factors
	if len(dst) != s.items*f {
		return fmt.Errorf("%s: dst has %d numbers, want %d: %w", where, len(dst), s.items*f, ErrShape)
	}
	if gram == nil || gram.factors != f || gram.n != s.users {
		return fmt.Errorf("%s: the Gramian is of other users: %w", where, ErrMismatch)
	}
	a, b := make([]float64, f*f), make([]float64, f)
	for i := range s.items {
		from, out := s.sums[i*s.width():][:s.width()], dst[i*f:][:f]
		if from[0] == 0 {
			clear(out)
			continue
		}
		lambda := float64(s.objective.penalty(int(from[0]), int(s.users)))
		at := 0
		for j := range f {
			b[j] = float64(from[1+j]) / gramScale
			for k := j; k < f; k++ {
				a[j*f+k] = (s.objective.unobserved*float64(gram.sum[at]) + float64(from[1+f+at])) / gramScale
				at++
			}
			a[j*f+j] += lambda
		}
		if !solve.Cholesky64(a, f) {
			return fmt.Errorf("%s: item %d has no solution: %w", where, s.first+i, ErrDiverged)
		}
		solve.SolveCholesky64(a, f, b)
		for j, v := range b {
			if out[j] = float32(v); !check.Finite(float64(out[j])) {
				return fmt.Errorf("%s: item %d: %w", where, s.first+i, ErrDiverged)
			}
		}
	}
	return nil
}

// Words appends users and sums to dst as numbers of 128 bits, two words each, which add up modulo 2¹²⁸: what predict/federated.Masks.Hide
// takes. How many depends on items and factors alone.
func (s *ALSItems) Words(dst []uint64) []uint64 {
	if s == nil || s.factors == 0 {
		return dst
	}
	return fixed.Pack(fixed.Pack(dst, []int64{s.users}), s.sums)
}

// SetWords replaces users and sums by those that predict/federated.SumWords has of the words of all parties. Errors: ErrShape for another number of words, ErrCorrupt where
// they are no sums, as of words with a mask left in them, ErrEmpty for a state that NewALSItems did not make; s is unchanged then.
func (s *ALSItems) SetWords(words []uint64) error {
	const where = "recommend: ALSItems.SetWords"
	if s == nil || s.factors == 0 {
		return fmt.Errorf("%s: not made by NewALSItems: %w", where, ErrEmpty)
	}
	if want := 2 + fixed.Packed(len(s.sums)); len(words) != want {
		return fmt.Errorf("%s: %d words, want %d: %w", where, len(words), want, ErrShape)
	}
	d := *s
	d.sums = make([]int64, len(s.sums))
	var users [1]int64
	if !fixed.Unpack(users[:], words[:2]) || !fixed.Unpack(d.sums, words[2:]) {
		return fmt.Errorf("%s: no sums: %w", where, ErrCorrupt)
	}
	if d.users = users[0]; !d.sound() {
		return fmt.Errorf("%s: no sums: %w", where, ErrCorrupt)
	}
	*s = d
	return nil
}

// sound reports whether the sums can be those of users.
func (s *ALSItems) sound() bool {
	if s.users < 0 || s.users > 1<<53 {
		return false
	}
	width := s.width()
	for i, v := range s.sums {
		if v > gramScale<<30 || v < -gramScale<<30 || i%width == 0 && (v < 0 || v > s.users) {
			return false
		}
		if i%width == 0 && v == 0 && slices.ContainsFunc(s.sums[i:i+width], func(v int64) bool { return v != 0 }) {
			return false
		}
	}
	return true
}

// AppendBinary appends the frame of s, which UnmarshalBinary describes.
func (s *ALSItems) AppendBinary(dst []byte) ([]byte, error) {
	if s == nil || s.factors == 0 {
		return dst, errUnfitted("ALSItems")
	}
	var w codec.Writer
	w.Int(s.first)
	w.Int(s.items)
	w.Int(s.factors)
	for _, v := range [4]float64{s.objective.alpha, s.objective.unobserved, s.objective.lambda, s.objective.nu} {
		w.Float64(v)
	}
	w.Int64(s.users)
	w.Int64s(s.sums)
	return w.AppendFrame(dst, codec.KindALSItems, 1), nil
}

// MarshalBinary returns the frame of s.
func (s *ALSItems) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; s is unchanged when it fails. Payload of
// version 1, in the words of Persistent:
//
//	int      first item, >= 0; int items, >= 1; int f, the factors, 1 … 16384
//	4 f64    Alpha and Unobserved > 0, Regularization >= 0, FrequencyExponent in [0, 2]
//	i64      users, 0 … 2⁵³
//	[]i64    of each item: entries, 0 … users; f sums Σ c·x; f·(f+1)/2 sums Σ (c−α₀)·x·xᵀ, the upper triangle row by row, in units of
//	         2⁻³² within ±2⁶²; zeros where there are no entries
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (s *ALSItems) UnmarshalBinary(data []byte) error {
	const where = "recommend: ALSItems.UnmarshalBinary"
	r, err := open(s, data, codec.KindALSItems, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := ALSItems{first: r.Int(), items: r.Int(), factors: r.Int()}
	d.objective = alsObjective{r.Float64(), r.Float64(), r.Float64(), r.Float64()}
	d.users, d.sums = r.Int64(), r.Int64s()
	positive := func(v float64) bool { return check.Finite(v) && v > 0 }
	o := d.objective
	switch {
	case r.Err() != nil:
	case d.first < 0 || d.items < 1 || d.first > math.MaxInt32-d.items || d.factors < 1 || d.factors > 1<<14:
		r.Fail("has items or factors out of range")
	case !positive(o.alpha) || !positive(o.unobserved) || !(o.lambda >= 0) || math.Signbit(o.lambda) || !check.Finite(o.lambda) || !(o.nu >= 0 && o.nu <= 2) || math.Signbit(o.nu):
		r.Fail("has options out of range")
	case int64(d.items)*int64(d.width()) != int64(len(d.sums)) || !d.sound():
		r.Fail("has sums that are none")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*s = d
	return nil
}
