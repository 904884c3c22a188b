package recommend

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// TestTFIDFGolden compares with TfidfVectorizer, whose vectors are float64:
// ours are rounded to float32, so they agree to 1e-6.
func TestTFIDFGolden(t *testing.T) {
	var g struct {
		Titles []string
		Cases  []struct {
			Name    string
			Terms   []string
			Rows    []map[string]float64
			Queries []struct {
				Text   string
				Scores []float64
			}
		}
	}
	testkit.Golden(t, "tfidf_sklearn.json", &g)
	options := map[string]TFIDFOptions{
		"plain":             {},
		"sublinear bigrams": {Sublinear: true, NGrams: 2, MinDF: 2, MaxDF: 0.3},
	}
	if len(g.Cases) != len(options) {
		t.Fatalf("%d golden cases", len(g.Cases))
	}
	for _, c := range g.Cases {
		m, err := FitTFIDF(context.Background(), g.Titles, options[c.Name])
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.Terms(), c.Terms) {
			t.Fatalf("%s: terms are %q, want %q", c.Name, m.Terms(), c.Terms)
		}
		for i, want := range c.Rows {
			terms, weights, err := m.ItemVector(int32(i))
			if err != nil || len(terms) != len(want) {
				t.Fatalf("%s: row %d has %d terms, want %d", c.Name, i, len(terms), len(want))
			}
			for k, term := range terms {
				testkit.Near(t, c.Name+" "+m.Terms()[term], float64(weights[k]), want[m.Terms()[term]], 1e-6)
			}
		}
		for _, q := range c.Queries {
			got, err := m.AppendSearch(nil, q.Text, len(g.Titles), Filter{})
			if err != nil {
				t.Fatal(err)
			}
			found := make([]float64, len(g.Titles))
			for _, s := range got {
				found[s.Item] = float64(s.Score)
			}
			for i, want := range q.Scores {
				testkit.Near(t, fmt.Sprintf("%s: %q against title %d", c.Name, q.Text, i), found[i], want, 1e-6)
			}
		}
	}
}

// slowTFIDF is the oracle: vectors as maps, in float64.
type slowTFIDF struct {
	vectors []map[string]float64
	idf     map[string]float64
	opt     TFIDFOptions
}

func newSlowTFIDF(texts []string, opt TFIDFOptions) *slowTFIDF {
	s := &slowTFIDF{idf: map[string]float64{}, opt: opt}
	df := map[string]float64{}
	counts := make([]map[string]float64, len(texts))
	for i, text := range texts {
		var attributes []string
		if opt.Attributes != nil {
			attributes = opt.Attributes[i]
		}
		counts[i] = s.count(text, attributes)
		for term := range counts[i] {
			df[term]++
		}
	}
	n := float64(len(texts))
	for term, d := range df {
		if d >= float64(opt.MinDF) && d <= opt.MaxDF*n {
			s.idf[term] = math.Log((1+n)/(1+d)) + 1
		}
	}
	for i := range texts {
		s.vectors = append(s.vectors, s.vector(counts[i]))
	}
	return s
}

func (s *slowTFIDF) count(text string, attributes []string) map[string]float64 {
	c := map[string]float64{}
	words := strings.Fields(text)
	for n := 1; n <= s.opt.NGrams; n++ {
		for k := 0; k+n <= len(words); k++ {
			c[strings.Join(words[k:k+n], " ")]++
		}
	}
	for _, a := range attributes {
		c["="+a]++
	}
	return c
}

func (s *slowTFIDF) vector(counts map[string]float64) map[string]float64 {
	v, sum := map[string]float64{}, 0.0
	for term, tf := range counts {
		if s.idf[term] == 0 {
			continue
		}
		if s.opt.Sublinear {
			tf = 1 + math.Log(tf)
		}
		if term[0] == '=' {
			tf *= float64(s.opt.AttributeWeight)
		}
		v[term] = tf * s.idf[term]
		sum += v[term] * v[term]
	}
	for term := range v {
		v[term] /= math.Sqrt(sum)
	}
	return v
}

