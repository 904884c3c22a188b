package main

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/recommend"
)

// filtered are the lists of all customers, before and after what cannot be
// delivered is taken out.
type filtered struct {
	Customers          int
	K                  int
	Shown              int // products in all lists before the filter
	Before, After      int // of these out of stock
	Unsafe, UnsafeLeft int // of these not on the list of what is safe to recommend
	Short              int // lists that the filter leaves shorter than K
	Changed            int // customers whose list changed
	Allowed            int
	Marks              [2]method // on held-out purchases, before and after
	Examples           []exampleList
}

type exampleList struct {
	Customer      string
	Before, After []recommend.Recommendation[string]
}

// inStock puts the plan's list of deliverable products back into the
// recommendations.
func inStock(r *recommended, st *stocked, customers []string) (*filtered, error) {
	engine, err := recommend.NewEngine(r.Data, recommend.EngineOptions{Sources: []recommend.Source{{Name: "blend", Model: r.Blend}}})
	if err != nil {
		return nil, err
	}
	allow, _ := r.Data.ItemSet(st.Deliver...) // planned products that nobody touched are not in the data
	f := &filtered{K: r.K, Allowed: allow.Count()}
	safe := make(map[string]bool, len(st.Deliver))
	for _, sku := range st.Deliver {
		safe[sku] = true
	}
	var before, after []recommend.Recommendation[string]
	for _, id := range customers {
		// What somebody looked at may be shown again; what they bought may not.
		req := recommend.Request[string, string]{User: id, K: r.K, Seen: recommend.KeepSeen, DenyItems: r.Bought[id]}
		if before, err = engine.Recommend(before[:0], req); err != nil {
			return nil, fmt.Errorf("customer %s: %w", id, err)
		}
		req.Allow = allow
		if after, err = engine.Recommend(after[:0], req); err != nil {
			return nil, fmt.Errorf("customer %s: %w", id, err)
		}
		same := f.count(before, after, st, safe)
		if !same && len(f.Examples) < 2 && len(r.Bought[id]) >= 3 {
			if err := f.example(engine, req); err != nil {
				return nil, err
			}
		}
	}
	for i, set := range []*recommend.ItemSet{nil, allow} {
		if f.Marks[i], err = judge(r.Blend, r.Data, r.Bought, r.Later, set, r.K); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// count adds one customer's lists without and with the filter, and reports whether they
// are the same.
func (f *filtered) count(before, after []recommend.Recommendation[string], st *stocked, safe map[string]bool) bool {
	f.Customers++
	f.Shown += len(before)
	if len(after) < f.K {
		f.Short++
	}
	same := len(before) == len(after)
	for i := range before {
		if st.OnHand[before[i].Item] == 0 {
			f.Before++
		}
		if !safe[before[i].Item] {
			f.Unsafe++
		}
		same = same && before[i].Item == after[i].Item
	}
	for i := range after {
		if st.OnHand[after[i].Item] == 0 {
			f.After++
		}
		if !safe[after[i].Item] {
			f.UnsafeLeft++
		}
	}
	if !same {
		f.Changed++
	}
	return same
}

// example keeps the first five of a customer's lists, with reasons, if the filter changes
// them. req is the request with the filter.
func (f *filtered) example(engine *recommend.Engine[string, string], req recommend.Request[string, string]) error {
	req.K, req.Reasons = 5, 1
	x := exampleList{Customer: req.User}
	var err error
	if x.After, err = engine.Recommend(nil, req); err != nil {
		return err
	}
	req.Allow = nil
	if x.Before, err = engine.Recommend(nil, req); err != nil {
		return err
	}
	if !slices.EqualFunc(x.Before, x.After, func(a, b recommend.Recommendation[string]) bool { return a.Item == b.Item }) {
		f.Examples = append(f.Examples, x)
	}
	return nil
}

// section reports on the lists after the filter by stock.
func (f *filtered) section(rec *records, st *stocked, planted bool) report.Section {
	s := report.Section{
		Title: "Recommendations that can be delivered",
		Meaning: fmt.Sprintf("Before the stock filter, %s of the %s recommended products were out of stock and %s more were likely to run out within the week; after it, %s is out of stock.",
			count(f.Before), count(f.Shown), count(f.Unsafe-f.Before), none(f.After)),
		Action: "Refresh the list of deliverable products whenever the plan is made; the recommender takes it as it is.",
		Figures: []report.Figure{
			{Label: "customers", Value: count(f.Customers)},
			{Label: "lists that changed", Value: percent(float64(f.Changed) / float64(max(f.Customers, 1)))},
			{Label: "out of stock before", Value: percent(float64(f.Before) / float64(max(f.Shown, 1)))},
			{Label: "out of stock after", Value: count(f.After)},
			{Label: "products allowed", Value: count(f.Allowed)},
			{Label: "lists cut short", Value: count(f.Short)},
		},
		Tables: []report.Table{{Caption: "Marks on held-out purchases", Columns: []string{"lists", "hit rate", "recall", "NDCG"}, Rows: [][]string{
			{"before the filter", percent(f.Marks[0].At.HitRate), decimal(f.Marks[0].At.Recall, 4), decimal(f.Marks[0].At.NDCG, 4)},
			{"after the filter", percent(f.Marks[1].At.HitRate), decimal(f.Marks[1].At.Recall, 4), decimal(f.Marks[1].At.NDCG, 4)},
		}}},
		Notes: []string{"The marks after the filter look at months, in which products come back; the filter only speaks of this week."},
	}
	if planted {
		s.Checks = []report.Check{
			{What: "recommended products that are out of stock", Planted: count(f.Before) + " before the filter", Found: count(f.After) + " after", Verdict: report.Mark(f.After == 0)},
			{What: "recommended products likely to run out within a week", Planted: count(f.Unsafe-f.Before) + " before the filter", Found: count(f.UnsafeLeft) + " after", Verdict: report.Mark(f.UnsafeLeft == 0)},
		}
	}
	for _, x := range f.Examples {
		t := report.Table{Caption: "Customer " + x.Customer, Columns: []string{"rank", "before", "on hand", "after", "on hand", "because of"}}
		for i := range max(len(x.Before), len(x.After)) {
			row := []string{fmt.Sprint(i + 1), "", "", "", "", ""}
			if i < len(x.Before) {
				row[1], row[2] = shortTitle(rec.title(x.Before[i].Item)), decimal(st.OnHand[x.Before[i].Item], 0)
			}
			if i < len(x.After) {
				row[3], row[4] = shortTitle(rec.title(x.After[i].Item)), decimal(st.OnHand[x.After[i].Item], 0)
				if len(x.After[i].Reasons) > 0 {
					row[5] = shortTitle(rec.title(x.After[i].Reasons[0].Item))
				}
			}
			t.Rows = append(t.Rows, row)
		}
		s.Tables = append(s.Tables, t)
	}
	return s
}

func none(n int) string {
	if n == 0 {
		return "none"
	}
	return count(n)
}
