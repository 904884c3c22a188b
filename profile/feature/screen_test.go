package feature_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

// cutBins returns bins of equal width of rows, by names.
func cutBins(t testing.TB, rows [][]float64, names []string) *feature.Bins {
	b, err := feature.FitBins(context.Background(), rows, nil, feature.BinOptions{Names: names, Bins: 5})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func screen(t testing.TB, opt feature.ScreenOptions) *feature.Screen {
	t.Helper()
	s, err := feature.NewScreen(opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func screenBytes(t testing.TB, s *feature.Screen) []byte {
	t.Helper()
	data, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestScreenGolden: F, χ² of sums and information of given bins are those of scikit-learn, for
// two classes and for three, from four merged shards.
func TestScreenGolden(t *testing.T) {
	var g struct {
		Columns []string
		Cuts    [][]float64
		Targets []struct {
			Target                 string
			F, FP, Chi, ChiP, Gain []float64
		}
	}
	testkit.Golden(t, "screen.json", &g)
	data := shoppers(t)
	var rows [][]float64
	for _, c := range g.Columns {
		for i, x := range columnOf(data[c]) {
			if i == len(rows) {
				rows = append(rows, nil)
			}
			rows[i] = append(rows[i], x[0])
		}
	}
	for _, target := range g.Targets {
		levels := slices.Compact(slices.Sorted(slices.Values(data[target.Target])))
		var classes []int
		for _, c := range data[target.Target] {
			classes = append(classes, slices.Index(levels, c))
		}
		shards := make([]*feature.Screen, 4)
		for k := range shards {
			shards[k] = screen(t, feature.ScreenOptions{Names: g.Columns, Classes: len(levels), Bins: givenBins(t, g.Columns, g.Cuts)})
			lo, hi := k*len(rows)/4, (k+1)*len(rows)/4
			if err := shards[k].AddAll(context.Background(), rows[lo:hi], classes[lo:hi]); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range shards[1:] {
			if err := shards[0].Merge(s); err != nil {
				t.Fatal(err)
			}
		}
		for j, r := range shards[0].Result() {
			for what, v := range map[string][2]float64{
				"F": {r.F, target.F[j]}, "F p": {r.FP, target.FP[j]}, "χ²": {r.SumChiSquare, target.Chi[j]}, "χ² p": {r.SumP, target.ChiP[j]}, "gain": {r.Binned.Gain, target.Gain[j]},
			} {
				if !testkit.Close(v[0], v[1], 1e-12, 1e-9) {
					t.Errorf("%s, %s %s: %v, want %v", target.Target, r.Column, what, v[0], v[1])
				}
			}
		}
	}
}

// givenBins returns bins with the given edges, as a frame of another program would bring them.
func givenBins(t testing.TB, names []string, cuts [][]float64) *feature.Bins {
	t.Helper()
	var w codec.Writer
	w.Bool(false)
	w.Int(len(names))
	for j, name := range names {
		w.String(name)
		w.Int(0)
		w.Float64s(cuts[j])
		w.Int64s(make([]int64, len(cuts[j])+2))
		w.Int64s(make([]int64, len(cuts[j])+2))
	}
	b := new(feature.Bins)
	if err := b.UnmarshalBinary(w.AppendFrame(nil, codec.KindFeatureBins, 1)); err != nil {
		t.Fatal(err)
	}
	return b
}

// closeTo compares two results: counts exactly, the others to a relative tolerance.
func closeTo(t rapid.TB, what string, a, b []feature.ScreenResult, tol float64) {
	for j := range a {
		x, y := a[j], b[j]
		if x.Column != y.Column || x.Rows != y.Rows || x.Missing != y.Missing || fmt.Sprint(x.Binned) != fmt.Sprint(y.Binned) || fmt.Sprint(x.InformationValue) != fmt.Sprint(y.InformationValue) {
			t.Fatalf("%s: %+v and %+v", what, x, y)
		}
		for name, v := range map[string][2]float64{"F": {x.F, y.F}, "F p": {x.FP, y.FP}, "χ²": {x.SumChiSquare, y.SumChiSquare}, "χ² p": {x.SumP, y.SumP}} {
			if math.IsNaN(v[0]) != math.IsNaN(v[1]) || !math.IsNaN(v[0]) && !testkit.Close(v[0], v[1], 1e-300, tol) {
				t.Fatalf("%s: %s of %s is %v and %v", what, name, x.Column, v[0], v[1])
			}
		}
	}
}

// TestScreenLaws: any split into shards, merged in any order and stored between, any order of
// rows, rows one by one, and float32 say what one pass says; F is that of Relevances.
func TestScreenLaws(t *testing.T) {
	names := []string{"count", "measure", "far", "flat"}
	rapid.Check(t, func(r *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		n, k := rapid.IntRange(0, 1500).Draw(r, "rows"), rapid.IntRange(2, 4).Draw(r, "classes")
		rows, small, classes, y := make([][]float64, n), make([][]float32, n), make([]int, n), make([]float64, n)
		for i := range rows {
			classes[i] = rnd.IntN(k)
			y[i] = float64(classes[i])
			row := []float64{float64(rnd.IntN(9)), rnd.NormFloat64() + y[i]/9, 3e5 + rnd.NormFloat64(), 7}
			if rnd.IntN(10) == 0 {
				row[rnd.IntN(4)] = math.NaN()
			}
			for j, x := range row {
				small[i] = append(small[i], float32(x))
				row[j] = float64(float32(x))
			}
			rows[i] = row
		}
		opt := feature.ScreenOptions{Names: names, Classes: k}
		if n > 0 && rapid.Bool().Draw(r, "bins") {
			opt.Bins = cutBins(t, rows, names)
		}
		whole, other := screen(t, opt), screen(t, opt)
		ctx := context.Background()
		if err := whole.AddAll(ctx, rows, classes); err != nil {
			r.Fatal(err)
		}
		if err := other.AddAll32(ctx, small, classes); err != nil {
			r.Fatal(err)
		}
		if !bytes.Equal(screenBytes(t, whole), screenBytes(t, other)) {
			r.Fatal("float32 has other bytes")
		}
		shards := make([]*feature.Screen, rapid.SampledFrom([]int{1, 4, 16}).Draw(r, "shards"))
		for s := range shards {
			shards[s] = screen(t, opt)
		}
		for _, i := range rnd.Perm(n) {
			if err := shards[rnd.IntN(len(shards))].Add(rows[i], classes[i]); err != nil {
				r.Fatal(err)
			}
		}
		total := screen(t, opt)
		for _, s := range rnd.Perm(len(shards)) {
			back := new(feature.Screen)
			if err := back.UnmarshalBinary(screenBytes(t, shards[s])); err != nil {
				r.Fatal(err)
			}
			left, right := screen(t, opt), screen(t, opt)
			for _, err := range []error{left.Merge(total), left.Merge(back), right.Merge(back), right.Merge(total), total.Merge(back)} {
				if err != nil {
					r.Fatal(err)
				}
			}
			if a := screenBytes(t, total); !bytes.Equal(a, screenBytes(t, left)) || !bytes.Equal(a, screenBytes(t, right)) {
				r.Fatal("merging commutes not, or the empty state is no identity")
			}
		}
		closeTo(r, "shards", total.Result(), whole.Result(), 1e-7)
		if k != 2 || n == 0 || slices.Index(classes, 0) < 0 || slices.Index(classes, 1) < 0 {
			return
		}
		want, err := feature.Relevances(ctx, rows, y, feature.SelectorOptions{Names: names})
		if err != nil {
			r.Fatal(err)
		}
		for j, got := range whole.Result() {
			if math.IsNaN(got.F) != math.IsNaN(want[j].F) || got.F > 0 && !testkit.Close(got.F, want[j].F, 1e-9, 1e-6) {
				r.Fatalf("F of %s is %v, of Relevances %v", names[j], got.F, want[j].F)
			}
		}
	})
}

// TestScreenKeepsDigits: values far from 0, a first value far from the others, values in order:
// F keeps its digits where sums of squares lose them all.
func TestScreenKeepsDigits(t *testing.T) {
	f := func(rows [][]float64, classes []int) float64 {
		s := screen(t, feature.ScreenOptions{Names: []string{"x"}, Classes: 2})
		if err := s.AddAll(context.Background(), rows, classes); err != nil {
			t.Fatal(err)
		}
		return s.Result()[0].F
	}
	// 4 7 13 16 and 5 8 14 17: squares 90 in each, means 10 and 11: F = (4·.25·2)/(180/6).
	for _, at := range []float64{0, 1e9, -1e12, 3e14} {
		var rows [][]float64
		for _, x := range []float64{4, 7, 13, 16, 5, 8, 14, 17} {
			rows = append(rows, []float64{at + x})
		}
		testkit.Near(t, fmt.Sprint("F at ", at), f(rows, []int{0, 0, 0, 0, 1, 1, 1, 1}), 2./30, 1e-12)
	}
	// Sums of 4 values and 4: each is off by half the difference of the means times 4, 2 of at·4 + 42.
	for _, at := range []float64{0, 1e6, 1e12} {
		s := screen(t, feature.ScreenOptions{Names: []string{"x"}, Classes: 2})
		var rows [][]float64
		for _, x := range []float64{4, 7, 13, 16, 5, 8, 14, 17} {
			rows = append(rows, []float64{at + x})
		}
		classes := []int{0, 0, 0, 0, 1, 1, 1, 1}
		if err := s.AddAll(context.Background(), rows, classes); err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, fmt.Sprint("χ² at ", at), s.Result()[0].SumChiSquare*(at*4+42)/8, 1, 1e-12)
		y := []float64{0, 0, 0, 0, 1, 1, 1, 1}
		r, err := feature.Relevances(context.Background(), rows, y, feature.SelectorOptions{})
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, fmt.Sprint("F of Relevances at ", at), r[0].F, 2./30, 1e-12)
	}
	// Thirds are no short numbers: means of them are rounded.
	var thirds, near0 [][]float64
	var y []float64
	for i := range 999 {
		x := float64(i*7919%997) / 997 / 8
		thirds, near0, y = append(thirds, []float64{1e9 + x}), append(near0, []float64{(1e9 + x) - 1e9}), append(y, float64(i%3))
	}
	far, err := feature.Relevances(context.Background(), thirds, y, feature.SelectorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	near, err := feature.Relevances(context.Background(), near0, y, feature.SelectorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "F of Relevances about 1e9", far[0].F/near[0].F, 1, 1e-12)
	chi := func(rows [][]float64) float64 { // times the total, which cancels
		s := screen(t, feature.ScreenOptions{Names: []string{"x"}, Classes: 3})
		total := 0.
		for i, r := range rows {
			total += r[0]
			if err := s.Add(r, i%3); err != nil {
				t.Fatal(err)
			}
		}
		return s.Result()[0].SumChiSquare * total
	}
	testkit.Near(t, "χ² about 1e9", chi(thirds)/chi(near0), 1, 1e-11)
	// Two blocks about 1e9, both classes the same values one apart: F known by counting.
	rnd := rand.New(rand.NewPCG(1, 2))
	var rows [][]float64
	var classes []int
	var centred [][]float64
	for i := range 5000 {
		x := math.Floor(rnd.NormFloat64()*100) + float64(i%2)*3
		rows, centred, classes = append(rows, []float64{1e9 + x}), append(centred, []float64{x}), append(classes, i%2)
	}
	testkit.Near(t, "F about 1e9", f(rows, classes)/f(centred, classes), 1, 1e-9)
	slices.SortFunc(rows, func(a, b []float64) int { return int(a[0] - b[0]) }) // other classes, but the same for both
	slices.SortFunc(centred, func(a, b []float64) int { return int(a[0] - b[0]) })
	testkit.Near(t, "F in order", f(rows, classes)/f(centred, classes), 1, 1e-6)
	first := append([][]float64{{1e13}}, centred...)
	c := append([]int{0}, classes...)
	last, lastC := append(slices.Clone(centred), []float64{1e13}), append(slices.Clone(classes), 0)
	testkit.Near(t, "one value far off", f(first, c)/f(last, lastC), 1, 1e-9)
}

// TestScreenRefuses: what is refused changes nothing, whatever came before it in the same call.
func TestScreenRefuses(t *testing.T) {
	nan := math.NaN()
	names := []string{"a", "b"}
	opt := feature.ScreenOptions{Names: names, Classes: 2, Bins: cutBins(t, [][]float64{{1, 2}, {5, 9}}, names)}
	s := screen(t, opt)
	good, of := [][]float64{{1, 2}, {3, nan}, {4, 8}}, []int{0, 1, 1}
	ctx := context.Background()
	if err := s.AddAll(ctx, good, of); err != nil {
		t.Fatal(err)
	}
	before := screenBytes(t, s)
	over := slices.Repeat([][]float64{{1, 2}}, 600)
	for name, c := range map[string]struct {
		row   []float64
		class int
		want  error
	}{
		"long": {[]float64{1, 2, 3}, 0, feature.ErrShape}, "infinite": {[]float64{1, math.Inf(-1)}, 1, feature.ErrNotFinite},
		"class 2": {[]float64{1, 2}, 2, feature.ErrRange}, "class -1": {[]float64{1, 2}, -1, feature.ErrRange}, "squares": {[]float64{1e200, 2}, 0, feature.ErrOverflow},
	} {
		if err := s.Add(c.row, c.class); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err := s.AddAll(ctx, append(slices.Clone(over), c.row), append(make([]int, len(over)), c.class)); !errors.Is(err, c.want) {
			t.Errorf("%s at the end: %v, want %v", name, err, c.want)
		}
	}
	stop, cancel := context.WithCancel(ctx)
	cancel()
	huge := screen(t, opt)
	if err := huge.Add([]float64{1e160, 0}, 0); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ err, want error }{
		"classes":  {s.AddAll(ctx, good, of[:1]), feature.ErrShape},
		"stopped":  {s.AddAll(stop, good, of), context.Canceled},
		"itself":   {s.Merge(s), feature.ErrMismatch},
		"nil":      {s.Merge(nil), feature.ErrMismatch},
		"no bins":  {s.Merge(screen(t, feature.ScreenOptions{Names: names, Classes: 2})), feature.ErrMismatch},
		"three":    {s.Merge(screen(t, feature.ScreenOptions{Names: names, Classes: 3, Bins: opt.Bins})), feature.ErrMismatch},
		"overflow": {s.Merge(huge), feature.ErrOverflow},
		"none":     {new(feature.Screen).Add(nil, 0), feature.ErrEmpty},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
	if !bytes.Equal(before, screenBytes(t, s)) {
		t.Error("what was refused has left a trace")
	}
	for name, c := range map[string]struct {
		opt  feature.ScreenOptions
		want error
	}{
		"no columns":  {feature.ScreenOptions{Classes: 2}, feature.ErrEmpty},
		"twice":       {feature.ScreenOptions{Names: []string{"a", "a"}, Classes: 2}, feature.ErrDuplicate},
		"one class":   {feature.ScreenOptions{Names: names, Classes: 1}, feature.ErrOption},
		"many":        {feature.ScreenOptions{Names: names, Classes: 1001}, feature.ErrOption},
		"other names": {feature.ScreenOptions{Names: []string{"b", "a"}, Classes: 2, Bins: opt.Bins}, feature.ErrMismatch},
	} {
		if s, err := feature.NewScreen(c.opt); !errors.Is(err, c.want) || s != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestScreenSelector: by F and by gain the columns that tell most are kept; what needs rows is refused.
func TestScreenSelector(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	names := []string{"noise", "much", "some", "flat"}
	var rows [][]float64
	var classes []int
	for i := range 2000 {
		c := float64(i % 2)
		rows, classes = append(rows, []float64{rnd.NormFloat64(), rnd.NormFloat64() + 2*c, rnd.NormFloat64() + c/2, 1}), append(classes, i%2)
	}
	s := screen(t, feature.ScreenOptions{Names: names, Classes: 2, Bins: cutBins(t, rows, names)})
	if err := s.AddAll(context.Background(), rows, classes); err != nil {
		t.Fatal(err)
	}
	for _, by := range []feature.Criterion{feature.ByF, feature.ByGain, feature.ByGainRatio, feature.ByGini, feature.ByChiSquare, feature.ByInformationValue} {
		p, err := s.Selector(feature.SelectorOptions{By: by, Keep: 2, KeepLeaks: true})
		if err != nil || !slices.Equal(p.Names(), []string{"much", "some"}) {
			t.Errorf("by %d: %v, %v", by, p.Names(), err)
		}
		if p, err := s.Selector(feature.SelectorOptions{By: by, KeepLeaks: true}); err != nil || slices.Contains(p.Names(), "flat") {
			t.Errorf("by %d: %v, %v", by, p.Names(), err)
		}
	}
	for _, opt := range []feature.SelectorOptions{
		{By: feature.ByF}, {By: feature.ByPearson, KeepLeaks: true}, {By: feature.BySpearman, KeepLeaks: true}, {MRMR: true, KeepLeaks: true}, {MaxCorrelation: .5, KeepLeaks: true}, {By: 77, KeepLeaks: true},
	} {
		if p, err := s.Selector(opt); !errors.Is(err, feature.ErrOption) || p != nil {
			t.Errorf("%+v: %v", opt, err)
		}
	}
	bare := screen(t, feature.ScreenOptions{Names: names, Classes: 2})
	if p, err := bare.Selector(feature.SelectorOptions{KeepLeaks: true}); !errors.Is(err, feature.ErrOption) || p != nil {
		t.Errorf("by gain without bins: %v", err)
	}
	if p, err := bare.Selector(feature.SelectorOptions{By: feature.ByF, KeepLeaks: true}); !errors.Is(err, feature.ErrUndefined) || p != nil {
		t.Errorf("no rows: %v", err)
	}
}

// TestScreenFrameRefuses: each check of the decoder by name.
func TestScreenFrameRefuses(t *testing.T) {
	nan := math.NaN()
	sum := func(n int64, hi, lo, m2 float64) func(*codec.Writer) {
		return func(w *codec.Writer) {
			w.Int64(n)
			w.Float64(hi)
			w.Float64(lo)
			w.Float64(m2)
		}
	}
	i64 := func(xs ...int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64s(xs) } }
	f64 := func(xs ...float64) func(*codec.Writer) { return func(w *codec.Writer) { w.Float64s(xs) } }
	names := func(xs ...string) func(*codec.Writer) { return func(w *codec.Writer) { w.Strings(xs) } }
	type puts = []func(*codec.Writer)
	testkit.Payload{
		Kind: codec.KindScreen, Decode: func(data []byte) error { return new(feature.Screen).UnmarshalBinary(data) },
		Fields: []testkit.Field{
			{Name: "names", Put: names("a")},
			{Name: "rows", Put: i64(3, 2)},
			{Name: "low", Put: f64(-1)},
			{Name: "first", Put: sum(3, 5, 1e-20, 2)},
			{Name: "second", Put: sum(1, -1, 0, 0)},
			{Name: "bins", Put: func(w *codec.Writer) { w.Bool(true) }},
			{Name: "edges", Put: f64(1, 2)},
			{Name: "table", Put: i64(1, 1, 1, 1, 0, 0)},
		},
	}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"names":  {names(), names("a", "a"), names("a", "b")},
		"rows":   {i64(3), i64(), i64(2, 2), i64(-1, 2), i64(math.MaxInt64, 1), i64(make([]int64, 1001)...)},
		"low":    {f64(), f64(0), f64(1), f64(nan), f64(math.Inf(-1)), f64(math.Copysign(0, -1)), f64(0, 0)},
		"first":  {sum(4, 5, 0, 2), sum(-1, 5, 0, 2), sum(3, nan, 0, 2), sum(3, 5, 1, 2), sum(3, 5, nan, 2), sum(3, 5, 0, -1), sum(3, 5, 0, math.Inf(1)), sum(3, math.Copysign(0, -1), 0, 1), sum(3, 5, 0, math.Copysign(0, -1)), sum(0, 5, 0, 0), sum(2, 5, 0, 1)},
		"second": {sum(1, -1, 0, 1), sum(0, 0, 0, 0), sum(0, 1, 0, 0)},
		"bins":   {func(w *codec.Writer) { w.Bool(false) }},
		"edges":  {f64(2, 1), f64(1, 1), f64(nan, 1), f64(1), f64(1, math.Inf(1))},
		"table":  {i64(1, 1, 1, 1, 0), i64(3, 1, -1, 1, 0, 0), i64(1, 1, 0, 1, 0, 0), i64(1, 1, 1, 0, 0, 0), i64()},
	})
}

// TestScreenFrameEmpty: a column without values has no smallest one, and rows beyond int64 are not counted.
func TestScreenFrameEmpty(t *testing.T) {
	frame := func(low float64, rows ...int64) []byte {
		var w codec.Writer
		w.Strings([]string{"a"})
		w.Int64s(rows)
		w.Float64s([]float64{low})
		for range 2 {
			w.Int64(0)
			for range 3 {
				w.Float64(0)
			}
		}
		w.Bool(false)
		w.Int64s(nil)
		return w.AppendFrame(nil, codec.KindScreen, 1)
	}
	var a, b feature.Screen
	if err := errors.Join(a.UnmarshalBinary(frame(0, math.MaxInt64, 0)), b.UnmarshalBinary(frame(0, 0, 1))); err != nil {
		t.Fatal(err)
	}
	if err := new(feature.Screen).UnmarshalBinary(frame(-1, 1, 1)); !errors.Is(err, feature.ErrCorrupt) {
		t.Errorf("smallest value of none: %v", err)
	}
	before := screenBytes(t, &a)
	for name, err := range map[string]error{"Merge": a.Merge(&b), "Add": a.Add([]float64{1}, 1), "AddAll": a.AddAll(t.Context(), [][]float64{{1}}, []int{1})} {
		if !errors.Is(err, feature.ErrOverflow) {
			t.Errorf("%s: %v, want ErrOverflow", name, err)
		}
	}
	if !bytes.Equal(screenBytes(t, &a), before) {
		t.Error("rows beyond int64 left something")
	}
}
