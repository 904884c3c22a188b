package testkit

import (
	"errors"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
)

// A Payload is a good frame, field by field, and the decoder it is for.
type Payload struct {
	Kind    codec.Kind
	Version uint16 // 0 for 1
	Fields  []Field
	Decode  func(frame []byte) error
}

// A Field is one step of a payload.
type Field struct {
	Name string
	Put  func(w *codec.Writer)
}

// Refuse tests that the payload decodes as it is, and that with any field of bad
// replaced it is refused with want: every check of a decoder by name.
func (p Payload) Refuse(t *testing.T, want error, bad map[string][]func(w *codec.Writer)) {
	t.Helper()
	if err := p.Decode(p.frame("", nil)); err != nil {
		t.Fatalf("the good payload: %v", err)
	}
	for name, puts := range bad {
		if !slices.ContainsFunc(p.Fields, func(f Field) bool { return f.Name == name }) {
			t.Fatalf("no field %s", name)
		}
		for i, put := range puts {
			if err := p.Decode(p.frame(name, put)); !errors.Is(err, want) {
				t.Errorf("%s, case %d: %v, want %v", name, i, err, want)
			}
		}
	}
}

// frame writes all fields, the one of that name by put.
func (p Payload) frame(name string, put func(w *codec.Writer)) []byte {
	var w codec.Writer
	for _, f := range p.Fields {
		if f.Name == name {
			put(&w)
		} else {
			f.Put(&w)
		}
	}
	return w.AppendFrame(nil, p.Kind, max(p.Version, 1))
}
