package identity

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Person names one person of a GraphResult: the least identifier of a person that belongs to it, or the least of all
// where no such is known (a visitor without a name). Epoch is 0 but for a nameless visitor with a recycled identifier:
// then it counts the times it changed hands.
type Person struct {
	Name  ID  // least identifier
	Epoch int // of Name
}

// Resolved is the answer of GraphResult.Resolve.
type Resolved struct {
	Person     Person  // of whom the identifier is
	Confidence float64 // of the weakest link on the surest way from Person.Name, in (0, 1]; 1 for Name itself
	Known      bool    // a login, customer number or other identifier of a person belongs to Person
	Shared     bool    // used by several: it is of nobody, a Person of its own
	Recycled   bool    // it changed hands: at another time it is of somebody else
}

// Link is one link of an explanation.
type Link struct {
	From, To   ID         // two identifiers that were joined
	Confidence float64    // 1 − Π(1 − weight) over Evidence, times the share of the person where others were seen too
	Evidence   []Evidence // what joined them, by time; At is the start of the grain
}

// GraphResult is what the evidence of a Graph says. It is immutable and safe for concurrent use.
type GraphResult struct {
	grain   time.Duration
	ids     []ID      // ascending
	cuts    [][]int64 // by id, the first grain of every epoch but the first
	first   []int     // by id, its first node; one more at the end
	of      []int     // by node, its id
	shared  []bool    // by node
	known   []bool    // by root
	root    []int     // by node, the node that names its person
	up      []int     // by node, index of the edge towards the root, −1
	sure    []float64 // by node, confidence
	members [][]int   // by root, nodes ascending
	edges   []edge
	records []record // by edge
}

// edge joins two nodes by records[from:to].
type edge struct {
	a, b, from, to int
	sure           float64
	days           int64
	off            bool // by a shared node or a person who is not the main one
}

// Result works out who is who. Cost O(n log n) in the different pieces of evidence. Cancelled, it returns context.Cause(ctx).
// Nil is ErrEmpty; no evidence is a result without persons.
func (g *Graph) Result(ctx context.Context) (*GraphResult, error) {
	if err := check.Receiver("identity: Graph.Result", g); err != nil {
		return nil, err
	}
	opt := g.opt
	if !g.ready {
		opt = Options{}.withDefaults()
	}
	s := &solver{opt: opt, GraphResult: &GraphResult{grain: opt.Grain, records: g.sorted()}}
	for _, step := range []func(){s.number, s.epochs, s.link, s.share, s.join, s.name} {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		step()
	}
	return s.GraphResult, nil
}

// solver holds what is needed only while a result is worked out.
type solver struct {
	*GraphResult
	opt    Options
	ends   [][2]int // by record, the two ids
	person []int    // by id, number of its kind of persons, −1
	bit    map[string]int
	tree   [][]int // by node, its edges in the forest
}

// number lists the identifiers and which kinds are of persons.
func (s *solver) number() {
	for i := range s.records {
		s.ids = append(s.ids, s.records[i].a, s.records[i].b)
	}
	slices.SortFunc(s.ids, ID.compare)
	s.ids = slices.Compact(s.ids)
	s.bit = make(map[string]int)
	for kind, rule := range s.opt.Kinds {
		if rule.Person {
			s.bit[kind] = 0
		}
	}
	n := 0
	at := make(map[ID]int, len(s.ids))
	s.person = make([]int, len(s.ids))
	for i, id := range s.ids {
		at[id] = i
		s.person[i] = -1
		if _, ok := s.bit[id.Kind]; ok {
			if i == 0 || s.ids[i-1].Kind != id.Kind {
				n++
			}
			s.person[i] = n - 1
		}
	}
	s.ends = make([][2]int, len(s.records))
	for i := range s.records {
		s.ends[i] = [2]int{at[s.records[i].a], at[s.records[i].b]}
	}
}

// claim is the time in which one person was seen with an identifier.
type claim struct {
	person, kind int
	first, last  int64
}

// epochs cuts each identifier that is used by persons where it fell silent and came back with others only.
func (s *solver) epochs() {
	claims := make([]map[int]claim, len(s.ids))
	for i, e := range s.ends {
		for side := range 2 {
			x, p := e[side], e[1-side]
			if s.person[x] >= 0 || s.person[p] < 0 {
				continue
			}
			if claims[x] == nil {
				claims[x] = make(map[int]claim)
			}
			t := s.records[i].grain
			c, ok := claims[x][p]
			if !ok {
				c = claim{p, s.person[p], t, t}
			}
			c.first, c.last = min(c.first, t), max(c.last, t)
			claims[x][p] = c
		}
	}
	s.cuts = make([][]int64, len(s.ids))
	s.first = make([]int, 1, len(s.ids)+1)
	for x := range s.ids {
		if len(claims[x]) > 1 {
			s.cuts[x] = s.cut(s.ids[x].Kind, claims[x])
		}
		for range len(s.cuts[x]) + 1 {
			s.of = append(s.of, x)
		}
		s.first = append(s.first, len(s.of))
	}
}

