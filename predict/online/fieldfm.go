package online

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// FieldFM is a field-aware factorisation machine (Juan et al. 2016): each feature has a vector for each
// namespace that the other may be of, as what an advertiser says about users is not what it says
// about sites. The score is
//
//	w₀ + Σ wᵢzᵢ + Σ_{i<j} vᵢ,f(j)·vⱼ,f(i) zᵢzⱼ
//
// and each number moves as those of FM do, which is how libffm does it; libffm has no w. O(features²·Factors) an example.
//
// It wins where categories of many levels meet, and overfits soon: use Fit with a validation part, which stops in time.
// A learner belongs to one goroutine; Snapshot gives the weights to any number of readers. The order of
// examples matters; the same examples in the same order make the same bytes. 8·(1+Factors·namespaces) bytes
// a weight.
type FieldFM struct{ m machine }

// NewFieldFM makes a machine that knows nothing. ErrEmpty (no space), ErrOption (also for a space with Crosses, which
// its vectors learn, or of one namespace, where FM is the same, and for more than 2^29 numbers).
func NewFieldFM(s *Space, opt FMOptions) (*FieldFM, error) {
	if len(s.namespaces()) == 1 {
		return nil, fmt.Errorf("online: NewFieldFM: a space of one namespace, where NewFM makes the same: %w", ErrOption)
	}
	m, err := newMachine("online: NewFieldFM", s, opt, len(s.namespaces()))
	if err != nil {
		return nil, err
	}
	return &FieldFM{m}, nil
}

// Learn predicts the label of a row, then learns it, and returns the prediction made before; as that of FTRL.
func (f *FieldFM) Learn(r *Row, y, weight float64) (float64, error) {
	return learn("FieldFM.Learn", f, r, y, weight)
}

// Predict returns the prediction of a row, a probability or a mean; as that of FTRL.
func (f *FieldFM) Predict(r *Row) (float64, error) { return predicted("FieldFM.Predict", f, r) }

// Progressive returns how good predictions were so far.
func (f *FieldFM) Progressive() Progressive { return f.of().progressive() }

// Space returns the space of its rows.
func (f *FieldFM) Space() *Space {
	if f == nil {
		return nil
	}
	return f.m.space
}

// Snapshot returns the weights of now, for readers. It copies 4·(1+Factors·namespaces) bytes a weight. nil for a
// learner that no constructor made.
func (f *FieldFM) Snapshot() *Snapshot {
	if !f.made() {
		return nil
	}
	return f.m.snapshot()
}

// AppendBinary appends the frame of f to dst. ErrEmpty for a learner that no constructor made.
func (f *FieldFM) AppendBinary(dst []byte) ([]byte, error) {
	if !f.made() {
		return dst, fmt.Errorf("online: FieldFM.AppendBinary: %w", ErrEmpty)
	}
	var w codec.Writer
	f.m.put(&w)
	return w.AppendFrame(dst, codec.KindFieldFM, 1), nil
}

// MarshalBinary returns the frame of f: 8·(1+Factors·namespaces) bytes a weight.
func (f *FieldFM) MarshalBinary() ([]byte, error) { return f.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; f is unchanged when it fails, and goes on learning where the other
// stopped when it does not. The payload of version 1 is that of FM, its table of one vector a namespace.
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a frame of
// something else ErrMismatch.
func (f *FieldFM) UnmarshalBinary(data []byte) error {
	const where = "online: FieldFM.UnmarshalBinary"
	if err := check.Receiver(where, f); err != nil {
		return err
	}
	return f.m.decode(where, data, codec.KindFieldFM, true)
}

// of is the machine, nil of nil.
func (f *FieldFM) of() *machine {
	if f == nil {
		return nil
	}
	return &f.m
}

func (f *FieldFM) made() bool          { return f != nil && f.m.made() }
func (f *FieldFM) over() *Space        { return f.m.space }
func (f *FieldFM) loss() Loss          { return f.m.opt.Loss }
func (f *FieldFM) count() *Progressive { return &f.m.told }
func (f *FieldFM) scratch() int        { return f.m.factors }
func (f *FieldFM) steps(n int) int     { return f.m.steps(n) }

func (f *FieldFM) score(x example, room []float32) float64 { return f.m.score(x, room) }

func (f *FieldFM) learn(x example, y, weight float64) (score, mean float64, ok bool) {
	return f.m.learn(x, y, weight)
}

func (f *FieldFM) clone() Learner { return &FieldFM{f.m.copy()} }

func (f *FieldFM) become(other Learner) { *f = *other.(*FieldFM) }
