package bench

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/aislekit/aisle/examples/dataio"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/split"
)

// task is what is predicted.
type task int

const (
	ranking task = iota
	rating
	session
)

var taskNames = []string{"ranking", "rating", "session"}

// String returns the name of the command line.
func (t task) String() string { return taskNames[t] }

// problem is a training part and, unless only speed is measured, a test part.
type problem struct {
	task  task
	train *recommend.Interactions
	times []int64 // of the entries of train, row after row; nil when unknown
	test  *recommend.Interactions
	cases *dataio.Candidates // ranking among sampled negatives instead of all items
	lone  int                // test users without candidates

	items        int
	sessions     *dataio.Sessions
	sessionsTest *dataio.Sessions
	sessionOf    []int32   // of each case of sessionsTest; nil: each is of its own
	heldOut      bool      // test was drawn from train by the seed
	last         bool      // sessions are histories; their last items are tested, among items new to the user
	perUser      *quantity // an evaluation tells this of each user; nil: it does not
}

// hasTest reports whether quality can be measured.
func (p *problem) hasTest() bool { return p.test != nil || p.cases != nil || p.sessionsTest != nil }

// load reads the files of the command line. What it has to say about them goes
// to log.
func load(c *config, log io.Writer) (*problem, error) {
	if c.matrix != "" {
		return loadMatrix(c, log)
	}
	r := dataio.NewReader()
	r.Strict = c.strict
	r.Positive = c.task == ranking
	var p *problem
	var err error
	if c.task == session {
		p, err = loadSessions(c, r)
	} else {
		p, err = loadEntries(c, r, log)
	}
	if !c.quiet {
		describe(log, r.Reports)
	}
	if bad := unreadable(r.Reports, c.rejects); bad != nil {
		return nil, bad // says more than what came of it
	}
	return p, err
}

// layouts say what a line looks like.
var layouts = map[dataio.Format]string{
	dataio.Adjacency:       "a user and its items",
	dataio.Triples:         "user, item, value and perhaps time",
	dataio.SessionsFormat:  "the items of a session, in a test file a tab and the target",
	dataio.NegativesFormat: "(user,item) and items",
}

// unreadable names the first file of which more than a share of the lines was
// rejected: what is left is not the data somebody meant.
func unreadable(reports []*dataio.Report, share float64) error {
	for _, rep := range reports {
		if float64(rep.Rejected) > share*float64(rep.Lines) {
			return fmt.Errorf("%s: %d of %d lines are no %s lines (%s): this is another layout; bring the file into one of those of -format, or allow more with -rejects",
				rep.Path, rep.Rejected, rep.Lines, rep.Format, layouts[rep.Format])
		}
	}
	return nil
}

// describe tells, file by file, what was read as what and which lines were rejected.
func describe(log io.Writer, reports []*dataio.Report) {
	for _, rep := range reports {
		fmt.Fprintf(log, "read %s: %s, %d lines", rep.Path, rep.Format, rep.Lines)
		if rep.Header {
			fmt.Fprint(log, ", line 1 taken as a header")
		}
		if rep.Rejected > 0 {
			fmt.Fprintf(log, ", %d REJECTED", rep.Rejected)
		}
		fmt.Fprintln(log)
		for _, e := range rep.First {
			fmt.Fprintf(log, "  reject %v\n", e)
		}
		if n := rep.Rejected - len(rep.First); n > 0 {
			fmt.Fprintf(log, "  and %d more; -strict stops at the first\n", n)
		}
	}
}

