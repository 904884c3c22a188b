package clean

import (
	"cmp"
	"encoding"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/profile"
)

var (
	_ encoding.BinaryAppender    = (*Ledger[string, int])(nil)
	_ encoding.BinaryMarshaler   = (*Ledger[string, int])(nil)
	_ encoding.BinaryUnmarshaler = (*Ledger[string, int])(nil)
)

// AppendBinary appends the binary form of l to dst: canonical, so that Ledgers that
// took the same records in any order give the same bytes. The error is always nil.
func (l *Ledger[U, I]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("clean: Ledger.AppendBinary", l); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(int(ids.ClassOf[U]()))
	w.Int(int(ids.ClassOf[I]()))
	putEntries(&w, l.orders, putOrder[U, I], compareOrders[U, I])
	w.Int(len(l.parts))
	for _, id := range slices.Sorted(maps.Keys(l.parts)) {
		w.String(id)
		l.parts[id].put(&w)
	}
	putEntries(&w, l.refunds, putRefund[U, I], compareRefunds[U, I])
	return w.AppendFrame(dst, codec.KindLedger, 3), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (l *Ledger[U, I]) MarshalBinary() ([]byte, error) { return l.AppendBinary(nil) }

// UnmarshalBinary replaces l. Payload of version 3, little-endian; an id is a string
// or 8 bytes, a string follows its length, times are i64 nanoseconds since 1970:
//
//	2×int    class of the user and of the item ids: 0 strings, 1 signed, 2 unsigned
//	int      number of whole orders, then for each, ids ascending:
//	  string   ID
//	  i64      how many records said so, >= 1
//	  order    At, user id, string Currency, i64 Discount, bool Test,
//	           strings Channel, Campaign, Device, int lines and as many lines in ascending order
//	  bool     whether other content came too; if so, the order that sorts last
//	int      number of orders in lines, then for each, ids ascending:
//	  string   ID
//	  heads    int number >= 1, ascending: user id, string Currency (one for all), i64
//	           Discount, bool Test, strings Channel, Campaign, Device
//	  lines    int number, ascending, every head in use: int head, At, line
//	int      number of refunds, then for each, ids ascending: ID, count, refund and
//	         flag as for whole orders; a refund is At, string OrderID, user id, string
//	         Currency, i64 Amount, bool Cancel, item id, i64 Quantity
//
// A line is an item id, strings Category and Brand, i64 Quantity, Price, Discount.
// Every record passes its Validate, currencies are in upper case. Version 2 has no Channel,
// Campaign and Device. Version 1 has currencies in any case too, and is read as if they were. Any other length or value is ErrCorrupt, ids of
// another class and a frame of another type are ErrMismatch, a newer version is
// ErrVersion; l is then unchanged. Memory grows with the bytes given.
func (l *Ledger[U, I]) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("clean: Ledger.UnmarshalBinary", l); err != nil {
		return err
	}
	fresh, err := decodeLedger[U, I](data)
	if err != nil {
		return fmt.Errorf("clean: Ledger.UnmarshalBinary: %w", err)
	}
	*l = fresh
	return nil
}

// decodeLedger reads a whole frame.
func decodeLedger[U, I profile.ID](data []byte) (l Ledger[U, I], err error) {
	r, err := codec.Open(data, codec.KindLedger, 3)
	if err != nil {
		return l, err
	}
	if u, i := ids.Class(r.Int()), ids.Class(r.Int()); r.Err() == nil && (u != ids.ClassOf[U]() || i != ids.ClassOf[I]()) {
		return l, fmt.Errorf("ids are of another type: %w", ErrMismatch)
	}
	l.orders = getEntries(r, getOrder[U, I], compareOrders[U, I])
	l.parts = make(map[string]*split[U, I])
	ascending(r, func(id string) { l.parts[id] = getSplit[U, I](r, id) })
	l.refunds = getEntries(r, getRefund[U, I], compareRefunds[U, I])
	if err := r.Done(); err != nil {
		return l, err
	}
	return l, l.fold(r.Version > 1)
}

