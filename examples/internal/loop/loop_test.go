package loop

import (
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/testkit"
)

// outcomes lets arms live through the shops of seeds: by variation, then seed.
func outcomes(t *testing.T, variations []Variation, seeds []uint64, arms []Arm) [][]map[Arm]Outcome {
	t.Helper()
	out := make([][]map[Arm]Outcome, len(variations))
	for k := range out {
		out[k] = make([]map[Arm]Outcome, len(seeds))
	}
	if err := parallel.For(context.Background(), len(seeds), 1, 0, func(_, lo, hi int) error {
		for n := lo; n < hi; n++ {
			of, err := Run(context.Background(), seeds[n], variations, arms)
			if err != nil {
				return err
			}
			for k := range of {
				out[k][n] = of[k]
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLoopEarns holds the criteria of settings.go on all seeds and variations.
//
//	AISLE_LONG=1 go test -v -run Loop ./examples/internal/loop
//
// AISLE_LOOP_DEV=n compares on n of DevSeeds instead, as was done while the loop was built.
func TestLoopEarns(t *testing.T) {
	testkit.Long(t)
	seeds := Seeds()
	if n, err := strconv.Atoi(os.Getenv("AISLE_LOOP_DEV")); err == nil {
		seeds = DevSeeds()[:n]
	}
	t.Log("| shop | arm | margin, 1000 | stock-out days | lost units | contacts | holding, 1000 | margin of the loop over it, % | stock-out days of the loop less its |")
	all := outcomes(t, Variations(), seeds, Arms())
	for k, v := range Variations() {
		c, err := Compare(v, all[k])
		if err != nil {
			t.Fatal(err)
		}
		t.Log("\n" + c.String())
		for _, f := range c.Failures() {
			t.Error(f)
		}
	}
}

// TestLoopShort is the cheap cut: on two of DevSeeds the loop earns more than each arm that it is compared with, and the
// same arms live the same lives again.
func TestLoopShort(t *testing.T) {
	seeds, arms := DevSeeds()[:2], []Arm{Loop, Campaign, NoCampaign}
	if testkit.Race {
		seeds, arms = seeds[:1], arms[:2]
	}
	stated := Variations()[:1]
	all := outcomes(t, stated, seeds, arms)[0]
	sum := map[Arm]Outcome{}
	for _, o := range all {
		for arm, x := range o {
			y := sum[arm]
			y.Margin += x.Margin
			y.StockOutDays += x.StockOutDays
			sum[arm] = y
		}
	}
	for _, arm := range arms {
		t.Logf("%s: margin %.0f, %d stock-out days", arm, sum[arm].Margin/100, sum[arm].StockOutDays)
		if arm != Loop && (sum[arm].Margin >= sum[Loop].Margin || sum[arm].StockOutDays <= sum[Loop].StockOutDays) {
			t.Errorf("%s: margin %.0f, %d stock-out days; the loop %.0f and %d", arm, sum[arm].Margin, sum[arm].StockOutDays, sum[Loop].Margin, sum[Loop].StockOutDays)
		}
	}
	if testkit.Race {
		return
	}
	again, err := Run(context.Background(), seeds[0], stated, []Arm{Campaign, Loop})
	if err != nil {
		t.Fatal(err)
	}
	for arm, x := range again[0] {
		if x != all[0][arm] {
			t.Errorf("%s: %+v, then %+v", arm, all[0][arm], x)
		}
	}
}
