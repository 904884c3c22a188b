package ann_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/internal/vec"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/ann"
)

// TestHNSWLarge measures the index against exact scoring on a large catalogue:
//
//	AISLE_LONG=1 AISLE_HNSW_ITEMS=1000000 go test -v -timeout 2h -run HNSWLarge ./recommend/ann
//
// On 22 November 2026, on 2 cores of an AMD EPYC, one query at a time on one
// core, built in 2 minutes: clustered vectors (10,000 clusters in 20 departments,
// lengths log-normal) reach recall@10 .978 at ef=128 in 0.14 ms and .990 at
// ef=1024 in 0.92 ms. Scoring every item takes 8.3 ms (AVX2), but exact retrieval
// starts from the longest vectors and stops when no other can win: with lengths
// so unequal it needs 0.22 ms, and no index is called for. Independent normal
// vectors have 64 real dimensions and no structure to follow: .947 at ef=2048 in
// 4.0 ms. TestHNSWFactors has the factors of fitted models.
func TestHNSWLarge(t *testing.T) {
	testkit.Long(t)
	n := 200_000
	if s := os.Getenv("AISLE_HNSW_ITEMS"); s != "" {
		if _, err := fmt.Sscan(s, &n); err != nil {
			t.Fatal(err)
		}
	}
	const f, queries, k = 64, 200, 10
	for _, data := range []string{"clustered", "random"} {
		t.Run(data, func(t *testing.T) {
			var all recommend.RowVectors
			if data == "clustered" {
				all = clusteredVectors(n+queries, f, n/100, 1)
			} else {
				all = randomVectors(n+queries, f, 1)
			}
			v := recommend.RowVectors{Rows: all.Rows[:n*f], N: f}
			als := alsOf(t, f, all.Rows[n*f:], v.Rows)
			start := time.Now()
			x := fitHNSW(t, v, ann.HNSWOptions{})
			t.Logf("%d items, f=%d, built in %v", n, f, time.Since(start).Round(time.Second))
			r := recommend.NewRanker(als)
			exact := make([][]recommend.Scored, queries)
			var spent []time.Duration
			for u := range queries {
				var err error
				start = time.Now()
				if exact[u], err = r.AppendTop(nil, recommend.Query{User: int32(u)}, k, recommend.Filter{}); err != nil {
					t.Fatal(err)
				}
				spent = append(spent, time.Since(start))
			}
			slices.Sort(spent)
			base := spent[queries/2]
			t.Logf("exact: p50 %v", base)
			want, reached := 0.99, false
			if data == "random" {
				want = 0.9
			}
			for _, ef := range []int{32, 64, 128, 256, 512, 1024, 2048, 4096} {
				spent = spent[:0]
				recall := 0.0
				for u := range queries {
					start = time.Now()
					got, err := x.AppendTop(nil, als.UserVector(u), k, ef, recommend.Filter{})
					spent = append(spent, time.Since(start))
					if err != nil {
						t.Fatal(err)
					}
					recall += recallOf(got, exact[u]) / queries
				}
				slices.Sort(spent)
				t.Logf("ef=%d: recall@10 %.4f, p50 %v, p99 %v, %.1f times faster", ef, recall, spent[queries/2], spent[queries*99/100], float64(base)/float64(spent[queries/2]))
				reached = reached || recall >= want
				if recall >= 0.99 {
					break
				}
			}
			if !reached {
				t.Errorf("recall@10 stays below %v", want)
			}
		})
	}
}

