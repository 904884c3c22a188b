package feature_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

// matrix reads null as NaN.
type matrix [][]float64

func (m *matrix) UnmarshalJSON(raw []byte) error {
	var rows [][]*float64
	if err := json.Unmarshal(raw, &rows); err != nil {
		return err
	}
	for _, r := range rows {
		out := make([]float64, len(r))
		for j, x := range r {
			if out[j] = math.NaN(); x != nil {
				out[j] = *x
			}
		}
		*m = append(*m, out)
	}
	return nil
}

type columnsGolden struct {
	Rows, Z, MinMax, Robust, MaxAbs, Log1p, Mean, Median, Mode matrix
}

func near(t *testing.T, name string, got, want [][]float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", name, len(got), len(want))
	}
	for i := range want {
		if len(got[i]) != len(want[i]) {
			t.Fatalf("%s: row %d has %d columns, want %d", name, i, len(got[i]), len(want[i]))
		}
		for j := range want[i] {
			testkit.Near(t, fmt.Sprintf("%s[%d][%d]", name, i, j), got[i][j], want[i][j], tol)
		}
	}
}

func TestScalerGolden(t *testing.T) {
	var g columnsGolden
	testkit.Golden(t, "columns.json", &g)
	for name, c := range map[string]struct {
		opt  feature.ScalerOptions
		want matrix
	}{
		"z":      {feature.ScalerOptions{Method: feature.ZScale}, g.Z},
		"minmax": {feature.ScalerOptions{Method: feature.MinMax, Lo: -1, Hi: 1}, g.MinMax},
		"robust": {feature.ScalerOptions{Method: feature.Robust}, g.Robust},
		"maxabs": {feature.ScalerOptions{Method: feature.MaxAbs}, g.MaxAbs},
		"log1p":  {feature.ScalerOptions{Method: feature.Log1p}, g.Log1p},
	} {
		s, err := feature.FitScaler(context.Background(), g.Rows, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Transform(nil, g.Rows)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name, got, c.want, 1e-12)
		back, err := s.Inverse(nil, got)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name+" inverse", back, g.Rows, 1e-9)
	}
}

func TestImputerGolden(t *testing.T) {
	var g columnsGolden
	testkit.Golden(t, "columns.json", &g)
	for name, c := range map[string]struct {
		opt  feature.ImputerOptions
		want matrix
	}{
		"mean":   {feature.ImputerOptions{Indicators: true}, g.Mean},
		"median": {feature.ImputerOptions{Method: feature.Median}, g.Median},
		"mode":   {feature.ImputerOptions{Method: feature.Mode}, g.Mode},
	} {
		p, err := feature.FitImputer(context.Background(), g.Rows, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Transform(nil, g.Rows, nil)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name, got, c.want, 1e-12)
	}
}
