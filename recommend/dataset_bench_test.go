//go:build unix

package recommend_test

import (
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

const (
	benchUsers, benchItems = 100_000, 30_000
	benchBatch             = 1024
)

// benchEvents is a log of five million events, or fewer under -short, in no order: users of
// uneven activity, items with the popularity of Zipf's law, exponent .9 behind the first 20.
// docs/benchmarks.md makes the same ones in Python.
func benchEvents() (users, items []int) {
	n := 5_000_000
	if testing.Short() {
		n /= 50
	}
	uniform := func(k int) float64 { return rng.Unit(rng.Mix(uint64(k))) }
	users, items = make([]int, n), make([]int, n)
	low, high := math.Pow(20, .1), math.Pow(benchItems+20, .1)
	for k := range n {
		u := uniform(2 * k)
		users[k] = int(benchUsers*(u*u*math.Sqrt(u))) * 7919 % benchUsers
		v := low + float64(uniform(2*k+1)*(high-low))
		v = v * v * v * v * v
		items[k] = min(int(float64(v*v)-20), benchItems-1) * 7919 % benchItems
	}
	return users, items
}

// benchLog is a log read in batches. Strings come from a reader that keeps one for each id:
// ten million of them would be memory that the collector goes through.
type benchLog[K recommend.ID] struct {
	events int
	read   func(from, n int) (users, items []K)
}

func stringLog() *benchLog[string] {
	userNames, itemNames := make([]string, benchUsers), make([]string, benchItems)
	for k := range userNames {
		userNames[k] = fmt.Sprintf("u%07d", k)
	}
	for k := range itemNames {
		itemNames[k] = fmt.Sprintf("item-%05d", k)
	}
	u, i := benchEvents()
	users, items := make([]string, benchBatch), make([]string, benchBatch)
	return &benchLog[string]{len(u), func(from, n int) ([]string, []string) {
		for k := range n {
			users[k], items[k] = userNames[u[from+k]], itemNames[i[from+k]]
		}
		return users[:n], items[:n]
	}}
}

func intLog() *benchLog[int] {
	u, i := benchEvents()
	return &benchLog[int]{len(u), func(from, n int) ([]int, []int) { return u[from : from+n], i[from : from+n] }}
}

// add adds the log to a new builder.
func (l *benchLog[K]) add(b *testing.B, timed bool) *recommend.Builder[K, K] {
	d, err := recommend.NewBuilder[K, K](recommend.BuilderOptions{})
	if err != nil {
		b.Fatal(err)
	}
	at := time.Unix(1_700_000_000, 0)
	for from := 0; from < l.events; from += benchBatch {
		users, items := l.read(from, min(benchBatch, l.events-from))
		for k := range users {
			if timed {
				err = d.AddAt(users[k], items[k], 1, at.Add(time.Duration(from+k)*time.Millisecond))
			} else {
				err = d.Add(users[k], items[k], 1)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	return d
}

// processor runs f as a benchmark, and reports processor seconds beside the time.
func processor(b *testing.B, f func()) {
	b.ReportAllocs()
	start := processorTime()
	for b.Loop() {
		f()
	}
	b.ReportMetric((processorTime()-start).Seconds()/float64(b.N), "cpu-s/op")
}

func benchmarkBuilder[K recommend.ID](b *testing.B, ids string, l *benchLog[K]) {
	for _, times := range []string{"none", "ascending"} {
		name := fmt.Sprintf("events=%d/ids=%s/times=%s", l.events, ids, times)
		b.Run(name+"/op=add", func(b *testing.B) {
			processor(b, func() { l.add(b, times != "none") })
		})
		b.Run(name+"/op=all", func(b *testing.B) {
			processor(b, func() {
				if _, err := l.add(b, times != "none").Build(); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// Add, and Add and Build, of the whole log, by ids of strings and of integers.
func BenchmarkBuilder(b *testing.B) {
	benchmarkBuilder(b, "string", stringLog())
	benchmarkBuilder(b, "int", intLog())
}

// The binary form of a dataset with string ids, in memory and as a stream.
func BenchmarkDataset(b *testing.B) {
	l := stringLog()
	d, err := l.add(b, true).Build()
	if err != nil {
		b.Fatal(err)
	}
	data, err := d.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	name := fmt.Sprintf("events=%d/", l.events)
	for _, op := range []struct {
		name string
		run  func() error
	}{
		{"encode", func() error { _, err := d.MarshalBinary(); return err }},
		{"stream", func() error { _, err := d.WriteTo(io.Discard); return err }},
		{"decode", func() error { return new(recommend.Dataset[string, string]).UnmarshalBinary(data) }},
	} {
		b.Run(name+"op="+op.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			processor(b, func() {
				if err := op.run(); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
