package segment

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Span is a range of scores, both ends included. The zero Span means any score.
type Span struct {
	Min, Max int // 1 to the number of levels
}

// MapRule gives the name Segment to a box of cells. A segment may consist of
// several boxes: repeat the name.
type MapRule struct {
	Segment string // its name, not empty
	R, F, M Span   // the box: every combination of scores within the three
	T       Span   // and within T; Min may be 0, which is T not known. The zero Span is any T, known or not
}

// CellError is one cell that a segment map leaves open (Segments is empty; it
// is ErrUndefined) or gives to several segments (it is ErrDuplicate).
type CellError struct {
	Cell     RFMScore // the cell at fault
	Segments []string // which claim it

	timed bool // the map looks at T
}

// Error names the cell and the segments that claim it.
func (e *CellError) Error() string {
	if e == nil {
		return ""
	}
	cell := fmt.Sprintf("cell R=%d F=%d M=%d", e.Cell.R, e.Cell.F, e.Cell.M)
	if e.timed {
		cell += fmt.Sprintf(" T=%d", e.Cell.T)
	}
	if len(e.Segments) == 0 {
		return cell + " is in no segment: " + ErrUndefined.Error()
	}
	return fmt.Sprintf("%s is in segments %s: %v", cell, strings.Join(e.Segments, ", "), ErrDuplicate)
}

// Unwrap returns ErrUndefined for a hole and ErrDuplicate for an overlap.
func (e *CellError) Unwrap() error {
	if e == nil {
		return nil
	}
	if len(e.Segments) == 0 {
		return ErrUndefined
	}
	return ErrDuplicate
}

// Map names every cell of an RFM grid: it is total, each cell belongs to
// exactly one segment. It is immutable and safe for concurrent use.
type Map struct {
	r, f, m, t int      // t is 0 where no rule looks at T
	names      []string // in order of first mention
	cell       []int32
}

// maxCellErrors bounds how many bad cells one error names.
const maxCellErrors = 10

// NewMap lays rules over a grid of r×f×m scores (each 1 … 255, together
// at most 4,194,304 cells). Where a rule names T, the grid has its levels as well: 0, for
// not known, to the largest that a rule names. A cell that no rule covers, or that rules of
// different names cover, is an error: a joined list of *CellError, the first ten
// by cell, and the number of the others. Boxes of one name may overlap.
func NewMap(r, f, m int, rules []MapRule) (*Map, error) {
	const where = "segment: NewMap: "
	for i, n := range []int{r, f, m} {
		if n < 1 || n > 255 {
			return nil, fmt.Errorf(where+"%s has %d levels, want 1 to 255: %w", []string{"R", "F", "M"}[i], n, ErrRange)
		}
	}
	t := 0
	for i, rule := range rules {
		if rule.T.Max < 0 || rule.T.Max > 255 {
			return nil, fmt.Errorf(where+"rule %d (%s) has T up to %d, want 0 to 255: %w", i, rule.Segment, rule.T.Max, ErrRange)
		}
		t = max(t, rule.T.Max)
	}
	if n := r * f * m * (t + 1); n > 1<<22 {
		return nil, fmt.Errorf(where+"%d cells, want at most %d: %w", n, 1<<22, ErrTooLarge)
	}
	if len(rules) == 0 {
		return nil, fmt.Errorf(where+"rules: %w", ErrEmpty)
	}
	s := &Map{r: r, f: f, m: m, t: t, cell: make([]int32, r*f*m*(t+1))}
	for i := range s.cell {
		s.cell[i] = -1
	}
	l := layout{Map: s, clash: map[int][]int32{}, index: map[string]int32{}}
	for i, rule := range rules {
		if err := l.lay(rule); err != nil {
			return nil, fmt.Errorf(where+"rule %d %w", i, err)
		}
	}
	if err := l.check(); err != nil {
		return nil, fmt.Errorf(where+"%w", err)
	}
	return s, nil
}

// layout is a map while rules are laid over it.
type layout struct {
	*Map
	clash map[int][]int32  // cell → further segments that claim it
	index map[string]int32 // position of each name
}

// lay gives the cells of one rule to its segment, as far as they are free.
func (l *layout) lay(rule MapRule) error {
	if rule.Segment == "" || !utf8.ValidString(rule.Segment) {
		return fmt.Errorf("has the name %q, want text: %w", rule.Segment, ErrRange)
	}
	spans := [4]Span{rule.R, rule.F, rule.M, rule.T}
	for j, n := range []int{l.r, l.f, l.m, l.t} {
		least := 1
		if j == 3 {
			least = 0
		}
		if spans[j] == (Span{}) {
			spans[j] = Span{least, n}
		}
		if sp := spans[j]; sp.Min < least || sp.Max > n || sp.Min > sp.Max {
			return fmt.Errorf("(%s) has %s from %d to %d, want within %d to %d: %w", rule.Segment, []string{"R", "F", "M", "T"}[j], sp.Min, sp.Max, least, n, ErrRange)
		}
	}
	id, ok := l.index[rule.Segment]
	if !ok {
		id = int32(len(l.names))
		l.index[rule.Segment] = id
		l.names = append(l.names, rule.Segment)
	}
	for x := spans[0].Min; x <= spans[0].Max; x++ {
		for y := spans[1].Min; y <= spans[1].Max; y++ {
			for z := spans[2].Min; z <= spans[2].Max; z++ {
				for t := spans[3].Min; t <= spans[3].Max; t++ {
					l.claim(l.at(x, y, z, t), id)
				}
			}
		}
	}
	return nil
}

