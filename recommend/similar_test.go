package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/recommend"
)

type (
	shopRequest = recommend.Request[string, string]
	shopItem    = recommend.Recommendation[string]
)

func itemsOf(list []shopItem) (ids []string) {
	for _, r := range list {
		ids = append(ids, r.Item)
	}
	return ids
}

// likeShop has 40 items of four kinds, 60 users, and sources of every way to be
// similar: vectors, texts, neighbours.
func likeShop(t testing.TB, opt recommend.EngineOptions) (*recommend.Engine[string, string], *recommend.Dataset[string, string], []recommend.Source) {
	t.Helper()
	ctx := context.Background()
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for u := range 60 {
		for k := range 6 {
			item := (u%4 + 4*((u*7+k*k)%10)) % 40
			if k == 5 {
				item = (u * 11) % 40
			}
			if err := b.AddAt(fmt.Sprintf("u%02d", u), fmt.Sprintf("i%02d", item), 1, forgetTime.Add(time.Duration(u-100)*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	als, err := recommend.FitALS(ctx, d.Interactions, recommend.ALSOptions{Factors: 6, Iterations: 4})
	if err != nil {
		t.Fatal(err)
	}
	knn, err := recommend.FitItemKNN(ctx, d.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	var facts []recommend.Fact[string]
	for k, id := range d.Items.IDs() {
		texts = append(texts, fmt.Sprintf("kind%c %s word%d", id[2], id, k%3))
		facts = append(facts, recommend.Fact[string]{Item: id, Attribute: "brand", Value: fmt.Sprint(k % 5)})
	}
	text, err := recommend.FitTFIDF(ctx, texts, recommend.TFIDFOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sources := []recommend.Source{{Name: "als", Model: als}, {Name: "text", Model: text}, {Name: "knn", Model: knn}}
	if opt.Sources == nil {
		opt.Sources = sources
	}
	if opt.Catalogue, err = recommend.NewCatalogue(d.Items, slices.Values(facts), recommend.CatalogueOptions{}); err != nil {
		t.Fatal(err)
	}
	opt.Live.Clock = func() time.Time { return forgetTime }
	e, err := recommend.NewEngine(d, opt)
	if err != nil {
		t.Fatal(err)
	}
	return e, d, sources
}

// What is out of stock is not named on the product page.
func TestSimilarStock(t *testing.T) {
	b, _ := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	for u := 0; u < 60; u += 2 { // half of the sessions are a,b, half c,d
		for k, i := range []string{"a", "b"} {
			_ = b.AddAt(u, i, 1, forgetTime.Add(time.Duration(u*100+k)*time.Minute))
		}
		for k, i := range []string{"c", "d"} {
			_ = b.AddAt(u+1, i, 1, forgetTime.Add(time.Duration(u*100+k)*time.Minute))
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	knn, err := recommend.FitItemKNN(context.Background(), d.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "knn", Model: knn}}})
	if err != nil {
		t.Fatal(err)
	}
	similar := func(want ...string) {
		t.Helper()
		got, err := e.Similar(nil, "a", recommend.Request[int, string]{K: 3})
		if err != nil || !slices.Equal(itemsOf(got), want) {
			t.Errorf("similar to a: %v, want %v, %v", got, want, err)
		}
	}
	similar("b")
	e.SetStock(slices.Values([]string{"c", "d"}))
	similar()
	e.SetItemStock("b", true)
	similar("b")
	e.SetStock(nil)
	e.SetItemStock("b", false)
	similar()
	e.SetItemStock("b", true)
	similar("b")
}

// K is counted after filtering: the answer is the beginning of the whole list of each
// source without what the filters leave out.
func TestSimilarFilters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.Permutation([]int{0, 1, 2}).Draw(t, "order")
		var sources []recommend.Source
		_, d, all := likeShopOnce()
		for _, k := range order[:rapid.IntRange(1, 3).Draw(t, "sources")] {
			src := all[k]
			src.MinSimilar = rapid.SampledFrom([]float32{0, 0, .3, .9, 2}).Draw(t, "least")
			sources = append(sources, src)
		}
		e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: sources, Catalogue: likeCatalogue})
		if err != nil {
			t.Fatal(err)
		}
		ids := d.Items.IDs()
		some := func(name string) []string {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 0, 30, rapid.ID[string]).Draw(t, name)
		}
		left := map[string]bool{}
		for _, id := range ids {
			left[id] = true
		}
		drop := func(gone func(id string) bool) {
			for _, id := range ids {
				if gone(id) {
					delete(left, id)
				}
			}
		}
		r := shopRequest{K: rapid.IntRange(1, 45).Draw(t, "k"), Reasons: rapid.IntRange(0, 2).Draw(t, "reasons")}
		if rapid.Bool().Draw(t, "stock") {
			in := some("in stock")
			e.SetStock(slices.Values(in))
			one, on := rapid.SampledFrom(ids).Draw(t, "one"), rapid.Bool().Draw(t, "on")
			e.SetItemStock(one, on)
			drop(func(id string) bool { return id == one && !on || id != one && !slices.Contains(in, id) })
		}
		if rapid.Bool().Draw(t, "allow") {
			r.AllowItems = append(some("allow"), "unknown")
			drop(func(id string) bool { return !slices.Contains(r.AllowItems, id) })
		}
		if rapid.Bool().Draw(t, "deny") {
			deny := some("deny")
			r.Deny, _ = d.ItemSet(deny...)
			drop(func(id string) bool { return slices.Contains(deny, id) })
		}
		if rapid.Bool().Draw(t, "where") {
			rule := recommend.Not(recommend.Is("brand", "1", "3"))
			r.Where = &rule
			drop(func(id string) bool { return likeBrand(d, id) == 1 || likeBrand(d, id) == 3 })
		}
		capped := rapid.Bool().Draw(t, "cap")
		if capped {
			r.Caps = []recommend.Cap{{Attribute: "brand", Max: 2}}
		}
		item := rapid.SampledFrom(ids).Draw(t, "item")
		delete(left, item)
		brands := map[int]int{}
		var want []shopItem
		eligible := len(left)
		for _, src := range sources {
			near, err := src.Model.(recommend.Similar).AppendSimilar(nil, d.Items.Of(item), len(ids))
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range near {
				id := d.Items.ID(x.Item)
				if len(want) == r.K || !left[id] || src.MinSimilar != 0 && x.Score < src.MinSimilar || capped && brands[likeBrand(d, id)] == 2 {
					continue
				}
				delete(left, id)
				brands[likeBrand(d, id)]++
				want = append(want, shopItem{Item: id, Rank: len(want) + 1, Score: x.Score, Source: src.Name})
			}
		}
		var info recommend.Info
		r.Info = &info
		got, err := e.Similar(nil, item, r)
		if err != nil || len(got) != len(want) || info.Eligible != eligible || info.Returned != len(got) {
			t.Fatalf("%v, want %v; %+v, %v", got, want, info, err)
		}
		for k := range got {
			if got[k].Item != want[k].Item || got[k].Score != want[k].Score || got[k].Source != want[k].Source || got[k].Rank != k+1 {
				t.Fatalf("%d: %+v, want %+v", k, got[k], want[k])
			}
			if because := got[k].Reasons; len(because) != min(r.Reasons, 1) || len(because) == 1 && (because[0].Item != item || because[0].Contribution != got[k].Score) {
				t.Fatalf("%d: reasons %v", k, because)
			}
		}
	})
}

