package shop

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/examples/backend/store"
)

// note writes a line of the trail.
func (s *Shop) note(ctx context.Context, actor, act, id string) error {
	e := store.Entry{At: s.opt.Clock(), Actor: actor, Act: act}
	if id != "" {
		e.Subject = s.keys.Subject(id)
	}
	if err := s.store.AddEntry(ctx, e); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// Look is Profile with a line in the trail.
func (s *Shop) Look(ctx context.Context, actor, id string) (Profile, error) {
	if err := s.note(ctx, actor, "read", id); err != nil {
		return Profile{}, err
	}
	return s.Profile(id), nil
}

// Record of a customer: everything that is stored.
type Data struct {
	Profile   Profile
	Since     time.Time
	Events    []store.Event
	Exposures []store.Exposure
	Trail     []store.Entry
}

// Data is everything that is stored about a customer, for the customer; a line in the trail.
func (s *Shop) Data(ctx context.Context, actor, id string) (d Data, err error) {
	if err := s.note(ctx, actor, "export", id); err != nil {
		return d, err
	}
	pseudonym := s.keys.Pseudonym(id)
	d.Profile = s.Profile(id)
	if _, d.Since, err = s.store.Sealed(ctx, pseudonym); err == nil {
		d.Events, err = s.store.CustomerEvents(ctx, pseudonym, 100_000)
	}
	if err == nil {
		d.Exposures, err = s.store.CustomerExposures(ctx, pseudonym)
	}
	if err == nil {
		d.Trail, err = s.store.Trail(ctx, s.keys.Subject(id), 0, 10_000)
	}
	if err != nil {
		return d, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return d, nil
}

// Delete takes a customer out of the store, the engine and everything that is counted, at
// once. What models have learned from the customer goes at the next Purge, and so does
// what is left in files. It returns how many events went.
func (s *Shop) Delete(ctx context.Context, actor, id string) (events int64, err error) {
	c := s.customer(id, s.opt.Clock())
	err = s.do(ctx, func(ctx context.Context) error {
		if err := s.catchUp(ctx); err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		// Events may be dated ahead of this clock, by a jump of it or by another one: they go
		// too, and none of them may come again.
		at := s.opt.Clock()
		s.mu.RLock()
		if x := s.people[c.Pseudonym]; x != nil && x.last.After(at) {
			at = x.last
		}
		s.mu.RUnlock()
		n, err := s.store.Delete(ctx, c, at, store.Entry{At: s.opt.Clock(), Actor: actor, Act: "delete", Subject: c.Subject})
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		events = n
		s.mu.Lock()
		delete(s.people, c.Pseudonym)
		s.mu.Unlock()
		old := s.models.Load()
		kept := *old
		kept.lifetime = without(old.lifetime, c.Pseudonym)
		s.models.Store(&kept)
		s.ads.Ledger().Forget(c.Pseudonym)
		if engine := s.engine.Load(); engine != nil {
			if _, err := engine.ForgetAt(c.Pseudonym, at); err != nil {
				return fmt.Errorf("shop: delete: %w", err)
			}
		}
		return nil
	})
	return events, err
}

// without is the map without a key; readers of the old one go on.
func without[V any](m map[string]V, key string) map[string]V {
	out := make(map[string]V, len(m))
	for k, v := range m {
		if k != key {
			out[k] = v
		}
	}
	return out
}

// Purge makes deletions hold everywhere: models are fitted without the deleted, the saved
// engine is replaced, and the database writes its files anew. It takes a refit and one
// writing of the database. It returns how many deletions it finished.
func (s *Shop) Purge(ctx context.Context) (int, error) {
	s.refitting.Lock()
	defer s.refitting.Unlock()
	pending, err := s.store.Pending(ctx)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if _, err := s.refit(ctx); err != nil {
		return 0, err
	}
	// No transaction may run beside it: SQLite would wait for it, and give up.
	err = s.do(ctx, func(context.Context) error { return s.store.Purge(ctx, slices.Clip(pending)) })
	if err != nil {
		return 0, fmt.Errorf("shop: purge: %w", err)
	}
	s.opt.Log.Info("purged", "deletions", len(pending))
	return len(pending), nil
}

// Trail are lines of the trail, about one customer or all, with a line about this look.
func (s *Shop) Trail(ctx context.Context, actor, id string, after int64, n int) ([]store.Entry, error) {
	if err := s.note(ctx, actor, "trail", id); err != nil {
		return nil, err
	}
	subject := ""
	if id != "" {
		subject = s.keys.Subject(id)
	}
	return s.store.Trail(ctx, subject, after, n)
}

// Note writes a line of the trail about no customer, such as a backup.
func (s *Shop) Note(ctx context.Context, actor, act string) error { return s.note(ctx, actor, act, "") }

// PurgeIfDue is Purge where a deletion waits for one.
func (s *Shop) PurgeIfDue(ctx context.Context) error {
	pending, err := s.store.Pending(ctx)
	if err != nil || len(pending) == 0 {
		return err
	}
	_, err = s.Purge(ctx)
	return err
}
