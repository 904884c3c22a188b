package recommend

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/rng"
)

// known is embedded by its own name, which is not exported.
type known = ids.Origin

// origin is what everything with indices embeds: the identity of its ids.
type origin struct{ known }

// lists returns the lists of ids, nil where they are unknown.
func (o origin) lists() *ids.Lists { return ids.ListsOf(o.known) }

// originOf returns the origin of what is over those lists.
func originOf(l *ids.Lists) origin { return origin{ids.From(l)} }

// Seeds of the fingerprints. They are stored: they never change.
const (
	userFingerprint = 0x75736572
	itemFingerprint = 0x6974656d
)

// chain is the fingerprint of the list of keys: a chain, so that it depends on their order.
// marks, when not nil, gets 32 bits of each.
func chain[K ID](keys []K, seed uint64, marks []uint32) uint64 {
	sum := rng.Hash(seed)
	for k, id := range keys {
		h := ids.Seeded(id, seed)
		if marks != nil {
			marks[k] = uint32(h >> 32)
		}
		sum = rng.Hash(sum, h)
	}
	return max(sum, 1) // 0 is unknown
}

// identify returns the identity of a dataset.
func identify[U, I ID](users []U, items []I) origin {
	marks := make([]uint32, len(items))
	return originOf(&ids.Lists{Users: chain(users, userFingerprint, nil), Items: chain(items, itemFingerprint, marks), Marks: marks})
}

// ofItems returns o for a state that has nothing of single users.
func (o origin) ofItems() origin { return origin{ids.OfItems(o.known)} }

// same reports whether two states can be used together: they are over the same items,
// or it is not known over which.
func (o origin) same(other origin) bool {
	a, b := o.lists(), other.lists()
	return a == nil || b == nil || a == b || a.Items == 0 || b.Items == 0 || a.Items == b.Items
}

// either returns the one that is known.
func (o origin) either(other origin) origin {
	if o.lists() == nil {
		return other
	}
	return o
}

// put writes the identity behind the payload of a frame; getOrigin reads it.
func (o origin) put(w *codec.Writer) {
	if l := o.lists(); l != nil {
		w.Stamp(l.Users, l.Items, l.Marks)
	}
}

func getOrigin(r *codec.Reader) origin {
	users, items, marks, ok := r.Stamp()
	if !ok {
		return origin{}
	}
	return originOf(&ids.Lists{Users: users, Items: items, Marks: marks})
}

// fingerprinted is implemented by what knows over which ids it is.
type fingerprinted interface{ Fingerprints() (users, items uint64) }

// owns reports whether a set, when there is one, can be one of d's items.
func (d *Dataset[U, I]) owns(s *ItemSet) bool {
	return s == nil || !s.none() && s.Size() == d.Items.Len() && s.same(d.Interactions.origin)
}

