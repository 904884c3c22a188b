package basket_test

import (
	"encoding"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/basket"
)

func frames() []testkit.Frame {
	half := basket.Fraction{Num: 1, Den: 2}
	return []testkit.Frame{
		{
			Kind: codec.KindBaskets,
			Fill: func(testing.TB) encoding.BinaryMarshaler { return shelf() },
			Values: func(_ testing.TB, s any) any {
				b := s.(*basket.Baskets[string])
				return map[string]any{"Len": b.Len(), "Sets": text(promised(basket.Mine(bg, b, basket.MineOptions{MinCount: 1})))}
			},
		},
		{
			Kind: codec.KindSets,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				return promised(basket.MineTaxonomy(bg, shelf(), map[string][]string{"a": {"vowel"}, "e": {"vowel"}}, basket.MineOptions{MinSupport: half, MaxLen: 4}))
			},
			Values: func(_ testing.TB, s any) any {
				x := s.(*basket.Sets[string])
				rules := promised(x.Rules(bg, basket.RuleOptions{}))
				return map[string]any{
					"Sets": text(x), "Baskets": x.Baskets(), "MinCount": x.MinCount(), "Algorithm": x.Algorithm().String(), "Rules": rules.Len(), "Candidates": rules.Candidates(),
				}
			},
		},
		{
			Kind: codec.KindTwoPass,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				var p basket.TwoPass[string]
				must(p.Propose(promised(basket.Mine(bg, shelf(), basket.MineOptions{MinSupport: half, MaxLen: 4}))))
				must(p.Count(bg, shelf()))
				return &p
			},
			Values: func(_ testing.TB, s any) any {
				p := s.(*basket.TwoPass[string])
				return map[string]any{"Len": p.Len(), "Sets": text(promised(p.Result()))}
			},
		},
		{
			Kind: codec.KindJourneys,
			Fill: func(testing.TB) encoding.BinaryMarshaler { return visits() },
			Values: func(_ testing.TB, s any) any {
				x := s.(*basket.Journeys[string])
				return map[string]any{"Len": x.Len(), "Patterns": fmt.Sprint(promised(basket.MineSequences(bg, x, basket.SequenceOptions{MinCount: 2, MaxWait: time.Hour})))}
			},
		},
	}
}

// visits is sequences with times, of one and of several items a step.
func visits() *basket.Journeys[string] {
	var s basket.Journeys[string]
	at := func(minutes int) time.Time { return time.Unix(1e9+60*int64(minutes), 0) }
	must(s.Add([]basket.Visit[string]{{At: at(0), Items: []string{"tea", "cups"}}, {At: at(30), Items: []string{"honey"}}}))
	must(s.Add([]basket.Visit[string]{{At: at(50), Items: []string{"honey"}}, {At: at(10), Items: []string{"tea"}}, {At: at(20), Items: []string{"milk"}}}))
	must(s.Add([]basket.Visit[string]{{At: at(0), Items: []string{"tea"}}, {At: at(500), Items: []string{"honey"}}}))
	return &s
}

