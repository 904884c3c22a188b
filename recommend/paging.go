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
type reading[I ID] struct {
	list []I // as it was made; what has left since is not on it
	at   int // how many were handed out
}

// readCursor decodes c. Items of the dataset are stored by index, joined items, whose
// indices change, by a hash of 64 bits.
func (s *state[U, I]) readCursor(c Cursor, where string) (reading[I], error) {
	var r reading[I]
	if c == "" {
		return r, nil
	}
	if len(c) > cursorBytes(s.maxK) {
		return r, fmt.Errorf("%s: Cursor has %d bytes, want at most %d: %w", where, len(c), cursorBytes(s.maxK), ErrTooLarge)
	}
	corrupt := func(what string) (reading[I], error) {
		return reading[I]{}, fmt.Errorf("%s: Cursor %s: %w", where, what, ErrCorrupt)
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
	joined := map[uint64]I{}
	for _, a := range s.arrivals {
		joined[ids.Seeded(a.Item, cursorSeed)] = a.Item
	}
	seen := make(map[I]bool, count)
	for k := range count {
		x := number()
		var item I
		switch {
		case x == 0 && len(data) >= 8:
			id, ok := joined[binary.LittleEndian.Uint64(data)]
			if data = data[8:]; !ok { // it has left
				if k < at {
					r.at--
				}
				continue
			}
			item = id
		case x > 0 && x <= uint64(s.items):
			item = s.data.Items.ID(int32(x - 1))
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
func (s *state[U, I]) cursor(r *reading[I]) Cursor {
	data := binary.LittleEndian.AppendUint64([]byte{cursorVersion}, s.catalogue)
	data = binary.AppendUvarint(binary.AppendUvarint(data, uint64(r.at)), uint64(len(r.list)))
	for _, item := range r.list {
		if i := s.data.Items.Of(item); i >= 0 {
			data = binary.AppendUvarint(data, uint64(i)+1)
		} else {
			data = binary.LittleEndian.AppendUint64(append(data, 0), ids.Seeded(item, cursorSeed))
		}
	}
	data = binary.LittleEndian.AppendUint32(data, crc32.ChecksumIEEE(data))
	return Cursor(base64.RawURLEncoding.EncodeToString(data))
}

// asking answers a request that is valid.
type asking[U, I ID] func(w *scratch[I], dst []Recommendation[I], req *Request[U, I], info *Info) ([]Recommendation[I], error)

// page answers a valid request with a cursor: first what is left of the list, then,
// where that does not fill the page, the beginning of what the list goes on with.
func (s *state[U, I]) page(w *scratch[I], dst []Recommendation[I], req Request[U, I], where string, ask asking[U, I]) ([]Recommendation[I], error) {
	var info Info
	if req.Explore != nil {
		return nil, fmt.Errorf("%s: Explore is set beside Cursor: later pages have no propensities: %w", where, ErrOption)
	}
	r, err := s.readCursor(*req.Cursor, where)
	if err != nil {
		return nil, err
	}
	out, want := dst, req.K
	if r.at < len(r.list) {
		if out, err = s.listed(w, out, &req, &r, &info, ask); err != nil {
			return nil, err
		}
		want -= len(out) - len(dst)
	}
	if room := s.maxK - len(r.list); want > 0 && room > 0 {
		more := req
		more.K = min(room, cursorPages*min(req.K, room))
		more.DenyItems = append(slices.Clone(req.DenyItems), r.list...)
		if len(r.list) > 0 {
			more.Pins = nil
		}
		info = Info{}
		got, err := ask(w, nil, &more, &info)
		if err != nil {
			return nil, err
		}
		for k, x := range got {
			r.list = append(r.list, x.Item)
			if k < want {
				r.at = len(r.list)
				x.Rank = r.at
				out = append(out, x)
			}
		}
	}
	if info.Returned = len(out) - len(dst); info.Returned > 0 {
		info.Why = ""
	}
	if req.Info != nil {
		*req.Info = info
	}
	*req.Cursor = s.cursor(&r)
	return out, nil
}

// listed appends the next of the list that the filters let through, with the scores of
// now. What they do not let through now is passed over for good.
func (s *state[U, I]) listed(w *scratch[I], dst []Recommendation[I], req *Request[U, I], r *reading[I], info *Info, ask asking[U, I]) ([]Recommendation[I], error) {
	rest := r.list[r.at:]
	again := *req
	again.K, again.Caps, again.Pins, again.Rerank = len(rest), nil, nil, &Rerank{}
	if again.AllowItems = rest; req.AllowItems != nil {
		allowed := make(map[I]bool, len(req.AllowItems))
		for _, id := range req.AllowItems {
			allowed[id] = true
		}
		again.AllowItems = slices.DeleteFunc(slices.Clone(rest), func(id I) bool { return !allowed[id] })
	}
	got, err := ask(w, nil, &again, info)
	if err != nil {
		return nil, err
	}
	now := make(map[I]*Recommendation[I], len(got))
	for k := range got {
		now[got[k].Item] = &got[k]
	}
	out := dst
	for _, id := range rest {
		if len(out)-len(dst) == req.K {
			break
		}
		r.at++
		if x := now[id]; x != nil {
			x.Rank = r.at
			out = append(out, *x)
		} else if i := s.of(id); i >= 0 && w.free.has(i) { // no source of Similar names it any more
			out = append(out, Recommendation[I]{Item: id, Rank: r.at})
		}
	}
	return out, nil
}
