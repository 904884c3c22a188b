package main

import (
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/predict/forecast"
)

// ahead is how many weeks are foreseen.
const ahead = 8

// path is a forecast that was made week by week.
type path []float64

// Forecast appends the next h weeks.
func (p path) Forecast(dst []float64, h int) ([]float64, error) {
	if h < 1 || h > len(p) {
		return dst, forecast.ErrRange
	}
	return append(dst, p[:h]...), nil
}

// Quantiles has nothing to say: stock is planned by the errors of the past.
func (p path) Quantiles(dst []float64, _ int, _ []float64) ([]float64, error) {
	return dst, forecast.ErrUndefined
}

// foresee forecasts every product by the method that did best on the eight weeks before the cut:
// means of last weeks, or what its category does by season and price. series are as long as the
// history of the shop, missing before a product was listed, with the planned price as a column.
func foresee(ctx context.Context, series []forecast.Series) (paths [][]float64, name string, err error) {
	methods := []forecast.Method{{Name: "the season and the prices of each category", FitPanel: byCategory}}
	for _, w := range []struct {
		name  string
		weeks int
	}{{"the mean of the last 4 weeks", 4}, {"the mean of the last 13 weeks", 13}, {"the mean of the last 26 weeks", 26}, {"the mean of all weeks", 0}} {
		methods = append(methods, forecast.Method{Name: w.name, Fit: forecast.With(forecast.FitMean, forecast.MeanOptions{Window: w.weeks})})
	}
	best := len(methods) - 1 // where nothing can be judged
	if r, err := forecast.Backtest(ctx, series, methods, forecast.BacktestOptions{Horizon: ahead, Cuts: 1, MinHistory: 4, Level: -1}); err == nil {
		if best, err = nearest(r, len(series), len(methods)); err != nil {
			return nil, "", err
		}
	} else if ctx.Err() != nil {
		return nil, "", err
	}
	fits, err := forecast.FitPanel(ctx, series, methods[best:best+1], forecast.PanelOptions{})
	if err != nil {
		return nil, "", err
	}
	paths = make([][]float64, len(series))
	for i, f := range fits.Fits {
		if f.Err != nil {
			continue // never seen with stock
		}
		if paths[i], err = f.Model.Forecast(nil, ahead); err != nil {
			return nil, "", err
		}
	}
	return paths, methods[best].Name, nil
}

// nearest is the method whose sums over the weeks after the cut were least off.
func nearest(r *forecast.BacktestResult, series, methods int) (best int, err error) {
	least := math.Inf(1)
	var came, said []float64
	for m := range methods {
		off := 0.0
		for s := range series {
			if came, err = r.Actual(came[:0], s, 0); err != nil {
				return 0, err
			}
			if said, err = r.Forecast(said[:0], m, s, 0); err != nil {
				return 0, err
			}
			e := 0.0
			for k, v := range came {
				if d := v - said[k]; d == d { // not listed, or out of stock
					e += d
				}
			}
			off += math.Abs(e)
		}
		if off < least {
			least, best = off, m
		}
	}
	return best, nil
}

// byCategory fits one regression to all weeks of all products of a category, which Fixed[0] numbers:
// counts by the usual sales of the product, the price against the list price where it is planned
// (Known[0]) and, after a year, the season. What a product sells beside that moves its own level.
func byCategory(ctx context.Context, series []forecast.Series) ([]forecast.Fitted, error) {
	groups := make(map[float64][]int)
	for i, s := range series {
		groups[s.Fixed[0]] = append(groups[s.Fixed[0]], i)
	}
	out := make([]forecast.Fitted, len(series))
	for _, members := range groups {
		if err := category(ctx, series, members, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// columns are what a week of a product is foreseen by.
func columns(dst []float64, s *forecast.Series, usual float64, t int, season bool) ([]float64, error) {
	dst = append(dst, math.Log(usual))
	if len(s.Known) > 0 {
		dst = append(dst, s.Known[0][t])
	}
	if season {
		return forecast.AppendFourier(dst, t, 365.25/7, 1)
	}
	return dst, nil
}

// category foresees the products of one category.
func category(ctx context.Context, series []forecast.Series, members []int, out []forecast.Fitted) error {
	n := len(series[members[0]].Y)
	usual := usualSales(series, members)
	season := n >= 52
	// Week after week, so that later ones weigh more: half after fifteen weeks.
	var stacked forecast.Series
	var row []float64
	var err error
	for t := range n {
		for k, i := range members {
			s := &series[i]
			if row, err = columns(row[:0], s, usual[k], t, season); err != nil {
				return err
			}
			if stacked.Known == nil {
				stacked.Known = make([][]float64, len(row))
			}
			for c, v := range row {
				stacked.Known[c] = append(stacked.Known[c], v)
			}
			stacked.Y = append(stacked.Y, s.Y[t])
			stacked.Censored = append(stacked.Censored, s.Censored[t])
		}
	}
	m, err := forecast.FitRegression(ctx, stacked, forecast.RegressionOptions{Log: true, HalfLife: 15 * float64(len(members))})
	if err != nil {
		for _, i := range members {
			out[i].Err = err
		}
		return ctx.Err()
	}
	fitted, err := m.Fitted(nil)
	if err != nil {
		return err
	}
	for block := range slices.Chunk(numbers(len(members)), forecast.MaxHorizon/ahead) {
		plan := make([][]float64, len(stacked.Known))
		for _, k := range block {
			for t := n; t < n+ahead; t++ {
				if row, err = columns(row[:0], &series[members[k]], usual[k], t, season); err != nil {
					return err
				}
				for c, v := range row {
					plan[c] = append(plan[c], v)
				}
			}
		}
		planned, err := m.Scenario(plan)
		if err != nil {
			return err
		}
		mean, err := planned.Forecast(nil, ahead*len(block))
		if err != nil {
			return err
		}
		for b, k := range block {
			own := ownLevel(stacked, fitted, k, len(members))
			p := make(path, ahead)
			for j := range p {
				p[j] = own * mean[b*ahead+j]
			}
			out[members[k]].Model = p
		}
	}
	return nil
}

// usualSales are the means of the products, drawn to that of all as by two weeks of it.
func usualSales(series []forecast.Series, members []int) []float64 {
	sum, weeks := make([]float64, len(members)), make([]float64, len(members))
	all, allWeeks := 0.0, 0.0
	for k, i := range members {
		for _, v := range series[i].Demand(nil) {
			if v == v {
				sum[k] += v
				weeks[k]++
			}
		}
		all += sum[k]
		allWeeks += weeks[k]
	}
	mean := (all + .5) / (allWeeks + 1)
	for k := range sum {
		sum[k] = (sum[k] + 2*mean) / (weeks[k] + 2)
	}
	return sum
}

// ownLevel is what product k of n sold against what was foreseen, later weeks weighing more, drawn
// to 1 as by three pieces.
func ownLevel(stacked forecast.Series, fitted []float64, k, n int) float64 {
	sold, said := 3., 3.
	weeks := len(stacked.Y) / n
	for t := range weeks {
		i := t*n + k
		if v := stacked.Y[i]; v == v && !stacked.Censored[i] {
			w := math.Exp2(-float64(weeks-1-t) / 26)
			sold += w * v
			said += w * fitted[i]
		}
	}
	return sold / said
}

// numbers are 0 to n−1.
func numbers(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