// cut returns the first grain of each epoch but the first. Persons of all kinds count alike: where a login and a loyalty card of one
// person are seen a year apart, they join through other evidence or not at all, which is the careful answer.
func (s *solver) cut(kind string, claims map[int]claim) (cuts []int64) {
	gap := s.opt.Kinds[kind].Gap
	if gap < 0 {
		return nil
	}
	silence := int64(check.Default(gap, 60*24*time.Hour) / s.opt.Grain)
	list := make([]claim, 0, len(claims))
	for _, c := range claims {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b claim) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.person, b.person)) })
	last := list[0].last
	for _, c := range list[1:] {
		if c.first-last > max(silence, 1) {
			cuts = append(cuts, last+(c.first-last+1)/2)
		}
		last = max(last, c.last)
	}
	return cuts
}

// node returns the node of id x at a grain.
func (r *GraphResult) node(x int, grain int64) int {
	return r.first[x] + sort.Search(len(r.cuts[x]), func(k int) bool { return r.cuts[x][k] > grain })
}

// link gathers the records of each pair of nodes in an edge and works out how sure it is.
func (s *solver) link() {
	type keyed struct {
		a, b int
		rec  record
	}
	list := make([]keyed, len(s.records))
	for i, r := range s.records {
		list[i] = keyed{s.node(s.ends[i][0], r.grain), s.node(s.ends[i][1], r.grain), r}
	}
	slices.SortStableFunc(list, func(x, y keyed) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	for i := range list {
		s.records[i] = list[i].rec
		if i == 0 || list[i].a != list[i-1].a || list[i].b != list[i-1].b {
			s.edges = append(s.edges, edge{a: list[i].a, b: list[i].b, from: i})
		}
		s.edges[len(s.edges)-1].to = i + 1
	}
	for k := range s.edges {
		e := &s.edges[k]
		doubt := 0.0
		for i := e.from; i < e.to; i++ {
			doubt += math.Log1p(-s.records[i].weight)
			if i == e.from || s.records[i].grain != s.records[i-1].grain {
				e.days++
			}
		}
		e.sure = -math.Expm1(doubt)
	}
}

// share finds the nodes that several persons use, or that meet too many others, and switches their edges off: but
// those of a person who is there nearly always.
func (s *solver) share() {
	s.shared = make([]bool, len(s.of))
	at := make([][]int, len(s.of))
	for k, e := range s.edges {
		at[e.a] = append(at[e.a], k)
		at[e.b] = append(at[e.b], k)
	}
	for v, list := range at {
		for kind := range len(s.bit) {
			c := s.claimed(v, kind, list)
			if s.shared[v] = s.shared[v] || c.all > 0 && float64(c.best)/float64(c.all) < s.opt.Dominant; c.best == c.all {
				continue
			}
			for _, k := range list {
				if e := &s.edges[k]; s.person[s.of[s.other(k, v)]] == kind {
					e.sure *= float64(e.days) / float64(c.all)
					e.off = e.off || e.days < c.best
				}
			}
		}
	}
	inside := make([]bool, len(s.of))
	for v, list := range at {
		inside[v] = !s.shared[v] && s.inside(v, at)
		partners, last := 0, -1
		for _, k := range list { // ascending by the other node, so that the epochs of one identifier stand together
			if x := s.of[s.other(k, v)]; x != last && s.person[s.of[v]] < 0 && s.person[x] < 0 {
				partners, last = partners+1, x
			}
		}
		inside[v] = inside[v] || partners > s.opt.MaxPartners
	}
	for v, list := range at {
		s.shared[v] = s.shared[v] || inside[v]
		for _, k := range list {
			s.edges[k].off = s.edges[k].off || s.shared[v]
		}
	}
}

// claims are the days (grains) that persons of one kind were seen at a node: of the one who was there most, and of all.
type claims struct {
	person    int // node
	best, all int64
}

// claimed counts them at node v, whose edges are list. Persons themselves are claimed by nobody.
func (s *solver) claimed(v, kind int, list []int) (c claims) {
	if s.person[s.of[v]] >= 0 {
		return c
	}
	for _, k := range list {
		if w := s.other(k, v); s.person[s.of[w]] == kind {
			d := s.edges[k].days
			if c.all += d; d > c.best {
				c.person, c.best = w, d
			}
		}
	}
	return c
}

// inside reports whether node v lives on something shared, as the cookies of a family's tablet do, and shows too little of its
// owner to be told from it: of n days, all seen of one person who has half of the tablet, 2^−n say nothing. Two hypotheses: that
// v is private and sees a guest now and then ((1 − Dominant)/2 of its days), or, with a prior of Dominant, that it sees what the shared one sees.
// Likelihoods are logarithms: those of a few hundred days underflow.
func (s *solver) inside(v int, at [][]int) bool {
	if s.person[s.of[v]] >= 0 {
		return false
	}
	var days int64
	for _, k := range at[v] {
		days = max(days, s.edges[k].days)
	}
	guest := (1 - s.opt.Dominant) / 2
	for _, k := range at[v] {
		w := s.other(k, v)
		if !s.shared[w] || float64(s.edges[k].days)/float64(days) < s.opt.Dominant {
			continue
		}
		for kind := range len(s.bit) {
			c, whole := s.claimed(v, kind, at[v]), s.claimed(w, kind, at[w])
			if c.all == 0 || whole.all == 0 {
				continue
			}
			var on int64
			for _, j := range at[w] {
				if s.other(j, w) == c.person {
					on = s.edges[j].days
				}
			}
			q := float64(on) / float64(whole.all)
			private := times(c.best, math.Log1p(-guest)) + times(c.all-c.best, math.Log(guest))
			same := times(c.best, math.Log(q)) + times(c.all-c.best, math.Log1p(-q))
			// What lives on something shared mostly is: the odds of that, and those of Dominant that its owner has to be sure by.
			if private+2*math.Log1p(-s.opt.Dominant) < same+2*math.Log(s.opt.Dominant) {
				return true
			}
		}
	}
	return false
}

// times returns n·logarithm, where what never happened says nothing: 0·log 0 is 0.
func times(n int64, logarithm float64) float64 {
	if n == 0 {
		return 0
	}
	return float64(n) * logarithm
}

func (r *GraphResult) other(k, v int) int { return r.edges[k].a + r.edges[k].b - v }

// join takes the edges from the surest down (Kruskal) and joins what does not bring two persons of one kind together. Edges that
// name two of a kind come first and bring these together: later, their sides could have got persons of other kinds, which they do not name.
func (s *solver) join() {
	parent := make([]int, len(s.of))
	kinds := make([]uint64, len(s.of))
	s.tree = make([][]int, len(s.of))
	for v := range parent {
		parent[v] = v
		if p := s.person[s.of[v]]; p >= 0 {
			kinds[v] = 1 << p
		}
	}
	find := func(v int) int {
		for parent[v] != v {
			parent[v] = parent[parent[v]]
			v = parent[v]
		}
		return v
	}
	order := make([]int, 0, len(s.edges))
	for k, e := range s.edges {
		if !e.off && e.sure >= s.opt.Threshold {
			order = append(order, k)
		}
	}
	both := func(k int) uint64 { // the kind of persons that edge k names twice
		if a, b := s.person[s.of[s.edges[k].a]], s.person[s.of[s.edges[k].b]]; a >= 0 && a == b {
			return 1 << a
		}
		return 0
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(min(both(j), 1), min(both(i), 1)), cmp.Compare(s.edges[j].sure, s.edges[i].sure), cmp.Compare(i, j))
	})
	for _, k := range order {
		e := s.edges[k]
		a, b := find(e.a), find(e.b)
		if a == b || kinds[a]&kinds[b]&^both(k) != 0 {
			continue
		}
		a, b = min(a, b), max(a, b)
		parent[b] = a
		kinds[a] |= kinds[b]
		s.tree[e.a] = append(s.tree[e.a], k)
		s.tree[e.b] = append(s.tree[e.b], k)
	}
}

