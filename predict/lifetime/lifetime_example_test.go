package lifetime_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aislekit/aisle/predict/lifetime"
)

// Who is still a customer, and how often will he buy?
func ExampleFitBGNBD() {
	m, err := lifetime.FitBGNBD(bg, few(), lifetime.FitOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	c := lifetime.Customer[lifetime.Weeks]{Repeats: 3, AgeAtLast: 12, Age: 24}
	alive, _ := m.Alive(c)
	orders, _ := m.Expected(c, 26)
	due, _ := m.NextOrder(c, .5)
	fmt.Printf("alive %.2f, orders in half a year %.2f, due in %.1f weeks\n", alive, orders, due)
	// Output: alive 0.48, orders in half a year 1.29, due in 5.9 weeks
}

// Customers stay where they are; what travels are summaries, or, as here, what each place says
// about one set of parameters.
func ExampleRound() {
	places := []*lifetime.Summary[lifetime.Weeks]{few(), few()}
	ask := func(ctx context.Context, p []float64) (*lifetime.Round, error) {
		all := new(lifetime.Round)
		for _, s := range places { // at each place
			m, err := lifetime.NewBGNBD[lifetime.Weeks](p[0], p[1], p[2], p[3])
			if err != nil {
				return nil, err
			}
			r, err := m.Round(ctx, s)
			if err != nil {
				return nil, err
			}
			if err := all.Merge(r); err != nil {
				return nil, err
			}
		}
		return all, nil
	}
	steps := 0
	opt := lifetime.FitOptions{Rounds: ask, Progress: func(lifetime.Progress) { steps++ }}
	m, err := lifetime.FitBGNBD[lifetime.Weeks](bg, nil, opt)
	if err != nil {
		fmt.Println(err)
		return
	}
	var report lifetime.Report = m.Report()
	var rate lifetime.Param = report.Params[1]
	fmt.Printf("%d customers, %s %.2f, steps told: %v\n", report.Customers, rate.Name, rate.Value, steps == report.Iterations)
	// Output: 240 customers, alpha 1.79, steps told: true
}

// The unit of time is a type: what is in another one has to be converted.
func ExampleConvert() {
	var s lifetime.Summary[lifetime.Weeks]
	ages := []lifetime.Days{70, 140, 35}
	for _, d := range ages {
		c := lifetime.Customer[lifetime.Weeks]{Repeats: 1, AgeAtLast: 2, Age: lifetime.Convert[lifetime.Weeks](d)}
		if err := s.Add(c); err != nil {
			fmt.Println(err)
		}
	}
	month := lifetime.Convert[lifetime.Hours](lifetime.Months(1))
	year := lifetime.Convert[lifetime.Seconds](lifetime.Years(1))
	fmt.Println(s.Customers(), float64(month), float64(year))
	// Output: 3 730.485 3.1556952e+07
}

// Where many never come back, they may have been lost at once.
func ExampleFitMBGNBD() {
	m, err := lifetime.FitMBGNBD(bg, few(), lifetime.FitOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	never, _ := m.Alive(lifetime.Customer[lifetime.Weeks]{Age: 20})
	fmt.Printf("%.2f\n", never)

	known, _ := lifetime.NewMBGNBD[lifetime.Weeks](.5, 6.2, .9, 1.6)
	never, _ = known.Alive(lifetime.Customer[lifetime.Weeks]{Age: 20})
	fmt.Printf("%.2f\n", never)

	_, err = known.Alive(lifetime.Customer[lifetime.Weeks]{Repeats: 1, AgeAtLast: 30, Age: 20})
	var field *lifetime.FieldError
	fmt.Println(errors.As(err, &field) && field.Field == "AgeAtLast")
	// Output:
	// 0.72
	// 0.46
	// true
}
