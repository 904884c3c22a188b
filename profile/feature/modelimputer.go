package feature

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/vec"
)

// Regressor fits a model of the caller's to rows without gaps and their targets y, and
// returns the function that predicts: it appends one number a row to dst.
type Regressor func(ctx context.Context, rows [][]float64, y []float64) (predict func(dst []float64, rows [][]float64) ([]float64, error), err error)

// ModelImputer fills gaps by a model of each column from the others. It holds functions of
// the caller's and so has no binary form; it is as safe for concurrent use as they are.
type ModelImputer struct {
	base   *Imputer
	models []func(dst []float64, rows [][]float64) ([]float64, error) // nil of columns without gaps
}

// FitModelImputer calls fit for each column that has gaps in rows, n×d: on the rows that
// have the column, with the other columns, their own gaps filled by medians, as inputs. One
// column alone, or no fit, is ErrOption; errors of fit come back wrapped, the others are
// those of FitImputer.
func FitModelImputer(ctx context.Context, rows [][]float64, fit Regressor) (*ModelImputer, error) {
	const where = "feature: FitModelImputer"
	base, err := FitImputer(ctx, rows, ImputerOptions{Method: Median})
	if err == nil && (fit == nil || len(base.names) < 2) {
		err = fmt.Errorf("no model to fit, or one column: %w", ErrOption)
	}
	var full [][]float64
	if err == nil {
		full, err = base.Transform(nil, rows, nil)
	}
	if err != nil {
		if ctx.Err() == nil {
			err = fmt.Errorf("%s: %w", where, err)
		}
		return nil, err
	}
	m := &ModelImputer{base: base, models: make([]func([]float64, [][]float64) ([]float64, error), len(base.names))}
	for j := range m.models {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var with []int
		var y []float64
		for i, r := range rows {
			if !math.IsNaN(r[j]) {
				with, y = append(with, i), append(y, r[j])
			}
		}
		if len(with) == len(rows) {
			continue
		}
		if m.models[j], err = fit(ctx, without(full, with, j), y); err == nil && m.models[j] == nil {
			err = fmt.Errorf("fit returned nothing that predicts: %w", ErrOption)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: column %d: %w", where, j, err)
		}
	}
	return m, nil
}

// without returns the given rows without column j.
func without(rows [][]float64, which []int, j int) [][]float64 {
	out := vec.Rows(len(which), len(rows[0])-1)
	for k, i := range which {
		copy(out[k], rows[i][:j])
		copy(out[k][j:], rows[i][j+1:])
	}
	return out
}

// Transform appends to dst a copy of rows with gaps filled: by the model of the column, by
// its median where the fit saw no gap. A row of another length is ErrShape, ±Inf and a
// prediction that is not finite ErrNotFinite, predictions fewer or more than rows ErrShape;
// errors of the model come back wrapped. dst is then returned as it was.
func (m *ModelImputer) Transform(dst, rows [][]float64) ([][]float64, error) {
	const where = "feature: ModelImputer.Transform"
	if err := made(where, m != nil && m.base != nil); err != nil {
		return dst, err
	}
	full, err := m.base.Transform(nil, rows, nil)
	if err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	out := make([][]float64, len(full))
	for i := range full {
		out[i] = slices.Clone(full[i])
	}
	for j, predict := range m.models {
		var gaps []int
		for i, r := range rows {
			if math.IsNaN(r[j]) {
				gaps = append(gaps, i)
			}
		}
		if predict == nil || len(gaps) == 0 {
			continue
		}
		got, err := predict(nil, without(full, gaps, j))
		if err == nil {
			err = check.Len("predictions", len(got), len(gaps))
		}
		if err == nil {
			err = check.Slice("predictions", got)
		}
		if err != nil {
			return dst, fmt.Errorf("%s: column %d: %w", where, j, err)
		}
		for k, i := range gaps {
			out[i][j] = got[k]
		}
	}
	return append(dst, out...), nil
}
