package ranking

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func TestExposureMerge(t *testing.T) {
	groups := []int32{0, 0, 1, 1, 1, 2}
	testkit.Laws[*Exposure]{
		Empty: func() *Exposure { return ok[*Exposure](t)(NewExposure(groups)) },
		Add: func(t *rapid.T) func(*Exposure) {
			perm := rapid.Permutation([]int32{0, 1, 2, 3, 4, 5}).Draw(t, "items")
			i, j := rapid.IntRange(0, 3).Draw(t, "i"), rapid.IntRange(3, 5).Draw(t, "j")
			rel := perm[i:min(i+2, 6)]
			return func(e *Exposure) {
				if err := e.Add(perm[:i], rel, perm[j:]); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Exposure) error { return a.Merge(b) },
		Result: func(e *Exposure) []float64 {
			out := testkit.Numbers(e.lists)
			for _, c := range e.counts {
				out = append(out, float64(c.recommended), float64(c.candidates), float64(c.hits), float64(c.relevant), c.discounted)
			}
			return out
		},
		Tol:   1e-12,
		Other: func() *Exposure { return ok[*Exposure](t)(NewExposure([]int32{1, 0, 1, 1, 1, 2})) },
	}.Check(t)
}

func TestExposureByHand(t *testing.T) {
	e := ok[*Exposure](t)(NewExposure([]int32{0, 0, 1, 1}))
	if err := errors.Join(e.Add([]int32{0, 2}, []int32{2, 2, 1}, []int32{1}), e.Add([]int32{1, 0}, []int32{1, 3}, nil)); err != nil {
		t.Fatal(err)
	}
	r := ok[ExposureResult](t)(e.Result())
	// Group 0: 3 places of 1+2 candidates, hits 1 of 2 relevant. Group 1: 1 of 4, hits 1 of 2.
	testkit.Near(t, "RSP 0", r.Groups[0].RSP, 1, 1e-15)
	testkit.Near(t, "RSP 1", r.Groups[1].RSP, .25, 1e-15)
	testkit.Near(t, "PopRSP", r.PopRSP, .375/.625, 1e-15)
	testkit.Near(t, "PopREO", r.PopREO, 0, 1e-15)
	testkit.Near(t, "share", r.Groups[1].Share, (1/math.Log2(3))/(2+2/math.Log2(3)), 1e-15)
	for name, err := range map[string]struct{ got, want error }{
		"unknown item":        {e.Add([]int32{4}, nil, nil), ErrRange},
		"negative relevant":   {e.Add(nil, []int32{-1}, nil), ErrRange},
		"twice":               {e.Add([]int32{1, 1}, nil, nil), ErrDuplicate},
		"recommended a known": {e.Add([]int32{1}, nil, []int32{1}), ErrMismatch},
	} {
		if !errors.Is(err.got, err.want) {
			t.Errorf("%s: %v, want %v", name, err.got, err.want)
		}
	}
	again := ok[ExposureResult](t)(e.Result())
	if again.Lists != 2 || again.Groups[0] != r.Groups[0] {
		t.Error("errors changed the state")
	}
	if err := e.Add([]int32{1}, nil, nil); err != nil {
		t.Errorf("after errors: %v", err)
	}
}

func TestExposureBadInput(t *testing.T) {
	_, noItems := NewExposure(nil)
	_, badGroup := NewExposure([]int32{-1})
	_, noLists := ok[*Exposure](t)(NewExposure([]int32{0})).Result()
	for name, x := range map[string]struct{ got, want error }{
		"no items":  {noItems, ErrEmpty},
		"bad group": {badGroup, ErrRange},
		"no lists":  {noLists, ErrEmpty},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
}
