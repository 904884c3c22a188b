package scorecard_test

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/scorecard"
)

func ok(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// survey is an empty questionnaire on a scale.
func survey(low, high int, reversed []bool, d scorecard.Deletion) *scorecard.Questionnaire {
	opt := scorecard.QuestionnaireOptions{Low: low, High: high, Deletion: d}
	for i, r := range reversed {
		opt.Questions = append(opt.Questions, scorecard.Question{Name: fmt.Sprint("q", i), Reversed: r})
	}
	return must(scorecard.NewQuestionnaire(opt))
}

// R70: the rows of the definitions; alpha and item–rest correlations to the printed digits.
func TestCronbachReference(t *testing.T) {
	q := survey(1, 5, make([]bool, 3), scorecard.Listwise)
	for _, row := range [][]int{{3, 4, 3}, {5, 5, 4}, {1, 2, 2}, {4, 4, 5}, {2, 3, 3}} {
		ok(t, q.Add(scorecard.Response{Answers: row}))
	}
	r := must(q.Result(0))
	testkit.Near(t, "alpha", r.Alpha, .933333, 5e-7)
	near(t, "item–rest", []float64{r.Questions[0].ItemRest, r.Questions[1].ItemRest, r.Questions[2].ItemRest}, []float64{.968963, .908108, .795304}, 5e-7)
}

func TestQuestionnaireGolden(t *testing.T) {
	var g struct {
		Cases []struct {
			Low, High             int
			Reversed              []bool
			Answers               [][]int
			Alpha, Pairwise       float64
			Standardized          float64
			CI, Dropped, Mean, SD []float64
			ItemRest              []float64 `json:"item_rest"`
			ItemTotal             []float64 `json:"item_total"`
		}
	}
	testkit.Golden(t, "questionnaire.json", &g)
	for _, c := range g.Cases {
		list, pairs := survey(c.Low, c.High, c.Reversed, scorecard.Listwise), survey(c.Low, c.High, c.Reversed, scorecard.Pairwise)
		for _, row := range c.Answers {
			ok(t, list.Add(scorecard.Response{Answers: row}), pairs.Add(scorecard.Response{Answers: row}))
		}
		r := must(list.Result(.9))
		testkit.Near(t, "alpha", r.Alpha, c.Alpha, 1e-12)
		near(t, "interval", []float64{r.Low, r.High}, c.CI, 5.01e-4) // pingouin rounds
		testkit.Near(t, "standardized", r.Standardized, c.Standardized, 1e-12)
		testkit.Near(t, "alpha, pairwise", must(pairs.Result(.9)).Alpha, c.Pairwise, 1e-12)
		for i, q := range r.Questions {
			near(t, "question", []float64{q.ItemRest, q.ItemTotal, q.Mean, q.SD}, []float64{c.ItemRest[i], c.ItemTotal[i], c.Mean[i], c.SD[i]}, 1e-12)
			if len(c.Dropped) > 0 {
				testkit.Near(t, "alpha if dropped", q.AlphaIfDropped, c.Dropped[i], 1e-12)
			} else if !math.IsNaN(q.AlphaIfDropped) {
				t.Errorf("alpha of one question is %v", q.AlphaIfDropped)
			}
		}
	}
}

// A reversed question that is not said to be goes against the others and is warned of; said to
// be, it is as the others.
func TestReversed(t *testing.T) {
	plain, keyed := survey(1, 5, make([]bool, 3), scorecard.Listwise), survey(1, 5, []bool{false, false, true}, scorecard.Listwise)
	for _, row := range [][]int{{3, 4, 3}, {5, 5, 2}, {1, 2, 4}, {4, 4, 1}, {2, 3, 3}} {
		ok(t, plain.Add(scorecard.Response{Answers: row}), keyed.Add(scorecard.Response{Answers: row}))
	}
	r := must(plain.Result(0))
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], `"q2"`) || r.Questions[2].ItemRest >= 0 {
		t.Errorf("warnings %q", r.Warnings)
	}
	r = must(keyed.Result(0))
	if len(r.Warnings) != 0 || r.Alpha < .9 {
		t.Errorf("keyed: %+v", r)
	}
	testkit.Near(t, "alpha", r.Alpha, .933333, 5e-7) // the reference rows, the last question turned round
}

