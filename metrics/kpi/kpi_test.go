package kpi

import (
	"errors"
	"math"
	"testing"
)

func TestKPIBadInput(t *testing.T) {
	c := Counts{Revenue: maxCount - 1}
	before := c
	var u Customers[string]
	if err := u.Add("a", math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	var v Customers[string]
	if err := v.Add("b", 1); err != nil {
		t.Fatal(err)
	}
	val := func(_ float64, err error) error { return err }
	for name, x := range map[string]struct{ got, want error }{
		"money overflows":         {c.Add(Counts{Orders: 1, Revenue: 10}), ErrOverflow},
		"int64 overflows":         {c.Add(Counts{Orders: 1, Revenue: math.MaxInt64}), ErrOverflow},
		"negative refunds":        {c.Add(Counts{Orders: 1, Refunds: -1}), ErrRange},
		"customer overflows":      {u.Add("a", 1), ErrOverflow},
		"customers overflow":      {u.Merge(&v), ErrOverflow},
		"CTR without impressions": {val(Counts{Clicks: 3}.CTR().Value()), ErrUndefined},
		"CPM without impressions": {val(Counts{Cost: 3}.CPM()), ErrUndefined},
		"growth from 0":           {val(Growth(0, 3).Value()), ErrUndefined},
		"nobody retained of none": {val(Retention(nil, []int{1}).Value()), ErrUndefined},
		"no customers":            {val((&Customers[int]{}).RepeatPurchaseRate().Value()), ErrUndefined},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	if c != before || u.Orders() != 1 || u.Buyers() != 1 {
		t.Errorf("something changed: %+v %d", c, u.Orders())
	}
	if err := c.Add(Counts{GrossMargin: -3}); err != nil {
		t.Errorf("a loss is allowed: %v", err)
	}
}
