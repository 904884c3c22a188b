package recommend_test

import (
	"encoding"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// Shards of events in any order and grouping give the dataset of one pass, and the
// same bytes; a shard that was sent is the shard.
func TestBuilderLaws(t *testing.T) {
	type builder = recommend.Builder[string, uint8]
	opt := recommend.BuilderOptions{Duplicates: recommend.Max, AsOf: time.Date(2026, 3, 1, 0, 0, 0, 5, time.FixedZone("CET", 3600))}
	empty := func() *builder { return must(recommend.NewBuilder[string, uint8](opt))(t) }
	testkit.Laws[*builder]{
		Empty: empty,
		Add: func(t *rapid.T) func(*builder) {
			user := rapid.StringN(1, 3, 8).Draw(t, "user")
			item := rapid.Uint8().Draw(t, "item")
			weight := float32(rapid.IntRange(-3, 3).Draw(t, "weight"))
			at := rapid.Int64Range(-10, 10).Draw(t, "time")
			return func(b *builder) {
				err := b.Add(user, item, weight)
				if at > 0 {
					err = errors.Join(err, b.AddAt(user, item, weight, time.Unix(at, 0)))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *builder) error { return a.Merge(b) },
		Result: func(b *builder) []float64 {
			out := []float64{float64(b.Len())}
			d, err := b.Build()
			if errors.Is(err, recommend.ErrEmpty) {
				return out
			}
			x := must(d, err)(t).Interactions
			for u := range x.Users() {
				items, weights := x.Row(u)
				for k, i := range items {
					out = append(out, float64(d.Items.ID(i)), float64(weights[k]))
				}
			}
			return out
		},
		Other: func() *builder { return must(recommend.NewBuilder[string, uint8](recommend.BuilderOptions{}))(t) },
	}.Check(t)
}

func TestBuilderUnmarshalOfOtherIDs(t *testing.T) {
	b := must(recommend.NewBuilder[string, int](recommend.BuilderOptions{}))(t)
	if err := b.Add("u", -3, 1); err != nil {
		t.Fatal(err)
	}
	data := must(b.MarshalBinary())(t)
	for name, other := range map[string]encoding.BinaryUnmarshaler{
		"users":    &recommend.Builder[int, int]{},
		"items":    &recommend.Builder[string, string]{},
		"unsigned": &recommend.Builder[string, uint]{},
	} {
		if err := other.UnmarshalBinary(data); !errors.Is(err, recommend.ErrMismatch) {
			t.Errorf("%s of another type: %v", name, err)
		}
	}
	type sku string
	named := &recommend.Builder[sku, int]{}
	if err := named.UnmarshalBinary(data); err != nil || named.Len() != 1 {
		t.Errorf("ids of a named type: %v", err)
	}
}

func TestBuilderDamage(t *testing.T) { testkit.Damage(t, []testkit.Frame{builderFrame()}) }

func FuzzBuilderUnmarshal(f *testing.F) { testkit.FuzzFrames(f, []testkit.Frame{builderFrame()}) }
