package clean

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Reason says why a row was rejected or flagged. Callers may add their own.
type Reason string

// The reasons that this package itself gives.
const (
	Kept          Reason = ""               // not rejected
	Malformed     Reason = "malformed"      // a field could not be read
	Missing       Reason = "missing"        // a required field is empty
	OutOfRange    Reason = "out of range"   // a value breaks a rule of its type
	DuplicateRow  Reason = "duplicate"      // same key, same content
	ConflictRow   Reason = "conflict"       // same key, other content
	Future        Reason = "future"         // after now by more than the tolerated skew: quarantine
	LateRow       Reason = "late"           // older than what the Cleaner still remembers
	TooOld        Reason = "too old"        // before the earliest credible time
	BeforeAccount Reason = "before account" // before the user registered
	Outlier       Reason = "outlier"        // outside the fitted bounds
	TestRow       Reason = "test"           // placed by the shop itself
	InGap         Reason = "clock gap"      // a field: a time that the clock skipped, moved to the end of the gap
	InOverlap     Reason = "clock overlap"  // a field: a time that the clock showed twice, settled by the options
)

// maxExamples is how many row numbers a report keeps for each reason.
const maxExamples = 10

// Quality is a mergeable report on the quality of a stream of rows: how many
// came in, were kept, rejected and why, which fields were missing or malformed,
// and how fresh the data is. The zero value is empty and ready. Its state does
// not depend on the order of rows, nor on how they were split before Merge. It
// is not safe for concurrent use.
type Quality struct {
	rows, kept  int64
	rejected    map[Reason]*rowSet
	flagged     map[Reason]*rowSet
	fields      map[string]*FieldQuality
	first, last time.Time
}

// rowSet counts rows and keeps the lowest few row numbers.
type rowSet struct {
	n    int64
	rows []int64
}

func (s *rowSet) add(row int64) {
	s.n++
	s.keep(row)
}

func (s *rowSet) keep(row int64) {
	at, _ := slices.BinarySearch(s.rows, row)
	if at < maxExamples {
		s.rows = slices.Insert(s.rows, at, row)
		s.rows = s.rows[:min(len(s.rows), maxExamples)]
	}
}

// FieldQuality counts what was found in one field.
type FieldQuality struct {
	Name      string // of the field, as the caller calls it
	Seen      int64  // rows in which the field was looked at
	Missing   int64  // of these, empty
	Malformed int64  // of these, not readable
	InGap     int64  // of the others, times that the clock skipped, moved to the end of the gap
	InOverlap int64  // of the others, times that the clock showed twice: the options say which is meant
}

// Completeness returns the share of rows that had a readable value. ErrUndefined
// where the field was never looked at, ErrRange where the counts do not add up.
func (f FieldQuality) Completeness() (float64, error) {
	if !f.adds() {
		return 0, fmt.Errorf("clean: FieldQuality.Completeness: %q: more missing and malformed than seen, or a negative count: %w", f.Name, ErrRange)
	}
	if f.Seen == 0 {
		return 0, fmt.Errorf("clean: FieldQuality.Completeness: %q: no rows: %w", f.Name, ErrUndefined)
	}
	return float64(f.Seen-f.Missing-f.Malformed) / float64(f.Seen), nil
}

// Keep counts a row that was kept. at is its business time and drives
// QualityResult.First and Last; the zero time and years outside 1678 to 2262 are ignored
// there.
func (q *Quality) Keep(at time.Time) {
	if q == nil {
		return
	}
	q.rows++
	q.kept++
	if check.Time("", at) == nil {
		q.span(at, at)
	}
}

func (q *Quality) span(first, last time.Time) {
	if !first.IsZero() && (q.first.IsZero() || first.Before(q.first)) {
		q.first = first.UTC().Round(0)
	}
	if !last.IsZero() && (q.last.IsZero() || last.After(q.last)) {
		q.last = last.UTC().Round(0)
	}
}

// Reject counts a row that was not kept. row is its number in the source; the
// report keeps the ten lowest of each reason.
func (q *Quality) Reject(row int64, why Reason) {
	if q == nil {
		return
	}
	q.rows++
	if q.rejected == nil {
		q.rejected = make(map[Reason]*rowSet)
	}
	setOf(q.rejected, why).add(row)
}

// Flag notes something about a row without rejecting it: call Keep as well.
func (q *Quality) Flag(row int64, what Reason) {
	if q == nil {
		return
	}
	if q.flagged == nil {
		q.flagged = make(map[Reason]*rowSet)
	}
	setOf(q.flagged, what).add(row)
}

func setOf(m map[Reason]*rowSet, why Reason) *rowSet {
	s := m[why]
	if s == nil {
		s = &rowSet{}
		m[why] = s
	}
	return s
}

// Field counts one look at a field: Kept for a good value, InGap and InOverlap for a time
// that had to be settled, Missing for an empty one, anything else for a malformed one.
func (q *Quality) Field(name string, found Reason) {
	if q == nil {
		return
	}
	f := q.fields[name]
	if f == nil {
		if q.fields == nil {
			q.fields = make(map[string]*FieldQuality)
		}
		f = &FieldQuality{Name: name}
		q.fields[name] = f
	}
	f.Seen++
	switch found {
	case Kept:
	case InGap:
		f.InGap++
	case InOverlap:
		f.InOverlap++
	case Missing:
		f.Missing++
	default:
		f.Malformed++
	}
}

