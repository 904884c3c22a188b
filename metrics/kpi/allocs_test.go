package kpi_test

import (
	"testing"

	"github.com/aislekit/aisle/metrics/kpi"
)

// What is known already allocates nothing: a field, a customer, a cell.
func TestAllocations(t *testing.T) {
	type key struct{ Channel, Category string }
	cube := ok[*kpi.Cube[key, kpi.Counts]](t)(kpi.NewCube(kpi.CubeOptions[key, kpi.Counts]{Merge: (*kpi.Counts).Merge}))
	var counts kpi.Counts
	var content kpi.Engagement
	var customers kpi.Customers[string]
	must(t, customers.Add("ann", 1))
	_, err := cube.Cell(key{"mail", "tea"})
	must(t, err)
	for name, add := range map[string]func() error{
		"Counts":     func() error { return counts.Add(kpi.Counts{Clicks: 3, Orders: 1}) },
		"Engagement": func() error { return content.Add(kpi.Engagement{Likes: 3, Reach: 9}) },
		"Customers":  func() error { return customers.Add("ann", 5) },
		"Cube": func() error {
			c, err := cube.Cell(key{"mail", "tea"})
			if err != nil {
				return err
			}
			return c.Add(kpi.Counts{Clicks: 1})
		},
	} {
		if n := testing.AllocsPerRun(1000, func() { must(t, add()) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
