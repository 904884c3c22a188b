package recommend

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/vec"
)

// drawVectors makes a model of vectors for n items: of few distinct numbers, so
// that many scores are equal, or of normals with lengths that differ much; with
// the items' biases or without.
func drawVectors(t *rapid.T, x *Interactions) Model {
	g := rng.New(rapid.Uint64().Draw(t, "vectors"), 0, 0)
	f := rapid.SampledFrom([]int{1, 2, 5, 16, 33, 64}).Draw(t, "factors")
	kind := rapid.SampledFrom([]string{"coarse", "normal", "huge", "tiny", "near"}).Draw(t, "kind")
	draw := func(rows int) []float32 {
		v := make([]float32, rows*f)
		for r := range rows {
			length := math.Exp(2 * g.Normal())
			for k := range f {
				z := g.Normal()
				switch kind {
				case "coarse":
					v[r*f+k] = float32(g.Intn(3) - 1)
				case "normal":
					v[r*f+k] = float32(z * length)
				case "huge":
					v[r*f+k] = float32(z * 1e18 * length)
				case "tiny":
					v[r*f+k] = float32(z * 1e-21 * length)
				case "near": // scores that differ in their last bits
					v[r*f+k] = float32(1/float64(f) + 1e-7*z)
				}
			}
		}
		return v
	}
	xv, yv := draw(x.Users()), draw(x.Items())
	for u := range x.Users() { // as a fit leaves it: zero without entries only
		if v := xv[u*f : u*f+f]; x.users.RowLen(u) == 0 {
			clear(v)
		} else if isZero(v) {
			v[0] = 1
		}
	}
	if rapid.Bool().Draw(t, "als") {
		return &ALS{factors: f, x: xv, y: yv}
	}
	m := &BPR{latent: latent{factors: f, mean: float32(g.Intn(3)), x: xv, y: yv, bias: make([]float32, x.Items())}}
	for i := range m.bias {
		m.bias[i] = float32(g.Intn(5)-2) * yv[0]
	}
	return m
}

// Lists of many are the lists of one.
func TestTopListsProp(t *testing.T) {
	x := groups(230, 1700, 30, 5)
	rapid.Check(t, func(t *rapid.T) {
		m := drawVectors(t, x)
		k := rapid.SampledFrom([]int{1, 3, 10, 50, 1700, 5000}).Draw(t, "k")
		filters := []Filter{{}, drawFilter(t, x.Items()), drawFilter(t, x.Items())}
		first := rapid.IntRange(0, 200).Draw(t, "first")
		n := rapid.SampledFrom([]int{0, 1, 12, 29, 97, x.Users() - first}).Draw(t, "n")
		n = min(n, x.Users()-first)
		ask := func(q int) (Query, Filter) {
			out, f := x.Query(first+q), filters[q%3]
			f.Items = append(slices.Clone(f.Items), out.Items...)
			return out, f
		}
		r := NewRanker(m)
		lists, failed := TopLists(context.Background(), m, n, k, ask, rapid.IntRange(0, 3).Draw(t, "workers"))
		next := 0
		for q, list := range lists {
			query, f := ask(q)
			want, err := r.AppendTop(nil, query, k, f)
			if err != nil && !errors.Is(err, ErrEmpty) {
				t.Fatal(err)
			}
			if q != next || !slices.Equal(list, want) {
				t.Fatalf("query %d: %v, want %v", q, list, want)
			}
			next++
		}
		if failed() != nil || next != n {
			t.Fatalf("%d lists of %d, %v", next, n, failed())
		}
	})
}

