package scorecard

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/mcda"
)

// Direction says which values of a KPI are good.
type Direction uint8

const (
	HigherIsBetter Direction = iota // in-stock rate, on-time deliveries
	LowerIsBetter                   // days to deliver, returns
	TargetIsBest                    // days of supply: both too few and too many are bad
)

// KPI is a node of the tree that New makes a Card of: a measured KPI, or a branch that
// sums up its Children. Names are unique in a card.
//
// Floor and Ceiling are the ends of the scale in the KPI's own unit, Floor < Ceiling
// whatever the direction; values beyond an end count as the end. The better end earns 1
// and the worse one 0; with TargetIsBest both ends earn 0 and Target 1, with straight
// lines between. Both 0 means no scale: the best and the worst of the alternatives take
// their place, so that scores of different calls do not compare, and a KPI in which all
// are equal counts as attained by all.
//
// Target is what should be reached, which Evaluation.Gaps measures from; the scale ends
// where it ends. With a scale it lies within it and, unless TargetIsBest, not at the worse
// end, which asks for nothing; without a scale, 0 means none for the two other directions.
type KPI struct {
	Name      string    // not empty
	Weight    float64   // among its siblings, >= 0; of any scale, see Options.Strict; all 0 means equal ones
	Direction Direction // which values are good

	Floor, Target, Ceiling float64 // the scale, in the unit of the KPI

	// Children makes the node a branch, whose Direction and scale are not used and must be 0.
	Children []KPI
	// Judgements are Saaty's comparisons of the children, whose Weight must be 0: [i][j] is how
	// many times as important child i is as child j. A consistency ratio above 0.1 is
	// warned of; see Card.Consistency.
	Judgements [][]float64
}

// scaled reports whether the KPI has a scale of its own.
func (k *KPI) scaled() bool { return k.Floor != 0 || k.Ceiling != 0 }

// Method says how the KPIs of an alternative become one score in [0, 1], 1 best.
type Method uint8

const (
	// WeightedSum is Σ w·a of the attainments a, each in [0, 1] on its KPI's scale. Where all KPIs
	// have scales, an alternative's score does not depend on the others.
	WeightedSum Method = iota
	// TOPSIS is the closeness to the best and away from the worst of the alternatives (Hwang
	// and Yoon 1981). It needs two that differ. Values are clipped to their scales, no more.
	TOPSIS
	// GreyRelational is the grey relational grade to the best of every KPI (Deng 1982), with the
	// distinguishing coefficient Rho; relative to the alternatives, as TOPSIS.
	GreyRelational
	// FuzzyComprehensive turns each attainment into memberships in Levels, joins them branch by
	// branch from the leaves up by Operator, and scores Σ membership·level. With MeanOperator it
	// equals WeightedSum.
	FuzzyComprehensive
)

// Operator joins weights w and memberships r in FuzzyComprehensive.
type Operator uint8

const (
	MeanOperator       Operator = iota // Σ w·r: all KPIs count
	MinMaxOperator                     // max of min(w, r): the leading KPI decides
	ProductMaxOperator                 // max of w·r
	BoundedSumOperator                 // Σ w·r, at most 1
)

// Objective says how weights are drawn from the values of the alternatives.
type Objective uint8

const (
	NoObjective      Objective = iota // the weights of the tree alone
	ObjectiveEntropy                  // by entropy, after scaling to [0, 1] within the column; any sign
	ObjectiveShares                   // by entropy of the shares x/Σx: no negative value, no column of zeros
	ObjectiveCRITIC                   // by variation and disagreement (Diakoulaki and others 1995)
)

// Mix says how the weights of the tree and the objective ones are combined, leaf by leaf.
type Mix uint8

const (
	Additive       Mix = iota // Share·tree + (1−Share)·objective
	Multiplicative            // tree·objective, scaled to sum 1: what both hold important counts
)

// MissingRule says what a value that is NaN does.
type MissingRule uint8

const (
	// RefuseMissing takes it for an error.
	RefuseMissing MissingRule = iota
	// ReweighMissing scores an alternative by the KPIs that it has, whose weights are scaled up to
	// sum to 1: unknown is neither good nor bad. Evaluation.Warnings lists what is missing. With
	// WeightedSum and NoObjective only.
	ReweighMissing
)

// Grade is a name for scores from From on.
type Grade struct {
	Name string  // such as "A"
	From float64 // in [0, 1]
}

