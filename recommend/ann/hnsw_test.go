package ann_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/ann"
	"pgregory.net/rapid"
)

// clusteredVectors are like the factors of a shop: vectors around centres, which
// lie around a few departments, of lengths that differ as popularity does.
func clusteredVectors(n, f, clusters int, seed uint64) recommend.RowVectors {
	g := rng.New(seed, 11, 0)
	departments := make([]float32, 20*f)
	for k := range departments {
		departments[k] = float32(g.Normal())
	}
	centres := make([]float32, clusters*f)
	for c := range clusters {
		d := g.Intn(20)
		for k := range f {
			centres[c*f+k] = departments[d*f+k] + float32(0.7*g.Normal())
		}
	}
	v := recommend.RowVectors{Rows: make([]float32, n*f), N: f}
	for i := range n {
		c := g.Intn(clusters)
		length := math.Exp(0.3*g.Normal()) / math.Sqrt(float64(f))
		for k := range f {
			v.Rows[i*f+k] = float32(length * (float64(centres[c*f+k]) + 0.4*g.Normal()))
		}
	}
	return v
}

func randomVectors(n, f int, seed uint64) recommend.RowVectors {
	g := rng.New(seed, 12, 0)
	v := recommend.RowVectors{Rows: make([]float32, n*f), N: f}
	for k := range v.Rows {
		v.Rows[k] = float32(g.Normal())
	}
	return v
}

// exactTop is the oracle: every item scored in float64.
func exactTop(v recommend.RowVectors, m ann.Metric, q []float32, k int, ok func(i int32) bool) []recommend.Scored {
	var h topk.Heap
	h.Reset(k)
	for i := range v.Items() {
		if ok != nil && !ok(int32(i)) {
			continue
		}
		dot, d2, n2, q2 := 0.0, 0.0, 0.0, 0.0
		for j, a := range v.ItemVector(i) {
			x, y := float64(q[j]), float64(a)
			dot += x * y
			d2 += (x - y) * (x - y)
			n2 += y * y
			q2 += x * x
		}
		switch m {
		case ann.Cosine:
			if dot != 0 {
				dot /= math.Sqrt(n2 * q2)
			}
		case ann.Euclidean:
			dot = -d2
		}
		h.Push(int32(i), float32(dot))
	}
	var out []recommend.Scored
	for _, it := range h.AppendSorted(nil) {
		out = append(out, recommend.Scored{Item: it.ID, Score: it.Score})
	}
	return out
}

// recallOf is the share of got that is as good as the exact list, so that ties
// count as found.
func recallOf(got, exact []recommend.Scored) float64 {
	if len(exact) == 0 {
		return 1
	}
	worst := float64(exact[len(exact)-1].Score)
	n := 0
	for _, s := range got {
		if float64(s.Score) >= worst-1e-5*math.Max(1, math.Abs(worst)) {
			n++
		}
	}
	return float64(n) / float64(len(exact))
}

