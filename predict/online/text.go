package online

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/nfc"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/words"
	"github.com/aislekit/aisle/predict"
)

// TextOptions configures FitText and NewTextCounts.
type TextOptions struct {
	// Tokens appends the tokens of a text to dst; a pure function, safe for concurrent use. nil knows no language: a
	// token is a word, a Han character, a punctuation mark or a symbol (an emoji), in lower case and usual width.
	Tokens func(dst []string, text string) []string
	// Grams: features are the runs of 1 … Grams neighbouring tokens, in [1, 5]; 0 means 2. So "not good" is one, and of
	// Chinese they are the characters and their bigrams.
	Grams int
	// Bits is the binary logarithm of the number of places that features are hashed to, in [8, 26]; 0 means 20. What of
	// it holds for [Space].
	Bits int
	// L2 is the penalty of FitText, that of predict.LogisticOptions on rows of length 1; 0 means .2, negative none.
	L2 float64
	// Smoothing is what TextCounts.Result counts each feature in each class beforehand (Laplace), in (0, 1e9]; 0
	// means 1.
	Smoothing float64
	// Weights, if not nil, holds one weight >= 0 a text for FitText. Texts of weight 0 count as absent.
	Weights []float64
	// Balanced makes both classes of FitText weigh the same: probabilities then are no longer those of the data.
	Balanced bool
	// Workers is how many goroutines work at once; 0 and negative mean GOMAXPROCS. It has no influence on the result.
	Workers int
	// Progress, if not nil, is called after every iteration of FitText, on the caller's goroutine.
	Progress func(predict.Progress)
}

func (o TextOptions) withDefaults() TextOptions {
	o.Grams = check.Default(o.Grams, 2)
	o.Bits = check.Default(o.Bits, 20)
	o.L2 = check.OrOff(check.Default(o.L2, .2), .2)
	o.Smoothing = check.Default(o.Smoothing, 1)
	return o
}

// validate wants defaults filled in.
func (o *TextOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Grams >= 1 && o.Grams <= maxGrams, "Grams", o.Grams, fmt.Sprintf("in [1, %d]", maxGrams))
	c.Require(o.Bits >= minBits && o.Bits <= maxBits, "Bits", o.Bits, fmt.Sprintf("in [%d, %d]", minBits, maxBits))
	c.Require(o.L2 >= 0 && o.L2 <= maxValue, "L2", o.L2, "at most 1e9")
	c.Require(o.Smoothing > 0 && o.Smoothing <= maxValue, "Smoothing", o.Smoothing, "in (0, 1e9]")
	return c.Err(where)
}

const (
	maxGrams         = 5
	minBits, maxBits = 8, 26
)

// alphabet is how texts become features.
type alphabet struct {
	tokens      func(dst []string, text string) []string
	foreign     bool // tokens were the caller's and did not survive a frame
	grams, bits int
}

func (a *alphabet) made() bool { return a.bits > 0 }

// own says that the tokens are, or were, the caller's.
func (a *alphabet) own() bool { return a.tokens != nil || a.foreign }

