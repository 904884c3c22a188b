package recommend

import (
	"maps"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// put writes what Dataset.UnmarshalBinary lists of a catalogue; getCatalogue reads it.
func (c *Catalogue) put(w *codec.Writer) {
	w.Int(c.Unknown)
	names := slices.Sorted(maps.Keys(c.bands))
	w.Int(len(names))
	for _, name := range names {
		w.String(name)
		w.Float64s(c.bands[name])
	}
	names = c.Attributes()
	w.Int(len(names))
	for _, name := range names {
		a := c.attrs[name]
		w.String(name)
		w.Strings(a.values)
		w.Int32s(a.ptr)
		w.Int32s(a.of)
		w.Bool(a.numbers != nil)
		if a.numbers != nil {
			w.Float64s(a.numbers)
		}
	}
}

// getCatalogue reads a catalogue of n items; failures stick to r.
func getCatalogue(r *codec.Reader, n int) *Catalogue {
	c := &Catalogue{n: n, Unknown: r.Int(), bands: map[string][]float64{}, attrs: map[string]*attribute{}}
	last := ""
	for range r.Int() {
		name, edges := r.String(), r.Float64s()
		if r.Err() != nil {
			return c
		}
		ok := name > last && len(edges) > 0
		for k, e := range edges {
			ok = ok && check.Finite(e) && (k == 0 || e > edges[k-1])
		}
		if !ok {
			r.Fail("has bands out of order")
			return c
		}
		c.bands[name], last = edges, name
	}
	last = ""
	for range r.Int() {
		name := r.String()
		a := getAttribute(r, n)
		if r.Err() != nil {
			return c
		}
		if name <= last || (c.bands[name] != nil) != (a.numbers != nil) {
			r.Fail("has attributes out of order, or numbers of one without bands")
			return c
		}
		c.attrs[name], last = a, name
	}
	for name := range c.bands {
		if c.attrs[name] == nil {
			r.Fail("has bands of no attribute")
		}
	}
	return c
}

// getAttribute reads one attribute of n items.
func getAttribute(r *codec.Reader, n int) *attribute {
	a := &attribute{codes: map[string]int32{}, values: r.Strings(), ptr: r.Int32s(), of: r.Int32s()}
	if r.Bool() {
		if a.numbers = r.Float64s(); len(a.numbers) != n {
			r.Fail("has numbers of other items")
		}
	}
	if r.Err() != nil {
		return a
	}
	for k, v := range a.values {
		if v == "" || k > 0 && a.values[k-1] >= v {
			r.Fail("has values out of order")
			return a
		}
		a.codes[v] = int32(k)
	}
	if len(a.ptr) != n+1 || a.ptr[0] != 0 || int(a.ptr[n]) != len(a.of) {
		r.Fail("has facts of other items")
		return a
	}
	for i := range n {
		lo, hi := a.ptr[i], a.ptr[i+1]
		if lo > hi || int(hi) > len(a.of) {
			r.Fail("has facts of other items")
			return a
		}
		for k := lo; k < hi; k++ {
			if code := a.of[k]; code < 0 || int(code) >= len(a.values) || k > lo && a.of[k-1] >= code {
				r.Fail("has facts out of order")
				return a
			}
		}
	}
	a.index(n)
	return a
}
