package recommend

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/fm"
	"github.com/aislekit/aisle/internal/vec"
)

// fmTable are the vectors and weights of the features of one side.
type fmTable struct {
	v []float32 // features×factors
	w []float32 // features
}

// getFMTable decodes vectors and weights; failures stick to r.
func getFMTable(r *codec.Reader, factors int) fmTable {
	t := fmTable{r.Float32s(), r.Float32s()}
	if f := max(factors, 1); len(t.v)%f != 0 || len(t.w) != len(t.v)/f {
		r.Fail("has features that do not fit")
	}
	if check.Slice32("", t.v) != nil || check.Slice32("", t.w) != nil {
		r.Fail("has a value that is not finite")
	}
	return t
}

// check refuses features that are no row of a matrix of them.
func (t *fmTable) check(features []int32, values []float32) error {
	if values != nil && len(values) != len(features) {
		return badLength("values", len(values), len(features))
	}
	for k, c := range features {
		switch {
		case uint32(c) >= uint32(len(t.w)):
			return fmt.Errorf("features[%d] is %d, want in [0, %d): %w", k, c, len(t.w), ErrRange)
		case k > 0 && c == features[k-1]:
			return fmt.Errorf("features[%d] is %d again: %w", k, c, ErrDuplicate)
		case k > 0 && c < features[k-1]:
			return fmt.Errorf("features[%d] is %d after %d, want them ascending: %w", k, c, features[k-1], ErrRange)
		}
	}
	for k, z := range values {
		if !check.Finite(float64(z)) {
			return fmt.Errorf("values[%d] is %v: %w, %w", k, z, ErrNotFinite, ErrRange)
		}
		if z < -mostWeight || z > mostWeight {
			return fmt.Errorf("values[%d] is %v, want within ±1e30: %w", k, z, ErrRange)
		}
	}
	return nil
}

// sum writes the vector of somebody with these features and without an id, and returns what
// they give alone. It is not known where the fit knew nothing of any of them. ErrRange where
// values are so large that nothing finite comes of them.
func (t *fmTable) sum(dst []float32, features []int32, values []float32) (bias float32, known bool, err error) {
	f, sum := len(dst), fm.Sum{V: dst}
	sum.Reset()
	for k, c := range features {
		v, z := t.v[int(c)*f:int(c)*f+f], weightAt(values, k)
		known = known || z != 0 && (t.w[c] != 0 || !isZero(v))
		sum.Add(v, t.w[c], z)
	}
	bias = sum.Alone() + vec.Dot(dst, dst)/2
	if !check.Finite(float64(bias)) || check.Slice32("", dst) != nil {
		return 0, false, fmt.Errorf("values are too large: %w", ErrRange)
	}
	return bias, known, nil
}

// UserFeatures returns the number of features of users that the fit had.
func (m *FM) UserFeatures() int { return len(orZero(m).ofUsers.w) }

// ItemFeatures returns the number of features of items that the fit had.
func (m *FM) ItemFeatures() int { return len(orZero(m).ofItems.w) }

// ItemByFeatures writes into dst, of length Factors()+1, the vector of an item that the fit did
// not have, and behind it what it adds to every score: what an item of the fit without
// entries has that has these features. That is what Arrival.Vectors takes. values are parallel
// to features, which ascend as in a row of FMOptions.ItemFeatures; nil means 1 each. An item of features that the
// fit knew nothing of has the zero vector and, but for FMRatings, the lowest weight
// of the others.
//
// Errors: ErrShape, ErrRange (a feature that is none or out of order, values too
// large), ErrDuplicate, ErrNotFinite. Cost: O(features·f).
func (m *FM) ItemByFeatures(dst []float32, features []int32, values []float32) (err error) {
	m = orZero(m)
	defer about(&err, "FM.ItemByFeatures")
	f := m.factors
	if f == 0 {
		return errUnfit
	}
	if len(dst) != f+1 {
		return badLength("dst", len(dst), f+1)
	}
	if err := m.ofItems.check(features, values); err != nil {
		return err
	}
	bias, known, err := m.ofItems.sum(dst[:f], features, values)
	if err != nil {
		return err
	}
	if !known {
		clear(dst)
		if m.task != FMRatings {
			bias = slices.Min(m.bias)
		}
	}
	dst[f] = bias
	return nil
}

// ScoreByFeatures is ScoreIn for somebody whom the fit did not have: by these features, and
// by the history of q where there is one, which moves the vector that the features give.
// q.User is not read. features and values are those of ItemByFeatures, of FMOptions.UserFeatures.
//
// Errors: those of ScoreIn; ErrRange (a feature that is none or out of order, values too large), ErrDuplicate;
// ErrEmpty where there is no history and nothing is known of a feature.
func (m *FM) ScoreByFeatures(dst []float32, q Query, features []int32, values []float32, context ...int32) (err error) {
	m = orZero(m)
	defer about(&err, "FM.ScoreByFeatures")
	if err := m.checkAsked(dst, &q, context); err != nil {
		return err
	}
	if err := m.ofUsers.check(features, values); err != nil {
		return err
	}
	own, t := m.getScratch(), m.getScratch()
	defer m.scratch.Put(own)
	defer m.scratch.Put(t)
	bias, known, err := m.ofUsers.sum(own.v, features, values)
	if err != nil {
		return err
	}
	if !known && len(q.Items) == 0 {
		return errNoHistory
	}
	from := own.v
	if !known {
		from, bias = nil, 0
	}
	v, base, err := m.foldFrom(t.v, q, from, bias)
	if err != nil {
		return err
	}
	copy(t.v, v)
	m.scoreIn(dst, t.v, base, context)
	return nil
}

// foldFrom returns the vector that the history makes of that of somebody's features, nil for none,
// and what it gives alone.
func (m *FM) foldFrom(buf []float32, q Query, from []float32, bias float32) ([]float32, float32, error) {
	if len(q.Items) > 0 {
		t := m.getScratch()
		defer m.scratch.Put(t)
		t.from, t.fromBias = from, bias
		b, err := m.fallback.fold(t, buf, q)
		t.from, t.fromBias = nil, 0
		if from == nil || !errors.Is(err, ErrEmpty) { // which says that no weight counts
			return buf, m.mean + b, err
		}
	}
	return from, m.mean + bias, nil
}

// What the scan of scan.go asks of a model of vectors.

func (m *FM) self() Model { return m }

func (m *FM) queryVector(buf []float32, q Query) ([]float32, float32, error) {
	who := q.User
	if who < 0 {
		who = q.fitted - 1
	}
	if _, cold := slices.BinarySearch(m.cold, who); cold {
		return m.foldFrom(buf, q, m.latent.UserVector(int(who)), m.userBias[who])
	}
	return m.vectorOf(buf, q, m.fallback)
}

// coldUsers lists the users without an entry that counts of whose features something is known.
func (t *fmFit) coldUsers() (cold []int32) {
	for u := range t.x.Users() {
		_, weights := t.x.Row(u)
		counts := len(weights) > 0 && (t.m.task == FMRatings || slices.ContainsFunc(weights, func(w float32) bool { return w != 0 }))
		if !counts && t.speaks(fmUser, u) {
			cold = append(cold, int32(u))
		}
	}
	return cold
}
