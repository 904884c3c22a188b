package recommend_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// shopBaskets is the baskets of a shop by user, oldest first.
type shopBaskets struct {
	items int
	own   [][][]int32
}

// readBaskets groups the lines of a table: columns of user, basket, item and a
// time that sorts as text. name may map an item, "" leaves the line out.
func readBaskets(t *testing.T, raw []byte, user, basket, item, time string, name func(line map[string]string) string) *shopBaskets {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(raw))
	r.LazyQuotes = true
	head, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	type receipt struct {
		time  string
		items []int32
	}
	users, ids := map[string]map[string]*receipt{}, map[string]int32{}
	for _, row := range rows {
		line := map[string]string{}
		for k, h := range head {
			line[h] = row[k]
		}
		i := name(line)
		if i == "" || line[user] == "" {
			continue
		}
		id, ok := ids[i]
		if !ok {
			id = int32(len(ids))
			ids[i] = id
		}
		own := users[line[user]]
		if own == nil {
			own = map[string]*receipt{}
			users[line[user]] = own
		}
		b := own[line[basket]]
		if b == nil {
			b = &receipt{time: line[time]}
			own[line[basket]] = b
		}
		if !slices.Contains(b.items, id) {
			b.items = append(b.items, id)
		}
	}
	out := &shopBaskets{items: len(ids)}
	names := make([]string, 0, len(users))
	for u := range users {
		names = append(names, u)
	}
	slices.Sort(names)
	for _, u := range names {
		var keys []string
		for k := range users[u] {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(a, b string) int {
			if c := strings.Compare(users[u][a].time, users[u][b].time); c != 0 {
				return c
			}
			return strings.Compare(a, b)
		})
		var list [][]int32
		for _, k := range keys {
			list = append(list, users[u][k].items)
		}
		if len(list) >= 3 {
			out.own = append(out.own, list)
		}
	}
	return out
}

// TestNextBasketShops predicts the last basket of each customer with three or more
// from those before, at the default settings, and compares with what customers
// bought most often themselves (then what sells) and with what sells.
func TestNextBasketShops(t *testing.T) {
	testkit.Long(t)
	category := map[string]string{}
	shops := map[string]func() *shopBaskets{
		"online-retail": func() *shopBaskets {
			return readBaskets(t, testkit.ReadShared(t, "data", "online-retail", "online_retail.csv.gz"), "CustomerID", "InvoiceNo", "StockCode", "InvoiceDate",
				func(line map[string]string) string {
					if strings.HasPrefix(line["Quantity"], "-") {
						return "" // a return
					}
					return line["StockCode"]
				})
		},
		// The sample holds one line in twenty, so products hardly repeat; categories do.
		"completejourney/categories": func() *shopBaskets {
			r := csv.NewReader(bytes.NewReader(testkit.ReadShared(t, "data", "completejourney", "products.csv.gz")))
			products, err := r.ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			at := slices.Index(products[0], "product_category")
			for _, p := range products[1:] {
				category[p[0]] = p[at]
			}
			return readBaskets(t, testkit.ReadShared(t, "data", "completejourney", "transactions_sample.csv.gz"), "household_id", "basket_id", "product_id", "transaction_timestamp",
				func(line map[string]string) string { return category[line["product_id"]] })
		},
	}
	for name, read := range shops {
		t.Run(name, func(t *testing.T) {
			s := read()
			var rows [][]int32
			var owner []int32
			counts := make([]float32, s.items)
			for u, list := range s.own {
				for _, b := range list[:len(list)-1] {
					rows, owner = append(rows, b), append(owner, int32(u))
					for _, i := range b {
						counts[i]++
					}
				}
			}
			train, err := recommend.SequencesFromRows(s.items, rows)
			if err != nil {
				t.Fatal(err)
			}
			m, err := recommend.FitNextBasket(context.Background(), train, owner, recommend.NextBasketOptions{})
			if err != nil {
				t.Fatal(err)
			}
			most := slices.Max(counts)
			scores := make([]float32, s.items)
			judged := map[string]func(u int) error{
				"next basket": func(u int) error { return m.Score(scores, recommend.Query{User: int32(u)}) },
				"own counts": func(u int) error {
					for i, c := range counts {
						scores[i] = c / (2 * most)
					}
					for _, b := range s.own[u][:len(s.own[u])-1] {
						for _, i := range b {
							scores[i]++
						}
					}
					return nil
				},
				"popular": func(int) error { copy(scores, counts); return nil },
			}
			recall := map[string]float64{}
			for _, how := range []string{"popular", "own counts", "next basket"} {
				r, n := 0.0, 0.0
				for u, list := range s.own {
					if err := judged[how](u); err != nil {
						t.Fatal(err)
					}
					truth := list[len(list)-1]
					got, gain, ideal := 0.0, 0.0, 0.0
					for k, it := range slowTop10(scores) {
						d := 1 / math.Log2(float64(k+2))
						if slices.Contains(truth, it) {
							got++
							gain += d
						}
						if k < len(truth) {
							ideal += d
						}
					}
					r += got / float64(len(truth))
					n += gain / ideal
				}
				users := float64(len(s.own))
				recall[how] = r / users
				t.Logf("%-12s recall@10 %.4f NDCG@10 %.4f (%d customers, %d baskets, %d items)", how, r/users, n/users, len(s.own), len(rows)+len(s.own), s.items)
			}
			// Own counts are hard to beat (Li et al. 2023): be near them everywhere.
			if next := recall["next basket"]; !(next > 0.96*max(recall["own counts"], recall["popular"])) {
				t.Errorf("recall@10: %v", recall)
			}
		})
	}
}

// slowTop10 returns the ten items of highest score, ties by index.
func slowTop10(scores []float32) []int32 {
	ids := make([]int32, len(scores))
	for i := range ids {
		ids[i] = int32(i)
	}
	slices.SortStableFunc(ids, func(a, b int32) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return ids[:min(10, len(ids))]
}
