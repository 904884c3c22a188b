package recommend

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
)

var attributeNames = []string{"brand", "kind", "colour", "price"}

var priceEdges = []float64{1, 2}

// drawFacts gives items values: one brand each for most, several colours for
// some, a price band.
func drawFacts(t *rapid.T, w *world, ids []int) []Fact[int] {
	g := rng.New(rapid.Uint64().Draw(t, "facts"), 0, 0)
	var facts []Fact[int]
	put := func(id int, a, v string) {
		facts = append(facts, Fact[int]{Item: id, Attribute: a, Value: v})
		if w.facts[id] == nil {
			w.facts[id] = map[string][]string{}
		}
		if !slices.Contains(w.facts[id][a], v) {
			w.facts[id][a] = append(w.facts[id][a], v)
		}
	}
	for _, id := range ids {
		delete(w.facts, id)
		if g.Bool(.8) {
			put(id, "brand", fmt.Sprintf("b%d", g.Intn(4)))
		}
		put(id, "kind", fmt.Sprintf("k%d", g.Intn(2)))
		for range g.Intn(3) {
			put(id, "colour", fmt.Sprintf("c%d", g.Intn(40)))
		}
		if g.Bool(.9) {
			x := 3 * g.Float64()
			put(id, "price", BandName(priceEdges, x))
			facts[len(facts)-1].Number, facts[len(facts)-1].Value = x, ""
		}
	}
	g.Shuffle(len(facts), func(a, b int) { facts[a], facts[b] = facts[b], facts[a] })
	return facts
}

func drawRule(t *rapid.T, depth int) Rule {
	op := rapid.IntRange(0, 5).Draw(t, "op")
	if depth == 0 {
		op = 0
	}
	parts := func() []Rule {
		var rules []Rule
		for range rapid.IntRange(0, 3).Draw(t, "parts") {
			rules = append(rules, drawRule(t, depth-1))
		}
		return rules
	}
	switch op {
	case 3:
		return AllOf(parts()...)
	case 4:
		return AnyOf(parts()...)
	case 5:
		return Not(drawRule(t, depth-1))
	}
	a := rapid.SampledFrom(attributeNames).Draw(t, "attribute")
	var values []string
	for range rapid.IntRange(0, 3).Draw(t, "values") {
		if a == "price" {
			values = append(values, BandName(priceEdges, 3*rapid.Float64Range(0, 1).Draw(t, "price")))
		} else {
			values = append(values, fmt.Sprintf("%c%d", a[0], rapid.IntRange(0, 5).Draw(t, "value")))
		}
	}
	return Is(a, values...)
}

// drawPolicies adds every policy of requests to r.
func drawPolicies(t *rapid.T, w *world, r *Request[string, int]) {
	rule := func(name string) *Rule {
		if !rapid.Bool().Draw(t, name) {
			return nil
		}
		x := drawRule(t, 3)
		return &x
	}
	r.Where = rule("where")
	for range rapid.SampledFrom([]int{0, 0, 1, 2, 3}).Draw(t, "caps") {
		r.Caps = append(r.Caps, Cap{rapid.SampledFrom(attributeNames).Draw(t, "cap"), rapid.SampledFrom([]int{1, 2, 5, math.MaxInt}).Draw(t, "max")})
	}
	used := map[int]bool{}
	for range rapid.SampledFrom([]int{0, 0, 1, 2, 5}).Draw(t, "pins") {
		id, p := w.id(rapid.IntRange(0, w.size()-1).Draw(t, "pin")), rapid.IntRange(1, r.K+2).Draw(t, "position")
		if rapid.IntRange(0, 9).Draw(t, "odd pin") == 0 {
			id = 99_999
		}
		if !used[id] && !used[-p] {
			used[id], used[-p] = true, true
			r.Pins = append(r.Pins, Pin[int]{id, p})
		}
	}
	for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "boosts") {
		b := Boost{Where: rule("boost"), Multiply: rapid.SampledFrom([]float32{0, .5, 1, 3}).Draw(t, "times"), Add: rapid.SampledFrom([]float32{0, 0, .5, 2}).Draw(t, "plus")}
		if b.Where == nil || rapid.Bool().Draw(t, "boost set") {
			g := rng.New(rapid.Uint64().Draw(t, "set"), 0, 0)
			b.Set = ItemSetFunc(w.data.Items.Len(), func(int32) bool { return g.Bool(.4) })
		}
		r.Boosts = append(r.Boosts, b)
	}
	drawListPolicies(t, w, r)
	if len(w.arrivals) > 0 && rapid.Bool().Draw(t, "arrivals by id") {
		if r.AllowItems != nil {
			r.AllowItems = append(r.AllowItems, w.arrivals...)
		}
		r.History = append(r.History, Event[int]{Item: w.arrivals[0]})
		r.DenyItems = append(r.DenyItems, w.arrivals[len(w.arrivals)-1])
	}
}