// name roots each tree in its least identifier of a person, or its least one, and works out how sure each node is.
func (s *solver) name() {
	n := len(s.of)
	s.root, s.up, s.sure, s.members, s.known = make([]int, n), make([]int, n), make([]float64, n), make([][]int, n), make([]bool, n)
	for v := range s.root {
		s.root[v] = -1
	}
	var todo []int
	start := func(v int) {
		if s.root[v] >= 0 {
			return
		}
		s.root[v], s.up[v], s.sure[v] = v, -1, 1
		todo = append(todo[:0], v)
		for len(todo) > 0 {
			u := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			s.members[v] = append(s.members[v], u)
			for _, k := range s.tree[u] {
				if w := s.other(k, u); s.root[w] < 0 {
					s.root[w], s.up[w], s.sure[w] = v, k, min(s.sure[u], s.edges[k].sure)
					todo = append(todo, w)
				}
			}
		}
		slices.Sort(s.members[v])
	}
	for v := range s.of {
		if s.person[s.of[v]] >= 0 {
			start(v)
			s.known[s.root[v]] = true
		}
	}
	for v := range s.of {
		start(v)
	}
}

// index returns the number of an identifier.
func (r *GraphResult) index(where string, id ID) (int, error) {
	if err := check.Receiver(where, r); err != nil {
		return 0, err
	}
	x, ok := slices.BinarySearchFunc(r.ids, id, ID.compare)
	if !ok {
		return 0, fmt.Errorf("%s: %w", where, check.Private("ID", -1, id, nil, ErrUnknownID))
	}
	return x, nil
}