// fold brings all currencies into upper case, or refuses those that are not where that is
// asked.
func (l *Ledger[U, I]) fold(strict bool) error {
	lower := false
	up := func(code *string) {
		c := strings.ToUpper(*code)
		lower = lower || c != *code
		*code = c
	}
	for _, e := range l.orders {
		up(&e.lo.Currency)
		up(&e.hi.Currency)
	}
	for _, e := range l.refunds {
		up(&e.lo.Currency)
		up(&e.hi.Currency)
	}
	for _, p := range l.parts {
		for h := range p.heads {
			up(&p.heads[h].Currency)
		}
	}
	if strict && lower {
		return fmt.Errorf("a currency in lower case: %w", ErrCorrupt)
	}
	return nil
}

// ascending reads a number and as many strings, which must ascend strictly; each is
// handed to take, which reads what belongs to it.
func ascending(r *codec.Reader, take func(id string)) {
	last := ""
	for i := range r.Int() {
		id := r.String()
		if r.Err() == nil && (id == "" || i > 0 && id <= last) {
			r.Fail("has records out of order, or without an ID")
		}
		if r.Err() != nil {
			return
		}
		take(id)
		last = id
	}
}

// putEntries writes records by id; the second content only where there is one.
func putEntries[T any](w *codec.Writer, m map[string]*entry[T], write func(*codec.Writer, *T), compare func(a, b *T) int) {
	w.Int(len(m))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		e := m[id]
		w.String(id)
		w.Int64(e.n)
		write(w, &e.lo)
		differ := compare(&e.lo, &e.hi) != 0
		w.Bool(differ)
		if differ {
			write(w, &e.hi)
		}
	}
}

// getEntries reads what putEntries wrote, or fails r.
func getEntries[T any](r *codec.Reader, read func(r *codec.Reader, id string) T, compare func(a, b *T) int) map[string]*entry[T] {
	m := make(map[string]*entry[T])
	ascending(r, func(id string) {
		e := &entry[T]{n: r.Int64()}
		e.lo = read(r, id)
		e.hi = e.lo
		least := int64(1)
		if r.Bool() {
			e.hi = read(r, id)
			least = 2
			if compare(&e.lo, &e.hi) >= 0 {
				r.Fail("has two contents of one record out of order")
			}
		}
		if e.n < least {
			r.Fail("has fewer records than contents")
		}
		m[id] = e
	})
	return m
}

func putOrder[U, I profile.ID](w *codec.Writer, o *profile.Order[U, I]) {
	w.Int64(o.At.UnixNano())
	putHead(w, o)
	w.Int(len(o.Lines))
	for i := range o.Lines {
		putLine(w, &o.Lines[i])
	}
}

// getOrder reads what putOrder wrote, or fails r.
func getOrder[U, I profile.ID](r *codec.Reader, id string) profile.Order[U, I] {
	at := instant(r)
	o := getHead[U, I](r, id)
	o.At = at
	for range r.Int() {
		if r.Err() != nil {
			return o
		}
		o.Lines = append(o.Lines, getLine[I](r))
	}
	if r.Err() == nil && (o.Validate() != nil || !slices.IsSortedFunc(o.Lines, compareLines[I])) {
		r.Fail("has an order that is none")
	}
	return o
}

func instant(r *codec.Reader) time.Time { return time.Unix(0, r.Int64()).UTC() }

// putHead writes what an order has once, without its time.
func putHead[U, I profile.ID](w *codec.Writer, o *profile.Order[U, I]) {
	ids.Put(w, o.User)
	w.String(o.Currency)
	w.Int64(o.Discount)
	w.Bool(o.Test)
	w.String(o.Channel)
	w.String(o.Campaign)
	w.String(o.Device)
}

func getHead[U, I profile.ID](r *codec.Reader, id string) profile.Order[U, I] {
	o := profile.Order[U, I]{ID: id}
	ids.Get(r, &o.User)
	o.Currency, o.Discount, o.Test = r.String(), r.Int64(), r.Bool()
	if r.Version > 2 {
		o.Channel, o.Campaign, o.Device = r.String(), r.String(), r.String()
	}
	return o
}

