package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/profile/clean"
)

// work runs the chain from raw logs to filtered recommendations and returns the
// report.
func work(ctx context.Context, opt options, p *progress) (*report.Page, error) {
	defer p.end()
	do := simulated
	if opt.Data != "" {
		do = retail
	}
	r, err := do(ctx, opt, p)
	switch {
	case errors.Is(err, predict.ErrEmpty) || errors.Is(err, predict.ErrUndefined):
		return nil, fmt.Errorf("too little data for a step, try a longer log of more customers: %w", err)
	case err != nil:
		return nil, err
	}
	if opt.V {
		r.details(p)
	}
	return r.page, nil
}

// results are what the stages found, each a plain value.
type results struct {
	records      *records
	cleaned      *cleaned    // of a simulated shop
	read         *retailRead // of a file
	profiled     *profiled
	segmented    *segmented
	predicted    *predicted
	recommended  *recommended
	targeted     *targeted
	measured     *measured
	months       []month
	demanded     *demanded
	stocked      *stocked
	filtered     *filtered
	title        string
	introduction []string
	page         *report.Page
}

// details tells what the models were like.
func (r *results) details(p *progress) {
	for _, c := range r.segmented.Choices {
		p.step("  %d groups: inertia %.4g, silhouette %.3f", c.K, c.Inertia, c.Silhouette)
	}
	for _, f := range []*forecast{r.predicted.Purchase, r.predicted.Churn} {
		if f != nil {
			p.step("  %s: %d rows, AUC %.4f, log-loss %.4f, Brier %.4f, calibration error %.4f", f.What, f.Rows, f.AUC, f.Loss.LogLoss, f.Loss.Brier, f.Loss.ECE)
		}
	}
	p.step("  recommenders: %s", r.recommended.Chosen)
	for _, m := range r.recommended.Lists {
		p.step("  %s: fitted in %d ms, recall %.4f, NDCG %.4f, novelty %.2f bits", m.Name, m.Fit.Milliseconds(), m.At.Recall, m.At.NDCG, m.Novelty)
	}
}

// write puts the sections together.
func (r *results) write() *results {
	first := report.Section{}
	if r.cleaned != nil {
		first = r.cleaned.section()
	} else {
		first = r.read.section()
	}
	sections := []report.Section{
		first, r.profiled.section(), r.segmented.section(), r.predicted.section(), r.recommended.section(),
		r.targeted.section(), r.measured.section(),
	}
	explained := false
	for _, a := range r.measured.Audits {
		sections = append(sections, a.section(r.records.Currency, !explained))
		explained = explained || !a.Balance.Alarm
	}
	sections = append(sections, kpiSection(r.months, r.records.Currency), r.demanded.section(r.records),
		r.stocked.section(r.records, r.demanded), r.filtered.section(r.records, r.stocked, r.cleaned != nil))
	r.page = &report.Page{Title: r.title, Intro: r.introduction, Sections: sections}
	return r
}

// simulated does the job on a shop whose truth is known.
func simulated(ctx context.Context, opt options, p *progress) (*results, error) {
	p.step("simulating a shop")
	sim, err := shop.Simulate(shop.Config{Seed: opt.Seed, Users: opt.Users})
	if err != nil {
		return nil, err
	}
	// We stand at the start of the last campaign; the rest of the log only checks.
	cut := sim.Campaigns[len(sim.Campaigns)-1].Start

	p.step("cleaning %s order lines and %s visits", count(len(sim.RawLines)), count(len(sim.Events)))
	rec, found, err := cleanRecords(sim, cut, 60*day)
	if err != nil {
		return nil, err
	}
	p.step("building profiles")
	now, err := profileAt(rec, rec.Cut, nil)
	if err != nil {
		return nil, err
	}
	user := func(id string) int { u, _ := sim.UserIndex(id); return u }
	now.checkTastes(func(id string) map[string]float64 {
		taste := make(map[string]float64, len(sim.Categories))
		for c, x := range sim.Truth.Users[user(id)].Taste {
			taste[clean.Canonical(sim.Categories[c])] = x
		}
		return taste
	})
	p.step("grouping customers")
	seg, err := segments(ctx, now, opt)
	if err != nil {
		return nil, err
	}
	err = seg.compare(now, func(id string) int { return sim.Truth.Users[user(id)].Segment },
		func(id string) int { return slices.Index(stateNames[:], string(sim.StateAt(user(id), rec.Cut))) }, len(sim.Truth.Segments))
	if err != nil {
		return nil, err
	}

	p.step("predicting purchases and departures")
	pred, err := predictions(ctx, rec, now, seg.Silence)
	if err != nil {
		return nil, err
	}
	gone := func(id string) bool { return sim.StateAt(user(id), rec.Cut) == shop.Churned }
	if err := pred.ceiling(rec, func(id string) float64 {
		if gone(id) {
			return 0
		}
		return sim.Truth.Users[user(id)].Rate
	}, gone); err != nil {
		return nil, err
	}
	p.step("fitting recommenders")
	recs, err := recommendations(ctx, rec, now, oracle(sim), opt, p)
	if err != nil {
		return nil, err
	}
	p.step("measuring campaigns")
	meas, err := measure(ctx, rec, seg, experiments(sim), opt)
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
	p.step("planning stock")
	dem, err := demand(rec, now, wishes(sim))
	if err != nil {
		return nil, err
	}
	stock, err := plan(dem, shelves(sim, rec.Cut))
	if err != nil {
		return nil, err
	}
	if stock.Replayed, err = replayPlan(sim, rec.Cut, dem, stock, opt.Seed); err != nil {
		return nil, err
	}

	p.step("filtering recommendations by stock")
	final, err := inStock(recs, stock, recs.Data.Users.IDs())
	if err != nil {
		return nil, err
	}
	r := &results{
		records: rec, cleaned: found, profiled: now, segmented: seg, predicted: pred, recommended: recs, targeted: aud, measured: meas,
		months: months, demanded: dem, stocked: stock, filtered: final,
		title:        "Storefront: the whole job on a simulated shop",
		introduction: simulatedIntro(sim, rec),
	}
	return r.write(), nil
}

