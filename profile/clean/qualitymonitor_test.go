package clean_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/clean"
)

func monitorOptions() clean.MonitorOptions {
	return clean.MonitorOptions{
		Columns: []clean.Column{
			{Name: "price", Edges: []float64{1, 2, 3}, Bounds: promised(clean.NewBounds(.1, 9)), Complete: .75, Valid: .5},
			{Name: "channel", Text: true, Categories: []string{"web", "app"}, Closed: true},
			{Name: "order", Text: true, Unique: true},
		},
		Stale: time.Hour, Level: .05, MaxKeys: 1000,
	}
}

func filledMonitor(t testing.TB) *clean.Monitor {
	m := promised(clean.NewMonitor(monitorOptions()))
	for i, x := range []float64{.5, 1.5, 2.5, 12, math.NaN(), 3, math.Inf(1)} {
		if err := m.Add(cut.Add(time.Duration(i)*day), []float64{x}, []string{[]string{"web", "app", "fax", ""}[i%4], fmt.Sprint(i / 2)}); err != nil {
			t.Fatal(err)
		}
	}
	q := m.Quality()
	q.Reject(8, clean.Future)
	q.Flag(3, clean.Outlier)
	q.Field("when", clean.InGap)
	q.Field("when", clean.InOverlap)
	q.Field("when", clean.Missing)
	return m
}

