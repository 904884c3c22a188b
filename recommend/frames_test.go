package recommend_test

import (
	"bytes"
	"context"
	"encoding"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// frameData is a matrix of six users and five items with weights, some equal.
func frameData(t testing.TB) *recommend.Interactions {
	t.Helper()
	x, err := recommend.NewInteractions(6, 5,
		[]int64{0, 3, 5, 8, 10, 13, 15},
		[]int32{0, 1, 3, 1, 4, 0, 2, 3, 2, 4, 0, 1, 2, 3, 4},
		[]float32{1, 2, 4, 3, 1, 2, 5, 1, 1, 3, 4, 1, 2, 2, 5})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// frameSequences are the same entries as sessions of given times.
func frameSequences(t testing.TB) *recommend.Sequences {
	t.Helper()
	day := int64(86_400e9)
	s, err := recommend.NewSequences(5,
		[]int64{0, 3, 5, 8, 10, 13, 15},
		[]int32{0, 1, 3, 4, 1, 3, 2, 0, 2, 4, 1, 0, 2, 4, 3},
		[]int64{day, 2 * day, 5 * day, 9 * day, 11 * day, 12 * day})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// frameTexts fits texts of the items. The tokenizer of the caller is not encoded, but
// that there was one.
func frameTexts(t testing.TB, tokenizer recommend.Tokenizer) *recommend.TFIDFModel {
	t.Helper()
	return must(recommend.FitTFIDF(context.Background(),
		[]string{"red shoe", "blue shoe", "red tea", "green tea tea", "blue cup"},
		recommend.TFIDFOptions{
			Tokenizer: tokenizer, NGrams: 2, MinDF: 1, MaxDF: 0.9, Sublinear: true, AttributeWeight: 2,
			Attributes: [][]string{{"brand=a"}, {"brand=b"}, {"brand=a"}, nil, {"brand=b"}},
		}))(t)
}

// must returns a function that fails the test on the error beside v.
func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// modelFrame is the golden frame of a model: what it answers is its values.
func modelFrame[M recommend.Persistent](kind codec.Kind, fit func(t testing.TB, ctx context.Context, x *recommend.Interactions) (M, error), zero ...string) testkit.Frame {
	return testkit.Frame{
		Kind: kind,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			return must(fit(t, context.Background(), frameData(t)))(t)
		},
		Values: func(t testing.TB, state any) any {
			m := state.(recommend.Persistent)
			back := must(recommend.ReadModel(bytes.NewReader(must(m.MarshalBinary())(t))))(t)
			answers := modelAnswers(t, m)
			if !reflect.DeepEqual(modelAnswers(t, back), answers) {
				t.Error("ReadModel makes another model of it")
			}
			return answers
		},
		Tol: 1e-5,
		Zero: append(zero, ".origin: of datasets", ".itemWeights.origin: of datasets", ".latent.origin: of datasets", ".latent.drawn: every item has entries",

			".lowPass.itemWeights.origin: of datasets", ".seqs.origin: of datasets", ".cats.origin: of datasets"),
	}
}

// modelAnswers asks m all it is able to answer, with a few questions each.
func modelAnswers(t testing.TB, m recommend.Model) map[string]any {
	t.Helper()
	known := recommend.Query{User: 1, Items: []int32{1, 4}, Weights: []float32{3, 1}}
	stranger := recommend.Query{User: recommend.Stranger, Items: []int32{0, 2}}
	out := map[string]any{"users": m.Users(), "items": m.Items()}
	for name, q := range map[string]recommend.Query{"known": known, "stranger": stranger} {
		scores := make([]float32, m.Items())
		if err := m.Score(scores, q); err != nil {
			t.Fatal(err)
		}
		out["scores/"+name] = scores
		if e, ok := m.(recommend.Explainer); ok {
			out["reasons/"+name] = must(e.AppendReasons(nil, q, 3, 2))(t)
		}
	}
	if s, ok := m.(recommend.Similar); ok {
		out["similar"] = must(s.AppendSimilar(nil, 2, 3))(t)
	}
	if s, ok := m.(recommend.SimilarUsers); ok {
		out["similar users"] = must(s.AppendSimilarUsers(nil, 2, 3))(t)
	}
	if f, ok := m.(recommend.Folder); ok {
		v := make([]float32, f.Factors())
		if err := f.FoldIn(v, stranger.Items, []float32{1, 2}); err != nil {
			t.Fatal(err)
		}
		out["folded in"] = v
	}
	if v, ok := m.(recommend.ItemVectors); ok {
		out["item vector"] = v.ItemVector(3)
	}
	if v, ok := m.(interface{ UserVector(u int) []float32 }); ok {
		out["user vector"] = v.UserVector(3)
	}
	if v, ok := m.(interface{ ItemBias(i int) float32 }); ok {
		out["item bias"] = v.ItemBias(3)
	}
	switch m := m.(type) {
	case *recommend.ALS:
		v := make([]float32, m.Factors())
		if err := m.FoldInItem(v, []int32{0, 3}, []float32{1, 2}); err != nil {
			t.Fatal(err)
		}
		out["item folded in"] = v
	case *recommend.MF:
		out["prediction"] = must(m.Predict(2, 4))(t)
	case *recommend.SVDPP:
		out["prediction"] = must(m.Predict(2, 4))(t)
	case *recommend.FM:
		out["contexts"], out["prediction"] = m.Contexts(), must(m.Predict(2, 4, 1))(t)
		if m.ItemFeatures() > 0 { // since version 2
			v, scores := make([]float32, m.Factors()+1), make([]float32, m.Items())
			if err := errors.Join(m.ItemByFeatures(v, []int32{0, 1}, nil), m.ScoreByFeatures(scores, stranger, []int32{1}, []float32{0.5}, 1)); err != nil {
				t.Fatal(err)
			}
			out["item by features"], out["user by features"] = v, scores
		}
	case *recommend.PureSVD:
		out["singular values"] = m.SingularValues()
	case *recommend.UserKNN:
		out["neighbours"] = must(m.AppendNeighbors(nil, stranger, 3))(t)
	case *recommend.CategoryPopular:
		out["category"] = must(m.AppendCategory(nil, 1, 2))(t)
	case *recommend.TFIDFModel:
		_, err := m.ScoreText(stranger, "blue tea", "brand=a")
		out["foreign"], m = err != nil, m.WithTokenizer(recommend.Words)
		out["terms"], out["text"] = m.Terms(), must(m.ScoreText(stranger, "blue tea", "brand=a"))(t)
		out["search"] = must(m.AppendSearch(nil, "blue tea", 3, recommend.Filter{}))(t)
	}
	return out
}

func TestFrames(t *testing.T) { testkit.Frames(t, "recommend", frames()) }

// frames are the golden frames of the package, one a kind.
func frames() []testkit.Frame {
	type (
		ctx = context.Context
		X   = *recommend.Interactions
	)
	return []testkit.Frame{
		modelFrame(codec.KindPopular, func(t testing.TB, c ctx, x X) (*recommend.Popular, error) {
			return recommend.FitPopular(c, x, recommend.PopularOptions{})
		}),
		modelFrame(codec.KindItemKNN, func(t testing.TB, c ctx, x X) (*recommend.ItemKNN, error) {
			return recommend.FitItemKNN(c, x, recommend.ItemKNNOptions{Weighting: recommend.BM25, Shrinkage: 1})
		}, ".asked: of the fit"),
		modelFrame(codec.KindALS, func(t testing.TB, c ctx, x X) (*recommend.ALS, error) {
			return recommend.FitALS(c, x, recommend.ALSOptions{Factors: 2, Iterations: 3, FrequencyExponent: 0.5})
		}, ".order: a cache", ".itemLengths: a cache", ".userLengths: a cache", ".passes: of the fit"),
		modelFrame(codec.KindTFIDFModel, func(t testing.TB, c ctx, x X) (*recommend.TFIDFModel, error) {
			return frameTexts(t, recommend.Words), nil
		}, ".opt.Attributes: within items", ".opt.Workers: of the fit"),
		modelFrame(codec.KindRP3Beta, func(t testing.TB, c ctx, x X) (*recommend.RP3Beta, error) {
			return recommend.FitRP3Beta(c, x, recommend.RP3BetaOptions{Alpha: 0.8, Beta: 0.4})
		}, ".asked: of the fit"),
		modelFrame(codec.KindUserKNN, func(t testing.TB, c ctx, x X) (*recommend.UserKNN, error) {
			return recommend.FitUserKNN(c, x, recommend.UserKNNOptions{Similarity: recommend.AdjustedCosine, Weighting: recommend.BM25, Shrinkage: 0.01, Power: 0.5})
		}, ".opt.Workers: of the fit", ".others: see TestPopularityIsAll", ".popular: of others"),
		modelFrame(codec.KindEASE, func(t testing.TB, c ctx, x X) (*recommend.EASE, error) {
			return recommend.FitEASE(c, x, recommend.EASEOptions{L2: 2})
		}),
		modelFrame(codec.KindTurboCF, func(t testing.TB, c ctx, x X) (*recommend.TurboCF, error) {
			return recommend.FitTurboCF(c, x, recommend.TurboCFOptions{})
		}),
		modelFrame(codec.KindBPR, func(t testing.TB, c ctx, x X) (*recommend.BPR, error) {
			return recommend.FitBPR(c, x, recommend.BPROptions{Factors: 2, Epochs: 5, Seed: 1})
		}, ".latent.order: a cache", ".latent.itemLengths: a cache", ".latent.userLengths: a cache", ".latent.mean: of ratings", ".latent.userBias: of ratings"),
		modelFrame(codec.KindPureSVD, func(t testing.TB, c ctx, x X) (*recommend.PureSVD, error) {
			return recommend.FitPureSVD(c, x, recommend.PureSVDOptions{Factors: 2, Scale: 0.5})
		}),
		modelFrame(codec.KindGFCF, func(t testing.TB, c ctx, x X) (*recommend.GFCF, error) {
			return recommend.FitGFCF(c, x, recommend.GFCFOptions{Factors: 2, Alpha: 0.3})
		}),
		modelFrame(codec.KindSparseEASE, func(t testing.TB, c ctx, x X) (*recommend.SparseEASE, error) {
			return recommend.FitSparseEASE(c, x, recommend.SparseEASEOptions{L2: 2})
		}, ".asked: of the fit"),
		modelFrame(codec.KindSLIM, func(t testing.TB, c ctx, x X) (*recommend.SLIM, error) {
			return recommend.FitSLIM(c, x, recommend.SLIMOptions{L1: 0.1, L2: 1})
		}, ".asked: of the fit"),
		modelFrame(codec.KindNMF, func(t testing.TB, c ctx, x X) (*recommend.NMF, error) {
			return recommend.FitNMF(c, x, recommend.NMFOptions{Factors: 2, L1: 0.01, L2: 0.1})
		}, ".itemLengths: a cache", ".userLengths: a cache"),
		modelFrame(codec.KindWARP, func(t testing.TB, c ctx, x X) (*recommend.WARP, error) {
			return recommend.FitWARP(c, x, recommend.WARPOptions{Factors: 2, Epochs: 5, Seed: 1})
		}, ".latent.order: a cache", ".latent.itemLengths: a cache", ".latent.userLengths: a cache", ".latent.mean: of ratings", ".latent.userBias: of ratings"),
		modelFrame(codec.KindLMF, func(t testing.TB, c ctx, x X) (*recommend.LMF, error) {
			return recommend.FitLMF(c, x, recommend.LMFOptions{Factors: 2, Epochs: 5, Alpha: 2, Seed: 1})
		}, ".latent.order: a cache", ".latent.itemLengths: a cache", ".latent.userLengths: a cache", ".latent.mean: of ratings"),
		modelFrame(codec.KindMF, func(t testing.TB, c ctx, x X) (*recommend.MF, error) {
			return recommend.FitMF(c, x, recommend.MFOptions{Factors: 2, Epochs: 5, Seed: 1})
		}, ".latent.order: a cache", ".latent.itemLengths: a cache", ".latent.userLengths: a cache"),
		modelFrame(codec.KindSVDPP, func(t testing.TB, c ctx, x X) (*recommend.SVDPP, error) {
			return recommend.FitSVDPP(c, x, recommend.SVDPPOptions{Factors: 2, Epochs: 5, Seed: 1})
		}, ".latent.order: a cache", ".latent.itemLengths: a cache", ".latent.userLengths: a cache"),
		modelFrame(codec.KindFM, func(t testing.TB, c ctx, x X) (*recommend.FM, error) {
			contexts := make([][]int32, x.Len())
			for k := range contexts {
				contexts[k] = []int32{int32(k % 2)}
			}
			ptr, items, values := []int64{0}, []int32(nil), []float32(nil)
			for u := range x.Users() + 1 { // and one of features alone
				if u < x.Users() {
					cols, vals := x.Row(u)
					items, values = append(items, cols...), append(values, vals...)
				}
				ptr = append(ptr, int64(len(items)))
			}
			return recommend.FitFM(c, must(recommend.NewInteractions(x.Users()+1, x.Items(), ptr, items, values))(t), recommend.FMOptions{
				Task: recommend.FMRatings, Factors: 2, Epochs: 5, Negatives: 3, Seed: 1,
				UserFeatures:    must(recommend.InteractionsFromRows(2, [][]int32{{0}, {1}, {0}, {1}, {0, 1}, {1}, {0, 1}}))(t),
				ItemFeatures:    must(recommend.InteractionsFromRows(3, [][]int32{{0}, {1}, {2}, {0, 2}, {1}}))(t),
				ContextFeatures: must(recommend.InteractionsFromRows(2, contexts))(t),
			})
		}, ".latent.order: a cache", ".latent.itemLengths: a cache", ".latent.userLengths: a cache", ".fallback: made of the rest",
			".ofUsers: since version 2", ".ofUsers.v: since version 2", ".ofUsers.w: since version 2",
			".ofItems: since version 2", ".ofItems.v: since version 2", ".ofItems.w: since version 2", ".cold: since version 2"),
		{
			Kind: codec.KindGramian,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				g := must(recommend.NewGramian(2))(t)
				for _, v := range [][]float32{{1, -2}, {0.5, 3}} {
					if err := g.Add(v); err != nil {
						t.Fatal(err)
					}
				}
				return g
			},
			Values: func(t testing.TB, state any) any {
				g := state.(*recommend.Gramian)
				return map[string]any{"rows": g.Len(), "sum": g.Result()}
			},
		},
		alsItemsFrame(),
		{
			Kind: codec.KindCooccurrence,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				g := must(recommend.NewCooccurrence(5, recommend.CooccurrenceOptions{MaxBasket: 3, Seed: 7}))(t)
				for basket, items := range [][]int32{{0, 1, 3}, {1, 3}, {0, 1, 2, 3, 4}} {
					if err := g.Add(uint64(basket), items); err != nil {
						t.Fatal(err)
					}
				}
				return g
			},
			Values: func(t testing.TB, state any) any {
				c := state.(*recommend.Cooccurrence)
				all, capped := c.Baskets()
				counts := make([]int64, 0, 25)
				for i := range int32(5) {
					for j := range int32(5) {
						counts = append(counts, c.Count(i, j))
					}
				}
				// Seed and MaxBasket choose the items of a larger basket.
				if err := c.Add(9, []int32{0, 1, 2, 3, 4}); err != nil {
					t.Fatal(err)
				}
				var more []int64
				for i := range int32(5) {
					more = append(more, c.Count(i, i))
				}
				return map[string]any{"baskets": all, "capped": capped, "counts": counts, "after another": more}
			},
			Zero: []string{".scratch: memory of Add"},
		},
		{
			Kind: codec.KindColdStart,
			Tol:  1e-5,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				als := must(recommend.FitALS(context.Background(), frameData(t), recommend.ALSOptions{Factors: 2, Iterations: 3}))(t)
				return must(recommend.FitColdStart(context.Background(), frameTexts(t, nil), als, recommend.ColdStartOptions{}))(t)
			},
			Values: func(t testing.TB, state any) any {
				m := state.(*recommend.ColdStart)
				v := make([]float32, m.Factors())
				if err := m.ItemVector(v, "red cup", "brand=a"); err != nil {
					t.Fatal(err)
				}
				return v
			},
			Zero: []string{".content.foreign: that of TFIDFModel", ".content.opt.Attributes: within items", ".content.opt.Workers: of the fit", ".content.origin: of datasets"},
		},
		modelFrame(codec.KindSessionKNN, func(t testing.TB, c ctx, x X) (*recommend.SessionKNN, error) {
			return recommend.FitSessionKNN(c, frameSequences(t), recommend.SessionKNNOptions{Position: recommend.LinearPositions, AgeDecay: 7})
		}, ".seqs.at: of logs", ".seqs.seqs: of logs", ".seqs.weights: of logs"),
		modelFrame(codec.KindMarkov, func(t testing.TB, c ctx, x X) (*recommend.Markov, error) {
			return recommend.FitMarkov(c, frameSequences(t), recommend.MarkovOptions{})
		}),
		modelFrame(codec.KindNextBasket, func(t testing.TB, c ctx, x X) (*recommend.NextBasket, error) {
			return recommend.FitNextBasket(c, frameSequences(t), []int32{0, 0, 1, 2, 2, 3}, recommend.NextBasketOptions{Neighbors: 3, Group: 2})
		}),
		modelFrame(codec.KindItem2Vec, func(t testing.TB, c ctx, x X) (*recommend.Item2Vec, error) {
			return recommend.FitItem2Vec(c, frameSequences(t), recommend.Item2VecOptions{Factors: 2, Epochs: 2, Subsample: -1})
		}, ".lengths: a cache"),
		modelFrame(codec.KindEmbeddings, func(t testing.TB, c ctx, x X) (*recommend.Embeddings, error) {
			rows := recommend.RowVectors{Rows: []float32{1, 2, -1, .5, 3, 1, 2, 2, .25, -1}, N: 2}
			return recommend.FitEmbeddings(c, rows, recommend.EmbeddingsOptions{InnerProduct: true})
		}, ".order: a cache", ".itemLengths: a cache"),
		modelFrame(codec.KindCategoryPopular, func(t testing.TB, c ctx, x X) (*recommend.CategoryPopular, error) {
			return recommend.FitCategoryPopular(c, x, must(recommend.NewCategories(2, [][]int32{{0}, {1}, {0, 1}, {1}, {0}}))(t), recommend.PopularOptions{})
		}),
		modelFrame(codec.KindBSPM, func(t testing.TB, c ctx, x X) (*recommend.BSPM, error) {
			return recommend.FitBSPM(c, x, recommend.BSPMOptions{Factors: 2})
		}, ".lowPass.share: of GFCF"),
		builderFrame(),
		datasetFrame(),
		serviceFrame(),
		engineFrame(),
	}
}

