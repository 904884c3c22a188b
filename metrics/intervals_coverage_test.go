package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
	"github.com/aislekit/aisle/metrics/experiment"
)

// simulation draws one experiment and says whether the interval covered the
// truth and whether the test raised an alarm.
type simulation struct {
	name string
	// cover is the chance of covering that the interval promises, 0 for none;
	// atLeast says that the promise is a bound.
	cover   float64
	atLeast bool
	// alarm is the chance of a false alarm that the test promises, 0 if the
	// simulation has an effect; never more, and not less unless atLeast.
	alarm float64
	cost  int // runs are divided by this
	draw  func(r *rng.Stream) (covered, alarm bool, err error)
}

// row is the row of docs/coverage.md.
func (s simulation) row(runs int, cover, alarm float64) string {
	cells := [4]string{}
	if s.cover > 0 {
		cells[0], cells[1] = fmt.Sprint(100*s.cover), fmt.Sprintf("%.2f", 100*cover)
		if s.atLeast {
			cells[0] = "≥ " + cells[0]
		}
	}
	if s.alarm > 0 {
		cells[2], cells[3] = fmt.Sprint(100*s.alarm), fmt.Sprintf("%.2f", 100*alarm)
		if s.atLeast {
			cells[2] = "≤ " + cells[2]
		}
	}
	return fmt.Sprintf("| %s | %d,%03d | %s | %s | %s | %s |", s.name, runs/1000, runs%1000, cells[0], cells[1], cells[2], cells[3])
}

func within(e metrics.Effect, truth float64) bool { return e.Low <= truth && truth <= e.High }

// effectOf judges an effect with a known truth; alarms count when the truth is
// no effect.
func effectOf(truth float64, draw func(r *rng.Stream) (metrics.Effect, error)) func(*rng.Stream) (bool, bool, error) {
	return func(r *rng.Stream) (bool, bool, error) {
		e, err := draw(r)
		return err == nil && within(e, truth), err == nil && e.Significant(), err
	}
}