func fitHNSW(t testing.TB, v recommend.ItemVectors, o ann.HNSWOptions) *ann.HNSW {
	t.Helper()
	x, err := ann.FitHNSW(context.Background(), v, o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestHNSWRecall(t *testing.T) {
	const n, f, queries, k = 3000, 24, 40, 10
	data := map[string]recommend.RowVectors{"clustered": clusteredVectors(n+queries, f, 80, 1), "random": randomVectors(n+queries, f, 1)}
	for name, all := range data {
		for _, m := range []ann.Metric{ann.InnerProduct, ann.Cosine, ann.Euclidean} {
			t.Run(fmt.Sprintf("%s/metric=%d", name, m), func(t *testing.T) {
				v := recommend.RowVectors{Rows: all.Rows[:n*f], N: f}
				x := fitHNSW(t, v, ann.HNSWOptions{Metric: m, Seed: 3})
				last := 0.0
				for _, ef := range []int{10, 50, 300} {
					recall := 0.0
					for u := range queries {
						q := all.ItemVector(n + u)
						got, err := x.AppendTop(nil, q, k, ef, recommend.Filter{})
						if err != nil || len(got) != k {
							t.Fatal(len(got), err)
						}
						exact := exactTop(v, m, q, k, nil)
						checkMetric(t, got, v, m, q)
						recall += recallOf(got, exact) / queries
					}
					t.Logf("ef=%d recall@10=%.4f", ef, recall)
					if recall < last-0.01 {
						t.Errorf("ef %d: recall %v after %v", ef, recall, last)
					}
					last = recall
				}
				if last < 0.99 {
					t.Errorf("recall %v at ef=300", last)
				}
			})
		}
	}
}

// checkMetric fails unless got is distinct, in order, and scored as the metric
// says.
func checkMetric(t interface {
	Helper()
	Fatalf(string, ...any)
}, got []recommend.Scored, v recommend.RowVectors, m ann.Metric, q []float32,
) {
	t.Helper()
	for i, s := range got {
		if i > 0 && (s.Score > got[i-1].Score || s.Score == got[i-1].Score && s.Item <= got[i-1].Item) {
			t.Fatalf("place %d out of order: %v", i, got)
		}
		want := exactTop(v, m, q, 1, func(j int32) bool { return j == s.Item })
		if len(want) != 1 || !testkit.Close(float64(s.Score), float64(want[0].Score), 1e-4, 1e-3) {
			t.Fatalf("score %v, want %v", s, want)
		}
	}
}

// TestHNSWLive adds and removes at random and asks with random filters: exactly
// min(k, eligible) eligible items come back, nothing removed among them, and
// few better ones are missed.
func TestHNSWLive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rng.New(rapid.Uint64().Draw(t, "seed"), 13, 0)
		const f = 6
		n := 1 + g.Intn(600)
		v := clusteredVectors(n+300, f, 5, g.Uint64())
		if g.Bool(0.3) {
			for k := range v.Rows {
				v.Rows[k] = float32(math.Round(float64(v.Rows[k]))) // many equal vectors
			}
		}
		m := ann.Metric(g.Intn(3))
		x, err := ann.FitHNSW(context.Background(), recommend.RowVectors{Rows: v.Rows[:n*f], N: f}, ann.HNSWOptions{Metric: m, Links: 8 + g.Intn(8), Build: 40, Seed: g.Uint64()})
		if err != nil {
			t.Fatal(err)
		}
		now := recommend.RowVectors{Rows: slices.Clone(v.Rows[:n*f]), N: f}
		in := make([]bool, n)
		for i := range in {
			in[i] = true
		}
		count := n
		recall, asked := 0.0, 0
		for step := range 300 {
			if i := int32(g.Intn(len(in) + 1)); int(i) == len(in) || !in[i] {
				row := v.ItemVector(g.Intn(n + 300))
				if err := x.Add(i, row); err != nil {
					t.Fatal(err)
				}
				if int(i) == len(in) {
					in = append(in, true)
					now.Rows = append(now.Rows, row...)
				} else {
					in[i] = true
					copy(now.ItemVector(int(i)), row)
				}
				count++
			} else {
				if err := x.Remove(i); err != nil {
					t.Fatal(err)
				}
				in[i] = false
				count--
			}
			if x.Len() != count || x.Slots() != len(in) {
				t.Fatalf("Len %d, want %d; Slots %d, want %d", x.Len(), count, x.Slots(), len(in))
			}
			if step%10 > 0 {
				continue
			}
			var fl recommend.Filter
			share := g.Float64()
			if g.Bool(0.5) {
				fl.Allow = recommend.ItemSetFunc(len(in), func(int32) bool { return g.Bool(share) })
			}
			if g.Bool(0.3) {
				fl.Deny = recommend.ItemSetFunc(len(in), func(int32) bool { return g.Bool(share) })
			}
			if g.Bool(0.3) {
				fl.Items = []int32{int32(g.Intn(len(in))), 1 << 20, -1}
			}
			ok := func(i int32) bool {
				return in[i] && (fl.Allow == nil || fl.Allow.Has(i)) && (fl.Deny == nil || !fl.Deny.Has(i)) && !slices.Contains(fl.Items, i)
			}
			k := 1 + g.Intn(12)
			q := v.ItemVector(g.Intn(n + 300))
			got, err := x.AppendTop(nil, q, k, 24, fl)
			if err != nil {
				t.Fatal(err)
			}
			exact := exactTop(now, m, q, k, ok)
			if len(got) != len(exact) {
				t.Fatalf("%d answers, want %d", len(got), len(exact))
			}
			for _, s := range got {
				if !ok(s.Item) {
					t.Fatalf("item %d is not eligible", s.Item)
				}
			}
			checkMetric(t, got, now, m, q)
			recall += recallOf(got, exact)
			asked++
		}
		if recall/float64(asked) < 0.85 {
			t.Fatalf("recall %v", recall/float64(asked))
		}
		data, err := x.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		y := &ann.HNSW{}
		if err := y.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		again, _ := y.MarshalBinary()
		if !bytes.Equal(data, again) {
			t.Fatal("decode and encode changes the bytes")
		}
		q := v.ItemVector(0)
		a, errA := x.AppendTop(nil, q, 10, 30, recommend.Filter{})
		b, errB := y.AppendTop(nil, q, 10, 30, recommend.Filter{})
		if !slices.Equal(a, b) || errA != nil || errB != nil {
			t.Fatalf("%v %v after decoding %v %v", a, errA, b, errB)
		}
	})
}