func TestFrames(t *testing.T) { testkit.Frames(t, "segment/basket", frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

// What a payload must not bring: items, sets and counts that no encoder writes.
func TestPayloads(t *testing.T) {
	num := func(n int) func(*codec.Writer) { return func(w *codec.Writer) { w.Int(n) } }
	long := func(n int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64(n) } }
	row := func(xs ...int32) func(*codec.Writer) { return func(w *codec.Writer) { w.Int32s(xs) } }
	flag := func(b bool) func(*codec.Writer) { return func(w *codec.Writer) { w.Bool(b) } }
	list := func(xs ...int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64s(xs) } }
	f := func(name string, put func(*codec.Writer)) testkit.Field { return testkit.Field{Name: name, Put: put} }
	testkit.Payload{
		Kind:   codec.KindBaskets,
		Fields: []testkit.Field{f("class", num(1)), f("items", num(2)), f("5", long(5)), f("7", long(7)), f("n", num(2)), f("a", row(0)), f("b", row(0, 1))},
		Decode: func(frame []byte) error { return new(basket.Baskets[int]).UnmarshalBinary(frame) },
	}.Refuse(t, basket.ErrCorrupt, map[string][]func(*codec.Writer){
		"class": {num(3)}, "7": {long(5), long(4)}, "a": {row(1), row(2), row(-1), row(1, 0), row(0, 0)}, "b": {row(0)}, "n": {num(1), num(3), num(1 << 30)},
	})
	testkit.Payload{
		Kind: codec.KindSets,
		Fields: []testkit.Field{
			f("class", num(1)), f("items", num(2)), f("5", long(5)), f("7", long(7)), f("baskets", long(9)), f("least", long(2)), f("num", long(1)), f("den", long(5)),
			f("max", num(3)), f("levels", flag(false)), f("whole", flag(true)), f("algorithm", num(1)), f("n", num(3)), f("count a", long(8)), f("a", row(0)),
			f("count b", long(7)), f("b", row(1)), f("count ab", long(6)), f("ab", row(0, 1)),
		},
		Decode: func(frame []byte) error { return new(basket.Sets[int]).UnmarshalBinary(frame) },
	}.Refuse(t, basket.ErrCorrupt, map[string][]func(*codec.Writer){
		"baskets": {long(0), long(-1), long(7), long(1<<62 + 1)}, "least": {long(0), long(7), long(-3)}, "num": {long(0), long(6), long(-1)}, "den": {long(0), long(-1)},
		"max": {num(0), num(1), num(math.MaxInt)}, "algorithm": {num(3)}, "n": {num(2), num(4)}, "count a": {long(10), long(6), long(5)}, "a": {row(), row(1), row(2)},
		"count ab": {long(8), long(1)}, "ab": {row(1, 0), row(0, 0)},
	})
	testkit.Payload{
		Kind: codec.KindTwoPass,
		Fields: []testkit.Field{
			f("class", num(1)), f("items", num(2)), f("5", long(5)), f("7", long(7)), f("num", long(1)), f("den", long(5)), f("max", num(3)), f("first", long(9)),
			f("counting", flag(true)), f("second", long(9)), f("n", num(3)), f("count a", long(8)), f("a", row(0)), f("count ab", long(6)), f("ab", row(0, 1)),
			f("count b", long(7)), f("b", row(1)),
		},
		Decode: func(frame []byte) error { return new(basket.TwoPass[int]).UnmarshalBinary(frame) },
	}.Refuse(t, basket.ErrCorrupt, map[string][]func(*codec.Writer){
		"num": {long(0), long(6)}, "den": {long(0)}, "max": {num(0), num(1)}, "first": {long(0), long(-1)}, "counting": {flag(false)}, "second": {long(-1), long(5)},
		"n": {num(2)}, "count a": {long(5), long(10), long(-1)}, "a": {row(1), row()}, "ab": {row(0), row(1), row(1, 0)}, "count ab": {long(9)}, "b": {row(0)},
	})
	// Candidates that lack a part, or have one in fewer baskets, would make Result().Rules panic
	// or never end.
	candidates := func(b ...int64) func(*codec.Writer) {
		return func(w *codec.Writer) {
			w.Int(2 + len(b))
			w.Int64(100)
			w.Int32s([]int32{0})
			w.Int64(90)
			w.Int32s([]int32{0, 1})
			for _, n := range b {
				w.Int64(n)
				w.Int32s([]int32{1})
			}
		}
	}
	testkit.Payload{
		Kind: codec.KindTwoPass,
		Fields: []testkit.Field{
			f("class", num(1)), f("items", num(2)), f("5", long(5)), f("7", long(7)), f("num", long(1)), f("den", long(100)), f("max", num(3)), f("first", long(200)),
			f("counting", flag(true)), f("second", long(200)), f("candidates", candidates(95)),
		},
		Decode: func(frame []byte) error { return new(basket.TwoPass[int]).UnmarshalBinary(frame) },
	}.Refuse(t, basket.ErrCorrupt, map[string][]func(*codec.Writer){"candidates": {candidates(), candidates(3), candidates(89)}})
	testkit.Payload{
		Kind: codec.KindJourneys,
		Fields: []testkit.Field{
			f("class", num(1)), f("items", num(2)), f("5", long(5)), f("7", long(7)), f("n", num(2)), f("timed 1", flag(false)), f("at 1", list(0)), f("a", row(0)),
			f("timed 2", flag(true)), f("at 2", list(-4, 9)), f("b", row(0)), f("c", row(1)),
		},
		Decode: func(frame []byte) error { return new(basket.Journeys[int]).UnmarshalBinary(frame) },
	}.Refuse(t, basket.ErrCorrupt, map[string][]func(*codec.Writer){
		"n": {num(1), num(3)}, "at 1": {list(1), list(-1), list()}, "a": {row(), row(2)}, "timed 2": {flag(false)}, "at 2": {list(9, 9), list(9, 4), list(9)}, "c": {row(0), row()},
	})
	if err := new(basket.Baskets[uint8]).UnmarshalBinary(binary(shelf())); err == nil {
		t.Error("letters became numbers")
	}
}

