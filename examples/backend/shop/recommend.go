package shop

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/recommend"
)

// Places are where a list may stand.
var Places = []string{"home", "product", "basket", "session"}

// Ask is a request for a list.
type Ask struct {
	Customer   string   // the id of the shop; "" is a stranger
	Place      string   // one of Places
	Items      []string // product: the one looked at; basket and session: what is in it, oldest first
	Category   string   // only of this one, unless ""
	K          int
	Experiment string // whose arm decides the policy, unless ""
}

// Pick is an item of a list.
type Pick struct {
	Item     string   `json:"item"`
	Title    string   `json:"title"`
	Category string   `json:"category"`
	Source   string   `json:"source"`
	Price    int64    `json:"price"`
	Score    float64  `json:"score"`
	Because  []Reason `json:"because"`
}

// Reason is an item that speaks for a pick.
type Reason struct {
	Item  string  `json:"item"`
	Title string  `json:"title"`
	Share float64 `json:"share"` // of the score
}

// List is an answer.
type List struct {
	Picks    []Pick `json:"picks"`
	Policy   string `json:"policy"`
	Arm      string `json:"arm"`   // of the experiment
	Known    bool   `json:"known"` // the customer is in the data
	Why      string `json:"why"`   // there are fewer than asked for
	Eligible int    `json:"eligible"`
}

// Recommend answers with what is in stock.
func (s *Shop) Recommend(ctx context.Context, ask Ask) (List, error) {
	list := List{Policy: "usual"}
	pseudonym := ""
	if ask.Customer != "" {
		pseudonym = s.keys.Pseudonym(ask.Customer)
	}
	if ask.Experiment != "" {
		arm, err := s.Arm(ask.Experiment, ask.Customer)
		if err != nil {
			return list, err
		}
		list.Arm, list.Policy = arm.Name, arm.Policy
	}
	for _, id := range ask.Items {
		if _, ok := s.item(id); !ok {
			return list, fmt.Errorf("item %q: %w", id, ErrUnknown)
		}
	}
	engine := s.engine.Load()
	if engine == nil {
		s.unfounded(&list, ask)
		return list, nil
	}
	var info recommend.Info
	req := recommend.Request[string, string]{User: pseudonym, Anonymous: pseudonym == "", K: ask.K, SeenWeight: seenWeight, Reasons: 3, Info: &info}
	if ask.Category != "" {
		only := recommend.Is("category", ask.Category)
		req.Where = &only
	}
	switch ask.Place {
	case "basket":
		req.History = history(ask.Items, weights["cart"])
		req.DenyItems = ask.Items
	case "session":
		req.Anonymous, req.History = true, history(ask.Items, weights["view"])
	}
	if err := list.policy(&req); err != nil {
		return list, err
	}
	var found []recommend.Recommendation[string]
	var err error
	if ask.Place == "product" {
		found, err = engine.Similar(nil, ask.Items[0], recommend.Request[string, string]{K: ask.K, Reasons: 1, Where: req.Where, Info: &info})
		if errors.Is(err, recommend.ErrUnknownID) { // joined without an event
			found, err = nil, nil
		}
	} else {
		found, err = engine.Recommend(nil, req)
	}
	if errors.Is(err, recommend.ErrUnknownID) {
		return list, fmt.Errorf("category %q: %w", ask.Category, ErrUnknown)
	}
	if err != nil {
		return list, fmt.Errorf("shop: recommend: %w", err)
	}
	list.Known, list.Why, list.Eligible = info.Known, info.Why, info.Eligible
	for _, r := range found {
		x, _ := s.item(r.Item)
		p := Pick{Item: r.Item, Title: x.Title, Category: x.Category, Price: x.Price, Source: r.Source, Score: float64(r.Score), Because: []Reason{}}
		for _, b := range r.Reasons {
			y, _ := s.item(b.Item)
			share := 0.
			if r.Score > 0 {
				share = float64(b.Contribution / r.Score)
			}
			p.Because = append(p.Because, Reason{b.Item, y.Title, share})
		}
		list.Picks = append(list.Picks, p)
	}
	return list, nil
}

// history are items as events of now, oldest first.
func history(items []string, weight float32) []recommend.Event[string] {
	out := make([]recommend.Event[string], len(items))
	for i, id := range items {
		out[i] = recommend.Event[string]{Item: id, Weight: weight}
	}
	return out
}

// Policies are what the arms of an experiment may do with a list.
var Policies = []string{"usual", "popular", "varied"}

// policy changes a request as the list's policy says.
func (l *List) policy(req *recommend.Request[string, string]) error {
	switch l.Policy {
	case "usual":
	case "popular": // as to a stranger, without what the customer has
		req.Anonymous, req.History, req.SeenWeight = true, nil, 0
	case "varied":
		req.Caps = append(req.Caps, recommend.Cap{Attribute: "category", Max: 2})
	default:
		return fmt.Errorf("policy %q: %w", l.Policy, ErrUnknown)
	}
	return nil
}

// unfounded answers for a shop without events: what is in stock, by id.
func (s *Shop) unfounded(list *List, ask Ask) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list.Why = "no events yet"
	for _, id := range s.order {
		if x := s.items[id]; x.Stock > 0 && (ask.Category == "" || x.Category == ask.Category) && !slices.Contains(ask.Items, id) {
			if list.Eligible++; len(list.Picks) < ask.K {
				list.Picks = append(list.Picks, Pick{Item: id, Title: x.Title, Category: x.Category, Price: x.Price, Source: "catalogue", Because: []Reason{}})
			}
		}
	}
}

// item is an item as the writer knows it.
func (s *Shop) item(id string) (store.Item, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	x, ok := s.items[id]
	return x, ok
}

// Item is an item of the shop; ErrUnknown.
func (s *Shop) Item(id string) (store.Item, error) {
	if x, ok := s.item(id); ok {
		return x, nil
	}
	return store.Item{}, fmt.Errorf("item %q: %w", id, ErrUnknown)
}

// loadItems reads the catalogue.
func (s *Shop) loadItems(ctx context.Context) error {
	all, err := s.store.Items(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items, s.order = make(map[string]store.Item, len(all)), make([]string, len(all))
	for i, x := range all {
		s.items[x.ID], s.order[i] = x, x.ID
	}
	return nil
}

// PutItems writes items; lists know of them at once.
func (s *Shop) PutItems(ctx context.Context, items []store.Item) error {
	return s.do(ctx, func(ctx context.Context) error {
		if err := s.store.PutItems(ctx, items); err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return s.restock(ctx)
	})
}

// SetStock writes what is on hand of an item; ErrUnknown.
func (s *Shop) SetStock(ctx context.Context, item string, stock int64) error {
	return s.do(ctx, func(ctx context.Context) error {
		known, err := s.store.SetStock(ctx, item, stock)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if !known {
			return fmt.Errorf("item %q: %w", item, ErrUnknown)
		}
		s.mu.Lock()
		x := s.items[item]
		x.Stock = stock
		s.items[item] = x
		s.mu.Unlock()
		if engine := s.engine.Load(); engine != nil {
			engine.SetItemStock(item, stock > 0)
		}
		return nil
	})
}

// restock reads the catalogue anew and tells the engine.
func (s *Shop) restock(ctx context.Context) error {
	if err := s.loadItems(ctx); err != nil {
		return err
	}
	if engine := s.engine.Load(); engine != nil {
		return s.stockEngine(engine)
	}
	return nil
}
