package segment_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

var bg = context.Background()

var six = [][]float64{{1, 2}, {1, 4}, {1, 0}, {10, 2}, {10, 4}, {10, 0}}

// Six points in two columns: centres (1, 2) and (10, 2), inertia 16, silhouette .713348,
// Calinski-Harabasz 30.375, Davies-Bouldin .296296.
func TestSixPoints(t *testing.T) {
	m, err := segment.FitKMeans(bg, six, segment.KMeansOptions{K: 2, Restarts: 4, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "inertia", m.Inertia(), 16, 1e-12)
	labels, err := m.Assign(nil, six)
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := segment.Silhouette(bg, six, labels)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "silhouette", s, .713348, 1e-6)
	simple, err := segment.SimplifiedSilhouette(six, labels)
	if err != nil {
		t.Fatal(err)
	}
	// a is 0 or 2, b is 9 or √85: (1 + 2(√85−2)/√85) / 3.
	testkit.Near(t, "simplified silhouette", simple, (1+2*(math.Sqrt(85)-2)/math.Sqrt(85))/3, 1e-12)
	ch, err := segment.CalinskiHarabasz(six, labels)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "Calinski-Harabasz", ch, 30.375, 1e-9)
	db, err := segment.DaviesBouldin(six, labels)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "Davies-Bouldin", db, .296296, 1e-6)
	if w := m.Weights(); w[0] != 3 || w[1] != 3 {
		t.Errorf("weights %v", w)
	}
	c := m.Centers()
	slices.SortFunc(c, slices.Compare)
	if len(c) != 2 || !slices.Equal(c[0], []float64{1, 2}) || !slices.Equal(c[1], []float64{10, 2}) {
		t.Errorf("centres %v, want (1, 2) and (10, 2)", c)
	}
}

// plainLloyd is the textbook iteration: no bounds, no blocks, no tricks.
func plainLloyd(rows [][]float64, start [][]float64, maxIter int) (centers [][]float64, inertia float64, iterations int) {
	k, d := len(start), len(start[0])
	for _, c := range start {
		centers = append(centers, append([]float64(nil), c...))
	}
	dist := func(x, c []float64) float64 {
		s := 0.0
		for j := range x {
			s += (x[j] - c[j]) * (x[j] - c[j])
		}
		return s
	}
	nearest := func(x []float64) int {
		best := 0
		for j := range centers {
			if dist(x, centers[j]) < dist(x, centers[best]) {
				best = j
			}
		}
		return best
	}
	label := make([]int, len(rows))
	for i := range label {
		label[i] = -1
	}
	for iterations < maxIter {
		iterations++
		moved := 0
		n, sum := make([]float64, k), make([][]float64, k)
		for j := range sum {
			sum[j] = make([]float64, d)
		}
		for i, x := range rows {
			j := nearest(x)
			if j != label[i] {
				label[i] = j
				moved++
			}
			n[j]++
			for q := range x {
				sum[j][q] += x[q]
			}
		}
		shift := 0.0
		for j := range centers {
			if n[j] == 0 {
				return nil, 0, 0 // left to other tests
			}
			for q := range sum[j] {
				to := sum[j][q] / n[j]
				shift += math.Abs(to - centers[j][q])
				centers[j][q] = to
			}
		}
		if moved == 0 || shift == 0 {
			break
		}
	}
	for _, x := range rows {
		inertia += dist(x, centers[nearest(x)])
	}
	return centers, inertia, iterations
}

// The bounds must not change anything: compare with the plain iteration.
func TestFitKMeansPlainProp(t *testing.T) {
	compared := 0
	testkit.Until(t, "a fit to compare", func() bool { return compared > 0 }, func(t *rapid.T) {
		n, d := rapid.IntRange(6, 60).Draw(t, "n"), rapid.IntRange(1, 5).Draw(t, "d")
		s := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		offset := rapid.SampledFrom([]float64{0, 0, 1000}).Draw(t, "offset")
		rows := make([][]float64, n)
		for i := range rows {
			rows[i] = make([]float64, d)
			for j := range rows[i] {
				rows[i][j] = offset + s.Normal()
			}
		}
		k := rapid.IntRange(1, 6).Draw(t, "k")
		start := rows[:k]
		centers, inertia, iterations := plainLloyd(rows, start, 50)
		m, err := segment.FitKMeans(bg, rows, segment.KMeansOptions{Centers: start, MaxIter: 50, Tol: -1})
		if errors.Is(err, segment.ErrRange) || centers == nil {
			return // fewer distinct points than clusters, or an empty one
		}
		if err != nil {
			t.Fatal(err)
		}
		compared++
		if gap := m.Iterations() - iterations; gap < -1 || gap > 1 { // a shift of exactly 0 is a matter of rounding
			t.Fatalf("%d iterations, plain %d", m.Iterations(), iterations)
		}
		if !testkit.Close(m.Inertia(), inertia, 1e-12, 1e-9) {
			t.Fatalf("inertia %v, plain %v", m.Inertia(), inertia)
		}
		for j, c := range m.Centers() {
			for q := range c {
				if !testkit.Close(c[q], centers[j][q], 1e-9, 1e-12) {
					t.Fatalf("centre %d is %v, plain %v", j, c, centers[j])
				}
			}
		}
	})
}

