package tree_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/predict/tree"
)

// TestImportWideLeaves: leaves that share one place of a wide array are refused before there is room made for
// each of them: a small file would ask for gigabytes.
func TestImportWideLeaves(t *testing.T) {
	const inner = 500
	repeat := func(inside, leaf func(i int) int) string {
		var words []string
		for i := range 2*inner + 1 {
			x := leaf(i)
			if i%2 == 0 && i < 2*inner {
				x = inside(i)
			}
			words = append(words, fmt.Sprint(x))
		}
		return "[" + strings.Join(words, ",") + "]"
	}
	constant := func(x int) func(int) int { return func(int) int { return x } }
	zeros := repeat(constant(0), constant(0))
	wide := small(
		`"left_children":[1,-1,-1]`, `"left_children":`+repeat(func(i int) int { return i + 1 }, constant(-1)),
		`"right_children":[2,-1,-1]`, `"right_children":`+repeat(func(i int) int { return i + 2 }, constant(0)),
		`"default_left":[1,0,0]`, `"default_left":`+zeros, `"split_conditions":[0.5,1,2]`, `"split_conditions":`+zeros,
		`"split_indices":[1,0,0]`, `"split_indices":`+zeros, `"split_type":[0,0,0]`, `"split_type":`+zeros,
		`"sum_hessian":[4,1,3]`, `"sum_hessian":`+zeros, `"loss_changes":[3,0,0]`, `"loss_changes":`+zeros,
		`"base_weights":[0,1,2]`, `"leaf_weights":[`+strings.TrimSuffix(strings.Repeat("0,", 1<<13), ",")+`]`,
		`"size_leaf_vector":"0"`, `"size_leaf_vector":"8192"`, `"num_target":"1"`, `"num_target":"8192"`,
	)
	if _, err := tree.ImportXGBoost(wide); !errors.Is(err, tree.ErrCorrupt) || !strings.Contains(err.Error(), "leaf_weights") {
		t.Errorf("501 leaves at one place: %v", err)
	}
}

// TestImportOldBinary: the format of XGBoost until 2.x has no mark of its own: a base score, counts, and the names of
// objective and booster with their lengths.
func TestImportOldBinary(t *testing.T) {
	old := binary.LittleEndian.AppendUint32(nil, math.Float32bits(.5))
	old = append(old, make([]byte, 132)...)
	for _, name := range []string{"binary:logistic", "gbtree"} {
		old = append(binary.LittleEndian.AppendUint64(old, uint64(len(name))), name...)
	}
	for _, data := range [][]byte{old, append([]byte("binf"), old...)} {
		if _, err := tree.ImportXGBoost(data); !errors.Is(err, tree.ErrUnsupported) {
			t.Error(err)
		}
	}
	if _, err := tree.ImportXGBoost(append([]byte{0}, "no model"...)); !errors.Is(err, tree.ErrCorrupt) {
		t.Error(err)
	}
}

