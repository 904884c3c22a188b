package tree_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aislekit/aisle/predict/tree"
)

// stored reads a model of the golden files.
func stored(t testing.TB, name string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", "import", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// small is a model of one split in JSON; with replaces parts of it.
func small(with ...string) []byte {
	const text = `{"learner":{"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{"num_trees":"1"},"tree_info":[0],"trees":[{
"base_weights":[0,1,2],"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[],"default_left":[1,0,0],
"left_children":[1,-1,-1],"right_children":[2,-1,-1],"loss_changes":[3,0,0],"split_conditions":[0.5,1,2],"split_indices":[1,0,0],"split_type":[0,0,0],
"sum_hessian":[4,1,3],"tree_param":{"size_leaf_vector":"0"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"5E-1","num_class":"0","num_feature":"2","num_target":"1"},
"objective":{"name":"reg:squarederror"}},"version":[2,1,4]}`
	return []byte(strings.NewReplacer(with...).Replace(text))
}

// text is the like of LightGBM.
func text(with ...string) []byte {
	const text = `tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=regression
feature_names=a b
feature_infos=[0:1] [0:1]
tree_sizes=300

Tree=0
num_leaves=3
num_cat=1
split_feature=1 0
split_gain=3 2
threshold=0.5 0
decision_type=10 1
left_child=1 -1
right_child=-3 -2
leaf_value=1 2 4
leaf_count=3 4 5
internal_count=12 7
cat_boundaries=0 1
cat_threshold=6
is_linear=0
shrinkage=1


end of trees

feature_importances:
`
	return []byte(strings.NewReplacer(with...).Replace(text))
}

// TestImportSmall: what the smallest models say, node by node.
func TestImportSmall(t *testing.T) {
	rows := [][]float64{{0, .5}, {0, .4999}, {0, math.NaN()}, {1, 0}, {3, 0}, {math.NaN(), 0}, {2.9, 0}, {-1, 0}}
	for _, c := range []struct {
		name string
		m    *tree.Ensemble
		want []float64
	}{
		{"xgboost", must(tree.ImportXGBoost(small())), []float64{2.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5}},
		{"missing right", must(tree.ImportXGBoost(small(`"default_left":[1,0,0]`, `"default_left":[false,false,false]`))), []float64{2.5, 1.5, 2.5, 1.5, 1.5, 1.5, 1.5, 1.5}},
		{"lightgbm", must(tree.ImportLightGBM(text())), []float64{2, 2, 2, 1, 2, 2, 1, 2}},
	} {
		got := must(c.m.Margins(nil, rows))
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: margins %v, want %v", c.name, got, c.want)
		}
	}
	n := must(must(tree.ImportLightGBM(text())).Nodes(0))
	if n[0].Count != 12 || n[0].Gain != 3 || n[1].Categories[0] != 6 || n[1].Column != 0 {
		t.Errorf("nodes are %+v", n)
	}
}

