package shop

// Simulate makes the shop that cfg describes.
func Simulate(cfg Config) (*Shop, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Shop{Config: cfg, Start: cfg.Start, End: cfg.Start.AddDate(0, 0, cfg.Days), Currency: "CNY"}
	return s, nil
}