var (
	likeEngine    *recommend.Engine[string, string]
	likeData      *recommend.Dataset[string, string]
	likeSources   []recommend.Source
	likeCatalogue *recommend.Catalogue
)

// likeShopOnce is likeShop, made once: nothing of it changes.
func likeShopOnce() (*recommend.Engine[string, string], *recommend.Dataset[string, string], []recommend.Source) {
	if likeEngine == nil {
		var t testing.T
		likeEngine, likeData, likeSources = likeShop(&t, recommend.EngineOptions{})
		var facts []recommend.Fact[string]
		for _, id := range likeData.Items.IDs() {
			facts = append(facts, recommend.Fact[string]{Item: id, Attribute: "brand", Value: fmt.Sprint(likeBrand(likeData, id))})
		}
		likeCatalogue, _ = recommend.NewCatalogue(likeData.Items, slices.Values(facts), recommend.CatalogueOptions{})
	}
	return likeEngine, likeData, likeSources
}

func likeBrand(d *recommend.Dataset[string, string], id string) int { return int(d.Items.Of(id)) % 5 }

// An item that joined with the vector or the words of another is as similar to
// everything as that one, asked for and named.
func TestSimilarJoined(t *testing.T) {
	for k, name := range []string{"als", "text"} {
		_, d, all := likeShopOnce()
		e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: all[k : k+1]})
		if err != nil {
			t.Fatal(err)
		}
		twin := d.Items.Of("i07")
		double := recommend.Arrival[string]{Item: "double"}
		if name == "als" {
			double.Vectors = map[string][]float32{"als": all[0].Model.(*recommend.ALS).ItemVector(int(twin))}
		} else {
			double.Text = fmt.Sprintf("kind%c %s word%d", '7', "i07", twin%3)
		}
		other := double
		other.Item = "other"
		if err := e.AddItems(double, recommend.Arrival[string]{Item: "plain"}, other); err != nil {
			t.Fatal(err)
		}
		ask := func(id string) map[string]float32 {
			got, err := e.Similar(nil, id, shopRequest{K: 50})
			if err != nil {
				t.Fatal(err)
			}
			scores := map[string]float32{}
			for n, r := range got {
				if n > 0 && r.Score > got[n-1].Score || r.Item == id || r.Item == "plain" {
					t.Errorf("%s: similar to %s: %v", name, id, got)
				}
				scores[r.Item] = r.Score
			}
			return scores
		}
		of, doubles := ask("i07"), ask("double")
		if len(of) < 5 || math.Abs(float64(of["double"])-1) > 1e-5 || math.Abs(float64(doubles["other"])-1) > 1e-5 {
			t.Errorf("%s: %v, %v", name, of, doubles)
		}
		for id, score := range of {
			if id != "double" && id != "other" && math.Abs(float64(doubles[id]-score)) > 1e-5 {
				t.Errorf("%s: %s: %v, want %v", name, id, doubles[id], score)
			}
		}
		for _, id := range d.Items.IDs()[:10] {
			if near := ask(id); id != "i07" && near["double"] != near["i07"] {
				t.Errorf("%s: similar to %s: %v and %v", name, id, near["double"], near["i07"])
			}
		}
		e.SetItemStock("double", false)
		if _, named := ask("i07")["double"]; named {
			t.Errorf("%s: names a joined item that is not in stock", name)
		}
		if got, err := e.Similar(nil, "plain", shopRequest{K: 3}); err != nil || len(got) != 0 {
			t.Errorf("%s: a joined item of which nothing is known: %v, %v", name, got, err)
		}
	}
}

