package recommend_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// On ml-100k, ua.base and ratings of 4 and 5 of ua.test: what vectors of each origin are
// worth, by recall@20 over users, everything seen left out. docs/quality.md has the table.
func TestEmbeddingsShared(t *testing.T) {
	ctx := context.Background()
	titles, kinds := make([]string, 1682), make([][]string, 1682)
	for line := range strings.Lines(string(testkit.ReadShared(t, "data", "ml-100k", "u.item.gz"))) {
		f := strings.Split(strings.TrimSpace(line), "|")
		i, err := strconv.Atoi(f[0])
		if err != nil || len(f) != 24 {
			t.Fatal(line, err)
		}
		titles[i-1] = f[1]
		for g, v := range f[5:] {
			if v == "1" {
				kinds[i-1] = append(kinds[i-1], strconv.Itoa(g))
			}
		}
	}
	rows, truth := make([][]int32, 943), make([]map[int32]bool, 943)
	for name, train := range map[string]bool{"ua.base.gz": true, "ua.test.gz": false} {
		for line := range strings.Lines(string(testkit.ReadShared(t, "data", "ml-100k", name))) {
			f := strings.Fields(line)
			u, _ := strconv.Atoi(f[0])
			i, _ := strconv.Atoi(f[1])
			switch {
			case train:
				rows[u-1] = append(rows[u-1], int32(i-1))
			case f[2] >= "4":
				if truth[u-1] == nil {
					truth[u-1] = map[int32]bool{}
				}
				truth[u-1][int32(i-1)] = true
			}
		}
	}
	x := must(recommend.InteractionsFromRows(1682, rows))(t)
	recall := func(name string, m recommend.Model) float64 {
		r, sum, users := recommend.NewRanker(m), 0.0, 0
		for u, want := range truth {
			if len(want) == 0 {
				continue
			}
			q := x.Query(u)
			top, err := r.AppendTop(nil, recommend.Query{User: recommend.Stranger, Items: q.Items}, 20, recommend.Filter{Items: q.Items})
			if err != nil {
				t.Fatal(err)
			}
			hits := 0
			for _, s := range top {
				if want[s.Item] {
					hits++
				}
			}
			sum += float64(hits) / float64(len(want))
			users++
		}
		t.Logf("%s: recall@20 %.4f over %d users", name, sum/float64(users), users)
		return sum / float64(users)
	}
	text := must(recommend.FitTFIDF(ctx, titles, recommend.TFIDFOptions{Attributes: kinds}))(t)
	als := must(recommend.FitALS(ctx, x, recommend.ALSOptions{}))(t)
	of := func(v recommend.ItemVectors, inner bool) recommend.Model {
		return must(recommend.FitEmbeddings(ctx, v, recommend.EmbeddingsOptions{InnerProduct: inner}))(t)
	}
	popular := recall("popular", must(recommend.FitPopular(ctx, x, recommend.PopularOptions{}))(t))
	texts := recall("texts, as TFIDFModel", text)
	if dense := recall("texts, cosine", of(denseTexts(t, text), false)); dense < texts-.005 || dense > texts+.005 {
		t.Errorf("texts as embeddings have %.4f, as texts %.4f", dense, texts)
	}
	recall("als itself", als)
	cosine, inner := recall("vectors of ALS, cosine", of(als, false)), recall("vectors of ALS, inner product", of(als, true))
	if max(cosine, inner) < 1.3*popular {
		t.Errorf("vectors of ALS: cosine %.4f, inner product %.4f, popularity %.4f", cosine, inner, popular)
	}
}
