package online_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/online"
)

// verdicts are short reviews and whether they are good.
func verdicts(n int, seed uint64) (texts []string, good []bool) {
	r := rand.New(rand.NewPCG(seed, 1))
	kind := [2][]string{{"差", "退货", "bad", "broken", "失望", "not good"}, {"好", "喜欢", "great", "fits", "推荐", "good"}}
	for range n {
		y := r.IntN(2)
		var words []string
		for range 1 + r.IntN(6) {
			k := y
			if r.IntN(4) == 0 {
				k = 1 - y
			}
			words = append(words, kind[k][r.IntN(len(kind[k]))], []string{"手机", "shirt", "很", "！"}[r.IntN(4)])
		}
		texts, good = append(texts, strings.Join(words, " ")), append(good, y == 1)
	}
	return texts, good
}

// featuresOf counts the features of a text by the letter of the doc comment: tokens by spaces here.
func featuresOf(text string, grams int) map[string]float64 {
	tokens, out := strings.Fields(text), map[string]float64{}
	for n := 1; n <= grams; n++ {
		for k := 0; k+n <= len(tokens); k++ {
			out[strings.Join(tokens[k:k+n], " ")]++
		}
	}
	return out
}

func fields(dst []string, text string) []string { return append(dst, strings.Fields(text)...) }

// TestTextOracle: tf-idf by maps, and predict's dense fit of it, give the same probabilities.
func TestTextOracle(t *testing.T) {
	texts, good := verdicts(200, 1)
	opt := online.TextOptions{Tokens: fields, Grams: 2, L2: .3}
	m := get(online.FitText(context.Background(), texts, good, opt))
	docs, column := map[string]float64{}, map[string]int{}
	for _, text := range texts {
		for f := range featuresOf(text, 2) {
			docs[f]++
			if _, ok := column[f]; !ok {
				column[f] = len(column)
			}
		}
	}
	vector := func(text string) []float64 {
		x, sum := make([]float64, len(column)), 0.0
		for f, n := range featuresOf(text, 2) {
			if j, ok := column[f]; ok {
				x[j] = (1 + math.Log(n)) * (math.Log((1+float64(len(texts)))/(1+docs[f])) + 1)
				sum += x[j] * x[j]
			}
		}
		for j := range x {
			x[j] /= math.Sqrt(max(sum, 1e-300))
		}
		return x
	}
	rows := make([][]float64, len(texts))
	for i, text := range texts {
		rows[i] = vector(text)
	}
	want := get(predict.FitLogistic(context.Background(), rows, good, predict.LogisticOptions{L2: .3}))
	for _, text := range append(texts[:20:20], "好 好 好 never-seen", "never-seen", "") {
		a, b := get(m.Score(text)), get(want.Score(nil, [][]float64{vector(text)}))[0]
		if math.Abs(a-b) > 1e-6 {
			t.Errorf("%q: score %v, want %v", text, a, b)
		}
		if p := get(m.Predict(text)); math.Abs(p-predict.Sigmoid(a)) > 1e-15 {
			t.Errorf("%q: probability %v of score %v", text, p, a)
		}
	}
}

// TestTextCountsOracle: naive Bayes by maps.
func TestTextCountsOracle(t *testing.T) {
	texts, good := verdicts(200, 2)
	c := get(online.NewTextCounts(online.TextOptions{Tokens: fields, Smoothing: .5}))
	counts, sums, n := [2]map[string]float64{{}, {}}, [2]float64{}, [2]float64{}
	all := map[string]bool{}
	for i, text := range texts {
		w, k := float64(1+i%3), 0
		if good[i] {
			k = 1
		}
		must(c.Add(text, good[i], w))
		n[k] += w
		for f := range featuresOf(text, 2) {
			counts[k][f] += w
			sums[k] += w
			all[f] = true
		}
	}
	m := get(c.Result())
	for _, text := range append(texts[:20:20], "好 好 never-seen", "") {
		want := math.Log(n[1] / n[0])
		for f := range featuresOf(text, 2) {
			if all[f] {
				v := .5 * float64(len(all))
				want += math.Log((counts[1][f]+.5)/(sums[1]+v)) - math.Log((counts[0][f]+.5)/(sums[0]+v))
			}
		}
		if got := get(m.Score(text)); math.Abs(got-want) > 1e-9 {
			t.Errorf("%q: score %v, want %v", text, got, want)
		}
	}
	if no, yes := c.Texts(); no != n[0] || yes != n[1] {
		t.Errorf("%v and %v texts, want %v", no, yes, n)
	}
}

