package segment_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

// Levels rise with values, equal values share one, and none holds more rows
// than its share unless ties force it.
func TestFitCutsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-1e300, 1e300), rapid.Map(rapid.IntRange(0, 4), func(i int) float64 { return float64(i) / 10 })), 1, 60).Draw(t, "values")
		levels := rapid.IntRange(2, 9).Draw(t, "levels")
		c, err := segment.FitCuts(values, levels)
		if err != nil {
			t.Fatal(err)
		}
		sorted := slices.Clone(values)
		sort.Float64s(sorted)
		last, distinct := 1, map[float64]bool{}
		for _, v := range sorted {
			l := c.Level(v)
			if l < last || l > levels {
				t.Fatalf("level %d of %v after %d", l, v, last)
			}
			last = l
			distinct[v] = true
		}
		if len(distinct) == len(values) {
			count := make([]int, levels+1)
			for _, v := range values {
				count[c.Level(v)]++
			}
			for l, n := range count[1:] {
				if n > len(values)/levels+1 {
					t.Fatalf("level %d holds %d of %d", l+1, n, len(values))
				}
			}
		}
		// What each cut promises: about i/levels of the values lie at or below it.
		for i, at := range c.Points() {
			below, upto := 0, 0
			for _, v := range values {
				if v < at {
					below++
				}
				if v <= at {
					upto++
				}
			}
			q := float64(i+1) / float64(levels) * float64(len(values)-1)
			if float64(below) > q+1 || float64(upto) < q {
				t.Fatalf("cut %d at %v has %d below and %d up to it, want %v", i, at, below, upto, q)
			}
		}
	})
}

func TestCutsBadInput(t *testing.T) {
	_, err := segment.FitCuts(nil, 5)
	wantErr(t, err, segment.ErrEmpty, "values")
	_, err = segment.FitCuts([]float64{1}, 1)
	wantErr(t, err, segment.ErrOption, "levels is 1")
	_, err = segment.FitCuts([]float64{1}, 256)
	wantErr(t, err, segment.ErrOption, "levels is 256")
	_, err = segment.FitCuts([]float64{1, math.NaN()}, 2)
	wantErr(t, err, segment.ErrNotFinite, "values[1]")
	_, err = segment.NewCuts(1, 3, 2)
	wantErr(t, err, segment.ErrRange, "cut[2]")
	_, err = segment.NewCuts(math.Inf(1))
	wantErr(t, err, segment.ErrNotFinite, "cut[0]")
	var zero segment.Cuts
	if zero.Levels() != 1 || zero.Level(5) != 1 || zero.Level(math.NaN()) != 0 {
		t.Error("zero value")
	}
}

func TestRFM(t *testing.T) {
	// One purchase each: F must be the same for everyone, and no error.
	days := []float64{0, 10, 20, 30, 40, 0}
	ones := []float64{1, 1, 1, 1, 1, 1}
	m, err := segment.FitRFM(days, ones, ones, 5)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.ScoreAll([]segment.RFMScore{{R: 9}}, days, ones, ones)
	if err != nil {
		t.Fatal(err)
	}
	if len(s) != 7 || s[0].R != 9 {
		t.Fatal("ScoreAll must append")
	}
	s = s[1:]
	for i := range s {
		if s[i].F != 1 || s[i].M != 1 {
			t.Errorf("customer %d has %v", i, s[i])
		}
	}
	if s[0] != s[5] || s[0].R != 5 || s[4].R != 1 || s[1].R <= s[2].R {
		t.Errorf("recency scores %v", s)
	}
	// A customer outside what was seen gets the end of the scale.
	x, err := m.Score(1e9, 1e9, -5)
	if err != nil || x != (segment.RFMScore{R: 1, F: 5, M: 1}) {
		t.Errorf("%v, %v", x, err)
	}
	fixed, err := segment.NewCuts(1, 3)
	if err != nil {
		t.Fatal(err)
	}
	m, err = segment.NewRFM(fixed, segment.Cuts{}, fixed)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ r, m float64 }{{1, 1}, {1.5, 3}, {4, 4}} {
		x, err := m.Score(c.r, 7, c.m)
		want := map[float64]segment.RFMScore{1: {R: 3, F: 1, M: 1}, 1.5: {R: 2, F: 1, M: 2}, 4: {R: 1, F: 1, M: 3}}[c.r]
		if err != nil || x != want {
			t.Errorf("%v scores %v, want %v, %v", c, x, want, err)
		}
	}
	if r, f, mon := m.Levels(); r != 3 || f != 1 || mon != 3 {
		t.Error(m.Levels())
	}
	if got := (segment.RFMScore{R: 10, F: 2, M: 3}).String(); got != "10-2-3" {
		t.Error(got)
	}
}