// TestHNSWDuplicates: thousands of equal vectors, as recommend.ALS leaves for items nobody
// took, must not wall the others in.
func TestHNSWDuplicates(t *testing.T) {
	const n, f = 4000, 16
	v := clusteredVectors(n, f, 30, 5)
	clear(v.Rows[:3000*f])
	for _, m := range []ann.Metric{ann.InnerProduct, ann.Cosine, ann.Euclidean} {
		x := fitHNSW(t, v, ann.HNSWOptions{Metric: m})
		recall := 0.0
		for u := range 50 {
			q := v.ItemVector(3000 + u)
			got, err := x.AppendTop(nil, q, 10, 100, recommend.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			recall += recallOf(got, exactTop(v, m, q, 10, nil)) / 50
		}
		if recall < 0.98 {
			t.Errorf("metric %d: recall %v", m, recall)
		}
	}
}

// TestHNSWChurn replaces every vector three times over; recall stays that of a
// fresh index.
func TestHNSWChurn(t *testing.T) {
	const n, f = 4000, 16
	v := clusteredVectors(n*4, f, 40, 6)
	now := recommend.RowVectors{Rows: slices.Clone(v.Rows[:n*f]), N: f}
	x := fitHNSW(t, now, ann.HNSWOptions{Build: 80})
	for step := range 3 * n {
		i := step * 7 % n
		if err := x.Remove(int32(i)); err != nil {
			t.Fatal(err)
		}
		row := v.ItemVector(n + step)
		copy(now.ItemVector(i), row)
		if err := x.Add(int32(i), row); err != nil {
			t.Fatal(err)
		}
	}
	fresh := fitHNSW(t, now, ann.HNSWOptions{Build: 80})
	// At most one place in eight is dead, so memory does not grow with the changes.
	large, _ := x.MarshalBinary()
	small, _ := fresh.MarshalBinary()
	if len(large) > len(small)*5/4 {
		t.Errorf("%d bytes after churn, %d fresh", len(large), len(small))
	}
	for _, ef := range []int{60, 200} {
		a, b := 0.0, 0.0
		for u := range 100 {
			q := v.ItemVector(u * 5)
			exact := exactTop(now, ann.InnerProduct, q, 10, nil)
			got, _ := x.AppendTop(nil, q, 10, ef, recommend.Filter{})
			a += recallOf(got, exact) / 100
			got, _ = fresh.AppendTop(nil, q, 10, ef, recommend.Filter{})
			b += recallOf(got, exact) / 100
		}
		t.Logf("ef=%d: recall@10 after churn %.4f, fresh %.4f", ef, a, b)
		if a < b-0.04 || ef == 200 && a < 0.98 {
			t.Errorf("ef=%d: recall %v after churn, %v fresh", ef, a, b)
		}
	}
}

func TestHNSWConformance(t *testing.T) {
	v := clusteredVectors(1500, 12, 20, 7)
	clear(v.Rows[:10*12])
	v.Rows[700*12] = 1e12
	for _, m := range []ann.Metric{ann.InnerProduct, ann.Cosine, ann.Euclidean} {
		testkit.AtGOMAXPROCS(t, func() []byte {
			x := fitHNSW(t, v, ann.HNSWOptions{Metric: m, Seed: 9, Build: 50})
			for i := range int32(300) {
				if err := x.Remove(i * 3); err != nil {
					t.Fatal(err)
				}
			}
			data, err := x.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			return data
		})
	}
}

// TestHNSWRange: the error of a vector that is too long names it; what the range allows is
// answered, with finite scores, and only a direction has none.
func TestHNSWRange(t *testing.T) {
	rows := []float32{1, 0, 0, 1, 9e18, 1, -9e18, 1}
	for _, m := range []ann.Metric{ann.InnerProduct, ann.Cosine, ann.Euclidean} {
		v := recommend.RowVectors{Rows: rows, N: 2}
		x := fitHNSW(t, v, ann.HNSWOptions{Metric: m})
		for i := range v.Items() {
			got, err := x.AppendTop(nil, v.ItemVector(i), 4, 0, recommend.Filter{})
			if err != nil || len(got) != 4 || m == ann.Euclidean && got[0].Item != int32(i) {
				t.Fatalf("metric %d, query %d: %v, %v", m, i, got, err)
			}
			for _, s := range got {
				want := trueScore(m, v.ItemVector(int(s.Item)), v.ItemVector(i))
				if float64(s.Score) != float64(float32(want)) && math.Abs(float64(s.Score)-want) > 1e-7 {
					t.Errorf("metric %d, query %d, item %d: score %v, want %v", m, i, s.Item, s.Score, want)
				}
			}
		}
		v.Rows = append(slices.Clone(rows), 1e19, 0)
		_, err := ann.FitHNSW(context.Background(), v, ann.HNSWOptions{Metric: m})
		if m != ann.Cosine && (!errors.Is(err, ann.ErrRange) || !strings.Contains(err.Error(), "vector 4")) || m == ann.Cosine && err != nil {
			t.Errorf("metric %d: error %v", m, err)
		}
	}
}

// TestHNSWExact: a search that is wide enough to look at all finds what float64 finds, at
// any scale, any offset and beside wild numbers.
func TestHNSWExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rng.New(rapid.Uint64().Draw(t, "seed"), 14, 0)
		n, f, k := 2+g.Intn(120), 1+g.Intn(12), 1+g.Intn(10)
		scale, offset := math.Pow(10, float64(g.Intn(16)-8)), 0.0
		if g.Bool(.5) {
			offset = math.Pow(10, float64(g.Intn(10)-3))
		}
		v := recommend.RowVectors{Rows: make([]float32, n*f), N: f}
		for i := range v.Rows {
			if v.Rows[i] = float32(offset + scale*g.Normal()); g.Bool(.01) {
				v.Rows[i] = float32(math.Pow(-10, float64(g.Intn(13))))
			}
		}
		m := []ann.Metric{ann.Cosine, ann.Euclidean}[g.Intn(2)]
		x, err := ann.FitHNSW(context.Background(), v, ann.HNSWOptions{Metric: m, Links: 4, Build: 16, Seed: g.Uint64()})
		if err != nil {
			t.Fatal(err)
		}
		q := v.ItemVector(g.Intn(n))
		got, err := x.AppendTop(nil, q, k, n, recommend.Filter{})
		if err != nil || len(got) != min(k, n) {
			t.Fatal(len(got), err)
		}
		order := make([]float64, n)
		for i := range order {
			order[i] = trueOrder(m, v.ItemVector(i), q)
		}
		sorted := slices.Clone(order)
		slices.Sort(sorted)
		worst := sorted[n-len(got)]
		for _, s := range got {
			if order[s.Item] < worst-1e-9*math.Abs(worst)-1e-26 && m == ann.Cosine || order[s.Item] < worst-1e-12*math.Abs(worst) && m == ann.Euclidean {
				t.Fatalf("item %d at %v, the last of the best at %v", s.Item, order[s.Item], worst)
			}
			if want := trueScore(m, v.ItemVector(int(s.Item)), q); math.Abs(float64(s.Score)-want) > 1e-7*math.Abs(want)+1e-15 {
				t.Fatalf("item %d: score %v, want %v", s.Item, s.Score, want)
			}
		}
	})
}

