package predict_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/aislekit/aisle/predict"
)

func ExampleLabeler() {
	day := func(d int) time.Time { return time.Date(2026, 1, 1+d, 12, 0, 0, 0, time.UTC) }
	var l predict.Labeler[string]
	for _, p := range []struct {
		user string
		day  int
	}{{"ann", 0}, {"ann", 20}, {"ann", 45}, {"bob", 10}, {"bob", 95}, {"cy", 28}, {"cy", 33}} {
		if err := l.Add(p.user, day(p.day)); err != nil {
			fmt.Println(err)
			return
		}
	}
	labels, err := l.Purchase(predict.Windows{AsOf: day(30), Gap: 2 * 24 * time.Hour, Horizon: 30 * 24 * time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, u := range labels.Users {
		fmt.Printf("%s: %s %.0f, buys again %v\n", u, labels.Names[0], labels.Rows[i][0], labels.Y[i])
	}
	// Output:
	// ann: recency_days 10, buys again true
	// bob: recency_days 20, buys again false
	// cy: recency_days 2, buys again true
}

// What goes to the log tells neither the customer nor the value.
func ExampleFieldError() {
	var l predict.Labeler[string]
	err := l.Add("jane@example.com", time.Time{})
	fmt.Println(err)
	var f *predict.FieldError
	if errors.As(err, &f) {
		fmt.Println(f.ID)
	}
	// Output:
	// predict: Labeler.Add: at: a purchase at the zero time: value out of range
	// jane@example.com
}
