package kpi

import "github.com/aislekit/aisle/metrics"

// namedRatio is a row of a table of KPIs.
type namedRatio struct {
	name  string
	ratio metrics.Ratio
}

// ratioTable is the table of the KPIs that are defined.
func ratioTable(rows []namedRatio) *metrics.Table {
	t := metrics.NewTable("KPI", "value", "numerator", "denominator")
	for _, k := range rows {
		if k.ratio.Den() != 0 {
			t.AddRow(k.name, k.ratio.Float(), k.ratio.Num(), k.ratio.Den())
		}
	}
	return t
}
