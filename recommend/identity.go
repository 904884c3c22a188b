package recommend

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/rng"
)

// identity says over which lists of ids indices are. It is made once a dataset, shared
// by all that is made of it, and never changed.
type identity struct {
	users, items uint64   // fingerprints; users is 0 where a state has nothing of single users
	marks        []uint32 // of each item, so that an error can name the first that differs
}

// origin is what everything with indices embeds: the identity of its ids.
type origin struct{ of *identity }

// Fingerprints returns a 64-bit fingerprint of the ids behind the users and one of those
// behind the items, in their order; 0 where they are unknown, as in what was made from
// bare [Interactions], or do not matter, as users to a model that keeps nothing about
// single ones. Equal lists have equal fingerprints in every program. An Engine refuses
// what has another one than its dataset (ErrMismatch).
func (o origin) Fingerprints() (users, items uint64) {
	if o.of == nil {
		return 0, 0
	}
	return o.of.users, o.of.items
}

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
func identify[U, I ID](users []U, items []I) *identity {
	marks := make([]uint32, len(items))
	return &identity{users: chain(users, userFingerprint, nil), items: chain(items, itemFingerprint, marks), marks: marks}
}

// ofItems returns o for a state that has nothing of single users.
func (o origin) ofItems() origin {
	if o.of == nil {
		return o
	}
	return origin{&identity{items: o.of.items, marks: o.of.marks}}
}

// same reports whether two states can be used together: they are over the same items,
// or it is not known over which.
func (o origin) same(other origin) bool {
	return o.of == nil || other.of == nil || o.of == other.of || o.of.items == 0 || other.of.items == 0 || o.of.items == other.of.items
}

// either returns the one that is known.
func (o origin) either(other origin) origin {
	if o.of == nil {
		return other
	}
	return o
}

// put writes the identity behind the payload of a frame; getOrigin reads it.
func (o origin) put(w *codec.Writer) {
	if o.of != nil {
		w.Stamp(o.of.users, o.of.items, o.of.marks)
	}
}

func getOrigin(r *codec.Reader) origin {
	users, items, marks, ok := r.Stamp()
	if !ok {
		return origin{}
	}
	return origin{&identity{users: users, items: items, marks: marks}}
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

// checkItems returns ErrMismatch where a state over n items, such as a model, is not over
// the first n of d, naming the first that differs where the state can tell.
func (d *Dataset[U, I]) checkItems(state any, n int, what string) error {
	f, ok := state.(fingerprinted)
	own := d.Interactions.of
	if !ok || own == nil {
		return nil
	}
	_, items := f.Fingerprints()
	switch {
	case items == 0 || items == own.items:
		return nil
	case n < d.Items.Len() && items == chain(d.Items.IDs()[:n], itemFingerprint, nil):
		return nil // the others came later
	}
	if m, ok := state.(interface{ itemMarks() []uint32 }); ok {
		for k, mark := range m.itemMarks() {
			if k >= len(own.marks) {
				break
			}
			if mark != own.marks[k] {
				return fmt.Errorf("%s is of another catalogue of %d items, the dataset has %d: where the dataset has item %v it has another: %w", what, n, d.Items.Len(), d.Items.ID(int32(k)), ErrMismatch)
			}
		}
	}
	return fmt.Errorf("%s is of another catalogue of %d items, the dataset has %d: %w", what, n, d.Items.Len(), ErrMismatch)
}

// holds returns ErrMismatch where d lacks an item of the catalogue from, naming the first
// item that differs. It is a matter of marks, one in four billion of which is wrong.
func (d *Dataset[U, I]) holds(from origin, where string) error {
	own := d.Interactions.of
	if own == nil || from.of == nil || from.same(d.Interactions.origin) {
		return nil
	}
	have := make(map[uint32]bool, len(own.marks))
	for _, mark := range own.marks {
		have[mark] = true
	}
	missing := slices.IndexFunc(from.of.marks, func(mark uint32) bool { return !have[mark] })
	if missing < 0 && len(from.of.marks) <= len(own.marks) {
		return nil
	}
	n, first := len(from.of.marks), 0
	for first < min(n, len(own.marks)) && from.of.marks[first] == own.marks[first] {
		first++
	}
	if first == len(own.marks) {
		return fmt.Errorf("%s: the snapshot is of another catalogue of %d items, the dataset has %d: it ends at item %v, where the other goes on: %w", where, n, first, d.Items.ID(int32(first-1)), ErrMismatch)
	}
	return fmt.Errorf("%s: the snapshot is of another catalogue of %d items, the dataset has %d: where the dataset has item %v it has another: %w", where, n, d.Items.Len(), d.Items.ID(int32(first)), ErrMismatch)
}

// checkUsers returns ErrMismatch where a model is of other users than the first of d.
func (d *Dataset[U, I]) checkUsers(m Model, what string) error {
	f, ok := m.(fingerprinted)
	if !ok || d.Interactions.of == nil {
		return nil
	}
	users, _ := f.Fingerprints()
	if users == 0 || users == d.Interactions.of.users {
		return nil
	}
	if n := m.Users(); n < d.Users.Len() && chain(d.Users.IDs()[:n], userFingerprint, nil) == users {
		return nil // the others came later
	}
	return fmt.Errorf("%s knows %d users, the dataset has %d, and they are not its first ones: %w", what, m.Users(), d.Users.Len(), ErrMismatch)
}

func (o origin) itemMarks() []uint32 {
	if o.of == nil {
		return nil
	}
	return o.of.marks
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
		if f, ok := m.(fingerprinted); ok && m.Items() < d.Items.Len() && d.Interactions.of != nil {
			if _, items := f.Fingerprints(); items != 0 {
				opt.Sources[k].Model = overGrown(m, d.Items.Len())
			}
		}
	}
	return opt, nil
}
