package profile

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/codec"
)

// putID writes an id as a string, or as the 64 bits of an integer.
func putID[K ID](w *codec.Writer, id K) {
	switch v := reflect.ValueOf(id); {
	case v.Kind() == reflect.String:
		w.String(v.String())
	case v.CanInt():
		w.Int64(v.Int())
	default:
		w.Uint64(v.Uint())
	}
}

func getID[K ID](r *codec.Reader) (id K) {
	switch v := reflect.ValueOf(&id).Elem(); {
	case v.Kind() == reflect.String:
		v.SetString(r.String())
	case v.CanInt():
		if x := r.Int64(); v.OverflowInt(x) {
			r.Fail("has an id beyond its type")
		} else {
			v.SetInt(x)
		}
	default:
		if x := r.Uint64(); v.OverflowUint(x) {
			r.Fail("has an id beyond its type")
		} else {
			v.SetUint(x)
		}
	}
	return id
}

// idForm tells strings, signed and unsigned ids apart.
func idForm[K ID]() int {
	var id K
	switch v := reflect.ValueOf(id); {
	case v.Kind() == reflect.String:
		return 0
	case v.CanInt():
		return 1
	}
	return 2
}

// AppendBinary appends the binary form of b to dst: a checksummed frame,
// canonical, so that Builders that know the same give the same bytes. The error
// is always nil.
func (b *Builder[U, I]) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Int64(b.cut)
	w.Int64s(b.from)
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

	// Labels that are in use, by dimension and name.
	used := make([]bool, len(b.dim))
	b.taste.all(func(_, label int32, _ fixed) { used[label] = true })
	rank := make([]int32, len(b.dim))
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
	users := b.sorted()
	w.Int(idForm[U]())
	w.Int(len(users))
	nb := b.buckets()
	type pair struct {
		label int32
		sum   fixed
	}
	var pairs []pair
	for _, u := range users {
		putID(&w, b.users.Key(u))
		for _, x := range b.state[u].list() {
			w.Int64(*x)
		}
		putSparse(&w, b.counts[int(u)*kinds*nb:][:kinds*nb])
		putSparse(&w, b.flows[int(u)*flows*nb:][:flows*nb])
		pairs = pairs[:0]
		b.taste.of(u, func(label int32, sum fixed) { pairs = append(pairs, pair{rank[label], sum}) })
		slices.SortFunc(pairs, func(x, y pair) int { return cmp.Compare(x.label, y.label) })
		w.Int(len(pairs))
		for _, p := range pairs {
			w.Int(int(p.label))
			w.Uint64(p.sum.hi)
			w.Uint64(p.sum.lo)
		}
	}
	return w.AppendFrame(dst, codec.KindBuilder, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (b *Builder[U, I]) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

func (s *userState) list() [14]*int64 {
	return [14]*int64{
		&s.registered, &s.firstSeen, &s.lastSeen, &s.firstOrder, &s.lastOrder, &s.dwell, &s.dwells,
		&s.position, &s.positions, &s.pages, &s.rating, &s.ratings, &s.sentiment, &s.sentiments,
	}
}

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

// UnmarshalBinary replaces b by the state in data. Bytes that are damaged or of
// another type of id are ErrCorrupt or ErrMismatch, a newer format ErrVersion;
// then b is unchanged. Memory grows with the bytes given. The time zone itself is
// not stored, the beginnings of the windows are.
func (b *Builder[U, I]) UnmarshalBinary(data []byte) error {
	fresh, err := decodeBuilder[U, I](data)
	if err != nil {
		return fmt.Errorf("profile: Builder.UnmarshalBinary: %w", err)
	}
	*b = *fresh
	return nil
}

func decodeBuilder[U, I ID](data []byte) (*Builder[U, I], error) {
	r, err := codec.Open(data, codec.KindBuilder, 1)
	if err != nil {
		return nil, err
	}
	cut, from := r.Int64(), r.Int64s()
	opt := BuilderOptions{AsOf: time.Unix(0, cut).UTC(), Zone: time.UTC, Windows: []int{}, KindWeights: make(map[Kind]float64)}
	for i := range r.Int() {
		opt.Windows = append(opt.Windows, r.Int())
		if r.Err() != nil || i > maxWindows {
			break
		}
	}
	opt.HalfLife = time.Duration(r.Int64())
	if opt.HalfLife == 0 {
		opt.HalfLife = -1
	}
	for k := 1; k <= kinds; k++ {
		opt.KindWeights[Kind(k)] = r.Float64()
	}
	opt.PriceBands = r.Int64s()
	opt.Currency = r.String()
	late := r.Int64()
	if r.Err() != nil {
		return nil, r.Err()
	}
	b, err := NewBuilder[U, I](opt)
	if err != nil || len(from) != len(b.from) || late < 0 || opt.HalfLife < -1 {
		return nil, fmt.Errorf("options do not hold: %w", ErrCorrupt)
	}
	for w := range from {
		// Windows of whole days begin within a day of where UTC puts them.
		if gap := from[w] - b.from[w]; from[w] >= cut || gap < -int64(2*day) || gap > int64(2*day) {
			return nil, fmt.Errorf("window %d begins elsewhere: %w", w, ErrCorrupt)
		}
	}
	b.from, b.late = from, late
	var rank []int32
	for d := range dimensions {
		names := r.Strings()
		for i, name := range names {
			if name == "" || i > 0 && name <= names[i-1] {
				r.Fail("has labels out of order")
			}
			l, err := b.label(Dimension(d), name)
			if err != nil {
				return nil, err
			}
			rank = append(rank, l)
		}
	}
	if r.Int() != idForm[U]() && r.Err() == nil {
		return nil, fmt.Errorf("ids are of another type: %w", ErrMismatch)
	}
	var last U
	for i := range r.Int() {
		id := getID[U](r)
		if r.Err() == nil && i > 0 && id <= last {
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
		s := &b.state[u]
		for _, x := range s.list() {
			*x = r.Int64()
		}
		nb := b.buckets()
		getSparse(r, b.counts[int(u)*kinds*nb:][:kinds*nb], math.MaxUint32)
		getSparse(r, b.flows[int(u)*flows*nb:][:flows*nb], 1<<59-1)
		if r.Err() == nil && !s.plausible(cut) {
			r.Fail("has a user whose times do not fit")
		}
		prev := -1
		for range r.Int() {
			l, sum := r.Int(), fixed{r.Uint64(), r.Uint64()}
			if r.Err() == nil && (l <= prev || l >= len(rank) || sum.zero()) {
				r.Fail("has an affinity out of place")
			}
			if r.Err() != nil {
				return nil, r.Err()
			}
			b.taste.add(u, rank[l], sum)
			prev = l
		}
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return b, nil
}

// plausible checks a decoded state.
func (s *userState) plausible(cut int64) bool {
	before := func(first, last int64) bool {
		return first == never && last == nope || first <= last && last < cut
	}
	return s.known() && (s.registered == never || s.registered < cut) && before(s.firstSeen, s.lastSeen) && before(s.firstOrder, s.lastOrder) &&
		s.dwell >= 0 && s.dwells >= 0 && s.position >= 0 && s.positions >= 0 && s.pages >= 0 && s.ratings >= 0 && s.sentiments >= 0
}