// Rows as near to one centre as to another go to the lower index, in the fit and
// in Assign.
func TestFitKMeansTies(t *testing.T) {
	rows := [][]float64{{0}, {2}, {4}, {1}, {3}}
	m, err := segment.NewKMeans([][]float64{{0}, {2}, {4}, {2}})
	if err != nil {
		t.Fatal(err)
	}
	labels, err := m.Assign([]int32{9}, rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int32{9, 0, 1, 2, 0, 1} {
		if labels[i] != want {
			t.Errorf("labels %v", labels)
			break
		}
	}
	// From 0 and 2, the row at 1 ties and must go to cluster 0.
	f, err := segment.FitKMeans(bg, [][]float64{{0}, {1}, {2}}, segment.KMeansOptions{Centers: [][]float64{{0}, {2}}, Tol: -1})
	if err != nil {
		t.Fatal(err)
	}
	if c := f.Centers(); c[0][0] != 0.5 || c[1][0] != 2 {
		t.Errorf("centres %v, want 0.5 and 2", c)
	}
}

func TestFitKMeansEmptyCluster(t *testing.T) {
	rows := [][]float64{{0}, {1}, {2}, {50}}
	m, err := segment.FitKMeans(bg, rows, segment.KMeansOptions{Centers: [][]float64{{0}, {900}, {901}}})
	if err != nil {
		t.Fatal(err)
	}
	for j, w := range m.Weights() {
		if w == 0 {
			t.Errorf("cluster %d is empty", j)
		}
	}
	if c := m.Centers(); c[1][0] != 50 {
		t.Errorf("centres %v: the first empty cluster should take the farthest row", c)
	}
	if m.Inertia() > 0.5+1e-12 {
		t.Errorf("inertia %v", m.Inertia())
	}
}

// permuted returns rows and weights in another order.
func permuted(rows [][]float64, w []float64, seed uint64) ([][]float64, []float64) {
	perm := rng.New(seed, 0, 0).Perm(len(rows))
	r2, w2 := make([][]float64, len(rows)), make([]float64, len(rows))
	for i, p := range perm {
		r2[i], w2[i] = rows[p], w[p]
	}
	return r2, w2
}

func TestFitKMeansSameBytes(t *testing.T) {
	rows, _ := blobs(9000, 5, 7, 2, 3)
	for i := 4000; i < 4500; i++ {
		rows[i] = rows[i-4000] // duplicates
	}
	w := make([]float64, len(rows))
	for i := range w {
		w[i] = float64(i % 4)
	}
	for _, o := range []segment.KMeansOptions{
		{K: 9, Seed: 4, Restarts: 2}, {Centers: rows[:9]},
	} {
		run := uint64(0)
		testkit.AtGOMAXPROCS(t, func() []byte {
			r, w := permuted(rows, w, run)
			run++
			o.Weights = w
			m, err := segment.FitKMeans(bg, r, o)
			if err != nil {
				t.Fatal(err)
			}
			b, err := m.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			return b
		})
	}
}

// A weight of two is the row twice, and a weight of zero is no row.
func TestFitKMeansWeights(t *testing.T) {
	rows, _ := blobs(300, 3, 4, 1, 8)
	w := make([]float64, len(rows))
	var copies [][]float64
	for i := range w {
		w[i] = float64(i % 3)
		for range i % 3 {
			copies = append(copies, rows[i])
		}
	}
	start := [][]float64{rows[1], rows[2], rows[4], rows[5]}
	a, err := segment.FitKMeans(bg, rows, segment.KMeansOptions{Centers: start, Weights: w, Tol: -1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := segment.FitKMeans(bg, copies, segment.KMeansOptions{Centers: start, Tol: -1})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "inertia", a.Inertia(), b.Inertia(), 1e-9)
	for j, c := range a.Centers() {
		for q := range c {
			testkit.Near(t, "centre", c[q], b.Centers()[j][q], 1e-10)
		}
	}
}

// More restarts never cost inertia, and planted groups are found.
func TestFitKMeansRecovers(t *testing.T) {
	rows, from := blobs(2000, 6, 5, 0.5, 11)
	last := math.Inf(1)
	for _, r := range []int{1, 3, 8} {
		m, err := segment.FitKMeans(bg, rows, segment.KMeansOptions{K: 5, Restarts: r, Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		if m.Inertia() > last {
			t.Errorf("%d restarts: inertia %v after %v", r, m.Inertia(), last)
		}
		last = m.Inertia()
		if r < 8 {
			continue
		}
		labels, err := m.Assign(nil, rows)
		if err != nil {
			t.Fatal(err)
		}
		to := map[int]int32{}
		for i, l := range labels {
			if was, ok := to[from[i]]; ok && was != l {
				t.Fatalf("planted group %d is spread over clusters %d and %d", from[i], was, l)
			}
			to[from[i]] = l
		}
	}
}

func TestFitKMeansExtremes(t *testing.T) {
	for _, c := range []struct {
		name string
		rows [][]float64
		k    int
	}{
		{"one row", [][]float64{{3, 4}}, 1},
		{"all the same", [][]float64{{1, 1}, {1, 1}, {1, 1}}, 1},
		{"as many clusters as rows", [][]float64{{5}, {1}, {9}}, 3},
		{"tiny", [][]float64{{1e-150}, {2e-150}, {3e-150}, {0}}, 4},
		{"huge", [][]float64{{1e139}, {-1e139}, {0}, {5e138}}, 3},
		{"negative zero", [][]float64{{0}, {math.Copysign(0, -1)}, {1}}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := segment.FitKMeans(bg, c.rows, segment.KMeansOptions{K: c.k, Restarts: 3})
			if err != nil {
				t.Fatal(err)
			}
			if c.k == len(c.rows) && m.Inertia() != 0 {
				t.Errorf("inertia %v, want 0", m.Inertia())
			}
		})
	}
	zeros := [][]float64{{0}, {math.Copysign(0, -1)}}
	if _, err := segment.FitKMeans(bg, zeros, segment.KMeansOptions{K: 2}); !errors.Is(err, segment.ErrRange) {
		t.Errorf("0 and -0 count as two points: %v", err)
	}
}

func TestFitKMeansBadInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name string
		rows [][]float64
		o    segment.KMeansOptions
		want error
		text string
	}{
		{"no rows", nil, segment.KMeansOptions{K: 1}, segment.ErrEmpty, "rows"},
		{"no columns", [][]float64{{}}, segment.KMeansOptions{K: 1}, segment.ErrEmpty, "columns"},
		{"ragged", [][]float64{{1, 2}, {1}}, segment.KMeansOptions{K: 1}, segment.ErrShape, "row 1"},
		{"NaN", [][]float64{{1, 2}, {1, nan}}, segment.KMeansOptions{K: 1}, segment.ErrNotFinite, "row 1 column 1"},
		{"infinity", [][]float64{{1, inf}}, segment.KMeansOptions{K: 1}, segment.ErrNotFinite, "row 0 column 1"},
		{"too large", [][]float64{{1e200}}, segment.KMeansOptions{K: 1}, segment.ErrRange, "column 0 of row 0"},
		{"no K", six, segment.KMeansOptions{}, segment.ErrOption, "K is 0"},
		{"K below 1", six, segment.KMeansOptions{K: -2}, segment.ErrOption, "K is -2"},
		{"K beyond rows", six, segment.KMeansOptions{K: 7}, segment.ErrRange, "6 distinct"},
		{"K beyond distinct rows", [][]float64{{1}, {1}, {2}}, segment.KMeansOptions{K: 3}, segment.ErrRange, "2 distinct"},
		{"K beyond weighted rows", [][]float64{{1}, {3}, {2}}, segment.KMeansOptions{K: 3, Weights: []float64{1, 1, 0}}, segment.ErrRange, "2 distinct"},
		{"restarts", six, segment.KMeansOptions{K: 2, Restarts: -1, MaxIter: -1}, segment.ErrOption, "MaxIter is -1"},
		{"tolerance", six, segment.KMeansOptions{K: 2, Tol: nan}, segment.ErrOption, "Tol is NaN"},
		{"centres and K", six, segment.KMeansOptions{K: 2, Centers: six[:3]}, segment.ErrOption, "Centers"},
		{"centres and restarts", six, segment.KMeansOptions{Restarts: 2, Centers: six[:3]}, segment.ErrOption, "Restarts"},
		{"centres of other width", six, segment.KMeansOptions{Centers: [][]float64{{1}}}, segment.ErrShape, "1 columns"},
		{"NaN centre", six, segment.KMeansOptions{Centers: [][]float64{{1, nan}}}, segment.ErrNotFinite, "Centers row 0"},
		{"weights", six, segment.KMeansOptions{K: 1, Weights: []float64{1}}, segment.ErrShape, "Weights"},
		{"negative weight", six, segment.KMeansOptions{K: 1, Weights: []float64{1, 1, 1, -1, 1, 1}}, segment.ErrRange, "Weights[3]"},
		{"zero weights", six, segment.KMeansOptions{K: 1, Weights: make([]float64, 6)}, segment.ErrRange, "Weights"},
		{"overflow", [][]float64{{1e139}, {-1e139}}, segment.KMeansOptions{K: 1, Weights: []float64{1e200, 1e200}}, segment.ErrOverflow, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := segment.FitKMeans(bg, c.rows, c.o)
			wantErr(t, err, c.want, c.text)
			if m != nil {
				t.Error("a model beside the error")
			}
		})
	}
}

