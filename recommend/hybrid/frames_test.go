package hybrid_test

import (
	"bytes"
	"context"
	"encoding"
	"errors"
	"reflect"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
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
	day := int64(86_400)
	s, err := recommend.NewSequences(5,
		[]int64{0, 3, 5, 8, 10, 13, 15},
		[]int32{0, 1, 3, 4, 1, 3, 2, 0, 2, 4, 1, 0, 2, 4, 3},
		[]int64{day, 2 * day, 5 * day, 9 * day, 11 * day, 12 * day})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// modelFrame is the golden frame of a model: what it answers is its values.
func modelFrame[M recommend.Persistent](kind codec.Kind, make func(t testing.TB) (M, error)) testkit.Frame {
	return testkit.Frame{
		Kind: kind,
		Fill: func(t testing.TB) encoding.BinaryMarshaler { return must(make(t))(t) },
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
		Zero: []string{
			".fused.known: of datasets", ".fused.itemIDs: of datasets", ".fused.userIDs: of datasets", ".fused.parts[].Model.itemWeights.origin: of datasets", ".fused.parts[].Model.asked: of a fit, not stored",
		},
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
		out["reasons/"+name] = must(m.(recommend.Explainer).AppendReasons(nil, q, 3, 2))(t)
	}
	if s, ok := m.(recommend.Similar); ok {
		out["similar"] = must(s.AppendSimilar(nil, 2, 3))(t)
	}
	return out
}

func TestFrames(t *testing.T) { testkit.Frames(t, "recommend/hybrid", hybridFrames()) }

// hybridFrames are the golden frames of the models whose frames hold models.
func hybridFrames() []testkit.Frame {
	return []testkit.Frame{
		modelFrame(codec.KindBlend, func(t testing.TB) (*hybrid.Blend, error) {
			return hybrid.NewBlend(frameParts(t), hybrid.BlendOptions{Normalize: hybrid.RankShare, MNZ: true})
		}),
		modelFrame(codec.KindRRF, func(t testing.TB) (*hybrid.RRF, error) {
			return hybrid.NewRRF(frameParts(t), hybrid.RRFOptions{K: 20, Depth: 3})
		}),
		modelFrame(codec.KindBorda, func(t testing.TB) (*hybrid.Borda, error) {
			return hybrid.NewBorda(frameParts(t), hybrid.BordaOptions{Depth: 3})
		}),
		modelFrame(codec.KindCascade, func(t testing.TB) (*hybrid.Cascade, error) {
			parts := frameParts(t)
			return hybrid.NewCascade(parts[0].Model, parts[1].Model, hybrid.CascadeOptions{Depth: 5})
		}),
	}
}

// frameParts are two models with weights, one of which reads order.
func frameParts(t testing.TB) []hybrid.Weighted {
	t.Helper()
	knn := must(recommend.FitItemKNN(context.Background(), frameData(t), recommend.ItemKNNOptions{Similarity: recommend.Cosine, Shrinkage: 1}))(t)
	markov := must(recommend.FitMarkov(context.Background(), frameSequences(t), recommend.MarkovOptions{}))(t)
	return []hybrid.Weighted{{Model: knn, Weight: 2}, {Model: markov, Weight: 0.5}}
}

func TestHybridDamage(t *testing.T) { testkit.Damage(t, hybridFrames()) }

func FuzzHybridUnmarshal(f *testing.F) { testkit.FuzzFrames(f, hybridFrames()) }

// Hybrids of hybrids come back, as deep as frames may go; a part without a binary
// form and deeper ones are refused.
func TestHybridFrames(t *testing.T) {
	var m recommend.Model = frameParts(t)[0].Model
	for range 16 {
		m = must(hybrid.NewRRF([]hybrid.Weighted{{Model: m}, {Model: frameParts(t)[1].Model}}, hybrid.RRFOptions{}))(t)
	}
	var buf bytes.Buffer
	must(recommend.WriteModel(&buf, m.(recommend.Persistent)))(t)
	back := must(recommend.ReadModel(bytes.NewReader(buf.Bytes())))(t)
	if !bytes.Equal(must(back.MarshalBinary())(t), buf.Bytes()) {
		t.Error("a hybrid of hybrids comes back as another")
	}
	deeper := must(hybrid.NewBorda([]hybrid.Weighted{{Model: m}}, hybrid.BordaOptions{}))(t)
	if _, err := deeper.MarshalBinary(); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("17 deep: %v", err)
	}
	fn := must(recommend.NewFunc(6, 5, func([]float32, recommend.Query) error { return nil }))(t)
	mixed := must(hybrid.NewBlend([]hybrid.Weighted{{Model: fn}}, hybrid.BlendOptions{}))(t)
	if _, err := mixed.MarshalBinary(); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("a function as a part: %v", err)
	}
	if _, err := (&hybrid.Blend{}).MarshalBinary(); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("no parts: %v", err)
	}
}
