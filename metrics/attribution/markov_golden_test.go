package attribution_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/attribution"
)

// TestChannelAttributionGolden compares with the reference implementation of
// Markov attribution, which simulates its chain.
func TestChannelAttributionGolden(t *testing.T) {
	var g struct {
		Channels []string
		Paths    [][4]any
		Rules    map[string]struct{ Conversions, Revenue []float64 }
		Markov   map[int]struct{ Conversions, Revenue, Effect []float64 }
	}
	testkit.Golden(t, "channels.json", &g)
	a := got(attribution.New(attribution.Options{}))
	for _, p := range g.Paths {
		var channels []string
		for _, c := range p[0].([]any) {
			channels = append(channels, c.(string))
		}
		done(t, a.AddPath(channels, int64(p[1].(float64)), int64(p[2].(float64)), int64(p[3].(float64))))
	}
	for rule, name := range map[attribution.Rule]string{attribution.First: "first", attribution.Last: "last", attribution.Linear: "linear"} {
		for i, c := range got(a.Credit(rule)) {
			if c.Channel != g.Channels[i] {
				t.Fatal(c.Channel)
			}
			testkit.Near(t, name, c.Conversions, g.Rules[name].Conversions[i], 1e-9)
			testkit.Near(t, name+" revenue", c.Revenue, g.Rules[name].Revenue[i], 1e-6)
		}
	}
	for order, want := range g.Markov {
		m := got(a.Markov(context.Background(), order))
		for i, c := range m.Channels {
			name := fmt.Sprintf("order %d, %s", order, c.Channel)
			testkit.Near(t, name+", effect", c.Effect, want.Effect[i], .01)
			testkit.Near(t, name+", conversions", c.Conversions, want.Conversions[i], .02*math.Abs(want.Conversions[i]))
			testkit.Near(t, name+", revenue", c.Revenue, want.Revenue[i], .02*math.Abs(want.Revenue[i]))
		}
	}
}
