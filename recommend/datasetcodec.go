package recommend

import (
	"cmp"
	"fmt"
	"io"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/sparse"
)

// AppendBinary appends the frame of d to dst: ids, interactions with their times and
// events, catalogue, options and report, so that what is read Grows as d does and models
// fitted on d fit it. ErrEmpty for the zero Dataset, ErrShape where somebody put
// Interactions of another shape in, ErrMismatch for a Catalogue of other items. Cost: some
// 16 bytes an entry and 16 an event; 5 million of both take a fraction of a second.
func (d *Dataset[U, I]) AppendBinary(dst []byte) ([]byte, error) {
	if err := d.writable("AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	x := d.Interactions
	n := 16*x.Len() + 8*x.Users()
	logs := []*Sequences{x.log, d.rest}
	if d.lost != nil {
		logs = append(logs, d.lost.log)
	}
	for _, s := range logs {
		if s != nil {
			n += 24*len(s.events) + 8*len(s.ptr)
		}
	}
	w.Reserve(n)
	d.put(&w)
	return w.AppendFrame(dst, codec.KindDataset, d.version()), nil
}

// MarshalBinary returns the frame of d.
func (d *Dataset[U, I]) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// WriteTo writes the frame of d to w, a block at a time: unlike MarshalBinary it needs no
// memory for it. Errors are those of AppendBinary and of w.
func (d *Dataset[U, I]) WriteTo(w io.Writer) (int64, error) {
	if err := d.writable("WriteTo"); err != nil {
		return 0, err
	}
	if w == nil {
		return 0, fmt.Errorf("recommend: Dataset.WriteTo: w is nil: %w", ErrEmpty)
	}
	n, err := codec.Stream(w, codec.KindDataset, d.version(), d.put)
	if err != nil {
		err = fmt.Errorf("recommend: Dataset.WriteTo: %w", err)
	}
	return n, err
}

// ReadFrom reads one frame from r, stops at its end, and replaces d by it, as
// UnmarshalBinary does; io.EOF when r is at its end already. Memory grows with the bytes
// received.
func (d *Dataset[U, I]) ReadFrom(r io.Reader) (int64, error) {
	if d == nil || r == nil {
		return 0, fmt.Errorf("recommend: Dataset.ReadFrom: nil receiver or reader: %w", ErrEmpty)
	}
	data, err := codec.ReadFrame(r)
	if err == io.EOF {
		return 0, err
	}
	if err != nil {
		return 0, fmt.Errorf("recommend: Dataset.ReadFrom: %w", err)
	}
	return int64(len(data)), d.UnmarshalBinary(data)
}

// writable reports why d cannot be written.
func (d *Dataset[U, I]) writable(method string) error {
	where := "recommend: Dataset." + method
	if err := d.check(where); err != nil {
		return err
	}
	if c := d.Catalogue; c != nil {
		if c.n != d.Items.Len() {
			return fmt.Errorf("%s: a catalogue of %d items for %d: %w", where, c.n, d.Items.Len(), ErrMismatch)
		}
		return d.checkItems(c, c.n, where+": the catalogue")
	}
	return nil
}

// version is 2 where there are dropped users or items.
func (d *Dataset[U, I]) version() uint16 {
	if d.lost != nil {
		return 2
	}
	return 1
}

// put writes the payload.
func (d *Dataset[U, I]) put(w *codec.Writer) {
	w.Int(ids.ClassOf[U]().Letter())
	w.Int(ids.ClassOf[I]().Letter())
	putBuilderOptions(w, d.opt)
	w.Int64(d.asOf)
	for _, n := range d.Report.counts() {
		w.Int(*n)
	}
	ids.PutAscending(w, d.Users.IDs()) // in their order
	ids.PutAscending(w, d.Items.IDs())
	x := d.Interactions
	w.Int64s(x.users.Ptr)
	w.Int32s(x.users.Col)
	w.Float32s(x.users.Val)
	w.Bool(x.times != nil)
	if x.times != nil {
		w.Int64s(x.times)
	}
	for _, s := range []*Sequences{x.log, d.rest} {
		w.Bool(s != nil)
		if s != nil {
			s.putLog(w)
		}
	}
	w.Bool(d.Catalogue != nil)
	if d.Catalogue != nil {
		d.Catalogue.put(w)
	}
	if d.lost != nil {
		d.lost.put(w)
	}
}

// counts returns the numbers of a report in the order of the binary form.
func (b *BuildReport) counts() []*int {
	return []*int{&b.Events, &b.Untimed, &b.Returns, &b.Merged, &b.Cancelled, &b.DroppedUsers, &b.DroppedItems, &b.DroppedPairs}
}

// UnmarshalBinary replaces d by what the frame holds; d is unchanged when it fails.
// Payload of version 2, in the words of Persistent; an id is 8 bytes, or the length and
// bytes of a string:
//
//	int int   class of the ids of users and items: 's' a string, 'i' a signed, 'u' an
//	          unsigned integer; others than those of U and I are ErrMismatch
//	options   as in the frame of a Builder, from Duplicates to Cap
//	i64       the instant of age 0 in Unix nanoseconds, -2⁶³ for none
//	8 int     the BuildReport, in the order of its fields
//	int n, n ids   of the users, none twice; then the same of the items
//	[]i64 []i32 []f32   pointers, columns and weights of the interactions: a matrix of so many
//	          users and items
//	byte      there are times: 0 or 1; then []i64 Unix nanoseconds, one an entry
//	byte      there are events; then []i64 pointers, users+1 ascending from 0, []i32 items,
//	          []f32 weights (finite), []i64 Unix nanoseconds, and []i64 sequence numbers or none
//	          where all are 0; of each user by time and number, and each of a pair with an entry
//	byte      there are events beside them, which are returns or were cancelled, or, without
//	          times, merged into entries; the same, of any pair
//	byte      there is a catalogue: int facts about unknown items; int and bands by name, each
//	          string name and []f64 ascending edges; int and attributes by name, each string
//	          name, int and its values ascending, []i32 pointers (items+1), []i32 positions of
//	          values, ascending in an item, byte and with it []f64 numbers, one an item
//	int n, n ids   of the dropped users, ascending; the same of items, and their events, the same as
//	          above, where the dropped ones have the numbers behind the others. Only where there
//	          are some; without it is version 1
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (d *Dataset[U, I]) UnmarshalBinary(data []byte) error {
	const where = "recommend: Dataset.UnmarshalBinary"
	r, err := open(d, data, codec.KindDataset, 2)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	users, items := r.Int(), r.Int()
	if r.Err() == nil && (users != ids.ClassOf[U]().Letter() || items != ids.ClassOf[I]().Letter()) {
		return fmt.Errorf("%s: ids of other types: %w", where, ErrMismatch)
	}
	n := Dataset[U, I]{opt: getBuilderOptions(r, 1), asOf: r.Int64()}
	for _, c := range n.Report.counts() {
		*c = r.Int()
	}
	n.Users, n.Items = getIndex[U](r), getIndex[I](r)
	if r.Err() == nil {
		n.getInteractions(r)
	}
	if r.Bool() && r.Err() == nil {
		n.Catalogue = getCatalogue(r, n.Items.Len())
	}
	if r.Err() == nil && r.Version > 1 {
		n.getLost(r)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	n.Interactions.origin = identify(n.Users.IDs(), n.Items.IDs())
	if n.Interactions.log != nil {
		n.Interactions.log.origin = n.Interactions.origin
	}
	n.Items.of = n.Interactions.origin
	if n.Catalogue != nil {
		n.Catalogue.origin = n.Items.of.ofItems()
	}
	*d = n
	return nil
}

// getIndex reads ids in their order.
func getIndex[K ID](r *codec.Reader) *Index[K] {
	n := r.Int()
	keys := make([]K, 0, min(n, r.Left()/8)) // an id has 8 bytes at least
	for k := 0; k < n && r.Err() == nil; k++ {
		var id K
		ids.Get(r, &id)
		keys = append(keys, id)
	}
	if r.Err() != nil {
		return &Index[K]{}
	}
	x := &Index[K]{dict: *dict.Of(keys)}
	if x.dict.Distinct() != len(keys) {
		r.Fail("has an id twice")
	}
	return x
}

// getInteractions reads the matrix, its times and the events.
func (d *Dataset[U, I]) getInteractions(r *codec.Reader) {
	m := &sparse.CSR{Rows: d.Users.Len(), Cols: d.Items.Len(), Ptr: r.Int64s(), Col: r.Int32s(), Val: r.Float32s()}
	x := &Interactions{users: m}
	d.Interactions = x
	if r.Err() == nil && m.Validate() != nil {
		r.Fail("holds a broken matrix")
	}
	if r.Bool() {
		if x.times = r.Int64s(); x.times == nil {
			x.times = []int64{}
		}
		if len(x.times) != len(m.Col) {
			r.Fail("has times of another number than entries")
		}
	}
	for k, at := range []**Sequences{&x.log, &d.rest} {
		if !r.Bool() || r.Err() != nil {
			continue
		}
		if k == 0 && x.times == nil {
			r.Fail("has events but no times")
			return
		}
		s := &Sequences{items: m.Cols, ptr: r.Int64s(), events: r.Int32s(), weights: r.Float32s(), at: r.Int64s(), seqs: r.Int64s()}
		if r.Err() != nil {
			return
		}
		if what := s.checkLog(m.Rows); what != "" {
			r.Fail(what)
			return
		}
		if k == 0 && !s.inside(m) {
			r.Fail("has an event of a pair without entry")
			return
		}
		s.setTimes()
		*at = s
	}
}

// checkLog returns what is wrong with a decoded log of that many users, or "".
func (s *Sequences) checkLog(users int) string {
	n := len(s.events)
	if len(s.ptr) != users+1 || len(s.weights) != n || len(s.at) != n || s.seqs != nil && len(s.seqs) != n || s.validate() != nil {
		return "holds broken events"
	}
	if n == 0 { // as they are made
		s.at, s.weights = []int64{}, []float32{}
	}
	any := false
	for u := range users {
		for k := s.ptr[u]; k < s.ptr[u+1]; k++ {
			if !check.Finite(float64(s.weights[k])) {
				return "has an event whose weight is not finite"
			}
			seq, last := int64(0), int64(math.MinInt64)
			if s.seqs != nil {
				seq = s.seqs[k]
				any = any || seq != 0
			}
			if k == s.ptr[u] {
				continue
			}
			if s.seqs != nil {
				last = s.seqs[k-1]
			}
			if c := cmp.Compare(s.at[k-1], s.at[k]); c > 0 || c == 0 && s.seqs != nil && last > seq {
				return "has events out of order"
			}
		}
	}
	if s.seqs != nil && !any {
		return "has sequence numbers that are all 0"
	}
	return ""
}

// inside reports whether each event is of a pair that m has.
func (s *Sequences) inside(m *sparse.CSR) bool {
	in := newIndexSet(s.items)
	for u := range s.Len() {
		row, _ := m.Row(u)
		in.addAll(row)
		for _, i := range s.events[s.ptr[u]:s.ptr[u+1]] {
			if !in.has(i) {
				return false
			}
		}
		in.dropAll(row)
	}
	return true
}

// setTimes sets the time of each sequence of a log: that of its last event, or of the
// earliest of all where it has none.
func (s *Sequences) setTimes() {
	first := int64(math.MaxInt64)
	for _, at := range s.at {
		first = min(first, at)
	}
	s.times = make([]int64, s.Len())
	for u := range s.times {
		s.times[u] = first
		if end := s.ptr[u+1]; end > s.ptr[u] {
			s.times[u] = s.at[end-1]
		}
	}
}
