package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// stack is the blend with its best items put in another order, by what a part of the
// training data that was held out says of them: a linear function of the scores of the parts,
// of popularity and of how much the user has, learned as learnStack does. The parts are those of the
// blend, which find the candidates, and the neighbours of users, which have a say in their
// order. They are fitted twice: on what was not held out, where the function is
// learned, and, with the settings found there, on all training data. Its
// settings are those of the parts behind "<part>."; -tune tunes every part for itself.
//
// It is no hybrid.Stack: that takes the candidates of each source, and their raw scores as features;
// hybrid.StackFeatures fits the sources once a fold. Candidates of the sum, scores
// standardised over the catalogue, and two fits are what this one lives on.
func stack() algorithm {
	parts := append(slices.Clone(blend().parts), userKNN())
	a := algorithm{name: "stack", parts: parts, params: partParams(parts)}
	a.rank = func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		weights, s, err := a.stackWeights(ctx, x, s, e)
		if err != nil {
			return nil, fmt.Errorf("stack: %w", err)
		}
		m, err := a.fitStack(ctx, x, s, e)
		if err != nil {
			return nil, fmt.Errorf("stack: %w", err)
		}
		m.weights = weights
		return m, nil
	}
	return a
}

// stackHelpers is the number of parts, the last ones, that have no say in who is a candidate.
const stackHelpers = 1

// stackWeights returns the weights of the features, and the settings that the parts took where they were
// learned. Where too few users have entries enough to hold out, there are no
// weights: the order of the blend stays.
func (a algorithm) stackWeights(ctx context.Context, x *recommend.Interactions, s settings, e Env) ([]float64, settings, error) {
	h, ok := holdOutForStack(x, e.Seed)
	if !ok {
		return nil, s, nil
	}
	m, err := a.fitStack(ctx, h.rest, s, e)
	if err != nil {
		return nil, nil, err
	}
	groups, err := m.groups(ctx, h, e.Workers)
	if err != nil {
		return nil, nil, err
	}
	start := make([]float64, m.width())
	for k := range len(a.parts) - stackHelpers {
		start[k] = 1 / float64(len(a.parts)-stackHelpers)
	}
	weights, err := learnStack(ctx, groups, start, e.Seed)
	if err != nil {
		return nil, nil, err
	}
	found, err := complete(a.params, effective(a.params, s, m))
	return weights, found, err
}

