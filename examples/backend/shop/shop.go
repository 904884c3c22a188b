package shop

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/predict/ads"
	"github.com/aislekit/aisle/recommend"
)

// Engine answers by pseudonym and item.
type Engine = recommend.Engine[string, string]

// Options configures a Shop.
type Options struct {
	Store *store.Store
	Keys  *Keys
	// Folder is where the engine is saved; it is made.
	Folder string
	// Clock tells the time; default time.Now.
	Clock func() time.Time
	// Log takes what happened, without a customer's data; default none.
	Log *slog.Logger
	// Seed is that of the models.
	Seed uint64
	// WriteTimeout is how long a transaction may take; default 5 s.
	WriteTimeout time.Duration
	// FitTo, when > 0, is the number of the last event that the models of a shop made from
	// the log alone are fitted on; those after it are told to the engine. Default all.
	FitTo int64
	// Sources, when set, fits the models behind lists in place of the shop's own: the first
	// that has something to say answers.
	Sources func(ctx context.Context, data *recommend.Dataset[string, string]) ([]recommend.Source, error)
}

// Errors of a Shop.
var (
	ErrUnavailable = errors.New("the store is unavailable")
	ErrClosed      = errors.New("the shop is closed")
	ErrUnknown     = errors.New("unknown")
	ErrInvalid     = errors.New("invalid")
)

// Shop answers requests and takes events. All methods are safe for concurrent use.
type Shop struct {
	opt    Options
	store  *store.Store
	keys   *Keys
	engine atomic.Pointer[Engine] // nil until there is an event
	models atomic.Pointer[models] // never nil
	ads    *ads.Server[string]

	queue   chan *job
	quit    chan struct{}
	stopped sync.WaitGroup

	refitting sync.Mutex // one refit, purge or save at a time

	// The writer changes what follows, under mu.
	mu     sync.RWMutex
	seen   int64 // number of the last event that was told
	told   int64 // events told since the start
	behind bool  // a commit may have happened that was not told
	items  map[string]store.Item
	order  []string // their ids, ascending
	people people
	fitted atomic.Int64 // the last event that the models know

	experiments atomic.Pointer[map[string]store.Experiment]
	faq         atomic.Pointer[faq]
	ready       atomic.Bool
	last        atomic.Pointer[Refit]
}

// job is one thing that the writer does: an event, or a function.
type job struct {
	event    store.Event
	customer store.Customer
	fate     store.Fate
	run      func(context.Context) error
	err      error
	done     chan struct{}
}

// Open restores the shop, or makes it from the log, and starts its writer.
func Open(ctx context.Context, opt Options) (*Shop, error) {
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.WriteTimeout == 0 {
		opt.WriteTimeout = 5 * time.Second
	}
	if err := os.MkdirAll(opt.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("shop: folder: %w", err)
	}
	s := &Shop{
		opt: opt, store: opt.Store, keys: opt.Keys, queue: make(chan *job, 1024), quit: make(chan struct{}),
		items: map[string]store.Item{}, people: people{},
	}
	s.models.Store(&models{})
	for _, load := range []func(context.Context) error{s.loadItems, s.loadExperiments, s.loadFAQ, s.restore, s.loadAds} {
		if err := load(ctx); err != nil {
			return nil, err
		}
	}
	s.stopped.Add(1)
	go s.write()
	s.ready.Store(true)
	return s, nil
}

// Close lets what waits be written, and ends the writer. It does not save: see Save.
func (s *Shop) Close() {
	s.ready.Store(false)
	close(s.quit)
	s.stopped.Wait()
}

