package recommend

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
)

// tableModel scores by a table: one row a user, and a function of the history
// for strangers. NaN rows of scores are allowed: such items are never taken.
type tableModel struct {
	users  [][]float32
	linear [][]float32 // history item × item; nil: strangers are ErrEmpty
	sparse bool
	items  int
}

func (m *tableModel) Users() int         { return len(m.users) }
func (m *tableModel) Items() int         { return m.items }
func (m *tableModel) SparseScores() bool { return m.sparse }

func (m *tableModel) Score(dst []float32, q Query) error {
	if err := checkQuery(dst, &q, m.items); err != nil {
		return err
	}
	if q.User >= 0 && int(q.User) < len(m.users) && m.users[q.User] != nil {
		copy(dst, m.users[q.User])
		return nil
	}
	if len(q.Items) == 0 || m.linear == nil {
		return ErrEmpty
	}
	clear(dst)
	for k, j := range q.Items {
		for i, v := range m.linear[j] {
			dst[i] += q.Weight(k) * v
		}
	}
	return nil
}

func (m *tableModel) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	if m.linear == nil {
		return dst, ErrEmpty
	}
	return topReasons(dst, &q, k, m.items, func(n int, j int32) float32 { return q.Weight(n) * m.linear[j][item] })
}

// world is a random dataset with random models and the same things once more in
// a form that the oracle understands.
type world struct {
	data    *Dataset[string, int]
	sources []Source
	models  []*tableModel
	events  map[string]map[int]pastItem // user → item → merged weight and time
	timed   bool
	policy  Duplicates

	// Beyond the dataset: see policy_test.go.
	facts     map[int]map[string][]string
	arrivals  []int
	live      map[string][]Observation[string, int]
	forgotten map[string]bool
	deleted   map[string]time.Time // when
	stock     map[int]bool         // nil: everything
	watermark time.Time
	calibrate bool
	lists
}

func itemID(k int) int     { return 100 + 3*k }
func userID(k int) string  { return fmt.Sprintf("u%02d", k) }
func at(sec int) time.Time { return time.Unix(1_700_000_000+int64(sec), 0) }

func drawWorld(t *rapid.T) *world {
	w := &world{events: map[string]map[int]pastItem{}, timed: rapid.Bool().Draw(t, "timed")}
	w.policy = rapid.SampledFrom([]Duplicates{Sum, Max, Last}).Draw(t, "policy")
	nUsers := rapid.IntRange(1, 6).Draw(t, "users")
	nItems := rapid.SampledFrom([]int{1, 2, 5, 17, 63, 64, 65, 130}).Draw(t, "items")
	b, err := NewBuilder[string, int](BuilderOptions{Duplicates: w.policy})
	if err != nil {
		t.Fatal(err)
	}
	add := func(u, i, sec int) {
		weight := float32(rapid.IntRange(1, 3).Draw(t, "weight"))
		var err error
		if w.timed {
			err = b.AddAt(userID(u), itemID(i), weight, at(sec))
		} else {
			err = b.Add(userID(u), itemID(i), weight)
		}
		if err != nil {
			t.Fatal(err)
		}
		if w.events[userID(u)] == nil {
			w.events[userID(u)] = map[int]pastItem{}
		}
		w.events[userID(u)][itemID(i)] = pastItem{weight: weight, time: at(sec).Unix()}
	}
	// Every item is somebody's, so that all are in the catalogue; pairs are
	// distinct, so the builder has nothing to merge.
	for i := range nItems {
		first := rapid.IntRange(0, nUsers-1).Draw(t, "owner")
		add(first, i, rapid.IntRange(0, 100).Draw(t, "sec"))
		if second := rapid.IntRange(0, nUsers-1).Draw(t, "second"); second != first {
			add(second, i, rapid.IntRange(0, 100).Draw(t, "sec"))
		}
	}
	if w.data, err = b.Build(); err != nil {
		t.Fatal(err)
	}
	g := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
	value := func() float32 {
		switch g.Intn(12) {
		case 0:
			return float32(math.NaN())
		case 1, 2, 3:
			return 0
		}
		return float32(g.Intn(5) - 1)
	}
	for k := range rapid.IntRange(0, 3).Draw(t, "models") {
		m := &tableModel{items: nItems, sparse: rapid.Bool().Draw(t, "sparse")}
		for range rapid.IntRange(0, w.data.Users.Len()).Draw(t, "model users") {
			var row []float32
			if g.Bool(0.7) {
				row = make([]float32, nItems)
				for i := range row {
					row[i] = value()
				}
			}
			m.users = append(m.users, row)
		}
		if rapid.Bool().Draw(t, "linear") {
			for range nItems {
				row := make([]float32, nItems)
				for i := range row {
					row[i] = float32(g.Intn(4))
				}
				m.linear = append(m.linear, row)
			}
		}
		w.models = append(w.models, m)
		w.sources = append(w.sources, Source{Name: fmt.Sprintf("m%d", k), Model: m})
	}
	return w
}

