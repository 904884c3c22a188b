package audience_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/audience"
)

// A sample of all but a few users counts the members among them: all members, less
// at most those few.
func TestEstimateProp(t *testing.T) {
	a := randomTable()
	rapid.Check(t, func(t *rapid.T) {
		r := rules(3).Draw(t, "rule")
		left := rapid.IntRange(1, 3).Draw(t, "left out")
		p := compile(t, r, a)
		exact, err := p.Select(bg)
		if err != nil {
			t.Fatal(err)
		}
		e, err := p.Estimate(bg, a.Users()-left, rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		sample := float64(a.Users() - left)
		hits := e.Count / float64(a.Users()) * sample
		if math.Abs(hits-math.Round(hits)) > 1e-6 || e.Sampled != a.Users()-left {
			t.Fatalf("%v members among %d", hits, e.Sampled)
		}
		if n := int(math.Round(hits)); n > len(exact.IDs(nil)) || n < len(exact.IDs(nil))-left {
			t.Fatalf("%v: %d members in a sample of all but %d users, %d in all", r, n, left, len(exact.IDs(nil)))
		}
		if !(e.Low <= e.Count+1e-9 && e.Count <= e.High+1e-9) || e.Low < hits-1e-6 || e.High > hits+float64(left)+1e-6 {
			t.Fatalf("%+v with %v members seen and %d users not", e, hits, left)
		}
	})
}

// The interval is that of Wilson for a sample that is larger by the correction for
// the finite population, computed here from its formula.
func TestEstimateInterval(t *testing.T) {
	const n, sample = 1000, 500
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i % 10)
	}
	a, err := audience.NewAttributes(n)
	must(err)
	must(a.AddNumbers("x", x))
	e, err := compile(t, audience.Compare("x", "<", 3), a).Estimate(bg, sample, 7)
	must(err)
	p, k, z := e.Count/n, float64(sample)*(n-1)/(n-sample), 1.959963984540054
	centre, half := (p+z*z/(2*k))/(1+z*z/k), z*math.Sqrt(p*(1-p)/k+z*z/(4*k*k))/(1+z*z/k)
	testkit.Near(t, "low", e.Low, n*(centre-half), 1e-9)
	testkit.Near(t, "high", e.High, n*(centre+half), 1e-9)
}

func TestEstimateBadInput(t *testing.T) {
	p := compile(t, audience.Has("age"), table())
	for _, sample := range []int{0, -1} {
		_, err := p.Estimate(bg, sample, 1)
		wantErr(t, err, audience.ErrOption, "audience: Program.Estimate: sample")
	}
	none, err := audience.NewAttributes(0)
	must(err)
	must(none.AddNumbers("age", nil))
	_, err = compile(t, audience.Has("age"), none).Estimate(bg, 5, 1)
	wantErr(t, err, audience.ErrUndefined, "no users")
	s, err := compile(t, audience.Has("age"), none).Select(bg)
	if err != nil || s.Universe() != 0 || s.Reason() != "the table has no users" {
		t.Errorf("%d users, %q, %v", s.Universe(), s.Reason(), err)
	}
}

func TestProgramCancel(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(bg)
	cancel(cause)
	p := compile(t, audience.And(audience.Has("age"), audience.In("region", "north")), table())
	if a, err := p.Select(ctx); !errors.Is(err, cause) || a != nil {
		t.Errorf("Select: %v, %v", a, err)
	}
	for _, sample := range []int{1, 100} {
		if e, err := p.Estimate(ctx, sample, 1); !errors.Is(err, cause) || e != (audience.Estimate{}) {
			t.Errorf("Estimate of %d: %+v, %v", sample, e, err)
		}
	}
}

