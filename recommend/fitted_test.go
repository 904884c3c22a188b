package recommend_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/aislekit/aisle/recommend"
)

// A fit with the options that a model says gives the model again, and a model read from
// its binary form says the same.
func TestOptionsOfModels(t *testing.T) {
	rows := make([][]int32, 30)
	for u := range rows {
		for i := range int32(20) {
			if (int32(u)+i)%3 == 0 && (int32(u)*i)%5 != 0 {
				rows[u] = append(rows[u], i)
			}
		}
	}
	x, err := recommend.InteractionsFromRows(20, rows)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	als, err := recommend.FitALS(ctx, x, recommend.ALSOptions{Factors: 4, FrequencyExponent: -1})
	if err != nil {
		t.Fatal(err)
	}
	o := als.Options()
	if o.Unobserved <= 0 || o.Regularization <= 0 || o.FrequencyExponent != -1 || o.Alpha != 1 || o.Factors != 4 {
		t.Errorf("ALS says %+v", o)
	}
	again, err := recommend.FitALS(ctx, x, o)
	if err != nil || !same(t, als, again) {
		t.Errorf("ALS fitted with %+v is another model: %v", o, err)
	}
	bpr, err := recommend.FitBPR(ctx, x, recommend.BPROptions{Factors: 4, Epochs: 3, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := recommend.FitBPR(ctx, x, bpr.Options()); err != nil || bpr.Options().Rate <= 0 || !same(t, bpr, again) {
		t.Errorf("BPR fitted with %+v is another model: %v", bpr.Options(), err)
	}
	warp, err := recommend.FitWARP(ctx, x, recommend.WARPOptions{Factors: 4, Epochs: 3, Decay: -1})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := recommend.FitWARP(ctx, x, warp.Options()); err != nil || warp.Options().Rate <= 0 || !same(t, warp, again) {
		t.Errorf("WARP fitted with %+v is another model: %v", warp.Options(), err)
	}
	for _, task := range []recommend.FMTask{recommend.FMRanking, recommend.FMClicks, recommend.FMRatings} {
		fm, err := recommend.FitFM(ctx, x, recommend.FMOptions{Task: task, Factors: 4, Seed: 3, Regularization: -1})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := recommend.FitFM(ctx, x, fm.Options()); err != nil || fm.Options().Rate <= 0 || fm.Options().Epochs <= 0 || !same(t, fm, again) {
			t.Errorf("FM fitted with %+v is another model: %v", fm.Options(), err)
		}
	}
	gfcf, err1 := recommend.FitGFCF(ctx, x, recommend.GFCFOptions{})
	bspm, err2 := recommend.FitBSPM(ctx, x, recommend.BSPMOptions{})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	gfcf2, err1 := recommend.FitGFCF(ctx, x, recommend.GFCFOptions{Factors: 2})
	bspm2, err2 := recommend.FitBSPM(ctx, x, recommend.BSPMOptions{Factors: 2})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	// The pattern above has rank 3: no more are kept than there are.
	if gfcf.Factors() != 3 || bspm.Factors() != 3 || gfcf2.Factors() != 2 || bspm2.Factors() != 2 {
		t.Errorf("GFCF keeps %d and %d, BSPM %d and %d factors, want 3 and 2", gfcf.Factors(), gfcf2.Factors(), bspm.Factors(), bspm2.Factors())
	}
	nmf, err := recommend.FitNMF(ctx, x, recommend.NMFOptions{Factors: 4})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := recommend.FitNMF(ctx, x, nmf.Options()); err != nil || nmf.Options().L2 <= 0 || !same(t, nmf, again) {
		t.Errorf("NMF fitted with %+v is another model: %v", nmf.Options(), err)
	}
	for _, l1 := range []float64{0, -1, 0.3} {
		slim, err := recommend.FitSLIM(ctx, x, recommend.SLIMOptions{L1: l1, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		said := slim.Options()
		if again, err := recommend.FitSLIM(ctx, x, said); err != nil || said.L1 == 0 || said.L2 != 100 || said.Workers != 0 || !same(t, slim, again) {
			t.Errorf("SLIM fitted with %+v is another model: %v", said, err)
		}
	}
	for _, o := range []recommend.ItemKNNOptions{{}, {Shrinkage: -1, B: -1}, {Weighting: recommend.TFIDF, Similarity: recommend.AsymmetricCosine}, {Similarity: recommend.Dot}} {
		knn, err := recommend.FitItemKNN(ctx, x, o)
		if err != nil {
			t.Fatal(err)
		}
		said := knn.Options()
		if again, err := recommend.FitItemKNN(ctx, x, said); err != nil || said.Shrinkage == 0 || said.Neighbors < 100 || said.Similarity == 0 || said.Weighting == 0 || !same(t, knn, again) {
			t.Errorf("ItemKNN fitted with %+v is another model: %v", said, err)
		}
		raw, err := knn.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := knn.UnmarshalBinary(raw); err != nil || knn.Options().Neighbors != 0 {
			t.Errorf("an ItemKNN that was read says %+v, %v", knn.Options(), err)
		}
	}
	lmf, err := recommend.FitLMF(ctx, x, recommend.LMFOptions{Factors: 4, Epochs: 3, Regularization: -1, Alpha: 2})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := recommend.FitLMF(ctx, x, lmf.Options()); err != nil || lmf.Options().Rate <= 0 || !same(t, lmf, again) {
		t.Errorf("LMF fitted with %+v is another model: %v", lmf.Options(), err)
	}
}

// same compares binary forms.
func same(t *testing.T, a, b recommend.Persistent) bool {
	t.Helper()
	p, err := a.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	q, err := b.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(p, q)
}
