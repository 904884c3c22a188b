package basket_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/segment/basket"
)

// clicks returns sequences of one digit a step.
func clicks(words ...string) *basket.Journeys[string] {
	var s basket.Journeys[string]
	for _, w := range words {
		var steps []basket.Visit[string]
		for _, x := range letters(w) {
			steps = append(steps, basket.Visit[string]{Items: []string{x}})
		}
		must(s.Add(steps))
	}
	return &s
}

// DEFINITIONS 1.12, by prefixspan 0.5.2.
func TestMineSequencesDefinitions(t *testing.T) {
	s := clicks("01234", "11134", "21220", "11122")
	got, err := basket.MineSequences(bg, s, basket.SequenceOptions{MinCount: 3})
	must(err)
	if text := fmt.Sprint(got); text != "[{[[1]] 4} {[[2]] 3} {[[1] [2]] 3}]" {
		t.Error(text)
	}
	got, err = basket.MineSequences(bg, s, basket.SequenceOptions{MinSupport: basket.Fraction{Num: 1, Den: 2}})
	must(err)
	if len(got) != 14 {
		t.Errorf("%d patterns, want 14: %v", len(got), got)
	}
}

// event is a step of the oracle.
type event struct {
	at    int
	items []int
}

// embeds looks for the rest of a pattern after step last, trying every place.
func embeds(seq []event, pattern [][]int, first, last int, opt basket.SequenceOptions) bool {
	if len(pattern) == 0 {
		return true
	}
	for k := last + 1; k < len(seq); k++ {
		if slices.ContainsFunc(pattern[0], func(x int) bool { return !slices.Contains(seq[k].items, x) }) {
			continue
		}
		from := first
		if last >= 0 {
			wait, span := time.Duration(seq[k].at-seq[last].at), time.Duration(seq[k].at-seq[first].at)
			if opt.MaxGap > 0 && k-last > opt.MaxGap || wait < opt.MinWait || opt.MaxWait > 0 && wait > opt.MaxWait || opt.MaxSpan > 0 && span > opt.MaxSpan {
				continue
			}
		} else {
			from = k
		}
		if embeds(seq, pattern[1:], from, k, opt) {
			return true
		}
	}
	return false
}

// PrefixSpan finds what trying all patterns finds, with and without bounds on gaps and time,
// whatever order sequences and steps come in.
func TestMineSequencesProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s basket.Journeys[int]
		var seqs [][]event
		items, most := rapid.IntRange(1, 4).Draw(t, "items"), rapid.IntRange(1, 2).Draw(t, "most")
		for range rapid.IntRange(1, 8).Draw(t, "sequences") {
			var seq []event
			var steps []basket.Visit[int]
			at := 0
			for range rapid.IntRange(0, 7).Draw(t, "steps") {
				at += rapid.IntRange(1, 4).Draw(t, "wait")
				set := rapid.SliceOfNDistinct(rapid.IntRange(0, items-1), 1, min(most, items), rapid.ID).Draw(t, "set")
				seq = append(seq, event{at, set})
				for _, x := range set { // each item by itself: one time is one step
					steps = append(steps, basket.Visit[int]{At: time.Unix(0, int64(at)), Items: []int{x}})
				}
			}
			must(s.Add(rapid.Permutation(steps).Draw(t, "order")))
			seqs = append(seqs, seq)
		}
		opt := basket.SequenceOptions{MinCount: int64(rapid.IntRange(1, len(seqs)).Draw(t, "least")), MaxLen: 4}
		if rapid.Bool().Draw(t, "bounds") {
			opt.MaxGap = rapid.IntRange(0, 2).Draw(t, "gap")
			opt.MinWait = time.Duration(rapid.IntRange(0, 3).Draw(t, "least wait"))
			opt.MaxWait = rapid.SampledFrom([]time.Duration{0, 3, 5}).Draw(t, "wait")
			opt.MaxSpan = rapid.SampledFrom([]time.Duration{0, 4, 8}).Draw(t, "span")
		}
		want := map[string]int64{}
		var grow func(p [][]int, n int)
		grow = func(p [][]int, n int) {
			if n > 0 {
				count := int64(0)
				for _, seq := range seqs {
					if embeds(seq, p, 0, -1, opt) {
						count++
					}
				}
				if count < opt.MinCount {
					// A longer pattern may leave this one's gaps, but never has fewer steps of it:
					// prefixes and the last step's parts are in all that hold it.
					return
				}
				want[fmt.Sprint(p)] = count
			}
			if n == opt.MaxLen {
				return
			}
			for x := range items {
				grow(append(slices.Clone(p), []int{x}), n+1)
				if n > 0 && x > slices.Max(p[len(p)-1]) {
					q := slices.Clone(p)
					q[len(q)-1] = append(slices.Clone(q[len(q)-1]), x)
					grow(q, n+1)
				}
			}
		}
		grow(nil, 0)
		got, err := basket.MineSequences(bg, &s, opt)
		must(err)
		for i, p := range got {
			if want[fmt.Sprint(p.Steps)] != p.Count || i > 0 && got[i-1].Count < p.Count {
				t.Fatalf("%v in %d, want %d", p.Steps, p.Count, want[fmt.Sprint(p.Steps)])
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d patterns, want %d", len(got), len(want))
		}
	})
}

func TestMineSequencesRefuses(t *testing.T) {
	s := clicks("ab", "ba")
	if _, err := basket.MineSequences(bg, s, basket.SequenceOptions{MinCount: 1, MaxWait: time.Hour}); !errors.Is(err, basket.ErrOption) {
		t.Error("waits without times:", err)
	}
	if _, err := basket.MineSequences(bg, s, basket.SequenceOptions{MinCount: 1, MaxPatterns: 2}); !errors.Is(err, basket.ErrTooLarge) {
		t.Error("patterns:", err)
	}
	if _, err := basket.MineSequences(bg, s, basket.SequenceOptions{MinCount: 1, MaxMemory: 300}); !errors.Is(err, basket.ErrTooLarge) {
		t.Error("memory:", err)
	}
	if err := s.Add([]basket.Visit[string]{{Items: []string{"a"}}, {At: time.Unix(1, 0), Items: []string{"b"}}}); !errors.Is(err, basket.ErrRange) || s.Len() != 2 {
		t.Error("a time beside none:", err)
	}
}