func dotMaps(a, b map[string]float64) float64 {
	s := 0.0
	for k, v := range a {
		s += v * b[k]
	}
	return s
}

func drawTexts(t *rapid.T, label string, max int) []string {
	vocabulary := strings.Fields("a b c d e f g hh 茶 café")
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 7).Draw(t, "words"), " ")
	}), 1, max).Draw(t, label)
}

func TestTFIDFProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := drawTexts(t, "texts", 40)
		n := len(texts)
		opt := TFIDFOptions{
			NGrams: rapid.IntRange(1, 3).Draw(t, "ngrams"), MinDF: rapid.IntRange(1, 3).Draw(t, "min df"),
			MaxDF: rapid.SampledFrom([]float64{1, .5}).Draw(t, "max df"), Sublinear: rapid.Bool().Draw(t, "sublinear"),
			AttributeWeight: rapid.SampledFrom([]float32{1, 3}).Draw(t, "attribute weight"),
		}
		if rapid.Bool().Draw(t, "attributes") {
			for range n {
				opt.Attributes = append(opt.Attributes, rapid.SliceOfN(rapid.SampledFrom([]string{"a", "brand=x", "brand=y"}), 0, 2).Draw(t, "list"))
			}
		}
		slow := newSlowTFIDF(texts, opt)
		m, err := FitTFIDF(context.Background(), texts, opt)
		if len(slow.idf) == 0 {
			if !errors.Is(err, ErrEmpty) || m != nil {
				t.Fatalf("nothing left: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Terms()) != len(slow.idf) || !slices.IsSorted(m.Terms()) {
			t.Fatalf("terms %q, want %d sorted", m.Terms(), len(slow.idf))
		}
		for i, want := range slow.vectors {
			terms, weights, err := m.ItemVector(int32(i))
			if err != nil || len(terms) != len(want) {
				t.Fatalf("item %d has %d terms, want %d (%v)", i, len(terms), len(want), err)
			}
			for k, term := range terms {
				if !testkit.Close(float64(weights[k]), want[m.Terms()[term]], 1e-6, 0) {
					t.Fatalf("item %d term %q: %v, want %v", i, m.Terms()[term], weights[k], want[m.Terms()[term]])
				}
			}
		}
		checkRanking := func(what string, got []Scored, want []float64, k int) {
			possible := 0
			for _, s := range want {
				if s > 1e-9 {
					possible++
				}
			}
			if len(got) != min(k, possible) {
				t.Fatalf("%s: %d results, want %d", what, len(got), min(k, possible))
			}
			order := slices.Clone(want)
			slices.SortFunc(order, func(a, b float64) int { return cmp.Compare(b, a) })
			for r, s := range got {
				if !testkit.Close(float64(s.Score), want[s.Item], 1e-5, 0) || !testkit.Close(float64(s.Score), order[r], 1e-5, 0) {
					t.Fatalf("%s: rank %d is item %d with %v, its score is %v, the rank's %v", what, r, s.Item, s.Score, want[s.Item], order[r])
				}
				if r > 0 && (got[r-1].Score < s.Score || got[r-1].Score == s.Score && got[r-1].Item >= s.Item) {
					t.Fatalf("%s: out of order: %v", what, got)
				}
			}
		}
		k := rapid.IntRange(1, n+1).Draw(t, "k")

		item := int32(rapid.IntRange(0, n-1).Draw(t, "item"))
		want := make([]float64, n)
		for j := range want {
			if int32(j) != item {
				want[j] = dotMaps(slow.vectors[item], slow.vectors[j])
			}
		}
		got, err := m.AppendSimilar(nil, item, k)
		if err != nil {
			t.Fatal(err)
		}
		checkRanking("similar", got, want, k)

		query := drawTexts(t, "query", 1)[0]
		qv := slow.vector(slow.count(query, nil))
		f := Filter{}
		if rapid.Bool().Draw(t, "filter") {
			f = Filter{Items: []int32{item}, Allow: ItemSetFunc(n, func(i int32) bool { return i%3 > 0 }), Deny: ItemSetFunc(n, func(i int32) bool { return i%5 == 0 })}
		}
		got, err = m.AppendSearch(nil, query, k, f)
		if len(qv) == 0 {
			if !errors.Is(err, ErrEmpty) {
				t.Fatalf("query of unknown words: %v", err)
			}
		} else {
			if err != nil {
				t.Fatal(err)
			}
			for j := range want {
				want[j] = 0
				if f.Items == nil || int32(j) != item && j%3 > 0 && j%5 != 0 {
					want[j] = dotMaps(qv, slow.vectors[j])
				}
			}
			checkRanking("search", got, want, k)
		}

		q := Query{User: Stranger}
		for _, i := range rapid.Permutation(seq(n)).Draw(t, "history")[:rapid.IntRange(0, min(n, 6)).Draw(t, "length")] {
			q.Items = append(q.Items, i)
			q.Weights = append(q.Weights, float32(rapid.SampledFrom([]int{-1, 1, 1, 2, 5}).Draw(t, "weight")))
		}
		profile, norm := map[string]float64{}, 0.0
		for h, i := range q.Items {
			for term, v := range slow.vectors[i] {
				profile[term] += float64(q.Weights[h]) * v
			}
		}
		for _, v := range profile {
			norm += v * v
		}
		norm = math.Sqrt(norm)
		scores := make([]float32, n)
		err = m.Score(scores, q)
		if norm < 1e-5 {
			return // nothing, or weights that cancel to rounding
		}
		if err != nil {
			t.Fatal(err)
		}
		for j := range scores {
			if want := dotMaps(profile, slow.vectors[j]) / norm; !testkit.Close(float64(scores[j]), want, 1e-5, 0) {
				t.Fatalf("score of item %d is %v, want %v", j, scores[j], want)
			}
			reasons, err := m.AppendReasons(nil, q, int32(j), len(q.Items))
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for _, r := range reasons {
				h := slices.Index(q.Items, r.Item)
				want := float64(q.Weights[h]) * dotMaps(slow.vectors[r.Item], slow.vectors[j]) / norm
				if !testkit.Close(float64(r.Contribution), want, 1e-5, 0) {
					t.Fatalf("item %d because of %d: %v, want %v", j, r.Item, r.Contribution, want)
				}
				sum += float64(r.Contribution)
			}
			if !testkit.Close(sum, float64(scores[j]), 1e-5, 0) {
				t.Fatalf("reasons of item %d add up to %v, score is %v", j, sum, scores[j])
			}
		}
		// A new item with the text of an old one gets the old one's score.
		var attributes []string
		if opt.Attributes != nil {
			attributes = opt.Attributes[item]
		}
		s, err := m.ScoreText(q, texts[item], attributes...)
		if len(slow.vectors[item]) == 0 {
			if !errors.Is(err, ErrEmpty) {
				t.Fatalf("new item without known terms: %v", err)
			}
		} else if err != nil || !testkit.Close(float64(s), float64(scores[item]), 1e-5, 0) {
			t.Fatalf("new item scores %v (%v), its twin %v", s, err, scores[item])
		}
		terms, weights, err := m.AppendVector(nil, nil, texts[item], attributes...)
		oldTerms, oldWeights, _ := m.ItemVector(item)
		if err == nil && (!slices.Equal(terms, oldTerms) || !slices.Equal(weights, oldWeights)) {
			t.Fatalf("vector of the text of item %d: %v %v, want %v %v", item, terms, weights, oldTerms, oldWeights)
		}
	})
}

