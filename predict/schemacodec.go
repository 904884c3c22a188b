package predict

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// AppendBinary appends the schema as one frame, which models of other packages put into
// theirs. Errors: ErrEmpty for one without columns.
func (s *Schema) AppendBinary(dst []byte) ([]byte, error) {
	if s.Len() == 0 {
		return dst, fmt.Errorf("predict: Schema.AppendBinary: no columns: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Int(s.n)
	w.Strings(s.names)
	kinds := make([]byte, len(s.kinds))
	for j, k := range s.kinds {
		kinds[j] = byte(k)
	}
	w.Bytes(kinds)
	for j, k := range s.kinds {
		if k == Categorical {
			w.Strings(s.levels[j])
		}
	}
	w.Uint64(s.Hash())
	return w.AppendFrame(dst, codec.KindModelSchema, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (s *Schema) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s. Payload of version 1, little-endian:
//
//	int       n columns, 1 … 2³¹-1
//	[]string  n distinct names; none for x0, x1, …
//	[]byte    n kinds, 0 numeric or 1 categorical, not all 0; none where all are
//	[]string  of each categorical column its distinct levels, or none
//	uint64    Hash
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; s is then unchanged.
func (s *Schema) UnmarshalBinary(data []byte) error {
	const where = "predict: Schema.UnmarshalBinary"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindModelSchema, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	next := Schema{n: r.Int(), names: optional(r.Strings())}
	kinds := r.Bytes()
	switch {
	case r.Err() != nil:
	case next.n < 1 || next.n > maxColumns:
		r.Fail("number of columns")
	case next.names != nil && (checkNames(next.names, next.n) != nil || named(next.names) == nil):
		r.Fail("names")
	case len(kinds) != 0 && len(kinds) != next.n:
		r.Fail("kinds")
	case len(kinds) > 0:
		next.getKinds(r, kinds)
	}
	if hash := r.Uint64(); r.Err() == nil && hash != next.Hash() {
		r.Fail("hash of the columns")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*s = next
	return nil
}

// getKinds reads the levels of the columns that have some.
func (s *Schema) getKinds(r *codec.Reader, kinds []byte) {
	s.kinds, s.levels = make([]ColumnKind, s.n), make([][]string, s.n)
	categorical := false
	for j, k := range kinds {
		s.kinds[j] = ColumnKind(k)
		switch s.kinds[j] {
		case Numeric:
		case Categorical:
			categorical = true
			s.levels[j] = optional(r.Strings())
			if r.Err() == nil && checkNames(s.levels[j], len(s.levels[j])) != nil {
				r.Fail("levels")
			}
		default:
			r.Fail("kind of a column")
		}
		if r.Err() != nil {
			return
		}
	}
	if !categorical {
		r.Fail("kinds of numeric columns alone")
	}
}

// putSchema writes the schema of a model as a frame within its own.
func putSchema(w *codec.Writer, s *Schema) {
	frame, _ := s.AppendBinary(nil) // a model has columns
	w.Bytes(frame)
}

// namesOf reads what a linear model says of its columns: names in version 1, later the
// frame of its schema.
func namesOf(r *codec.Reader) (names []string, frame []byte) {
	if r.Version == 1 {
		return optional(r.Strings()), nil
	}
	return nil, r.Bytes()
}

// schemaOf is the schema of d columns that namesOf has read.
func schemaOf(r *codec.Reader, names []string, frame []byte, d int) (s Schema) {
	switch {
	case r.Err() != nil:
	case r.Version == 1 && checkNames(names, d) != nil:
		r.Fail("names")
	case r.Version == 1:
		return numeric(names, d)
	case s.UnmarshalBinary(frame) != nil || s.n != d || s.kinds != nil:
		r.Fail("schema")
	}
	return s
}
