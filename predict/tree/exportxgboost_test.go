package tree_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// leavingRows are rows of float32 numbers: columns 1 and 3 hold categories, some values are missing.
func leavingRows(n int) [][]float64 {
	r := rng.New(12, 0, 0)
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = []float64{float64(r.Intn(9) - 4), float64(r.Intn(70)), float64(r.Intn(17)-8) / 4, float64(r.Intn(40)), float64(r.Intn(9) - 4)}
		for j := range rows[i] {
			if r.Bool(.15) {
				rows[i][j] = math.NaN()
			}
		}
	}
	return rows
}

// leavingModels are models of every shape that a tool can say.
func leavingModels(tool string) map[string]*tree.Ensemble {
	r := rng.New(9, 0, 0)
	forest := func(trees, width int) (out [][]tree.Node) {
		for range trees {
			nodes := grown(r, 12, 5, width, true)
			for i := range nodes {
				if tool == "lightgbm" {
					nodes[i].MissingLeft = nodes[i].MissingLeft && nodes[i].Categories == nil
				} else {
					nodes[i].ZeroMissing = false
				}
				for w := range nodes[i].Categories {
					nodes[i].Categories[w] &= 1<<20 - 1 // within what XGBoost keeps
				}
			}
			out = append(out, nodes)
		}
		return out
	}
	out := map[string]*tree.Ensemble{
		"logistic": must(tree.Assemble(forest(6, 1), tree.AssembleOptions{Columns: 5, Categorical: []int{1, 3}, Base: []float64{-.375}, Link: tree.LinkLogit, Names: []string{"days", "city", "spent", "channel", "visits"}})),
		"squared":  must(tree.Assemble(forest(4, 1), tree.AssembleOptions{Columns: 5, Base: []float64{100.1}})),
		"poisson":  must(tree.Assemble(forest(3, 1), tree.AssembleOptions{Columns: 5, Base: []float64{.7}, Link: tree.LinkLog})),
		"softmax":  must(tree.Assemble(forest(7, 1), tree.AssembleOptions{Columns: 5, Outputs: 3, Base: []float64{.1, .2, -1}, Link: tree.LinkSoftmax, Targets: []int{0, 1, 2, 0, 1, 0, 0}})),
		"wide":     must(tree.Assemble(forest(3, 2), tree.AssembleOptions{Columns: 5, Outputs: 2, Base: []float64{3, 4}})),
		"mean":     must(tree.Assemble(forest(5, 1), tree.AssembleOptions{Columns: 5, Average: true, Base: []float64{0}})),
	}
	if tool == "xgboost" {
		out["single"] = must(tree.Assemble(forest(6, 1), tree.AssembleOptions{Columns: 5, Base: []float64{.3}, Link: tree.LinkLogit, Single: true}))
	}
	return out
}

// exported is what tools say of the files that were written, by golden_export.py.
type exported struct {
	Provenance testkit.Provenance
	Files      map[string]string
	Margins    map[string][]string
}

