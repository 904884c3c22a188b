package predict_test

import (
	"context"
	"errors"
	"math"
	"strconv"

	"github.com/aislekit/aisle/predict/modeltest"
	"github.com/aislekit/aisle/predict/online"
)

// columns are the namespaces of the rows of modeltest, of which the last holds categories.
var columns = []string{"a", "b", "c", "d", "category"}

var errColumns = errors.New("rows of another width")

// featured makes features of columns: a missing value is none.
func featured(row *online.Row, values []float64) error {
	if len(values) != len(columns) {
		return errColumns
	}
	row.Reset()
	for j, v := range values {
		switch {
		case math.IsNaN(v):
		case j == len(columns)-1:
			row.Add(columns[j], strconv.FormatFloat(v, 'g', -1, 64), 1)
		default:
			row.Add(columns[j], "", v)
		}
	}
	return nil
}

// streamed lets a learner go over the rows as they came.
func streamed[L online.Learner](epochs int, start func(s *online.Space) (L, error)) func(ctx context.Context, d modeltest.Data) (L, error) {
	return func(ctx context.Context, d modeltest.Data) (none L, err error) {
		space, err := online.NewSpace(online.SpaceOptions{Bits: 8, Namespaces: columns})
		if err != nil {
			return none, err
		}
		m, err := start(space)
		if err != nil {
			return none, err
		}
		if len(d.Y) != len(d.Rows) {
			return none, errColumns
		}
		var rows online.Rows
		row := space.Row()
		for i, values := range d.Rows {
			if err := featured(row, values); err != nil {
				return none, err
			}
			if err := rows.Add(row, d.Y[i], 1); err != nil {
				return none, err
			}
		}
		_, err = online.Fit(ctx, m, &rows, nil, online.FitOptions{Epochs: epochs, InOrder: true})
		return m, err
	}
}

// answering predicts rows, each call by a row of its own.
func answering[L online.Learner](m L) func(dst []float64, rows [][]float64) ([]float64, error) {
	return func(dst []float64, rows [][]float64) ([]float64, error) {
		row, out := m.Space().Row(), dst
		for _, values := range rows {
			if err := featured(row, values); err != nil {
				return dst, err
			}
			p, err := m.Predict(row)
			if err != nil {
				return dst, err
			}
			out = append(out, p)
		}
		return out, nil
	}
}

// conformanceOnline are the learners of predict/online, which are as others are but for the order of rows.
func conformanceOnline() map[string]modeltest.Case {
	clicks := modeltest.Case{Classes: 2, Missing: true, Categorical: true, Ordered: true}
	amounts := clicks
	amounts.Classes = 0
	ftrl := func(opt online.FTRLOptions) func(ctx context.Context, d modeltest.Data) (*online.FTRL, error) {
		return streamed(1, func(s *online.Space) (*online.FTRL, error) { return online.NewFTRL(s, opt) })
	}
	fm := func(opt online.FMOptions) func(ctx context.Context, d modeltest.Data) (*online.FM, error) {
		return streamed(10, func(s *online.Space) (*online.FM, error) { return online.NewFM(s, opt) })
	}
	fieldFM := func(opt online.FMOptions) func(ctx context.Context, d modeltest.Data) (*online.FieldFM, error) {
		return streamed(10, func(s *online.Space) (*online.FieldFM, error) { return online.NewFieldFM(s, opt) })
	}
	return map[string]modeltest.Case{
		"FTRL":                   conforming(clicks, ftrl(online.FTRLOptions{}), answering[*online.FTRL]),
		"FTRL, drawn":            conforming(clicks, ftrl(online.FTRLOptions{L1: .1, L2: .1, MinRate: .01, Negatives: .5, Seed: 1}), answering[*online.FTRL]),
		"FTRL, amounts":          conforming(amounts, ftrl(online.FTRLOptions{Loss: online.Squared}), answering[*online.FTRL]),
		"FM":                     conforming(clicks, fm(online.FMOptions{}), answering[*online.FM]),
		"FM, amounts":            conforming(amounts, fm(online.FMOptions{Loss: online.Squared, Normalize: true}), answering[*online.FM]),
		"field-aware FM":         conforming(clicks, fieldFM(online.FMOptions{}), answering[*online.FieldFM]),
		"field-aware FM, amount": conforming(amounts, fieldFM(online.FMOptions{Loss: online.Squared}), answering[*online.FieldFM]),
	}
}