// claim gives a cell to a segment, or notes that it is another's.
func (l *layout) claim(c int, id int32) {
	if l.cell[c] < 0 {
		l.cell[c] = id
	} else if l.cell[c] != id && !slices.Contains(l.clash[c], id) {
		l.clash[c] = append(l.clash[c], id)
	}
}

// check names the cells that belong to no segment or to several, the first few of
// them.
func (l *layout) check() error {
	var errs []error
	bad := 0
	for c, id := range l.cell {
		if id >= 0 && len(l.clash[c]) == 0 {
			continue
		}
		if bad++; bad > maxCellErrors {
			continue
		}
		at := c / (l.t + 1)
		e := &CellError{
			Cell:  RFMScore{R: uint8(at/(l.f*l.m)) + 1, F: uint8(at/l.m%l.f) + 1, M: uint8(at%l.m) + 1, T: uint8(c % (l.t + 1))},
			timed: l.t > 0,
		}
		if id >= 0 {
			e.Segments = append(e.Segments, l.names[id])
			for _, o := range l.clash[c] {
				e.Segments = append(e.Segments, l.names[o])
			}
		}
		errs = append(errs, e)
	}
	if bad > maxCellErrors {
		errs = append(errs, fmt.Errorf("and %d more cells", bad-maxCellErrors))
	}
	return errors.Join(errs...)
}

// at is the index of a cell.
func (s *Map) at(r, f, m, t int) int { return (((r-1)*s.f+f-1)*s.m+m-1)*(s.t+1) + t }

// DefaultMapRules returns the rules of DefaultMap, to be adapted: the
// customary ten segments over recency and frequency in five levels each, and money where it
// says more than they do. Who is of the best level of M without ordering often is "high
// value" as long as he is not gone, and "cannot lose" when he is, beside those who ordered
// often. Where all spend the same, M is 1 for everybody, and the map is the customary one.
func DefaultMapRules() []MapRule {
	lower := Span{1, 4}
	return []MapRule{
		{Segment: "champions", R: Span{5, 5}, F: Span{4, 5}},
		{Segment: "loyal", R: Span{3, 4}, F: Span{4, 5}},
		{Segment: "high value", R: Span{3, 5}, F: Span{1, 3}, M: Span{5, 5}},
		{Segment: "potential loyalists", R: Span{4, 5}, F: Span{2, 3}, M: lower},
		{Segment: "new customers", R: Span{5, 5}, F: Span{1, 1}, M: lower},
		{Segment: "promising", R: Span{4, 4}, F: Span{1, 1}, M: lower},
		{Segment: "need attention", R: Span{3, 3}, F: Span{3, 3}, M: lower},
		{Segment: "about to sleep", R: Span{3, 3}, F: Span{1, 2}, M: lower},
		{Segment: "cannot lose", R: Span{1, 2}, F: Span{5, 5}},
		{Segment: "cannot lose", R: Span{1, 2}, F: Span{1, 4}, M: Span{5, 5}},
		{Segment: "at risk", R: Span{1, 2}, F: Span{3, 4}, M: lower},
		{Segment: "hibernating", R: Span{1, 2}, F: Span{1, 2}, M: lower},
	}
}

// DefaultMap returns the map of DefaultMapRules over 5×5×5 scores, at any T.
func DefaultMap() *Map {
	s, err := NewMap(5, 5, 5, DefaultMapRules())
	if err != nil {
		panic(err) // the rules are constants, and a test lays them out
	}
	return s
}

// Names returns the segments in the order of the rules that first name them.
func (s *Map) Names() []string {
	if s == nil {
		return nil
	}
	return slices.Clone(s.names)
}

// Segment returns the position in Names of the segment that score belongs to,
// or ErrRange for a score outside the grid.
func (s *Map) Segment(score RFMScore) (int, error) {
	if err := made("segment: Map.Segment", s != nil && len(s.cell) > 0); err != nil {
		return 0, err
	}
	r, f, m := int(score.R), int(score.F), int(score.M)
	if r < 1 || r > s.r || f < 1 || f > s.f || m < 1 || m > s.m {
		return 0, fmt.Errorf("segment: Map.Segment: score %v, want 1 to %d, %d, %d: %w", score, s.r, s.f, s.m, ErrRange)
	}
	t := int(score.T)
	if s.t == 0 {
		t = 0 // no rule looks at it
	}
	if t > s.t {
		return 0, fmt.Errorf("segment: Map.Segment: score %v, want T of 0 to %d: %w", score, s.t, ErrRange)
	}
	return int(s.cell[s.at(r, f, m, t)]), nil
}

// Name returns the segment of score by name.
func (s *Map) Name(score RFMScore) (string, error) {
	if err := made("segment: Map.Name", s != nil && len(s.cell) > 0); err != nil {
		return "", err
	}
	i, err := s.Segment(score)
	if err != nil {
		return "", err
	}
	return s.names[i], nil
}
