package recommend_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// once makes a state that never changes a single time.
func once[T any](make func() T) func() any {
	get := sync.OnceValue(make)
	return func() any { return get() }
}

// TestPromises calls everything with what is bad: fits by the list of fitters, models by
// that of golden frames.
func TestPromises(t *testing.T) {
	ctx := context.Background()
	x := must(frameData(t).WithTimes(make([]int64, 15)))(t)
	s := frameSequences(t)
	q := recommend.Query{User: 1, Items: []int32{1, 4}, Weights: []float32{3, 1}}
	funcs, args := map[string]any{}, map[string]func() []any{}
	for _, f := range fitters(t, x, s, []string{"red shoe", "blue shoe", "red tea", "green tea tea", "blue cup"}) {
		funcs[f.name] = f.fn
		args[f.name] = func() []any { return append(append([]any{ctx}, f.in...), f.base.Interface()) }
	}
	var types []func() any
	for _, f := range frames() {
		state := reflect.TypeOf(f.Fill(t))
		if state.Kind() != reflect.Pointer || state.Elem().PkgPath() != reflect.TypeFor[recommend.Query]().PkgPath() {
			continue // an engine in the clothes of a frame
		}
		if _, ok := state.MethodByName("Merge"); ok {
			types = append(types, func() any { return f.Fill(t) })
		} else {
			types = append(types, once(func() any { return f.Fill(t) }))
		}
		if _, ok := state.MethodByName("Score"); !ok {
			continue
		}
		name := state.Elem().Name()
		for method, of := range map[string]func() []any{
			"Score":              func() []any { return []any{make([]float32, 5), q} },
			"AppendReasons":      func() []any { return []any{[]recommend.Reason{{Item: 7, Contribution: 1}}, q, int32(3), 2} },
			"AppendSimilar":      func() []any { return []any{[]recommend.Scored{{Item: 7, Score: 1}}, int32(2), 2} },
			"AppendSimilarUsers": func() []any { return []any{[]recommend.UserScore{{User: 7, Score: 1}}, int32(2), 2} },
			"AppendNeighbors":    func() []any { return []any{[]recommend.UserScore{{User: 7, Score: 1}}, q, 2} },
			"AppendCategory":     func() []any { return []any{[]recommend.Scored{{Item: 7, Score: 1}}, int32(1), 2} },
			"AppendSearch": func() []any {
				return []any{[]recommend.Scored{{Item: 7, Score: 1}}, "red tea", 2, recommend.Filter{Items: []int32{1}}}
			},
			"AppendVector": func() []any { return []any{[]int32{7}, []float32{7}, "red tea", []string{"brand=a"}} },
			"FoldIn":       func() []any { return []any{make([]float32, 2), []int32{0, 2}, []float32{1, 2}} },
			"FoldInItem":   func() []any { return []any{make([]float32, 2), []int32{0, 2}, []float32{1, 2}} },
			"ScoreIn":      func() []any { return []any{make([]float32, 5), q, []int32{1}} },
			"ScoreByFeatures": func() []any {
				return []any{make([]float32, 5), q, []int32{0, 1}, []float32{1, 0.5}, []int32{1}}
			},
			"ItemByFeatures": func() []any { return []any{make([]float32, 3), []int32{0, 2}, []float32{1, 0.5}} },
			"ScoreText":      func() []any { return []any{q, "red tea", []string{"brand=a"}} },
			"WithTokenizer":  func() []any { return []any{recommend.Tokenizer(recommend.Words)} },
			"Predict":        func() []any { return []any{int32(1), int32(2)} },
		} {
			if m, ok := state.MethodByName(method); ok {
				args[name+"."+method] = of
				if method == "Predict" && m.Type.IsVariadic() {
					args[name+"."+method] = func() []any { return []any{int32(1), int32(2), []int32{1}} }
				}
			}
		}
	}
	set := func() *recommend.ItemSet { return must(recommend.NewItemSet(5, 0, 2, 3))(t) }
	cats := func() *recommend.Categories {
		return must(recommend.NewCategories(2, [][]int32{{0}, {1}, {0, 1}, {1}, {0}}))(t)
	}
	als := must(recommend.FitALS(ctx, x, recommend.ALSOptions{Factors: 2, Iterations: 1}))(t)
	engine := func() *recommend.Engine[string, int32] { return frameEngine(t) }
	shop := engine().Dataset()
	facts := []recommend.Fact[int32]{{Item: 0, Attribute: "brand", Value: "x"}, {Item: 1, Attribute: "price", Number: 3}}
	catalogue := func() *recommend.Catalogue {
		return must(recommend.NewCatalogue(shop.Items, slices.Values(facts), recommend.CatalogueOptions{Bands: map[string][]float64{"price": {5}}}))(t)
	}
	options := func() recommend.EngineOptions {
		return recommend.EngineOptions{Sources: []recommend.Source{{Name: "als", Model: als}}, Catalogue: catalogue()}
	}
	rule := recommend.Is("brand", "x")
	request := recommend.Request[string, int32]{
		User: "a", K: 3, History: []recommend.Event[int32]{{Item: 2, Weight: 1}}, Allow: set(), AllowItems: []int32{0, 2}, DenyItems: []int32{4}, Where: nil,
		Caps: []recommend.Cap{{Attribute: "brand", Max: 1}}, Pins: []recommend.Pin[int32]{{Item: 2, Position: 1}},
		Boosts: []recommend.Boost{{Where: &rule, Multiply: 2, Add: 1}}, Rerank: &recommend.Rerank{Method: recommend.XQuAD, Categories: cats()},
		Info: new(recommend.Info),
	}
	type observation = recommend.Observation[string, int32]
	event := observation{User: "a", Item: 2, Weight: 1, At: time.Unix(1_500_000, 0), Seq: 1, ID: "e"}
	joins := recommend.Arrival[int32]{
		Item: 8, Text: "red cup", Tokens: []string{"brand=a"}, Facts: []recommend.Fact[int32]{{Attribute: "brand", Value: "x"}}, Vectors: map[string][]float32{"als": {1, 2}},
	}
	many := []recommend.Scored{{Item: 1, Score: 3}, {Item: 2, Score: 2}, {Item: 4, Score: 1}}
	dst := []recommend.Scored{{Item: 7, Score: 1}}
	at := time.Unix(1_500_000, 0)
	var model, full bytes.Buffer
	must(recommend.WriteModel(&model, als))(t)
	must(engine().WriteTo(&full))(t)
	for name, fn := range map[string]any{
		"AllOf": recommend.AllOf, "AnyOf": recommend.AnyOf, "BandName": recommend.BandName, "EASEMemory": recommend.EASEMemory, "Gram": recommend.Gram,
		"InteractionsFromRows": recommend.InteractionsFromRows, "Is": recommend.Is, "ItemSetFunc": recommend.ItemSetFunc, "NewBuilder": recommend.NewBuilder[string, int32],
		"NewCatalogue": recommend.NewCatalogue[int32], "NewCategories": recommend.NewCategories, "NewCooccurrence": recommend.NewCooccurrence,
		"NewALSItems": recommend.NewALSItems, "NewEngine": recommend.NewEngine[string, int32], "NewFunc": recommend.NewFunc, "NewGramian": recommend.NewGramian, "NewInteractions": recommend.NewInteractions,
		"NewItemSet": recommend.NewItemSet, "NewRanker": recommend.NewRanker, "NewRated": recommend.NewRated, "NewSequences": recommend.NewSequences,
		"NewVectorLikeness": recommend.NewVectorLikeness, "Not": recommend.Not, "Partition": recommend.Partition[string], "ReadEngine": recommend.ReadEngine[string, int32],
		"ReadModel": recommend.ReadModel, "SequencesFromRows": recommend.SequencesFromRows, "SolveALS": recommend.SolveALS, "StartVector": recommend.StartVector,
		"TopLists": recommend.TopLists, "Words": recommend.Words, "WriteModel": recommend.WriteModel,
	} {
		funcs[name] = fn
	}
	for name, of := range map[string]func() []any{
		"NewCatalogue": func() []any {
			return []any{shop.Items, slices.Values(facts), recommend.CatalogueOptions{Bands: map[string][]float64{"price": {5}}}}
		},
		"NewCategories":     func() []any { return []any{2, [][]int32{{0}, {1}}} },
		"NewEngine":         func() []any { return []any{shop, options()} },
		"ReadEngine":        func() []any { return []any{io.Reader(bytes.NewReader(full.Bytes())), recommend.EngineOptions{}} },
		"ReadModel":         func() []any { return []any{io.Reader(bytes.NewReader(model.Bytes()))} },
		"WriteModel":        func() []any { return []any{io.Writer(io.Discard), recommend.Persistent(als)} },
		"NewRanker":         func() []any { return []any{recommend.Model(als)} },
		"NewVectorLikeness": func() []any { return []any{recommend.ItemVectors(als)} },
		"NewFunc": func() []any {
			return []any{6, 5, func(dst []float32, q recommend.Query) error { clear(dst); return nil }}
		},
		"NewItemSet":           func() []any { return []any{5, []int32{1, 2}} },
		"ItemSetFunc":          func() []any { return []any{5, func(i int32) bool { return i > 2 }} },
		"NewInteractions":      func() []any { return []any{2, 3, []int64{0, 2, 3}, []int32{0, 2, 1}, []float32{1, 2, 3}} },
		"InteractionsFromRows": func() []any { return []any{3, [][]int32{{0, 2}, {1}}} },
		"NewSequences":         func() []any { return []any{3, []int64{0, 2, 3}, []int32{0, 2, 1}, []int64{5, 6}} },
		"SequencesFromRows":    func() []any { return []any{3, [][]int32{{0, 2}, {1}}} },
		"NewCooccurrence":      func() []any { return []any{5, recommend.CooccurrenceOptions{}} },
		"NewRated":             func() []any { return []any{[]float64{1, 2}, []float64{3, 4}, .9} },
		"Gram":                 func() []any { return []any{ctx, []float32{1, 2, 3, 4}, 2, 1} },
		"SolveALS": func() []any {
			return []any{ctx, make([]float32, 12), x, make([]float32, 10), []float32{1, 0, 0, 1}, recommend.ALSOptions{Factors: 2, Unobserved: .1, Regularization: .1}}
		},
		"TopLists": func() []any {
			return []any{ctx, recommend.Model(als), 3, 2, func(u int) (recommend.Query, recommend.Filter) { return x.Query(u), recommend.Filter{} }, 1}
		},
		"Words": func() []any { return []any{[]string{"a"}, "red shoe"} },

		"Builder.Add":          func() []any { return []any{"b", int32(7), float32(1)} },
		"Builder.AddAll":       func() []any { return []any{slices.Values([]observation{event, event})} },
		"Builder.AddAt":        func() []any { return []any{"b", int32(7), float32(1), at} },
		"Builder.AddRows":      func() []any { return []any{maps.All(map[observation]error{event: nil})} },
		"Builder.AddSeq":       func() []any { return []any{"b", int32(7), float32(1), at, int64(3)} },
		"Builder.Merge":        func() []any { return []any{must(recommend.NewBuilder[string, int32](builderOptions()))(t)} },
		"Builder.Sequences":    func() []any { return []any{shop} },
		"Catalogue.Between":    func() []any { return []any{"price", 1., 5.} },
		"Catalogue.Categories": func() []any { return []any{"brand"} },
		"Catalogue.Select":     func() []any { return []any{recommend.Is("brand", "x")} },
		"Catalogue.Values":     func() []any { return []any{"brand"} },
		"Categories.Likeness":  func() []any { return []any{make([]float32, 2), int32(0), []int32{1, 2}} },
		"Categories.Taste":     func() []any { return []any{make([]float64, 2), []int32{0, 1}, []float32{1, 2}} },
		"ColdStart.ItemVector": func() []any { return []any{make([]float32, 2), "red tea", []string{"brand=a"}} },
		"Cooccurrence.Add":     func() []any { return []any{uint64(1), []int32{0, 2}} },
		"Dataset.ItemSet":      func() []any { return []any{[]int32{1, 2}} },
		"Dataset.ReadFrom":     func() []any { return []any{io.Reader(bytes.NewReader(must(filledDataset(t).MarshalBinary())(t)))} },
		"Dataset.WriteTo":      func() []any { return []any{io.Writer(io.Discard)} },
		"Engine.AddItems":      func() []any { return []any{[]recommend.Arrival[int32]{joins}} },
		"Engine.All":           func() []any { return []any{ctx, request, 1} },
		"Engine.Forget":        func() []any { return []any{"a"} },
		"Engine.ForgetAt":      func() []any { return []any{"a", at} },
		"Engine.Meaning":       func() []any { return []any{"als"} },
		"Engine.Observe":       func() []any { return []any{event} },
		"Engine.Recommend":     func() []any { return []any{[]recommend.Recommendation[int32]{{Item: 9}}, request} },
		"Engine.Restore":       func() []any { return []any{must(engine().Snapshot())(t)} },
		"Engine.RestoreByID":   func() []any { return []any{must(engine().Snapshot())(t)} },
		"Engine.SetStock":      func() []any { return []any{slices.Values([]int32{1, 2})} },
		"Engine.Similar": func() []any {
			return []any{[]recommend.Recommendation[int32]{{Item: 9}}, int32(1), recommend.Request[string, int32]{K: 2, Allow: set()}}
		},
		"Engine.SimilarUsers": func() []any {
			return []any{[]recommend.Recommendation[string]{{Item: "x"}}, "a", 2, func(string) bool { return true }}
		},
		"Engine.Swap":    func() []any { return []any{shop, options()} },
		"Engine.WriteTo": func() []any { return []any{io.Writer(io.Discard)} },
		"Func.Score":     func() []any { return []any{make([]float32, 5), q} },
		"NewALSItems": func() []any {
			return []any{1, 2, recommend.ALSOptions{Factors: 2, Alpha: 2, Unobserved: .5, Regularization: .1, FrequencyExponent: .5}}
		},
		"ALSItems.Add": func() []any { return []any{[]float32{1, 2}, []int32{1, 2}, []float32{1, 2}} },
		"ALSItems.Merge": func() []any {
			return []any{must(recommend.NewALSItems(1, 2, recommend.ALSOptions{Factors: 2, Unobserved: .25, Regularization: .5}))(t)}
		},
		"ALSItems.Result": func() []any {
			g := must(recommend.NewGramian(2))(t)
			for _, v := range [][]float32{{1, -2}, {.5, 3}} {
				if err := g.Add(v); err != nil {
					t.Fatal(err)
				}
			}
			return []any{make([]float32, 4), g}
		},
		"ALSItems.SetWords":       func() []any { return []any{make([]uint64, 14)} },
		"ALSItems.Words":          func() []any { return []any{nil} },
		"Gramian.Add":             func() []any { return []any{[]float32{1, 2}} },
		"Interactions.Select":     func() []any { return []any{func(u, k int) bool { return k == 0 }} },
		"Interactions.WithTimes":  func() []any { return []any{make([]int64, 15)} },
		"Interactions.Without":    func() []any { return []any{x} },
		"ItemSet.And":             func() []any { return []any{set()} },
		"ItemSet.AndNot":          func() []any { return []any{set()} },
		"ItemSet.Or":              func() []any { return []any{set()} },
		"LikenessFunc.Likeness":   func() []any { return []any{make([]float32, 2), int32(0), []int32{1, 2}} },
		"VectorLikeness.Likeness": func() []any { return []any{make([]float32, 2), int32(0), []int32{1, 2}} },
		"Query.Check":             func() []any { return []any{5} },
		"Query.For":               func() []any { return []any{recommend.Model(als), &recommend.Query{}} },
		"Ranker.AppendTop": func() []any {
			return []any{dst, q, 2, recommend.Filter{Allow: set(), Deny: set().Not(), Items: []int32{1}}}
		},
		"Reranker.Calibrate": func() []any { return []any{dst, many, 2, .5, cats(), []float64{.4, .6}} },
		"Reranker.DPP":       func() []any { return []any{dst, many, 2, .5, recommend.Likeness(cats())} },
		"Reranker.Floors":    func() []any { return []any{dst, many, 2, []int32{0, 1, 0, 1, -1}, []float64{.4, .6}} },
		"Reranker.MMR":       func() []any { return []any{dst, many, 2, .5, recommend.Likeness(cats())} },
		"Reranker.XQuAD":     func() []any { return []any{dst, many, 2, .5, cats(), []float64{.4, .6}, .2} },
	} {
		args[name] = of
	}
	types = append(types,
		func() any { return engine() },
		once(func() any { return x }), once(func() any { return s }), once(func() any { return shop.Items }),
		once(func() any { return catalogue() }), once(func() any { return cats() }), once(func() any { return set() }),
		once(func() any { return must(recommend.NewVectorLikeness(als))(t) }),
		once(func() any {
			return must(recommend.NewFunc(6, 5, func(dst []float32, q recommend.Query) error { clear(dst); return nil }))(t)
		}),
		func() any { return recommend.NewRanker(als) },
		func() any { return new(recommend.Reranker) },
		func() any { q := q; return &q },
		func() any { f := recommend.LikenessFunc(func(a, b int32) float32 { return 0 }); return &f },
		func() any { return &recommend.RowVectors{Rows: []float32{1, 2, 3, 4}, N: 2} },
		func() any { s := recommend.KeepSeen; return &s },
		func() any { m := recommend.MMR; return &m },
	)
	const constant = "a constant of its type"
	settles := map[string]string{
		"Interactions.Row": "panics like a slice, as its comment says", "Sequences.Sequence": "panics like a slice, as its comment says",
		"Index.ID": "panics like a slice, as its comment says", "Dataset.ReadFrom": "decodes", "Index.Of": "-1 is an id that is unknown",
		"Interactions.Query": "a stranger's", "Sequences.Query": "a stranger's",
		"ItemSet.Not": "the set of no catalogue", "Dataset.ItemSet": "the set of no catalogue, and the ids, all unknown",
	}
	for _, fill := range types {
		of := reflect.TypeOf(fill())
		if _, ok := of.MethodByName("Over"); ok {
			args[of.Elem().Name()+".Over"] = func() []any { return []any{x} }
		}
		for _, name := range []string{"Meaning", "SparseScores", "ReadsOrder", "ReadsHistory"} {
			if _, ok := of.MethodByName(name); ok && of.Elem().Kind() == reflect.Struct && !strings.HasPrefix(of.Elem().Name(), "Engine[") {
				settles[of.Elem().Name()+"."+name] = constant
			}
		}
	}
	testkit.Promises{
		Funcs: funcs, Types: types, Args: args, Settles: settles,
		Zero: []string{"Builder", "Reranker", "Query", "RowVectors", "Seen", "RerankMethod"},
		NaN: map[string]string{
			"Query.For": "weights as they are, for Check", "Query.Weight": "as it is, for Check", "RowVectors.ItemVector": "as it is: NewVectorLikeness refuses it",
			"TFIDFModel.AppendVector": "what was in weights is the caller's",
		},
		Counts: map[string]string{
			"Ranker.AppendTop": "scratch memory", "Reranker.Calibrate": "scratch memory", "Reranker.DPP": "scratch memory", "Reranker.Floors": "scratch memory",
			"Reranker.MMR": "scratch memory", "Reranker.XQuAD": "scratch memory",
		},
	}.Check(t)
}
