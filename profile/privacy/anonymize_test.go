package privacy_test

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/privacy"
)

func hierarchy(t testing.TB) func(h *privacy.Hierarchy, err error) *privacy.Hierarchy {
	return func(h *privacy.Hierarchy, err error) *privacy.Hierarchy {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
}

var (
	ages = strings.Fields("23 27 28 31 34 36 41 45 47 52")
	zips = strings.Fields("1001 1001 1002 1002 1003 1003 1001 1002 1003 1003")
)

func ageZip() (rows [][]string) {
	for i := range ages {
		rows = append(rows, []string{ages[i], zips[i]})
	}
	return rows
}

// The worked table: of (10, *) 37, (20, *) 52, (*, exact) 34 and (*, *) 100 the third.
func TestAnonymizeByHand(t *testing.T) {
	h := hierarchy(t)
	opt := privacy.AnonymizeOptions{K: 3, MaxSuppressed: 1, Hierarchies: []*privacy.Hierarchy{h(privacy.NewRanges(0, 10, 20)), h(privacy.NewPrefixes(false))}}
	a, err := privacy.Anonymize(context.Background(), ageZip(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Levels, []int{3, 0}) || a.Discernibility != 34 || len(a.Suppressed) != 0 || a.K != 3 || a.Classes != 3 || a.Greedy || a.Nodes != 8 {
		t.Errorf("%+v", a)
	}
	testkit.Near(t, "precision", a.Precision, .5, 1e-12)
	testkit.Near(t, "loss", a.GeneralLoss, .5, 1e-12)
	testkit.Near(t, "average class", a.AverageClass, 10./3, 1e-12)
	// The others, each the best of what its own hierarchy allows: (10, *) with one row suppressed, (20, *),
	// and (*, *) where no more is.
	var alone [][]string
	for _, x := range ages {
		alone = append(alone, []string{x})
	}
	for _, c := range []struct {
		width float64
		spare int
		loss  float64
		out   int
	}{{10, 1, 37, 1}, {20, 1, 52, 0}, {10, 0, 100, 0}} {
		a, err := privacy.Anonymize(context.Background(), alone, privacy.AnonymizeOptions{K: 3, MaxSuppressed: c.spare, Hierarchies: []*privacy.Hierarchy{h(privacy.NewRanges(0, c.width))}})
		if err != nil || a.Discernibility != c.loss || len(a.Suppressed) != c.out {
			t.Errorf("width %v, %d suppressed: %+v, %v", c.width, c.spare, a, err)
		}
	}
	// (20, *), assessed: k 4, l 3, t .15.
	var rows [][]string
	for _, x := range ages {
		s, err := opt.Hierarchies[0].Generalize(x, 2)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, []string{s, privacy.Suppressed})
	}
	got, err := privacy.Assess(rows, strings.Fields("a b a c b b c a a b"))
	if err != nil {
		t.Fatal(err)
	}
	if got.K != 4 || got.Distinct != 3 || got.Discernibility != 52 || !math.IsNaN(got.Ordered) {
		t.Errorf("%+v", got)
	}
	testkit.Near(t, "t", got.Closeness, .15, 1e-12)
}

// broken says which classes are too small, not diverse enough or too far from all rows, by the
// definitions.
func broken(told []string, opt privacy.AnonymizeOptions) map[string]bool {
	out, sizes, values := map[string]bool{}, map[string]int{}, slices.Compact(slices.Sorted(slices.Values(opt.Sensitive)))
	if opt.Ordered {
		slices.SortFunc(values, func(a, b string) int { return len(a) - len(b) }) // 0, 5, 10: by length, then as text
	}
	for _, text := range told {
		sizes[text]++
	}
	share := func(text, v string, all bool) float64 {
		n, of := 0., 0.
		for i, x := range told {
			if all || x == text {
				of++
				if opt.Sensitive[i] == v {
					n++
				}
			}
		}
		return n / of
	}
	for text, size := range sizes {
		distinct, entropy, far, walk, moved := 0, 0., 0., 0., 0.
		for _, v := range values {
			p, q := share(text, v, false), share("", v, true)
			if p > 0 {
				distinct++
				entropy += p * math.Log(1/p)
			}
			far += math.Abs(p-q) / 2
			walk += p - q
			moved += math.Abs(walk)
		}
		if opt.Ordered {
			far = moved / float64(max(1, len(values)-1))
		}
		out[text] = size < opt.K || distinct < opt.MinDistinct || opt.MinEntropy > 0 && math.Exp(entropy) < opt.MinEntropy-1e-9 || opt.MaxCloseness > 0 && far > opt.MaxCloseness+1e-9
	}
	return out
}

// slow is the least loss over all combinations, by its definition.
func slow(t rapid.TB, rows [][]string, opt privacy.AnonymizeOptions) (float64, []int) {
	d := len(opt.Hierarchies)
	best, at := math.Inf(1), []int(nil)
	fewest := 0
	levels := make([]int, d)
	var visit func(j int)
	visit = func(j int) {
		if j < d {
			for levels[j] = 0; levels[j] <= opt.Hierarchies[j].Height(); levels[j]++ {
				visit(j + 1)
			}
			return
		}
		count := map[string]int{}
		var told []string
		like := make([]map[string]map[string]bool, d)
		for _, row := range rows {
			text := ""
			for j, x := range row {
				s, err := opt.Hierarchies[j].Generalize(x, levels[j])
				if err != nil {
					t.Fatal(err)
				}
				if like[j] == nil {
					like[j] = map[string]map[string]bool{}
				}
				if like[j][s] == nil {
					like[j][s] = map[string]bool{}
				}
				like[j][s][x] = true
				text += s + "|"
			}
			told = append(told, text)
			count[text]++
		}
		bad := broken(told, opt)
		n, out, loss := float64(len(rows)), 0, 0.0
		for i, text := range told {
			small := bad[text]
			if small {
				out++
			}
			switch {
			case opt.Loss == privacy.ByDiscernibility && small:
				loss += n
			case opt.Loss == privacy.ByDiscernibility:
				loss += float64(count[text])
			case opt.Loss == privacy.ByPrecision:
				for j := range levels {
					loss += float64(levels[j]) / float64(opt.Hierarchies[j].Height()) / float64(d) / n
				}
			default:
				for j, x := range rows[i] {
					all := 0
					for _, xs := range like[j] {
						all += len(xs)
					}
					s, _ := opt.Hierarchies[j].Generalize(x, levels[j])
					cell := 0.
					if all > 1 {
						cell = float64(len(like[j][s])-1) / float64(all-1)
					}
					if small {
						cell = 1
					}
					loss += cell / n / float64(d)
				}
			}
		}
		if out <= opt.MaxSuppressed && (at == nil || loss < best-1e-9 || loss < best+1e-9 && out < fewest) {
			best, at, fewest = loss, slices.Clone(levels), out
		}
	}
	visit(0)
	return best, at
}

// On random small tables the loss is the least of all, whichever loss it is, and the table is
// what its levels say.
func TestAnonymizeOptimum(t *testing.T) {
	h := hierarchy(t)
	tree := map[string]string{"shoes": "fashion", "hats": "fashion", "pears": "food", "plums": "food", "fashion": "shop", "food": "shop", "gifts": "shop"}
	hs := []*privacy.Hierarchy{h(privacy.NewRanges(0, 2, 4, 12)), h(privacy.NewTree(tree)), h(privacy.NewPrefixes(false, 3, 1)), privacy.NewDates()}
	saved, none, lost := 0, 0, 0
	testkit.Until(t, "a combination that is not looked at", func() bool { return saved > 0 }, func(r *rapid.T) {
		d := rapid.IntRange(1, 4).Draw(r, "columns")
		n := rapid.IntRange(2, 40).Draw(r, "rows")
		opt := privacy.AnonymizeOptions{
			K: rapid.IntRange(2, min(n, 6)).Draw(r, "k"), MaxSuppressed: rapid.IntRange(0, 5).Draw(r, "spare"), Hierarchies: hs[:d],
			Loss: rapid.SampledFrom([]privacy.Loss{privacy.ByDiscernibility, privacy.ByGeneralLoss, privacy.ByPrecision}).Draw(r, "loss"),
		}
		var rows [][]string
		for range n {
			rows = append(rows, []string{
				strconv.Itoa(rapid.IntRange(0, 14).Draw(r, "number")),
				rapid.SampledFrom([]string{"shoes", "hats", "pears", "plums", "gifts"}).Draw(r, "category"),
				rapid.StringOfN(rapid.RuneFrom([]rune("12")), 3, 4, -1).Draw(r, "zip"),
				fmt.Sprintf("20%02d-0%d-1%d", rapid.IntRange(8, 11).Draw(r, "year"), rapid.IntRange(1, 2).Draw(r, "month"), rapid.IntRange(0, 2).Draw(r, "day")),
			}[:d])
		}
		diverse(r, n, &opt)
		a, err := privacy.Anonymize(context.Background(), rows, opt)
		best, at := slow(r, rows, opt)
		if at == nil {
			if !errors.Is(err, privacy.ErrPrivacy) || a != nil {
				r.Fatalf("no combination is feasible: %v", err)
			}
			none++
			return
		}
		if err != nil {
			r.Fatal(err)
		}
		got := map[privacy.Loss]float64{privacy.ByDiscernibility: a.Discernibility, privacy.ByGeneralLoss: a.GeneralLoss, privacy.ByPrecision: 1 - a.Precision}[opt.Loss]
		if math.Abs(got-best) > 1e-9*max(1, best) || a.Greedy || len(a.Suppressed) > opt.MaxSuppressed {
			r.Fatalf("loss %v at %v, want %v", got, a.Levels, best)
		}
		count := map[string]int{}
		for i, row := range a.Rows {
			out := slices.Contains(a.Suppressed, i)
			for j, x := range row {
				if want, _ := hs[j].Generalize(rows[i][j], a.Levels[j]); !out && x != want || out && x != privacy.Suppressed {
					r.Fatalf("row %d is %v", i, row)
				}
			}
			if !out {
				count[strings.Join(row, "|")]++
			}
		}
		for text, m := range count {
			if m < opt.K || m < a.K {
				r.Fatalf("%d of %s", m, text)
			}
		}
		if d := a.Distinct; opt.Sensitive != nil && a.Classes > 0 {
			if d < opt.MinDistinct || a.Entropy < opt.MinEntropy-1e-9 || opt.MaxCloseness > 0 && a.Closeness > opt.MaxCloseness+1e-9 {
				r.Fatalf("told to be diverse: %+v", a)
			}
			if len(a.Suppressed) == 0 { // all rows are there: Assess says the same
				got, err := privacy.Assess(a.Rows, opt.Sensitive)
				if opt.Ordered {
					got.Closeness = got.Ordered
				}
				if err != nil || got.Distinct != d || math.Abs(got.Entropy-a.Entropy) > 1e-9 || math.Abs(got.Closeness-a.Closeness) > 1e-9 {
					r.Fatalf("assessed %+v, told %+v, %v", got, a, err)
				}
			}
		} else if d != 0 || !math.IsNaN(a.Entropy) || !math.IsNaN(a.Closeness) {
			r.Fatalf("diverse without values or classes: %+v", a)
		}
		if len(count) != a.Classes {
			r.Fatalf("%d classes, want %d", a.Classes, len(count))
		}
		if saved += a.Nodes - a.Looked; a.Looked > a.Nodes {
			r.Fatalf("looked at %d of %d", a.Looked, a.Nodes)
		}
		// The greedy walk keeps the promise, and never beats the optimum.
		if opt.MaxNodes = 1; a.Nodes > 1 {
			g, err := privacy.Anonymize(context.Background(), rows, opt)
			if errors.Is(err, privacy.ErrPrivacy) && opt.Sensitive != nil && opt.MaxSuppressed > 0 {
				lost++ // entropy and distance may break again on the way up
				return
			}
			loss := map[privacy.Loss]float64{privacy.ByDiscernibility: g.Discernibility, privacy.ByGeneralLoss: g.GeneralLoss, privacy.ByPrecision: 1 - g.Precision}[opt.Loss]
			if err != nil || !g.Greedy || loss < best-1e-9 || len(g.Suppressed) > opt.MaxSuppressed || g.Classes > 0 && g.K < opt.K {
				r.Fatalf("greedy: %v, loss %v of %v, %v", err, loss, best, g)
			}
		}
		// Permuted rows have the same answer.
		slices.Reverse(rows)
		slices.Reverse(opt.Sensitive)
		opt.MaxNodes = 0
		b, err := privacy.Anonymize(context.Background(), rows, opt)
		if err != nil || !slices.Equal(a.Levels, b.Levels) {
			r.Fatalf("%v and %v", a.Levels, b)
		}
	})
	t.Logf("%d looks saved, %d tables infeasible, %d not found by the greedy walk", saved, none, lost)
}

// diverse draws sensitive values of n rows and bounds on them, or neither.
func diverse(r *rapid.T, n int, opt *privacy.AnonymizeOptions) {
	if rapid.IntRange(0, 3).Draw(r, "plain") == 0 {
		return
	}
	for range n {
		opt.Sensitive = append(opt.Sensitive, rapid.SampledFrom([]string{"0", "0", "0", "5", "10", "15"}).Draw(r, "sensitive"))
	}
	if rapid.Bool().Draw(r, "distinct") {
		opt.MinDistinct = rapid.IntRange(1, 3).Draw(r, "l")
	}
	if rapid.Bool().Draw(r, "entropy") {
		opt.MinEntropy = rapid.SampledFrom([]float64{1, 1.5, 2, 2.5}).Draw(r, "entropy l")
	}
	if rapid.Bool().Draw(r, "close") {
		opt.MaxCloseness = rapid.SampledFrom([]float64{.1, .2, .3, .5}).Draw(r, "t")
		opt.Ordered = rapid.Bool().Draw(r, "ordered")
	}
}

// By hand: k and K alone may put three alike into one class; two different ones cost a level more.
func TestAnonymizeDiverse(t *testing.T) {
	h := hierarchy(t)
	opt := privacy.AnonymizeOptions{K: 2, Hierarchies: []*privacy.Hierarchy{h(privacy.NewRanges(0, 10, 20))}}
	rows := [][]string{{"11"}, {"12"}, {"21"}, {"25"}, {"31"}, {"39"}}
	opt.Sensitive = strings.Fields("flu flu flu cold cold flu")
	a, err := privacy.Anonymize(context.Background(), rows, opt)
	if err != nil || !slices.Equal(a.Levels, []int{1}) || a.Distinct != 1 || a.Entropy != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
	// [0, 20) holds flu alone, so that two values need the top, or two rows suppressed.
	opt.MinDistinct = 2
	a, err = privacy.Anonymize(context.Background(), rows, opt)
	if err != nil || !slices.Equal(a.Levels, []int{3}) || a.Distinct != 2 {
		t.Fatalf("%+v, %v", a, err)
	}
	testkit.Near(t, "t of one class", a.Closeness, 0, 1e-12)
	opt.MaxSuppressed = 2
	a, err = privacy.Anonymize(context.Background(), rows, opt)
	if err != nil || !slices.Equal(a.Levels, []int{1}) || !slices.Equal(a.Suppressed, []int{0, 1}) || a.Distinct != 2 || a.Classes != 2 {
		t.Fatalf("%+v, %v", a, err)
	}
	testkit.Near(t, "entropy", a.Entropy, 2, 1e-12)
	testkit.Near(t, "t of halves beside a third", a.Closeness, 1./6, 1e-12)
	// Half of each is .1667 from a third: not within .15, whatever is suppressed.
	opt.MinDistinct, opt.MaxSuppressed, opt.MaxCloseness = 0, 0, .15
	a, err = privacy.Anonymize(context.Background(), rows, opt)
	if err != nil || !slices.Equal(a.Levels, []int{3}) {
		t.Fatalf("%+v, %v", a, err)
	}
	opt.MaxCloseness, opt.MinDistinct = 0, 3
	for _, nodes := range []int{0, 1} {
		opt.MaxNodes = nodes
		if a, err := privacy.Anonymize(context.Background(), rows, opt); !errors.Is(err, privacy.ErrPrivacy) || a != nil {
			t.Errorf("three of two values: %+v, %v", a, err)
		}
	}
	for name, c := range map[string]struct {
		opt  privacy.AnonymizeOptions
		want error
	}{
		"no values":              {privacy.AnonymizeOptions{MinDistinct: 2}, privacy.ErrOption},
		"ordered without values": {privacy.AnonymizeOptions{Ordered: true}, privacy.ErrOption},
		"ordered words":          {privacy.AnonymizeOptions{Sensitive: opt.Sensitive, Ordered: true}, privacy.ErrOption},
		"few values":             {privacy.AnonymizeOptions{Sensitive: opt.Sensitive[:3]}, privacy.ErrShape},
		"negative l":             {privacy.AnonymizeOptions{Sensitive: opt.Sensitive, MinDistinct: -1}, privacy.ErrOption},
		"entropy":                {privacy.AnonymizeOptions{Sensitive: opt.Sensitive, MinEntropy: math.NaN()}, privacy.ErrOption},
		"infinite":               {privacy.AnonymizeOptions{Sensitive: opt.Sensitive, MinEntropy: math.Inf(1)}, privacy.ErrOption},
		"t 1":                    {privacy.AnonymizeOptions{Sensitive: opt.Sensitive, MaxCloseness: 1}, privacy.ErrOption},
		"t NaN":                  {privacy.AnonymizeOptions{Sensitive: opt.Sensitive, MaxCloseness: math.NaN()}, privacy.ErrOption},
	} {
		c.opt.K, c.opt.Hierarchies = 2, opt.Hierarchies
		if a, err := privacy.Anonymize(context.Background(), rows, c.opt); !errors.Is(err, c.want) || a != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAnonymizeRefuses(t *testing.T) {
	h := hierarchy(t)
	two := []*privacy.Hierarchy{h(privacy.NewRanges(0, 10)), privacy.NewDates()}
	day := "2026-01-31"
	for name, c := range map[string]struct {
		rows [][]string
		opt  privacy.AnonymizeOptions
		want error
	}{
		"no rows":      {nil, privacy.AnonymizeOptions{K: 2, Hierarchies: two}, privacy.ErrEmpty},
		"ragged":       {[][]string{{"1", day}, {"1"}}, privacy.AnonymizeOptions{K: 2, Hierarchies: two}, privacy.ErrShape},
		"no number":    {[][]string{{"1", day}, {"jane", day}}, privacy.AnonymizeOptions{K: 2, Hierarchies: two}, privacy.ErrRange},
		"NaN":          {[][]string{{"1", day}, {"NaN", day}}, privacy.AnonymizeOptions{K: 2, Hierarchies: two}, privacy.ErrRange},
		"no day":       {[][]string{{"1", "2026-02-30"}, {"1", day}}, privacy.AnonymizeOptions{K: 2, Hierarchies: two}, privacy.ErrRange},
		"few":          {[][]string{{"1", day}}, privacy.AnonymizeOptions{K: 2, Hierarchies: two}, privacy.ErrPrivacy},
		"k 1":          {[][]string{{"1", day}}, privacy.AnonymizeOptions{K: 1, Hierarchies: two}, privacy.ErrOption},
		"no hierarchy": {[][]string{{"1", day}}, privacy.AnonymizeOptions{K: 2, Hierarchies: []*privacy.Hierarchy{nil, nil}}, privacy.ErrOption},
		"none":         {[][]string{{"1", day}}, privacy.AnonymizeOptions{K: 2}, privacy.ErrOption},
		"negative":     {[][]string{{"1", day}}, privacy.AnonymizeOptions{K: 2, MaxSuppressed: -1, Hierarchies: two}, privacy.ErrOption},
	} {
		a, err := privacy.Anonymize(context.Background(), c.rows, c.opt)
		if !errors.Is(err, c.want) || a != nil || strings.Contains(err.Error(), "jane") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"widths that do not nest": second(privacy.NewRanges(0, 10, 25)),
		"no width":                second(privacy.NewRanges(0, 0)),
		"NaN":                     second(privacy.NewRanges(math.NaN(), 1)),
		"circle":                  second(privacy.NewTree(map[string]string{"a": "b", "b": "c", "c": "a"})),
		"itself":                  second(privacy.NewTree(map[string]string{"a": "a"})),
		"lengths that grow":       second(privacy.NewPrefixes(true, 3, 4)),
	} {
		if !errors.Is(err, privacy.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ *privacy.Hierarchy, err error) error { return err }

// columns reads columns of a shared CSV file.
func columns(t *testing.T, comma rune, names []string, path ...string) (out [][]string) {
	f, err := os.Open(testkit.Shared(t, append([]string{"data"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(z)
	r.Comma = comma
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all[1:] {
		var cells []string
		for _, n := range names {
			cells = append(cells, row[slices.Index(all[0], n)])
		}
		out = append(out, cells)
	}
	return out
}

func TestAssessGolden(t *testing.T) {
	var g struct {
		Cases []struct {
			Data, Sensitive string
			Quasi           []string
			Numeric         bool
			Rows, K, L      int
			Entropy, T      float64
		}
	}
	testkit.Golden(t, "anonymity.json", &g)
	if len(g.Cases) != 6 {
		t.Fatalf("%d cases", len(g.Cases))
	}
	for i, c := range g.Cases {
		if testkit.Race && i%3 != 0 {
			continue // nothing here is concurrent, and the files take their time
		}
		names := append(slices.Clone(c.Quasi), c.Sensitive)
		var rows [][]string
		if c.Data == "bank" {
			rows = columns(t, ';', names, "bank-marketing", "bank-full.csv.gz")
		} else {
			rows = columns(t, ',', names, "online-shoppers", "online_shoppers_intention.csv.gz")
		}
		var sensitive []string
		for i, row := range rows {
			d := len(row) - 1
			sensitive = append(sensitive, row[d])
			rows[i] = row[:d]
		}
		a, err := privacy.Assess(rows, sensitive)
		if err != nil {
			t.Fatal(err)
		}
		closeness := a.Closeness
		if c.Numeric {
			closeness = a.Ordered
		}
		if a.Rows != c.Rows || a.K != c.K || a.Distinct != c.L || math.Floor(a.Entropy+1e-9) != c.Entropy {
			t.Errorf("%v: %+v, pycanon %+v", c.Quasi, a, c)
		}
		testkit.Near(t, fmt.Sprint("t of ", c.Quasi), closeness, c.T, 1e-9)
	}
}

// Real columns: the optimum over 45,211 customers, with the counts it took.
func TestAnonymizeBank(t *testing.T) {
	rows := columns(t, ';', []string{"age", "marital", "education", "job"}, "bank-marketing", "bank-full.csv.gz")
	h := hierarchy(t)
	flat := h(privacy.NewPrefixes(false))
	a, err := privacy.Anonymize(context.Background(), rows, privacy.AnonymizeOptions{K: 20, MaxSuppressed: 450, Hierarchies: []*privacy.Hierarchy{h(privacy.NewRanges(0, 5, 10, 20, 40)), flat, flat, flat}})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("levels %v, %d suppressed, %d classes, discernibility %v, loss %.4f, precision %.4f, looked at %d of %d", a.Levels, len(a.Suppressed), a.Classes, a.Discernibility, a.GeneralLoss, a.Precision, a.Looked, a.Nodes)
	if a.K < 20 || len(a.Suppressed) > 450 || a.Greedy {
		t.Errorf("k %d, %d suppressed", a.K, len(a.Suppressed))
	}
}