// loadEntries reads the training and the test file of a ranking or rating task, with the
// negatives if there are any, onto one numbering of users and items.
func loadEntries(c *config, r *dataio.Reader, log io.Writer) (*problem, error) {
	train, err := r.Entries(c.train, c.format)
	if err != nil {
		return nil, err
	}
	if train.Len() == 0 {
		return nil, fmt.Errorf("%s: no interactions", c.train)
	}
	if c.task == rating && train.Format != dataio.Triples {
		return nil, fmt.Errorf("%s: -task rating needs triples (user item value), this looks like %s; -format triples insists", c.train, train.Format)
	}
	var test *dataio.Entries
	if c.test != "" {
		if test, err = r.Entries(c.test, train.Format); err != nil {
			return nil, err
		}
		if test.Len() == 0 {
			return nil, fmt.Errorf("%s: no interactions", c.test)
		}
	}
	p := &problem{task: c.task}
	if c.negatives != "" {
		if p.cases, err = r.Candidates(c.negatives); err != nil {
			return nil, err
		}
		if p.cases.Own > 0 && !c.quiet {
			fmt.Fprintf(log, "%s: %d lines have the test item among its negatives; it is ranked once\n", c.negatives, p.cases.Own)
		}
	}
	r.Sort()
	p.items = r.Items.Len()
	values := dataio.Ones
	switch {
	case c.task == rating:
		values = dataio.Last
	case c.weights == "value":
		values = dataio.Sums
	}
	m := train.Matrix(values)
	p.times = m.Time
	if p.train, err = recommend.NewInteractions(m.Rows, m.Cols, m.Ptr, m.Col, m.Val); err != nil {
		return nil, fmt.Errorf("%s: %w", c.train, err)
	}
	if test == nil {
		return p, p.holdOut(c)
	}
	if values == dataio.Sums {
		values = dataio.Ones
	}
	return p, p.judgeBy(test.Matrix(values), c, r)
}

// judgeBy takes a test matrix that shares nothing with the training part, and the
// negatives of each of its entries if there are any.
func (p *problem) judgeBy(t *dataio.Matrix, c *config, r *dataio.Reader) error {
	var err error
	if p.test, err = recommend.NewInteractions(t.Rows, t.Cols, t.Ptr, t.Col, t.Val); err != nil {
		return fmt.Errorf("%s: %w", c.test, err)
	}
	if err := split.CheckDisjoint(p.train, p.test); err != nil {
		u, i := firstShared(p.train, p.test)
		return fmt.Errorf("%s and %s: user %s has item %s in both: %w", c.train, c.test, r.Users.Name(u), r.Items.Name(i), split.ErrLeakage)
	}
	if p.cases != nil {
		p.cases.Renumber()
		if err := p.checkCases(c, r); err != nil {
			return err
		}
	}
	return nil
}

func firstShared(a, b *recommend.Interactions) (user, item int32) {
	for u := range b.Users() {
		items, _ := b.Row(u)
		for _, i := range items {
			if a.Has(u, i) {
				return int32(u), i
			}
		}
	}
	return -1, -1
}

// checkCases wants every case to be an entry of the test part, and counts the
// users of the test part that have no case.
func (p *problem) checkCases(c *config, r *dataio.Reader) error {
	if p.cases.Len() == 0 {
		return fmt.Errorf("%s: no cases", c.negatives)
	}
	has := make([]bool, p.test.Users())
	for k, u := range p.cases.User {
		if !p.test.Has(int(u), p.cases.Item[k]) {
			return fmt.Errorf("%s: (%s,%s) is not in %s", c.negatives, r.Users.Name(u), r.Items.Name(p.cases.Item[k]), c.test)
		}
		for _, i := range p.cases.Negative(k) {
			if i != p.cases.Item[k] && p.test.Has(int(u), i) {
				return fmt.Errorf("%s: negative %s of user %s is a test item", c.negatives, r.Items.Name(i), r.Users.Name(u))
			}
		}
		has[u] = true
	}
	for u := range has {
		if !has[u] {
			p.lone++
		}
	}
	return nil
}

// holdOut moves a random part of the training data into the test part, when
// asked to.
func (p *problem) holdOut(c *config) error {
	if c.holdout == 0 {
		return nil
	}
	s, err := split.Random(p.train, c.holdout, c.seed)
	if err != nil {
		return err
	}
	p.train, p.test, p.times, p.heldOut = s.Train, s.Test, nil, true
	return nil
}

