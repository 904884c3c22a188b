package feature

import (
	"encoding"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Pipeline)(nil)
	_ encoding.BinaryMarshaler   = (*Pipeline)(nil)
	_ encoding.BinaryUnmarshaler = (*Pipeline)(nil)
)

// AppendBinary appends the binary form of p to dst, canonical. A pipeline that was not
// fitted is ErrEmpty, and dst is returned as it was.
func (p *Pipeline) AppendBinary(dst []byte) ([]byte, error) {
	const where = "feature: Pipeline.AppendBinary"
	if err := made(where, p != nil && len(p.numbers)+len(p.categories) > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Strings(p.numbers)
	w.Strings(p.categories)
	type stage struct {
		is bool
		of encoding.BinaryMarshaler
	}
	stages := []stage{{p.impute != nil, p.impute}, {p.cross != nil, p.cross}, {p.encode != nil, p.encode}, {p.scale != nil, p.scale}, {p.choose != nil, p.choose}, {p.project != nil, p.project}}
	if p.version() == 2 {
		stages = append(stages, stage{true, p.cut})
	}
	for _, stage := range stages {
		var frame []byte
		if stage.is {
			var err error
			if frame, err = stage.of.MarshalBinary(); err != nil {
				return dst, fmt.Errorf("%s: %w", where, err)
			}
		}
		w.Bytes(frame)
	}
	return w.AppendFrame(dst, codec.KindPipeline, p.version()), nil
}

// version is that of the first release that can read p, so that frames without bins stay as
// they were.
func (p *Pipeline) version() uint16 {
	if p.cut != nil {
		return 2
	}
	return 1
}

// MarshalBinary is AppendBinary to a new slice.
func (p *Pipeline) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary replaces p. Payload of versions 1 and 2, little-endian, lists after
// their length:
//
//	[]str  names of the numbers
//	[]str  names of the categories; one of the two is not empty
//	6×[]byte  frames of Imputer, Crosses, Encoder, Scaler, Selector and Projection, each
//	       empty where there is none; the Encoder where there are categories only. Each takes as
//	       many columns as the one before makes.
//	[]byte frame of Bins, which come behind the Crosses; only in version 2, and never empty
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; p is then unchanged. Memory grows with the bytes given.
func (p *Pipeline) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Pipeline.UnmarshalBinary", p); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindPipeline, 2)
	var fresh *Pipeline
	if err == nil {
		fresh, err = decodePipeline(r)
	}
	if err != nil {
		return fmt.Errorf("feature: Pipeline.UnmarshalBinary: %w", err)
	}
	*p = *fresh
	return nil
}

// decodePipeline reads a whole payload.
func decodePipeline(r *codec.Reader) (*Pipeline, error) {
	p := &Pipeline{numbers: r.Strings(), categories: r.Strings()}
	p.impute = stageOf[Imputer](r)
	p.cross = stageOf[Crosses](r)
	p.encode = stageOf[Encoder](r)
	p.scale = stageOf[Scaler](r)
	p.choose = stageOf[Selector](r)
	p.project = stageOf[Projection](r)
	if r.Version == 2 {
		if p.cut = stageOf[Bins](r); p.cut == nil {
			r.Fail("has no bins")
		}
	}
	if r.Err() == nil && !p.fits() {
		r.Fail("has stages that do not fit")
	}
	return p, r.Done()
}

// stageOf reads the frame of a stage, nil where it is empty.
func stageOf[T any, P interface {
	*T
	encoding.BinaryUnmarshaler
}](r *codec.Reader) *T {
	frame := r.Bytes()
	if r.Err() != nil || len(frame) == 0 {
		return nil
	}
	out := new(T)
	if err := P(out).UnmarshalBinary(frame); err != nil {
		r.Fail("has a stage that cannot be read")
		return nil
	}
	return out
}

// fits says whether each stage takes the columns that the one before makes.
func (p *Pipeline) fits() bool {
	d := len(p.numbers)
	if d+len(p.categories) == 0 || (p.encode != nil) != (len(p.categories) > 0) || p.encode != nil && len(p.encode.columns) != len(p.categories) {
		return false
	}
	ok := true
	if p.impute != nil {
		ok = ok && len(p.impute.names) == d && !slices.ContainsFunc(p.impute.method, ImputeMethod.needsGroups)
		d += len(p.impute.marked)
	}
	if p.cross != nil {
		ok = ok && len(p.cross.names) == d
		d += len(p.cross.crosses)
	}
	if p.cut != nil {
		ok = ok && len(p.cut.columns) == d
	}
	if p.encode != nil {
		d += p.encode.width()
	}
	if p.scale != nil {
		ok = ok && len(p.scale.names) == d
	}
	if p.choose != nil {
		ok = ok && len(p.choose.names) == d
		d = len(p.choose.kept)
	}
	return ok && (p.project == nil || len(p.project.shift) == d)
}
