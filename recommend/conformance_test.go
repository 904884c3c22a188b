package recommend_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
	"github.com/aislekit/aisle/recommend/modeltest"
)

// models are the models under the common suite, with settings that differ in kind. To
// add a model, add a line.
var models = []struct {
	name string
	modeltest.Case
}{
	{"popular", modeltest.Case{Fit: on(recommend.FitPopular, recommend.PopularOptions{}), Everybody: true}},
	{"itemknn/cosine", modeltest.Case{Fit: on(recommend.FitItemKNN, recommend.ItemKNNOptions{}), Learns: true}},
	{"itemknn/bm25", modeltest.Case{Fit: on(recommend.FitItemKNN, recommend.ItemKNNOptions{Weighting: recommend.BM25, Neighbors: 20}), Learns: true}},
	{"itemknn/tfidf", modeltest.Case{Fit: on(recommend.FitItemKNN, recommend.ItemKNNOptions{Weighting: recommend.TFIDF, Shrinkage: 2}), Learns: true}},
	{"itemknn/jaccard", modeltest.Case{Fit: on(recommend.FitItemKNN, recommend.ItemKNNOptions{Similarity: recommend.Jaccard, Shrinkage: 1}), Learns: true}},
	{"itemknn/loglikelihood", modeltest.Case{Fit: on(recommend.FitItemKNN, recommend.ItemKNNOptions{Similarity: recommend.LogLikelihood}), Learns: true}},
	{"itemknn/pearson", modeltest.Case{Fit: on(recommend.FitItemKNN, recommend.ItemKNNOptions{Similarity: recommend.Pearson})}}, // the suite is binary, where nothing is like anything
	{"itemknn/pearson,tfidf", modeltest.Case{Fit: on(recommend.FitItemKNN, recommend.ItemKNNOptions{Similarity: recommend.Pearson, Weighting: recommend.TFIDF})}},
	{"itemknn/adjusted,bm25", modeltest.Case{Fit: on(recommend.FitItemKNN, recommend.ItemKNNOptions{Similarity: recommend.AdjustedCosine, Weighting: recommend.BM25, Shrinkage: 1})}},
	{"als/cg", modeltest.Case{Fit: on(recommend.FitALS, recommend.ALSOptions{Factors: 8, Iterations: 5}), Learns: true}},
	{"als/cholesky", modeltest.Case{Fit: on(recommend.FitALS, recommend.ALSOptions{Factors: 8, Iterations: 5, Solver: recommend.Cholesky}), Learns: true}},
	{"als/subspace", modeltest.Case{Fit: on(recommend.FitALS, recommend.ALSOptions{Factors: 24, Iterations: 5, Solver: recommend.Subspace, BlockSize: 10}), Learns: true}},
	{"rp3beta", modeltest.Case{Fit: on(recommend.FitRP3Beta, recommend.RP3BetaOptions{Normalize: true}), Learns: true}},
	{"p3alpha", modeltest.Case{Fit: on(recommend.FitRP3Beta, recommend.RP3BetaOptions{Beta: -1, Alpha: 1, UseWeights: true}), Learns: true}},
	{"userknn/cosine", modeltest.Case{Fit: on(recommend.FitUserKNN, recommend.UserKNNOptions{Neighbors: 20}), Learns: true}},
	{"userknn/bm25", modeltest.Case{Fit: on(recommend.FitUserKNN, recommend.UserKNNOptions{Weighting: recommend.BM25, Power: 2}), Learns: true}},
	{"userknn/pearson,bm25", modeltest.Case{Fit: on(recommend.FitUserKNN, recommend.UserKNNOptions{Similarity: recommend.Pearson, Weighting: recommend.BM25})}},
	{"userknn/adjusted,tfidf", modeltest.Case{Fit: on(recommend.FitUserKNN, recommend.UserKNNOptions{Similarity: recommend.AdjustedCosine, Weighting: recommend.TFIDF})}},
	{"turbocf", modeltest.Case{Fit: on(recommend.FitTurboCF, recommend.TurboCFOptions{}), Learns: true}},
	{"turbocf/2", modeltest.Case{Fit: on(recommend.FitTurboCF, recommend.TurboCFOptions{Order: 2, UseWeights: true}), Learns: true}},
	{"ease", modeltest.Case{Fit: on(recommend.FitEASE, recommend.EASEOptions{L2: 5}), Learns: true}},
	{"edlae", modeltest.Case{Fit: on(recommend.FitEASE, recommend.EASEOptions{L2: 5, Dropout: 0.3, UseWeights: true}), Learns: true}},
	{"rdlae", modeltest.Case{Fit: on(recommend.FitEASE, recommend.EASEOptions{L2: 5, Dropout: 0.3, Diagonal: 0.2}), Learns: true}},
	{"bpr", modeltest.Case{Fit: on(recommend.FitBPR, recommend.BPROptions{Factors: 8}), Learns: true}},
	{"warp", modeltest.Case{Fit: on(recommend.FitWARP, recommend.WARPOptions{Factors: 8}), Learns: true}},
	{"lmf", modeltest.Case{Fit: on(recommend.FitLMF, recommend.LMFOptions{Factors: 8}), Learns: true}},
	{"mf", modeltest.Case{Fit: on(recommend.FitMF, recommend.MFOptions{Factors: 8}), Ratings: true}},
	{"mf/alternating", modeltest.Case{Fit: on(recommend.FitMF, recommend.MFOptions{Factors: 8, Alternating: true, Regularization: -1}), Ratings: true, MayDiverge: true}},
	{"svdpp", modeltest.Case{Fit: on(recommend.FitSVDPP, recommend.SVDPPOptions{Factors: 8}), Ratings: true}},
	{"fm", modeltest.Case{Fit: on(recommend.FitFM, recommend.FMOptions{Factors: 8, Epochs: 100}), Learns: true}},
	{"fm/clicks", modeltest.Case{Fit: on(recommend.FitFM, recommend.FMOptions{Task: recommend.FMClicks, Factors: 8}), Learns: true}},
	{"fm/features", modeltest.Case{Fit: on(fitGroupFeatures, recommend.FMOptions{Factors: 8}), Learns: true, NewItems: true}},
	{"fm/clicks,features", modeltest.Case{Fit: on(fitGroupFeatures, recommend.FMOptions{Task: recommend.FMClicks, Factors: 8}), Learns: true, NewItems: true}},
	{"bpr/dns", modeltest.Case{Fit: on(recommend.FitBPR, recommend.BPROptions{Factors: 7, Candidates: 4}), Learns: true}},
	{"puresvd", modeltest.Case{Fit: on(recommend.FitPureSVD, recommend.PureSVDOptions{Factors: 4}), Learns: true}},
	{"puresvd/scaled", modeltest.Case{Fit: on(recommend.FitPureSVD, recommend.PureSVDOptions{Factors: 6, Scale: 0.5, UseWeights: true}), Learns: true}},
	{"gfcf", modeltest.Case{Fit: on(recommend.FitGFCF, recommend.GFCFOptions{Factors: 5}), Learns: true}},
	{"gfcf/weights", modeltest.Case{Fit: on(recommend.FitGFCF, recommend.GFCFOptions{Factors: 5, UseWeights: true}), Learns: true}},
	{"bspm/weights", modeltest.Case{Fit: on(recommend.FitBSPM, recommend.BSPMOptions{Factors: 5, UseWeights: true}), Learns: true}},
	{"gfcf/linear", modeltest.Case{Fit: on(recommend.FitGFCF, recommend.GFCFOptions{Alpha: -1, Neighbors: -1, UseWeights: true}), Learns: true}},
	{"bspm", modeltest.Case{Fit: on(recommend.FitBSPM, recommend.BSPMOptions{Factors: 5}), Learns: true}},
	{"bspm/linear", modeltest.Case{Fit: on(recommend.FitBSPM, recommend.BSPMOptions{Beta: -1, Neighbors: 7, UseWeights: true}), Learns: true}},
	{"sparseease", modeltest.Case{Fit: on(recommend.FitSparseEASE, recommend.SparseEASEOptions{L2: 5, Neighbors: 20}), Learns: true}},
	{"sparseease/dropout", modeltest.Case{Fit: on(recommend.FitSparseEASE, recommend.SparseEASEOptions{L2: 5, Dropout: 0.3, UseWeights: true}), Learns: true}},
	{"slim", modeltest.Case{Fit: on(recommend.FitSLIM, recommend.SLIMOptions{L2: 5}), Learns: true}},
	{"slim/signed", modeltest.Case{Fit: on(recommend.FitSLIM, recommend.SLIMOptions{L1: -1, L2: 5, Signed: true, UseWeights: true, Candidates: 20}), Learns: true}},
	{"nmf", modeltest.Case{Fit: on(recommend.FitNMF, recommend.NMFOptions{Factors: 6, L2: 0.1, Seed: 4}), Learns: true}},
	{"nmf/sparse", modeltest.Case{Fit: on(recommend.FitNMF, recommend.NMFOptions{Factors: 6, L1: 0.05, L2: -1, UseWeights: true}), Learns: true}},
	{"sessionknn", modeltest.Case{Fit: onSequences(recommend.FitSessionKNN, recommend.SessionKNNOptions{}), Learns: true}},
	{"markov", modeltest.Case{Fit: onSequences(recommend.FitMarkov, recommend.MarkovOptions{}), Learns: true}},
	{"item2vec", modeltest.Case{Fit: onSequences(recommend.FitItem2Vec, recommend.Item2VecOptions{Factors: 8, Subsample: -1}), Learns: true}},
	{"nextbasket", modeltest.Case{Fit: onSequences(func(ctx context.Context, s *recommend.Sequences, opt recommend.NextBasketOptions) (*recommend.NextBasket, error) {
		return recommend.FitNextBasket(ctx, s, nil, opt)
	}, recommend.NextBasketOptions{Neighbors: 10, Own: 0.3}), Learns: true}},
	{"categorypopular", modeltest.Case{Fit: on(func(ctx context.Context, x *recommend.Interactions, opt recommend.PopularOptions) (*recommend.CategoryPopular, error) {
		c, err := recommend.GroupCategories(x)
		if err != nil {
			return nil, err
		}
		return recommend.FitCategoryPopular(ctx, x, c, opt)
	}, recommend.PopularOptions{}), Learns: true}},
	{"tfidf", modeltest.Case{Fit: on(fitTitles, recommend.TFIDFOptions{}), NewItems: true, Skip: content}},
	{"tfidf/attributes", modeltest.Case{Fit: on(fitTitles, recommend.TFIDFOptions{NGrams: 2, Sublinear: true, Attributes: [][]string{{"brand=0"}, {"brand=1"}, {"brand=2"}, {"brand=3"}}}), NewItems: true, Skip: content}},
	{"embeddings", modeltest.Case{Fit: on(fitEmbeddings, recommend.EmbeddingsOptions{}), Learns: true, NewItems: true, Skip: content}},
	{"embeddings/inner", modeltest.Case{Fit: on(fitEmbeddings, recommend.EmbeddingsOptions{InnerProduct: true}), Learns: true, NewItems: true, Skip: content}},
	{"blend/min-max", modeltest.Case{Fit: on(fitBlend, hybrid.BlendOptions{}), Learns: true, NewItems: true, Skip: blended}},
	{"blend/z-score", modeltest.Case{Fit: on(fitBlend, hybrid.BlendOptions{Normalize: hybrid.ZScore}), Learns: true, NewItems: true, Skip: blended}},
	{"blend/rank", modeltest.Case{Fit: on(fitBlend, hybrid.BlendOptions{Normalize: hybrid.RankShare}), Learns: true, Skip: blended}},
	{"blend/raw", modeltest.Case{Fit: on(fitBlend, hybrid.BlendOptions{Normalize: hybrid.Raw}), Learns: true, NewItems: true}},
	{"rrf", modeltest.Case{Fit: on(fitRRF, hybrid.RRFOptions{}), Learns: true, Skip: ranked}},
	{"borda", modeltest.Case{Fit: on(fitBorda, hybrid.BordaOptions{}), Learns: true, Skip: ranked}},
	{"cascade", modeltest.Case{Fit: on(fitCascade, hybrid.CascadeOptions{}), Learns: true, Unscored: true}},
	{"switch", modeltest.Case{Fit: on(fitSwitch, struct{}{}), Learns: true, Unscored: true}},
	{"rising", modeltest.Case{Fit: on(fitRising, recommend.RisingOptions{}), Everybody: true}},
}

