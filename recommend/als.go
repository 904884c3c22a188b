package recommend

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*ALS)(nil)
	_ Meaner       = (*ALS)(nil)
	_ SparseScorer = (*ALS)(nil)
	_ OrderReader  = (*ALS)(nil)
	_ Similar      = (*ALS)(nil)
	_ SimilarUsers = (*ALS)(nil)
	_ Explainer    = (*ALS)(nil)
	_ Folder       = (*ALS)(nil)
	_ ItemVectors  = (*ALS)(nil)
)

// Solver says how ALS solves the least-squares problem of one row.
type Solver int

const (
	CG       Solver = iota // a few conjugate gradient steps from the previous vector (Takács et al. 2011); default
	Cholesky               // exactly
	Subspace               // exactly in blocks of BlockSize factors, one block after the other (iALS++, Rendle et al. 2021)
)

// ALSOptions configures FitALS. The zero value is a good start for purchases
// and clicks.
type ALSOptions struct {
	// Factors is the length of the vectors. Default that of Start, otherwise
	// 1.25·√items in [160, 240], here and below of items and users with entries, for less than 160 items as many, at least 16: large catalogues want more of them.
	Factors int
	// Iterations is the number of passes over both sides. Default 15; where Factors is
	// left out too 1280/factors, as long vectors come near their end in few passes.
	Iterations int

	// Alpha turns a weight into a confidence, c = Alpha·weight; default 1. Counts and
	// money that run into the thousands want their logarithm taken first: a few
	// such entries outweigh all others.
	Alpha float64
	// Unobserved is the confidence α₀ of the pairs without an entry; default
	// ½·√(entries / (users·items)), which did well on catalogues from 1,500 to
	// 41,000 items. The ratio Alpha/Unobserved matters most: search it.
	Unobserved float64
	// Regularization is λ; negative means 0. Default (entries / (users·items))^¼, at
	// most 0.45, times 1 + 2·min(Factors/items, 1): fuller matrices want more of it,
	// and so do small catalogues, where the vectors have room for every entry; less where users or
	// items without entries count in λ_u and λ_i (see ALS), by as much as those exceed what they were
	// without them. Three times that where popularity is all (see Interactions.BeyondPopularity). Where every vector would
	// vanish under the default, as among a handful of users, it is divided by 4, up to three times.
	Regularization float64
	// FrequencyExponent is ν: the vector of a row with n entries is penalised by
	// λ·(n + α₀·columns)^ν (Rendle et al. 2021, "iALS revisited"). Default 0.5;
	// negative means 0, a plain λ as in Hu et al. 2008. With ν = 1 start from λ
	// near 0.003.
	FrequencyExponent float64

	Solver    Solver // default CG
	CGSteps   int    // steps of CG a row and iteration; default 3
	BlockSize int    // factors of a block of Subspace; default 32
	Seed      uint64 // of the start vectors
	Workers   int    // goroutines; default GOMAXPROCS. No influence on the result

	// Start, when set, gives the first vectors of both sides instead of Seed: a
	// model of equal Factors on at most as many users and items, as Dataset.Grow
	// leaves them, of the same first items (ErrMismatch). Its own vectors are not changed.
	Start *ALS

	// Loss asks for the training objective in Progress, at the cost of one more
	// pass over the entries an iteration.
	Loss bool
	// Progress is called after each iteration, on the caller's goroutine.
	Progress func(Progress)
}

