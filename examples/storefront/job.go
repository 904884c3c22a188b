package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/recommend"
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
	granted      *granted // nil where no campaign was measured
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
	for _, f := range []*propensity{r.predicted.Purchase, r.predicted.Churn} {
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
	if r.granted != nil {
		sections = append(sections, r.granted.section())
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
	r := &results{title: "Storefront: the whole job on a simulated shop"}
	if r.records, r.cleaned, err = cleanRecords(sim, cut, 60*day); err != nil {
		return nil, err
	}
	r.introduction = simulatedIntro(sim, r.records)
	return r.chain(ctx, sim, opt, p)
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
	r := &results{title: "Storefront: the whole job on " + filepath.Base(opt.Data)}
	var err error
	if r.records, r.read, err = readRetail(opt.Data, opt.Strict, p); err != nil {
		return nil, err
	}
	rec := r.records
	r.introduction = []string{fmt.Sprintf("The log runs from %s to %s. We stand on %s: everything before is known; everything after is used only to check what was foretold.", date(rec.Start), date(rec.End.Add(-day)), date(rec.Cut))}
	return r.chain(ctx, nil, opt, p)
}

// chain does what comes after cleaning. sim is the shop that the records come from,
// asked for what it planted, or nil where nobody knows.
func (r *results) chain(ctx context.Context, sim *shop.Shop, opt options, p *progress) (*results, error) {
	if err := r.customers(ctx, sim, opt, p); err != nil {
		return nil, err
	}
	if err := r.offers(ctx, sim, opt, p); err != nil {
		return nil, err
	}
	if err := r.goods(ctx, sim, opt, p); err != nil {
		return nil, err
	}
	return r.write(), nil
}

// customers says who they are and what they will do.
func (r *results) customers(ctx context.Context, sim *shop.Shop, opt options, p *progress) error {
	p.step("building profiles")
	var err error
	if r.profiled, err = profileAt(r.records, r.records.Cut, nil); err != nil {
		return err
	}
	if sim != nil {
		r.profiled.checkTastes(tastes(sim))
	}
	p.step("grouping customers")
	if r.segmented, err = segments(ctx, r.profiled, opt); err != nil {
		return err
	}
	if sim != nil {
		group, state := lives(sim, r.records.Cut)
		if err := r.segmented.compare(r.profiled, group, state, len(sim.Truth.Segments)); err != nil {
			return err
		}
	}
	p.step("predicting purchases and departures")
	if r.predicted, err = predictions(ctx, r.records, r.profiled, r.segmented.Silence); err != nil {
		return err
	}
	if sim != nil {
		inclination, gone := fates(sim, r.records.Cut)
		return r.predicted.ceiling(r.records, inclination, gone)
	}
	return nil
}

// offers chooses products for each customer and customers for a campaign, and says
// what campaigns did.
func (r *results) offers(ctx context.Context, sim *shop.Shop, opt options, p *progress) error {
	p.step("fitting recommenders")
	var knows func(*recommend.Dataset[string, string]) recommend.Model
	var ran []campaign
	if sim != nil {
		knows, ran = oracle(sim), experiments(sim)
	}
	var err error
	if r.recommended, err = recommendations(ctx, r.records, r.profiled, knows, opt, p); err != nil {
		return err
	}
	p.step("measuring campaigns")
	if r.measured, err = measure(ctx, r.records, r.segmented, ran, opt); err != nil {
		return err
	}
	p.step("choosing an audience")
	if r.targeted, err = target(ctx, r.records, r.profiled, r.segmented, r.predicted, r.measured.Chosen, opt); err != nil {
		return err
	}
	p.step("sharing out offers")
	if r.granted, err = r.grant(ctx, opt.Seed); err != nil {
		return err
	}
	if sim != nil {
		return nil
	}
	r.measured.Placebo, err = placebo(r.records, r.targeted, 30*day)
	if errors.Is(err, metrics.ErrUndefined) { // a tiny audience
		return nil
	}
	return err
}

// goods plans what to have in stock and takes out of the recommendations what will not
// be there.
func (r *results) goods(ctx context.Context, sim *shop.Shop, opt options, p *progress) error {
	var err error
	if r.months, err = kpis(r.records); err != nil {
		return err
	}
	p.step("planning stock")
	var wanted func(sku string, from, to time.Time) float64
	if sim != nil {
		wanted = wishes(sim)
	}
	if r.demanded, err = demand(ctx, r.records, r.profiled, wanted); err != nil {
		return err
	}
	var held []position
	if sim != nil {
		held = shelves(sim, r.records.Cut)
	} else {
		held = assumedShelves(r.demanded, opt.Seed)
	}
	if r.stocked, err = plan(r.demanded, held); err != nil {
		return err
	}
	if sim == nil {
		r.stocked.Assumed = "The file says nothing about stock. So that the plan can be seen at work, nine of ten products, drawn by lot, are taken to hold what they sell in up to six weeks and the others nothing, and suppliers to take two weeks, give or take half of one. Put in your own figures before you order."
	} else if r.stocked.Replayed, err = replayPlan(sim, r.records.Cut, r.demanded, r.stocked, opt.Seed); err != nil {
		return err
	}
	p.step("filtering recommendations by stock")
	r.filtered, err = inStock(r.recommended, r.stocked, r.recommended.Data.Users.IDs())
	return err
}