// TestTextPermuted: texts in another order and at any number of workers give the same bytes, and a weight of 2 is the text twice.
func TestTextPermuted(t *testing.T) {
	texts, good := verdicts(700, 3)
	m := get(get(online.FitText(context.Background(), texts, good, online.TextOptions{Workers: 1})).MarshalBinary())
	other, y := make([]string, len(texts)), make([]bool, len(texts))
	for i, k := range rand.New(rand.NewPCG(1, 1)).Perm(len(texts)) {
		other[i], y[i] = texts[k], good[k]
	}
	if !bytes.Equal(m, get(get(online.FitText(context.Background(), other, y, online.TextOptions{Workers: 3})).MarshalBinary())) {
		t.Error("permuted texts give another model")
	}
	weights := make([]float64, len(texts))
	var twice []string
	var twiceY []bool
	for i := range weights {
		weights[i] = float64(i % 3)
		for range i % 3 {
			twice, twiceY = append(twice, texts[i]), append(twiceY, good[i])
		}
	}
	a := get(online.FitText(context.Background(), texts, good, online.TextOptions{Weights: weights}))
	b := get(online.FitText(context.Background(), twice, twiceY, online.TextOptions{}))
	for _, text := range texts[:30] {
		if x, want := get(a.Score(text)), get(b.Score(text)); math.Abs(x-want) > 1e-5 {
			t.Errorf("%q: %v with weights, %v repeated", text, x, want)
		}
	}
}

// TestTextMerge: counts of shards in any order are those of one pass, to the byte.
func TestTextMerge(t *testing.T) {
	texts, good := verdicts(90, 4)
	whole := get(online.NewTextCounts(online.TextOptions{}))
	var shards [3]*online.TextCounts
	for k := range shards {
		shards[k] = get(online.NewTextCounts(online.TextOptions{}))
	}
	for i, text := range texts {
		must(whole.Add(text, good[i], float64(1+i%2)))
		must(shards[i%3].Add(text, good[i], float64(1+i%2)))
	}
	read := new(online.TextCounts)
	must(read.UnmarshalBinary(get(shards[2].MarshalBinary())))
	must(read.Merge(shards[0]))
	must(read.Merge(shards[1]))
	if !bytes.Equal(get(read.MarshalBinary()), get(whole.MarshalBinary())) {
		t.Error("shards are not the whole")
	}
	if no, yes := read.Texts(); no+yes != 45+90 {
		t.Errorf("%v and %v texts", no, yes)
	}
	if err := whole.Merge(get(online.NewTextCounts(online.TextOptions{Grams: 1}))); !errors.Is(err, online.ErrMismatch) {
		t.Errorf("other grams: %v", err)
	}
}

// TestTextReasons: contributions and the score of no text add up to the score.
func TestTextReasons(t *testing.T) {
	texts, good := verdicts(300, 5)
	c := get(online.NewTextCounts(online.TextOptions{Bits: 8}))
	for i, text := range texts {
		must(c.Add(text, good[i], 1))
	}
	for name, m := range map[string]*online.Text{
		"logistic": get(online.FitText(context.Background(), texts, good, online.TextOptions{})),
		"crowded":  get(online.FitText(context.Background(), texts, good, online.TextOptions{Bits: 8})),
		"bayes":    get(c.Result()),
	} {
		for _, text := range append(texts[:20:20], "") {
			sum := get(m.Score(""))
			reasons := get(m.AppendReasons(nil, text, 1000))
			for i, r := range reasons {
				sum += r.Contribution
				if i > 0 && math.Abs(r.Contribution) > math.Abs(reasons[i-1].Contribution) {
					t.Errorf("%s, %q: reason %d is above the one before", name, text, i)
				}
			}
			if want := get(m.Score(text)); math.Abs(sum-want) > 1e-9 {
				t.Errorf("%s, %q: reasons add up to %v, want %v", name, text, sum, want)
			}
		}
		if r := get(m.AppendReasons(nil, "很好！推荐", 1)); len(r) != 1 || r[0].Contribution <= 0 {
			t.Errorf("%s: %v", name, r)
		}
	}
}