func simulations() []simulation {
	o := func(s metrics.Scale) metrics.CompareOptions { return metrics.CompareOptions{Scale: s} }
	gap := func(s metrics.Scale, a, b float64) float64 {
		return [3]float64{b - a, (b - a) / math.Abs(a), b / a}[s]
	}
	var out []simulation
	add := func(s simulation) { out = append(out, s) }
	for _, s := range []metrics.Scale{metrics.ScaleAbsolute, metrics.ScaleRelative, metrics.ScaleRatio} {
		add(simulation{name: "proportions, " + s.String(), cover: .95, draw: effectOf(gap(s, .2, .25), drawProportionsOf(.2, .25, o(s)))})
		add(simulation{name: "proportions, no effect, " + s.String(), cover: .95, alarm: .05, draw: effectOf(s.Null(), drawProportionsOf(.2, .2, o(s)))})
		add(simulation{name: "Welch, " + s.String(), cover: .95, draw: effectOf(gap(s, 5, 6), drawWelch(5, 6, o(s)))})
		add(simulation{name: "Welch, no effect, " + s.String(), cover: .95, alarm: .05, draw: effectOf(s.Null(), drawWelch(5, 5, o(s)))})
		add(simulation{name: "ratio metric, " + s.String(), cover: .95, cost: 2, draw: effectOf(gap(s, .5, .6), drawRatio(.5, .6, o(s)))})
		add(simulation{name: "ratio metric, no effect, " + s.String(), cover: .95, alarm: .05, cost: 2, draw: effectOf(s.Null(), drawRatio(.5, .5, o(s)))})
		add(simulation{name: "CUPED, " + s.String(), cover: .95, cost: 2, draw: effectOf(gap(s, 10, 11), drawCUPED(1, 0, o(s)))})
		add(simulation{name: "CUPED, a third without pre-period, " + s.String(), cover: .95, alarm: .05, cost: 2, draw: effectOf(s.Null(), drawCUPED(0, .33, o(s)))})
		add(simulation{name: "CUPED of a ratio, " + s.String(), cover: .95, cost: 2, draw: effectOf(gap(s, .5, .55), drawCUPEDRatio(.05, o(s)))})
		add(simulation{name: "CUPED of a ratio, no effect, " + s.String(), cover: .95, alarm: .05, cost: 2, draw: effectOf(s.Null(), drawCUPEDRatio(0, o(s)))})
		add(simulation{name: "clusters, " + s.String(), cover: .95, alarm: .05, cost: 2, draw: effectOf(s.Null(), drawClusters(o(s)))})
		add(simulation{name: "differences in differences, " + s.String(), cover: .95, cost: 2, draw: effectOf(gap(s, 11, 13), drawDiD(2, o(s)))})
		add(simulation{name: "differences in differences, no effect, " + s.String(), cover: .95, alarm: .05, cost: 2, draw: effectOf(s.Null(), drawDiD(0, o(s)))})
	}
	for i, name := range []string{"Wilson", "Clopper-Pearson"} {
		f := []func(*metrics.Proportion, float64) (metrics.Interval, error){(*metrics.Proportion).Wilson, (*metrics.Proportion).ClopperPearson}[i]
		add(simulation{name: name + ", rates of .02 to .98", cover: .95, atLeast: i == 1, draw: func(r *rng.Stream) (bool, bool, error) {
			p := .02 + .96*r.Float64()
			x := proportion(int64(r.Binomial(200, p)), 200)
			iv, err := f(&x, 0)
			return iv.Low <= p && p <= iv.High, false, err
		}})
	}
	add(simulation{name: "Fisher's exact test", alarm: .05, atLeast: true, draw: func(r *rng.Stream) (bool, bool, error) {
		e, err := metrics.CompareProportions(proportion(int64(r.Binomial(60, .05)), 60), proportion(int64(r.Binomial(60, .05)), 60), metrics.CompareOptions{})
		if errors.Is(err, metrics.ErrUndefined) {
			return false, false, nil
		}
		return false, e.Significant(), err
	}})
	add(simulation{name: "winsorised revenue", cover: .95, alarm: .05, cost: 4, draw: effectOf(0, func(r *rng.Stream) (metrics.Effect, error) {
		var arms [2][]float64
		for i := range 1600 {
			x := 0.0
			if r.Bool(.3) {
				x = math.Exp(3 + 1.2*r.Normal())
			}
			arms[i%2] = append(arms[i%2], x)
		}
		e, err := experiment.CompareWinsorized(arms[0], arms[1], experiment.WinsorOptions{Quantile: .99})
		return e.Effect, err
	})})
	add(simulation{name: "forecast as counterfactual, errors correlated .6", cover: .95, alarm: .05, draw: effectOf(0, func(r *rng.Stream) (metrics.Effect, error) {
		const n, rho = 12, .6
		actual, forecast, se := make([]float64, n), make([]float64, n), make([]float64, n)
		e := r.Normal()
		for t := range n {
			se[t] = 1 + float64(t)/4
			forecast[t] = 100
			actual[t] = 100 + e*se[t]
			e = rho*e + math.Sqrt(1-rho*rho)*r.Normal()
		}
		x, err := causal.Counterfactual(actual, forecast, se, causal.CounterfactualOptions{Correlation: rho})
		return x.Total, err
	})})
	add(simulation{name: "beta-binomial posterior, rates from the prior", cover: .95, cost: 4, draw: func(r *rng.Stream) (bool, bool, error) {
		p, q := r.Beta(2, 3), r.Beta(2, 3)
		e, err := experiment.BayesProportions(proportion(int64(r.Binomial(30, p)), 30), proportion(int64(r.Binomial(40, q)), 40), experiment.BetaPrior{Alpha: 2, Beta: 3}, 0)
		return within(e.Effect, q-p), false, err
	}})
	add(simulation{name: "Gaussian posterior, effects from the prior", cover: .95, draw: func(r *rng.Stream) (bool, bool, error) {
		d := .1 + .5*r.Normal()
		e, err := experiment.BayesEffect(metrics.Effect{Estimate: d + .7*r.Normal(), SE: .7, N: 10}, experiment.GaussianPrior{Mean: .1, SD: .5})
		return within(e.Effect, d), false, err
	}})
	add(simulation{name: "uplift bootstrap", cover: .95, alarm: .05, cost: 10, draw: drawUpliftBoot})
	add(simulation{name: "paired bootstrap, randomisation test", cover: .95, alarm: .05, cost: 10, draw: effectOf(0, func(r *rng.Stream) (metrics.Effect, error) {
		a, b := make([]float64, 150), make([]float64, 150)
		for i := range a {
			u := r.Float64()
			a[i], b[i] = u+.3*r.Normal(), u+.3*r.Normal()
		}
		return experiment.ComparePaired(context.Background(), a, b, experiment.PairedOptions{Replicates: 999, Seed: r.Uint64(), Workers: 1})
	})})
	for i, name := range []string{"IPS", "SNIPS", "DR with a wrong model", "switch DR"} {
		add(simulation{name: "off-policy, " + name, cover: .95, cost: 4, draw: func(r *rng.Stream) (bool, bool, error) { return drawPolicy(r, i) }})
	}
	add(simulation{name: "always valid, looked at 200 times", cover: .95, alarm: .05, atLeast: true, cost: 2, draw: drawAlwaysValid})
	for _, s := range []experiment.Spending{experiment.SpendOBrienFleming, experiment.SpendPocock} {
		name := map[experiment.Spending]string{experiment.SpendOBrienFleming: "O'Brien-Fleming", experiment.SpendPocock: "Pocock"}[s]
		g, err := experiment.NewGroupSequential([]float64{.2, .5, .6, .8, 1}, experiment.GroupSequentialOptions{Spending: s})
		add(simulation{name: "group sequential, 5 looks, " + name, alarm: .05, draw: func(r *rng.Stream) (bool, bool, error) {
			x, t := 0.0, 0.0
			for i, l := range g.Looks() {
				x += math.Sqrt(l.Fraction-t) * r.Normal()
				t = l.Fraction
				if no, err := g.Reject(i, metrics.Effect{Statistic: x / math.Sqrt(t)}); no || err != nil {
					return false, true, err
				}
			}
			return false, false, err
		}})
	}
	add(simulation{name: "sample ratio, p < .05", alarm: .05, draw: func(r *rng.Stream) (bool, bool, error) {
		a := r.Binomial(30_000, .5)
		b := r.Binomial(30_000-a, .6)
		s, err := experiment.SampleRatio([]int64{int64(a), int64(b), 0, int64(30_000 - a - b)}, []float64{5, 3, 0, 2})
		return false, s.PValue < .05, err
	}})
	add(simulation{name: "interaction of segments", alarm: .05, draw: func(r *rng.Stream) (bool, bool, error) {
		var effects []metrics.Effect
		for i := range 5 {
			se := .5 + float64(i)
			effects = append(effects, metrics.Effect{Estimate: 1 + se*r.Normal(), SE: se, PValue: 1})
		}
		h, err := experiment.CompareSegments(effects, experiment.Holm)
		return false, h.PValue < .05, err
	}})
	// All nulls true and independent: Holm keeps the chance of any alarm at 5 %,
	// just below by its nature; Hochberg likewise; for Benjamini-Hochberg the
	// chance of any is exactly the level.
	for _, c := range []experiment.Correction{experiment.Holm, experiment.Hochberg, experiment.Bonferroni, experiment.BenjaminiHochberg, experiment.BenjaminiYekutieli} {
		add(simulation{name: "ten true nulls, " + c.String(), alarm: .05, atLeast: c != experiment.BenjaminiHochberg, draw: func(r *rng.Stream) (bool, bool, error) {
			p := make([]float64, 10)
			for i := range p {
				p[i] = r.Float64()
			}
			q, err := experiment.AdjustPValues(p, c)
			any := false
			for _, x := range q {
				any = any || x < .05
			}
			return false, any, err
		}})
	}
	return out
}

