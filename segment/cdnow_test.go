package segment_test

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

// TestCDNOW holds the whole way from a shop's orders to its groups against pandas, lifelines,
// scikit-learn and fastcluster: money, RFMT cells, pauses, k-means and Ward.
func TestCDNOW(t *testing.T) {
	var g struct {
		Customers, Cents, Ended, Open int64
		Gini, Top20, For80            float64
		Cells                         [][5]int
		Returning                     float64
		Quantiles                     []float64
		Inertia                       float64
		Sizes                         []int
		CH                            float64   `json:"calinski_harabasz"`
		DB                            float64   `json:"davies_bouldin"`
		WardTop                       []float64 `json:"ward_top"`
		WardSum                       float64   `json:"ward_sum"`
		WardSizes                     []int     `json:"ward_sizes"`
	}
	testkit.Golden(t, "cdnow.json", &g)
	visits, cents := cdnow(t)
	end := time.Date(1998, 7, 1, 0, 0, 0, 0, time.UTC)
	var pareto segment.Pareto
	gaps := segment.Gaps{Sleep: .7, Churn: .85}
	var rows [][]float64
	scorer := rfmt(t)
	cells := map[segment.RFMScore]int{}
	for i, seen := range visits {
		must(pareto.Add(cents[i]))
		must(gaps.Add(seen, end))
		recency, frequency := end.Sub(seen[len(seen)-1]).Hours()/24, float64(len(seen))
		money := float64(cents[i]) / 100
		gap := seen[len(seen)-1].Sub(seen[0]).Hours() / 24 / (frequency - 1) // NaN with one visit
		cell, err := scorer.ScoreT(recency, frequency, money, gap)
		must(err)
		cells[cell]++
		rows = append(rows, []float64{math.Log1p(recency), math.Log(frequency), math.Log1p(money)})
	}

	p, err := pareto.Result()
	if err != nil || p.Customers != g.Customers || p.Money != g.Cents || !testkit.Close(p.Gini, g.Gini, 0, 1e-10) ||
		!testkit.Close(p.Top20, g.Top20, 0, 1e-12) || math.Abs(p.For80-g.For80) > .005 { // between whole parts for the floor
		t.Errorf("money: %+v, %v; want %+v", p, err, g)
	}
	for _, c := range g.Cells {
		s := segment.RFMScore{R: uint8(c[0]), F: uint8(c[1]), M: uint8(c[2]), T: uint8(c[3])}
		if cells[s] != c[4] {
			t.Errorf("cell %v: %d customers, want %d", s, cells[s], c[4])
		}
		delete(cells, s)
	}
	if len(cells) > 0 || len(g.Cells) < 100 {
		t.Errorf("%d cells that the peer has not, %d that it has", len(cells), len(g.Cells))
	}
	r, err := gaps.Result()
	if err != nil || r.Ended != g.Ended || r.Open != g.Open || !testkit.Close(r.Returning, g.Returning, 0, 2e-3) {
		t.Errorf("pauses: %+v, %v; want %d, %d, %v", r, err, g.Ended, g.Open, g.Returning)
	}
	strict := gaps
	strict.Churn = .95 // 332 days, and nobody was watched for twice as long
	if _, err := strict.Result(); !errors.Is(err, segment.ErrUndefined) {
		t.Errorf("a churn that was not watched: %v", err)
	}
	for i, got := range []time.Duration{r.Median, r.Thresholds.Sleep, r.Thresholds.Churn} {
		if !testkit.Close(got.Hours()/24, g.Quantiles[i], 0, .02) {
			t.Errorf("pauses, quantile %d: %v, want %v days", i, got, g.Quantiles[i])
		}
	}

	start := [][]float64{rows[0], rows[5000], rows[10000], rows[15000], rows[20000]}
	m, err := segment.FitKMeans(bg, rows, segment.KMeansOptions{Centers: start, Tol: -1, MaxIter: 1000})
	must(err)
	labels, err := m.Assign(nil, rows)
	must(err)
	ch, err := segment.CalinskiHarabasz(rows, labels)
	must(err)
	db, err := segment.DaviesBouldin(rows, labels)
	if err != nil || !testkit.Close(m.Inertia(), g.Inertia, 0, 1e-9) || !slices.Equal(sizes(labels), g.Sizes) ||
		!testkit.Close(ch, g.CH, 0, 1e-9) || !testkit.Close(db, g.DB, 0, 1e-9) {
		t.Errorf("k-means: %v, %v, %v, %v, %v", m.Inertia(), sizes(labels), ch, db, err)
	}

	few := make([][]float64, 3000)
	for i := range few { // without ties, whose order is nobody's
		x := float64(i) * 1e-7
		few[i] = []float64{rows[i][0] + x, rows[i][1] + x, rows[i][2] + x}
	}
	d, err := segment.FitDendrogram(bg, few, segment.DendrogramOptions{Linkage: segment.LinkWard})
	must(err)
	labels, err = d.CutCount(nil, 6)
	must(err)
	sum, merges := 0.0, d.Merges()
	for _, step := range merges {
		sum += step.Height
	}
	for i, want := range g.WardTop {
		if got := merges[len(merges)-len(g.WardTop)+i].Height; !testkit.Close(got, want, 0, 1e-9) {
			t.Errorf("Ward: height %v, want %v", got, want)
		}
	}
	if !testkit.Close(sum, g.WardSum, 0, 1e-9) || !slices.Equal(sizes(labels), g.WardSizes) {
		t.Errorf("Ward: %v, %v; want %v, %v", sum, sizes(labels), g.WardSum, g.WardSizes)
	}
}

// cdnow reads the days on which each customer bought, ascending, and what they spent.
func cdnow(t *testing.T) (visits [][]time.Time, cents []int64) {
	lines := strings.Split(strings.TrimSpace(string(testkit.ReadShared(t, "data", "cdnow", "CDNOW_master.txt.gz"))), "\n")
	last := ""
	for _, line := range lines[1:] {
		f := strings.Fields(line)
		day, err := time.Parse("20060102", f[1])
		must(err)
		amount, err := parseCents(f[3])
		must(err)
		if f[0] != last {
			last, visits, cents = f[0], append(visits, nil), append(cents, 0)
		}
		i := len(visits) - 1
		visits[i], cents[i] = append(visits[i], day), cents[i]+amount
	}
	for i := range visits {
		slices.SortFunc(visits[i], time.Time.Compare)
		visits[i] = slices.Compact(visits[i]) // two orders of a day are one visit
	}
	return visits, cents
}

// parseCents reads an amount such as 11.77.
func parseCents(s string) (int64, error) {
	x, err := strconv.ParseFloat(s, 64)
	return int64(math.Round(100 * x)), err
}

// rfmt has the thresholds of the golden file.
func rfmt(t *testing.T) *segment.RFM {
	cuts := func(at ...float64) segment.Cuts {
		c, err := segment.NewCuts(at...)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	m, err := segment.NewRFM(cuts(60, 180, 365, 480), cuts(1, 2, 4, 8), cuts(15, 30, 75, 200))
	must(err)
	m, err = m.WithTime(cuts(30, 60, 120, 240))
	must(err)
	return m
}

// sizes returns how many rows each label has, ascending.
func sizes(labels []int32) []int {
	n := make([]int, slices.Max(labels)+1)
	for _, l := range labels {
		n[l]++
	}
	slices.Sort(n)
	return n
}
