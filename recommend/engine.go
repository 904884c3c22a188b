package recommend

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/rng"
)

// SourcePopular names the popularity of an Engine: its own last resort, whose
// Score is the number of users of the item, decayed where
// EngineOptions.PopularHalfLife says so.
const SourcePopular = "popular"

const defaultMaxK = 1000

// Source is a model with the name it has in answers.
type Source struct {
	Name string // not empty, and not that of another source
	// Model is fitted on the dataset of the engine, or on one that it grew from (see
	// Dataset.Grow): a model of its first items and users is asked about these, the
	// others are filled by the sources after it, and new users are folded in. One of
	// another catalogue is ErrMismatch, where both know their ids.
	Model Model
	// Calibrate, when set, turns a score into a probability, for
	// Recommendation.Probability: a calibrator of package predict, or a table. It
	// must be safe for concurrent use; what it returns outside [0, 1] does not
	// count.
	Calibrate func(score float64) float64
	// Meaning, when set, is what Engine.Meaning says about the scores.
	Meaning string
	// MinScore, when not 0, is the score below which an item is left to the sources
	// after this one, boosts aside; MinSimilar the same of Engine.Similar and
	// SimilarUsers.
	MinScore   float32
	MinSimilar float32
}

// EngineOptions configures an Engine. With the zero value every answer is by
// popularity.
type EngineOptions struct {
	// Sources is the fallback chain, best first. A request goes to the first
	// model that knows something about it; what that model cannot fill is filled
	// by the ones after it, and in the end by popularity. Names must be distinct.
	Sources []Source

	// Catalogue is what rules and caps know about the items of the dataset; nil
	// is Dataset.Catalogue.
	Catalogue *Catalogue
	// Watermark, when set, says that the dataset contains every event up to then:
	// live events that are not later are dropped, and refused. Pairs of user and
	// item that the dataset knows with a time need none.
	Watermark time.Time
	// Rerank, when set, makes answers good as whole lists: see there. Request.Rerank
	// goes before it.
	Rerank *Rerank
	// PopularHalfLife, when > 0, makes the last resort popular now: an entry of the
	// dataset counts 2^(-age/PopularHalfLife), its age before the dataset's last. A user
	// who took an item that joined counts so too, by the last event of the two and its age
	// before the latest of all such events, or before the dataset's last if that is later.
	// The dataset needs times.
	PopularHalfLife time.Duration
	// MaxK is how many items a request may ask for, All and Similar included, so that a
	// number from a URL cannot make the engine sort the catalogue; default 1000.
	MaxK int
	// Live bounds live events. Swap does not read it.
	Live LiveOptions
}

// validate checks o for a dataset of so many users and items.
func (o *EngineOptions) validate(where string, users, items int) error {
	var c check.Options
	names := make(map[string]bool, len(o.Sources))
	for k, s := range o.Sources {
		field := func(f string) string { return fmt.Sprintf("Sources[%d].%s", k, f) }
		c.Require(s.Name != "", field("Name"), "empty", "a name")
		c.Require(s.Name == "" || !names[s.Name], field("Name"), s.Name, "a name of its own")
		c.Require(!check.Missing(s.Model), field("Model"), "nil", "a model")
		names[s.Name] = true
	}
	for k, s := range o.Sources {
		c.Require(check.Finite(float64(s.MinScore)), fmt.Sprintf("Sources[%d].MinScore", k), s.MinScore, "finite")
		c.Require(check.Finite(float64(s.MinSimilar)), fmt.Sprintf("Sources[%d].MinSimilar", k), s.MinSimilar, "finite")
	}
	check.NonNegative(&c, "PopularHalfLife", int64(o.PopularHalfLife))
	check.NonNegative(&c, "MaxK", o.MaxK)
	o.Live.validate(&c)
	c.Require(o.Watermark.IsZero() || o.Watermark.After(time.Unix(0, math.MinInt64)) && o.Watermark.Before(time.Unix(0, math.MaxInt64)), "Watermark", o.Watermark, "between the years 1678 and 2262")
	if err := c.Err(where); err != nil {
		return err
	}
	if o.Catalogue != nil && o.Catalogue.n != items {
		return fmt.Errorf("%s: the catalogue knows %d items, the dataset has %d: %w", where, o.Catalogue.n, items, ErrMismatch)
	}
	for _, s := range o.Sources {
		if n := s.Model.Items(); n != items {
			return fmt.Errorf("%s: source %s knows %d items, the dataset has %d: %w", where, s.Name, n, items, ErrMismatch)
		}
		// Fewer users are fine: the rest came later and is folded in.
		if n := s.Model.Users(); n > users {
			return fmt.Errorf("%s: source %s knows %d users, the dataset has %d: %w", where, s.Name, n, users, ErrMismatch)
		}
	}
	if o.Rerank != nil {
		if err := o.Rerank.validate(items, where, "Rerank"); err != nil {
			return err
		}
		return o.Rerank.validateGroups(where, "Rerank")
	}
	return nil
}

