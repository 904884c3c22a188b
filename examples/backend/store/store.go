package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// ErrFenced says that another process has taken the shop over.
var ErrFenced = errors.New("another process has taken the shop over")

// Store is an open database. All methods are safe for concurrent use.
type Store struct {
	db    *sql.DB
	d     dialect
	owner string        // of this process, what meta.owner must say for a write to count
	shop  string        // drawn when the database was made
	turn  chan struct{} // holds one: whoever has it may write
}

// Open connects to the database of the DSN (postgres://…, or the path of a SQLite
// file, which is made), migrates it and takes the shop over.
func Open(ctx context.Context, dsn string) (*Store, error) {
	db, d, err := connect(dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, d: d, owner: rand.Text(), turn: make(chan struct{}, 1)}
	if _, err := migrate(ctx, db, d); err != nil {
		db.Close()
		return nil, fmt.Errorf("store: %s: migrate: %w", d.name, err)
	}
	if err := s.take(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("store: %s: take over: %w", d.name, err)
	}
	return s, nil
}

// take writes this process into the database as the one that may write.
func (s *Store) take(ctx context.Context) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, row := range [][2]string{{"shop", rand.Text()}, {"owner", ""}, {"last", "0"}} {
		if _, err := tx.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", row[0], row[1]); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "UPDATE meta SET value = $1 WHERE name = 'owner'", s.owner); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'shop'").Scan(&s.shop); err != nil {
		return err
	}
	return tx.Commit()
}

// Write runs do in one transaction, which is committed if do returns nil and if this
// process still has the shop (ErrFenced). Transactions of a shop follow each other, in
// PostgreSQL too: whoever writes holds the row of the owner.
func (s *Store) Write(ctx context.Context, do func(*sql.Tx) error) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("store: begin: %w", context.Cause(ctx))
	}
	defer func() { <-s.turn }()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	defer tx.Rollback()
	done, err := tx.ExecContext(ctx, "UPDATE meta SET value = value WHERE name = 'owner' AND value = $1", s.owner)
	if err != nil {
		return fmt.Errorf("store: owner: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrFenced, err)
	}
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("store: commit: %w", err)
	}
	return nil
}

// Dialect is "sqlite" or "postgres".
func (s *Store) Dialect() string { return s.d.name }

// Shop is a text that was drawn when the database was made, and stays with a copy of it.
func (s *Store) Shop() string { return s.shop }

// Ping asks the database for a sign of life.
func (s *Store) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }

// Collector are the numbers of the pool of connections.
func (s *Store) Collector() prometheus.Collector {
	return collectors.NewDBStatsCollector(s.db, s.d.name)
}

// Close ends all connections.
func (s *Store) Close() error { return s.db.Close() }