func putLine[I profile.ID](w *codec.Writer, l *profile.OrderLine[I]) {
	ids.Put(w, l.Item)
	w.String(l.Category)
	w.String(l.Brand)
	w.Int64(l.Quantity)
	w.Int64(l.Price)
	w.Int64(l.Discount)
}

func getLine[I profile.ID](r *codec.Reader) profile.OrderLine[I] {
	var l profile.OrderLine[I]
	ids.Get(r, &l.Item)
	l.Category, l.Brand = r.String(), r.String()
	l.Quantity, l.Price, l.Discount = r.Int64(), r.Int64(), r.Int64()
	return l
}

func putRefund[U, I profile.ID](w *codec.Writer, f *profile.Refund[U, I]) {
	w.Int64(f.At.UnixNano())
	w.String(f.OrderID)
	ids.Put(w, f.User)
	w.String(f.Currency)
	w.Int64(f.Amount)
	w.Bool(f.Cancel)
	ids.Put(w, f.Item)
	w.Int64(f.Quantity)
}

// getRefund reads what putRefund wrote, or fails r.
func getRefund[U, I profile.ID](r *codec.Reader, id string) profile.Refund[U, I] {
	f := profile.Refund[U, I]{ID: id, At: instant(r), OrderID: r.String()}
	ids.Get(r, &f.User)
	f.Currency, f.Amount, f.Cancel = r.String(), r.Int64(), r.Bool()
	ids.Get(r, &f.Item)
	f.Quantity = r.Int64()
	if r.Err() == nil && f.Validate() != nil {
		r.Fail("has a refund that is none")
	}
	return f
}

// compareParts orders the lines of a split order.
func compareParts[I profile.ID](a, b splitLine[I]) int {
	return cmp.Or(cmp.Compare(a.head, b.head), a.at.Compare(b.at), compareLines(a.line, b.line))
}

// put writes heads and lines in an order of their own, not of arrival.
func (p *split[U, I]) put(w *codec.Writer) {
	place := make([]int32, len(p.heads)) // of each head
	byContent := make([]int32, len(p.heads))
	for h := range byContent {
		byContent[h] = int32(h)
	}
	slices.SortFunc(byContent, func(a, b int32) int { return compareHeads(&p.heads[a], &p.heads[b]) })
	w.Int(len(p.heads))
	for k, h := range byContent {
		place[h] = int32(k)
		putHead(w, &p.heads[h])
	}
	lines := slices.Clone(p.lines)
	for i := range lines {
		lines[i].head = place[lines[i].head]
	}
	slices.SortFunc(lines, compareParts[I])
	w.Int(len(lines))
	for i := range lines {
		w.Int(int(lines[i].head))
		w.Int64(lines[i].at.UnixNano())
		putLine(w, &lines[i].line)
	}
}

// getSplit reads what put wrote, or fails r. Each line must be one that AddLine
// takes, but for the discount of its order, which may exceed a single line.
func getSplit[U, I profile.ID](r *codec.Reader, id string) *split[U, I] {
	p := &split[U, I]{}
	for i := range r.Int() {
		h := getHead[U, I](r, id)
		if r.Err() == nil && (h.Discount < 0 || i > 0 && (h.Currency != p.heads[0].Currency || compareHeads(&p.heads[i-1], &h) >= 0)) {
			r.Fail("has heads of an order out of order")
		}
		if r.Err() != nil {
			return p
		}
		p.heads = append(p.heads, h)
	}
	used := make([]bool, len(p.heads))
	for i := range r.Int() {
		head := r.Int()
		x := splitLine[I]{at: instant(r), line: getLine[I](r)}
		if r.Err() == nil && head >= len(p.heads) {
			r.Fail("has a line without a head")
		}
		if r.Err() != nil {
			return p
		}
		x.head, used[head] = int32(head), true
		single := p.heads[head]
		single.At, single.Lines, single.Discount = x.at, []profile.OrderLine[I]{x.line}, 0
		if single.Validate() != nil || i > 0 && compareParts(p.lines[i-1], x) > 0 {
			r.Fail("has a line that is none, or lines out of order")
			return p
		}
		p.lines = append(p.lines, x)
	}
	if len(used) == 0 || slices.Contains(used, false) {
		r.Fail("has an order in lines without lines")
	}
	return p
}
