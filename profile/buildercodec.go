package profile

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*Builder[string, int])(nil)
	_ encoding.BinaryMarshaler   = (*Builder[string, int])(nil)
	_ encoding.BinaryUnmarshaler = (*Builder[string, int])(nil)
)

const builderVersion = 4

// AppendBinary appends the binary form of b to dst: a checksummed frame,
// canonical, so that Builders that know the same give the same bytes. The error
// is always nil.
func (b *Builder[U, I]) AppendBinary(dst []byte) ([]byte, error) {
	if err := b.made("profile: Builder.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int64(b.cut)
	b.days.Write(&w)
	w.Int64(b.ahead)
	w.Int(len(b.opt.Windows))
	for _, d := range b.opt.Windows {
		w.Int(d)
	}
	w.Int64(int64(b.opt.HalfLife))
	for _, x := range b.weight[1:] {
		w.Float64(x)
	}
	w.Int64s(b.opt.PriceBands)
	w.String(b.currency)
	w.Int64(b.late)
	w.Bool(b.opt.Rolling)
	w.Int(len(b.extra.list))
	for i, x := range b.extra.list {
		w.String(x.Name())
		w.Int(len(b.extra.days[i]))
		for _, d := range b.extra.days[i] {
			w.Int(d)
		}
	}
	b.putUsers(&w, b.putLabels(&w))
	return w.AppendFrame(dst, codec.KindBuilder, builderVersion), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (b *Builder[U, I]) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// putLabels writes the labels in use, by dimension and name, and returns the place
// of each label among them.
func (b *Builder[U, I]) putLabels(w *codec.Writer) (rank []int32) {
	used := make([]bool, len(b.dim))
	b.taste.all(func(_ int32, key uint64, _ *fixed) { used[key>>32] = true })
	rank = make([]int32, len(b.dim))
	var n int32
	for d := range dimensions {
		var names []string
		for i, name := range b.labels[d].Keys() {
			if used[b.global[d][i]] {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			rank[b.global[d][b.labels[d].Index(name)]] = n
			n++
		}
		w.Strings(names)
	}
	return rank
}

// putUsers writes the state of each user of the profile, ids ascending.
func (b *Builder[U, I]) putUsers(w *codec.Writer, rank []int32) {
	users := b.sorted()
	w.Int(int(ids.ClassOf[U]()))
	w.Int(len(users))
	nb := b.buckets()
	type part struct {
		label, block int32
		sum          fixed
	}
	var parts []part
	for _, u := range users {
		ids.Put(w, b.users.Key(u))
		for _, x := range b.state[u].list() {
			w.Int64(*x)
		}
		putSparse(w, b.counts[int(u)*kinds*nb:][:kinds*nb])
		putSparse(w, b.flows[int(u)*flows*nb:][:flows*nb])
		parts = parts[:0]
		b.taste.of(u, func(key uint64, sum *fixed) { parts = append(parts, part{rank[key>>32], int32(uint32(key)), *sum}) })
		slices.SortFunc(parts, func(x, y part) int { return cmp.Or(cmp.Compare(x.label, y.label), cmp.Compare(x.block, y.block)) })
		w.Int(len(parts))
		for _, p := range parts {
			w.Int(int(p.label))
			w.Int64(int64(p.block))
			w.Uint64(p.sum.hi)
			w.Uint64(p.sum.lo)
		}
		if b.opt.Rolling {
			b.putCells(w, u)
		}
		b.putFacts(w, u)
		if len(b.extra.list) > 0 {
			b.extra.write(w, u)
		}
	}
}

// list is the fields of s in the order in which they are stored.
func (s *userState) list() [14]*int64 {
	return [14]*int64{
		&s.registered, &s.firstSeen, &s.lastSeen, &s.firstOrder, &s.lastOrder, &s.dwellSum, &s.dwellCount,
		&s.positionSum, &s.positionCount, &s.pages, &s.ratingSum, &s.ratingCount, &s.sentimentSum, &s.sentimentCount,
	}
}

// putSparse writes the counters that are not 0, each with its index: most users did
// few things in few windows.
func putSparse[T uint32 | int64](w *codec.Writer, xs []T) {
	n := 0
	for _, x := range xs {
		if x != 0 {
			n++
		}
	}
	w.Int(n)
	for i, x := range xs {
		if x != 0 {
			w.Int(i)
			w.Int64(int64(x))
		}
	}
}

// getSparse reads what putSparse wrote into xs, all 0 before. Indices must ascend
// and values lie in [1, limit].
func getSparse[T uint32 | int64](r *codec.Reader, xs []T, limit int64) {
	last := -1
	for range r.Int() {
		i, x := r.Int(), r.Int64()
		if r.Err() == nil && (i <= last || i >= len(xs) || x <= 0 || x > limit) {
			r.Fail("has a counter out of place")
		}
		if r.Err() != nil {
			return
		}
		xs[i], last = T(x), i
	}
}

// UnmarshalBinary replaces b. The time zone itself is not stored, the beginnings of
// its days and its difference from UTC at AsOf are; b keeps its own Zone where that has the same, which
// Advance and Features need: read into a Builder with the same Zone.
// Payload of version 4, little-endian, lists after their length:
//
//	i64     AsOf, nanoseconds since 1970 as all times
//	pairs   int number of changes of the clock, then for each, days ascending: int days
//	        before AsOf, i64 seconds by which the begin of that day, and of those before
//	        up to the next change, differs from days of 24 hours; within two days, and
//	        no begin after that of the day after
//	i64     seconds by which the clock is ahead of UTC at AsOf, within two days, the smallest int64
//	        where that is not known
//	[]int   length of each window in days, 1 … 36500, ascending, at most 7
//	i64     half-life in nanoseconds, 0 none
//	10×f64  weight of each Kind, 0 … 1e6, not -0
//	[]i64   price bands, ascending
//	string  currency, empty before the first order
//	i64     records that came late, >= 0
//	bool    whether days are kept for Advance
//	int     number of features, then for each
//	  string  name
//	  []int   length of each of its windows in days
//	7×[]str labels of each Dimension, ascending, none empty, each in use
//	int     class of the user ids: 0 strings, 1 signed, 2 unsigned numbers
//	int     number of users, then for each, ids ascending:
//	  id      string or 8 bytes
//	  14×i64  registered; first, last seen; first, last order (all before AsOf; the
//	          largest int64 is no first, the smallest no last time); sum and number
//	          of dwells; sum and number of positions; pages; sum and number of
//	          ratings and of sentiments in millionths. No sum of sizes, no number < 0
//	  pairs   index and value of the counters that are not 0, [10 kinds][windows+1]
//	  pairs   the same of orders, units, paid, refunded, [4][windows+1]; in all windows
//	          each is below 2⁵⁹, the events of a kind below 2³²
//	  int     number of parts of weights of labels, then for each, labels and blocks
//	          ascending
//	    int     label, its place in the lists above
//	    i64     block of 32 half-lives since 1970, 0 without decay; from that of 70
//	            half-lives before AsOf to that of AsOf
//	    2×u64   high and low word of the sum of w·2^(t-32·block) times 2⁵², w the weight and t the
//	            time of what happened, in half-lives since 1970; not 0
//	  triples where days are kept: int days before AsOf, int counter (10 kinds, then
//	          orders, units, paid, refunded), i64 > 0, the first two ascending; within
//	          windows they add up to the counters above
//	  int     number of facts, then for each, fields ascending: string field, string
//	          value, neither empty, string source, i64 since when it is known, before AsOf, the
//	          smallest int64 where that is not said
//	  int     where there are features: number of states that are not empty, then for each,
//	          feature and cell ascending
//	    int     feature, its place in the list above
//	    i64     cell: 2³¹ before all windows of the feature; else days before AsOf where
//	            days are kept, and the place of the shortest window where not
//	    []i64   the words of the state, such that Feature.Valid holds
//
// Version 3 has no difference from UTC: then age_years is by the Zone of the Builder that reads it where
// that has the same days, else by UTC. Version 2 has besides no number of features and nothing of them, the labels of the first three
// Dimensions only, no block and so one weight for a label, that at AsOf times 2⁷⁰, and no
// facts. Version 1 has besides the begins of the windows, []i64, instead of all changes of the clock,
// and neither the bool nor days. Then the length of days is that of the windows. A half-life below
// a second, which both may have, is read as a second.
// Any other length or value is ErrCorrupt; user ids of another class and a frame of
// another type are ErrMismatch, a newer version ErrVersion; b is then unchanged.
// Memory grows with the bytes given.
func (b *Builder[U, I]) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("profile: Builder.UnmarshalBinary", b); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindBuilder, builderVersion)
	var fresh *Builder[U, I]
	if err == nil {
		fresh, err = decodeBuilder[U, I](r, b.opt.Features, cmp.Or(b.opt.Zone, time.UTC))
	}
	if err != nil {
		return fmt.Errorf("profile: Builder.UnmarshalBinary: %w", err)
	}
	zone := b.opt.Zone
	if zone == nil {
		zone = time.UTC
	}
	if fresh.opt.Zone = nil; fresh.by(zone) {
		if fresh.opt.Zone = zone; b.opt.Zone != nil { // else nobody said that it is UTC
			fresh.ahead = aheadOf(fresh.opt.AsOf, zone)
		}
	}
	*b = *fresh
	return nil
}

// by reports whether the clock of a zone may be that of b.
func (b *Builder[U, I]) by(zone *time.Location) bool {
	return calendar.NewAges(b.opt.AsOf, zone).Equal(b.days) && (b.ahead == nowhere || b.ahead == aheadOf(b.opt.AsOf, zone))
}

// decodeBuilder reads a whole payload.
func decodeBuilder[U, I ID](r *codec.Reader, features []Feature, zone *time.Location) (*Builder[U, I], error) {
	b, err := decodeOptions[U, I](r)
	if err == nil {
		err = b.readFeatures(r, features, zone)
	}
	if err != nil {
		return nil, err
	}
	rank, err := b.getLabels(r)
	if err != nil {
		return nil, err
	}
	if ids.Class(r.Int()) != ids.ClassOf[U]() && r.Err() == nil {
		return nil, fmt.Errorf("ids are of another type: %w", ErrMismatch)
	}
	used := make([]bool, len(rank))
	var last U
	for i := range r.Int() {
		var id U
		if ids.Get(r, &id); r.Err() == nil && i > 0 && id <= last {
			r.Fail("has users out of order")
		}
		if r.Err() != nil {
			return nil, r.Err()
		}
		last = id
		u, err := b.Index(id)
		if err != nil {
			return nil, err
		}
		if err := b.getUser(r, u, rank, used); err != nil {
			return nil, err
		}
	}
	if slices.Contains(used, false) {
		r.Fail("has a label that nobody cares for")
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return b, nil
}

// decodeOptions reads what stands before the labels and returns an empty Builder of
// these settings. They pass the checks of NewBuilder like any caller's.
func decodeOptions[U, I ID](r *codec.Reader) (*Builder[U, I], error) {
	cut := r.Int64()
	var days calendar.Ages
	var from []int64
	ahead := int64(nowhere)
	if r.Version > 1 {
		days = calendar.Read(r, cut)
		if r.Version > 3 {
			if ahead = r.Int64(); ahead != nowhere && (ahead < -2*86400 || ahead > 2*86400) {
				r.Fail("has a clock that is days ahead of UTC")
			}
		}
	} else {
		from = r.Int64s()
	}
	opt := BuilderOptions{AsOf: time.Unix(0, cut).UTC(), Zone: time.UTC, Windows: []int{}, KindWeights: make(map[Kind]float64)}
	for i := range r.Int() {
		opt.Windows = append(opt.Windows, r.Int())
		if r.Err() != nil || i > maxWindows {
			break
		}
	}
	halfLife := time.Duration(r.Int64())
	switch opt.HalfLife = halfLife; {
	case halfLife == 0:
		opt.HalfLife = -1
	case halfLife > 0 && r.Version < 3: // had no least
		opt.HalfLife = max(halfLife, minLife)
	}
	for k := 1; k <= kinds; k++ {
		if opt.KindWeights[Kind(k)] = r.Float64(); math.Signbit(opt.KindWeights[Kind(k)]) && r.Version > 3 {
			r.Fail("has a weight that is -0 or below 0")
		}
	}
	opt.PriceBands = r.Int64s()
	opt.Currency = r.String()
	late := r.Int64()
	opt.Rolling = r.Version > 1 && r.Bool()
	if r.Err() != nil {
		return nil, r.Err()
	}
	b, err := NewBuilder[U, I](opt)
	if err != nil || late < 0 || halfLife < 0 || opt.Currency != strings.ToUpper(opt.Currency) && r.Version > 1 {
		return nil, fmt.Errorf("options do not hold: %w", ErrCorrupt)
	}
	if r.Version == 1 {
		ok := len(from) == len(b.from)
		if ok {
			days, ok = calendar.FromBegins(cut, opt.Windows, from)
		}
		if !ok || len(from) > 0 && from[0] >= cut {
			return nil, fmt.Errorf("windows begin elsewhere: %w", ErrCorrupt)
		}
	}
	b.late, b.ahead = late, ahead
	return b, b.cutAt(days)
}

// getLabels reads the names of all labels and returns the label at each place.
func (b *Builder[U, I]) getLabels(r *codec.Reader) (rank []int32, err error) {
	stored := dimensions
	if r.Version < 3 {
		stored = int(PriceBand) + 1
	}
	for d := range stored {
		names := r.Strings()
		for i, name := range names {
			if name == "" || i > 0 && name <= names[i-1] {
				r.Fail("has labels out of order")
				return nil, r.Err()
			}
			l, err := b.label(Dimension(d), name)
			if err != nil {
				return nil, err
			}
			rank = append(rank, l)
		}
	}
	return rank, r.Err()
}

// getUser reads the state of user u, who is new, and marks the labels in use.
func (b *Builder[U, I]) getUser(r *codec.Reader, u int32, rank []int32, used []bool) error {
	s := &b.state[u]
	for _, x := range s.list() {
		*x = r.Int64()
	}
	nb := b.buckets()
	getSparse(r, b.counts[int(u)*kinds*nb:][:kinds*nb], math.MaxUint32)
	getSparse(r, b.flows[int(u)*flows*nb:][:flows*nb], 1<<59-1)
	for f := range flows {
		if r.Err() == nil && !fits(b.flowOf(u, f), 0) {
			r.Fail("has a sum of money, pieces or orders out of range")
		}
	}
	if r.Err() == nil && tooMany(b.counted(u), [kinds]uint64{}) {
		r.Fail("has more events than are counted")
	}
	prev, before := -1, int64(0)
	for range r.Int() {
		l, block := r.Int(), b.fade.top>>blockBits
		if r.Version > 2 {
			block = r.Int64()
		}
		sum := fixed{r.Uint64(), r.Uint64()}
		if r.Err() == nil && (l < prev || l == prev && (r.Version < 3 || block <= before) || l >= len(rank) || sum.zero() ||
			block < int64(b.fade.oldest) || block > b.fade.top>>blockBits) {
			r.Fail("has an affinity out of place")
		}
		if r.Err() != nil {
			break
		}
		if r.Version < 3 {
			_, sum = b.fade.then(sum)
			sum = sum.orLeast()
		}
		*b.taste.at(u, tasteKey(rank[l], int32(block))) = sum
		used[l], prev, before = true, l, block
	}
	if b.opt.Rolling && r.Err() == nil {
		b.getCells(r, u)
	}
	if r.Version > 2 && r.Err() == nil {
		b.getFacts(r, u)
	}
	if r.Err() == nil && !(b.known(u) && s.plausible(b.cut)) {
		r.Fail("has a user whose times do not fit")
	}
	if len(b.extra.list) > 0 && r.Err() == nil {
		return b.extra.read(r, u, b.opt.Rolling)
	}
	return r.Err()
}

// plausible checks a decoded state.
func (s *userState) plausible(cut int64) bool {
	before := func(first, last int64) bool {
		return first == never && last == notYet || first <= last && last < cut
	}
	return (s.registered == never || s.registered < cut) && before(s.firstSeen, s.lastSeen) && before(s.firstOrder, s.lastOrder) &&
		s.dwellSum >= 0 && s.dwellCount >= 0 && s.positionSum >= 0 && s.positionCount >= 0 && s.pages >= 0 && s.ratingCount >= 0 && s.sentimentCount >= 0
}