// Engine answers requests in ids: dataset, models, filters, fallback and
// explanation behind one call, made to live inside a backend. Events are observed
// as they happen, items join, users are forgotten, models are swapped, all while
// it answers; see Observe, AddItems, Forget and Swap. Snapshot saves what it
// learned since the dataset.
//
// Every answer has exactly min(K, eligible) distinct items (fewer only under
// caps, see Cap). A request with a buffer of sufficient capacity allocates
// nothing in steady state, as long as its models do not. An Engine is safe for
// concurrent use: each request sees one dataset with the models fitted on it, and
// every event whose Observe returned before the request began. It starts no
// goroutine of its own.
//
// Memory: for each request that runs at the same time 4 bytes and 2 bits an item,
// and what LiveOptions allows.
type Engine[U, I ID] struct {
	state atomic.Pointer[state[U, I]]
	pool  sync.Pool // of *scratch[I]
	live  live[U, I]
}

// NewEngine returns an engine over the dataset and the models fitted on it.
// Errors: ErrEmpty (no dataset), ErrShape (one whose parts do not fit), ErrOption (a source without name or model, a
// name twice, a field out of range), ErrMismatch (a model or attributes of
// another catalogue).
func NewEngine[U, I ID](d *Dataset[U, I], opt EngineOptions) (*Engine[U, I], error) {
	opt.Live = opt.Live.withDefaults()
	s, err := newState(d, opt, "recommend: NewEngine")
	if err != nil {
		return nil, err
	}
	e := &Engine[U, I]{}
	e.live.init(opt.Live)
	e.state.Store(s)
	return e, nil
}

// Swap replaces the dataset and the models in one step: requests under way end
// on the old ones, later requests see the new ones, nobody waits. Live events
// stay, except those that the new dataset contains (see Observe); so do joined
// items that it does not know, masks and stock. The same checks and errors as
// NewEngine; after an error the engine goes on as it was. Cost beyond that of
// NewEngine: a look at every live event, during which Observe waits.
func (e *Engine[U, I]) Swap(d *Dataset[U, I], opt EngineOptions) error {
	const where = "recommend: Engine.Swap"
	if err := e.made(where); err != nil {
		return err
	}
	opt.Live = LiveOptions{}.withDefaults() // not read
	s, err := newState(d, opt, where)
	if err != nil {
		return err
	}
	e.live.write.Lock()
	defer e.live.write.Unlock()
	return e.settle(s, where)
}

// Dataset returns the dataset in use, for making item sets that fit it.
func (e *Engine[U, I]) Dataset() *Dataset[U, I] {
	if e.made("") != nil {
		return nil
	}
	return e.state.Load().data
}

// made returns ErrEmpty for an Engine that NewEngine did not make.
func (e *Engine[U, I]) made(where string) error {
	if e == nil || e.state.Load() == nil {
		return fmt.Errorf("%s: the Engine was not made by NewEngine: %w", where, ErrEmpty)
	}
	return nil
}

