package predict_test

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
	"github.com/aislekit/aisle/predict/tree"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// fitted is what cannot fail.
func fitted[M any](m M, err error) M {
	must(err)
	return m
}

// weeklySales are the weekly units of the articles of online-retail, those that sold most first, cancelled
// lines taken off or not, with the lines of orders and the sums of roots of their units as what is known when a week is over, and the calendar
// beforehand; the last week, which is not whole, is left out.
func weeklySales(t *testing.T, net bool) []forecast.Series {
	t.Helper()
	file, err := os.Open(testkit.Shared(t, "data", "online-retail", "online_retail.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(plain).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	const weeks = 53
	start := time.Date(2010, 12, 1, 0, 0, 0, 0, time.UTC)
	sold, told := map[string][]float64{}, map[string]*orders{}
	total := map[string]float64{}
	for _, row := range rows[1:] {
		code := row[1]
		if len(code) < 5 || strings.Trim(code[:5], "0123456789") != "" { // postage, fees
			continue
		}
		units, err := strconv.ParseFloat(row[3], 64)
		must(err)
		at, err := time.Parse("2006-01-02 15:04:05", row[4])
		must(err)
		if units < 0 && !net || strings.HasPrefix(row[0], "C") && !net {
			continue
		}
		w := int(at.Sub(start) / (7 * 24 * time.Hour))
		if w >= weeks {
			continue
		}
		if sold[code] == nil {
			sold[code] = make([]float64, weeks)
			told[code] = &orders{lines: make([]float64, weeks), roots: make([]float64, weeks), largest: make([]float64, weeks)}
		}
		if units > 0 {
			o := told[code]
			o.lines[w]++
			o.roots[w] += math.Sqrt(units)
			o.largest[w] = max(o.largest[w], units)
		}
		sold[code][w] += units
		total[code] += units
	}
	codes := make([]string, 0, len(sold))
	for code := range sold {
		codes = append(codes, code)
	}
	slices.SortFunc(codes, func(a, b string) int {
		if total[a] != total[b] {
			return -int(math.Copysign(1, total[a]-total[b]))
		}
		return strings.Compare(a, b)
	})
	out := make([]forecast.Series, len(codes))
	dates := weeksOfTrade(weeks)
	for i := range out {
		out[i].Y = sold[codes[i]]
		out[i].Past = told[codes[i]].usual(sold[codes[i]])
		out[i].Known = dates
		for w, v := range out[i].Y {
			out[i].Y[w] = max(v, 0)
		}
	}
	return out
}

// weeksOfTrade are columns of the calendar that the shop knew beforehand: the days on which it is open, and the
// weeks of the year.
func weeksOfTrade(n int) [][]float64 {
	day := func(year, month, day int) forecast.Date {
		return forecast.Date{Year: year, Month: time.Month(month), Day: day}
	}
	var closed []forecast.Date
	for d := 24; d <= 31; d++ {
		closed = append(closed, day(2010, 12, d))
	}
	closed = append(closed, day(2011, 1, 1), day(2011, 1, 2), day(2011, 1, 3), day(2011, 4, 22), day(2011, 4, 23), day(2011, 4, 24), day(2011, 4, 25), day(2011, 4, 29), day(2011, 5, 2), day(2011, 5, 30), day(2011, 8, 29))
	trade := fitted(forecast.NewBusiness(forecast.BusinessOptions{Weekend: []time.Weekday{time.Saturday}, Holidays: map[string][]forecast.Date{"closed": closed}}))
	columns, _, err := forecast.CalendarColumns(day(2010, 12, 1), n, forecast.CalendarOptions{Unit: forecast.Weeks, BusinessDays: true, Business: trade})
	must(err)
	week := make([]float64, n)
	for t := range week {
		week[t] = math.Mod(float64(t)+48.5, 365.25/7)
	}
	return append(columns, week)
}

// orders are the lines of orders of an article in each week, the sums of roots of their units, and the largest.
type orders struct{ lines, roots, largest []float64 }

// usual are columns of how many lines of orders there were and how large: the logarithms of the mean of the last four
// weeks, of the last one and of the last thirteen against it; how much of what was sold the largest line of the last four weeks and of the
// last thirteen was, the logarithm of the units of those, and how long the article has been sold.
func (o *orders) usual(units []float64) (out [][]float64) {
	mean := func(x []float64, t, n int) float64 {
		sum, k := 0.0, 0.0
		for i := max(t-n+1, 0); i <= t; i++ {
			sum += x[i]
			k++
		}
		return sum/k + .5
	}
	out = make([][]float64, 9)
	age := 0.0
	for t := range units {
		if age > 0 || units[t] > 0 {
			age++
		}
		l4, r4 := mean(o.lines, t, 4), mean(o.roots, t, 4)
		for k, v := range []float64{mean(o.lines, t, 1) / l4, mean(o.lines, t, 13) / l4, mean(o.roots, t, 1) / r4, mean(o.roots, t, 13) / r4, r4 / l4, mean(units, t, 13)} {
			out[k] = append(out[k], math.Log(max(v, .01)))
		}
		for k, n := range []int{4, 13} {
			last := o.largest[max(t-n+1, 0) : t+1]
			out[6+k] = append(out[6+k], slices.Max(last)/(mean(units, t, n)*float64(len(last))))
		}
		out[8] = append(out[8], min(age, 60))
	}
	return out
}

// TestBestSellers holds robust levels, fits over all articles, what combines them and FitAuto beside the
// mean of the last four weeks on the 200 best-selling articles of online-retail, eight cuts, one, four
// and eight weeks ahead. Each cut knows what came before it alone. The 200 are those that had sold most when the forecast was made; of
// those that had at the end of the year, whom nobody knew, it foresees too little, as it must: they stand beside.
// Measured, all combined, one and four weeks ahead: .867 and .866; of the end of the year, four weeks: .909.
//
//	AISLE_LONG=1 go test -v -timeout 90m -run BestSellers ./predict
func TestBestSellers(t *testing.T) {
	testkit.Long(t)
	for _, net := range []bool{false, true} {
		for _, hindsight := range []bool{false, true} {
			for _, h := range []int{1, 4, 8} {
				t.Run(fmt.Sprintf("net=%t/hindsight=%t/h=%d", net, hindsight, h), func(t *testing.T) {
					names, miss := rolling(weeklySales(t, net), h, hindsight)
					for m, name := range names {
						ratio := miss[m] / miss[0]
						t.Logf("%-15s %.3f of the last four weeks' error", name, ratio)
						ceiling := 1.
						if m >= len(names)-2 && !hindsight && !net { // the combinations
							ceiling = .9
						}
						if m > 1 && ratio > ceiling {
							t.Errorf("%s %.3f", name, ratio)
						}
					}
				})
			}
		}
	}
}

// rolling are the absolute errors of each method over eight cuts.
func rolling(sales []forecast.Series, h int, hindsight bool) (names []string, miss []float64) {
	const cuts, sellers = 8, 200
	step := min(h, 4)
	for c := range cuts {
		n := len(sales[0].Y) - h - c*step
		best := func(n, k int) []forecast.Series {
			order := slices.Clone(sales)
			sold := func(s forecast.Series) (sum float64) {
				for _, v := range s.Y[:n] {
					sum += v
				}
				return sum
			}
			slices.SortStableFunc(order, func(a, b forecast.Series) int { return cmp.Compare(sold(b), sold(a)) })
			return order[:k]
		}
		judged := n
		if hindsight {
			judged = len(sales[0].Y)
		}
		series := best(judged, sellers)
		more := best(n, 3*sellers) // the boosting learns of them, too
		for i := range series {
			series[i] = series[i].Until(n+h, 0)
		}
		all := foreseers(h, more)
		r := fitted(forecast.Backtest(context.Background(), series, all, forecast.BacktestOptions{Horizon: h, Cuts: 1, Level: -1, MinHistory: 9}))
		if miss == nil {
			miss = make([]float64, len(all))
		}
		for m, method := range all {
			if c == 0 {
				names = append(names, method.Name)
			}
			if f := fitted(r.Score(m)).Failures; f > 0 {
				panic(method.Name)
			}
			for i, s := range series {
				for j, v := range fitted(r.Forecast(nil, m, i, 0)) {
					miss[m] += math.Abs(s.Y[n+j] - v)
				}
			}
		}
	}
	return names, miss
}

// foreseers are the mean of the last four weeks and what is to beat it: single methods and, at last, combinations.
func foreseers(h int, more []forecast.Series) []forecast.Method {
	boost := forecast.LagOptions{Horizon: h, Learner: boosted, Lags: []int{1, 2, 3, 4, 5, 6, 7, 8}, Windows: []int{2, 4, 6, 8, 13}}
	var once []forecast.Fitted // there is one cut
	boosting := forecast.Method{Name: "boosting", FitPanel: func(ctx context.Context, s []forecast.Series) ([]forecast.Fitted, error) {
		if once != nil {
			return once, nil
		}
		panel := slices.Clone(s)
		for _, x := range more {
			x = x.Until(len(s[0].Y), h)
			x.Known = s[0].Known
			panel = append(panel, x)
		}
		fits, err := forecast.FitLags(ctx, panel, boost)
		if err != nil {
			return nil, err
		}
		once = fits[:len(s)]
		return once, nil
	}}
	combined := func(name string, methods []forecast.Method) forecast.Method {
		return forecast.Method{Name: name, FitPanel: func(ctx context.Context, s []forecast.Series) ([]forecast.Fitted, error) {
			models := make([][]forecast.Forecaster, len(s))
			for _, m := range methods {
				p, err := forecast.FitPanel(ctx, s, []forecast.Method{m}, forecast.PanelOptions{})
				if err != nil {
					return nil, err
				}
				for i, f := range p.Fits {
					must(f.Err)
					models[i] = append(models[i], f.Model)
				}
			}
			out := make([]forecast.Fitted, len(s))
			for i := range s {
				out[i].Model = fitted(forecast.Combine(models[i], slices.Repeat([]float64{1}, len(methods))))
			}
			return out, nil
		}}
	}
	levels := combined("levels and lags", weekly(h))
	out := append([]forecast.Method{
		{Name: "last four weeks", Fit: forecast.With(forecast.FitMean, forecast.MeanOptions{Window: 4})},
		{Name: "auto", Fit: forecast.With(forecast.FitAuto, forecast.AutoOptions{Horizon: h, NonNegative: true})},
	}, weekly(h)...)
	return append(out, boosting, levels, combined("all", []forecast.Method{levels, boosting}))
}

// boosted is a Learner: boosted trees of absolute errors.
func boosted(ctx context.Context, rows [][]float64, y []float64) (func([]float64) float64, error) {
	m, err := tree.FitBoost(ctx, rows, y, tree.BoostOptions{
		Loss: tree.LossQuantile, Leaves: 15, MinRows: 60, L2: 5, RowShare: .7, ColumnShare: .5, Bins: 63, Seed: 1,
	})
	if err != nil {
		return nil, err
	}
	return func(row []float64) float64 { return fitted(m.Predict(nil, [][]float64{row}))[0] }, nil
}

// weekly are methods for units a week, which single large orders do not move much: the level of roots, medians, and what all articles
// together learn from their last weeks.
func weekly(h int) []forecast.Method {
	out := []forecast.Method{{Name: "root", Fit: forecast.With(forecast.FitMean, forecast.MeanOptions{HalfLife: 2.4, Root: true})}}
	for _, w := range []int{4, 6, 8} {
		out = append(out, forecast.Method{Name: "median of " + strconv.Itoa(w), Fit: forecast.With(forecast.FitMean, forecast.MeanOptions{Window: w, Median: true})})
	}
	lags := forecast.LagOptions{Horizon: h, Learner: median, Lags: []int{1, 2, 3, 4, 5, 6, 8}}
	return append(out, forecast.Method{Name: "lags", FitPanel: func(ctx context.Context, s []forecast.Series) ([]forecast.Fitted, error) {
		return forecast.FitLags(ctx, s, lags)
	}})
}

// median is a Learner: the linear function of least absolute errors, by weighted least squares in turn.
func median(_ context.Context, rows [][]float64, y []float64) (func([]float64) float64, error) {
	k := len(rows[0]) + 1
	at := func(row []float64, j int) float64 {
		if j == 0 {
			return 1
		}
		return row[j-1]
	}
	b, w := make([]float64, k), make([]float64, len(y))
	for i := range w {
		w[i] = 1
	}
	for range 25 {
		a := make([]float64, k*(k+1))
		for j := range k {
			a[j*(k+1)+j] = 1e-3 * float64(len(y))
		}
		a[0] = 1e-9
		for i, row := range rows {
			for j := range k {
				v := w[i] * at(row, j)
				for l := range k {
					a[j*(k+1)+l] += v * at(row, l)
				}
				a[j*(k+1)+k] += v * y[i]
			}
		}
		for j := range k { // Gauss: the matrix is positive definite
			for l := range k {
				if f := a[l*(k+1)+j] / a[j*(k+1)+j]; l != j {
					for c := j; c <= k; c++ {
						a[l*(k+1)+c] -= f * a[j*(k+1)+c]
					}
				}
			}
		}
		for j := range b {
			b[j] = a[j*(k+1)+k] / a[j*(k+1)+j]
		}
		for i, row := range rows {
			e := y[i]
			for j := range k {
				e -= b[j] * at(row, j)
			}
			w[i] = 1 / max(math.Abs(e), .05)
		}
	}
	return func(row []float64) float64 {
		s := 0.0
		for j := range k {
			s += b[j] * at(row, j)
		}
		return s
	}, nil
}
