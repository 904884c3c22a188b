package uplift

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aislekit/aisle/internal/check"
)

// A Node is one of a tree. Node 0 is the root; children come after their parents.
type Node struct {
	Column      int       // that is asked; −1 for a leaf
	Threshold   float64   // of numbers: those at most it go left
	Categories  []int     // of categories: those that go left, ascending; nil for numbers
	MissingLeft bool      // a missing value goes left
	Left, Right int       // children; 0 for a leaf
	Gain        float64   // of the split, normalised where gains are
	Distance    float64   // what the criterion has of the node, its means shrunk
	Rows        []int64   // that gave the means, in each arm
	Means       []float64 // mean outcome in each arm; of an arm without rows that of the node above
}

// ready refuses what was not fitted.
func (m *Forest) ready(where string) error {
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	if len(m.trees) == 0 {
		return fmt.Errorf("%s: not fitted: %w", where, ErrEmpty)
	}
	return nil
}

// Arms returns the number of arms, control included; 0 for nil.
func (m *Forest) Arms() int {
	if m == nil {
		return 0
	}
	return m.arms
}

// Columns returns the number of columns; 0 for nil.
func (m *Forest) Columns() int {
	if m == nil {
		return 0
	}
	return m.columns
}

// Names returns the names of the columns, nil where there are none.
func (m *Forest) Names() []string {
	if m == nil {
		return nil
	}
	return slices.Clone(m.names)
}

// Trees returns the number of trees; 0 for nil.
func (m *Forest) Trees() int {
	if m == nil {
		return 0
	}
	return len(m.trees)
}

// Nodes returns a copy of the nodes of a tree. ErrEmpty, ErrRange for a tree that there is not.
func (m *Forest) Nodes(tree int) ([]Node, error) {
	const where = "uplift: Forest.Nodes"
	if err := m.ready(where); err != nil {
		return nil, err
	}
	if tree < 0 || tree >= len(m.trees) {
		return nil, fmt.Errorf("%s: tree is %d, want 0 … %d: %w", where, tree, len(m.trees)-1, ErrRange)
	}
	t := &m.trees[tree]
	out := make([]Node, len(t.knots))
	for i, k := range t.knots {
		out[i] = Node{
			Column: int(k.column), Threshold: k.threshold, MissingLeft: k.missingLeft, Left: int(k.left), Right: int(k.right), Gain: k.gain, Distance: k.distance,
			Rows: slices.Clone(t.rows[i*m.arms : (i+1)*m.arms]), Means: slices.Clone(t.means[i*m.arms : (i+1)*m.arms]),
		}
		if k.codes != nil {
			out[i].Categories = make([]int, len(k.codes))
			for c, code := range k.codes {
				out[i].Categories[c] = int(code)
			}
		}
	}
	return out, nil
}

// leaf returns the leaf of a row.
func (t *grown) leaf(row []float64) int32 {
	at := int32(0)
	for {
		k := &t.knots[at]
		if k.column < 0 {
			return at
		}
		x := row[k.column]
		left := k.missingLeft
		if x == x {
			if k.codes == nil {
				left = x <= k.threshold
			} else {
				left = false
				if x >= 0 && x < math.MaxInt32 && x == math.Trunc(x) {
					_, left = slices.BinarySearch(k.codes, int32(x))
				}
			}
		}
		if at = k.right; left {
			at = k.left
		}
	}
}

// meansOf writes the mean outcome in each arm, over the trees.
func (m *Forest) meansOf(dst []float64, row []float64) {
	clear(dst)
	for t := range m.trees {
		at := int(m.trees[t].leaf(row)) * m.arms
		for a, x := range m.trees[t].means[at : at+m.arms] {
			dst[a] += x
		}
	}
	for a := range dst {
		dst[a] /= float64(len(m.trees))
	}
}

// Means appends to dst the mean outcome of each row in each arm, Arms numbers a row: the mean over the trees
// of that of its leaf. ErrEmpty, ErrShape, ErrNotFinite for an infinity.
func (m *Forest) Means(dst []float64, rows [][]float64) ([]float64, error) {
	const where = "uplift: Forest.Means"
	if err := m.takes(where, rows); err != nil {
		return dst, err
	}
	for _, row := range rows {
		n := len(dst)
		dst = slices.Grow(dst, m.arms)[:n+m.arms]
		m.meansOf(dst[n:], row)
	}
	return dst, nil
}

