package identity_test

import (
	"encoding"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/identity"
)

// TestFrames reads the golden frame of every kind of this package.
func TestFrames(t *testing.T) { testkit.Frames(t, "profile/identity", frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*identity.Graph)(nil), (*identity.GraphResult)(nil), (*identity.Traffic)(nil))
}

// frames are the kinds of this package with a state in which no field is zero.
func frames() []testkit.Frame {
	return []testkit.Frame{
		{
			Kind: codec.KindIdentity,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				g, err := identity.New(identity.Options{Kinds: map[string]identity.Rule{"login": {Person: true, Gap: -1}}, Grain: time.Hour, Dominant: .8, Limit: 9})
				must(t, err)
				for _, e := range []identity.Evidence{see(ann, phone, 3), see(ann, phone, 3), see(bob, tablet, 4)} {
					must(t, g.Add(e))
				}
				return g
			},
			Values: func(t testing.TB, s any) any {
				r := result(t, s.(*identity.Graph))
				var out []any
				for _, p := range r.Persons() {
					list, err := r.IDs(p)
					must(t, err)
					x, err := r.Resolve(list[0], time.Time{})
					must(t, err)
					out = append(out, []any{p.Name.Value, list[0].Value, x.Confidence, x.Known})
				}
				return out
			},
		},
		{
			Kind: codec.KindTraffic,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				var x identity.Traffic
				must(t, x.Add(identity.Hit{Visitor: phone, At: start, Dwell: time.Second, Bought: true}))
				must(t, x.Add(identity.Hit{Visitor: phone, At: start.Add(time.Hour), Dwell: time.Second}))
				return &x
			},
			Values: func(t testing.TB, s any) any {
				list, err := s.(*identity.Traffic).Result(identity.TrafficOptions{Awake: 2, Dwell: time.Hour})
				must(t, err)
				return []any{list[0].ID.Value, list[0].Hits, list[0].Peak, list[0].Run, list[0].Robot}
			},
		},
	}
}
