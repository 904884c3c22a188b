package recommend

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// TestDiversityCurves draws accuracy against diversity for every re-ranker on
// two data sets; docs/diversity.md holds its table:
//
//	AISLE_LONG=1 go test -v -run DiversityCurves ./recommend/
func TestDiversityCurves(t *testing.T) {
	testkit.Long(t)
	t.Run("gowalla", func(t *testing.T) {
		var train, test *Interactions
		for name, x := range map[string]**Interactions{"train.txt.gz": &train, "test.txt.gz": &test} {
			// The largest user and item are in train: both have its shape.
			var ui []userItem
			for _, line := range strings.Split(strings.TrimSpace(string(testkit.ReadShared(t, "data", "gowalla", name))), "\n") {
				f := strings.Fields(line)
				for _, i := range f[1:] {
					ui = append(ui, userItem{atoi(t, f[0]), atoi(t, i)})
				}
			}
			*x = matrixOf(t, 29858, 40981, ui)
		}
		bands := popularityBands(train, 5)
		curves(t, train, test, bands, bands, 4)
	})
	t.Run("online-retail", func(t *testing.T) {
		r := csv.NewReader(bytes.NewReader(testkit.ReadShared(t, "data", "online-retail", "online_retail.csv.gz")))
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewBuilder[string, string](BuilderOptions{Duplicates: Max})
		if err != nil {
			t.Fatal(err)
		}
		prices := map[string][]float64{}
		for _, f := range rows[1:] {
			price, err := strconv.ParseFloat(f[5], 64)
			if f[6] == "" || strings.HasPrefix(f[0], "C") || err != nil || price <= 0 || atoi(t, f[3]) <= 0 {
				continue
			}
			if err := b.Add(f[6], f[1], 1); err != nil {
				t.Fatal(err)
			}
			prices[f[1]] = append(prices[f[1]], price)
		}
		d, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		train, test := firstFold(d.Interactions, 5, 1)
		// Price bands with equally many items each, by median price.
		n := d.Items.Len()
		median := make([]float64, n)
		order := make([]int, n)
		for i := range n {
			p := prices[d.Items.ID(int32(i))]
			slices.Sort(p)
			median[i], order[i] = p[len(p)/2], i
		}
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case median[a] < median[b]:
				return -1
			case median[a] > median[b]:
				return 1
			}
			return 0
		})
		bands := make([]int32, n)
		for k, i := range order {
			bands[i] = int32(k * 5 / n)
		}
		curves(t, train, test, bands, popularityBands(train, 5), 1)
	})
}

type userItem struct{ u, i int }

func atoi(t testing.TB, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func matrixOf(t testing.TB, users, items int, cells []userItem) *Interactions {
	t.Helper()
	slices.SortFunc(cells, func(a, b userItem) int {
		if a.u != b.u {
			return a.u - b.u
		}
		return a.i - b.i
	})
	ptr, cols := make([]int64, users+1), make([]int32, len(cells))
	for k, c := range cells {
		ptr[c.u+1]++
		cols[k] = int32(c.i)
	}
	for u := range users {
		ptr[u+1] += ptr[u]
	}
	x, err := NewInteractions(users, items, ptr, cols, nil)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// popularityBands cuts the items into bands of equally many interactions, the
// most popular items first.
func popularityBands(x *Interactions, n int) []int32 {
	pop := make([]int, x.Items())
	for u := range x.Users() {
		items, _ := x.Row(u)
		for _, i := range items {
			pop[i]++
		}
	}
	order := make([]int, x.Items())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return pop[b] - pop[a] })
	out, sum := make([]int32, x.Items()), 0
	for _, i := range order {
		out[i] = int32(min(sum*n/x.Len(), n-1))
		sum += pop[i]
	}
	return out
}