// Effects appends to dst the effect of each treatment against control on each row, Arms−1 numbers a row.
// Errors: those of Means.
func (m *Forest) Effects(dst []float64, rows [][]float64) ([]float64, error) {
	const where = "uplift: Forest.Effects"
	if err := m.takes(where, rows); err != nil {
		return dst, err
	}
	var few [16]float64
	of := few[:]
	if m.arms > len(few) {
		of = make([]float64, m.arms)
	}
	for _, row := range rows {
		m.meansOf(of[:m.arms], row)
		for a := 1; a < m.arms; a++ {
			dst = append(dst, of[a]-of[0])
		}
	}
	return dst, nil
}

// takes checks rows.
func (m *Forest) takes(where string, rows [][]float64) error {
	if err := m.ready(where); err != nil {
		return err
	}
	if len(rows) == 0 {
		return nil
	}
	if err := table("rows", rows, m.columns); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// Importance returns, for each column, its share of the gains of all splits, weighed by the rows that they part; all 0 without
// a split. They say where trees looked, not what causes what. ErrEmpty.
func (m *Forest) Importance() ([]float64, error) {
	if err := m.ready("uplift: Forest.Importance"); err != nil {
		return nil, err
	}
	out, sum := make([]float64, m.columns), 0.0
	for t := range m.trees {
		for i, k := range m.trees[t].knots {
			if k.column < 0 {
				continue
			}
			n := 0.0
			for _, r := range m.trees[t].rows[i*m.arms : (i+1)*m.arms] {
				n += float64(r)
			}
			out[k.column] += k.gain * n
			sum += k.gain * n
		}
	}
	if sum > 0 {
		for j := range out {
			out[j] /= sum
		}
	}
	return out, nil
}

// Text returns a tree as text, a line a node: the question, the rows and what each treatment changes. ErrEmpty, ErrRange for a
// tree that there is not.
func (m *Forest) Text(tree int) (string, error) {
	nodes, err := m.Nodes(tree)
	if err != nil {
		return "", fmt.Errorf("uplift: Forest.Text: %w", err)
	}
	var b strings.Builder
	var walk func(at int, what, indent string)
	walk = func(at int, what, indent string) {
		n := &nodes[at]
		rows := int64(0)
		for _, r := range n.Rows {
			rows += r
		}
		fmt.Fprintf(&b, "%s%s: %d rows", indent, what, rows)
		for a, mean := range n.Means[1:] {
			effect := strconv.FormatFloat(mean-n.Means[0], 'g', 4, 64)
			if mean >= n.Means[0] {
				effect = "+" + effect
			}
			if len(n.Means) == 2 {
				fmt.Fprintf(&b, ", effect %s", effect)
			} else {
				fmt.Fprintf(&b, ", effect of %d %s", a+1, effect)
			}
		}
		b.WriteByte('\n')
		if n.Column < 0 {
			return
		}
		left, right := question(nameOf(m.names, n.Column), n)
		walk(n.Left, left, indent+"  ")
		walk(n.Right, right, indent+"  ")
	}
	walk(0, "all", "")
	return b.String(), nil
}

// nameOf is the name of a column.
func nameOf(names []string, j int) string {
	if names == nil {
		return "column " + strconv.Itoa(j)
	}
	return names[j]
}

// question is what the rows of both children answer.
func question(name string, n *Node) (left, right string) {
	switch {
	case n.Categories != nil:
		left, right = fmt.Sprintf("%s in %v", name, n.Categories), fmt.Sprintf("%s not in %v", name, n.Categories)
	case n.Threshold == math.MaxFloat64:
		return name + " known", name + " missing"
	default:
		at := strconv.FormatFloat(n.Threshold, 'g', 6, 64)
		left, right = name+" <= "+at, name+" > "+at
	}
	if n.MissingLeft {
		return left + " or missing", right
	}
	return left, right + " or missing"
}
