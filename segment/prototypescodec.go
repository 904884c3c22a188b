package segment

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// K returns the number of clusters.
func (m *Prototypes) K() int {
	if m == nil {
		return 0
	}
	return m.k
}

// Gamma returns what a category that differs costs.
func (m *Prototypes) Gamma() float64 {
	if m == nil {
		return 0
	}
	return m.gamma
}

// Centers returns a copy of the means, K rows; rows of nothing for categories alone.
func (m *Prototypes) Centers() [][]float64 {
	if m == nil {
		return nil
	}
	return unflatten(m.center, m.k, m.d)
}

// Modes returns a copy of the most frequent categories, K rows.
func (m *Prototypes) Modes() [][]string {
	if m == nil {
		return nil
	}
	out := make([][]string, m.k)
	for j := range out {
		out[j] = slices.Clone(m.mode[j*m.c : (j+1)*m.c])
	}
	return out
}

// Weights returns the number of training rows in each cluster.
func (m *Prototypes) Weights() []float64 {
	if m == nil {
		return nil
	}
	return slices.Clone(m.weight)
}

// Cost returns what the training rows cost together.
func (m *Prototypes) Cost() float64 {
	if m == nil {
		return 0
	}
	return m.cost
}

// Iterations returns the number of iterations of the chosen start.
func (m *Prototypes) Iterations() int {
	if m == nil {
		return 0
	}
	return m.iterations
}

// Converged reports whether the chosen start ended by itself rather than by MaxIter.
func (m *Prototypes) Converged() bool { return m != nil && m.converged }

// Assign appends the cheapest cluster of every row to dst, the lowest among equals; a
// category that the training rows do not have differs from all. Both halves are given as
// to FitPrototypes. On an error, which names the row, dst is returned as it was.
func (m *Prototypes) Assign(dst []int32, rows [][]float64, categories [][]string) ([]int32, error) {
	const where = "segment: Prototypes.Assign"
	if err := made(where, m != nil && m.k > 0); err != nil {
		return dst, err
	}
	n := max(len(rows), len(categories))
	if m.d > 0 && len(rows) != n || m.c > 0 && len(categories) != n {
		return dst, fmt.Errorf("%s: %d rows and %d of categories: %w", where, len(rows), len(categories), ErrShape)
	}
	for i := range n {
		if i < len(rows) && (m.d > 0 || len(rows[i]) > 0) {
			if err := checkRow(rows[i], m.d); err != nil {
				return dst, fmt.Errorf("%s: row %d: %w", where, i, err)
			}
		}
		if i < len(categories) && len(categories[i]) != m.c {
			return dst, fmt.Errorf("%s: categories[%d] has %d columns, want %d: %w", where, i, len(categories[i]), m.c, ErrShape)
		}
	}
	for i := range n {
		best, low := 0, math.Inf(1)
		for j := range m.k {
			cost := 0.0
			if m.d > 0 {
				cost = squared(rows[i], m.center[j*m.d:(j+1)*m.d])
			}
			for q := range m.c {
				if categories[i][q] != m.mode[j*m.c+q] {
					cost += m.gamma
				}
			}
			if cost < low {
				best, low = j, cost
			}
		}
		dst = append(dst, int32(best))
	}
	return dst, nil
}

// AppendBinary appends the model's binary form to dst.
func (m *Prototypes) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("segment: Prototypes.AppendBinary", m != nil && m.k > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(m.k)
	w.Int(m.d)
	w.Int(m.c)
	w.Float64s(m.center)
	w.Strings(m.mode)
	w.Float64s(m.weight)
	w.Float64(m.gamma)
	w.Float64(m.cost)
	w.Int(m.iterations)
	w.Bool(m.converged)
	return w.AppendFrame(dst, codec.KindPrototypes, 1), nil
}

// MarshalBinary returns the model's binary form.
func (m *Prototypes) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	int      K >= 1
//	int      d columns of numbers
//	int      c columns of categories, d + c >= 1
//	[]f64    K×d means, none beyond 1e140 in size
//	[]string K×c modes
//	[]f64    K numbers of rows, finite and >= 0
//	f64      what a category costs, finite and >= 0
//	f64      cost of the rows, finite and >= 0
//	int      iterations
//	bool     converged
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; m is then unchanged.
func (m *Prototypes) UnmarshalBinary(data []byte) error {
	const where = "segment: Prototypes.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindPrototypes, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	n := Prototypes{
		k: r.Int(), d: r.Int(), c: r.Int(), center: r.Float64s(), mode: r.Strings(), weight: r.Float64s(),
		gamma: r.Float64(), cost: r.Float64(), iterations: r.Int(), converged: r.Bool(),
	}
	if r.Err() == nil && (n.k < 1 || n.d+n.c < 1 || n.k != len(n.weight) || len(n.center)%n.k != 0 || len(n.center)/n.k != n.d ||
		len(n.mode)%n.k != 0 || len(n.mode)/n.k != n.c) {
		r.Fail("shapes of the prototypes do not agree")
	}
	if _, ok := within(n.center); !ok {
		r.Fail("a mean is not finite")
	}
	for _, x := range append([]float64{n.gamma, n.cost}, n.weight...) {
		if !(x >= 0) || math.IsInf(x, 0) {
			r.Fail("a weight or cost is negative or not finite")
			break
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = n
	return nil
}