// curves logs one line a method and lambda.
func curves(t *testing.T, train, test *Interactions, category, popularity []int32, every int) {
	const candidates, k, bands = 100, 20, 5
	m, err := FitALS(context.Background(), train, ALSOptions{Factors: 128, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	like, err := NewVectorLikeness(m)
	if err != nil {
		t.Fatal(err)
	}
	lists := make([][]int32, train.Items())
	tail := make([]int32, train.Items())
	for i := range lists {
		lists[i] = category[i : i+1]
		tail[i] = -1
		if popularity[i] == bands-1 {
			tail[i] = 0
		}
	}
	cats, err := NewCategories(bands, lists)
	if err != nil {
		t.Fatal(err)
	}
	type person struct {
		from  []Scored
		taste []float64
		want  map[int32]bool
	}
	var people []person
	r := NewRanker(m)
	for u := 0; u < train.Users(); u += every {
		items, weights := train.Row(u)
		hits, _ := test.Row(u)
		if len(items) == 0 || len(hits) == 0 {
			continue
		}
		p := person{taste: make([]float64, bands), want: map[int32]bool{}}
		if p.from, err = r.AppendTop(nil, train.Query(u), candidates, Filter{Items: items}); err != nil {
			t.Fatal(err)
		}
		if err := cats.Taste(p.taste, items, weights); err != nil {
			t.Fatal(err)
		}
		for _, i := range hits {
			p.want[i] = true
		}
		people = append(people, p)
	}
	byItem := train.byItem()
	together := func(a, b int32) float64 { // cosine of the sets of buyers: the similarity nobody optimised
		x, _ := byItem.Row(int(a))
		y, _ := byItem.Row(int(b))
		n := 0
		for i, j := 0, 0; i < len(x) && j < len(y); {
			switch {
			case x[i] < y[j]:
				i++
			case x[i] > y[j]:
				j++
			default:
				n++
				i++
				j++
			}
		}
		if n == 0 {
			return 0
		}
		return float64(n) / math.Sqrt(float64(len(x))*float64(len(y)))
	}
	t.Logf("%d people, %d candidates, lists of %d", len(people), candidates, k)
	t.Logf("| method | lambda | recall@20 | NDCG@20 | ILD vectors | ILD buyers | coverage | KL to taste | tail share | floor kept |")
	t.Logf("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	var rr Reranker
	var list []Scored
	line := func(name string, lambda float64, run func(p *person) ([]Scored, error)) {
		recall, ndcg, vectors, buyers, kl, tails, kept := 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
		seen := make([]bool, train.Items())
		for n := range people {
			p := &people[n]
			var err error
			if list, err = run(p); err != nil || len(list) != k {
				t.Fatal(len(list), err)
			}
			hits, gain, ideal := 0, 0.0, 0.0
			inTail, had := 0, 0
			for a, s := range list {
				seen[s.Item] = true
				if p.want[s.Item] {
					hits++
					gain += 1 / math.Log2(float64(a+2))
				}
				if a < len(p.want) {
					ideal += 1 / math.Log2(float64(a+2))
				}
				if tail[s.Item] == 0 {
					inTail++
				}
				var row [k]float32
				ids := make([]int32, a)
				for b := range a {
					ids[b] = list[b].Item
					if n%10 == 0 {
						buyers += 10 * (1 - together(s.Item, list[b].Item)) / (k * (k - 1) / 2)
					}
				}
				if err := like.Likeness(row[:a], s.Item, ids); err != nil {
					t.Fatal(err)
				}
				for _, v := range row[:a] {
					vectors += (1 - float64(v)) / (k * (k - 1) / 2)
				}
			}
			for _, s := range p.from {
				if tail[s.Item] == 0 {
					had++
				}
			}
			if inTail >= min(had, int(lambda*k+1e-9)) {
				kept++
			}
			recall += float64(hits) / float64(len(p.want))
			ndcg += gain / ideal
			kl += listKL(cats, p.taste, list)
			tails += float64(inTail) / k
		}
		covered := 0
		for _, s := range seen {
			if s {
				covered++
			}
		}
		n := float64(len(people))
		floor := ""
		if name == "Floors" {
			floor = fmt.Sprintf("%.4f", kept/n)
			if kept != n {
				t.Errorf("Floors %v kept for %v of %v people", lambda, kept, n)
			}
		}
		t.Logf("| %s | %g | %.4f | %.4f | %.3f | %.3f | %.3f | %.3f | %.3f | %s |", name, lambda, recall/n, ndcg/n, vectors/n, buyers/n,
			float64(covered)/float64(train.Items()), kl/n, tails/n, floor)
	}
	line("plain", 0, func(p *person) ([]Scored, error) { return p.from[:k], nil })
	for _, l := range []float64{0.1, 0.2, 0.3, 0.5, 0.7} {
		line("MMR", l, func(p *person) ([]Scored, error) { return rr.MMR(list[:0:0], p.from, k, l, like) })
	}
	for _, l := range []float64{0.05, 0.1, 0.2, 0.3, 0.5, 0.7} {
		line("DPP", l, func(p *person) ([]Scored, error) { return rr.DPP(list[:0:0], p.from, k, l, like) })
	}
	for _, l := range []float64{0.3, 0.5, 0.7, 0.9, 1} {
		line("XQuAD", l, func(p *person) ([]Scored, error) {
			return rr.XQuAD(list[:0:0], p.from, k, l, cats, p.taste, 0.2)
		})
	}
	for _, l := range []float64{0.5, 0.8, 0.9, 0.99, 1} {
		line("Calibrate", l, func(p *person) ([]Scored, error) {
			return rr.Calibrate(list[:0:0], p.from, k, l, cats, p.taste)
		})
	}
	for _, l := range []float64{0.1, 0.2, 0.3, 0.5} {
		line("Floors", l, func(p *person) ([]Scored, error) {
			return rr.Floors(list[:0:0], p.from, k, tail, []float64{l})
		})
	}
}

// firstFold returns the parts of the first of k folds, those of split.Folds.
func firstFold(x *Interactions, k int, seed uint64) (train, test *Interactions) {
	dealt := make([][]int32, x.Users())
	next := 0
	for u := range dealt {
		dealt[u] = make([]int32, x.users.RowLen(u))
		next = rng.New(seed, 0x666f6c64, uint64(u)).Deal(dealt[u], k, next)
	}
	return x.Select(func(u, k int) bool { return dealt[u][k] != 0 }), x.Select(func(u, k int) bool { return dealt[u][k] == 0 })
}
