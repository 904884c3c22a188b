package shop

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/aislekit/aisle/recommend"
)

// header stands before the engine in its file, on a line of its own.
type header struct {
	Shop   string `json:"shop"`
	Seen   int64  `json:"seen"`   // every event up to this number is in
	Fitted int64  `json:"fitted"` // the models know those up to this one
}

func (s *Shop) path() string { return filepath.Join(s.opt.Folder, "engine.aisle") }

// Save writes the engine to its file, whole or not at all.
func (s *Shop) Save() error {
	s.refitting.Lock()
	defer s.refitting.Unlock()
	return s.save()
}

func (s *Shop) save() error {
	// The numbers first: what the engine takes in while it is written is told again.
	s.mu.RLock()
	h := header{Shop: s.store.Shop(), Seen: s.seen, Fitted: s.fitted.Load()}
	s.mu.RUnlock()
	engine := s.engine.Load()
	if engine == nil {
		if err := os.Remove(s.path()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("shop: save: %w", err)
		}
		return nil
	}
	f, err := os.CreateTemp(s.opt.Folder, "engine-*.tmp")
	if err != nil {
		return fmt.Errorf("shop: save: %w", err)
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 1<<20)
	err = json.NewEncoder(w).Encode(h)
	if err == nil {
		_, err = engine.WriteTo(w)
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("shop: save: %w", err)
	}
	if err := os.Rename(f.Name(), s.path()); err != nil {
		return fmt.Errorf("shop: save: %w", err)
	}
	folder, err := os.Open(s.opt.Folder)
	if err != nil {
		return fmt.Errorf("shop: save: %w", err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// errStale says that the file is of another shop, or of a later one than the log.
var errStale = errors.New("the saved engine does not go with the log")

// restore makes the engine from its file or from the log, and tells it the rest.
func (s *Shop) restore(ctx context.Context) error {
	left, err := filepath.Glob(filepath.Join(s.opt.Folder, "engine-*.tmp"))
	if err != nil {
		return err
	}
	for _, name := range left { // of a save that was killed
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("shop: restore: %w", err)
		}
	}
	last, count, err := s.store.Last(ctx)
	if err != nil {
		return err
	}
	h, engine, err := s.load(last)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.opt.Log.Warn("the engine is made from the log", "reason", err)
	}
	fitTo := last
	if engine == nil && s.opt.FitTo > 0 {
		fitTo = min(last, s.opt.FitTo)
	}
	if engine != nil {
		fitTo = h.Fitted
	}
	if count == 0 {
		return nil
	}
	// The models behind segments and values are small: they are fitted again, on what they
	// were fitted on.
	data, sources, m, report, err := s.fitFor(ctx, fitTo, engine)
	if err != nil && !errors.Is(err, recommend.ErrEmpty) {
		return err
	}
	if err != nil {
		engine = nil
	} else {
		s.last.Store(report)
		s.models.Store(m)
	}
	if engine == nil && err == nil {
		if engine, err = recommend.NewEngine(data, s.engineOptions(sources)); err != nil {
			return fmt.Errorf("shop: engine: %w", err)
		}
		// Items join in the order of the catalogue, as after a refit: it breaks ties.
		if err := s.stockEngine(engine); err != nil {
			return err
		}
		if err := s.observeDislikes(ctx, engine); err != nil {
			return err
		}
		h = header{Seen: fitTo}
	}
	if engine != nil {
		s.engine.Store(engine)
		s.fitted.Store(fitTo)
	}
	return s.replay(ctx, h.Seen, last)
}

// fitFor fits what is missing: everything, or beside an engine that was read the models
// of customers alone.
func (s *Shop) fitFor(ctx context.Context, last int64, engine *Engine) (*recommend.Dataset[string, string], []recommend.Source, *models, *Refit, error) {
	if engine == nil {
		return s.fit(ctx, last, s.itemsNow())
	}
	report := &Refit{Began: s.opt.Clock(), Last: last, Sources: []string{}, Problems: []string{}, Users: engine.Dataset().Users.Len(), Items: engine.Dataset().Items.Len()}
	training := newTraining(s.opt.Clock())
	for e, err := range s.store.Events(ctx, 0, last) {
		if err != nil {
			return nil, nil, nil, nil, err
		}
		report.Events++
		training.add(e, s.items[e.Item].Category)
	}
	m, err := training.fit(ctx, report)
	return nil, nil, m, report, err
}

// replay deletes whoever was deleted since the engine was saved, and tells the log: to
// the people all of it, to the engine what it has not.
func (s *Shop) replay(ctx context.Context, seen, last int64) error {
	engine := s.engine.Load()
	if engine != nil {
		pending, err := s.store.Pending(ctx)
		if err != nil {
			return err
		}
		for _, d := range pending {
			if _, err := engine.ForgetAt(d.Pseudonym, d.At); err != nil {
				return fmt.Errorf("shop: deletion: %w", err)
			}
		}
		if err := s.stockEngine(engine); err != nil {
			return err
		}
	}
	for e, err := range s.store.Events(ctx, 0, last) {
		if err != nil {
			return err
		}
		if e.Seq <= seen {
			s.tell(e, nil)
		} else {
			s.tell(e, engine)
		}
	}
	s.mu.Lock()
	s.seen = last
	s.mu.Unlock()
	s.mu.Lock()
	s.told = max(0, last-seen)
	s.mu.Unlock()
	s.opt.Log.Info("restored", "events", last, "replayed", last-seen)
	return nil
}

// load reads the file. The engine is nil after an error.
func (s *Shop) load(last int64) (h header, engine *Engine, err error) {
	f, err := os.Open(s.path())
	if err != nil {
		return h, nil, err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	line, err := r.ReadSlice('\n')
	if err != nil {
		return h, nil, fmt.Errorf("shop: restore: %w", err)
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return h, nil, fmt.Errorf("shop: restore: %w", err)
	}
	if h.Shop != s.store.Shop() || h.Seen > last {
		return h, nil, errStale
	}
	engine, err = recommend.ReadEngine[string, string](r, s.engineOptions(nil))
	if err != nil {
		return h, nil, fmt.Errorf("shop: restore: %w", err)
	}
	if _, err := r.ReadByte(); err != io.EOF {
		return h, nil, fmt.Errorf("shop: restore: %w", recommend.ErrCorrupt)
	}
	return h, engine, nil
}