// Options configures New.
type Options struct {
	Method    Method      // default WeightedSum
	Objective Objective   // default NoObjective
	Mix       Mix         // of the weights of the tree with objective ones; default Additive
	Share     float64     // of the weights of the tree with Additive, in [0, 1]; 0 means 0.5, negative 0
	Rho       float64     // of GreyRelational, in (0, 1]; 0 means 0.5
	Operator  Operator    // of FuzzyComprehensive
	Levels    []float64   // of FuzzyComprehensive, ascending from 0 to 1; nil means 0, .25, .5, .75, 1
	Grades    []Grade     // descending by From, the last From 0; nil means A .9, B .8, C .7, D .6, E 0
	Missing   MissingRule // default RefuseMissing
	Strict    bool        // weights of siblings that do not sum to 1 within 1e-9 are ErrRange, not divided by their sum
}

func (o Options) withDefaults() Options {
	o.Share = check.OrOff(o.Share, 0.5)
	o.Rho = check.Default(o.Rho, 0.5)
	o.Levels, o.Grades = slices.Clone(o.Levels), slices.Clone(o.Grades)
	if o.Levels == nil {
		o.Levels = []float64{0, .25, .5, .75, 1}
	}
	if o.Grades == nil {
		o.Grades = []Grade{{"A", .9}, {"B", .8}, {"C", .7}, {"D", .6}, {"E", 0}}
	}
	return o
}

// validate checks every field and names all that are bad.
func (o Options) validate(where string) error {
	var c check.Options
	c.Require(o.Method <= FuzzyComprehensive, "Method", o.Method, "WeightedSum, TOPSIS, GreyRelational or FuzzyComprehensive")
	c.Require(o.Objective <= ObjectiveCRITIC, "Objective", o.Objective, "NoObjective, ObjectiveEntropy, ObjectiveShares or ObjectiveCRITIC")
	c.Require(o.Mix <= Multiplicative, "Mix", o.Mix, "Additive or Multiplicative")
	c.Require(o.Operator <= BoundedSumOperator, "Operator", o.Operator, "MeanOperator, MinMaxOperator, ProductMaxOperator or BoundedSumOperator")
	c.Require(o.Missing == RefuseMissing || o.Missing == ReweighMissing && o.Method == WeightedSum && o.Objective == NoObjective, "Missing", o.Missing, "RefuseMissing, or ReweighMissing with WeightedSum and NoObjective")
	c.Require(o.Share >= 0 && o.Share <= 1, "Share", o.Share, "in [0, 1], or negative for 0")
	c.Require(o.Rho > 0 && o.Rho <= 1, "Rho", o.Rho, "in (0, 1]")
	levels := len(o.Levels) > 1 && o.Levels[0] == 0 && o.Levels[len(o.Levels)-1] == 1
	for g := 1; g < len(o.Levels); g++ {
		levels = levels && o.Levels[g] > o.Levels[g-1]
	}
	c.Require(levels, "Levels", o.Levels, "two or more that ascend from 0 to 1")
	grades := len(o.Grades) > 0 && o.Grades[len(o.Grades)-1].From == 0
	for g, cut := range o.Grades {
		grades = grades && cut.From >= 0 && cut.From <= 1 && (g == 0 || cut.From < o.Grades[g-1].From)
	}
	c.Require(grades, "Grades", o.Grades, "one or more with From descending within [0, 1] to 0")
	return c.Err(where)
}

// Consistency is what the analytic hierarchy process says of one branch's judgements.
type Consistency struct {
	Branch string  // its name
	Lambda float64 // principal eigenvalue, the number of children for perfect consistency
	Index  float64 // (λ−n)/(n−1); 0 below three children
	Ratio  float64 // Index over that of random judgements; NaN above 15 children
}

// Card is a checked tree of KPIs with its weights. It is immutable and safe for concurrent
// use; nil and zero are ErrEmpty.
type Card struct {
	opt         Options
	nodes       []node // depth first, the root at 0
	leaves      []int  // the nodes that are measured
	warnings    []string
	consistency []Consistency
}

// node is a KPI or a branch; its leaves are Card.leaves[lo:hi].
type node struct {
	kpi          KPI // without children and judgements
	depth        int
	parent       int
	weight       float64 // of the whole card
	lo, hi       int
	measured     bool
	children     []int
	levelWeights []float64 // of the children, summing to 1
}

