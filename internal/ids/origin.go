package ids

import "fmt"

// Lists says over which lists of ids indices are. It is made once a dataset, shared by all
// that is made of it, and never changed.
type Lists struct {
	Users, Items uint64   // fingerprints; Users is 0 where a state has nothing of single users
	Marks        []uint32 // of each item, so that an error can name the first that differs
}

// Origin is what everything with indices embeds, in whatever package, under a name that
// is not exported: the lists of its ids, nil where they are unknown.
type Origin struct{ lists *Lists }

// From returns the origin of what is over those lists.
func From(lists *Lists) Origin { return Origin{lists} }

// Fingerprints returns a 64-bit fingerprint of the ids behind the users and one of those
// behind the items, in their order; 0 where they are unknown, as in what was made from
// bare indices, or do not matter, as users to a model that keeps nothing about
// single ones. Equal lists have equal fingerprints in every program. An Engine refuses
// what has another one than its dataset (ErrMismatch).
func (o Origin) Fingerprints() (users, items uint64) {
	if o.lists == nil {
		return 0, 0
	}
	return o.lists.Users, o.lists.Items
}

func (o Origin) origin() Origin { return o }

// ListsOf returns the lists that a state is over, nil where it does not know or embeds no
// Origin. A nil pointer is no state.
func ListsOf(state any) *Lists {
	if o, ok := state.(interface{ origin() Origin }); ok {
		return o.origin().lists
	}
	return nil
}

// OfItems returns o for a state that has nothing of single users.
func OfItems(o Origin) Origin {
	if o.lists == nil || o.lists.Users == 0 {
		return o
	}
	return Origin{&Lists{Items: o.lists.Items, Marks: o.lists.Marks}}
}

// Differ returns the first place at which the items of two lists differ, -1 where the
// shorter is the beginning of the longer.
func Differ(a, b *Lists) int {
	for k := range min(len(a.Marks), len(b.Marks)) {
		if a.Marks[k] != b.Marks[k] {
			return k
		}
	}
	return -1
}

// FirstItem says, for an error, which index is the first of another item in two states;
// "" where they do not tell.
func FirstItem(a, b any) string {
	la, lb := ListsOf(a), ListsOf(b)
	if la == nil || lb == nil {
		return ""
	}
	if k := Differ(la, lb); k >= 0 {
		return fmt.Sprintf(", item %d is the first that differs", k)
	}
	return ""
}
