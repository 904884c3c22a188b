package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// localOracle poses the problem of a target in float64: the Gram matrix, the
// gain of each candidate, and the target's co-occurring items by falling gain.
type localOracle struct {
	gram    [][]float64
	penalty []float64
}

func newLocalOracle(x *Interactions, weights bool, lambda, dropout float64) *localOracle {
	a := denseRows(x, weights)
	o := &localOracle{gram: denseProduct(denseTranspose(a), a)}
	for j := range o.gram {
		o.penalty = append(o.penalty, lambda+dropout/(1-dropout)*o.gram[j][j])
	}
	return o
}

func (o *localOracle) gain(j, target int) float64 {
	if g := o.gram[j][j]; g > 0 {
		return o.gram[target][j] * o.gram[target][j] / (g + o.penalty[j])
	}
	return 0
}

// checkCandidates fails unless the n or fewer items of column target are those
// of largest gain, up to rounding.
func (o *localOracle) checkCandidates(t *rapid.T, items []int32, target, n int) {
	t.Helper()
	if len(items) > n || slices.Contains(items, int32(target)) {
		t.Fatalf("item %d has candidates %v, want at most %d", target, items, n)
	}
	worst := math.Inf(1)
	for _, j := range items {
		worst = min(worst, o.gain(int(j), target))
	}
	for j := range o.gram {
		if g := o.gain(j, target); j != target && !slices.Contains(items, int32(j)) && (len(items) < n && g > 1e-9 || g > worst*(1+1e-5)) {
			t.Fatalf("item %d: %d with gain %v is no candidate; worst of %v is %v", target, j, g, items, worst)
		}
	}
}

// Every column is the ridge solution over its candidates, and these are the
// right ones.
func TestSparseEASEProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawWeighted(t)
		opt := SparseEASEOptions{
			L2:         rapid.SampledFrom([]float64{0.2, 3, 100}).Draw(t, "lambda"),
			Dropout:    rapid.SampledFrom([]float64{0, 0.4}).Draw(t, "dropout"),
			Neighbors:  rapid.IntRange(1, 26).Draw(t, "n"),
			UseWeights: rapid.Bool().Draw(t, "weights"),
		}
		m, err := FitSparseEASE(context.Background(), x, opt)
		if err != nil {
			t.Fatal(err)
		}
		o := newLocalOracle(x, opt.UseWeights, opt.L2, opt.Dropout)
		columns := m.reaches.Transpose()
		for i := range x.Items() {
			items, vals := columns.Row(i)
			o.checkCandidates(t, items, i, opt.Neighbors)
			if len(items) == 0 {
				continue
			}
			a := make([][]float64, len(items))
			for k, j := range items {
				for _, l := range items {
					a[k] = append(a[k], o.gram[j][l])
				}
				a[k][k] += o.penalty[j]
			}
			inv := denseInverse(a)
			for k, j := range items {
				want := 0.0
				for l, q := range items {
					want += inv[k][l] * o.gram[q][i]
				}
				if math.Abs(float64(vals[k])-want) > 1e-4*max(1, math.Abs(want)) {
					t.Fatalf("B[%d, %d] = %v, want %v", j, i, vals[k], want)
				}
			}
		}
	})
}

// Where all items occur together, nothing is left out: dense and sparse EASE are
// the same.
func TestSparseEASEIsEASE(t *testing.T) {
	x := groups(400, 40, 12, 6)
	for _, p := range []float64{0, 0.3} {
		dense, err := FitEASE(context.Background(), x, EASEOptions{L2: 10, Dropout: p})
		if err != nil {
			t.Fatal(err)
		}
		sparse, err := FitSparseEASE(context.Background(), x, SparseEASEOptions{L2: 10, Dropout: p})
		if err != nil {
			t.Fatal(err)
		}
		for j := range 40 {
			for i := range 40 {
				got := 0.0
				if q := sparse.reaches.Find(j, int32(i)); q >= 0 {
					got = float64(sparse.reaches.Val[q])
				}
				testkit.Near(t, fmt.Sprintf("p=%v B[%d, %d]", p, j, i), got, float64(dense.b[j*40+i]), 1e-4)
			}
		}
	}
}

// A Gram matrix cut hard is still solved, and an element kept in one row of two
// counts in both.
func TestSparseEASECut(t *testing.T) {
	x := groups(100, 40, 12, 6)
	for _, keep := range []int{1, 3, 10} {
		c, err := cooccur(context.Background(), x, false, keep, 0)
		if err != nil {
			t.Fatal(err)
		}
		var p localProblem
		for i := range x.Items() {
			c.pose(&p, i, keep, func(int32) float64 { return 0 })
			for k := range p.np {
				for l := range p.np {
					if p.a[k*p.np+l] != p.a[l*p.np+k] {
						t.Fatalf("item %d: the problem is not symmetric", i)
					}
				}
			}
		}
		b, err := c.regress(context.Background(), keep, 0, nil, func(int32) float64 { return 1e-9 }, func(t *localProblem, _ int) {
			ridge(t, func(int) float64 { return 1e-9 })
		})
		if err != nil || b.Validate() != nil || b.Len() == 0 {
			t.Fatalf("keep %d: %v, %v", keep, err, b)
		}
	}
}