func TestSimilarBadInput(t *testing.T) {
	e, d, _ := likeShopOnce()
	small, _ := recommend.NewItemSet(3, 1)
	unknown := recommend.Is("colour", "red")
	cursor := recommend.Cursor("nonsense")
	for name, x := range map[string]struct {
		item string
		r    shopRequest
		want error
	}{
		"unknown":    {"x", shopRequest{K: 1}, recommend.ErrUnknownID},
		"K 0":        {"i01", shopRequest{}, recommend.ErrOption},
		"K":          {"i01", shopRequest{K: 1001}, recommend.ErrOption},
		"allow":      {"i01", shopRequest{K: 1, Allow: small}, recommend.ErrMismatch},
		"deny":       {"i01", shopRequest{K: 1, Deny: small}, recommend.ErrMismatch},
		"no set":     {"i01", shopRequest{K: 1, Deny: &recommend.ItemSet{}}, recommend.ErrMismatch},
		"where":      {"i01", shopRequest{K: 1, Where: &unknown}, recommend.ErrUnknownID},
		"cap":        {"i01", shopRequest{K: 1, Caps: []recommend.Cap{{Attribute: "brand"}}}, recommend.ErrOption},
		"attribute":  {"i01", shopRequest{K: 1, Caps: []recommend.Cap{{Attribute: "colour", Max: 1}}}, recommend.ErrUnknownID},
		"history":    {"i01", shopRequest{K: 1, History: []recommend.Event[string]{{Item: "i02"}}}, recommend.ErrOption},
		"boosts":     {"i01", shopRequest{K: 1, Boosts: make([]recommend.Boost, 1)}, recommend.ErrOption},
		"pins":       {"i01", shopRequest{K: 1, Pins: make([]recommend.Pin[string], 1)}, recommend.ErrOption},
		"session":    {"i01", shopRequest{K: 1, SessionStart: time.Unix(1, 0)}, recommend.ErrOption},
		"rerank":     {"i01", shopRequest{K: 1, Rerank: &recommend.Rerank{}}, recommend.ErrOption},
		"no cursor":  {"i01", shopRequest{K: 1, Cursor: &cursor}, recommend.ErrCorrupt},
		"seen":       {"i01", shopRequest{K: 1, Seen: recommend.KeepSeen}, recommend.ErrOption},
		"reasons -1": {"i01", shopRequest{K: 1, Reasons: -1}, recommend.ErrOption},
	} {
		dst := []shopItem{{Item: "kept"}}
		if got, err := e.Similar(dst, x.item, x.r); !errors.Is(err, x.want) || len(got) != 1 || cursor != "nonsense" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, k := range []int{0, 1001} {
		if _, err := e.SimilarUsers(nil, "u01", k, nil); !errors.Is(err, recommend.ErrOption) {
			t.Errorf("users, k %d: %v", k, err)
		}
	}
	if _, err := e.SimilarUsers(nil, "jane.doe", 1, nil); !errors.Is(err, recommend.ErrUnknownID) {
		t.Errorf("unknown user: %v", err)
	}
	for _, opt := range []recommend.EngineOptions{
		{MaxK: -1},
		{PopularHalfLife: -1},
		{Sources: []recommend.Source{{Name: "x", Model: likeSources[0].Model, MinScore: float32(math.NaN())}}},
		{Sources: []recommend.Source{{Name: "x", Model: likeSources[0].Model, MinSimilar: float32(math.Inf(1))}}},
	} {
		if _, err := recommend.NewEngine(d, opt); !errors.Is(err, recommend.ErrOption) {
			t.Errorf("%+v: %v", opt, err)
		}
	}
}

// Similar users honour the filter, fetch more for it, and never name the forgotten.
func TestSimilarUsers(t *testing.T) {
	e, d, all := likeShop(t, recommend.EngineOptions{})
	als := all[0].Model.(*recommend.ALS)
	mustForget(t, e, "u05", true)
	even := func(user string) bool { return (user[2]-'0')%2 == 0 }
	for _, user := range d.Users.IDs() {
		if user == "u05" {
			if _, err := e.SimilarUsers(nil, user, 3, nil); !errors.Is(err, recommend.ErrUnknownID) {
				t.Errorf("a forgotten user: %v", err)
			}
			continue
		}
		near, err := als.AppendSimilarUsers(nil, d.Users.Of(user), d.Users.Len())
		if err != nil {
			t.Fatal(err)
		}
		for _, keep := range []func(string) bool{nil, even} {
			var want []string
			for _, x := range near {
				if id := d.Users.ID(x.User); id != "u05" && (keep == nil || keep(id)) && len(want) < 20 {
					want = append(want, id)
				}
			}
			got, err := e.SimilarUsers(nil, user, 20, keep)
			if err != nil || !slices.Equal(itemsOf(got), want) {
				t.Fatalf("like %s: %v, want %v, %v", user, itemsOf(got), want, err)
			}
		}
	}
}

// Below MinScore a source leaves the place to the next.
func TestMinScore(t *testing.T) {
	_, d, all := likeShopOnce()
	plain, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: all[:1]})
	if err != nil {
		t.Fatal(err)
	}
	first := all[0]
	first.MinScore = .25
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{first, all[2]}})
	if err != nil {
		t.Fatal(err)
	}
	both := 0
	lists, fail := e.All(context.Background(), shopRequest{K: 30}, 1)
	for user, list := range lists {
		want, err := plain.Recommend(nil, shopRequest{User: user, K: 30})
		if err != nil {
			t.Fatal(err)
		}
		single, err := e.Recommend(nil, shopRequest{User: user, K: 30})
		if err != nil || fmt.Sprint(single) != fmt.Sprint(list) {
			t.Fatalf("All gives %v, Recommend %v, %v", list, single, err)
		}
		n := 0
		for n < len(want) && want[n].Score >= .25 {
			if list[n].Item != want[n].Item || list[n].Source != "als" {
				t.Fatalf("%s: %v, want %v", user, list, want)
			}
			n++
		}
		if n < len(list) && list[n].Source == "als" {
			t.Fatalf("%s: %+v is weak", user, list[n])
		}
		if n > 0 && n < len(list) {
			both++
		}
	}
	if fail() != nil || both == 0 {
		t.Error(fail(), both)
	}
}

