package predict

import (
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// plainPeel is peel as its rule says: rounds over all rows.
func plainPeel(p *pricePanel[int], sorted []PriceRow[int], keep []bool) {
	type seen struct{ rows, sold int }
	for changed := true; changed; {
		changed = false
		product, period := make(map[int]seen), make(map[int]seen)
		for i, r := range sorted {
			if keep[i] {
				a, b := product[r.Product], period[r.Period]
				a.rows, b.rows = a.rows+1, b.rows+1
				if r.Quantity > 0 {
					a.sold, b.sold = a.sold+1, b.sold+1
				}
				product[r.Product], period[r.Period] = a, b
			}
		}
		p.periods = !p.opt.NoPeriods && len(product) > 1
		for i, r := range sorted {
			a, b := product[r.Product], period[r.Period]
			if keep[i] && (a.rows < 2 || a.sold == 0 || p.periods && (b.rows < 2 || b.sold == 0)) {
				keep[i], changed = false, true
			}
		}
	}
}

// TestPricePeel: the rows that are left are those of rounds over all rows, in thin panels and in chains.
func TestPricePeel(t *testing.T) {
	for seed := range uint64(300) {
		s := rng.New(seed, 5, 0)
		var rows []PriceRow[int]
		var keep []bool
		for i := range 1 + s.Intn(12) {
			for at := range 1 + s.Intn(12) {
				chain := at == i || at == i+1
				if seed%3 == 0 && !chain || seed%3 > 0 && s.Bool(.7) {
					continue
				}
				rows = append(rows, PriceRow[int]{Product: i, Period: at, Quantity: float64(s.Intn(2))})
				keep = append(keep, !s.Bool(.1))
			}
		}
		if len(rows) == 0 {
			continue
		}
		opt := PriceOptions[int]{NoPeriods: seed%7 == 0}
		a, b := &pricePanel[int]{opt: opt}, &pricePanel[int]{opt: opt}
		want := slices.Clone(keep)
		plainPeel(a, rows, want)
		if b.peel(rows, keep); !slices.Equal(keep, want) || a.periods != b.periods {
			t.Fatalf("seed %d: %v, want %v; periods %v, want %v", seed, keep, want, b.periods, a.periods)
		}
	}
}