func drawProportionsOf(p, q float64, o metrics.CompareOptions) func(*rng.Stream) (metrics.Effect, error) {
	return func(r *rng.Stream) (metrics.Effect, error) {
		return metrics.CompareProportions(proportion(int64(r.Binomial(3000, p)), 3000), proportion(int64(r.Binomial(2500, q)), 2500), o)
	}
}

// drawWelch has unequal variances and sizes, which Student's t would get wrong.
func drawWelch(a, b float64, o metrics.CompareOptions) func(*rng.Stream) (metrics.Effect, error) {
	return func(r *rng.Stream) (metrics.Effect, error) {
		var x, y metrics.Moments
		var err error
		for range 200 {
			err = errors.Join(err, x.Add(a+r.Normal()))
		}
		for range 40 {
			err = errors.Join(err, y.Add(b+3*r.Normal()))
		}
		if err != nil {
			return metrics.Effect{}, err
		}
		return metrics.CompareMeans(x, y, o)
	}
}

func drawRatio(a, b float64, o metrics.CompareOptions) func(*rng.Stream) (metrics.Effect, error) {
	return func(r *rng.Stream) (metrics.Effect, error) {
		var arms [2]experiment.RatioMoments
		var err error
		for i, rate := range [2]float64{a, b} {
			for range 400 {
				den := 1 + r.Poisson(2)
				own := rate * (r.Exp() + 1) / 2 // users differ
				err = errors.Join(err, arms[i].Add(float64(r.Poisson(own*float64(den))), float64(den)))
			}
		}
		if err != nil {
			return metrics.Effect{}, err
		}
		return experiment.CompareRatios(arms[0], arms[1], o)
	}
}

