package uplift_test

import (
	"math"
	"os"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/uplift"
)

// planted is what a shop's records tell of its campaigns, a row for each customer and campaign, and the truth.
type planted struct {
	uplift.Data
	effect  []float64
	outcome [2][]float64 // without and with treatment
}

// campaigns reads orders: who bought in the window of a campaign, and what was known when it began.
func campaigns(s *shop.Shop) (p planted) {
	sku, category := map[string]int{}, map[string]int{}
	for _, it := range s.Items {
		if _, ok := category[it.Category]; !ok {
			category[it.Category] = len(category)
		}
		sku[it.SKU] = category[it.Category]
	}
	orders := map[string][]*shop.Order{}
	for i := range s.Orders {
		orders[s.Orders[i].User] = append(orders[s.Orders[i].User], &s.Orders[i])
	}
	for k := range s.Campaigns {
		c, truth := &s.Campaigns[k], &s.Truth.Campaigns[k]
		for i, a := range c.Assigned {
			u := &s.Users[truth.Users[i]]
			row := make([]float64, 6+len(category))
			row[0], row[1], row[2] = math.NaN(), math.NaN(), c.Start.Sub(u.Registered).Hours()/24
			if u.Age > 0 {
				row[0] = float64(u.Age)
			}
			if u.Sex != "" {
				row[1] = 0
				if u.Sex == "f" {
					row[1] = 1
				}
			}
			row[3] = 1000
			bought := 0.0
			for _, o := range orders[u.ID] {
				switch {
				case o.Time.Before(c.Start):
					row[3] = math.Min(row[3], c.Start.Sub(o.Time).Hours()/24)
					row[4]++
					for _, l := range o.Lines {
						row[5]++
						row[6+sku[l.SKU]]++
					}
				case o.Time.Before(c.End):
					bought = 1
				}
			}
			for j := range len(category) {
				row[6+j] /= math.Max(row[5], 1)
			}
			arm := 0
			if a.Treated {
				arm = 1
			}
			p.Rows, p.Treatment, p.Outcome = append(p.Rows, row), append(p.Treatment, arm), append(p.Outcome, bought)
			p.IDs, p.effect = append(p.IDs, uint64(truth.Users[i])), append(p.effect, truth.Uplift[i])
			p.outcome[0] = append(p.outcome[0], label(truth.IfControl[i]))
			p.outcome[1] = append(p.outcome[1], label(truth.IfTreated[i]))
		}
	}
	p.Propensities = []float64{.5, .5}
	return p
}

func label(v bool) float64 {
	if v {
		return 1
	}
	return 0
}

// known fills missing ages and sexes and takes logarithms, for what is linear.
func known(row []float64) []float64 {
	out := append([]float64{1}, row...)
	for j, mean := range []float64{35, .5} {
		if x := out[1+j]; x != x {
			out[1+j] = mean
		}
	}
	age := out[1] / 30
	out[1], out[3], out[4], out[5], out[6] = age, math.Log1p(math.Max(out[3], 0))/5, math.Log1p(out[4])/5, math.Log1p(out[5]), math.Log1p(out[6])
	return append(out, age*age, age*age*age, out[4]*out[4], out[4]*out[5])
}

// bias of averages over shops, whose interval is Student's with nine degrees of freedom.
type bias struct{ errors []float64 }

func (b *bias) inside() (mean, half float64, ok bool) {
	n := float64(len(b.errors))
	for _, e := range b.errors {
		mean += e / n
	}
	for _, e := range b.errors {
		half += (e - mean) * (e - mean)
	}
	half = 2.262157 * math.Sqrt(half/(n-1)/n)
	return mean, half, math.Abs(mean) <= half
}

// TestPlantedUplift: effects go with the truth, correlation at least .5, and the bias of the average over ten shops is inside its
// 95 % interval; then treatment is given by a probability that is known and larger for those who buy anyway: DR and R hold, and
// the difference of means is shown to fail. One shop here, ten by AISLE_LONG=1 go test -v -run PlantedUplift ./predict/uplift
func TestPlantedUplift(t *testing.T) {
	if testkit.Race {
		t.Skip("what runs at once here does so in the tests of forests, too")
	}
	shops, all := 1, []string{"DR", "R"}
	if os.Getenv("AISLE_LONG") != "" {
		shops, all = 10, []string{"DR", "R", "X", "T", "S"}
	}
	biases := map[string]*bias{}
	for seed := range shops {
		s, err := shop.Simulate(shop.Config{Users: 8000, Items: 200, Browse: -1, Tight: -1, Seed: uint64(seed + 1)})
		must(err)
		p := campaigns(s)
		truth := 0.0
		for _, x := range p.effect {
			truth += x / float64(len(p.effect))
		}
		note := func(name string, estimate float64) {
			if biases[name] == nil {
				biases[name] = &bias{}
			}
			biases[name].errors = append(biases[name].errors, estimate-truth)
		}
		judge := func(name string, least float64, effects []float64, a uplift.Estimate) {
			c := correlation(p.effect, effects)
			t.Logf("shop %d, %s: correlation %.3f, average %.4f (%.4f to %.4f), truth %.4f", seed, name, c, a.Value, a.Low, a.High, truth)
			if c < least {
				t.Errorf("shop %d, %s: correlation %.3f", seed, name, c)
			}
			note(name, a.Value)
		}
		f := get(uplift.FitForest(bg, p.Data, uplift.ForestOptions{Trees: 100}))
		judge("forest", .5, f.OutOfBag, f.Averages[0])
		learner := ridge(20, known)
		for _, name := range all {
			m := get(fits[name](bg, p.Data, learner, uplift.Options{}))
			least := .5
			if name == "S" { // one effect for everybody
				least = -1
			}
			judge(name, least, m.OutOfFold, m.Averages[0])
		}

		d, naive := byRule(p, uint64(seed))
		for _, name := range []string{"DR", "R"} {
			m := get(fits[name](bg, d, learner, uplift.Options{}))
			judge(name+" by a rule", .35, m.OutOfFold, m.Averages[0])
		}
		note("difference of means by a rule", naive)
		if naive-truth < .1 {
			t.Errorf("shop %d: the difference of means by a rule is %.4f, truth %.4f: nothing is shown", seed, naive, truth)
		}
	}
	for name, b := range biases {
		if shops == 1 {
			continue
		}
		mean, half, ok := b.inside()
		t.Logf("%s: bias %.4f ± %.4f", name, mean, half)
		if ok == (name == "difference of means by a rule") {
			t.Errorf("%s: bias %.4f ± %.4f", name, mean, half)
		}
	}
}

// byRule treats the same customers by a rule, more of those who bought of late, and returns the difference of means, too.
func byRule(p planted, seed uint64) (uplift.Data, float64) {
	r := rng.New(seed, 77, 0)
	d := p.Data
	d.Treatment, d.Outcome, d.Propensities = nil, nil, nil
	var sum, n [2]float64
	for i, row := range p.Rows {
		e := .1 + .8/(1+math.Exp((row[3]-60)/20))
		arm := 0
		if r.Bool(e) {
			arm = 1
		}
		d.Treatment, d.Outcome, d.Propensities = append(d.Treatment, arm), append(d.Outcome, p.outcome[arm][i]), append(d.Propensities, 1-e, e)
		sum[arm] += p.outcome[arm][i]
		n[arm]++
	}
	return d, sum[1]/n[1] - sum[0]/n[0]
}
