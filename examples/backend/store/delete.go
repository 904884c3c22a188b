package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Deletion is one that is not purged yet.
type Deletion struct {
	Pseudonym string
	At        time.Time
}

// Delete takes everything about a customer out of the tables, remembers until when
// events of the subject are refused, and writes the trail: one transaction. The pseudonym
// stays in the list of deletions until Purged, so that a restart can delete it
// from a snapshot that is older. It returns how many events went.
func (s *Store) Delete(ctx context.Context, c Customer, at time.Time, line Entry) (events int64, err error) {
	err = s.Write(ctx, func(tx *sql.Tx) error {
		for i, table := range []string{"events", "exposures", "assignments", "ad_views", "customers"} {
			done, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE customer = $1", c.Pseudonym)
			if err != nil {
				return fmt.Errorf("store: delete from %s: %w", table, err)
			}
			if i == 0 {
				if events, err = done.RowsAffected(); err != nil {
					return err
				}
			}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO deletions (subject, at, pending) VALUES ($1, $2, $3)
ON CONFLICT (subject) DO UPDATE SET at = CASE WHEN excluded.at > deletions.at THEN excluded.at ELSE deletions.at END, pending = excluded.pending`,
			c.Subject, at.UnixNano(), c.Pseudonym); err != nil {
			return fmt.Errorf("store: deletion: %w", err)
		}
		return addEntry(ctx, tx, line)
	})
	return events, err
}

// Pending are the deletions that are not purged yet.
func (s *Store) Pending(ctx context.Context) ([]Deletion, error) {
	return rows(ctx, s.db, func(row scanner) (d Deletion, err error) {
		var at int64
		err = row.Scan(&d.Pseudonym, &at)
		d.At = time.Unix(0, at).UTC()
		return d, err
	}, "SELECT pending, at FROM deletions WHERE pending <> '' ORDER BY at")
}

// Purge forgets the pseudonyms of the deletions given, whose models and snapshots the
// caller has replaced, and makes what was deleted leave the files of the database:
// SQLite writes zeros over what is deleted, its file anew and cuts its log; PostgreSQL
// writes its tables anew and drops the old files of its log, which it recycles unread
// unless wal_recycle is off. Cost: the whole database is written once.
func (s *Store) Purge(ctx context.Context, done []Deletion) error {
	err := s.Write(ctx, func(tx *sql.Tx) error {
		for _, d := range done {
			if _, err := tx.ExecContext(ctx, "UPDATE deletions SET pending = '' WHERE pending = $1 AND at <= $2", d.Pseudonym, d.At.UnixNano()); err != nil {
				return fmt.Errorf("store: purge: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, text := range s.d.purge {
		if err := s.purge(ctx, text); err != nil {
			return fmt.Errorf("store: purge: %s: %w", text, err)
		}
	}
	return nil
}

// purge runs one statement of a purge. A checkpoint of SQLite that a reader was in the
// way of says so in its answer, and is tried again.
func (s *Store) purge(ctx context.Context, text string) error {
	if s.d.name != "sqlite" || text == "VACUUM" {
		_, err := s.db.ExecContext(ctx, text)
		return err
	}
	for {
		var busy, pages, done int
		if err := s.db.QueryRowContext(ctx, text).Scan(&busy, &pages, &done); err != nil {
			return err
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Size is how many bytes the database takes.
func (s *Store) Size(ctx context.Context) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, s.d.size).Scan(&n)
	return n, err
}
