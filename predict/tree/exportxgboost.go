package tree

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aislekit/aisle/internal/check"
)

// AppendXGBoost appends the model as JSON that XGBoost 1.7 and later load (save it to a name that ends in .json), so that it can be used elsewhere.
// XGBoost rounds values to float32 and adds leaves up in float32, in the order of the trees. For a model that does so itself (Single: imported from
// XGBoost) its margins equal Margins bit for bit. For others thresholds are rounded down to float32, which parts rows of float32 numbers as
// before, and margins differ by rounding: by at most (t+1)·2⁻²⁴ of the sum of the magnitudes of base and leaves, for t trees of an output; a value between a threshold and the float32
// above it may go the other way. ImportXGBoost reads a model of the same margins as XGBoost's.
//
// The base is added to the leaves of each output's first tree, leaves with a value an output become a tree an output, an output with fewer trees than
// another gets trees of 0, and leaves of a model that averages are divided by the number of trees. Objectives name the link and no more:
// reg:squarederror, binary:logistic, count:poisson, multi:softprob, binary:hinge.
//
// Errors: ErrEmpty for a model that was not fitted; ErrUnsupported for what the file cannot say, naming it: ZeroMissing, LinkSquare, LinkSoftplus, LinkSort,
// LinkStep, LinkLog and LinkSoftmax with unfit outputs, Slope, categories from 2²⁴ on, numbers beyond float32. dst then comes back as it was.
func (e *Ensemble) AppendXGBoost(dst []byte) ([]byte, error) {
	const where = "tree: Ensemble.AppendXGBoost"
	if err := e.fitted(where); err != nil {
		return dst, err
	}
	out, err := e.xgboostText()
	if err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	return append(dst, out...), nil
}

// xgboostText writes the file.
func (e *Ensemble) xgboostText() (string, error) {
	outputs := len(e.base)
	objective, score, err := e.xgboostObjective()
	if err != nil {
		return "", err
	}
	turns, rounds := e.turns()
	var trees strings.Builder
	var info, begin []int
	for r := range rounds {
		begin = append(begin, len(info))
		for k := range outputs {
			if len(info) > 0 {
				trees.WriteByte(',')
			}
			if err := e.xgboostTree(&trees, turns[k], r, k, len(info)); err != nil {
				return "", err
			}
			info = append(info, k)
		}
	}
	classes, targets := 0, 1
	if e.link == LinkSoftmax {
		classes = outputs
	} else {
		targets = outputs
	}
	names, kinds := "[]", "[]"
	own := e.Names()
	if own != nil && !slices.ContainsFunc(own, func(s string) bool { return s == "" || strings.ContainsAny(s, "[]<") }) {
		text, err := json.Marshal(own)
		if err != nil {
			return "", err
		}
		names = string(text)
	}
	if categorical := e.described().categorical; len(categorical) > 0 {
		list := slices.Repeat([]string{`"float"`}, e.columns)
		for _, j := range categorical {
			list[j] = `"c"`
		}
		kinds = "[" + strings.Join(list, ",") + "]"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `{"learner":{"attributes":{},"feature_names":%s,"feature_types":%s,"gradient_booster":{"model":{"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"%d"},"iteration_indptr":[`, names, kinds, len(info))
	commas(&b, append(begin, len(info)), strconv.Itoa)
	b.WriteString(`],"tree_info":[`)
	commas(&b, info, strconv.Itoa)
	fmt.Fprintf(&b, `],"trees":[%s]},"name":"gbtree"},"learner_model_param":{"base_score":"%s","boost_from_average":"0","num_class":"%d","num_feature":"%d","num_target":"%d"},"objective":%s},"version":[2,1,0]}`,
		trees.String(), score, classes, e.columns, targets, objective)
	b.WriteByte('\n')
	return b.String(), nil
}

// xgboostObjective names the objective of the same link, and the base score that is a margin of 0.
func (e *Ensemble) xgboostObjective() (objective, score string, err error) {
	k := len(e.base)
	if e.slope != 1 && e.link == LinkLogit {
		return "", "", fmt.Errorf("a Slope of %g: %w", e.slope, ErrUnsupported)
	}
	switch {
	case e.link == LinkIdentity:
		return `{"name":"reg:squarederror","reg_loss_param":{"scale_pos_weight":"1"}}`, "0E0", nil
	case e.link == LinkLogit:
		return `{"name":"binary:logistic","reg_loss_param":{"scale_pos_weight":"1"}}`, "5E-1", nil
	case e.link == LinkLog && k == 1:
		return `{"name":"count:poisson","poisson_regression_param":{"max_delta_step":"7E-1"}}`, "1E0", nil
	case e.link == LinkStep && k == 1:
		return `{"name":"binary:hinge"}`, "0E0", nil
	case e.link == LinkSoftmax && k > 1:
		return fmt.Sprintf(`{"name":"multi:softprob","softmax_multiclass_param":{"num_class":"%d"}}`, k), "0E0", nil
	}
	return "", "", fmt.Errorf("link %v of %d outputs: %w", e.link, k, ErrUnsupported)
}

// commas writes numbers with commas between them.
func commas[T any](b *strings.Builder, xs []T, write func(T) string) {
	for i, x := range xs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(write(x))
	}
}

