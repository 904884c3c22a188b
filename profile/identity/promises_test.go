package identity_test

import (
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/identity"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	filled := func() *identity.Graph {
		return graph(t, see(ann, phone, 0), see(ann, phone, 3), see(bob, tablet, 2), see(phone, laptop, 1))
	}
	traffic := func() *identity.Traffic {
		var x identity.Traffic
		for h := range 30 {
			must(t, x.Add(identity.Hit{Visitor: phone, At: start.Add(time.Duration(h) * time.Hour), Dwell: time.Second}))
		}
		return &x
	}
	opt := identity.Options{
		Kinds: map[string]identity.Rule{"login": {Person: true}}, Grain: time.Hour, Weight: .7, Threshold: .6, Dominant: .9, MaxPartners: 9, Limit: 99,
	}
	testkit.Promises{
		Funcs: map[string]any{"New": identity.New},
		Types: []func() any{
			func() any { return filled() },
			func() any { return traffic() },
			func() any { return result(t, filled()) },
		},
		Zero: []string{"Graph", "GraphResult", "Traffic"},
		Args: map[string]func() []any{
			"New":                 func() []any { return []any{opt} },
			"Graph.Add":           func() []any { return []any{see(ann, laptop, 4)} },
			"Graph.Undo":          func() []any { return []any{see(bob, tablet, 2)} },
			"Graph.Unmerge":       func() []any { return []any{graph(t, see(ann, phone, 0))} },
			"Graph.Forget":        func() []any { return []any{phone} },
			"GraphResult.IDs":     func() []any { return []any{identity.Person{Name: ann}} },
			"GraphResult.Why":     func() []any { return []any{phone, ann, start} },
			"GraphResult.Resolve": func() []any { return []any{phone, start} },
			"Traffic.Add": func() []any {
				return []any{identity.Hit{Visitor: tablet, At: start, Dwell: time.Second, Bought: true}}
			},
			"Traffic.Forget": func() []any { return []any{phone} },
			"Traffic.Result": func() []any {
				return []any{identity.TrafficOptions{PerHour: 9, Dwell: time.Minute, Awake: 3, Evenness: .9, Spread: .5, Idle: 9, Signs: 2}}
			},
		},
	}.Check(t)
}