func TestRFMBadInput(t *testing.T) {
	_, err := segment.FitRFM([]float64{1, 2}, []float64{1}, []float64{1, 2}, 5)
	wantErr(t, err, segment.ErrShape, "frequency")
	_, err = segment.FitRFM(nil, nil, nil, 5)
	wantErr(t, err, segment.ErrEmpty, "recency")
	_, err = segment.FitRFM([]float64{1}, []float64{1}, []float64{math.NaN()}, 5)
	wantErr(t, err, segment.ErrNotFinite, "monetary")
	m, err := segment.FitRFM([]float64{1}, []float64{1}, []float64{1}, 5)
	if err != nil {
		t.Fatal(err)
	}
	dst, err := m.ScoreAll(nil, []float64{1, math.NaN()}, []float64{1, 1}, []float64{1, 1})
	wantErr(t, err, segment.ErrNotFinite, "row 1")
	if len(dst) != 0 {
		t.Error("dst grew")
	}
	long := make([]float64, 255)
	c, err := segment.NewCuts(long...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = segment.NewRFM(segment.Cuts{}, c, segment.Cuts{})
	wantErr(t, err, segment.ErrRange, "frequency has 256 levels")
}

func TestFitRFMSameBytes(t *testing.T) {
	rows, _ := blobs(400, 3, 3, 1, 5)
	run := uint64(0)
	testkit.AtGOMAXPROCS(t, func() []byte {
		r, _ := permuted(rows, make([]float64, len(rows)), run)
		run++
		var col [3][]float64
		for _, x := range r {
			for j := range col {
				col[j] = append(col[j], x[j])
			}
		}
		m, err := segment.FitRFM(col[0], col[1], col[2], 5)
		if err != nil {
			t.Fatal(err)
		}
		b, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

func TestMap(t *testing.T) {
	s := segment.DefaultMap()
	if len(s.Names()) != 11 {
		t.Errorf("%d names", len(s.Names()))
	}
	count := map[string]int{}
	for r := uint8(1); r <= 5; r++ {
		for f := uint8(1); f <= 5; f++ {
			for m := uint8(1); m <= 5; m++ {
				name, err := s.Name(segment.RFMScore{R: r, F: f, M: m})
				if err != nil {
					t.Fatal(err)
				}
				count[name]++
			}
		}
	}
	if count["champions"] != 10 || count["hibernating"] != 16 || count["cannot lose"] != 18 || count["high value"] != 9 || len(count) != 11 {
		t.Error(count)
	}
	_, err := s.Segment(segment.RFMScore{R: 6, F: 1, M: 1})
	wantErr(t, err, segment.ErrRange, "611")
	_, err = s.Segment(segment.RFMScore{})
	wantErr(t, err, segment.ErrRange, "000")
}

func TestNewMapBadInput(t *testing.T) {
	span := func(a, b int) segment.Span { return segment.Span{Min: a, Max: b} }
	for _, c := range []struct {
		name  string
		rules []segment.MapRule
		want  error
		text  string
	}{
		{"no rules", nil, segment.ErrEmpty, "rules"},
		{"hole", []segment.MapRule{{Segment: "a", R: span(1, 2)}, {Segment: "b", R: span(3, 3), F: span(2, 3)}}, segment.ErrUndefined, "cell R=3 F=1 M=1 is in no segment"},
		{"overlap", []segment.MapRule{{Segment: "a"}, {Segment: "b", R: span(2, 2), F: span(3, 3), M: span(1, 1)}}, segment.ErrDuplicate, "cell R=2 F=3 M=1 is in segments a, b"},
		{"many holes", []segment.MapRule{{Segment: "a", R: span(1, 1)}}, segment.ErrUndefined, "and 8 more cells"},
		{"outside", []segment.MapRule{{Segment: "a", F: span(1, 4)}}, segment.ErrRange, "rule 0 (a) has F from 1 to 4"},
		{"reversed", []segment.MapRule{{Segment: "a", M: span(3, 2)}}, segment.ErrRange, "M from 3 to 2"},
		{"half given", []segment.MapRule{{Segment: "a", M: span(0, 2)}}, segment.ErrRange, "M from 0 to 2"},
		{"no name", []segment.MapRule{{}}, segment.ErrRange, "rule 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := segment.NewMap(3, 3, 3, c.rules)
			wantErr(t, err, c.want, c.text)
			if s != nil {
				t.Error("a map beside the error")
			}
		})
	}
	_, err := segment.NewMap(0, 3, 3, []segment.MapRule{{Segment: "a"}})
	wantErr(t, err, segment.ErrRange, "R has 0 levels")
	_, err = segment.NewMap(255, 255, 255, []segment.MapRule{{Segment: "a"}})
	wantErr(t, err, segment.ErrTooLarge, "cells")
	// Boxes of one name may overlap and build shapes that are no box.
	s, err := segment.NewMap(2, 2, 1, []segment.MapRule{
		{Segment: "best", R: span(2, 2), F: span(2, 2)}, {Segment: "rest", R: span(1, 1)}, {Segment: "rest", F: span(1, 1)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if i, err := s.Segment(segment.RFMScore{R: 2, F: 1, M: 1}); i != 1 || err != nil {
		t.Error(i, err)
	}
}

// Any set of boxes: the map exists exactly if a count over cells says so, and
// the error names the first bad cell.
func TestNewMapProp(t *testing.T) {
	built := 0
	testkit.Until(t, "a map that is total", func() bool { return built > 0 }, func(t *rapid.T) {
		span := rapid.Custom(func(t *rapid.T) segment.Span {
			return rapid.SampledFrom([]segment.Span{{}, {}, {Min: 1, Max: 1}, {Min: 2, Max: 2}, {Min: 1, Max: 2}}).Draw(t, "span")
		})
		rules := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) segment.MapRule {
			return segment.MapRule{Segment: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"), R: span.Draw(t, "R"), F: span.Draw(t, "F"), M: span.Draw(t, "M")}
		}), 1, 4).Draw(t, "rules")
		s, err := segment.NewMap(2, 2, 2, rules)
		in := func(x uint8, sp segment.Span) bool {
			return sp == (segment.Span{}) || int(x) >= sp.Min && int(x) <= sp.Max
		}
		for r := uint8(1); r <= 2; r++ {
			for f := uint8(1); f <= 2; f++ {
				for m := uint8(1); m <= 2; m++ {
					names := map[string]bool{}
					for _, x := range rules {
						if in(r, x.R) && in(f, x.F) && in(m, x.M) {
							names[x.Segment] = true
						}
					}
					cell := segment.RFMScore{R: r, F: f, M: m}
					if len(names) == 1 {
						if err == nil {
							if got, e := s.Name(cell); e != nil || !names[got] {
								t.Fatalf("%v is %q, want %v", cell, got, names)
							}
						}
						continue
					}
					var c *segment.CellError
					if !errors.As(err, &c) || c.Cell != cell || len(c.Segments) != len(names) {
						t.Fatalf("cell %v has %v, error %v", cell, names, err)
					}
					return
				}
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		built++
	})
}

func TestBinaryForms(t *testing.T) {
	km, err := segment.FitKMeans(bg, six, segment.KMeansOptions{K: 2})
	if err != nil {
		t.Fatal(err)
	}
	step := newStep(t, six[:2])
	if err := step.Add(six[3], 2); err != nil {
		t.Fatal(err)
	}
	rfm, err := segment.FitRFM([]float64{1, 2, 3}, []float64{1, 2, 3}, []float64{1, 2, 3}, 3)
	if err != nil {
		t.Fatal(err)
	}
	cuts, err := segment.NewCuts(-1, 0, 0, 7.5)
	if err != nil {
		t.Fatal(err)
	}
	var tr segment.Transitions
	if err := tr.Add(segment.New, segment.Active); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ full, empty form }{
		"KMeans":      {km, new(segment.KMeans)},
		"KMeansStep":  {step, new(segment.KMeansStep)},
		"RFM":         {rfm, new(segment.RFM)},
		"Cuts":        {&cuts, new(segment.Cuts)},
		"Transitions": {&tr, new(segment.Transitions)},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := c.full.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			ab, err := c.full.AppendBinary([]byte("head"))
			if err != nil || !bytes.Equal(ab[4:], b) || string(ab[:4]) != "head" {
				t.Errorf("AppendBinary differs, %v", err)
			}
			for cut := range len(b) { // truncated
				if err := c.full.UnmarshalBinary(b[:cut]); !errors.Is(err, segment.ErrCorrupt) {
					t.Fatalf("cut at %d: %v", cut, err)
				}
			}
			for i := range b { // one byte wrong
				x := slices.Clone(b)
				x[i] ^= 0x41
				if err := c.full.UnmarshalBinary(x); err == nil {
					t.Fatalf("byte %d changed and accepted", i)
				}
			}
			after, err := c.full.MarshalBinary()
			if err != nil || !bytes.Equal(after, b) {
				t.Errorf("failed decodes changed the receiver, %v", err)
			}
			if err := c.empty.UnmarshalBinary(b); err != nil {
				t.Fatal(err)
			}
			if again, err := c.empty.MarshalBinary(); err != nil || !bytes.Equal(again, b) {
				t.Errorf("round trip differs, %v", err)
			}
		})
	}
}

// TestRFMTies: where 84 % bought once, two orders do not make a champion; customers who
// are alike share a level, more orders never mean a lower one, and Reached counts.
func TestRFMTies(t *testing.T) {
	frequency := make([]float64, 1000)
	for i := range frequency {
		frequency[i] = 1
		if i >= 840 { // 100 with 2 orders, 30 with 3, 20 with 4, 10 with 12
			frequency[i] = 2
			for k, from := range []int{940, 970, 990} {
				if i >= from {
					frequency[i] = []float64{3, 4, 12}[k]
				}
			}
		}
	}
	recency, ones := make([]float64, 1000), make([]float64, 1000)
	for i := range recency {
		recency[i], ones[i] = float64(i+1), 1
	}
	m, err := segment.FitRFM(recency, frequency, ones, 5)
	if err != nil {
		t.Fatal(err)
	}
	for orders, want := range map[float64]uint8{1: 1, 2: 2, 3: 3, 4: 4, 12: 5} {
		if s, err := m.Score(1, orders, 1); err != nil || s.F != want || s.R != 5 {
			t.Errorf("%v orders: %v, %v; want F %d", orders, s, err, want)
		}
	}
	if r, f, mon := m.Reached(); r != 5 || f != 5 || mon != 1 {
		t.Errorf("reached %d, %d, %d", r, f, mon)
	}
	for i := range frequency {
		frequency[i] = min(frequency[i], 2)
	}
	if m, err = segment.FitRFM(recency, frequency, ones, 5); err != nil {
		t.Fatal(err)
	}
	s, err := m.Score(1, 2, 1)
	name, _ := segment.DefaultMap().Name(s)
	if _, f, _ := m.Reached(); err != nil || s.F != 2 || f != 2 || name == "champions" {
		t.Errorf("nobody bought more than twice: %v is %q, %d levels reached, %v", s, name, f, err)
	}
	var stored segment.RFM
	data, _ := m.MarshalBinary()
	if err := stored.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if _, f, _ := stored.Reached(); f != 2 {
		t.Errorf("stored: %d levels reached", f)
	}
}

// Rows whose squares underflow are refused, not put in one cluster.
func TestKMeansTiny(t *testing.T) {
	for name, c := range map[string]struct {
		rows [][]float64
		want error
	}{
		"tiny":              {[][]float64{{1e-200}, {2e-200}, {5e-200}}, segment.ErrRange},
		"tiny in one":       {[][]float64{{1, 1e-200}, {1, 2e-200}, {1, 5e-200}}, segment.ErrRange},
		"small":             {[][]float64{{1e-139}, {2e-139}, {50e-139}}, nil},
		"tiny beside large": {[][]float64{{1, 1e-200}, {2, 2e-200}, {5, 5e-200}}, nil},
	} {
		m, err := segment.FitKMeans(t.Context(), c.rows, segment.KMeansOptions{K: 2})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && (m.Weights()[0] == 0 || m.Weights()[1] == 0) {
			t.Errorf("%s: clusters of %v", name, m.Weights())
		}
	}
}
