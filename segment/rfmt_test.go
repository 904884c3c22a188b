package segment_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/segment"
)

// T by hand: shorter pauses are better, who has none has no T and does not move the cuts, 0 is
// the shortest pause there is, equal pauses share a level.
func TestRFMT(t *testing.T) {
	nan := math.NaN()
	gap := []float64{10, 20, 30, 40, 50, nan, nan, nan, nan, nan}
	days, ones := make([]float64, 10), make([]float64, 10)
	for i := range days {
		days[i], ones[i] = float64(i), 1
	}
	scores := func(gap []float64) []uint8 {
		m, err := segment.FitRFMT(days, ones, ones, gap, 5)
		must(err)
		s, err := m.ScoreAllT([]segment.RFMScore{{R: 9}}, days, ones, ones, gap)
		must(err)
		var out []uint8
		for i, x := range s[1:] {
			out = append(out, x.T)
			one, err := m.ScoreT(days[i], 1, 1, gap[i])
			plain, _ := m.Score(days[i], 1, 1)
			if x.T = 0; err != nil || one != s[i+1] || plain != x || s[0].R != 9 {
				t.Errorf("%v and %v, %v", one, s[i+1], err)
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		gap  []float64
		want []uint8
	}{
		"five and none":   {gap, []uint8{5, 4, 3, 2, 1, 0, 0, 0, 0, 0}},
		"T = 0":           {[]float64{0, 0, 30, nan, nan, nan, nan, nan, nan, nan}, []uint8{5, 5, 4, 0, 0, 0, 0, 0, 0, 0}},
		"all alike":       {[]float64{7, 7, 7, 7, 7, 7, 7, 7, 7, 7}, []uint8{5, 5, 5, 5, 5, 5, 5, 5, 5, 5}},
		"nobody has a T":  {[]float64{nan, nan, nan, nan, nan, nan, nan, nan, nan, nan}, make([]uint8, 10)},
		"all at one time": {make([]float64, 10), []uint8{5, 5, 5, 5, 5, 5, 5, 5, 5, 5}},
		"half are alike":  {[]float64{3, 3, 3, 3, 3, 4, 5, 6, 7, 8}, []uint8{5, 5, 5, 5, 5, 4, 4, 3, 2, 1}},
		"negative zero":   {[]float64{math.Copysign(0, -1), 1, nan, nan, nan, nan, nan, nan, nan, nan}, []uint8{5, 1, 0, 0, 0, 0, 0, 0, 0, 0}},
	} {
		if got := scores(c.gap); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	m, err := segment.FitRFMT(days, ones, ones, gap, 5)
	must(err)
	var stored segment.RFM
	data, err := m.MarshalBinary()
	must(err)
	must(stored.UnmarshalBinary(data))
	for _, m := range []*segment.RFM{m, &stored} {
		if s, err := m.ScoreT(0, 1, 1, 1e9); err != nil || s.T != 1 || s.String() != "5111" {
			t.Errorf("%v, %v", s, err)
		}
		if c, reached, ok := m.TimeCuts(); c.Levels() != 5 || reached != 5 || !ok {
			t.Error(c, reached, ok)
		}
	}
}

func TestRFMTBadInput(t *testing.T) {
	one := []float64{1}
	_, err := segment.FitRFMT(one, one, one, []float64{1, 2}, 5)
	wantErr(t, err, segment.ErrShape, "gap")
	_, err = segment.FitRFMT(one, one, one, []float64{-1}, 5)
	wantErr(t, err, segment.ErrRange, "gap")
	_, err = segment.FitRFMT(one, one, one, []float64{math.Inf(1)}, 5)
	wantErr(t, err, segment.ErrNotFinite, "gap")
	_, err = segment.FitRFMT(one, one, one, one, 1)
	wantErr(t, err, segment.ErrOption, "levels")
	m, err := segment.FitRFM(one, one, one, 5)
	must(err)
	_, err = m.ScoreT(1, 1, 1, 1)
	wantErr(t, err, segment.ErrMismatch, "without T")
	c, err := segment.NewCuts(7, 30)
	must(err)
	timed, err := m.WithTime(c)
	must(err)
	if s, err := timed.ScoreT(1, 1, 1, 30); err != nil || s.T != 2 {
		t.Error(s, err)
	}
	if _, _, ok := m.TimeCuts(); ok {
		t.Error("WithTime changed its receiver")
	}
	dst, err := timed.ScoreAllT(nil, []float64{1, 1}, []float64{1, 1}, []float64{1, 1}, []float64{1, -2})
	wantErr(t, err, segment.ErrRange, "row 1")
	if dst != nil {
		t.Error("dst grew")
	}
	long, err := segment.NewCuts(make([]float64, 255)...)
	must(err)
	_, err = m.WithTime(long)
	wantErr(t, err, segment.ErrRange, "256 levels")
}

// A map that looks at T: total over the levels that its rules name and over who has none.
func TestMapWithTime(t *testing.T) {
	rules := []segment.MapRule{
		{Segment: "due", T: segment.Span{Min: 2, Max: 3}},
		{Segment: "not due", T: segment.Span{Min: 0, Max: 1}},
	}
	m, err := segment.NewMap(2, 2, 2, rules)
	must(err)
	for level, want := range []string{"not due", "not due", "due", "due"} {
		if got, err := m.Name(segment.RFMScore{R: 1, F: 2, M: 1, T: uint8(level)}); got != want || err != nil {
			t.Errorf("T %d: %q, %v", level, got, err)
		}
	}
	_, err = m.Name(segment.RFMScore{R: 1, F: 2, M: 1, T: 4})
	wantErr(t, err, segment.ErrRange, "want T of 0 to 3")
	rules[1].T = segment.Span{Min: 1, Max: 1}
	_, err = segment.NewMap(2, 2, 2, rules)
	wantErr(t, err, segment.ErrUndefined, "cell R=1 F=1 M=1 T=0 is in no segment")
	rules[1].T = segment.Span{}
	_, err = segment.NewMap(2, 2, 2, rules)
	wantErr(t, err, segment.ErrDuplicate, "cell R=1 F=1 M=1 T=2 is in segments due, not due")
	for _, sp := range []segment.Span{{Min: -1, Max: 2}, {Min: 2, Max: 1}, {Min: 1, Max: 256}, {Min: 1, Max: -1}} {
		_, err = segment.NewMap(2, 2, 2, []segment.MapRule{{Segment: "a", T: sp}})
		wantErr(t, err, segment.ErrRange, "T")
	}
	_, err = segment.NewMap(200, 200, 50, []segment.MapRule{{Segment: "a", T: segment.Span{Min: 0, Max: 3}}})
	wantErr(t, err, segment.ErrTooLarge, "cells")
	// A map that does not look at T takes scores with any.
	if got, err := segment.DefaultMap().Name(segment.RFMScore{R: 5, F: 5, M: 5, T: 200}); got != "champions" || err != nil {
		t.Error(got, err)
	}
}

// The default map looks at money: who spends most is named so, and where all spend the same
// it is the customary map.
func TestDefaultMapMoney(t *testing.T) {
	m := segment.DefaultMap()
	name := func(r, f, money uint8) string {
		n, err := m.Name(segment.RFMScore{R: r, F: f, M: money})
		must(err)
		return n
	}
	for _, c := range []struct {
		r, f      uint8
		low, high string // of M 1 and 5
	}{
		{5, 1, "new customers", "high value"},
		{5, 3, "potential loyalists", "high value"},
		{4, 1, "promising", "high value"},
		{3, 3, "need attention", "high value"},
		{3, 2, "about to sleep", "high value"},
		{2, 1, "hibernating", "cannot lose"},
		{1, 4, "at risk", "cannot lose"},
		{1, 5, "cannot lose", "cannot lose"},
		{5, 5, "champions", "champions"},
		{3, 4, "loyal", "loyal"},
	} {
		if low, high := name(c.r, c.f, 1), name(c.r, c.f, 5); low != c.low || high != c.high || name(c.r, c.f, 4) != c.low {
			t.Errorf("R %d F %d: %q and %q, want %q and %q", c.r, c.f, low, high, c.low, c.high)
		}
	}
}

// A score of any model becomes groups with names, sizes and money: shares of the customers
// or thresholds that are decided.
func TestBands(t *testing.T) {
	scores, money := make([]float64, 400), make([]int64, 400)
	rows := make([][]float64, 400)
	for i := range scores {
		scores[i] = float64(i*37%400) / 400
		money[i] = int64(1000 * scores[i])
		rows[i] = []float64{scores[i]}
	}
	cuts, err := segment.FitCuts(scores, 4)
	must(err)
	b, err := segment.NewBands([]string{"cold", "cool", "warm", "hot"}, cuts)
	must(err)
	labels, err := b.Label([]int32{9}, scores)
	must(err)
	profiles, err := segment.ProfileClusters(rows, labels[1:], segment.ProfileOptions{Groups: b.Names(), Money: money})
	must(err)
	for i, p := range profiles {
		if p.Size != 100 || p.Name != b.Names()[i] || i > 0 && p.Money <= profiles[i-1].Money {
			t.Errorf("%v", p)
		}
	}
	for i, s := range scores {
		if n, err := b.Name(s); err != nil || n != b.Names()[labels[i+1]] {
			t.Fatal(n, err)
		}
	}
	at, err := segment.NewCuts(.2, .7)
	must(err)
	fixed, err := segment.NewBands([]string{"no", "maybe", "yes"}, at)
	must(err)
	for score, want := range map[float64]string{-5: "no", .2: "no", .2000001: "maybe", .7: "maybe", .71: "yes", 1e9: "yes"} {
		if got, err := fixed.Name(score); got != want || err != nil {
			t.Errorf("%v: %q, %v", score, got, err)
		}
	}
	if !slices.Equal(fixed.Cuts().Points(), []float64{.2, .7}) {
		t.Error(fixed.Cuts())
	}
	_, err = segment.NewBands([]string{"a", "b"}, at)
	wantErr(t, err, segment.ErrShape, "names")
	_, err = segment.NewBands([]string{"a", "b", "a"}, at)
	wantErr(t, err, segment.ErrDuplicate, "names[2]")
	_, err = segment.NewBands([]string{"a", "", "c"}, at)
	wantErr(t, err, segment.ErrRange, "names[1]")
	dst, err := fixed.Label(nil, []float64{1, math.NaN()})
	wantErr(t, err, segment.ErrNotFinite, "row 1")
	if dst != nil {
		t.Error("dst grew")
	}
	if _, err := fixed.Name(math.Inf(1)); !errors.Is(err, segment.ErrNotFinite) {
		t.Error(err)
	}
	if _, err := new(segment.Bands).Name(1); !errors.Is(err, segment.ErrEmpty) {
		t.Error(err)
	}
}