// Shards in any order and grouping are one pass.
func TestLaws(t *testing.T) {
	testkit.Laws[*basket.Baskets[string]]{
		Empty: func() *basket.Baskets[string] { return new(basket.Baskets[string]) },
		Add: func(t *rapid.T) func(*basket.Baskets[string]) {
			items := rapid.SliceOfN(rapid.SampledFrom(letters("abcde")), 0, 6).Draw(t, "items")
			return func(b *basket.Baskets[string]) { must(b.Add(items)) }
		},
		Merge: (*basket.Baskets[string]).Merge,
		Result: func(b *basket.Baskets[string]) []float64 {
			out := []float64{float64(b.Len())}
			if b.Len() > 0 {
				for x := range promised(basket.Mine(bg, b, basket.MineOptions{MinCount: 1})).All() {
					out = append(out, float64(x.Count))
				}
			}
			return out
		},
	}.Check(t)
	testkit.Laws[*basket.Journeys[string]]{
		Empty: func() *basket.Journeys[string] { return new(basket.Journeys[string]) },
		Add: func(t *rapid.T) func(*basket.Journeys[string]) {
			items := rapid.SliceOfN(rapid.SampledFrom(letters("abc")), 0, 4).Draw(t, "items")
			var steps []basket.Visit[string]
			for _, x := range items {
				steps = append(steps, basket.Visit[string]{Items: []string{x}})
			}
			return func(s *basket.Journeys[string]) { must(s.Add(steps)) }
		},
		Merge: (*basket.Journeys[string]).Merge,
		Result: func(s *basket.Journeys[string]) []float64 {
			out := []float64{float64(s.Len())}
			if s.Len() > 0 {
				for _, x := range promised(basket.MineSequences(bg, s, basket.SequenceOptions{MinCount: 1, MaxLen: 3})) {
					out = append(out, float64(x.Count))
				}
			}
			return out
		},
	}.Check(t)
	third := basket.Fraction{Num: 1, Den: 3}
	testkit.Laws[*basket.TwoPass[string]]{
		Empty: func() *basket.TwoPass[string] { return new(basket.TwoPass[string]) },
		Add: func(t *rapid.T) func(*basket.TwoPass[string]) {
			var b basket.Baskets[string]
			for range rapid.IntRange(1, 5).Draw(t, "baskets") {
				must(b.Add(rapid.SliceOfN(rapid.SampledFrom(letters("abcde")), 0, 5).Draw(t, "items")))
			}
			s := promised(basket.Mine(bg, &b, basket.MineOptions{MinSupport: third}))
			return func(p *basket.TwoPass[string]) { must(p.Propose(s)) }
		},
		Merge:  (*basket.TwoPass[string]).Merge,
		Result: func(p *basket.TwoPass[string]) []float64 { return []float64{float64(p.Len())} },
	}.Check(t)
}