// TestImportRefuses: what is wrong is named.
func TestImportRefuses(t *testing.T) {
	xgboost := func(with ...string) func() error {
		return func() error { _, err := tree.ImportXGBoost(small(with...)); return err }
	}
	lightgbm := func(with ...string) func() error {
		return func() error { _, err := tree.ImportLightGBM(text(with...)); return err }
	}
	for _, c := range []struct {
		name, field string
		sentinel    error
		do          func() error
	}{
		{"a cycle", "left_children[0]", tree.ErrCorrupt, xgboost(`"left_children":[1,`, `"left_children":[0,`)},
		{"a child of two", "right_children[0]", tree.ErrCorrupt, xgboost(`"right_children":[2`, `"right_children":[1`)},
		{"a child that is none", "right_children[0]", tree.ErrCorrupt, xgboost(`"right_children":[2`, `"right_children":[3`)},
		{"a child below", "left_children[0]", tree.ErrCorrupt, xgboost(`"left_children":[1,`, `"left_children":[-2,`)},
		{"lengths", "split_indices", tree.ErrCorrupt, xgboost(`"split_indices":[1,0,0]`, `"split_indices":[1,0]`)},
		{"a NaN threshold", "split_conditions[0]", tree.ErrCorrupt, xgboost("[0.5,1,2]", "[NaN,1,2]")},
		{"an infinite leaf", "leaf 2", tree.ErrCorrupt, xgboost("[0.5,1,2]", "[0.5,1,Infinity]")},
		{"a column", "split_indices[0]", tree.ErrCorrupt, xgboost(`"split_indices":[1`, `"split_indices":[2`)},
		{"too many columns", "num_feature", tree.ErrTooLarge, xgboost(`"num_feature":"2"`, `"num_feature":"99999999999"`)},
		{"negative columns", "num_feature", tree.ErrCorrupt, xgboost(`"num_feature":"2"`, `"num_feature":"-2"`)},
		{"too many classes", "num_class", tree.ErrTooLarge, xgboost(`"num_class":"0"`, `"num_class":"99999"`)},
		{"too many trees", "num_trees", tree.ErrCorrupt, xgboost(`"num_trees":"1"`, `"num_trees":"1000000000"`)},
		{"a tree of no output", "Targets[0]", tree.ErrCorrupt, xgboost(`"tree_info":[0]`, `"tree_info":[1]`)},
		{"a direction", "default_left[0]", tree.ErrCorrupt, xgboost(`"default_left":[1`, `"default_left":[2`)},
		{"a type of split", "split_type[0]", tree.ErrCorrupt, xgboost(`"split_type":[0`, `"split_type":[7`)},
		{"categories that are not there", "categories_nodes", tree.ErrCorrupt, xgboost(`"split_type":[0`, `"split_type":[1`)},
		{"a range of categories", "categories_segments[0]", tree.ErrCorrupt, xgboost(
			`"categories_nodes":[],"categories_segments":[],"categories_sizes":[]`, `"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[1]`)},
		{"a large category", "categories[0]", tree.ErrCorrupt, xgboost(
			`"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[]`, `"categories":[16777216],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[1]`)},
		{"vector leaves", "base_weights", tree.ErrCorrupt, xgboost(`"size_leaf_vector":"0"`, `"size_leaf_vector":"2"`, `"num_target":"1"`, `"num_target":"2"`)},
		{"a base score", "base_score[0]", tree.ErrCorrupt, xgboost("5E-1", "half")},
		{"a base score of no probability", "base_score[0]", tree.ErrCorrupt, xgboost("5E-1", "1", "reg:squarederror", "binary:logistic")},
		{"two base scores", "base_score", tree.ErrCorrupt, xgboost("5E-1", "[1,2]")},
		{"names", "Names", tree.ErrCorrupt, xgboost(`"feature_names":[]`, `"feature_names":["a"]`)},
		{"a field twice", "tree_info", tree.ErrCorrupt, xgboost(`"tree_info":[0]`, `"tree_info":[0],"tree_info":[0]`)},
		{"depth", "deeper", tree.ErrCorrupt, xgboost(`"feature_names":[]`, `"other":`+strings.Repeat("[", 99)+strings.Repeat("]", 99))},
		{"no end", "byte", tree.ErrCorrupt, xgboost(`"version":[2,1,4]}`, "")},
		{"bytes behind", "behind", tree.ErrCorrupt, xgboost(`[2,1,4]}`, "[2,1,4]} x")},
		{"an objective", "custom:loss", tree.ErrUnsupported, xgboost("reg:squarederror", "custom:loss")},
		{"a booster", "gbforest", tree.ErrUnsupported, xgboost(`"name":"gbtree"`, `"name":"gbforest"`)},
		{"expectiles", "levels", tree.ErrUnsupported, xgboost("reg:squarederror", "reg:expectileerror", `"num_target":"1"`, `"num_target":"2"`)},
		{"a field of the model", "shrinkage", tree.ErrUnsupported, xgboost(`"tree_info":[0]`, `"tree_info":[0],"shrinkage":[.5]`)},
		{"a field of a tree", "leaf_slopes", tree.ErrUnsupported, xgboost(`"base_weights":`, `"leaf_slopes":[0,1,2],"base_weights":`)},
		{"categories of before 1.7", "trees[0]", tree.ErrUnsupported, xgboost("[2,1,4]", "[1,6,2]", `"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[]`,
			`"categories":[3],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[1]`)},
		{"dart of before 1.6", "dart", tree.ErrUnsupported, xgboost("[2,1,4]", "[1,3,3]", `"tree_info":[0]`, `"tree_info":[0],"weight_drop":[1]`)},
		{"weights of too many trees", "weight_drop", tree.ErrCorrupt, xgboost(`"tree_info":[0]`, `"tree_info":[0],"weight_drop":[1,1]`)},
		{"dart without weights", "weight_drop", tree.ErrCorrupt, xgboost(`"name":"gbtree"`, `"name":"dart"`)},
		{"the old binary format", "binary format", tree.ErrUnsupported, func() error { _, err := tree.ImportXGBoost([]byte("binf....")); return err }},

		{"a cycle of lightgbm", "left_child[1]", tree.ErrCorrupt, lightgbm("left_child=1 -1", "left_child=1 1")},
		{"a leaf twice", "right_child[1]", tree.ErrCorrupt, lightgbm("right_child=-3 -2", "right_child=-3 -3")},
		{"a child too far", "right_child[0]", tree.ErrCorrupt, lightgbm("right_child=-3", "right_child=-4")},
		{"many leaves", "num_leaves", tree.ErrTooLarge, lightgbm("num_leaves=3", "num_leaves=4000000000")},
		{"more leaves", "split_feature", tree.ErrCorrupt, lightgbm("num_leaves=3", "num_leaves=4")},
		{"negative leaves", "num_leaves", tree.ErrCorrupt, lightgbm("num_leaves=3", "num_leaves=-3")},
		{"a feature", "split_feature[0]", tree.ErrCorrupt, lightgbm("split_feature=1", "split_feature=2")},
		{"a nan threshold", "threshold[0]", tree.ErrCorrupt, lightgbm("threshold=0.5", "threshold=nan")},
		{"an inf leaf", "leaf_value[2]", tree.ErrCorrupt, lightgbm("leaf_value=1 2 4", "leaf_value=1 2 inf")},
		{"a decision", "decision_type[0]", tree.ErrCorrupt, lightgbm("decision_type=10", "decision_type=12")},
		{"a set", "threshold[1]", tree.ErrCorrupt, lightgbm("threshold=0.5 0", "threshold=0.5 1")},
		{"bounds of a set", "cat_boundaries[0]", tree.ErrCorrupt, lightgbm("cat_boundaries=0 1", "cat_boundaries=0 2")},
		{"bounds in reverse", "cat_boundaries[0]", tree.ErrCorrupt, lightgbm("cat_boundaries=0 1", "cat_boundaries=1 0")},
		{"words of a set", "cat_threshold[0]", tree.ErrCorrupt, lightgbm("cat_threshold=6", "cat_threshold=-6")},
		{"many sets", "num_cat", tree.ErrTooLarge, lightgbm("num_cat=1", "num_cat=4000000000")},
		{"linear trees", "is_linear", tree.ErrUnsupported, lightgbm("is_linear=0", "is_linear=1")},
		{"names of lightgbm", "feature_names", tree.ErrCorrupt, lightgbm("feature_names=a b", "feature_names=a")},
		{"columns of lightgbm", "max_feature_idx", tree.ErrTooLarge, lightgbm("max_feature_idx=1", "max_feature_idx=1000000000")},
		{"rounds", "trees for", tree.ErrCorrupt, lightgbm("num_tree_per_iteration=1", "num_tree_per_iteration=2")},
		{"an objective of lightgbm", "mystery", tree.ErrUnsupported, lightgbm("objective=regression", "objective=mystery")},
		{"a slope", "sigmoid", tree.ErrCorrupt, lightgbm("objective=regression", "objective=binary sigmoid:0")},
		{"a version", "version", tree.ErrVersion, lightgbm("version=v4", "version=v5")},
		{"order of trees", "Tree=0", tree.ErrCorrupt, lightgbm("Tree=0", "Tree=1")},
		{"no end of trees", "Tree=1", tree.ErrCorrupt, lightgbm("end of trees", "")},
		{"a key twice", "num_leaves", tree.ErrCorrupt, lightgbm("num_leaves=3", "num_leaves=3\nnum_leaves=3")},
		{"no trees", "no trees", tree.ErrEmpty, func() error {
			_, err := tree.ImportLightGBM(append(text()[:bytes.Index(text(), []byte("Tree=0"))], "end of trees\n"...))
			return err
		}},
		{"nothing", "data", tree.ErrCorrupt, func() error { _, err := tree.ImportXGBoost(nil); return err }},
		{"nothing of lightgbm", "tree", tree.ErrCorrupt, func() error { _, err := tree.ImportLightGBM(nil); return err }},
	} {
		err := c.do()
		if !errors.Is(err, c.sentinel) || !strings.Contains(fmt.Sprint(err), c.field) || !strings.HasPrefix(fmt.Sprint(err), "tree: Import") {
			t.Errorf("%s: %v, want %v at %s", c.name, err, c.sentinel, c.field)
		}
	}
}

