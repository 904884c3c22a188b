package recommend_test

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// Who bought tea daily, then milk daily, and milk once more is still known for milk.
func TestEngineOrderKeepsRepeats(t *testing.T) {
	b, err := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for u := range 30 {
		for k := range 40 {
			item := []string{"tea", "a-milk"}[k/20]
			if u > 0 {
				item = []string{"tea", "a-milk", "bread", "eggs"}[(u+k*k)%4]
			}
			if err := b.AddAt(u, item, 1, day0.AddDate(0, 0, k)); err != nil {
				t.Fatal(err)
			}
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	seqs, err := d.Interactions.Sequences()
	if err != nil {
		t.Fatal(err)
	}
	m, err := recommend.FitNextBasket(context.Background(), seqs, nil, recommend.NextBasketOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := &orderShop{data: d, seqs: seqs}
	e := s.engine(t, m)
	ratio := func() float64 {
		score := map[string]float32{}
		for _, x := range ask(t, e, shopAsks{User: 0, K: 4, Seen: recommend.KeepSeen}) {
			score[x.Item] = x.Score
		}
		return float64(score["a-milk"]) / float64(score["tea"])
	}
	before := ratio()
	observe(t, e, shopSaw{User: 0, Item: "a-milk", At: day0.AddDate(0, 0, 50)})
	if after := ratio(); before < 1.5 || after < before*.98 {
		t.Errorf("milk to tea was %v to 1, and is %v to 1 after milk once more", before, after)
	}
}

// On ml-100k a known user is answered after one live event as the model answers the
// whole sequence; in order of index, without repeats, a third of the recall was lost.
func TestEngineOrderSharedKnownUser(t *testing.T) {
	b, err := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	truth := map[int][]string{}
	for name, train := range map[string]bool{"ua.base.gz": true, "ua.test.gz": false} {
		for _, line := range strings.Split(string(testkit.ReadShared(t, "data", "ml-100k", name)), "\n") {
			f := strings.Fields(line)
			if len(f) < 4 {
				continue
			}
			user, _ := strconv.Atoi(f[0])
			rating, _ := strconv.Atoi(f[2])
			seconds, _ := strconv.ParseInt(f[3], 10, 64)
			if train {
				if err := b.AddAt(user, f[1], 1, time.Unix(seconds, 0)); err != nil {
					t.Fatal(err)
				}
			} else if rating >= 4 {
				truth[user] = append(truth[user], f[1])
			}
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	seqs, err := d.Interactions.Sequences()
	if err != nil {
		t.Fatal(err)
	}
	m, err := recommend.FitNextBasket(context.Background(), seqs, nil, recommend.NextBasketOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "m", Model: m}}})
	if err != nil {
		t.Fatal(err)
	}
	ranker := recommend.NewRanker(m)
	direct := func(user int) shopList { // a stranger with the same sequence
		u := int(d.Users.Of(user))
		row, _ := d.Interactions.Row(u)
		q := recommend.Query{User: recommend.Stranger, Items: append(append([]int32(nil), seqs.Sequence(u)...), row[0])}
		top, err := ranker.AppendTop(nil, q, 20, recommend.Filter{Items: row})
		if err != nil {
			t.Fatal(err)
		}
		var out shopList
		for _, x := range top {
			if x.Score > 0 {
				out = append(out, recommend.Recommendation[string]{Item: d.Items.ID(x.Item), Score: x.Score})
			}
		}
		return out
	}
	recall := func(live bool) float64 {
		sum, n := 0.0, 0
		for user := 3; user <= 943; user += 3 {
			want := truth[user]
			if len(want) == 0 {
				continue
			}
			hits := 0
			got := ask(t, e, shopAsks{User: user, K: 20})
			if live && !sameList(got, direct(user)) {
				t.Fatalf("user %d: %v\nasked directly %v", user, got, direct(user))
			}
			for _, x := range got {
				for _, id := range want {
					if x.Item == id {
						hits++
					}
				}
			}
			sum, n = sum+float64(hits)/float64(len(want)), n+1
		}
		return sum / float64(n)
	}
	before := recall(false)
	for user := 3; user <= 943; user += 3 { // the first item of the history once more
		row, _ := d.Interactions.Row(int(d.Users.Of(user)))
		if len(row) > 0 {
			observe(t, e, shopSaw{User: user, Item: d.Items.ID(row[0]), Weight: 4})
		}
	}
	after := recall(true)
	t.Logf("recall@20 %.4f, after a live event %.4f", before, after)
	if before < .14 || after < .15 {
		t.Errorf("recall@20 was %.4f, and is %.4f after one live event a user", before, after)
	}
}

// What evicted events leave behind, in bytes: AISLE_LONG=1 go test -run SeenBytes -v
func TestSeenBytes(t *testing.T) {
	if os.Getenv("AISLE_LONG") == "" {
		t.Skip("a measurement: set AISLE_LONG")
	}
	d, opt := goodsShop(t, recommend.BuilderOptions{})
	opt.Live.PerUser, opt.Live.NewItems = 1, -1
	heap := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	const users = 20_000
	measure := func(items int) float64 {
		e, err := recommend.NewEngine(d, opt)
		if err != nil {
			t.Fatal(err)
		}
		goods := d.Items.IDs()
		before := heap()
		for u := range users {
			for k := range items + 1 {
				observe(t, e, shopSaw{User: 1000 + u, Item: goods[k%len(goods)], At: later(k)})
			}
		}
		after := heap()
		runtime.KeepAlive(e)
		return (after - before) / users
	}
	none, one, four := measure(0), measure(1), measure(4)
	t.Logf("a user with one event %.0f bytes, with a seen item beside it %.0f, with four %.0f: %.0f a further item", none, one, four, (four-one)/3)
}
