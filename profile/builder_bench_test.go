package profile_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aislekit/aisle/profile"
)

func BenchmarkBuilderAdd(b *testing.B) {
	for _, c := range []struct {
		name    string
		users   int
		indexed bool
	}{{"users=1k/lookup", 1000, false}, {"users=100k/lookup", 100_000, false}, {"users=100k/indexed", 100_000, true}} {
		b.Run(c.name, func(b *testing.B) {
			p, err := profile.NewBuilder[int64, int64](profile.BuilderOptions{AsOf: cut})
			if err != nil {
				b.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 1))
			names := []string{"shoes", "books", "toys", "food", "garden", "music", "sport", "home"}
			events := make([]profile.Event[int64, int64], 1<<18)
			handles := make([]int32, len(events))
			for i := range events {
				events[i] = profile.Event[int64, int64]{
					User: int64(rng.IntN(c.users)) * 7919, Item: int64(i), Kind: profile.Kind(1 + rng.IntN(4)),
					At: cut.Add(-time.Duration(rng.Int64N(int64(120 * day)))), Category: names[rng.IntN(len(names))],
				}
				handles[i], _ = p.Index(events[i].User)
				if err := p.Add(&events[i]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if c.indexed {
					err = p.AddIndexed(handles[i], &events[i])
				} else {
					err = p.Add(&events[i])
				}
				if err != nil {
					b.Fatal(err)
				}
				i = (i + 1) & (len(events) - 1)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