// leave writes the files of models into the folder AISLE_EXPORTS where that is named, with the rows, and reports that. Otherwise it checks that
// they are those that the tool has read, and returns what the tool says.
func leave(t *testing.T, suffix string, texts map[string][]byte) (peer map[string][]float64, left bool) {
	t.Helper()
	if folder := os.Getenv("AISLE_EXPORTS"); folder != "" {
		var lines []string
		for _, row := range leavingRows(60) {
			lines = append(lines, strings.ReplaceAll(strings.Trim(fmt.Sprint(row), "[]"), " ", ","))
		}
		texts = maps.Clone(texts)
		texts["rows.csv"] = []byte(strings.Join(lines, "\n"))
		for name, text := range texts {
			if name != "rows.csv" {
				name += suffix
			}
			if err := os.WriteFile(filepath.Join(folder, name), text, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		return nil, true
	}
	var golden exported
	if err := json.Unmarshal(must(os.ReadFile("testdata/export.json")), &golden); err != nil {
		t.Fatal(err)
	}
	peer = map[string][]float64{}
	for name, text := range texts {
		if sum := sha256.Sum256(text); golden.Files[name+suffix] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: another file than the tool has read", name)
		}
		peer[name] = floats(t, golden.Margins[name+suffix])
	}
	return peer, false
}

// TestAppendLightGBMGolden: LightGBM has the margins of the models that were written, to the bit; the sums of a model that averages.
func TestAppendLightGBMGolden(t *testing.T) {
	models, texts := leavingModels("lightgbm"), map[string][]byte{}
	for name, m := range models {
		texts[name] = must(m.AppendLightGBM(nil))
	}
	peer, left := leave(t, ".txt", texts)
	if left {
		return
	}
	for name, m := range models {
		for i, x := range must(m.Margins(nil, leavingRows(60))) {
			want := peer[name][i]
			if name == "mean" {
				want /= 5
			}
			if x != want {
				t.Fatalf("%s: margin %d is %v, LightGBM has %v", name, i, x, want)
			}
		}
	}
}

// TestAppendXGBoost: what is written is read again with the margins that XGBoost has of it, by golden_export.py: for models of float32 sums those of
// the model, for others as near as is promised. With AISLE_EXPORTS the files and the rows are left in that folder.
func TestAppendXGBoost(t *testing.T) {
	rows := leavingRows(60)
	models, texts := leavingModels("xgboost"), map[string][]byte{}
	for name, m := range models {
		texts[name] = must(m.AppendXGBoost(nil))
	}
	peers, left := leave(t, ".json", texts)
	if left {
		return
	}
	for name, m := range models {
		again, err := tree.ImportXGBoost(texts[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		peer := peers[name]
		a, b := must(m.Margins(nil, rows)), must(again.Margins(nil, rows))
		far := 0.0
		for i := range a {
			if b[i] != peer[i] {
				t.Fatalf("%s: margin %d is %v, XGBoost has %v", name, i, b[i], peer[i])
			}
			far = max(far, math.Abs(a[i]-b[i]))
		}
		trees, size := 0, 0.0 // at most, over all outputs
		for k := range m.Trees() {
			trees++
			largest := 0.0
			for _, n := range must(m.Nodes(k)) {
				for _, v := range n.Values {
					largest = max(largest, math.Abs(v))
				}
			}
			size += largest
		}
		for _, v := range m.Base() {
			size += math.Abs(v)
		}
		if bound := float64(trees+1) * 0x1p-24 * size; far > bound || name == "single" && far != 0 {
			t.Errorf("%s: margins differ by %g, at most %g is promised", name, far, bound)
		}
		p, q := must(m.Predict(nil, rows)), must(again.Predict(nil, rows))
		for i := range p {
			if !testkit.Close(p[i], q[i], 1e-5, 1e-5) {
				t.Fatalf("%s: prediction %d is %v, read again %v", name, i, p[i], q[i])
			}
		}
	}
}

// TestAppendXGBoostImported: models of XGBoost come back with the same margins, to the bit.
func TestAppendXGBoostImported(t *testing.T) {
	foreign(t, "xgboost", func(t *testing.T, c foreignCase, model []byte, rows [][]float64) {
		m, err := tree.ImportXGBoost(model)
		if err != nil {
			return // TestXGBoostGolden
		}
		text, err := m.AppendXGBoost(nil)
		if errors.Is(err, tree.ErrUnsupported) && strings.Contains(err.Error(), "link sort") {
			return // quantiles are put in order by what the file does not say
		}
		if err != nil {
			t.Fatal(err)
		}
		again := must(tree.ImportXGBoost(text))
		a, b := must(m.Margins(nil, rows)), must(again.Margins(nil, rows))
		for i := range a {
			if a[i] != b[i] {
				t.Fatalf("margin %d is %v, read again %v", i, a[i], b[i])
			}
		}
	})
}

// TestAppendXGBoostRefuses: what the file cannot say is named.
func TestAppendXGBoostRefuses(t *testing.T) {
	leaf := func(v float64) tree.Node { return tree.Node{Column: -1, Values: []float64{v}} }
	stump := func(n tree.Node) [][]tree.Node {
		n.Left, n.Right = 1, 2
		return [][]tree.Node{{n, leaf(1), leaf(2)}}
	}
	far := make([]uint32, 1<<19+1)
	far[1<<19] = 1
	for what, m := range map[string]*tree.Ensemble{
		"ZeroMissing":       must(tree.Assemble(stump(tree.Node{ZeroMissing: true}), tree.AssembleOptions{})),
		"softplus":          must(tree.Assemble(stump(tree.Node{}), tree.AssembleOptions{Link: tree.LinkSoftplus})),
		"square":            must(tree.Assemble(stump(tree.Node{}), tree.AssembleOptions{Link: tree.LinkSquare})),
		"log of 2":          must(tree.Assemble(stump(tree.Node{}), tree.AssembleOptions{Link: tree.LinkLog, Outputs: 2})),
		"Slope":             must(tree.Assemble(stump(tree.Node{}), tree.AssembleOptions{Link: tree.LinkLogit, Slope: 2})),
		"category 16777216": must(tree.Assemble(stump(tree.Node{Categories: far}), tree.AssembleOptions{})),
		"leaf 0":            must(tree.Assemble([][]tree.Node{{leaf(1e39)}}, tree.AssembleOptions{})),
		"threshold":         must(tree.Assemble(stump(tree.Node{Threshold: -1e39}), tree.AssembleOptions{})),
	} {
		dst := []byte("before")
		out, err := m.AppendXGBoost(dst)
		if !errors.Is(err, tree.ErrUnsupported) || !strings.Contains(err.Error(), what) || string(out) != "before" {
			t.Errorf("%s: %v, %q", what, err, out)
		}
	}
	if _, err := new(tree.Ensemble).AppendXGBoost(nil); !errors.Is(err, tree.ErrEmpty) {
		t.Error(err)
	}
}

// A model can leave: XGBoost loads the file.
func ExampleEnsemble_AppendXGBoost() {
	m := must(tree.Assemble([][]tree.Node{{
		{Column: 0, Threshold: 30, Left: 1, Right: 2}, {Column: -1, Values: []float64{.75}}, {Column: -1, Values: []float64{-1.25}},
	}}, tree.AssembleOptions{Names: []string{"recency"}, Link: tree.LinkLogit}))
	file, err := m.AppendXGBoost(nil) // os.WriteFile("model.json", file, 0o644)
	if err != nil {
		panic(err)
	}
	text := string(file)
	fmt.Println(text[strings.Index(text, `"split_conditions"`):strings.Index(text, `,"split_indices"`)])
	// Output:
	// "split_conditions":[3.0000002E+01,7.5E-01,-1.25E+00]
}
