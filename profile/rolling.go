package profile

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// A cell is one counter of one user on one day of the clock: of a kind of event (slot
// kind-1) or a flow (slot kinds+flow). The day is counted back from the cut-off, whose own
// is 0. With cells the windows can be cut anew at a later day; without them only the
// sums of the present windows are known.
type cell struct{ day, slot int32 }

// key orders cells by day and slot.
func (c cell) key() uint64 { return uint64(uint32(c.day))<<32 | uint64(uint32(c.slot)) }

func cellOfKey(key uint64) cell { return cell{int32(key >> 32), int32(uint32(key))} }

// roll notes n of a slot for Advance: nothing without Rolling, or before all windows,
// where a later cut-off moves it nowhere.
func (b *Builder[U, I]) roll(user int32, at int64, slot int, n int64) {
	if !b.opt.Rolling || n == 0 || b.bucket(at) == len(b.from) {
		return
	}
	*b.cells.at(user, cell{int32(b.daysBack(at)), int32(slot)}.key()) += n
}

// daysBack returns on which day of the clock before the cut-off a moment lies, 0 the last.
func (b *Builder[U, I]) daysBack(at int64) int {
	k := int64(math.Ceil(b.days.Since(at))) - 1
	for k > 0 && b.days.Begin(k) <= at { // to the instant, whatever the division rounds
		k--
	}
	for k < math.MaxInt32 && b.days.Begin(k+1) > at {
		k++
	}
	return int(max(k, 0))
}

