package hybrid

import (
	"errors"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/recommend"
)

var (
	_ recommend.Persistent   = (*Blend)(nil)
	_ recommend.Meaner       = (*Blend)(nil)
	_ recommend.SparseScorer = (*Blend)(nil)
	_ recommend.OrderReader  = (*Blend)(nil)
	_ recommend.Similar      = (*Blend)(nil)
	_ recommend.Explainer    = (*Blend)(nil)
)

// Normalization says how the scores of different models are made comparable,
// over all items and for each query anew. Scores that are not finite count as
// the lowest finite one; where all are equal they say nothing and become 0.
type Normalization int

const (
	MinMax    Normalization = iota // (s - min)/(max - min), in [0, 1]; for a SparseScorer min is 0 and lower scores count as 0
	ZScore                         // (s - mean)/σ, σ the population's
	RankShare                      // share of the other items that score lower, ties half, in [0, 1]
	Raw                            // s: for models whose scores are on one scale
)

// BlendOptions configures NewBlend.
type BlendOptions struct {
	Normalize Normalization // default MinMax
	// MNZ multiplies the mean by the number of models whose normalised score of
	// the item is above 0 (CombMNZ, Fox and Shaw 1994): items that several models
	// agree on go first. It needs scores that are never negative: MinMax or
	// RankShare.
	MNZ bool
}

func (o BlendOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Normalize >= MinMax && o.Normalize <= Raw, "Normalize", int(o.Normalize), "MinMax, ZScore, RankShare or Raw")
	c.Require(!o.MNZ || o.Normalize == MinMax || o.Normalize == RankShare, "Normalize", int(o.Normalize), "MinMax or RankShare with MNZ")
	return c.Err(where)
}

// Blend is the weighted mean of the normalised scores of several models (Fox
// and Shaw 1994, CombSUM). A model that knows nothing about a query (ErrEmpty)
// is left out of the mean for that query, so that its silence is no vote against
// every item.
//
// Reasons: with Raw, MinMax and ZScore the contributions are the parts' own, on
// the scale of the blend. They add up to the score where the parts' add up to
// theirs, exactly with Raw and for parts whose minimum is 0 under MinMax, else
// up to a constant that is the same for every item. With RankShare each part's
// share of the score is divided among the history in proportion to the parts'
// positive contributions.
//
// Immutable, safe for concurrent use. Memory of a query: 16 bytes an item.
type Blend struct {
	fused
	norm Normalization
	mnz  bool
}

// NewBlend returns the blend of parts. Errors: ErrOption (no part, a nil model,
// a weight that is not positive), ErrMismatch (parts of different catalogues).
func NewBlend(parts []Weighted, opt BlendOptions) (*Blend, error) {
	const where = "hybrid: NewBlend"
	f, err := newFused(parts, where)
	if err != nil {
		return nil, err
	}
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	return &Blend{fused: f, norm: opt.Normalize, mnz: opt.MNZ}, nil
}

// Meaning says what a score stands for.
func (*Blend) Meaning() string { return "weighted mean of the parts' normalised scores" }

// SparseScores is true when it is for every part and the normalisation keeps 0
// at 0 (MinMax, Raw).
func (b *Blend) SparseScores() bool {
	return b.all().made("") == nil && !slices.Contains(b.sparse, false) && (b.norm == MinMax || b.norm == Raw)
}

// Score writes the weighted mean of the parts that know the query; ErrEmpty
// when none does. Cost: the Score of every part, with RankShare a sort of each.
func (b *Blend) Score(dst []float32, q recommend.Query) error {
	if err := b.all().made("Blend.Score"); err != nil {
		return err
	}
	if err := checkQuery(dst, &q, b.items); err != nil {
		return err
	}
	w := b.pool.Get().(*fuseScratch)
	defer b.pool.Put(w)
	clear(dst)
	if b.mnz {
		w.votes = slices.Grow(w.votes[:0], b.items)[:b.items]
		clear(w.votes)
	}
	total := float32(0)
	for k, p := range b.parts {
		err := p.Model.Score(w.scores, b.form(k, &q, &w.set))
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return err
		}
		b.normalize(w, k)
		total += p.Weight
		for i, s := range w.scores {
			dst[i] += float32(p.Weight * s)
		}
		if b.mnz {
			for i, s := range w.scores {
				if s > 0 {
					w.votes[i]++
				}
			}
		}
	}
	if total == 0 {
		return ErrEmpty
	}
	for i := range dst {
		dst[i] /= total
	}
	if b.mnz {
		for i, n := range w.votes {
			dst[i] *= float32(n)
		}
	}
	return nil
}

// normalize replaces w.scores, scores of part k, and returns the factor they
// were scaled by (0 for RankShare).
func (b *Blend) normalize(w *fuseScratch, k int) (factor float64) {
	s := w.scores
	lo, hi := float32(math.Inf(1)), float32(math.Inf(-1))
	infinite := false
	for _, v := range s {
		if v-v != 0 {
			infinite = true
			continue
		}
		if v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
	}
	if lo > hi { // nothing finite
		clear(s)
		return 0
	}
	if infinite {
		for i, v := range s {
			if v-v != 0 {
				s[i] = lo
			}
		}
	}
	switch b.norm {
	case Raw:
		return 1
	case MinMax:
		if b.sparse[k] {
			lo = 0
		}
		if hi <= lo {
			clear(s)
			return 0
		}
		from, factor := float64(lo), 1/(float64(hi)-float64(lo))
		for i, v := range s {
			if v < lo {
				v = lo
			}
			s[i] = float32((float64(v) - from) * factor)
		}
		return factor
	case ZScore:
		if hi == lo {
			clear(s)
			return 0
		}
		return zScores(s, lo)
	}
	if hi == lo {
		clear(s)
		return 0
	}
	rankShares(w, s)
	return 0
}

