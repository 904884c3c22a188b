package attribution_test

import (
	"context"
	"fmt"
	"os"

	"github.com/aislekit/aisle/metrics/attribution"
)

func ExamplePaths() {
	a, err := attribution.New(attribution.Options{})
	if err != nil {
		panic(err)
	}
	_ = a.AddPath([]string{"search"}, 2, 1, 0) // two conversions, one path without
	_ = a.AddPath([]string{"mail"}, 1, 0, 0)
	_ = a.AddPath([]string{"search", "mail"}, 1, 0, 0)
	last, _ := a.Credit(attribution.Last)
	markov, _ := a.Markov(context.Background(), 1)
	shapley, _ := a.Shapley(context.Background(), attribution.ShapleyOptions{})
	for i, c := range last {
		fmt.Printf("%-6s last %.1f, Markov %.1f, Shapley %.1f\n", c.Channel, c.Conversions, markov.Channels[i].Conversions, shapley.Channels[i].Conversions)
	}
	// Output:
	// mail   last 2.0, Markov 1.6, Shapley 1.5
	// search last 2.0, Markov 2.4, Shapley 2.5
}

func ExampleMix() {
	credit := []attribution.ChannelCredit{{Channel: "ads", Conversions: 20, Revenue: 90_000}, {Channel: "mail", Conversions: 30, Revenue: 60_000}}
	rows, err := attribution.Mix(credit, map[string]int64{"ads": 45_000, "mail": 5_000})
	if err != nil {
		panic(err)
	}
	_ = attribution.MixTable(rows).WriteText(os.Stdout)
	// Output:
	// channel  conversions  revenue   cost      CPA  ROAS  % of cost  % of revenue
	// -------  -----------  -------  -----  -------  ----  ---------  ------------
	// ads               20    90000  45000     2250     2         90            60
	// mail              30    60000   5000  166.667    12         10            40
}

// The program of the package documentation.
func Example() {
	journeys := []struct {
		Touches []attribution.Touch
		Bought  bool
		Revenue int64
	}{
		{[]attribution.Touch{{Channel: "ads"}, {Channel: "mail"}}, true, 120_000},
		{[]attribution.Touch{{Channel: "mail"}}, true, 30_000},
		{[]attribution.Touch{{Channel: "ads"}}, false, 0},
	}
	paths, err := attribution.New(attribution.Options{})
	if err != nil {
		panic(err)
	}
	for _, j := range journeys {
		if err := paths.Add(j.Touches, j.Bought, j.Revenue); err != nil {
			panic(err)
		}
	}
	credit, err := paths.Credit(attribution.Position)
	if err != nil {
		panic(err)
	}
	rows, err := attribution.Mix(credit, map[string]int64{"ads": 45_000, "mail": 5_000})
	if err != nil {
		panic(err)
	}
	_ = attribution.MixTable(rows).WriteText(os.Stdout)
	// Output:
	// channel  conversions  revenue   cost      CPA     ROAS  % of cost  % of revenue
	// -------  -----------  -------  -----  -------  -------  ---------  ------------
	// ads              0.5    60000  45000    90000  1.33333         90            40
	// mail             1.5    90000   5000  3333.33       18         10            60
}

func ExampleChannelStats() {
	paths, err := attribution.New(attribution.Options{})
	if err != nil {
		panic(err)
	}
	_ = paths.AddPath([]string{"ads", "ads", "mail"}, 2, 3, 9000)
	_ = paths.AddPath([]string{"mail"}, 1, 4, 2000)
	channels, err := paths.Channels()
	if err != nil {
		panic(err)
	}
	var mail attribution.ChannelStats = channels[1]
	fmt.Println(mail.Channel, mail.Touches, "touches, on paths", mail.Coverage, "of which convert", mail.Conversion)
	// Output: mail 10 touches, on paths 1 (10/10) of which convert 0.3 (3/10)
}

func ExampleShapleyValue() {
	paths, err := attribution.New(attribution.Options{})
	if err != nil {
		panic(err)
	}
	_ = paths.AddPath([]string{"ads"}, 1, 9, 0)
	_ = paths.AddPath([]string{"mail"}, 2, 2, 0)
	_ = paths.AddPath([]string{"ads", "mail"}, 3, 3, 0)
	for _, value := range []attribution.ShapleyValue{attribution.ShapleyConversions, attribution.ShapleyRate} {
		s, err := paths.Shapley(context.Background(), attribution.ShapleyOptions{Value: value})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s %.2f, %s %.2f\n", s.Channels[0].Channel, s.Channels[0].Conversions, s.Channels[1].Channel, s.Channels[1].Conversions)
	}
	// Output:
	// ads 2.50, mail 3.50
	// ads -1.00, mail 7.00
}
