package evaluate

import (
	"context"
	"fmt"
	"reflect"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

// Options configures an evaluation. The zero value asks for lists of 20 out of all
// items that a user has not had.
type Options struct {
	K int // length of the lists; default 20

	// Seen says what becomes of the items of a user's history. DropSeen, the default,
	// and KeepSeen want a test part that shares no entry with training: ErrLeakage.
	// Repurchase lets items come again: what both parts have is then a repeat, a
	// right answer like any other, and counted in Result.Repeats.
	Seen recommend.Seen

	// Known are the histories of people whom the model was not fitted on, one row a
	// test user (split.HeldOut.Known). They are asked as strangers with that history,
	// which also says what they have seen. nil: the rows of training, by user.
	Known *recommend.Interactions

	Allow *recommend.ItemSet // when set, lists hold only these; what is relevant stays relevant
	Deny  *recommend.ItemSet // lists never hold these

	// Sampled, when > 0, ranks what is relevant to a user among that many items drawn
	// at random instead of the whole catalogue, from those that the list may hold and
	// that are not relevant; all of them where there are fewer. Of equal scores the
	// drawn items come first: a model that cannot tell gets no credit. Such numbers
	// are biased, see the package comment.
	Sampled int
	Seed    uint64 // of Sampled; each user's draw depends on it and the user alone

	// Workers is the number of goroutines; default GOMAXPROCS, never more than users. No
	// influence on the result.
	Workers int

	// Progress is called after each block of users, on the caller's goroutine.
	Progress func(Progress)
}

// Progress says how far an evaluation has come.
type Progress struct {
	Users int // judged so far
	Of    int // to be judged
}

func (o Options) withDefaults() Options {
	o.K = check.Default(o.K, 20)
	return o
}

// validate wants defaults filled in.
func (o Options) validate(where string) error {
	var c check.Options
	check.Positive(&c, "K", o.K)
	c.Require(o.Seen >= recommend.DropSeen && o.Seen <= recommend.Repurchase, "Seen", int(o.Seen), "DropSeen, KeepSeen or Repurchase")
	check.NonNegative(&c, "Sampled", o.Sampled)
	return c.Err(where)
}

// Result says who was asked. What the lists are worth is the judge's to say.
type Result struct {
	Users      int // judged: those with an entry in the test part
	Skipped    int // rows of the test part without an entry
	Unanswered int // of Users, without a list: the model had no answer, or filters left nothing
	Short      int // of Users, with a list shorter than K, those without one left out

	ColdUsers int // of Users, without a history
	ColdItems int // distinct items of the test part that training has no entry of
	Cold      int // test entries of cold items: no model of training alone can find them
	Repeats   int // test entries that the history has too; only with Seen: Repurchase
}

// Lists asks m for the list of every user of test, in ascending order, and hands each
// to judge with the items that are relevant: the row of test. judge is called on the
// caller's goroutine, once a user; its arguments are indices, the list best first, the
// relevant items ascending, both valid during the call only. The Add of a
// ranking.Dense over test.Items() items is such a function.
//
// A user is asked by the row of train, or that of Options.Known; test may have users
// and items beyond those of train, as split.Aligned leaves them. Models of order are
// asked for a history by item index, which is none to them: use Questions.
//
// Errors: ErrEmpty (no model, no data), ErrShape (train has other items than m, or test
// fewer users or items than train), ErrMismatch (a model, test part or item set of other
// ids than train, where both know theirs), ErrLeakage naming the first user and item,
// ErrOption, what m or judge returned, and context.Cause(ctx).
// What was judged before stays judged. Cost: that of recommend.TopLists, and with
// Sampled one Score a user.
func Lists(ctx context.Context, m recommend.Model, train, test *recommend.Interactions, judge func(recommended, relevant []int32) error, opt Options) (Result, error) {
	const where = "evaluate: Lists"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return Result{}, err
	}
	if judge == nil {
		return Result{}, fmt.Errorf("%s: judge: %w", where, ErrEmpty)
	}
	if err := opt.fits(where, m, train, test); err != nil {
		return Result{}, err
	}
	p := parts{train: train, test: test, opt: opt}
	r, err := p.count(ctx, where)
	if err != nil {
		return Result{}, err
	}
	a := asker{where: where, model: m, opt: opt, judge: judge, result: r, name: func(q int) string { return fmt.Sprintf("user %d", p.users[q]) }}
	err = a.all(ctx, len(p.users), p.question)
	return a.result, err
}

// fits checks the shapes of everything against each other.
func (o *Options) fits(where string, m recommend.Model, train, test *recommend.Interactions) error {
	switch {
	case missing(m):
		return fmt.Errorf("%s: model: %w", where, ErrEmpty)
	case train == nil:
		return fmt.Errorf("%s: train: %w", where, ErrEmpty)
	case test == nil || test.Len() == 0:
		return fmt.Errorf("%s: test: %w", where, ErrEmpty)
	case train.Items() != m.Items():
		return fmt.Errorf("%s: the model knows %d items, train has %d: %w", where, m.Items(), train.Items(), ErrShape)
	case test.Users() < train.Users() || test.Items() < train.Items():
		return fmt.Errorf("%s: test is %d×%d, want at least the %d×%d of train: %w", where, test.Users(), test.Items(), train.Users(), train.Items(), ErrShape)
	case o.Known != nil && (o.Known.Users() != test.Users() || o.Known.Items() != train.Items()):
		return fmt.Errorf("%s: Known is %d×%d, want %d×%d: %w", where, o.Known.Users(), o.Known.Items(), test.Users(), train.Items(), ErrShape)
	}
	return o.sameIDs(where, m, train, test)
}

