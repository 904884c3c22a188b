package recommend_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// refEvent is an event of the slow reference; at is -1 where it has no time.
type refEvent struct {
	user, item string
	weight     float32
	at, seq    int64
}

// refPair is an entry, and refUser the row of a user and the sequence.
type refPair struct {
	weight float32
	at     int64
}

type refUser struct {
	row      map[string]refPair
	sequence []string
}

// refBuild is Build by its words: maps and stable sorts, one pair at a time.
func refBuild(es []refEvent, opt recommend.BuilderOptions) (map[string]*refUser, recommend.BuildReport) {
	report := recommend.BuildReport{Events: len(es)}
	latest := int64(-1)
	type pair struct{ user, item string }
	pairs, users := map[pair][]refEvent{}, map[string]*refUser{}
	sorted := slices.Clone(es)
	slices.SortStableFunc(sorted, func(a, b refEvent) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq)) })
	for k, e := range sorted {
		latest = max(latest, e.at)
		if e.at < 0 {
			report.Untimed++
		}
		switch w := float64(e.weight); {
		case opt.UnitWeights && w < 0:
			sorted[k].weight = -1
		case opt.UnitWeights:
			sorted[k].weight = 1
		case opt.LogWeights && w < 0:
			sorted[k].weight = -float32(math.Log1p(-w))
		case opt.LogWeights:
			sorted[k].weight = float32(math.Log1p(w))
		}
		p := pair{e.user, e.item}
		pairs[p] = append(pairs[p], sorted[k])
		if users[e.user] == nil {
			users[e.user] = &refUser{row: map[string]refPair{}}
		}
	}
	for p, es := range pairs {
		slices.SortStableFunc(es, func(a, b refEvent) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq), cmp.Compare(a.weight, b.weight))
		})
		var bought, decayed, back, most, mostDecayed float64
		most, mostDecayed = math.Inf(-1), math.Inf(-1)
		var last, lastDecayed float64
		for _, e := range es {
			w, left := float64(e.weight), 1.0
			if opt.HalfLife > 0 {
				left = math.Exp2(-float64(latest-e.at) / float64(opt.HalfLife))
			}
			if w < 0 && !opt.Ratings {
				back += w
				report.Returns++
			} else {
				bought, decayed = bought+w, decayed+w*left
			}
			most, mostDecayed, last, lastDecayed = max(most, w), max(mostDecayed, w*left), w, w*left
		}
		report.Merged += len(es) - 1
		net, weight := bought+back, decayed
		switch {
		case opt.Duplicates == recommend.Max:
			net, weight = most, mostDecayed
		case opt.Duplicates == recommend.Last:
			net, weight = last, lastDecayed
		case back < 0 && net < 1e-6*bought:
			net = 0
		case back < 0 && opt.HalfLife > 0:
			weight = decayed * (net / bought)
		case back < 0:
			weight = net
		}
		if !opt.Ratings && net <= 0 {
			report.Cancelled++
			continue
		}
		if opt.Cap > 0 {
			weight = min(weight, float64(opt.Cap))
		}
		users[p.user].row[p.item] = refPair{float32(weight), es[len(es)-1].at}
	}
	before := 0
	for _, u := range users {
		before += len(u.row)
	}
	items := map[string]bool{}
	for p := range pairs {
		items[p.item] = true
	}
	kept := refCore(users, items, opt)
	report.DroppedUsers, report.DroppedItems = kept.users, kept.items
	for _, u := range users {
		before -= len(u.row)
	}
	report.DroppedPairs = before
	for _, e := range sorted {
		if u := users[e.user]; u != nil {
			if _, in := u.row[e.item]; in && (e.weight >= 0 || opt.Ratings) {
				u.sequence = append(u.sequence, fmt.Sprint(e.item, "@", e.at, ".", e.seq))
			}
		}
	}
	return users, report
}

// refCore drops users and items below the least numbers, and counts them.
func refCore(users map[string]*refUser, items map[string]bool, opt recommend.BuilderOptions) (dropped struct{ users, items int }) {
	for again := opt.MinUserItems > 0 || opt.MinItemUsers > 0; again; {
		again = false
		count := map[string]int{}
		for name, u := range users {
			for i := range u.row {
				if !items[i] {
					delete(u.row, i)
				}
			}
			if len(u.row) < opt.MinUserItems {
				delete(users, name)
				dropped.users++
				again = true
				continue
			}
			for i := range u.row {
				count[i]++
			}
		}
		for i := range items {
			if count[i] < opt.MinItemUsers {
				delete(items, i)
				dropped.items++
				again = true
			}
		}
	}
	return dropped
}

