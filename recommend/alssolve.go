package recommend

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

// alsObjective is what the least-squares problems of all rows depend on: α, α₀, λ
// and ν of ALS.
type alsObjective struct {
	alpha, unobserved, lambda, nu float64
}

// penalty returns λ·(n + α₀·columns)^ν.
func (o alsObjective) penalty(n, columns int) float32 {
	if o.nu == 0 {
		return float32(o.lambda)
	}
	return float32(o.lambda * math.Pow(float64(n)+o.unobserved*float64(columns), o.nu))
}

// shrinkage returns what the vector of a row with n entries adds to the objective.
func (o alsObjective) shrinkage(n, columns int, v []float32) float64 {
	return float64(o.penalty(n, columns)) * vec.Norm2(v)
}

// startVectors returns the start vectors of rows 0, 1, 2, … of one side.
func startVectors(ctx context.Context, seed uint64, rows, f int) ([]float32, error) {
	v := make([]float32, rows*f)
	for i := range rows {
		if i%alsBlock == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		StartVector(v[i*f:i*f+f], seed, uint64(i))
	}
	return v, nil
}

// clearEmpty makes the vectors of rows without entries what they will be, zero: the first
// step of the other side should not learn from them.
func clearEmpty(v []float32, f int, m *sparse.CSR) {
	for r := range m.Rows {
		if m.RowLen(r) == 0 {
			clear(v[r*f : r*f+f])
		}
	}
}

// StartVector writes the start vector of a user or item into dst: independent
// normals with standard deviation 0.1/√len(dst), drawn from a stream named by
// seed and id alone. Give users and items different seeds.
func StartVector(dst []float32, seed, id uint64) {
	var r rng.Stream
	r.Reset(seed, 0x7374617274, id)
	sd := 0.1 / math.Sqrt(float64(len(dst)))
	for k := range dst {
		dst[k] = float32(sd * r.Normal())
	}
}

const (
	gramBlock = 1024 // rows added in float32 before the sum moves to float64
	alsBlock  = 64   // rows a worker solves at a time
	cgExact   = 32   // CG steps that leave no error worth speaking of

	cgSmall = 1e-20 // squared residuals below which CG works on multiples of them
)

// gram returns Σ v vᵀ over the rows of v, f×f. Blocks of rows are added up in
// float32 and merged in float64 in block order.
func gram(ctx context.Context, v []float32, f, workers int) ([]float32, error) {
	fp := vec.Pad(f)
	part := func(lo, hi int) ([]float64, error) {
		s := make([]float32, fp*fp)
		rows := v[lo*f : hi*f]
		if f != fp {
			rows = padded(rows, hi-lo, f)
		}
		vec.Syrk(s, fp, 0, fp, rows, rows, fp, hi-lo)
		out := make([]float64, f*f)
		for i := range f {
			for j := i; j < f; j++ {
				out[i*f+j] = float64(s[i*fp+j])
			}
		}
		return out, nil
	}
	g, err := parallel.Reduce(ctx, len(v)/f, gramBlock, workers, part, addAll)
	if err != nil {
		return nil, err
	}
	out := make([]float32, f*f)
	for i := range f {
		for j := i; j < f; j++ {
			out[i*f+j] = float32(g[i*f+j])
			out[j*f+i] = out[i*f+j]
		}
	}
	return out, nil
}

// gram64 writes into dst what gram returns, in float64 throughout: what has to keep
// its digits through a difference.
func gram64(ctx context.Context, dst []float64, v []float32, f, workers int) error {
	part := func(lo, hi int) ([]float64, error) {
		g := make([]float64, f*f)
		for i := lo; i < hi; i++ {
			row := v[i*f : i*f+f]
			for k, a := range row {
				for l, b := range row {
					g[k*f+l] += float64(a) * float64(b)
				}
			}
		}
		return g, nil
	}
	g, err := parallel.Reduce(ctx, len(v)/f, gramBlock, workers, part, addAll)
	copy(dst, g)
	return err
}