// TestHNSWVersion1: frames of version 1, of the metrics that the golden frame is not of, by
// the library before version 2, answer as what they were made of.
func TestHNSWVersion1(t *testing.T) {
	v := recommend.RowVectors{N: 3}
	for i := range 40 {
		v.Rows = append(v.Rows, float32(i%7)-2.5, float32(i/7)+0.25*float32(i%3), 3-float32(i%5))
	}
	for m, name := range []string{"inner", "cosine"} {
		data, err := os.ReadFile("testdata/" + name + ".v1.bin")
		if err != nil {
			t.Fatal(err)
		}
		var x ann.HNSW
		if err := x.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		if err := x.Add(7, v.ItemVector(7)); err != nil {
			t.Fatal(err)
		}
		for i := range v.Items() {
			q := v.ItemVector(i)
			got, err := x.AppendTop(nil, q, 5, 0, recommend.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			for k, want := range exactTop(v, ann.Metric(m), q, 5, nil) {
				if !testkit.Close(float64(got[k].Score), float64(want.Score), 1e-6, 1e-6) {
					t.Errorf("%s, query %d, place %d: %v, want %v", name, i, k, got[k], want)
				}
			}
		}
	}
}

// alsOf is a fitted ALS with the given vectors of users and items, for exact
// retrieval beside the index.
func alsOf(t testing.TB, f int, users, items []float32) *recommend.ALS {
	t.Helper()
	var w codec.Writer
	w.Int(f)
	for range 4 { // settings, of no interest here
		w.Float64(1)
	}
	for _, v := range [][]float32{users, items, make([]float32, f*f), make([]float32, f*f)} {
		w.Float32s(v)
	}
	const version = 1
	m := &recommend.ALS{}
	if err := m.UnmarshalBinary(w.AppendFrame(nil, codec.KindALS, version)); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestHNSWModels: the index of a fitted model gives the model's own lists, with
// and without biases.
func TestHNSWModels(t *testing.T) {
	ctx := context.Background()
	x := generatedShop(t, 600)
	als, err := recommend.FitALS(ctx, x, recommend.ALSOptions{Factors: 8, Iterations: 3})
	if err != nil {
		t.Fatal(err)
	}
	biased, err := recommend.FitBPR(ctx, x, recommend.BPROptions{Factors: 8, Epochs: 3})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc([]int{0, 1, 2, 3}, func(i int) bool { return biased.ItemBias(i) != 0 }) {
		t.Fatal("no biases")
	}
	type model interface {
		recommend.Model
		recommend.ItemVectors
		UserVector(u int) []float32
	}
	scores := make([]float32, 600)
	for name, m := range map[string]model{"ALS": als, "BPR": biased} {
		index := fitHNSW(t, m, ann.HNSWOptions{})
		for u := range 20 {
			if err := m.Score(scores, recommend.Query{User: int32(u)}); err != nil {
				t.Fatal(err)
			}
			var h topk.Heap
			h.Reset(10)
			for i, s := range scores {
				h.Push(int32(i), s)
			}
			got, err := index.AppendTop(nil, m.UserVector(u), 10, 300, recommend.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			for k, it := range h.AppendSorted(nil) {
				if got[k].Item != it.ID || !testkit.Close(float64(got[k].Score), float64(it.Score), 1e-5, 1e-5) || name == "ALS" && got[k].Score != it.Score {
					t.Errorf("%s, user %d: place %d is %v, want %v", name, u, k, got[k], it)
				}
			}
		}
	}
}

func TestHNSWBadInput(t *testing.T) {
	ctx := context.Background()
	v := randomVectors(20, 4, 1)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, tc := range map[string]struct {
		v    recommend.ItemVectors
		o    ann.HNSWOptions
		want error
	}{
		"nil":          {nil, ann.HNSWOptions{}, ann.ErrEmpty},
		"shape":        {recommend.RowVectors{Rows: make([]float32, 5), N: 4}, ann.HNSWOptions{}, ann.ErrShape},
		"no length":    {recommend.RowVectors{}, ann.HNSWOptions{}, ann.ErrShape},
		"NaN":          {recommend.RowVectors{Rows: []float32{1, nan}, N: 1}, ann.HNSWOptions{}, ann.ErrNotFinite},
		"Inf":          {recommend.RowVectors{Rows: []float32{1, inf}, N: 1}, ann.HNSWOptions{}, ann.ErrNotFinite},
		"huge":         {recommend.RowVectors{Rows: []float32{1, 1e30}, N: 1}, ann.HNSWOptions{}, ann.ErrRange},
		"far":          {recommend.RowVectors{Rows: []float32{1, 1e19}, N: 1}, ann.HNSWOptions{Metric: ann.Euclidean}, ann.ErrRange},
		"links":        {v, ann.HNSWOptions{Links: 1}, ann.ErrOption},
		"links many":   {v, ann.HNSWOptions{Links: 1000, Build: 2000}, ann.ErrOption},
		"build":        {v, ann.HNSWOptions{Links: 16, Build: 8}, ann.ErrOption},
		"metric":       {v, ann.HNSWOptions{Metric: 7}, ann.ErrOption},
		"build negati": {v, ann.HNSWOptions{Build: -1}, ann.ErrOption},
	} {
		if _, err := ann.FitHNSW(ctx, tc.v, tc.o); !errors.Is(err, tc.want) {
			t.Errorf("%s: error %v, want %v", name, err, tc.want)
		}
	}
	x := fitHNSW(t, v, ann.HNSWOptions{})
	before, _ := x.MarshalBinary()
	q := make([]float32, 4)
	other, _ := recommend.NewItemSet(19)
	for name, tc := range map[string]struct {
		q     []float32
		k, ef int
		f     recommend.Filter
		want  error
	}{
		"k 0": {q, 0, 0, recommend.Filter{}, ann.ErrOption}, "ef negative": {q, 1, -1, recommend.Filter{}, ann.ErrOption}, "short": {q[:3], 1, 0, recommend.Filter{}, ann.ErrShape},
		"NaN": {[]float32{0, 0, nan, 0}, 1, 0, recommend.Filter{}, ann.ErrNotFinite}, "allow of another catalogue": {q, 1, 0, recommend.Filter{Allow: other}, ann.ErrMismatch},
		"deny of another catalogue": {q, 1, 0, recommend.Filter{Deny: other}, ann.ErrMismatch}, "huge": {[]float32{1e30, 0, 0, 0}, 1, 0, recommend.Filter{}, ann.ErrRange},
	} {
		if got, err := x.AppendTop(nil, tc.q, tc.k, tc.ef, tc.f); !errors.Is(err, tc.want) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, tc := range map[string]struct {
		err  error
		want error
	}{
		"add twice": {x.Add(3, q), ann.ErrDuplicate}, "add beyond": {x.Add(21, q), ann.ErrUnknownID}, "add negative": {x.Add(-1, q), ann.ErrUnknownID},
		"add short": {x.Add(20, q[:1]), ann.ErrShape}, "add NaN": {x.Add(20, []float32{nan, 0, 0, 0}), ann.ErrNotFinite},
		"add huge": {x.Add(20, []float32{1e30, 0, 0, 0}), ann.ErrRange}, "remove beyond": {x.Remove(20), ann.ErrUnknownID}, "remove negative": {x.Remove(-1), ann.ErrUnknownID},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: %v", name, tc.err)
		}
	}
	if after, _ := x.MarshalBinary(); !bytes.Equal(before, after) {
		t.Error("errors changed the index")
	}
	empty := fitHNSW(t, recommend.RowVectors{N: 4}, ann.HNSWOptions{})
	if got, err := empty.AppendTop(nil, q, 5, 0, recommend.Filter{}); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
	if err := empty.Add(0, q); err != nil {
		t.Fatal(err)
	}
	if got, err := empty.AppendTop(nil, q, 5, 0, recommend.Filter{}); err != nil || len(got) != 1 {
		t.Error(got, err)
	}
	none, _ := recommend.NewItemSet(20)
	if got, err := x.AppendTop(nil, q, 5, 0, recommend.Filter{Allow: none}); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
	done, cancel := context.WithCancelCause(ctx)
	why := errors.New("enough")
	cancel(why)
	if got, err := ann.FitHNSW(done, v, ann.HNSWOptions{}); got != nil || !errors.Is(err, why) {
		t.Errorf("cancelled: %v, %v", got, err)
	}
}

func TestHNSWAllocs(t *testing.T) {
	if testkit.Race {
		t.Skip("sync.Pool drops items under the race detector")
	}
	const n = 3000
	v := clusteredVectors(n, 16, 20, 2)
	x := fitHNSW(t, v, ann.HNSWOptions{Build: 40})
	dst := make([]recommend.Scored, 0, 20)
	allow := recommend.ItemSetFunc(n, func(i int32) bool { return i%10 > 0 })
	few := recommend.ItemSetFunc(n, func(i int32) bool { return i%100 == 0 })
	for name, f := range map[string]recommend.Filter{"none": {}, "most": {Allow: allow, Items: []int32{1, 2, 3}}, "few": {Allow: few}} {
		if a := testing.AllocsPerRun(50, func() {
			if got, err := x.AppendTop(dst, v.ItemVector(5), 10, 50, f); err != nil || len(got) != 10 {
				t.Fatal(got, err)
			}
		}); a != 0 {
			t.Errorf("%s: %v allocations", name, a)
		}
	}
}

func FuzzHNSWUnmarshal(f *testing.F) {
	for _, m := range []ann.Metric{ann.InnerProduct, ann.Cosine, ann.Euclidean} {
		x := fitHNSW(f, randomVectors(30, 3, 1), ann.HNSWOptions{Metric: m, Links: 2, Build: 4})
		_ = x.Remove(3)
		data, err := x.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, name := range []string{"inner", "cosine"} {
		data, err := os.ReadFile("testdata/" + name + ".v1.bin")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = testkit.Refit(data)
		x := &ann.HNSW{}
		if err := x.UnmarshalBinary(data); err != nil {
			return
		}
		again, err := x.MarshalBinary()
		if data[6] == 1 && err == nil { // it was of the version before, and is no longer
			var y ann.HNSW
			data = again
			if err := y.UnmarshalBinary(data); err != nil {
				t.Fatal(err)
			}
			again, err = y.MarshalBinary()
		}
		if err != nil || !bytes.Equal(data, again) {
			t.Fatalf("not canonical (%v)", err)
		}
		q := make([]float32, x.Factors())
		q[0] = 1
		got, err := x.AppendTop(nil, q, 5, 10, recommend.Filter{})
		if err != nil || len(got) != min(5, x.Len()) {
			t.Fatalf("%d answers of %d, %v", len(got), x.Len(), err)
		}
		if x.Slots() < 1<<12 && x.Len() < 1<<12 {
			row := make([]float32, x.Factors(), x.Factors()+1)
			row[0] = 2
			err := x.Add(int32(x.Slots()), row)
			if errors.Is(err, ann.ErrShape) { // with a bias behind it
				err = x.Add(int32(x.Slots()), append(row, 0))
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range int32(x.Slots()) {
				if err := x.Remove(i); err != nil && !errors.Is(err, ann.ErrUnknownID) {
					t.Fatal(err)
				}
			}
			if x.Len() != 0 {
				t.Fatalf("%d items left", x.Len())
			}
		}
	})
}

// TestHNSWProgress: the reports ascend and end with all vectors.
func TestHNSWProgress(t *testing.T) {
	for _, n := range []int{0, 1, 700, 6000} {
		var seen []ann.Progress
		fitHNSW(t, randomVectors(n, 4, 2), ann.HNSWOptions{Build: 20, Progress: func(p ann.Progress) { seen = append(seen, p) }})
		last := 0
		for _, p := range seen {
			if p.Of != n || p.Done <= last || p.Done > n {
				t.Errorf("%d vectors: %+v after %d", n, p, last)
			}
			last = p.Done
		}
		if last != n {
			t.Errorf("%d vectors: the last report is of %d", n, last)
		}
	}
}

// TestHNSWCodec: what was read answers as what was written, changes as it does, and
// every flipped byte is refused.
func TestHNSWCodec(t *testing.T) {
	x := filledHNSW(t)
	data, err := x.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var y ann.HNSW
	if err := y.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	for i := range data {
		bad := slices.Clone(data)
		bad[i] ^= 1
		if err := y.UnmarshalBinary(bad); err == nil {
			t.Errorf("byte %d flipped: no error", i)
		}
		if err := y.UnmarshalBinary(data[:i]); !errors.Is(err, ann.ErrCorrupt) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	for _, change := range []func(x *ann.HNSW) error{
		func(x *ann.HNSW) error { return x.Add(3, []float32{1, 2}) },
		func(x *ann.HNSW) error { return x.Remove(0) },
		func(x *ann.HNSW) error { return x.Add(int32(x.Slots()), []float32{-4, 2}) },
	} {
		if a, b := change(x), change(&y); a != nil || b != nil {
			t.Fatal(a, b)
		}
		a, _ := x.MarshalBinary()
		b, _ := y.MarshalBinary()
		if !bytes.Equal(a, b) {
			t.Error("the read index changes to other bytes")
		}
	}
}

// TestHNSWEmbeddings: an index over a model of embeddings answers the vector of a history
// as the model ranks.
func TestHNSWEmbeddings(t *testing.T) {
	v := clusteredVectors(2000, 12, 30, 8)
	for _, inner := range []bool{false, true} {
		m, err := recommend.FitEmbeddings(context.Background(), v, recommend.EmbeddingsOptions{InnerProduct: inner})
		if err != nil {
			t.Fatal(err)
		}
		metric := ann.Cosine
		if inner {
			metric = ann.InnerProduct
		}
		x, r, u := fitHNSW(t, m, ann.HNSWOptions{Metric: metric}), recommend.NewRanker(m), make([]float32, m.Factors())
		found := 0.0
		for i := range int32(40) {
			q := recommend.Query{User: recommend.Stranger, Items: []int32{i, i + 100, i + 200}}
			if err := m.FoldIn(u, q.Items, nil); err != nil {
				t.Fatal(err)
			}
			got, err := x.AppendTop(nil, u, 10, 200, recommend.Filter{Items: q.Items})
			if err != nil {
				t.Fatal(err)
			}
			want, err := r.AppendTop(nil, q, 10, recommend.Filter{Items: q.Items})
			if err != nil {
				t.Fatal(err)
			}
			for k := range want {
				if testkit.Close(float64(got[k].Score), float64(want[k].Score), 1e-5, 1e-5) {
					found++
				}
			}
		}
		if found < .98*400 {
			t.Errorf("inner product %v: %v of 400 places as the Ranker has them", inner, found)
		}
	}
}