func drawRequest(t *rapid.T, w *world) Request[string, int] {
	n := w.data.Items.Len()
	anyItem := rapid.Custom(func(t *rapid.T) int { return itemID(rapid.IntRange(-1, n).Draw(t, "k")) })
	r := Request[string, int]{
		User:      userID(rapid.IntRange(0, 7).Draw(t, "user")),
		Anonymous: rapid.IntRange(0, 4).Draw(t, "anonymous") == 0,
		K:         rapid.IntRange(1, n+3).Draw(t, "K"),
		Seen:      rapid.SampledFrom([]Seen{DropSeen, KeepSeen, Repurchase}).Draw(t, "seen"),
		Reasons:   rapid.IntRange(0, 3).Draw(t, "reasons"),
		Info:      &Info{Why: "stale"},
	}
	if r.Seen == Repurchase {
		r.AsOf, r.Interval = at(100), time.Duration(rapid.IntRange(0, 100).Draw(t, "interval"))*time.Second
	}
	r.SeenWeight = rapid.SampledFrom([]float32{0, 0, 2, 3}).Draw(t, "seen weight")
	for range rapid.SampledFrom([]int{0, 0, 1, 2, 6}).Draw(t, "events") {
		e := Event[int]{Item: anyItem.Draw(t, "item"), Weight: float32(rapid.IntRange(0, 3).Draw(t, "weight"))}
		if rapid.Bool().Draw(t, "at") {
			e.At = at(rapid.IntRange(0, 120).Draw(t, "sec"))
		}
		r.History = append(r.History, e)
	}
	set := func(name string) *ItemSet {
		if !rapid.Bool().Draw(t, name) {
			return nil
		}
		p, g := rapid.SampledFrom([]float64{0, .3, .9}).Draw(t, "share"), rng.New(rapid.Uint64().Draw(t, "set"), 0, 0)
		return ItemSetFunc(n, func(int32) bool { return g.Bool(p) })
	}
	r.Allow, r.Deny = set("allow"), set("deny")
	if rapid.IntRange(0, 2).Draw(t, "allow items") == 0 {
		r.AllowItems = rapid.SliceOfN(anyItem, 0, 2*n).Draw(t, "allowed")
		if r.AllowItems == nil {
			r.AllowItems = []int{}
		}
	}
	r.DenyItems = rapid.SliceOfN(anyItem, 0, n/2).Draw(t, "denied")
	return r
}

// id and find map the oracle's positions: those of the dataset, then arrivals.
func (w *world) id(k int) int {
	if k < w.data.Items.Len() {
		return itemID(k)
	}
	return w.arrivals[k-w.data.Items.Len()]
}

func (w *world) size() int { return w.data.Items.Len() + len(w.arrivals) }

func (w *world) find(id int) int {
	for k := range w.size() {
		if w.id(k) == id {
			return k
		}
	}
	return -1
}