// Every sign of response bias by hand: four questions of 1 to 5, the last two reversed.
func TestBias(t *testing.T) {
	q := must(scorecard.NewQuestionnaire(scorecard.QuestionnaireOptions{
		Questions: []scorecard.Question{{Name: "a"}, {Name: "b"}, {Name: "c", Reversed: true}, {Name: "d", Reversed: true}},
		Low:       1, High: 5, Margins: []scorecard.Margin{{Name: "region", Shares: map[string]float64{"north": .5, "south": .5}}},
	}))
	no := scorecard.NoAnswer
	ok(t, q.AddInvited(10),
		q.Add(scorecard.Response{Answers: []int{4, 5, 4, 5}, Groups: []string{"north"}}),               // yes to all: keyed mean 3
		q.Add(scorecard.Response{Answers: []int{3, 3, 3, 3}, Groups: []string{"north"}}),               // one line: 3
		q.Add(scorecard.Response{Answers: []int{5, 5, 1, 1}, Groups: []string{"north"}}),               // content: 5
		q.Add(scorecard.Response{Answers: []int{2, no, 4, no}, Late: true, Groups: []string{"south"}}), // 2
		q.Add(scorecard.Response{Answers: []int{no, no, no, no}, Late: true, Groups: []string{"south"}}))
	b := must(q.Bias(0))
	for _, c := range []struct {
		name      string
		got       interface{ OrNaN() float64 }
		num, want float64
	}{
		{"response", b.Response, 5, .5},
		{"unanswered", b.Unanswered, 6, 6. / 20},
		{"extreme", b.Extreme, 6, 6. / 14},
		{"one line", b.StraightLine, 1, 1. / 3},
		{"yea-saying", b.YeaSaying, 1, 1. / 4},
	} {
		testkit.Near(t, c.name, c.got.OrNaN(), c.want, 1e-15)
	}
	// Plain: 4 5 3 3 5 5 2 → 4 above, 1 below of 7; reversed: 4 5 3 3 1 1 4 → 3 above, 2 below of 7.
	testkit.Near(t, "acquiescence", b.Acquiescence, (3./7+1./7)/2, 1e-15)
	near(t, "means", []float64{b.Mean, b.Early, b.Late, b.Difference}, []float64{13. / 4, 11. / 3, 2, 2 - 11./3}, 1e-15)
	if b.EarlyN != 3 || b.LateN != 1 || b.RespondentsCounted != 4 || !math.IsNaN(b.DiffLow) {
		t.Errorf("%+v", b)
	}
	// Three from the north stand for half, one from the south for the other.
	w := b.Weighted
	near(t, "weighted", []float64{w.Mean, w.Bias, w.DesignEffect, w.Deviation}, []float64{(11./3 + 2) / 2, 13./4 - (11./3+2)/2, 4 * (3*(2./3)*(2./3) + 4) / 16, 0}, 1e-12)
	if !(w.Low < w.Mean && w.Mean < w.High) || len(w.Uncovered) > 0 {
		t.Errorf("%+v", w)
	}
	// Without reversed questions agreement is opinion, and nothing is said of acquiescence.
	plain := survey(1, 5, make([]bool, 2), scorecard.Listwise)
	ok(t, plain.Add(scorecard.Response{Answers: []int{5, 5}}))
	if b := must(plain.Bias(0)); !math.IsNaN(b.Acquiescence) || b.Weighted != nil || !math.IsNaN(b.Response.OrNaN()) {
		t.Errorf("%+v", b)
	}
	if _, err := plain.Result(0); !errors.Is(err, scorecard.ErrUndefined) {
		t.Errorf("one response: %v", err)
	}
}

