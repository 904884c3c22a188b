package uplift_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/uplift"
)

// mailing is the e-mail experiment of Kevin Hillstrom: arms none, mens, womens, and three outcomes.
type mailing struct {
	rows    [][]float64
	arm     []int
	outcome map[string][]float64
}

// readMailing reads recency, history, mens, womens, newbie, and the zone and channel as categories.
func readMailing(t *testing.T) (m mailing) {
	records, err := csv.NewReader(bytes.NewReader(testkit.ReadShared(t, "data", "hillstrom", "hillstrom.csv.gz"))).ReadAll()
	must(err)
	col := map[string]int{}
	for i, h := range records[0] {
		col[h] = i
	}
	m.outcome = map[string][]float64{}
	codes := map[string]float64{"Surburban": 0, "Urban": 1, "Rural": 2, "Web": 0, "Phone": 1, "Multichannel": 2}
	arms := map[string]int{"No E-Mail": 0, "Mens E-Mail": 1, "Womens E-Mail": 2}
	for _, r := range records[1:] {
		var row []float64
		for _, name := range []string{"recency", "history", "mens", "womens", "newbie"} {
			row = append(row, get(strconv.ParseFloat(r[col[name]], 64)))
		}
		m.rows = append(m.rows, append(row, codes[r[col["zip_code"]]], codes[r[col["channel"]]]))
		m.arm = append(m.arm, arms[r[col["segment"]]])
		for _, name := range []string{"visit", "conversion", "spend"} {
			m.outcome[name] = append(m.outcome[name], get(strconv.ParseFloat(r[col[name]], 64)))
		}
	}
	return m
}

// take returns customers in some arms, numbered from 0 in the order given.
func (m mailing) take(outcome string, in func(i int) bool, arms ...int) (d uplift.Data) {
	for i, a := range m.arm {
		if k := slices.Index(arms, a); k >= 0 && in(i) {
			d.Rows, d.Treatment, d.Outcome, d.IDs = append(d.Rows, m.rows[i]), append(d.Treatment, k), append(d.Outcome, m.outcome[outcome][i]), append(d.IDs, uint64(i))
		}
	}
	for range arms { // drawn by lot with equal probability
		d.Propensities = append(d.Propensities, 1/float64(len(arms)))
	}
	return d
}

// mailBasis is what a linear model sees of a customer: categories as columns, and what meets the kinds bought.
func mailBasis(r []float64) []float64 {
	out := []float64{1, r[0] / 10, r[1] / 500, r[2], r[3], r[4], r[2] * r[3], r[0] * r[3] / 10, r[4] * r[3]}
	for _, j := range []int{5, 6} {
		out = append(out, label(r[j] == 1), label(r[j] == 2))
	}
	return out
}

// bestHalf treats the rows of the larger effects.
func bestHalf(effects []float64) []int {
	order := make([]int, len(effects))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(effects[b], effects[a]) })
	out := make([]int, len(effects))
	for _, i := range order[:len(order)/2] {
		out[i] = 1
	}
	return out
}

// TestHillstrom, womens mail against none, visits, on held-out halves fixed before: contacting the best half beats a random half, and
// the net value at the contact cost where treating everybody breaks even is above zero, each with a 95 % interval in nine of ten. Two
// halves here, ten, the other arms and outcomes by AISLE_LONG=1 go test -v -run Hillstrom ./predict/uplift
func TestHillstrom(t *testing.T) {
	if testkit.Race {
		t.Skip("what runs at once here does so in the tests of forests, too")
	}
	m := readMailing(t)
	halves, trees, long := 2, 40, os.Getenv("AISLE_LONG") != ""
	if long {
		halves, trees = 10, 200
	}
	models := map[string]func(d uplift.Data, rows [][]float64) []float64{
		"forest": func(d uplift.Data, rows [][]float64) []float64 {
			r := get(uplift.FitForest(bg, d, uplift.ForestOptions{Trees: trees, Tree: uplift.TreeOptions{Categorical: []int{5, 6}}}))
			return get(r.Forest.Effects(nil, rows))
		},
		"DR": func(d uplift.Data, rows [][]float64) []float64 {
			return get(get(uplift.FitDR(bg, d, ridge(1, mailBasis), uplift.Options{})).Effects(bg, nil, rows))
		},
	}
	wins := map[string]int{}
	for h := range halves {
		held := func(i int) bool { return rng.Hash(uint64(h), uint64(i), 2008)&1 == 1 }
		train := m.take("visit", func(i int) bool { return !held(i) }, 0, 2)
		test := m.take("visit", held, 0, 2)
		scores := get(uplift.ScoresDR(bg, test, ridge(1, mailBasis), uplift.Options{}))
		cost := get(scores.Average(1, 0)).Value // treating everybody breaks even
		for name, model := range models {
			effects := model(train, test.Rows)
			lot := get(scores.GainOverLot(bestHalf(effects), uplift.ValueOptions{}))
			plan := get(uplift.Assign(effects, 2, uplift.AssignOptions{Costs: []float64{0, cost}}))
			net := get(scores.Gain(plan.Policy, nil, uplift.ValueOptions{Costs: []float64{0, cost}}))
			t.Logf("half %d, %s: best half over a random half %.4f (%.4f to %.4f) a customer; net value at cost %.4f %.4f (%.4f to %.4f), %d of %d contacted",
				h, name, lot.Value, lot.Low, lot.High, cost, net.Value, net.Low, net.High, plan.Contacts, len(effects))
			if lot.Low > 0 {
				wins[name+", best half over a random half"]++
			}
			if net.Low > 0 {
				wins[name+", net value"]++
			}
		}
	}
	for name := range models {
		for _, what := range []string{", best half over a random half", ", net value"} {
			t.Logf("%s%s: above zero in %d of %d", name, what, wins[name+what], halves)
			if wins[name+what] < halves*9/10 {
				t.Errorf("%s%s: above zero in %d of %d halves", name, what, wins[name+what], halves)
			}
		}
	}
	if !long {
		return
	}
	// Without a claim.
	for _, outcome := range []string{"visit", "conversion", "spend"} {
		held := func(i int) bool { return rng.Hash(0, uint64(i), 2008)&1 == 1 }
		test := m.take(outcome, held, 0, 1, 2)
		r := get(uplift.FitForest(bg, m.take(outcome, func(i int) bool { return !held(i) }, 0, 1, 2), uplift.ForestOptions{Tree: uplift.TreeOptions{Categorical: []int{5, 6}}}))
		plan := get(uplift.Assign(get(r.Forest.Effects(nil, test.Rows)), 3, uplift.AssignOptions{}))
		scores := get(uplift.ScoresDR(bg, test, ridge(1, mailBasis), uplift.Options{}))
		mens := slices.Repeat([]int{1}, len(test.Rows))
		over := get(scores.Gain(plan.Policy, mens, uplift.ValueOptions{}))
		t.Logf("%s, three arms: mens %+.4f, womens %+.4f on average; best arm for each over mens for all %.4f (%.4f to %.4f)",
			outcome, r.Averages[0].Value, r.Averages[1].Value, over.Value, over.Low, over.High)
	}
}
