package hybrid

import (
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/recommend"
)

var (
	_ recommend.Persistent   = (*RRF)(nil)
	_ recommend.Meaner       = (*RRF)(nil)
	_ recommend.SparseScorer = (*RRF)(nil)
	_ recommend.OrderReader  = (*RRF)(nil)
	_ recommend.Similar      = (*RRF)(nil)
	_ recommend.Explainer    = (*RRF)(nil)
)

// RRFOptions configures NewRRF.
type RRFOptions struct {
	K     float64 // damps the first ranks, > 0; default 60
	Depth int     // how many items of each model count; default 1000
}

func (o RRFOptions) withDefaults() RRFOptions {
	o.K = check.Default(o.K, 60)
	o.Depth = check.Default(o.Depth, 1000)
	return o
}

func (o RRFOptions) validate(where string) error {
	var c check.Options
	check.Positive(&c, "K", o.K)
	check.Positive(&c, "Depth", o.Depth)
	return c.Err(where)
}

// RRF fuses the rankings of several models by reciprocal rank (Cormack, Clarke
// and Büttcher 2009): the score of an item is Σ weight/(K + rank) over the
// models that have it among their best Depth items, rank from 1, equal scores
// ranked by index. It needs no normalisation, which makes it hard to beat
// without tuning. All other items score 0; so do items of which a SparseScorer
// knows nothing, and items to which a part gives minus infinity, which is no score
// (Cascade, Func), as in every hybrid. A model that knows nothing about a query
// (ErrEmpty) is left out.
//
// The ranks are those among all items: items that a filter removes later still
// hold their place.
//
// Reasons divide each model's share of the score among the history in
// proportion to the model's positive contributions: they add up to the score
// when every model can explain. Immutable, safe for concurrent use.
type RRF struct {
	fused
	opt RRFOptions
}

// NewRRF returns the fusion of parts. Errors are those of NewBlend.
func NewRRF(parts []Weighted, opt RRFOptions) (*RRF, error) {
	const where = "hybrid: NewRRF"
	opt = opt.withDefaults()
	f, err := newFused(parts, where)
	if err != nil {
		return nil, err
	}
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	return &RRF{fused: f, opt: opt}, nil
}

// Meaning says what a score stands for.
func (*RRF) Meaning() string { return "weighted sum of reciprocal ranks" }

// SparseScores is true: items on no list score 0.
func (*RRF) SparseScores() bool { return true }

func (f *RRF) value(rank int) float32 { return float32(1 / (f.opt.K + float64(rank))) }

// Score writes Σ weight/(K + rank); ErrEmpty when no part knows the query. Cost:
// the Score of every part and a selection of Depth items.
func (f *RRF) Score(dst []float32, q recommend.Query) error {
	if err := f.all().made("RRF.Score"); err != nil {
		return err
	}
	_, err := f.scoreRanks(dst, q, ranking{false, f.opt.Depth, f.value})
	return err
}

// AppendReasons appends the history items that speak for item; see the type.
// Cost: the Score of every part.
func (f *RRF) AppendReasons(dst []recommend.Reason, q recommend.Query, item int32, k int) ([]recommend.Reason, error) {
	if err := f.all().made("RRF.AppendReasons"); err != nil {
		return dst, err
	}
	return f.explainRanks(dst, &q, item, k, ranking{false, f.opt.Depth, f.value})
}

// AppendSimilar appends the items with the highest Σ weight/(K + rank) over the
// Depth most similar items of each part that can name them. ErrEmpty when no
// part can.
func (f *RRF) AppendSimilar(dst []recommend.Scored, item int32, k int) ([]recommend.Scored, error) {
	if err := f.all().made("RRF.AppendSimilar"); err != nil {
		return dst, err
	}
	return f.similar(dst, item, k, f.opt.Depth, false, func(rank int, _, _ float32) float32 { return f.value(rank) })
}

// AppendBinary appends the frame of f to dst; the parts are in it. ErrOption when
// one of them has no binary form.
func (f *RRF) AppendBinary(dst []byte) ([]byte, error) {
	if err := f.all().made("RRF.AppendBinary"); err != nil {
		return dst, err
	}
	return f.appendFrame(dst, codec.KindRRF, "RRF", func(w *codec.Writer) {
		w.Float64(f.opt.K)
		w.Int(f.opt.Depth)
	})
}

// MarshalBinary returns the frame of f.
func (f *RRF) MarshalBinary() ([]byte, error) { return f.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; f is unchanged when it fails. It must not run
// beside other uses of f. Payload of version 1, little-endian: the parts as in
// Blend.UnmarshalBinary, then
//
//	f64      K, finite and > 0
//	int      Depth, > 0
//
// Anything else, hybrids nested more than 16 deep and bytes left over are
// ErrCorrupt, a newer version is ErrVersion; a part fails with its own error.
func (f *RRF) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("hybrid: RRF.UnmarshalBinary", f); err != nil {
		return err
	}
	return f.open(data, 1)
}

func (f *RRF) open(data []byte, depth int) error {
	var opt RRFOptions
	d, err := openFused(data, codec.KindRRF, "RRF", depth, func(r *codec.Reader, _ *fused) error {
		opt = RRFOptions{K: r.Float64(), Depth: r.Int()}
		return opt.validate("RRF")
	})
	if err != nil {
		return err
	}
	*f = RRF{fused: d, opt: opt}
	return nil
}