// Meaning says what a score of that source stands for: Source.Meaning where the
// host set it, else what is known about the model; "" for a source that is none.
func (e *Engine[U, I]) Meaning(source string) string {
	if e.made("") != nil {
		return ""
	}
	for _, s := range e.state.Load().sources {
		if s.Name == source {
			if s.Meaning != "" {
				return s.Meaning
			}
			return meaningOf(s.Model)
		}
	}
	switch source {
	case SourcePopular:
		if e.state.Load().halfLife > 0 {
			return "number of users who took the item, halved with every PopularHalfLife since"
		}
		return "number of users who took the item"
	case SourceLive:
		if e.state.Load().halfLife > 0 {
			return "number of users who took the item by live events, halved with every PopularHalfLife since"
		}
		return "number of users who took the item by live events"
	case SourcePinned:
		return "none: the request put the item there"
	}
	return ""
}

// newState is the state of an engine over d in which nothing has happened yet:
// NewEngine starts with it, Swap settles live events in it.
func newState[U, I ID](d *Dataset[U, I], opt EngineOptions, where string) (*state[U, I], error) {
	if err := d.check(where); err != nil {
		return nil, err
	}
	if d.Items.Len() == 0 {
		return nil, fmt.Errorf("%s: dataset: %w", where, ErrEmpty)
	}
	users, items := d.Interactions.Users(), d.Interactions.Items()
	opt, err := d.fit(opt, where)
	if err != nil {
		return nil, err
	}
	if err := opt.validate(where, users, items); err != nil {
		return nil, err
	}
	if err := d.checkRerank(opt.Rerank, where); err != nil {
		return nil, err
	}
	s := &state[U, I]{data: d, items: items, sources: append([]Source(nil), opt.Sources...), maxK: check.Default(opt.MaxK, defaultMaxK), catalogue: catalogueOf(d), watermark: math.MinInt64}
	if !opt.Watermark.IsZero() {
		s.watermark = opt.Watermark.UnixNano()
	}
	if opt.Rerank != nil {
		r := opt.Rerank.withDefaults()
		s.rerank = &r
	}
	for _, src := range s.sources {
		s.sparse = append(s.sparse, sparseScores(src.Model))
		s.ordered = s.ordered || readsOrder(src.Model)
	}
	s.scored = make([]bool, len(s.sources))
	if err := s.countUsers(opt.PopularHalfLife, where); err != nil {
		return nil, err
	}
	if s.view.base = opt.Catalogue; s.view.base == nil {
		s.view.base = &Catalogue{n: items}
	}
	return s, nil
}

// countUsers counts the users of each item, decayed where there is a half-life.
func (s *state[U, I]) countUsers(halfLife time.Duration, where string) error {
	x := s.data.Interactions
	if halfLife > 0 {
		if !x.HasTimes() {
			return fmt.Errorf("%s: PopularHalfLife is %v but the dataset has no times: %w", where, halfLife, ErrOption)
		}
		m, err := fitPopular(context.Background(), x, PopularOptions{HalfLife: halfLife}, strings.TrimPrefix(where, "recommend: "))
		if err != nil {
			return err
		}
		s.popular, s.halfLife, s.last = m.scores, int64(halfLife), math.MinInt64
		for _, t := range x.times {
			s.last = max(s.last, t)
		}
		return nil
	}
	s.popular = make([]float32, s.items)
	for i, n := range x.ItemCounts() {
		s.popular[i] = float32(n)
	}
	return nil
}

// catalogueOf is a fingerprint of the ids of the items, in their order.
func catalogueOf[U, I ID](d *Dataset[U, I]) uint64 {
	sum := rng.Hash(0)
	for _, id := range d.Items.IDs() {
		sum = rng.Hash(sum, ids.Seeded(id, 0))
	}
	return sum
}
