package segment

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/aislekit/aisle/internal/check"
)

// Bands binds a score, of whichever model, to groups with names: a propensity, the value
// still expected, a risk of leaving. It takes plain numbers, so that the model may be of
// package predict, or anybody's; what it says goes on as labels, to ProfileClusters for the
// money in each band and to Movement for who changes between them. It is immutable and safe
// for concurrent use.
type Bands struct {
	names []string
	cuts  Cuts
}

// NewBands returns bands of these names, the one of the lowest scores first, cut where cuts
// says: NewCuts for thresholds that are decided, FitCuts for shares of the customers. A score
// that equals a cut belongs to the lower band. Names are as many as levels, else ErrShape;
// an empty one, or text that is not UTF-8, is ErrRange, one given twice ErrDuplicate.
func NewBands(names []string, cuts Cuts) (*Bands, error) {
	const where = "segment: NewBands"
	if err := check.Len("names", len(names), cuts.Levels()); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	for i, n := range names {
		if n == "" || !utf8.ValidString(n) {
			return nil, fmt.Errorf("%s: names[%d] is %q, want text: %w", where, i, n, ErrRange)
		}
		if slices.Contains(names[:i], n) {
			return nil, fmt.Errorf("%s: names[%d] is %q: %w", where, i, n, ErrDuplicate)
		}
	}
	return &Bands{slices.Clone(names), Cuts{slices.Clone(cuts.at)}}, nil
}

// Names returns the bands, the one of the lowest scores first.
func (b *Bands) Names() []string {
	if b == nil {
		return nil
	}
	return slices.Clone(b.names)
}

// Cuts returns the thresholds between them.
func (b *Bands) Cuts() Cuts {
	if b == nil {
		return Cuts{}
	}
	return Cuts{slices.Clone(b.cuts.at)}
}

// Name returns the band of a score. NaN and infinity are ErrNotFinite.
func (b *Bands) Name(score float64) (string, error) {
	const where = "segment: Bands.Name"
	if err := made(where, b != nil && len(b.names) > 0); err != nil {
		return "", err
	}
	if !check.Finite(score) {
		return "", fmt.Errorf("%s: %w", where, check.Private("score", -1, nil, score, ErrNotFinite))
	}
	return b.names[b.cuts.Level(score)-1], nil
}

// Label appends to dst the position in Names of the band of each score. A score that is NaN
// or infinite is ErrNotFinite, which names its row, and dst is returned as it was.
func (b *Bands) Label(dst []int32, scores []float64) ([]int32, error) {
	const where = "segment: Bands.Label"
	if err := made(where, b != nil && len(b.names) > 0); err != nil {
		return dst, err
	}
	out := slices.Grow(dst, len(scores))
	for i, s := range scores {
		if !check.Finite(s) {
			return dst, fmt.Errorf("%s: %w", where, check.Private("score", int64(i), nil, s, ErrNotFinite))
		}
		out = append(out, int32(b.cuts.Level(s)-1))
	}
	return out, nil
}
