package feature

import (
	"context"
	"encoding"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/vec"
)

// PipelineOptions configures FitPipeline: a stage that is nil is left out. Stages run in
// the order of the fields, each on what the one before made; their own Names are not read.
type PipelineOptions struct {
	// Numbers and Categories name the columns of rows and cells, no two alike. Default
	// "column 0", … and "category 0", ….
	Numbers, Categories []string
	// Impute fills gaps of the numbers, by a method that needs no groups.
	Impute *ImputerOptions
	// Crosses are appended to the numbers, by their names.
	Crosses []Cross
	// Encode makes columns of the categories, which stand behind the numbers. Without it
	// there must be no categories.
	Encode *EncoderOptions
	// Folds are those of EncodeOutOfFold, for the training rows that FitPipeline returns
	// and fits the later stages to. TargetMean needs them.
	Folds []int
	// Scale scales numbers and encoded columns.
	Scale *ScalerOptions
	// Select keeps columns by what they tell about y.
	Select *SelectorOptions
	// PCA makes components of them, "component 0", ….
	PCA *PCAOptions
}

// Pipeline is the way from raw rows to those that a model takes, fitted once and stored as
// one. It is immutable and safe for concurrent use.
type Pipeline struct {
	numbers, categories []string
	impute              *Imputer
	cross               *Crosses
	encode              *Encoder
	scale               *Scaler
	choose              *Selector
	project             *Projection
}

// FitPipeline fits the stages of opt to rows, n×d numbers with NaN for missing, and cells,
// n×c strings with "" for missing; either may be nil or empty. y, the target, is read by TargetMean
// and Select and may be nil without them. It returns the training rows as the model is to
// see them, with target encodings out of fold where Folds are given, and the pipeline for all other rows. Fit it on the training rows of each fold of a
// cross-validation: predict.CrossValidate takes a function that does.
//
// No rows is ErrEmpty, lists of different lengths ErrShape, two columns of one name, given
// or made by a stage, ErrDuplicate, an option ErrOption; other errors are those of the stages.
func FitPipeline(ctx context.Context, rows [][]float64, cells [][]string, y []float64, opt PipelineOptions) ([][]float64, *Pipeline, error) {
	out, p, err := fitPipeline(ctx, rows, cells, y, opt)
	if err != nil {
		if ctx.Err() == nil {
			err = fmt.Errorf("feature: FitPipeline: %w", err)
		}
		return nil, nil, err
	}
	return out, p, nil
}

