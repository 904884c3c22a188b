package scorecard

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/moments"
)

// NoAnswer stands for an answer that was not given.
const NoAnswer = math.MinInt32

// Question is one item of a Questionnaire.
type Question struct {
	Name     string // not empty, and not twice
	Reversed bool   // agreeing with it means the opposite: it counts as Low + High − answer
}

// Deletion says what incomplete responses do to the reliability.
type Deletion uint8

const (
	Listwise Deletion = iota // a response counts only if every question is answered
	Pairwise                 // every pair of questions counts the responses that answer both
)

// Margin is what is known of the whole population by one attribute: the share of each
// category.
type Margin struct {
	Name   string             // such as "region"
	Shares map[string]float64 // by category, each > 0, summing to 1
}

// QuestionnaireOptions configures NewQuestionnaire.
type QuestionnaireOptions struct {
	Questions []Question // 1 to 500
	Low, High int        // the ends of the scale of every answer, Low < High, at most 1000 apart
	Deletion  Deletion   // default Listwise
	Margins   []Margin   // to weigh responses by; at most 100, of at most 10,000 combinations of categories
}

// validate checks every field and names all that are bad.
func (o QuestionnaireOptions) validate(where string) error {
	var c check.Options
	names := map[string]bool{}
	for _, q := range o.Questions {
		c.Require(q.Name != "" && !names[q.Name], "Questions", fmt.Sprintf("with %q", q.Name), "a name each, none twice")
		names[q.Name] = true
	}
	c.Require(len(o.Questions) > 0 && len(o.Questions) <= 500, "Questions", len(o.Questions), "1 to 500")
	c.Require(o.Low > NoAnswer && o.High > o.Low && o.High <= 1<<30 && int64(o.High)-int64(o.Low) <= 1000, "High", o.High, "above Low by at most 1000")
	c.Require(o.Deletion <= Pairwise, "Deletion", o.Deletion, "Listwise or Pairwise")
	cells := 1
	for _, m := range o.Margins {
		var sum float64
		for _, share := range m.Shares {
			if !(share > 0) {
				sum = math.NaN()
			}
			sum += share
		}
		c.Require(math.Abs(sum-1) <= 1e-6, "Margins", fmt.Sprintf("%q with shares that sum to %v", m.Name, sum), "shares above 0 that sum to 1")
		cells = min(cells*max(len(m.Shares), 1), 1<<30)
	}
	c.Require(cells <= 10_000, "Margins", cells, "at most 10,000 combinations")
	c.Require(len(o.Margins) <= 100, "Margins", len(o.Margins), "at most 100")
	return c.Err(where)
}

// Response is what one respondent has answered.
type Response struct {
	// Answers has one for each question, in the order of Questions, as it was ticked: not
	// reversed. NoAnswer where there is none.
	Answers []int
	// Late marks who answered after a reminder, or in the last wave: they resemble those who never
	// did.
	Late bool
	// Groups is the respondent's category in each of Margins.
	Groups []string
}

// Questionnaire adds up the answers to a survey: how reliable its scale is, and how biased
// the answers may be. It keeps integer sums of pairs of questions, so that shards merge
// exactly; only means by wave and group are floating point. It knows no respondent.
// It is not safe for concurrent use; nil and zero are ErrEmpty.
type Questionnaire struct {
	questions []Question
	low, high int
	deletion  Deletion
	margins   []margin

	invited, responses, complete int64

	pairs    []pair  // of questions i <= j, row by row
	answered []int64 // by question

	// Answers as ticked, by questions that are not reversed and that are: above, below and all
	// against the middle of the scale.
	above, below, ticked [2]int64

	extreme  int64 // answers at an end of the scale
	lined    int64 // respondents who ticked the same everywhere, of
	lineable int64 // those with three answers and more
	yea      int64 // respondents who agreed with most of both kinds, of
	yeaable  int64 // those who answered both

	waves [2]moments.Moments // of respondents' means, early and late
	cells []moments.Moments  // the same by combination of groups
}

// margin is a Margin in sorted order.
type margin struct {
	name       string
	categories []string
	shares     []float64
}

// pair holds the answers to two questions, each less Low, of those who answered both.
type pair struct{ n, x, y, xy int64 }