func drawCUPED(effect, missing float64, o metrics.CompareOptions) func(*rng.Stream) (metrics.Effect, error) {
	return func(r *rng.Stream) (metrics.Effect, error) {
		var arms [2]experiment.CUPED
		var err error
		for i := range arms {
			for range 250 {
				before := 10 + 2*r.Normal()
				y := before + float64(i)*effect + r.Normal()
				if r.Bool(missing) {
					err = errors.Join(err, arms[i].AddMissing(y))
				} else {
					err = errors.Join(err, arms[i].Add(y, before))
				}
			}
		}
		if err != nil {
			return metrics.Effect{}, err
		}
		e, err := experiment.CompareCUPED(arms[0], arms[1], o)
		return e.Effect, err
	}
}

func drawCUPEDRatio(effect float64, o metrics.CompareOptions) func(*rng.Stream) (metrics.Effect, error) {
	return func(r *rng.Stream) (metrics.Effect, error) {
		var arms [2]experiment.CUPEDRatio
		var err error
		for i := range arms {
			for range 700 {
				own := (r.Exp() + 1) / 2
				d0, d1 := 1+r.Poisson(3), 1+r.Poisson(3)
				n0 := r.Poisson(.5 * own * float64(d0))
				n1 := r.Poisson((.5 + float64(i)*effect) * own * float64(d1))
				err = errors.Join(err, arms[i].Add(float64(n1), float64(d1), float64(n0), float64(d0)))
			}
		}
		if err != nil {
			return metrics.Effect{}, err
		}
		e, err := experiment.CompareCUPEDRatios(arms[0], arms[1], o)
		return e.Effect, err
	}
}

func drawClusters(o metrics.CompareOptions) func(*rng.Stream) (metrics.Effect, error) {
	return func(r *rng.Stream) (metrics.Effect, error) {
		var arms [2]experiment.Clusters[int]
		var err error
		for k := range 120 {
			shop := 20 + 2*r.Normal()
			for range 3 + r.Intn(5) {
				err = errors.Join(err, arms[k%2].Add(k, shop+r.Normal()))
			}
		}
		if err != nil {
			return metrics.Effect{}, err
		}
		return experiment.CompareClusters(&arms[0], &arms[1], o)
	}
}

func drawDiD(effect float64, o metrics.CompareOptions) func(*rng.Stream) (metrics.Effect, error) {
	return func(r *rng.Stream) (metrics.Effect, error) {
		var d causal.DiffInDiff[int]
		var err error
		for u := range 120 {
			own := 10 + 3*r.Normal()
			drift := r.Normal()
			for p := range 6 {
				y := own + r.Normal()
				if p >= 3 {
					y += 1 + drift + effect*float64(u%2)
				}
				err = errors.Join(err, d.Add(u, u%2 == 1, p >= 3, y))
			}
		}
		if err != nil {
			return metrics.Effect{}, err
		}
		return d.Result(o)
	}
}

// drawUpliftBoot has a score without any bearing on the effect: its value over
// random targeting is 0.
func drawUpliftBoot(r *rng.Stream) (bool, bool, error) {
	y, treated, score := make([]float64, 800), make([]bool, 800), make([]float64, 800)
	for i := range y {
		treated[i], score[i] = i%2 == 0, float64(r.Intn(40))
		p := .2
		if treated[i] {
			p = .3
		}
		if r.Bool(p) {
			y[i] = 1
		}
	}
	q, _, err := causal.UpliftIntervals(context.Background(), y, treated, score, nil, causal.UpliftBootOptions{Seed: r.Uint64(), Workers: 1, Replicates: 200})
	return within(q, 0), q.Significant(), err
}

