package profile

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// FuseOptions configures Fuse.
type FuseOptions struct {
	// Dims is the length of the vector of each modality: image, text, behaviour. Required, each
	// 1 to 65536.
	Dims []int
	// Weights is how much each counts, not negative, their sum above 0. Default 1 each.
	Weights []float64
	// Mean adds the vectors up instead of putting them behind each other; then Dims must be equal.
	Mean bool
}

// Fuse appends one vector made of those of several modalities, which were made apart from each other (late
// fusion), to dst. Each is brought to length 1 first, so that none counts more because its numbers are
// larger. A vector that is nil or all 0 is missing.
//
// Put behind each other they are weighed by the root of their share of Weights, and what is missing is 0:
// then the inner product of two results is the weighted mean of the cosines. With Mean the result is
// the weighted sum of those that are there, of length 1. Its result is what EmbeddingOptions.Vector may return.
// Bad options are ErrOption, other lengths or another number of vectors ErrShape, a value that is not
// finite ErrNotFinite, no vector at all ErrEmpty, vectors that cancel in the mean ErrUndefined; dst is then returned as it was.
// It allocates nothing where dst has room.
func Fuse(dst []float32, opt FuseOptions, vectors ...[]float32) ([]float32, error) {
	if err := opt.validate(); err != nil {
		return dst, err
	}
	if err := check.Len("vectors", len(vectors), len(opt.Dims)); err != nil {
		return dst, fmt.Errorf("profile: Fuse: %w", err)
	}
	total, there := 0., 0. // weights
	for i, v := range vectors {
		total += opt.weight(i)
		if v != nil && len(v) != opt.Dims[i] {
			return dst, fmt.Errorf("profile: Fuse: vectors[%d] has %d values, want %d: %w", i, len(v), opt.Dims[i], ErrShape)
		}
		length := norm(v)
		if !check.Finite(length) {
			return dst, fmt.Errorf("profile: Fuse: vectors[%d]: %w", i, ErrNotFinite)
		}
		if length > 0 {
			there += opt.weight(i)
		}
	}
	if there == 0 {
		return dst, fmt.Errorf("profile: Fuse: no vector: %w", ErrEmpty)
	}
	n := len(dst)
	for i, v := range vectors {
		scale, length := math.Sqrt(opt.weight(i)/total), norm(v)
		if opt.Mean {
			scale = opt.weight(i) / there
		}
		for k := range opt.Dims[i] {
			x := float32(0)
			if length > 0 {
				x = float32(scale * float64(v[k]) / length)
			}
			if opt.Mean && i > 0 {
				dst[n+k] += x
			} else {
				dst = append(dst, x)
			}
		}
	}
	if !opt.Mean {
		return dst, nil
	}
	length := norm(dst[n:])
	if length < 1e-6 {
		return dst[:n], fmt.Errorf("profile: Fuse: the vectors cancel: %w", ErrUndefined)
	}
	for k := range dst[n:] {
		dst[n+k] = float32(float64(dst[n+k]) / length)
	}
	return dst, nil
}

// norm is the length of a vector; float64 holds the squares of float32.
func norm(v []float32) float64 {
	sum := 0.
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

// weight is that of modality i.
func (o *FuseOptions) weight(i int) float64 {
	if o.Weights == nil {
		return 1
	}
	return o.Weights[i]
}

// validate looks at the options of Fuse without allocating.
func (o *FuseOptions) validate() error {
	bad := func(field string, i int) error {
		return fmt.Errorf("profile: Fuse: %s[%d] does not hold: %w", field, i, ErrOption)
	}
	if len(o.Dims) == 0 {
		return bad("Dims", 0)
	}
	for i, d := range o.Dims {
		if d < 1 || d > 1<<16 || o.Mean && d != o.Dims[0] {
			return bad("Dims", i)
		}
	}
	if o.Weights == nil {
		return nil
	}
	sum := 0.
	if len(o.Weights) != len(o.Dims) {
		return bad("Weights", len(o.Weights))
	}
	for i, w := range o.Weights {
		if !(w >= 0) || !check.Finite(sum+w) {
			return bad("Weights", i)
		}
		sum += w
	}
	if sum == 0 {
		return bad("Weights", 0)
	}
	return nil
}
