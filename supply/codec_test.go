package supply_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/aislekit/aisle/supply"
)

// sample is a small fixed state of a kind; the files below hold its bytes.
func sample(t testing.TB, kind int) state {
	s := kinds[kind].fresh()
	for i := range 5 {
		ok(t, kinds[kind].feed(s, record{
			id: string(rune('a' + i%3)), category: []string{"tea", "jam"}[i%2],
			from: at(float64(7 * i)), to: at(float64(7*i + 3)), yes: i != 2, units: float64(i), n: int64(i + 1),
		}))
	}
	return s
}

// Files of version 1 stay readable and give back the state they were written
// from. A change of layout needs a new version and new files beside these.
func TestVersion1(t *testing.T) {
	for i, k := range kinds {
		path := filepath.Join("testdata", "codec", "v1", k.name+".bin")
		want := must(sample(t, i).MarshalBinary())
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := k.fresh()
		if err := s.UnmarshalBinary(data); err != nil {
			t.Errorf("%s: %v", k.name, err)
			continue
		}
		if got := must(s.MarshalBinary()); !bytes.Equal(got, want) {
			t.Errorf("%s: the file holds another state than the sample", k.name)
		}
		a, errA := k.res(s)
		b, errB := k.res(sample(t, i))
		if errA != nil || errB != nil || fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s: results differ: %v, %v", k.name, errA, errB)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	for _, k := range kinds {
		b.Run("kind="+k.name, func(b *testing.B) {
			s, i := k.fresh(), 0
			b.ReportAllocs()
			for b.Loop() {
				i++
				from := at(float64(i % 90))
				if err := k.feed(s, record{id: "a", category: "tea", from: from, to: from.Add(day), yes: i%2 == 0, units: 2, n: int64(i % 9)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDemandMerge(b *testing.B) {
	x, y := supply.DemandOptions{Start: t0, Period: day}, 1000
	one, two := must(supply.NewDemand[int](x)), must(supply.NewDemand[int](x))
	for i := range y {
		ok(b, one.Add(i, at(float64(i%365)), 1), two.Add(i, at(float64(i%365)), 1))
	}
	b.Run("products=1000/periods=365", func(b *testing.B) {
		for b.Loop() {
			ok(b, one.Merge(two))
		}
	})
}