// Raking reaches every margin at once, names what nobody answered for, and with one margin is
// the mean of the groups' means by their shares.
func TestRakeProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		share := rapid.Float64Range(.1, .8).Draw(r, "north")
		q := must(scorecard.NewQuestionnaire(scorecard.QuestionnaireOptions{
			Questions: []scorecard.Question{{Name: "a"}}, Low: 0, High: 10,
			Margins: []scorecard.Margin{{Name: "region", Shares: map[string]float64{"north": share, "south": .9 - share, "west": .1}}},
		}))
		sum, n := map[string]float64{}, map[string]float64{}
		for i := range rapid.IntRange(2, 30).Draw(r, "responses") {
			g := "north"
			if i == 1 || i > 1 && rapid.Bool().Draw(r, "south") {
				g = "south"
			}
			a := rapid.IntRange(0, 10).Draw(r, "answer")
			sum[g], n[g] = sum[g]+float64(a), n[g]+1
			if err := q.Add(scorecard.Response{Answers: []int{a}, Groups: []string{g}}); err != nil {
				r.Fatal(err)
			}
		}
		w := must(q.Bias(0)).Weighted
		want := share/.9*sum["north"]/n["north"] + (.9-share)/.9*sum["south"]/n["south"]
		if !testkit.Close(w.Mean, want, 1e-12, 0) || len(w.Uncovered) != 1 || w.Uncovered[0] != "region: west" || w.DesignEffect < 1-1e-12 {
			r.Fatalf("%+v, want a mean of %v", w, want)
		}
	})
	// Two margins: answers tell the cells apart, so that the mean tells the weights.
	q := must(scorecard.NewQuestionnaire(scorecard.QuestionnaireOptions{
		Questions: []scorecard.Question{{Name: "a"}}, Low: 0, High: 1,
		Margins: []scorecard.Margin{{Name: "x", Shares: map[string]float64{"0": .3, "1": .7}}, {Name: "y", Shares: map[string]float64{"0": .6, "1": .4}}},
	}))
	for x, row := range [][]int{{9, 4}, {2, 5}} {
		for y, n := range row {
			for range n {
				ok(t, q.Add(scorecard.Response{Answers: []int{x}, Groups: []string{fmt.Sprint(x), fmt.Sprint(y)}}))
			}
		}
	}
	w := must(q.Bias(0)).Weighted
	testkit.Near(t, "share of x = 1", w.Mean, .7, 1e-11)
	testkit.Near(t, "deviation", w.Deviation, 0, 0)
}

func drawResponse(t *rapid.T) scorecard.Response {
	r := scorecard.Response{Late: rapid.Bool().Draw(t, "late"), Groups: []string{rapid.SampledFrom([]string{"n", "s"}).Draw(t, "group")}}
	for range 3 {
		r.Answers = append(r.Answers, rapid.OneOf(rapid.IntRange(1, 5), rapid.Just(scorecard.NoAnswer)).Draw(t, "answer"))
	}
	return r
}

func lawful(d scorecard.Deletion, high int) *scorecard.Questionnaire {
	return must(scorecard.NewQuestionnaire(scorecard.QuestionnaireOptions{
		Questions: []scorecard.Question{{Name: "a"}, {Name: "b", Reversed: true}, {Name: "c"}}, Low: 1, High: high, Deletion: d,
		Margins: []scorecard.Margin{{Name: "region", Shares: map[string]float64{"n": .25, "s": .75}}},
	}))
}

