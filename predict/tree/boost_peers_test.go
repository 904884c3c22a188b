package tree_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// peerSet is a set that docs/peers/boost.py has written.
type peerSet struct {
	rows  [][]float64
	y     []float64
	folds [][]float64
	cats  []int
}

// peerFolder is where docs/peers/boost.py has written its sets.
func peerFolder(t *testing.T) string {
	testkit.Long(t)
	dir := os.Getenv("AISLE_PEERS")
	if dir == "" {
		t.Skip("AISLE_PEERS names no folder of docs/peers/boost.py")
	}
	return dir
}

func readSet(t *testing.T, path string) (s peerSet) {
	t.Helper()
	var meta struct {
		Rows, Columns, Repeats int
		Categorical            []int
	}
	if err := json.Unmarshal(must(os.ReadFile(path+".json")), &meta); err != nil {
		t.Fatal(err)
	}
	width := meta.Columns + 1 + meta.Repeats
	flat := make([]float64, meta.Rows*width)
	file := must(os.Open(path + ".f64"))
	defer file.Close()
	for lo := 0; lo < len(flat); lo += width << 10 { // in pieces, which do not count when memory is measured
		if err := binary.Read(file, binary.LittleEndian, flat[lo:min(lo+width<<10, len(flat))]); err != nil {
			t.Fatal(err)
		}
	}
	s.rows, s.y, s.folds = make([][]float64, 0, meta.Rows), make([]float64, 0, meta.Rows), make([][]float64, 0, meta.Rows)
	for i := range meta.Rows {
		line := flat[i*width : (i+1)*width]
		s.rows = append(s.rows, line[:meta.Columns:meta.Columns])
		s.y = append(s.y, line[meta.Columns])
		s.folds = append(s.folds, line[meta.Columns+1:])
	}
	s.cats = meta.Categorical
	return s
}

// auc is the area under the ROC curve.
func auc(p, y []float64) float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	sum, positive := 0.0, 0.0
	for lo := 0; lo < len(order); {
		hi, ones := lo, 0.0
		for ; hi < len(order) && p[order[hi]] == p[order[lo]]; hi++ {
			ones += y[order[hi]]
		}
		sum += ones * float64(lo+hi+1) / 2
		positive += ones
		lo = hi
	}
	return (sum - positive*(positive+1)/2) / positive / (float64(len(p)) - positive)
}

func pick[T any](from []T, folds [][]float64, r int, test func(f float64) bool) (out []T) {
	for i, x := range from {
		if test(folds[i][r]) {
			out = append(out, x)
		}
	}
	return out
}

// TestBoostPeersQuality compares defaults with those of LightGBM and XGBoost on the folds of
// docs/peers/boost.py data and folds:
//
//	AISLE_LONG=1 AISLE_PEERS=DIR go test -v -timeout 0 -run BoostPeersQuality ./predict/tree
func TestBoostPeersQuality(t *testing.T) {
	dir := peerFolder(t)
	names := strings.Fields(cmp.Or(os.Getenv("AISLE_SETS"), "shoppers bank categories missing noise"))
	for _, name := range names {
		s := readSet(t, filepath.Join(dir, name))
		var peers map[string][]float64
		if raw, err := os.ReadFile(filepath.Join(dir, name+".peers.json")); err == nil {
			if err := json.Unmarshal(raw, &peers); err != nil {
				t.Fatal(err)
			}
		}
		var ours []float64
		repeats := len(s.folds[0])
		if peers != nil {
			repeats = len(peers["xgboost"]) / 5
		}
		for r := range repeats {
			for f := range 5 {
				train, test := func(g float64) bool { return g != float64(f) }, func(g float64) bool { return g == float64(f) }
				m := must(tree.FitBoost(bg, pick(s.rows, s.folds, r, train), pick(s.y, s.folds, r, train), tree.BoostOptions{Categorical: s.cats}))
				p := must(m.Margins(nil, pick(s.rows, s.folds, r, test)))
				ours = append(ours, auc(p, pick(s.y, s.folds, r, test)))
			}
		}
		mean := func(v []float64) float64 {
			sum := 0.0
			for _, x := range v[:len(ours)] {
				sum += x
			}
			return sum / float64(len(ours))
		}
		if peers == nil {
			t.Logf("%s: %.5f", name, mean(ours))
			continue
		}
		better := "lightgbm"
		if mean(peers["xgboost"]) > mean(peers["lightgbm"]) {
			better = "xgboost"
		}
		d, half, won := paired(ours, peers[better])
		t.Logf("%s: Aisle %.5f, LightGBM %.5f, XGBoost %.5f; less %s: %+.5f ± %.5f, higher in %d of %d folds",
			name, mean(ours), mean(peers["lightgbm"]), mean(peers["xgboost"]), better, d, half, won, len(ours))
		if err := os.WriteFile(filepath.Join(dir, name+".aisle.json"), must(json.Marshal(ours)), 0o600); err != nil {
			t.Error(err)
		}
		if d < -.0005 {
			t.Errorf("%s: %.5f below the better peer", name, -d)
		}
	}
}

// paired returns the mean difference of the folds of repeated 5-fold cross-validation, half of its 95 % interval, with the variance of
// Nadeau and Bengio (training parts overlap), and in how many folds a was higher. AUCs of all folds are in <set>.aisle.json.
func paired(a, b []float64) (mean, half float64, won int) {
	n := float64(len(a))
	for i := range a {
		mean += (a[i] - b[i]) / n
		if a[i] > b[i] {
			won++
		}
	}
	variance := 0.0
	for i := range a {
		d := a[i] - b[i] - mean
		variance += d * d / (n - 1)
	}
	const t49 = 2.0096 // of 50 folds; of fewer the interval is a little too narrow
	return mean, t49 * math.Sqrt(variance*(1/n+1.0/4)), won
}

// peakMB is the most memory that the process has had, as Linux tells.
func peakMB() string {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]), " kB"))
	return strconv.Itoa(kb >> 10)
}

// TestBoostPeersSpeed times the table of docs/peers/boost.py table DIR ROWS:
//
//	AISLE_LONG=1 AISLE_PEERS=DIR go test -v -timeout 0 -run BoostPeersSpeed ./predict/tree
func TestBoostPeersSpeed(t *testing.T) {
	dir := peerFolder(t)
	for _, n := range strings.Fields(cmp.Or(os.Getenv("AISLE_SETS"), "100000 1000000")) {
		s := readSet(t, filepath.Join(dir, "speed"+n))
		cut, before := len(s.rows)*4/5, peakMB()
		start := testkit.ProcessorTime()
		m := must(tree.FitBoost(context.Background(), s.rows[:cut], s.y[:cut], tree.BoostOptions{Categorical: s.cats}))
		fit, peak := testkit.ProcessorTime()-start, peakMB()
		dst := make([]float64, 0, len(s.rows)-cut)
		start = testkit.ProcessorTime()
		must(m.Predict(dst, s.rows[cut:]))
		scored := testkit.ProcessorTime() - start
		start = testkit.ProcessorTime()
		for i := range 20000 {
			dst = must(m.Predict(dst[:0], s.rows[i:i+1]))
		}
		one := (testkit.ProcessorTime() - start) / 20000
		p := must(m.Predict(dst[:0], s.rows[cut:]))
		t.Logf("%s rows: fit %.2f CPU s, peak %s MB, %s before, predict %.2f CPU s (%.2f µs a row), one row %v, AUC %.5f", n, fit.Seconds(), peak, before, scored.Seconds(), scored.Seconds()*1e6/float64(len(p)), one, auc(p, s.y[cut:]))
	}
}
