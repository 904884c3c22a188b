package segment_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

func TestChooseKRecovers(t *testing.T) {
	rows, _ := blobs(900, 4, 5, 0.4, 21)
	c, err := segment.ChooseK(bg, rows, segment.ChooseKOptions{Min: 1, Max: 8, References: 5, Sample: 300, KMeans: segment.KMeansOptions{Restarts: 3}})
	if err != nil {
		t.Fatal(err)
	}
	if len(c) != 8 || c[0].K != 1 || c[7].K != 8 {
		t.Fatalf("%d rows", len(c))
	}
	for _, x := range []struct {
		name string
		by   func() (int, error)
	}{
		{"silhouette", c.BySilhouette}, {"Calinski-Harabasz", c.ByCalinskiHarabasz}, {"Davies-Bouldin", c.ByDaviesBouldin}, {"elbow", c.ByElbow}, {"gap", c.ByGap}, {"BIC", c.ByBIC},
	} {
		k, err := x.by()
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
		}
		// The elbow weighs the whole curve and may stop a little early.
		if k != 5 && (x.name != "elbow" || k < 3 || k > 5) {
			t.Errorf("%s chooses %d of 5 planted groups", x.name, k)
		}
	}
	if !math.IsNaN(c[0].Silhouette) || !math.IsNaN(c[0].CalinskiHarabasz) || math.IsNaN(c[0].Gap) {
		t.Errorf("one cluster: %+v", c[0])
	}
	// The scores of the table are those of the functions.
	labels, err := c[3].Model.Assign(nil, rows)
	if err != nil {
		t.Fatal(err)
	}
	ch, err := segment.CalinskiHarabasz(rows, labels)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "Calinski-Harabasz", c[3].CalinskiHarabasz, ch, 1e-6)
	db, err := segment.DaviesBouldin(rows, labels)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "Davies-Bouldin", c[3].DaviesBouldin, db, 1e-9)
	full, _, err := segment.Silhouette(bg, rows, labels)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "sampled silhouette", c[3].Silhouette, full, 0.1)
}

func TestChooseKSameBytes(t *testing.T) {
	rows, _ := blobs(500, 3, 4, 1, 2)
	run := uint64(0)
	testkit.AtGOMAXPROCS(t, func() []byte {
		r, _ := permuted(rows, make([]float64, len(rows)), run)
		run++
		c, err := segment.ChooseK(bg, r, segment.ChooseKOptions{Max: 5, References: 2, Sample: 100})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, x := range c {
			fmt.Fprintln(&b, x.K, x.Inertia, x.Silhouette, x.SimplifiedSilhouette, x.CalinskiHarabasz, x.DaviesBouldin, x.Gap, x.GapSE)
		}
		return []byte(b.String())
	})
}

func TestChooseKBadInput(t *testing.T) {
	_, err := segment.ChooseK(bg, six, segment.ChooseKOptions{Min: 3, Max: 2})
	wantErr(t, err, segment.ErrOption, "Max is 2")
	_, err = segment.ChooseK(bg, six, segment.ChooseKOptions{KMeans: segment.KMeansOptions{Centers: six}})
	wantErr(t, err, segment.ErrOption, "Centers")
	_, err = segment.ChooseK(bg, six, segment.ChooseKOptions{Min: 7})
	wantErr(t, err, segment.ErrRange, "6 distinct")
	_, err = segment.ChooseK(bg, nil, segment.ChooseKOptions{})
	wantErr(t, err, segment.ErrEmpty, "rows")
	c, err := segment.ChooseK(bg, six, segment.ChooseKOptions{Min: 5, Max: 9, References: -1})
	if err != nil || len(c) != 2 {
		t.Fatalf("%d rows, %v", len(c), err)
	}
	_, err = c.ByGap()
	wantErr(t, err, segment.ErrUndefined, "gap")
	_, err = c.ByElbow()
	wantErr(t, err, segment.ErrUndefined, "elbow")
	_, err = segment.KChoices(nil).BySilhouette()
	wantErr(t, err, segment.ErrUndefined, "silhouette")
}

func TestClusterScoresBadInput(t *testing.T) {
	for _, c := range []struct {
		name   string
		rows   [][]float64
		labels []int32
		want   error
	}{
		{"one cluster", six, []int32{3, 3, 3, 3, 3, 3}, segment.ErrUndefined},
		{"as many as rows", six, []int32{0, 1, 2, 3, 4, 5}, segment.ErrUndefined},
		{"negative label", six, []int32{0, 1, -1, 0, 0, 0}, segment.ErrRange},
		{"too few labels", six, []int32{0, 1}, segment.ErrShape},
		{"no rows", nil, nil, segment.ErrEmpty},
		{"NaN", [][]float64{{math.NaN()}, {1}, {2}}, []int32{0, 1, 1}, segment.ErrNotFinite},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := segment.Silhouette(bg, c.rows, c.labels)
			wantErr(t, err, c.want, "Silhouette")
			_, err = segment.SimplifiedSilhouette(c.rows, c.labels)
			wantErr(t, err, c.want, "SimplifiedSilhouette")
			_, err = segment.CalinskiHarabasz(c.rows, c.labels)
			wantErr(t, err, c.want, "CalinskiHarabasz")
			_, err = segment.DaviesBouldin(c.rows, c.labels)
			wantErr(t, err, c.want, "DaviesBouldin")
		})
	}
	same := [][]float64{{1}, {1}, {2}, {2}}
	_, err := segment.CalinskiHarabasz(same, []int32{0, 0, 1, 1})
	wantErr(t, err, segment.ErrUndefined, "centroids")
	_, err = segment.DaviesBouldin([][]float64{{1}, {3}, {0}, {4}}, []int32{0, 0, 1, 1})
	wantErr(t, err, segment.ErrUndefined, "centroid")
	// A stray high label costs no memory; a row alone counts 0.
	mean, each, err := segment.Silhouette(bg, [][]float64{{0}, {0}, {9}}, []int32{0, 0, math.MaxInt32})
	if err != nil || each[2] != 0 || each[0] != 1 {
		t.Errorf("%v %v %v", mean, each, err)
	}
}

