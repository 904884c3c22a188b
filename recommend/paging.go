package recommend

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/ids"
)

// Cursor says how far a list was read: what Request.Cursor points to, for "the next
// ten". It is text, of letters, digits, - and _, that the caller keeps, in the page or
// in its address; an Engine keeps nothing of it. The empty Cursor is the first page.
//
// The first page makes a list of ten pages and the cursor holds it, so that its items
// come in its order whatever happens meanwhile: events, stock, a Swap to other models.
// None comes twice, and none is skipped but those that the filters of a later page
// leave out: what was seen, sold out or denied since. Scores, sources and reasons are
// those of the time of the page. After ten pages the list goes on with the best of
// the items that are not on it, up to EngineOptions.MaxK items in all; a page of none
// is the end. 10 pages of 10 take some 400 letters, a cursor of n items at most 12·n + 44.
type Cursor string

const (
	cursorVersion = 1
	cursorPages   = 10   // that are listed at a time
	cursorSeed    = 0x63 // of the hashes of joined items
)

// reading is a decoded cursor.
type reading struct {
	list []int32 // as it was made; what has left since is not on it
	at   int     // how many were handed out
}

// readCursor decodes c. Items of the dataset are stored by index, joined items, whose
// indices change, by a hash of 64 bits.
func (s *state[U, I]) readCursor(c Cursor, where string) (reading, error) {
	var r reading
	if c == "" {
		return r, nil
	}
	if len(c) > cursorBytes(s.maxK) {
		return r, fmt.Errorf("%s: Cursor has %d bytes, want at most %d: %w", where, len(c), cursorBytes(s.maxK), ErrTooLarge)
	}
	corrupt := func(what string) (reading, error) {
		return reading{}, fmt.Errorf("%s: Cursor %s: %w", where, what, ErrCorrupt)
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(string(c))
	if err != nil || len(data) < 13 || crc32.ChecksumIEEE(data[:len(data)-4]) != binary.LittleEndian.Uint32(data[len(data)-4:]) {
		return corrupt("is no text that an Engine wrote")
	}
	if data[0] != cursorVersion {
		return r, fmt.Errorf("%s: Cursor has version %d, know %d: %w", where, data[0], cursorVersion, ErrVersion)
	}
	if print := binary.LittleEndian.Uint64(data[1:]); print != s.catalogue {
		return r, fmt.Errorf("%s: Cursor is of another catalogue than that of %d items: %w", where, s.items, ErrMismatch)
	}
	data = data[9 : len(data)-4]
	number := func() uint64 {
		x, n := binary.Uvarint(data)
		if n <= 0 {
			data = nil
			return math.MaxUint64
		}
		data = data[n:]
		return x
	}
	at, count := number(), number()
	if count > uint64(s.maxK) || at > count {
		return corrupt("is longer than EngineOptions.MaxK")
	}
	joined := map[uint64]int32{}
	for k, a := range s.arrivals {
		joined[ids.Seeded(a.Item, cursorSeed)] = int32(s.items + k)
	}
	seen := make(map[int32]bool, count)
	for k := range count {
		x := number()
		var item int32
		switch {
		case x == 0 && len(data) >= 8:
			i, ok := joined[binary.LittleEndian.Uint64(data)]
			if data = data[8:]; !ok { // it has left
				if k < at {
					r.at--
				}
				continue
			}
			item = i
		case x > 0 && x <= uint64(s.items):
			item = int32(x - 1)
		default:
			return corrupt("names an item that there is not")
		}
		if seen[item] {
			return corrupt("names an item twice")
		}
		seen[item] = true
		r.list = append(r.list, item)
	}
	if len(data) > 0 {
		return corrupt("has bytes left over")
	}
	r.at += int(at)
	return r, nil
}

// cursorBytes is the length of the longest cursor of n items.
func cursorBytes(n int) int {
	const most = math.MaxInt / 16
	return base64.RawURLEncoding.EncodedLen(min(n, most)*9 + 1 + 8 + 2*binary.MaxVarintLen64 + 4)
}

// cursor encodes r.
func (s *state[U, I]) cursor(r *reading) Cursor {
	data := binary.LittleEndian.AppendUint64([]byte{cursorVersion}, s.catalogue)
	data = binary.AppendUvarint(binary.AppendUvarint(data, uint64(r.at)), uint64(len(r.list)))
	for _, i := range r.list {
		if int(i) < s.items {
			data = binary.AppendUvarint(data, uint64(i)+1)
		} else {
			data = binary.LittleEndian.AppendUint64(append(data, 0), ids.Seeded(s.id(i), cursorSeed))
		}
	}
	data = binary.LittleEndian.AppendUint32(data, crc32.ChecksumIEEE(data))
	return Cursor(base64.RawURLEncoding.EncodeToString(data))
}

// asking appends the answer to w.want.
type asking[I ID] func(w *scratch[I], dst []Recommendation[I], info *Info) ([]Recommendation[I], error)

// page appends what ask answers to w.want as a page, and moves the cursor behind it:
// first what is left of the list, then, where that does not fill the page, the beginning
// of what the list goes on with.
func (s *state[U, I]) page(w *scratch[I], dst []Recommendation[I], cursor *Cursor, info *Info, where string, ask asking[I]) ([]Recommendation[I], error) {
	if w.want.explore != nil {
		return nil, fmt.Errorf("%s: Explore is set beside Cursor: later pages have no propensities: %w", where, ErrOption)
	}
	r, err := s.readCursor(*cursor, where)
	if err != nil {
		return nil, err
	}
	page, unknown := w.want, *info // as they were translated
	out, missing := dst, page.k
	if r.at < len(r.list) {
		if out, err = s.listed(w, out, &r, info, ask); err != nil {
			return nil, err
		}
		missing -= len(out) - len(dst)
	}
	if room := s.maxK - len(r.list); missing > 0 && room > 0 {
		w.want, *info = page, unknown
		w.want.k = min(room, cursorPages*min(page.k, room))
		w.want.denied = append(slices.Clone(page.denied), r.list...)
		if len(r.list) > 0 {
			w.want.pins = nil
		}
		got, err := ask(w, nil, info)
		if err != nil {
			return nil, err
		}
		for k, x := range got {
			r.list = append(r.list, s.of(x.Item))
			if k < missing {
				r.at = len(r.list)
				x.Rank = r.at
				out = append(out, x)
			}
		}
	}
	if info.Returned = len(out) - len(dst); info.Returned > 0 {
		info.Why = ""
	}
	*cursor = s.cursor(&r)
	return out, nil
}

// listed appends the next of the list that the filters let through, with the scores of
// now. What they do not let through now is passed over for good.
func (s *state[U, I]) listed(w *scratch[I], dst []Recommendation[I], r *reading, info *Info, ask asking[I]) ([]Recommendation[I], error) {
	want, rest, places := &w.want, r.list[r.at:], w.want.k
	allowed := rest
	if want.listed {
		in := make(map[int32]bool, len(want.allowed))
		for _, i := range want.allowed {
			in[i] = true
		}
		allowed = slices.DeleteFunc(slices.Clone(rest), func(i int32) bool { return !in[i] })
	}
	want.k, want.caps, want.pins, want.rerank, want.listed, want.allowed = len(rest), nil, nil, nil, true, allowed
	got, err := ask(w, nil, info)
	if err != nil {
		return nil, err
	}
	now := make(map[I]*Recommendation[I], len(got))
	for k := range got {
		now[got[k].Item] = &got[k]
	}
	out := dst
	for _, i := range rest {
		if len(out)-len(dst) == places {
			break
		}
		r.at++
		if x := now[s.id(i)]; x != nil {
			x.Rank = r.at
			out = append(out, *x)
		} else if w.free.has(i) { // no source of Similar names it any more
			out = append(out, Recommendation[I]{Item: s.id(i), Rank: r.at})
		}
	}
	return out, nil
}
