package shop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/recommend"
)

// weights of the kinds of events that say something about taste. A return takes an order
// back; a question, an answer and a dislike weigh nothing.
var weights = map[string]float32{"view": 1, "cart": 3, store.KindOrder: 5, "return": -5}

// Kinds are the kinds of events.
var Kinds = []string{"view", "cart", store.KindOrder, "return", "dislike", "question", store.KindAnswer}

// seenWeight is what an item must weigh for somebody to be left out of that customer's
// lists: one order, or four looks.
const seenWeight = 4

// forever is beyond any clock that jumps: the shop checks times itself, and what it once
// stored must be told again whatever the clock says then.
const forever = 100 * 365 * 24 * time.Hour

func (s *Shop) engineOptions(sources []recommend.Source) recommend.EngineOptions {
	return recommend.EngineOptions{
		Sources: sources, PopularHalfLife: 30 * 24 * time.Hour, MaxK: 100,
		Live: recommend.LiveOptions{Clock: s.opt.Clock, Ahead: forever, ForgetFor: -1, NewItems: -1},
	}
}

// observe tells the engine of one event.
func (s *Shop) observe(engine *Engine, e store.Event) {
	weight, ok := weights[e.Kind]
	if dislike := e.Kind == "dislike"; ok || dislike {
		err := engine.Observe(recommend.Observation[string, string]{
			User: e.Customer, Item: e.Item, Weight: weight, At: e.At, Seq: e.Seq, Dislike: dislike, ID: e.ID,
		})
		if err != nil && !errors.Is(err, recommend.ErrDuplicate) {
			s.opt.Log.Error("event not observed", "seq", e.Seq, "kind", e.Kind, "error", err)
		}
	}
}

// Refit tells of one.
type Refit struct {
	Began    time.Time     `json:"began"`
	Took     time.Duration `json:"took_nanoseconds"`
	Events   int           `json:"events"`
	Last     int64         `json:"last"` // the last event that is in
	Users    int           `json:"users"`
	Items    int           `json:"items"`
	Sources  []string      `json:"sources"`
	Problems []string      `json:"problems"` // models that could not be fitted, and why
}

// fit makes dataset, sources and models from the log up to a number.
func (s *Shop) fit(ctx context.Context, last int64, items map[string]store.Item) (*recommend.Dataset[string, string], []recommend.Source, *models, *Refit, error) {
	report := &Refit{Began: s.opt.Clock(), Last: last, Sources: []string{}, Problems: []string{}}
	builder, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		return nil, nil, nil, nil, err
	}
	training := newTraining(s.opt.Clock())
	for e, err := range s.store.Events(ctx, 0, last) {
		if err != nil {
			return nil, nil, nil, nil, err
		}
		report.Events++
		if w, ok := weights[e.Kind]; ok {
			if err := builder.AddSeq(e.Customer, e.Item, w, e.At, e.Seq); err != nil {
				return nil, nil, nil, nil, fmt.Errorf("shop: event %d: %w", e.Seq, err)
			}
		}
		training.add(e, items[e.Item].Category)
	}
	data, err := builder.Build()
	if err != nil {
		return nil, nil, nil, report, fmt.Errorf("shop: dataset: %w", err)
	}
	data.Catalogue, err = recommend.NewCatalogue(data.Items, func(yield func(recommend.Fact[string]) bool) {
		for _, id := range data.Items.IDs() {
			if !yield(recommend.Fact[string]{Item: id, Attribute: "category", Value: items[id].Category}) {
				return
			}
		}
	}, recommend.CatalogueOptions{})
	if err != nil {
		return nil, nil, nil, report, fmt.Errorf("shop: catalogue: %w", err)
	}
	report.Users, report.Items = data.Users.Len(), data.Items.Len()
	var sources []recommend.Source
	if s.opt.Sources == nil {
		sources, err = s.fitSources(ctx, data, items, report)
	} else if sources, err = s.opt.Sources(ctx, data); err == nil {
		for _, x := range sources {
			report.Sources = append(report.Sources, x.Name)
		}
	}
	if err != nil {
		return nil, nil, nil, report, err
	}
	m, err := training.fit(ctx, report)
	return data, sources, m, report, err
}

// fitSources fits the chain of models. One that the data do not suffice for is left out,
// and the report says so.
func (s *Shop) fitSources(ctx context.Context, data *recommend.Dataset[string, string], items map[string]store.Item, report *Refit) (sources []recommend.Source, err error) {
	add := func(name string, fit func() (recommend.Model, error)) {
		m, fault := fit()
		switch {
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		case fault != nil:
			report.Problems = append(report.Problems, name+": "+fault.Error())
		default:
			sources = append(sources, recommend.Source{Name: name, Model: m})
			report.Sources = append(report.Sources, name)
		}
	}
	add("together", func() (recommend.Model, error) {
		return recommend.FitItemKNN(ctx, data.Interactions, recommend.ItemKNNOptions{})
	})
	add("taste", func() (recommend.Model, error) {
		return recommend.FitALS(ctx, data.Interactions, recommend.ALSOptions{Factors: 32, Seed: s.opt.Seed})
	})
	add("text", func() (recommend.Model, error) {
		texts := make([]string, data.Items.Len())
		for i, id := range data.Items.IDs() {
			texts[i] = items[id].Title + " " + items[id].Category
		}
		m, err := recommend.FitTFIDF(ctx, texts, recommend.TFIDFOptions{})
		if err != nil {
			return nil, err
		}
		return m.Over(data.Interactions)
	})
	return sources, err
}

