package online

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// TextCounts counts in how many texts of two classes each feature occurs: multinomial naive Bayes on what is there, which tells sentiment
// better than how often it is (Pang, Lee and Vaithyanathan, EMNLP 2002), learnt in one pass, from streams and shards. Counts of
// shards add up, exactly where weights are integers. It belongs to one goroutine. Some 40 bytes a feature.
type TextCounts struct {
	alphabet
	smoothing float64
	texts     [2]float64            // of each class
	counts    map[uint32][2]float64 // of each class, by place
	scratch   reader
}

// NewTextCounts makes an accumulator that has seen nothing; of opt it uses Tokens, Grams, Bits and Smoothing. ErrOption.
func NewTextCounts(opt TextOptions) (*TextCounts, error) {
	opt = opt.withDefaults()
	if err := opt.validate("online: NewTextCounts"); err != nil {
		return nil, err
	}
	return &TextCounts{
		alphabet: alphabet{tokens: opt.Tokens, grams: opt.Grams, bits: opt.Bits}, smoothing: opt.Smoothing, counts: make(map[uint32][2]float64),
	}, nil
}

// maxCount keeps sums of counts far from overflow.
const maxCount = 1e18

// Add counts a text of class y, weight times, 0 to 1e9. Nothing is counted on an error: ErrEmpty, ErrNotFinite, ErrRange,
// ErrMismatch (decoded, see WithTokens), ErrOverflow.
func (c *TextCounts) Add(text string, y bool, weight float64) error {
	const where = "TextCounts.Add"
	if c == nil || !c.made() {
		return fmt.Errorf("online: %s: %w", where, ErrEmpty)
	}
	if err := checkNumber(where, "weight", weight); err != nil {
		return err
	}
	if weight < 0 {
		return fmt.Errorf("online: %s: weight is %v: %w", where, weight, ErrRange)
	}
	r := &c.scratch
	if err := r.read(&c.alphabet, text); err != nil {
		return fmt.Errorf("online: %s: %w", where, err)
	}
	if weight == 0 {
		return nil
	}
	k := 0
	if y {
		k = 1
	}
	over := c.texts[k]+weight > maxCount
	for _, p := range r.places {
		over = over || c.counts[p][k]+weight > maxCount
	}
	if over {
		return fmt.Errorf("online: %s: %w", where, ErrOverflow)
	}
	c.texts[k] += weight
	for _, p := range r.places {
		n := c.counts[p]
		n[k] += weight
		c.counts[p] = n
	}
	return nil
}

// Merge adds what other has counted. c is unchanged on an error: ErrEmpty, ErrMismatch for other settings or c itself,
// ErrOverflow. The functions Tokens of the two cannot be compared: they are to be the same.
func (c *TextCounts) Merge(other *TextCounts) error {
	const where = "online: TextCounts.Merge"
	if err := check.Merge(where, c, other); err != nil {
		return err
	}
	if !c.made() || !other.made() {
		return fmt.Errorf("%s: %w", where, ErrEmpty)
	}
	if c.grams != other.grams || c.bits != other.bits || c.smoothing != other.smoothing || c.own() != other.own() {
		return fmt.Errorf("%s: counts of other settings: %w", where, ErrMismatch)
	}
	over := c.texts[0]+other.texts[0] > maxCount || c.texts[1]+other.texts[1] > maxCount
	for p, n := range other.counts {
		over = over || c.counts[p][0]+n[0] > maxCount || c.counts[p][1]+n[1] > maxCount
	}
	if over {
		return fmt.Errorf("%s: %w", where, ErrOverflow)
	}
	for p, n := range other.counts {
		m := c.counts[p]
		c.counts[p] = [2]float64{m[0] + n[0], m[1] + n[1]}
	}
	c.texts = [2]float64{c.texts[0] + other.texts[0], c.texts[1] + other.texts[1]}
	return nil
}

// Texts returns how many texts of each class were counted, weights added up.
func (c *TextCounts) Texts() (no, yes float64) {
	if c == nil {
		return 0, 0
	}
	return c.texts[0], c.texts[1]
}

// Result makes the model: the weight of a feature is the logarithm of the ratio of its smoothed shares,
//
//	ln (n₁+s)/(N₁+s·V) - ln (n₀+s)/(N₀+s·V)
//
// n the texts that have it, N the sum of those of all features, V the number of features and s the smoothing; the constant is the log-odds of the
// classes. ErrEmpty, ErrUndefined where one class has no texts.
func (c *TextCounts) Result() (*Text, error) {
	const where = "online: TextCounts.Result"
	if c == nil || !c.made() || c.texts == [2]float64{} {
		return nil, fmt.Errorf("%s: %w", where, ErrEmpty)
	}
	if c.texts[0] == 0 || c.texts[1] == 0 {
		return nil, fmt.Errorf("%s: texts of one class only: %w", where, ErrUndefined)
	}
	m := &Text{alphabet: c.alphabet, bias: math.Log(c.texts[1]) - math.Log(c.texts[0]), places: slices.Sorted(maps.Keys(c.counts))}
	all := [2]float64{float64(c.smoothing * float64(len(m.places))), float64(c.smoothing * float64(len(m.places)))}
	for _, p := range m.places {
		n := c.counts[p]
		all[0], all[1] = all[0]+n[0], all[1]+n[1]
	}
	base := 0.0
	if len(m.places) > 0 {
		base = math.Log(all[0]) - math.Log(all[1])
	}
	for _, p := range m.places {
		n := c.counts[p]
		m.weight = append(m.weight, math.Log(n[1]+c.smoothing)-math.Log(n[0]+c.smoothing)+base)
	}
	m.finish()
	return m, nil
}

// WithTokens gives a decoded accumulator the Tokens that it was made with, which a frame does not hold; nil means the default.
// ErrEmpty for a receiver that no constructor made.
func (c *TextCounts) WithTokens(tokens func(dst []string, text string) []string) error {
	if c == nil || !c.made() {
		return fmt.Errorf("online: TextCounts.WithTokens: %w", ErrEmpty)
	}
	c.tokens, c.foreign = tokens, false
	return nil
}
