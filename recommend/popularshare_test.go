package recommend

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
)

// Rows get what is popular in memory of the right size, those of items without entries stay
// empty, and weights that cancel out count by their size.
func TestPopularityShares(t *testing.T) {
	x := groups(60, 301, 8, 3) // nobody takes the last, and many others neither
	signed := &sparse.CSR{Rows: 301, Cols: 301, Ptr: make([]int64, 1, 302)}
	for j := range 301 {
		signed.Col = append(signed.Col, int32(j/2), int32(j/2+100))
		signed.Val = append(signed.Val, 1, -1)
		signed.Ptr = append(signed.Ptr, int64(len(signed.Col)))
	}
	share := x.popularShares(func(j int) []float32 {
		_, vals := signed.Row(j)
		return vals
	})
	sum := 0.0
	for _, v := range share {
		sum += float64(v)
	}
	if math.Abs(sum-2*popularTimes) > 1e-3 {
		t.Errorf("shares add up to %v, want %d", sum, 2*popularTimes)
	}
	b, err := x.withPopular(context.Background(), signed)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Col) == 0 || len(b.Col) != cap(b.Col) || len(b.Val) != cap(b.Val) {
		t.Errorf("%d and %d weights in memory for %d and %d", len(b.Col), len(b.Val), cap(b.Col), cap(b.Val))
	}
	if b.RowLen(300) != 0 {
		t.Errorf("an item without entries has %d weights", b.RowLen(300))
	}
}

// EASE where popularity is all: the share of what is popular is neither in rows of items
// without entries nor in the weight of an item for itself.
func TestPopularityInEASE(t *testing.T) {
	r := rng.New(5, 0x9e, 0)
	rows := make([][]int32, 800)
	for u := range rows {
		busy := 0.3 + 1.4*r.Float64()
		for i := range 200 {
			if r.Bool(min(busy*0.9/(3+0.2*float64(i)), 1)) {
				rows[u] = append(rows[u], int32(i))
			}
		}
	}
	x, err := InteractionsFromRows(210, rows)
	if err != nil {
		t.Fatal(err)
	}
	if !x.onlyPopular() {
		t.Fatal("there is more than popularity in the data")
	}
	m, err := FitEASE(context.Background(), x, EASEOptions{})
	if err != nil {
		t.Fatal(err)
	}
	score := make([]float32, 210)
	for _, j := range []int32{3, 205} {
		if err := m.Score(score, Query{User: Stranger, Items: []int32{j}}); err != nil {
			t.Fatal(err)
		}
		if score[j] != 0 {
			t.Errorf("item %d speaks for itself by %v", j, score[j])
		}
		if known := j == 3; isZero(score) == known {
			t.Errorf("item %d speaks for others: %v", j, !known)
		}
	}
}

// The ideal filter of one factor needs no search: weights however far apart are served, by
// shares of the sums.
func TestPopularityOfFarWeights(t *testing.T) {
	x, err := NewInteractions(2, 4, []int64{0, 2, 4}, []int32{0, 1, 2, 3}, []float32{1, 3, 1e12, 2e12})
	if err != nil {
		t.Fatal(err)
	}
	g, err := FitGFCF(context.Background(), x, GFCFOptions{Factors: 1, Alpha: 5, UseWeights: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := FitBSPM(context.Background(), x, BSPMOptions{Factors: 1, Beta: 5, Sharpening: -1, UseWeights: true})
	if err != nil {
		t.Fatal(err)
	}
	score := make([]float32, 4)
	for name, m := range map[string]Model{"gfcf": g, "bspm": b} {
		if err := m.Score(score, Query{User: Stranger, Items: []int32{2}}); err != nil {
			t.Fatal(err)
		}
		for i, want := range []float64{5 * 1 / 3e12, 5 * 3 / 3e12} {
			if got := float64(score[i]); math.Abs(got-want) > 1e-5*want {
				t.Errorf("%s: item %d has %v, want %v", name, i, got, want)
			}
		}
	}
	if _, err := FitGFCF(context.Background(), x, GFCFOptions{Factors: 2, UseWeights: true}); err == nil {
		t.Error("two factors of weights too far apart were found")
	}
}
