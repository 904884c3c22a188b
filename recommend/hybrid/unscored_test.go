package hybrid_test

import (
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// An item without a score, minus infinity or NaN, has no rank: it gets no points of RRF and
// Borda, is no candidate of a Cascade or a Stack, and has no share in reasons. Those that
// have a score keep their rank, whatever the depth.
func TestUnscoredHasNoRank(t *testing.T) {
	none, nan := float32(math.Inf(-1)), float32(math.NaN())
	first := tableOf(false, []float32{none, -5, nan, 7, none})
	second := tableOf(false, []float32{1, 2, 3, 4, 5})
	near := func(what string, got, want []float32) {
		t.Helper()
		if !slices.EqualFunc(got, want, func(a, b float32) bool { return a == b || math.Abs(float64(a-b)) < 1e-6 }) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	scores := func(m recommend.Model, err error) []float32 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]float32, m.Items())
		if err := m.Score(dst, recommend.Query{User: 0}); err != nil {
			t.Fatal(err)
		}
		return dst
	}
	rrf, err := hybrid.NewRRF([]hybrid.Weighted{{Model: first}}, hybrid.RRFOptions{})
	near("RRF", scores(rrf, err), []float32{0, 1. / 62, 0, 1. / 61, 0})
	borda, err := hybrid.NewBorda([]hybrid.Weighted{{Model: first}}, hybrid.BordaOptions{})
	near("Borda", scores(borda, err), []float32{0, 0.8, 0, 1, 0})
	cascade, err := hybrid.NewCascade(first, second, hybrid.CascadeOptions{})
	near("Cascade", scores(cascade, err), []float32{none, 2, none, 4, none})
	both, err := hybrid.NewRRF([]hybrid.Weighted{{Model: cascade}, {Model: second}}, hybrid.RRFOptions{})
	near("RRF of a cascade", scores(both, err), []float32{1. / 65, 1./62 + 1./64, 1. / 63, 1./61 + 1./62, 1. / 61})
	stack, err := hybrid.NewStack([]recommend.Source{{Name: "first", Model: first}}, hybrid.StackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	candidates, err := stack.Candidates(recommend.Query{User: 0}, recommend.Filter{})
	if err != nil || len(candidates) != 2 || candidates[0].Item != 1 || candidates[1].Item != 3 {
		t.Errorf("Stack: candidates %v, %v, want items 1 and 3", candidates, err)
	}
}

// unscored explains every item alike, those too that have no score.
type unscored struct{ *tableModel }

func (unscored) AppendReasons(dst []recommend.Reason, q recommend.Query, item int32, k int) ([]recommend.Reason, error) {
	return append(dst, recommend.Reason{Item: q.Items[0], Contribution: 1}), nil
}

func TestUnscoredHasNoReasons(t *testing.T) {
	m := unscored{tableOf(false, []float32{float32(math.Inf(-1)), 2, 3})}
	rrf, err := hybrid.NewRRF([]hybrid.Weighted{{Model: m}}, hybrid.RRFOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for item, want := range []float32{0, 1. / 62, 1. / 61} {
		reasons, err := rrf.AppendReasons(nil, recommend.Query{User: 0, Items: []int32{2}}, int32(item), 3)
		if err != nil {
			t.Fatal(err)
		}
		sum := float32(0)
		for _, r := range reasons {
			sum += r.Contribution
		}
		if math.Abs(float64(sum-want)) > 1e-7 {
			t.Errorf("item %d: reasons %v add up to %v, want %v", item, reasons, sum, want)
		}
	}
}
