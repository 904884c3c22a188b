package modeltest

import (
	"slices"
	"testing"

	"github.com/aislekit/aisle/recommend"
)

// coldItems are the items that nobody takes in the data of checkNewItems, two of each
// group, the last ones.
const coldItems = 8

// checkNewItems fits on data with items that nobody has taken, and asks for known users
// and for strangers of the same history. A model that knows such items puts those of the
// user's group above what other groups take and above their new items; any other has no
// reason to put them into a list before all that people take.
func checkNewItems(t testing.TB, s *subject) {
	const users, items, top = 60, 64, 4
	rows := groupRows(users, items, 8, 3)
	for u, row := range rows {
		rows[u] = slices.DeleteFunc(row, func(i int32) bool { return i >= items-coldItems })
	}
	x := fromRows(t, items, rows...)
	m, err := s.fit(x)
	if err != nil {
		t.Fatal(err)
	}
	ranker := recommend.NewRanker(m)
	for _, stranger := range []bool{false, true} {
		above, pairs, news, listed := 0.0, 0.0, 0, 0
		for u, q := range known(x) {
			if stranger {
				q.User = recommend.Stranger
			}
			v := scores(t, m, q)
			if slices.ContainsFunc(v, s.wrong) {
				t.Fatalf("user %d, stranger %v: scores %v", u, stranger, v)
			}
			a, n := aboveOthers(v, q.Items, u%4)
			above, pairs = above+a, pairs+n
			list, err := ranker.AppendTop(nil, q, top, recommend.Filter{Items: q.Items})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range list {
				listed++
				if o.Item >= items-coldItems {
					news++
				}
			}
		}
		switch {
		case s.Ratings: // what nobody has rated is expected to be rated like the mean
		case s.NewItems && above < 0.8*pairs:
			t.Errorf("strangers %v: new items of the user's group are above %v of %v items of other groups", stranger, above, pairs)
		case !s.NewItems && news > listed/10:
			t.Errorf("strangers %v: %d of the first %d items are such as nobody has taken (see Case.NewItems)", stranger, news, listed)
		}
	}
}

// aboveOthers returns how many pairs of a new item of the group and another group's item,
// new or not, that the user does not have there are, and in how many the first is above; a
// tie is half.
func aboveOthers(scores []float32, has []int32, group int) (above, pairs float64) {
	for i := len(scores) - coldItems; i < len(scores); i++ {
		if i%4 != group {
			continue
		}
		for j, v := range scores {
			if j%4 == group || slices.Contains(has, int32(j)) {
				continue
			}
			pairs++
			switch {
			case scores[i] > v:
				above++
			case scores[i] == v:
				above += 0.5
			}
		}
	}
	return above, pairs
}