// loadMatrix reads the matrix that -matrix names, or makes a synthetic one, and holds a
// part of it out.
func loadMatrix(c *config, log io.Writer) (*problem, error) {
	read := dataio.ReadMatrix
	if strings.HasPrefix(c.matrix, synthPrefix) {
		read = synthMatrix
	}
	m, err := read(c.matrix)
	if err != nil {
		return nil, err
	}
	if c.weights == "one" {
		for i := range m.Val {
			m.Val[i] = 1
		}
	}
	if !c.quiet {
		fmt.Fprintf(log, "read %s: %d users, %d items, %d entries\n", c.matrix, m.Rows, m.Cols, len(m.Col))
	}
	p := &problem{task: c.task, items: m.Cols}
	if p.train, err = recommend.NewInteractions(m.Rows, m.Cols, m.Ptr, m.Col, m.Val); err != nil {
		return nil, fmt.Errorf("%s: %w", c.matrix, err)
	}
	return p, p.holdOut(c)
}

// loadSessions reads the sessions to learn from and those to be judged by: a file of
// their own, or with -last the end of each history.
func loadSessions(c *config, r *dataio.Reader) (*problem, error) {
	p := &problem{task: session, last: c.last}
	var err error
	if c.last {
		all, err := r.Histories(c.train)
		if err != nil {
			return nil, err
		}
		r.Sort()
		all.Renumber()
		p.items = r.Items.Len()
		if p.sessions, p.sessionsTest = lastItems(all, 2); p.sessionsTest.Len() == 0 {
			return nil, fmt.Errorf("%s: no history of three items", c.train)
		}
		return p, nil
	}
	if p.sessions, err = r.Sessions(c.train, false); err != nil {
		return nil, err
	}
	if p.sessions.Len() == 0 {
		return nil, fmt.Errorf("%s: no sessions", c.train)
	}
	if c.test != "" {
		if p.sessionsTest, err = r.Sessions(c.test, true); err != nil {
			return nil, err
		}
		if p.sessionsTest.Len() == 0 {
			return nil, fmt.Errorf("%s: no sessions", c.test)
		}
	}
	r.Sort()
	p.sessions.Renumber()
	if p.sessionsTest != nil {
		p.sessionsTest.Renumber()
	} else if c.holdout > 0 {
		p.sessions, p.sessionsTest, p.sessionOf = splitSessions(p.sessions, c.holdout, math.MaxInt)
	}
	p.items = r.Items.Len()
	return p, nil
}

// validation returns the problem of choosing settings: parts of the training
// data alone, divided as train and test are. Sampled negatives: the last entry
// of each user (a random one without times) among 99 items the user does not
// have. Test parts that hold the latest entries, one a user: the last entry.
// Otherwise a random fifth of the entries. Sessions: the last tenth of them. Histories: the last item of
// each.
func (p *problem) validation(seed uint64) (*problem, error) {
	switch {
	case p.last:
		train, test := lastItems(p.sessions, 1)
		if test.Len() == 0 {
			return nil, errors.New("-tune: no history has two training items, so none can be set aside")
		}
		return &problem{task: session, items: p.items, sessions: train, sessionsTest: test, last: true}, nil
	case p.task == session:
		train, test, of := splitSessions(p.sessions, 0.1, 20000)
		return &problem{task: session, items: p.items, sessions: train, sessionsTest: test, sessionOf: of}, nil
	case p.cases != nil || p.task == ranking && p.lastOut():
		v, err := p.leaveOne(seed)
		if err == nil && p.cases != nil {
			v.sampleNegatives(99, seed)
		}
		return v, err
	}
	share := 0.2
	if p.task == rating {
		share = 0.1
	}
	if p.heldOut { // by the same seed the same entries would be drawn, which are gone
		seed ^= 1 << 40
	}
	s, err := split.Random(p.train, share, seed)
	if err != nil {
		return nil, err
	}
	if s.Test.Len() == 0 {
		return nil, errors.New("-tune: too little training data to set a validation part aside")
	}
	return &problem{task: p.task, items: p.items, train: s.Train, test: s.Test}, nil
}

