package tree

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aislekit/aisle/internal/check"
)

// ImportXGBoost reads a model that XGBoost 1.7 to 3 has saved, save_model to a name that ends in
// .json or .ubj: gbtree and dart, one output and many, parallel trees, vector leaves, categories and
// missing values. Margins equal predict(…, output_margin=True) of XGBoost bit for bit, and
// predictions its float32 results to one unit in their last place, of one row in ten thousand to two, where the
// C library has rounded an exponential the other way: rows are rounded to float32,
// leaves added in float32 in order of the trees, to the base score of the model. A row holds NaN
// where the DMatrix would have nothing, the codes of categories as XGBoost numbers them.
//
// Covered are the objectives reg:squarederror, reg:squaredlogerror, reg:absoluteerror,
// reg:pseudohubererror, reg:quantileerror, reg:expectileerror, reg:logistic, reg:gamma, reg:tweedie, binary:logistic,
// binary:logitraw, binary:hinge, count:poisson, survival:cox, survival:aft, rank:ndcg, rank:map,
// rank:pairwise, multi:softprob, and multi:softmax, for which Predict gives the probabilities of the
// classes instead of the best one. Quantiles of a row that XGBoost 3.4 or newer has learned come out in ascending order, as it
// has them. All trees are taken, also those behind best_iteration, which Ensemble.First leaves out. Cover is the
// sum of the Hessians, Count not known. What is left out is base_margin of single rows, which is
// the caller's to add.
//
// Errors: ErrCorrupt for bytes that are no such model, naming the field: cycles, children that are
// no nodes, thresholds that are NaN, lengths that do not agree; ErrUnsupported for another
// booster or objective (gblinear: ImportXGBoostLinear), expectiles of several levels, dart of versions before 1.6 and
// categories of those before 1.7, a field of the trees that is not known here, or the binary format that ended with 2.x;
// ErrTooLarge beyond 2²⁴ columns or categories, 2¹⁶ outputs, or categories of more than 2³¹ bits;
// ErrEmpty without trees. Cost: one pass over data, memory in proportion to the nodes, and to the largest category of each split.
func ImportXGBoost(data []byte) (*Ensemble, error) {
	const where = "tree: ImportXGBoost"
	m, err := readXGBoost(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	e, err := m.ensemble()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return e, nil
}

// xgboost is what a file of XGBoost says, not checked yet.
type xgboost struct {
	booster, objective   string
	names                []string
	kinds                []string // of the columns: c holds categories
	bestIteration        string   // of early stopping
	parallel             string   // trees of a round and output
	version              []int32  // of XGBoost: major, minor, patch
	trees                []xgboostTree
	targets              []int32
	drop                 []float32 // weights of the trees of dart
	weights              []float32 // of gblinear
	score                string    // base_score
	classes, targetCount string
	columns              string
	declared             string // num_trees
}

// xgboostTree holds the arrays of one tree, one value a node but where said.
type xgboostTree struct {
	left, right, column, defaultLeft, kind []int32
	condition, cover, gain                 []float32
	wide, leaves                           []float32 // of vector leaves: of all nodes, or of leaves only
	catNodes, catBegin, catSizes, cats     []int32
	width                                  string
}

// readXGBoost reads a file into its parts.
func readXGBoost(data []byte) (*xgboost, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("data: %w", check.ErrCorrupt)
	}
	if oldBinary(data) {
		return nil, fmt.Errorf("the old binary format of XGBoost, save as .json or .ubj: %w", ErrUnsupported)
	}
	m := &xgboost{}
	d := openDocument(data)
	err := d.object(fieldsOf(d, map[string]func() error{
		"version": into(&m.version, d.int32s),
		"learner": func() error { return m.learner(d) },
	}))
	if err == nil {
		err = d.end()
	}
	if err == nil && m.booster == "" {
		err = fmt.Errorf("learner.gradient_booster.name is missing: %w", check.ErrCorrupt)
	}
	return m, err
}

// oldBinary recognises the binary format that ended with 2.x: numbers of fixed size, and then the name of the booster.
func oldBinary(data []byte) bool {
	head := data[:min(512, len(data))]
	named := bytes.Contains(head, []byte("gbtree")) || bytes.Contains(head, []byte("gblinear")) || bytes.Contains(head, []byte("dart"))
	return bytes.HasPrefix(head, []byte("binf")) || head[0] != '{' && bytes.IndexByte(head, 0) >= 0 && named
}

