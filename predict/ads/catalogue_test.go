package ads_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/ads"
)

// fits is what a target means, by looking at every term.
func fits(ad ads.Ad, q ads.Query) bool {
	if len(ad.Categories) > 0 && !slices.ContainsFunc(q.Categories, func(c string) bool { return slices.Contains(ad.Categories, c) }) {
		return false
	}
	for _, clause := range ad.Target {
		all := true
		for _, t := range clause {
			known, hit := false, false
			for _, v := range q.Values {
				known = known || v.Field == t.Field
				hit = hit || v.Field == t.Field && slices.Contains(t.In, v.Value)
			}
			all = all && known && hit != t.Not
		}
		if all {
			return true
		}
	}
	return len(ad.Target) == 0
}

// TestCatalogueProp: the index finds what a look at every ad finds, after changes too.
func TestCatalogueProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := func(name string, n int) string { return fmt.Sprint(rapid.IntRange(0, n).Draw(t, name)) }
		draw := func(id int) ads.Ad {
			ad := ads.Ad{ID: fmt.Sprintf("%02d", id), Creatives: []string{"x"}, Amount: 1}
			for c := range 3 {
				if rapid.IntRange(0, 3).Draw(t, "category") == 0 {
					ad.Categories = append(ad.Categories, fmt.Sprint(c))
				}
			}
			for range rapid.IntRange(0, 2).Draw(t, "clauses") {
				var clause ads.Clause
				for range rapid.IntRange(0, 3).Draw(t, "terms") {
					term := ads.Term{Field: word("field", 2), Not: rapid.IntRange(0, 3).Draw(t, "not") == 0}
					for range rapid.IntRange(1, 3).Draw(t, "in") {
						term.In = append(term.In, word("value", 4))
					}
					clause = append(clause, term)
				}
				ad.Target = append(ad.Target, clause)
			}
			return ad
		}
		all := map[string]ads.Ad{}
		var first []ads.Ad
		for id := range rapid.IntRange(0, 30).Draw(t, "n") {
			first = append(first, draw(id))
			all[first[id].ID] = first[id]
		}
		c := get(ads.NewCatalogue(first))
		if rapid.Bool().Draw(t, "change") {
			more, gone := draw(rapid.IntRange(0, 40).Draw(t, "put")), fmt.Sprintf("%02d", rapid.IntRange(0, 40).Draw(t, "drop"))
			delete(all, gone)
			all[more.ID] = more
			c = get(c.With([]ads.Ad{more}, []string{gone}))
		}
		for range 5 {
			var q ads.Query
			for range rapid.IntRange(0, 2).Draw(t, "categories") {
				q.Categories = append(q.Categories, word("category", 3))
			}
			for range rapid.IntRange(0, 5).Draw(t, "values") {
				q.Values = append(q.Values, ads.Value{Field: word("field", 3), Value: word("value", 5)})
			}
			var want, got []string
			for id, ad := range all {
				if fits(ad, q) {
					want = append(want, id)
				}
			}
			slices.Sort(want)
			for _, i := range get(c.AppendMatches(nil, q)) {
				ad, _ := c.Ad(i)
				if got = append(got, ad.ID); c.Index(ad.ID) != i {
					t.Fatal("numbers")
				}
			}
			if !slices.Equal(got, want) || c.Len() != len(all) {
				t.Fatalf("%v, want %v", got, want)
			}
		}
	})
}

// manyAds are ads as they are booked: most for a category, a region or two, and a segment, some with clauses that exclude.
func manyAds(n int) []ads.Ad {
	r := rng.New(11, 1, 0)
	pick := func(field string, of, k int) ads.Term {
		t := ads.Term{Field: field}
		for range k {
			t.In = append(t.In, fmt.Sprint(r.Intn(of)))
		}
		return t
	}
	out := make([]ads.Ad, n)
	for i := range out {
		clause := ads.Clause{pick("region", 50, 1+r.Intn(3)), pick("segment", 20, 1+r.Intn(2))}
		if r.Bool(.2) {
			no := pick("brand", 200, 2)
			no.Not = true
			clause = append(clause, no)
		}
		out[i] = ads.Ad{
			ID: fmt.Sprintf("%06d", i), Advertiser: fmt.Sprint(i % 1000), Creatives: []string{"a", "b"}, Categories: []string{fmt.Sprint(r.Intn(200))}, Target: []ads.Clause{clause},
			Amount: int64(1000 + r.Intn(100_000)), Budget: int64(1e9),
		}
	}
	return out
}

func manyQueries() []ads.Query {
	r := rng.New(12, 1, 0)
	out := make([]ads.Query, 64)
	for i := range out {
		out[i].Categories = []string{fmt.Sprint(r.Intn(200)), fmt.Sprint(r.Intn(200))}
		for _, f := range []struct {
			name string
			of   int
		}{{"region", 50}, {"segment", 20}, {"segment", 20}, {"brand", 200}} {
			out[i].Values = append(out[i].Values, ads.Value{Field: f.name, Value: fmt.Sprint(r.Intn(f.of))})
		}
	}
	return out
}

func TestCatalogueAllocations(t *testing.T) {
	if testkit.Race {
		t.Skip("allocations mean nothing under the race detector")
	}
	c, queries := get(ads.NewCatalogue(manyAds(2000))), manyQueries()
	dst, i := make([]int32, 0, 2000), 0
	if n := testing.AllocsPerRun(200, func() { dst = get(c.AppendMatches(dst[:0], queries[i%len(queries)])); i++ }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppendMatches(b *testing.B) {
	c, queries := get(ads.NewCatalogue(manyAds(100_000))), manyQueries()
	b.ReportAllocs()
	dst, i, found := []int32(nil), 0, 0
	for b.Loop() {
		dst = get(c.AppendMatches(dst[:0], queries[i%len(queries)]))
		found += len(dst)
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lookups/s")
	b.ReportMetric(float64(found)/float64(b.N), "ads/op")
}