// content are the checks that mean nothing for a model of texts or vectors alone, blended those
// for a sum of scores that were normalised, ranked those for one of ranks.
var (
	content = map[string]string{
		"shape":      "knows texts, no users",
		"bad input":  "reads no interactions",
		"magnitudes": "reads no weights",
	}
	blended = map[string]string{"reasons": "add up to the score but for a constant; see TestBlendLinearReasons"}
	ranked  = map[string]string{"sparse": "few items: each is in a list", "reasons": "say what moved the ranks, which do not add up"}
)

// fitTitles fits texts of which those of one group share words. Attributes are
// repeated for all items.
func fitTitles(ctx context.Context, x *recommend.Interactions, opt recommend.TFIDFOptions) (*recommend.TFIDFModel, error) {
	if n := len(opt.Attributes); n > 0 {
		all := make([][]string, x.Items())
		for i := range all {
			all[i] = opt.Attributes[i%n]
		}
		opt.Attributes = all
	}
	return recommend.FitTFIDF(ctx, recommend.GroupTitles(x.Items()), opt)
}

// fitGroupFeatures gives each item its group as a feature.
func fitGroupFeatures(ctx context.Context, x *recommend.Interactions, opt recommend.FMOptions) (*recommend.FM, error) {
	if x == nil {
		return recommend.FitFM(ctx, nil, opt)
	}
	rows := make([][]int32, x.Items())
	for i := range rows {
		rows[i] = []int32{int32(i % 4)}
	}
	var err error
	if opt.ItemFeatures, err = recommend.InteractionsFromRows(4, rows); err != nil {
		return nil, err
	}
	return recommend.FitFM(ctx, x, opt)
}

