package ads_test

import (
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/ads"
)

// TestGolden: the fits reach the maximum that scipy's general optimiser reaches, and prices of VCG are those of its
// assignment problem.
func TestGolden(t *testing.T) {
	var g struct {
		Examination struct {
			Shown, Clicked [][]int64
			Positions      []float64
			LogLik         float64
		}
		Delay struct {
			Keys    []int
			Seconds []int64
			Acted   []bool
			Cases   []struct {
				Edges, Rates, Share []float64
				LogLik              float64
			}
		}
		VCG []struct {
			Examination, Click []float64
			Bids               []int64
			Places             [][3]float64
		}
	}
	testkit.Golden(t, "ads.json", &g)
	var clicks ads.Clicks[int]
	for ad, row := range g.Examination.Shown {
		for p, n := range row {
			must(clicks.AddCounts(ad, p, n, g.Examination.Clicked[ad][p]))
		}
	}
	e := get(ads.FitExamination(bg, &clicks, ads.ExaminationOptions[int]{}))
	loglik, _, _ := e.Report()
	testkit.Near(t, "log-likelihood", loglik, g.Examination.LogLik, 1e-9)
	for p, want := range g.Examination.Positions {
		testkit.Near(t, "position", e.Positions()[p], want, 1e-4)
	}

	var actions ads.Actions[ads.Path]
	for i, k := range g.Delay.Keys {
		path, after := ads.Path{Ad: strconv.Itoa(k)}, time.Duration(g.Delay.Seconds[i])*time.Second
		if g.Delay.Acted[i] {
			must(actions.AddActed(path, after))
		} else {
			must(actions.AddOpen(path, after))
		}
	}
	for _, c := range g.Delay.Cases {
		opt := ads.DelayOptions[ads.Path]{}
		for _, edge := range c.Edges {
			opt.Edges = append(opt.Edges, time.Duration(edge)*time.Second)
		}
		d := get(ads.FitDelay(bg, &actions, opt))
		loglik, _, _ := d.Report()
		testkit.Near(t, "log-likelihood", loglik, c.LogLik, .05) // of bins of a tenth and their means, not of each time
		for i, at := range []time.Duration{12 * time.Hour, 72 * time.Hour, 216 * time.Hour} {
			testkit.Near(t, "share", d.Share(at), c.Share[i], 5e-3)
		}
		for _, row := range get(d.Trials(&actions)) {
			k, _ := strconv.Atoi(row.Path.Ad)
			testkit.Near(t, "rate", row.S/row.N, c.Rates[k], 5e-3)
		}
	}

	for i, c := range g.VCG {
		var bids []ads.Bid
		for k, amount := range c.Bids {
			bids = append(bids, ads.Bid{Ad: int32(k), Amount: amount, Click: c.Click[k]})
		}
		got := places(ads.AuctionOptions{Examination: c.Examination, Payment: ads.VCG}, bids...)
		if len(got) != len(c.Places) {
			t.Fatalf("auction %d: %d places, want %d", i, len(got), len(c.Places))
		}
		for k, want := range c.Places {
			if got[k].Ad != int32(want[0]) || got[k].Position != int(want[1]) || math.Abs(got[k].Exact-want[2]) > 1e-6*(1+want[2]) {
				t.Errorf("auction %d: %+v, want %v", i, got[k], want)
			}
		}
	}
}