// learner reads the names of columns, the objective, shapes and trees, in any order.
func (m *xgboost) learner(d document) error {
	return d.object(fieldsOf(d, map[string]func() error{
		"feature_names": func() error {
			return d.array(func(int) error {
				name, err := d.text()
				m.names = append(m.names, name)
				return err
			})
		},
		"feature_types": func() error {
			return d.array(func(int) error {
				kind, err := d.text()
				m.kinds = append(m.kinds, kind)
				return err
			})
		},
		"attributes": func() error {
			return d.object(fieldsOf(d, map[string]func() error{"best_iteration": into(&m.bestIteration, d.text)}))
		},
		"objective": func() error {
			return d.object(fieldsOf(d, map[string]func() error{"name": into(&m.objective, d.text)}))
		},
		"learner_model_param": func() error {
			return d.object(fieldsOf(d, map[string]func() error{
				"base_score":  into(&m.score, d.text),
				"num_class":   into(&m.classes, d.text),
				"num_target":  into(&m.targetCount, d.text),
				"num_feature": into(&m.columns, d.text),
			}))
		},
		"gradient_booster": func() error { return m.boosterOf(d) },
	}))
}

// boosterOf reads gradient_booster: until XGBoost 3.3 dart has another one within, beside the weights of its trees. Here and
// below a field that is not known is refused, as it may say what margins are made of.
func (m *xgboost) boosterOf(d document) error {
	model := func() error { return m.model(d) }
	return d.object(onlyFieldsOf(map[string]func() error{
		"name":        into(&m.booster, d.text),
		"model":       model,
		"weight_drop": into(&m.drop, d.float32s),
		"gbtree":      func() error { return d.object(fieldsOf(d, map[string]func() error{"model": model})) },
	}))
}

// model reads the trees, or the weights of gblinear. Since XGBoost 3.4 the weights of dart's trees stand here, and it
// calls itself gbtree.
func (m *xgboost) model(d document) error {
	return d.object(onlyFieldsOf(map[string]func() error{
		"weights":          into(&m.weights, d.float32s),
		"boosted_rounds":   d.skip,
		"param":            d.skip,
		"cats":             d.skip,
		"iteration_indptr": d.skip,
		"weight_drop":      into(&m.drop, d.float32s),
		"tree_info":        into(&m.targets, d.int32s),
		"gbtree_model_param": func() error {
			return d.object(fieldsOf(d, map[string]func() error{
				"num_trees": into(&m.declared, d.text), "num_parallel_tree": into(&m.parallel, d.text),
			}))
		},
		"trees": func() error {
			return d.array(func(i int) error {
				var t xgboostTree
				if err := t.read(d); err != nil {
					return keyed("["+strconv.Itoa(i)+"]", err)
				}
				m.trees = append(m.trees, t)
				return nil
			})
		},
	}))
}

// read reads the arrays of a tree, which come in any order and agree only later.
func (t *xgboostTree) read(d document) error {
	return d.object(onlyFieldsOf(map[string]func() error{
		"id":                  d.skip,
		"parents":             d.skip,
		"left_children":       into(&t.left, d.int32s),
		"right_children":      into(&t.right, d.int32s),
		"split_indices":       into(&t.column, d.int32s),
		"default_left":        into(&t.defaultLeft, d.int32s),
		"split_type":          into(&t.kind, d.int32s),
		"split_conditions":    into(&t.condition, d.float32s),
		"sum_hessian":         into(&t.cover, d.float32s),
		"loss_changes":        into(&t.gain, d.float32s),
		"base_weights":        into(&t.wide, d.float32s),
		"leaf_weights":        into(&t.leaves, d.float32s),
		"categories_nodes":    into(&t.catNodes, d.int32s),
		"categories_segments": into(&t.catBegin, d.int32s),
		"categories_sizes":    into(&t.catSizes, d.int32s),
		"categories":          into(&t.cats, d.int32s),
		"tree_param": func() error {
			return d.object(fieldsOf(d, map[string]func() error{"size_leaf_vector": into(&t.width, d.text)}))
		},
	}))
}

// count reads a number that XGBoost writes as a string; missing means 0.
func count(field, s string, most int64) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is %.40q, want a count: %w", field, s, check.ErrCorrupt)
	}
	if n > most {
		return 0, fmt.Errorf("%s is %d, at most %d: %w", field, n, most, ErrTooLarge)
	}
	return int(n), nil
}

