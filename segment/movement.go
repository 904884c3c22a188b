package segment

import (
	"encoding"
	"fmt"
	"maps"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Movement)(nil)
	_ encoding.BinaryMarshaler   = (*Movement)(nil)
	_ encoding.BinaryUnmarshaler = (*Movement)(nil)
)

// Outside is the group of those who are in none: not yet a customer, or one no more.
const Outside = -1

// maxGroups bounds the groups of a Movement: some 8 MB a period.
const maxGroups = 1000

// Movement counts how customers move between groups from one period to the next: a matrix
// of from and to for each period, such as a month. Groups are what any method gives; they
// must mean the same in both periods, so label both by one model. For states of the life
// cycle, all periods together, there is Transitions.
//
// Use NewMovement. Counts merge exactly and in any order. It is not safe for concurrent use
// while Add or Merge runs. Memory is 8·(groups+1)² bytes a period that has movements.
//
// Count and Rate are there to be published, and so refused below MinAudience, as those of
// Transitions are.
type Movement struct {
	// MinAudience is the number of customers below which, unless there are none, nothing is
	// told: 0 means 50, −1 no floor. It is the reader's, not part of the counts: Merge and
	// the binary form leave it alone.
	MinAudience int

	groups int
	n      map[int64][]int64 // period → (groups+1)² counts, outside first
}

// NewMovement returns the empty state for groups 0 … groups−1, at most 1,000.
func NewMovement(groups int) (*Movement, error) {
	if groups < 1 {
		return nil, fmt.Errorf("segment: NewMovement: %d groups, want > 0: %w", groups, ErrRange)
	}
	if groups > maxGroups {
		return nil, fmt.Errorf("segment: NewMovement: %d groups, want at most %d: %w", groups, maxGroups, ErrTooLarge)
	}
	return &Movement{groups: groups, n: make(map[int64][]int64)}, nil
}

// ready refuses a state that is nil or that NewMovement has not made.
func (m *Movement) ready(where string) error { return made(where, m != nil && m.groups > 0) }

// cell is where the count of a movement stands; ErrRange for a group that is none.
func (m *Movement) cell(where string, from, to int) (int, error) {
	if from < Outside || from >= m.groups || to < Outside || to >= m.groups {
		return 0, fmt.Errorf("%s: from %d to %d, groups are %d to %d: %w", where, from, to, Outside, m.groups-1, ErrRange)
	}
	return (from+1)*(m.groups+1) + to + 1, nil
}

// Add counts one customer who was in group from the period before and is in group to (possibly
// the same, or Outside) in this one. Periods are numbers of the caller, such as
// 12·year + month. A group that is none is ErrRange, a count beyond int64 ErrOverflow; an
// error changes nothing.
func (m *Movement) Add(period int64, from, to int) error {
	const where = "segment: Movement.Add"
	if err := m.ready(where); err != nil {
		return err
	}
	at, err := m.cell(where, from, to)
	if err != nil {
		return err
	}
	n := m.n[period]
	if n == nil {
		n = make([]int64, (m.groups+1)*(m.groups+1))
		m.n[period] = n
	}
	sum, err := check.AddInt64(n[at], 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	n[at] = sum
	return nil
}

// AddLabels counts customers 0, 1, 2, … by their groups before and now; −1 is Outside, as
// the noise of DBSCAN is. Slices of unequal length are ErrShape, a group that is none is ErrRange,
// and nothing is counted then.
func (m *Movement) AddLabels(period int64, before, now []int32) error {
	const where = "segment: Movement.AddLabels"
	if err := m.ready(where); err != nil {
		return err
	}
	if err := check.Len("now", len(now), len(before)); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	more := &Movement{groups: m.groups, n: make(map[int64][]int64)}
	for i, from := range before {
		if err := more.Add(period, int(from), int(now[i])); err != nil {
			return fmt.Errorf("%s: row %d: %w", where, i, err)
		}
	}
	return m.Merge(more)
}

// Merge adds the counts of other. Nil, the value itself and another number of groups are
// ErrMismatch, a sum beyond int64 is ErrOverflow; an error changes nothing.
func (m *Movement) Merge(other *Movement) error {
	const where = "segment: Movement.Merge"
	if err := check.Merge(where, m, other); err != nil {
		return err
	}
	if err := m.ready(where); err != nil {
		return err
	}
	if m.groups != other.groups {
		return fmt.Errorf("%s: %d groups and %d: %w", where, m.groups, other.groups, ErrMismatch)
	}
	for period, n := range other.n {
		for i, v := range m.n[period] {
			if _, err := check.AddInt64(v, n[i]); err != nil {
				return fmt.Errorf("%s: period %d: %w", where, period, err)
			}
		}
	}
	for period, n := range other.n {
		if m.n[period] == nil {
			m.n[period] = slices.Clone(n)
			continue
		}
		for i, v := range n {
			m.n[period][i] += v
		}
	}
	return nil
}

// Groups returns the number of groups.
func (m *Movement) Groups() int {
	if m == nil {
		return 0
	}
	return m.groups
}

// Periods returns the periods with movements, ascending.
func (m *Movement) Periods() []int64 {
	if m == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(m.n))
}