// foreign says why d does not own a set.
func (d *Dataset[U, I]) foreign(s *ItemSet, what string) error {
	if !s.none() {
		if err := d.checkItems(s, s.Size(), what); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s is a set of %d items, the catalogue has %d: %w", what, s.Size(), d.Items.Len(), ErrMismatch)
}

// alien reports whether a state over n items, such as a model, is known not to be over the
// first n of d. It costs nothing where all is well.
func (d *Dataset[U, I]) alien(state any, n int) bool {
	f, ok := state.(fingerprinted)
	own := d.Interactions.lists()
	if !ok || own == nil {
		return false
	}
	_, items := f.Fingerprints()
	// Of a dataset that grew the others came later.
	return items != 0 && items != own.Items && (n >= d.Items.Len() || items != chain(d.Items.IDs()[:n], itemFingerprint, nil))
}

// checkItems returns ErrMismatch where a state over n items is alien to d, naming the
// first item that differs where the state can tell.
func (d *Dataset[U, I]) checkItems(state any, n int, what string) error {
	if !d.alien(state, n) {
		return nil
	}
	return fmt.Errorf("%s is of another catalogue of %d items, the dataset has %d%s: %w", what, n, d.Items.Len(), d.differs(ids.ListsOf(state)), ErrMismatch)
}

// differs says, for an error, at which item the catalogue of other parts from that of d;
// "" where it does not know.
func (d *Dataset[U, I]) differs(other *ids.Lists) string {
	own := d.Interactions.lists()
	if other == nil || own == nil {
		return ""
	}
	if k := ids.Differ(own, other); k >= 0 {
		return fmt.Sprintf(": where the dataset has item %v it has another", d.Items.ID(int32(k)))
	}
	switch n, m := len(own.Marks), len(other.Marks); {
	case n == 0 || m == 0 || n == m:
		return ""
	case n < m:
		return fmt.Sprintf(": it ends at item %v, where the other goes on", d.Items.ID(int32(n-1)))
	default:
		return fmt.Sprintf(": the other ends before item %v", d.Items.ID(int32(m)))
	}
}

// holds returns ErrMismatch where d lacks an item of the catalogue from, naming the first
// item that differs. It is a matter of marks, one in four billion of which is wrong.
func (d *Dataset[U, I]) holds(from origin, where string) error {
	own, theirs := d.Interactions.lists(), from.lists()
	if own == nil || theirs == nil || from.same(d.Interactions.origin) {
		return nil
	}
	have := make(map[uint32]bool, len(own.Marks))
	for _, mark := range own.Marks {
		have[mark] = true
	}
	missing := slices.IndexFunc(theirs.Marks, func(mark uint32) bool { return !have[mark] })
	if missing < 0 && len(theirs.Marks) <= len(own.Marks) {
		return nil
	}
	return fmt.Errorf("%s: the snapshot is of another catalogue of %d items, the dataset has %d%s: %w", where, len(theirs.Marks), d.Items.Len(), d.differs(theirs), ErrMismatch)
}

// checkUsers returns ErrMismatch where a model is of other users than the first of d.
func (d *Dataset[U, I]) checkUsers(m Model, what string) error {
	f, ok := m.(fingerprinted)
	own := d.Interactions.lists()
	if !ok || own == nil {
		return nil
	}
	users, _ := f.Fingerprints()
	if users == 0 || users == own.Users {
		return nil
	}
	if n := m.Users(); n < d.Users.Len() && chain(d.Users.IDs()[:n], userFingerprint, nil) == users {
		return nil // the others came later
	}
	return fmt.Errorf("%s knows %d users, the dataset has %d, and they are not its first ones: %w", what, m.Users(), d.Users.Len(), ErrMismatch)
}

// ownItems makes o the origin of what is over n items of x, as a type's Over does: it must
// not be known to be over others.
func (o origin) ownItems(x *Interactions, n int, where string) (origin, error) {
	if x == nil || x.users == nil {
		return o, fmt.Errorf("recommend: %s: interactions: %w", where, ErrEmpty)
	}
	if n != x.Items() {
		return o, fmt.Errorf("recommend: %s: it has %d items, the interactions %d: %w", where, n, x.Items(), ErrMismatch)
	}
	if !o.same(x.origin) {
		return o, fmt.Errorf("recommend: %s: it is of another catalogue of %d items%s: %w", where, n, ids.FirstItem(o.known, x.known), ErrMismatch)
	}
	return o.either(x.origin.ofItems()), nil
}

// checkRerank returns ErrMismatch where what a valid r knows about items is alien to d.
func (d *Dataset[U, I]) checkRerank(r *Rerank, where string) error {
	switch {
	case r == nil:
	case r.Method == MMR || r.Method == DPP:
		if d.alien(r.Likeness, d.Items.Len()) {
			return d.checkItems(r.Likeness, d.Items.Len(), where+": Rerank.Likeness")
		}
	case r.Method == XQuAD || r.Method == Calibrate:
		if d.alien(r.Categories, d.Items.Len()) {
			return d.checkItems(r.Categories, d.Items.Len(), where+": Rerank.Categories")
		}
	}
	return nil
}

// fit refuses what was made for another catalogue, and makes models of the first items
// of d fit the rest.
func (d *Dataset[U, I]) fit(opt EngineOptions, where string) (EngineOptions, error) {
	if opt.Catalogue == nil {
		opt.Catalogue = d.Catalogue
	}
	if c := opt.Catalogue; c != nil {
		if err := d.checkItems(c, c.n, where+": the catalogue"); err != nil {
			return opt, err
		}
	}
	opt.Sources = append([]Source(nil), opt.Sources...)
	for k := range opt.Sources {
		m := opt.Sources[k].Model
		if check.Missing(m) {
			continue // validate says so
		}
		what := fmt.Sprintf("%s: source %s", where, opt.Sources[k].Name)
		if err := d.checkItems(m, m.Items(), what); err != nil {
			return opt, err
		}
		if err := d.checkUsers(m, what); err != nil {
			return opt, err
		}
		if f, ok := m.(fingerprinted); ok && m.Items() < d.Items.Len() && d.Interactions.lists() != nil {
			if _, items := f.Fingerprints(); items != 0 {
				opt.Sources[k].Model = overGrown(m, d.Items.Len())
			}
		}
	}
	return opt, nil
}
