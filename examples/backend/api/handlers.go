package api

import (
	"crypto/rand"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
)

// read decodes and checks the body of a call.
func read[T any](c *call) (in T, err error) {
	if f := decode(c.r, &in); f != nil {
		return in, f
	}
	return in, nil
}

func (s *Server) readyz(c *call) (any, error) {
	if err := s.shop.Ready(c.r.Context()); err != nil {
		f := fault(http.StatusServiceUnavailable, "not_ready", "not restored, going down, or without its database")
		f.after = 1
		return nil, f
	}
	return Health{"ready"}, nil
}

func (s *Server) metrics(c *call) (any, error) {
	c.sent = true
	s.prometheus().ServeHTTP(c.w, c.r)
	return nil, nil
}

// refusals are the faults of events that were not stored.
var refusals = map[store.Fate]int{store.Reused: http.StatusConflict, store.Deleted: http.StatusGone, store.NoItem: http.StatusNotFound}

// needs are what kinds of events must name.
func (e Event) needs(i int) *Fault {
	switch {
	case e.Kind == "question" && e.Words == "":
		return invalid(place("events", i, "words"), "a question has words")
	case e.Kind == "question" && e.Item == "":
		return nil
	case e.Item == "":
		return invalid(place("events", i, "item"), "want an item")
	case (e.Kind == "order" || e.Kind == "return") && e.Quantity < 1:
		return invalid(place("events", i, "quantity"), "want 1 and more")
	}
	return nil
}

func (s *Server) postEvents(c *call) (any, error) {
	in, err := read[EventsIn](c)
	if err != nil {
		return nil, err
	}
	events, now := make([]shop.Event, len(in.Events)), s.opt.Clock()
	for i, e := range in.Events {
		if f := instant(e.At, now, place("events", i, "at")); f != nil {
			return nil, f
		}
		if f := e.needs(i); f != nil {
			return nil, f
		}
		events[i] = shop.Event(e)
	}
	fates, err := s.shop.Record(c.r.Context(), events)
	out, good, first := EventsOut{}, 0, -1
	for i, f := range fates {
		s.events.WithLabelValues(string(f)).Inc()
		out.Fates = append(out.Fates, Fate{events[i].ID, string(f)})
		if f == store.Stored || f == store.Repeated {
			good++
		} else if first < 0 {
			first = i
		}
	}
	if err != nil {
		return nil, err
	}
	if good == 0 {
		f := fault(refusals[fates[first]], string(fates[first]), "nothing was stored")
		f.Field = place("events", first, map[store.Fate]string{store.Reused: "id", store.Deleted: "at", store.NoItem: "item"}[fates[first]])
		return nil, f
	}
	return out, nil
}

func (s *Server) recommend(c *call) (any, error) {
	in, err := read[RecommendIn](c)
	if err != nil {
		return nil, err
	}
	if need := map[string]bool{"product": true, "basket": true, "session": true}[in.Place]; need && len(in.Items) == 0 {
		return nil, invalid("items", "%s wants items", in.Place)
	}
	list, err := s.shop.Recommend(c.r.Context(), shop.Ask(in))
	if err != nil {
		return nil, err
	}
	if list.Picks == nil {
		list.Picks = []shop.Pick{}
	}
	return list, nil
}

func (s *Server) answers(c *call) (any, error) {
	in, err := read[AnswersIn](c)
	if err != nil {
		return nil, err
	}
	found, err := s.shop.Answers(c.r.Context(), in.Customer, in.Text, in.K)
	return AnswersOut{full(found)}, err
}

// full is the list, [] for none: callers loop over it.
func full[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s *Server) putItems(c *call) (any, error) {
	in, err := read[ItemsIn](c)
	if err != nil {
		return nil, err
	}
	items := make([]store.Item, len(in.Items))
	for i, x := range in.Items {
		items[i] = store.Item{ID: x.Item, Title: x.Title, Category: x.Category, Price: x.Price, Cost: x.Cost, Stock: x.Stock, OnOrder: x.OnOrder, LeadDays: x.LeadDays}
	}
	return Count{len(items)}, s.shop.PutItems(c.r.Context(), items)
}