// generatedShop is a matrix of n items: topics with long tails of items, people
// with a few topics each and the bestsellers now and then.
func generatedShop(t testing.TB, n int) *recommend.Interactions {
	t.Helper()
	const perUser = 40
	users, topics := n/4, max(n/500, 10)
	g := rng.New(21, 0, 0)
	cells := make([]int32, 0, users*perUser)
	ptr := make([]int64, 1, users+1)
	var row []int32
	for range users {
		mine := [4]int{g.Intn(topics), g.Intn(topics), g.Intn(topics), g.Intn(topics)}
		row = row[:0]
		for range perUser {
			topic := mine[g.Intn(4)]
			if g.Bool(.1) {
				topic = g.Intn(topics)
			}
			// The place of an item within its topic, the head far more often.
			row = append(row, int32(int(float64(n/topics)*math.Pow(g.Float64(), 3))*topics+topic))
		}
		slices.Sort(row)
		row = slices.Compact(row)
		cells = append(cells, row...)
		ptr = append(ptr, int64(len(cells)))
	}
	x, err := recommend.NewInteractions(users, n, ptr, cells, nil)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestHNSWFactors measures the index against exact scoring on what it is for:
// the factors of recommend.ALS, users asking. Their lengths differ as the popularity of
// items does, which is what makes inner products hard.
//
//	AISLE_LONG=1 AISLE_HNSW_ITEMS=1000000 go test -v -timeout 2h -run HNSWFactors ./recommend/ann
func TestHNSWFactors(t *testing.T) {
	testkit.Long(t)
	n := 200_000
	if s := os.Getenv("AISLE_HNSW_ITEMS"); s != "" {
		if _, err := fmt.Sscan(s, &n); err != nil {
			t.Fatal(err)
		}
	}
	const f = 64
	fit := func(t *testing.T, x *recommend.Interactions, iterations int) *recommend.ALS {
		m, err := recommend.FitALS(context.Background(), x, recommend.ALSOptions{Factors: f, Iterations: iterations})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	t.Run("gowalla", func(t *testing.T) {
		const users, items = 29858, 40981
		rows := make([][]int32, users)
		for line := range strings.Lines(string(testkit.ReadShared(t, "data", "gowalla", "train.txt.gz"))) {
			var u int
			for k, field := range strings.Fields(line) {
				v, err := strconv.Atoi(field)
				if err != nil {
					t.Fatal(err)
				}
				if k == 0 {
					u = v
				} else {
					rows[u] = append(rows[u], int32(v))
				}
			}
		}
		var cells []int32
		ptr := make([]int64, 1, users+1)
		for _, row := range rows {
			slices.Sort(row)
			cells = append(cells, slices.Compact(row)...)
			ptr = append(ptr, int64(len(cells)))
		}
		x, err := recommend.NewInteractions(users, items, ptr, cells, nil)
		if err != nil {
			t.Fatal(err)
		}
		measureHNSW(t, fit(t, x, 10), true)
	})
	t.Run("generated", func(t *testing.T) { measureHNSW(t, fit(t, generatedShop(t, n), 4), false) })
}

// measureHNSW reports recall and speed over the factors of m, as they are and
// after a fifth of them has left and come back changed.
func measureHNSW(t *testing.T, m *recommend.ALS, changes bool) {
	n, f := m.Items(), m.Factors()
	lengths := make([]float64, n)
	for i := range lengths {
		lengths[i] = math.Sqrt(vec.Norm2(m.ItemVector(i)))
	}
	slices.Sort(lengths)
	t.Logf("%d items, f=%d; lengths: median %.3g, 99th percentile %.3g, longest %.3g", n, f, lengths[n/2], lengths[n*99/100], lengths[n-1])
	now := recommend.RowVectors{N: f}
	for i := range n {
		now.Rows = append(now.Rows, m.ItemVector(i)...)
	}
	var users []float32
	for u := range m.Users() {
		users = append(users, m.UserVector(u)...)
	}
	start := time.Now()
	x := fitHNSW(t, now, ann.HNSWOptions{})
	t.Logf("built in %v", time.Since(start).Round(time.Second))
	const queries, k = 200, 10
	g := rng.New(5, 0, 0)
	var asked []int
	for len(asked) < queries {
		if u := g.Intn(m.Users()); vec.Norm2(m.UserVector(u)) > 0 {
			asked = append(asked, u)
		}
	}
	report := func(when string) (best float64) {
		r := recommend.NewRanker(alsOf(t, f, users, now.Rows))
		var exact [queries][]recommend.Scored
		var spent []time.Duration
		for q, u := range asked {
			var err error
			start := time.Now()
			if exact[q], err = r.AppendTop(nil, recommend.Query{User: int32(u)}, k, recommend.Filter{}); err != nil {
				t.Fatal(err)
			}
			spent = append(spent, time.Since(start))
		}
		slices.Sort(spent)
		base := spent[queries/2]
		t.Logf("%s: exact p50 %v, fastest %v", when, base, spent[0])
		fastest := spent[0]
		for ef := 16; ef <= 4096; ef *= 2 {
			spent = spent[:0]
			recall, worst := 0.0, 1.0
			for q, u := range asked {
				start := time.Now()
				got, err := x.AppendTop(nil, m.UserVector(u), k, ef, recommend.Filter{})
				spent = append(spent, time.Since(start))
				if err != nil {
					t.Fatal(err)
				}
				v := recallOf(got, exact[q])
				recall += v / queries
				worst = min(worst, v)
			}
			slices.Sort(spent)
			t.Logf("%s: ef=%d: recall@10 %.4f (least %.1f), p50 %v, p99 %v: %.1f times faster at the median, %.1f at the fastest", when, ef, recall, worst, spent[queries/2], spent[queries*99/100],
				float64(base)/float64(spent[queries/2]), float64(fastest)/float64(spent[0]))
			best = max(best, recall)
			if recall >= .998 {
				break
			}
		}
		return best
	}
	if best := report("fitted"); best < .99 {
		t.Errorf("recall@10 stays at %v", best)
	}
	if !changes {
		return
	}
	gone := g.Perm(n)[:n/5]
	for _, i := range gone {
		if err := x.Remove(i); err != nil {
			t.Fatal(err)
		}
	}
	for k, i := range gone { // a fifth of the items returns as others of their kind
		row := now.ItemVector(int(i))
		other := m.ItemVector(int(gone[(k+1)%len(gone)]))
		for d := range row {
			row[d] = .5*other[d] + .5*m.ItemVector(g.Intn(n))[d]
		}
		if err := x.Add(i, row); err != nil {
			t.Fatal(err)
		}
	}
	if best := report("after a fifth changed"); best < .99 {
		t.Errorf("recall@10 stays at %v after changes", best)
	}
}
