package loop

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/shop"
)

// Stages of the streams of draws, apart from those of internal/shop.
const (
	stageLevel = 90_000 + iota
	stageWeek
	stageDay
	stageLead
	stageCalendar
	stagePilot
	stageAnswer
	stageKnown
)

// World is a shop before anybody orders for it: its truth and all its draws. It is not
// changed by those who live in it.
type World struct {
	Seed      uint64
	Variation Variation
	Start     time.Time // the first Monday of the history

	Price, Cost []float64 // by article, minor units
	Category    []int     // by article
	Segment     []int     // by customer
	Prefers     [][]int   // by segment: categories

	Level  []float64   // by article: mean units of a week, season aside
	Season [][]float64 // by category, then week of history and comparison; mean about 1

	LeadMean, LeadSD []float64 // by article, days

	Pilots    [][]int // by pilot: the articles
	Campaigns [][]int // by campaign of the comparison: the articles

	weekday [7]float64 // from Monday; sum 7
	demand  [][]int    // by article, then day: usual demand
}

// NewWorld makes the world of a seed. Worlds of the same seed have the same articles,
// customers and calendar whatever the variation.
func NewWorld(seed uint64, v Variation) (*World, error) {
	s, err := simulate(seed)
	if err != nil {
		return nil, err
	}
	return worldOf(s, seed, v), nil
}

// simulate makes the articles and customers of a seed.
func simulate(seed uint64) (*shop.Shop, error) {
	s, err := shop.Simulate(shop.Config{
		Users: Customers, Items: Articles, Days: 7 * (HistoryWeeks + Weeks), Seed: seed,
		Campaigns: -1, Browse: -1, Missing: -1, Dirt: -1, Tight: -1,
	})
	if err != nil {
		return nil, fmt.Errorf("loop: seed %d: %w", seed, err)
	}
	return s, nil
}

// worldOf is NewWorld of what simulate has made.
func worldOf(s *shop.Shop, seed uint64, v Variation) *World {
	weeks := HistoryWeeks + Weeks
	w := &World{Seed: seed, Variation: v, Start: s.Start}
	for d := range w.weekday {
		w.weekday[d] = s.Truth.Weekday[(d+1)%7]
	}
	for i, it := range s.Items {
		w.Price = append(w.Price, float64(it.Price))
		w.Cost = append(w.Cost, float64(it.Cost))
		c := s.Truth.Items[i].Category
		w.Category = append(w.Category, c)
		z := rng.New(seed, stageLevel, uint64(i)).Normal()
		w.Level = append(w.Level, WeeklyUnits*priceFactor(float64(it.Price))*math.Exp(UnitSpread*z))
		w.LeadMean = append(w.LeadMean, s.Truth.Items[i].LeadMean*LeadTime*v.Lead)
		w.LeadSD = append(w.LeadSD, s.Truth.Items[i].LeadSD*LeadTime*v.Lead)
	}
	for _, c := range s.Truth.Categories {
		w.Season = append(w.Season, c.Season[:weeks])
	}
	for u := range s.Users {
		w.Segment = append(w.Segment, s.Truth.Users[u].Segment)
	}
	for _, g := range s.Truth.Segments {
		w.Prefers = append(w.Prefers, g.Preferred)
	}
	calendar := rng.New(seed, stageCalendar, 0)
	for range Pilots {
		w.Pilots = append(w.Pilots, draw(calendar, Articles, CampaignArticles))
	}
	for week := FirstCampaign; week < Weeks; week += CampaignEvery {
		w.Campaigns = append(w.Campaigns, draw(calendar, Articles, CampaignArticles))
	}
	w.drawDemand(weeks)
	return w
}

func priceFactor(price float64) float64 { return math.Pow(TypicalPrice/price, PriceSlope) }

// draw returns k of n, ascending.
func draw(r *rng.Stream, n, k int) []int {
	out := make([]int, 0, k)
	for _, i := range r.Perm(n)[:k] {
		out = append(out, int(i))
	}
	slices.Sort(out)
	return out
}

// drawDemand draws the usual demand of all days: by streams of the article and week, and of
// the article and day, so that variations of the noise keep what they can.
func (w *World) drawDemand(weeks int) {
	sd := Noise * w.Variation.Noise
	w.demand = make([][]int, Articles)
	for i := range w.demand {
		days := make([]int, 7*weeks)
		for t := range days {
			factor := 1.0
			if sd > 0 {
				shape := 1 / (sd * sd)
				factor = rng.New(w.Seed, stageWeek, uint64(i*weeks+t/7)).Gamma(shape) / shape
			}
			days[t] = rng.New(w.Seed, stageDay, uint64(i*len(days)+t)).Poisson(w.Mean(i, t) * factor)
		}
		w.demand[i] = days
	}
}

// Mean is the true mean of the usual demand of an article on a day of history and comparison.
func (w *World) Mean(article, day int) float64 {
	return w.Level[article] / 7 * w.weekday[day%7] * w.Season[w.Category[article]][day/7]
}

// Wanted is the usual demand of an article on a day of history and comparison.
func (w *World) Wanted(article, day int) int { return w.demand[article][day] }

// LeadDays is how many days an order for an article takes that is placed in a week.
func (w *World) LeadDays(article, week int) int {
	z := rng.New(w.Seed, stageLead, uint64(article*(HistoryWeeks+Weeks)+week)).Normal()
	return max(1, int(math.Round(w.LeadMean[article]+w.LeadSD[article]*z)))
}

// Uplift is the true chance that a customer who is told of an article buys one more unit.
func (w *World) Uplift(customer, article int) float64 {
	g := w.Segment[customer]
	near := Far
	if slices.Contains(w.Prefers[g], w.Category[article]) {
		near = Near
	}
	return min(1, Effect*w.Variation.Effect*min(1, priceFactor(w.Price[article]))*Answers[g]*near)
}

// Answer is whether a customer who is told of an article in a week buys one more unit of
// it, and on which day of that week, 0 Monday.
func (w *World) Answer(customer, article, week int) (day int, buys bool) {
	r := rng.New(w.Seed, stageAnswer, rng.Hash(uint64(customer), uint64(article), uint64(week)))
	if r.Float64() >= w.Uplift(customer, article) {
		return 0, false
	}
	x := r.Float64()
	for day < len(AnswerDays)-1 && x >= AnswerDays[day] {
		x -= AnswerDays[day]
		day++
	}
	return day, true
}