// maxResponses keeps sums of products of answers within int64.
const maxResponses = 1 << 41

// NewQuestionnaire returns an empty one. Errors: ErrOption naming every bad field.
func NewQuestionnaire(opt QuestionnaireOptions) (*Questionnaire, error) {
	if err := opt.validate("scorecard: NewQuestionnaire"); err != nil {
		return nil, err
	}
	k, cells := len(opt.Questions), 1
	q := &Questionnaire{
		questions: slices.Clone(opt.Questions), low: opt.Low, high: opt.High, deletion: opt.Deletion,
		pairs: make([]pair, k*(k+1)/2), answered: make([]int64, k),
	}
	for _, m := range opt.Margins {
		s := margin{name: m.Name}
		for category := range m.Shares {
			s.categories = append(s.categories, category)
		}
		slices.Sort(s.categories)
		for _, category := range s.categories {
			s.shares = append(s.shares, m.Shares[category])
		}
		q.margins = append(q.margins, s)
		cells *= len(s.categories)
	}
	if len(q.margins) > 0 {
		q.cells = make([]moments.Moments, cells)
	}
	return q, nil
}

// ready refuses a questionnaire that NewQuestionnaire has not made.
func (q *Questionnaire) ready(where string) error {
	if q == nil || len(q.questions) == 0 {
		return fmt.Errorf("%s: no questionnaire: %w", where, ErrEmpty)
	}
	return nil
}

// AddInvited adds to the number of people who were asked. ErrRange for a negative n,
// ErrOverflow, ErrEmpty.
func (q *Questionnaire) AddInvited(n int64) error {
	const where = "scorecard: Questionnaire.AddInvited"
	if err := q.ready(where); err != nil {
		return err
	}
	if n < 0 {
		return fmt.Errorf("%s: %d people, want >= 0: %w", where, n, ErrRange)
	}
	sum, err := check.AddInt64(q.invited, n)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	q.invited = sum
	return nil
}

// Add adds a response. One without any answer counts as a response and no more.
//
// Errors: ErrShape for another number of answers or groups, ErrRange for an answer off the
// scale, ErrUnknownID for a group that its margin does not have, ErrEmpty. A failed call
// changes nothing. Cost: the square of the number of questions.
func (q *Questionnaire) Add(r Response) error {
	const where = "scorecard: Questionnaire.Add"
	if err := q.ready(where); err != nil {
		return err
	}
	cell, err := q.place(r)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if q.responses == maxResponses {
		return fmt.Errorf("%s: %d responses: %w", where, q.responses, ErrOverflow)
	}
	given, sum := 0, int64(0)
	for i, a := range r.Answers {
		if a != NoAnswer {
			given++
			sum += q.keyed(i, a)
		}
	}
	q.responses++
	if given == 0 {
		return nil
	}
	mean := float64(sum)/float64(given) + float64(q.low)
	wave := 0
	if r.Late {
		wave = 1
	}
	// The mean lies on the scale, so that neither sum can fail.
	_ = q.waves[wave].Add(mean)
	if q.cells != nil {
		_ = q.cells[cell].Add(mean)
	}
	if given == len(r.Answers) {
		q.complete++
	}
	if given == len(r.Answers) || q.deletion == Pairwise {
		q.addPairs(r.Answers)
	}
	q.addStyle(r.Answers, given)
	return nil
}

// place checks a response and returns the cell of its groups.
func (q *Questionnaire) place(r Response) (cell int, err error) {
	if err := check.Len("answers", len(r.Answers), len(q.questions)); err != nil {
		return 0, err
	}
	for i, a := range r.Answers {
		if a != NoAnswer && (a < q.low || a > q.high) {
			return 0, fmt.Errorf("answer to %q is off the scale of %d to %d: %w", q.questions[i].Name, q.low, q.high, ErrRange)
		}
	}
	if err := check.Len("groups", len(r.Groups), len(q.margins)); err != nil {
		return 0, err
	}
	for k, m := range q.margins {
		at, known := slices.BinarySearch(m.categories, r.Groups[k])
		if !known {
			return 0, fmt.Errorf("group %d is no category of %q: %w", k, m.name, ErrUnknownID)
		}
		cell = cell*len(m.categories) + at
	}
	return cell, nil
}

