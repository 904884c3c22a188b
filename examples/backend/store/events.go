package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strconv"
	"time"
)

// Event is one thing that a customer did. Times are kept to the nanosecond.
type Event struct {
	Seq      int64  // given by the store, ascending; what was committed earlier has a smaller one
	ID       string // of the sender: the same ID is the same event
	Customer string // a pseudonym
	Item     string // "" where it is about none, as a question
	Kind     string
	At       time.Time
	Quantity int64
	Amount   int64  // minor units
	Purchase string // the order that the line belongs to
	Session  string
	Words    string // what the customer wrote
}

// same reports whether the other event says what e says.
func (e Event) same(other Event) bool {
	other.Seq, e.Seq = 0, 0
	at := e.At.Equal(other.At)
	e.At, other.At = time.Time{}, time.Time{}
	return at && e == other
}

// Fate is what became of an event.
type Fate string

// The fates of an event. Nothing but Stored changes anything.
const (
	Stored   Fate = "stored"
	Repeated Fate = "repeated"          // stored before
	Reused   Fate = "id_reused"         // another event has the ID
	Deleted  Fate = "customer_deleted"  // it happened before the customer was deleted
	NoItem   Fate = "unknown_item"      // nobody told of the item
	Failed   Fate = "store_unavailable" // try again: the same ID is stored once
)

const eventColumns = "seq, id, customer, item, kind, at, quantity, amount, purchase, session, words"

type scanner interface{ Scan(...any) error }

func scanEvent(row scanner) (e Event, err error) {
	var at int64
	err = row.Scan(&e.Seq, &e.ID, &e.Customer, &e.Item, &e.Kind, &at, &e.Quantity, &e.Amount, &e.Purchase, &e.Session, &e.Words)
	e.At = time.Unix(0, at).UTC()
	return e, err
}

// Customer is what the store knows of a customer besides events: the id of the shop,
// sealed, and how the customer is called in the list of deletions.
type Customer struct {
	Pseudonym string
	Sealed    []byte
	Subject   string
	Since     time.Time
}