// zScores replaces s, of which lo is the lowest, by its z-scores and returns the
// factor. Two passes, shifted by lo: no cancellation, and no overflow in float64.
func zScores(s []float32, lo float32) (factor float64) {
	mean, square := 0.0, 0.0
	for _, v := range s {
		mean += float64(v) - float64(lo)
	}
	mean /= float64(len(s))
	for _, v := range s {
		d := float64(v) - float64(lo) - mean
		square += float64(d * d)
	}
	sigma := math.Sqrt(square / float64(len(s)))
	for i, v := range s {
		s[i] = float32((float64(v) - float64(lo) - mean) / sigma)
	}
	return 1 / sigma
}

// rankShares replaces s by the share of the other items that score lower, ties half.
func rankShares(w *fuseScratch, s []float32) {
	w.keys = w.keys[:0]
	for i, v := range s {
		w.keys = append(w.keys, uint64(topk.Key(v))<<32|uint64(i))
	}
	slices.Sort(w.keys)
	n := len(s)
	for a := 0; a < n; {
		e := a + 1
		for e < n && w.keys[e]>>32 == w.keys[a]>>32 {
			e++
		}
		share := float32((float64(a) + float64(e-a-1)/2) / float64(n-1))
		for ; a < e; a++ {
			s[uint32(w.keys[a])] = share
		}
	}
}

// AppendReasons appends the history items that speak for item; see the type for
// what the contributions add up to. Parts that cannot explain are silent. Cost:
// the Score of every part.
func (b *Blend) AppendReasons(dst []recommend.Reason, q recommend.Query, item int32, k int) ([]recommend.Reason, error) {
	if err := b.all().made("Blend.AppendReasons"); err != nil {
		return dst, err
	}
	votes := 0
	share := func(w *fuseScratch, part int) (float32, float64) {
		raw := w.scores[item]
		factor := b.normalize(w, part)
		if b.norm == MinMax && b.sparse[part] && !(raw > 0) {
			factor = 0 // cut off at 0: it says nothing
		}
		if w.scores[item] > 0 {
			votes++
		}
		return w.scores[item], factor
	}
	e := explanation{share: share, mean: true}
	if b.mnz {
		e.times = func() float32 { return float32(votes) }
	}
	return b.explain(dst, &q, item, k, e)
}

// AppendSimilar appends the items with the highest weighted mean of the parts'
// similarities, each part's divided by its highest, over the parts that can name
// similar items and the max(k, 100) best of each. ErrEmpty when no part can.
func (b *Blend) AppendSimilar(dst []recommend.Scored, item int32, k int) ([]recommend.Scored, error) {
	if err := b.all().made("Blend.AppendSimilar"); err != nil {
		return dst, err
	}
	return b.similar(dst, item, k, max(k, 100), true, func(rank int, s, best float32) float32 {
		if best > 0 {
			return max(s, 0) / best
		}
		return 0
	})
}

// AppendBinary appends the frame of b to dst; the parts are in it. ErrOption when
// one of them has no binary form.
func (b *Blend) AppendBinary(dst []byte) ([]byte, error) {
	if err := b.all().made("Blend.AppendBinary"); err != nil {
		return dst, err
	}
	return b.appendFrame(dst, codec.KindBlend, "Blend", func(w *codec.Writer) {
		w.Int(int(b.norm))
		w.Bool(b.mnz)
	})
}

// MarshalBinary returns the frame of b.
func (b *Blend) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; b is unchanged when it fails. It must not run
// beside other uses of b. Payload of version 1, little-endian:
//
//	parts of the hybrid:
//	  int      n, the number of parts, at least 1
//	  n times  f32 weight, finite and > 0; int length; the frame of the part, a
//	           model that ReadModel knows, of as many items as the first
//	int      normalisation, MinMax … Raw
//	byte     MNZ, 0 or 1; 1 with MinMax or RankShare only
//
// Anything else, hybrids nested more than 16 deep and bytes left over are
// ErrCorrupt, a newer version is ErrVersion; a part fails with its own error.
func (b *Blend) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("hybrid: Blend.UnmarshalBinary", b); err != nil {
		return err
	}
	return b.open(data, 1)
}

func (b *Blend) open(data []byte, depth int) error {
	norm, mnz := 0, false
	f, err := openFused(data, codec.KindBlend, "Blend", depth, func(r *codec.Reader, _ *fused) error {
		norm, mnz = r.Int(), r.Bool()
		return BlendOptions{Normalize: Normalization(norm), MNZ: mnz}.validate("Blend")
	})
	if err != nil {
		return err
	}
	*b = Blend{fused: f, norm: Normalization(norm), mnz: mnz}
	return nil
}
