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
