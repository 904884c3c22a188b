package recommend_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// With 60 attributes an item, of which most say something of its group, fits neither diverge
// nor learn less than with few: what users of two groups want comes first, among items without
// entries too.
func TestFMManyFeatures(t *testing.T) {
	const users, items, cold, groups, each, pool = 200, 200, 50, 8, 60, 960
	g := rng.New(3, 0xf3a7, 0)
	group, attributes := make([]int, items), make([][]int32, items)
	for i := range items {
		group[i] = g.Intn(groups)
		for len(attributes[i]) < each {
			c := g.Intn(pool)
			if g.Bool(0.6) {
				c += group[i] - c%groups
			}
			if !slices.Contains(attributes[i], int32(c)) {
				attributes[i] = append(attributes[i], int32(c))
			}
		}
	}
	taste, rows := make([][2]int, users), make([][]int32, users)
	wants := func(u, i int) bool { return group[i] == taste[u][0] || group[i] == taste[u][1] }
	for u := range users {
		taste[u] = [2]int{g.Intn(groups), g.Intn(groups)}
		for i := range items - cold {
			if wants(u, i) && g.Bool(0.3) || g.Bool(0.02) {
				rows[u] = append(rows[u], int32(i))
			}
		}
	}
	for i := range attributes {
		slices.Sort(attributes[i])
	}
	x := must(recommend.InteractionsFromRows(items, rows))(t)
	features := must(recommend.InteractionsFromRows(pool, attributes))(t)
	heavy := make([]float32, x.Len()) // a weight multiplies a step as a feature does
	for k := range heavy {
		heavy[k] = 50
	}
	ptr, cols := []int64{0}, []int32{}
	for _, row := range rows {
		cols = append(cols, row...)
		ptr = append(ptr, int64(len(cols)))
	}
	weighted := must(recommend.NewInteractions(users, items, ptr, cols, heavy))(t)
	for _, c := range []struct {
		task recommend.FMTask
		x    *recommend.Interactions
	}{{recommend.FMRanking, x}, {recommend.FMClicks, x}, {recommend.FMClicks, weighted}} {
		if testkit.Race && c.task != recommend.FMRanking {
			break // the suite of models fits the others
		}
		task, x := c.task, c.x
		q := x.Query(0)
		weight := q.Weight(0)
		m := must(recommend.FitFM(context.Background(), x, recommend.FMOptions{Task: task, ItemFeatures: features, Factors: 8}))(t)
		scores := make([]float32, items)
		var above, pairs [2]float64 // warm, cold
		step := 1
		if testkit.Race {
			step = 10 // of the users, whose pairs are many
		}
		for u := 0; u < users; u += step {
			if err := m.Score(scores, x.Query(u)); err != nil {
				t.Fatal(err)
			}
			for i := range items {
				for j := range items {
					k := 0
					if i >= items-cold {
						k = 1
					}
					if k == 0 != (j < items-cold) || !wants(u, i) || wants(u, j) {
						continue
					}
					pairs[k]++
					if scores[i] > scores[j] {
						above[k]++
					}
				}
			}
		}
		warm, new := above[0]/pairs[0], above[1]/pairs[1]
		t.Logf("task %d, weight %v: AUC %.3f, among items without entries %.3f", task, weight, warm, new)
		if math.IsNaN(warm+new) || warm < 0.93 || new < 0.85 {
			t.Errorf("task %d: AUC is %.3f, among items without entries %.3f", task, warm, new)
		}
	}
}
