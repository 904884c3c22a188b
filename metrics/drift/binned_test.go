package drift

import (
	"context"
	"encoding"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/drift"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func TestDriftGolden(t *testing.T) {
	// The number of the project's definitions.
	d, err := CompareCounts([]int64{10, 20, 40, 20, 10}, []int64{15, 25, 30, 20, 10})
	must(t, err)
	testkit.Near(t, "PSI", d.PSI, .0601986, 5e-8)

	var g struct {
		Reference []float64
		Cases     []struct {
			Window, Edges  []float64
			Counts         []int64
			PSI, JS, KS, P float64
			Threshold      float64
		}
		Kolmogorov             [][2]float64
		Series, Up, Down, EWMA []float64
		EWMAAlarm              []int `json:"ewma_alarm"`
		CUSUMAlarm             []int `json:"cusum_alarm"`
		Page                   []float64
	}
	testkit.Golden(t, "drift.json", &g)
	ref, err := NewBinned(g.Reference, 0)
	must(t, err)
	for _, c := range g.Cases {
		near(t, "edges", ref.Edges(), c.Edges, 0)
		w := ref.Empty()
		for _, x := range c.Window {
			must(t, w.Add(x))
		}
		if !slices.Equal(w.Counts(), c.Counts) {
			t.Errorf("counts %v, want %v", w.Counts(), c.Counts)
		}
		d, err := w.DriftFrom(ref)
		must(t, err)
		near(t, "drift", []float64{d.PSI, d.JS, d.Threshold}, []float64{c.PSI, c.JS, c.Threshold}, 1e-9)
		if d.Alarm != (c.PSI > .1 && c.PSI > c.Threshold) {
			t.Errorf("alarm %v at PSI %v", d.Alarm, c.PSI)
		}
		ks, p, err := KSTest(g.Reference, c.Window)
		must(t, err)
		near(t, "KS", []float64{ks, p}, []float64{c.KS, c.P}, 1e-12)
		if d.KS > ks+1e-12 {
			t.Errorf("binned KS %v is above the exact %v", d.KS, ks)
		}
	}
	for _, k := range g.Kolmogorov {
		testkit.Near(t, "Kolmogorov", drift.KolmogorovUpper(k[0]), k[1], 1e-13)
	}
	var c CUSUM
	var e EWMA
	var p PageHinkley
	var cAlarm, eAlarm []int
	for i, x := range g.Series {
		a, err := c.Add(x)
		must(t, err)
		if a {
			cAlarm = append(cAlarm, i)
		}
		if a, err = e.Add(x); a {
			eAlarm = append(eAlarm, i)
		}
		must(t, err)
		_, err = p.Add(x)
		must(t, err)
		up, down := c.Sums()
		near(t, "chart", []float64{up, down, e.Mean(), p.up - p.upMin}, []float64{g.Up[i], g.Down[i], g.EWMA[i], g.Page[i]}, 1e-12)
	}
	if !slices.Equal(cAlarm, g.CUSUMAlarm) || !slices.Equal(eAlarm, g.EWMAAlarm) || len(cAlarm) == 0 || len(eAlarm) == 0 {
		t.Errorf("alarms at %v and %v, want %v and %v", cAlarm, eAlarm, g.CUSUMAlarm, g.EWMAAlarm)
	}
}

// Mean times between false alarms and to detection, as published: CUSUM with
// k=0.5 has 465.4 for h=5 and 167.7 for h=4, and finds a shift of 1σ after 10.4
// (Montgomery, table 9.3); EWMA λ=0.1 L=2.814 has 500 and 10.3 without the exact
// start, which raises alarms a little earlier (Lucas and Saccucci 1990).
func TestFalseAlarms(t *testing.T) {
	ctx := context.Background()
	for name, x := range map[string]struct {
		make       func() Detector
		shift      float64
		want, bias float64
	}{
		"CUSUM":         {func() Detector { return &CUSUM{} }, 0, 465.4, 0},
		"CUSUM h=4":     {func() Detector { return &CUSUM{Limit: 4} }, 0, 167.7, 0},
		"CUSUM shifted": {func() Detector { return &CUSUM{} }, 1, 10.38, 0},
		"EWMA":          {func() Detector { return &EWMA{} }, 0, 500, 25},
		"EWMA shifted":  {func() Detector { return &EWMA{} }, 1, 10.3, 2.5},
	} {
		r, err := SimulateAlarms(ctx, x.make, x.shift, 3000, 20_000, 1)
		must(t, err)
		if math.Abs(r.RunMean-x.want) > 4*r.RunSE+x.bias || r.Share.Successes() != 3000 {
			t.Errorf("%s: %.2f ± %.2f windows to an alarm, want %v", name, r.RunMean, r.RunSE, x.want)
		}
	}
	ph, err := SimulateAlarms(ctx, func() Detector { return &PageHinkley{} }, 0, 400, 1000, 2)
	must(t, err)
	if rate, _ := ph.Share.Rate(); rate > .02 {
		t.Errorf("Page-Hinkley: false alarms in %v of series of 1000 windows", rate)
	}
	// A lasting change is found.
	r := rng.New(5, 0, 0)
	series := make([]float64, 400)
	for i := range series {
		series[i] = r.Normal()
		if i >= 250 {
			series[i] += 1.5
		}
	}
	at, err := Alarms(&PageHinkley{}, series)
	must(t, err)
	if len(at) == 0 || at[0] < 250 || at[0] > 300 {
		t.Errorf("Page-Hinkley: alarms at %v, change at 250", at)
	}
	testkit.AtGOMAXPROCS(t, func() []byte {
		r, err := SimulateAlarms(ctx, func() Detector { return &CUSUM{} }, 0, 300, 500, 7)
		must(t, err)
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(r.RunMean))
	})
}

