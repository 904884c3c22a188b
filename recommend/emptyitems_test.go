package recommend

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
)

// Items without entries, many or few, change nothing for the others: neither vectors nor
// biases nor what is folded in. They themselves are known for nothing.
func TestSampledModelsIgnoreEmptyItems(t *testing.T) {
	const items, empty = 40, 160
	base := groups(60, items+1, 8, 3) // nobody takes the last
	rows := make([][]int32, base.Users())
	for u := range rows {
		rows[u] = base.Query(u).Items
	}
	fits := map[string]func(x *Interactions) (Folder, error){
		"bpr": func(x *Interactions) (Folder, error) {
			return FitBPR(context.Background(), x, BPROptions{Factors: 8, Epochs: 20})
		},
		"bpr/dns": func(x *Interactions) (Folder, error) {
			return FitBPR(context.Background(), x, BPROptions{Factors: 8, Epochs: 20, Candidates: 3})
		},
		"warp": func(x *Interactions) (Folder, error) {
			return FitWARP(context.Background(), x, WARPOptions{Factors: 8, Epochs: 20})
		},
		"lmf": func(x *Interactions) (Folder, error) {
			return FitLMF(context.Background(), x, LMFOptions{Factors: 8, Epochs: 20})
		},
		"fm": func(x *Interactions) (Folder, error) {
			return FitFM(context.Background(), x, FMOptions{Factors: 8, Epochs: 20})
		},
		"fm/clicks": func(x *Interactions) (Folder, error) {
			return FitFM(context.Background(), x, FMOptions{Task: FMClicks, Factors: 8, Epochs: 20})
		},
	}
	for name, fit := range fits {
		var folded [2][]float32
		var models [2]interface {
			ItemVector(i int) []float32
			ItemBias(i int) float32
			Items() int
		}
		for k, n := range []int{items, items + empty} {
			x, err := InteractionsFromRows(n, rows)
			if err != nil {
				t.Fatal(err)
			}
			m, err := fit(x)
			if err != nil {
				t.Fatal(err)
			}
			folded[k] = make([]float32, m.Factors())
			if err := m.FoldIn(folded[k], []int32{1, 5, 9}, nil); err != nil {
				t.Fatal(err)
			}
			if back := foldedByFrame(t, m, []int32{1, 5, 9}); !slices.Equal(back, folded[k]) {
				t.Errorf("%s: a history is folded into %v, by the frame into %v", name, folded[k], back)
			}
			models[k] = m.(interface {
				ItemVector(i int) []float32
				ItemBias(i int) float32
				Items() int
			})
		}
		if !slices.Equal(folded[0], folded[1]) {
			t.Errorf("%s: with %d empty items a history is folded into %v, without %v", name, empty, folded[1], folded[0])
		}
		lowest := models[0].ItemBias(0)
		for i := range items {
			if !slices.Equal(models[0].ItemVector(i), models[1].ItemVector(i)) || models[0].ItemBias(i) != models[1].ItemBias(i) {
				t.Fatalf("%s: item %d has another vector or bias beside %d empty items", name, i, empty)
			}
			lowest = min(lowest, models[0].ItemBias(i))
		}
		for i := items; i < items+empty; i++ {
			if !isZero(models[1].ItemVector(i)) || models[1].ItemBias(i) != lowest {
				t.Fatalf("%s: empty item %d has vector %v and bias %v, want zeros and %v", name, i, models[1].ItemVector(i), models[1].ItemBias(i), lowest)
			}
		}
	}
}

// An item without entries, whose features say nothing, has no vector either, though it has
// features: nothing is drawn from it by the model nor by its frame.
func TestFMFoldInAsFrame(t *testing.T) {
	base := groups(60, 41, 8, 3)
	silent, err := NewInteractions(41, 1, countUp(42), make([]int32, 41), make([]float32, 41))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range []FMTask{FMRanking, FMClicks} {
		m, err := FitFM(context.Background(), base, FMOptions{Task: task, Factors: 8, Epochs: 20, ItemFeatures: silent})
		if err != nil {
			t.Fatal(err)
		}
		empty := 0
		for i := range 41 {
			if isZero(m.ItemVector(i)) {
				empty++
			}
		}
		got := make([]float32, 8)
		if err := m.FoldIn(got, []int32{1, 5, 9}, nil); err != nil {
			t.Fatal(err)
		}
		if back := foldedByFrame(t, m, []int32{1, 5, 9}); empty == 0 || !slices.Equal(back, got) {
			t.Errorf("task %d, %d items without a vector: a history is folded into %v, by the frame into %v", task, empty, got, back)
		}
	}
}