// at returns the node of an identifier at a time; the zero time is that of its last epoch.
func (r *GraphResult) at(where string, id ID, at time.Time) (int, error) {
	x, err := r.index(where, id)
	if err != nil {
		return 0, err
	}
	if at.IsZero() {
		return r.first[x+1] - 1, nil
	}
	if err := check.Time("at", at); err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	return r.node(x, floor(at, r.grain)), nil
}

// Resolve says of whom an identifier is at a time, which matters where it was recycled; the zero time asks for its last
// owner. ErrUnknownID where no evidence names it, ErrRange for an impossible time. O(log n).
func (r *GraphResult) Resolve(id ID, at time.Time) (Resolved, error) {
	v, err := r.at("identity: GraphResult.Resolve", id, at)
	if err != nil {
		return Resolved{}, err
	}
	return Resolved{
		Person: r.personOf(v), Confidence: r.sure[v], Known: r.known[r.root[v]], Shared: r.shared[v], Recycled: len(r.cuts[r.of[v]]) > 0,
	}, nil
}

func (r *GraphResult) personOf(v int) Person {
	root := r.root[v]
	return Person{r.ids[r.of[root]], root - r.first[r.of[root]]}
}

// IDs returns the identifiers of a person, ascending; one that was recycled is among those of each of its owners. ErrUnknownID for
// a Person of another result.
func (r *GraphResult) IDs(p Person) ([]ID, error) {
	x, err := r.index("identity: GraphResult.IDs", p.Name)
	if err != nil {
		return nil, err
	}
	if p.Epoch < 0 || p.Epoch >= r.first[x+1]-r.first[x] || r.root[r.first[x]+p.Epoch] != r.first[x]+p.Epoch {
		return nil, fmt.Errorf("identity: GraphResult.IDs: %w", check.Private("Person", -1, p, nil, ErrUnknownID))
	}
	v := r.first[x] + p.Epoch
	out := make([]ID, len(r.members[v]))
	for i, u := range r.members[v] {
		out[i] = r.ids[r.of[u]]
	}
	return slices.Compact(out), nil
}

// Persons returns all persons by name: visitors without a name and shared identifiers too.
func (r *GraphResult) Persons() []Person {
	if r == nil {
		return nil
	}
	var out []Person
	for v, root := range r.root {
		if v == root {
			out = append(out, r.personOf(v))
		}
	}
	return out
}

// Why explains that a and b are one person at a time (zero: now): the links between them, from a to b, each with all its evidence. ErrUndefined where they are
// not one, otherwise the errors of Resolve. No links where a is b.
func (r *GraphResult) Why(a, b ID, at time.Time) ([]Link, error) {
	const where = "identity: GraphResult.Why"
	u, err := r.at(where, a, at)
	if err != nil {
		return nil, err
	}
	v, err := r.at(where, b, at)
	if err != nil {
		return nil, err
	}
	if r.root[u] != r.root[v] {
		return nil, fmt.Errorf("%s: %w", where, check.Private("ID", -1, a, b, fmt.Errorf("two persons: %w", ErrUndefined)))
	}
	// Both ways to the root, less what they share.
	left, right := r.way(u), r.way(v)
	for len(left) > 0 && len(right) > 0 && left[len(left)-1] == right[len(right)-1] {
		left, right = left[:len(left)-1], right[:len(right)-1]
	}
	slices.Reverse(right)
	var out []Link
	for _, k := range append(left, right...) {
		e, next := &r.edges[k], r.other(k, u)
		s := Link{From: r.ids[r.of[u]], To: r.ids[r.of[next]], Confidence: e.sure}
		for _, x := range r.records[e.from:e.to] {
			s.Evidence = append(s.Evidence, Evidence{
				A: x.a, B: x.b, Source: x.source, At: time.Unix(x.grain*int64(r.grain/time.Second), 0).UTC(), Weight: x.weight,
			})
		}
		out = append(out, s)
		u = next
	}
	return out, nil
}

// way returns the edges from a node to its root.
func (r *GraphResult) way(v int) (out []int) {
	for r.up[v] >= 0 {
		out = append(out, r.up[v])
		v = r.other(r.up[v], v)
	}
	return out
}