// contained: the dataset holds the event already.
func (w *world) contained(o Observation[string, int]) bool {
	if !w.watermark.IsZero() && !o.At.After(w.watermark) {
		return true
	}
	e, ok := w.events[o.User][o.Item]
	return ok && w.timed && !w.forgotten[o.User] && e.time >= o.At.Unix()
}

func (w *world) holds(r *Rule, k int) bool {
	switch r.op {
	case ruleIs:
		have := w.facts[w.id(k)][r.attribute]
		if len(r.values) == 0 {
			return len(have) > 0
		}
		return slices.ContainsFunc(r.values, func(v string) bool { return slices.Contains(have, v) })
	case ruleNot:
		return !w.holds(&r.rules[0], k)
	case ruleAny:
		return slices.ContainsFunc(r.rules, func(x Rule) bool { return w.holds(&x, k) })
	}
	return !slices.ContainsFunc(r.rules, func(x Rule) bool { return !w.holds(&x, k) })
}

// answer is the slow oracle: the documentation of Request and Engine, taken
// literally and without any index, bitmap or heap.
func (w *world) answer(r Request[string, int]) (want []Recommendation[int], info Info) {
	n := w.data.Items.Len()
	past := map[int]pastItem{}
	stored, ok := w.events[r.User]
	if ok && !r.Anonymous && !w.forgotten[r.User] {
		info.Known = true
		for id, e := range stored {
			if !w.timed {
				e.time = math.MinInt64
			}
			past[id] = e
		}
	}
	fresh := false
	add := func(id int, x pastItem) {
		fresh = true
		if old, ok := past[id]; ok {
			switch w.policy {
			case Sum:
				x.weight += old.weight
			case Max:
				x.weight = max(x.weight, old.weight)
			case Last: // by time; what has none is listed in order
				if !x.undated && (old.undated || x.time < old.time || x.time == old.time && x.weight < old.weight) {
					x.weight, x.undated = old.weight, old.undated
				}
			}
			x.time = max(x.time, old.time)
		}
		past[id] = x
	}
	if !r.Anonymous {
		live := slices.Clone(w.live[r.User])
		slices.SortFunc(live, func(a, b Observation[string, int]) int {
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Item, b.Item), cmp.Compare(a.ID, b.ID))
		})
		for _, o := range live {
			if w.find(o.Item) < 0 || w.contained(o) {
				continue
			}
			info.Live++
			x := pastItem{weight: o.Weight, time: o.At.Unix()}
			if o.Weight == 0 {
				x.weight = 1
			}
			add(o.Item, x)
		}
	}
	for _, e := range r.History {
		if w.find(e.Item) < 0 {
			info.UnknownHistory++
			continue
		}
		x := pastItem{weight: e.Weight, time: r.AsOf.Unix(), undated: true}
		if e.Weight == 0 {
			x.weight = 1
		}
		if !e.At.IsZero() {
			x.time, x.undated = e.At.Unix(), false
		}
		add(e.Item, x)
	}
	info.History = len(past)
	q := Query{User: Stranger}
	for k := range n {
		if e, ok := past[itemID(k)]; ok {
			q.Items, q.Weights = append(q.Items, int32(k)), append(q.Weights, e.weight)
		}
	}
	if info.Known {
		q.User = w.data.Users.Of(r.User)
	}
	for _, id := range r.AllowItems {
		if w.find(id) < 0 {
			info.UnknownAllow++
		}
	}
	for _, id := range r.DenyItems {
		if w.find(id) < 0 {
			info.UnknownDeny++
		}
	}
	left := map[int]bool{}
	allowed, denied, sold := 0, 0, 0
	for k := range w.size() {
		id := w.id(k)
		if r.Allow != nil && (k >= n || !r.Allow.Has(int32(k))) || r.AllowItems != nil && !slices.Contains(r.AllowItems, id) || r.Where != nil && !w.holds(r.Where, k) {
			continue
		}
		allowed++
		if r.Deny != nil && k < n && r.Deny.Has(int32(k)) || slices.Contains(r.DenyItems, id) {
			denied++
			continue
		}
		if w.stock != nil && !w.stock[id] {
			sold++
			continue
		}
		if e, ok := past[id]; ok {
			if heavy := r.SeenWeight == 0 || e.weight >= r.SeenWeight; heavy && r.Seen == DropSeen || heavy && r.Seen == Repurchase && time.Unix(e.time, 0).Add(r.Interval).After(r.AsOf) {
				continue
			}
		}
		left[k] = true
	}
	info.Eligible = len(left)
	switch {
	case allowed == 0:
		info.Why = "no item is allowed"
	case allowed == denied:
		info.Why = "every allowed item is denied"
	case allowed == denied+sold:
		info.Why = "no item that is left is in stock"
	case len(left) == 0:
		info.Why = "every item that is left was seen already"
	}
	taken := map[string]int{}
	breaks := func(k int) bool {
		for _, c := range r.Caps {
			for _, v := range w.facts[w.id(k)][c.Attribute] {
				if taken[c.Attribute+"="+v] >= c.Max {
					return true
				}
			}
		}
		return false
	}
	take := func(k int) {
		delete(left, k)
		for a, values := range w.facts[w.id(k)] {
			for _, v := range values {
				taken[a+"="+v]++
			}
		}
	}
	pins := map[int]int{} // position → item
	for p := 1; p <= r.K; p++ {
		for _, pin := range r.Pins {
			if k := w.find(pin.Item); pin.Position == p && k >= 0 && left[k] && !breaks(k) {
				take(k)
				pins[p] = pin.Item
			}
		}
	}
	for _, pin := range r.Pins {
		if w.find(pin.Item) < 0 {
			info.UnknownPins++
		}
	}
	info.Pinned = len(pins)
	fill := func(raw []float32, sparse bool, name func(k int) string, calibrate func(float64) float64, why func(k int) []Because[int]) {
		scores, skip := slices.Clone(raw), map[int]bool{}
		for k, s := range raw {
			if s != s || math.IsInf(float64(s), -1) || sparse && !(s > 0) {
				skip[k] = true
				continue
			}
			for _, b := range r.Boosts {
				if b.Set != nil && (k >= n || !b.Set.Has(int32(k))) || b.Where != nil && !w.holds(b.Where, k) {
					continue
				}
				f := b.Multiply
				if f == 0 {
					f = 1
				}
				if scores[k] >= 0 {
					scores[k] *= f
				} else {
					scores[k] /= f
				}
				scores[k] += b.Add
			}
		}
		emit := func(best int) *Recommendation[int] {
			x := Recommendation[int]{Item: w.id(best), Score: scores[best], Source: name(best), Reasons: why(best)}
			if calibrate != nil {
				x.Probability, x.Calibrated = calibrate(float64(raw[best])), true
			}
			want = append(want, x)
			return &want[len(want)-1]
		}
		w.next = len(want)
		f := filling{w, scores, func(k int) bool { return left[k] && !skip[k] && !breaks(k) }, take, rolling(left, taken), q}
		if n := r.K - len(want) - len(pins); n > 0 {
			for _, c := range f.arranged(&r, n) {
				x := emit(c.item)
				x.Propensity, x.PropensityError = c.propensity, c.error
			}
		}
		for len(want)+len(pins) < r.K {
			best := -1
			for k, s := range scores {
				if left[k] && !skip[k] && !breaks(k) && (best < 0 || s > scores[best]) {
					best = k
				}
			}
			if best < 0 {
				return
			}
			take(best)
			emit(best)
		}
	}
	for m, model := range w.models {
		scores := make([]float32, model.items)
		asked := q
		if fresh {
			asked.User = Stranger
		}
		err := model.Score(scores, asked)
		if err != nil {
			asked = q
			err = model.Score(scores, asked)
		}
		if err != nil {
			continue
		}
		fill(scores, model.sparse, func(int) string { return w.sources[m].Name }, w.sources[m].Calibrate, func(item int) []Because[int] {
			if r.Reasons == 0 || model.linear == nil {
				return nil
			}
			var out []Because[int]
			for n, j := range asked.Items {
				if c := asked.Weights[n] * model.linear[j][item]; c != 0 {
					out = append(out, Because[int]{itemID(int(j)), c})
				}
			}
			slices.SortStableFunc(out, func(a, b Because[int]) int { return int(b.Contribution) - int(a.Contribution) })
			return out[:min(len(out), r.Reasons)]
		})
	}
	counts := make([]float32, w.size())
	for _, items := range w.events {
		for id := range items {
			counts[(id-100)/3]++
		}
	}
	for j, id := range w.arrivals {
		for _, live := range w.live {
			if slices.ContainsFunc(live, func(o Observation[string, int]) bool { return o.Item == id }) {
				counts[n+j]++
			}
		}
	}
	fill(counts, false, func(k int) string {
		if k < n {
			return SourcePopular
		}
		return SourceLive
	}, nil, func(int) []Because[int] { return nil })
	// Pins: each at its place, or at the end of what is there.
	var out []Recommendation[int]
	total, next := len(want)+len(pins), 0
	for p := 1; len(out) < total; p++ {
		if id, ok := pins[p]; ok {
			out = append(out, Recommendation[int]{Item: id, Source: SourcePinned})
		} else if next < len(want) {
			out = append(out, want[next])
			next++
		}
	}
	for k := range out {
		out[k].Rank = k + 1
	}
	info.Returned = len(out)
	if info.Returned < min(r.K, info.Eligible) {
		info.Why = "every item that is left would break a cap"
	}
	return out, info
}