// groupVectors are vectors of n items: those of one of four groups are near each other, and
// one in ten has none.
func groupVectors(n int) recommend.RowVectors {
	v := recommend.RowVectors{Rows: make([]float32, 6*n), N: 6}
	for i := range n {
		if i%10 == 9 {
			continue
		}
		row := v.ItemVector(i)
		row[i%4] = 1 + float32(i%3)/8
		row[4], row[5] = float32(i%5)/16-.1, float32(i%7)/16-.2
	}
	return v
}

// fitEmbeddings fits vectors of the items of x, and tells the model whose they are.
func fitEmbeddings(ctx context.Context, x *recommend.Interactions, opt recommend.EmbeddingsOptions) (*recommend.Embeddings, error) {
	m, err := recommend.FitEmbeddings(ctx, groupVectors(x.Items()), opt)
	if err != nil {
		return nil, err
	}
	return m.Over(x)
}

// parts are models of three kinds fitted on x.
func parts(ctx context.Context, x *recommend.Interactions) ([]hybrid.Weighted, error) {
	als, err := recommend.FitALS(ctx, x, recommend.ALSOptions{Factors: 8, Iterations: 5})
	if err != nil {
		return nil, err
	}
	knn, err := recommend.FitItemKNN(ctx, x, recommend.ItemKNNOptions{})
	if err != nil {
		return nil, err
	}
	text, err := fitTitles(ctx, x, recommend.TFIDFOptions{})
	if err != nil {
		return nil, err
	}
	return []hybrid.Weighted{{Model: als, Weight: 2}, {Model: knn, Weight: 1}, {Model: text, Weight: 1}}, nil
}