func builderOptions() recommend.BuilderOptions {
	return recommend.BuilderOptions{
		Duplicates: recommend.Last, AsOf: time.Unix(2_000_000, 5), MinUserItems: 1, MinItemUsers: 1,
		LogWeights: true, Cap: 1.5, HalfLife: 200 * time.Hour,
	}
}

// builderFrame is the golden frame of a builder that grows a dataset.
func builderFrame() testkit.Frame {
	type builder = recommend.Builder[string, int32]
	return testkit.Frame{
		Kind: codec.KindEvents,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			b := must(recommend.NewBuilder[string, int32](builderOptions()))(t)
			add := func(b *builder, user string, item int32, weight float32, at int64) {
				if err := b.AddSeq(user, item, weight, time.Unix(at, 5), at%7); err != nil {
					t.Fatal(err)
				}
			}
			add(b, "b", 7, 1, 1_000_000)
			add(b, "c", 3, 2, 1_000_060)
			b = must(must(b.Build())(t).Grow())(t)
			add(b, "a", 5, -1.5, 1_000_120) // new ids come after those of the dataset
			add(b, "c", 7, 4, 1_000_180)
			return b
		},
		Values: func(t testing.TB, state any) any {
			b := state.(*builder)
			d := must(b.Build())(t)
			x := d.Interactions
			report := map[string]int{
				"Events": d.Report.Events, "Merged": d.Report.Merged, "DroppedUsers": d.Report.DroppedUsers,
				"DroppedItems": d.Report.DroppedItems, "DroppedPairs": d.Report.DroppedPairs,
			}
			out := map[string]any{"events": b.Len(), "users": d.Users.IDs(), "items": d.Items.IDs(), "report": report}
			for u := range x.Users() {
				items, weights := x.Row(u)
				times := slices.Clone(x.Times(u))
				for k := range times {
					times[k] /= 1e9
				}
				out[d.Users.ID(int32(u))] = []any{items, weights, times}
			}
			return out
		},
		Zero: []string{
			".opt.HalfLife: decayed weights did not grow", ".opt.UnitWeights: not with LogWeights", ".opt.LogWeights: since version 2",
			".opt.Cap: since version 2", ".opt.Ratings: not with LogWeights", ".log.seqs: since version 2", ".log.seqs.n: since version 2", ".log.seqs.parts: since version 2",
			".late: of Add",
		},
	}
}

