package shop

import (
	"cmp"
	"slices"
)

// Simulate makes the shop that cfg describes. Every bad field of cfg is named in
// the error, which wraps check.ErrOption. Time and memory grow linearly with
// Users and with Items·Days; the default shop takes well under two seconds.
func Simulate(cfg Config) (*Shop, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Shop{Config: cfg, Start: cfg.Start, End: cfg.Start.AddDate(0, 0, cfg.Days), Currency: "CNY", Rates: slices.Clone(rates)}
	for p := 0; p < listLength; p++ {
		s.Truth.PositionBias = append(s.Truth.PositionBias, 1/(1+.4*float64(p)))
	}
	s.makeCategories()
	cat := s.makeItems()
	s.makeSegments()
	s.makeUsers()
	s.makeCampaigns()

	l := &log{textIndex: map[string]int32{}}
	var (
		c      clock
		trips  []trip
		browse []int64
		cum    = make([]float64, cfg.Categories)
	)
	for u := range s.Users {
		trips = s.makeTrips(u, &c, trips[:0])
		browse = s.browsing(u, browse[:0])
		s.visits(u, cat, l, trips, browse, cum)
	}
	slices.SortFunc(l.orders, func(a, b wantOrder) int {
		return cmp.Or(cmp.Compare(a.sec, b.sec), cmp.Compare(a.user, b.user), cmp.Compare(a.seq, b.seq))
	})
	s.makeStock(cat, l)
	s.makeAfter(l, s.makeOrders(cat, l))
	s.makeSends(l)
	s.makeEvents(l)
	s.makeRaw()
	return s, nil
}
