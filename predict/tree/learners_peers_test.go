package tree_test

import (
	"cmp"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// TestForestPeersSpeed times a forest on the table of docs/peers/learners.py tables DIR, on one thread:
//
//	AISLE_LONG=1 AISLE_PEERS=DIR AISLE_TREES=100 go test -v -timeout 0 -run ForestPeersSpeed ./predict/tree
func TestForestPeersSpeed(t *testing.T) {
	s := readSet(t, filepath.Join(peerFolder(t), "dense"))
	const cut = 100_000
	trees := must(strconv.Atoi(cmp.Or(os.Getenv("AISLE_TREES"), "100")))
	start := testkit.ProcessorTime()
	m := must(tree.FitForest(bg, s.rows[:cut], s.y[:cut], tree.ForestOptions{Classes: 2, Trees: trees, Seed: 1, Workers: 1}))
	took := testkit.ProcessorTime() - start
	p := must(m.Ensemble.Predict(nil, s.rows[cut:]))
	t.Logf("%d trees: fit %.2f CPU s, AUC %.5f", trees, took.Seconds(), auc(p, s.y[cut:]))
}

// TestModelPeersSpeed times Shapley values of 10,000 rows, 5,000 calls of one row and 100,000 rows at once by the model that
// docs/peers/learners.py lightgbm DIR has written, on one thread:
//
//	AISLE_LONG=1 AISLE_PEERS=DIR go test -v -timeout 0 -run ModelPeersSpeed ./predict/tree
func TestModelPeersSpeed(t *testing.T) {
	dir := peerFolder(t)
	s := readSet(t, filepath.Join(dir, "speed100000"))
	m := must(tree.ImportLightGBM(must(os.ReadFile(filepath.Join(dir, "lightgbm.txt")))))
	dst := make([]float64, 0, 21*10_000)
	timed := func(what string, fn func()) {
		start := testkit.ProcessorTime()
		fn()
		t.Logf("%s: %v CPU time", what, (testkit.ProcessorTime() - start).Round(time.Microsecond))
	}
	x := must(tree.NewSHAP(bg, m, tree.SHAPOptions{Workers: 1}))
	timed("Shapley values of 10,000 rows", func() { dst = must(x.Values(bg, dst[:0], s.rows[:10_000])) })
	sum := 0.0
	for _, v := range dst {
		sum += v
	}
	t.Logf("sum %.8f", sum)
	timed("5,000 calls of one row", func() {
		for i := range 5000 {
			dst = must(m.Predict(dst[:0], s.rows[i:i+1]))
		}
	})
	timed("100,000 rows", func() { dst = must(m.Predict(dst[:0], s.rows)) })
	first := s.rows[:1]
	if n := testing.AllocsPerRun(100, func() { dst = must(m.Predict(dst[:0], first)) }); n > 0 {
		t.Errorf("one row allocates %v times", n)
	}
}