// resolve fills in the defaults for x and checks everything, a Start that has to fit
// in x too.
func (o ALSOptions) resolve(x *Interactions) (ALSOptions, error) {
	users, items := x.Users(), x.Items()
	if o.Factors == 0 || o.Unobserved == 0 || o.Regularization == 0 {
		users, items = x.occupied()
	}
	if o.Factors == 0 {
		o.Factors = min(max(int(1.25*math.Sqrt(float64(items))), 160), 240, max(items, 16))
		if o.Start != nil && o.Start.factors > 0 {
			o.Factors = o.Start.factors
		}
		o.Iterations = check.Default(o.Iterations, min(max(1280/o.Factors, 5), 15))
	}
	o.Iterations = check.Default(o.Iterations, 15)
	o.Alpha = check.Default(o.Alpha, 1)
	density := float64(x.Len()) / float64(max(users, 1)) / float64(max(items, 1))
	o.Unobserved = check.Default(o.Unobserved, 0.5*math.Sqrt(density))
	room := min(float64(o.Factors)/float64(max(items, 1)), 1)
	if o.Regularization == 0 {
		o.Regularization = min(math.Pow(density, 0.25), 0.45) * (1 + 2*room)
		o.Regularization /= o.inflation(x, users, items)
		if x.onlyPopular() {
			o.Regularization *= 3
		}
	}
	o.Regularization = check.OrOff(o.Regularization, 0)
	o.FrequencyExponent = check.OrOff(o.FrequencyExponent, 0.5)
	o.CGSteps = check.Default(o.CGSteps, 3)
	o.BlockSize = check.Default(o.BlockSize, 32)
	var c check.Options
	c.Require(o.Factors > 0 && o.Factors <= 1<<14, "Factors", o.Factors, "in [1, 16384]")
	check.Positive(&c, "Iterations", o.Iterations)
	check.Positive(&c, "Alpha", o.Alpha)
	check.Positive(&c, "Unobserved", o.Unobserved)
	check.NonNegative(&c, "Regularization", o.Regularization)
	c.Require(o.FrequencyExponent >= 0 && o.FrequencyExponent <= 2, "FrequencyExponent", o.FrequencyExponent, "at most 2")
	c.Require(o.Solver >= CG && o.Solver <= Subspace, "Solver", int(o.Solver), "CG, Cholesky or Subspace")
	check.Positive(&c, "CGSteps", o.CGSteps)
	check.Positive(&c, "BlockSize", o.BlockSize)
	if o.Start != nil {
		c.Require(o.Start.factors == o.Factors, "Start.Factors", o.Start.factors, fmt.Sprintf("%d", o.Factors))
		c.Require(o.Start.Users() <= x.Users() && o.Start.Items() <= x.Items(), "Start",
			fmt.Sprintf("%d×%d", o.Start.Users(), o.Start.Items()), fmt.Sprintf("at most %d×%d", x.Users(), x.Items()))
	}
	if err := c.Err("recommend: FitALS"); err != nil || o.Start == nil {
		return o, err
	}
	if a, b := o.Start.lists(), x.lists(); a != nil && b != nil && ids.Differ(a, b) >= 0 {
		return o, fmt.Errorf("recommend: FitALS: Start is of another catalogue of %d items than the %d of the interactions%s: %w", o.Start.Items(), x.Items(), ids.FirstItem(o.Start, x), ErrMismatch)
	}
	return o, nil
}

// inflation says how much of the penalties of users and items with entries, by their
// geometric mean, which is what scores depend on, comes from rows and columns without: they
// count in λ_u and λ_i as in the objective, but call for no more shrinkage of the others.
func (o ALSOptions) inflation(x *Interactions, users, items int) float64 {
	if users == 0 || items == 0 || !(o.FrequencyExponent >= 0 && o.Unobserved > 0) {
		return 1
	}
	row := func(known, others, all int) float64 {
		n := float64(x.Len()) / float64(known)
		return (n + o.Unobserved*float64(all)) / (n + o.Unobserved*float64(others))
	}
	both := row(users, items, x.Items()) * row(items, users, x.Users())
	if !check.Finite(both) {
		return 1
	}
	return math.Pow(both, check.Default(o.FrequencyExponent, 0.5)/2)
}