// New checks a tree of KPIs. The root is a branch, and its own Weight is not used.
//
// Weights are given per branch, by Weight or by Judgements (AHP), and a leaf's weight in the
// card is the product along its path. Those of siblings that do not sum to 1 are divided
// by their sum, which Card.Warnings reports, or refused with Options.Strict; equal
// weights by leaving all out need no report.
//
// Errors: ErrOption naming every bad field of opt; ErrEmpty for a tree without KPIs or a
// nameless node; ErrDuplicate for a name given twice; ErrRange for a bad weight, a scale
// whose Floor is not below its Ceiling, as of a KPI whose direction was reversed by
// exchanging them, a Target outside of it, or judgements that are not reciprocal;
// ErrNotFinite; ErrShape for judgements of another size; ErrTooLarge above 10,000 nodes.
func New(root KPI, opt Options) (*Card, error) {
	const where = "scorecard: New"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if len(root.Children) == 0 {
		return nil, fmt.Errorf("%s: %q has no KPI below it: %w", where, root.Name, ErrEmpty)
	}
	c := &Card{opt: opt}
	root.Weight = 0
	if err := c.grow(&root, -1, 0); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	names := map[string]bool{}
	for _, n := range c.nodes {
		if names[n.kpi.Name] {
			return nil, fmt.Errorf("%s: KPI %q: %w", where, n.kpi.Name, ErrDuplicate)
		}
		names[n.kpi.Name] = true
	}
	c.nodes[0].weight = 1
	for i := range c.nodes {
		n := &c.nodes[i]
		for k, child := range n.children {
			c.nodes[child].weight = n.weight * n.levelWeights[k]
		}
	}
	return c, nil
}

// grow appends a KPI and all below it in depth-first order.
func (c *Card) grow(k *KPI, parent, depth int) error {
	if k.Name == "" {
		if parent < 0 {
			return fmt.Errorf("the root has no name: %w", ErrEmpty)
		}
		return fmt.Errorf("a KPI below %q has no name: %w", c.nodes[parent].kpi.Name, ErrEmpty)
	}
	if len(c.nodes) >= 10_000 || depth > 100 {
		return fmt.Errorf("%d nodes, %d deep: %w", len(c.nodes), depth, ErrTooLarge)
	}
	at := len(c.nodes)
	n := node{kpi: *k, depth: depth, parent: parent, lo: len(c.leaves), measured: len(k.Children) == 0}
	n.kpi.Children, n.kpi.Judgements = nil, nil
	c.nodes = append(c.nodes, n)
	if n.measured {
		if k.Judgements != nil {
			return fmt.Errorf("KPI %q has judgements and no children: %w", k.Name, ErrShape)
		}
		c.nodes[at].hi = n.lo + 1
		c.leaves = append(c.leaves, at)
		return k.checkScale()
	}
	if k.Direction != 0 || k.Floor != 0 || k.Target != 0 || k.Ceiling != 0 {
		return fmt.Errorf("branch %q has a direction or a scale, which are of KPIs without children: %w", k.Name, ErrRange)
	}
	w, err := c.weigh(k)
	if err != nil {
		return err
	}
	var children []int
	for i := range k.Children {
		children = append(children, len(c.nodes))
		if err := c.grow(&k.Children[i], at, depth+1); err != nil {
			return err
		}
	}
	c.nodes[at].children, c.nodes[at].levelWeights, c.nodes[at].hi = children, w, len(c.leaves)
	return nil
}

// checkScale checks direction, floor, target and ceiling of a KPI that is measured.
func (k *KPI) checkScale() error {
	if k.Direction > TargetIsBest {
		return fmt.Errorf("KPI %q: direction %d is none: %w", k.Name, k.Direction, ErrRange)
	}
	for _, x := range []float64{k.Floor, k.Target, k.Ceiling} {
		if !check.Finite(x) {
			return fmt.Errorf("KPI %q: floor %v, target %v, ceiling %v: %w", k.Name, k.Floor, k.Target, k.Ceiling, ErrNotFinite)
		}
	}
	if !k.scaled() {
		return nil
	}
	if k.Floor >= k.Ceiling {
		return fmt.Errorf("KPI %q: floor %v is not below ceiling %v; which end is better is said by the direction: %w", k.Name, k.Floor, k.Ceiling, ErrRange)
	}
	worse := k.Direction == HigherIsBetter && k.Target == k.Floor || k.Direction == LowerIsBetter && k.Target == k.Ceiling
	if k.Target < k.Floor || k.Target > k.Ceiling || worse {
		return fmt.Errorf("KPI %q: target %v, want it between floor %v and ceiling %v, and not at the worse end: %w", k.Name, k.Target, k.Floor, k.Ceiling, ErrRange)
	}
	return nil
}

