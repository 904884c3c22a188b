package tree

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// AppendLightGBM appends the model as a text that LightGBM 3 and 4 load, so that it can be
// used elsewhere: LightGBM's raw scores equal Margins bit for bit (of a model that averages, their sums), and its
// predictions are those of Predict. The base is added to the leaves of each output's first tree, leaves with a value an output become a tree an output, and
// an output with fewer trees than another gets trees of 0.
//
// Errors: ErrEmpty for a model that was not fitted; ErrUnsupported for what the text cannot say, naming
// it: Single (sums in float32), categories whose missing values go left, LinkStep, LinkSoftmax or LinkLogit
// with unfit outputs, Average with a base or with fewer trees for one output. dst then comes back as it was.
func (e *Ensemble) AppendLightGBM(dst []byte) ([]byte, error) {
	const where = "tree: Ensemble.AppendLightGBM"
	if err := e.fitted(where); err != nil {
		return dst, err
	}
	objective, err := e.lightgbmObjective()
	if err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	turns, rounds := e.turns()
	for k := range turns {
		if e.average && (e.base[k] != 0 || len(turns[k]) != rounds) {
			return dst, fmt.Errorf("%s: Average with a base, or fewer trees for output %d: %w", where, k, ErrUnsupported)
		}
	}
	var b strings.Builder
	outputs := len(e.base)
	fmt.Fprintf(&b, "tree\nversion=v4\nnum_class=%d\nnum_tree_per_iteration=%d\nlabel_index=0\nmax_feature_idx=%d\nobjective=%s\n", outputs, outputs, e.columns-1, objective)
	if e.average {
		b.WriteString("average_output\n")
	}
	names, infos := make([]string, e.columns), make([]string, e.columns)
	own := e.Names()
	for j := range names {
		names[j], infos[j] = "Column_"+strconv.Itoa(j), "[-1e+308:1e+308]"
		if own != nil && !slices.ContainsFunc(own, func(s string) bool { return s == "" || strings.ContainsAny(s, " \t\r\n,:\"[]{}") }) {
			names[j] = own[j]
		}
	}
	fmt.Fprintf(&b, "feature_names=%s\nfeature_infos=%s\n", strings.Join(names, " "), strings.Join(infos, " "))
	var trees []string
	var sizes []string
	for r := range rounds {
		for k := range outputs {
			text, err := e.lightgbmTree(turns[k], r, k, len(trees))
			if err != nil {
				return dst, fmt.Errorf("%s: %w", where, err)
			}
			trees, sizes = append(trees, text), append(sizes, strconv.Itoa(len(text)))
		}
	}
	fmt.Fprintf(&b, "tree_sizes=%s\n\n%send of trees\n\nfeature_importances:\n\nparameters:\nend of parameters\n\npandas_categorical:null\n", strings.Join(sizes, " "), strings.Join(trees, ""))
	return append(dst, b.String()...), nil
}

// turns returns the trees of each output and the largest number of them, at least one.
func (e *Ensemble) turns() (turns [][]int, rounds int) {
	turns = make([][]int, len(e.base))
	for t, k := range e.target {
		if e.width > 1 {
			for k := range turns {
				turns[k] = append(turns[k], t)
			}
			continue
		}
		turns[k] = append(turns[k], t)
	}
	for _, list := range turns {
		rounds = max(rounds, len(list))
	}
	return turns, rounds
}

// lightgbmObjective names the objective with the same link.
func (e *Ensemble) lightgbmObjective() (string, error) {
	k := len(e.base)
	slope := strconv.FormatFloat(e.slope, 'g', -1, 64)
	switch {
	case e.single:
		return "", fmt.Errorf("a model of float32 sums (Single): %w", ErrUnsupported)
	case e.link == LinkSoftmax && k > 1:
		return fmt.Sprintf("multiclass num_class:%d", k), nil
	case e.link == LinkLogit && k > 1:
		return fmt.Sprintf("multiclassova num_class:%d sigmoid:%s", k, slope), nil
	case k > 1 && e.link != LinkIdentity:
		return "", fmt.Errorf("link %v of %d outputs: %w", e.link, k, ErrUnsupported)
	}
	switch e.link {
	case LinkIdentity:
		return "regression", nil
	case LinkLogit:
		return "binary sigmoid:" + slope, nil
	case LinkLog:
		return "poisson", nil
	case LinkSquare:
		return "regression sqrt", nil
	case LinkSoftplus:
		return "cross_entropy_lambda", nil
	}
	return "", fmt.Errorf("link %v: %w", e.link, ErrUnsupported)
}