// ALS is matrix factorisation for implicit feedback by alternating least
// squares (Hu, Koren and Volinsky 2008; Rendle et al. 2021). With confidence
// c = Alpha·weight for the set S of observed pairs it minimises
//
//	Σ_{(u,i)∈S} c·(1 - x_u·y_i)² + α₀ Σ_{(u,i)∉S} (x_u·y_i)² + Σ_u λ_u‖x_u‖² + Σ_i λ_i‖y_i‖²
//	λ_u = λ·(n_u + α₀·items)^ν,  λ_i = λ·(n_i + α₀·users)^ν
//
// A score is x_u·y_i, near 1 for pairs the model expects and near 0 for the
// rest; it is not a probability. After the last iteration the users are solved
// once more, so that the vector of a known user is the fold-in of its training
// history. Immutable, safe for concurrent use.
//
// Rows whose weights are too far apart for float32, as sums of money are, are solved
// in float64, which costs many times more; a row that float64 does not solve either
// is ErrDiverged.
type ALS struct {
	origin
	factors   int
	objective alsObjective
	x, y      []float32 // users×factors, items×factors
	passes    int       // of the fit; 0 when read
	gramX     []float32 // Σ x xᵀ, factors×factors
	gramY     []float32
	baseX     []float32 // alsBase of gramX, what every fold-in starts from
	baseY     []float32

	order       lazyOrder   // of y
	itemLengths lazyLengths // of y
	userLengths lazyLengths // of x
	scratch     sync.Pool   // *alsScratch
}

// FitALS fits the model.
//
// Cost an iteration: O(entries·f·CGSteps + (users+items)·f²·CGSteps) for CG,
// O(entries·f² + (users+items)·f³) for Cholesky, O(entries·f·b + (users+items)·
// (f² + f·b²)) for Subspace with blocks of b, f the number of factors, spread over
// Workers. Memory: 4·f bytes a user and an item, and x with its transpose.
//
// Errors: ErrEmpty, ErrOption, ErrRange (a negative weight), ErrDiverged
// (vectors that are not finite, a row without a solution, or weights so small beside
// the penalties that every vector vanishes), and context.Cause(ctx).
func FitALS(ctx context.Context, x *Interactions, opt ALSOptions) (*ALS, error) {
	if err := x.checkImplicit("FitALS"); err != nil {
		return nil, err
	}
	given := opt.Regularization != 0
	opt, err := opt.resolve(x)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		m, err := fitALS(ctx, x, &opt)
		if err != nil {
			return nil, err
		}
		if !m.vanished(x) {
			m.setBases()
			return m, nil
		}
		if given || try == 3 {
			return nil, fmt.Errorf("recommend: FitALS: Alpha %v times weights of at most %v is next to nothing beside the penalties of Regularization %v: every vector vanishes: %w",
				opt.Alpha, slices.Max(x.users.Val), opt.Regularization, ErrDiverged)
		}
		opt.Regularization /= 4
	}
}

// fitALS makes the passes.
func fitALS(ctx context.Context, x *Interactions, opt *ALSOptions) (*ALS, error) {
	f := opt.Factors
	userSeed, itemSeed := rng.Hash(opt.Seed, 1), rng.Hash(opt.Seed, 2)
	m := &ALS{
		origin:    x.origin,
		factors:   f,
		objective: opt.objective(),
		passes:    opt.Iterations,
	}
	var err error
	if m.x, err = startVectors(ctx, userSeed, x.Users(), f); err != nil {
		return nil, err
	}
	if m.y, err = startVectors(ctx, itemSeed, x.Items(), f); err != nil {
		return nil, err
	}
	if opt.Start != nil {
		copy(m.x, opt.Start.x)
		copy(m.y, opt.Start.y)
	}
	clearEmpty(m.x, f, x.users)
	clearEmpty(m.y, f, x.byItem())
	solver := opt.solver()
	if m.gramY, err = gram(ctx, m.y, f, opt.Workers); err != nil {
		return nil, err
	}
	for it := 1; it <= opt.Iterations; it++ {
		if m.gramX, err = solver.side(ctx, x.users, m.x, m.y, m.gramY, f); err != nil {
			return nil, err
		}
		if m.gramY, err = solver.side(ctx, x.byItem(), m.y, m.x, m.gramX, f); err != nil {
			return nil, err
		}
		if !check.Finite(float64(vec.Dot(m.gramX, m.gramY))) {
			return nil, fmt.Errorf("recommend: FitALS: iteration %d: %w", it, ErrDiverged)
		}
		if err := m.report(ctx, x, opt, it); err != nil {
			return nil, err
		}
	}
	if m.gramX, err = solver.exact().side(ctx, x.users, m.x, m.y, m.gramY, f); err != nil {
		return nil, err
	}
	return m, nil
}