// monitorLines are the findings as plain values, against a reference of one row a day.
func monitorLines(t testing.TB, m *clean.Monitor) []any {
	ref := m.Empty()
	for i := range 40 {
		if err := ref.Add(cut.Add(time.Duration(i/4)*day), []float64{float64(i % 4)}, []string{"web", fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	r, err := m.Result(t.Context(), ref, cut.Add(8*day))
	if err != nil {
		t.Fatal(err)
	}
	out := []any{r.Quality.Rows}
	for _, f := range r.Findings {
		out = append(out, []any{f.Column, f.Test, f.Value, f.Limit, f.JS, f.KS, f.Alarm})
	}
	return out
}

func TestMonitorLaws(t *testing.T) {
	other := monitorOptions()
	other.Level = .1
	testkit.Laws[*clean.Monitor]{
		Empty: func() *clean.Monitor { return promised(clean.NewMonitor(monitorOptions())) },
		Other: func() *clean.Monitor { return promised(clean.NewMonitor(other)) },
		Add: func(rt *rapid.T) func(*clean.Monitor) {
			at := cut.Add(time.Duration(rapid.IntRange(0, 200).Draw(rt, "hour")) * time.Hour)
			x := rapid.SampledFrom([]float64{math.NaN(), .5, 1, 2, 3.5, 100}).Draw(rt, "x")
			channel, order := rapid.SampledFrom([]string{"", "web", "app", "fax"}).Draw(rt, "channel"), rapid.SampledFrom([]string{"", "1", "2"}).Draw(rt, "order")
			return func(m *clean.Monitor) {
				if err := m.Add(at, []float64{x}, []string{channel, order}); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *clean.Monitor) error { return a.Merge(b) },
		Result: func(m *clean.Monitor) (out []float64) {
			for _, line := range monitorLines(t, m)[1:] {
				x := line.([]any)
				out = append(out, x[2].(float64), x[3].(float64), x[4].(float64), x[5].(float64))
			}
			return out
		},
	}.Check(t)
}

// Missing values are a bin: .1 of them for .2, and the shares of the definitions beside them, have the PSI .0601986.
func TestMonitorPSI(t *testing.T) {
	opt := clean.MonitorOptions{Columns: []clean.Column{{Name: "x", Edges: []float64{1, 2, 3}}}}
	fill := func(counts ...int) *clean.Monitor {
		m := promised(clean.NewMonitor(opt))
		for k, n := range counts {
			x := float64(k)
			if k == 0 {
				x = math.NaN()
			}
			for range n {
				if err := m.Add(cut, []float64{x}, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		return m
	}
	r, err := fill(15, 25, 30, 20, 10).Result(t.Context(), fill(10, 20, 40, 20, 10), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Findings, func(f clean.Finding) bool { return f.Test == "drift" })
	testkit.Near(t, "PSI", r.Findings[i].Value, .0601986, 5e-8)
}

// Reports on tables that have not changed have a false alarm about as often as Level says at the most; those on one that has are alarms. 300 pairs of 40 days.
func TestMonitorFalseAlarms(t *testing.T) {
	const runs = 300
	opt := clean.MonitorOptions{Level: .05, Columns: []clean.Column{
		{Name: "x", Edges: []float64{-1, 0, 1}}, {Name: "y", Edges: []float64{-.5, .5}}, {Name: "c", Text: true, Categories: []string{"a", "b"}},
	}}
	false_, missed := 0, 0
	for run := range runs {
		r := rng.New(7, 1, uint64(run))
		fill := func(days int, mean, shift float64) *clean.Monitor {
			m := promised(clean.NewMonitor(opt))
			for d := range days {
				for range r.Poisson(mean) {
					y := r.Normal()
					if r.Bool(.1) {
						y = math.NaN()
					}
					if err := m.Add(cut.Add(time.Duration(d)*day), []float64{r.Normal() + shift, y}, []string{[]string{"a", "b", "c"}[r.Intn(3)]}); err != nil {
						t.Fatal(err)
					}
				}
			}
			return m
		}
		alarm := func(m, ref *clean.Monitor) bool {
			x, err := m.Result(t.Context(), ref, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			return slices.ContainsFunc(x.Alarms(), func(f clean.Finding) bool { return f.Test == "drift" || f.Test == "volume" })
		}
		ref := fill(30, 8, 0)
		if alarm(fill(10, 8, 0), ref) {
			false_++
		}
		if !alarm(fill(10, 8, 1), ref) || !alarm(fill(10, 16, 0), ref) {
			missed++
		}
	}
	t.Logf("false alarms %d of %d, missed %d", false_, runs, missed)
	if float64(false_) > .05*runs+3*math.Sqrt(.05*.95*runs) || missed > runs/20 {
		t.Errorf("false alarms %d of %d, missed %d", false_, runs, missed)
	}
}

// The weights in swapped units that the shop planted are found by bounds on the logarithm of a weight by the median of its kind of product.
func TestPlantedUnits(t *testing.T) {
	for _, dirt := range []float64{.5, 1, 2} {
		for seed := range uint64(3) {
			s, err := shop.Simulate(shop.Config{Users: 5, Items: 300, Days: 30, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			weights := s.ProfileWeights(dirt)
			by := map[string][]float64{}
			for _, w := range weights {
				by[w.SKU[:3]+w.Group] = append(by[w.SKU[:3]+w.Group], math.Log(w.Grams))
			}
			for _, list := range by {
				slices.Sort(list)
			}
			bounds := promised(clean.NewBounds(-math.Log(30), math.Log(30)))
			var hit, found, real int
			for _, w := range weights {
				list := by[w.SKU[:3]+w.Group]
				out := bounds.Is(math.Log(w.Grams) - list[len(list)/2])
				if w.Swapped {
					real++
				}
				if out {
					found++
				}
				if out && w.Swapped {
					hit++
				}
			}
			if hit*100 < found*95 || hit*100 < real*90 || real < 5 {
				t.Errorf("seed %d, dirt %v: %d of %d found are among %d", seed, dirt, hit, found, real)
			}
		}
	}
}

// finding returns the one of a test of the table as a whole.
func finding(t testing.TB, m, ref *clean.Monitor, asOf time.Time, test string) (clean.Finding, bool) {
	t.Helper()
	r, err := m.Result(t.Context(), ref, asOf)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Findings, func(f clean.Finding) bool { return f.Test == test })
	if i < 0 {
		return clean.Finding{}, false
	}
	return r.Findings[i], true
}

// A window without rows is neither fresh nor of the volume of the reference.
func TestMonitorEmptyWindow(t *testing.T) {
	opt := clean.MonitorOptions{Columns: []clean.Column{{Name: "x"}}, Stale: time.Hour}
	empty, ref := promised(clean.NewMonitor(opt)), promised(clean.NewMonitor(opt))
	if f, ok := finding(t, empty, nil, cut, "fresh"); !ok || !f.Alarm || !math.IsInf(f.Value, 1) || f.Limit != 1 {
		t.Errorf("%+v", f)
	}
	if f, ok := finding(t, empty, nil, time.Time{}, "fresh"); ok {
		t.Errorf("without asOf: %+v", f)
	}
	for d := range 2 {
		if f, ok := finding(t, empty, ref, cut, "volume"); ok {
			t.Errorf("a reference of %d days: %+v", d, f)
		}
		if err := ref.Add(cut.Add(time.Duration(d)*day), []float64{1}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if f, ok := finding(t, empty, ref, cut, "volume"); !ok || !f.Alarm || !math.IsInf(f.Value, -1) || !(f.Limit > 0) {
		t.Errorf("%+v", f)
	}
	opt.Stale = 0
	if f, ok := finding(t, promised(clean.NewMonitor(opt)), nil, cut, "fresh"); ok {
		t.Errorf("any age is fresh: %+v", f)
	}
}

// A row from the future does not make the data fresh: an age below 0 by more than Stale, or a day, is an alarm.
func TestMonitorFutureRow(t *testing.T) {
	for _, c := range []struct {
		stale, ahead time.Duration
		limit        float64
		alarm        bool
	}{
		{time.Hour, -2 * time.Hour, 1, true},
		{time.Hour, -time.Hour, 1, false},
		{time.Hour, time.Hour, -1, false},
		{time.Hour, time.Hour + 1, -1, true},
		{30 * day, day, -24, false},
		{30 * day, day + time.Second, -24, true},
		{time.Hour, 3650 * day, -1, true},
	} {
		m := promised(clean.NewMonitor(clean.MonitorOptions{Columns: []clean.Column{{Name: "x"}}, Stale: c.stale}))
		for _, at := range []time.Time{cut.Add(-100 * day), cut.Add(c.ahead)} {
			if err := m.Add(at, []float64{1}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if f, ok := finding(t, m, nil, cut, "fresh"); !ok || f.Alarm != c.alarm || f.Limit != c.limit || f.Value != -c.ahead.Hours() {
			t.Errorf("%v ahead of %v: %+v", c.ahead, c.stale, f)
		}
	}
}

// Add refuses the row that would take a count beyond 2^63−1, and leaves bytes that can be read.
func TestMonitorOverflow(t *testing.T) {
	opt := clean.MonitorOptions{Columns: []clean.Column{{Name: "x", Edges: []float64{1}}}}
	for name, c := range map[string]struct{ rows, seen int64 }{"rows": {math.MaxInt64, 5}, "field": {5, math.MaxInt64}} {
		var q codec.Writer // a Quality without times, reasons, flags and one field
		q.Int64(c.rows)
		q.Int64(0)
		q.Bool(false)
		q.Bool(false)
		q.Int(0)
		q.Int(0)
		q.Int(1)
		q.String("x")
		q.Int64(c.seen)
		for range 4 {
			q.Int64(0)
		}
		m := promised(clean.NewMonitor(opt))
		if err := m.Quality().UnmarshalBinary(q.AppendFrame(nil, codec.KindQuality, 2)); err != nil {
			t.Fatal(err)
		}
		before := promised(m.MarshalBinary())
		if err := m.Add(cut, []float64{1}, nil); !errors.Is(err, clean.ErrOverflow) || string(promised(m.MarshalBinary())) != string(before) {
			t.Errorf("%s: %v, or changed", name, err)
		}
		if err := m.Empty().UnmarshalBinary(promised(m.MarshalBinary())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		one := m.Empty()
		if err := one.Add(cut, []float64{1}, nil); err != nil {
			t.Fatal(err)
		}
		if err := m.Merge(one); !errors.Is(err, clean.ErrOverflow) || string(promised(m.MarshalBinary())) != string(before) {
			t.Errorf("%s merged: %v, or changed", name, err)
		}
	}
}

// Reasons count more than rows where rows were merged from elsewhere: Merge refuses sums beyond 2^63−1 of them too.
func TestQualityMergeOverflow(t *testing.T) {
	for place := range 2 { // rejected, flagged
		var q clean.Quality
		var w codec.Writer
		w.Int64(0)
		w.Int64(0)
		w.Bool(false)
		w.Bool(false)
		for k := range 2 {
			if k != place {
				w.Int(0)
				continue
			}
			w.Int(1)
			w.String(string(clean.Outlier))
			w.Int64(math.MaxInt64)
			w.Int64s(nil)
		}
		w.Int(0)
		if err := q.UnmarshalBinary(w.AppendFrame(nil, codec.KindQuality, 2)); err != nil {
			t.Fatal(err)
		}
		var one clean.Quality
		one.Keep(cut)
		one.Flag(1, clean.Outlier)
		one.Reject(2, clean.Outlier)
		before := promised(q.MarshalBinary())
		if err := q.Merge(&one); !errors.Is(err, clean.ErrOverflow) || string(promised(q.MarshalBinary())) != string(before) {
			t.Errorf("place %d: %v, or changed", place, err)
		}
	}
}