// line writes a key and its numbers.
func line[T any](b *strings.Builder, key string, xs []T, write func(T) string) {
	b.WriteString(key)
	for i, x := range xs {
		b.WriteByte("= "[min(i, 1)])
		b.WriteString(write(x))
	}
	if len(xs) == 0 {
		b.WriteByte('=')
	}
	b.WriteByte('\n')
}

func exact(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// lightgbmTree writes round r of output k as tree number. Inner nodes are numbered in order of breadth, as
// leaves are, so that the root is 0.
func (e *Ensemble) lightgbmTree(turn []int, r, k, number int) (string, error) {
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
	place, inner, leaves := make([]int, len(nodes)), 0, 0
	for i := range nodes {
		if nodes[i].Column < 0 {
			place[i] = -1 - leaves
			leaves++
			continue
		}
		place[i] = inner
		inner++
	}
	var column, left, right, kind, bounds []int
	var threshold, gain, leaf, leafWeight, leafCount, weight, counts []float64
	var words []uint32
	bounds = []int{0}
	for i := range nodes {
		n := &nodes[i]
		if n.Column < 0 {
			x := n.Values[value]
			if r == 0 {
				x = e.base[k] + x
			}
			leaf, leafWeight, leafCount = append(leaf, x), append(leafWeight, n.Cover), append(leafCount, math.Round(n.Count))
			continue
		}
		bits, x := lightgbmKind(n), n.Threshold
		if n.Categories != nil {
			if n.MissingLeft {
				return "", fmt.Errorf("tree %d: node %d: missing categories go left: %w", turn[r], i, ErrUnsupported)
			}
			set := n.Categories
			if len(set) == 0 {
				set = []uint32{0}
			}
			words = append(words, set...)
			x = float64(len(bounds) - 1)
			bounds = append(bounds, len(words))
		}
		column, kind, threshold, gain = append(column, n.Column), append(kind, bits), append(threshold, x), append(gain, n.Gain)
		left, right = append(left, place[n.Left]), append(right, place[n.Right])
		weight, counts = append(weight, n.Cover), append(counts, math.Round(n.Count))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Tree=%d\nnum_leaves=%d\nnum_cat=%d\n", number, leaves, len(bounds)-1)
	line(&b, "split_feature", column, strconv.Itoa)
	line(&b, "split_gain", gain, exact)
	line(&b, "threshold", threshold, exact)
	line(&b, "decision_type", kind, strconv.Itoa)
	line(&b, "left_child", left, strconv.Itoa)
	line(&b, "right_child", right, strconv.Itoa)
	line(&b, "leaf_value", leaf, exact)
	line(&b, "leaf_weight", leafWeight, exact)
	whole := func(x float64) string { return strconv.FormatFloat(min(x, math.MaxInt32), 'f', 0, 64) }
	line(&b, "leaf_count", leafCount, whole)
	line(&b, "internal_value", make([]float64, inner), exact)
	line(&b, "internal_weight", weight, exact)
	line(&b, "internal_count", counts, whole)
	if len(bounds) > 1 {
		line(&b, "cat_boundaries", bounds, strconv.Itoa)
		line(&b, "cat_threshold", words, func(w uint32) string { return strconv.FormatUint(uint64(w), 10) })
	}
	b.WriteString("is_linear=0\nshrinkage=1\n\n\n")
	return b.String(), nil
}

// lightgbmKind is the decision_type of a node.
func lightgbmKind(n *Node) int {
	switch {
	case n.Categories != nil:
		return lightgbmCategory | 8
	case n.NoMissing:
		return 0
	}
	bits := 8
	if n.ZeroMissing {
		bits = 4
	}
	if n.MissingLeft {
		bits |= lightgbmDefaultLeft
	}
	return bits
}