// vanished reports whether no score of m can exceed 1e-30 although x has weights above 0. The minimum of the objective
// is then at vectors of zeros, which the passes approach for ever: what is left of the
// start is no ranking.
func (m *ALS) vanished(x *Interactions) bool {
	squares := 1.0 // of the mean lengths, which the longest exceed
	for _, side := range [...]struct{ v, gram []float32 }{{m.x, m.gramX}, {m.y, m.gramY}} {
		trace := 0.0
		for k := range m.factors {
			trace += float64(side.gram[k*m.factors+k])
		}
		squares *= trace * float64(m.factors) / float64(len(side.v))
	}
	if squares >= 1e-60 {
		return false
	}
	if slices.Max(x.users.Val) == 0 {
		return false
	}
	longest := func(v []float32) float64 {
		most := 0.0
		for ; len(v) > 0; v = v[m.factors:] {
			sum := 0.0
			for _, a := range v[:m.factors] {
				sum += float64(a) * float64(a)
			}
			most = max(most, sum)
		}
		return math.Sqrt(most)
	}
	return longest(m.x)*longest(m.y) < 1e-30
}

// setBases derives from the Gram matrices what every fold-in starts from.
func (m *ALS) setBases() {
	m.baseX, m.baseY = alsBase(m.gramX, m.factors, m.objective.unobserved), alsBase(m.gramY, m.factors, m.objective.unobserved)
}

// Users returns the number of users of the fit.
func (m *ALS) Users() int {
	m = orZero(m)
	return len(m.x) / max(m.factors, 1)
}

// Items returns the number of items.
func (m *ALS) Items() int {
	m = orZero(m)
	return len(m.y) / max(m.factors, 1)
}

// Factors returns the length of the vectors.
func (m *ALS) Factors() int {
	m = orZero(m)
	return m.factors
}

// UserVector returns the vector of user u, all zeros for a user without
// entries, nil for one out of range. It aliases m and must not be changed.
func (m *ALS) UserVector(u int) []float32 {
	m = orZero(m)
	return vectorAt(m.x, u, m.factors)
}

// ItemVector returns the vector of item i, nil for one out of range; it aliases m and
// must not be changed.
func (m *ALS) ItemVector(i int) []float32 {
	m = orZero(m)
	return vectorAt(m.y, i, m.factors)
}

func (m *ALS) getScratch() *alsScratch {
	if t, ok := m.scratch.Get().(*alsScratch); ok {
		return t
	}
	return newALSScratch(m.factors)
}

// Meaning says what a score stands for.
func (*ALS) Meaning() string {
	return "expected preference, near 1 for likely items and near 0 for the rest; no probability"
}

// SparseScores is false: 0 is a score like any other.
func (*ALS) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*ALS) ReadsOrder() bool { return false }

// Score writes x_u·y_i for every item. The vector is that of q.User where the
// fit knew the user, and the fold-in of the history otherwise; ErrEmpty when
// there is neither.
func (m *ALS) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := checkQuery(dst, &q, m.Items()); err != nil {
		return err
	}
	f := m.factors
	if u := int(q.User); u >= 0 && u < m.Users() {
		if v := m.UserVector(u); !isZero(v) {
			m.scoreAll(dst, v)
			return nil
		}
	}
	if len(q.Items) == 0 {
		return ErrEmpty
	}
	t := m.getScratch()
	defer m.scratch.Put(t)
	v := t.x[:f]
	if err := m.fold(t, v, q.Items, q.Weights); err != nil {
		return err
	}
	m.scoreAll(dst, v)
	return nil
}