// countUp returns 0, 1, … n-1.
func countUp(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i)
	}
	return out
}

// foldedByFrame returns the fold-in of the model that m's frame is read into.
func foldedByFrame(t *testing.T, m Folder, history []int32) []float32 {
	t.Helper()
	frame, err := m.(Persistent).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	read := reflect.New(reflect.TypeOf(m).Elem()).Interface().(Folder)
	if err := read.(Persistent).UnmarshalBinary(frame); err != nil {
		t.Fatal(err)
	}
	out := make([]float32, read.Factors())
	if err := read.FoldIn(out, history, nil); err != nil {
		t.Fatal(err)
	}
	return out
}

// Defaults count users and items with entries: those without change neither settings nor,
// but for rounding and draws, what models score for the others.
func TestDefaultsIgnoreEmptyRows(t *testing.T) {
	base := groups(60, 48, 8, 3)
	rows := make([][]int32, base.Users())
	for u := range rows {
		rows[u] = base.Query(u).Items
	}
	bare, err1 := InteractionsFromRows(48, rows[:59])
	wide, err2 := InteractionsFromRows(48+500, append(rows, make([][]int32, 200)...))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	a, err1 := ALSOptions{}.resolve(bare)
	b, err2 := ALSOptions{}.resolve(wide)
	if err1 != nil || err2 != nil || a.Factors != b.Factors || a.Unobserved != b.Unobserved || a.Iterations != b.Iterations {
		t.Errorf("ALS has %+v, with empty rows %+v, %v, %v", a, b, err1, err2)
	}
	if a, b := spectralFactors(bare), spectralFactors(wide); a != b {
		t.Errorf("spectral filters have %d factors, with empty rows %d", a, b)
	}
	if a, b := (SLIMOptions{}).withDefaults(bare), (SLIMOptions{}).withDefaults(wide); a.L1 != b.L1 {
		t.Errorf("SLIM has L1 %v, with empty rows %v", a.L1, b.L1)
	}
	if a, b := bare.breadth(), wide.breadth(); a != b {
		t.Errorf("a user has a share %v of the catalogue, with empty rows %v", a, b)
	}
	ctx := context.Background()
	for name, c := range map[string]struct {
		fit func(x *Interactions) (Model, error)
		tol float64 // of the largest score
	}{
		"als":        {func(x *Interactions) (Model, error) { return FitALS(ctx, x, ALSOptions{}) }, 0.1},
		"als/plain":  {func(x *Interactions) (Model, error) { return FitALS(ctx, x, ALSOptions{FrequencyExponent: -1}) }, 1e-4},
		"nmf":        {func(x *Interactions) (Model, error) { return FitNMF(ctx, x, NMFOptions{}) }, 1e-4},
		"slim":       {func(x *Interactions) (Model, error) { return FitSLIM(ctx, x, SLIMOptions{}) }, 1e-4},
		"gfcf":       {func(x *Interactions) (Model, error) { return FitGFCF(ctx, x, GFCFOptions{}) }, 1e-2},
		"puresvd":    {func(x *Interactions) (Model, error) { return FitPureSVD(ctx, x, PureSVDOptions{}) }, 1e-2},
		"turbocf":    {func(x *Interactions) (Model, error) { return FitTurboCF(ctx, x, TurboCFOptions{}) }, 1e-4},
		"rp3beta":    {func(x *Interactions) (Model, error) { return FitRP3Beta(ctx, x, RP3BetaOptions{}) }, 1e-4},
		"ease":       {func(x *Interactions) (Model, error) { return FitEASE(ctx, x, EASEOptions{}) }, 1e-4},
		"sparseease": {func(x *Interactions) (Model, error) { return FitSparseEASE(ctx, x, SparseEASEOptions{}) }, 1e-4},
		"userknn":    {func(x *Interactions) (Model, error) { return FitUserKNN(ctx, x, UserKNNOptions{}) }, 1e-4},
	} {
		m, err1 := c.fit(bare)
		n, err2 := c.fit(wide)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(name, err)
		}
		p, q := make([]float32, 48), make([]float32, 548)
		worst, size := 0.0, 0.0
		for u := range 59 {
			if err := errors.Join(m.Score(p, bare.Query(u)), n.Score(q, wide.Query(u))); err != nil {
				t.Fatal(name, err)
			}
			for i, v := range p {
				worst = max(worst, math.Abs(float64(v-q[i])))
				size = max(size, math.Abs(float64(v)))
			}
		}
		t.Logf("%s: %.2g of %.2g", name, worst, size)
		if worst > c.tol*size {
			t.Errorf("%s scores are up to %v off beside empty rows, the largest is %v", name, worst, size)
		}
	}
}
