package ann

import (
	"fmt"

	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/recommend"
)

// known is embedded by its own name, which is not exported.
type known = ids.Origin

// Fingerprints returns that of the items the index was built over, 0 where it knows none:
// see recommend.Interactions.Fingerprints. Items that Add put behind them are not in it.
func (x *HNSW) Fingerprints() (users, items uint64) {
	if x == nil {
		return 0, 0
	}
	return x.known.Fingerprints()
}

// Over tells the index whose items its vectors are: vector k that of item k. It is for
// vectors that come from elsewhere; those of a model bring its ids along. Errors, after which
// nothing has changed: ErrEmpty (an index that is nil or zero, nil), ErrMismatch (other
// than Slots() items, or it is known to be of others).
func (x *HNSW) Over(of *recommend.Interactions) error {
	const where = "HNSW.Over"
	if err := x.unmade(where); err != nil {
		return err
	}
	if of.Items() == 0 {
		return fmt.Errorf("ann: %s: interactions: %w", where, ErrEmpty)
	}
	if of.Items() != len(x.node) {
		return fmt.Errorf("ann: %s: the index has %d items, the interactions %d: %w", where, len(x.node), of.Items(), ErrMismatch)
	}
	theirs := ids.ListsOf(of)
	if theirs == nil {
		return nil
	}
	if own := ids.ListsOf(x); own != nil && own.Items != theirs.Items && (len(own.Marks) >= len(theirs.Marks) || ids.Differ(own, theirs) >= 0) {
		return fmt.Errorf("ann: %s: the index is of another catalogue of %d items than the interactions with %d%s: %w", where, len(x.node), of.Items(), ids.FirstItem(x, of), ErrMismatch)
	}
	x.known = ids.OfItems(ids.From(theirs))
	return nil
}

// shares reports whether a set can be one of the items of x: it does not know of others.
// Items that joined by Add lie behind those of the build.
func (x *HNSW) shares(set *recommend.ItemSet) bool {
	own, theirs := ids.ListsOf(x), ids.ListsOf(set)
	return own == nil || theirs == nil || own.Items == theirs.Items || len(own.Marks) < len(theirs.Marks) && ids.Differ(own, theirs) < 0
}
