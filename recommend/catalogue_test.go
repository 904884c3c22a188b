package recommend

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
)

func indexOf(t interface{ Fatal(...any) }, n int) *Index[int] {
	b, _ := NewBuilder[int, int](BuilderOptions{})
	for k := range n {
		if err := b.Add(0, itemID(k), 1); err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d.Items
}

// Select, Values and Between against the facts themselves, for every order of
// them.
func TestCatalogueProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{1, 63, 64, 65, 200}).Draw(t, "n")
		index := indexOf(t, n)
		w := &world{facts: map[int]map[string][]string{}, data: &Dataset[string, int]{Items: index}}
		facts := drawFacts(t, w, index.IDs())
		facts = append(facts, facts[:len(facts)/2]...)
		facts = append(facts, Fact[int]{Item: -1, Attribute: "kind", Value: "k9"})
		c, err := NewCatalogue(index, slices.Values(facts), CatalogueOptions{Bands: map[string][]float64{"price": priceEdges}})
		if err != nil {
			t.Fatal(err)
		}
		if c.Unknown != 1 || c.Size() != n {
			t.Fatalf("%d unknown of 1, size %d", c.Unknown, c.Size())
		}
		for range 5 {
			rule := drawRule(t, 3)
			set, err := c.Select(rule)
			if errors.Is(err, ErrUnknownID) {
				continue // of few items none may have the attribute
			}
			if err != nil {
				t.Fatal(err)
			}
			for k := range n {
				if set.Has(int32(k)) != w.holds(&rule, k) {
					t.Fatalf("item %d: %v, want %v by %+v", k, set.Has(int32(k)), w.holds(&rule, k), rule)
				}
			}
			if set.Count() > n {
				t.Fatal("members beyond the catalogue")
			}
		}
		for _, a := range c.Attributes() {
			values, items, err := c.Values(a)
			if err != nil || !slices.IsSorted(values) {
				t.Fatal(values, err)
			}
			for k, v := range values {
				want := 0
				for id := range w.facts {
					if slices.Contains(w.facts[id][a], v) {
						want++
					}
				}
				if items[k] != want {
					t.Fatalf("%s=%s: %d items, want %d", a, v, items[k], want)
				}
			}
		}
		set, err := c.Between("price", .5, 1.5)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range facts {
			if f.Attribute == "price" && set.Has(index.Of(f.Item)) != (f.Number >= .5 && f.Number < 1.5) {
				t.Fatalf("price %v is in [.5, 1.5): %v", f.Number, set.Has(index.Of(f.Item)))
			}
		}
		g := rng.New(1, 0, uint64(n))
		g.Shuffle(len(facts), func(a, b int) { facts[a], facts[b] = facts[b], facts[a] })
		again, err := NewCatalogue(index, slices.Values(facts), CatalogueOptions{Bands: map[string][]float64{"price": priceEdges}})
		if err != nil {
			t.Fatal(err)
		}
		for name, a := range c.attrs {
			if b := again.attrs[name]; !slices.Equal(a.values, b.values) || !slices.Equal(a.of, b.of) || !slices.Equal(a.ptr, b.ptr) {
				t.Fatalf("%s depends on the order of facts", name)
			}
		}
	})
}

func TestCatalogueBadInput(t *testing.T) {
	index := indexOf(t, 3)
	price := map[string][]float64{"price": {10}}
	for name, c := range map[string]struct {
		facts []Fact[int]
		bands map[string][]float64
		want  error
	}{
		"no attribute": {[]Fact[int]{{Item: 100, Value: "x"}}, nil, ErrRange},
		"no value":     {[]Fact[int]{{Item: 100, Attribute: "brand"}}, nil, ErrRange},
		"NaN":          {[]Fact[int]{{Item: 100, Attribute: "price", Number: math.NaN()}}, price, ErrNotFinite},
		"two prices":   {[]Fact[int]{{Item: 100, Attribute: "price", Number: 1}, {Item: 100, Attribute: "price", Number: 2}}, price, ErrDuplicate},
		"no edge":      {nil, map[string][]float64{"price": {}}, ErrOption},
		"descending":   {nil, map[string][]float64{"price": {2, 1}}, ErrOption},
		"NaN edge":     {nil, map[string][]float64{"price": {math.NaN()}}, ErrOption},
	} {
		if got, err := NewCatalogue(index, slices.Values(c.facts), CatalogueOptions{Bands: c.bands}); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewCatalogue[int](nil, nil, CatalogueOptions{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("no index: %v", err)
	}
	c, err := NewCatalogue(index, nil, CatalogueOptions{Bands: price})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select(Is("brand")); !errors.Is(err, ErrUnknownID) {
		t.Errorf("unknown attribute: %v", err)
	}
	if _, err := c.Between("brand", 0, 1); !errors.Is(err, ErrUnknownID) {
		t.Errorf("no numbers: %v", err)
	}
	if s, err := c.Select(Is("price", "none")); err != nil || s.Count() != 0 {
		t.Errorf("unknown value: %v", err)
	}
	for x, want := range map[float64]string{9.99: "[-Inf,10)", 10: "[10,+Inf)"} {
		if got := BandName(price["price"], x); got != want {
			t.Errorf("band of %v is %s, want %s", x, got, want)
		}
	}
}
