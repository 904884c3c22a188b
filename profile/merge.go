package profile

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// same names the first option in which o and opt differ, or returns "".
func (o *BuilderOptions) same(opt *BuilderOptions) string {
	switch {
	case !o.AsOf.Equal(opt.AsOf):
		return "AsOf"
	case !slices.Equal(o.Windows, opt.Windows):
		return "Windows"
	case o.HalfLife != opt.HalfLife:
		return "HalfLife"
	case !slices.Equal(o.PriceBands, opt.PriceBands):
		return "PriceBands"
	case o.Rolling != opt.Rolling:
		return "Rolling"
	}
	return ""
}

// compatible names the first setting in which b and other differ.
func (b *Builder[U, I]) compatible(other *Builder[U, I]) string {
	if field := b.opt.same(&other.opt); field != "" {
		return field
	}
	switch {
	case !b.days.Equal(other.days) || b.ahead != other.ahead && b.ahead != nowhere && other.ahead != nowhere:
		return "Zone"
	case b.weight != other.weight:
		return "KindWeights"
	case b.currency != "" && other.currency != "" && b.currency != other.currency:
		return "Currency"
	}
	return b.extra.same(&other.extra)
}

// Merge adds everything that other holds, and leaves other alone. Both must have
// the same options (ErrMismatch names the one that differs). Sums that do not fit, more than 2³¹-1
// users or labels and 2³² words of states of Features are ErrOverflow. After an error b is unchanged.
func (b *Builder[U, I]) Merge(other *Builder[U, I]) error {
	if err := check.Merge("profile: Builder.Merge", b, other); err != nil {
		return err
	}
	if err := b.made("profile: Builder.Merge"); err != nil {
		return err
	}
	if field := b.compatible(other); field != "" {
		return fmt.Errorf("profile: Builder.Merge: %s differs: %w", field, ErrMismatch)
	}
	// First see that everything fits, then change.
	if _, err := check.AddInt64(b.late, other.late); err != nil {
		return fmt.Errorf("profile: Builder.Merge: late records: %w", ErrOverflow)
	}
	nb := b.buckets()
	if err := b.roomFor(other); err != nil {
		return fmt.Errorf("profile: Builder.Merge: %w", err)
	}
	for v, key := range other.users.Keys() {
		u := b.users.Index(key)
		if u < 0 {
			continue
		}
		if tooMany(b.counted(u), other.counted(int32(v))) {
			return fmt.Errorf("profile: Builder.Merge: counts of %w", check.Private("user", -1, key, nil, ErrOverflow))
		}
		ok := b.state[u].fits(&other.state[v])
		for f := range flows {
			ok = ok && fits(b.flowOf(u, f), other.flow(v, f, nb-1))
		}
		if !ok {
			return fmt.Errorf("profile: Builder.Merge: sums of %w", check.Private("user", -1, key, nil, ErrOverflow))
		}
	}
	joined, err := b.extra.joined(&other.extra, func(v int32) int32 { return b.users.Index(other.users.Key(v)) })
	if err != nil {
		return fmt.Errorf("profile: Builder.Merge: %w", err)
	}
	toUser := make([]int32, other.users.Len())
	for v, key := range other.users.Keys() {
		u, err := b.Index(key)
		if err != nil {
			return err
		}
		toUser[v] = u
		for i, n := range other.counts[v*kinds*nb:][:kinds*nb] {
			b.counts[int(u)*kinds*nb+i] += n
		}
		for i, x := range other.flows[v*flows*nb:][:flows*nb] {
			b.flows[int(u)*flows*nb+i] += x
		}
		b.state[u].merge(&other.state[v])
	}
	for _, x := range joined { // there is room for all
		if err := b.extra.put(b.extra.cells.at(toUser[x.user], x.key), x.state); err != nil {
			return fmt.Errorf("profile: Builder.Merge: %w", err)
		}
	}
	toLabel := make([]int32, len(other.dim))
	for l, d := range other.dim {
		m, err := b.label(d, other.labels[d].Key(other.local[l]))
		if err != nil {
			return fmt.Errorf("profile: Builder.Merge: %w", err)
		}
		toLabel[l] = m
	}
	other.taste.all(func(user int32, key uint64, more *fixed) {
		sum := b.taste.at(toUser[user], tasteKey(toLabel[key>>32], int32(uint32(key))))
		*sum = sum.add(*more)
	})
	other.facts.of.all(func(user int32, key uint64, f *fact) { b.facts.note(toUser[user], other.facts.names[key], *f) })
	other.cells.all(func(user int32, key uint64, n *int64) { *b.cells.at(toUser[user], key) += *n })
	b.currency = cmp.Or(b.currency, other.currency)
	b.late += other.late
	if b.ahead == nowhere && other.ahead != nowhere {
		b.ahead, b.opt.Zone = other.ahead, other.opt.Zone
	}
	return nil
}

// roomFor reports whether the users and labels of both are few enough.
func (b *Builder[U, I]) roomFor(other *Builder[U, I]) error {
	users, labels := b.users.Len(), len(b.dim)
	for _, key := range other.users.Keys() {
		if b.users.Index(key) < 0 {
			users++
		}
	}
	for l, d := range other.dim {
		if b.labels[d].Index(other.labels[d].Key(other.local[l])) < 0 {
			labels++
		}
	}
	if max(users, labels) > math.MaxInt32 {
		return fmt.Errorf("%d users and %d labels together: %w", users, labels, ErrOverflow)
	}
	return nil
}

// counted is the events of each kind of a user, in all windows.
func (b *Builder[U, I]) counted(u int32) (n [kinds]uint64) {
	for k := range n {
		for _, x := range b.countOf(u, k+1) {
			n[k] += uint64(x)
		}
	}
	return n
}

// tooMany reports whether an Advance might find more events of a kind than a counter holds.
func tooMany(a, b [kinds]uint64) bool {
	for k := range a {
		if a[k]+b[k] > math.MaxUint32 {
			return true
		}
	}
	return false
}

// fits reports whether merge of o overflows none of the sums and numbers.
func (s *userState) fits(o *userState) bool {
	return addable(s.dwellSum, o.dwellSum) && addable(s.dwellCount, o.dwellCount) &&
		addable(s.positionSum, o.positionSum) && addable(s.positionCount, o.positionCount) && addable(s.pages, o.pages) &&
		addable(s.ratingSum, o.ratingSum) && addable(s.ratingCount, o.ratingCount) &&
		addable(s.sentimentSum, o.sentimentSum) && addable(s.sentimentCount, o.sentimentCount)
}

// addable reports whether a+b is an int64.
func addable(a, b int64) bool { return (a+b > a) == (b > 0) }

// merge adds what o knows of the same user.
func (s *userState) merge(o *userState) {
	s.registered = min(s.registered, o.registered)
	s.firstSeen = min(s.firstSeen, o.firstSeen)
	s.lastSeen = max(s.lastSeen, o.lastSeen)
	s.firstOrder = min(s.firstOrder, o.firstOrder)
	s.lastOrder = max(s.lastOrder, o.lastOrder)
	s.dwellSum += o.dwellSum
	s.dwellCount += o.dwellCount
	s.positionSum += o.positionSum
	s.positionCount += o.positionCount
	s.pages += o.pages
	s.ratingSum += o.ratingSum
	s.ratingCount += o.ratingCount
	s.sentimentSum += o.sentimentSum
	s.sentimentCount += o.sentimentCount
}