// keyed is an answer from 0 on, reversed where the question is.
func (q *Questionnaire) keyed(i, answer int) int64 {
	if q.questions[i].Reversed {
		return int64(q.high - answer)
	}
	return int64(answer - q.low)
}

// addPairs adds the answers to every pair of questions.
func (q *Questionnaire) addPairs(answers []int) {
	at := 0
	for i, a := range answers {
		if a == NoAnswer {
			at += len(answers) - i
			continue
		}
		x := q.keyed(i, a)
		for j := i; j < len(answers); j++ {
			if b := answers[j]; b != NoAnswer {
				y := q.keyed(j, b)
				p := &q.pairs[at]
				p.n++
				p.x += x
				p.y += y
				p.xy += x * y
			}
			at++
		}
	}
}

// addStyle counts how the answers were ticked, whatever they mean.
func (q *Questionnaire) addStyle(answers []int, given int) {
	var above, ticked [2]int64
	same, first := true, NoAnswer
	for i, a := range answers {
		if a == NoAnswer {
			continue
		}
		q.answered[i]++
		if first == NoAnswer {
			first = a
		}
		same = same && a == first
		if a == q.low || a == q.high {
			q.extreme++
		}
		kind := 0
		if q.questions[i].Reversed {
			kind = 1
		}
		ticked[kind]++
		switch twice := int64(a) - int64(q.low) - (int64(q.high) - int64(a)); {
		case twice > 0:
			above[kind]++
		case twice < 0:
			q.below[kind]++
		}
	}
	for kind := range ticked {
		q.ticked[kind] += ticked[kind]
		q.above[kind] += above[kind]
	}
	if given >= 3 {
		q.lineable++
		if same {
			q.lined++
		}
	}
	if ticked[0] > 0 && ticked[1] > 0 {
		q.yeaable++
		if 2*above[0] > ticked[0] && 2*above[1] > ticked[1] {
			q.yea++
		}
	}
}

// sums returns pointers to the counts in the order of the binary form.
func (q *Questionnaire) sums() []*int64 {
	out := []*int64{&q.invited, &q.responses, &q.complete, &q.extreme, &q.lined, &q.lineable, &q.yea, &q.yeaable}
	for kind := range 2 {
		out = append(out, &q.above[kind], &q.below[kind], &q.ticked[kind])
	}
	for i := range q.answered {
		out = append(out, &q.answered[i])
	}
	for i := range q.pairs {
		p := &q.pairs[i]
		out = append(out, &p.n, &p.x, &p.y, &p.xy)
	}
	return out
}

// Merge adds the responses of other, which is not changed. ErrMismatch for other
// questions, scale, deletion or margins, nil and the receiver itself; ErrEmpty,
// ErrOverflow. A failed call changes nothing.
func (q *Questionnaire) Merge(other *Questionnaire) error {
	const where = "scorecard: Questionnaire.Merge"
	if err := check.Merge(where, q, other); err != nil {
		return err
	}
	if err := q.ready(where); err != nil {
		return err
	}
	if err := other.ready(where); err != nil {
		return err
	}
	same := slices.Equal(q.questions, other.questions) && q.low == other.low && q.high == other.high && q.deletion == other.deletion &&
		slices.EqualFunc(q.margins, other.margins, func(a, b margin) bool {
			return a.name == b.name && slices.Equal(a.categories, b.categories) && slices.Equal(a.shares, b.shares)
		})
	if !same {
		return fmt.Errorf("%s: other questions or options: %w", where, ErrMismatch)
	}
	n := *q
	n.answered, n.pairs, n.cells = slices.Clone(q.answered), slices.Clone(q.pairs), slices.Clone(q.cells)
	theirs := other.sums()
	for i, mine := range n.sums() {
		sum, err := check.AddInt64(*mine, *theirs[i])
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		*mine = sum
	}
	if n.responses > maxResponses {
		return fmt.Errorf("%s: %d responses: %w", where, n.responses, ErrOverflow)
	}
	for k := range n.waves {
		if err := n.waves[k].Merge(other.waves[k]); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	for k := range n.cells {
		if err := n.cells[k].Merge(other.cells[k]); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	*q = n
	return nil
}
