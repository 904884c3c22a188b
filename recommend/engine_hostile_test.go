package recommend

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"
)

// An Engine that nobody made answers with an error, never with a panic.
func TestEngineZeroValue(t *testing.T) {
	var e Engine[string, string]
	if got, err := e.Recommend(nil, Request[string, string]{K: 1}); !errors.Is(err, ErrEmpty) || got != nil {
		t.Errorf("Recommend: %v, %v", got, err)
	}
	if _, err := e.Similar(nil, "x", 1); !errors.Is(err, ErrEmpty) {
		t.Errorf("Similar: %v", err)
	}
	d, sources := shop(t)
	for name, err := range map[string]error{
		"Observe":  e.Observe(Observation[string, string]{User: "u", Item: "i"}),
		"AddItems": e.AddItems(Arrival[string]{Item: "i"}),
		"Restore":  e.Restore(nil),
		"Snapshot": second(e.Snapshot()),
		"Swap":     e.Swap(d, EngineOptions{Sources: sources}),
	} {
		if !errors.Is(err, ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.SetStock(slices.Values([]string{"x"}))
	if e.Forget("u") || e.Dataset() != nil || e.Meaning("x") != "" || e.Live() != (LiveStats{}) {
		t.Error("it knows something")
	}
}

// Numbers at the end of their range change nothing about what is promised.
func TestEngineExtremes(t *testing.T) {
	d, sources := shop(t)
	als, err := FitALS(context.Background(), d.Interactions, ALSOptions{Factors: 4, Iterations: 2})
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCatalogue(d.Items, slices.Values([]Fact[string]{{Item: "i001", Attribute: "brand", Value: "x"}}), CatalogueOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(d, EngineOptions{Sources: append(sources, Source{Name: "als2", Model: als}), Catalogue: c})
	if err != nil {
		t.Fatal(err)
	}
	n := d.Items.Len()
	all := AllOf()
	nested := Is("brand")
	for range 1000 {
		nested = Not(nested)
	}
	var many []string
	for range 50 {
		many = append(many, d.Items.IDs()...)
	}
	huge := Event[string]{Item: "i003", Weight: math.MaxFloat32, At: time.Unix(1<<60, 0)}
	type request = Request[string, string]
	for name, x := range map[string]struct {
		r    request
		want int
		why  string
	}{
		"K beyond the items":       {request{K: math.MaxInt, Seen: KeepSeen}, n, ""},
		"a cap without end":        {request{K: math.MaxInt, Seen: KeepSeen, Caps: []Cap{{"brand", math.MaxInt}}}, n, ""},
		"a pin beyond":             {request{K: math.MaxInt, Seen: KeepSeen, Pins: []Pin[string]{{"i002", math.MaxInt}}}, n, ""},
		"boosts beyond float32":    {request{K: n, Seen: KeepSeen, Boosts: []Boost{{Where: &all, Multiply: math.MaxFloat32, Add: math.MaxFloat32}, {Where: &all, Multiply: math.MaxFloat32}, {Where: &all, Multiply: math.SmallestNonzeroFloat32}}}, n, ""},
		"reasons without end":      {request{K: n, User: "u001", Seen: KeepSeen, Reasons: math.MaxInt}, n, ""},
		"a weight at the limit":    {request{K: n, Seen: KeepSeen, History: []Event[string]{huge}}, n, ""},
		"negative weights":         {request{K: n, Seen: KeepSeen, History: []Event[string]{{Item: "i001", Weight: -3}}}, n, ""},
		"a thousand nots":          {request{K: n, Seen: KeepSeen, Where: &nested}, 1, ""},
		"every item, fifty times":  {request{K: n, Seen: KeepSeen, AllowItems: many}, n, ""},
		"all denied":               {request{K: n, Seen: KeepSeen, DenyItems: many}, 0, "every allowed item is denied"},
		"none allowed":             {request{K: n, Seen: KeepSeen, AllowItems: []string{}}, 0, "no item is allowed"},
		"unknown ids alone":        {request{K: n, Seen: KeepSeen, AllowItems: []string{"no", "such"}}, 0, "no item is allowed"},
		"allowed and denied":       {request{K: 3, AllowItems: []string{"i001"}, DenyItems: []string{"i001"}}, 0, "every allowed item is denied"},
		"allowed but seen":         {request{K: 3, AllowItems: []string{"i001"}, History: []Event[string]{{Item: "i001"}}}, 0, "every item that is left was seen already"},
		"seen, but hardly":         {request{K: 3, AllowItems: []string{"i001"}, History: []Event[string]{{Item: "i001"}}, SeenWeight: 2}, 1, ""},
		"seen, and bought":         {request{K: 3, AllowItems: []string{"i001"}, History: []Event[string]{{Item: "i001", Weight: 2}}, SeenWeight: 2}, 0, "every item that is left was seen already"},
		"repurchase after ages":    {request{K: n, Seen: Repurchase, AsOf: time.Unix(1, 0), Interval: math.MaxInt64, History: []Event[string]{huge}}, n - 1, ""},
		"repurchase from year one": {request{K: n, Seen: Repurchase, AsOf: time.Time{}.Add(1), History: []Event[string]{{Item: "i001", At: time.Unix(0, 0)}}}, n - 1, ""},
	} {
		var info Info
		x.r.Info = &info
		if x.r.User == "" {
			x.r.User = "nobody"
		}
		got, err := e.Recommend(nil, x.r)
		if err != nil || len(got) != x.want || info.Why != x.why {
			t.Errorf("%s: %d results, %v, %+v", name, len(got), err, info)
		}
		for k, r := range got {
			if v := float64(r.Score); r.Rank != k+1 || v != v || math.IsInf(v, 0) {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
	for _, k := range []int{n, math.MaxInt} {
		if got, err := e.Similar(nil, "i001", k); err != nil || len(got) == 0 || len(got) > n-1 {
			t.Errorf("similar, k %d: %d results, %v", k, len(got), err)
		}
	}
	e.SetStock(slices.Values([]string{}))
	var info Info
	if got, err := e.Recommend(nil, request{K: 5, Info: &info}); err != nil || len(got) != 0 || info.Why != "no item that is left is in stock" {
		t.Errorf("nothing in stock: %v, %v, %+v", got, err, info)
	}
}

func second[T any](_ T, err error) error { return err }