func (m *ALS) scoreAll(dst, v []float32) { vec.DotRows(dst, m.y, v) }

// FoldIn writes into dst the vector of a user with that history, solved exactly
// against the item vectors: the vector the user would have had if the fit had
// known it and ended there. nil weights mean 1 each. ErrEmpty for an empty
// history, ErrShape, ErrRange (an item, or a negative weight).
func (m *ALS) FoldIn(dst []float32, items []int32, weights []float32) (err error) {
	m = orZero(m)
	defer about(&err, "ALS.FoldIn")
	q := Query{User: Stranger, Items: items, Weights: weights}
	if err := checkVector(len(dst), m.factors); err != nil {
		return err
	}
	if err := m.checkHistory(&q); err != nil {
		return err
	}
	t := m.getScratch()
	defer m.scratch.Put(t)
	return m.fold(t, dst, items, weights)
}

func (m *ALS) checkHistory(q *Query) error {
	if len(q.Items) == 0 {
		return errNoHistory
	}
	if err := checkHistory(q, m.Items()); err != nil {
		return err
	}
	for k, w := range q.Weights {
		if w < 0 {
			return badWeight(k, w)
		}
	}
	return nil
}

func (m *ALS) fold(t *alsScratch, dst []float32, items []int32, weights []float32) error {
	if !m.objective.exact(t, dst, m.historyRow(items, weights)) {
		return ErrDiverged
	}
	return nil
}

func (m *ALS) historyRow(items []int32, weights []float32) alsRow {
	return alsRow{items, weights, m.y, m.baseY, m.objective.penalty(len(items), m.Items())}
}

// FoldInItem writes into dst the vector of a new item that the given known users
// took, solved exactly against the user vectors. Errors as FoldIn.
func (m *ALS) FoldInItem(dst []float32, users []int32, weights []float32) (err error) {
	m = orZero(m)
	defer about(&err, "ALS.FoldInItem")
	if err := checkVector(len(dst), m.factors); err != nil {
		return err
	}
	if weights != nil && len(weights) != len(users) {
		return badLength("weights", len(weights), len(users))
	}
	if len(users) == 0 {
		return fmt.Errorf("users: %w", ErrEmpty)
	}
	for k, u := range users {
		if uint32(u) >= uint32(m.Users()) || !(weightAt(weights, k) >= 0) {
			return fmt.Errorf("user %d is %d of weight %v, want in [0, %d) and >= 0: %w", k, u, weightAt(weights, k), m.Users(), ErrRange)
		}
	}
	s := alsSolver{objective: m.objective, kind: Cholesky}
	t := m.getScratch()
	defer m.scratch.Put(t)
	if !s.solve(t, dst, alsRow{users, weights, m.x, m.baseX, m.objective.penalty(len(users), m.Users())}) {
		return ErrDiverged
	}
	return nil
}

// AppendSimilar appends the items whose vectors have the largest cosine with
// that of item.
func (m *ALS) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	m = orZero(m)
	return appendVectorTop(dst, m.y, &m.itemLengths, m.factors, item, k)
}

// AppendSimilarUsers appends the users whose vectors have the largest cosine with
// that of user.
func (m *ALS) AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error) {
	m = orZero(m)
	return appendUserTop(dst, m.x, &m.userLengths, m.factors, user, k)
}

