package reorder

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// validate checks every field of a product, series period by period.
func (s *Stock[K]) validate(opt PlanOptions) error {
	if len(s.Forecast) == 0 {
		return fmt.Errorf("%s: Forecast is empty: %w", s.where(), ErrEmpty)
	}
	if err := s.amounts("Forecast", s.Forecast); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		x    float64
	}{
		{"SD", s.SD},
		{"OnHand", s.OnHand},
		{"Reserved", s.Reserved},
		{"OnOrder", s.OnOrder},
		{"Owed", s.Owed},
		{"Lead", s.Lead},
		{"LeadSD", s.LeadSD},
		{"Lot", s.Lot},
		{"Multiple", s.Multiple},
		{"Minimum", s.Minimum},
		{"ElasticitySD", s.ElasticitySD},
	} {
		if !(f.x >= 0 && f.x <= check.MaxAmount) {
			return check.Amount(s.where(), f.name, f.x)
		}
	}
	if s.CycleService != 0 && !(s.CycleService > 0 && s.CycleService < 1) {
		return fmt.Errorf("%s: CycleService is %v, want in (0, 1): %w", s.where(), s.CycleService, ErrRange)
	}
	if err := s.validateSuppliers(); err != nil {
		return err
	}
	if err := s.validateLaw(opt); err != nil {
		return err
	}
	for i, r := range s.Due {
		if err := r.validate(s.where(), fmt.Sprintf("Due[%d]", i)); err != nil {
			return err
		}
	}
	if err := s.validatePrices(opt); err != nil {
		return err
	}
	for i := range s.Promotions {
		if err := s.Promotions[i].validate(s.where(), i); err != nil {
			return err
		}
	}
	return s.validateSubstitutes()
}

// amounts checks quantities or their deviations by period.
func (s *Stock[K]) amounts(name string, xs []float64) error {
	for i, x := range xs {
		if !(x >= 0 && x <= check.MaxAmount) {
			return check.Amount(s.where(), fmt.Sprintf("%s[%d]", name, i), x)
		}
	}
	return nil
}

func (r Receipt) validate(where, name string) error {
	if err := check.Amount(where, name+".At", r.At); err != nil {
		return err
	}
	return check.Amount(where, name+".Units", r.Units)
}

// validateSuppliers checks the suppliers, or the fields of the one that there is.
func (s *Stock[K]) validateSuppliers() error {
	if s.UnitCost < 0 || s.UnitCost > check.MaxAmount {
		return fmt.Errorf("%s: UnitCost is %d, want 0 to 1e15: %w", s.where(), s.UnitCost, ErrRange)
	}
	if len(s.Suppliers) == 0 {
		if s.Lead == 0 {
			return fmt.Errorf("%s: Lead is 0, want > 0: %w", s.where(), ErrRange)
		}
		return nil
	}
	if s.Lead != 0 || s.LeadSD != 0 || s.Lot != 0 || s.Multiple != 0 || s.Minimum != 0 || s.UnitCost != 0 {
		return fmt.Errorf("%s: Lead, LeadSD, Lot, Multiple, Minimum and UnitCost are those of Suppliers where these are given: %w", s.where(), ErrRange)
	}
	for i, p := range s.Suppliers {
		at := fmt.Sprintf("Suppliers[%d]", i)
		for _, f := range []struct {
			name string
			x    float64
		}{{"Price", float64(p.Price)}, {"Lead", p.Lead}, {"LeadSD", p.LeadSD}, {"Lot", p.Lot}, {"Multiple", p.Multiple}, {"Minimum", p.Minimum}, {"Capacity", p.Capacity}} {
			if err := check.Amount(s.where(), at+"."+f.name, f.x); err != nil {
				return err
			}
		}
		if p.Lead == 0 {
			return fmt.Errorf("%s: %s.Lead is 0, want > 0: %w", s.where(), at, ErrRange)
		}
		if p.Capacity > 0 && p.Capacity < max(p.Minimum, p.Multiple) {
			return fmt.Errorf("%s: %s.Capacity is %v, below Minimum or Multiple: %w", s.where(), at, p.Capacity, ErrRange)
		}
	}
	return nil
}