func drawPolicy(r *rng.Stream, which int) (bool, bool, error) {
	truth, base, target := [3]float64{.2, .5, .8}, [3]float64{.5, .3, .2}, [3]float64{.2, .3, .5}
	model := [3]float64{.4, .4, .6}
	value, mv := 0.0, 0.0
	for a := range truth {
		value += target[a] * truth[a]
		mv += target[a] * model[a]
	}
	p, err := causal.NewOffPolicy(causal.OffPolicyOptions{})
	if err != nil {
		return false, false, err
	}
	for range 800 {
		u, a := r.Float64(), 0
		for a < 2 && u > base[a] {
			u -= base[a]
			a++
		}
		y := 0.0
		if r.Bool(truth[a]) {
			y = 1
		}
		if err := p.AddModel(y, base[a], target[a], model[a], mv); err != nil {
			return false, false, err
		}
	}
	res, err := p.Result(0)
	if err != nil {
		return false, false, err
	}
	iv := [4]metrics.Interval{res.IPS.Interval, res.SNIPS.Interval, res.DR.Interval, res.SwitchDR.Interval}[which]
	return iv.Low <= value && value <= iv.High, false, nil
}

// drawAlwaysValid looks after every 50 users from 300 to 10,300, and counts as
// covered only if every look is.
func drawAlwaysValid(r *rng.Stream) (bool, bool, error) {
	var arms [2]metrics.Moments
	covered, alarm := true, false
	for n := range 10_300 {
		if err := arms[n%2].Add(3 + r.Normal()); err != nil {
			return false, false, err
		}
		if n+1 < 350 || (n+1)%50 != 0 {
			continue
		}
		e, err := metrics.CompareMeans(arms[0], arms[1], metrics.CompareOptions{})
		if err == nil {
			e, err = experiment.AlwaysValid(e, experiment.SequentialOptions{})
		}
		if err != nil {
			return false, false, err
		}
		covered = covered && within(e, 0)
		alarm = alarm || e.Significant()
	}
	return covered, alarm, nil
}

// TestIntervalsCover measures how often intervals cover and tests alarm. With
// AISLE_LONG=1 it takes 20,000 to 40,000 runs of each (10,000 of the bootstraps)
// and holds exact methods to half a point; docs/coverage.md has the table.
func TestIntervalsCover(t *testing.T) {
	long := os.Getenv("AISLE_LONG") != ""
	for _, s := range append(simulations(), moreSimulations(t)...) {
		t.Run(s.name, func(t *testing.T) {
			runs := 240
			if testkit.Race { // one goroutine
				runs = 80
			}
			runs /= max(s.cost, 1)
			if long {
				t.Parallel()
				runs = max(40_000/max(s.cost, 1), 20_000)
				if s.cost >= 10 {
					runs = 10_000
				}
			}
			covered, alarms := 0, 0
			r := rng.New(20261122, rng.HashString(s.name), 0) // other rows do not move it
			for range runs {
				c, a, err := s.draw(r)
				if err != nil {
					t.Fatal(err)
				}
				if c {
					covered++
				}
				if a {
					alarms++
				}
			}
			n := float64(runs)
			cover, alarm := float64(covered)/n, float64(alarms)/n
			// The measured figure is within half a point of an exact promise, and a
			// bound is kept up to three standard errors of the simulation; in few runs
			// both up to four and a half.
			se := math.Sqrt(.05 * .95 / n)
			tol := 0.005
			if s.atLeast {
				tol = 3 * se
			}
			if !long {
				tol = 4.5 * se
			}
			if s.cover > 0 && (cover < s.cover-tol || cover > s.cover+tol && !s.atLeast) {
				t.Errorf("covers in %.2f%% of %d runs, want %.1f%%", 100*cover, runs, 100*s.cover)
			}
			if s.alarm > 0 && (alarm > s.alarm+tol || alarm < s.alarm-tol && !s.atLeast) {
				t.Errorf("alarms in %.2f%% of %d runs, want %.1f%%", 100*alarm, runs, 100*s.alarm)
			}
			t.Log(s.row(runs, cover, alarm))
		})
	}
}