func (s *Server) getItem(c *call) (any, error) {
	x, err := s.shop.Item(c.r.PathValue("item"))
	if err != nil {
		return nil, fault(http.StatusNotFound, "unknown_item", "no such item")
	}
	return itemOut(x), nil
}

func (s *Server) putStock(c *call) (any, error) {
	in, err := read[StockIn](c)
	if err != nil {
		return nil, err
	}
	return Count{1}, s.shop.SetStock(c.r.Context(), in.Item, in.Stock)
}

func (s *Server) stockPlan(c *call) (any, error) {
	lines, err := s.shop.StockPlan(c.r.Context())
	return PlanOut{full(lines)}, err
}

func (s *Server) putFAQ(c *call) (any, error) {
	in, err := read[FAQIn](c)
	if err != nil {
		return nil, err
	}
	entries := make([]store.Question, len(in.Entries))
	for i, e := range in.Entries {
		entries[i] = store.Question(e)
	}
	return Count{len(entries)}, s.shop.PutQuestions(c.r.Context(), entries)
}

func (s *Server) segments(*call) (any, error) {
	by, all := s.shop.Segments()
	return SegmentsOut{all, by}, nil
}

func (s *Server) audience(c *call) (any, error) {
	in, err := read[RuleIn](c)
	if err != nil {
		return nil, err
	}
	return orNil(s.shop.Audience(c.r.Context(), in.Rule))
}

// orNil hands a value on as any.
func orNil[T any](v T, err error) (any, error) { return v, err }

func (s *Server) export(c *call) (any, error) {
	in, err := read[RuleIn](c)
	if err != nil {
		return nil, err
	}
	ids, err := s.shop.Export(c.r.Context(), c.actor, in.Rule)
	return CustomersOut{full(ids)}, err
}

func (s *Server) putOffers(c *call) (any, error) {
	in, err := read[OffersIn](c)
	if err != nil {
		return nil, err
	}
	offers := make([]store.Offer, len(in.Offers))
	for i, o := range in.Offers {
		if o.Item != "" {
			if _, err := s.shop.Item(o.Item); err != nil {
				f := fault(http.StatusNotFound, "unknown_item", "no such item")
				f.Field = place("offers", i, "item")
				return nil, f
			}
		}
		offers[i] = store.Offer(o)
	}
	return Count{len(offers)}, s.shop.PutOffers(c.r.Context(), offers)
}

func (s *Server) planOffers(c *call) (any, error) {
	in, err := read[OfferPlanIn](c)
	if err != nil {
		return nil, err
	}
	return orNil(s.shop.PlanOffers(c.r.Context(), c.actor, in.Rule, in.Budget))
}

func (s *Server) putAds(c *call) (any, error) {
	in, err := read[AdsIn](c)
	if err != nil {
		return nil, err
	}
	all := make([]shop.Ad, len(in.Ads))
	for i, a := range in.Ads {
		all[i] = shop.Ad(a)
	}
	return Count{len(all)}, s.shop.PutAds(c.r.Context(), all)
}

func (s *Server) page(c *call) (any, error) {
	in, err := read[PageIn](c)
	if err != nil {
		return nil, err
	}
	page, shown, err := s.shop.Ads(c.r.Context(), in.Customer, in.Categories)
	return PageOut{strconv.FormatInt(page, 10), full(shown)}, err
}

func (s *Server) outcome(c *call) (any, error) {
	in, err := read[OutcomeIn](c)
	if err != nil {
		return nil, err
	}
	page, err := strconv.ParseInt(in.Page, 10, 64)
	if err != nil {
		return nil, fault(http.StatusNotFound, "unknown_id", "no such page")
	}
	cost, first, err := s.shop.Click(c.r.Context(), page, in.Ad, in.Outcome == "action")
	return OutcomeOut{first, cost}, err
}

