package recommend

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/vec"
)

// Likeness says how alike items are: 1 for an item and itself, and the same in
// both directions. It must be safe for concurrent use if the Rerankers that
// share it are to be.
type Likeness interface {
	// Likeness writes how alike item is to each of others into dst, of equal
	// length. ErrRange for an item it does not know.
	Likeness(dst []float32, item int32, others []int32) error
}

// LikenessFunc makes a Likeness of a function of two items.
type LikenessFunc func(a, b int32) float32

// Likeness calls f for each of others. ErrShape, ErrEmpty for a nil function.
func (f LikenessFunc) Likeness(dst []float32, item int32, others []int32) (err error) {
	defer about(&err, "LikenessFunc.Likeness")
	if len(dst) != len(others) {
		return badLength("dst", len(dst), len(others))
	}
	if f == nil {
		return fmt.Errorf("no function: %w", ErrEmpty)
	}
	for k, o := range others {
		dst[k] = f(item, o)
	}
	return nil
}

// ItemVectors is the ability to give a vector for every item: ALS, BPR, MF and
// the other factor models have it, and RowVectors for vectors of any origin.
type ItemVectors interface {
	// Items returns the number of items.
	Items() int
	// Factors returns the length of the vectors.
	Factors() int
	// ItemVector returns the vector of item i in [0, Items()), of length Factors(),
	// and nil for any other i. It must not be changed.
	ItemVector(i int) []float32
}

// RowVectors are item vectors kept row by row in one slice, for embeddings that
// come from elsewhere.
type RowVectors struct {
	Rows []float32 // items×N
	N    int       // length of a vector
}

// Items returns the number of rows. A last one that is too short counts, so that
// it is found and reported.
func (v RowVectors) Items() int { return (len(v.Rows) + max(v.N, 1) - 1) / max(v.N, 1) }

// Factors returns the length of a vector.
func (v RowVectors) Factors() int { return v.N }

// ItemVector returns row i, nil for one out of range.
func (v RowVectors) ItemVector(i int) []float32 {
	if i < 0 || v.N < 1 || i >= v.Items() {
		return nil
	}
	a, b := i*v.N, min((i+1)*v.N, len(v.Rows))
	return v.Rows[a:b:b]
}

// VectorLikeness is the cosine of item vectors as a Likeness. A zero vector is like
// nothing but itself. Immutable, safe for concurrent use; 4·f bytes an item.
type VectorLikeness struct {
	origin
	f    int
	unit []float32
}

// NewVectorLikeness copies the vectors, scaled to length 1; where v knows the ids of its
// items, as models do, so does the likeness. Errors: ErrEmpty (nil),
// ErrShape, ErrNotFinite.
func NewVectorLikeness(v ItemVectors) (*VectorLikeness, error) {
	if check.Missing(v) {
		return nil, fmt.Errorf("recommend: NewVectorLikeness: no vectors: %w", ErrEmpty)
	}
	n, f := v.Items(), v.Factors()
	if err := check.Vectors(n, f, v.ItemVector); err != nil {
		return nil, fmt.Errorf("recommend: NewVectorLikeness: %w", err)
	}
	c := &VectorLikeness{origin: originOf(ids.ListsOf(v)).ofItems(), f: f, unit: make([]float32, n*f)}
	for i := range n {
		vec.Normalize(c.unit[i*f:i*f+f], v.ItemVector(i))
	}
	return c, nil
}

// Items returns the number of items.
func (c *VectorLikeness) Items() int {
	c = orZero(c)
	return len(c.unit) / max(c.f, 1)
}

// Likeness writes the cosines, in [-1, 1] to rounding.
func (c *VectorLikeness) Likeness(dst []float32, item int32, others []int32) (err error) {
	c = orZero(c)
	defer about(&err, "VectorLikeness.Likeness")
	if len(dst) != len(others) {
		return badLength("dst", len(dst), len(others))
	}
	n := uint32(c.Items())
	if uint32(item) >= n {
		return strange(item, c.Items())
	}
	for _, o := range others {
		if uint32(o) >= n {
			return strange(o, c.Items())
		}
	}
	vec.GatherDot(dst, c.unit, others, c.unit[int(item)*c.f:int(item)*c.f+c.f])
	for k, o := range others {
		if o == item {
			dst[k] = 1
		}
	}
	return nil
}