func wantErr(t *testing.T, err, want error, text string) {
	t.Helper()
	if !errors.Is(err, want) || err == nil || !bytes.Contains([]byte(err.Error()), []byte(text)) {
		t.Errorf("error %v, want %v with %q", err, want, text)
	}
}

func TestFitKMeansCancel(t *testing.T) {
	rows, _ := blobs(5000, 4, 8, 2, 1)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(bg)
	calls := 0
	m, err := segment.FitKMeans(ctx, rows, segment.KMeansOptions{K: 8, Tol: -1, Progress: func(p segment.Progress) {
		if calls++; p.Iteration == 2 {
			cancel(cause)
		}
	}})
	if m != nil || err != cause || calls != 2 {
		t.Errorf("model %v, error %v after %d calls", m, err, calls)
	}
	ctx, cancel = context.WithCancelCause(bg)
	cancel(cause)
	if _, err := segment.FitKMeans(ctx, rows, segment.KMeansOptions{K: 8}); err != cause {
		t.Errorf("error %v", err)
	}
	if _, err := segment.ChooseK(ctx, rows, segment.ChooseKOptions{}); err != cause {
		t.Errorf("ChooseK: error %v", err)
	}
	if _, _, err := segment.Silhouette(ctx, six, []int32{0, 0, 0, 1, 1, 1}); err != cause {
		t.Errorf("Silhouette: error %v", err)
	}
}