func seq(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// groupTitles gives items of one group (index modulo 4) common words.
func groupTitles(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		g := i % 4
		texts[i] = fmt.Sprintf("kind%d sort%d style%d item%d colour%d", g, g, g, i, i%7)
	}
	return texts
}

func fitTitles(t testing.TB, texts []string, opt TFIDFOptions) *TFIDFModel {
	t.Helper()
	m, err := FitTFIDF(context.Background(), texts, opt)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestTFIDFSameBytes: texts are read in blocks, on many goroutines.
func TestTFIDFSameBytes(t *testing.T) {
	testkit.AtGOMAXPROCS(t, func() []byte { return mustMarshal(t, fitTitles(t, groupTitles(5000), TFIDFOptions{NGrams: 2})) })
}

// TestTFIDFPermuted: texts in another order give the same vectors in that
// order, bit for bit.
func TestTFIDFPermuted(t *testing.T) {
	texts := randomTitles(3000, 500)
	a := fitTitles(t, texts, TFIDFOptions{})
	perm := rng.New(9, 0, 0).Perm(len(texts))
	shuffled := make([]string, len(texts))
	for i, p := range perm {
		shuffled[p] = texts[i]
	}
	b := fitTitles(t, shuffled, TFIDFOptions{Workers: 3})
	if !slices.Equal(a.terms, b.terms) || !slices.Equal(a.idf, b.idf) {
		t.Fatal("the vocabulary depends on the order of the texts")
	}
	for i, p := range perm {
		at, aw, _ := a.ItemVector(int32(i))
		bt, bw, _ := b.ItemVector(p)
		if !slices.Equal(at, bt) || !slices.Equal(aw, bw) {
			t.Fatalf("item %d differs", i)
		}
	}
}

func TestTFIDFBinary(t *testing.T) {
	texts := append(groupTitles(20), "", "茶叶 绿茶")
	m := fitTitles(t, texts, TFIDFOptions{NGrams: 2, Attributes: make([][]string, 22), AttributeWeight: 2})
	data := mustMarshal(t, m)
	back := &TFIDFModel{}
	if err := back.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(mustMarshal(t, back), data) {
		t.Error("encode, decode, encode gives other bytes")
	}
	for _, q := range []string{"kind1 colour3", "绿茶"} {
		a, err1 := m.AppendSearch(nil, q, 5, Filter{})
		b, err2 := back.AppendSearch(nil, q, 5, Filter{})
		if err1 != nil || err2 != nil || len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("search %q: %v before, %v after", q, a, b)
		}
	}
	for n := range data {
		if back.UnmarshalBinary(data[:n]) == nil {
			t.Fatalf("accepted %d of %d bytes", n, len(data))
		}
		flip := bytes.Clone(data)
		flip[n] ^= 0x41
		if back.UnmarshalBinary(flip) == nil {
			t.Fatalf("accepted a flipped byte at %d", n)
		}
	}
	if !bytes.Equal(mustMarshal(t, back), data) {
		t.Error("a failed decode changed the model")
	}
}

