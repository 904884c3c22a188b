package hybrid

import (
	"errors"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/recommend"
)

var (
	_ recommend.Persistent   = (*Cascade)(nil)
	_ recommend.Meaner       = (*Cascade)(nil)
	_ recommend.SparseScorer = (*Cascade)(nil)
	_ recommend.OrderReader  = (*Cascade)(nil)
	_ recommend.Explainer    = (*Cascade)(nil)
)

// CascadeOptions configures NewCascade.
type CascadeOptions struct {
	Depth int // how many candidates are re-scored; default 200
}

// Cascade lets a cheap model choose candidates and a good one rank them (Burke
// 2002): the best Depth items of the first score what the second says, all other
// items minus infinity. An Engine leaves those to its next source, a Ranker puts
// them last, and a Blend takes them for the lowest candidate. Where the second
// knows nothing about a query the first one's scores of the candidates stand.
//
// Candidates are the best among the items that are eligible for the request
// (Query.Eligible): no filter, cap or earlier source starves the second stage.
// Immutable, safe for concurrent use.
type Cascade struct {
	fused
	depth int
}

// NewCascade returns the cascade. Errors: ErrOption (a nil model, Depth),
// ErrMismatch (models of different catalogues).
func NewCascade(candidates, ranker recommend.Model, opt CascadeOptions) (*Cascade, error) {
	const where = "hybrid: NewCascade"
	opt.Depth = check.Default(opt.Depth, 200)
	f, err := newFused(unweighted([]recommend.Model{candidates, ranker}), where)
	if err != nil {
		return nil, err
	}
	var c check.Options
	check.Positive(&c, "Depth", opt.Depth)
	if err := c.Err(where); err != nil {
		return nil, err
	}
	return &Cascade{fused: f, depth: min(opt.Depth, f.items)}, nil
}

// Meaning says what a score stands for; nothing before there are parts.
func (m *Cascade) Meaning() string {
	if m.all().made("") != nil {
		return ""
	}
	return "of the candidates: " + meaningOf(m.parts[1].Model)
}

// SparseScores is false: items that are no candidates score minus infinity, so
// that 0 is a score like any other.
func (*Cascade) SparseScores() bool { return false }

// Score writes the second model's scores of the first one's candidates. ErrEmpty
// when the first knows nothing about the query.
func (m *Cascade) Score(dst []float32, q recommend.Query) error {
	if err := m.all().made("Cascade.Score"); err != nil {
		return err
	}
	if err := checkQuery(dst, &q, m.items); err != nil {
		return err
	}
	w := m.pool.Get().(*fuseScratch)
	defer m.pool.Put(w)
	if err := m.parts[0].Model.Score(w.scores, m.form(0, &q, &w.set)); err != nil {
		return err
	}
	w.items = bestOf(&w.heap, w.items[:0], w.scores, m.depth, m.sparse[0], q.Eligible)
	err := m.parts[1].Model.Score(w.scores, m.form(1, &q, &w.set))
	if err != nil && !errors.Is(err, ErrEmpty) {
		return fmt.Errorf("hybrid: Cascade.Score: %w", err)
	}
	for i := range dst {
		dst[i] = float32(math.Inf(-1))
	}
	for _, it := range w.items {
		if dst[it.ID] = it.Score; err == nil {
			dst[it.ID] = w.scores[it.ID]
		}
	}
	return nil
}

// AppendReasons asks the second model, and the first where the second cannot say
// anything.
func (m *Cascade) AppendReasons(dst []recommend.Reason, q recommend.Query, item int32, k int) ([]recommend.Reason, error) {
	if err := m.all().made("Cascade.AppendReasons"); err != nil {
		return dst, err
	}
	var set recommend.Query
	for part := 1; part >= 0; part-- {
		ex, ok := m.parts[part].Model.(recommend.Explainer)
		if !ok {
			continue
		}
		out, err := ex.AppendReasons(dst, m.form(part, &q, &set), item, k)
		if !errors.Is(err, ErrEmpty) {
			return out, err
		}
	}
	return dst, errSilent
}

// AppendBinary appends the frame of m to dst; the parts are in it. ErrOption when
// one of them has no binary form.
func (m *Cascade) AppendBinary(dst []byte) ([]byte, error) {
	if err := m.all().made("Cascade.AppendBinary"); err != nil {
		return dst, err
	}
	return m.appendFrame(dst, codec.KindCascade, "Cascade", func(w *codec.Writer) {
		w.Int(m.depth)
	})
}

// MarshalBinary returns the frame of m.
func (m *Cascade) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of version 1, little-endian: the parts as in
// Blend.UnmarshalBinary, then
//
//	int      Depth, 1 … items; the parts are two, the one that chooses candidates first
//
// Anything else, hybrids nested more than 16 deep and bytes left over are
// ErrCorrupt, a newer version is ErrVersion; a part fails with its own error.
func (m *Cascade) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("hybrid: Cascade.UnmarshalBinary", m); err != nil {
		return err
	}
	return m.open(data, 1)
}

func (m *Cascade) open(data []byte, depth int) error {
	n := 0
	d, err := openFused(data, codec.KindCascade, "Cascade", depth, func(r *codec.Reader, d *fused) error {
		if n = r.Int(); n < 1 || n > d.items || len(d.parts) != 2 {
			return ErrRange
		}
		return nil
	})
	if err != nil {
		return err
	}
	*m = Cascade{fused: d, depth: n}
	return nil
}