// AddEvents stores the events that are new, in their order, with the mapping of each
// customer, and takes what was ordered from the stock. It is one transaction: after an
// error nothing is stored. fates and the numbers in events are set.
func (s *Store) AddEvents(ctx context.Context, events []Event, customers []Customer) (fates []Fate, err error) {
	err = s.Write(ctx, func(tx *sql.Tx) error {
		last := int64(0)
		fates = make([]Fate, len(events))
		for i := range events {
			if fates[i], err = addEvent(ctx, tx, &events[i], customers[i]); err != nil {
				return err
			}
			if fates[i] == Stored {
				last = events[i].Seq
			}
		}
		if last > 0 {
			_, err = tx.ExecContext(ctx, "UPDATE meta SET value = $1 WHERE name = 'last'", strconv.FormatInt(last, 10))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return fates, nil
}

// addEvent is AddEvents of one.
func addEvent(ctx context.Context, tx *sql.Tx, e *Event, c Customer) (Fate, error) {
	var deleted int64
	switch err := tx.QueryRowContext(ctx, "SELECT at FROM deletions WHERE subject = $1", c.Subject).Scan(&deleted); {
	case err == nil && e.At.UnixNano() <= deleted:
		return Deleted, nil
	case err != nil && err != sql.ErrNoRows:
		return "", fmt.Errorf("store: deletions: %w", err)
	}
	if e.Item != "" && e.Kind != KindAnswer {
		var one int
		if err := tx.QueryRowContext(ctx, "SELECT 1 FROM items WHERE item = $1", e.Item).Scan(&one); err == sql.ErrNoRows {
			return NoItem, nil
		} else if err != nil {
			return "", fmt.Errorf("store: items: %w", err)
		}
	}
	err := tx.QueryRowContext(ctx, `INSERT INTO events (id, customer, item, kind, at, quantity, amount, purchase, session, words)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING RETURNING seq`,
		e.ID, e.Customer, e.Item, e.Kind, e.At.UnixNano(), e.Quantity, e.Amount, e.Purchase, e.Session, e.Words).Scan(&e.Seq)
	if err == sql.ErrNoRows {
		old, err := scanEvent(tx.QueryRowContext(ctx, "SELECT "+eventColumns+" FROM events WHERE id = $1", e.ID))
		if err != nil {
			return "", fmt.Errorf("store: event of a known id: %w", err)
		}
		if !old.same(*e) {
			return Reused, nil
		}
		e.Seq = old.Seq
		return Repeated, nil
	}
	if err != nil {
		return "", fmt.Errorf("store: event: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO customers (customer, sealed, since) VALUES ($1, $2, $3) ON CONFLICT (customer) DO NOTHING", c.Pseudonym, c.Sealed, c.Since.UnixNano()); err != nil {
		return "", fmt.Errorf("store: customer: %w", err)
	}
	if e.Kind == KindOrder {
		if _, err := tx.ExecContext(ctx, "UPDATE items SET stock = CASE WHEN stock > $1 THEN stock - $1 ELSE 0 END WHERE item = $2", e.Quantity, e.Item); err != nil {
			return "", fmt.Errorf("store: stock: %w", err)
		}
	}
	return Stored, nil
}

// Kinds that mean something to the store itself.
const (
	KindOrder  = "order"
	KindAnswer = "answer" // its item is an entry of the FAQ
)

// Events are those with a number above after and up to last, ascending, read in pages
// so that no connection is held meanwhile.
func (s *Store) Events(ctx context.Context, after, last int64) iter.Seq2[Event, error] {
	return s.paged(ctx, func(seq int64) (string, []any) {
		return "SELECT " + eventColumns + " FROM events WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT 2000", []any{seq, last}
	}, after)
}

// paged reads page after page of a query until one is not full.
func (s *Store) paged(ctx context.Context, query func(seq int64) (string, []any), after int64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			text, args := query(after)
			page, err := s.list(ctx, text, args...)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
			}
			if len(page) < 2000 {
				return
			}
			after = page[len(page)-1].Seq
		}
	}
}

func (s *Store) list(ctx context.Context, text string, args ...any) ([]Event, error) {
	return rows(ctx, s.db, scanEvent, text, args...)
}

// rows reads all rows of a query by scan.
func rows[T any](ctx context.Context, db *sql.DB, scan func(scanner) (T, error), text string, args ...any) ([]T, error) {
	found, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	defer found.Close()
	var out []T
	for found.Next() {
		x, err := scan(found)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		out = append(out, x)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return out, nil
}

// CustomerEvents are the latest events of a customer, newest first, at most n.
func (s *Store) CustomerEvents(ctx context.Context, customer string, n int) ([]Event, error) {
	return s.list(ctx, "SELECT "+eventColumns+" FROM events WHERE customer = $1 ORDER BY at DESC, seq DESC LIMIT $2", customer, n)
}

// EventsBetween are the events of [from, to) of one kind, or of all kinds for "", by number.
func (s *Store) EventsBetween(ctx context.Context, kind string, from, to time.Time) iter.Seq2[Event, error] {
	return s.paged(ctx, func(seq int64) (string, []any) {
		return "SELECT " + eventColumns + " FROM events WHERE seq > $1 AND at >= $2 AND at < $3 AND ($4 = '' OR kind = $4) ORDER BY seq LIMIT 2000",
			[]any{seq, from.UnixNano(), to.UnixNano(), kind}
	}, 0)
}

// Last is the number of the latest event that was stored, deleted or not, and how many
// there are.
func (s *Store) Last(ctx context.Context) (seq, count int64, err error) {
	var text string
	if err := s.db.QueryRowContext(ctx, "SELECT (SELECT value FROM meta WHERE name = 'last'), (SELECT COUNT(*) FROM events)").Scan(&text, &count); err != nil {
		return 0, 0, fmt.Errorf("store: last event: %w", err)
	}
	seq, err = strconv.ParseInt(text, 10, 64)
	return seq, count, err
}

// Latest is when the latest event happened; the zero time where there is none.
func (s *Store) Latest(ctx context.Context) (time.Time, error) {
	var at sql.NullInt64
	if err := s.db.QueryRowContext(ctx, "SELECT MAX(at) FROM events").Scan(&at); err != nil || !at.Valid {
		return time.Time{}, err
	}
	return time.Unix(0, at.Int64).UTC(), nil
}

// Sealed is the id of the shop for a customer as it was sealed; nil where nobody has the pseudonym.
func (s *Store) Sealed(ctx context.Context, customer string) (sealed []byte, since time.Time, err error) {
	var at int64
	err = s.db.QueryRowContext(ctx, "SELECT sealed, since FROM customers WHERE customer = $1", customer).Scan(&sealed, &at)
	if err == sql.ErrNoRows {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("store: customer: %w", err)
	}
	return sealed, time.Unix(0, at).UTC(), nil
}
