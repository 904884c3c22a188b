package recommend

import (
	"fmt"
	"iter"

	"github.com/aislekit/aisle/internal/check"
)

// AddAll adds a stream of events, with AddSeq where they have a time and Add where
// not; Observation.ID is not read, and dislikes are left out. It stops at the first event that is refused
// and returns how many were added before.
func (b *Builder[U, I]) AddAll(events iter.Seq[Observation[U, I]]) (int, error) {
	n := 0
	if b == nil || events == nil {
		return n, fmt.Errorf("recommend: Builder.AddAll: nil receiver or events: %w", ErrEmpty)
	}
	for o := range events {
		if err := b.observe(o); err != nil {
			return n, fmt.Errorf("recommend: Builder.AddAll: event %d: %w", n, err)
		}
		n++
	}
	return n, nil
}

// AddRows is AddAll for a source that can fail, such as the rows of a database:
// it stops at the first error of the source, too, and returns it wrapped.
func (b *Builder[U, I]) AddRows(rows iter.Seq2[Observation[U, I], error]) (int, error) {
	n := 0
	if b == nil || rows == nil {
		return n, fmt.Errorf("recommend: Builder.AddRows: nil receiver or rows: %w", ErrEmpty)
	}
	for o, err := range rows {
		if err == nil {
			err = b.observe(o)
		}
		if err != nil {
			return n, fmt.Errorf("recommend: Builder.AddRows: row %d: %w", n, err)
		}
		n++
	}
	return n, nil
}

func (b *Builder[U, I]) observe(o Observation[U, I]) error {
	if o.Dislike { // an Engine keeps those
		return nil
	}
	weight := check.Default(o.Weight, 1)
	if o.At.IsZero() {
		return b.Add(o.User, o.Item, weight)
	}
	return b.AddSeq(o.User, o.Item, weight, o.At, o.Seq)
}