func TestSparseEASEMemoryLimit(t *testing.T) {
	x := groups(60, 48, 8, 3)
	need := 24*int64(x.Len()) + 80*48 + 20*48*10
	_, err := FitSparseEASE(context.Background(), x, SparseEASEOptions{Neighbors: 10, MemoryLimit: need - 1})
	if !errors.Is(err, ErrTooLarge) || !contains(err.Error(), fmt.Sprint(need)) {
		t.Errorf("one byte short: %v, want ErrTooLarge naming %d", err, need)
	}
	if _, err := FitSparseEASE(context.Background(), x, SparseEASEOptions{Neighbors: 10, MemoryLimit: need}); err != nil {
		t.Errorf("enough: %v", err)
	}
	big, err := InteractionsFromRows(10_000_000, [][]int32{{0, 9_999_999}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := FitSparseEASE(context.Background(), big, SparseEASEOptions{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("ten million items: %v", err)
	}
}

func TestSparseEASEOptions(t *testing.T) {
	_, err := FitSparseEASE(context.Background(), groups(10, 9, 2, 1), SparseEASEOptions{L2: -1, Dropout: 1, Neighbors: 1 << 12, MemoryLimit: -1})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"L2", "Dropout", "Neighbors", "MemoryLimit"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

// catalogue returns a matrix with the long tail of a large shop: users with a
// few interests out of items/100 topics, items by Zipf's law within a topic.
func catalogue(users, items, n int, seed uint64) *Interactions {
	topics := items / 100
	rows := make([][]int32, users)
	for u := range rows {
		r := rng.New(seed, 1, uint64(u))
		taken := map[int32]bool{}
		interests := [4]int{r.Intn(topics), r.Intn(topics), r.Intn(topics), r.Intn(topics)}
		for range n {
			topic := interests[r.Intn(4)]
			if r.Bool(0.2) {
				topic = int(float64(topics) * math.Pow(r.Float64(), 3))
			}
			i := int32(topic + topics*int(100*math.Pow(r.Float64(), 2)))
			if !taken[i] {
				taken[i] = true
				rows[u] = append(rows[u], i)
			}
		}
	}
	x, err := InteractionsFromRows(items, rows)
	if err != nil {
		panic(err)
	}
	return x
}

// A catalogue of 100,000 items within 4 GiB.
func TestSparseEASELarge(t *testing.T) {
	testkit.Long(t)
	x := catalogue(300_000, 100_000, 30, 1)
	runtime.GC()
	m, err := FitSparseEASE(context.Background(), x, SparseEASEOptions{L2: 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries, %d weights", x.Len(), m.reaches.Len())
	if peak := peakRSS(); peak > 4<<30 {
		t.Errorf("peak memory of the process is %d bytes", peak)
	} else {
		t.Logf("peak memory of the process: %d MiB", peak>>20)
	}
	// The model must know the topics.
	own, all := 0, 0
	r := NewRanker(m)
	for u := 0; u < x.Users(); u += 3000 {
		q := x.Query(u)
		topics := map[int32]int{}
		for _, i := range q.Items {
			topics[i%1000]++
		}
		top, err := r.AppendTop(nil, q, 10, Filter{Items: q.Items})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range top {
			all++
			if topics[s.Item%1000] > 0 {
				own++
			}
		}
	}
	if own < all*8/10 {
		t.Errorf("%d of %d recommendations are of a topic of the user", own, all)
	}
}

// peakRSS returns the largest resident set of this process so far, or 0 where
// the system does not tell.
func peakRSS() int64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(raw), "\n") {
		var kb int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kb); err == nil {
			return kb << 10
		}
	}
	return 0
}

func BenchmarkFitSparseEASE(b *testing.B) {
	x := catalogue(10_000, 3_000, 40, 1)
	b.Run(fmt.Sprintf("users=10k/items=3k/entries=%dk/neighbors=200", x.Len()/1000), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitSparseEASE(context.Background(), x, SparseEASEOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// An item with next to no weight is no reason to leave the others out.
func TestSparseEASETinyItem(t *testing.T) {
	rows := make([][]int32, 20)
	for u := range rows {
		rows[u] = []int32{0, 1, 2}
	}
	x, err := InteractionsFromRows(3, rows)
	if err != nil {
		t.Fatal(err)
	}
	x = reweighed(x, func(_ int, i int32, _ *rng.Stream) float32 { return []float32{1, 1, 1e-30}[i] })
	m, err := FitSparseEASE(context.Background(), x, SparseEASEOptions{L2: 5, UseWeights: true})
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]float32, 3)
	if err := m.Score(dst, Query{User: Stranger, Items: []int32{0}}); err != nil {
		t.Fatal(err)
	}
	if want := 20.0 / 25; math.Abs(float64(dst[1])-want) > 1e-5 { // G01/(G00 + λ)
		t.Errorf("score is %v, want %v", dst[1], want)
	}
}