// validations returns problems to tune on: one, or for few users several cuts,
// up to 5, with some thousand users together. The best of many settings on one
// small part is often the best by luck.
func (p *problem) validations(seed uint64) ([]*problem, error) {
	v, err := p.validation(seed)
	if err != nil {
		return nil, err
	}
	cuts := []*problem{v}
	if p.task != ranking || p.cases != nil || p.lastOut() {
		return cuts, nil
	}
	for n := uint64(1); n < min(5, 5000/uint64(max(v.train.Users(), 1))); n++ {
		v, err := p.validation(seed + n)
		if err != nil {
			return nil, err
		}
		cuts = append(cuts, v)
	}
	return cuts, nil
}

// lastOut reports whether the split looks like leave-last-out: times are known
// and nine of ten test users have one test item.
func (p *problem) lastOut() bool {
	if p.times == nil || p.test == nil {
		return false
	}
	one, all := 0, 0
	for u := range p.test.Users() {
		items, _ := p.test.Row(u)
		if len(items) > 0 {
			all++
		}
		if len(items) == 1 {
			one++
		}
	}
	return 10*one >= 9*all
}

// leaveOne takes one entry of every user that has two or more.
func (p *problem) leaveOne(seed uint64) (*problem, error) {
	n := p.train.Users()
	ptr, testPtr := make([]int64, n+1), make([]int64, n+1)
	var cols, testCols []int32
	var vals, testVals []float32
	at := 0
	for u := range n {
		items, weights := p.train.Row(u)
		out := -1
		if len(items) > 1 {
			if p.times != nil {
				for k := range items {
					if out < 0 || p.times[at+k] >= p.times[at+out] {
						out = k
					}
				}
			} else {
				out = rand.New(rand.NewPCG(seed, uint64(u))).IntN(len(items))
			}
		}
		for k, i := range items {
			if k == out {
				testCols, testVals = append(testCols, i), append(testVals, weights[k])
			} else {
				cols, vals = append(cols, i), append(vals, weights[k])
			}
		}
		ptr[u+1], testPtr[u+1] = int64(len(cols)), int64(len(testCols))
		at += len(items)
	}
	if len(testCols) == 0 {
		return nil, errors.New("-tune: no user has two training entries, so none can be set aside")
	}
	v := &problem{task: p.task, items: p.items}
	var err error
	if v.train, err = recommend.NewInteractions(n, p.items, ptr, cols, vals); err != nil {
		return nil, err
	}
	v.test, err = recommend.NewInteractions(n, p.items, testPtr, testCols, testVals)
	return v, err
}

// sampleNegatives gives every test entry up to n items that the user has neither
// in the training nor in the test part.
func (p *problem) sampleNegatives(n int, seed uint64) {
	c := &dataio.Candidates{Ptr: []int64{0}}
	for u := range p.test.Users() {
		r := rand.New(rand.NewPCG(seed, uint64(u)|1<<40))
		targets, _ := p.test.Row(u)
		for _, target := range targets {
			taken := map[int32]bool{}
			for tries := 0; len(taken) < n && tries < 20*n; tries++ {
				i := int32(r.IntN(p.items))
				if taken[i] || p.train.Has(u, i) || p.test.Has(u, i) {
					continue
				}
				taken[i] = true
				c.Negatives = append(c.Negatives, i)
			}
			c.User, c.Item = append(c.User, int32(u)), append(c.Item, target)
			c.Ptr = append(c.Ptr, int64(len(c.Negatives)))
		}
	}
	p.cases = c
}

// lastItems makes a test case of the last item of each history and all before it.
// The last n stay out of the training part: with 2, also what others use for
// validation. Shorter histories are for training whole.
func lastItems(s *dataio.Sessions, n int) (train, test *dataio.Sessions) {
	train = &dataio.Sessions{Ptr: []int64{0}}
	test = &dataio.Sessions{Ptr: []int64{0}, Target: []int32{}}
	for k := range s.Len() {
		one := s.Session(k)
		if end := len(one) - 1; end >= n {
			test.Items = append(test.Items, one[:end]...)
			test.Ptr = append(test.Ptr, int64(len(test.Items)))
			test.Target = append(test.Target, one[end])
			one = one[:len(one)-n]
		}
		train.Items = append(train.Items, one...)
		train.Ptr = append(train.Ptr, int64(len(train.Items)))
	}
	return train, test
}