// float32Text writes a number so that XGBoost reads a float.
func float32Text(x float32) string { return strconv.FormatFloat(float64(x+0), 'E', -1, 32) }

// xgboostTree writes round r of output k as tree number. A category that is in the set goes right in XGBoost, and left here: children change places.
func (e *Ensemble) xgboostTree(b *strings.Builder, turn []int, r, k, number int) error {
	nodes, value := []Node{{Column: -1, Values: make([]float64, e.width)}}, 0
	if r < len(turn) {
		nodes = nodes[:0]
		for i := range e.roots[turn[r]+1] - 1 - e.roots[turn[r]] {
			nodes = append(nodes, e.at(turn[r], i))
		}
	}
	if e.width > 1 {
		value = k
	}
	n := len(nodes)
	left, right, parent, column, kind, standard := make([]int, n), make([]int, n), make([]int, n), make([]int, n), make([]int, n), make([]int, n)
	condition, cover, gain := make([]float32, n), make([]float32, n), make([]float32, n)
	var categories, holders, begins, sizes []int
	parent[0] = math.MaxInt32
	for i := range nodes {
		x := &nodes[i]
		cover[i], gain[i] = float32(min(x.Cover, math.MaxFloat32)), float32(min(x.Gain, math.MaxFloat32))
		if x.Column < 0 {
			left[i], right[i] = -1, -1
			var ok bool
			if condition[i], ok = e.xgboostLeaf(x.Values[value], r, k); !ok {
				return fmt.Errorf("tree %d: leaf %d is beyond float32: %w", number, i, ErrUnsupported)
			}
			continue
		}
		parent[x.Left], parent[x.Right] = i, i
		column[i], left[i], right[i] = x.Column, x.Left, x.Right
		missingLeft := x.MissingLeft
		codes := codesIn(x.Categories)
		switch {
		case x.ZeroMissing:
			return fmt.Errorf("tree %d: node %d: zeros that are missing (ZeroMissing): %w", number, i, ErrUnsupported)
		case len(codes) > 0:
			if codes[len(codes)-1] >= maxImportedCategory {
				return fmt.Errorf("tree %d: node %d: category %d: %w", number, i, codes[len(codes)-1], ErrUnsupported)
			}
			kind[i], left[i], right[i], missingLeft = 1, x.Right, x.Left, !x.MissingLeft
			holders, begins, sizes = append(holders, i), append(begins, len(categories)), append(sizes, len(codes))
			categories = append(categories, codes...)
		case x.Categories != nil: // missing or not: no code is less than 0
		default:
			if x.NoMissing {
				missingLeft = x.Threshold >= 0 // NaN is as 0
			}
			var ok bool
			if condition[i], ok = lessThan(x.Threshold); !ok {
				return fmt.Errorf("tree %d: node %d: a threshold beyond float32: %w", number, i, ErrUnsupported)
			}
		}
		if missingLeft {
			standard[i] = 1
		}
	}
	b.WriteByte('{')
	whole := func(key string, xs []int) {
		fmt.Fprintf(b, `"%s":[`, key)
		commas(b, xs, strconv.Itoa)
		b.WriteString("],")
	}
	float := func(key string, xs []float32) {
		fmt.Fprintf(b, `"%s":[`, key)
		commas(b, xs, float32Text)
		b.WriteString("],")
	}
	float("base_weights", make([]float32, n))
	whole("categories", categories)
	whole("categories_nodes", holders)
	whole("categories_segments", begins)
	whole("categories_sizes", sizes)
	whole("default_left", standard)
	fmt.Fprintf(b, `"id":%d,`, number)
	whole("left_children", left)
	float("loss_changes", gain)
	whole("parents", parent)
	whole("right_children", right)
	float("split_conditions", condition)
	whole("split_indices", column)
	whole("split_type", kind)
	float("sum_hessian", cover)
	fmt.Fprintf(b, `"tree_param":{"num_deleted":"0","num_feature":"%d","num_nodes":"%d","size_leaf_vector":"1"}}`, e.columns, n)
	return nil
}

// xgboostLeaf is the output of a leaf, with the base where it is in the first round.
func (e *Ensemble) xgboostLeaf(x float64, r, k int) (float32, bool) {
	if e.average {
		x /= e.share[k]
	}
	switch {
	case r == 0 && e.single:
		x = float64(float32(e.base[k]) + float32(x)) // the first sum
	case r == 0:
		x += e.base[k]
	}
	out := float32(x)
	return out, check.Finite(float64(out))
}

// lessThan returns the float32 that a float32 is less than where it is at most x.
func lessThan(x float64) (float32, bool) {
	f := float32(min(x, math.MaxFloat32))
	if float64(f) > x {
		f = math.Nextafter32(f, float32(math.Inf(-1)))
	}
	if f < math.MaxFloat32 {
		f = math.Nextafter32(f, float32(math.Inf(1)))
	}
	return f, f > -math.MaxFloat32
}

// codesIn lists the categories of a set.
func codesIn(set []uint32) (out []int) {
	for w, bits := range set {
		for c := range 32 {
			if bits>>c&1 == 1 {
				out = append(out, 32*w+c)
			}
		}
	}
	return out
}
