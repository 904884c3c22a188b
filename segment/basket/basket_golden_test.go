package basket_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/basket"
)

// golden is testdata/basket.json, by testdata/golden_basket.py.
type golden struct {
	Sets []struct {
		Data                 string
		Baskets              int
		Count                int64
		All, Closed, Maximal int
		Sets, Digest25       string
		Rules80, Rules25     int
	}
	Measures []struct {
		A, C                                                                                      string
		Support, Confidence, Lift, Leverage, Conviction, Zhang, Jaccard, Certainty, Kulczynski, P float64
	}
}

// baskets reads one of the public data sets.
func baskets(t testing.TB, name string) *basket.Baskets[string] {
	var b basket.Baskets[string]
	switch name {
	case "groceries":
		for _, line := range lines(testkit.ReadShared(t, "data", "groceries", "groceries.csv.gz")) {
			must(b.Add(strings.Split(line, ",")))
		}
	case "msweb":
		var at []string
		open := false
		for _, line := range lines(testkit.ReadShared(t, "data", "msweb", "anonymous-msweb.data.gz")) {
			cells := strings.Split(line, ",")
			switch {
			case cells[0] == "C":
				if open {
					must(b.Add(at))
				}
				at, open = at[:0], true
			case cells[0] == "V":
				at = append(at, cells[1])
			}
		}
		must(b.Add(at))
	case "online-retail":
		r := csv.NewReader(bytes.NewReader(testkit.ReadShared(t, "data", "online-retail", "online_retail.csv.gz")))
		orders := map[string][]string{}
		for row, err := r.Read(); !errors.Is(err, io.EOF); row, err = r.Read() {
			must(err)
			if row[0] != "InvoiceNo" && !strings.HasPrefix(row[0], "C") {
				orders[row[0]] = append(orders[row[0]], row[1])
			}
		}
		for _, o := range orders { // in no order: the result must not know
			must(b.Add(o))
		}
	}
	return &b
}

func lines(data []byte) (out []string) {
	s := bufio.NewScanner(bytes.NewReader(data))
	for s.Scan() {
		out = append(out, s.Text())
	}
	return out
}

func digest(lines []string) string {
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n") + "\n"))
	return hex.EncodeToString(sum[:])
}

// Sets and rules of three public data sets are those of pyfim, by both algorithms.
func TestMineGolden(t *testing.T) {
	var g golden
	testkit.Golden(t, "basket.json", &g)
	data := map[string]*basket.Baskets[string]{}
	for _, want := range g.Sets {
		if testkit.Race && want.All > 5000 {
			continue // one goroutine, as in the smaller cases
		}
		if data[want.Data] == nil {
			data[want.Data] = baskets(t, want.Data)
		}
		b := data[want.Data]
		if b.Len() != want.Baskets {
			t.Fatalf("%s: %d baskets, want %d", want.Data, b.Len(), want.Baskets)
		}
		name := fmt.Sprintf("%s at %d", want.Data, want.Count)
		var s *basket.Sets[string]
		for _, a := range []basket.Algorithm{basket.Eclat, basket.FPGrowth} {
			for keep, n := range map[basket.KeepSets]int{basket.KeepClosed: want.Closed, basket.KeepMaximal: want.Maximal, basket.KeepAll: want.All} {
				if a == basket.Eclat && (keep != basket.KeepAll || want.All > 5000) {
					continue // every kept set comes from the same ones
				}
				got, err := basket.Mine(bg, b, basket.MineOptions{MinCount: want.Count, Keep: keep, Algorithm: a})
				must(err)
				if got.Len() != n {
					t.Errorf("%s, %v, keep %d: %d sets, want %d", name, a, keep, got.Len(), n)
				}
				if keep == basket.KeepAll {
					s = got
				}
			}
			if s == nil {
				continue
			}
			var found []string
			for x := range s.All() {
				found = append(found, fmt.Sprintf("%s\t%d", strings.Join(x.Items, ","), x.Count))
			}
			if digest(found) != want.Sets {
				t.Errorf("%s, %v: other sets", name, a)
			}
		}
		rules, err := s.Rules(bg, basket.RuleOptions{MinConfidence: basket.Fraction{Num: 4, Den: 5}})
		must(err)
		if rules.Len() != want.Rules80 {
			t.Errorf("%s: %d rules of 80 %%, want %d", name, rules.Len(), want.Rules80)
		}
		rules, err = s.Rules(bg, basket.RuleOptions{MinConfidence: basket.Fraction{Num: 1, Den: 4}})
		must(err)
		var found []string
		for r := range rules.All() {
			found = append(found, fmt.Sprintf("%s>%s\t%d\t%d", strings.Join(r.Antecedent, ","), r.Consequent[0], r.Count, r.AntecedentCount))
		}
		if rules.Len() != want.Rules25 || digest(found) != want.Digest25 {
			t.Errorf("%s: %d rules of 25 %%, want %d", name, rules.Len(), want.Rules25)
		}
	}
}

// The published counts on groceries, thresholds as decimal shares, and every measure of
// mlxtend's, Fisher's p-value of scipy's.
func TestGroceriesGolden(t *testing.T) {
	b := baskets(t, "groceries")
	share := func(x float64) basket.Fraction { return promised(basket.FractionOf(x)) }
	s, err := basket.Mine(bg, b, basket.MineOptions{MinSupport: share(.001)})
	must(err)
	rules, err := s.Rules(bg, basket.RuleOptions{MinConfidence: share(.8), MaxConsequent: 10})
	must(err)
	one, exact := 0, 0
	for r := range rules.All() {
		if len(r.Consequent) == 1 {
			one++
			if 5*r.Count == 4*r.AntecedentCount {
				exact++
			}
		}
	}
	if one != 410 || rules.Len() != 413 || exact != 39 {
		t.Errorf("%d rules with one consequent of %d, %d at .8 exactly; want 410, 413, 39", one, rules.Len(), exact)
	}
	if s, err = basket.Mine(bg, b, basket.MineOptions{MinSupport: share(.006)}); err != nil {
		t.Fatal(err)
	}
	if rules, err = s.Rules(bg, basket.RuleOptions{MinConfidence: share(.25)}); err != nil || rules.Len() != 463 {
		t.Errorf("%d rules, %v, want 463", rules.Len(), err)
	}
	var g golden
	testkit.Golden(t, "basket.json", &g)
	seen := map[string]basket.Rule[string]{}
	for r := range rules.All() {
		seen[strings.Join(r.Antecedent, ",")+">"+r.Consequent[0]] = r
	}
	for _, m := range g.Measures {
		r, ok := seen[m.A+">"+m.C]
		if !ok {
			t.Errorf("no rule %s → %s", m.A, m.C)
		}
		for k, x := range [][2]float64{
			{r.Support, m.Support},
			{r.Confidence, m.Confidence},
			{r.Lift, m.Lift},
			{r.Leverage, m.Leverage},
			{r.Conviction, m.Conviction},
			{r.Zhang, m.Zhang},
			{r.Jaccard, m.Jaccard},
			{r.Certainty, m.Certainty},
			{r.Kulczynski, m.Kulczynski},
		} {
			if !testkit.Close(x[0], x[1], 1e-15, 1e-12) {
				t.Errorf("%s → %s, measure %d: %v, want %v", m.A, m.C, k, x[0], x[1])
			}
		}
		if !testkit.Close(r.P, m.P, 0, 1e-8) {
			t.Errorf("%s → %s: P %v, want %v", m.A, m.C, r.P, m.P)
		}
	}
	if len(g.Measures) < 20 {
		t.Errorf("%d measures", len(g.Measures))
	}
}