// TestImportPrefixes: a file cut anywhere is an error and never a panic, in all three encodings;
// and counts of UBJSON that promise more than there is take no memory.
func TestImportPrefixes(t *testing.T) {
	ubj, long := stored(t, "xgboost-3.2.0-gamma.ubj"), text()
	for n := range ubj {
		if _, err := tree.ImportXGBoost(ubj[:n]); !errors.Is(err, tree.ErrCorrupt) {
			t.Fatalf("%d bytes of UBJSON give %v", n, err)
		}
	}
	for n := range small() {
		if _, err := tree.ImportXGBoost(small()[:n]); !errors.Is(err, tree.ErrCorrupt) {
			t.Fatalf("%d bytes of JSON give %v", n, err)
		}
	}
	for n := range bytes.Index(long, []byte("\nend of trees")) + len("\nend of trees") {
		if _, err := tree.ImportLightGBM(long[:n]); err == nil {
			t.Fatalf("%d bytes of text give a model", n)
		}
	}
	count := bytes.Index(ubj, []byte("[$l#L")) + len("[$l#L")
	for _, c := range []int64{-1, math.MaxInt64, 1 << 40, 1 << 20} {
		bad := bytes.Clone(ubj)
		binary.BigEndian.PutUint64(bad[count:], uint64(c))
		if _, err := tree.ImportXGBoost(bad); !errors.Is(err, tree.ErrCorrupt) {
			t.Errorf("a count of %d gives %v", c, err)
		}
	}
}