// itemsNow is a copy of the catalogue of the shop.
func (s *Shop) itemsNow() map[string]store.Item {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make(map[string]store.Item, len(s.items))
	for id, x := range s.items {
		out[id] = x
	}
	return out
}

// Refit fits models on the log and puts them in place, while requests go on with the old
// ones, and saves the engine.
func (s *Shop) Refit(ctx context.Context) (*Refit, error) {
	s.refitting.Lock()
	defer s.refitting.Unlock()
	return s.refit(ctx)
}

func (s *Shop) refit(ctx context.Context) (*Refit, error) {
	began := time.Now()
	s.mu.RLock()
	last := s.seen
	s.mu.RUnlock()
	data, sources, m, report, err := s.fit(ctx, last, s.itemsNow())
	if errors.Is(err, recommend.ErrEmpty) && report != nil {
		// Nobody is left, or never was: nothing that was learned may stay.
		err = s.do(ctx, func(ctx context.Context) error {
			s.mu.RLock()
			gone := s.seen == last
			s.mu.RUnlock()
			if gone {
				s.engine.Store(nil)
				s.models.Store(&models{})
				s.fitted.Store(0)
			}
			return nil
		})
		if err == nil {
			err = s.save()
		}
		return report, err
	}
	if err != nil {
		return nil, err
	}
	err = s.do(ctx, func(context.Context) error { return s.swap(data, sources, m, last) })
	if err != nil {
		return nil, err
	}
	report.Took = time.Since(began)
	s.last.Store(report)
	s.opt.Log.Info("refit", "events", report.Events, "users", report.Users, "items", report.Items, "sources", report.Sources, "seconds", report.Took.Seconds())
	return report, s.save()
}

// swap puts dataset and models in place. The writer runs it.
func (s *Shop) swap(data *recommend.Dataset[string, string], sources []recommend.Source, m *models, last int64) error {
	engine := s.engine.Load()
	if engine == nil {
		made, err := recommend.NewEngine(data, s.engineOptions(sources))
		if err != nil {
			return fmt.Errorf("shop: engine: %w", err)
		}
		engine = made
	} else if err := engine.Swap(data, s.engineOptions(sources)); err != nil {
		return fmt.Errorf("shop: swap: %w", err)
	}
	s.engine.Store(engine)
	s.models.Store(m)
	s.fitted.Store(last)
	return s.stockEngine(engine)
}

// stockEngine tells the engine of items that no event has named, and of the stock.
func (s *Shop) stockEngine(engine *Engine) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	known := engine.Dataset().Items
	var joined []recommend.Arrival[string]
	var in []string
	for _, id := range s.order {
		x := s.items[id]
		if known.Of(id) < 0 {
			joined = append(joined, recommend.Arrival[string]{
				Item: id, Text: x.Title + " " + x.Category, Facts: []recommend.Fact[string]{{Attribute: "category", Value: x.Category}},
			})
		}
		if x.Stock > 0 {
			in = append(in, id)
		}
	}
	if len(joined) > 0 {
		if err := engine.AddItems(joined...); err != nil {
			return fmt.Errorf("shop: new items: %w", err)
		}
	}
	engine.SetStock(slices.Values(append(in[:len(in):len(in)], noItem)))
	return nil
}

// noItem keeps a stock list from being nil, which would mean everything.
const noItem = "\x00"

// found makes the first engine, from the first events of a shop.
func (s *Shop) found(ctx context.Context) error {
	data, sources, m, report, err := s.fit(ctx, math.MaxInt64, s.itemsNow())
	if err != nil {
		if errors.Is(err, recommend.ErrEmpty) {
			return nil // questions and dislikes alone
		}
		return err
	}
	if err := s.swap(data, sources, m, s.seen); err != nil {
		return err
	}
	s.last.Store(report)
	return s.observeDislikes(ctx, s.engine.Load())
}

// observeDislikes tells an engine that was made from the log of what a dataset leaves out.
func (s *Shop) observeDislikes(ctx context.Context, engine *Engine) error {
	for e, err := range s.store.Events(ctx, 0, math.MaxInt64) {
		if err != nil {
			return err
		}
		if e.Kind == "dislike" {
			s.observe(engine, e)
		}
	}
	return nil
}