// The last resort of now: what is taken today comes before what was taken for years.
func TestPopularHalfLife(t *testing.T) {
	b, _ := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	for u := range 100 {
		_ = b.AddAt(u, "classic", 1, forgetTime.AddDate(-1, 0, u%9))
		if u < 10 {
			_ = b.AddAt(u, "new", 1, forgetTime)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		halfLife time.Duration
		want     string
		score    float64
	}{{0, "classic", 100}, {30 * 24 * time.Hour, "new", 10}} {
		e, err := recommend.NewEngine(d, recommend.EngineOptions{PopularHalfLife: x.halfLife})
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Recommend(nil, recommend.Request[int, string]{Anonymous: true, K: 1})
		if err != nil || got[0].Item != x.want || math.Abs(float64(got[0].Score)-x.score) > 1e-4 || got[0].Source != recommend.SourcePopular {
			t.Errorf("half-life %v: %v, %v", x.halfLife, got, err)
		}
		if (e.Meaning(recommend.SourcePopular) == "number of users who took the item") != (x.halfLife == 0) {
			t.Error(e.Meaning(recommend.SourcePopular))
		}
	}
	b, _ = recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	_ = b.Add(1, "x", 1)
	if d, err = b.Build(); err != nil {
		t.Fatal(err)
	}
	if _, err := recommend.NewEngine(d, recommend.EngineOptions{PopularHalfLife: time.Hour}); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("without times: %v", err)
	}
}