func fitBlend(ctx context.Context, x *recommend.Interactions, opt hybrid.BlendOptions) (*hybrid.Blend, error) {
	p, err := parts(ctx, x)
	if err != nil {
		return nil, err
	}
	return hybrid.NewBlend(p, opt)
}

func fitRRF(ctx context.Context, x *recommend.Interactions, opt hybrid.RRFOptions) (*hybrid.RRF, error) {
	p, err := parts(ctx, x)
	if err != nil {
		return nil, err
	}
	return hybrid.NewRRF(p, opt)
}

func fitBorda(ctx context.Context, x *recommend.Interactions, opt hybrid.BordaOptions) (*hybrid.Borda, error) {
	p, err := parts(ctx, x)
	if err != nil {
		return nil, err
	}
	return hybrid.NewBorda(p, opt)
}

// fitCascade lets the first of the parts rank what the second names.
func fitCascade(ctx context.Context, x *recommend.Interactions, opt hybrid.CascadeOptions) (*hybrid.Cascade, error) {
	p, err := parts(ctx, x)
	if err != nil {
		return nil, err
	}
	return hybrid.NewCascade(p[1].Model, p[0].Model, opt)
}

// fitSwitch asks the first of the parts for known users, the second for strangers.
func fitSwitch(ctx context.Context, x *recommend.Interactions, _ struct{}) (*hybrid.Switch, error) {
	p, err := parts(ctx, x)
	if err != nil {
		return nil, err
	}
	return hybrid.NewSwitch(func(q recommend.Query) int {
		if q.User >= 0 && int(q.User) < x.Users() {
			return 0
		}
		return 1
	}, p[0].Model, p[1].Model)
}