// addAll adds next to acc, number by number.
func addAll(acc, next []float64) []float64 {
	for i, x := range next {
		acc[i] += x
	}
	return acc
}

// padded copies rows of f numbers to rows of vec.Pad(f), zeros behind.
func padded(v []float32, rows, f int) []float32 {
	fp := vec.Pad(f)
	out := make([]float32, rows*fp)
	for r := range rows {
		copy(out[r*fp:], v[r*f:r*f+f])
	}
	return out
}

// alsSolver solves all rows of one side against the other.
type alsSolver struct {
	objective alsObjective
	kind      Solver
	steps     int
	block     int
	workers   int
}

func (o ALSOptions) objective() alsObjective {
	return alsObjective{o.Alpha, o.Unobserved, o.Regularization, o.FrequencyExponent}
}

func (o ALSOptions) solver() alsSolver {
	return alsSolver{objective: o.objective(), kind: o.Solver, steps: o.CGSteps, block: o.BlockSize, workers: o.Workers}
}

// exact returns the solver whose solutions need no start to speak of: where a fit
// ends, the vector of a known user is then the fold-in of its history.
func (s alsSolver) exact() alsSolver {
	if s.kind == Subspace {
		s.kind = CG
	}
	s.steps = max(s.steps, cgExact)
	return s
}

// side solves the rows of m as half does, and returns the Gram matrix of the new
// vectors for the other side.
func (s alsSolver) side(ctx context.Context, m *sparse.CSR, dst, src, gramSrc []float32, f int) ([]float32, error) {
	if err := s.half(ctx, m, dst, src, gramSrc, f); err != nil {
		return nil, err
	}
	return gram(ctx, dst, f, s.workers)
}

// report calls back after an iteration, with the objective where it is asked for.
func (m *ALS) report(ctx context.Context, x *Interactions, opt *ALSOptions, it int) error {
	if opt.Progress == nil {
		return nil
	}
	p := Progress{Iteration: it, Iterations: opt.Iterations, Loss: math.NaN()}
	if opt.Loss {
		var err error
		if p.Loss, err = m.loss(ctx, x, opt.Workers); err != nil {
			return err
		}
	}
	opt.Progress(p)
	return nil
}

// loss returns the objective, using Σ_{all}(x·y)² = Σ_u xᵤᵀG xᵤ, G = Σ_i yᵢyᵢᵀ.
// What is observed is taken out of that sum again, which costs digits: G and the
// sums are in float64.
func (m *ALS) loss(ctx context.Context, x *Interactions, workers int) (float64, error) {
	f, o := m.factors, m.objective
	g := make([]float64, f*f)
	part := func(lo, hi int) (float64, error) {
		sum := 0.0
		for u := lo; u < hi; u++ {
			v := m.x[u*f : u*f+f]
			for k, a := range v {
				for l, b := range v {
					sum += o.unobserved * float64(a) * g[k*f+l] * float64(b)
				}
			}
			items, weights := x.Row(u)
			for n, i := range items {
				s := 0.0
				for k, a := range m.y[int(i)*f : int(i)*f+f] {
					s += float64(v[k]) * float64(a)
				}
				c := o.alpha * float64(weights[n])
				sum += c*(1-s)*(1-s) - o.unobserved*s*s
			}
			sum += o.shrinkage(len(items), x.Items(), v)
		}
		return sum, nil
	}
	if err := gram64(ctx, g, m.y, f, workers); err != nil {
		return 0, err
	}
	sum, err := parallel.Reduce(ctx, x.Users(), gramBlock, workers, part, func(a, b float64) float64 { return a + b })
	if err != nil {
		return 0, err
	}
	byItem := x.byItem()
	for i := range x.Items() {
		sum += o.shrinkage(byItem.RowLen(i), x.Users(), m.y[i*f:i*f+f])
	}
	return sum, nil
}

