package affinity_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/affinity"
)

// crowd adds customers of a segment, some of whom buy tea for so much each.
func crowd(t *testing.T, l *affinity.Lifts, segment string, customers, buyers int, each int64) {
	t.Helper()
	for i := range customers {
		var spent map[string]int64
		if i < buyers {
			spent = map[string]int64{"tea": each}
		}
		if err := l.Add(segment, spent); err != nil {
			t.Fatal(err)
		}
	}
}

// What is at stake is what others spend, for each buyer who is missing: 20 of 30 here. Nothing
// is where nobody is missing, or where others got more back than they paid.
func TestAtStakeByHand(t *testing.T) {
	for each, want := range map[int64]float64{300: 6000, -300: 0} {
		var l affinity.Lifts
		crowd(t, &l, "a", 100, 10, 1000)
		crowd(t, &l, "b", 100, 50, each)
		r, err := l.Result(context.Background(), affinity.Options{})
		if err == nil { // ten are too few to tell about
			for _, c := range r.Cells {
				if !errors.Is(c.Err, affinity.ErrPrivacy) || c.AtStake != 0 {
					t.Errorf("%+v", c)
				}
			}
			r, err = l.Result(context.Background(), affinity.Options{MinAudience: -1})
		}
		if err != nil || !testkit.Close(r.Cells[0].AtStake, want, 1e-9, 1e-12) || r.Cells[1].AtStake != 0 {
			t.Errorf("others spend %d: %+v, %v", each, r.Cells, err)
		}
	}
}

// Twenty who do not buy are as few as twenty who do: their cell is withheld, and the next one,
// so that the total less the rest does not tell.
func TestFewOthersWithheld(t *testing.T) {
	var l affinity.Lifts
	crowd(t, &l, "a", 100, 80, 1)
	crowd(t, &l, "b", 200, 100, 1)
	crowd(t, &l, "c", 200, 101, 1)
	crowd(t, &l, "d", 200, 200, 1)
	r, err := l.Result(context.Background(), affinity.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, withheld := range []bool{true, true, false, false} {
		if errors.Is(r.Cells[i].Err, affinity.ErrPrivacy) != withheld {
			t.Errorf("%+v", r.Cells[i])
		}
	}
	var all affinity.Lifts // of all, 49 do not buy
	crowd(t, &all, "a", 100, 100, 1)
	crowd(t, &all, "b", 100, 51, 1)
	if r, err = all.Result(context.Background(), affinity.Options{}); err != nil || r.Cells[0].Err == nil || r.Cells[1].Err == nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// No frame has more buyers than customers.
func TestMoreBuyersThanCustomers(t *testing.T) {
	for buyers, want := range map[int64]error{1: nil, 2: affinity.ErrCorrupt, 0: affinity.ErrCorrupt} {
		var w codec.Writer
		w.Int(1)
		w.String("a")
		w.Int64(1)
		w.Int(1)
		w.String("a")
		w.String("tea")
		w.Int64(buyers)
		w.Int64(5)
		if err := new(affinity.Lifts).UnmarshalBinary(w.AppendFrame(nil, codec.KindLifts, 1)); !errors.Is(err, want) {
			t.Errorf("%d buyers of 1: %v", buyers, err)
		}
	}
}
