package forecast_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aislekit/aisle/predict/forecast"
)

// TestProgress: fits are counted up to their total, and who listens gets the same as who does not.
func TestProgress(t *testing.T) {
	var told []forecast.Progress
	tell := func(p forecast.Progress) { told = append(told, p) }
	rising := func(what string, p []forecast.Progress, total int) {
		t.Helper()
		if len(p) < 2 || p[len(p)-1] != (forecast.Progress{Fits: total, Total: total}) {
			t.Errorf("%s: %v, want %d in the end", what, p, total)
		}
		for i := 1; i < len(p); i++ {
			if p[i].Fits <= p[i-1].Fits || p[i].Total != total {
				t.Errorf("%s: %v", what, p)
			}
		}
	}
	series := make([]forecast.Series, 150)
	for i := range series {
		series[i].Y = sales()[:8+i%17] // some have no cut, some one, some two
	}
	cuts := 0
	for _, s := range series {
		for _, n := range []int{len(s.Y) - 4, len(s.Y) - 2} {
			if n >= 8 {
				cuts++
			}
		}
	}
	opt := forecast.BacktestOptions{Horizon: 2, Cuts: 2, MinHistory: 8, Season: 4, Workers: 3}
	quiet := fitted(forecast.Backtest(bg, series, methods(), opt))
	opt.Progress = tell
	loud := fitted(forecast.Backtest(bg, series, methods(), opt))
	rising("backtest", told, 3*cuts)
	for m := range 3 {
		if a, b := fitted(quiet.Score(m)), fitted(loud.Score(m)); a != b {
			t.Errorf("method %d: %+v who listens, %+v who does not", m, b, a)
		}
	}
	told = nil
	p := fitted(forecast.FitPanel(bg, series, methods(), forecast.PanelOptions{Backtest: opt}))
	chosen := 0
	for _, w := range p.Weights {
		if w == nil {
			chosen += 3
		} else {
			chosen++
		}
	}
	k := slices.IndexFunc(told, func(p forecast.Progress) bool { return p.Total == chosen })
	if k < 0 {
		t.Fatalf("nobody told of %d fits of what was chosen: %v", chosen, told)
	}
	rising("judging", told[:k], 3*cuts)
	rising("fitting", told[k:], chosen)
	told = nil
	fitted(forecast.FitLags(bg, panel(), forecast.LagOptions{Horizon: 3, Learner: average, Progress: tell}))
	rising("lags", told, 3)
}

// How far a backtest is, for those who wait for it.
func ExampleProgress() {
	var last forecast.Progress
	_, err := forecast.Backtest(bg, panel(), methods(), forecast.BacktestOptions{Cuts: 2, Progress: func(p forecast.Progress) { last = p }})
	must(err)
	fmt.Printf("%d of %d fits\n", last.Fits, last.Total)
	// Output: 12 of 12 fits
}