// shape returns columns and outputs.
func (m *xgboost) shape() (columns, outputs int, err error) {
	if columns, err = count("num_feature", m.columns, maxColumns); err != nil {
		return 0, 0, err
	}
	classes, err := count("num_class", m.classes, maxOutputs)
	if err != nil {
		return 0, 0, err
	}
	targets, err := count("num_target", m.targetCount, maxOutputs)
	if err != nil {
		return 0, 0, err
	}
	if columns == 0 {
		return 0, 0, fmt.Errorf("num_feature is 0: %w", check.ErrCorrupt)
	}
	if classes > 1 && targets > 1 {
		return 0, 0, fmt.Errorf("num_class is %d beside num_target %d: %w", classes, targets, check.ErrCorrupt)
	}
	return columns, max(1, classes, targets), nil
}

// xgboostLinks are the objectives that are covered.
var xgboostLinks = map[string]LinkKind{
	"reg:squarederror": LinkIdentity, "reg:linear": LinkIdentity, "reg:squaredlogerror": LinkIdentity,
	"reg:absoluteerror": LinkIdentity, "reg:pseudohubererror": LinkIdentity, "reg:quantileerror": LinkIdentity, "reg:expectileerror": LinkIdentity,
	"rank:ndcg": LinkIdentity, "rank:map": LinkIdentity, "rank:pairwise": LinkIdentity, "binary:logitraw": LinkIdentity,
	"binary:logistic": LinkLogit, "reg:logistic": LinkLogit, "binary:hinge": LinkStep,
	"count:poisson": LinkLog, "reg:gamma": LinkLog, "reg:tweedie": LinkLog, "survival:cox": LinkLog, "survival:aft": LinkLog,
	"multi:softprob": LinkSoftmax, "multi:softmax": LinkSoftmax,
}

// before reports a file of an older XGBoost; one that does not say is of the newest.
func (m *xgboost) before(major, minor int32) bool {
	return len(m.version) > 1 && (m.version[0] < major || m.version[0] == major && m.version[1] < minor)
}

// margins turns base_score into margins, as the objective of the version that wrote it does: in float32, a number or
// a list, which XGBoost 3.1 brought.
func (m *xgboost) margins(outputs int) ([]float64, error) {
	link, ok := xgboostLinks[m.objective]
	if !ok {
		return nil, fmt.Errorf("objective %.40q: %w", m.objective, ErrUnsupported)
	}
	s := m.score
	list := strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]")
	if list {
		s = s[1 : len(s)-1]
	}
	words := strings.Split(s, ",")
	if list && len(words) != outputs && len(words) != 1 || !list && len(words) != 1 {
		return nil, fmt.Errorf("base_score has %d numbers, want %d: %w", len(words), outputs, check.ErrCorrupt)
	}
	base := make([]float64, outputs)
	for k := range base {
		w := words[min(k, len(words)-1)]
		x, err := strconv.ParseFloat(strings.TrimSpace(w), 32)
		p := float32(x)
		switch {
		case link == LinkLogit || m.objective == "binary:logitraw" && m.before(2, 0) && !m.before(1, 7):
			if p >= 0 && p <= 1 && !m.before(3, 2) { // all labels were alike
				p = min(max(p, leastScore), 1-leastScore)
			}
			p = -log32(1/p - 1)
		case link == LinkLog:
			p = log32(p)
		}
		if err != nil || !check.Finite(float64(p)) {
			return nil, fmt.Errorf("base_score[%d] is %.40q: %w", k, w, check.ErrCorrupt)
		}
		base[k] = float64(p) + 0
	}
	return base, nil
}

// leastScore is how near to 0 and 1 XGBoost 3.2 lets the base score of logistic objectives be.
const leastScore float32 = 1e-6

