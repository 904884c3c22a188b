package tree_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// rankGolden is testdata/rank.json.
type rankGolden struct {
	Gradients struct {
		Sizes   []int
		Y       []float64
		Margins [][]float64
		Leaves  []int
		Model   string
	}
	Ranking struct {
		Rows, Y, Scores []float64
	}
	Contributions []struct {
		File   string
		Rows   int
		Values []float64
	}
}

func readRank(t *testing.T) (g rankGolden) {
	t.Helper()
	testkit.Golden(t, "rank.json", &g)
	return g
}

// TestLambdaMARTGradients: where every row has a leaf of its own, what a refit gives it is the gradient over the Hessian: those of LightGBM, for
// margins that are equal (first round) and that are not, up to its table of sigmoids.
func TestLambdaMARTGradients(t *testing.T) {
	g := readRank(t).Gradients
	var rows [][]float64
	var groups []int
	for q, n := range g.Sizes {
		for range n {
			rows, groups = append(rows, []float64{float64(len(rows))}), append(groups, q)
		}
	}
	m := must(tree.ImportLightGBM([]byte(g.Model)))
	m = must(m.Refit(bg, rows, g.Y, tree.RefitOptions{Decay: -1, Boost: tree.BoostOptions{Loss: tree.LossLambdaMART, Groups: groups, L2: -1, LearningRate: .5}}))
	for k, want := range g.Margins {
		if g.Leaves[k] != len(rows) {
			t.Fatalf("tree %d has %d leaves for %d rows", k, g.Leaves[k], len(rows))
		}
		for i, got := range must(must(m.First(k+1)).Margins(nil, rows)) {
			if !testkit.Close(got, want[i], 1e-4, 1e-4) {
				t.Errorf("round %d, row %d: %g, LightGBM has %g", k+1, i, got, want[i])
			}
		}
	}
}

// ndcg returns NDCG@10 of each query of ten rows.
func ndcg(scores, y []float64) (out []float64) {
	dcg := func(order []int, y []float64) (sum float64) {
		for k, i := range order {
			sum += (math.Exp2(y[i]) - 1) / math.Log2(float64(k)+2)
		}
		return sum
	}
	for lo := 0; lo < len(y); lo += 10 {
		s, l := scores[lo:lo+10], y[lo:lo+10]
		by := func(v []float64) []int {
			order := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
			slices.SortStableFunc(order, func(i, j int) int {
				switch {
				case v[i] > v[j]:
					return -1
				case v[i] < v[j]:
					return 1
				}
				return 0
			})
			return order
		}
		if best := dcg(by(l), l); best > 0 {
			out = append(out, dcg(by(s), l)/best)
		}
	}
	return out
}

// TestRankingPeer: NDCG of both ranking losses on queries that were not seen, not below LightGBM's LambdaMART by more than two
// standard errors of the differences.
func TestRankingPeer(t *testing.T) {
	g := readRank(t).Ranking
	var rows [][]float64
	var groups []int
	for i := range g.Y {
		rows, groups = append(rows, g.Rows[4*i:4*i+4]), append(groups, i/10)
	}
	half := len(rows) / 2
	peer := ndcg(g.Scores, g.Y[half:])
	for _, loss := range []tree.Loss{tree.LossLambdaMART, tree.LossPairwise} {
		m := must(tree.FitBoost(bg, rows[:half], g.Y[:half], tree.BoostOptions{Loss: loss, Groups: groups[:half]}))
		ours := ndcg(must(m.Margins(nil, rows[half:])), g.Y[half:])
		mean, square := 0.0, 0.0
		for q := range ours {
			d := ours[q] - peer[q]
			mean += d / float64(len(ours))
			square += d * d / float64(len(ours))
		}
		se := math.Sqrt((square - mean*mean) / float64(len(ours)))
		t.Logf("%v: %+.4f ± %.4f over %d queries", loss, mean, se, len(ours))
		if mean < -2*se {
			t.Errorf("%v: NDCG is %.4f below LightGBM's, standard error %.4f", loss, -mean, se)
		}
	}
}

// TestSHAPOfImports: the Shapley values of models that were read are what the tools themselves give for them: LightGBM
// in float64, XGBoost in float32.
func TestSHAPOfImports(t *testing.T) {
	for _, c := range readRank(t).Contributions {
		data := must(os.ReadFile(filepath.Join("testdata", "import", c.File)))
		tool, rest, _ := strings.Cut(c.File, "-")
		version, _, _ := strings.Cut(rest, "-")
		var g foreignFile
		if err := json.Unmarshal(must(os.ReadFile(filepath.Join("testdata", "import", tool+"-"+version+".json"))), &g); err != nil {
			t.Fatal(err)
		}
		var rows [][]float64
		for _, r := range g.Rows[:c.Rows] {
			rows = append(rows, floats(t, r))
		}
		read, tol := tree.ImportLightGBM, 1e-6
		if tool == "xgboost" {
			read, tol = tree.ImportXGBoost, 2e-5
		}
		x := must(tree.NewSHAP(bg, must(read(data)), tree.SHAPOptions{}))
		got := must(x.Values(bg, nil, rows))
		if len(got) != len(c.Values) {
			t.Fatalf("%s: %d numbers, want %d", c.File, len(got), len(c.Values))
		}
		for i, want := range c.Values {
			if !testkit.Close(got[i], want, tol, tol) {
				t.Errorf("%s: number %d is %g, the tool has %g", c.File, i, got[i], want)
				break
			}
		}
	}
}
