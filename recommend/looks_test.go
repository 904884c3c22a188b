package recommend_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

// Every stage of a fit whose work grows with the data looks at its context, once in so
// much work: counted, by the functions on the stack of each look. How long that is on a
// quiet core is printed by TestCancelLatency.
func TestFitsLook(t *testing.T) {
	if testkit.Race {
		t.Skip("fits of one worker each: no two goroutines meet")
	}
	x, s, titles := largeData(t, 3000, 640, 40, 20_000)
	fits := map[string]fitter{}
	for _, f := range largeFits(t, x, s, titles) {
		fits[f.name] = f
	}
	for _, c := range []struct {
		fit    string
		stages map[string]int // function and how many looks there are at least
	}{
		{"FitTFIDF", map[string]int{"FitTFIDF": 60, "vocabulary": 10, "SortFunc": 20, "mergeRuns": 1, "weigh": 20, "finish": 5}},
		{"FitEASE", map[string]int{"gramDense": 40, "Inverse32": 40}},
		{"FitItemKNN", map[string]int{"neighbors": 3, "Pairs.Top": 10}},
		{"FitItemKNN, log-likelihood", map[string]int{"Pairs.Top": 10}},
		{"FitItemKNN, adjusted cosine", map[string]int{"Pairs.Top": 10}},
		{"FitSLIM", map[string]int{"regress": 100, "fromTop": 3}},
		{"FitSparseEASE", map[string]int{"regress": 100, "fromTop": 3}},
		{"FitTurboCF", map[string]int{"Pairs.Top": 10}},
		{"FitGFCF", map[string]int{"TruncatedSVD": 100, "symmetricEigen": 20, "Pairs.Top": 10}},
		{"FitPureSVD", map[string]int{"TruncatedSVD": 100, "symmetricEigen": 20}},
		{"FitALS", map[string]int{"startVectors": 2, "alsSolver": 100}},
		{"FitNMF", map[string]int{"positiveVectors": 1}},
		{"FitBPR", map[string]int{"latent).start": 3, "sgdGrid": 100}},
		{"FitMF", map[string]int{"startRatings": 3, "sgdGrid": 100}},
		{"FitMarkov", map[string]int{"FitMarkov": 5, "fromTop": 3}},
		{"FitItem2Vec", map[string]int{"windowPairs": 3, "sgdGrid": 100}},
		{"FitNextBasket", map[string]int{"FitNextBasket": 3}},
		{"TopLists", map[string]int{"TopLists": 100}},
	} {
		f := fits[c.fit]
		opt := reflect.New(f.opt).Elem()
		// Factors, as what everybody takes is all there is to learn here, and by default one is enough.
		for field, v := range map[string]int64{"Workers": 1, "Iterations": 2, "Epochs": 1, "Factors": 64} {
			if k := opt.FieldByName(field); k.IsValid() {
				k.SetInt(v)
			}
		}
		looks := testkit.NewLooks(0, true)
		if err := f.fit(looks, opt); err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		for stage, want := range c.stages {
			if got := looks.From(stage); got < want {
				t.Errorf("%s looks %d times in %s, want at least %d", f.name, got, stage, want)
			}
		}
		// Told to stop in the middle, it stops at that look or the next of each worker.
		half := testkit.NewLooks(looks.Count()/2+1, false)
		if err := f.fit(half, opt); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, told to stop: %v", f.name, err)
		}
		if late := half.Count() - looks.Count()/2 - 1; late > 8 {
			t.Errorf("%s looks %d times more after it was told to stop", f.name, late)
		}
	}
}
