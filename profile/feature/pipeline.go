package feature

import (
	"context"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
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
	// Bins cuts numbers and crosses, whose gaps it needs no Impute for. Where it looks at the class,
	// y is 0 and 1. Bins know the targets of the rows that they were fitted to: with WOE each
	// tells of a share of these rows, MinShare at least.
	Bins *BinOptions
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
	cut                 *Bins
	encode              *Encoder
	scale               *Scaler
	choose              *Selector
	project             *Projection
}

// FitPipeline fits the stages of opt to rows, n×d numbers with NaN for missing, and cells,
// n×c strings with "" for missing; either may be nil or empty. y, the target, is read by TargetMean,
// Select and Bins and may be nil where they do not need it. It returns the training rows as the model is to
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
	if err == nil && opt.Bins != nil {
		now, err = p.fitBins(ctx, now, names, y, *opt.Bins)
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
	const none = "none, since there are no numbers"
	c.Require(o.Impute == nil || rows != nil, "Impute", "given", none)
	c.Require(len(o.Crosses) == 0 || rows != nil, "Crosses", "given", none)
	c.Require(o.Bins == nil || rows != nil, "Bins", "given", none)
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

// fitBins cuts the training rows, by the class where the methods or WOE need it.
func (p *Pipeline) fitBins(ctx context.Context, rows [][]float64, names []string, y []float64, opt BinOptions) (out [][]float64, err error) {
	opt.Names = names
	var class []bool
	if opt.supervised() {
		if err := check.Len("y", len(y), len(rows)); err != nil {
			return nil, err
		}
		if err := check.Slice("y", y); err != nil {
			return nil, err
		}
		class = make([]bool, len(y))
		for i, v := range y {
			if class[i] = v == 1; v != 0 && v != 1 {
				return nil, check.Private("target of Bins, want 0 or 1", int64(i), nil, v, ErrRange)
			}
		}
	}
	if p.cut, err = FitBins(ctx, rows, class, opt); err != nil {
		return nil, err
	}
	return p.cut.Transform(nil, rows)
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
	if err == nil && p.cut != nil {
		now, err = p.cut.Transform(nil, now)
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