func TestTFIDFForeignTokenizer(t *testing.T) {
	commas := func(dst []string, text string) []string { return append(dst, strings.Split(text, ",")...) }
	m := fitTitles(t, []string{"a b,c", "c,,d", "a b"}, TFIDFOptions{Tokenizer: commas})
	if !slices.Equal(m.Terms(), []string{"a b", "c", "d"}) {
		t.Fatalf("terms %q", m.Terms())
	}
	var back TFIDFModel
	if err := back.UnmarshalBinary(mustMarshal(t, m)); err != nil {
		t.Fatal(err)
	}
	if got, err := back.AppendSimilar(nil, 0, 2); err != nil || len(got) != 2 {
		t.Errorf("similar without the tokenizer: %v, %v", got, err)
	}
	if _, err := back.AppendSearch(nil, "a b", 1, Filter{}); !errors.Is(err, ErrMismatch) {
		t.Errorf("search without the tokenizer: %v", err)
	}
	if !bytes.Equal(mustMarshal(t, &back), mustMarshal(t, m)) {
		t.Error("encode, decode, encode gives other bytes")
	}
	if got, err := back.WithTokenizer(commas).AppendSearch(nil, "a b", 1, Filter{}); err != nil || got[0].Item != 2 {
		t.Errorf("search with the tokenizer: %v, %v", got, err)
	}
}