func TestKMeansAssignBadInput(t *testing.T) {
	m, err := segment.NewKMeans([][]float64{{0, 0}, {1, 1}})
	if err != nil {
		t.Fatal(err)
	}
	dst := []int32{7}
	got, err := m.Assign(dst, [][]float64{{0, 0}, {math.NaN(), 0}})
	wantErr(t, err, segment.ErrNotFinite, "row 1")
	if len(got) != 1 {
		t.Errorf("dst grew to %v", got)
	}
	_, err = m.Assign(nil, [][]float64{{0}})
	wantErr(t, err, segment.ErrShape, "row 0")
	_, _, err = m.Nearest([]float64{0, 0, 0})
	wantErr(t, err, segment.ErrShape, "3 columns")
	_, _, err = new(segment.KMeans).Nearest(nil)
	wantErr(t, err, segment.ErrEmpty, "")
	_, err = new(segment.KMeans).MarshalBinary()
	wantErr(t, err, segment.ErrEmpty, "")
	if n := testing.AllocsPerRun(100, func() { _, _, _ = m.Nearest([]float64{0.2, 0.3}) }); n != 0 {
		t.Errorf("Nearest allocates %v times", n)
	}
	j, d, err := m.Nearest([]float64{3, 1})
	if j != 1 || d != 4 || err != nil {
		t.Errorf("nearest %d at %v, %v", j, d, err)
	}
}
