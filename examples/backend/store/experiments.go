package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Arm is one side of an experiment.
type Arm struct {
	Name   string  `json:"name"`
	Weight float64 `json:"weight"`
	Policy string  `json:"policy"`
}

// Experiment compares arms, the first of which is the control.
type Experiment struct {
	Name  string
	Arms  []Arm
	Began time.Time
	Ended time.Time // zero while it runs
}

// PutExperiment begins an experiment. known says that there is one of the name, which
// stays as it is.
func (s *Store) PutExperiment(ctx context.Context, x Experiment) (known bool, err error) {
	arms, err := json.Marshal(x.Arms)
	if err != nil {
		return false, err
	}
	err = s.Write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "INSERT INTO experiments (name, arms, began, ended) VALUES ($1, $2, $3, 0) ON CONFLICT (name) DO NOTHING", x.Name, arms, x.Began.UnixNano())
		if err != nil {
			return fmt.Errorf("store: experiment: %w", err)
		}
		n, err := done.RowsAffected()
		known = n == 0
		return err
	})
	return known, err
}

// EndExperiment ends one that runs.
func (s *Store) EndExperiment(ctx context.Context, name string, at time.Time) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE experiments SET ended = $1 WHERE name = $2 AND ended = 0", at.UnixNano(), name)
		return err
	})
}

// Experiments are all of them by name.
func (s *Store) Experiments(ctx context.Context) ([]Experiment, error) {
	return rows(ctx, s.db, func(row scanner) (x Experiment, err error) {
		var arms []byte
		var began, ended int64
		if err := row.Scan(&x.Name, &arms, &began, &ended); err != nil {
			return x, err
		}
		x.Began = time.Unix(0, began).UTC()
		if ended != 0 {
			x.Ended = time.Unix(0, ended).UTC()
		}
		return x, json.Unmarshal(arms, &x.Arms)
	}, "SELECT name, arms, began, ended FROM experiments ORDER BY name")
}

// Exposure says that a customer saw an arm.
type Exposure struct {
	Seq        int64
	ID         string
	Experiment string
	Customer   string
	Arm        string
	At         time.Time
}

const exposureColumns = "seq, id, experiment, customer, arm, at"

func scanExposure(row scanner) (x Exposure, err error) {
	var at int64
	err = row.Scan(&x.Seq, &x.ID, &x.Experiment, &x.Customer, &x.Arm, &at)
	x.At = time.Unix(0, at).UTC()
	return x, err
}

// AddExposure stores an exposure that is new, and with the first one of a customer
// what arm the customer was assigned.
func (s *Store) AddExposure(ctx context.Context, x Exposure, c Customer) (fate Fate, err error) {
	err = s.Write(ctx, func(tx *sql.Tx) error {
		var deleted int64
		switch err := tx.QueryRowContext(ctx, "SELECT at FROM deletions WHERE subject = $1", c.Subject).Scan(&deleted); {
		case err == nil && x.At.UnixNano() <= deleted:
			fate = Deleted
			return nil
		case err != nil && err != sql.ErrNoRows:
			return fmt.Errorf("store: deletions: %w", err)
		}
		done, err := tx.ExecContext(ctx, "INSERT INTO exposures (id, experiment, customer, arm, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
			x.ID, x.Experiment, x.Customer, x.Arm, x.At.UnixNano())
		if err != nil {
			return fmt.Errorf("store: exposure: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			old, err := scanExposure(tx.QueryRowContext(ctx, "SELECT "+exposureColumns+" FROM exposures WHERE id = $1", x.ID))
			if err != nil {
				return fmt.Errorf("store: exposure: %w", err)
			}
			if fate = Repeated; old.Experiment != x.Experiment || old.Customer != x.Customer || old.Arm != x.Arm || !old.At.Equal(x.At) {
				fate = Reused
			}
			return nil
		}
		fate = Stored
		if _, err := tx.ExecContext(ctx, "INSERT INTO customers (customer, sealed, since) VALUES ($1, $2, $3) ON CONFLICT (customer) DO NOTHING", c.Pseudonym, c.Sealed, c.Since.UnixNano()); err != nil {
			return fmt.Errorf("store: customer: %w", err)
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO assignments (experiment, customer, arm, at) VALUES ($1, $2, $3, $4) ON CONFLICT (experiment, customer) DO NOTHING",
			x.Experiment, x.Customer, x.Arm, x.At.UnixNano())
		return err
	})
	if err != nil {
		return Failed, err
	}
	return fate, nil
}

// Exposures are those of an experiment, by number.
func (s *Store) Exposures(ctx context.Context, experiment string) ([]Exposure, error) {
	return rows(ctx, s.db, scanExposure, "SELECT "+exposureColumns+" FROM exposures WHERE experiment = $1 ORDER BY seq", experiment)
}

// CustomerExposures are those of a customer, by number.
func (s *Store) CustomerExposures(ctx context.Context, customer string) ([]Exposure, error) {
	return rows(ctx, s.db, scanExposure, "SELECT "+exposureColumns+" FROM exposures WHERE customer = $1 ORDER BY seq", customer)
}