// ensemble checks and assembles the trees.
func (m *xgboost) ensemble() (*Ensemble, error) {
	if m.booster != "gbtree" && m.booster != "dart" {
		return nil, fmt.Errorf("booster %.40q: %w", m.booster, ErrUnsupported)
	}
	columns, outputs, err := m.shape()
	if err != nil {
		return nil, err
	}
	base, err := m.margins(outputs)
	if err != nil {
		return nil, err
	}
	if n, err := count("num_trees", m.declared, maxNodes); err != nil || m.declared != "" && n != len(m.trees) {
		return nil, fmt.Errorf("num_trees is %.40q beside %d trees: %w", m.declared, len(m.trees), check.ErrCorrupt)
	}
	if len(m.targets) != len(m.trees) {
		return nil, fmt.Errorf("tree_info has %d numbers for %d trees: %w", len(m.targets), len(m.trees), check.ErrCorrupt)
	}
	dart := m.booster == "dart" || m.drop != nil
	if dart && len(m.drop) != len(m.trees) {
		return nil, fmt.Errorf("weight_drop has %d numbers for %d trees: %w", len(m.drop), len(m.trees), check.ErrCorrupt)
	}
	if dart && m.before(1, 6) {
		return nil, fmt.Errorf("dart of XGBoost before 1.6, whose sums are rounded elsewhere: %w", ErrUnsupported)
	}
	in := importer{columns: columns, outputs: outputs}
	opt := AssembleOptions{Columns: columns, Outputs: outputs, Base: base, Link: xgboostLinks[m.objective], Single: true}
	switch {
	case m.objective == "reg:quantileerror" && outputs > 1 && !m.before(3, 4):
		opt.Link = LinkSort
	case m.objective == "reg:expectileerror" && outputs > 1: // margins are gaps between them since 3.4
		return nil, fmt.Errorf("objective %q of several levels: %w", m.objective, ErrUnsupported)
	}
	if len(m.names) > 0 {
		opt.Names = named(m.names)
	}
	for j, kind := range m.kinds[:min(len(m.kinds), columns)] {
		if kind == "c" {
			opt.Categorical = append(opt.Categorical, j)
		}
	}
	for i := range m.trees {
		scale := float32(1)
		if dart {
			scale = m.drop[i]
		}
		t := &m.trees[i]
		if len(t.catNodes) > 0 && m.before(1, 7) {
			return nil, fmt.Errorf("trees[%d]: categories of XGBoost before 1.7, which sends those that it has not seen elsewhere: %w", i, ErrUnsupported)
		}
		if err := t.decode(&in, scale); err != nil {
			return nil, fmt.Errorf("trees[%d].%w", i, err)
		}
		*t = xgboostTree{}
		opt.Targets = append(opt.Targets, int(m.targets[i]))
	}
	e, err := in.assemble(opt)
	if err != nil {
		return nil, err
	}
	e.best = m.best(e)
	return e, nil
}

// best returns how many trees best_iteration leaves, 0 for all, or where the file does not say.
func (m *xgboost) best(e *Ensemble) int {
	round, err := strconv.Atoi(m.bestIteration)
	if err != nil || round < 0 || round >= len(e.target) {
		return 0
	}
	parallel, err := count("num_parallel_tree", m.parallel, maxNodes)
	if err != nil {
		return 0
	}
	trees := max(parallel, 1)
	if e.width == 1 {
		if trees > len(e.target)/len(e.base) { // before a product that no int of 32 bits holds
			return 0
		}
		trees *= len(e.base)
	}
	if round+1 > (len(e.target)-1)/trees { // all of them, or more
		return 0
	}
	return (round + 1) * trees
}

// lengths checks that arrays of a tree agree, and fills in those that may be missing.
func (t *xgboostTree) lengths() error {
	n := len(t.left)
	if n == 0 {
		return fmt.Errorf("left_children: no nodes: %w", check.ErrCorrupt)
	}
	if t.kind == nil {
		t.kind = make([]int32, n)
	}
	if t.cover == nil {
		t.cover = make([]float32, n)
	}
	if t.gain == nil {
		t.gain = make([]float32, n)
	}
	for name, got := range map[string]int{
		"right_children": len(t.right), "split_indices": len(t.column), "default_left": len(t.defaultLeft), "split_type": len(t.kind),
		"split_conditions": len(t.condition), "sum_hessian": len(t.cover), "loss_changes": len(t.gain),
	} {
		if got != n {
			return fmt.Errorf("%s has length %d for %d nodes: %w", name, got, n, check.ErrCorrupt)
		}
	}
	if len(t.catBegin) != len(t.catNodes) || len(t.catSizes) != len(t.catNodes) {
		return fmt.Errorf("categories_segments, categories_sizes have lengths %d, %d for %d nodes: %w", len(t.catBegin), len(t.catSizes), len(t.catNodes), check.ErrCorrupt)
	}
	return nil
}

