package survive

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

type record struct {
	d        time.Duration
	finished bool
}

func state(records []record) *Durations {
	s := &Durations{}
	for _, c := range records {
		s.Add(c.d, c.finished)
	}
	return s
}

func frame(s *Durations) []byte {
	var w codec.Writer
	s.Encode(&w)
	return w.AppendFrame(nil, 1, 1)
}

// rounded is the value of d's bucket.
func rounded(d time.Duration) time.Duration {
	if d < time.Millisecond {
		return 0
	}
	return duration(scale.Key(float64(d) / 1e6))
}

// exact is the estimate of Kaplan and Meier over the records one by one.
func exact(records []record, q float64) time.Duration {
	sorted := slices.Clone(records)
	slices.SortFunc(sorted, func(a, b record) int {
		if a.d != b.d {
			return int(min(max(a.d-b.d, -1), 1))
		}
		return map[bool]int{true: -1, false: 1}[a.finished]
	})
	alive := 1.0
	for i, c := range sorted {
		if !c.finished {
			continue
		}
		if alive *= 1 - 1/float64(len(sorted)-i); alive <= 1-q+1e-12 {
			return c.d
		}
	}
	return Beyond
}

var records = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) record {
	d := time.Duration(math.Exp(rapid.Float64Range(0, 43.6).Draw(t, "log ns")))
	if rapid.IntRange(0, 9).Draw(t, "edge") == 0 {
		d = rapid.SampledFrom([]time.Duration{0, 1, time.Millisecond - 1, time.Millisecond, time.Millisecond + 1, math.MaxInt64}).Draw(t, "d")
	}
	return record{d, rapid.IntRange(0, 3).Draw(t, "open") > 0}
}), 0, 40)

func TestDurationsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := records.Draw(t, "records")
		s := state(all)
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		a, b := state(all[:cut]), state(all[cut:])
		b.Merge(a)
		if !bytes.Equal(frame(b), frame(s)) {
			t.Fatal("shards differ from one pass")
		}
		r, err := codec.Open(frame(s), 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		var back Durations
		back.Decode(r)
		if r.Done() != nil || !bytes.Equal(frame(&back), frame(s)) {
			t.Fatalf("round trip: %v", r.Done())
		}
		coarse := slices.Clone(all)
		for i, c := range all {
			coarse[i].d = rounded(c.d)
			if off := math.Abs(float64(coarse[i].d - c.d)); c.d >= time.Millisecond && off > Error*1.001*float64(c.d) {
				t.Fatalf("%v is counted as %v", c.d, coarse[i].d)
			}
		}
		qs := []float64{.1, .5, .9, .95}
		got := make([]time.Duration, len(qs))
		back.Quantiles(got, qs...)
		for i, q := range qs {
			want := exact(coarse, q)
			if want != Beyond {
				want = min(want, s.max)
			}
			if got[i] != want {
				t.Fatalf("quantile %v is %v, want %v", q, got[i], want)
			}
		}
		done, open, longest := int64(0), int64(0), time.Duration(-1)
		for _, c := range all {
			if c.finished {
				done++
				longest = max(longest, c.d)
			} else {
				open++
			}
		}
		if s.Done() != done || s.Open() != open || done > 0 && s.Max() != longest || done == 0 && (s.Max() != Beyond || s.Mean() != Beyond) {
			t.Fatalf("%d done, %d open, max %v", s.Done(), s.Open(), s.Max())
		}
	})
}

// Three of ten are still open: the median of the finished ones alone would be 4 h.
func TestOpenCasesCount(t *testing.T) {
	s := &Durations{}
	for h := 1; h <= 7; h++ {
		s.Add(time.Duration(h)*time.Hour, true)
	}
	for range 3 {
		s.Add(6*time.Hour+time.Minute, false)
	}
	var q [3]time.Duration
	s.Quantiles(q[:], .5, .6, .95)
	for i, want := range []time.Duration{5 * time.Hour, 6 * time.Hour} {
		if math.Abs(float64(q[i]-want)) > Error*float64(want) {
			t.Errorf("quantile %d: %v, want %v", i, q[i], want)
		}
	}
	if q[2] > 7*time.Hour {
		t.Errorf("p95 is %v", q[2])
	}
	if s.Mean() != 4*time.Hour || s.Max() != 7*time.Hour {
		t.Errorf("mean %v, max %v", s.Mean(), s.Max())
	}
}

// The classic example of Kaplan and Meier's paper has other data; this one is
// worked by hand: 6 at risk, one ends, one is lost, two end, two remain.
func TestProductLimit(t *testing.T) {
	p := NewProductLimit(6)
	for _, c := range []struct {
		ended, open, risk int64
		alive             float64
	}{{1, 0, 5, 5. / 6}, {0, 1, 4, 5. / 6}, {2, 0, 2, 5. / 12}, {1, 1, 0, 5. / 24}} {
		p.Step(c.ended, c.open)
		if p.AtRisk != c.risk || math.Abs(p.Alive-c.alive) > 1e-15 {
			t.Errorf("after %+v: %+v", c, p)
		}
	}
}

