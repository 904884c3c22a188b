package ads_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/ads"
)

// planted is the examination of ten positions, as steep as on a page of search results.
var planted = []float64{1, .8, .66, .56, .48, .42, .37, .33, .3, .28}

// page is a planted page: ads of a category with rates that a feature tells, and some noise.
type page struct {
	rates    []float64
	features [][]float64
}

func newPage(n int, seed uint64) page {
	var p page
	r := rng.New(seed, 1, 0)
	for range n {
		x := r.Normal()
		p.features = append(p.features, []float64{x})
		p.rates = append(p.rates, 1/(1+math.Exp(1-.6*x)))
	}
	return p
}

// impressions draws n impressions on pages of ten. With byQuality better ads stand higher, but
// for some noise, as after an auction.
func (p page) impressions(n int, byQuality bool, seed uint64) *ads.Clicks[int32] {
	c := new(ads.Clicks[int32])
	r := rng.New(seed, 2, 0)
	type slot struct {
		ad    int32
		score float64
	}
	slots := make([]slot, 10)
	counts := make([][10][2]int64, len(p.rates))
	for range n / 10 {
		for k := range slots {
			ad := int32(r.Intn(len(p.rates)))
			slots[k] = slot{ad, 0}
			if byQuality {
				slots[k].score = p.rates[ad] + .05*r.Normal()
			}
		}
		if byQuality {
			slices.SortFunc(slots, func(a, b slot) int {
				if a.score > b.score {
					return -1
				}
				return 1
			})
		}
		for k, s := range slots {
			counts[s.ad][k][0]++
			if r.Bool(planted[k] * p.rates[s.ad]) {
				counts[s.ad][k][1]++
			}
		}
	}
	for ad := range counts {
		for k, n := range counts[ad] {
			must(c.AddCounts(int32(ad), k, n[0], n[1]))
		}
	}
	return c
}

// naive is the click ratio of each position, relative to the first.
func naive(c *ads.Clicks[int32]) []float64 {
	var shown, clicked [10]float64
	for cell := range c.Result() {
		shown[cell.Position] += float64(cell.Shown)
		clicked[cell.Position] += float64(cell.Clicked)
	}
	out := make([]float64, 10)
	for k := range out {
		out[k] = clicked[k] / shown[k] / (clicked[0] / shown[0])
	}
	return out
}

func furthest(got []float64) (worst float64) {
	for k, want := range planted {
		worst = max(worst, math.Abs(got[k]/want-1))
	}
	return worst
}

// TestExaminationPlanted: from a million impressions each of ten positions comes out within 5 %, five seeds, also where
// position depends on quality; the click ratio misses there.
func TestExaminationPlanted(t *testing.T) {
	for seed := range testkit.Seeds(5) {
		p := newPage(300, seed)
		for _, byQuality := range []bool{false, true} {
			c := p.impressions(1_000_000, byQuality, seed)
			e, err := ads.FitExamination(bg, c, ads.ExaminationOptions[int32]{})
			if err != nil {
				t.Fatal(err)
			}
			_, n, converged := e.Report()
			off, plain := furthest(e.Positions()), furthest(naive(c))
			t.Logf("seed %d, by quality %v: furthest %.4f, click ratio %.4f, standard error %.4f, %d steps", seed, byQuality, off, plain, e.SE()[9]/e.Positions()[9], n)
			if off > .05 || !converged {
				t.Errorf("seed %d, by quality %v: %v", seed, byQuality, e.Positions())
			}
			if byQuality && plain < .2 {
				t.Errorf("seed %d: the click ratio misses by %v only", seed, plain)
			}
		}
	}
}

// steps is a learner of the simplest kind: the share of the label in each of forty intervals of
// the first column.
func steps(_ context.Context, rows [][]float64, y []bool, weights []float64) (func([]float64) float64, error) {
	var yes, all [40]float64
	bin := func(row []float64) int { return int(min(max(10*(row[0]+2), 0), 39)) }
	for i, row := range rows {
		all[bin(row)] += weights[i]
		if y[i] {
			yes[bin(row)] += weights[i]
		}
	}
	return func(row []float64) float64 { return yes[bin(row)] / all[bin(row)] }, nil
}

// TestExaminationByFeatures: regression-EM finds the positions where most ads are hardly ever
// shown, so that there is little to know of any single one.
func TestExaminationByFeatures(t *testing.T) {
	for seed := range testkit.Seeds(2) {
		p := newPage(10_000, seed)
		c := p.impressions(1_000_000, true, seed)
		e, err := ads.FitExamination(bg, c, ads.ExaminationOptions[int32]{Features: func(ad int32) []float64 { return p.features[ad] }, Learner: steps})
		if err != nil {
			t.Fatal(err)
		}
		_, n, converged := e.Report()
		t.Logf("seed %d: furthest %.4f, click ratio %.4f, %d steps, converged %v", seed, furthest(e.Positions()), furthest(naive(c)), n, converged)
		if furthest(e.Positions()) > .05 {
			t.Errorf("seed %d: %v", seed, e.Positions())
		}
	}
}

func TestExaminationUndefined(t *testing.T) {
	of := func(cells ...[4]int64) *ads.Clicks[string] {
		c := new(ads.Clicks[string])
		for _, x := range cells {
			must(c.AddCounts(string(rune('a'+x[0])), int(x[1]), x[2], x[3]))
		}
		return c
	}
	for name, c := range map[string]*ads.Clicks[string]{
		"a position never shown":             of([4]int64{0, 0, 10, 1}, [4]int64{0, 2, 10, 1}),
		"a position never clicked":           of([4]int64{0, 0, 10, 1}, [4]int64{0, 1, 10, 0}),
		"nothing in common":                  of([4]int64{0, 0, 10, 1}, [4]int64{1, 1, 10, 2}),
		"in common only what nobody clicked": of([4]int64{0, 0, 10, 1}, [4]int64{1, 1, 10, 2}, [4]int64{2, 0, 10, 0}, [4]int64{2, 1, 10, 0}),
	} {
		if _, err := ads.FitExamination(bg, c, ads.ExaminationOptions[string]{}); !errors.Is(err, ads.ErrUndefined) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ads.FitExamination(bg, new(ads.Clicks[string]), ads.ExaminationOptions[string]{}); !errors.Is(err, ads.ErrEmpty) {
		t.Errorf("nothing: %v", err)
	}
	// Everything was clicked: no examination below 1, and no rate either.
	e := get(ads.FitExamination(bg, of([4]int64{0, 0, 10, 10}, [4]int64{0, 1, 10, 10}), ads.ExaminationOptions[string]{}))
	if p := e.Positions(); math.Abs(p[0]-1) > 1e-6 || math.Abs(p[1]-1) > 1e-6 {
		t.Errorf("all clicked: %v", p)
	}
}
