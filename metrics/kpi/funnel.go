package kpi

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/sketch"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*Funnel)(nil)
	_ encoding.BinaryUnmarshaler = (*Funnel)(nil)
)

// FunnelEntry says which of a user's entries into a funnel counts. A user
// counts once either way.
type FunnelEntry uint8

const (
	// FunnelFirstTouch: the user's earliest event of the first step, and nothing
	// later, opens the window.
	FunnelFirstTouch FunnelEntry = iota

	// FunnelRestart: every event of the first step starts a new try; the try that
	// gets farthest counts, of several the one that got there first, measured
	// from its latest entry.
	FunnelRestart
)

// FunnelOptions configures a Funnel.
type FunnelOptions struct {
	Steps []string // names of at least two steps in order, all different, at most 64

	// Window is the time from entry within which later steps count, end
	// excluded; default 0, no limit.
	Window time.Duration

	Entry FunnelEntry // default FunnelFirstTouch

	// Strict asks that a step comes strictly after the one before: without it one event that is
	// fed as two steps passes both (ClickHouse: strict_increase).
	Strict bool
}

func (o FunnelOptions) validate(where string) error {
	var c check.Options
	c.Require(len(o.Steps) >= 2 && len(o.Steps) <= maxSteps, "Steps", len(o.Steps), "2 to 64 names")
	seen := map[string]bool{}
	for _, s := range o.Steps {
		c.Require(!seen[s], "Steps", s, "different names")
		seen[s] = true
	}
	c.Require(o.Window >= 0, "Window", o.Window, ">= 0")
	c.Require(o.Entry <= FunnelRestart, "Entry", uint8(o.Entry), "FunnelFirstTouch or FunnelRestart")
	return c.Err(where)
}

func (o FunnelOptions) equal(opt FunnelOptions) bool {
	return o.Window == opt.Window && o.Entry == opt.Entry && o.Strict == opt.Strict && slices.Equal(o.Steps, opt.Steps)
}

const maxSteps = 64

// FunnelEvent is one event of a user that is a step of the funnel.
type FunnelEvent struct {
	Step int       // index into FunnelOptions.Steps
	At   time.Time // when it happened
}

// Funnel counts how many users get through ordered steps, and how long they
// take. Events of a step before its predecessor do not count for it; of equal
// times the earlier step counts as first, unless FunnelOptions.Strict. Make one with NewFunnel and give it
// each user once, with all events of that user: see FunnelBuilder for events
// that come as a log. Merge is exact for disjoint users. It is not safe for
// concurrent use.
type Funnel struct {
	opt    FunnelOptions
	others int64 // users without an entry
	users  []int64
	times  []stepTime // from step i to i+1
	rows   []stepAt   // scratch
	chain  []int64    // scratch: row j holds the times of the latest try at step j, the last row the best try
}

type stepAt struct {
	at   int64 // Unix nanoseconds
	step int32
}

// stepTime holds the time between two steps: an exact sum and a sketch.
type stepTime struct {
	hi, lo uint64 // sum in nanoseconds
	dist   sketch.DD
}

// NewFunnel returns an empty funnel. Bad options are ErrOption.
func NewFunnel(opt FunnelOptions) (*Funnel, error) {
	if err := opt.validate("kpi: NewFunnel"); err != nil {
		return nil, err
	}
	opt.Steps = slices.Clone(opt.Steps)
	n := len(opt.Steps)
	return &Funnel{opt: opt, users: make([]int64, n), times: make([]stepTime, n-1), chain: make([]int64, n*n+n)}, nil
}

// made refuses a funnel that holds nothing because NewFunnel did not make it.
func (f *Funnel) made(where string) error {
	if f == nil || len(f.users) == 0 {
		return fmt.Errorf("%s: not made by NewFunnel: %w", where, ErrEmpty)
	}
	return nil
}

