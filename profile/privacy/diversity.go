package privacy

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// diverse is what a lattice knows of the sensitive values, and asks of the classes.
type diverse struct {
	kinds              []kind // by distinct row, then by value
	share              []float64
	minDistinct        int
	minEntropy, maxFar float64
	ordered            bool

	first   []int   // where the kinds of each class begin, as judge left them
	mine    []kind  // those of all classes
	have    []int   // of each value in one class, 0 between classes
	touched []int32 // the values that one has
}

// kind is how many rows of one distinct row have one sensitive value.
type kind struct{ row, value, n int32 }

// even is what a diversity may fall short of its bound by, as sums of floats do.
const even = 1e-9

// sensitive counts the values of each distinct row; of says which each row is.
func (d *diverse) sensitive(of []int32, opt AnonymizeOptions) error {
	if opt.Sensitive == nil {
		return nil
	}
	if err := check.Len("Sensitive", len(opt.Sensitive), len(of)); err != nil {
		return err
	}
	all := map[string]int{}
	for _, v := range opt.Sensitive {
		all[v]++
	}
	values, ordered := inOrder(all)
	if opt.Ordered && !ordered {
		return fmt.Errorf("field Ordered of Sensitive is set, but not all are numbers: %w", ErrOption)
	}
	number := make(map[string]int32, len(values))
	for i, v := range values {
		number[v] = int32(i)
		d.share = append(d.share, float64(all[v])/float64(len(of)))
	}
	keys := make([]uint64, len(of))
	for i, u := range of {
		keys[i] = uint64(u)<<32 | uint64(number[opt.Sensitive[i]])
	}
	slices.Sort(keys)
	for i, key := range keys {
		if i == 0 || key != keys[i-1] {
			d.kinds = append(d.kinds, kind{row: int32(key >> 32), value: int32(uint32(key))})
		}
		d.kinds[len(d.kinds)-1].n++
	}
	d.minDistinct, d.minEntropy, d.maxFar, d.ordered = opt.MinDistinct, opt.MinEntropy, opt.MaxCloseness, opt.Ordered
	d.mine, d.have = make([]kind, len(d.kinds)), make([]int, len(values))
	return nil
}

// judge marks the classes that are not diverse or close enough, tells of the worst that stay, and
// returns how many rows are in classes too small or with too few values: these stay bad
// in every part of the class, while what entropy and distance forbid a part may allow.
func (d *diverse) judge(s *score, class []int32, size []int, bad []bool) (stuck int) {
	if d.kinds == nil {
		for c, n := range size {
			if bad[c] {
				stuck += n
			}
		}
		return stuck
	}
	d.first = append(d.first[:0], make([]int, len(size)+1)...)
	for _, k := range d.kinds {
		d.first[class[k.row]+1]++
	}
	for c := range size {
		d.first[c+1] += d.first[c]
	}
	for i := len(d.kinds) - 1; i >= 0; i-- {
		c := class[d.kinds[i].row] + 1
		d.first[c]-- // runs from the end of class c-1 down to its beginning
		d.mine[d.first[c]] = d.kinds[i]
	}
	for c, n := range size {
		if bad[c] {
			stuck += n
			continue
		}
		end := len(d.mine)
		if c+2 < len(d.first) {
			end = d.first[c+2]
		}
		distinct, entropy, far := d.worst(d.mine[d.first[c+1]:end], n)
		if distinct < d.minDistinct {
			bad[c] = true
			stuck += n
			continue
		}
		if d.minEntropy > 0 && entropy < d.minEntropy-even || d.maxFar > 0 && far > d.maxFar+even {
			bad[c] = true
			continue
		}
		if s.distinct == 0 {
			s.distinct, s.entropy, s.closeness = distinct, entropy, far
		}
		s.distinct, s.entropy, s.closeness = min(s.distinct, distinct), min(s.entropy, entropy), max(s.closeness, far)
	}
	return stuck
}

// worst measures one class of n rows; sums run over the values in their order, whatever the order
// of rows.
func (d *diverse) worst(mine []kind, n int) (distinct int, entropy, far float64) {
	d.touched = d.touched[:0]
	for _, k := range mine {
		if d.have[k.value] == 0 {
			d.touched = append(d.touched, k.value)
		}
		d.have[k.value] += int(k.n)
	}
	slices.Sort(d.touched)
	absent := 1.
	for _, v := range d.touched {
		p, q := float64(d.have[v])/float64(n), d.share[v]
		entropy -= p * math.Log(p)
		far += math.Abs(p-q) / 2
		absent -= q
	}
	far += max(0, absent) / 2
	if d.ordered {
		walk := 0.
		far = 0
		for v, m := range d.have {
			walk += float64(m)/float64(n) - d.share[v]
			far += math.Abs(walk) / float64(max(1, len(d.share)-1))
		}
	}
	for _, v := range d.touched {
		d.have[v] = 0
	}
	return len(d.touched), math.Exp(entropy), far
}
