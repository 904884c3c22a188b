package hybrid

import (
	"bytes"
	"fmt"
	"io"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/recommend"
)

// kinds has an empty hybrid of every kind, for recommend.ReadModel to decode into.
var kinds = map[codec.Kind]func() hybrid{
	codec.KindBlend:   func() hybrid { return &Blend{} },
	codec.KindRRF:     func() hybrid { return &RRF{} },
	codec.KindBorda:   func() hybrid { return &Borda{} },
	codec.KindCascade: func() hybrid { return &Cascade{} },
}

func init() {
	for kind := range kinds {
		codec.Register(kind, func(frame []byte) (any, error) { return decodePart(frame, 1) })
	}
}

// maxNesting is how deep hybrids of hybrids may go in a frame. Each level holds a
// copy of the levels below, so this bounds what hostile bytes cost.
const maxNesting = 16

// hybrid is a model whose frame holds frames of models; depth is 1 outside.
type hybrid interface {
	recommend.Persistent
	nesting() int
	open(data []byte, depth int) error
}

// nesting is 1 for a hybrid of plain models.
func (f *fused) nesting() int {
	deepest := 0
	for _, p := range f.parts {
		if n, ok := p.Model.(hybrid); ok {
			deepest = max(deepest, n.nesting())
		}
	}
	return deepest + 1
}

// appendFrame appends the frame of a hybrid: its parts, then what put writes.
func (f *fused) appendFrame(dst []byte, kind codec.Kind, name string, put func(w *codec.Writer)) ([]byte, error) {
	where := "hybrid: " + name + ".AppendBinary"
	if n := f.nesting(); n > maxNesting {
		return dst, fmt.Errorf("%s: hybrids of hybrids, %d deep, want at most %d: %w", where, n, maxNesting, ErrOption)
	}
	var w codec.Writer
	w.Int(len(f.parts))
	for k, p := range f.parts {
		m, ok := p.Model.(recommend.Persistent)
		if !ok {
			return dst, fmt.Errorf("%s: part %d is a %T, which has no binary form: %w", where, k, p.Model, ErrOption)
		}
		frame, err := m.MarshalBinary()
		if err != nil {
			return dst, fmt.Errorf("%s: part %d: %w", where, k, err)
		}
		w.Float32(p.Weight)
		w.Bytes(frame)
	}
	put(&w)
	return w.AppendFrame(dst, kind, 1), nil
}

// openFused opens what appendFrame wrote; get reads what put wrote and judges it
// with the parts.
func openFused(data []byte, kind codec.Kind, name string, depth int, get func(r *codec.Reader, f *fused) error) (fused, error) {
	where := "hybrid: " + name + ".UnmarshalBinary"
	r, err := codec.Open(data, kind, 1)
	if err != nil {
		return fused{}, fmt.Errorf("%s: %w", where, err)
	}
	if depth > maxNesting {
		r.Fail("nests hybrids too deep")
	}
	var parts []Weighted
	for k, n := 0, r.Int(); k < n && r.Err() == nil; k++ {
		weight, frame := r.Float32(), r.Bytes()
		if !(weight > 0) {
			r.Fail("has a weight that is not positive")
		}
		if r.Err() != nil {
			break
		}
		m, err := decodePart(frame, depth+1)
		if err != nil {
			return fused{}, fmt.Errorf("%s: part %d: %w", where, k, err)
		}
		parts = append(parts, Weighted{m, weight})
	}
	var f fused
	if r.Err() == nil {
		if f, err = newFused(parts, where); err != nil {
			r.Fail("has parts that do not go together")
		} else if get(r, &f) != nil {
			r.Fail("has a setting out of range")
		}
	}
	if err := r.Done(); err != nil {
		return fused{}, fmt.Errorf("%s: %w", where, err)
	}
	return f, nil
}

// decodePart decodes a frame, of a hybrid or of a plain model.
func decodePart(frame []byte, depth int) (recommend.Persistent, error) {
	if empty, ok := kinds[codec.KindOf(frame)]; ok {
		m := empty()
		if err := m.open(frame, depth); err != nil {
			return nil, err
		}
		return m, nil
	}
	r := bytes.NewReader(frame)
	m, err := recommend.ReadModel(r)
	switch {
	case err == io.EOF:
		return nil, fmt.Errorf("no frame: %w", ErrCorrupt)
	case err == nil && r.Len() > 0:
		return nil, fmt.Errorf("%d bytes after the frame: %w", r.Len(), ErrCorrupt)
	}
	return m, err
}