// PSI of two samples of one distribution exceeds its threshold as seldom as said.
func TestDriftFalseAlarms(t *testing.T) {
	r := rng.New(6, 0, 0)
	above, alarms := 0, 0
	const runs = 4000
	for range runs {
		var a, b [10]int64
		for range 1000 {
			a[r.Intn(10)]++
		}
		for range 300 {
			b[r.Intn(10)]++
		}
		d, err := CompareCounts(a[:], b[:])
		must(t, err)
		if d.PSI > d.Threshold {
			above++
		}
		if d.Alarm {
			alarms++
		}
	}
	// The χ² limit is approximate for PSI: the same order, 0.1 %.
	if above > 20 || alarms > above {
		t.Errorf("%d of %d above the threshold, want about 4; %d alarms", above, runs, alarms)
	}
}

func TestStandardizeRatios(t *testing.T) {
	z, err := StandardizeRatios(metrics.NewRatio(100, 1000), []metrics.Ratio{metrics.NewRatio(10, 100), metrics.NewRatio(130, 1000)})
	must(t, err)
	near(t, "z", z, []float64{0, .03 / math.Sqrt(.09*.002)}, 1e-12)
}

type binaryForm interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

func TestDriftBinary(t *testing.T) {
	for _, d := range []Detector{&CUSUM{Target: 2, Limit: 3}, &EWMA{Lambda: .3}, &PageHinkley{Warmup: 5, Limit: 9}} {
		for i := range 50 {
			_, err := d.Add(math.Sin(float64(i)))
			must(t, err)
		}
		data, err := d.(binaryForm).MarshalBinary()
		must(t, err)
		var back Detector
		switch d.(type) {
		case *CUSUM:
			back = &CUSUM{}
		case *EWMA:
			back = &EWMA{}
		default:
			back = &PageHinkley{}
		}
		must(t, back.(binaryForm).UnmarshalBinary(data))
		for i := range 40 {
			a, _ := d.Add(float64(i) / 10)
			b, _ := back.Add(float64(i) / 10)
			if a != b {
				t.Errorf("%T: value %d: %v, read back %v", d, i, a, b)
			}
		}
		d.Reset()
		again, _ := d.(binaryForm).MarshalBinary()
		must(t, back.(binaryForm).UnmarshalBinary(data))
		back.Reset()
		if b, _ := back.(binaryForm).MarshalBinary(); string(b) != string(again) {
			t.Errorf("%T: reset", d)
		}
	}
}

