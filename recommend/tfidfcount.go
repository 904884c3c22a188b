package recommend

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/words"
)

// tfidfDoc is a block of counted texts, with term numbers of its own.
type tfidfDoc struct {
	terms []string
	ptr   []int32
	col   []int32
	count []int32
}

// tfidfCounter counts the terms of texts; one per worker.
type tfidfCounter struct {
	tok   words.List
	words []string
	ids   []int32
	attr  []byte
}

func (c *tfidfCounter) tokenize(tok Tokenizer, text string) {
	if tok == nil {
		c.tok.Words(text)
		return
	}
	c.words = tok(c.words[:0], text)
	c.tok.Fill(c.words)
}

// each calls fn with every term of a text: n-grams, then attributes.
func (c *tfidfCounter) each(opt *TFIDFOptions, text string, attributes []string, fn func(term []byte)) {
	c.tokenize(opt.Tokenizer, text)
	for n := 1; n <= opt.NGrams; n++ {
		for k := 0; k+n <= c.tok.Len(); k++ {
			fn(c.tok.Gram(k, n))
		}
	}
	for _, a := range attributes {
		c.attr = append(append(c.attr[:0], attributePrefix), a...)
		fn(c.attr)
	}
}

// block counts the terms of the texts lo … hi-1, its terms numbered in the order in
// which they come; vocabulary makes the numbers of blocks one.
func (c *tfidfCounter) block(ctx context.Context, texts []string, opt *TFIDFOptions, lo, hi int) (tfidfDoc, error) {
	meter := parallel.NewMeter(ctx)
	d := tfidfDoc{ptr: make([]int32, 1, hi-lo+1)}
	index := make(map[string]int32)
	for i := lo; i < hi; i++ {
		c.ids = c.ids[:0]
		var attributes []string
		if opt.Attributes != nil {
			attributes = opt.Attributes[i]
		}
		c.each(opt, texts[i], attributes, func(term []byte) {
			id, ok := index[string(term)]
			if !ok {
				id = int32(len(d.terms))
				s := string(term)
				index[s] = id
				d.terms = append(d.terms, s)
			}
			c.ids = append(c.ids, id)
		})
		slices.Sort(c.ids)
		for k := 0; k < len(c.ids); {
			e := k + 1
			for e < len(c.ids) && c.ids[e] == c.ids[k] {
				e++
			}
			d.col = append(d.col, c.ids[k])
			d.count = append(d.count, int32(e-k))
			k = e
		}
		d.ptr = append(d.ptr, int32(len(d.col)))
		if err := meter.Did(termWork * len(c.ids)); err != nil {
			return d, err
		}
	}
	return d, nil
}

// termWork is what it costs to look a term up, in the steps of a parallel.Meter.
const termWork = 64

// vocabulary chooses and numbers the terms, in ascending order, and returns for
// each block which of its terms are which; -1 for dropped ones.
func (m *TFIDFModel) vocabulary(ctx context.Context, docs []tfidfDoc, n int, opt *TFIDFOptions) (local [][]int32, err error) {
	meter := parallel.NewMeter(ctx)
	first := make(map[string]int32) // provisional numbers
	var terms []string
	var df []int64
	local = make([][]int32, len(docs))
	for b := range docs {
		d := &docs[b]
		local[b] = make([]int32, len(d.terms))
		for k, t := range d.terms {
			id, ok := first[t]
			if !ok {
				if len(terms) == math.MaxInt32 {
					return nil, fmt.Errorf("recommend: FitTFIDF: terms: %w", ErrOverflow)
				}
				id = int32(len(terms))
				first[t] = id
				terms = append(terms, t)
				df = append(df, 0)
			}
			local[b][k] = id
			if err := meter.Did(termWork); err != nil {
				return nil, err
			}
		}
		for _, c := range d.col {
			df[local[b][c]]++
		}
		if err := meter.Did(len(d.col)); err != nil {
			return nil, err
		}
	}
	order := make([]int32, 0, len(terms))
	for t, c := range df {
		if c >= int64(opt.MinDF) && float64(c) <= opt.MaxDF*float64(n) {
			order = append(order, int32(t))
		}
	}
	if len(order) == 0 {
		return nil, fmt.Errorf("recommend: FitTFIDF: none of %d terms is left: %w", len(terms), ErrEmpty)
	}
	if err := parallel.SortFunc(ctx, order, opt.Workers, func(a, b int32) int { return strings.Compare(terms[a], terms[b]) }); err != nil {
		return nil, err
	}
	final := make([]int32, len(terms))
	for t := range final {
		final[t] = -1
	}
	m.terms, m.idf = make([]string, len(order)), make([]float64, len(order))
	for k, t := range order {
		if err := meter.Did(termWork); err != nil {
			return nil, err
		}
		final[t] = int32(k)
		m.terms[k] = terms[t]
		m.idf[k] = math.Log(float64(1+n)/float64(1+df[t])) + 1
	}
	for b := range local {
		for k, t := range local[b] {
			local[b][k] = final[t]
		}
		if err := meter.Did(termWork * len(local[b])); err != nil {
			return nil, err
		}
	}
	return local, nil
}