// half solves every row of m, whose vectors are dst (rows×f), against the
// vectors src of its columns and their Gram matrix. It is a pure function of
// its inputs, row by row, so any partition of the rows gives the same bytes.
func (s alsSolver) half(ctx context.Context, m *sparse.CSR, dst, src, gram []float32, f int) error {
	workers := parallel.Workers(s.workers)
	scratch := make([]*alsScratch, workers)
	base := alsBase(gram, f, s.objective.unobserved)
	rows := func(w, lo, hi int) error {
		if scratch[w] == nil {
			scratch[w] = newALSScratch(f)
		}
		for r := lo; r < hi; r++ {
			cols, vals := m.Row(r)
			row := alsRow{cols, vals, src, base, s.objective.penalty(len(cols), m.Cols)}
			// The worker's next rows follow in the array of columns.
			scratch[w].flat = min(len(cols)+fetchAhead, len(m.Col)-int(m.Ptr[r]))
			if !s.solve(scratch[w], dst[r*f:r*f+f], row) {
				return fmt.Errorf("recommend: FitALS: row %d has no solution: %w", r, ErrDiverged)
			}
		}
		return nil
	}
	return parallel.For(ctx, m.Rows, alsBlock, workers, rows)
}

// alsBase returns α₀·gram with rows and columns padded to vec.Pad(f), ones on
// the padded diagonal: what the matrix of every row starts from.
func alsBase(gram []float32, f int, unobserved float64) []float32 {
	fp := vec.Pad(f)
	out := make([]float32, fp*fp)
	for i := range fp {
		out[i*fp+i] = 1
	}
	for i := range f {
		for j := range f {
			out[i*fp+j] = float32(float64(gram[i*f+j]) * unobserved)
		}
	}
	return out
}

// alsRow is the problem of one row: its entries, the vectors of all columns, what
// its matrix starts from (alsBase) and the penalty of its vector.
type alsRow struct {
	cols   []int32
	vals   []float32 // nil: 1 each
	src    []float32 // columns×f
	base   []float32 // vec.Pad(f)×vec.Pad(f)
	lambda float32
}

// alsScratch is the memory a worker needs to solve a row. Vectors have length
// vec.Pad(f), zero behind f.
type alsScratch struct {
	a             []float32 // matrix, for the exact solver
	chol          []float32 // scratch of solve.Cholesky32
	raw, weighted []float32 // gathered rows
	order         []int32   // 0, 1, 2, …
	x, b, r, p, q []float32
	coef          []float32 // one number an entry of the row
	c, d          []float32 // confidences of the entries and what they exceed α₀ by
	zeros         []float32
	w64           alsWide
	wide          bool // the factor is in w64
	flat          int  // columns that may be read from the first one of the row, at least
}

const (
	gatherRows = 64 // rows gathered before they are added to the matrix
	fetchAhead = 16 // columns behind a row whose vectors may be fetched
)

// confidences fills c, d and coef for a row.
func (t *alsScratch) confidences(o alsObjective, n int, vals []float32) {
	if cap(t.c) < n {
		size := n + n/2
		all := make([]float32, 4*size)
		cut := func(k int) []float32 { return all[k*size : (k+1)*size : (k+1)*size] }
		t.c, t.d, t.coef, t.zeros = cut(0), cut(1), cut(2), cut(3)
	}
	t.c, t.d, t.coef, t.zeros = t.c[:n], t.d[:n], t.coef[:n], t.zeros[:n]
	alpha, zero := float32(o.alpha), float32(o.unobserved)
	if vals == nil {
		for k := range t.c {
			t.c[k], t.d[k] = alpha, alpha-zero
		}
		return
	}
	for k, v := range vals[:n] {
		c := float32(alpha * v)
		t.c[k], t.d[k] = c, c-zero
	}
}

func newALSScratch(f int) *alsScratch {
	fp := vec.Pad(f)
	v := make([]float32, 5*fp)
	cut := func(i int) []float32 { return v[i*fp : (i+1)*fp : (i+1)*fp] }
	return &alsScratch{x: cut(0), b: cut(1), r: cut(2), p: cut(3), q: cut(4)}
}

