package forecast

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Series is one of many, with what is known beside its values. Series that are given together
// end in the same period.
type Series struct {
	// Y is one value a period, NaN where it is missing.
	Y []float64
	// Censored marks periods whose value is only the least that was wanted, such as those of a
	// stock-out: they are no demand of 0. As long as Y; nil for none.
	Censored []bool
	// Known are columns that are known beforehand, such as calendar, planned prices and
	// promotions: Known[k][t] is that of period t, and reaches as far behind the last period
	// of Y as is planned. NaN where unknown.
	Known [][]float64
	// Past are columns that are known only when a period is over, such as visits: as long as Y.
	Past [][]float64
	// Fixed are attributes that do not change, such as a price class.
	Fixed []float64
}

// check refuses columns that do not fit to the values.
func (s Series) check(where string) (observed int, err error) {
	if observed, err = checkSeries(where, s.Y); err != nil {
		return 0, err
	}
	if s.Censored != nil && len(s.Censored) != len(s.Y) {
		return 0, fmt.Errorf("%s: Censored has %d periods, Y %d: %w", where, len(s.Censored), len(s.Y), ErrShape)
	}
	for k, x := range s.Known {
		if len(x) < len(s.Y) {
			return 0, fmt.Errorf("%s: Known[%d] has %d periods, Y %d: %w", where, k, len(x), len(s.Y), ErrShape)
		}
		if err := checkColumn(where, fmt.Sprintf("Known[%d]", k), x); err != nil {
			return 0, err
		}
	}
	for k, x := range s.Past {
		if len(x) != len(s.Y) {
			return 0, fmt.Errorf("%s: Past[%d] has %d periods, Y %d: %w", where, k, len(x), len(s.Y), ErrShape)
		}
		if err := checkColumn(where, fmt.Sprintf("Past[%d]", k), x); err != nil {
			return 0, err
		}
	}
	return observed, checkColumn(where, "Fixed", s.Fixed)
}

func checkColumn(where, name string, x []float64) error {
	for t, v := range x {
		if math.IsInf(v, 0) {
			return fmt.Errorf("%s: %s[%d] is infinite: %w", where, name, t, ErrNotFinite)
		}
		if math.Abs(v) > maxValue {
			return fmt.Errorf("%s: %s[%d] is beyond ±%g: %w", where, name, t, maxValue, ErrRange)
		}
	}
	return nil
}

// Until returns what was known after the first n periods to somebody who plans the next h:
// values, censoring and Past of those n, Known of n+h. Nothing is copied. n and h are cut to what
// there is.
func (s Series) Until(n, h int) Series {
	n, h = max(0, min(n, len(s.Y))), max(0, min(h, MaxHorizon))
	s.Y = s.Y[:n:n]
	s.Censored = s.Censored[:min(n, len(s.Censored)):min(n, len(s.Censored))]
	if len(s.Censored) == 0 {
		s.Censored = nil
	}
	cut := func(columns [][]float64, n int) [][]float64 {
		out := make([][]float64, len(columns))
		for k, x := range columns {
			n := min(n, len(x))
			out[k] = x[:n:n]
		}
		return out
	}
	s.Known, s.Past = cut(s.Known, n+h), cut(s.Past, n)
	return s
}

// Demand appends the values with the censored ones missing, as methods that see values alone
// shall see them.
func (s Series) Demand(dst []float64) []float64 {
	n := len(dst)
	dst = append(dst, s.Y...)
	for t, c := range s.Censored {
		if c && t < len(s.Y) {
			dst[n+t] = math.NaN()
		}
	}
	return dst
}

// Method is a named way to forecast, of which one of the two functions is given.
type Method struct {
	// Name tells it from others.
	Name string
	// Fit sees one series with its columns; With makes it.
	Fit Fit
	// FitPanel sees all series at once, and returns a model or an error for each. What it
	// keeps or changes of them is its own.
	FitPanel func(ctx context.Context, series []Series) ([]Fitted, error)
}

// checkMethods refuses methods without exactly one function.
func checkMethods(where string, methods []Method) error {
	if len(methods) == 0 {
		return fmt.Errorf("%s: no methods: %w", where, ErrEmpty)
	}
	for i, m := range methods {
		if (m.Fit != nil) == (m.FitPanel != nil) {
			return fmt.Errorf("%s: method %d %q wants one of Fit and FitPanel: %w", where, i, m.Name, ErrOption)
		}
	}
	return nil
}

// one fits a method of single series.
func (m *Method) one(ctx context.Context, s Series) (Forecaster, error) {
	f, err := m.Fit(ctx, s)
	if err == nil && check.Missing(f) {
		err = fmt.Errorf("forecast: method %q returns no model: %w", m.Name, ErrEmpty)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// all fits a method of a whole panel to the series that are listed.
func (m *Method) all(ctx context.Context, series []Series, which []int) ([]Fitted, error) {
	part := make([]Series, len(which))
	for i, s := range which {
		part[i] = series[s]
	}
	fits, err := m.FitPanel(ctx, part)
	if err != nil {
		return nil, err
	}
	if len(fits) != len(which) {
		return nil, fmt.Errorf("forecast: method %q returns %d models for %d series: %w", m.Name, len(fits), len(which), ErrShape)
	}
	fits = slices.Clone(fits)
	for i := range fits {
		if fits[i].Err == nil && check.Missing(fits[i].Model) {
			fits[i] = Fitted{Err: fmt.Errorf("forecast: method %q returns no model: %w", m.Name, ErrEmpty)}
		}
	}
	return fits, nil
}

// checkPanel refuses series that cannot be told or no series at all.
func checkPanel(where string, series []Series) error {
	if len(series) == 0 {
		return fmt.Errorf("%s: no series: %w", where, ErrEmpty)
	}
	for i, s := range series {
		if len(s.Y) == 0 {
			continue // has no cut to be tested at
		}
		if _, err := s.check(fmt.Sprintf("%s: series %d", where, i)); err != nil && !isEmpty(err) {
			return err
		}
	}
	return nil
}