// validateLaw checks how far the forecast errs.
func (s *Stock[K]) validateLaw(opt PlanOptions) error {
	given := 0
	for _, is := range []bool{s.SD > 0, len(s.SDs) > 0, len(s.Quantiles) > 0} {
		if is {
			given++
		}
	}
	if given > 1 {
		return fmt.Errorf("%s: at most one of SD, SDs and Quantiles is wanted: %w", s.where(), ErrRange)
	}
	if len(s.SDs) > maxAhead {
		return fmt.Errorf("%s: SDs has %d periods, want at most %d: %w", s.where(), len(s.SDs), maxAhead, ErrShape)
	}
	if err := s.amounts("SDs", s.SDs); err != nil {
		return err
	}
	if len(s.Quantiles) > 0 && len(s.Quantiles) != len(s.Forecast)*len(opt.Probs) {
		return fmt.Errorf("%s: Quantiles has %d values, want %d, periods of Forecast times Probs: %w", s.where(), len(s.Quantiles), len(s.Forecast)*len(opt.Probs), ErrShape)
	}
	for i, q := range s.Quantiles {
		if !(q >= -check.MaxAmount && q <= check.MaxAmount) {
			return check.Amount(s.where(), fmt.Sprintf("Quantiles[%d]", i), q)
		}
	}
	if !(s.Correlation >= 0 && s.Correlation <= 1) {
		return s.outOf("Correlation", s.Correlation, "in [0, 1]")
	}
	return nil
}

// outOf is the error of a number that is out of its range, or none at all.
func (s *Stock[K]) outOf(field string, x float64, want string) error {
	err := ErrRange
	if !check.Finite(x) {
		err = ErrNotFinite
	}
	return fmt.Errorf("%s: %s is %v, want %s: %w", s.where(), field, x, want, err)
}

// validatePrices checks the price plan and what demand makes of it.
func (s *Stock[K]) validatePrices(opt PlanOptions) error {
	if s.Price < 0 || s.Price > check.MaxAmount {
		return fmt.Errorf("%s: Price is %d, want 0 to 1e15: %w", s.where(), s.Price, ErrRange)
	}
	if s.Price == 0 && (len(s.Prices) > 0 || opt.Budget > 0) {
		return fmt.Errorf("%s: Price is 0, want > 0 with Prices or a Budget: %w", s.where(), ErrRange)
	}
	if !(s.Elasticity >= -100 && s.Elasticity <= 100) {
		return s.outOf("Elasticity", s.Elasticity, "in [-100, 100]")
	}
	if s.ElasticitySD > 100 {
		return s.outOf("ElasticitySD", s.ElasticitySD, "at most 100")
	}
	if len(s.Prices) > maxAhead {
		return fmt.Errorf("%s: Prices has %d periods, want at most %d: %w", s.where(), len(s.Prices), maxAhead, ErrShape)
	}
	for i, p := range s.Prices {
		if p <= 0 || p > check.MaxAmount {
			return fmt.Errorf("%s: Prices[%d] is %d, want 1 to 1e15: %w", s.where(), i, p, ErrRange)
		}
	}
	return nil
}

// validate checks promotion i of a product.
func (p *Promotion) validate(where string, i int) error {
	at := fmt.Sprintf("%s: Promotions[%d]", where, i)
	if p.From < 0 || p.Until <= p.From || p.Until > maxAhead {
		return fmt.Errorf("%s: periods From %d Until %d, want 0 <= From < Until <= %d: %w", at, p.From, p.Until, maxAhead, ErrRange)
	}
	for _, f := range []struct {
		name    string
		x, low  float64
		highest float64
	}{
		{"Lift", p.Lift, -1, 1e6},
		{"Low", p.Low, -1e6, 1e6},
		{"High", p.High, -1e6, 1e6},
		{"Reach", p.Reach, -1e6, 1},
		{"ReachSD", p.ReachSD, 0, 1},
	} {
		if !check.Finite(f.x) {
			return fmt.Errorf("%s.%s is %v: %w", at, f.name, f.x, ErrNotFinite)
		}
		if f.x < f.low || f.x > f.highest {
			return fmt.Errorf("%s.%s is %v, want %v to %v: %w", at, f.name, f.x, f.low, f.highest, ErrRange)
		}
	}
	if (p.Low != 0 || p.High != 0) && !(p.Low <= p.Lift && p.Lift <= p.High) {
		return fmt.Errorf("%s: Lift %v is outside of Low %v and High %v: %w", at, p.Lift, p.Low, p.High, ErrRange)
	}
	return nil
}

// validateSubstitutes checks shares; whether the products are known, spill does.
func (s *Stock[K]) validateSubstitutes() error {
	sum := 0.0
	for i, sub := range s.Substitutes {
		at := fmt.Sprintf("Substitutes[%d]", i)
		if sub.ID == s.ID {
			return fmt.Errorf("%s: %s is the product itself: %w", s.where(), at, ErrRange)
		}
		for _, other := range s.Substitutes[:i] {
			if other.ID == sub.ID {
				return fmt.Errorf("%s: %s: product %v is given twice: %w", s.where(), at, sub.ID, ErrDuplicate)
			}
		}
		if !(sub.Share >= 0 && sub.Share <= 1) {
			return s.outOf(at+".Share", sub.Share, "in [0, 1]")
		}
		sum += sub.Share
	}
	if sum > 1+1e-9 {
		return fmt.Errorf("%s: shares of Substitutes add up to %v, want at most 1: %w", s.where(), sum, ErrRange)
	}
	return nil
}