func TestTFIDFBadInput(t *testing.T) {
	ctx := context.Background()
	stopped, cancel := context.WithCancelCause(ctx)
	stop := errors.New("stopped")
	cancel(stop)
	ok := []string{"a b", "b c"}
	for name, c := range map[string]struct {
		ctx   context.Context
		texts []string
		opt   TFIDFOptions
		want  error
	}{
		"no texts":              {ctx, nil, TFIDFOptions{}, ErrEmpty},
		"no words":              {ctx, []string{"", "!"}, TFIDFOptions{}, ErrEmpty},
		"all rare":              {ctx, ok, TFIDFOptions{MinDF: 3}, ErrEmpty},
		"negative n-grams":      {ctx, ok, TFIDFOptions{NGrams: -1}, ErrOption},
		"too many n-grams":      {ctx, ok, TFIDFOptions{NGrams: 9}, ErrOption},
		"negative MinDF":        {ctx, ok, TFIDFOptions{MinDF: -1}, ErrOption},
		"MaxDF above 1":         {ctx, ok, TFIDFOptions{MaxDF: 1.5}, ErrOption},
		"MaxDF NaN":             {ctx, ok, TFIDFOptions{MaxDF: math.NaN()}, ErrOption},
		"weight negative":       {ctx, ok, TFIDFOptions{AttributeWeight: -1}, ErrOption},
		"weight infinite":       {ctx, ok, TFIDFOptions{AttributeWeight: float32(math.Inf(1))}, ErrOption},
		"attributes of another": {ctx, ok, TFIDFOptions{Attributes: [][]string{{"x"}}}, ErrShape},
		"cancelled":             {stopped, ok, TFIDFOptions{}, stop},
	} {
		if m, err := FitTFIDF(c.ctx, c.texts, c.opt); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := fitTitles(t, append(ok, ""), TFIDFOptions{})
	dst := make([]float32, 3)
	if err := m.Score(dst, Query{User: 0, Items: []int32{2}}); !errors.Is(err, ErrEmpty) {
		t.Errorf("history without terms: %v", err)
	}
	inf := float32(math.Inf(1))
	if err := m.Score(dst, Query{Items: []int32{0}, Weights: []float32{inf}}); !errors.Is(err, ErrRange) {
		t.Errorf("infinite weight: %v", err)
	}
	if err := m.Score(dst, Query{Items: []int32{0}}); err != nil || dst[0] < 0.999 {
		t.Errorf("the scratch is not clean after an error: %v, %v", dst, err)
	}
	if err := m.Score(dst, Query{Items: []int32{0, 1}, Weights: []float32{0, 0}}); !errors.Is(err, ErrEmpty) {
		t.Errorf("zero weights: %v", err)
	}
	other, _ := NewItemSet(4)
	if _, err := m.AppendSearch(nil, "a", 1, Filter{Deny: other}); !errors.Is(err, ErrMismatch) {
		t.Errorf("set of another catalogue: %v", err)
	}
	if got, err := m.AppendSearch(nil, "a", 0, Filter{}); err != nil || len(got) != 0 {
		t.Errorf("k 0: %v, %v", got, err)
	}
	var zero TFIDFModel
	if err := zero.Score(nil, Query{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("zero model: %v", err)
	}
	if _, err := zero.AppendSearch(nil, "a", 1, Filter{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("zero model: %v", err)
	}
	if _, err := zero.AppendSimilar(nil, 0, 1); !errors.Is(err, ErrEmpty) {
		t.Errorf("zero model: %v", err)
	}
}

func TestTFIDFAllocs(t *testing.T) {
	if testkit.Race {
		t.Skip("sync.Pool drops items under the race detector")
	}
	m := fitTitles(t, randomTitles(2000, 3000), TFIDFOptions{})
	rare, common := m.Terms()[len(m.Terms())-1], randomTitles(1, 3000)[0]
	dst := make([]Scored, 0, 20)
	if n := testing.AllocsPerRun(100, func() {
		for _, q := range []string{rare, common} {
			var err error
			if dst, err = m.AppendSearch(dst[:0], q, 10, Filter{}); err != nil {
				t.Fatal(err)
			}
			if dst, err = m.AppendSimilar(dst[:0], 7, 10); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzTFIDFUnmarshal(f *testing.F) {
	for _, opt := range []TFIDFOptions{{}, {NGrams: 2, Sublinear: true, Attributes: [][]string{{"x=1"}, nil, {"x=1", "y"}}}} {
		f.Add(mustMarshal(f, fitTitles(f, []string{"a b c", "b 茶叶", ""}, opt)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = testkit.Refit(data)
		var m TFIDFModel
		if m.UnmarshalBinary(data) != nil {
			return
		}
		if !bytes.Equal(mustMarshal(t, &m), data) {
			t.Fatal("an accepted frame is not the canonical one")
		}
		dst := make([]float32, m.Items())
		_ = m.Score(dst, Query{User: Stranger, Items: []int32{0}})
		_, _ = m.AppendSearch(nil, "a b", 3, Filter{})
		_, _ = m.AppendSimilar(nil, 0, 3)
		_, _ = m.ScoreText(Query{Items: []int32{0}}, "b 茶叶", "x=1")
	})
}

// randomTitles are 6 to 18 words by Zipf's law, as the peers are measured with.
func randomTitles(n, vocabulary int) []string {
	words := make([]string, vocabulary)
	cdf := make([]float64, vocabulary)
	sum := 0.0
	g := rng.New(20260101, 0, 0)
	for w := range words {
		b := make([]byte, 3+g.Intn(8))
		for k := range b {
			b[k] = byte('a' + g.Intn(26))
		}
		words[w] = string(b)
		sum += 1 / float64(w+5)
		cdf[w] = sum
	}
	texts := make([]string, n)
	for i := range texts {
		r := rng.New(20260101, 1, uint64(i))
		parts := make([]string, 6+r.Intn(13))
		for k := range parts {
			w, _ := slices.BinarySearch(cdf, r.Float64()*sum)
			parts[k] = words[min(w, vocabulary-1)]
		}
		texts[i] = strings.Join(parts, " ")
	}
	return texts
}

func BenchmarkFitTFIDF(b *testing.B) {
	texts := randomTitles(50_000, 20_000)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("titles=50k/workers=%d", workers), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := FitTFIDF(context.Background(), texts, TFIDFOptions{Workers: workers}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTFIDFSearch(b *testing.B) {
	texts := randomTitles(50_000, 20_000)
	m := fitTitles(b, texts, TFIDFOptions{})
	b.Run("titles=50k/k=10", func(b *testing.B) {
		b.ReportAllocs()
		var dst []Scored
		n := 0
		for b.Loop() {
			var err error
			if dst, err = m.AppendSearch(dst[:0], texts[n%2000], 10, Filter{}); err != nil {
				b.Fatal(err)
			}
			n++
		}
	})
}

// TestTFIDFTies: rare terms take the path of touched items, which come in no
// order; equal scores still rank by index.
func TestTFIDFTies(t *testing.T) {
	texts := make([]string, 400)
	texts[50], texts[10], texts[300] = "aa", "bb", "aa"
	texts[20] = "bb"
	m := fitTitles(t, texts, TFIDFOptions{})
	for k, want := range [][]int32{{}, {10}, {10, 20}, {10, 20, 50}, {10, 20, 50, 300}, {10, 20, 50, 300}} {
		got, err := m.AppendSearch(nil, "bb aa", k, Filter{})
		if err != nil || len(got) != len(want) {
			t.Fatalf("k=%d: %v, %v", k, got, err)
		}
		for r := range got {
			if got[r].Item != want[r] {
				t.Errorf("k=%d: %v, want items %v", k, got, want)
			}
		}
	}
}
