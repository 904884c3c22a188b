package attribution

import (
	"context"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
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
	a := attributionGolden{Paths: g.Paths}.load(t)
	for rule, name := range map[Rule]string{First: "first", Last: "last", Linear: "linear"} {
		for i, c := range ok[[]ChannelCredit](t)(a.Credit(rule)) {
			if c.Channel != g.Channels[i] {
				t.Fatal(c.Channel)
			}
			testkit.Near(t, name, c.Conversions, g.Rules[name].Conversions[i], 1e-9)
			testkit.Near(t, name+" revenue", c.Revenue, g.Rules[name].Revenue[i], 1e-6)
		}
	}
	for order, want := range g.Markov {
		m := ok[*MarkovResult](t)(a.Markov(context.Background(), order))
		for i, c := range m.Channels {
			name := fmt.Sprintf("order %d, %s", order, c.Channel)
			testkit.Near(t, name+", effect", c.Effect, want.Effect[i], .01)
			relNear(t, name+", conversions", c.Conversions, want.Conversions[i], .02)
			relNear(t, name+", revenue", c.Revenue, want.Revenue[i], .02)
		}
	}
}
