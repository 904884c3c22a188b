package scorecard

import (
	"encoding"
	"fmt"
	"math"
	"math/bits"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/moments"
)

var (
	_ encoding.BinaryAppender    = (*Questionnaire)(nil)
	_ encoding.BinaryMarshaler   = (*Questionnaire)(nil)
	_ encoding.BinaryUnmarshaler = (*Questionnaire)(nil)
)

// AppendBinary appends the state to dst. Equal states give equal bytes. ErrEmpty for one
// that NewQuestionnaire has not made.
func (q *Questionnaire) AppendBinary(dst []byte) ([]byte, error) {
	if err := q.ready("scorecard: Questionnaire.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(len(q.questions))
	for _, x := range q.questions {
		w.String(x.Name)
		w.Bool(x.Reversed)
	}
	w.Int(q.low)
	w.Int(q.high)
	w.Int(int(q.deletion))
	w.Int(len(q.margins))
	for _, m := range q.margins {
		w.String(m.name)
		w.Strings(m.categories)
		w.Float64s(m.shares)
	}
	for _, n := range q.sums() {
		w.Int64(*n)
	}
	for k := range q.waves {
		q.waves[k].Write(&w)
	}
	for k := range q.cells {
		q.cells[k].Write(&w)
	}
	return w.AppendFrame(dst, codec.KindQuestionnaire, 1), nil
}

// MarshalBinary returns the state as bytes.
func (q *Questionnaire) MarshalBinary() ([]byte, error) { return q.AppendBinary(nil) }

// UnmarshalBinary replaces q by what MarshalBinary wrote. Payload of version 1, little-endian, k
// the number of questions:
//
//	i64      k
//	k×(string, u8)   name and whether it is reversed
//	3×i64    Low, High, Deletion
//	i64      number of margins, and for each: string name, []string categories ascending without
//	         repeats, []f64 their shares
//	8×i64    invited, responses, complete, extreme answers, straight-liners, of how many, yea-sayers,
//	         of how many
//	2×3×i64  answers above the middle, below it and all, of plain questions and of reversed ones
//	k×i64    answers by question
//	k(k+1)/2×4×i64  by pair of questions responses, Σx, Σy, Σxy
//	moments  of early and late respondents, then of each combination of categories: i64 n, f64
//	         origin, f64 mean less origin, f64 Σ(x−x̄)²
//
// Any other length or order, counts that are negative or contradict each other, and options that
// NewQuestionnaire would refuse are ErrCorrupt, another kind of frame is ErrMismatch, a newer
// version ErrVersion; the receiver is then unchanged.
func (q *Questionnaire) UnmarshalBinary(data []byte) error {
	const where = "scorecard: Questionnaire.UnmarshalBinary"
	if err := check.Receiver(where, q); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindQuestionnaire, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	n := decodeQuestions(r)
	if n != nil {
		n.decodeSums(r)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*q = *n
	return nil
}

// decodeQuestions reads the options and makes an empty questionnaire of them; nil for a
// payload that fails.
func decodeQuestions(r *codec.Reader) *Questionnaire {
	var opt QuestionnaireOptions
	for k := r.Int(); k > 0 && r.Err() == nil; k-- {
		if len(opt.Questions) == 500 {
			r.Fail("has more than 500 questions")
		}
		opt.Questions = append(opt.Questions, Question{r.String(), r.Bool()})
	}
	low, high := r.Int64(), r.Int64() // a scale may begin below 0
	if low < NoAnswer || high > math.MaxInt32 || low >= high {
		r.Fail("has a scale that is none")
		return nil
	}
	opt.Low, opt.High = int(low), int(high)
	d := r.Int()
	if d < 0 || d > int(Pairwise) {
		r.Fail("has a deletion that is none")
	}
	opt.Deletion = Deletion(d)
	for k := r.Int(); k > 0 && r.Err() == nil; k-- {
		m := Margin{Name: r.String(), Shares: map[string]float64{}}
		categories, shares := r.Strings(), r.Float64s()
		if len(shares) != len(categories) || len(opt.Margins) == 10_000 {
			r.Fail("has margins of another shape")
			break
		}
		for i, c := range categories {
			if i > 0 && c <= categories[i-1] {
				r.Fail("has categories out of order")
			}
			m.Shares[c] = shares[i]
		}
		opt.Margins = append(opt.Margins, m)
	}
	if r.Err() != nil {
		return nil
	}
	if opt.validate("") != nil {
		r.Fail("has options that are not valid")
		return nil
	}
	n, err := NewQuestionnaire(opt)
	if err != nil {
		r.Fail("has options that are not valid")
		return nil
	}
	return n
}

// decodeSums reads the counts and moments, and refuses those that contradict each other.
func (q *Questionnaire) decodeSums(r *codec.Reader) {
	if r.Left() < 8*(len(q.answered)+4*len(q.pairs)) {
		r.Fail("is too short for its questions")
		return
	}
	for _, n := range q.sums() {
		if *n = r.Int64(); *n < 0 {
			r.Fail("has a negative count")
		}
	}
	top := int64(q.high - q.low)
	bad := q.complete > q.responses || q.lined > q.lineable || q.yea > q.yeaable || q.lineable > q.responses || q.yeaable > q.responses || q.responses > maxResponses
	for kind := range q.ticked {
		bad = bad || q.above[kind] > q.ticked[kind] || q.below[kind] > q.ticked[kind]-q.above[kind]
	}
	var answers int64
	for _, n := range q.answered {
		bad = bad || n > q.responses
		answers += min(n, maxResponses)
	}
	bad = bad || q.ticked[0] > answers || q.ticked[1] != answers-q.ticked[0] || q.extreme > answers
	for _, p := range q.pairs {
		bad = bad || p.n > q.responses || p.x > min(p.n, maxResponses)*top || p.y > min(p.n, maxResponses)*top || p.xy > min(p.x, p.y)*top
	}
	if bad || q.contradict() {
		r.Fail("has counts that contradict each other")
		return
	}
	var n, inCells int64
	for k := range q.waves {
		q.waves[k] = q.decodeMeans(r)
		n += q.waves[k].N()
	}
	for k := range q.cells {
		q.cells[k] = q.decodeMeans(r)
		inCells += q.cells[k].N()
	}
	if n > q.responses || q.cells != nil && inCells != n {
		r.Fail("has counts that contradict each other")
	}
}

// decodeMeans reads moments of values on the scale.
func (q *Questionnaire) decodeMeans(r *codec.Reader) moments.Moments {
	m := moments.Read(r)
	if m.N() > 0 && !(m.Mean() >= float64(q.low)-1e-6 && m.Mean() <= float64(q.high)+1e-6) {
		r.Fail("has a mean off the scale")
	}
	if m.N() > maxResponses {
		r.Fail("has counts that contradict each other")
	}
	return m
}

// contradict reports whether the sums of pairs are none that the same responses could give:
// a question's own squares below the square of its sum, or pairs that count other responses
// than its own.
func (q *Questionnaire) contradict() bool {
	own := make([]pair, len(q.answered)) // of each question with itself
	at := 0
	for i := range own {
		own[i] = q.pairs[at]
		at += len(own) - i
	}
	at = 0
	for i, a := range own {
		h1, l1 := bits.Mul64(uint64(a.n), uint64(a.xy))
		h2, l2 := bits.Mul64(uint64(a.x), uint64(a.x))
		counted := q.answered[i]
		if q.deletion == Listwise {
			counted = q.complete
		}
		if a.x != a.y || a.n != counted || q.answered[i] < q.complete || h1 < h2 || h1 == h2 && l1 < l2 {
			return true
		}
		for _, b := range own[i:] {
			p := q.pairs[at]
			at++
			if p.n > min(a.n, b.n) || p.x > a.x || p.y > b.x || q.deletion == Listwise && (p.n != a.n || p.x != a.x || p.y != b.x) {
				return true
			}
		}
	}
	return false
}