// simulatedIntro says what was simulated and where in time the report stands.
func simulatedIntro(sim *shop.Shop, rec *records) []string {
	return []string{
		fmt.Sprintf("A shop of %s customers and %s products was simulated from %s to %s. Its logs are as messy as real ones, and what customers like, when they leave, what campaigns do to them and what they wanted but could not get is known: each section compares what was found with that truth.",
			count(len(sim.Users)), count(len(sim.Items)), date(rec.Start), date(rec.End)),
		fmt.Sprintf("We stand on %s. Everything before is known; everything after is used only to check what was foretold.", date(rec.Cut)),
	}
}

// retail does the job on a file in the Online Retail layout.
func retail(ctx context.Context, opt options, p *progress) (*results, error) {
	p.step("reading %s", opt.Data)
	rec, found, err := readRetail(opt.Data, opt.Strict, p)
	if err != nil {
		return nil, err
	}
	p.step("building profiles")
	now, err := profileAt(rec, rec.Cut, nil)
	if err != nil {
		return nil, err
	}
	p.step("grouping customers")
	seg, err := segments(ctx, now, opt)
	if err != nil {
		return nil, err
	}
	p.step("predicting purchases and departures")
	pred, err := predictions(ctx, rec, now, seg.Silence)
	if err != nil {
		return nil, err
	}
	p.step("fitting recommenders")
	recs, err := recommendations(ctx, rec, now, nil, opt, p)
	if err != nil {
		return nil, err
	}
	p.step("choosing an audience")
	aud, err := target(ctx, rec, now, seg, pred, nil, opt)
	if err != nil {
		return nil, err
	}
	p.step("measuring")
	meas, err := measure(ctx, rec, seg, nil, opt)
	if err != nil {
		return nil, err
	}
	if meas.Placebo, err = placebo(rec, aud, 30*day); err != nil && !errors.Is(err, metrics.ErrUndefined) { // a tiny audience
		return nil, err
	}
	months, err := kpis(rec)
	if err != nil {
		return nil, err
	}
	p.step("planning stock")
	dem, err := demand(rec, now, nil)
	if err != nil {
		return nil, err
	}
	stock, err := plan(dem, assumedShelves(dem, opt.Seed))
	if err != nil {
		return nil, err
	}
	stock.Assumed = "The file says nothing about stock. So that the plan can be seen at work, nine of ten products, drawn by lot, are taken to hold what they sell in up to six weeks and the others nothing, and suppliers to take two weeks, give or take half of one. Put in your own figures before you order."
	p.step("filtering recommendations by stock")
	final, err := inStock(recs, stock, recs.Data.Users.IDs())
	if err != nil {
		return nil, err
	}
	r := &results{
		records: rec, read: found, profiled: now, segmented: seg, predicted: pred, recommended: recs, targeted: aud, measured: meas,
		months: months, demanded: dem, stocked: stock, filtered: final,
		title:        "Storefront: the whole job on " + filepath.Base(opt.Data),
		introduction: []string{fmt.Sprintf("The log runs from %s to %s. We stand on %s: everything before is known; everything after is used only to check what was foretold.", date(rec.Start), date(rec.End.Add(-day)), date(rec.Cut))},
	}
	return r.write(), nil
}