func TestDescribeClusters(t *testing.T) {
	rows := [][]float64{{1, 5, 7}, {3, 5, 8}, {11, 5, 9}, {13, 5, 6}, {12, 5, 8}}
	c, err := segment.DescribeClusters(rows, []int32{4, 4, 1, 1, 1}, []string{"orders", "fixed", "age"}, -1)
	if err != nil {
		t.Fatal(err)
	}
	if len(c) != 2 || c[0].Cluster != 1 || c[0].Size != 3 || c[1].Cluster != 4 || c[0].Typical != 4 {
		t.Fatalf("%+v", c)
	}
	f := c[0].Features[0]
	if f.Name != "orders" || f.Mean != 12 || f.SD != 1 || f.Overall != 8 {
		t.Errorf("%+v", f)
	}
	// Overall variance of orders: (49+25+9+25+16)/4 = 31.
	testkit.Near(t, "Z", f.Z, 4/math.Sqrt(31), 1e-12)
	testkit.Near(t, "share", c[0].Share, 0.6, 1e-15)
	last := c[0].Features[2]
	if last.Name != "fixed" || last.Z != 0 {
		t.Errorf("constant column: %+v", last)
	}
	if got := c[1].String(); got != "cluster 4: 2 rows (40.0 %), orders 2 against 8 (-1.1 sd), age 7.5 against 7.6 (-0.1 sd), fixed 5 against 5 (+0.0 sd)" {
		t.Error(got)
	}
	_, err = segment.DescribeClusters(rows, []int32{4, 4, 1, 1, 1}, []string{"orders"}, -1)
	wantErr(t, err, segment.ErrShape, "names")
	_, err = segment.DescribeClusters(rows, []int32{4, 4, 1, 1, 1}, nil, -2)
	wantErr(t, err, segment.ErrOption, "minSize")
}

// The standard error of the gap is the population deviation over the reference
// data, widened by their number; one set of references more tells the second value.
func TestChooseKGapError(t *testing.T) {
	rows, _ := blobs(120, 2, 3, 0.5, 9)
	fit := func(references int) segment.KChoices {
		c, err := segment.ChooseK(bg, rows, segment.ChooseKOptions{Max: 4, References: references, Sample: -1})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	one, two, three := fit(1), fit(2), fit(3)
	for i := range one {
		if one[i].GapSE != 0 {
			t.Errorf("K %d: error %v of a single reference", one[i].K, one[i].GapSE)
		}
		own := math.Log(one[i].Inertia)
		first := one[i].Gap + own
		second := 2*(two[i].Gap+own) - first
		third := 3*(three[i].Gap+own) - first - second
		testkit.Near(t, "error of two references", two[i].GapSE, math.Abs(first-second)/2*math.Sqrt(1+1./2), 1e-9)
		mean := (first + second + third) / 3
		sd := math.Sqrt(((first-mean)*(first-mean) + (second-mean)*(second-mean) + (third-mean)*(third-mean)) / 3)
		testkit.Near(t, "error of three references", three[i].GapSE, sd*math.Sqrt(1+1./3), 1e-9)
	}
}

// ByGap takes the first K within one standard error of the next one's gap.
func TestByGap(t *testing.T) {
	for _, c := range []struct {
		name    string
		choices segment.KChoices
		want    int
	}{
		{"within the error of the next", segment.KChoices{{K: 1, Gap: .5, GapSE: 9}, {K: 2, Gap: .6, GapSE: .1}, {K: 3, Gap: .6}}, 1},
		{"not within it", segment.KChoices{{K: 1, Gap: .5, GapSE: 9}, {K: 2, Gap: .6, GapSE: .09}, {K: 3, Gap: .6}}, 2},
		{"still rising", segment.KChoices{{K: 1, Gap: .1}, {K: 2, Gap: .2}, {K: 3, Gap: .3}}, 0},
		{"not computed", segment.KChoices{{K: 1, Gap: math.NaN(), GapSE: math.NaN()}, {K: 2, Gap: math.NaN(), GapSE: math.NaN()}}, 0},
		{"one row", segment.KChoices{{K: 2, Gap: 1}}, 0},
	} {
		k, err := c.choices.ByGap()
		if k != c.want || (err == nil) != (c.want > 0) || err != nil && !errors.Is(err, segment.ErrUndefined) {
			t.Errorf("%s: %d, %v", c.name, k, err)
		}
	}
}

// The BIC by its definition, row by row: round normal clusters of one variance, which is
// estimated without bias.
func TestKChoiceBIC(t *testing.T) {
	rows, _ := blobs(120, 3, 4, .7, 9)
	c, err := segment.ChooseK(bg, rows, segment.ChooseKOptions{Min: 2, Max: 5, References: -1})
	must(err)
	for _, x := range c {
		n, k, d := 120.0, float64(x.K), 3.0
		variance := x.Inertia / (d * (n - k))
		weights, log := x.Model.Weights(), 0.0
		for _, r := range rows {
			j, apart, err := x.Model.Nearest(r)
			must(err)
			log += math.Log(weights[j]/n) - d/2*math.Log(2*math.Pi*variance) - apart/(2*variance)
		}
		testkit.Near(t, fmt.Sprintf("BIC of %d", x.K), x.BIC, -2*log+k*(d+1)*math.Log(n), 1e-8)
	}
}