func sameScore(a, b float32) bool { return a == b || a != a && b != b }

func TestEngineProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		e, err := NewEngine(w.data, EngineOptions{Sources: w.sources})
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 12).Draw(t, "requests") {
			w.compare(t, e, drawRequest(t, w))
		}
	})
}

// compare fails unless the engine answers as the oracle does.
func (w *world) compare(t *rapid.T, e *Engine[string, int], r Request[string, int]) {
	prefix := []Recommendation[int]{{Item: -1, Source: "mine"}}
	got, err := e.Recommend(slices.Clip(slices.Clone(prefix)), r)
	if r.Seen == Repurchase && !w.timed && !r.Anonymous && len(w.events[r.User]) > 0 && !w.forgotten[r.User] {
		if !errors.Is(err, ErrOption) {
			t.Fatalf("Repurchase without times: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Source != "mine" {
		t.Fatal("dst was not appended to")
	}
	got = got[1:]
	w.guide = slices.DeleteFunc(slices.Clone(got), func(x Recommendation[int]) bool { return x.Source == SourcePinned })
	want, info := w.answer(r)
	r.Info.fresh = false
	if *r.Info != info {
		t.Fatalf("info is %+v, want %+v", *r.Info, info)
	}
	if len(got) != len(want) || len(got) != info.Returned {
		t.Fatalf("%d results, want %d, Returned says %d", len(got), len(want), info.Returned)
	}
	seen := map[int]bool{}
	for k, g := range got {
		x := want[k]
		if g.Item != x.Item || g.Rank != x.Rank || !sameScore(g.Score, x.Score) || g.Source != x.Source || !slices.Equal(g.Reasons, x.Reasons) ||
			g.Probability != x.Probability || g.Calibrated != x.Calibrated || math.Abs(g.Propensity-x.Propensity) > 1e-12 || g.PropensityError != x.PropensityError {
			t.Fatalf("result %d is %+v, want %+v", k, g, x)
		}
		if seen[g.Item] {
			t.Fatalf("item %d comes twice", g.Item)
		}
		seen[g.Item] = true
	}
}