func TestDriftBadInput(t *testing.T) {
	inf := math.Inf(1)
	b, err := NewBinned([]float64{1, 2, 3, 4}, 2)
	must(t, err)
	other, err := BinnedByEdges([]float64{1})
	must(t, err)
	ctx := context.Background()
	two := func(_, _ float64, err error) error { return err }
	for name, x := range map[string]struct{ got, want error }{
		"no reference":     {second(NewBinned(nil, 0)), ErrEmpty},
		"reference NaN":    {second(NewBinned([]float64{math.NaN()}, 0)), ErrNotFinite},
		"constant":         {second(NewBinned([]float64{3, 3, 3}, 0)), ErrUndefined},
		"one bin":          {second(NewBinned([]float64{1, 2}, 1)), ErrOption},
		"no edges":         {second(BinnedByEdges(nil)), ErrOption},
		"edges descend":    {second(BinnedByEdges([]float64{2, 1})), ErrOption},
		"edge NaN":         {second(BinnedByEdges([]float64{math.NaN()})), ErrOption},
		"value NaN":        {b.Add(math.NaN()), ErrNotFinite},
		"zero state":       {(&Binned{}).Add(1), ErrEmpty},
		"other bins":       {second(other.DriftFrom(b)), ErrMismatch},
		"merge other bins": {b.Merge(other), ErrMismatch},
		"empty window":     {second(b.Empty().DriftFrom(b)), ErrUndefined},
		"lengths":          {second(CompareCounts([]int64{1}, []int64{1, 2})), ErrShape},
		"negative":         {second(CompareCounts([]int64{1, 2}, []int64{-1, 2})), ErrRange},
		"overflow":         {second(CompareCounts([]int64{math.MaxInt64, 2}, []int64{1, 2})), ErrOverflow},
		"KS empty":         {two(KSTest(nil, []float64{1})), ErrEmpty},
		"KS NaN":           {two(KSTest([]float64{1}, []float64{math.NaN()})), ErrNotFinite},
		"CUSUM NaN":        {second((&CUSUM{}).Add(math.NaN())), ErrNotFinite},
		"EWMA Inf":         {second((&EWMA{}).Add(inf)), ErrNotFinite},
		"EWMA lambda":      {second((&EWMA{Lambda: 2}).Add(1)), ErrOption},
		"Page NaN":         {second((&PageHinkley{}).Add(math.NaN())), ErrNotFinite},
		"alarms NaN":       {second(Alarms(&CUSUM{}, []float64{math.NaN()})), ErrNotFinite},
		"no baseline":      {second(StandardizeRatios(metrics.Ratio{}, nil)), ErrUndefined},
		"baseline 0":       {second(StandardizeRatios(metrics.NewRatio(0, 9), nil)), ErrUndefined},
		"window empty":     {second(StandardizeRatios(metrics.NewRatio(1, 9), []metrics.Ratio{{}})), ErrUndefined},
		"money":            {second(StandardizeRatios(metrics.NewRatio(99, 9), nil)), ErrRange},
		"no runs":          {second(SimulateAlarms(ctx, func() Detector { return &CUSUM{} }, 0, 0, 5, 1)), ErrOption},
		"no detector":      {second(SimulateAlarms(ctx, nil, 0, 1, 5, 1)), ErrOption},
		"shift NaN":        {second(SimulateAlarms(ctx, func() Detector { return &CUSUM{} }, math.NaN(), 1, 5, 1)), ErrNotFinite},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	cancelled, cancel := context.WithCancelCause(ctx)
	cause := errors.New("stop")
	cancel(cause)
	if _, err := SimulateAlarms(cancelled, func() Detector { return &CUSUM{} }, 0, 9, 9, 1); !errors.Is(err, cause) {
		t.Errorf("cancelled: %v", err)
	}
	// Values beyond the reference are counted and warned of.
	w := b.Empty()
	must(t, w.Add(99))
	must(t, w.Add(-inf))
	d, err := w.DriftFrom(b)
	must(t, err)
	if d.N != 2 || len(d.Warnings) != 1 || d.Warnings[0] != WarnOutside {
		t.Errorf("%+v", d)
	}
	// Nearly constant: two bins.
	if b, err := NewBinned([]float64{0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}, 4); err != nil || !slices.Equal(b.Counts(), []int64{1, 12}) {
		t.Errorf("%v %v", b, err)
	}
	if d, err := CompareCounts([]int64{5, 0}, []int64{1, 1}); err != nil || len(d.Warnings) != 1 || math.IsInf(d.PSI, 0) {
		t.Errorf("%+v %v", d, err)
	}
}

func TestBinnedMerge(t *testing.T) {
	ref, err := NewBinned([]float64{1, 2, 3, 4, 5, 6}, 3)
	must(t, err)
	other, err := BinnedByEdges([]float64{2})
	must(t, err)
	testkit.Laws[*Binned]{
		Empty: ref.Empty,
		Other: func() *Binned { return other },
		Add: func(t *rapid.T) func(*Binned) {
			x := rapid.Float64Range(0, 8).Draw(t, "x")
			return func(b *Binned) {
				if err := b.Add(x); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Binned) error { return a.Merge(b) },
		Result: func(b *Binned) []float64 {
			out := testkit.Numbers(b.N(), b.outside)
			for _, c := range b.Counts() {
				out = append(out, float64(c))
			}
			d, err := b.DriftFrom(ref)
			return append(out, nan(d.PSI, err), nan(d.JS, err), nan(d.KS, err))
		},
	}.Check(t)
}

func BenchmarkBinnedAdd(b *testing.B) {
	ref, _ := NewBinned([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		if err := ref.Add(float64(i % 12)); err != nil {
			b.Fatal(err)
		}
	}
}