// reader counts the features of texts: scratch of one goroutine.
type reader struct {
	list   words.List
	tokens []string
	places []uint32
	counts []float64
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// tokenize fills the list by the tokens of a text.
func (r *reader) tokenize(a *alphabet, text string) error {
	switch {
	case a.foreign:
		return fmt.Errorf("the tokens of the fit were the caller's, see WithTokens: %w", ErrMismatch)
	case a.tokens == nil:
		r.list.Characters(nfc.String(text))
	default:
		r.tokens = a.tokens(r.tokens[:0], text)
		r.list.Fill(r.tokens)
	}
	return nil
}

// place is where the feature of tokens k … k+n-1 stands.
func (r *reader) place(a *alphabet, k, n int) uint32 {
	return uint32(rng.Mix(fnv(fnvStart, r.list.Gram(k, n)))) & (1<<a.bits - 1)
}

// read counts the features of a text: places ascending, and how often each occurs.
func (r *reader) read(a *alphabet, text string) error {
	if err := r.tokenize(a, text); err != nil {
		return err
	}
	r.places, r.counts = r.places[:0], r.counts[:0]
	for n := 1; n <= a.grams; n++ {
		for k := 0; k+n <= r.list.Len(); k++ {
			r.places = append(r.places, r.place(a, k, n))
		}
	}
	slices.Sort(r.places)
	end := 0
	for i, p := range r.places {
		if i > 0 && p == r.places[end-1] {
			r.counts[end-1]++
			continue
		}
		r.places[end] = p
		r.counts = append(r.counts, 1)
		end++
	}
	r.places = r.places[:end]
	return nil
}

// Text tells two kinds of text apart: is a review good, is a message a complaint. It is a linear model of the tokens and
// n-grams that occur, made by FitText or TextCounts.Result. It is immutable and safe for concurrent use.
// 20 to 36 bytes a feature in use.
type Text struct {
	alphabet
	bias   float64
	places []uint32  // in use, ascending
	weight []float64 // of each
	idf    []float64 // of each; nil: a feature counts once
	table  []int32   // open addressing: 1 + where a place stands in places; 0: free
}

// finish makes the table.
func (m *Text) finish() {
	m.table = make([]int32, 1<<bits.Len(uint(2*len(m.places)+1)))
	for i, p := range m.places {
		k := int(p) & (len(m.table) - 1)
		for m.table[k] != 0 {
			k = (k + 1) & (len(m.table) - 1)
		}
		m.table[k] = int32(i + 1)
	}
}

// find returns where a place stands in places, -1 where no text of the fit had it.
func (m *Text) find(place uint32) int {
	for k := int(place) & (len(m.table) - 1); m.table[k] != 0; k = (k + 1) & (len(m.table) - 1) {
		if i := int(m.table[k]) - 1; m.places[i] == place {
			return i
		}
	}
	return -1
}

// values leaves the features of a text that the fit knew in r, as numbers of places, and turns their counts into what weights
// are of: 1, or (1+ln n)·idf over the length of all.
func (m *Text) values(r *reader) {
	end, sum := 0, 0.0
	for i, p := range r.places {
		at := m.find(p)
		if at < 0 {
			continue
		}
		x := 1.0
		if m.idf != nil {
			x = (1 + math.Log(r.counts[i])) * m.idf[at]
			sum += float64(x * x)
		}
		r.places[end], r.counts[end] = uint32(at), x
		end++
	}
	r.places, r.counts = r.places[:end], r.counts[:end]
	if m.idf != nil {
		norm := math.Sqrt(sum)
		for i := range r.counts {
			r.counts[i] /= norm
		}
	}
}

// Score returns the log-odds that text is of the class true; features that no text of the fit had do not count. ErrEmpty for a
// model that no fit made, ErrMismatch for one that was decoded and wants WithTokens. O(features · their logarithm); with the default
// tokens it allocates nothing where the text is in normal form C.
func (m *Text) Score(text string) (float64, error) {
	const where = "online: Text.Score"
	if m == nil || !m.made() {
		return 0, fmt.Errorf("%s: %w", where, ErrEmpty)
	}
	r := readers.Get().(*reader)
	defer readers.Put(r)
	if err := r.read(&m.alphabet, text); err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	m.values(r)
	s := m.bias
	for i, at := range r.places {
		s += float64(m.weight[at] * r.counts[i])
	}
	return s, nil
}

// Predict returns the probability that text is of the class true: see Score. Those of TextCounts are too sure of
// themselves on long texts, as naive Bayes is; calibrate them where they are to be believed.
func (m *Text) Predict(text string) (float64, error) {
	s, err := m.Score(text)
	if err != nil {
		return 0, fmt.Errorf("online: Text.Predict: %w", err)
	}
	return predict.Sigmoid(s), nil
}

// TextReason is what one feature adds to a score.
type TextReason struct {
	Tokens       string  // neighbouring tokens, a space between two
	Contribution float64 // to the score, in log-odds
}

// AppendReasons appends the at most k features that move the score of text furthest, ties by tokens. The contributions of all
// features and that of no text at all add up to the score; those that share a place share what it contributes by their
// number. Errors as of Score, ErrRange for k < 1.
func (m *Text) AppendReasons(dst []TextReason, text string, k int) ([]TextReason, error) {
	const where = "online: Text.AppendReasons"
	if m == nil || !m.made() {
		return dst, fmt.Errorf("%s: %w", where, ErrEmpty)
	}
	if k < 1 {
		return dst, fmt.Errorf("%s: k is %d: %w", where, k, ErrRange)
	}
	r := readers.Get().(*reader)
	defer readers.Put(r)
	if err := r.read(&m.alphabet, text); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	occurs := make(map[int]float64, len(r.places)) // of each feature
	for i, p := range r.places {
		occurs[m.find(p)] = r.counts[i]
	}
	m.values(r)
	sums := make(map[string]float64)
	for n := 1; n <= m.grams; n++ {
		for j := 0; j+n <= r.list.Len(); j++ {
			at := m.find(r.place(&m.alphabet, j, n))
			if at < 0 {
				continue
			}
			i, _ := slices.BinarySearch(r.places, uint32(at))
			sums[string(r.list.Gram(j, n))] += m.weight[at] * r.counts[i] / occurs[at]
		}
	}
	all := make([]TextReason, 0, len(sums))
	for tokens, c := range sums {
		all = append(all, TextReason{tokens, c})
	}
	slices.SortFunc(all, func(a, b TextReason) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Contribution), math.Abs(a.Contribution)), cmp.Compare(a.Tokens, b.Tokens))
	})
	return append(dst, all[:min(k, len(all))]...), nil
}

// WithTokens returns the model with the Tokens that it was fitted with, which a frame does not hold; nil means the default. It is
// nil for a model that no fit made.
func (m *Text) WithTokens(tokens func(dst []string, text string) []string) *Text {
	if m == nil || !m.made() {
		return nil
	}
	c := *m
	c.tokens, c.foreign = tokens, false
	return &c
}