func TestTopLists(t *testing.T) {
	x := groups(40, 300, 30, 5)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	als, err := FitALS(ctx, x, ALSOptions{Factors: 6, Iterations: 1})
	if err != nil {
		t.Fatal(err)
	}
	knn, err := FitItemKNN(ctx, x, ItemKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]Model{"als": als, "knn": knn} {
		stranger := func(int) (Query, Filter) { return Query{User: Stranger}, Filter{} }
		lists, failed := TopLists(ctx, m, 3, 5, stranger, 1)
		n := 0
		for _, list := range lists {
			if n++; list != nil {
				t.Errorf("%s: a list for nobody: %v", name, list)
			}
		}
		if n != 3 || failed() != nil {
			t.Errorf("%s: %d lists, %v", name, n, failed())
		}
		known := func(q int) (Query, Filter) { return x.Query(q % 40), Filter{} }
		r := NewRanker(m)
		lists, failed = TopLists(ctx, m, 5000, 5, known, 2)
		n = 0
		for q, list := range lists {
			want, _ := r.AppendTop(nil, x.Query(q%40), 5, Filter{})
			if !slices.Equal(list, want) {
				t.Fatalf("%s: query %d: %v, want %v", name, q, list, want)
			}
			if n++; n == 4000 {
				break
			}
		}
		if n != 4000 || failed() != nil {
			t.Errorf("%s: break after %d, %v", name, n, failed())
		}
		for want, ask := range map[error]func(int) (Query, Filter){
			ErrRange: func(q int) (Query, Filter) { return Query{User: Stranger, Items: []int32{int32(299 + q)}}, Filter{} },
			ErrMismatch: func(int) (Query, Filter) {
				return x.Query(0), Filter{Allow: ItemSetFunc(3, func(int32) bool { return true })}
			},
		} {
			lists, failed = TopLists(ctx, m, 1000, 5, ask, 2)
			for range lists {
				t.Errorf("%s: a list in spite of %v", name, want)
			}
			if !errors.Is(failed(), want) {
				t.Errorf("%s: %v, want %v", name, failed(), want)
			}
		}
		for _, k := range []int{0, -1} {
			lists, failed = TopLists(ctx, m, 2, k, known, 2)
			for range lists {
				t.Errorf("%s: a list without k", name)
			}
			if !errors.Is(failed(), ErrOption) {
				t.Errorf("%s: k=%d: %v", name, k, failed())
			}
		}
	}
	reason := errors.New("enough")
	lists, failed := TopLists(ctx, als, 5000, 1, func(q int) (Query, Filter) { return x.Query(q % 40), Filter{} }, 2)
	n := 0
	for range lists {
		n++
		cancel(reason)
	}
	if !errors.Is(failed(), reason) || n > batchUsers {
		t.Errorf("canceled after %d: %v", n, failed())
	}
}

// A model of vectors inside another type is scored by that type.
type tilted struct{ *ALS }

func (m tilted) Score(dst []float32, q Query) error {
	err := m.ALS.Score(dst, q)
	dst[7] = 1e6
	return err
}

func TestEmbeddedModel(t *testing.T) {
	x := groups(40, 300, 30, 5)
	als, err := FitALS(context.Background(), x, ALSOptions{Factors: 6, Iterations: 1})
	if err != nil {
		t.Fatal(err)
	}
	top, err := NewRanker(tilted{als}).AppendTop(nil, x.Query(1), 1, Filter{})
	if err != nil || len(top) != 1 || top[0].Item != 7 {
		t.Errorf("%v, %v", top, err)
	}
}

