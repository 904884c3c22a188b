package profile_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

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
	rapid.Check(t, func(r *rapid.T) {
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
	if compared == 0 {
		t.Error("nothing was compared")
	}
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
