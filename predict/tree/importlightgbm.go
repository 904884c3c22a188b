package tree

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/aislekit/aisle/internal/check"
)

// ImportLightGBM reads a model that LightGBM 2 to 4 has saved as text, by save_model or
// model_to_string: gbdt, goss, dart and rf, one output and many, categories, and each of its
// three ways with missing values: NaN is missing, zero is missing too (zero_as_missing), nothing is
// (use_missing=false). Margins equal predict(…, raw_score=True) of LightGBM bit for bit: float64,
// in order of the trees. For a random forest raw_score is the sum of the trees, while Margins
// is their mean, which LightGBM's own predictions are made of.
//
// Covered are the objectives regression (l1 and sqrt too), huber, fair, mape, quantile, poisson, gamma,
// tweedie, binary, multiclass, multiclassova, cross_entropy, cross_entropy_lambda, lambdarank, rank_xendcg,
// and a file without one, as those of custom objectives. Values of categories are cut to
// integers; those between −1 and 0, which LightGBM takes for 0, are none. The codes of a pandas column are
// places in the list pandas_categorical of the file. An infinite value lies
// beyond a threshold that is infinite, too. Count is the number of rows, Cover the sum of Hessians.
//
// Errors: ErrCorrupt for text that is no such model, naming tree and field; ErrUnsupported for
// trees with linear models in their leaves or for another objective, ErrVersion for a text format
// newer than v4, ErrTooLarge beyond 2²⁴ columns, 2¹⁶ outputs or categories of more than 2³¹ bits,
// ErrEmpty without trees. Cost: one pass over data, memory in proportion to it.
func ImportLightGBM(data []byte) (*Ensemble, error) {
	const where = "tree: ImportLightGBM"
	e, err := importLightGBM(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return e, nil
}

// lightgbmHead is what stands before the trees.
type lightgbmHead struct {
	columns, outputs int
	names            []string
	categorical      []int
	most             []int // the largest code of each of these
	link             LinkKind
	slope            float64
	average          bool
}

// lightgbmText hands out lines.
type lightgbmText struct{ rest string }

// line returns the next line and whether there is one.
func (x *lightgbmText) line() (string, bool) {
	if x.rest == "" {
		return "", false
	}
	line, rest, _ := strings.Cut(x.rest, "\n")
	x.rest = rest
	return strings.TrimSuffix(line, "\r"), true
}

// block reads key=value lines up to an empty line, which it consumes, the next tree or the
// end of the trees, which it does not. A key without value is "".
func (x *lightgbmText) block() (map[string]string, error) {
	fields := map[string]string{}
	for {
		before := x.rest
		line, ok := x.line()
		if !ok || line == "" {
			return fields, nil
		}
		if strings.HasPrefix(line, "Tree=") || strings.HasPrefix(line, "end of trees") {
			x.rest = before
			return fields, nil
		}
		key, value, _ := strings.Cut(line, "=")
		if _, twice := fields[key]; twice {
			return nil, keyed(key, fmt.Errorf("the field comes twice: %w", check.ErrCorrupt))
		}
		fields[key] = value
	}
}

// importLightGBM reads the head and then tree after tree, up to the line that ends them;
// importances and parameters behind it are not read.
func importLightGBM(text string) (*Ensemble, error) {
	x := &lightgbmText{text}
	if line, _ := x.line(); line != "tree" {
		return nil, fmt.Errorf("the text does not begin with the line tree: %w", check.ErrCorrupt)
	}
	fields, err := x.block()
	if err != nil {
		return nil, err
	}
	h, err := readLightGBMHead(fields)
	if err != nil {
		return nil, err
	}
	in := importer{columns: h.columns, outputs: h.outputs}
	for {
		line, ok := x.line()
		if !ok {
			return nil, fmt.Errorf("the line end of trees is missing: %w", check.ErrCorrupt)
		}
		if line == "" {
			continue
		}
		if strings.HasPrefix(line, "end of trees") || line == "feature importances:" { // without the first until 2.2
			break
		}
		if want := "Tree=" + strconv.Itoa(len(in.trees)); line != want {
			return nil, fmt.Errorf("want the line %s, have %.40q: %w", want, line, check.ErrCorrupt)
		}
		fields, err := x.block()
		if err == nil {
			err = decodeLightGBM(&in, fields)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
	}
	if len(in.trees)%h.outputs != 0 {
		return nil, fmt.Errorf("%d trees for %d a round: %w", len(in.trees), h.outputs, check.ErrCorrupt)
	}
	return in.assemble(AssembleOptions{
		Columns: h.columns, Outputs: h.outputs, Names: h.names, Categorical: h.categorical, Levels: h.levels(x.rest), Link: h.link, Slope: h.slope, Average: h.average,
	})
}

// readLightGBMHead checks what stands before the trees.
func readLightGBMHead(fields map[string]string) (h lightgbmHead, err error) {
	switch v := fields["version"]; v {
	case "v2", "v3", "v4":
	default:
		return h, fmt.Errorf("version is %.40q, want v2, v3 or v4: %w", v, ErrVersion)
	}
	last, err := count("max_feature_idx", fields["max_feature_idx"], maxColumns-1)
	if err != nil {
		return h, err
	}
	h.columns = last + 1
	if h.outputs, err = count("num_tree_per_iteration", fields["num_tree_per_iteration"], maxOutputs); err != nil {
		return h, err
	}
	if h.outputs == 0 {
		return h, fmt.Errorf("num_tree_per_iteration is 0 or missing: %w", check.ErrCorrupt)
	}
	_, h.average = fields["average_output"]
	if h.names = strings.FieldsFunc(fields["feature_names"], func(c rune) bool { return c == ' ' }); len(h.names) != h.columns {
		return h, fmt.Errorf("feature_names has %d names, and max_feature_idx is %d: %w", len(h.names), last, check.ErrCorrupt)
	}
	infos := strings.Fields(fields["feature_infos"])
	for j, info := range infos[:min(len(infos), h.columns)] {
		if info == "none" || info[0] == '[' {
			continue
		}
		most := -1
		for _, code := range strings.Split(info, ":") { // a:b:c, or the one code; −1 is a missing value
			if c, err := strconv.Atoi(code); err == nil {
				most = max(most, c)
			}
		}
		h.categorical, h.most = append(h.categorical, j), append(h.most, most)
	}
	h.link, h.slope, err = lightgbmLink(strings.Fields(fields["objective"]))
	return h, err
}

// lightgbmLink reads the objective and its parameters.
func lightgbmLink(words []string) (LinkKind, float64, error) {
	if len(words) == 0 {
		return LinkIdentity, 0, nil
	}
	slope, sqrt := 1.0, false
	for _, w := range words[1:] {
		if s, ok := strings.CutPrefix(w, "sigmoid:"); ok {
			x, err := strconv.ParseFloat(s, 64)
			if err != nil || !check.Finite(x) || x <= 0 {
				return 0, 0, fmt.Errorf("objective: sigmoid is %.40q, want a number > 0: %w", s, check.ErrCorrupt)
			}
			slope = x
		}
		sqrt = sqrt || w == "sqrt"
	}
	switch words[0] {
	case "regression", "regression_l2", "regression_l1", "huber", "fair", "mape", "quantile":
		if sqrt {
			return LinkSquare, 0, nil
		}
		return LinkIdentity, 0, nil
	case "lambdarank", "rank_xendcg", "custom", "none":
		return LinkIdentity, 0, nil
	case "binary", "multiclassova":
		return LinkLogit, slope, nil
	case "cross_entropy", "xentropy":
		return LinkLogit, 0, nil
	case "cross_entropy_lambda", "xentlambda":
		return LinkSoftplus, 0, nil
	case "multiclass":
		return LinkSoftmax, 0, nil
	case "poisson", "gamma", "tweedie":
		return LinkLog, 0, nil
	}
	return 0, 0, fmt.Errorf("objective %.40q: %w", words[0], ErrUnsupported)
}

// lightgbmTree holds the lists of a tree: of its inner nodes, and of its leaves.
type lightgbmTree struct {
	leaves, sets            int
	used                    []bool // sets, each of one node
	column, left, right     []int64
	kind, bounds, words     []int64
	threshold, gain         []float64
	leafValue               []float64
	leafWeight, innerWeight []float64
	leafCount, innerCount   []float64
}

// Bits of decision_type.
const (
	lightgbmCategory    = 1
	lightgbmDefaultLeft = 2
	lightgbmMissing     = 12 // 0 none, 4 zero, 8 NaN
)

// list reads numbers parted by spaces; want < 0 leaves the length open, and a field that is
// missing, or empty, is nil where it is optional.
func list[T int64 | float64](fields map[string]string, key string, want int, optional bool, parse func(string) (T, error)) ([]T, error) {
	words := strings.Fields(fields[key])
	if len(words) == 0 && optional {
		return nil, nil
	}
	if want >= 0 && len(words) != want {
		return nil, fmt.Errorf("%s has %d numbers, want %d: %w", key, len(words), want, check.ErrCorrupt)
	}
	out := make([]T, len(words))
	for i, w := range words {
		x, err := parse(w)
		if err != nil {
			return nil, fmt.Errorf("%s[%d] is %.40q: %w", key, i, w, check.ErrCorrupt)
		}
		out[i] = x
	}
	return out, nil
}

func parseWhole(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }

// parseFloat also reads the NaN of C libraries, -nan and -nan(ind), which may stand where prediction does not read.
func parseFloat(s string) (float64, error) {
	if strings.HasPrefix(s, "-nan") {
		s = "nan"
	}
	return strconv.ParseFloat(s, 64)
}

// readLightGBMTree reads the lists.
func readLightGBMTree(fields map[string]string) (*lightgbmTree, error) {
	t := &lightgbmTree{}
	var err error
	if v := fields["is_linear"]; v != "" && v != "0" {
		return nil, fmt.Errorf("is_linear is %.40q: trees with linear models in their leaves: %w", v, ErrUnsupported)
	}
	if t.leaves, err = count("num_leaves", fields["num_leaves"], maxNodes/2); err != nil {
		return nil, err
	}
	if t.leaves == 0 {
		return nil, fmt.Errorf("num_leaves is 0 or missing: %w", check.ErrCorrupt)
	}
	if t.sets, err = count("num_cat", fields["num_cat"], maxNodes/2); err != nil {
		return nil, err
	}
	inner := t.leaves - 1
	for _, f := range []struct {
		key      string
		to       *[]int64
		want     int
		optional bool
	}{
		{"split_feature", &t.column, inner, false},
		{"left_child", &t.left, inner, false},
		{"right_child", &t.right, inner, false},
		{"decision_type", &t.kind, inner, false},
		{"cat_boundaries", &t.bounds, t.sets + 1, t.sets == 0},
		{"cat_threshold", &t.words, -1, t.sets == 0},
	} {
		if *f.to, err = list(fields, f.key, f.want, f.optional, parseWhole); err != nil {
			return nil, err
		}
	}
	for _, f := range []struct {
		key      string
		to       *[]float64
		want     int
		optional bool
	}{
		{"threshold", &t.threshold, inner, false},
		{"split_gain", &t.gain, inner, true},
		{"leaf_value", &t.leafValue, t.leaves, false},
		{"leaf_weight", &t.leafWeight, t.leaves, true},
		{"leaf_count", &t.leafCount, t.leaves, true},
		{"internal_weight", &t.innerWeight, inner, true},
		{"internal_count", &t.innerCount, inner, true},
	} {
		if *f.to, err = list(fields, f.key, f.want, f.optional, parseFloat); err != nil {
			return nil, err
		}
	}
	t.used = make([]bool, max(0, len(t.bounds)-1))
	return t, nil
}

// decodeLightGBM adds a tree to in. Inner nodes come first there, the leaves behind them.
func decodeLightGBM(in *importer, fields map[string]string) error {
	t, err := readLightGBMTree(fields)
	if err != nil {
		return err
	}
	inner, total := t.leaves-1, 2*t.leaves-1
	left, right := make([]int32, total), make([]int32, total)
	for i := range total {
		left[i], right[i] = -1, -1
		if i >= inner {
			continue
		}
		for _, side := range [...]struct {
			name string
			from int64
			to   *int32
		}{{"left_child", t.left[i], &left[i]}, {"right_child", t.right[i], &right[i]}} {
			switch c := side.from; {
			case c > 0 && c < int64(inner):
				*side.to = int32(c)
			case c < 0 && c >= -int64(t.leaves):
				*side.to = int32(int64(inner) - c - 1)
			default:
				return fmt.Errorf("%s[%d] is %d, which is no node: %w", side.name, i, c, check.ErrCorrupt)
			}
		}
	}
	order, err := in.order(left, right, "left_child", "right_child")
	if err != nil {
		return err
	}
	if len(order) != total {
		return fmt.Errorf("left_child, right_child: %d of %d nodes are reached: %w", len(order), total, check.ErrCorrupt)
	}
	nodes := make([]Node, total)
	for k, i := range order {
		n := &nodes[k]
		if j := int(i) - inner; j >= 0 {
			if !check.Finite(t.leafValue[j]) {
				return fmt.Errorf("leaf_value[%d] is %g: %w", j, t.leafValue[j], check.ErrCorrupt)
			}
			n.Column, n.Values = -1, t.leafValue[j:j+1:j+1]
			n.Cover, n.Count = known(t.leafWeight, j), known(t.leafCount, j)
			continue
		}
		n.Cover, n.Count, n.Gain = known(t.innerWeight, int(i)), known(t.innerCount, int(i)), known(t.gain, int(i))
		if err := t.split(n, int(i), in); err != nil {
			return err
		}
		n.Left, n.Right = in.children(k)
	}
	in.trees = append(in.trees, nodes)
	return nil
}

// known is a number that prediction does not read, 0 where it is missing or none.
func known(xs []float64, i int) float64 {
	if xs == nil || !(xs[i] > 0) || math.IsInf(xs[i], 0) {
		return 0
	}
	return xs[i]
}

// split fills an inner node.
func (t *lightgbmTree) split(n *Node, i int, in *importer) error {
	if c := t.column[i]; c < 0 || c >= int64(in.columns) {
		return fmt.Errorf("split_feature[%d] is %d, want 0 … %d: %w", i, c, in.columns-1, check.ErrCorrupt)
	}
	n.Column = int(t.column[i])
	kind, x := t.kind[i], t.threshold[i]
	if kind < 0 || kind > 15 || kind&lightgbmMissing == lightgbmMissing {
		return fmt.Errorf("decision_type[%d] is %d: %w", i, kind, check.ErrCorrupt)
	}
	if kind&lightgbmCategory != 0 {
		return t.categories(n, i, in)
	}
	if x != x {
		return fmt.Errorf("threshold[%d] is %g: %w", i, x, check.ErrCorrupt)
	}
	// An infinite one parts missing values from all others (extra_trees writes it); no number is beyond the largest.
	n.Threshold = min(max(x, -math.MaxFloat64), math.MaxFloat64)
	n.MissingLeft = kind&lightgbmDefaultLeft != 0
	switch kind & lightgbmMissing {
	case 0:
		n.NoMissing, n.MissingLeft = true, false
	case 4:
		n.ZeroMissing = true
	}
	return nil
}

// categories fills a node that splits by category: those of the set go left, all else right.
func (t *lightgbmTree) categories(n *Node, i int, in *importer) error {
	x := t.threshold[i]
	if !(x >= 0 && x < float64(len(t.used))) {
		return fmt.Errorf("threshold[%d] is %g, want a set of num_cat %d: %w", i, x, t.sets, check.ErrCorrupt)
	}
	k := int(x)
	if t.used[k] {
		return fmt.Errorf("threshold[%d] is %g, the set of another node: %w", i, x, check.ErrCorrupt)
	}
	t.used[k] = true
	from, to := t.bounds[k], t.bounds[k+1]
	if from < 0 || to < from || to > int64(len(t.words)) || to-from > maxImportedCategory/32 {
		return fmt.Errorf("cat_boundaries[%d] are %d, %d of %d words: %w", k, from, to, len(t.words), check.ErrCorrupt)
	}
	set, err := in.set(int(to - from))
	if err != nil {
		return fmt.Errorf("cat_threshold: %w", err)
	}
	for j, w := range t.words[from:to] {
		if w < 0 || w > math.MaxUint32 {
			return fmt.Errorf("cat_threshold[%d] is %d, want 32 bits: %w", from+int64(j), w, check.ErrCorrupt)
		}
		set[j] = uint32(w)
	}
	n.Categories = set
	return nil
}

// levels are the values behind the codes: the lists of pandas_categorical, which stand behind the trees, in the order of the
// columns of categories. They are left out where they are not one for each of these (a column of one category is no
// such in the file), shorter than the codes go (a list of another column, as there may be categories that pandas does not
// know of), not strings, or twice the same.
func (h *lightgbmHead) levels(text string) [][]string {
	_, list, ok := strings.Cut(text, "\npandas_categorical:")
	if !ok {
		return nil
	}
	list, _, _ = strings.Cut(list, "\n")
	var lists [][]string
	if json.Unmarshal([]byte(list), &lists) != nil || len(lists) == 0 || len(lists) != len(h.categorical) {
		return nil
	}
	out := make([][]string, h.columns)
	for k, j := range h.categorical {
		if h.most[k] >= len(lists[k]) {
			return nil
		}
		out[j] = lists[k]
	}
	if (description{nil, h.categorical, out}).check(h.columns) != nil {
		return nil
	}
	return out
}