// What Explain says is known about a user.
func TestExplainValues(t *testing.T) {
	a, err := audience.NewAttributes(3)
	must(err)
	must(a.AddNumbers("age", []float64{31.5, math.NaN(), 0}))
	must(a.AddTexts("region", []string{"north", "", "south"}))
	must(a.AddTextLists("interests", [][]string{{"books", "art", "books"}, nil, {}}))
	must(a.AddTimes("visit", []time.Time{at(-3), {}, time.Date(1680, 1, 1, 0, 0, 0, 0, time.UTC)}))
	must(a.AddEvents("buys", [][]time.Time{{at(-2), at(-40), at(3)}, nil, {}}))
	must(a.AddNumbers("lat", []float64{0, 1, 0}))
	must(a.AddNumbers("lon", []float64{1, math.NaN(), 0}))
	for _, c := range []struct {
		rule   audience.Rule
		values [3]string
		truth  [3]audience.Truth
	}{
		{audience.Compare("age", ">", 0), [3]string{"31.5", "missing", "0"}, [3]audience.Truth{audience.True, audience.Unknown, audience.False}},
		{audience.In("region", "south"), [3]string{"north", "missing", "south"}, [3]audience.Truth{audience.False, audience.Unknown, audience.True}},
		{audience.In("interests", "art"), [3]string{"books, art", "missing", ""}, [3]audience.Truth{audience.True, audience.Unknown, audience.False}},
		{audience.Recency("visit", 0, 4*day), [3]string{"3d ago", "missing", "long ago"}, [3]audience.Truth{audience.True, audience.Unknown, audience.False}},
		{audience.Recency("buys", 0, day), [3]string{"2d ago", "missing", "never"}, [3]audience.Truth{audience.False, audience.Unknown, audience.False}},
		{audience.Frequency("buys", 30*day, 1, 1), [3]string{"1", "missing", "0"}, [3]audience.Truth{audience.True, audience.Unknown, audience.False}},
		{audience.Has("buys"), [3]string{"3 events", "missing", "0 events"}, [3]audience.Truth{audience.True, audience.False, audience.True}},
		{audience.Missing("visit"), [3]string{"2026-05-29T00:00:00Z", "missing", "1680-01-01T00:00:00Z"}, [3]audience.Truth{audience.False, audience.True, audience.False}},
		{audience.Near("lat", "lon", 0, 0, 100), [3]string{"111.2 km away", "missing", "0.0 km away"}, [3]audience.Truth{audience.False, audience.Unknown, audience.True}},
	} {
		p := compile(t, c.rule, a)
		for u := range int32(3) {
			e, err := p.Explain(u)
			if err != nil || e.Value != c.values[u] || e.Result != c.truth[u] || e.Rule != c.rule.String() {
				t.Errorf("%v, user %d: %q is %v, want %q, %v (%v)", c.rule, u, e.Value, e.Result, c.values[u], c.truth[u], err)
			}
		}
	}
	for _, u := range []int32{-1, 3} {
		_, err := compile(t, audience.Has("age"), a).Explain(u)
		wantErr(t, err, audience.ErrUnknownID, "audience: Program.Explain: user")
	}
}

// Deciding goes down to the clauses that settle the result, and no further.
func TestDeciding(t *testing.T) {
	old, north, never := audience.Compare("age", ">=", 30), audience.In("region", "north"), audience.Frequency("purchases", 0, 0, 0)
	for _, c := range []struct {
		rule audience.Rule
		user int32 // ages 31, 67, –, 24; regions north, south, north, –; purchases 3, 1, 0, 1
		want audience.Truth
		by   []string
	}{
		{audience.And(old, north), 0, audience.True, []string{old.String(), north.String()}},
		{audience.And(old, north), 1, audience.False, []string{north.String()}},
		{audience.And(old, north), 2, audience.Unknown, []string{old.String()}},
		{audience.And(old, north), 3, audience.False, []string{old.String()}},
		{audience.Or(old, north), 1, audience.True, []string{old.String()}},
		{audience.Or(old, north), 2, audience.True, []string{north.String()}},
		{audience.Or(old, north), 3, audience.Unknown, []string{north.String()}},
		{audience.Not(audience.Or(old, never)), 0, audience.False, []string{old.String()}},
		{audience.Not(audience.And(old, never)), 0, audience.True, []string{never.String()}},
		{audience.Or(audience.And(old, never), audience.And(north, never)), 2, audience.True, []string{north.String(), never.String()}},
	} {
		e, err := compile(t, c.rule, table()).Explain(c.user)
		must(err)
		var by []string
		for _, d := range e.Deciding() {
			by = append(by, d.Rule)
		}
		if e.Result != c.want || !slices.Equal(by, c.by) {
			t.Errorf("%v of user %d is %v because of %q, want %v because of %q", c.rule, c.user, e.Result, by, c.want, c.by)
		}
	}
}

func TestTruthString(t *testing.T) {
	for v, want := range map[audience.Truth]string{audience.False: "false", audience.Unknown: "unknown", audience.True: "true", 9: "Truth(9)"} {
		if v.String() != want {
			t.Errorf("%d is %q", uint8(v), v)
		}
	}
}