// decode adds a tree to in. Nodes that pruning has cut off are left out.
func (t *xgboostTree) decode(in *importer, scale float32) error {
	if err := t.lengths(); err != nil {
		return err
	}
	width, err := count("tree_param.size_leaf_vector", t.width, maxOutputs)
	if err != nil {
		return err
	}
	if width = max(1, width); width > 1 && width != in.outputs {
		return fmt.Errorf("tree_param.size_leaf_vector is %d for %d outputs: %w", width, in.outputs, check.ErrCorrupt)
	}
	order, err := in.order(t.left, t.right, "left_children", "right_children")
	if err != nil {
		return err
	}
	sets, err := t.sets(in)
	if err != nil {
		return err
	}
	leaves := (len(order) + 1) / 2
	if name, from := t.array(width); len(from)/width < leaves { // before there is room made for them
		return fmt.Errorf("%s has %d numbers for %d leaves of %d values: %w", name, len(from), leaves, width, check.ErrCorrupt)
	}
	values := make([]float64, 0, leaves*width)
	nodes := make([]Node, len(order))
	for k, i := range order {
		n := &nodes[k]
		n.Cover, n.Gain = in.positive(t.cover[i]), in.positive(t.gain[i])
		if t.left[i] < 0 {
			from := len(values)
			if values, err = t.leaf(values, int(i), width, scale); err != nil {
				return err
			}
			n.Column, n.Gain, n.Values = -1, 0, values[from:len(values):len(values)]
			continue
		}
		if err := t.split(n, int(i), in, sets); err != nil {
			return err
		}
		n.Left, n.Right = in.children(k)
		if n.Categories != nil { // XGBoost's go right
			n.Left, n.Right, n.MissingLeft = n.Right, n.Left, !n.MissingLeft
		}
	}
	in.trees = append(in.trees, nodes)
	return nil
}

// split fills an inner node.
func (t *xgboostTree) split(n *Node, i int, in *importer, sets map[int32][]uint32) error {
	n.Column = int(t.column[i])
	if n.Column < 0 || n.Column >= in.columns {
		return fmt.Errorf("split_indices[%d] is %d, want 0 … %d: %w", i, n.Column, in.columns-1, check.ErrCorrupt)
	}
	if t.defaultLeft[i]&^1 != 0 {
		return fmt.Errorf("default_left[%d] is %d, want 0 or 1: %w", i, t.defaultLeft[i], check.ErrCorrupt)
	}
	n.MissingLeft = t.defaultLeft[i] == 1
	switch t.kind[i] {
	case 0:
		x := t.condition[i]
		if x != x {
			return fmt.Errorf("split_conditions[%d] is %g: %w", i, x, check.ErrCorrupt)
		}
		// Less than x is at most the float32 below it. An infinite one parts missing values from all others, and no
		// float32 is at most a float64 below them all.
		n.Threshold = max(float64(math.Nextafter32(x, float32(math.Inf(-1)))), -math.MaxFloat64)
	case 1:
		set, ok := sets[int32(i)]
		if !ok {
			return fmt.Errorf("categories_nodes lacks node %d: %w", i, check.ErrCorrupt)
		}
		n.Categories = set
	default:
		return fmt.Errorf("split_type[%d] is %d, want 0 or 1: %w", i, t.kind[i], check.ErrCorrupt)
	}
	return nil
}

// array returns what the values of leaves stand in: of wide ones base_weights until
// XGBoost 3.0, and since then leaf_weights.
func (t *xgboostTree) array(width int) (name string, from []float32) {
	switch {
	case width == 1:
		return "split_conditions", t.condition
	case t.leaves != nil:
		return "leaf_weights", t.leaves
	}
	return "base_weights", t.wide
}

// leaf appends the values of leaf i, in leaf_weights at the place that right_children tells.
func (t *xgboostTree) leaf(values []float64, i, width int, scale float32) ([]float64, error) {
	name, from := t.array(width)
	at := i
	if width > 1 && t.leaves != nil {
		at = int(t.right[i])
	}
	if at < 0 || at >= len(from)/width {
		return nil, fmt.Errorf("%s has %d numbers, and leaf %d its values at %d: %w", name, len(from), i, at*width, check.ErrCorrupt)
	}
	for _, x := range from[at*width : (at+1)*width] {
		if x *= scale; !check.Finite(float64(x)) {
			return nil, fmt.Errorf("%s: leaf %d has %g: %w", name, i, x, check.ErrCorrupt)
		}
		values = append(values, float64(x))
	}
	return values, nil
}

