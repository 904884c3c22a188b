package experiment_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

func TestAssigner(t *testing.T) {
	weights := []float64{50, 0, 30, 20}
	a := ok[*experiment.Assigner](t)(experiment.NewAssigner("spring mail", weights))
	other := ok[*experiment.Assigner](t)(experiment.NewAssigner("autumn mail", weights))
	const n = 200_000
	var counts, numbered [4]int64
	var both [4][4]int64
	for i := range n {
		id := "user-" + strconv.Itoa(i)
		x, y := a.Arm(id), other.Arm(id)
		if x != a.Arm(id) {
			t.Fatal("not deterministic")
		}
		counts[x]++
		both[x][y]++
		numbered[a.ArmID(uint64(i))]++
	}
	for name, c := range map[string][4]int64{"names": counts, "numbers": numbered} {
		r := ok[experiment.SRM](t)(experiment.SampleRatio(c[:], weights))
		if r.PValue < 1e-4 || r.Alarm || c[1] != 0 {
			t.Errorf("%s: %v, p %v", name, c, r.PValue)
		}
	}
	// Experiments of other salts are independent: χ² of the table.
	chi := 0.0
	for i := range both {
		for j := range both {
			if e := n * weights[i] * weights[j] / 1e4; e > 0 {
				d := float64(both[i][j]) - e
				chi += d * d / e
			}
		}
	}
	if p := infer.ChiSquaredUpper(chi, 8); p < 1e-4 {
		t.Errorf("two experiments depend on one another: p %v", p)
	}
	// Pinned: users must never move.
	var got []int
	for i := range 12 {
		got = append(got, a.Arm(fmt.Sprint("u", i)))
	}
	if want := []int{3, 2, 2, 3, 0, 2, 0, 0, 2, 0, 2, 0}; !slices.Equal(got, want) {
		t.Errorf("arms %v, want %v", got, want)
	}
	for name, x := range map[string]struct {
		salt    string
		weights []float64
		want    error
	}{
		"no salt":  {"", weights, metrics.ErrEmpty},
		"no arms":  {"x", nil, metrics.ErrEmpty},
		"negative": {"x", []float64{1, -1}, metrics.ErrRange},
		"NaN":      {"x", []float64{1, math.NaN()}, metrics.ErrNotFinite},
	} {
		if _, err := experiment.NewAssigner(x.salt, x.weights); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
	}
}