// These bytes were written by the first version, and are read for ever.
func TestEncoded(t *testing.T) {
	s := state([]record{{0, true}, {time.Millisecond, true}, {time.Hour, true}, {90 * time.Minute, false}, {time.Hour, true}})
	var w codec.Writer
	s.Encode(&w)
	data := w.AppendFrame(nil, 1, 1)
	const want = "0300000000000000" + "00000080" + "00000000" + "e6050000" +
		"0300000000000000" + "0100000000000000" + "0100000000000000" + "0200000000000000" +
		"0100000000000000" + "0f060000" + "0100000000000000" + "0100000000000000" +
		"01dd6d0000000000" + "00a0b83046030000"
	if got := hex.EncodeToString(data[16 : len(data)-4]); got != want {
		t.Errorf("encoded as %s", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, put := range map[string]func(w *codec.Writer){
		"counts missing":   func(w *codec.Writer) { w.Int32s([]int32{1}); w.Int64s(nil) },
		"out of order":     func(w *codec.Writer) { w.Int32s([]int32{2, 1}); w.Int64s([]int64{1, 1}) },
		"no case":          func(w *codec.Writer) { w.Int32s([]int32{2}); w.Int64s([]int64{0}) },
		"before the first": func(w *codec.Writer) { w.Int32s([]int32{-1}); w.Int64s([]int64{1}) },
		"beyond the last":  func(w *codec.Writer) { w.Int32s([]int32{lastBucket + 1}); w.Int64s([]int64{1}) },
		"too many cases":   func(w *codec.Writer) { w.Int32s([]int32{1, 2}); w.Int64s([]int64{math.MaxInt64, 1}) },
		"too many of both kinds": func(w *codec.Writer) {
			w.Int32s([]int32{1})
			w.Int64s([]int64{math.MaxInt64})
			w.Int32s([]int32{1})
			w.Int64s([]int64{1})
			w.Int64(1)
			w.Int64(1)
		},
		"sum of no case": func(w *codec.Writer) {
			w.Int32s(nil)
			w.Int64s(nil)
			w.Int32s(nil)
			w.Int64s(nil)
			w.Int64(1)
			w.Int64(0)
		},
		"negative max": func(w *codec.Writer) {
			w.Int32s([]int32{1})
			w.Int64s([]int64{1})
			w.Int32s(nil)
			w.Int64s(nil)
			w.Int64(1)
			w.Int64(-1)
		},
		"short": func(w *codec.Writer) { w.Int32s(nil) },
		// One case of an hour, with a sum, a maximum or both of other cases.
		"more than the longest each": func(w *codec.Writer) { hours(w, 1, 3_600_001, time.Hour) },
		"more than 64 bits":          func(w *codec.Writer) { hours(w, 1, math.MaxInt64, time.Hour) },
		"less than the longest":      func(w *codec.Writer) { hours(w, 2, 3_599_999, time.Hour) },
		"a longest above":            func(w *codec.Writer) { hours(w, 1, 3_700_000, 3_700*time.Second) },
		"a longest below":            func(w *codec.Writer) { hours(w, 1, 3_500_000, 3_500*time.Second) },
		"a longest of nothing":       func(w *codec.Writer) { hours(w, 1, 0, 0) },
		"a longest of a bucket":      func(w *codec.Writer) { milliseconds(w, time.Millisecond) },
	} {
		var w codec.Writer
		put(&w)
		r, err := codec.Open(w.AppendFrame(nil, 1, 1), 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		var s Durations
		if s.Decode(r); !errors.Is(r.Done(), check.ErrCorrupt) {
			t.Errorf("%s: %v", name, r.Done())
		}
	}
}

// hours writes n finished cases of the bucket of an hour.
func hours(w *codec.Writer, n, sum int64, longest time.Duration) {
	w.Int32s([]int32{1510})
	w.Int64s([]int64{n})
	w.Int32s(nil)
	w.Int64s(nil)
	w.Int64(sum)
	w.Int64(int64(longest))
}

// milliseconds writes one case of less than one.
func milliseconds(w *codec.Writer, longest time.Duration) {
	w.Int32s([]int32{zeroBucket})
	w.Int64s([]int64{1})
	w.Int32s(nil)
	w.Int64s(nil)
	w.Int64(longest.Milliseconds())
	w.Int64(int64(longest))
}

// A state that sixteen more of the longest cases may not fit into says so.
func TestFull(t *testing.T) {
	for sum, want := range map[int64]bool{math.MaxInt64 - 16*(math.MaxInt64/1_000_000): false, math.MaxInt64 - 16*(math.MaxInt64/1_000_000) + 1: true, math.MaxInt64: true} {
		s := Durations{sum: sum}
		s.done.n = 1 << 50
		if s.Full() != want {
			t.Errorf("%d milliseconds: full %v", sum, !want)
		}
	}
	s := Durations{}
	s.done.n, s.open.n = 1<<62, 1<<62-17
	if s.Full() {
		t.Error("full with room for sixteen cases")
	}
	if s.open.n++; !s.Full() {
		t.Error("not full with room for fifteen")
	}
}

// TestFits: counts and milliseconds as only hostile frames hold them have no place beside themselves.
func TestFits(t *testing.T) {
	const hour = 3_600_000
	for _, n := range [][3]int64{{1 << 62, 1, hour}, {1 << 61, 1 << 61, hour}, {1 << 42, 1, 1 << 62}} { // done, open, milliseconds
		var w codec.Writer
		w.Int32s([]int32{1510}) // of an hour
		w.Int64s([]int64{n[0]})
		w.Int32s([]int32{3})
		w.Int64s([]int64{n[1]})
		w.Int64(n[2])
		w.Int64(int64(time.Hour))
		r, err := codec.Open(w.AppendFrame(nil, codec.KindGaps, 1), codec.KindGaps, 1)
		if err != nil {
			t.Fatal(err)
		}
		var s Durations
		s.Decode(r)
		if err := r.Done(); err != nil {
			t.Fatal(err)
		}
		if err := s.Fits(&s); !errors.Is(err, check.ErrOverflow) {
			t.Errorf("%v beside itself: %v", n, err)
		}
		if err := s.Fits(new(Durations)); err != nil {
			t.Errorf("%v beside nothing: %v", n, err)
		}
	}
}