func (s *Server) postExperiment(c *call) (any, error) {
	in, err := read[ExperimentIn](c)
	if err != nil {
		return nil, err
	}
	arms := make([]store.Arm, len(in.Arms))
	for i, a := range in.Arms {
		arms[i] = store.Arm{Name: a.Name, Weight: a.Weight, Policy: a.Policy}
	}
	return Count{1}, s.shop.StartExperiment(c.r.Context(), in.Name, arms)
}

func (s *Server) experiments(*call) (any, error) {
	out := ExperimentsOut{Experiments: []ExperimentOut{}}
	for _, x := range s.shop.Experiments() {
		row := ExperimentOut{Name: x.Name, Began: x.Began}
		for _, a := range x.Arms {
			row.Arms = append(row.Arms, Arm{a.Name, a.Weight, a.Policy})
		}
		if !x.Ended.IsZero() {
			row.Ended = &x.Ended
		}
		out.Experiments = append(out.Experiments, row)
	}
	return out, nil
}

func (s *Server) endExperiment(c *call) (any, error) {
	in, err := read[NameIn](c)
	if err != nil {
		return nil, err
	}
	return Count{1}, s.shop.EndExperiment(c.r.Context(), in.Name)
}

func (s *Server) expose(c *call) (any, error) {
	in, err := read[ExposureIn](c)
	if err != nil {
		return nil, err
	}
	if f := instant(in.At, s.opt.Clock(), "at"); f != nil {
		return nil, f
	}
	fate, arm, err := s.shop.Expose(c.r.Context(), in.ID, in.Experiment, in.Customer, in.At)
	if err != nil {
		return nil, err
	}
	if status, refused := refusals[fate]; refused {
		return nil, fault(status, string(fate), "nothing was stored")
	}
	return ExposureOut{string(fate), arm}, nil
}

