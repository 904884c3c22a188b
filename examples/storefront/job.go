package main

import (
	"context"
	"slices"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/profile"
)

// work runs the chain from raw logs to filtered recommendations and returns the
// report.
func work(ctx context.Context, opt options, p *progress) (*report.Page, error) {
	return simulated(ctx, opt, p)
}

func simulated(ctx context.Context, opt options, p *progress) (*report.Page, error) {
	p.step("simulating a shop")
	sim, err := shop.Simulate(shop.Config{Seed: opt.Seed, Users: opt.Users})
	if err != nil {
		return nil, err
	}
	page := &report.Page{Title: "Storefront: the whole job on a simulated shop"}
	cut := sim.Campaigns[len(sim.Campaigns)-1].Start
	p.step("cleaning %d order lines", len(sim.RawLines))
	rec, cleaned, err := clean(sim, cut, 60*day)
	if err != nil {
		return nil, err
	}
	page.Sections = append(page.Sections, cleaned.section())

	p.step("building profiles")
	now, err := profileAt(rec, rec.Cut, nil)
	if err != nil {
		return nil, err
	}
	now.checkTastes(func(user string) map[string]float64 {
		u, ok := sim.UserIndex(user)
		if !ok {
			return nil
		}
		taste := make(map[string]float64, len(sim.Categories))
		for c, x := range sim.Truth.Users[u].Taste {
			taste[profile.Canonical(sim.Categories[c])] = x
		}
		return taste
	})
	page.Sections = append(page.Sections, now.section())

	p.step("grouping customers")
	seg, err := segments(ctx, now, opt)
	if err != nil {
		return nil, err
	}
	seg.compare(now, func(user string) int {
		u, _ := sim.UserIndex(user)
		return sim.Truth.Users[u].Segment
	}, func(user string) int {
		u, _ := sim.UserIndex(user)
		return slices.Index(stateNames[:], string(sim.StateAt(u, rec.Cut)))
	}, len(sim.Truth.Segments))
	page.Sections = append(page.Sections, seg.section())

	p.step("predicting purchases and departures")
	pred, err := predictions(ctx, rec, now, seg.Silence, opt)
	if err != nil {
		return nil, err
	}
	if err := pred.ceiling(rec, func(user string) float64 {
		u, _ := sim.UserIndex(user)
		if sim.StateAt(u, rec.Cut) == shop.Churned {
			return 0
		}
		return sim.Truth.Users[u].Rate
	}, func(user string) bool {
		u, _ := sim.UserIndex(user)
		return sim.StateAt(u, rec.Cut) == shop.Churned
	}); err != nil {
		return nil, err
	}
	page.Sections = append(page.Sections, pred.section())

	p.step("fitting recommenders")
	recs, err := recommendations(ctx, rec, now, oracle(sim), opt, p)
	if err != nil {
		return nil, err
	}
	page.Sections = append(page.Sections, recs.section())

	p.step("measuring campaigns")
	meas, err := measure(rec, seg, experiments(sim))
	if err != nil {
		return nil, err
	}
	p.step("choosing an audience")
	aud, err := target(ctx, rec, now, seg, pred, meas.Chosen, opt)
	if err != nil {
		return nil, err
	}
	months, err := kpis(rec)
	if err != nil {
		return nil, err
	}
	page.Sections = append(page.Sections, aud.section(), meas.section(), kpiSection(months, rec.Currency))

	p.step("planning stock")
	dem, err := demand(rec, now, wishes(sim))
	if err != nil {
		return nil, err
	}
	stock, err := plan(dem, shelves(sim, rec.Cut))
	if err != nil {
		return nil, err
	}
	stock.Replayed = replayPlan(sim, rec.Cut, stock, opt.Seed)
	p.step("filtering recommendations by stock")
	final, err := inStock(recs, stock, recs.Data.Users.IDs())
	if err != nil {
		return nil, err
	}
	page.Sections = append(page.Sections, dem.section(rec), stock.section(rec, dem), final.section(rec, stock))
	return page, nil
}
