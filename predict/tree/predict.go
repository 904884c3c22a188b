package tree

import (
	"fmt"
	"math"
	"slices"
	"sync"
)

// lanes is how many walks run beside each other: each step of one waits for memory and
// for a comparison, which the steps of the others fill.
const lanes = 8

// scratch is what a prediction needs beside dst.
type scratch struct {
	work []float64 // the views of lanes rows
	rows [lanes][]float64
	at   [lanes]int32
	acc  []float64 // sums of lanes rows
	hits []int32   // leaves of one row, for quickScorer
	ends []int32   // of its runs
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// sized makes room for e.
func (s *scratch) sized(e *Ensemble) {
	s.work = slices.Grow(s.work[:0], lanes*e.stride())[:lanes*e.stride()]
	s.acc = slices.Grow(s.acc[:0], lanes*len(e.base))[:lanes*len(e.base)]
	if e.quick != nil {
		s.hits = slices.Grow(s.hits[:0], len(e.target))[:len(e.target)]
		s.ends = slices.Grow(s.ends[:0], len(e.views))[:len(e.views)]
	}
}

// stride is the room of a row in work: what its categories answer, then its views. A leaf looks at the first of them, which
// there is even where no node has one.
func (e *Ensemble) stride() int { return e.before() + max(len(e.views), 1) }

// free gives the scratch back, without what is the caller's.
func (s *scratch) free() {
	clear(s.rows[:])
	scratches.Put(s)
}

// Margins appends to dst, for each row, one margin an output: the base and the sum (or
// the mean) of the leaves that the row reaches. Cost: a step for each level of each
// tree. On an error, ErrShape naming the row, ErrEmpty for a model that was not fitted,
// it returns dst as given. It allocates nothing where dst has room.
func (e *Ensemble) Margins(dst []float64, rows [][]float64) ([]float64, error) {
	return e.margins("tree: Ensemble.Margins", dst, rows)
}

// Predict appends to dst, for each row, the prediction of each output: its margin through
// the link. Otherwise it is like Margins.
func (e *Ensemble) Predict(dst []float64, rows [][]float64) ([]float64, error) {
	out, err := e.margins("tree: Ensemble.Predict", dst, rows)
	if err != nil {
		return dst, err
	}
	k := len(e.base)
	for i := len(dst); i < len(out); i += k {
		e.through(out[i : i+k])
	}
	return out, nil
}

// Leaves appends to dst, for each row, the leaf that it reaches in each tree, counted from 0
// in order of breadth among the leaves of that tree. Otherwise it is like Margins.
func (e *Ensemble) Leaves(dst []int32, rows [][]float64) ([]int32, error) {
	const where = "tree: Ensemble.Leaves"
	if err := e.checkRows(where, rows); err != nil {
		return dst, err
	}
	trees := e.Trees()
	first := len(dst)
	dst = slices.Grow(dst, len(rows)*trees)[:first+len(rows)*trees]
	s := scratches.Get().(*scratch)
	defer s.free()
	s.sized(e)
	if e.quick != nil {
		for i, row := range rows {
			e.quick.find(s, row, e.single)
			for t, p := range s.hits {
				dst[first+i*trees+t] = e.number[p]
			}
		}
		return dst, nil
	}
	for lo := 0; lo < len(rows); lo += lanes {
		n := min(lanes, len(rows)-lo)
		e.load(s, rows[lo:lo+n])
		for t := range trees {
			e.walk(s, t)
			for l := range n {
				dst[first+(lo+l)*trees+t] = e.number[s.at[l]]
			}
		}
	}
	return dst, nil
}

// checkRows reports a model that was not fitted, or a row of another length.
func (e *Ensemble) checkRows(where string, rows [][]float64) error {
	if err := e.fitted(where); err != nil {
		return err
	}
	for i, row := range rows {
		if len(row) != e.columns {
			return fmt.Errorf("%s: rows[%d] has %d columns, want %d: %w", where, i, len(row), e.columns, ErrShape)
		}
	}
	return nil
}

// margins is Margins under the name of who was called.
func (e *Ensemble) margins(where string, dst []float64, rows [][]float64) ([]float64, error) {
	if err := e.checkRows(where, rows); err != nil {
		return dst, err
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	s.sized(e)
	if e.quick != nil {
		for _, row := range rows {
			dst = e.quickly(s, dst, row)
		}
		return dst, nil
	}
	if len(rows) < lanes {
		for _, row := range rows {
			dst = e.one(s, dst, row)
		}
		return dst, nil
	}
	for lo := 0; lo < len(rows); lo += lanes {
		n := min(lanes, len(rows)-lo)
		e.load(s, rows[lo:lo+n])
		dst = e.block(s, dst, n)
	}
	return dst, nil
}

// load makes the views of up to lanes rows. Lanes without a row repeat the first.
func (e *Ensemble) load(s *scratch, rows [][]float64) {
	for l := range s.rows {
		row := rows[0]
		if l < len(rows) {
			row = rows[l]
		}
		s.rows[l] = row
		e.face(s.work[l*e.stride():][:e.stride()], row)
	}
}

// face makes the answers and views of one row.
func (e *Ensemble) face(work, row []float64) {
	off := e.before()
	if e.answers != nil {
		e.answers.answer(work, off, row, e.single)
	}
	e.look(work[off:off+len(e.views)], row)
}

// look makes the views of one row.
func (e *Ensemble) look(work, row []float64) {
	for k, v := range e.views {
		work[k] = v.of(row, e.single)
	}
}

// of is what a node compares of a row.
func (v view) of(row []float64, single bool) float64 {
	x := row[v.column]
	if single {
		x = float64(float32(x))
	}
	if v.kind == 0 {
		return x
	}
	if v.kind&zeroMissing != 0 && math.Abs(x) <= nearZero {
		x = math.NaN()
	}
	if v.kind&noMissing != 0 && x != x {
		x = 0
	}
	if v.kind&negated != 0 {
		x = -x
	}
	return x
}

// block appends the margins of the n rows that were loaded.
func (e *Ensemble) block(s *scratch, dst []float64, n int) []float64 {
	k := len(e.base)
	for l := range n {
		e.start(s.acc[l*k : (l+1)*k])
	}
	for t, target := range e.target {
		e.walk(s, t)
		for l := range n {
			e.addLeaf(s.acc[l*k:(l+1)*k], s.at[l], target)
		}
	}
	for l := range n {
		e.end(s.acc[l*k : (l+1)*k])
	}
	return append(dst, s.acc[:n*k]...)
}

// quickly appends the margins of a row by the quick scorer.
func (e *Ensemble) quickly(s *scratch, dst, row []float64) []float64 {
	e.quick.find(s, row, e.single)
	acc := s.acc[:len(e.base)]
	e.start(acc)
	if len(acc) == 1 && !e.single {
		sum := acc[0]
		for _, p := range s.hits {
			sum += e.value[p]
		}
		acc[0] = sum
	} else {
		for t, p := range s.hits {
			e.addLeaf(acc, p, e.target[t])
		}
	}
	e.end(acc)
	return append(dst, acc...)
}

// one appends the margins of a row: the lanes are trees then.
func (e *Ensemble) one(s *scratch, dst, row []float64) []float64 {
	work := s.work[:e.stride()]
	e.face(work, row)
	k := len(e.base)
	acc := s.acc[:k]
	e.start(acc)
	for t := 0; t < len(e.target); t += lanes {
		n := min(lanes, len(e.target)-t)
		for l := range lanes {
			s.at[l] = e.roots[t+min(l, n-1)]
		}
		if len(e.tests) == 0 || e.answers != nil {
			e.descend(&s.at, work, 0)
		} else {
			for l := range n {
				s.at[l] = e.reach(s.at[l], work, row)
			}
		}
		for l := range n {
			e.addLeaf(acc, s.at[l], e.target[t+l])
		}
	}
	e.end(acc)
	return append(dst, acc...)
}

// walk takes the loaded rows through tree t, to the leaves in s.at.
func (e *Ensemble) walk(s *scratch, t int) {
	root := e.roots[t]
	for l := range s.at {
		s.at[l] = root
	}
	stride := e.stride()
	if len(e.tests) == 0 || e.answers != nil {
		e.descend(&s.at, s.work, stride)
		return
	}
	for l := range s.at {
		s.at[l] = e.reach(root, s.work[l*stride:(l+1)*stride], s.rows[l])
	}
}

// descend moves all lanes to their leaves, where what categories answer is known, or none are asked. What lane l compares
// begins at l·stride.
func (e *Ensemble) descend(at *[lanes]int32, work []float64, stride int) {
	off := int32(e.before())
	for g := 0; g < lanes; g += 4 {
		a, b, c, d := at[g], at[g+1], at[g+2], at[g+3]
		wa, wb, wc, wd := work[g*stride:], work[(g+1)*stride:], work[(g+2)*stride:], work[(g+3)*stride:]
		for {
			na, nb, nc, nd := &e.nodes[a], &e.nodes[b], &e.nodes[c], &e.nodes[d]
			qa, qb := na.child^above(wa[off+na.view], na.threshold), nb.child^above(wb[off+nb.view], nb.threshold)
			qc, qd := nc.child^above(wc[off+nc.view], nc.threshold), nd.child^above(wd[off+nd.view], nd.threshold)
			if (qa^a)|(qb^b)|(qc^c)|(qd^d) == 0 {
				break
			}
			a, b, c, d = qa, qb, qc, qd
		}
		at[g], at[g+1], at[g+2], at[g+3] = a, b, c, d
	}
}

// above is 1 where x is above t, 0 otherwise, for NaN too; compiled without a branch.
func above(x, t float64) int32 {
	var b int32
	if x > t {
		b = 1
	}
	return b
}

// reach walks one row from p to its leaf.
func (e *Ensemble) reach(p int32, work, row []float64) int32 {
	for {
		n := &e.nodes[p]
		var q int32
		if n.view >= 0 {
			if n.child == p {
				return p
			}
			q = n.child ^ above(work[n.view], n.threshold)
		} else {
			q = n.child ^ e.right(&e.tests[^n.view], row)
		}
		p = q
	}
}

// right is 1 where the category of a row goes right.
func (e *Ensemble) right(c *category, row []float64) int32 {
	x := row[c.column]
	if e.single {
		x = float64(float32(x))
	}
	if x != x {
		return c.missing
	}
	if !(x >= 0 && x < maxCategory) {
		return 1
	}
	return e.passes(c, int32(x))
}

// start is what margins begin with.
func (e *Ensemble) start(acc []float64) {
	if e.average {
		clear(acc)
		return
	}
	copy(acc, e.base)
}

// addLeaf adds leaf p of a tree.
func (e *Ensemble) addLeaf(acc []float64, p, target int32) {
	switch {
	case e.width > 1:
		for k, v := range e.value[int(p)*e.width : (int(p)+1)*e.width] {
			acc[k] = e.sum(acc[k], v)
		}
	case e.single:
		acc[target] = e.sum(acc[target], e.value[p])
	default:
		acc[target] += e.value[p]
	}
}

func (e *Ensemble) sum(a, b float64) float64 {
	if e.single {
		return float64(float32(a) + float32(b))
	}
	return a + b
}

// end turns sums into margins.
func (e *Ensemble) end(acc []float64) {
	if !e.average {
		return
	}
	for k := range acc {
		mean := acc[k] / e.share[k]
		if e.single {
			mean = float64(float32(acc[k]) / float32(e.share[k]))
		}
		acc[k] = e.sum(mean, e.base[k])
	}
}
