package identity_test

import (
	"testing"
	"time"

	"github.com/aislekit/aisle/profile/identity"
)

var start = time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func id(kind, value string) identity.ID { return identity.ID{Kind: kind, Value: value} }

// see is evidence of one day after start.
func see(a, b identity.ID, days int) identity.Evidence {
	return identity.Evidence{A: a, B: b, Source: "web", At: start.Add(time.Duration(days) * day)}
}

func bytesOf(t testing.TB, g interface{ MarshalBinary() ([]byte, error) }) string {
	t.Helper()
	data, err := g.MarshalBinary()
	must(t, err)
	return string(data)
}

func graph(t testing.TB, list ...identity.Evidence) *identity.Graph {
	t.Helper()
	var g identity.Graph
	for _, e := range list {
		must(t, g.Add(e))
	}
	return &g
}

func result(t testing.TB, g *identity.Graph) *identity.GraphResult {
	t.Helper()
	r, err := g.Result(t.Context())
	must(t, err)
	return r
}

func who(t testing.TB, r *identity.GraphResult, a identity.ID, days int) identity.Resolved {
	t.Helper()
	x, err := r.Resolve(a, start.Add(time.Duration(days)*day))
	must(t, err)
	return x
}