// AppendReasons decomposes the fold-in score of item over the history (Hu et
// al. 2008, section 5): the share of history item j is c_j·yᵢᵀA⁻¹yⱼ. The shares
// of the whole history add up to the score that FoldIn gives, which for a known
// user is the score of its training history.
func (m *ALS) AppendReasons(dst []Reason, q Query, item int32, k int) (_ []Reason, err error) {
	m = orZero(m)
	defer about(&err, "ALS.AppendReasons")
	if uint32(item) >= uint32(m.Items()) {
		return dst, noItem(item, m.Items())
	}
	if err := m.checkHistory(&q); err != nil {
		return dst, err
	}
	t := m.getScratch()
	defer m.scratch.Put(t)
	if !m.objective.factor(t, m.factors, m.historyRow(q.Items, q.Weights)) {
		return dst, ErrDiverged
	}
	if t.wide {
		shares, ok := m.wideShares(t, &q, m.ItemVector(int(item)))
		if !ok {
			return dst, ErrDiverged
		}
		return topReasons(dst, &q, k, m.Items(), func(n int, _ int32) float32 { return shares[n] })
	}
	z := t.x // zero behind the factors, and so is the solution
	copy(z, m.ItemVector(int(item)))
	solve.SolveCholesky32(t.a, len(z), z)
	z = z[:m.factors]
	return topReasons(dst, &q, k, m.Items(), func(n int, j int32) float32 {
		return float32(m.objective.alpha) * q.Weight(n) * vec.Dot(z, m.ItemVector(int(j)))
	})
}

// What the scan of scan.go asks of a model of vectors.

func (m *ALS) self() Model { return m }

func (m *ALS) itemVectors() (y, bias []float32, factors int) { return m.y, nil, m.factors }

func (m *ALS) queryVector(buf []float32, q Query) ([]float32, float32, error) {
	if u := int(q.User); u >= 0 && u < m.Users() {
		if v := m.UserVector(u); !isZero(v) {
			return v, 0, nil
		}
	}
	if len(q.Items) == 0 {
		return nil, 0, ErrEmpty
	}
	t := m.getScratch()
	defer m.scratch.Put(t)
	return buf, 0, m.fold(t, buf, q.Items, q.Weights)
}

func (m *ALS) lengths() []float64 { return m.itemLengths.of(m.y, m.factors) }

func (m *ALS) byNorm() *normOrder { return m.order.of(m.y, nil, m.factors) }

// AppendBinary appends the frame of m to dst.
func (m *ALS) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("ALS")
	}
	var w codec.Writer
	w.Int(m.factors)
	for _, v := range []float64{m.objective.alpha, m.objective.unobserved, m.objective.lambda, m.objective.nu} {
		w.Float64(v)
	}
	for _, v := range [][]float32{m.x, m.y, m.gramX, m.gramY} {
		w.Float32s(v)
	}
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindALS, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *ALS) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. It must not run
// beside other uses of m. Payload of
// version 1, in the words of Persistent:
//
//	int      f, the factors, 1 … 16384
//	4 f64    α, α₀, λ and ν, finite and >= 0
//	[]f32    user vectors, users×f, finite; so are the others
//	[]f32    item vectors, items×f
//	[]f32    Gram matrix of the users, f×f
//	[]f32    that of the items
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *ALS) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindALS, 1)
	if err != nil {
		return fmt.Errorf("recommend: ALS.UnmarshalBinary: %w", err)
	}
	f := r.Int()
	row := alsObjective{r.Float64(), r.Float64(), r.Float64(), r.Float64()}
	x, y, gx, gy := r.Float32s(), r.Float32s(), r.Float32s(), r.Float32s()
	if f < 1 || f > 1<<14 || len(x)%max(f, 1) != 0 || len(y) == 0 || len(y)%max(f, 1) != 0 || len(gx) != f*f || len(gy) != f*f {
		r.Fail("has vectors of the wrong length")
	}
	for _, v := range []float64{row.alpha, row.unobserved, row.lambda, row.nu} {
		if !(v >= 0) || !check.Finite(v) {
			r.Fail("has a setting out of range")
		}
	}
	for _, v := range [][]float32{x, y, gx, gy} {
		if check.Slice32("vector", v) != nil {
			r.Fail("has a value that is not finite")
		}
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: ALS.UnmarshalBinary: %w", err)
	}
	m.factors, m.objective, m.x, m.y, m.gramX, m.gramY = f, row, x, y, gx, gy
	m.setBases()
	m.order, m.itemLengths, m.userLengths = lazyOrder{}, lazyLengths{}, lazyLengths{}
	m.scratch = sync.Pool{}
	m.origin = of
	return nil
}
