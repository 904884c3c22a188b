package recommend

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/vec"
)

// SourceLive names items that the dataset does not know, put into an answer by the number of
// users who took them: those whose live events leave something, as a Builder would fold
// them, and who do not dislike the item. They decay where EngineOptions.PopularHalfLife
// says so, and compete with the popular items, whose score is a number of users too.
const SourceLive = "live"

// Arrival is an item that joins an Engine before the next fit.
type Arrival[I ID] struct {
	// Item is the new id.
	Item I
	// Facts are what rules and caps know about the item; Fact.Item is ignored.
	Facts []Fact[I]
	// Vectors are the item's vectors in the spaces of sources that have vectors,
	// by name of source: ColdStart.ItemVector, ALS.FoldInItem or FM.ItemByFeatures make them, and the
	// encoder of the others for Embeddings, which scale them as they do their own. Where
	// the items of a source have biases, one number more may follow: what the item adds to
	// every score, else 0. The source then ranks the item beside its own.
	Vectors map[string][]float32
	// Text and Tokens let every TFIDFModel among the sources rank the item, as
	// TFIDFModel.ScoreText scores it.
	Text   string
	Tokens []string // attributes, as in TFIDFOptions.Attributes
}

// arrival is an item that the dataset does not know. All but live is immutable.
type arrival[I ID] struct {
	Arrival[I]
	added bool    // by AddItems; else it leaves with its last event
	live  *takers // who have it by live events
}

// AddItems lets items join without refitting: they are recommended from the next
// request on, by the sources that have a vector or text to score them by, and by
// the users who took them since (SourceLive). An item that was added before gets
// its new description. They stay until a Swap to a dataset that knows them, and
// their vectors until a Swap to another fit of the source. Item sets of the
// dataset do not hold them, rules and id lists may.
//
// Errors: ErrDuplicate (an item of the dataset), ErrUnknownID (vectors of a source
// that is none), ErrShape (a vector of another length, or of a source without
// vectors), ErrNotFinite, ErrRange (an id that is the empty string), and those of
// NewCatalogue for facts. After an error no item has joined. Cost: that of all items that joined so far.
func (e *Engine[U, I]) AddItems(items ...Arrival[I]) error {
	if err := e.made("recommend: Engine.AddItems"); err != nil {
		return err
	}
	e.live.write.Lock()
	defer e.live.write.Unlock()
	s := e.state.Load()
	for k := range items {
		a := &items[k]
		where := fmt.Sprintf("recommend: Engine.AddItems: item %v", a.Item)
		if emptyID(a.Item) {
			return fmt.Errorf("recommend: Engine.AddItems: items[%d]: the id is empty: %w", k, ErrRange)
		}
		if s.data.Items.Of(a.Item) >= 0 {
			return fmt.Errorf("%s is in the dataset: %w", where, ErrDuplicate)
		}
		if err := s.checkVectors(a.Vectors, where); err != nil {
			return err
		}
	}
	next := slices.Clone(e.live.registry)
	for k := range items {
		a := &arrival[I]{Arrival: items[k], added: true, live: &takers{}}
		a.Facts = slices.Clone(a.Facts)
		for f := range a.Facts {
			a.Facts[f].Item = a.Item
		}
		a.Tokens = slices.Clone(a.Tokens)
		if len(a.Vectors) > 0 {
			a.Vectors = make(map[string][]float32, len(items[k].Vectors))
			for name, v := range items[k].Vectors {
				a.Vectors[name] = s.placed(name, v)
			}
		}
		at := slices.IndexFunc(next, func(o *arrival[I]) bool { return o.Item == a.Item })
		if at < 0 {
			next = append(next, a)
			continue
		}
		a.live = next[at].live
		next[at] = a
	}
	with, err := s.withArrivals(next, e.live.opt.NewItems, e.live.inStock(), "recommend: Engine.AddItems")
	if err != nil {
		return err
	}
	e.live.setRegistry(next)
	e.state.Store(with)
	return nil
}

// checkVectors refuses vectors, by name of source, of sources that are not there or
// have none, of another length, and with numbers that are not finite.
func (s *state[U, I]) checkVectors(vectors map[string][]float32, where string) error {
	for name, v := range vectors {
		k := slices.IndexFunc(s.sources, func(x Source) bool { return x.Name == name })
		if k < 0 {
			return fmt.Errorf("%s: vector of source %q: %w", where, name, ErrUnknownID)
		}
		m := vectorsOf(s.sources[k].Model)
		if m == nil {
			return fmt.Errorf("%s: source %s has no vectors: %w", where, name, ErrShape)
		}
		if _, bias, f := m.itemVectors(); f != len(v) && (bias == nil || f+1 != len(v)) {
			return fmt.Errorf("%s: vector of length %d, source %s has %d: %w", where, len(v), name, f, ErrShape)
		}
		if err := check.Slice32("vector", v); err != nil {
			return fmt.Errorf("%s: source %s: %w", where, name, err)
		}
	}
	return nil
}