// forMatrix makes the memory that only the exact solvers need.
func (t *alsScratch) forMatrix() {
	if fp := len(t.b); t.a == nil {
		t.a = make([]float32, fp*fp)
		t.chol = make([]float32, 16*fp)
		t.raw = make([]float32, gatherRows*fp)
		t.weighted = make([]float32, gatherRows*fp)
		for k := range gatherRows {
			t.order = append(t.order, int32(k))
		}
	}
}

// solve writes into x the minimiser of
//
//	Σ_k c_k(1 - x·y_k)² + α₀ Σ_{others}(x·y)² + λ‖x‖²
//
// that is (α₀G + λI + Σ (c_k-α₀) y_k y_kᵀ)·x = Σ c_k y_k, where base is α₀G. A row
// without entries gets the zero vector.
func (s alsSolver) solve(t *alsScratch, x []float32, row alsRow) bool {
	if len(row.cols) == 0 {
		clear(x)
		return true
	}
	switch s.kind {
	case CG:
		if s.solveCG(t, x, row) {
			return true
		}
	case Subspace:
		if s.solveBlocks(t, x, row) {
			return true
		}
	} // what float32 does not solve, the whole row in float64 may
	return s.objective.exact(t, x, row)
}

// factor leaves the Cholesky factor of the row's matrix in t.a and the right
// side in t.b, both padded. Where confidences spread too far for float32, the matrix
// is built and factored again in float64: then t.wide says that both are in t.w64.
func (o alsObjective) factor(t *alsScratch, f int, row alsRow) bool {
	fp := len(t.b)
	t.forMatrix()
	copy(t.a, row.base)
	clear(t.b)
	for k := range f {
		t.a[k*fp+k] += row.lambda
	}
	t.confidences(o, len(row.cols), row.vals)
	if t.wide = false; t.far(row) {
		return o.factor64(t, f, row)
	}
	for lo := 0; lo < len(row.cols); lo += gatherRows {
		hi := min(lo+gatherRows, len(row.cols))
		vec.GatherScale(t.raw, t.weighted, row.src, row.cols[lo:hi], t.d[lo:hi], f, t.flat-lo)
		vec.GatherAxpy(t.b, t.raw, t.order[:hi-lo], t.c[lo:hi])
		vec.Syrk(t.a, fp, 0, fp, t.weighted, t.raw, fp, hi-lo)
	}
	return solve.Cholesky32(t.a, fp, t.chol) && spread(t.a, fp, f) <= alsSpread || o.factor64(t, f, row)
}

// solveBlocks minimises over one block of factors after the other, starting from
// the present x. It keeps the predictions y_k·x and the gradient of the part
// that all pairs share, so a block costs its own width only.
func (s alsSolver) solveBlocks(t *alsScratch, x []float32, row alsRow) bool {
	f, fp := len(x), len(t.b)
	b := min(s.block, f)
	bp := vec.Pad(b)
	t.forMatrix()
	alpha, zero := float32(s.objective.alpha), float32(s.objective.unobserved)
	t.confidences(s.objective, len(row.cols), row.vals)
	vec.GatherDot(t.coef, row.src, row.cols, x)
	copy(t.x, x)
	g := t.r
	vec.DotRows(g, row.base, t.x)
	for lo := 0; lo < f; lo += b {
		hi := min(lo+b, f)
		n := hi - lo
		a, step := t.a[:bp*bp], t.p[:bp]
		clear(a)
		clear(step)
		for i := range n {
			copy(a[i*bp:i*bp+n], row.base[(lo+i)*fp+lo:(lo+i)*fp+hi])
			a[i*bp+i] += row.lambda
			step[i] = -g[lo+i] - row.lambda*x[lo+i]
		}
		for i := n; i < bp; i++ {
			a[i*bp+i] = 1
		}
		clear(t.raw[:gatherRows*bp])
		clear(t.weighted[:gatherRows*bp])
		for at := 0; at < len(row.cols); at += gatherRows {
			rows := min(gatherRows, len(row.cols)-at)
			for k := range rows {
				y := row.src[int(row.cols[at+k])*f+lo : int(row.cols[at+k])*f+hi]
				c := alpha * weightAt(row.vals, at+k)
				raw, weighted := t.raw[k*bp:k*bp+n], t.weighted[k*bp:k*bp+n]
				copy(raw, y)
				for j, v := range raw {
					weighted[j] = (c - zero) * v
				}
				vec.Axpy(c-(c-zero)*t.coef[at+k], raw, step[:n])
			}
			vec.Syrk(a, bp, 0, bp, t.weighted, t.raw, bp, rows)
		}
		if !solve.Cholesky32(a, bp, t.chol) || spread(a, bp, n) > alsSpread {
			return false
		}
		solve.SolveCholesky32(a, bp, step)
		for i, d := range step[:n] {
			x[lo+i] += d
			vec.Axpy(d, row.base[(lo+i)*fp:(lo+i)*fp+fp], g)
		}
		for k, i := range row.cols {
			t.coef[k] += vec.Dot(step[:n], row.src[int(i)*f+lo:int(i)*f+hi])
		}
	}
	return check.Finite(float64(vec.Dot(x, x)))
}

