package identity_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

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
