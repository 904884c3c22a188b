package online

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/predict"
)

// textBlock is how many texts one unit of work reads.
const textBlock = 256

// counted are the features of the texts of one block.
type counted struct {
	ends   []int // of each text in places
	places []uint32
	counts []float64
}

// FitText fits logistic regression on the tf-idf of n-grams of tokens,
//
//	(1+ln n)·(ln((1+N)/(1+N_f))+1), scaled to length 1
//
// where n is how often a feature f occurs in the text, N the number of texts and N_f that of those with f: TfidfVectorizer with
// sublinear_tf and LogisticRegression(C=1/L2) of scikit-learn, on hashed features. y is one class a text. Texts in another
// order give the same bytes, a text of weight 2 what two of them do.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange (weights), ErrOption, ErrUndefined (one class only), ErrDiverged, or
// context.Cause(ctx). Memory is 12 bytes a feature of a text, twice, and 8 bytes a place beside the model.
func FitText(ctx context.Context, texts []string, y []bool, opt TextOptions) (*Text, error) {
	const where = "online: FitText"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("%s: texts: %w", where, ErrEmpty)
	}
	if err := check.Len("y", len(y), len(texts)); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if err := check.Weights("Weights", opt.Weights, len(texts)); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	m := &Text{alphabet: alphabet{tokens: opt.Tokens, grams: opt.Grams, bits: opt.Bits}}
	blocks, err := readAll(ctx, &m.alphabet, texts, opt.Workers)
	if err != nil {
		return nil, err
	}
	x := m.rows(blocks, opt.Weights)
	if x.Cols == 0 {
		return nil, fmt.Errorf("%s: no text holds a token: %w", where, ErrEmpty)
	}
	l2 := opt.L2
	if l2 == 0 {
		l2 = -1 // none
	}
	fit, err := predict.FitLogisticSparse(ctx, x, y, predict.LogisticOptions{
		L2: l2, Weights: opt.Weights, Balanced: opt.Balanced, Workers: opt.Workers, Progress: opt.Progress,
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	m.bias = fit.Intercept().Value
	for _, c := range fit.Coefficients() {
		m.weight = append(m.weight, c.Value)
	}
	return m, nil
}

// readAll counts the features of all texts, block by block.
func readAll(ctx context.Context, a *alphabet, texts []string, workers int) ([]counted, error) {
	blocks := make([]counted, parallel.Blocks(len(texts), textBlock))
	scratch := make([]reader, parallel.Scratch(len(texts), textBlock, workers))
	err := parallel.For(ctx, len(texts), textBlock, workers, func(worker, lo, hi int) error {
		b, r := &blocks[lo/textBlock], &scratch[worker]
		for _, text := range texts[lo:hi] {
			if err := r.read(a, text); err != nil {
				return err
			}
			b.places = append(b.places, r.places...)
			b.counts = append(b.counts, r.counts...)
			b.ends = append(b.ends, len(b.places))
		}
		return nil
	})
	return blocks, err
}

// rows finds the places that a text of weight has and their idf, and makes the rows to fit on.
func (m *Text) rows(blocks []counted, weights []float64) *predict.SparseRows {
	texts, has, i := 0.0, make([]float64, 1<<m.bits), 0
	for _, b := range blocks {
		from := 0
		for _, end := range b.ends {
			w := 1.0
			if weights != nil {
				w = weights[i]
			}
			texts += w
			for _, p := range b.places[from:end] {
				has[p] += w
			}
			from, i = end, i+1
		}
	}
	m.idf = []float64{}
	for p, n := range has {
		if n > 0 {
			m.places = append(m.places, uint32(p))
			m.idf = append(m.idf, math.Log((1+texts)/(1+n))+1)
		}
	}
	m.finish()
	x := &predict.SparseRows{Cols: len(m.places), Ptr: []int64{0}}
	var r reader
	for _, b := range blocks {
		from := 0
		for _, end := range b.ends {
			r.places, r.counts = b.places[from:end], b.counts[from:end]
			m.values(&r)
			for _, at := range r.places {
				x.Index = append(x.Index, int32(at))
			}
			x.Value = append(x.Value, r.counts...)
			x.Ptr = append(x.Ptr, int64(len(x.Index)))
			from = end
		}
	}
	return x
}
