package bandit

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

// known is embedded by its own name, which is not exported.
type known = ids.Origin

// catalogue is what knows whose items arms are: recommend.Interactions.
type catalogue interface {
	Items() int
	Fingerprints() (users, items uint64)
}

// over returns the origin of n arms that are the items of of.
func over(own known, of catalogue, n int, where string) (known, error) {
	if check.Missing(of) || of.Items() == 0 {
		return own, fmt.Errorf("bandit: %s: items: %w", where, ErrEmpty)
	}
	if of.Items() != n {
		return own, fmt.Errorf("bandit: %s: %d arms, %d items: %w", where, n, of.Items(), ErrMismatch)
	}
	return together(own, ids.OfItems(ids.From(ids.ListsOf(of))), "bandit: "+where)
}

// together returns the origin of two states of arms, of which one may not know it.
func together(a, b known, where string) (known, error) {
	la, lb := ids.ListsOf(a), ids.ListsOf(b)
	switch {
	case la == nil:
		return b, nil
	case lb != nil && la.Items != lb.Items:
		return a, fmt.Errorf("%s: arms of two catalogues of %d and %d items%s: %w", where, len(la.Marks), len(lb.Marks), ids.FirstItem(a, b), ErrMismatch)
	}
	return a, nil
}

// stamp writes the origin of a state behind its payload, stamped reads that of n arms.
func stamp(w *codec.Writer, state any) {
	if l := ids.ListsOf(state); l != nil {
		w.Stamp(l.Users, l.Items, l.Marks)
	}
}

func stamped(r *codec.Reader, n int) known {
	users, items, marks, ok := r.Stamp()
	if !ok {
		return known{}
	}
	if users != 0 || len(marks) != n {
		r.Fail("has a stamp of users, or of other arms")
	}
	return ids.From(&ids.Lists{Items: items, Marks: marks})
}

// Over says that the arms are the items of a catalogue, by index: of is the
// recommend.Interactions of its dataset. Policies then know it too, and an Engine refuses
// one of another catalogue. Errors, after which nothing has changed: ErrEmpty (no arms,
// nil), ErrMismatch (another number of items, or the arms are known to be others).
func (a *ClickArms) Over(of interface {
	Items() int
	Fingerprints() (users, items uint64)
},
) error {
	if a.Len() == 0 {
		return errUnmade("ClickArms.Over", "NewClickArms")
	}
	k, err := over(a.known, of, a.Len(), "ClickArms.Over")
	a.known = k
	return err
}

// Over says that the arms are the items of a catalogue: see ClickArms.Over.
func (l *LinearArms) Over(of interface {
	Items() int
	Fingerprints() (users, items uint64)
},
) error {
	if l.Len() == 0 {
		return errUnmade("LinearArms.Over", "NewLinearArms")
	}
	k, err := over(l.known, of, l.Len(), "LinearArms.Over")
	l.known = k
	return err
}

// Fingerprints returns that of the items that are the arms, 0 where Over did not say it.
func (a *ClickArms) Fingerprints() (users, items uint64) {
	if a == nil {
		return 0, 0
	}
	return a.known.Fingerprints()
}

// Fingerprints returns that of the items that are the arms, 0 where Over did not say it.
func (l *LinearArms) Fingerprints() (users, items uint64) {
	if l == nil {
		return 0, 0
	}
	return l.known.Fingerprints()
}

// Fingerprints returns that of the items that are the arms, 0 where they are unknown.
func (p *Thompson) Fingerprints() (users, items uint64) {
	if p == nil {
		return 0, 0
	}
	return p.known.Fingerprints()
}

// Fingerprints returns that of the items that are the arms, 0 where they are unknown.
func (p *LinUCB) Fingerprints() (users, items uint64) {
	if p == nil {
		return 0, 0
	}
	return p.known.Fingerprints()
}

// Fingerprints returns that of the items that are the arms, 0 where they are unknown.
func (p *LinearThompson) Fingerprints() (users, items uint64) {
	if p == nil {
		return 0, 0
	}
	return p.known.Fingerprints()
}
