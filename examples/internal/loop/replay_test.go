package loop

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
	"github.com/aislekit/aisle/supply/reorder"
)

// The replay: a unit is TypicalPrice minor units of sales, of which it costs three quarters, orders take two
// weeks and are placed every week, what is not there is lost. Other costs as in settings.go.
const (
	replayCost = .75 * TypicalPrice
	replayLead = 2
)

// replayed is what became of one series from an origin on.
type replayed struct {
	margin, lost float64
	outs         int
}

// TestReplayWalmart lets the ordering half live through real demand: weekly sales of departments
// of 45 stores (walmart-weekly), orders by predict/forecast beside orders by the trailing
// mean, to the same service with the same costs, from three origins half a year long, the
// first with Thanksgiving and Christmas in it. The form of the regression was chosen on the
// stores of odd number; those of even number are compared.
//
//	AISLE_LONG=1 go test -v -run Replay ./examples/internal/loop
func TestReplayWalmart(t *testing.T) {
	testkit.Long(t)
	series, dates := walmart(t)
	for _, odd := range []bool{true, false} {
		for _, origin := range []int{91, 104, 117} {
			var margin, outs []float64
			sum := [2]replayed{}
			for _, s := range series {
				if s.odd != odd {
					continue
				}
				a, err := replay(s.units, dates, origin, true)
				if err != nil {
					t.Fatal(err)
				}
				b, err := replay(s.units, dates, origin, false)
				if err != nil {
					t.Fatal(err)
				}
				// In relation to what all demand would earn: the margin of a series may be about 0.
				all := 0.0
				for _, v := range s.units[origin:min(origin+26, len(s.units))] {
					all += v * (TypicalPrice - replayCost)
				}
				margin = append(margin, 100*(a.margin-b.margin)/all)
				outs = append(outs, float64(a.outs-b.outs))
				for k, x := range []replayed{a, b} {
					sum[k].margin += x.margin
					sum[k].lost += x.lost
					sum[k].outs += x.outs
				}
			}
			m, err := difference(margin)
			if err != nil {
				t.Fatal(err)
			}
			o, err := difference(outs)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("odd %v, %d series from %s: margin by forecasts %.0f, by the trailing mean %.0f, series by series %s %% of what all demand would earn; weeks out of stock %d and %d, by %s a series; lost units %.0f and %.0f",
				odd, len(margin), dates[origin].Format(time.DateOnly), sum[0].margin/1e5, sum[1].margin/1e5, m, sum[0].outs, sum[1].outs, o, sum[0].lost, sum[1].lost)
			if !odd && (m.Low <= 0 || o.High >= 0) {
				t.Errorf("from %s: margin %s %%, weeks out of stock %s", dates[origin].Format(time.DateOnly), m, o)
			}
		}
	}
}

// replay orders for a series from an origin for 26 weeks.
func replay(units []float64, dates []time.Time, origin int, byForecast bool) (replayed, error) {
	var r replayed
	var view outlook
	sales, out := slices.Clone(units[:origin]), make([]bool, origin)
	onHand, due := 0.0, make([]float64, len(units)+replayLead+1)
	for week := origin; week < min(origin+26, len(units)); week++ {
		onHand += due[week]
		s := reorder.Stock[int]{OnHand: onHand, Lead: replayLead, Multiple: 1}
		if byForecast {
			if (week-origin)%refitEvery == 0 {
				var err error
				if view, err = foreseeDates(forecast.Series{Y: sales, Censored: out}, dates, week); err != nil {
					return r, err
				}
			}
			s.Forecast, s.SDs = view.at(week)
			s.Correlation = view.last
		} else {
			mean, sd := meanSD(sales[max(0, week-TrailWeeks):])
			s.Forecast, s.SD = []float64{mean}, sd
		}
		for _, x := range due[week+1:] {
			s.OnOrder += x
		}
		plan, err := reorder.Plan([]reorder.Stock[int]{s}, reorder.PlanOptions{CycleService: Service, Review: 1})
		if err != nil {
			return r, err
		}
		if line := plan.Lines()[0]; line.Reorder {
			if week == origin {
				onHand = line.Quantity // where it starts: the stock that it wants
			} else {
				due[min(week+replayLead, len(due)-1)] += line.Quantity
				r.margin -= OrderCost
			}
		}
		sold := min(units[week], onHand)
		onHand -= sold
		lost := units[week] - sold
		r.lost += lost
		if lost > 0 {
			r.outs++
		}
		r.margin += sold*(TypicalPrice-replayCost) - onHand*replayCost*HoldingYear/52 - lost*TypicalPrice*ShortageShare
		sales, out = append(sales, sold), append(out, lost > 0)
	}
	return r, nil
}

// foreseeDates is foresee with the weeks of Thanksgiving and before Christmas as columns.
func foreseeDates(s forecast.Series, dates []time.Time, week int) (outlook, error) {
	s.Known = make([][]float64, 3)
	for t := range week + horizon {
		d := dates[0].AddDate(0, 0, 7*t)
		for k, is := range []bool{
			d.Month() == time.November && d.Day() >= 22 && d.Day() <= 28, // the week to the Friday of Thanksgiving
			d.Month() == time.December && d.Day() <= 18,
			d.Month() == time.December && d.Day() > 18 && d.Day() <= 25,
		} {
			v := 0.0
			if is {
				v = 1
			}
			s.Known[k] = append(s.Known[k], v)
		}
	}
	return fitOutlook(context.Background(), s, week, forecast.RegressionOptions{Log: true, Seasons: []float64{52.18}, Harmonics: []int{3}, HalfLife: 52})
}

func meanSD(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean) / max(1, float64(len(x)-1))
	}
	return mean, math.Sqrt(sd)
}

type walmartSeries struct {
	units []float64
	odd   bool // number of the store
}

// walmart reads a fifth of the departments that sold in every week, in units.
func walmart(t *testing.T) ([]walmartSeries, []time.Time) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(testkit.ReadShared(t, "data", "walmart-weekly", "train.csv.gz"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []walmartSeries
	var dates []time.Time
	by := map[string][]float64{}
	var keys []string
	for _, row := range rows[1:] {
		v, err := strconv.ParseFloat(row[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		key := row[0] + "/" + row[1]
		if by[key] == nil {
			keys = append(keys, key)
		}
		by[key] = append(by[key], math.Round(max(0, v)*100/TypicalPrice))
		if row[0] == "1" && row[1] == "1" {
			d, err := time.Parse(time.DateOnly, row[2])
			if err != nil {
				t.Fatal(err)
			}
			dates = append(dates, d)
		}
	}
	for _, key := range keys {
		y := by[key]
		mean, _ := meanSD(y)
		if len(y) != len(dates) || mean < 10 {
			continue
		}
		store := 0
		if _, err := fmt.Sscanf(key, "%d/", &store); err != nil {
			t.Fatal(err)
		}
		out = append(out, walmartSeries{y, store%2 == 1})
	}
	part := out[:0]
	for k := range out {
		if k%5 == 0 {
			part = append(part, out[k])
		}
	}
	return part, dates
}
