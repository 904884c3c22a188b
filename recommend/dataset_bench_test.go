package recommend_test

import (
	"fmt"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

// benchEvents is a log of five million events, or fewer under -short: users and items
// drawn with the skew of a shop, times ascending.
func benchEvents(b *testing.B) (users, items []int32) {
	n := 5_000_000
	if testing.Short() {
		n /= 50
	}
	g := rng.New(1, 2, 3)
	users, items = make([]int32, n), make([]int32, n)
	for k := range n {
		users[k] = int32(g.Intn(n / 10))
		items[k] = int32(float64(n/50) * g.Float64() * g.Float64())
	}
	return users, items
}

func stringIDs(prefix string, indices []int32) []string {
	names := map[int32]string{}
	out := make([]string, len(indices))
	for k, i := range indices {
		if names[i] == "" {
			names[i] = prefix + strconv.Itoa(int(i))
		}
		out[k] = names[i]
	}
	return out
}

func benchBuilder[K recommend.ID](b *testing.B, users, items []K) *recommend.Builder[K, K] {
	d, err := recommend.NewBuilder[K, K](recommend.BuilderOptions{})
	if err != nil {
		b.Fatal(err)
	}
	at := time.Unix(1_700_000_000, 0)
	for k := range users {
		if err := d.AddAt(users[k], items[k], 1, at.Add(time.Duration(k)*time.Millisecond)); err != nil {
			b.Fatal(err)
		}
	}
	return d
}

// Add and Build of the whole log, by ids of strings and of integers.
func BenchmarkBuilder(b *testing.B) {
	users, items := benchEvents(b)
	b.Run(fmt.Sprintf("events=%d/ids=string", len(users)), func(b *testing.B) {
		us, is := stringIDs("customer-", users), stringIDs("sku-", items)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := benchBuilder(b, us, is).Build(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run(fmt.Sprintf("events=%d/ids=int", len(users)), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := benchBuilder(b, users, items).Build(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// The binary form of a dataset with string ids, in memory and as a stream.
func BenchmarkDataset(b *testing.B) {
	users, items := benchEvents(b)
	d, err := benchBuilder(b, stringIDs("customer-", users), stringIDs("sku-", items)).Build()
	if err != nil {
		b.Fatal(err)
	}
	data, err := d.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	name := fmt.Sprintf("events=%d/", len(users))
	b.Run(name+"op=encode", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := d.MarshalBinary(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run(name+"op=stream", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := d.WriteTo(io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run(name+"op=decode", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			var back recommend.Dataset[string, string]
			if err := back.UnmarshalBinary(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