func (s *Server) result(c *call) (any, error) {
	r, err := s.shop.Result(c.r.Context(), c.r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	out := ResultOut{Arms: r.Arms, Customers: r.Users, Crossovers: r.Crossovers, Rows: []ResultRow{}, NobodyExposed: true}
	for _, n := range r.Users {
		out.NobodyExposed = out.NobodyExposed && n == 0
	}
	if r.SRMErr == nil {
		out.SplitPValue, out.SplitAlarm = finite(r.SRM.PValue), r.SRM.Alarm
	}
	for _, x := range r.Rows {
		row := ResultRow{Metric: x.Metric, Arm: x.Arm}
		if x.Err != nil {
			row.Why = "too few customers or orders to compare"
		} else {
			e := x.Effect
			row.Control, row.Treated, row.Difference, row.Low, row.High = finite(e.MeanA), finite(e.MeanB), finite(e.Estimate), finite(e.Low), finite(e.High)
			row.PValue, row.Adjusted, row.Significant = finite(e.PValue), finite(x.Adjusted), x.Adjusted < 1-r.Level
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// finite is nil for what JSON has no number for.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// kpi takes from and to as days; without them the last 28 days, today included.
func (s *Server) kpi(c *call) (any, error) {
	now := s.opt.Clock().UTC()
	to := now.Truncate(24*time.Hour).AddDate(0, 0, 1)
	from := to.AddDate(0, 0, -28)
	for name, at := range map[string]*time.Time{"from": &from, "to": &to} {
		if query := c.r.URL.Query(); query.Has(name) {
			text := query.Get(name)
			day, err := time.Parse(time.DateOnly, text)
			if err != nil {
				return nil, invalid(name, "want a day such as 2026-11-30")
			}
			if *at = day; name == "to" {
				*at = day.AddDate(0, 0, 1)
			}
		}
	}
	if span := to.Sub(from); span <= 0 || span > 367*24*time.Hour || from.Year() < 2000 || to.Year() > 2200 {
		return nil, invalid("from", "want from before to, at most 366 days apart")
	}
	return orNil(s.shop.KPI(c.r.Context(), from, to))
}

// known is the fault of a customer whom nobody knows.
func (s *Server) known(customer string) error {
	if s.shop.Profile(customer).Known {
		return nil
	}
	return fault(http.StatusNotFound, "unknown_customer", "nothing is known of this customer")
}

func (s *Server) profile(c *call) (any, error) {
	in, err := read[CustomerIn](c)
	if err != nil {
		return nil, err
	}
	if err := s.known(in.Customer); err != nil {
		return nil, err
	}
	return orNil(s.shop.Look(c.r.Context(), c.actor, in.Customer))
}

func (s *Server) data(c *call) (any, error) {
	in, err := read[CustomerIn](c)
	if err != nil {
		return nil, err
	}
	if err := s.known(in.Customer); err != nil {
		return nil, err
	}
	d, err := s.shop.Data(c.r.Context(), c.actor, in.Customer)
	if err != nil {
		return nil, err
	}
	out := DataOut{Since: d.Since, Profile: d.Profile, Events: []Event{}, Exposures: []ExposureRow{}, Trail: trailRows(d.Trail)}
	for _, e := range d.Events {
		out.Events = append(out.Events, Event{e.ID, in.Customer, e.Item, e.Kind, e.At, e.Quantity, e.Amount, e.Purchase, e.Session, e.Words})
	}
	for _, x := range d.Exposures {
		out.Exposures = append(out.Exposures, ExposureRow{x.ID, x.Experiment, x.Arm, x.At})
	}
	return out, nil
}

func (s *Server) delete(c *call) (any, error) {
	in, err := read[CustomerIn](c)
	if err != nil {
		return nil, err
	}
	n, err := s.shop.Delete(c.r.Context(), c.actor, in.Customer)
	return DeletedOut{n}, err
}

func trailRows(lines []store.Entry) []TrailRow {
	out := []TrailRow{}
	for _, e := range lines {
		out = append(out, TrailRow{e.Seq, e.At, e.Actor, e.Act, e.Subject})
	}
	return out
}

func (s *Server) trail(c *call) (any, error) {
	in, err := read[TrailIn](c)
	if err != nil {
		return nil, err
	}
	lines, err := s.shop.Trail(c.r.Context(), c.actor, in.Customer, in.After, in.Limit)
	return TrailOut{trailRows(lines)}, err
}

func (s *Server) refit(c *call) (any, error) { return orNil(s.shop.Refit(c.r.Context())) }

func (s *Server) purge(c *call) (any, error) {
	began := time.Now()
	n, err := s.shop.Purge(c.r.Context())
	return PurgeOut{n, time.Since(began).Seconds()}, err
}

// backup streams the dump. An error after the first byte can only break the connection,
// which leaves a dump without its last line: Load refuses it.
func (s *Server) backup(c *call) (any, error) {
	if err := s.shop.Ready(c.r.Context()); err != nil {
		return nil, err
	}
	if err := s.shop.Note(c.r.Context(), c.actor, "backup"); err != nil {
		return nil, err
	}
	c.w.Header().Set("Content-Type", "application/jsonl")
	c.sent = true
	if err := s.store.Dump(c.r.Context(), c.w); err != nil {
		s.opt.Log.Error("backup", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil, nil
}

func (s *Server) putToken(c *call) (any, error) {
	in, err := read[TokenIn](c)
	if err != nil {
		return nil, err
	}
	secret := rand.Text()
	if err := s.store.PutToken(c.r.Context(), store.Token{Name: in.Name, Role: in.Role, Made: s.opt.Clock()}, secret); err != nil {
		return nil, unavailable(err)
	}
	return TokenOut{secret}, s.reload(c.r.Context())
}

func (s *Server) dropToken(c *call) (any, error) {
	name := c.r.PathValue("name")
	if f := checkText(name, "name", rule{kind: "name"}); f != nil {
		return nil, f // PostgreSQL takes no NUL, and would be called unavailable
	}
	if err := s.store.DropToken(c.r.Context(), name); err != nil {
		return nil, unavailable(err)
	}
	return Count{1}, s.reload(c.r.Context())
}

// unavailable is the fault of a store that did not do what it was asked.
func unavailable(err error) error { return fmt.Errorf("%w: %w", shop.ErrUnavailable, err) }
