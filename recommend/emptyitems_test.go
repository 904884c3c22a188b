package recommend

import (
	"context"
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
