package bench

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// blend is the weighted sum of several models after standardising the scores of
// each query. Its settings are those of the parts behind "<part>.", and one
// weight for each part. -tune tunes every part for itself first and the weights
// at last, all on the same validation part.
func blend() algorithm {
	parts := []algorithm{als(), turboCF(), rp3beta(), sparseEASE(), bspm()}
	a := algorithm{name: "blend", parts: parts}
	for _, p := range parts {
		a.params = append(a.params, uniform(p.name+".weight", 1, 0, 1))
	}
	a.params = append(a.params, partParams(parts)...)
	cache := &fitCache{}
	a.rank = func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		var in []hybrid.Weighted
		var names []string
		for _, p := range parts {
			w := s.float(p.name + ".weight")
			if w <= 0 {
				continue
			}
			m, err := cache.fit(ctx, p, x, s.of(p.name), e)
			if err != nil {
				return nil, fmt.Errorf("blend: %s: %w", p.name, err)
			}
			in, names = append(in, hybrid.Weighted{Model: m, Weight: float32(w)}), append(names, p.name)
		}
		if len(in) == 0 {
			return nil, fmt.Errorf("blend: all weights are 0")
		}
		m, err := hybrid.NewBlend(in, hybrid.BlendOptions{Normalize: hybrid.ZScore})
		return blended{m, in, names}, err
	}
	return a
}

// partParams are the settings of all parts, behind "<part>.".
func partParams(parts []algorithm) (out []param) {
	for _, p := range parts {
		for _, q := range p.params {
			q.name = p.name + "." + q.name
			if when := q.when; when != nil { // which knows the settings of the part alone
				q.when = func(s settings) bool { return when(s.of(p.name)) }
			}
			out = append(out, q)
		}
	}
	return out
}

// blended keeps the parts, whose binary forms make up that of the blend.
type blended struct {
	*hybrid.Blend
	in    []hybrid.Weighted
	names []string // of in
}

// part returns the part of that name, nil where it was left out.
func (b blended) part(name string) recommend.Model {
	if i := slices.Index(b.names, name); i >= 0 {
		return b.in[i].Model
	}
	return nil
}

func (b blended) parts() []hybrid.Weighted { return b.in }

// of returns the settings of one part.
func (s settings) of(part string) settings {
	out := settings{}
	for k, v := range s {
		if name, ok := strings.CutPrefix(k, part+"."); ok && name != "weight" {
			out[name] = v
		}
	}
	return out
}

// fitCache keeps the last fit of each part to each matrix, so that a search of
// weights does not fit the parts again and again.
type fitCache struct {
	mu   sync.Mutex
	last map[cacheKey]cachedFit
}

type cacheKey struct {
	part string
	x    *recommend.Interactions
}

type cachedFit struct {
	settings string
	model    recommend.Model
}

// fit returns the model of one part, the last one again if matrix, seed and settings are
// the same.
func (c *fitCache) fit(ctx context.Context, a algorithm, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key, settings := cacheKey{a.name, x}, fmt.Sprint(e.Seed, s)
	if f, ok := c.last[key]; ok && f.settings == settings {
		return f.model, nil
	}
	m, err := a.rank(ctx, x, s, e)
	if err != nil {
		return nil, err
	}
	if c.last == nil {
		c.last = map[cacheKey]cachedFit{}
	}
	c.last[key] = cachedFit{settings, m}
	return m, nil
}

// tuneParts tunes every part of a for an equal share of three quarters of the
// time and with as many trials as a itself, and returns pinned with their settings.
func tuneParts(ctx context.Context, p *problem, a algorithm, pinned settings, c *config, log io.Writer) (settings, error) {
	if len(a.parts) == 0 {
		return pinned, nil
	}
	all := maps.Clone(pinned)
	if all == nil {
		all = settings{}
	}
	share := *c
	if c.tune > 0 { // of 0 there would be no end
		share.tune = max(c.tune*3/4/time.Duration(len(a.parts)), 1)
	}
	for _, part := range a.parts {
		t, err := search(ctx, p, part, pinned.of(part.name), &share, log)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", a.name, part.name, err)
		}
		for k, v := range t.Settings {
			all[part.name+"."+k] = v
		}
	}
	return all, nil
}