type frameShop = recommend.Engine[string, int32]

// frameEngine returns an engine whose sources take texts and vectors of items that
// join, with facts for rules.
func frameEngine(t testing.TB) *frameShop {
	t.Helper()
	b := must(recommend.NewBuilder[string, int32](recommend.BuilderOptions{}))(t)
	x := frameData(t)
	for u := range x.Users() {
		items, weights := x.Row(u)
		for k, i := range items {
			if err := b.AddAt(string(rune('a'+u)), i, weights[k], time.Unix(1_000_000+int64(u), 0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	d := must(b.Build())(t)
	als := must(recommend.FitALS(context.Background(), d.Interactions, recommend.ALSOptions{Factors: 2, Iterations: 3}))(t)
	facts := []recommend.Fact[int32]{{Item: 0, Attribute: "brand", Value: "x"}, {Item: 0, Attribute: "price", Number: 3}}
	catalogue := must(recommend.NewCatalogue(d.Items, slices.Values(facts), recommend.CatalogueOptions{Bands: map[string][]float64{"price": {5}}}))(t)
	return must(recommend.NewEngine(d, recommend.EngineOptions{
		Sources:   []recommend.Source{{Name: "text", Model: frameTexts(t, nil)}, {Name: "als", Model: als}},
		Catalogue: catalogue,
		Live:      recommend.LiveOptions{PerUser: 3, Seen: 2, Clock: func() time.Time { return time.Unix(2_000_000, 0) }},
	}))(t)
}

// snapshot gives an engine the form of a state.
type snapshot struct{ *frameShop }

func (s snapshot) MarshalBinary() ([]byte, error) { return s.Snapshot() }

func engineFrame() testkit.Frame {
	return testkit.Frame{
		Kind: codec.KindEngine,
		Tol:  1e-5,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			e := frameEngine(t)
			for k, o := range []recommend.Observation[string, int32]{
				{User: "b", Item: 6, Weight: 1}, // the first of four goes, and its mark for those that follow
				{User: "b", Item: 6, Weight: -1, Seq: 3},
				{User: "b", Item: 5, Dislike: true},
				{User: "b", Item: 8, Weight: 4, ID: "e6"},
				{User: "a", Item: 4, Weight: 2.5, ID: "e1"},
				{User: "new", Item: 6, Dislike: true}, // the first two of five go
				{User: "new", Item: 1, Weight: 1, ID: "e2"},
				{User: "new", Item: 9, Weight: 3, ID: "e3"},
				{User: "new", Item: 8, Weight: 3, ID: "e4"},
				{User: "new", Item: 2, Weight: 0.5, ID: "e5"},
			} {
				o.At = time.Unix(1_500_000+int64(k), 7)
				if err := e.Observe(o); err != nil {
					t.Fatal(err)
				}
			}
			if err := e.AddItems(recommend.Arrival[int32]{
				Item: 7, Text: "red cup", Tokens: []string{"cup", "tea"},
				Facts:   []recommend.Fact[int32]{{Attribute: "brand", Value: "x"}, {Attribute: "price", Number: 2.5}},
				Vectors: map[string][]float32{"als": {0.5, -0.25}},
			}); err != nil {
				t.Fatal(err)
			}
			e.SetStock(slices.Values([]int32{0, 1, 2, 3, 4, 8}))
			e.SetItemStock(3, false)
			e.SetItemStock(7, true)
			if known, err := e.Forget("f"); !known || err != nil {
				t.Fatal("nothing to forget", err)
			}
			return snapshot{e}
		},
		Read: func(frame []byte) (any, error) {
			var t testing.T
			e := frameEngine(&t)
			return e, e.Restore(frame)
		},
		Write: func(state any) ([]byte, error) { return state.(*frameShop).Snapshot() },
		Values: func(t testing.TB, state any) any {
			e := state.(*frameShop)
			live := e.Live()
			stats := map[string]any{"Users": live.Users, "Events": live.Events, "Evicted": live.Evicted, "NewItems": live.NewItems, "Forgotten": live.Forgotten}
			if live.Seen > 0 { // since version 3
				stats["Seen"], stats["Unseen"] = live.Seen, live.Unseen
			}
			out := map[string]any{"live": stats}
			brand := recommend.Is("brand", "x")
			for name, r := range map[string]recommend.Request[string, int32]{
				"user with a row":  {User: "a"},
				"new user":         {User: "new"},
				"user with events": {User: "b", Seen: recommend.KeepSeen},
				"forgotten":        {User: "f", Seen: recommend.KeepSeen},
				"by a rule":        {User: "c", Where: &brand, Seen: recommend.KeepSeen},
			} {
				r.K = 6
				var list []any
				for _, got := range must(e.Recommend(nil, r))(t) {
					list = append(list, []any{got.Item, got.Source, got.Score})
				}
				out[name] = list
			}
			// Ids of events are kept: observed again they are duplicates.
			err := e.Observe(recommend.Observation[string, int32]{User: "z", Item: 1, ID: "e4"})
			out["again"] = err != nil
			return out
		},
		Zero: []string{
			".live.ends.events: the end of the list of users", ".live.ends.id: the same",
			".live.ends.prev.prev.prev.prev: the same again, after three users", ".live.ids[value]: has no size",
			".live.masks.long: short holds them while they are few", ".live.stock.changed: listed has it after decoding",
			".live.deletions.v: calls, no state", ".live.tally: memory of a fold, no state",
			".live.registry[].live.sums: counted anew, and only under a half-life", ".live.registry[].live.times: the same",
			".live.seen: not before version 3; TestSeenSurvivesEviction shows that it is kept",
			".live.ends.prev.events[].dislike: not before version 3", ".live.ends.prev.events[].seq: the same",
			".live.ends.prev.prev.events[].dislike: the same", ".live.ends.prev.prev.events[].seq: the same",
			".live.ends.prev.prev.prev.events[].dislike: the same", ".live.ends.prev.prev.prev.events[].seq: the same",
		},
	}
}