func TestQuestionnaireLaws(t *testing.T) {
	for _, d := range []scorecard.Deletion{scorecard.Listwise, scorecard.Pairwise} {
		testkit.Laws[*scorecard.Questionnaire]{
			Empty: func() *scorecard.Questionnaire { return lawful(d, 5) },
			Add: func(t *rapid.T) func(*scorecard.Questionnaire) {
				r := drawResponse(t)
				return func(q *scorecard.Questionnaire) {
					if err := errors.Join(q.Add(r), q.AddInvited(2)); err != nil {
						t.Fatal(err)
					}
				}
			},
			Merge: (*scorecard.Questionnaire).Merge,
			Result: func(q *scorecard.Questionnaire) []float64 {
				var out []float64
				if r, err := q.Result(0); err == nil {
					out = testkit.Numbers(r.Responses, r.Complete, r.Used, r.Alpha, r.Low, r.High, r.Standardized)
					for _, x := range r.Questions {
						out = append(out, testkit.Numbers(x.Answered, x.Mean, x.SD, x.ItemTotal, x.ItemRest, x.AlphaIfDropped)...)
					}
				}
				if b, err := q.Bias(0); err == nil {
					out = append(out, testkit.Numbers(b.Response.Num, b.Unanswered.Num, b.Extreme.Num, b.StraightLine.Num, b.Acquiescence, b.YeaSaying.Num, b.Mean, b.Early, b.Late, b.Difference, b.EarlyN, b.LateN, b.Weighted.Mean, b.Weighted.DesignEffect)...)
				}
				return out
			},
			Tol:   1e-9,
			Other: func() *scorecard.Questionnaire { return lawful(d, 7) },
		}.Check(t)
	}
}

// filled has no field that is zero.
func filled(t testing.TB) encoding.BinaryMarshaler {
	q := lawful(scorecard.Pairwise, 5)
	ok(t, q.AddInvited(9))
	for i, row := range [][]int{{4, 2, 5}, {3, 3, 3}, {5, 5, 4}, {1, 4, 2}, {2, scorecard.NoAnswer, 1}, {4, 4, 4}} {
		ok(t, q.Add(scorecard.Response{Answers: row, Late: i%2 == 1, Groups: []string{"ns"[i%3/2 : i%3/2+1]}}))
	}
	return q
}

func frames() []testkit.Frame {
	return []testkit.Frame{{Kind: codec.KindQuestionnaire, Fill: filled, Values: func(t testing.TB, s any) any {
		q := s.(*scorecard.Questionnaire)
		return map[string]any{"result": testkit.Plain(must(q.Result(0))), "bias": testkit.Plain(must(q.Bias(0)))}
	}}}
}