// solveCG takes conjugate gradient steps from the present x, stopping early when the residual has
// vanished; cgExact of them for a row whose penalty is dwarfed by its confidences, or by what all rows share
// and these are next to nothing beside that: a few find next to nothing there.
// With cgExact steps asked for they have to reach the solution.
func (s alsSolver) solveCG(t *alsScratch, x []float32, row alsRow) bool {
	f := len(x)
	t.confidences(s.objective, len(row.cols), row.vals)
	steps, most := s.steps, t.most()
	if row.lambda > 0 && most > alsReach*row.lambda || most < alsFaint*float32(s.objective.unobserved) && row.steep(f) {
		steps = max(steps, cgExact)
	}
	r, p, q := t.r, t.p, t.q
	copy(t.x, x)
	// r = b - A·x, its negation first.
	vec.Symv(r, row.base, t.x)
	vec.Axpy(row.lambda, x, r[:f])
	for k, c := range t.c {
		t.c[k] = -c
	}
	vec.GatherApply(r[:f], row.src, row.cols, t.c, t.d, x, t.coef, max(t.flat, len(row.cols)))
	vec.Scale(-1, r[:f])
	rr, unit := vec.Dot(r[:f], r), 1.0
	if rr < cgSmall {
		if unit = enlarge(r[:f]); unit == 0 {
			return true
		}
		rr = vec.Dot(r[:f], r)
	}
	copy(p, r)
	stop := rr * 1e-14
	for step := 0; step < steps && rr > stop; step++ {
		vec.Symv(q, row.base, p)
		vec.Axpy(row.lambda, p[:f], q)
		vec.GatherApply(q[:f], row.src, row.cols, t.zeros, t.d, p, t.coef, 0)
		pq := vec.Dot(p[:f], q)
		if !(pq > 0) {
			break // no curvature left in float32: x is as good as it gets
		}
		a := rr / pq
		vec.Axpy(float32(float64(a)*unit), p[:f], x)
		vec.Axpy(-a, q[:f], r)
		next := vec.Dot(r[:f], r)
		vec.Scale(next/rr, p[:f])
		vec.Axpy(1, r[:f], p)
		rr = next
	}
	if s.steps >= cgExact && !t.settled(float64(rr)*unit*unit, q[:f], row, most) {
		return false
	}
	return check.Finite(float64(rr))
}

// enlarge multiplies r by the power of two that brings its largest number near 1, where squares
// neither vanish nor lose digits, and returns what brings it back; 0 for zeros.
func enlarge(r []float32) float64 {
	most := float32(0)
	for _, v := range r {
		most = max(most, v, -v)
	}
	_, e := math.Frexp(float64(most))
	for k, v := range r {
		r[k] = float32(math.Ldexp(float64(v), -e))
	}
	if most == 0 {
		return 0
	}
	return math.Ldexp(1, e)
}
