package recommend

import (
	"math"
	"slices"
)

// widened is a model of the first items of a catalogue that grew: it has no score for
// the others.
type widened struct {
	Model
	items int
}

// overGrown returns m over a catalogue of n items, with every ability that m has.
func overGrown(m Model, n int) Model {
	w := &widened{m, n}
	if v := vectorsOf(m); v != nil {
		return &widenedVectors{w, v}
	}
	return w
}

// narrow returns the model that m was made of, m itself where it was of none.
func narrow(m Model) Model {
	if w, ok := m.(interface{ inside() Model }); ok {
		return w.inside()
	}
	return m
}

func (m *widened) inside() Model { return m.Model }

// Items returns the number of items of the catalogue.
func (m *widened) Items() int { return m.items }

// known returns q as the model reads it, without what it cannot know.
func (m *widened) known(q Query) Query {
	n := int32(m.Model.Items())
	if q.views != nil {
		q = q.For(m.Model, nil)
		if all := q.views; all.set.beyond(n) || all.whole.beyond(n) {
			q.views = &views{set: all.set.below(n), whole: all.whole.below(n), session: all.session.below(n)}
		}
	}
	v := view{q.Items, q.Weights}.below(n)
	q.Items, q.Weights = v.items, v.weights
	return q
}

// beyond reports whether v has an item from n on.
func (v view) beyond(n int32) bool {
	return slices.ContainsFunc(v.items, func(i int32) bool { return i >= n })
}

// below returns v without the items from n on.
func (v view) below(n int32) view {
	if !v.beyond(n) {
		return v
	}
	var out view
	for k, i := range v.items {
		if i < n {
			out.items = append(out.items, i)
			if v.weights != nil {
				out.weights = append(out.weights, v.weights[k])
			}
		}
	}
	return out
}

// Score writes the scores of the model, and behind them that there is none.
func (m *widened) Score(dst []float32, q Query) error {
	if err := checkQuery(dst, &q, m.items); err != nil {
		return err
	}
	n := m.Model.Items()
	if err := m.Model.Score(dst[:n], m.known(q)); err != nil {
		return err
	}
	none := float32(math.Inf(-1))
	if m.SparseScores() {
		none = 0
	}
	for i := n; i < len(dst); i++ {
		dst[i] = none
	}
	return nil
}

// Meaning, SparseScores, ReadsOrder and ReadsHistory are the model's.
func (m *widened) Meaning() string    { return meaningOf(m.Model) }
func (m *widened) SparseScores() bool { return sparseScores(m.Model) }
func (m *widened) ReadsOrder() bool   { return readsOrder(m.Model) }
func (m *widened) ReadsHistory() bool { return readsHistory(m.Model) }

// AppendSimilar appends what the model does; nothing for an item that it does not know.
func (m *widened) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	s, ok := m.Model.(Similar)
	if !ok || item >= int32(m.Model.Items()) && int(item) < m.items {
		return dst, nil
	}
	return s.AppendSimilar(dst, item, k)
}

// AppendReasons appends what the model does.
func (m *widened) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	e, ok := m.Model.(Explainer)
	if !ok || item >= int32(m.Model.Items()) && int(item) < m.items {
		return dst, nil
	}
	return e.AppendReasons(dst, m.known(q), item, k)
}

// AppendSimilarUsers appends what the model does.
func (m *widened) AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error) {
	s, ok := m.Model.(SimilarUsers)
	if !ok {
		return dst, nil
	}
	return s.AppendSimilarUsers(dst, user, k)
}

// widenedVectors is widened for a model of vectors, so that it is scanned by them and
// items that join may bring some. Items behind the vectors have no score: see state.ask.
type widenedVectors struct {
	*widened
	vectors vectorScorer
}

func (m *widenedVectors) self() Model { return m }

func (m *widenedVectors) queryVector(buf []float32, q Query) (v []float32, base float32, err error) {
	if err := checkHistory(&q, m.items); err != nil {
		return nil, 0, err
	}
	return m.vectors.queryVector(buf, m.known(q))
}

func (m *widenedVectors) itemVectors() (y, bias []float32, factors int) {
	return m.vectors.itemVectors()
}

func (m *widenedVectors) lengths() []float64 { return m.vectors.lengths() }

func (m *widenedVectors) byNorm() *normOrder { return m.vectors.byNorm() }

func (m *widenedVectors) place(v []float32) {
	if p, ok := m.vectors.(placer); ok {
		p.place(v)
	}
}