// Ready reports whether the shop answers and its database does.
func (s *Shop) Ready(ctx context.Context) error {
	if !s.ready.Load() {
		return ErrClosed
	}
	if err := s.store.Ping(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// write is the one goroutine that changes the shop. It takes all events that wait into
// one transaction, at most 256.
func (s *Shop) write() {
	defer s.stopped.Done()
	for {
		var first *job
		select {
		case first = <-s.queue:
		case <-s.quit:
			select {
			case first = <-s.queue:
			default:
				return
			}
		}
		batch, next := []*job{}, first
		for next != nil && next.run == nil && len(batch) < 256 {
			batch, next = append(batch, next), nil
			select {
			case next = <-s.queue:
			default:
			}
		}
		s.commit(batch)
		if next != nil && next.run == nil {
			s.commit([]*job{next})
		} else if next != nil {
			ctx, cancel := context.WithTimeout(context.Background(), s.opt.WriteTimeout)
			next.err = next.run(ctx)
			cancel()
			close(next.done)
		}
	}
}

// commit stores the events of a batch, tells the engine of them, and lets the senders go.
func (s *Shop) commit(batch []*job) {
	if len(batch) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.opt.WriteTimeout)
	defer cancel()
	err := s.catchUp(ctx)
	events, customers := make([]store.Event, len(batch)), make([]store.Customer, len(batch))
	for i, j := range batch {
		events[i], customers[i] = j.event, j.customer
	}
	var fates []store.Fate
	if err == nil {
		if fates, err = s.store.AddEvents(ctx, events, customers); err != nil {
			s.mu.Lock()
			s.behind = true // it may have been committed all the same
			s.mu.Unlock()
		}
	}
	if err != nil {
		s.opt.Log.Error("events were not stored", "events", len(batch), "error", err)
	}
	for i, j := range batch {
		if err != nil {
			j.fate, j.err = store.Failed, fmt.Errorf("%w: %w", ErrUnavailable, err)
		} else if j.event, j.fate = events[i], fates[i]; j.fate == store.Stored {
			s.tell(j.event, s.engine.Load())
		}
	}
	if err == nil && s.engine.Load() == nil && events[0].Seq > 0 {
		if err := s.found(ctx); err != nil {
			s.opt.Log.Error("no first engine", "error", err)
		}
	}
	for _, j := range batch {
		close(j.done)
	}
}

// catchUp tells what was committed without being told.
func (s *Shop) catchUp(ctx context.Context) error {
	s.mu.RLock()
	behind, seen := s.behind, s.seen
	s.mu.RUnlock()
	if !behind {
		return nil
	}
	last, _, err := s.store.Last(ctx)
	if err != nil {
		return err
	}
	if err := s.loadItems(ctx); err != nil {
		return err
	}
	for e, err := range s.store.Events(ctx, seen, last) {
		if err != nil {
			return err
		}
		s.tell(e, s.engine.Load())
	}
	s.mu.Lock()
	s.behind = false
	s.mu.Unlock()
	return nil
}

// tell lets people, stock and the engine, if it is not nil, know of a stored event. Who
// tells is the writer, or Open before there is one.
func (s *Shop) tell(e store.Event, engine *Engine) {
	s.mu.Lock()
	if e.Seq <= s.seen {
		s.mu.Unlock()
		return
	}
	s.seen = e.Seq
	s.told++
	x := s.items[e.Item]
	s.people.add(e, x.Category)
	out := false
	if e.Kind == store.KindOrder && s.ready.Load() { // before, the store has told of the stock
		x.Stock = max(0, x.Stock-e.Quantity)
		s.items[e.Item] = x
		out = x.Stock == 0
	}
	s.mu.Unlock()
	if engine != nil {
		s.observe(engine, e)
		if out {
			engine.SetItemStock(e.Item, false)
		}
	}
	if e.Kind == store.KindAnswer {
		s.faq.Load().count(e.Item)
	}
}

// do lets the writer run a function between two transactions.
func (s *Shop) do(ctx context.Context, run func(context.Context) error) error {
	j := &job{run: run, done: make(chan struct{})}
	if err := s.enqueue(ctx, j); err != nil {
		return err
	}
	<-j.done
	return j.err
}

// enqueue waits for a place in the queue.
func (s *Shop) enqueue(ctx context.Context, j *job) error {
	if !s.ready.Load() {
		return ErrClosed
	}
	select {
	case s.queue <- j:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnavailable, context.Cause(ctx))
	}
}

// Event is what a sender says of an event, by the id of the shop for the customer.
type Event struct {
	ID, Customer, Item, Kind string
	At                       time.Time
	Quantity, Amount         int64
	Purchase, Session, Words string
}

// Record stores events and tells the engine of them. Each has its fate; where one Failed,
// the error says why, and the same events may be sent again.
func (s *Shop) Record(ctx context.Context, events []Event) ([]store.Fate, error) {
	jobs := make([]*job, len(events))
	now := s.opt.Clock()
	for i, e := range events {
		jobs[i] = &job{done: make(chan struct{}), customer: s.customer(e.Customer, now), event: store.Event{
			ID: e.ID, Customer: s.keys.Pseudonym(e.Customer), Item: e.Item, Kind: e.Kind, At: e.At.UTC(),
			Quantity: e.Quantity, Amount: e.Amount, Purchase: e.Purchase, Session: e.Session, Words: e.Words,
		}}
	}
	fates := make([]store.Fate, len(events))
	var failed error
	sent := 0
	for _, j := range jobs {
		if failed = s.enqueue(ctx, j); failed != nil {
			break
		}
		sent++
	}
	for i, j := range jobs {
		fates[i] = store.Failed
		if i < sent {
			<-j.done // the writer has a time limit of its own
			fates[i] = j.fate
			failed = errors.Join(failed, j.err)
		}
	}
	return fates, failed
}

// customer is what the store gets to know of a customer.
func (s *Shop) customer(id string, now time.Time) store.Customer {
	return store.Customer{Pseudonym: s.keys.Pseudonym(id), Sealed: s.keys.Seal(id), Subject: s.keys.Subject(id), Since: now}
}

// Status is what the shop says of itself.
type Status struct {
	Seen      int64               `json:"seen"`
	Fitted    int64               `json:"fitted"`
	Told      int64               `json:"told"`
	Customers int                 `json:"customers"`
	Items     int                 `json:"items"`
	Live      recommend.LiveStats `json:"live"`
	Refit     *Refit              `json:"refit"`
}

// Status tells numbers, none about a customer.
func (s *Shop) Status() Status {
	s.mu.RLock()
	st := Status{Seen: s.seen, Fitted: s.fitted.Load(), Told: s.told, Customers: len(s.people), Items: len(s.items), Refit: s.last.Load()}
	s.mu.RUnlock()
	if engine := s.engine.Load(); engine != nil {
		st.Live = engine.Live()
	}
	return st
}