// AddUser adds one user with all his events, in any order. A user without an
// event of the first step is counted apart. ErrRange for a step that is none and
// for a time that is zero or not within the years 1678 to 2261; the state is then
// unchanged. ErrEmpty for a funnel that NewFunnel did not make. Cost: a sort of the events; nothing is allocated once the scratch
// memory has grown to the longest history.
func (f *Funnel) AddUser(events []FunnelEvent) error {
	if err := f.made("kpi: Funnel.AddUser"); err != nil {
		return err
	}
	f.rows = f.rows[:0]
	for i, e := range events {
		if e.Step < 0 || e.Step >= len(f.users) {
			return fmt.Errorf("kpi: Funnel.AddUser: event %d: step %d of %d: %w", i, e.Step, len(f.users), ErrRange)
		}
		at, err := nanos(e.At)
		if err != nil {
			return fmt.Errorf("kpi: Funnel.AddUser: event %d: %w", i, err)
		}
		f.rows = append(f.rows, stepAt{at, int32(e.Step)})
	}
	f.addRows(f.rows)
	return nil
}

// nanos returns t in Unix nanoseconds where they fit.
func nanos(t time.Time) (int64, error) {
	if s := t.Unix(); s < math.MinInt64/1_000_000_000+1 || s > math.MaxInt64/1_000_000_000-1 {
		return 0, check.Private("time", -1, nil, t, fmt.Errorf("want one in the years 1678 to 2261: %w", ErrRange))
	}
	return t.UnixNano(), nil
}

// addRows sorts rows and counts the user.
func (f *Funnel) addRows(rows []stepAt) {
	order := compareSteps
	if f.opt.Strict { // of one instant the latest step first: it sees nothing but what was before
		order = func(a, b stepAt) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.step, a.step)) }
	}
	if !slices.IsSortedFunc(rows, order) {
		slices.SortFunc(rows, order)
	}
	var reached int
	var at []int64
	if f.opt.Entry == FunnelRestart {
		reached, at = f.restart(rows)
	} else {
		reached, at = f.firstTouch(rows)
	}
	if reached == 0 {
		f.others++
		return
	}
	for j := range reached {
		f.users[j]++
		if j > 0 {
			f.times[j-1].add(uint64(at[j]) - uint64(at[j-1]))
		}
	}
}

func compareSteps(a, b stepAt) int {
	if c := cmp.Compare(a.at, b.at); c != 0 {
		return c
	}
	return cmp.Compare(a.step, b.step)
}

// within reports whether at is before the end of the window opened at start.
func (f *Funnel) within(start, at int64) bool {
	return f.opt.Window == 0 || uint64(at)-uint64(start) < uint64(f.opt.Window)
}

// firstTouch returns the number of steps reached and the time of each.
func (f *Funnel) firstTouch(rows []stepAt) (int, []int64) {
	at := f.chain[:0]
	for _, e := range rows {
		if int(e.step) != len(at) {
			continue
		}
		if len(at) > 0 && !f.within(at[0], e.at) {
			break
		}
		if at = append(at, e.at); len(at) == len(f.users) {
			break
		}
	}
	return len(at), at
}

// restart keeps for every step the try that reached it from the latest entry:
// no other can get farther from here.
func (f *Funnel) restart(rows []stepAt) (int, []int64) {
	n := len(f.users)
	best, won := 0, f.chain[n*n:]
	var have uint64 // steps with a try
	for _, e := range rows {
		j := int(e.step)
		row := f.chain[j*n : j*n+j+1]
		if j > 0 {
			prev := f.chain[(j-1)*n : (j-1)*n+j]
			if have>>(j-1)&1 == 0 || !f.within(prev[0], e.at) || have>>j&1 == 1 && row[0] >= prev[0] {
				continue
			}
			copy(row, prev)
		}
		row[j] = e.at
		have |= 1 << j
		if j+1 > best {
			best = j + 1
			copy(won, row)
			if best == n {
				break
			}
		}
	}
	return best, won[:best]
}