// identified is what knows over which ids its indices are.
type identified interface {
	Fingerprints() (users, items uint64)
}

// sameIDs refuses what numbers other ids than the training part does, as far as both know
// theirs: indices would name the wrong items, and nothing else would tell.
func (o *Options) sameIDs(where string, m recommend.Model, train, test *recommend.Interactions) error {
	users, items := train.Fingerprints()
	check := func(name string, of any) error {
		x, ok := of.(identified)
		if !ok {
			return nil
		}
		u, i := x.Fingerprints()
		switch {
		case i != 0 && items != 0 && i != items:
			return fmt.Errorf("%s: %s is of other items than the %d of train%s (split.Aligned maps data of its own): %w", where, name, train.Items(), ids.FirstItem(of, train), ErrMismatch)
		case u != 0 && users != 0 && u != users:
			return fmt.Errorf("%s: %s is of other users than train (split.Aligned maps data of its own): %w", where, name, ErrMismatch)
		}
		return nil
	}
	for _, s := range []struct {
		name string
		set  *recommend.ItemSet
	}{{"Allow", o.Allow}, {"Deny", o.Deny}} {
		if s.set == nil {
			continue
		}
		if s.set.Size() != m.Items() {
			return fmt.Errorf("%s: %s is a set of %d items, the catalogue has %d: %w", where, s.name, s.set.Size(), m.Items(), ErrMismatch)
		}
		if err := check(s.name, s.set); err != nil {
			return err
		}
	}
	if o.Known != nil {
		if err := check("Known", o.Known); err != nil {
			return err
		}
	}
	if err := check("test", test); err != nil {
		return err
	}
	return check("the model", m)
}

// missing reports whether there is no model in m, a nil *ALS of a failed fit included.
func missing(m recommend.Model) bool {
	v := reflect.ValueOf(m)
	return m == nil || v.Kind() == reflect.Pointer && v.IsNil()
}

// parts are a training and a test part, and who of the latter is asked.
type parts struct {
	train, test *recommend.Interactions
	opt         Options
	users       []int32 // with an entry in test
}

// lookEvery is the number of rows between two looks at a context.
const lookEvery = 256

// count lists the users, counts what Result says about the data, and refuses what the
// model has seen.
func (p *parts) count(ctx context.Context, where string) (Result, error) {
	var r Result
	trained, tested := p.train.ItemCounts(), p.test.ItemCounts()
	for i, n := range tested {
		if n > 0 && (i >= len(trained) || trained[i] == 0) {
			r.ColdItems++
			r.Cold += n
		}
	}
	for u := range p.test.Users() {
		if u%lookEvery == 0 && ctx.Err() != nil {
			return r, context.Cause(ctx)
		}
		items, _ := p.test.Row(u)
		if len(items) == 0 {
			r.Skipped++
			continue
		}
		p.users = append(p.users, int32(u))
		known, _ := p.history(u)
		if len(known) == 0 {
			r.ColdUsers++
		}
		for _, i := range items {
			if int(i) >= p.train.Items() || !p.has(u, i) {
				continue
			}
			if p.opt.Seen != recommend.Repurchase {
				return r, fmt.Errorf("%s: user %d item %d is in both parts: %w", where, u, i, ErrLeakage)
			}
			r.Repeats++
		}
	}
	return r, nil
}

// history is the row that user u is asked by.
func (p *parts) history(u int) (items []int32, weights []float32) {
	switch {
	case p.opt.Known != nil:
		return p.opt.Known.Row(u)
	case u < p.train.Users():
		return p.train.Row(u)
	}
	return nil, nil
}

// has reports whether the model has seen the entry: at its fit, or with the question.
func (p *parts) has(u int, i int32) bool {
	return u < p.train.Users() && p.train.Has(u, i) || p.opt.Known != nil && p.opt.Known.Has(u, i)
}

// question is the one of the n-th user.
func (p *parts) question(n int) (q Question, draw *drawn) {
	u := p.users[n]
	q.Query.User = recommend.Stranger
	if p.opt.Known == nil && int(u) < p.train.Users() {
		q.Query.User = u
	}
	q.Query.Items, q.Query.Weights = p.history(int(u))
	q.Relevant, _ = p.test.Row(int(u))
	q.Filter = recommend.Filter{Allow: p.opt.Allow, Deny: p.opt.Deny}
	if p.opt.Seen == recommend.DropSeen {
		q.Filter.Items = q.Query.Items
	}
	if p.opt.Sampled > 0 {
		draw = &drawn{n: p.opt.Sampled, seed: p.opt.Seed, user: uint64(u)}
	}
	return q, draw
}

// drawn says how the candidates of a user are drawn.
type drawn struct {
	n          int
	seed, user uint64
}

const sampleStage = 0x73616d706c65 // keeps these draws apart from others of the seed

// candidates draws from the items below n that the filter of q lets through and that
// are not relevant, without replacement, into dst. mark is scratch memory of n.
func (d *drawn) candidates(dst []int32, mark []bool, q *Question) []int32 {
	clear(mark)
	for _, list := range [][]int32{q.Filter.Items, q.Relevant} {
		for _, i := range list {
			if int(i) < len(mark) {
				mark[i] = true
			}
		}
	}
	for i, out := range mark {
		at := int32(i)
		if out || q.Filter.Allow != nil && !q.Filter.Allow.Has(at) || q.Filter.Deny != nil && q.Filter.Deny.Has(at) {
			continue
		}
		dst = append(dst, at)
	}
	r := rng.New(d.seed, sampleStage, d.user)
	n := min(d.n, len(dst))
	for k := range n {
		j := k + r.Intn(len(dst)-k)
		dst[k], dst[j] = dst[j], dst[k]
	}
	return dst[:n]
}
