package drift_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/drift"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	var types []func() any
	for _, f := range frames() {
		types = append(types, func() any { return f.Fill(t) })
	}
	chart := func() drift.Detector { return &drift.CUSUM{Target: 0, Slack: .5, Limit: 4} }
	testkit.Promises{
		Funcs: map[string]any{
			"Alarms": drift.Alarms, "BinnedByEdges": drift.BinnedByEdges, "CompareCounts": drift.CompareCounts, "KSTest": drift.KSTest, "NewBinned": drift.NewBinned,
			"SimulateAlarms": drift.SimulateAlarms, "StandardizeRatios": drift.StandardizeRatios,
		},
		Types: types,
		Zero:  []string{"CUSUM", "EWMA", "PageHinkley"},
		Args: map[string]func() []any{
			"Alarms":        func() []any { return []any{chart(), []float64{1, 2, 9}} },
			"CompareCounts": func() []any { return []any{[]int64{30, 50, 20}, []int64{25, 55, 20}} },
			"NewBinned":     func() []any { return []any{[]float64{1, 2, 3, 4, 5, 6}, 3} },
			"SimulateAlarms": func() []any {
				return []any{context.Background(), func() drift.Detector { return chart() }, .5, 20, 30, uint64(1)}
			},
			"StandardizeRatios": func() []any {
				return []any{metrics.NewRatio(30, 100), []metrics.Ratio{metrics.NewRatio(3, 10), metrics.NewRatio(5, 12)}}
			},
		},
		NaN: map[string]string{
			"EWMA.Mean": "of a Target that is none, which Add refuses",
		},
		Settles: map[string]string{
			"Binned.AppendBinary":  "a zero value has a frame, as UnmarshalBinary says",
			"Binned.MarshalBinary": "a zero value has a frame, as UnmarshalBinary says",
			"Binned.Empty":         "the empty one of no bins has none",
		},
	}.Check(t)
}
