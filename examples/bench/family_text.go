package bench

import (
	"context"
	"strconv"

	"github.com/aislekit/aisle/recommend"
)

// tfidf describes each item by a text, the numbers of the users that have it,
// and recommends items of similar texts.
func tfidf() algorithm {
	return algorithm{
		name:   "tfidf",
		params: []param{yesNo("sublinear", false), logIntegers("min_df", 1, 1, 20)},
		rank: func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
			texts := make([][]byte, x.Items())
			for u := range x.Users() {
				items, _ := x.Row(u)
				for _, i := range items {
					texts[i] = append(strconv.AppendInt(texts[i], int64(u), 10), ' ')
				}
			}
			lines := make([]string, len(texts))
			for i, t := range texts {
				lines[i], texts[i] = string(t), nil
			}
			return recommend.FitTFIDF(ctx, lines, recommend.TFIDFOptions{Sublinear: s.flag("sublinear"), MinDF: s.int("min_df"), Workers: e.Workers})
		},
	}
}