// TestImportLongStrings: what nobody keeps may be long, such as the attributes of a wrapper; a name may not.
func TestImportLongStrings(t *testing.T) {
	long := strings.Repeat("x", 1<<17)
	attributes := func(text string) []byte {
		return small(`"feature_names":[]`, `"attributes":{"scikit_learn":"`+text+`"},"feature_names":[]`)
	}
	ubj := stored(t, "xgboost-3.2.0-gamma.ubj")
	size := binary.BigEndian.AppendUint64([]byte{'L'}, 1<<17)
	more := bytes.Join([][]byte{ubj[:1], []byte("L\x00\x00\x00\x00\x00\x00\x00\x01aS"), size, []byte(long), ubj[1:]}, nil)
	for name, data := range map[string][]byte{"JSON": attributes(long), "an escape": attributes(long + `\"`), "UBJSON": more} {
		if _, err := tree.ImportXGBoost(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, data := range map[string][]byte{
		"a bad escape": attributes(`\x`), "a name": small(`"feature_names":[]`, `"feature_names":["`+long+`","b"]`), "no end": more[:1<<16],
	} {
		if _, err := tree.ImportXGBoost(data); !errors.Is(err, tree.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestImportBaseScore: what a base score means depends on the version that wrote it. The margins are those of XGBoost
// 1.6.2, 1.7.6, 2.0.3 and 3.2.0 without trees.
func TestImportBaseScore(t *testing.T) {
	for _, c := range []struct {
		objective, version, score string
		want                      float32
	}{
		{"binary:logitraw", "[1,6,2]", "3E-1", .3},
		{"binary:logitraw", "[1,7,6]", "3E-1", -0.84729785},
		{"binary:logitraw", "[2,0,3]", "3E-1", .3},
		{"binary:logistic", "[1,7,6]", "3E-1", -0.84729785},
		{"binary:logistic", "[3,2,0]", "[0E0]", -13.81551},
		{"binary:logistic", "[3,2,0]", "[1E0]", 13.74516},
		{"binary:logistic", "[2,0,3]", "1E-7", -16.118095},
	} {
		m := must(tree.ImportXGBoost(small("reg:squarederror", c.objective, "[2,1,4]", c.version, "5E-1", c.score)))
		if got := m.Base()[0]; got != float64(c.want) {
			t.Errorf("%s %s %s: base %v, want %v", c.objective, c.version, c.score, got, c.want)
		}
	}
}

// TestImportCategoryRounds: the code of a category is a float32 to XGBoost.
func TestImportCategoryRounds(t *testing.T) {
	m := must(tree.ImportXGBoost(small(`"split_type":[0`, `"split_type":[1`, `"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[]`,
		`"categories":[0,3],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[2]`)))
	got := must(m.Margins(nil, [][]float64{{0, 2.9999999999}, {0, 2.999999}, {0, -1e-60}, {0, -1e-3}, {0, 3.5}, {0, math.NaN()}}))
	if want := []float64{2.5, 1.5, 2.5, 1.5, 2.5, 1.5}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("margins %v, want %v", got, want)
	}
}

// TestImportLightGBMVariants: files of 2.2 and before, names with white space of other scripts, and NaN where nothing is read.
func TestImportLightGBMVariants(t *testing.T) {
	want := fmt.Sprint(must(must(tree.ImportLightGBM(text())).Margins(nil, [][]float64{{1, 0}, {0, 1}})))
	for name, with := range map[string][]string{
		"2.2":        {"version=v4", "version=v2", "end of trees\n\nfeature_importances:", "feature importances:"},
		"names":      {"feature_names=a b", "feature_names=客户\u3000年龄 a\u00a0b"},
		"no numbers": {"split_gain=3 2", "split_gain=-nan nan", "leaf_count=3", "leaf_weight=-nan -nan(ind) inf\nleaf_count=3"},
	} {
		m, err := tree.ImportLightGBM(text(with...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := fmt.Sprint(must(m.Margins(nil, [][]float64{{1, 0}, {0, 1}}))); got != want {
			t.Errorf("%s: margins %v, want %v", name, got, want)
		}
	}
	if _, err := tree.ImportLightGBM(text("leaf_value=1 2 4", "leaf_value=1 2 -nan")); !errors.Is(err, tree.ErrCorrupt) {
		t.Error(err)
	}
}

// TestImportInfiniteThreshold: extra_trees of LightGBM parts missing values from all others by a threshold of inf,
// XGBoost by one of -inf, which no value is less than.
func TestImportInfiniteThreshold(t *testing.T) {
	rows := [][]float64{{0, -math.MaxFloat32}, {0, math.MaxFloat32}, {0, 0}, {0, math.NaN()}}
	for condition, want := range map[string][]float64{"-Infinity": {2.5, 2.5, 2.5, 1.5}, "Infinity": {1.5, 1.5, 1.5, 1.5}, "-3.4028235E38": {2.5, 2.5, 2.5, 1.5}} {
		m := must(tree.ImportXGBoost(small("[0.5,1,2]", "["+condition+",1,2]")))
		if got := must(m.Margins(nil, rows)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: margins %v, want %v", condition, got, want)
		}
	}
	m := must(tree.ImportLightGBM(text("threshold=0.5 0", "threshold=inf 0", "decision_type=10 1", "decision_type=8 1")))
	got := must(m.Margins(nil, [][]float64{{0, 1e308}, {0, -math.MaxFloat64}, {0, math.MaxFloat64}, {1, 7}, {1, math.NaN()}}))
	if want := []float64{2, 2, 2, 1, 4}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("margins %v, want %v", got, want)
	}
	sound(t, m)
}
