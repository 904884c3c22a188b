package lifetime_test

import (
	"context"
	"errors"
	"fmt"
	"time"

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

// Donors, by year: a gift can come once a year. The one who gave each year will most likely give next
// year, too.
func ExampleFitBGBB() {
	type donor = lifetime.Customer[lifetime.Years]
	var s lifetime.Summary[lifetime.Years]
	for _, g := range []struct {
		donor
		n int
	}{
		{donor{Age: 6}, 35},
		{donor{Repeats: 1, AgeAtLast: 1, Age: 6}, 11},
		{donor{Repeats: 2, AgeAtLast: 2, Age: 6}, 6},
		{donor{Repeats: 3, AgeAtLast: 4, Age: 6}, 3},
		{donor{Repeats: 4, AgeAtLast: 6, Age: 6}, 5},
		{donor{Repeats: 5, AgeAtLast: 6, Age: 6}, 7},
		{donor{Repeats: 6, AgeAtLast: 6, Age: 6}, 12},
	} {
		for range g.n {
			if err := s.Add(g.donor); err != nil {
				fmt.Println(err)
				return
			}
		}
	}
	m, err := lifetime.FitBGBB(bg, &s, lifetime.FitOptions{})
	fmt.Println(m.Report().Customers, err)

	known, _ := lifetime.NewBGBB[lifetime.Years](1.204, .750, .657, 2.783) // of the paper's donors
	for _, c := range []donor{{Age: 6}, {Repeats: 6, AgeAtLast: 6, Age: 6}} {
		alive, _ := known.Alive(c)
		gifts, _ := known.Expected(c, 5)
		fmt.Printf("alive %.2f, gifts in five years %.2f\n", alive, gifts)
	}
	// Output:
	// 79 <nil>
	// alive 0.11, gifts in five years 0.07
	// alive 0.93, gifts in five years 3.75
}

// Do those who came by the app buy more often? The law of each channel answers as any other.
func ExampleFitCovariates() {
	var customers []lifetime.Customer[lifetime.Weeks]
	var rows [][]float64
	for i := range 80 {
		app := float64(i % 2)
		c := lifetime.Customer[lifetime.Weeks]{Age: lifetime.Weeks(30 + i%9)}
		if c.Repeats = (i % 5) * (1 + int(app)) * (i % 3); c.Repeats > 0 {
			c.AgeAtLast = c.Age * lifetime.Weeks(1+i%7) / 8
		}
		customers, rows = append(customers, c), append(rows, []float64{app})
	}
	start, _ := lifetime.NewParetoNBD[lifetime.Weeks](.5, 10, .6, 12)
	m, err := lifetime.FitCovariates(bg, start, customers, rows, lifetime.CovariateOptions{Names: []string{"app"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var law *lifetime.Covariates[lifetime.Weeks] = m
	for _, p := range law.Report().Params[4:] {
		fmt.Printf("%s: %.2f\n", p.Name, p.Value)
	}
	one, _ := m.For([]float64{1})
	none, _ := m.For([]float64{0})
	a, _ := one.ExpectedNew(26)
	b, _ := none.ExpectedNew(26)
	fmt.Println(a > b)
	// Output:
	// buys app: 0.74
	// leaves app: 0.27
	// true
}

// In which month do contracts end, and what do those paid by the year do?
func ExampleFitHazard() {
	var rows [][]float64
	var months []int
	var ended []bool
	for i := range 60 {
		yearly := float64(i % 2)
		rows = append(rows, []float64{yearly})
		months = append(months, 1+(i*7)%4+2*int(yearly)*(i%3/2))
		ended = append(ended, i%4 > 0)
	}
	var m *lifetime.Hazard
	m, err := lifetime.FitHazard(bg, rows, months, ended, lifetime.HazardOptions{Names: []string{"yearly"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	month, _ := m.Alive([]float64{0}, 3)
	year, _ := m.Alive([]float64{1}, 3)
	fmt.Printf("%.2f and %.2f are left after three months\n", month, year)
	// Output:
	// 0.24 and 0.61 are left after three months
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

// From orders to customers: several orders of a day are one purchase.
func ExampleOrders() {
	o, err := lifetime.NewOrders[string, lifetime.Weeks](1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, at := range []string{"2025-01-06 09:00", "2025-01-20 10:00", "2025-01-20 19:30", "2025-02-17 08:00"} {
		t, _ := time.Parse("2006-01-02 15:04", at)
		if err := o.Add("ann", t, 1500); err != nil {
			fmt.Println(err)
		}
	}
	ids, customers, _ := o.Customers(time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC))
	fmt.Println(ids, customers)
	// Output: [ann] [{2 6 8 2250}]
}

// What is a customer worth over the next year, and how sure is that?
func ExampleCLV() {
	m, _ := lifetime.NewBGNBD[lifetime.Weeks](.2426, 4.4135, .7929, 2.4258)
	amounts, _ := lifetime.NewGammaGamma(6.25, 3.74, 15.45)
	c := lifetime.Customer[lifetime.Weeks]{Repeats: 2, AgeAtLast: 30.43, Age: 38.86, Value: 22.35}
	opt := lifetime.CLVOptions[lifetime.Weeks]{Steps: 12, Step: 4.345, Discount: .01}
	worth, err := lifetime.CLV(m, amounts, c, opt)
	fmt.Printf("%.2f %v\n", worth, err)
	// Output: 36.29 <nil>
}

func ExampleCLVIntervals() {
	var orders lifetime.Summary[lifetime.Weeks] = *few()
	var spend lifetime.Spend = *amounts()
	m, _ := lifetime.FitBGNBD(bg, &orders, lifetime.FitOptions{})
	g, _ := lifetime.FitGammaGamma(bg, &spend, lifetime.FitOptions{})
	base := lifetime.CLVBase[lifetime.Weeks]{Model: m, Amounts: g, Orders: &orders, Spend: &spend}
	c := lifetime.Customer[lifetime.Weeks]{Repeats: 3, AgeAtLast: 20, Age: 24, Value: 25}
	var bounds []lifetime.CLVBounds
	bounds, err := lifetime.CLVIntervals(bg, base, []lifetime.Customer[lifetime.Weeks]{c}, lifetime.CLVOptions[lifetime.Weeks]{Replicates: 20})
	fmt.Println(bounds[0].Low < bounds[0].Value, bounds[0].Value < bounds[0].High, err)
	// Output: true true <nil>
}

// Whom to write to, why, and what it is worth: a tenth of those who are gone come back for it.
func ExampleWinBack() {
	m, _ := lifetime.NewBGNBD[lifetime.Weeks](.5, 4.4, .8, 2.4)
	amounts, _ := lifetime.NewGammaGamma(6.25, 3.74, 15.44)
	customers := []lifetime.Customer[lifetime.Weeks]{
		{Repeats: 20, AgeAtLast: 51, Age: 52, Value: 80},
		{Repeats: 20, AgeAtLast: 40, Age: 52, Value: 80},
		{Repeats: 1, AgeAtLast: 2, Age: 52, Value: 8},
	}
	opt := lifetime.WinBackOptions[lifetime.Weeks]{Cost: 2, Response: .1, Margin: .3, AsOf: time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)}
	var list []lifetime.WinBackRow[lifetime.Weeks]
	list, err := lifetime.WinBack(bg, m, amounts, customers, opt)
	for _, r := range list {
		if r.Contact {
			fmt.Println(r.Row, r, r.NextOrder.Format("2 January"))
		}
	}
	fmt.Println(err)
	// Output:
	// 1 silent for 12.0 weeks (usual gap 2.0, 20 repeat orders): that long by chance 1 %, alive 17 %, 288.56 at risk, contact worth 26.86 14 March
	// <nil>
}

// How long until the second order, when many have not placed it yet?
func ExampleSurvival() {
	var s lifetime.Survival[lifetime.Days]
	for _, days := range []lifetime.Days{10, 12, 12, 30, 45} {
		if err := s.Add(days, true); err != nil {
			fmt.Println(err)
		}
	}
	for _, days := range []lifetime.Days{20, 40, 60} { // still waiting
		if err := s.Add(days, false); err != nil {
			fmt.Println(err)
		}
	}
	var curve lifetime.SurvivalCurve[lifetime.Days]
	curve, err := s.Result(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	var first lifetime.SurvivalPoint[lifetime.Days] = curve[0]
	median, _ := curve.Quantile(.5)
	fmt.Printf("%d at risk, without a second order after 30 days: %.2f, median %v\n", first.AtRisk, curve.Alive(30), median)
	// Output: 8 at risk, without a second order after 30 days: 0.47, median 30
}

// Remission of leukaemia under 6-MP and placebo.
func ExampleFitCox() {
	_, rows, lasted, ended := remissions()
	var m *lifetime.Cox[lifetime.Weeks]
	m, err := lifetime.FitCox(bg, rows, lasted, ended, lifetime.CoxOptions{Names: []string{"6-MP"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := m.Report().Params[0]
	with, _ := m.Alive([]float64{1}, 20)
	without, _ := m.Alive([]float64{0}, 20)
	fmt.Printf("%s %.3f ± %.3f, after 20 weeks %.2f and %.2f\n", p.Name, p.Value, p.StdErr, with, without)
	// Output: 6-MP -1.572 ± 0.412, after 20 weeks 0.64 and 0.12
}
