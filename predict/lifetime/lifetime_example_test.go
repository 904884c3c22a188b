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

// Customers who may leave at any time.
func ExampleFitParetoNBD() {
	m, err := lifetime.FitParetoNBD(bg, few(), lifetime.FitOptions{})
	fmt.Println(m.Report().Converged, err)

	known, _ := lifetime.NewParetoNBD[lifetime.Weeks](.553, 10.578, .606, 11.669)
	orders, _ := known.Expected(lifetime.Customer[lifetime.Weeks]{Repeats: 26, AgeAtLast: 30.86, Age: 31}, 52)
	fmt.Printf("%.2f\n", orders)
	// Output:
	// true <nil>
	// 25.46
}

// What is an order of this customer worth, who has had two so far?
func ExampleFitGammaGamma() {
	var s lifetime.Spend
	for i, mean := range []float64{22.35, 11.77, 73.74, 25.55, 20, 31} {
		if err := s.Add(1+i%3, mean); err != nil {
			fmt.Println(err)
			return
		}
	}
	m, err := lifetime.FitGammaGamma(bg, &s, lifetime.FitOptions{})
	fmt.Println(m.Report().Customers, err)

	known, _ := lifetime.NewGammaGamma(6.25, 3.74, 15.44)
	amount, _ := known.Expected(2, 22.35)
	fmt.Printf("%.2f\n", amount)
	// Output:
	// 6 <nil>
	// 24.66
}

// Of 1,000 contracts so many were left after each year.
func ExampleFitSBG() {
	var s lifetime.Tenures
	if err := s.AddCohort(1000, 631, 468, 382, 326, 289, 262, 241); err != nil {
		fmt.Println(err)
		return
	}
	m, err := lifetime.FitSBG(bg, &s, lifetime.FitOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	after12, _ := m.Survival(12)
	next, _ := m.Retention(8)
	years, _ := m.DERL(1, .1)
	fmt.Printf("left after 12 years %.3f, renewed in the eighth %.3f, discounted years to come %.2f\n", after12, next, years)

	known, _ := lifetime.NewSBG(.7, 1.18)
	fmt.Println(len(known.Report().Params))
	// Output:
	// left after 12 years 0.170, renewed in the eighth 0.921, discounted years to come 2.96
	// 2
}
