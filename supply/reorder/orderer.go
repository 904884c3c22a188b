package reorder

// State is what is known of one product when its stock is reviewed, before demand of the
// period: amounts in units, none negative.
type State struct {
	Period  int     // of the review, counted from 0
	OnHand  float64 // in stock
	OnOrder float64 // ordered and not yet received
	Owed    float64 // backorders
}

// Position is the stock position, on hand + on order - owed.
func (s State) Position() float64 { return s.OnHand + s.OnOrder - s.Owed }

// Orderer is a replenishment policy of one product, as the simulator drives it. Minimum and
// multiple of the supplier need not be observed: whoever places the order rounds it up.
type Orderer interface {
	// Order returns how much to order in a state, at least 0 and finite; 0 is no order, and so is
	// less than 1e-12 of on hand, on order and owed together, what rounding leaves. It
	// depends on nothing but the state and is safe for concurrent use.
	Order(s State) float64
}

// OrderFunc makes an Orderer of a function.
type OrderFunc func(s State) float64

// Order calls f; a nil f orders nothing.
func (f OrderFunc) Order(s State) float64 {
	if f == nil {
		return 0
	}
	return f(s)
}
