package hybrid

import "fmt"

// What the hybrids have in common holds for nil ones, too, which a method of an embedded
// value would not: no parts, no users, no items.

// made refuses a hybrid that is nil or zero.
func (f *fused) made(where string) error {
	if f == nil || len(f.parts) == 0 {
		return fmt.Errorf("hybrid: %s: no parts: %w", where, ErrEmpty)
	}
	return nil
}

func (b *Blend) all() *fused {
	if b == nil {
		return nil
	}
	return &b.fused
}

// Users returns the largest number of users of a part.
func (b *Blend) Users() int { return b.all().Users() }

// Items returns the number of items.
func (b *Blend) Items() int { return b.all().Items() }

// Fingerprints returns those of the parts: see recommend.Interactions.Fingerprints.
func (b *Blend) Fingerprints() (users, items uint64) { return b.all().Fingerprints() }

// ReadsOrder reports whether a part reads the history as a sequence.
func (b *Blend) ReadsOrder() bool { return b.all().ReadsOrder() }

func (f *Borda) all() *fused {
	if f == nil {
		return nil
	}
	return &f.fused
}

// Users returns the largest number of users of a part.
func (f *Borda) Users() int { return f.all().Users() }

// Items returns the number of items.
func (f *Borda) Items() int { return f.all().Items() }

// Fingerprints returns those of the parts: see recommend.Interactions.Fingerprints.
func (f *Borda) Fingerprints() (users, items uint64) { return f.all().Fingerprints() }

// ReadsOrder reports whether a part reads the history as a sequence.
func (f *Borda) ReadsOrder() bool { return f.all().ReadsOrder() }

func (m *Cascade) all() *fused {
	if m == nil {
		return nil
	}
	return &m.fused
}

// Users returns the largest number of users of a part.
func (m *Cascade) Users() int { return m.all().Users() }

// Items returns the number of items.
func (m *Cascade) Items() int { return m.all().Items() }

// Fingerprints returns those of the parts: see recommend.Interactions.Fingerprints.
func (m *Cascade) Fingerprints() (users, items uint64) { return m.all().Fingerprints() }

// ReadsOrder reports whether a part reads the history as a sequence.
func (m *Cascade) ReadsOrder() bool { return m.all().ReadsOrder() }

func (f *RRF) all() *fused {
	if f == nil {
		return nil
	}
	return &f.fused
}

// Users returns the largest number of users of a part.
func (f *RRF) Users() int { return f.all().Users() }

// Items returns the number of items.
func (f *RRF) Items() int { return f.all().Items() }

// Fingerprints returns those of the parts: see recommend.Interactions.Fingerprints.
func (f *RRF) Fingerprints() (users, items uint64) { return f.all().Fingerprints() }

// ReadsOrder reports whether a part reads the history as a sequence.
func (f *RRF) ReadsOrder() bool { return f.all().ReadsOrder() }

func (s *Stack) all() *fused {
	if s == nil {
		return nil
	}
	return &s.fused
}

// Users returns the largest number of users of a part.
func (s *Stack) Users() int { return s.all().Users() }

// Items returns the number of items.
func (s *Stack) Items() int { return s.all().Items() }

// Fingerprints returns those of the parts: see recommend.Interactions.Fingerprints.
func (s *Stack) Fingerprints() (users, items uint64) { return s.all().Fingerprints() }

// ReadsOrder reports whether a part reads the history as a sequence.
func (s *Stack) ReadsOrder() bool { return s.all().ReadsOrder() }
