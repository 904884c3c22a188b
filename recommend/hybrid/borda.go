package hybrid

import (
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/recommend"
)

var (
	_ recommend.Persistent   = (*Borda)(nil)
	_ recommend.Meaner       = (*Borda)(nil)
	_ recommend.SparseScorer = (*Borda)(nil)
	_ recommend.OrderReader  = (*Borda)(nil)
	_ recommend.Similar      = (*Borda)(nil)
	_ recommend.Explainer    = (*Borda)(nil)
)

// BordaOptions configures NewBorda.
type BordaOptions struct {
	Depth int // how many items of each model get points; default 1000
}

// Borda fuses the rankings of several models by points (de Borda 1781, Aslam and
// Montague 2001): the first of a model's best Depth items gets 1, the second
// (Depth-1)/Depth, and so on to the last with 1/Depth; all other items get 0. The
// score is the weighted mean over the models that know the query. Depth counts at
// most the items there are. For points over the whole catalogue with ties halved,
// see Blend with RankShare.
//
// Sparse parts, unknown queries, filters and reasons as in RRF. Immutable, safe
// for concurrent use.
type Borda struct {
	fused
	depth int
}

// NewBorda returns the fusion of parts. Errors are those of NewBlend.
func NewBorda(parts []Weighted, opt BordaOptions) (*Borda, error) {
	const where = "hybrid: NewBorda"
	opt.Depth = check.Default(opt.Depth, 1000)
	f, err := newFused(parts, where)
	if err != nil {
		return nil, err
	}
	var c check.Options
	check.Positive(&c, "Depth", opt.Depth)
	if err := c.Err(where); err != nil {
		return nil, err
	}
	return &Borda{fused: f, depth: min(opt.Depth, f.items)}, nil
}

// Meaning says what a score stands for.
func (*Borda) Meaning() string { return "weighted mean of the parts' points, 1 for a first place" }

// SparseScores is true: items on no list score 0.
func (*Borda) SparseScores() bool { return true }

func (f *Borda) value(rank int) float32 { return float32(f.depth-rank+1) / float32(f.depth) }

// Score writes the mean points; ErrEmpty when no part knows the query. Cost: the
// Score of every part and a selection of Depth items.
func (f *Borda) Score(dst []float32, q recommend.Query) error {
	if err := f.all().made("Borda.Score"); err != nil {
		return err
	}
	total, err := f.scoreRanks(dst, q, ranking{true, f.depth, f.value})
	if err != nil {
		return err
	}
	for i := range dst {
		dst[i] /= total
	}
	return nil
}

// AppendReasons appends the history items that speak for item; see the type.
// Cost: the Score of every part.
func (f *Borda) AppendReasons(dst []recommend.Reason, q recommend.Query, item int32, k int) ([]recommend.Reason, error) {
	if err := f.all().made("Borda.AppendReasons"); err != nil {
		return dst, err
	}
	return f.explainRanks(dst, &q, item, k, ranking{true, f.depth, f.value})
}

// AppendSimilar appends the items with the most points over the Depth most
// similar items of each part that can name them. ErrEmpty when no part can.
func (f *Borda) AppendSimilar(dst []recommend.Scored, item int32, k int) ([]recommend.Scored, error) {
	if err := f.all().made("Borda.AppendSimilar"); err != nil {
		return dst, err
	}
	return f.similar(dst, item, k, f.depth, true, func(rank int, _, _ float32) float32 { return f.value(rank) })
}

// AppendBinary appends the frame of f to dst; the parts are in it. ErrOption when
// one of them has no binary form.
func (f *Borda) AppendBinary(dst []byte) ([]byte, error) {
	if err := f.all().made("Borda.AppendBinary"); err != nil {
		return dst, err
	}
	return f.appendFrame(dst, codec.KindBorda, "Borda", func(w *codec.Writer) {
		w.Int(f.depth)
	})
}

// MarshalBinary returns the frame of f.
func (f *Borda) MarshalBinary() ([]byte, error) { return f.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; f is unchanged when it fails. It must not run
// beside other uses of f. Payload of version 1, little-endian: the parts as in
// Blend.UnmarshalBinary, then
//
//	int      Depth, 1 … items
//
// Anything else, hybrids nested more than 16 deep and bytes left over are
// ErrCorrupt, a newer version is ErrVersion; a part fails with its own error.
func (f *Borda) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("hybrid: Borda.UnmarshalBinary", f); err != nil {
		return err
	}
	return f.open(data, 1)
}

func (f *Borda) open(data []byte, depth int) error {
	n := 0
	d, err := openFused(data, codec.KindBorda, "Borda", depth, func(r *codec.Reader, d *fused) error {
		if n = r.Int(); n < 1 || n > d.items {
			return ErrRange
		}
		return nil
	})
	if err != nil {
		return err
	}
	*f = Borda{fused: d, depth: n}
	return nil
}