// seeds adds models to a corpus.
func seeds(f *testing.F, names ...string) {
	for _, name := range names {
		f.Add(stored(f, name))
	}
}

// sound: what is read can be asked, encoded and read again.
func sound(t *testing.T, m *tree.Ensemble) {
	row := make([]float64, m.Columns())
	for j := range row {
		row[j] = float64(j) * .7
	}
	missing := make([]float64, m.Columns())
	for j := range missing {
		missing[j] = math.NaN()
	}
	want := must(m.Margins(nil, [][]float64{row, missing}))
	again := new(tree.Ensemble)
	if err := again.UnmarshalBinary(must(m.MarshalBinary())); err != nil {
		t.Fatal(err)
	}
	if got := must(again.Margins(nil, [][]float64{row, missing})); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("margins %v, after a round trip %v", want, got)
	}
}

func FuzzImportXGBoost(f *testing.F) {
	f.Add(small())
	seeds(f, "xgboost-3.2.0-gamma.ubj", "xgboost-3.2.0-lossguide.ubj", "xgboost-2.0.3-quantile.ubj")
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := tree.ImportXGBoost(data); err == nil && m.Columns() < 1e5 {
			sound(t, m)
		}
	})
}

func FuzzImportLightGBM(f *testing.F) {
	f.Add(text())
	seeds(f, "lightgbm-3.3.5-binary-categories.txt", "lightgbm-4.7.0-zero-missing.txt")
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := tree.ImportLightGBM(data); err == nil && m.Columns() < 1e5 {
			sound(t, m)
		}
	})
}
