package profile_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

func affinityTo(t testing.TB, dim profile.Dimension, labels ...string) profile.Feature {
	t.Helper()
	f, err := profile.NewAffinity(profile.AffinityOptions{Dimension: dim, Labels: labels, HalfLife: 2 * day, PriceBands: []int64{300, 600}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestBaseIsFeatures: the columns that a Builder keeps inline, affinities included, are to the last
// bit those of the Features base and affinity, for every split into shards, through bytes, rolled forward or not.
func TestBaseIsFeatures(t *testing.T) {
	labels := map[profile.Dimension][]string{
		profile.Category: {"shoes", "hats"}, profile.Brand: {"acme", "nobody"}, profile.PriceBand: {"0", "1", "2"}, profile.Term: {"red", "hat"},
		profile.Channel: {"app", "web"}, profile.Campaign: {"spring"}, profile.Device: {"phone"},
	}
	compared := 0
	testkit.Until(t, "a value", func() bool { return compared > 0 }, func(r *rapid.T) {
		z := location(t, rapid.SampledFrom([]string{"UTC", "America/New_York"}).Draw(r, "zone"))
		asOf := time.Date(2024, 4, 3, 0, 0, 0, 0, z)
		log := shopLog(rapid.Uint64Range(0, 1<<20).Draw(r, "seed"), asOf, 60)
		rolling := rapid.Bool().Draw(r, "rolling")
		features := promised(profile.Features([]int{7, 30}, "base"))
		var want, got []string
		for dim, list := range labels {
			features = append(features, affinityTo(t, dim, list...))
			for _, l := range list {
				want, got = append(want, dim.String()+"="+l), append(got, "affinity_"+dim.String()+"="+l)
			}
		}
		opt := profile.BuilderOptions{AsOf: asOf, Zone: z, Rolling: rolling, Windows: []int{7, 30}, HalfLife: 2 * day, PriceBands: []int64{300, 600}, Features: features}
		if rolling {
			opt.AsOf = asOf.AddDate(0, 0, -9)
		}
		var shards [3]*profile.Builder[string, int]
		for i := range shards {
			shards[i] = promised(profile.NewBuilder[string, int](opt))
		}
		feedTo(t, log, opt.AsOf, time.Time{}, shards[:])
		sum := shards[0]
		for _, s := range shards[1:] {
			read := promised(profile.NewBuilder[string, int](opt))
			if err := read.UnmarshalBinary(promised(s.MarshalBinary())); err != nil {
				r.Fatal(err)
			}
			if err := sum.Merge(read); err != nil {
				r.Fatal(err)
			}
		}
		if rolling {
			if err := sum.Advance(asOf); err != nil {
				r.Fatal(err)
			}
			feedTo(t, log, asOf, opt.AsOf, []*profile.Builder[string, int]{sum})
		}
		for _, name := range features[0].Columns() {
			want, got = append(want, strings.TrimPrefix(name, "base_")), append(got, name)
		}
		table := promised(sum.Table(profile.TableOptions{Columns: append(want, got...)}))
		for i, row := range table.Rows {
			for j := range want {
				if a, b := row[j], row[len(want)+j]; math.Float64bits(a) != math.Float64bits(b) && !(math.IsNaN(a) && math.IsNaN(b)) {
					r.Fatalf("user %s: %s is %v, %s is %v", table.IDs[i], want[j], a, got[j], b)
				}
				compared++
			}
		}
	})
}

// feedTo gives the records from one moment on and before another to Builders in turn.
func feedTo(t testing.TB, log *profile.Log[string, int], to, from time.Time, shards []*profile.Builder[string, int]) {
	t.Helper()
	in := func(at time.Time) bool { return at.Before(to) && !at.Before(from) }
	n := 0
	next := func() *profile.Builder[string, int] { n++; return shards[n%len(shards)] }
	var errs []error
	for i := range log.Events {
		if in(log.Events[i].At) {
			errs = append(errs, next().Add(&log.Events[i]))
		}
	}
	for i := range log.Orders {
		if in(log.Orders[i].At) {
			errs = append(errs, next().AddOrder(&log.Orders[i]))
		}
	}
	for i := range log.Refunds {
		if in(log.Refunds[i].At) {
			errs = append(errs, next().AddRefund(&log.Refunds[i]))
		}
	}
	for _, err := range errs {
		if err != nil {
			t.Fatal(fmt.Errorf("feed: %w", err))
		}
	}
}

func TestNewAffinityRefuses(t *testing.T) {
	for name, opt := range map[string]profile.AffinityOptions{
		"dimension": {Dimension: 7, Labels: []string{"a"}},
		"no labels": {},
		"empty":     {Labels: []string{""}},
		"twice":     {Labels: []string{"a", "a"}},
		"half-life": {Labels: []string{"a"}, HalfLife: 1},
		"weight":    {Labels: []string{"a"}, KindWeights: map[profile.Kind]float64{profile.View: -1}},
		"bands":     {Labels: []string{"a"}, PriceBands: []int64{2, 1}},
		"no bands":  {Labels: []string{"0"}, Dimension: profile.PriceBand},
	} {
		if _, err := profile.NewAffinity(opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	a, b := affinityTo(t, profile.Term, "red"), affinityTo(t, profile.Term, "hat")
	if a.Name() == b.Name() {
		t.Error("two settings of one name")
	}
}

// TestBaseBounds: what no Builder counts is no state, and two of the largest states merge to one.
func TestBaseBounds(t *testing.T) {
	f := promised(profile.Features(nil, "base"))[0]
	fresh := func() []int64 {
		return f.Add(nil, &profile.Record{Source: profile.FromEvent, Kind: profile.View, At: cut.Add(-day)})
	}
	const events, orders, dwell, ratings = 0, 10, 18, 23
	for name, c := range map[string]struct {
		word  int
		most  int64
		least bool // whether one more is refused
	}{"events": {events, math.MaxUint32, true}, "orders": {orders, 1<<59 - 1, true}, "dwell": {dwell, math.MaxInt64, false}, "ratings": {ratings, math.MinInt64, false}} {
		state := fresh()
		state[c.word] = c.most
		if !f.Valid(state) {
			t.Errorf("%s: %d is refused", name, c.most)
		}
		if state = f.Merge(state, slices.Clone(state)); state[c.word] != c.most || !f.Valid(state) {
			t.Errorf("%s: merged to %d", name, state[c.word])
		}
		if state[c.word]++; c.least && f.Valid(state) {
			t.Errorf("%s: %d is accepted", name, state[c.word])
		}
	}
}

// TestOnePrefix: an error names its place once.
func TestOnePrefix(t *testing.T) {
	_, affinity := profile.NewAffinity(profile.AffinityOptions{Labels: []string{"a"}, HalfLife: 1})
	_, builder := profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: cut, HalfLife: 1})
	b := newBuilder(t, profile.BuilderOptions{})
	long := event{User: "ann", Kind: profile.View, At: cut.Add(-day), Dwell: math.MaxInt64}
	late := event{User: "bob", Kind: profile.View, At: cut.Add(day)}
	for where, err := range map[string]error{
		"profile: NewAffinity: ":                    affinity,
		"profile: NewBuilder: ":                     builder,
		"profile: Builder.AddAll: Events: row 2: ":  b.AddAll(&profile.Log[string, int]{Events: []event{late, long, long, late, late}}),
		"profile: Builder.AddAll: Users: row 0: ":   b.AddAll(&profile.Log[string, int]{Users: []user{{BirthYear: -1}}}),
		"profile: Builder.AddAll: Orders: row 0: ":  b.AddAll(&profile.Log[string, int]{Orders: []order{{}}}),
		"profile: Builder.AddAll: Refunds: row 0: ": b.AddAll(&profile.Log[string, int]{Refunds: []refund{{}}}),
		"profile: Builder.Add: ":                    b.Add(&long),
		"profile: Builder.AddUser: ":                b.AddUser(&user{BirthYear: -1}),
		"profile: Builder.AddOrder: ":               b.AddOrder(&order{}),
		"profile: Builder.AddRefund: ":              b.AddRefund(&refund{}),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), where) || strings.Count(err.Error(), "profile: ") != 1 {
			t.Errorf("%v, want %s…", err, where)
		}
	}
	if b.Late() != 1 {
		t.Errorf("%d late records, want the one before the row that failed", b.Late())
	}
}
