package loop

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
)

// Arms are all arms, in the order of tables.
func Arms() []Arm {
	return []Arm{Loop, Campaign, Trailing, NoCampaign, Oracle, Corrected, Orders}
}

// String names the arm.
func (a Arm) String() string {
	return [...]string{"loop", "(a) same campaign", "(b) trailing mean", "(c) no campaign", "oracle", "(a) corrected", "loop, nobody told"}[a]
}

// Run lets arms live through the shop of a seed in each of the variations. The result depends on
// nothing else.
func Run(ctx context.Context, seed uint64, variations []Variation, arms []Arm) ([]map[Arm]Outcome, error) {
	s, err := simulate(seed)
	if err != nil {
		return nil, err
	}
	out := make([]map[Arm]Outcome, len(variations))
	for k, v := range variations {
		if out[k], err = live(ctx, worldOf(s, seed, v), arms); err != nil {
			return nil, fmt.Errorf("loop: seed %d, %s: %w", seed, v.Name, err)
		}
	}
	return out, nil
}

// live lets arms live through a world.
func live(ctx context.Context, w *World, arms []Arm) (map[Arm]Outcome, error) {
	before, err := history(w)
	if err != nil {
		return nil, err
	}
	learned, err := learnUplift(ctx, before)
	if err != nil {
		return nil, err
	}
	past := map[bool]*demand{}
	for _, corrected := range []bool{false, true} {
		if past[corrected], err = pastDemand(ctx, before, corrected); err != nil {
			return nil, err
		}
	}
	out := map[Arm]Outcome{}
	for _, arm := range arms {
		e, corrected := learned, arm == Loop || arm == Corrected || arm == Orders
		if arm == Oracle {
			e = trueEffects(w)
		}
		if out[arm], err = run(ctx, arm, before, e, past[corrected]); err != nil {
			return nil, fmt.Errorf("%s: %w", arm, err)
		}
	}
	return out, nil
}

// Difference is a mean over seeds with its interval.
type Difference struct{ Mean, Low, High float64 }

func (d Difference) String() string {
	return fmt.Sprintf("%.2f [%.2f, %.2f]", d.Mean, d.Low, d.High)
}

// difference is the mean of x over seeds with Student's interval.
func difference(x []float64) (Difference, error) {
	m, err := metrics.MomentsOf(x)
	if err != nil {
		return Difference{}, err
	}
	mean, err := m.Mean()
	if err != nil {
		return Difference{}, err
	}
	v, err := m.Variance()
	if err != nil {
		return Difference{}, err
	}
	n := float64(len(x))
	half := infer.StudentQuantile((1+Level)/2, n-1) * math.Sqrt(v/n)
	return Difference{mean, mean - half, mean + half}, nil
}

// Comparison is the loop beside the arms, over seeds, in one variation.
type Comparison struct {
	Variation Variation
	Mean      map[Arm]Outcome
	Margin    map[Arm]Difference // of the loop less that of the arm, in per cent of the arm's
	Days      map[Arm]Difference // stock-out days of the loop less those of the arm
}

// Compare makes a comparison of the outcomes of seeds.
func Compare(v Variation, seeds []map[Arm]Outcome) (Comparison, error) {
	c := Comparison{v, map[Arm]Outcome{}, map[Arm]Difference{}, map[Arm]Difference{}}
	for arm := range seeds[0] {
		var margin, days []float64
		sum := Outcome{}
		for _, s := range seeds {
			a, l := s[arm], s[Loop]
			margin = append(margin, 100*(l.Margin-a.Margin)/math.Abs(a.Margin))
			days = append(days, float64(l.StockOutDays-a.StockOutDays))
			sum.Margin += a.Margin / float64(len(seeds))
			sum.Holding += a.Holding / float64(len(seeds))
			sum.StockOutDays += a.StockOutDays
			sum.Lost += a.Lost
			sum.Sold += a.Sold
			sum.Contacts += a.Contacts
			sum.OrderLines += a.OrderLines
		}
		n := len(seeds)
		sum.StockOutDays, sum.Lost, sum.Sold, sum.Contacts, sum.OrderLines = sum.StockOutDays/n, sum.Lost/n, sum.Sold/n, sum.Contacts/n, sum.OrderLines/n
		c.Mean[arm] = sum
		if arm == Loop {
			continue
		}
		var err error
		if c.Margin[arm], err = difference(margin); err != nil {
			return c, err
		}
		if c.Days[arm], err = difference(days); err != nil {
			return c, err
		}
	}
	return c, nil
}

// Failures are the criteria of settings.go that the comparison does not meet.
func (c Comparison) Failures() []string {
	var out []string
	fail := func(format string, args ...any) {
		out = append(out, c.Variation.Name+": "+fmt.Sprintf(format, args...))
	}
	switch {
	case c.Variation.Effect == 0:
		for _, arm := range []Arm{Campaign, NoCampaign} {
			if d := c.Margin[arm]; d.Low <= -100*MostCost {
				fail("margin over %s by %s %%", arm, d)
			}
		}
	case c.Variation.Plenty:
		if d := c.Margin[Campaign]; d.Low <= -100*MostCost {
			fail("margin over %s by %s %%", Campaign, d)
		}
	default:
		for _, arm := range []Arm{Campaign, Trailing, NoCampaign} {
			if d := c.Margin[arm]; d.Low <= 0 {
				fail("margin over %s by %s %%", arm, d)
			}
			if d := c.Days[arm]; d.High >= 0 {
				fail("stock-out days beyond %s by %s", arm, d)
			}
		}
	}
	if d := c.Margin[Oracle]; d.Low > 0 {
		fail("margin over the oracle by %s %%", d)
	}
	return out
}

// String is the comparison as rows of a table in Markdown.
func (c Comparison) String() string {
	var b strings.Builder
	for _, arm := range Arms() {
		m, ok := c.Mean[arm]
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %.0f | %d | %d | %d | %.0f |", c.Variation.Name, arm, m.Margin/1e5, m.StockOutDays, m.Lost, m.Contacts, m.Holding/1e5)
		if arm == Loop {
			b.WriteString(" | |\n")
		} else {
			fmt.Fprintf(&b, " %s | %s |\n", c.Margin[arm], c.Days[arm])
		}
	}
	return b.String()
}