// Merge adds the counts of other, which it leaves alone. A report cannot be
// merged with itself (ErrMismatch). ErrOverflow where a count would be more than 2^63−1; q
// is then unchanged.
func (q *Quality) Merge(other *Quality) error {
	if err := check.Merge("clean: Quality.Merge", q, other); err != nil {
		return err
	}
	rows, err := check.AddInt64(q.rows, other.rows)
	if err != nil {
		return fmt.Errorf("clean: Quality.Merge: %w", err)
	}
	if !q.fits(other) {
		return fmt.Errorf("clean: Quality.Merge: %w", ErrOverflow)
	}
	q.rows = rows
	q.kept += other.kept
	q.span(other.first, other.last)
	q.rejected = mergeSets(q.rejected, other.rejected)
	q.flagged = mergeSets(q.flagged, other.flagged)
	for name, f := range other.fields {
		if q.fields == nil {
			q.fields = make(map[string]*FieldQuality)
		}
		mine := q.fields[name]
		if mine == nil {
			mine = &FieldQuality{Name: name}
			q.fields[name] = mine
		}
		mine.Seen += f.Seen
		mine.Missing += f.Missing
		mine.Malformed += f.Malformed
		mine.InGap += f.InGap
		mine.InOverlap += f.InOverlap
	}
	return nil
}

// fits reports whether the counts of reasons and fields, which rows need not bound, add up within int64.
func (q *Quality) fits(other *Quality) bool {
	for _, sets := range [][2]map[Reason]*rowSet{{q.rejected, other.rejected}, {q.flagged, other.flagged}} {
		for why, s := range sets[1] {
			if mine := sets[0][why]; mine != nil && s.n > math.MaxInt64-mine.n {
				return false
			}
		}
	}
	for name, f := range other.fields {
		if mine := q.fields[name]; mine != nil && f.Seen > math.MaxInt64-mine.Seen {
			return false
		}
	}
	return true
}

// mergeSets adds the counts of src to dst, which it returns.
func mergeSets(dst, src map[Reason]*rowSet) map[Reason]*rowSet {
	if dst == nil && len(src) > 0 {
		dst = make(map[Reason]*rowSet)
	}
	for why, s := range src {
		d := setOf(dst, why)
		d.n += s.n
		for _, r := range s.rows {
			d.keep(r)
		}
	}
	return dst
}

// ReasonCount is one line of a QualityResult.
type ReasonCount struct {
	Reason Reason  // why
	Rows   int64   // how many
	First  []int64 // the lowest row numbers, at most ten, ascending
}

// QualityResult is the result of a Quality, as plain values in a fixed order.
type QualityResult struct {
	Rows     int64          // rows in = Kept + all Rejected
	Kept     int64          // rows kept, flagged ones too
	Rejected []ReasonCount  // by reason
	Flagged  []ReasonCount  // by reason; flagged rows are among the kept
	Fields   []FieldQuality // by name
	First    time.Time      // earliest business time kept, UTC; zero: none
	Last     time.Time      // latest
}

// Result returns the report so far and changes nothing.
func (q *Quality) Result() QualityResult {
	if q == nil {
		return QualityResult{}
	}
	s := QualityResult{Rows: q.rows, Kept: q.kept, First: q.first, Last: q.last}
	s.Rejected = listSets(q.rejected)
	s.Flagged = listSets(q.flagged)
	for _, name := range slices.Sorted(maps.Keys(q.fields)) {
		s.Fields = append(s.Fields, *q.fields[name])
	}
	return s
}

func listSets(m map[Reason]*rowSet) []ReasonCount {
	var out []ReasonCount
	for _, why := range slices.Sorted(maps.Keys(m)) {
		out = append(out, ReasonCount{why, m[why].n, slices.Clone(m[why].rows)})
	}
	return out
}

// Count returns the number of rows rejected for one reason.
func (s *QualityResult) Count(why Reason) int64 {
	if s == nil {
		return 0
	}
	for _, r := range s.Rejected {
		if r.Reason == why {
			return r.Rows
		}
	}
	return 0
}

// Age returns how old the newest row is at asOf: the freshness of the data. It is
// negative where that row lies later. ErrUndefined where no row with a time was kept,
// ErrRange where asOf is missing or outside the years 1678 to 2262.
func (s *QualityResult) Age(asOf time.Time) (time.Duration, error) {
	if err := check.Receiver("clean: QualityResult.Age", s); err != nil {
		return 0, err
	}
	if s.Last.IsZero() {
		return 0, fmt.Errorf("clean: QualityResult.Age: no row was kept: %w", ErrUndefined)
	}
	if err := check.Time("asOf", asOf); err != nil {
		return 0, fmt.Errorf("clean: QualityResult.Age: %w", err)
	}
	return asOf.Sub(s.Last), nil
}

// String returns the report as a few lines of text.
func (s QualityResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "rows %d, kept %d\n", s.Rows, s.Kept)
	for _, r := range s.Rejected {
		fmt.Fprintf(&b, "rejected %-14s %d (rows %v)\n", r.Reason, r.Rows, r.First)
	}
	for _, r := range s.Flagged {
		fmt.Fprintf(&b, "flagged  %-14s %d (rows %v)\n", r.Reason, r.Rows, r.First)
	}
	for _, f := range s.Fields {
		if c, err := f.Completeness(); err == nil {
			fmt.Fprintf(&b, "field    %-14s %.1f %% complete, %d missing, %d malformed", f.Name, 100*c, f.Missing, f.Malformed)
			if f.InGap+f.InOverlap > 0 {
				fmt.Fprintf(&b, ", %d in gaps and %d in overlaps of the clock", f.InGap, f.InOverlap)
			}
			b.WriteByte('\n')
		}
	}
	if !s.Last.IsZero() {
		fmt.Fprintf(&b, "from %s to %s\n", s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339))
	}
	return b.String()
}
