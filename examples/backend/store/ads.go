package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Ad is an ad as the shop describes it.
type Ad struct {
	ID   string
	Spec []byte
}

// PutAds writes ads, new ones and known ones.
func (s *Store) PutAds(ctx context.Context, ads []Ad) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		for _, a := range ads {
			if _, err := tx.ExecContext(ctx, "INSERT INTO ads (id, spec) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET spec = excluded.spec", a.ID, a.Spec); err != nil {
				return fmt.Errorf("store: ad: %w", err)
			}
		}
		return nil
	})
}

// Ads are all ads by id.
func (s *Store) Ads(ctx context.Context) ([]Ad, error) {
	return rows(ctx, s.db, func(row scanner) (a Ad, err error) {
		err = row.Scan(&a.ID, &a.Spec)
		return a, err
	}, "SELECT id, spec FROM ads ORDER BY id")
}

// AdView is an ad on a page, and what became of it: when it was clicked and when
// something was bought for it, the zero time for not.
type AdView struct {
	Page       int64
	Ad         string
	Customer   string
	At         time.Time
	Impression []byte
	Clicked    time.Time
	Acted      time.Time
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// AddAdViews stores the ads of a page.
func (s *Store) AddAdViews(ctx context.Context, views []AdView) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		for _, v := range views {
			if _, err := tx.ExecContext(ctx, "INSERT INTO ad_views (page, ad, customer, at, impression, clicked, acted) VALUES ($1, $2, $3, $4, $5, 0, 0)",
				v.Page, v.Ad, v.Customer, v.At.UnixNano(), v.Impression); err != nil {
				return fmt.Errorf("store: ad view: %w", err)
			}
		}
		return nil
	})
}

// AdOutcome stores a click or an action of an ad of a page. first says that it is the
// first of its kind; known is false where the page had no such ad.
func (s *Store) AdOutcome(ctx context.Context, page int64, ad string, acted bool, at time.Time) (v AdView, first, known bool, err error) {
	column := "clicked"
	if acted {
		column = "acted"
	}
	err = s.Write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE ad_views SET "+column+" = $1 WHERE page = $2 AND ad = $3 AND "+column+" = 0", at.UnixNano(), page, ad)
		if err != nil {
			return fmt.Errorf("store: ad outcome: %w", err)
		}
		n, err := done.RowsAffected()
		if err != nil {
			return err
		}
		first = n == 1
		v, err = scanAdView(tx.QueryRowContext(ctx, "SELECT "+adViewColumns+" FROM ad_views WHERE page = $1 AND ad = $2", page, ad))
		if err == sql.ErrNoRows {
			return nil
		}
		known = err == nil
		return err
	})
	return v, first, known, err
}

const adViewColumns = "page, ad, customer, at, impression, clicked, acted"

func scanAdView(row scanner) (v AdView, err error) {
	var at, clicked, acted int64
	err = row.Scan(&v.Page, &v.Ad, &v.Customer, &at, &v.Impression, &clicked, &acted)
	v.At, v.Clicked, v.Acted = instant(at), instant(clicked), instant(acted)
	return v, err
}

// AdViews are all of them since a moment, by number.
func (s *Store) AdViews(ctx context.Context, since time.Time) ([]AdView, error) {
	return rows(ctx, s.db, scanAdView, "SELECT "+adViewColumns+" FROM ad_views WHERE at >= $1 ORDER BY seq", nanos(since))
}
