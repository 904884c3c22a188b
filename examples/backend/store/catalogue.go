package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Item is a product. Money is in minor units.
type Item struct {
	ID       string
	Title    string
	Category string
	Price    int64
	Cost     int64
	Stock    int64
	OnOrder  int64
	LeadDays float64
}

// PutItems writes items, new ones and known ones.
func (s *Store) PutItems(ctx context.Context, items []Item) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		for _, x := range items {
			if _, err := tx.ExecContext(ctx, `INSERT INTO items (item, title, category, price, cost, stock, on_order, lead_days) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (item) DO UPDATE SET title = excluded.title, category = excluded.category, price = excluded.price, cost = excluded.cost,
stock = excluded.stock, on_order = excluded.on_order, lead_days = excluded.lead_days`,
				x.ID, x.Title, x.Category, x.Price, x.Cost, x.Stock, x.OnOrder, x.LeadDays); err != nil {
				return fmt.Errorf("store: item: %w", err)
			}
		}
		return nil
	})
}

// SetStock writes what is on hand of an item, and reports whether the item is known.
func (s *Store) SetStock(ctx context.Context, item string, stock int64) (known bool, err error) {
	err = s.Write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE items SET stock = $1 WHERE item = $2", stock, item)
		if err != nil {
			return fmt.Errorf("store: stock: %w", err)
		}
		n, err := done.RowsAffected()
		known = n == 1
		return err
	})
	return known, err
}

const itemColumns = "item, title, category, price, cost, stock, on_order, lead_days"

func scanItem(row scanner) (x Item, err error) {
	err = row.Scan(&x.ID, &x.Title, &x.Category, &x.Price, &x.Cost, &x.Stock, &x.OnOrder, &x.LeadDays)
	return x, err
}

// Items are all items by id.
func (s *Store) Items(ctx context.Context) ([]Item, error) {
	return rows(ctx, s.db, scanItem, "SELECT "+itemColumns+" FROM items ORDER BY item")
}

// Item is one item.
func (s *Store) Item(ctx context.Context, id string) (x Item, known bool, err error) {
	x, err = scanItem(s.db.QueryRowContext(ctx, "SELECT "+itemColumns+" FROM items WHERE item = $1", id))
	if err == sql.ErrNoRows {
		return x, false, nil
	}
	return x, err == nil, err
}

// Question is an entry of the FAQ.
type Question struct{ ID, Question, Answer string }

// PutQuestions writes entries of the FAQ.
func (s *Store) PutQuestions(ctx context.Context, questions []Question) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		for _, q := range questions {
			if _, err := tx.ExecContext(ctx, `INSERT INTO faq (id, question, answer) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET question = excluded.question, answer = excluded.answer`, q.ID, q.Question, q.Answer); err != nil {
				return fmt.Errorf("store: faq: %w", err)
			}
		}
		return nil
	})
}

// Questions are all entries of the FAQ by id.
func (s *Store) Questions(ctx context.Context) ([]Question, error) {
	return rows(ctx, s.db, func(row scanner) (q Question, err error) {
		err = row.Scan(&q.ID, &q.Question, &q.Answer)
		return q, err
	}, "SELECT id, question, answer FROM faq ORDER BY id")
}

// Offer is something that a customer may be given: a coupon for an item, or for any
// where Item is "".
type Offer struct {
	ID    string
	Title string
	Item  string
	Stock int64 // how many there are; negative: no bound
	Cost  int64 // of one, minor units
}

// PutOffers writes offers.
func (s *Store) PutOffers(ctx context.Context, offers []Offer) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		for _, o := range offers {
			if _, err := tx.ExecContext(ctx, `INSERT INTO offers (id, title, item, stock, cost) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, item = excluded.item, stock = excluded.stock, cost = excluded.cost`, o.ID, o.Title, o.Item, o.Stock, o.Cost); err != nil {
				return fmt.Errorf("store: offer: %w", err)
			}
		}
		return nil
	})
}

// Offers are all offers by id.
func (s *Store) Offers(ctx context.Context) ([]Offer, error) {
	return rows(ctx, s.db, func(row scanner) (o Offer, err error) {
		err = row.Scan(&o.ID, &o.Title, &o.Item, &o.Stock, &o.Cost)
		return o, err
	}, "SELECT id, title, item, stock, cost FROM offers ORDER BY id")
}
