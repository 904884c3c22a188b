package recommend_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/recommend"
)

// An Engine that nobody made answers with an error, never with a panic.
func TestEngineZeroValue(t *testing.T) {
	var e recommend.Engine[string, string]
	if got, err := e.Recommend(nil, recommend.Request[string, string]{K: 1}); !errors.Is(err, recommend.ErrEmpty) || got != nil {
		t.Errorf("Recommend: %v, %v", got, err)
	}
	if _, err := e.Similar(nil, "x", recommend.Request[string, string]{K: 1}); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("Similar: %v", err)
	}
	d, sources := recommend.Shop(t)
	for name, err := range map[string]error{
		"Observe":  e.Observe(recommend.Observation[string, string]{User: "u", Item: "i"}),
		"AddItems": e.AddItems(recommend.Arrival[string]{Item: "i"}),
		"Restore":  e.Restore(nil),
		"Snapshot": second(e.Snapshot()),
		"Swap":     e.Swap(d, recommend.EngineOptions{Sources: sources}),
	} {
		if !errors.Is(err, recommend.ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.SetStock(slices.Values([]string{"x"}))
	if known, err := e.Forget("u"); known || !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("Forget: %v, %v", known, err)
	}
	if e.Dataset() != nil || e.Meaning("x") != "" || e.Live() != (recommend.LiveStats{}) {
		t.Error("it knows something")
	}
}

// Numbers at the end of their range change nothing about what is promised.
func TestEngineExtremes(t *testing.T) {
	d, sources := recommend.Shop(t)
	als, err := recommend.FitALS(context.Background(), d.Interactions, recommend.ALSOptions{Factors: 4, Iterations: 2})
	if err != nil {
		t.Fatal(err)
	}
	c, err := recommend.NewCatalogue(d.Items, slices.Values([]recommend.Fact[string]{{Item: "i001", Attribute: "brand", Value: "x"}}), recommend.CatalogueOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: append(sources, recommend.Source{Name: "als2", Model: als}), Catalogue: c, MaxK: math.MaxInt})
	if err != nil {
		t.Fatal(err)
	}
	n := d.Items.Len()
	all := recommend.AllOf()
	nested := recommend.Is("brand")
	for range 1000 {
		nested = recommend.Not(nested)
	}
	var many []string
	for range 50 {
		many = append(many, d.Items.IDs()...)
	}
	huge := recommend.Event[string]{Item: "i003", Weight: math.MaxFloat32, At: time.Unix(1<<60, 0)}
	type request = recommend.Request[string, string]
	for name, x := range map[string]struct {
		r    request
		want int
		why  string
	}{
		"K beyond the items":       {request{K: math.MaxInt, Seen: recommend.KeepSeen}, n, ""},
		"a cap without end":        {request{K: math.MaxInt, Seen: recommend.KeepSeen, Caps: []recommend.Cap{{Attribute: "brand", Max: math.MaxInt}}}, n, ""},
		"a pin beyond":             {request{K: math.MaxInt, Seen: recommend.KeepSeen, Pins: []recommend.Pin[string]{{Item: "i002", Position: math.MaxInt}}}, n, ""},
		"boosts beyond float32":    {request{K: n, Seen: recommend.KeepSeen, Boosts: []recommend.Boost{{Where: &all, Multiply: math.MaxFloat32, Add: math.MaxFloat32}, {Where: &all, Multiply: math.MaxFloat32}, {Where: &all, Multiply: math.SmallestNonzeroFloat32}}}, n, ""},
		"reasons without end":      {request{K: n, User: "u001", Seen: recommend.KeepSeen, Reasons: math.MaxInt}, n, ""},
		"a weight at the limit":    {request{K: n, Seen: recommend.KeepSeen, History: []recommend.Event[string]{huge}}, n, ""},
		"negative weights":         {request{K: n, Seen: recommend.KeepSeen, History: []recommend.Event[string]{{Item: "i001", Weight: -3}}}, n, ""},
		"a thousand nots":          {request{K: n, Seen: recommend.KeepSeen, Where: &nested}, 1, ""},
		"every item, fifty times":  {request{K: n, Seen: recommend.KeepSeen, AllowItems: many}, n, ""},
		"all denied":               {request{K: n, Seen: recommend.KeepSeen, DenyItems: many}, 0, "every allowed item is denied"},
		"none allowed":             {request{K: n, Seen: recommend.KeepSeen, AllowItems: []string{}}, 0, "no item is allowed"},
		"unknown ids alone":        {request{K: n, Seen: recommend.KeepSeen, AllowItems: []string{"no", "such"}}, 0, "no item is allowed"},
		"allowed and denied":       {request{K: 3, AllowItems: []string{"i001"}, DenyItems: []string{"i001"}}, 0, "every allowed item is denied"},
		"allowed but seen":         {request{K: 3, AllowItems: []string{"i001"}, History: []recommend.Event[string]{{Item: "i001"}}}, 0, "every item that is left was seen already"},
		"seen, but hardly":         {request{K: 3, AllowItems: []string{"i001"}, History: []recommend.Event[string]{{Item: "i001"}}, SeenWeight: 2}, 1, ""},
		"seen, and bought":         {request{K: 3, AllowItems: []string{"i001"}, History: []recommend.Event[string]{{Item: "i001", Weight: 2}}, SeenWeight: 2}, 0, "every item that is left was seen already"},
		"repurchase after ages":    {request{K: n, Seen: recommend.Repurchase, AsOf: time.Unix(1, 0), Interval: math.MaxInt64, History: []recommend.Event[string]{huge}}, n - 1, ""},
		"repurchase from year one": {request{K: n, Seen: recommend.Repurchase, AsOf: time.Time{}.Add(1), History: []recommend.Event[string]{{Item: "i001", At: time.Unix(0, 0)}}}, n - 1, ""},
	} {
		var info recommend.Info
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
		if got, err := e.Similar(nil, "i001", recommend.Request[string, string]{K: k}); err != nil || len(got) == 0 || len(got) > n-1 {
			t.Errorf("similar, k %d: %d results, %v", k, len(got), err)
		}
	}
	e.SetStock(slices.Values([]string{}))
	var info recommend.Info
	if got, err := e.Recommend(nil, request{K: 5, Info: &info}); err != nil || len(got) != 0 || info.Why != "no item that is left is in stock" {
		t.Errorf("nothing in stock: %v, %v, %+v", got, err, info)
	}
}

func second[T any](_ T, err error) error { return err }
