package shop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/recommend"
)

// faq finds entries by their words, and knows which answers were asked for.
type faq struct {
	entries []store.Question
	words   *recommend.TFIDFModel // nil without entries
	mu      sync.Mutex
	asked   map[string]int64 // by entry
}

// loadFAQ reads the entries and the answers that the log counts.
func (s *Shop) loadFAQ(ctx context.Context) error {
	entries, err := s.store.Questions(ctx)
	if err != nil {
		return err
	}
	f := &faq{entries: entries, asked: map[string]int64{}}
	texts := make([]string, len(entries))
	for i, e := range entries {
		texts[i] = e.Question + " " + e.Answer
	}
	f.words, err = recommend.FitTFIDF(ctx, texts, recommend.TFIDFOptions{Sublinear: true})
	if errors.Is(err, recommend.ErrEmpty) {
		f.words = nil
	} else if err != nil {
		return fmt.Errorf("shop: faq: %w", err)
	}
	if old := s.faq.Load(); old != nil { // at the start the replay counts
		old.mu.Lock()
		for id, n := range old.asked {
			f.asked[id] = n
		}
		old.mu.Unlock()
	}
	s.faq.Store(f)
	return nil
}

func (f *faq) count(id string) {
	f.mu.Lock()
	f.asked[id]++
	f.mu.Unlock()
}

// PutQuestions writes entries of the FAQ.
func (s *Shop) PutQuestions(ctx context.Context, entries []store.Question) error {
	return s.do(ctx, func(ctx context.Context) error {
		if err := s.store.PutQuestions(ctx, entries); err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return s.loadFAQ(ctx)
	})
}

// Answer is an entry of the FAQ that may be what a customer wants to know.
type Answer struct {
	ID       string  `json:"id"`
	Question string  `json:"question"`
	Answer   string  `json:"answer"`
	Score    float64 `json:"score"`   // likeness of words, in [0, 1], of what Because says
	Because  string  `json:"because"` // "words", "history", "often asked"
}

// Answers are the k likeliest: by the words typed; without any, by what the customer
// asked, viewed and ordered of late; filled up by what is often asked.
func (s *Shop) Answers(ctx context.Context, customer, text string, k int) ([]Answer, error) {
	f := s.faq.Load()
	var out []Answer
	named := map[string]bool{}
	search := func(text, because string) error {
		if f.words == nil || strings.TrimSpace(text) == "" {
			return nil
		}
		found, err := f.words.AppendSearch(nil, text, k, recommend.Filter{})
		if errors.Is(err, recommend.ErrEmpty) {
			return nil // no word that an entry has
		}
		if err != nil {
			return fmt.Errorf("shop: answers: %w", err)
		}
		for _, x := range found {
			if e := f.entries[x.Item]; x.Score > 0 && !named[e.ID] && len(out) < k {
				named[e.ID] = true
				out = append(out, Answer{e.ID, e.Question, e.Answer, float64(x.Score), because})
			}
		}
		return nil
	}
	if err := search(text, "words"); err != nil {
		return nil, err
	}
	if customer != "" && len(out) < k {
		past, err := s.store.CustomerEvents(ctx, s.keys.Pseudonym(customer), 20)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		var words strings.Builder
		for _, e := range past {
			x, _ := s.item(e.Item)
			fmt.Fprintln(&words, e.Words, x.Title, x.Category)
			if e.Kind == store.KindOrder || e.Kind == "return" {
				fmt.Fprintln(&words, e.Kind) // who ordered asks about orders
			}
		}
		if err := search(words.String(), "history"); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	often := slices.Clone(f.entries)
	slices.SortStableFunc(often, func(a, b store.Question) int { return cmp.Compare(f.asked[b.ID], f.asked[a.ID]) })
	f.mu.Unlock()
	for _, e := range often {
		if !named[e.ID] && len(out) < k {
			out = append(out, Answer{e.ID, e.Question, e.Answer, 0, "often asked"})
		}
	}
	return out, nil
}
