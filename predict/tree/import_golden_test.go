package tree_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// foreignCase is a model of another tool, with what the tool says of the rows.
type foreignCase struct {
	Name, File       string
	Margins, Outputs []string
}

// foreignFile is what one version of one tool says.
type foreignFile struct {
	Provenance testkit.Provenance
	Rows       [][]string
	Cases      []foreignCase
}

// floats reads numbers, hexadecimal ones too.
func floats(t testing.TB, words []string) []float64 {
	out := make([]float64, len(words))
	for i, w := range words {
		x, err := strconv.ParseFloat(w, 64)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = x
	}
	return out
}

// foreign calls do for every golden file of a tool, those below AISLE_IMPORTS too, where ALL=1
// python golden_import.py … has written more.
func foreign(t *testing.T, tool string, do func(t *testing.T, c foreignCase, model []byte, rows [][]float64)) {
	folders := []string{filepath.Join("testdata", "import")}
	if more := os.Getenv("AISLE_IMPORTS"); more != "" {
		folders = append(folders, more)
	}
	for _, folder := range folders {
		names, err := filepath.Glob(filepath.Join(folder, tool+"-*.json"))
		if err != nil || len(names) == 0 {
			t.Fatal("no golden files", err)
		}
		for _, name := range names {
			if strings.Count(filepath.Base(name), "-") > 1 {
				continue // a model
			}
			var g foreignFile
			if err := json.Unmarshal(must(os.ReadFile(name)), &g); err != nil || g.Provenance.Version == "" {
				t.Fatalf("%s: %v", name, err)
			}
			var rows [][]float64
			for _, r := range g.Rows {
				rows = append(rows, floats(t, r))
			}
			for _, c := range g.Cases {
				t.Run(c.File, func(t *testing.T) { do(t, c, must(os.ReadFile(filepath.Join(folder, c.File))), rows) })
			}
		}
	}
}

func TestXGBoostGolden(t *testing.T) {
	foreign(t, "xgboost", func(t *testing.T, c foreignCase, model []byte, rows [][]float64) {
		if strings.HasPrefix(c.Name, "linear") {
			return // TestLinearGolden
		}
		m, err := tree.ImportXGBoost(model)
		if err != nil {
			t.Fatal(err)
		}
		want := floats(t, c.Margins)
		got := must(m.Margins(nil, rows))
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("margin %d of row %v is %x, want %x", i, rows[i/m.Outputs()], got[i], want[i])
			}
		}
		if c.Name == "softmax" {
			return // classes, not probabilities
		}
		probs := must(m.Predict(nil, rows))
		for i, want := range floats(t, c.Outputs) {
			if d := ulps32(probs[i], want); d > 1 {
				t.Errorf("prediction %d is %v, want %v: %d float32 apart", i, probs[i], want, d)
			}
		}
	})
}

func ulps32(a, b float64) int {
	return int(math.Abs(float64(int32(math.Float32bits(float32(a)))) - float64(int32(math.Float32bits(float32(b))))))
}

func ulps(a, b float64) int {
	d := int64(math.Float64bits(a)) - int64(math.Float64bits(b))
	return int(max(d, -d))
}

func TestLightGBMGolden(t *testing.T) {
	foreign(t, "lightgbm", func(t *testing.T, c foreignCase, model []byte, rows [][]float64) {
		m, err := tree.ImportLightGBM(model)
		if c.Name == "linear-trees" {
			if err == nil || !strings.Contains(err.Error(), "is_linear") {
				t.Errorf("linear trees give %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		got := must(m.Margins(nil, rows))
		for i, want := range floats(t, c.Margins) {
			if strings.HasPrefix(c.Name, "forest") {
				want /= float64(m.Trees())
			}
			if got[i] != want {
				t.Fatalf("margin %d of row %v is %x, want %x", i, rows[i/m.Outputs()], got[i], want)
			}
		}
		probs := must(m.Predict(nil, rows))
		for i, want := range floats(t, c.Outputs) {
			if d := ulps(probs[i], want); d > 1 {
				t.Errorf("prediction %d is %v, want %v: %d apart", i, probs[i], want, d)
			}
		}
	})
}

// TestLinearGolden: weights of gblinear, and that neither reader takes the other's files.
func TestLinearGolden(t *testing.T) {
	foreign(t, "xgboost", func(t *testing.T, c foreignCase, model []byte, rows [][]float64) {
		m, err := tree.ImportXGBoostLinear(model)
		if !strings.HasPrefix(c.Name, "linear") {
			if !errors.Is(err, tree.ErrUnsupported) {
				t.Errorf("trees give %v", err)
			}
			return
		}
		if _, err := tree.ImportXGBoost(model); !errors.Is(err, tree.ErrUnsupported) {
			t.Errorf("gblinear gives %v", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, probs, outputs := must(m.Margins(nil, rows)), must(m.Predict(nil, rows)), floats(t, c.Outputs)
		for i, want := range floats(t, c.Margins) {
			if got[i] != want || ulps32(probs[i], outputs[i]) > 1 {
				t.Fatalf("margin %d is %x, want %x; prediction %v, want %v", i, got[i], want, probs[i], outputs[i])
			}
		}
	})
}

// TestLinearRefuses: lengths, numbers that are none, and weights that do not belong together.
func TestLinearRefuses(t *testing.T) {
	model := string(must(os.ReadFile(filepath.Join("testdata", "import", "xgboost-3.2.0-linear.json"))))
	for _, cut := range []string{"[", "[0,", "[NaN,0,0,0,0,"} {
		at := strings.Index(model, "\"weights\":[") + len("\"weights\":")
		bad := model[:at] + cut + model[at+strings.Index(model[at:], ",")+1:]
		if cut == "[0," {
			bad = model[:at] + "[0,0," + model[at+1:]
		}
		if _, err := tree.ImportXGBoostLinear([]byte(bad)); !errors.Is(err, tree.ErrCorrupt) || !strings.Contains(err.Error(), "weights") {
			t.Errorf("%s: %v", cut, err)
		}
	}
	var none *tree.Weights
	if _, err := none.Margins(nil, nil); !errors.Is(err, tree.ErrEmpty) {
		t.Error(err)
	}
	m := &tree.Weights{Bias: []float64{0}, Coefficients: [][]float64{{1}, {2}}}
	if _, err := m.Predict(nil, nil); !errors.Is(err, tree.ErrShape) {
		t.Error(err)
	}
}
