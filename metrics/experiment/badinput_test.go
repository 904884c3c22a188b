package experiment_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

func TestPlanBadInput(t *testing.T) {
	e := func(_ metrics.Effect, err error) error { return err }
	c := func(_ experiment.CUPEDEffect, err error) error { return err }
	f := func(_ float64, err error) error { return err }
	s := func(_ experiment.SampleSize, err error) error { return err }
	q := func(_ []float64, err error) error { return err }
	g := func(_ *experiment.GroupSequential, err error) error { return err }
	p := func(_ experiment.Posterior, err error) error { return err }
	nan, inf := math.NaN(), math.Inf(1)
	var one, zeroDen, fine experiment.RatioMoments
	var flat experiment.CUPED
	var cr experiment.CUPEDRatio
	if err := errors.Join(one.Add(1, 1), zeroDen.Add(1, 0), zeroDen.Add(2, 0), fine.Add(1, 2), fine.Add(2, 2), flat.Add(1, 1), flat.Add(1, 2)); err != nil {
		t.Fatal(err)
	}
	gs := ok[*experiment.GroupSequential](t)(experiment.NewGroupSequential([]float64{1}, experiment.GroupSequentialOptions{}))
	_, rejectErr := gs.Reject(1, metrics.Effect{})
	_, rejectNaN := gs.Reject(0, metrics.Effect{Statistic: nan})
	_, daysErr := experiment.SampleSize{Total: 1}.Days(0, 1)
	_, daysShare := experiment.SampleSize{Total: 1}.Days(1, 2)
	_, _, driftErr := gs.Power(nan)
	for name, x := range map[string]struct{ got, want error }{
		"ratio NaN":              {fine.Add(nan, 1), metrics.ErrNotFinite},
		"ratio negative den":     {fine.Add(1, -1), metrics.ErrRange},
		"ratio one user":         {e(experiment.CompareRatios(one, fine, metrics.CompareOptions{})), metrics.ErrUndefined},
		"ratio no denominator":   {e(experiment.CompareRatios(zeroDen, fine, metrics.CompareOptions{})), metrics.ErrUndefined},
		"ratio level":            {e(experiment.CompareRatios(fine, fine, metrics.CompareOptions{Level: 2})), metrics.ErrOption},
		"cuped NaN":              {flat.Add(1, nan), metrics.ErrNotFinite},
		"cuped missing inf":      {flat.AddMissing(inf), metrics.ErrNotFinite},
		"cuped empty":            {c(experiment.CompareCUPED(experiment.CUPED{}, flat, metrics.CompareOptions{})), metrics.ErrUndefined},
		"cuped flat":             {c(experiment.CompareCUPED(flat, flat, metrics.CompareOptions{})), metrics.ErrUndefined},
		"cuped ratio den":        {cr.Add(1, 1, 1, -1), metrics.ErrRange},
		"cuped ratio empty":      {c(experiment.CompareCUPEDRatios(cr, cr, metrics.CompareOptions{})), metrics.ErrUndefined},
		"size equal rates":       {s(experiment.SampleSizeProportions(.1, .1, experiment.PowerOptions{})), metrics.ErrUndefined},
		"size rate 0":            {s(experiment.SampleSizeProportions(0, .1, experiment.PowerOptions{})), metrics.ErrRange},
		"size alpha":             {s(experiment.SampleSizeProportions(.2, .1, experiment.PowerOptions{Alpha: 1})), metrics.ErrOption},
		"size power below alpha": {s(experiment.SampleSizeMeans(.2, 1, experiment.PowerOptions{Power: .01})), metrics.ErrOption},
		"size ratio":             {s(experiment.SampleSizeMeans(.2, 1, experiment.PowerOptions{Ratio: -1})), metrics.ErrOption},
		"size no delta":          {s(experiment.SampleSizeMeans(0, 1, experiment.PowerOptions{})), metrics.ErrUndefined},
		"size tiny delta":        {s(experiment.SampleSizeMeans(1e-200, 1, experiment.PowerOptions{})), metrics.ErrUndefined},
		"size sd":                {s(experiment.SampleSizeMeans(1, 0, experiment.PowerOptions{})), metrics.ErrRange},
		"size NaN":               {s(experiment.SampleSizeMeans(nan, 1, experiment.PowerOptions{})), metrics.ErrNotFinite},
		"power no users":         {f(experiment.PowerMeans(1, 1, 0, 5, experiment.PowerOptions{})), metrics.ErrRange},
		"power no df":            {f(experiment.PowerMeans(1, 1, 1, 1, experiment.PowerOptions{})), metrics.ErrUndefined},
		"power method":           {f(experiment.PowerProportions(.1, .2, 5, 5, experiment.PowerOptions{Method: 9})), metrics.ErrOption},
		"detectable too few":     {f(experiment.DetectableProportion(.9, 2, experiment.PowerOptions{})), metrics.ErrUndefined},
		"detectable mean no df":  {f(experiment.DetectableMean(1, 1, experiment.PowerOptions{})), metrics.ErrUndefined},
		"days rate":              {daysErr, metrics.ErrRange},
		"days share":             {daysShare, metrics.ErrRange},
		"adjust none":            {q(experiment.AdjustPValues(nil, experiment.Holm)), metrics.ErrEmpty},
		"adjust NaN":             {q(experiment.AdjustPValues([]float64{nan}, experiment.Holm)), metrics.ErrRange},
		"adjust unknown":         {q(experiment.AdjustPValues([]float64{1}, 9)), metrics.ErrOption},
		"always valid no SE":     {e(experiment.AlwaysValid(metrics.Effect{N: 3}, experiment.SequentialOptions{})), metrics.ErrRange},
		"always valid no users":  {e(experiment.AlwaysValid(metrics.Effect{SE: 3}, experiment.SequentialOptions{})), metrics.ErrRange},
		"always valid level":     {e(experiment.AlwaysValid(metrics.Effect{SE: 3, N: 3}, experiment.SequentialOptions{Level: -1})), metrics.ErrOption},
		"group no looks":         {g(experiment.NewGroupSequential(nil, experiment.GroupSequentialOptions{})), metrics.ErrEmpty},
		"group order":            {g(experiment.NewGroupSequential([]float64{.5, .5}, experiment.GroupSequentialOptions{})), metrics.ErrRange},
		"group beyond 1":         {g(experiment.NewGroupSequential([]float64{1.1}, experiment.GroupSequentialOptions{})), metrics.ErrRange},
		"group NaN":              {g(experiment.NewGroupSequential([]float64{nan}, experiment.GroupSequentialOptions{})), metrics.ErrRange},
		"group alpha":            {g(experiment.NewGroupSequential([]float64{1}, experiment.GroupSequentialOptions{Alpha: 2})), metrics.ErrOption},
		"group look":             {rejectErr, metrics.ErrRange},
		"group NaN statistic":    {rejectNaN, metrics.ErrRange},
		"group drift":            {driftErr, metrics.ErrNotFinite},
		"group power":            {f(gs.Inflation(1)), metrics.ErrRange},
		"beta prior":             {p(experiment.BayesProportions(metrics.Proportion{}, metrics.Proportion{}, experiment.BetaPrior{Alpha: -1}, 0)), metrics.ErrOption},
		"beta level":             {p(experiment.BayesProportions(metrics.Proportion{}, metrics.Proportion{}, experiment.BetaPrior{}, 3)), metrics.ErrOption},
		"gauss no SE":            {p(experiment.BayesEffect(metrics.Effect{}, experiment.GaussianPrior{})), metrics.ErrRange},
		"gauss prior":            {p(experiment.BayesEffect(metrics.Effect{SE: 1}, experiment.GaussianPrior{SD: -1})), metrics.ErrRange},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	// Far effects: no NaN, the whole effect is at stake.
	far := ok[experiment.Posterior](t)(experiment.BayesEffect(metrics.Effect{Estimate: -50, SE: 1}, experiment.GaussianPrior{}))
	if far.BetterB != 0 || far.LossA != 0 || far.LossB != 50 {
		t.Errorf("%+v", far)
	}
	// Two empty arms: only the prior speaks.
	none := ok[experiment.Posterior](t)(experiment.BayesProportions(metrics.Proportion{}, metrics.Proportion{}, experiment.BetaPrior{}, 0))
	testkit.Near(t, "prior alone", none.BetterB, .5, 1e-12)
	testkit.Near(t, "prior alone, loss", none.LossA, 1.0/6, 1e-12)
	adj := ok[[]metrics.Effect](t)(experiment.AdjustEffects([]metrics.Effect{{PValue: .01, Method: "z"}, {PValue: .5}}, experiment.Bonferroni))
	if adj[0].PValue != .02 || adj[0].Method != "z, p Bonferroni" {
		t.Errorf("%+v", adj)
	}
	if !slices.IsSorted([]float64{adj[0].PValue, adj[1].PValue}) {
		t.Error("order lost")
	}
}

func TestGroupsBadInput(t *testing.T) {
	e := func(_ metrics.Effect, err error) error { return err }
	w := func(_ experiment.WinsorEffect, err error) error { return err }
	h := func(_ experiment.Heterogeneity, err error) error { return err }
	nan := math.NaN()
	var cl, one experiment.Clusters[string]
	if err := errors.Join(cl.Add("a", 1), cl.Add("b", 2), one.Add("a", 1)); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct{ got, want error }{
		"cluster NaN":     {cl.Add("a", nan), metrics.ErrNotFinite},
		"one cluster":     {e(experiment.CompareClusters(&cl, &one, metrics.CompareOptions{})), metrics.ErrUndefined},
		"no clusters":     {e(experiment.CompareClusters(&cl, &experiment.Clusters[string]{}, metrics.CompareOptions{})), metrics.ErrUndefined},
		"winsor empty":    {w(experiment.CompareWinsorized(nil, nil, experiment.WinsorOptions{})), metrics.ErrUndefined},
		"winsor NaN":      {w(experiment.CompareWinsorized([]float64{nan}, nil, experiment.WinsorOptions{})), metrics.ErrNotFinite},
		"winsor quantile": {w(experiment.CompareWinsorized(nil, nil, experiment.WinsorOptions{Quantile: 2})), metrics.ErrOption},
		"winsor none":     {w(experiment.CompareWinsorized([]float64{0, 0}, []float64{0, 0}, experiment.WinsorOptions{Positive: true})), metrics.ErrUndefined},
		"segments":        {h(experiment.CompareSegments([]metrics.Effect{{SE: 1}}, experiment.Holm)), metrics.ErrEmpty},
		"segment scales":  {h(experiment.CompareSegments([]metrics.Effect{{SE: 1}, {SE: 1, Scale: metrics.ScaleRatio}}, experiment.Holm)), metrics.ErrMismatch},
		"segment SE":      {h(experiment.CompareSegments([]metrics.Effect{{SE: 1}, {}}, experiment.Holm)), metrics.ErrRange},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
}

func TestPairedBadInput(t *testing.T) {
	ctx, nan := context.Background(), math.NaN()
	e := func(_ metrics.Effect, err error) error { return err }
	_, few := experiment.CompareModels(ctx, [][]float64{{1}}, experiment.PairedOptions{})
	_, flat := experiment.DetectableDifference([]float64{1, 2}, []float64{2, 3}, experiment.PowerOptions{})
	for name, x := range map[string]struct{ got, want error }{
		"one model":    {few, metrics.ErrEmpty},
		"constant":     {flat, metrics.ErrUndefined},
		"lengths":      {e(experiment.ComparePaired(ctx, []float64{1, 2}, []float64{1}, experiment.PairedOptions{})), metrics.ErrShape},
		"NaN score":    {e(experiment.ComparePaired(ctx, []float64{1, nan}, []float64{1, 2}, experiment.PairedOptions{})), metrics.ErrNotFinite},
		"equal models": {e(experiment.ComparePaired(ctx, []float64{1, 2}, []float64{1, 2}, experiment.PairedOptions{})), metrics.ErrUndefined},
		"replicates":   {e(experiment.ComparePaired(ctx, []float64{1, 2}, []float64{1, 3}, experiment.PairedOptions{Replicates: 5})), metrics.ErrOption},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
}