// weigh returns the weights of the children of a branch, summing to 1.
func (c *Card) weigh(k *KPI) ([]float64, error) {
	w := make([]float64, len(k.Children))
	var sum float64
	for i := range k.Children {
		w[i] = k.Children[i].Weight
		if !check.Finite(w[i]) {
			return nil, fmt.Errorf("KPI %q: weight %v: %w", k.Children[i].Name, w[i], ErrNotFinite)
		}
		if w[i] < 0 {
			return nil, fmt.Errorf("KPI %q: weight %v, want >= 0: %w", k.Children[i].Name, w[i], ErrRange)
		}
		sum += w[i]
	}
	switch {
	case !check.Finite(sum):
		return nil, fmt.Errorf("branch %q: the weights sum to %v: %w", k.Name, sum, ErrRange)
	case k.Judgements != nil && sum > 0:
		return nil, fmt.Errorf("branch %q has judgements, and its children have weights too: %w", k.Name, ErrRange)
	case k.Judgements != nil:
		return c.judge(k)
	case sum == 0:
		for i := range w {
			w[i] = 1 / float64(len(w))
		}
		return w, nil
	}
	if math.Abs(sum-1) > 1e-9 {
		if c.opt.Strict {
			return nil, fmt.Errorf("branch %q: the weights of its children sum to %v, want 1: %w", k.Name, sum, ErrRange)
		}
		c.warnings = append(c.warnings, fmt.Sprintf("the weights below %q sum to %v and were divided by that", k.Name, sum))
	}
	for i := range w {
		w[i] /= sum
	}
	return w, nil
}

// judge returns the weights of the children of a branch by the analytic hierarchy process.
func (c *Card) judge(k *KPI) ([]float64, error) {
	if err := check.Len(fmt.Sprintf("branch %q: judgements", k.Name), len(k.Judgements), len(k.Children)); err != nil {
		return nil, err
	}
	h, err := mcda.AnalyticHierarchy(k.Judgements)
	if err != nil {
		return nil, fmt.Errorf("branch %q: %w", k.Name, err)
	}
	c.consistency = append(c.consistency, Consistency{Branch: k.Name, Lambda: h.Lambda, Index: h.Index, Ratio: h.Consistency})
	if h.Consistency > 0.1 {
		c.warnings = append(c.warnings, fmt.Sprintf("the judgements below %q are inconsistent: the consistency ratio is %.3g, above 0.1", k.Name, h.Consistency))
	}
	return h.Weights, nil
}

// ready refuses a card that New has not made.
func (c *Card) ready(where string) error {
	if c == nil || len(c.nodes) == 0 {
		return fmt.Errorf("%s: no card: %w", where, ErrEmpty)
	}
	return nil
}

// Leaves returns the names of the measured KPIs, the order of the columns of Evaluate:
// depth first, as the tree was given.
func (c *Card) Leaves() []string {
	if c == nil {
		return nil
	}
	out := make([]string, 0, len(c.leaves))
	for _, i := range c.leaves {
		out = append(out, c.nodes[i].kpi.Name)
	}
	return out
}

// Weights returns the weights of the tree by leaf, in the order of Leaves, summing to 1.
func (c *Card) Weights() []float64 {
	if c == nil {
		return nil
	}
	out := make([]float64, 0, len(c.leaves))
	for _, i := range c.leaves {
		out = append(out, c.nodes[i].weight)
	}
	return out
}

// Warnings returns what New changed or found doubtful: weights that did not sum to 1,
// judgements that contradict each other.
func (c *Card) Warnings() []string {
	if c == nil {
		return nil
	}
	return slices.Clone(c.warnings)
}

// Consistency returns eigenvalue and consistency of every branch with Judgements, depth
// first.
func (c *Card) Consistency() []Consistency {
	if c == nil {
		return nil
	}
	return slices.Clone(c.consistency)
}