// placed returns a copy of the vector of an item that joins as the source has its own.
func (s *state[U, I]) placed(source string, v []float32) []float32 {
	v = slices.Clone(v)
	k := slices.IndexFunc(s.sources, func(x Source) bool { return x.Name == source })
	if p, ok := vectorsOf(s.sources[k].Model).(placer); ok {
		p.place(v)
	}
	return v
}

// withArrivals returns s with other arrivals: all that were added, and of the
// others the first limit.
func (s *state[U, I]) withArrivals(registry []*arrival[I], limit int, inStock func(I) bool, where string) (*state[U, I], error) {
	next := *s
	next.arrivals, next.byID = nil, nil
	facts := false
	for _, a := range registry {
		if a.added {
			facts = facts || len(a.Facts) > 0
		} else if limit--; limit < 0 {
			continue
		}
		next.arrivals = append(next.arrivals, a)
	}
	next.view.more, next.join, next.scored = nil, nil, nil
	if len(next.arrivals) > 0 {
		next.byID = make(map[I]int32, len(next.arrivals))
		for k, a := range next.arrivals {
			next.byID[a.Item] = int32(s.items + k)
		}
	}
	if facts {
		var all iter.Seq[Fact[I]] = func(yield func(Fact[I]) bool) {
			for _, a := range next.arrivals {
				for _, f := range a.Facts {
					if !yield(f) {
						return
					}
				}
			}
		}
		more, err := newCatalogue(len(next.arrivals), func(id I) int32 { return next.byID[id] - int32(s.items) }, all, s.view.base.bands, where)
		if err != nil {
			return nil, err
		}
		next.view.more, next.join = more, joinCodes(s.view.base, more)
	}
	next.scored = make([]bool, len(s.sources))
	for k, src := range s.sources {
		_, text := itself[textScorer](src.Model)
		for _, a := range next.arrivals {
			if len(a.Vectors[src.Name]) > 0 || text && (a.Text != "" || len(a.Tokens) > 0) {
				next.scored[k] = true
			}
		}
	}
	if next.stock = nil; s.stock != nil && inStock != nil { // what it says of the dataset stays
		next.stock = make(indexSet, next.words())
		copy(next.stock, s.stock[:(s.items+63)/64])
		if r := s.items % 64; r != 0 {
			next.stock[s.items/64] &= 1<<r - 1
		}
		next.addStock(inStock, s.items)
	}
	return &next, nil
}

// setStock makes the bitmap of what is in stock; nil: everything.
func (s *state[U, I]) setStock(inStock func(I) bool) {
	s.stock = nil
	if inStock == nil {
		return
	}
	s.stock = make(indexSet, s.words())
	s.addStock(inStock, 0)
}

func (s *state[U, I]) addStock(inStock func(I) bool, from int) {
	for i := int32(from); int(i) < s.items+len(s.arrivals); i++ {
		if inStock(s.id(i)) {
			s.stock.add(i)
		}
	}
}

// joinedScore is the score of an item that joined, as those of the fit are computed; a bias may
// follow its vector v.
func joinedScore(v, of []float32, base float32) float32 {
	if n := len(of); len(v) > n {
		return vec.Dot(v[:n], of) + (base + v[n])
	}
	return base + vec.Dot(v, of)
}

// scoreArrivals appends the scores of the arrivals by source k, NaN where it
// cannot score one.
func (s *state[U, I]) scoreArrivals(dst []float32, w *scratch[I], k int, q Query) ([]float32, error) {
	nan := float32(math.NaN())
	if !s.scored[k] {
		for range s.arrivals {
			dst = append(dst, nan)
		}
		return dst, nil
	}
	src := &s.sources[k]
	content, text := itself[textScorer](src.Model)
	for _, a := range s.arrivals {
		score := nan
		if v := a.Vectors[src.Name]; len(v) > 0 {
			score = joinedScore(v, w.scan.v, w.scan.base)
		} else if text && (a.Text != "" || len(a.Tokens) > 0) {
			var err error
			score, err = content.ScoreText(q, a.Text, a.Tokens...)
			if errors.Is(err, ErrEmpty) {
				score = nan
			} else if err != nil {
				return dst, err
			}
		}
		dst = append(dst, score)
	}
	return dst, nil
}