// Advance moves the cut-off to a later day, so that what is stored today goes on tomorrow
// without all of history: windows are cut anew, ages and affinities count from the new
// cut-off, and the records of the days between may be added. It needs
// BuilderOptions.Rolling and an asOf that is a whole number of days of the clock of Zone
// later, such as the next midnight; else ErrOption or ErrRange. The state is that of a
// Builder at asOf to which everything was given, to the last bit. Records that came late (see
// Late) are not kept: add them again.
//
// A stored Builder does not know its Zone: read it into one that NewBuilder has made with
// the same Zone, or Advance is ErrOption. Cost: one pass over users, pairs and days held.
// After an error b is unchanged.
func (b *Builder[U, I]) Advance(asOf time.Time) error {
	const where = "profile: Builder.Advance"
	if err := b.made(where); err != nil {
		return err
	}
	if err := check.Time("asOf", asOf); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if !b.opt.Rolling || b.opt.Zone == nil {
		return fmt.Errorf("%s: not a Builder with Rolling and the Zone of its days: %w", where, ErrOption)
	}
	wall := calendar.Wall(asOf, b.opt.Zone) - calendar.Wall(b.opt.AsOf, b.opt.Zone)
	n := wall / 86400
	if wall%86400 != 0 || n < 1 || n > math.MaxInt32/2 || asOf.Nanosecond() != b.opt.AsOf.Nanosecond() {
		return fmt.Errorf("%s: asOf is not a whole number of days after the cut-off: %w", where, ErrRange)
	}
	next := *b
	next.opt.AsOf, next.ahead = asOf, aheadOf(asOf, b.opt.Zone)
	if err := next.cutAt(calendar.NewAges(asOf, b.opt.Zone)); err != nil {
		return fmt.Errorf("%s: Windows: %w", where, err)
	}
	next.extra.cells, next.extra.words = pairs[span]{}, nil
	for u := range b.state { // what may fail comes before what changes b
		if err := next.extra.later(int32(u), &b.extra, int(n)); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	// Days of the old grid are days of the new one only where both show the same time; a
	// begin that fell into a gap or an overlap is the same in both.
	nb, longest := b.buckets(), int64(0)
	if len(b.opt.Windows) > 0 {
		longest = int64(b.opt.Windows[len(b.opt.Windows)-1])
	}
	next.cells = pairs[int64]{}
	b.cells.all(func(user int32, key uint64, x *int64) {
		c := cellOfKey(key)
		old, now := b.window(int64(c.day)), b.window(int64(c.day)+n)
		if s := int(c.slot); s < kinds {
			row := b.counts[(int(user)*kinds+s)*nb:]
			row[old] -= uint32(*x)
			row[now] += uint32(*x)
		} else {
			row := b.flows[(int(user)*flows+s-kinds)*nb:]
			row[old] -= *x
			row[now] += *x
		}
		if c.day += int32(n); int64(c.day) < longest {
			*next.cells.at(user, c.key()) += *x
		}
	})
	next.taste.retain(func(_ int32, key uint64) bool { return int32(uint32(key)) >= next.fade.oldest })
	*b = next
	return nil
}

// window returns the bucket of a day that lies k days back.
func (b *Builder[U, I]) window(k int64) int {
	for w, days := range b.opt.Windows {
		if k < int64(days) {
			return w
		}
	}
	return len(b.opt.Windows)
}

// times returns a·f truncated, f in [0, 1].
func (a fixed) times(f float64) fixed {
	frac, exp := math.Frexp(f) // f = frac·2^exp, exp <= 1
	if f == 0 {
		return fixed{}
	}
	m := uint64(frac * (1 << 63)) // f = m·2^(exp-63)
	// 192 bits of a·m, then a shift to the right by 63-exp >= 62.
	h1, l1 := bits.Mul64(a.lo, m)
	h2, l2 := bits.Mul64(a.hi, m)
	mid, c := bits.Add64(h1, l2, 0)
	top := h2 + c
	words := [3]uint64{l1, mid, top}
	shift := uint(63 - exp)
	var out [2]uint64
	for i := range out {
		w := int(shift/64) + i
		s := shift % 64
		if w < 3 {
			out[i] = words[w] >> s
			if w+1 < 3 && s > 0 {
				out[i] |= words[w+1] << (64 - s)
			}
		}
	}
	return fixed{hi: out[1], lo: out[0]}
}

// Forget removes everything that is known of a user, as a deletion under data protection
// asks for, and reports whether there was anything. Stored and read again nothing of the
// user is left; until then the process holds the id for the handle that Index gave.
// Tables, individuals, RFM rows and all that was fitted on them are copies: make these
// again. Records of the user that are added later count again: keep the id in a deletion
// log and leave them out. Late and Currency stay, which name nobody. Cost: one pass over
// all (user, label) pairs.
func (b *Builder[U, I]) Forget(user U) bool {
	if b == nil {
		return false
	}
	u := b.users.Index(user)
	if u < 0 || !b.known(u) {
		return false
	}
	nb := b.buckets()
	b.state[u] = freshState
	clear(b.counts[int(u)*kinds*nb:][:kinds*nb])
	clear(b.flows[int(u)*flows*nb:][:flows*nb])
	other := func(user int32, _ uint64) bool { return user != u }
	if b.taste.any(u) {
		b.taste.retain(other)
	}
	if b.facts.of.any(u) {
		b.facts.of.retain(other)
	}
	if b.cells.any(u) {
		b.cells.retain(other)
	}
	if b.extra.cells.any(u) {
		b.extra.cells.retain(other)
		b.extra.compact()
	}
	return true
}

// putCells writes the cells of one user, in order of day and slot.
func (b *Builder[U, I]) putCells(w *codec.Writer, u int32) {
	var list []cellCount
	b.cells.of(u, func(key uint64, n *int64) { list = append(list, cellCount{cellOfKey(key), *n}) })
	slices.SortFunc(list, func(x, y cellCount) int { return cmp.Compare(x.key(), y.key()) })
	w.Int(len(list))
	for _, c := range list {
		w.Int(int(c.day))
		w.Int(int(c.slot))
		w.Int64(c.n)
	}
}

type cellCount struct {
	cell
	n int64
}

// getCells reads the cells of user u, or fails r: ascending, of days within the longest
// window, and in each window no more than the counters that were read before hold.
func (b *Builder[U, I]) getCells(r *codec.Reader, u int32) {
	nb := b.buckets()
	sums := make([]int64, (kinds+flows)*nb)
	last := cell{day: -1}
	for range r.Int() {
		day, slot, x := r.Int(), r.Int(), r.Int64()
		if r.Err() != nil {
			return
		}
		if day > maxWindowDays || slot >= kinds+flows || x < 1 || x >= 1<<59 || b.window(int64(day)) == len(b.from) ||
			cmp.Or(cmp.Compare(day, int(last.day)), cmp.Compare(slot, int(last.slot))) <= 0 {
			r.Fail("has a day out of place")
			return
		}
		last = cell{int32(day), int32(slot)}
		*b.cells.at(u, last.key()) = x
		if at := slot*nb + b.window(int64(day)); sums[at] < 1<<59 {
			sums[at] += x
		}
	}
	for slot := range kinds + flows {
		for w := range len(b.from) { // what is within a window has its day
			held := int64(0)
			if slot < kinds {
				held = int64(b.counts[(int(u)*kinds+slot)*nb+w])
			} else {
				held = b.flows[(int(u)*flows+slot-kinds)*nb+w]
			}
			if sums[slot*nb+w] != held && r.Err() == nil {
				r.Fail("has days that do not add up to the windows")
				return
			}
		}
	}
}
