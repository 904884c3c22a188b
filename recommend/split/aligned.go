package split

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/aislekit/aisle/recommend"
)

// Alignment is test data of its own on the index of a training dataset. Indices below
// the training dataset's are its; users and items that it does not know come after
// them, so that nothing is lost: an item nobody could recommend stays a right answer, and
// a measure that leaves it out flatters every model.
type Alignment[U, I recommend.ID] struct {
	// Test has a row for each training user and each cold one, a column for each
	// training item and each cold one.
	Test *recommend.Interactions

	ColdUsers []U // ascending; k has row train.Users.Len()+k
	ColdItems []I // ascending; k has column train.Items.Len()+k

	ColdUserEntries int // entries of cold users
	ColdItemEntries int // entries of cold items, those of cold users included
	Repeats         int // entries that training has too: CheckDisjoint, and evaluate.Lists, call them leakage
}

// Aligned maps a test dataset, which numbers its users and items on its own, onto the
// index of train. Weights and times are kept. ErrEmpty for a dataset that is nil or a
// test dataset without entries, ErrShape for one whose indexes are not those of its
// matrix. Cost: a look at each id and a sort of each row.
func Aligned[U, I recommend.ID](train, test *recommend.Dataset[U, I]) (*Alignment[U, I], error) {
	if err := known("Aligned: train", train); err != nil {
		return nil, err
	}
	if err := known("Aligned: test", test); err != nil {
		return nil, err
	}
	x := test.Interactions
	if x.Len() == 0 {
		return nil, fmt.Errorf("split: Aligned: test: no entries: %w", ErrEmpty)
	}
	a := &Alignment[U, I]{}
	var users, items []int32
	a.ColdUsers, users = place(train.Users, test.Users.IDs())
	a.ColdItems, items = place(train.Items, test.Items.IDs())
	entries := make([]entry, 0, x.Len())
	for u := range x.Users() {
		row, weights := x.Row(u)
		times := x.Times(u)
		for k, i := range row {
			e := entry{user: users[u], item: items[i], weight: weights[k]}
			if times != nil {
				e.time = times[k]
			}
			entries = append(entries, e)
		}
	}
	if err := a.build(train, entries, x.HasTimes()); err != nil {
		return nil, fmt.Errorf("split: Aligned: test: %w", err)
	}
	return a, nil
}

// AlignedRows is Aligned for plain lists of ids: the items that a user took after the
// training data ended, each of weight 1. A user may come several times; an item that
// comes again counts once. The result does not depend on the order of rows.
func AlignedRows[U, I recommend.ID](train *recommend.Dataset[U, I], rows iter.Seq2[U, []I]) (*Alignment[U, I], error) {
	if err := known("AlignedRows: train", train); err != nil {
		return nil, err
	}
	if rows == nil {
		return nil, fmt.Errorf("split: AlignedRows: rows: %w", ErrEmpty)
	}
	type pair struct {
		user U
		item I
	}
	var pairs []pair
	for user, items := range rows {
		for _, item := range items {
			pairs = append(pairs, pair{user, item})
		}
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("split: AlignedRows: rows: %w", ErrEmpty)
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.item, b.item)) })
	pairs = slices.Compact(pairs)
	userIDs, itemIDs := make([]U, len(pairs)), make([]I, len(pairs))
	for k, p := range pairs {
		userIDs[k], itemIDs[k] = p.user, p.item
	}
	a := &Alignment[U, I]{}
	var users, items []int32
	a.ColdUsers, users = place(train.Users, userIDs)
	a.ColdItems, items = place(train.Items, itemIDs)
	entries := make([]entry, len(pairs))
	for k := range pairs {
		entries[k] = entry{user: users[k], item: items[k], weight: 1}
	}
	if err := a.build(train, entries, false); err != nil {
		return nil, fmt.Errorf("split: AlignedRows: %w", err)
	}
	return a, nil
}

// known wants a dataset whose indexes number the rows and columns of its matrix.
func known[U, I recommend.ID](where string, d *recommend.Dataset[U, I]) error {
	if d == nil || d.Interactions == nil || d.Users == nil || d.Items == nil {
		return fmt.Errorf("split: %s: %w", where, ErrEmpty)
	}
	if x := d.Interactions; x.Users() != d.Users.Len() || x.Items() != d.Items.Len() {
		return fmt.Errorf("split: %s: %d×%d entries under %d users and %d items: %w", where, x.Users(), x.Items(), d.Users.Len(), d.Items.Len(), ErrShape)
	}
	return nil
}

// entry is one of a matrix under way.
type entry struct {
	user, item int32
	weight     float32
	time       int64
}

// place returns the ids that the index does not know, ascending, and where each of ids
// stands: in the index, or behind it in the order of the unknown ones.
func place[K recommend.ID](x *recommend.Index[K], ids []K) (cold []K, at []int32) {
	at = make([]int32, len(ids))
	for k, id := range ids {
		if at[k] = x.Of(id); at[k] < 0 {
			cold = append(cold, id)
		}
	}
	slices.Sort(cold)
	cold = slices.Clip(slices.Compact(cold))
	for k, id := range ids {
		if at[k] < 0 {
			n, _ := slices.BinarySearch(cold, id)
			at[k] = int32(x.Len() + n)
		}
	}
	return cold, at
}

// build makes the matrix of distinct entries, and counts.
func (a *Alignment[U, I]) build(train *recommend.Dataset[U, I], entries []entry, timed bool) error {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.item, b.item)) })
	users, items := train.Users.Len(), train.Items.Len()
	ptr := make([]int64, users+len(a.ColdUsers)+1)
	cols := make([]int32, len(entries))
	weights := make([]float32, len(entries))
	times := make([]int64, len(entries))
	for k, e := range entries {
		ptr[e.user+1]++
		cols[k], weights[k], times[k] = e.item, e.weight, e.time
		switch {
		case int(e.user) >= users:
			a.ColdUserEntries++
		case int(e.item) < items && train.Interactions.Has(int(e.user), e.item):
			a.Repeats++
		}
		if int(e.item) >= items {
			a.ColdItemEntries++
		}
	}
	for u := range len(ptr) - 1 {
		ptr[u+1] += ptr[u]
	}
	var err error
	if a.Test, err = recommend.NewInteractions(len(ptr)-1, items+len(a.ColdItems), ptr, cols, weights); err == nil && timed {
		a.Test, err = a.Test.WithTimes(times)
	}
	return err
}
