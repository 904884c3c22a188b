package identity_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/identity"
)

func TestTrafficLaws(t *testing.T) {
	testkit.Laws[*identity.Traffic]{
		Empty: func() *identity.Traffic { return &identity.Traffic{} },
		Add: func(rt *rapid.T) func(*identity.Traffic) {
			h := identity.Hit{
				Visitor: rapid.SampledFrom([]identity.ID{phone, tablet}).Draw(rt, "visitor"), At: start.Add(time.Duration(rapid.IntRange(0, 9).Draw(rt, "hour")) * time.Hour),
				Dwell: time.Duration(rapid.IntRange(0, 5).Draw(rt, "dwell")) * time.Second, Bought: rapid.Bool().Draw(rt, "bought"),
			}
			return func(x *identity.Traffic) { must(t, x.Add(h)) }
		},
		Merge: func(a, b *identity.Traffic) error { return a.Merge(b) },
		Result: func(x *identity.Traffic) (out []float64) {
			list, err := x.Result(identity.TrafficOptions{PerHour: 2, Awake: 3, Idle: 4})
			must(t, err)
			for _, v := range list {
				out = append(out, testkit.Numbers(v.Hits, v.Peak, v.Run, len(v.Signs), len(v.ID.Value))...)
			}
			return out
		},
	}.Check(t)
}

// Each sign is seen in a visitor who has it, and in none who has a little less.
func TestSigns(t *testing.T) {
	type plan struct {
		hours, apart, per int
		dwell             time.Duration
		bought            bool
	}
	for name, c := range map[string]struct {
		plan plan
		want []identity.Sign
	}{
		"a reader":        {plan{3, 24, 10, time.Minute, true}, nil},
		"rate":            {plan{1, 1, 121, time.Minute, true}, []identity.Sign{identity.SignRate}},
		"not the rate":    {plan{1, 1, 120, time.Minute, true}, nil},
		"hasty":           {plan{1, 1, 20, 2999 * time.Millisecond, true}, []identity.Sign{identity.SignHasty}},
		"not hasty":       {plan{1, 1, 20, 3 * time.Second, true}, nil},
		"no sleep":        {plan{12, 1, 1, 0, true}, []identity.Sign{identity.SignNoSleep}},
		"sleep":           {plan{11, 1, 1, 0, true}, nil},
		"round":           {plan{240, 25, 1, 0, true}, []identity.Sign{identity.SignRound}},
		"steady":          {plan{24, 24, 10, 0, true}, []identity.Sign{identity.SignSteady}},
		"not so steady":   {plan{23, 24, 10, 0, true}, nil},
		"idle":            {plan{2, 24, 100, time.Minute, false}, []identity.Sign{identity.SignIdle}},
		"not idle":        {plan{2, 24, 100, time.Minute, true}, nil},
		"idle and steady": {plan{40, 24, 10, time.Minute, false}, []identity.Sign{identity.SignSteady, identity.SignIdle}},
	} {
		var x identity.Traffic
		for h := range c.plan.hours {
			for range c.plan.per {
				must(t, x.Add(identity.Hit{Visitor: phone, At: start.Add(time.Duration(h*c.plan.apart) * time.Hour), Dwell: c.plan.dwell, Bought: c.plan.bought}))
			}
		}
		list, err := x.Result(identity.TrafficOptions{})
		must(t, err)
		if !slices.Equal(list[0].Signs, c.want) || list[0].Robot != (len(c.want) > 1) {
			t.Errorf("%s: %v, want %v", name, list[0].Signs, c.want)
		}
		if !x.Forget(phone) || x.Forget(phone) || bytesOf(t, &x) != bytesOf(t, &identity.Traffic{}) {
			t.Errorf("%s: Forget left something", name)
		}
	}
}

// Add refuses the hit that would take a visitor beyond 2^63−1, as the decoder does, and says nothing of whom or of how many.
func TestTrafficOverflow(t *testing.T) {
	full := func(hours ...int64) *identity.Traffic {
		var w codec.Writer
		w.Int(1)
		w.String(phone.Kind)
		w.String(phone.Value)
		w.Int64(0)
		w.Int64(0)
		w.Int64(math.MaxInt64 - 7)
		w.Int(len(hours))
		for h, n := range hours {
			w.Int64(start.Unix()/3600 + int64(h))
			w.Int64(n)
		}
		var x identity.Traffic
		must(t, x.UnmarshalBinary(w.AppendFrame(nil, codec.KindTraffic, 1)))
		return &x
	}
	one := &identity.Traffic{}
	must(t, one.Add(identity.Hit{Visitor: phone, At: start}))
	slow := &identity.Traffic{}
	must(t, slow.Add(identity.Hit{Visitor: phone, At: start, Dwell: 8 * time.Millisecond}))
	for name, c := range map[string]struct {
		x  *identity.Traffic
		do func(x *identity.Traffic) error
	}{
		"hits of an hour": {full(math.MaxInt64), func(x *identity.Traffic) error { return x.Add(identity.Hit{Visitor: phone, At: start}) }},
		"hits of all":     {full(math.MaxInt64-1, 1), func(x *identity.Traffic) error { return x.Add(identity.Hit{Visitor: phone, At: start.Add(9 * day)}) }},
		"dwell": {full(5), func(x *identity.Traffic) error {
			return x.Add(identity.Hit{Visitor: phone, At: start, Dwell: 8 * time.Millisecond})
		}},
		"merged hits":  {full(math.MaxInt64), func(x *identity.Traffic) error { return x.Merge(one) }},
		"merged dwell": {full(5), func(x *identity.Traffic) error { return x.Merge(slow) }},
	} {
		before := bytesOf(t, c.x)
		err := c.do(c.x)
		if !errors.Is(err, identity.ErrOverflow) || bytesOf(t, c.x) != before {
			t.Errorf("%s: %v, or changed", name, err)
		}
		if err != nil && strings.ContainsAny(strings.TrimPrefix(err.Error(), "identity: Traffic."), "0123456789") {
			t.Errorf("%s: the text holds a value: %v", name, err)
		}
		var again identity.Traffic
		must(t, again.UnmarshalBinary([]byte(bytesOf(t, c.x))))
	}
	// A merged, a decoded and a grown state count alike.
	x := full(math.MaxInt64 - 2)
	must(t, x.Merge(one))
	must(t, x.Add(identity.Hit{Visitor: phone, At: start.Add(day)}))
	if err := x.Add(identity.Hit{Visitor: phone, At: start.Add(2 * day)}); !errors.Is(err, identity.ErrOverflow) {
		t.Error(err)
	}
}