// splitSessions sets the last sessions aside, a share of all but at most about
// maxCases test cases, and makes a test case of each of their prefixes; of names the session
// of each. Files of sessions are in order of time, so this is a cut in time, as tests are.
func splitSessions(s *dataio.Sessions, share float64, maxCases int) (train, test *dataio.Sessions, of []int32) {
	cut, cases := s.Len(), 0
	for least := int(float64(s.Len()) * (1 - share)); cut > least && cases < maxCases; cut-- {
		cases += max(0, len(s.Session(cut-1))-1)
	}
	train = &dataio.Sessions{Ptr: s.Ptr[:cut+1], Items: s.Items[:s.Ptr[cut]]}
	test = &dataio.Sessions{Ptr: []int64{0}, Target: []int32{}}
	for k := cut; k < s.Len(); k++ {
		one := s.Session(k)
		for n := len(one) - 1; n >= 1; n-- {
			test.Items = append(test.Items, one[:n]...)
			test.Ptr = append(test.Ptr, int64(len(test.Items)))
			test.Target = append(test.Target, one[n])
			of = append(of, int32(k))
		}
	}
	return train, test, of
}

// judgedUsers returns how many users, or cases, an evaluation asks for.
func (p *problem) judgedUsers() int {
	_, who, _ := p.questions(0, 0)
	return len(who)
}

// support returns the mean number of entries of an item. Sessions have no need of it: a share
// of them is one of the cases alone.
func (p *problem) support() int {
	if p.train == nil {
		return math.MaxInt
	}
	return p.train.Len() / max(p.items, 1)
}

// share returns the problem with a share of the users alone, those of a smaller share
// among those of a larger one. Sessions keep their whole training part, the fit of which
// is cheap, and a share of their cases.
func (p *problem) share(share float64, seed uint64) (*problem, error) {
	pool := 0
	if p.sessionsTest != nil {
		pool = p.sessionsTest.Len()
	} else {
		pool = p.train.Users()
	}
	chosen := rand.New(rand.NewPCG(seed, 0x5a4e)).Perm(pool)[:max(int(share*float64(pool)), 1)]
	slices.Sort(chosen)
	out := *p
	if s := p.sessionsTest; s != nil {
		part := &dataio.Sessions{Ptr: []int64{0}, Target: []int32{}}
		for _, k := range chosen {
			part.Items = append(part.Items, s.Session(k)...)
			part.Ptr = append(part.Ptr, int64(len(part.Items)))
			part.Target = append(part.Target, s.Target[k])
		}
		out.sessionsTest = part
		if p.sessionOf != nil {
			out.sessionOf = make([]int32, len(chosen))
			for n, k := range chosen {
				out.sessionOf[n] = p.sessionOf[k]
			}
		}
		return &out, nil
	}
	var err error
	if out.train, err = someRows(p.train, chosen); err != nil {
		return nil, err
	}
	if out.test, err = someRows(p.test, chosen); err != nil {
		return nil, err
	}
	out.times = nil
	if p.cases != nil {
		out.cases = &dataio.Candidates{Ptr: []int64{0}}
		for k, u := range p.cases.User {
			if n, ok := slices.BinarySearch(chosen, int(u)); ok {
				out.cases.User, out.cases.Item = append(out.cases.User, int32(n)), append(out.cases.Item, p.cases.Item[k])
				out.cases.Negatives = append(out.cases.Negatives, p.cases.Negative(k)...)
				out.cases.Ptr = append(out.cases.Ptr, int64(len(out.cases.Negatives)))
			}
		}
	}
	return &out, nil
}

// someRows returns the matrix of some users, numbered anew.
func someRows(x *recommend.Interactions, users []int) (*recommend.Interactions, error) {
	ptr := make([]int64, 1, len(users)+1)
	var cols []int32
	var vals []float32
	for _, u := range users {
		items, weights := x.Row(u)
		cols, vals = append(cols, items...), append(vals, weights...)
		ptr = append(ptr, int64(len(cols)))
	}
	return recommend.NewInteractions(len(users), x.Items(), ptr, cols, vals)
}