func (s *stepTime) add(d uint64) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, d, 0)
	s.hi += carry
	s.dist.Add(float64(d) / 1e9)
}

func (s *stepTime) mean() time.Duration {
	n := s.dist.N()
	if n == 0 {
		return 0
	}
	q, _ := bits.Div64(s.hi, s.lo, uint64(n))
	return time.Duration(min(q, math.MaxInt64))
}

// Merge adds the users of other, which must be different users and have equal
// options (else ErrMismatch).
func (f *Funnel) Merge(other *Funnel) error {
	if err := check.Merge("kpi: Funnel.Merge", f, other); err != nil {
		return err
	}
	if err := f.made("kpi: Funnel.Merge"); err != nil {
		return err
	}
	if !f.opt.equal(other.opt) {
		return fmt.Errorf("kpi: Funnel.Merge: merge of %+v into %+v: %w", other.opt, f.opt, ErrMismatch)
	}
	others, err1 := check.AddInt64(f.others, other.others)
	_, err2 := check.AddInt64(f.users[0], other.users[0])
	for _, err := range []error{err1, err2} {
		if err != nil {
			return fmt.Errorf("kpi: Funnel.Merge: %w", err)
		}
	}
	f.others = others
	for i, n := range other.users {
		f.users[i] += n
	}
	for i := range f.times {
		s, o := &f.times[i], &other.times[i]
		var carry uint64
		s.lo, carry = bits.Add64(s.lo, o.lo, 0)
		s.hi += o.hi + carry
		if err := s.dist.Merge(&o.dist); err != nil { // cannot be: one accuracy, counts checked
			return fmt.Errorf("kpi: Funnel.Merge: %w", err)
		}
	}
	return nil
}

// FunnelStep is one step of a funnel.
type FunnelStep struct {
	Name         string        // as in FunnelOptions.Steps
	Users        int64         // who got here
	FromPrevious metrics.Ratio // of the users of the step before; of the first step: of all users
	FromFirst    metrics.Ratio // of the users who entered

	// Time from the step before, of the users who got here: the mean is exact,
	// quantiles are within 1 %. 0 for the first step and where Users is 0.
	Mean, Median, P90 time.Duration
}

// Result returns the steps in order; nil of a funnel that NewFunnel did not make.
func (f *Funnel) Result() []FunnelStep {
	if f.made("") != nil {
		return nil
	}
	out := make([]FunnelStep, len(f.users))
	before := f.users[0] + f.others
	for i, n := range f.users {
		out[i] = FunnelStep{Name: f.opt.Steps[i], Users: n, FromPrevious: metrics.RatioOf(n, before, before), FromFirst: metrics.RatioOf(n, f.users[0], f.users[0])}
		before = n
		if i > 0 && n > 0 {
			t := &f.times[i-1]
			out[i].Mean, out[i].Median, out[i].P90 = t.mean(), seconds(t.dist.Quantile(.5)), seconds(t.dist.Quantile(.9))
		}
	}
	return out
}

func seconds(s float64) time.Duration {
	if s >= math.MaxInt64/1e9 {
		return math.MaxInt64
	}
	return time.Duration(math.Round(s * 1e9))
}

// Outside returns the number of users without an event of the first step.
func (f *Funnel) Outside() int64 {
	if f == nil {
		return 0
	}
	return f.others
}

// Table returns the result, one row per step; none of a funnel that NewFunnel did not make.
func (f *Funnel) Table() *metrics.Table {
	t := metrics.NewTable("step", "users", "from previous", "from first", "median time", "p90 time")
	for i, s := range f.Result() {
		if i == 0 {
			t.AddRow(s.Name, s.Users, s.FromPrevious.Float(), s.FromFirst.Float())
			continue
		}
		t.AddRow(s.Name, s.Users, s.FromPrevious.Float(), s.FromFirst.Float(), s.Median.Round(time.Second), s.P90.Round(time.Second))
	}
	return t
}