// fitStack fits the parts to x; without weights, the model is their blend.
func (a algorithm) fitStack(ctx context.Context, x *recommend.Interactions, s settings, e Env) (*stacked, error) {
	m := &stacked{users: x.Users(), items: x.Items(), names: names(a.parts)}
	for _, p := range a.parts {
		part, err := p.rank(ctx, x, s.of(p.name), e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		scaled, err := hybrid.NewBlend([]hybrid.Weighted{{Model: part}}, hybrid.BlendOptions{Normalize: hybrid.ZScore})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		m.in, m.scaled = append(m.in, hybrid.Weighted{Model: part}), append(m.scaled, scaled)
	}
	for _, n := range x.ItemCounts() {
		m.popularity = append(m.popularity, centred(n)/1.5)
	}
	m.pool.New = func() any {
		w := &stackScratch{z: make([][]float32, len(m.in)), sum: make([]float32, m.items), own: make([]bool, m.items), features: make([]float32, m.width())}
		for k := range w.z {
			w.z[k] = make([]float32, m.items)
		}
		return w
	}
	return m, nil
}

// centred is the logarithm of a count, 0 at about twenty.
func centred(n int) float32 { return float32(math.Log1p(float64(n)) - 3) }

// stacked is the model; without weights, the equal blend of the parts that find candidates.
type stacked struct {
	users, items int
	names        []string // of the parts
	in           []hybrid.Weighted
	scaled       []*hybrid.Blend // each of the parts, standardised for each query
	popularity   []float32       // of the items
	weights      []float64       // of the features

	pool sync.Pool // of *stackScratch
}

// stackScratch is the memory of one query.
type stackScratch struct {
	z          [][]float32 // scores of each part, 0 where it does not know the query
	sum        []float32   // of those that find candidates
	own        []bool      // the history; all false between queries
	best       topk.Heap
	candidates []topk.Item // best sum first
	learned    []float32   // their scores
	features   []float32   // of one of them
}

// stackDepth is how many items of the blend are put in order.
const stackDepth = 150

func (m *stacked) Users() int { return m.users }
func (m *stacked) Items() int { return m.items }

// part returns the part of that name.
func (m *stacked) part(name string) recommend.Model {
	return m.in[slices.Index(m.names, name)].Model
}

func (m *stacked) parts() []hybrid.Weighted { return m.in }

// Score writes the learned scores of the candidates, and below them the others as the sum has them.
func (m *stacked) Score(dst []float32, q recommend.Query) error {
	if len(dst) != m.items {
		return fmt.Errorf("stack: %d scores, want %d: %w", len(dst), m.items, recommend.ErrShape)
	}
	w := m.pool.Get().(*stackScratch)
	defer m.pool.Put(w)
	if err := m.find(w, q); err != nil {
		return err
	}
	if m.weights == nil || len(w.candidates) == 0 {
		copy(dst, w.sum)
		return nil
	}
	w.learned = w.learned[:0]
	for _, it := range w.candidates {
		m.describe(w.features, w.z, it.ID, centred(len(q.Items)))
		w.learned = append(w.learned, float32(product(m.weights, w.features)))
	}
	below := slices.Min(w.learned) - slices.Max(w.sum) - 1
	for i, v := range w.sum {
		dst[i] = v + below
	}
	for k, it := range w.candidates {
		dst[it.ID] = w.learned[k]
	}
	return nil
}

// find asks all parts and leaves the scores, their sum, and the candidates in w.
func (m *stacked) find(w *stackScratch, q recommend.Query) error {
	clear(w.sum)
	answered := false
	for k, part := range m.scaled {
		err := part.Score(w.z[k], q)
		if errors.Is(err, recommend.ErrEmpty) {
			clear(w.z[k])
			continue
		}
		if err != nil {
			return err
		}
		answered = true
		if k < len(m.scaled)-stackHelpers {
			for i, v := range w.z[k] {
				w.sum[i] += v
			}
		}
	}
	if !answered {
		return recommend.ErrEmpty
	}
	for _, i := range q.Items {
		w.own[i] = true
	}
	w.best.Reset(stackDepth)
	for i, v := range w.sum {
		if !w.own[i] && q.Eligible(int32(i)) {
			w.best.Push(int32(i), v)
		}
	}
	for _, i := range q.Items {
		w.own[i] = false
	}
	w.candidates = w.best.AppendSorted(w.candidates[:0])
	return nil
}

// width is the number of features of an item.
func (m *stacked) width() int { return 4*len(m.in) + 3 }

// describe writes the features of item i: of each part its score, the root of that with its
// sign, and the score times the user's activity and times the item's popularity; then popularity,
// that times activity, and its square.
func (m *stacked) describe(dst []float32, z [][]float32, i int32, activity float32) {
	popularity := m.popularity[i]
	for k := range z {
		v := z[k][i]
		dst[k] = v
		dst[len(z)+k] = float32(math.Copysign(math.Sqrt(math.Abs(float64(v))), float64(v)))
		dst[2*len(z)+k] = v * activity
		dst[3*len(z)+k] = v * popularity
	}
	last := dst[4*len(z):]
	last[0], last[1], last[2] = popularity, popularity*activity, popularity*popularity
}

// groups returns the candidates of all users of whom entries are held out and among whose candidates
// one of these is.
func (m *stacked) groups(ctx context.Context, h *stackHeldOut, workers int) ([]stackGroup, error) {
	all := make([]stackGroup, len(h.users))
	err := parallel.For(ctx, len(all), 4, workers, func(_, lo, hi int) error {
		w := m.pool.Get().(*stackScratch)
		defer m.pool.Put(w)
		for n := lo; n < hi; n++ {
			q := h.rest.Query(h.users[n])
			if err := m.find(w, q); err != nil {
				return err
			}
			g := &all[n]
			g.want = len(h.hidden[n])
			for k, it := range w.candidates {
				if _, taken := slices.BinarySearch(h.hidden[n], it.ID); taken {
					g.taken = append(g.taken, k)
				}
			}
			if len(g.taken) == 0 {
				continue
			}
			g.features = make([]float32, len(w.candidates)*m.width())
			for k, it := range w.candidates {
				m.describe(g.features[k*m.width():(k+1)*m.width()], w.z, it.ID, centred(len(q.Items)))
			}
		}
		return nil
	})
	return slices.DeleteFunc(all, func(g stackGroup) bool { return len(g.taken) == 0 }), err
}