// clock is a time that tests set.
func clockAt(sec int) func() time.Time { return func() time.Time { return at(sec) } }

// Every policy with every other, live events, arrivals, stock and deletions
// against the oracle.
func TestEnginePoliciesProp(t *testing.T) {
	rapid.Check(t, checkPolicies)
}

func checkPolicies(t *rapid.T) {
	w := drawWorld(t)
	w.facts, w.live, w.forgotten = map[int]map[string][]string{}, map[string][]Observation[string, int]{}, map[string]bool{}
	w.deleted = map[string]time.Time{}
	w.calibrate = rapid.Bool().Draw(t, "calibrate")
	for k := range w.sources {
		if w.calibrate {
			w.sources[k].Calibrate = func(s float64) float64 { return 1 / (1 + math.Exp(-s)) }
		}
	}
	ids := w.data.Items.IDs()
	facts := drawFacts(t, w, ids)
	catalogue, err := NewCatalogue(w.data.Items, slices.Values(facts), CatalogueOptions{Bands: map[string][]float64{"price": priceEdges}})
	if err != nil {
		t.Fatal(err)
	}
	if !w.timed && rapid.Bool().Draw(t, "watermark") {
		w.watermark = at(50)
	}
	drawLists(t, w)
	opt := EngineOptions{Rerank: w.rerank, Sources: w.sources, Catalogue: catalogue, Watermark: w.watermark, Live: LiveOptions{Clock: clockAt(200)}}
	e, err := NewEngine(w.data, opt)
	if err != nil {
		t.Fatal(err)
	}
	// Attributes that no item happens to have are unknown: rules need them.
	if len(catalogue.Attributes()) < len(attributeNames) {
		t.Skip("an attribute without facts")
	}
	for range rapid.IntRange(1, 25).Draw(t, "steps") {
		w.step(t, e)
	}
}

