package recommend

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

// gfcfPasses of the randomised SVD are enough to tell how many vectors to take, and
// gfcfBeyond the most that is tried beyond the rule.
const (
	gfcfPasses = 3
	gfcfBeyond = 512
)

// chosen returns opt with the Factors, then the Alpha, that suit entries which the fit did not
// see: from 7/4 of the number of the rule (see spectralFactors), which is as
// much as three times its cost, to an eighth of it, and from half to three times the weight. How far the rule is off depends on the data: too many vectors where few know little of
// each other, half of them where the same few customers buy much of the catalogue. The
// vectors are nested, so one decomposition of the rest tells all.
func (o GFCFOptions) chosen(ctx context.Context, x *Interactions) (GFCFOptions, error) {
	h, ok, err := x.holdOut(ctx)
	if err != nil || !ok {
		return o, err
	}
	g, err := newItemGraph(ctx, h.rest, o.UseWeights, o.Workers)
	if err != nil {
		return o, err
	}
	if g.checkSums("FitGFCF", o.Factors) != nil { // the fit itself will say so
		return o, nil
	}
	most, v, err := g.vectors(ctx, PureSVDOptions{Factors: max(o.Factors, min(7*o.Factors/4, gfcfBeyond)), Iterations: gfcfPasses, Seed: o.Seed, Workers: o.Workers})
	if err != nil {
		return o, err
	}
	t := gfcfTrial{itemGraph: g, h: &h, v: v, most: most, scratch: make([]gfcfScratch, parallel.Workers(o.Workers))}
	for _, d := range g.sums {
		t.root = append(t.root, float32(math.Sqrt(float64(d))))
	}
	t.settings = []gfcfSetting{{min(o.Factors, most), o.Alpha}}
	for n := most; n >= max(o.Factors/8, 4); n /= 2 {
		t.settings = append(t.settings, gfcfSetting{n, o.Alpha})
	}
	n, err := h.choose(ctx, len(t.settings), o.Workers, t.score)
	if err != nil {
		return o, err
	}
	if n > 0 {
		o.Factors = t.settings[n].factors
	}
	t.settings = t.settings[:0]
	for _, times := range []float64{1, 0.5, 2, 3} {
		t.settings = append(t.settings, gfcfSetting{min(o.Factors, most), times * o.Alpha})
	}
	n, err = h.choose(ctx, len(t.settings), o.Workers, t.score)
	o.Alpha = t.settings[n].alpha
	return o, err
}

type gfcfSetting struct {
	factors int
	alpha   float64
}

// gfcfTrial judges settings of both filters on what is held out.
type gfcfTrial struct {
	itemGraph           // of the rest
	h         *heldOut  //
	v         []float32 // right singular vectors, items×most
	most      int
	root      []float32 // √ of the sums
	settings  []gfcfSetting
	scratch   []gfcfScratch // by worker
}

type gfcfScratch struct {
	people              []float32 // R̃ times the history
	z                   []float32 // Vᵀ·D_I^-½ times the history
	linear, ideal, both []float32 // scores of the items
	order               []int     // of the settings, by their number of vectors
	best                topk.Heap
	list                []topk.Item
}

// score fills in what each setting gives the n-th user. The filter of more vectors is that of fewer and
// what the next ones add.
func (t *gfcfTrial) score(w, n int, gains []float64) error {
	s := &t.scratch[w]
	if s.people == nil {
		s.people, s.z = make([]float32, t.r.Rows), make([]float32, t.most)
		s.linear, s.ideal, s.both = make([]float32, t.r.Cols), make([]float32, t.r.Cols), make([]float32, t.r.Cols)
	}
	t.filter(s, int(t.h.users[n]))
	s.order = s.order[:0]
	for k := range t.settings {
		s.order = append(s.order, k)
	}
	slices.SortStableFunc(s.order, func(a, b int) int { return cmp.Compare(t.settings[a].factors, t.settings[b].factors) })
	clear(s.ideal)
	from := 0
	for _, k := range s.order {
		o := t.settings[k]
		if o.factors > from {
			z := s.z[from:o.factors]
			for i := range s.ideal {
				s.ideal[i] += vec.Dot(t.v[i*t.most+from:i*t.most+o.factors], z)
			}
			from = o.factors
		}
		alpha := float32(o.alpha)
		for i, v := range s.ideal {
			s.both[i] = s.linear[i] + alpha*t.root[i]*v
		}
		gains[k], s.list = t.h.gain(n, s.both, &s.best, s.list)
	}
	return nil
}

// filter runs the history of user u through the linear filter, and through the half of the ideal one
// that no number of vectors changes.
func (t *gfcfTrial) filter(s *gfcfScratch, u int) {
	clear(s.people)
	clear(s.z)
	clear(s.linear)
	history, weights := t.h.rest.users.Row(u)
	for k, j := range history {
		if !(t.root[j] > 0) {
			continue
		}
		users, vals := t.rt.Row(int(j))
		for p, v := range users {
			s.people[v] += weights[k] * vals[p]
		}
		vec.Axpy(weights[k]/t.root[j], row(t.v, int(j), t.most), s.z)
	}
	for v, y := range s.people {
		if y == 0 {
			continue
		}
		items, vals := t.r.Row(v)
		for p, i := range items {
			s.linear[i] += y * vals[p]
		}
	}
}