// sets returns the categories of the nodes that split by them.
func (t *xgboostTree) sets(in *importer) (map[int32][]uint32, error) {
	sets := make(map[int32][]uint32, len(t.catNodes))
	for k, i := range t.catNodes {
		if _, twice := sets[i]; twice || i < 0 || int(i) >= len(t.left) {
			return nil, fmt.Errorf("categories_nodes[%d] is %d, which is no node or comes twice: %w", k, i, check.ErrCorrupt)
		}
		begin, size := int(t.catBegin[k]), int(t.catSizes[k])
		if begin < 0 || size < 0 || begin > len(t.cats) || size > len(t.cats)-begin {
			return nil, fmt.Errorf("categories_segments[%d], categories_sizes[%d] are %d, %d of %d categories: %w", k, k, begin, size, len(t.cats), check.ErrCorrupt)
		}
		codes := t.cats[begin : begin+size]
		top := int32(-1)
		for j, c := range codes {
			if c < 0 || c >= maxImportedCategory {
				return nil, fmt.Errorf("categories[%d] is %d, want 0 … %d: %w", begin+j, c, maxImportedCategory-1, check.ErrCorrupt)
			}
			top = max(top, c)
		}
		set, err := in.set(int(top>>5) + 1)
		if err != nil {
			return nil, fmt.Errorf("categories_nodes[%d]: %w", k, err)
		}
		for _, c := range codes {
			set[c>>5] |= 1 << (c & 31)
		}
		sets[i] = set
	}
	return sets, nil
}

// maxImportedCategory bounds the codes of categories, as XGBoost does.
const maxImportedCategory = 1 << 24

// maxWords bounds the words of all sets of categories of an imported model: 256 MiB of them.
const maxWords = 1 << 26

// importer gathers trees for Assemble.
type importer struct {
	columns, outputs int
	trees            [][]Node
	words            int     // of categories
	place            []int32 // of nodes in the new order, by their old place
	left             []int32 // of inner nodes in the new order
	right            []int32
}

// set makes room for a set of categories.
func (in *importer) set(words int) ([]uint32, error) {
	if in.words += words; in.words > maxWords {
		return nil, fmt.Errorf("categories of more than %d bits: %w", int64(maxWords)*32, ErrTooLarge)
	}
	return make([]uint32, words), nil
}

// order returns the nodes that are reached from the first, breadth first, where a left
// child below 0 marks a leaf, and fails where a child is no node or is reached twice.
func (in *importer) order(left, right []int32, leftName, rightName string) ([]int32, error) {
	in.place = slices.Grow(in.place[:0], len(left))[:len(left)]
	for i := range in.place {
		in.place[i] = -1
	}
	in.left, in.right = in.left[:0], in.right[:0]
	in.place[0] = 0
	order := make([]int32, 1, len(left))
	for k := 0; k < len(order); k++ {
		i := order[k]
		in.left, in.right = append(in.left, left[i]), append(in.right, right[i])
		if left[i] == -1 {
			continue
		}
		for _, side := range [...]struct {
			name  string
			child int32
		}{{leftName, left[i]}, {rightName, right[i]}} {
			if side.child <= 0 || int(side.child) >= len(left) || in.place[side.child] >= 0 {
				return nil, fmt.Errorf("%s[%d] is %d, which is no node or another's child: %w", side.name, i, side.child, check.ErrCorrupt)
			}
			in.place[side.child] = int32(len(order))
			order = append(order, side.child)
		}
	}
	return order, nil
}

// children returns the new places of the children of the k-th node.
func (in *importer) children(k int) (left, right int) {
	return int(in.place[in.left[k]]), int(in.place[in.right[k]])
}

// positive is x where it tells something, 0 where not: gains below 0 and NaN, which prediction
// does not read.
func (in *importer) positive(x float32) float64 {
	if x > 0 && x <= math.MaxFloat32 {
		return float64(x)
	}
	return 0
}

// assemble makes the model; what Assemble refuses is the file's fault.
func (in *importer) assemble(opt AssembleOptions) (*Ensemble, error) {
	if len(in.trees) == 0 {
		return nil, fmt.Errorf("no trees: %w", ErrEmpty)
	}
	if len(in.trees[0]) > 0 && in.wide() {
		opt.Targets = nil
	}
	e, err := Assemble(in.trees, opt)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, check.ErrCorrupt)
	}
	return e, nil
}

// wide reports leaves with more than one value.
func (in *importer) wide() bool {
	for i := range in.trees[0] {
		if n := &in.trees[0][i]; n.Column < 0 {
			return len(n.Values) > 1
		}
	}
	return false
}