// step does one random thing to the engine and the oracle.
func (w *world) step(t *rapid.T, e *Engine[string, int]) {
	switch rapid.IntRange(0, 9).Draw(t, "step") {
	case 0, 1, 2:
		o := Observation[string, int]{
			User:   userID(rapid.IntRange(0, 8).Draw(t, "user")),
			Item:   itemID(rapid.IntRange(0, w.data.Items.Len()-1).Draw(t, "item")),
			Weight: float32(rapid.IntRange(0, 2).Draw(t, "weight")),
			At:     at(rapid.IntRange(0, 250).Draw(t, "sec")),
			ID:     rapid.SampledFrom([]string{"", "", "", "a", "b", "c", "d", "e"}).Draw(t, "id"),
		}
		if rapid.Bool().Draw(t, "new item") {
			o.Item = 5000 + rapid.IntRange(0, 4).Draw(t, "new")
		}
		err := e.Observe(o)
		twice := w.contained(o) || w.forgotten[o.User] && !o.At.After(w.deleted[o.User])
		for _, live := range w.live {
			for _, x := range live {
				twice = twice || o.ID != "" && x.ID == o.ID || o.ID == "" && x.User == o.User && x.Item == o.Item && x.At.Equal(o.At) && x.ID == ""
			}
		}
		if twice {
			if !errors.Is(err, ErrDuplicate) {
				t.Fatalf("%+v again: %v", o, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		w.live[o.User] = append(w.live[o.User], o)
		if w.find(o.Item) < 0 {
			w.arrivals = append(w.arrivals, o.Item)
		}
	case 3:
		user := userID(rapid.IntRange(0, 8).Draw(t, "forget"))
		found, err := e.Forget(user)
		if err != nil {
			t.Fatal(err)
		}
		if want := len(w.live[user]) > 0 || len(w.events[user]) > 0 && !w.forgotten[user]; found != want {
			t.Fatalf("Forget(%s) is %v, want %v", user, found, want)
		}
		last := at(200) // the clock
		for _, o := range w.live[user] {
			if o.At.After(last) {
				last = o.At
			}
		}
		if last.After(w.deleted[user]) {
			w.deleted[user] = last
		}
		delete(w.live, user)
		w.forgotten[user] = true
		// Items that only this user brought are gone, unless they were added.
		w.arrivals = slices.DeleteFunc(w.arrivals, func(id int) bool {
			for _, live := range w.live {
				if slices.ContainsFunc(live, func(o Observation[string, int]) bool { return o.Item == id }) {
					return false
				}
			}
			return id < 6000 && !(w.facts[id] != nil)
		})
	case 4:
		id := rapid.SampledFrom([]int{5000, 5001, 6000, 6001}).Draw(t, "add")
		facts := drawFacts(t, w, []int{id})
		if w.facts[id] == nil { // always something, so that the oracle knows it was added
			t.Fatal("no facts")
		}
		if err := e.AddItems(Arrival[int]{Item: id, Facts: facts}); err != nil {
			t.Fatal(err)
		}
		if w.find(id) < 0 {
			w.arrivals = append(w.arrivals, id)
		}
	case 5:
		w.stock = nil
		if rapid.IntRange(0, 2).Draw(t, "all in stock") == 0 {
			e.SetStock(nil)
			return
		}
		w.stock = map[int]bool{}
		var ids []int
		g := rng.New(rapid.Uint64().Draw(t, "stock"), 0, 0)
		for _, id := range append(slices.Clone(w.data.Items.IDs()), 5000, 5001, 5002, 6000, 77_777) {
			if g.Bool(.8) {
				ids, w.stock[id] = append(ids, id, id), true
			}
		}
		e.SetStock(slices.Values(ids))
	case 6:
		data, err := e.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		opt := EngineOptions{Rerank: w.rerank, Sources: w.sources, Catalogue: e.state.Load().view.base, Watermark: w.watermark, Live: LiveOptions{Clock: clockAt(200)}}
		other, err := NewEngine(w.data, opt)
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Restore(data); err != nil {
			t.Fatal(err)
		}
		again, err := other.Snapshot()
		if err != nil || !slices.Equal(again, data) {
			t.Fatalf("the snapshot of a restored engine differs: %v", err)
		}
		r := drawRequest(t, w)
		drawPolicies(t, w, &r)
		w.compare(t, other, r)
	default:
		r := drawRequest(t, w)
		drawPolicies(t, w, &r)
		w.compare(t, e, r)
	}
}

// With one cap on an attribute of one value each the answer is as long as any can
// be: the sum over the values of what the cap leaves.
func TestCapsLength(t *testing.T) {
	const n = 300
	rows := make([][]int32, 1)
	for i := range int32(n) {
		rows[0] = append(rows[0], i)
	}
	b, _ := NewBuilder[int, int](BuilderOptions{})
	for i := range n {
		_ = b.Add(0, i, 1)
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		g := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		brands := rapid.IntRange(1, 40).Draw(t, "brands")
		var facts []Fact[int]
		have := map[string]int{}
		free := 0
		for i := range n {
			if g.Bool(.1) {
				free++
				continue
			}
			v := fmt.Sprint(g.Intn(brands))
			have[v]++
			facts = append(facts, Fact[int]{Item: i, Attribute: "brand", Value: v})
		}
		c, err := NewCatalogue(d.Items, slices.Values(facts), CatalogueOptions{})
		if err != nil {
			t.Fatal(err)
		}
		e, err := NewEngine(d, EngineOptions{Catalogue: c})
		if err != nil {
			t.Fatal(err)
		}
		most, k := rapid.IntRange(1, 20).Draw(t, "max"), rapid.IntRange(1, n).Draw(t, "k")
		eligible := free
		for _, x := range have {
			eligible += min(x, most)
		}
		got, err := e.Recommend(nil, Request[int, int]{User: 9, K: k, Caps: []Cap{{"brand", most}}})
		if err != nil || len(got) != min(k, eligible) {
			t.Fatalf("%d items, want %d: %v", len(got), min(k, eligible), err)
		}
	})
}

func TestPolicyBadInput(t *testing.T) {
	d, sources := shop(t)
	c, err := NewCatalogue(d.Items, slices.Values([]Fact[string]{{Item: "i001", Attribute: "brand", Value: "x"}}), CatalogueOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(d, EngineOptions{Sources: sources, Catalogue: c})
	if err != nil {
		t.Fatal(err)
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	unknown, other := Is("colour"), ItemSetFunc(3, func(int32) bool { return true })
	all := AllOf()
	type request = Request[string, string]
	for name, x := range map[string]struct {
		r    request
		want error
	}{
		"cap 0":                 {request{K: 1, Caps: []Cap{{"brand", 0}}}, ErrOption},
		"cap below 0":           {request{K: 1, Caps: []Cap{{"brand", -1}}}, ErrOption},
		"cap, unknown":          {request{K: 1, Caps: []Cap{{"colour", 1}}}, ErrUnknownID},
		"where, unknown":        {request{K: 1, Where: &unknown}, ErrUnknownID},
		"pin at 0":              {request{K: 1, Pins: []Pin[string]{{"i001", 0}}}, ErrOption},
		"pin twice":             {request{K: 3, Pins: []Pin[string]{{"i001", 1}, {"i001", 2}}}, ErrOption},
		"two pins at a place":   {request{K: 3, Pins: []Pin[string]{{"i001", 1}, {"i002", 1}}}, ErrOption},
		"boost of nothing":      {request{K: 1, Boosts: []Boost{{Multiply: 2}}}, ErrOption},
		"negative factor":       {request{K: 1, Boosts: []Boost{{Where: &all, Multiply: -1}}}, ErrOption},
		"negative summand":      {request{K: 1, Boosts: []Boost{{Where: &all, Add: -1}}}, ErrOption},
		"NaN factor":            {request{K: 1, Boosts: []Boost{{Where: &all, Multiply: nan}}}, ErrOption},
		"infinite summand":      {request{K: 1, Boosts: []Boost{{Where: &all, Add: inf}}}, ErrOption},
		"boost of another set":  {request{K: 1, Boosts: []Boost{{Set: other}}}, ErrMismatch},
		"boost of unknown rule": {request{K: 1, Boosts: []Boost{{Where: &unknown}}}, ErrUnknownID},
	} {
		if got, err := e.Recommend(nil, x.r); !errors.Is(err, x.want) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	small, err := NewCatalogue(&Index[string]{}, nil, CatalogueOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewEngine(d, EngineOptions{Catalogue: small}); !errors.Is(err, ErrMismatch) {
		t.Errorf("catalogue of another dataset: %v", err)
	}
	if err := e.Swap(d, EngineOptions{Catalogue: small}); !errors.Is(err, ErrMismatch) {
		t.Errorf("swap to a catalogue of another dataset: %v", err)
	}
	// Filters that contradict each other are no error.
	brand := Is("brand", "x")
	not := Not(brand)
	none := AllOf(brand, not)
	var info Info
	if got, err := e.Recommend(nil, request{K: 3, Where: &none, Info: &info}); err != nil || len(got) != 0 || info.Why != "no item is allowed" {
		t.Errorf("contradiction: %v, %v, %+v", got, err, info)
	}
}