// fitPipeline fits stage by stage, each to what the ones before make of the rows.
func fitPipeline(ctx context.Context, rows [][]float64, cells [][]string, y []float64, opt PipelineOptions) ([][]float64, *Pipeline, error) {
	n := max(len(rows), len(cells))
	if len(rows) == 0 {
		rows = nil
	}
	if len(cells) == 0 {
		cells = nil
	}
	p := &Pipeline{}
	var err error
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	if err := opt.check(n, rows, cells, y); err != nil {
		return nil, nil, err
	}
	if rows != nil {
		if p.numbers, err = rowNames(ctx, rows, opt.Numbers); err != nil {
			return nil, nil, err
		}
	}
	now, names := rows, p.numbers
	if opt.Impute != nil {
		o := *opt.Impute
		o.Names = names
		if p.impute, err = FitImputer(ctx, now, o); err == nil {
			now, err = p.impute.Transform(nil, now, nil)
			names = p.impute.Names()
		}
	}
	if err == nil && len(opt.Crosses) > 0 {
		if p.cross, err = NewCrosses(names, opt.Crosses); err == nil {
			now, err = p.cross.Transform(nil, now)
			names = p.cross.Names()
		}
	}
	if err == nil && cells != nil {
		var coded [][]float64
		if coded, err = p.fitEncoder(ctx, cells, y, opt); err == nil {
			now, names = beside(now, coded), slices.Concat(names, p.encode.Names())
		}
	}
	if err == nil {
		if err = unique(slices.Concat(p.numbers, p.categories)); err == nil {
			err = unique(names)
		}
	}
	if err == nil && opt.Scale != nil {
		o := *opt.Scale
		o.Names = names
		if p.scale, err = FitScaler(ctx, now, o); err == nil {
			now, err = p.scale.Transform(nil, now)
		}
	}
	if err == nil && opt.Select != nil {
		o := *opt.Select
		o.Names = names
		if p.choose, err = FitSelector(ctx, now, y, o); err == nil {
			now, err = p.choose.Transform(nil, now)
			names = p.choose.Names()
		}
	}
	if err == nil && opt.PCA != nil {
		o := *opt.PCA
		o.Names = names
		if p.project, err = FitPCA(ctx, now, o); err == nil {
			now, err = p.project.Transform(nil, now)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if len(now) > 0 && n > 0 && rows != nil && &now[0] == &rows[0] {
		now = beside(now, nil) // a copy, as of every stage
	}
	return now, p, nil
}

// check refuses lists of different lengths and stages that lack what they need.
func (o *PipelineOptions) check(n int, rows [][]float64, cells [][]string, y []float64) error {
	if n == 0 {
		return fmt.Errorf("no rows: %w", ErrEmpty)
	}
	for name, k := range map[string]int{"rows": len(rows), "cells": len(cells)} {
		if k > 0 && k != n {
			return fmt.Errorf("%s: %d, want %d: %w", name, k, n, ErrShape)
		}
	}
	if y != nil {
		if err := check.Len("y", len(y), n); err != nil {
			return err
		}
	}
	if o.Folds != nil {
		if err := check.Len("Folds", len(o.Folds), n); err != nil {
			return err
		}
	}
	var c check.Options
	c.Require(cells == nil || o.Encode != nil, "Encode", o.Encode, "given, since there are categories")
	c.Require(o.Impute == nil && len(o.Crosses) == 0 || rows != nil, "Impute", o.Impute, "nil, and no Crosses, since there are no numbers")
	if o.Impute != nil {
		methods := o.Impute.methods()
		c.Require(!slices.ContainsFunc(methods, ImputeMethod.needsGroups), "Impute", methods, "of methods without groups")
	}
	if o.Encode != nil && o.Folds == nil {
		methods := []EncodeMethod{o.Encode.Method}
		for _, m := range o.Encode.Methods {
			methods = append(methods, m)
		}
		c.Require(!slices.Contains(methods, TargetMean), "Folds", o.Folds, "given, since TargetMean would leak")
	}
	return c.Err("options")
}

// fitEncoder encodes the training cells, out of fold where there are folds.
func (p *Pipeline) fitEncoder(ctx context.Context, cells [][]string, y []float64, opt PipelineOptions) (out [][]float64, err error) {
	o := *opt.Encode
	if o.Names = opt.Categories; o.Names == nil {
		for j := range cells[0] {
			o.Names = append(o.Names, fmt.Sprintf("category %d", j))
		}
	}
	p.categories = slices.Clone(o.Names)
	if opt.Folds != nil {
		out, p.encode, err = EncodeOutOfFold(ctx, nil, cells, y, opt.Folds, o)
		return out, err
	}
	if p.encode, err = FitEncoder(ctx, cells, y, o); err != nil {
		return nil, err
	}
	return p.encode.Transform(nil, cells)
}

// beside returns new rows of the columns of a and b, either of which may have no rows.
func beside(a, b [][]float64) [][]float64 {
	n, d, e := max(len(a), len(b)), 0, 0
	if len(a) > 0 {
		d = len(a[0])
	}
	if len(b) > 0 {
		e = len(b[0])
	}
	out := vec.Rows(n, d+e)
	for i := range out {
		if d > 0 {
			copy(out[i], a[i])
		}
		if e > 0 {
			copy(out[i][d:], b[i])
		}
	}
	return out
}

// Names returns the columns that Transform makes.
func (p *Pipeline) Names() []string {
	if p == nil {
		return nil
	}
	if p.project != nil {
		var out []string
		for k := range len(p.project.weights) / len(p.project.shift) {
			out = append(out, fmt.Sprintf("component %d", k))
		}
		return out
	}
	if p.choose != nil {
		return p.choose.Names()
	}
	return p.made()
}

// made names the columns before any are left out.
func (p *Pipeline) made() []string {
	names := slices.Clone(p.numbers)
	if p.impute != nil {
		names = p.impute.Names()
	}
	if p.cross != nil {
		names = p.cross.Names()
	}
	return slices.Concat(names, p.encode.Names())
}

// Transform appends to dst what the stages make of rows and cells, as many as rows; what
// the fit had none of may be nil. A row of another length, or lists of different lengths,
// are ErrShape, ±Inf ErrNotFinite, other errors those of the stages; dst is then returned as
// it was. A level not seen, and a gap in a column without one, are as the stages say.
func (p *Pipeline) Transform(dst, rows [][]float64, cells [][]string) ([][]float64, error) {
	const where = "feature: Pipeline.Transform"
	if err := made(where, p != nil && len(p.numbers)+len(p.categories) > 0); err != nil {
		return dst, err
	}
	out, err := p.run(rows, cells)
	if err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	return append(dst, out...), nil
}

// run is Transform to new rows.
func (p *Pipeline) run(rows [][]float64, cells [][]string) (now [][]float64, err error) {
	n := max(len(rows), len(cells))
	if len(p.numbers) > 0 {
		err = check.Len("rows", len(rows), n)
	} else {
		err = check.Len("rows", len(rows), 0)
	}
	if err == nil && p.encode != nil {
		err = check.Len("cells", len(cells), n)
	} else if err == nil {
		err = check.Len("cells", len(cells), 0)
	}
	if err == nil {
		err = width(rows, len(p.numbers))
	}
	now = rows
	if err == nil && p.impute != nil {
		now, err = p.impute.Transform(nil, now, nil)
	}
	if err == nil && p.cross != nil {
		now, err = p.cross.Transform(nil, now)
	}
	var coded [][]float64
	if err == nil && p.encode != nil {
		coded, err = p.encode.Transform(nil, cells)
	}
	if now = beside(now, coded); err == nil && p.scale != nil {
		now, err = p.scale.Transform(nil, now)
	}
	if err == nil && p.choose != nil {
		now, err = p.choose.Transform(nil, now)
	}
	if err == nil && p.project != nil {
		now, err = p.project.Transform(nil, now)
	}
	return now, err
}

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
	for _, stage := range []struct {
		is bool
		of encoding.BinaryMarshaler
	}{{p.impute != nil, p.impute}, {p.cross != nil, p.cross}, {p.encode != nil, p.encode}, {p.scale != nil, p.scale}, {p.choose != nil, p.choose}, {p.project != nil, p.project}} {
		var frame []byte
		if stage.is {
			var err error
			if frame, err = stage.of.MarshalBinary(); err != nil {
				return dst, fmt.Errorf("%s: %w", where, err)
			}
		}
		w.Bytes(frame)
	}
	return w.AppendFrame(dst, codec.KindPipeline, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (p *Pipeline) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary replaces p. Payload of version 1, little-endian, lists after their
// length:
//
//	[]str  names of the numbers
//	[]str  names of the categories; one of the two is not empty
//	6×[]byte  frames of Imputer, Crosses, Encoder, Scaler, Selector and Projection, each
//	       empty where there is none; the Encoder where there are categories only. Each takes as
//	       many columns as the one before makes.
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; p is then unchanged. Memory grows with the bytes given.
func (p *Pipeline) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Pipeline.UnmarshalBinary", p); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindPipeline, 1)
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