// checkReference compares a dataset with what the reference makes of the same events.
func checkReference(t *testing.T, name string, es []refEvent, opt recommend.BuilderOptions, d *recommend.Dataset[string, string]) {
	t.Helper()
	users, report := refBuild(es, opt)
	if d == nil {
		for _, u := range users {
			if len(u.row) > 0 {
				t.Errorf("%s: nothing is left, want rows", name)
				return
			}
		}
		return
	}
	if d.Report != report || d.Users.Len() != len(users) || !slices.IsSorted(d.Users.IDs()) || !slices.IsSorted(d.Items.IDs()) {
		t.Errorf("%s: %d users, report %+v, want %d, %+v", name, d.Users.Len(), d.Report, len(users), report)
		return
	}
	timed := report.Untimed == 0
	for u, id := range d.Users.IDs() {
		want := users[id]
		items, weights := d.Interactions.Row(u)
		times := d.Interactions.Times(u)
		if len(items) != len(want.row) || timed != (times != nil) {
			t.Errorf("%s: user %s has %d entries, want %d", name, id, len(items), len(want.row))
			return
		}
		for k, i := range items {
			e, in := want.row[d.Items.ID(i)]
			if !in || weights[k] != e.weight || timed && times[k] != e.at {
				t.Errorf("%s: user %s item %s weighs %v, want %+v", name, id, d.Items.ID(i), weights[k], e)
				return
			}
		}
		if !timed {
			continue
		}
		s, err := d.Interactions.Sequences()
		if err != nil {
			t.Fatal(err)
		}
		if n := len(s.Sequence(u)); n != len(want.sequence) {
			t.Errorf("%s: user %s has %d events, want %d", name, id, n, len(want.sequence))
			return
		}
		for k, i := range s.Sequence(u) {
			if at := s.Times(u)[k]; fmt.Sprint(d.Items.ID(i), "@", at) != want.sequence[k][:len(fmt.Sprint(d.Items.ID(i), "@", at))] {
				t.Errorf("%s: user %s event %d is of %s at %d, want %s", name, id, k, d.Items.ID(i), at, want.sequence[k])
				return
			}
		}
	}
}

// refEvents draws n events of a kind: without times, in order of time, in any order, with
// sequence numbers, and some without times.
func refEvents(g *rng.Stream, n, users, items int, kind string, returns, ones bool) []refEvent {
	es := make([]refEvent, n)
	for k := range es {
		e := refEvent{fmt.Sprint("u", int(float64(users)*g.Float64()*g.Float64())), fmt.Sprint("i", int(float64(items)*g.Float64()*g.Float64())), 1, -1, 0}
		if !ones {
			e.weight = float32(g.Intn(20)) / 8
		}
		if returns && g.Intn(4) == 0 {
			e.weight = -e.weight
		}
		switch kind {
		case "ascending":
			e.at = int64(k)
		case "any order":
			e.at = int64(g.Intn(n))
		case "numbers":
			e.at, e.seq = int64(g.Intn(1+n/50)), int64(g.Intn(5))-2
		case "some":
			e.at = int64(g.Intn(n)) - int64(n/2)
			e.at = max(e.at, -1)
		}
		es[k] = e
	}
	return es
}

// Build makes of any log what a slow reference makes of it, from single events to logs that
// are sorted in groups and by digits.
func TestBuildReference(t *testing.T) {
	kinds := []string{"untimed", "ascending", "any order", "numbers", "some"}
	for seed := range uint64(testkit.Rounds(240)) {
		g := rng.New(seed, 1, 1)
		n := []int{1, 5, 40, 300, 1000}[g.Intn(5)]
		if seed%40 == 0 {
			n = 20_000 // more than one group
		}
		kind := kinds[seed%5]
		opt := recommend.BuilderOptions{Duplicates: recommend.Duplicates(g.Intn(3))}
		switch g.Intn(6) {
		case 0:
			opt.UnitWeights = true
		case 1:
			opt.LogWeights = true
		case 2:
			opt.Ratings = true
		case 3:
			opt.Cap = 2
		}
		if g.Intn(3) == 0 {
			opt.MinUserItems, opt.MinItemUsers = g.Intn(4), g.Intn(4)
		}
		if kind != "untimed" && kind != "some" && g.Intn(2) == 0 {
			opt.HalfLife = time.Duration(n)
		}
		users := []int{1, 3, 1 + n/5, n}[g.Intn(4)]
		es := refEvents(g, n, users, 1+n/[]int{1, 3, 40}[g.Intn(3)], kind, g.Intn(2) == 0, g.Intn(3) == 0)
		name := fmt.Sprintf("seed %d: %d events, %s, %+v", seed, n, kind, opt)
		var shards [2]*recommend.Builder[string, string]
		for k := range shards {
			shards[k] = must(recommend.NewBuilder[string, string](opt))(t)
		}
		cut := g.Intn(2 * n) // often all in one
		for k, e := range es {
			b := shards[0]
			if k >= cut {
				b = shards[1]
			}
			err := error(nil)
			if e.at < 0 {
				err = b.Add(e.user, e.item, e.weight)
			} else {
				err = b.AddSeq(e.user, e.item, e.weight, time.Unix(0, e.at), e.seq)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := shards[0].Merge(shards[1]); err != nil {
			t.Fatal(err)
		}
		d, err := shards[0].Build()
		if err != nil && !errors.Is(err, recommend.ErrEmpty) {
			t.Fatal(name, err)
		}
		checkReference(t, name, es, opt, d)
	}
}
