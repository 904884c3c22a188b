package loop

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// TestWorldKeepsItsLaws holds the draws of a shop against what settings.go states.
func TestWorldKeepsItsLaws(t *testing.T) {
	w, err := NewWorld(DevSeeds()[0], Variations()[0])
	if err != nil {
		t.Fatal(err)
	}
	// Weekly factors of variance Noise² on Poisson days: the mean over two years of 24
	// articles is known to about 1 %, the spread of weeks to a few.
	wanted, mean, squares, law := 0.0, 0.0, 0.0, 0.0
	for i := range Articles {
		for week := range HistoryWeeks + Weeks {
			d, m := 0.0, 0.0
			for day := 7 * week; day < 7*week+7; day++ {
				d += float64(w.Wanted(i, day))
				m += w.Mean(i, day)
			}
			wanted, mean = wanted+d, mean+m
			squares += (d - m) * (d - m)
			law += m + m*m*Noise*Noise
		}
	}
	if r := wanted / mean; math.Abs(r-1) > .03 {
		t.Errorf("demand is %.3f of its mean", r)
	}
	if r := squares / law; math.Abs(r-1) > .15 {
		t.Errorf("the variance of weeks is %.3f of its law", r)
	}
	answers, uplift := 0, 0.0
	for u := range Customers {
		for _, i := range w.Campaigns[0] {
			uplift += w.Uplift(u, i)
			if _, buys := w.Answer(u, i, HistoryWeeks+FirstCampaign); buys {
				answers++
			}
		}
	}
	if d := float64(answers) - uplift; math.Abs(d) > 5*math.Sqrt(uplift) {
		t.Errorf("%d answers, %.1f expected", answers, uplift)
	}
	days := 0.0
	for _, p := range AnswerDays {
		days += p
	}
	if math.Abs(days-1) > 1e-12 {
		t.Errorf("the days of answers sum up to %v", days)
	}
}

// TestVariationsArePaired: only what a variation varies differs.
func TestVariationsArePaired(t *testing.T) {
	seed := DevSeeds()[1]
	base, err := NewWorld(seed, Variations()[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []Variation{Variations()[2], Variations()[5]} {
		w, err := NewWorld(seed, v)
		if err != nil {
			t.Fatal(err)
		}
		sameDemand, sameLead := true, true
		for i := range Articles {
			for day := range 7 * (HistoryWeeks + Weeks) {
				sameDemand = sameDemand && w.Wanted(i, day) == base.Wanted(i, day)
			}
			for week := range HistoryWeeks {
				sameLead = sameLead && w.LeadDays(i, week) == base.LeadDays(i, week)
			}
		}
		if sameDemand != (v.Noise == 1) || sameLead != (v.Lead == 1) || w.Price[0] != base.Price[0] || w.Level[0] != base.Level[0] {
			t.Errorf("%s: demand as stated %v, lead times %v", v.Name, sameDemand, sameLead)
		}
	}
}