// AppendBinary appends the binary form.
func (f *Funnel) AppendBinary(dst []byte) ([]byte, error) {
	if err := f.made("kpi: Funnel.AppendBinary"); err != nil {
		return nil, err
	}
	var w codec.Writer
	f.encode(&w)
	return w.AppendFrame(dst, codec.KindFunnel, f.opt.version()), nil
}

func (o FunnelOptions) encode(w *codec.Writer) {
	w.Strings(o.Steps)
	w.Int64(int64(o.Window))
	w.Int(int(o.Entry))
	if o.Strict {
		w.Bool(true)
	}
}

// version is 2 with Strict, which version 1 does not have.
func (o FunnelOptions) version() uint16 {
	if o.Strict {
		return 2
	}
	return 1
}

func readFunnelOptions(r *codec.Reader) FunnelOptions {
	o := FunnelOptions{Steps: r.Strings(), Window: time.Duration(r.Int64())}
	e := r.Int()
	o.Entry = FunnelEntry(min(e, 255))
	if r.Version >= 2 {
		if o.Strict = r.Bool(); !o.Strict {
			r.Fail("is of version 2 without Strict")
		}
	}
	if r.Err() == nil && o.validate("") != nil {
		r.Fail("has options that are not valid")
	}
	return o
}

func (f *Funnel) encode(w *codec.Writer) {
	f.opt.encode(w)
	w.Int64(f.others)
	for _, n := range f.users {
		w.Int64(n)
	}
	for i := range f.times {
		w.Uint64(f.times[i].hi)
		w.Uint64(f.times[i].lo)
		f.times[i].dist.Encode(w)
	}
}

// MarshalBinary returns the binary form.
func (f *Funnel) MarshalBinary() ([]byte, error) { return f.AppendBinary(nil) }

// UnmarshalBinary replaces f. Payload of version 2, little-endian; version 1 is written where
// Strict is not set, and is without it:
//
//	[]string, i64, int   Steps, Window in nanoseconds, Entry
//	bool                 Strict, set
//	i64                  users without an entry, >= 0
//	i64 a step           users who got there, no more than at the step before
//	2×u64, sketch        of each step but the first: the time from the one before, a sum
//	                     of 128 bits in nanoseconds and a DDSketch of as many values in
//	                     seconds, none negative
//
// Options that NewFunnel would refuse and any other length or value are ErrCorrupt, a
// newer version ErrVersion, another kind ErrMismatch; f is then unchanged.
func (f *Funnel) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("kpi: Funnel.UnmarshalBinary", f); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindFunnel, 2)
	if err != nil {
		return fmt.Errorf("kpi: Funnel.UnmarshalBinary: %w", err)
	}
	o := readFunnelOptions(r)
	if r.Err() != nil {
		return fmt.Errorf("kpi: Funnel.UnmarshalBinary: %w", r.Err())
	}
	got, err := NewFunnel(o)
	if err != nil {
		return fmt.Errorf("kpi: Funnel.UnmarshalBinary: %w: %w", err, ErrCorrupt)
	}
	got.others = r.Int64()
	for i := range got.users {
		got.users[i] = r.Int64()
		if got.users[i] < 0 || i > 0 && got.users[i] > got.users[i-1] || got.others < 0 || got.others > math.MaxInt64-got.users[0] {
			r.Fail("has counts that are no funnel")
		}
	}
	for i := range got.times {
		t := &got.times[i]
		t.hi, t.lo, t.dist = r.Uint64(), r.Uint64(), sketch.DecodeDD(r)
		if r.Err() != nil {
			break
		}
		if n := t.dist.N(); n != got.users[i+1] || t.dist.Alpha() != (&sketch.DD{}).Alpha() || n == 0 && t.hi|t.lo != 0 || n > 0 && t.hi >= uint64(n) ||
			t.dist.Quantile(0) < 0 {
			r.Fail("has times that do not belong to its counts")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("kpi: Funnel.UnmarshalBinary: %w", err)
	}
	*f = *got
	return nil
}
