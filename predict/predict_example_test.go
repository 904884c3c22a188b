package predict_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aislekit/aisle/predict"
)

// order is a row of the caller's own.
type order struct {
	user string
	at   time.Time
}

// monthly are the purchases of a shop: some customers come every month, some every
// third.
func monthly() (orders []order) {
	for month := range 7 {
		for u, user := range []string{"ann", "bea", "cem", "dan", "eve", "fay"} {
			if every := 1 + u%2*2; month%every == u/2%every {
				orders = append(orders, order{user, time.Date(2026, time.Month(1+month), 3+u, 10, 0, 0, 0, time.UTC)})
			}
		}
	}
	return orders
}

// From purchases to the probability that each customer buys within 30 days.
func Example() {
	orders := monthly()
	july := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	run := func(ctx context.Context) error {
		var l predict.Labeler[string]
		for _, o := range orders { // the caller's loop
			if err := l.Add(o.user, o.at); err != nil {
				return err
			}
		}
		past, err := l.Purchase(predict.Windows{AsOf: july.AddDate(0, 0, -30), Horizon: 30 * 24 * time.Hour})
		if err != nil {
			return err
		}
		m, err := predict.FitLogistic(ctx, past.Rows, past.Y, predict.LogisticOptions{Names: past.Names})
		if err != nil {
			return err
		}
		now, err := l.Features(predict.Windows{AsOf: july})
		if err != nil {
			return err
		}
		p, err := m.Prob(nil, now.Rows)
		if err != nil {
			return err
		}
		for i, user := range now.Users {
			fmt.Printf("%s buys within 30 days: %.0f %%\n", user, 100*p[i])
		}
		return nil
	}
	fmt.Println(run(context.Background()))
	// Output:
	// ann buys within 30 days: 96 %
	// bea buys within 30 days: 0 %
	// cem buys within 30 days: 96 %
	// dan buys within 30 days: 1 %
	// eve buys within 30 days: 96 %
	// fay buys within 30 days: 0 %
	// <nil>
}
