package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

func shop(t testing.TB) (*Dataset[string, string], []Source) {
	t.Helper()
	b, _ := NewBuilder[string, string](BuilderOptions{})
	x := groups(60, 48, 8, 3)
	for u := range x.Users() {
		items, _ := x.Row(u)
		for _, i := range items {
			if err := b.AddAt(fmt.Sprintf("u%03d", u), fmt.Sprintf("i%03d", i), 1, at(u+int(i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	als, err := FitALS(context.Background(), d.Interactions, ALSOptions{Factors: 8, Iterations: 5})
	if err != nil {
		t.Fatal(err)
	}
	knn, err := FitItemKNN(context.Background(), d.Interactions, ItemKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d, []Source{{Name: "als", Model: als}, {Name: "knn", Model: knn}}
}

func TestEngineBadInput(t *testing.T) {
	d, sources := shop(t)
	other, err := InteractionsFromRows(3, [][]int32{{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	small, err := FitPopular(context.Background(), other, PopularOptions{})
	if err != nil {
		t.Fatal(err)
	}
	manyUsers := &tableModel{users: make([][]float32, d.Users.Len()+1), items: d.Items.Len()}
	for name, c := range map[string]struct {
		sources []Source
		want    error
	}{
		"no name":         {[]Source{{Name: "", Model: sources[0].Model}}, ErrOption},
		"no model":        {[]Source{{Name: "x", Model: nil}}, ErrOption},
		"name twice":      {[]Source{{Name: "x", Model: sources[0].Model}, {Name: "x", Model: sources[1].Model}}, ErrOption},
		"other catalogue": {[]Source{sources[0], {Name: "small", Model: small}}, ErrMismatch},
		"more users":      {[]Source{{Name: "many", Model: manyUsers}}, ErrMismatch},
	} {
		if e, err := NewEngine(d, EngineOptions{Sources: c.sources}); !errors.Is(err, c.want) || e != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewEngine[string, string](nil, EngineOptions{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("nil dataset: %v", err)
	}
	e, err := NewEngine(d, EngineOptions{Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Swap(d, EngineOptions{Sources: []Source{{Name: "small", Model: small}}}); !errors.Is(err, ErrMismatch) {
		t.Errorf("swap to another catalogue: %v", err)
	}
	nan := float32(math.NaN())
	otherSet, _ := NewItemSet(d.Items.Len() + 1)
	for name, c := range map[string]struct {
		r    Request[string, string]
		want error
	}{
		"K zero":              {Request[string, string]{}, ErrOption},
		"K negative":          {Request[string, string]{K: -1}, ErrOption},
		"unknown policy":      {Request[string, string]{K: 1, Seen: 3}, ErrOption},
		"negative policy":     {Request[string, string]{K: 1, Seen: -1}, ErrOption},
		"negative reasons":    {Request[string, string]{K: 1, Reasons: -1}, ErrOption},
		"repurchase, no now":  {Request[string, string]{K: 1, Seen: Repurchase}, ErrOption},
		"seen weight below 0": {Request[string, string]{K: 1, SeenWeight: -1}, ErrOption},
		"seen weight NaN":     {Request[string, string]{K: 1, SeenWeight: nan}, ErrOption},
		"K beyond MaxK":       {Request[string, string]{K: 1001}, ErrOption},
		"negative interval":   {Request[string, string]{K: 1, Interval: -1}, ErrOption},
		"allow of another":    {Request[string, string]{K: 1, Allow: otherSet}, ErrMismatch},
		"deny of another":     {Request[string, string]{K: 1, Deny: otherSet}, ErrMismatch},
		"NaN weight":          {Request[string, string]{K: 1, History: []Event[string]{{Item: "i001", Weight: nan}}}, ErrNotFinite},
		"weights overflow": {Request[string, string]{K: 1, History: []Event[string]{
			{Item: "i001", Weight: math.MaxFloat32}, {Item: "i001", Weight: math.MaxFloat32},
		}}, ErrNotFinite},
	} {
		info := Info{Why: "untouched"}
		c.r.Info = &info
		dst := []Recommendation[string]{{Item: "kept"}}
		got, err := e.Recommend(dst, c.r)
		if !errors.Is(err, c.want) || len(got) != 1 || got[0].Item != "kept" || info.Why != "untouched" {
			t.Errorf("%s: %v, %v, %+v", name, got, err, info)
		}
	}
	if _, err := e.Similar(nil, "nobody", Request[string, string]{K: 3}); !errors.Is(err, ErrUnknownID) {
		t.Errorf("similar to an unknown item: %v", err)
	}
	if _, err := e.Similar(nil, "i001", Request[string, string]{}); !errors.Is(err, ErrOption) {
		t.Errorf("similar, k 0: %v", err)
	}
	// A model that fails is named, and the answer is not half there.
	failing := &failingModel{tableModel{items: d.Items.Len()}}
	e, err = NewEngine(d, EngineOptions{Sources: []Source{{Name: "broken", Model: failing}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := e.Recommend(nil, Request[string, string]{K: 2}); !errors.Is(err, errFailing) || got != nil {
		t.Errorf("failing model: %v, %v", got, err)
	}
}

var errFailing = errors.New("out of order")

type failingModel struct{ tableModel }

func (*failingModel) Score([]float32, Query) error { return errFailing }

func TestEngineSimilar(t *testing.T) {
	d, sources := shop(t)
	e, err := NewEngine(d, EngineOptions{Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range d.Items.IDs() {
		for _, k := range []int{1, 5, d.Items.Len() + 5} {
			got, err := e.Similar([]Recommendation[string]{{Item: "kept"}}, id, Request[string, string]{K: k})
			if err != nil {
				t.Fatal(err)
			}
			got = got[1:]
			seen := map[string]bool{id: true}
			for n, g := range got {
				if seen[g.Item] || g.Rank != n+1 {
					t.Fatalf("similar to %s: %+v at %d", id, g, n)
				}
				seen[g.Item] = true
				if n > 0 && g.Source == got[n-1].Source && g.Score > got[n-1].Score {
					t.Fatalf("similar to %s: scores ascend at %d", id, n)
				}
			}
			first := sources[0].Model.(Similar)
			want, _ := first.AppendSimilar(nil, d.Items.Of(id), k)
			for n := range want {
				if got[n].Item != d.Items.ID(want[n].Item) || got[n].Source != "als" {
					t.Fatalf("similar to %s: %+v, want %+v of als", id, got[n], want[n])
				}
			}
		}
	}
}

// Readers run while the engine is swapped between two datasets: no answer mixes
// them.
func TestEngineSwapRace(t *testing.T) {
	worlds := [2]*Dataset[int, int]{}
	options := [2]EngineOptions{}
	for k := range worlds {
		b, _ := NewBuilder[int, int](BuilderOptions{})
		for u := range 20 {
			for i := range 40 + 30*k {
				if (u+i)%3 == 0 {
					if err := b.Add(u, 1000*k+i, 1); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		d, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		m, err := FitItemKNN(context.Background(), d.Interactions, ItemKNNOptions{Neighbors: 10})
		if err != nil {
			t.Fatal(err)
		}
		worlds[k], options[k] = d, EngineOptions{Sources: []Source{{Name: fmt.Sprintf("knn%d", k), Model: m}}}
	}
	e, err := NewEngine(worlds[0], options[0])
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var dst []Recommendation[int]
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				var err error
				dst, err = e.Recommend(dst[:0], Request[int, int]{User: (g + n) % 25, K: 10, Reasons: n % 2, History: []Event[int]{{Item: n % 1070}}})
				if err != nil || len(dst) != 10 {
					t.Errorf("%d results, %v", len(dst), err)
					return
				}
				for _, r := range dst {
					if r.Item/1000 != dst[0].Item/1000 || r.Source != SourcePopular && r.Source != fmt.Sprintf("knn%d", r.Item/1000) {
						t.Errorf("mixed answer: %+v", dst)
						return
					}
				}
			}
		}()
	}
	for k := range 50 {
		if err := e.Swap(worlds[k%2], options[k%2]); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Millisecond)
	}
	close(done)
	wg.Wait()
}

func TestEngineAllocs(t *testing.T) {
	if testkit.Race {
		t.Skip("sync.Pool drops items under the race detector")
	}
	d, sources := shop(t)
	e, err := NewEngine(d, EngineOptions{Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	allow := ItemSetFunc(d.Items.Len(), func(i int32) bool { return i%5 != 0 })
	deny := ItemSetFunc(d.Items.Len(), func(i int32) bool { return i%7 == 0 })
	history := []Event[string]{{Item: "i003"}, {Item: "i007", Weight: 2}, {Item: "i003"}, {Item: "none"}}
	var info Info
	dst := make([]Recommendation[string], 0, 300)
	for name, r := range map[string]Request[string, string]{
		"known":       {User: "u001", K: 300},
		"stranger":    {User: "nobody", K: 10},
		"history":     {Anonymous: true, History: history, K: 10},
		"live events": {User: "u002", History: history, K: 10},
		"all filters": {
			User: "u003", History: history, K: 20, Allow: allow, Deny: deny, DenyItems: []string{"i001", "none"},
			AllowItems: d.Items.IDs(), Seen: Repurchase, AsOf: at(1000), Interval: time.Minute, Info: &info,
		},
	} {
		if n := testing.AllocsPerRun(100, func() {
			if dst, err = e.Recommend(dst[:0], r); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	// Every policy at once, live events, stock and items that joined.
	var facts []Fact[string]
	for k, id := range d.Items.IDs() {
		facts = append(facts, Fact[string]{Item: id, Attribute: "brand", Value: fmt.Sprint(k % 7)}, Fact[string]{Item: id, Attribute: "price", Number: float64(k)})
	}
	catalogue, err := NewCatalogue(d.Items, slices.Values(facts), CatalogueOptions{Bands: map[string][]float64{"price": {10, 30}}})
	if err != nil {
		t.Fatal(err)
	}
	for k := range sources {
		sources[k].Calibrate = func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	}
	if e, err = NewEngine(d, EngineOptions{Sources: sources, Catalogue: catalogue}); err != nil {
		t.Fatal(err)
	}
	if err := e.AddItems(Arrival[string]{Item: "fresh", Facts: []Fact[string]{{Attribute: "brand", Value: "new"}}, Vectors: map[string][]float32{"als": make([]float32, 8)}}); err != nil {
		t.Fatal(err)
	}
	e.SetStock(slices.Values(append(slices.Clone(d.Items.IDs()[:40]), "fresh")))
	for k := range 20 {
		if err := e.Observe(Observation[string, string]{User: "u001", Item: d.Items.ID(int32(k)), At: time.Now().Add(-time.Duration(k) * time.Second)}); err != nil {
			t.Fatal(err)
		}
	}
	cheap, some := AnyOf(Is("price", BandName([]float64{10, 30}, 5)), Not(Is("brand", "3"))), Is("brand", "1", "2")
	r := Request[string, string]{
		User: "u001", K: 12, Seen: KeepSeen, Allow: nil, Deny: deny, Where: &cheap, Caps: []Cap{{"brand", 2}, {"price", 5}},
		Pins: []Pin[string]{{"i020", 1}, {"fresh", 4}}, Boosts: []Boost{{Where: &some, Multiply: 2}, {Set: allow, Add: .1}}, Info: &info,
	}
	if n := testing.AllocsPerRun(100, func() {
		if dst, err = e.Recommend(dst[:0], r); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("all policies: %v allocations", n)
	}
	if len(dst) == 0 || info.Live != 20 || info.Pinned != 2 {
		t.Errorf("%d results, %+v", len(dst), info)
	}
	if e, err = NewEngine(d, EngineOptions{Sources: sources[1:]}); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if dst, err = e.Similar(dst[:0], "i001", Request[string, string]{K: 10}); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("similar: %v allocations", n)
	}
}

func TestEngineOrderOfHistory(t *testing.T) {
	d, sources := shop(t)
	e, err := NewEngine(d, EngineOptions{Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	g := rng.New(1, 2, 3)
	history := make([]Event[string], 20)
	for k := range history {
		history[k] = Event[string]{Item: fmt.Sprintf("i%03d", g.Intn(15)), Weight: float32(g.Exp())}
	}
	r := Request[string, string]{User: "u004", K: 10, History: history, Reasons: 2}
	want, err := e.Recommend(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		g.Shuffle(len(history), func(a, b int) { history[a], history[b] = history[b], history[a] })
		got, err := e.Recommend(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		for k := range got {
			if got[k].Item != want[k].Item || got[k].Score != want[k].Score || !slices.Equal(got[k].Reasons, want[k].Reasons) {
				t.Fatalf("result %d is %+v after a shuffle, want %+v", k, got[k], want[k])
			}
		}
	}
}