// Count returns how many went from one group to another in a period; 0 for one without
// movements. ErrRange for a group that is none, ErrPrivacy for some, but fewer than
// MinAudience, ErrOption for a MinAudience below −1.
func (m *Movement) Count(period int64, from, to int) (int64, error) {
	const where = "segment: Movement.Count"
	row, least, err := m.row(where, period, from, to)
	if err != nil {
		return 0, err
	}
	if n := row[to+1]; !check.Few(n, least) {
		return n, nil
	}
	return 0, fmt.Errorf("%s: from %d to %d fewer than %d: %w", where, from, to, least, ErrPrivacy)
}

// Rate returns the share of those in group from, the period before, who went to group to;
// from equal to to is the share that stayed. ErrUndefined if nobody was in from, ErrPrivacy where any
// count of that group is some but fewer than MinAudience, since shares tell it; else the
// errors of Count.
func (m *Movement) Rate(period int64, from, to int) (float64, error) {
	const where = "segment: Movement.Rate"
	row, least, err := m.row(where, period, from, to)
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, n := range row {
		if check.Few(n, least) {
			return 0, fmt.Errorf("%s: from %d fewer than %d: %w", where, from, least, ErrPrivacy)
		}
		total += float64(n)
	}
	if total == 0 {
		return 0, fmt.Errorf("%s: nobody was in %d: %w", where, from, ErrUndefined)
	}
	return float64(row[to+1]) / total, nil
}

// row checks a question and returns the counts of group from and the floor of its answer.
func (m *Movement) row(where string, period int64, from, to int) ([]int64, int64, error) {
	if err := m.ready(where); err != nil {
		return nil, 0, err
	}
	var c check.Options
	c.Require(m.MinAudience >= -1, "MinAudience", m.MinAudience, "> 0, or -1 for no floor")
	if err := c.Err(where); err != nil {
		return nil, 0, err
	}
	if _, err := m.cell(where, from, to); err != nil {
		return nil, 0, err
	}
	wide := m.groups + 1
	if n := m.n[period]; n != nil {
		return n[(from+1)*wide:][:wide], check.Floor(m.MinAudience), nil
	}
	return make([]int64, wide), check.Floor(m.MinAudience), nil
}

// AppendBinary appends the binary form to dst.
func (m *Movement) AppendBinary(dst []byte) ([]byte, error) {
	if err := m.ready("segment: Movement.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(m.groups)
	periods := m.Periods()
	w.Int64s(periods)
	for _, p := range periods {
		w.Int64s(m.n[p])
	}
	return w.AppendFrame(dst, codec.KindMovement, 1), nil
}

// MarshalBinary returns the binary form.
func (m *Movement) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces the counts of m by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	int      groups, 1 to 1,000
//	[]i64    periods, ascending
//	of each period, in order:
//	  []i64  (groups+1)² counts >= 0, not all 0: from outside to each, outside first, from
//	         group 0, …
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; m is then unchanged.
func (m *Movement) UnmarshalBinary(data []byte) error {
	const where = "segment: Movement.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindMovement, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	groups, periods, n := r.Int(), r.Int64s(), make(map[int64][]int64)
	if r.Err() == nil && (groups < 1 || groups > maxGroups) {
		r.Fail("the number of groups is not 1 to 1,000")
	}
	for i, p := range periods {
		counts := r.Int64s()
		if r.Err() != nil {
			break
		}
		if i > 0 && p <= periods[i-1] || len(counts) != (groups+1)*(groups+1) || slices.Min(counts) < 0 || slices.Max(counts) == 0 {
			r.Fail("periods do not ascend, or counts are none, negative or too many")
			break
		}
		n[p] = counts
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	m.groups, m.n = groups, n
	return nil
}