func TestFrames(t *testing.T) { testkit.Frames(t, "supply/scorecard", frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

// Every check of the decoder.
func TestQuestionnairePayload(t *testing.T) {
	i64 := func(name string, xs ...int64) testkit.Field {
		return testkit.Field{Name: name, Put: func(w *codec.Writer) {
			for _, x := range xs {
				w.Int64(x)
			}
		}}
	}
	put := func(f testkit.Field) []func(w *codec.Writer) { return []func(w *codec.Writer){f.Put} }
	margin := func(a, b string, x, y float64) testkit.Field {
		return testkit.Field{Name: "margin", Put: func(w *codec.Writer) {
			w.String("m")
			w.Strings([]string{a, b})
			w.Float64s([]float64{x, y})
		}}
	}
	mean := func(name string, n int64, origin float64) testkit.Field {
		return testkit.Field{Name: name, Put: func(w *codec.Writer) { w.Int64(n); w.Float64(origin); w.Float64(0); w.Float64(0) }}
	}
	question := testkit.Field{Name: "question", Put: func(w *codec.Writer) { w.String("a"); w.Bool(false) }}
	testkit.Payload{
		Kind: codec.KindQuestionnaire,
		Fields: []testkit.Field{
			i64("questions", 1), question, i64("scale", 1, 5), i64("deletion", 0), i64("margins", 1), margin("n", "s", .5, .5),
			i64("invited", 4), i64("responses", 3), i64("complete", 2), i64("extreme", 1), i64("lined", 0, 0), i64("yea", 0, 0),
			i64("plain", 1, 1, 2), i64("reversed", 0, 0, 0), i64("answered", 2), i64("pair", 2, 5, 5, 17),
			mean("early", 1, 2), mean("late", 1, 5), mean("north", 2, 3), mean("south", 0, 0),
		},
		Decode: func(frame []byte) error { return new(scorecard.Questionnaire).UnmarshalBinary(frame) },
	}.Refuse(t, scorecard.ErrCorrupt, map[string][]func(w *codec.Writer){
		"questions": put(i64("", 0)), "scale": append(put(i64("", 5, 1)), put(i64("", math.MinInt64, 5))...), "deletion": put(i64("", 2)),
		"margin":    append(put(margin("s", "n", .5, .5)), put(margin("n", "s", .5, .6))...),
		"responses": put(i64("", 1)), "complete": put(i64("", -1)), "extreme": put(i64("", 3)), "lined": put(i64("", 1, 0)), "yea": put(i64("", 1, 0)),
		"plain": put(i64("", 2, 1, 2)), "reversed": put(i64("", 0, 0, 1)), "answered": put(i64("", 1)), "pair": append(put(i64("", 2, 9, 5, 17)), append(put(i64("", 2, 5, 5, 21)), append(put(i64("", 2, 5, 5, 12)), append(put(i64("", 2, 5, 4, 13)), put(i64("", 1, 4, 4, 16))...)...)...)...),
		"early": append(put(mean("", 1, 6)), put(mean("", 2, 2))...), "north": put(mean("", 1, 3)),
	})
}

// A scale may begin below 0: all but the means is that of the same answers on a scale from 0.
func TestScaleBelowZero(t *testing.T) {
	reversed := []bool{false, true, false}
	below, from0 := survey(-2, 2, reversed, scorecard.Pairwise), survey(0, 4, reversed, scorecard.Pairwise)
	for i := range 20 {
		a, b := []int{i % 5, 4 - i*3%5, (i + i/5) % 5}, []int{}
		for _, x := range a {
			b = append(b, x-2)
		}
		ok(t, from0.Add(scorecard.Response{Answers: a}), below.Add(scorecard.Response{Answers: b}))
	}
	again := new(scorecard.Questionnaire)
	ok(t, again.UnmarshalBinary(must(below.MarshalBinary())))
	r, s := must(again.Result(0)), must(from0.Result(0))
	testkit.Near(t, "alpha", r.Alpha, s.Alpha, 0)
	testkit.Near(t, "mean", r.Questions[1].Mean, s.Questions[1].Mean-2, 1e-14)
	testkit.Near(t, "mean of all", must(again.Bias(0)).Mean, must(from0.Bias(0)).Mean-2, 1e-14)
}

// What covariances of different responses make by Pairwise need be no correlation, and what cancels out
// has no standardised alpha.
func TestNoCorrelation(t *testing.T) {
	q := survey(1, 5, make([]bool, 2), scorecard.Pairwise)
	ok(t, q.Add(scorecard.Response{Answers: []int{1, 1}}), q.Add(scorecard.Response{Answers: []int{5, 5}}))
	for range 50 {
		ok(t, q.Add(scorecard.Response{Answers: []int{3, scorecard.NoAnswer}}), q.Add(scorecard.Response{Answers: []int{scorecard.NoAnswer, 3}}))
	}
	r := must(q.Result(0)) // variances 8/51, covariance 8
	testkit.Near(t, "alpha", r.Alpha, 2*(1-(16./51)/(16./51+16)), 1e-14)
	if !math.IsNaN(r.Low) || !math.IsNaN(r.High) || !math.IsNaN(r.Questions[0].ItemRest) || !math.IsNaN(r.Questions[0].ItemTotal) || len(r.Warnings) != 1 {
		t.Errorf("%+v", r)
	}
	against := survey(0, 10, make([]bool, 2), scorecard.Listwise)
	for i := range 5 {
		ok(t, against.Add(scorecard.Response{Answers: []int{i, 10 - 2*i}}))
	}
	if r := must(against.Result(0)); !math.IsNaN(r.Standardized) || r.Questions[0].ItemRest < -1 || len(r.Warnings) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestBadResponses(t *testing.T) {
	q := lawful(scorecard.Listwise, 5)
	before := must(q.MarshalBinary())
	for _, c := range []struct {
		name string
		err  error
		want error
		text string
	}{
		{"too few answers", q.Add(scorecard.Response{Answers: []int{1}, Groups: []string{"n"}}), scorecard.ErrShape, "answers"},
		{"off the scale", q.Add(scorecard.Response{Answers: []int{1, 6, 1}, Groups: []string{"n"}}), scorecard.ErrRange, `"b"`},
		{"no group", q.Add(scorecard.Response{Answers: []int{1, 2, 1}}), scorecard.ErrShape, "groups"},
		{"an unknown group", q.Add(scorecard.Response{Answers: []int{1, 2, 1}, Groups: []string{"x"}}), scorecard.ErrUnknownID, `"region"`},
		{"a negative number of people", q.AddInvited(-1), scorecard.ErrRange, "-1"},
		{"other questions", q.Merge(survey(1, 5, make([]bool, 3), scorecard.Listwise)), scorecard.ErrMismatch, ""},
		{"itself", q.Merge(q), scorecard.ErrMismatch, ""},
		{"people beyond int64", errors.Join(lawful(scorecard.Listwise, 5).AddInvited(math.MaxInt64), func() error {
			a := lawful(scorecard.Listwise, 5)
			_ = a.AddInvited(math.MaxInt64)
			return a.AddInvited(1)
		}()), scorecard.ErrOverflow, ""},
	} {
		if !errors.Is(c.err, c.want) || !strings.Contains(c.err.Error(), c.text) {
			t.Errorf("%s: %v, want %v with %s", c.name, c.err, c.want, c.text)
		}
	}
	if string(must(q.MarshalBinary())) != string(before) {
		t.Error("a refused call has changed the state")
	}
	if _, err := q.Result(0); !errors.Is(err, scorecard.ErrEmpty) {
		t.Errorf("no responses: %v", err)
	}
	if _, err := q.Bias(0); !errors.Is(err, scorecard.ErrEmpty) {
		t.Errorf("no answers: %v", err)
	}
	one := survey(1, 5, make([]bool, 1), scorecard.Listwise)
	same := survey(1, 5, make([]bool, 2), scorecard.Listwise)
	for range 3 {
		ok(t, one.Add(scorecard.Response{Answers: []int{2}}), same.Add(scorecard.Response{Answers: []int{2, 3}}))
	}
	for name, q := range map[string]*scorecard.Questionnaire{"one question": one, "no variance": same} {
		if _, err := q.Result(0); !errors.Is(err, scorecard.ErrUndefined) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, opt := range map[string]scorecard.QuestionnaireOptions{
		"no questions": {Low: 1, High: 5}, "scale": {Questions: []scorecard.Question{{Name: "a"}}, Low: 5, High: 5},
		"twice":   {Questions: []scorecard.Question{{Name: "a"}, {Name: "a"}}, Low: 1, High: 5},
		"margins": {Questions: []scorecard.Question{{Name: "a"}}, Low: 1, High: 5, Margins: []scorecard.Margin{{Name: "m", Shares: map[string]float64{"x": .9}}}},
	} {
		if _, err := scorecard.NewQuestionnaire(opt); !errors.Is(err, scorecard.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkQuestionnaire(b *testing.B) {
	q := survey(1, 5, make([]bool, 20), scorecard.Listwise)
	r := scorecard.Response{Answers: make([]int, 20)}
	for i := range r.Answers {
		r.Answers[i] = 1 + i%5
	}
	b.Run("questions=20", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ok(b, q.Add(r))
		}
	})
}