// TestTextForms: case, width and normal form do not matter, and bytes that are no text harm nobody.
func TestTextForms(t *testing.T) {
	texts, good := verdicts(300, 6)
	m := get(online.FitText(context.Background(), append(texts, "café", "ＧＯＯＤ！"), append(good, true, true), online.TextOptions{}))
	for a, b := range map[string]string{"cafe\u0301": "café", "GOOD!": "ｇｏｏｄ！", "\xff\xfe": "", strings.Repeat(" ", 1<<20): ""} {
		if x, y := get(m.Score(a)), get(m.Score(b)); x != y {
			t.Errorf("%.20q scores %v, %.20q %v", a, x, b, y)
		}
	}
	if s := get(m.Score(strings.Repeat("很好！", 1<<18))); s <= 0 || math.IsInf(s, 0) {
		t.Errorf("a long praise scores %v", s)
	}
}

// TestTextTokens: a frame forgets the caller's tokens and says so.
func TestTextTokens(t *testing.T) {
	texts, good := verdicts(100, 7)
	m := get(online.FitText(context.Background(), texts, good, online.TextOptions{Tokens: fields}))
	c := get(online.NewTextCounts(online.TextOptions{Tokens: fields}))
	must(c.Add(texts[0], good[0], 1))
	back, counts := new(online.Text), new(online.TextCounts)
	must(back.UnmarshalBinary(get(m.MarshalBinary())))
	must(counts.UnmarshalBinary(get(c.MarshalBinary())))
	if _, err := back.Score(texts[0]); !errors.Is(err, online.ErrMismatch) {
		t.Errorf("without tokens: %v", err)
	}
	if err := counts.Add(texts[1], true, 1); !errors.Is(err, online.ErrMismatch) {
		t.Errorf("without tokens: %v", err)
	}
	if a, b := get(back.WithTokens(fields).Score(texts[0])), get(m.Score(texts[0])); a != b {
		t.Errorf("with tokens %v, want %v", a, b)
	}
	must(counts.WithTokens(fields))
	must(counts.Add(texts[1], true, 1))
}

func TestTextCancels(t *testing.T) {
	texts, good := verdicts(300, 8)
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("stop")
	cancel(cause)
	if _, err := online.FitText(ctx, texts, good, online.TextOptions{}); !errors.Is(err, cause) {
		t.Errorf("%v, want the cause", err)
	}
}

// Scoring allocates nothing once it is warm.
func TestTextAllocs(t *testing.T) {
	if testkit.Race {
		t.Skip("counts differ under the race detector")
	}
	texts, good := verdicts(300, 9)
	m := get(online.FitText(context.Background(), texts, good, online.TextOptions{}))
	get(m.Predict(texts[0]))
	if n := testing.AllocsPerRun(100, func() { get(m.Predict(texts[0])) }); n > .1 {
		t.Errorf("%v allocations", n)
	}
}

func ExampleFitText() {
	texts := []string{"很好，喜欢", "质量太差", "good phone", "broken again", "喜欢，推荐", "太差，退货"}
	good := []bool{true, false, true, false, true, false}
	m, err := online.FitText(context.Background(), texts, good, online.TextOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := m.Predict("质量差，要退货")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f\n", p)
	reasons, err := m.AppendReasons(nil, "质量差，要退货", 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range reasons {
		fmt.Printf("%s %+.2f\n", r.Tokens, r.Contribution)
	}
	// Output:
	// 0.24
	// 差 -0.19
	// 质 -0.15
}

func ExampleTextCounts() {
	day, err := online.NewTextCounts(online.TextOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for text, good := range map[string]bool{"很好，喜欢": true, "质量太差": false} {
		if err := day.Add(text, good, 1); err != nil {
			fmt.Println(err)
			return
		}
	}
	week, err := online.NewTextCounts(online.TextOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := week.Merge(day); err != nil {
		fmt.Println(err)
		return
	}
	m, err := week.Result()
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := m.Predict("喜欢")
	fmt.Printf("%.2f %v\n", p, err)
	// Output: 0.86 <nil>
}

func BenchmarkText(b *testing.B) {
	texts, good := verdicts(2000, 10)
	m := get(online.FitText(context.Background(), texts, good, online.TextOptions{}))
	b.Run("what=fit", func(b *testing.B) {
		for b.Loop() {
			get(online.FitText(context.Background(), texts, good, online.TextOptions{Workers: 1}))
		}
	})
	b.Run("what=predict", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			get(m.Predict(texts[0]))
		}
	})
}