// fitRising fits on entries of one time.
func fitRising(ctx context.Context, x *recommend.Interactions, opt recommend.RisingOptions) (*recommend.Popular, error) {
	if x != nil {
		var err error
		if x, err = x.WithTimes(make([]int64, x.Len())); err != nil {
			return nil, err
		}
	}
	return recommend.FitRising(ctx, x, opt)
}

// on makes the Fit of a case of a function of this package and its options.
func on[M recommend.Model, O any](fit func(context.Context, *recommend.Interactions, O) (M, error), opt O) func(context.Context, *recommend.Interactions) (recommend.Model, error) {
	return func(ctx context.Context, x *recommend.Interactions) (recommend.Model, error) {
		m, err := fit(ctx, x, opt)
		if err != nil {
			return nil, err
		}
		return m, nil
	}
}

// onSequences does the same for models of order: every history in some order.
func onSequences[M recommend.Model, O any](fit func(context.Context, *recommend.Sequences, O) (M, error), opt O) func(context.Context, *recommend.Interactions) (recommend.Model, error) {
	return on(func(ctx context.Context, x *recommend.Interactions, opt O) (none M, err error) {
		s, err := recommend.InOrder(x)
		if err != nil {
			return none, err
		}
		return fit(ctx, s, opt)
	}, opt)
}

func TestConformance(t *testing.T) {
	for _, m := range models {
		t.Run(m.name, func(t *testing.T) {
			if testkit.Race {
				skip := map[string]string{"magnitudes": "thirty fits more of the same code, on one goroutine after the other"}
				maps.Copy(skip, m.Skip)
				m.Skip = skip
			}
			m.Read = recommend.ReadModel
			modeltest.Run(t, m.Case)
		})
	}
}

// Whatever ReadModel reads goes through the suite: a kind without a line in models
// fails.
func TestConformanceOfAllKinds(t *testing.T) {
	x := modeltest.Groups(20, 16, 4, 3)
	tested := map[codec.Kind]bool{}
	for _, c := range models {
		m, err := c.Fit(context.Background(), x)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := m.(recommend.Persistent); ok {
			frame, err := p.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			tested[binary.LittleEndian.Uint16(frame[4:])] = true
		}
	}
	for _, e := range codec.Table {
		dir, ok := map[string]string{"recommend": ".", "recommend/hybrid": "hybrid"}[e.Package]
		if !ok || tested[e.Kind] {
			continue
		}
		frame, err := os.ReadFile(filepath.Join(dir, "testdata", "frames", e.Type+".v1.bin"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := recommend.ReadModel(bytes.NewReader(frame)); err == nil {
			t.Errorf("%s is a model, but no line of models fits one", e.Type)
		}
	}
}

// Which models read a history as a sequence. That the others do not is a check of the
// suite.
func TestReadsOrder(t *testing.T) {
	ordered := map[string]bool{"sessionknn": true, "markov": true, "nextbasket": true}
	x := modeltest.Groups(20, 16, 4, 3)
	for _, c := range models {
		m, err := c.Fit(context.Background(), x)
		if err != nil {
			t.Fatal(err)
		}
		if m.(recommend.OrderReader).ReadsOrder() != ordered[c.name] {
			t.Errorf("%s: reads order: %v", c.name, !ordered[c.name])
		}
	}
}

func FuzzReadModel(f *testing.F) {
	x := modeltest.Groups(12, 9, 3, 1)
	for _, c := range models {
		m, err := c.Fit(context.Background(), x)
		if err != nil {
			f.Fatal(err)
		}
		p, ok := m.(recommend.Persistent)
		if !ok {
			continue
		}
		data, err := p.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// The checksum stops almost all damage; repair it, so that the payload
		// checks are reached.
		m, err := recommend.ReadModel(bytes.NewReader(testkit.Refit(data)))
		if err != nil {
			return
		}
		dst := make([]float32, m.Items())
		_ = m.Score(dst, recommend.Query{User: 0, Items: []int32{0}})
	})
}