// All gives what Recommend gives, under every rule, with live events, items that
// joined and users that were forgotten.
func TestAllProp(t *testing.T) {
	b, _ := NewBuilder[int, int](BuilderOptions{})
	g := rng.New(11, 0, 0)
	var facts []Fact[int]
	for i := range 900 {
		facts = append(facts, Fact[int]{Item: i, Attribute: "brand", Value: strconv.Itoa(i % 7)})
	}
	for u := range 150 {
		for range 1 + u%9 {
			if err := b.AddAt(u, g.Intn(900), 1, time.Unix(int64(g.Intn(1000)), 0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 900 {
		if err := b.AddAt(1000, i, 1, time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := NewCatalogue(d.Items, slices.Values(facts), CatalogueOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := drawVectors(t, d.Interactions)
		e, err := NewEngine(d, EngineOptions{MaxK: 2000, Catalogue: catalogue, Sources: []Source{{Name: "vectors", Model: m}}, Live: LiveOptions{Clock: func() time.Time { return time.Unix(5000, 0) }}})
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "arrivals") {
			vs := vectorsOf(m)
			_, _, f := vs.itemVectors()
			v := make([]float32, f)
			vec.Axpy(1.01, d0(m), v)
			if err := e.AddItems(Arrival[int]{Item: 5000, Vectors: map[string][]float32{"vectors": v}}, Arrival[int]{Item: 5001}); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := m.(*ALS); !ok && rapid.Bool().Draw(t, "live") {
			// A model made by hand cannot fold in: a user without entries is answered
			// by what comes after it.
			for _, u := range []int{7000, 7001} {
				if err := e.Observe(Observation[int, int]{User: u, Item: g.Intn(900), At: time.Unix(4000, 0)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := e.Forget(rapid.IntRange(0, 149).Draw(t, "forgotten")); err != nil {
			t.Fatal(err)
		}
		r := Request[int, int]{K: rapid.SampledFrom([]int{1, 5, 20, 300, 2000}).Draw(t, "k"), AsOf: time.Unix(1000, 0)}
		r.Seen = rapid.SampledFrom([]Seen{DropSeen, KeepSeen, Repurchase}).Draw(t, "seen")
		r.Interval = 300 * time.Second
		if rapid.Bool().Draw(t, "deny") {
			r.DenyItems = []int{1, 2, 3, 400, 899, 5000}
		}
		if rapid.Bool().Draw(t, "allow") {
			share := rapid.SampledFrom([]float64{0, .05, .5}).Draw(t, "share")
			r.Allow = ItemSetFunc(900, func(int32) bool { return g.Bool(share) })
		}
		if rapid.Bool().Draw(t, "caps") {
			r.Caps = []Cap{{Attribute: "brand", Max: rapid.IntRange(1, 3).Draw(t, "max")}}
		}
		if rapid.Bool().Draw(t, "pins") {
			r.Pins = []Pin[int]{{Item: 3, Position: 2}, {Item: 40, Position: 1}}
		}
		if rapid.Bool().Draw(t, "boosts") {
			r.Boosts = []Boost{{Set: ItemSetFunc(900, func(i int32) bool { return i%50 == 0 }), Multiply: 2}}
		}
		lists, failed := e.All(context.Background(), r, rapid.IntRange(1, 3).Draw(t, "workers"))
		n := 0
		for u, list := range lists {
			n++
			one := r
			one.User = u
			want, err := e.Recommend(nil, one)
			if err != nil || !slices.EqualFunc(list, want, sameRecommendation[int]) {
				t.Fatalf("user %d: %v, want %v (%v)", u, list, want, err)
			}
		}
		if failed() != nil || n < 150 {
			t.Fatalf("%d users, %v", n, failed())
		}
	})
}

// d0 is the vector of the first item.
func d0(m Model) []float32 {
	y, _, f := vectorsOf(m).itemVectors()
	return y[:f]
}

func BenchmarkTopLists(b *testing.B) {
	const users, items, f = 4096, 30_000, 64
	g := rng.New(1, 0, 0)
	m := &ALS{factors: f, x: make([]float32, users*f), y: make([]float32, items*f)}
	for _, v := range [][]float32{m.x, m.y} {
		for i := range v {
			v[i] = float32(g.Normal())
		}
	}
	b.Run("items=30k/factors=64/k=10", func(b *testing.B) {
		for b.Loop() {
			lists, failed := TopLists(context.Background(), m, users, 10, func(q int) (Query, Filter) { return Query{User: int32(q)}, Filter{} }, 1)
			for range lists {
			}
			if failed() != nil {
				b.Fatal(failed())
			}
		}
		b.ReportMetric(float64(users)*float64(b.N)/b.Elapsed().Seconds(), "users/s")
	})
}
