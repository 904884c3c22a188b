package uplift_test

import (
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/uplift"
)

// The golden frame, with every field in use.
func TestFrames(t *testing.T) { testkit.Frames(t, "predict/uplift", frames()) }

// FuzzUnmarshal: what is refused changes nothing, what is read is canonical.
func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*uplift.Forest)(nil), (*uplift.Learned)(nil), (*uplift.Scores)(nil), (*uplift.PolicyTree)(nil))
}

// grove is a small forest with numbers, categories and missing values.
func grove() *uplift.Forest {
	d, opt := shelf(600, 3)
	return get(uplift.FitForest(bg, d, uplift.ForestOptions{Tree: opt, Trees: 2, Sample: .9})).Forest
}

// asks is a policy tree with numbers and a category.
func asks() *uplift.PolicyTree {
	opt := uplift.PolicyTreeOptions{Categorical: []int{2}, Names: []string{"visits", "age", "region"}, MinLeaf: 20}
	return get(uplift.FitPolicyTree(bg, get(uplift.ScoresIPW(aisles(600, 5))), opt))
}

func frames() []testkit.Frame {
	return []testkit.Frame{{
		Kind: codec.KindPolicyTree,
		Fill: func(t testing.TB) encoding.BinaryMarshaler { return asks() },
		Values: func(t testing.TB, s any) any {
			m := s.(*uplift.PolicyTree)
			return []any{get(m.Text(nil)), testkit.Plain(m.Nodes()), get(m.Policy(nil, aisles(20, 1).Rows))}
		},
	}, {
		Kind: codec.KindUpliftForest,
		Fill: func(t testing.TB) encoding.BinaryMarshaler { return grove() },
		Zero: []string{".trees[].knots[].codes: those of the last leaf, which asks nothing; TestUnseen reads a tree with categories"},
		Values: func(t testing.TB, s any) any {
			m := s.(*uplift.Forest)
			d, _ := shelf(20, 4)
			return []any{m.Names(), testkit.Plain(get(m.Effects(nil, d.Rows))), testkit.Plain(get(m.Nodes(1)))}
		},
	}}
}
