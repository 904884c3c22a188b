package recommend_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aislekit/aisle/recommend"
)

// purchaseRows stands for *sql.Rows.
type purchaseRows struct{ left int }

func (r *purchaseRows) Next() bool { r.left--; return r.left >= 0 }

func (r *purchaseRows) Scan(dst ...any) error {
	*dst[0].(*int64) = int64(40 + r.left%3)
	*dst[1].(*string) = []string{"tea", "honey", "milk", "lemon"}[r.left%4]
	*dst[2].(*float32) = 1
	*dst[3].(*time.Time) = time.Date(2026, 3, 1+r.left%7, 0, 0, 0, 0, time.UTC)
	return nil
}

// Example_backend is the snippet of the README.
func Example_backend() {
	ctx, rows := context.Background(), &purchaseRows{left: 10}
	serve := func() error {
		b, err := recommend.NewBuilder[int64, string](recommend.BuilderOptions{HalfLife: 90 * 24 * time.Hour})
		if err != nil {
			return err
		}
		for rows.Next() { // user id, SKU, quantity and time of each purchase
			var user int64
			var sku string
			var quantity float32
			var at time.Time
			if err := rows.Scan(&user, &sku, &quantity, &at); err != nil {
				return err
			}
			if err := b.AddAt(user, sku, quantity, at); err != nil {
				return err
			}
		}
		data, err := b.Build()
		if err != nil {
			return err
		}
		als, err := recommend.FitALS(ctx, data.Interactions, recommend.ALSOptions{})
		if err != nil {
			return err
		}
		engine, err := recommend.NewEngine(data, recommend.EngineOptions{Sources: []recommend.Source{{Name: "als", Model: als}}})
		if err != nil {
			return err
		}
		inStock, _ := data.ItemSet("tea", "honey", "lemon")
		// Per request, from any goroutine:
		list, err := engine.Recommend(nil, recommend.Request[int64, string]{User: 42, K: 10, Allow: inStock, Seen: recommend.KeepSeen})
		fmt.Println(len(list))
		return err
	}
	fmt.Println(serve())
	// Output:
	// 3
	// <nil>
}
