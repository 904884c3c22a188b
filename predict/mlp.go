package predict

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

// MLPOptions configures FitMLP. The zero value is one hidden layer of 32 for amounts of numeric columns.
type MLPOptions struct {
	// Columns describes the columns; nil means numeric ones, x0, x1, …. Of a categorical column each level has an embedding; without Levels
	// their number is the largest code of the rows, and one.
	Columns []Column
	// Classes, if not 0, says that y are labels 0 … Classes-1, 2 … 65536 of them.
	Classes int
	// Hidden are the sizes of the hidden layers, 1 … 4096 each, at most 8; nil means one of 32.
	Hidden []int
	// Embedding is the size of an embedding, 1 … 1024; 0 means 8.
	Embedding int
	// LearningRate is that of Adam, finite and > 0; 0 means 0.005.
	LearningRate float64
	// L2 multiplies ½·Σ w² of the weights between layers, beside the mean loss of a row; finite, 0 means 1e-4, negative none.
	L2 float64
	// Batch is the number of rows of a step; 0 means 64.
	Batch int
	// Epochs bounds the passes over the rows; 0 means 100.
	Epochs int
	// Validation is the share of rows that are held out to stop early, drawn by Seed, below 1; 0 means .1, negative none: all epochs are made then.
	Validation float64
	// Patience is the number of epochs without a lower loss of the rows held out after which the fit ends, with the best of its states; 0 means 10.
	Patience int
	// Seed draws the start, the rows held out, and the order of the rows in each epoch.
	Seed uint64
	// Weights, if not nil, holds one weight >= 0 a row. Rows of weight 0 count as absent.
	Weights []float64
	// ClassWeights, if not nil, multiplies the weights of the rows of each class; 0 means 1. Nil without Classes.
	ClassWeights []float64
	// Balanced multiplies the weights of each class by the mean weight of a class over its own, so that all weigh the
	// same. Probabilities then are no longer those of the data. Not without Classes.
	Balanced bool
	// Offset, if not nil, is added to what the last layer says of each row, with coefficient 1: one amount a row, with Classes one number a class
	// before the softmax, row after row. A fitted model knows nothing of it.
	Offset []float64
	// Progress, if not nil, is called after every epoch; its objective is the loss of the rows held out or, without any, of the others.
	Progress func(Progress)
}

func (o MLPOptions) withDefaults() MLPOptions {
	if o.Hidden == nil {
		o.Hidden = []int{32}
	}
	o.Embedding, o.Batch, o.Epochs, o.Patience = check.Default(o.Embedding, 8), check.Default(o.Batch, 64), check.Default(o.Epochs, 100), check.Default(o.Patience, 10)
	o.LearningRate, o.L2, o.Validation = check.Default(o.LearningRate, .005), check.OrOff(o.L2, 1e-4), check.OrOff(o.Validation, .1)
	return o
}

// validate reports every bad field but Columns, Weights and Offset.
func (o MLPOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Classes == 0 || o.Classes >= 2 && o.Classes <= maxClasses, "Classes", o.Classes, "2 … 65536, or 0")
	c.Require(len(o.Hidden) >= 1 && len(o.Hidden) <= 8, "Hidden", len(o.Hidden), "1 … 8 layers")
	for k, h := range o.Hidden {
		c.Require(h >= 1 && h <= 4096, fmt.Sprintf("Hidden[%d]", k), h, "1 … 4096")
	}
	c.Require(o.Embedding >= 1 && o.Embedding <= 1024, "Embedding", o.Embedding, "1 … 1024")
	check.Positive(&c, "LearningRate", o.LearningRate)
	check.NonNegative(&c, "L2", o.L2)
	check.Positive(&c, "Batch", o.Batch)
	check.Positive(&c, "Epochs", o.Epochs)
	check.Positive(&c, "Patience", o.Patience)
	c.Require(o.Validation >= 0 && o.Validation < 1, "Validation", o.Validation, "below 1")
	c.Require(o.ClassWeights == nil || o.Classes > 0 && len(o.ClassWeights) == o.Classes, "ClassWeights", len(o.ClassWeights), "nil, or one number a class")
	for k, w := range o.ClassWeights {
		check.NonNegative(&c, fmt.Sprintf("ClassWeights[%d]", k), w)
	}
	c.Require(!o.Balanced || o.Classes > 0, "Balanced", o.Balanced, "false without Classes")
	return c.Err(where)
}

// weight returns the weight of a row, that of its class included; kept are the rows of positive weight.
func (o *MLPOptions) weight(y []float64, kept []int) func(i int) float64 {
	own := func(i int) float64 {
		if o.Weights == nil {
			return 1
		}
		return o.Weights[i]
	}
	if o.ClassWeights == nil && !o.Balanced {
		return own
	}
	factor, of, total := make([]float64, o.Classes), make([]float64, o.Classes), 0.0
	for _, i := range kept {
		of[int(y[i])] += own(i)
		total += own(i)
	}
	for k := range factor {
		factor[k] = 1
		if o.ClassWeights != nil {
			factor[k] = check.Default(o.ClassWeights[k], 1)
		}
		if o.Balanced && of[k] > 0 {
			factor[k] *= total / (float64(o.Classes) * of[k])
		}
	}
	return func(i int) float64 { return own(i) * factor[int(y[i])] }
}

// MLP is a fitted network of layers with embeddings of ids. It is immutable and safe for concurrent use. The zero value answers
// every call with an error, except UnmarshalBinary.
type MLP struct {
	schema    Schema
	classes   int
	embedding int
	levels    []int     // by column: how many have an embedding; 0: numeric
	mean      []float64 // by column, 0 of categorical ones
	scale     []float64 // by column, 1 of categorical ones
	target    float64   // mean of amounts
	spread    float64   // their standard deviation
	sizes     []int     // of the layers: inputs, hidden, outputs
	params    []float64 // embeddings column by column, then weights (out×in) and constants of each layer
	loss      float64
	epochs    int
	converged bool
}

// FitMLP fits a multilayer perceptron with rectified linear units to y, amounts (squared error) or, with Classes, labels (log-loss of a softmax), of an n×d
// matrix. Numeric columns are standardised inside; ids of high cardinality belong into categorical columns, of which the network learns an embedding a level, that of a
// level without rows being 0. Adam (Kingma and Ba, 2015) over batches, one after the other: the order of rows matters, and the same rows in the same order with the same Seed give
// the same bytes at any GOMAXPROCS.
//
// Converged says that the rows held out ended the fit. Cost of an epoch n times the number of weights of the layers; memory five
// numbers a parameter, the rows are not copied. Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange for a label or code that is none and magnitudes above
// 1e150, ErrOption, ErrUndefined where too few rows are left to train on or to hold out, ErrTooLarge, ErrDiverged, or context.Cause(ctx).
func FitMLP(ctx context.Context, rows [][]float64, y []float64, opt MLPOptions) (*MLP, error) {
	const where = "predict: FitMLP"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	m, kept, err := newMLP(where, rows, y, opt)
	if err != nil {
		return nil, err
	}
	if opt.Offset != nil && opt.Classes == 0 {
		y = slices.Clone(y)
		for i, o := range opt.Offset {
			y[i] -= o
		}
	}
	t, err := m.trainer(ctx, where, rows, y, kept, opt)
	if err != nil {
		return nil, err
	}
	if err := t.run(ctx, opt); err != nil {
		return nil, wrap(where, err)
	}
	if !m.finite() {
		return nil, fmt.Errorf("%s: parameters are not finite: lower LearningRate: %w", where, ErrDiverged)
	}
	return m, nil
}

// newMLP checks the data, and returns a network with its columns and sizes, and the rows of positive weight.
func newMLP(where string, rows [][]float64, y []float64, opt MLPOptions) (*MLP, []int, error) {
	if err := checkSize("rows", rows); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", where, err)
	}
	n, d := len(rows), len(rows[0])
	if err := check.Len("y", len(y), n); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", where, err)
	}
	if err := check.Weights("Weights", opt.Weights, n); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", where, err)
	}
	if opt.Offset != nil {
		k := max(1, opt.Classes)
		if err := check.Len("Offset", len(opt.Offset), n*k); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", where, err)
		}
		for i, v := range opt.Offset {
			if err := checkValue(v); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", where, badValue("Offset", i/k, v))
			}
		}
	}
	m := &MLP{schema: numeric(nil, d), classes: opt.Classes, embedding: opt.Embedding}
	if opt.Columns != nil {
		s, err := NewSchema(opt.Columns)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", where, err)
		}
		m.schema = *s
	}
	d = m.schema.n
	m.levels, m.mean, m.scale = make([]int, d), make([]float64, d), make([]float64, d)
	for j := range d {
		if m.scale[j] = 1; m.schema.kind(j) == Categorical {
			m.levels[j] = len(m.schema.levels[j])
		}
	}
	var kept []int
	for i, row := range rows {
		if len(row) != d {
			return nil, nil, fmt.Errorf("%s: rows[%d] has %d columns, want %d: %w", where, i, len(row), d, ErrShape)
		}
		if err := checkValue(y[i]); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", where, badValue("y", i, y[i]))
		}
		if c := opt.Classes; c > 0 && !(y[i] >= 0 && y[i] < float64(c) && y[i] == math.Trunc(y[i])) {
			return nil, nil, fmt.Errorf("%s: %w", where, check.Private("y", int64(i), nil, y[i], fmt.Errorf("want 0 … %d: %w", c-1, ErrRange)))
		}
		for j, v := range row {
			switch known := m.schema.kind(j) == Categorical && m.schema.levels[j] != nil; {
			case m.schema.kind(j) == Numeric:
				if err := checkValue(v); err != nil {
					return nil, nil, fmt.Errorf("%s: %w", where, badValue(fmt.Sprintf("column %d", j), i, v))
				}
			case math.IsNaN(v):
			case !(v >= 0 && v < maxLevels && v == math.Trunc(v)) || known && int(v) >= m.levels[j]:
				return nil, nil, fmt.Errorf("%s: %w", where, check.Private(fmt.Sprintf("column %d", j), int64(i), nil, v, fmt.Errorf("no code: %w", ErrRange)))
			default:
				m.levels[j] = max(m.levels[j], int(v)+1)
			}
		}
		if opt.Weights == nil || opt.Weights[i] > 0 {
			kept = append(kept, i)
		}
	}
	m.shape(opt.Hidden)
	if n := m.size(); n > 1<<28 {
		return nil, nil, fmt.Errorf("%s: %d parameters: %w", where, n, ErrTooLarge)
	}
	return m, kept, nil
}

// shape sets the sizes of the layers.
func (m *MLP) shape(hidden []int) {
	in := 0
	for j, l := range m.levels {
		if m.schema.kind(j) == Numeric {
			in++
		} else if l > 0 {
			in += m.embedding
		}
	}
	m.sizes = append(append([]int{in}, hidden...), max(1, m.classes))
}

// size is the number of parameters.
func (m *MLP) size() int {
	n := 0
	for _, l := range m.levels {
		n += l * m.embedding
	}
	for k := 1; k < len(m.sizes); k++ {
		n += (m.sizes[k-1] + 1) * m.sizes[k]
	}
	return n
}

// pass is the scratch of one row: what each layer has, and the slopes of the loss in it.
type pass struct {
	layer, slope [][]float64
	at           []int // of each embedding in the parameters, -1: unknown; by column
}

func (m *MLP) newPass() *pass {
	p := &pass{at: make([]int, m.schema.n)}
	for _, n := range m.sizes {
		p.layer, p.slope = append(p.layer, make([]float64, n)), append(p.slope, make([]float64, n))
	}
	return p
}

// forward fills the layers for a row.
func (m *MLP) forward(p *pass, row []float64) {
	in := p.layer[0][:0]
	start := 0
	for j, v := range row {
		p.at[j] = -1
		if m.schema.kind(j) == Numeric {
			in = append(in, (v-m.mean[j])/m.scale[j])
			continue
		}
		if m.levels[j] == 0 {
			continue
		}
		if v >= 0 && v < float64(m.levels[j]) && v == math.Trunc(v) {
			p.at[j] = start + int(v)*m.embedding
			in = append(in, m.params[p.at[j]:p.at[j]+m.embedding]...)
		} else {
			for range m.embedding {
				in = append(in, 0)
			}
		}
		start += m.levels[j] * m.embedding
	}
	at := m.base()
	for k := 1; k < len(m.sizes); k++ {
		n, out := m.sizes[k-1], m.sizes[k]
		w, b := m.params[at:at+n*out], m.params[at+n*out:at+n*out+out]
		for i := range out {
			s := b[i]
			for j, v := range w[i*n : i*n+n] {
				s += v * p.layer[k-1][j]
			}
			if k < len(m.sizes)-1 && s < 0 {
				s = 0
			}
			p.layer[k][i] = s
		}
		at += (n + 1) * out
	}
}

// base is where the parameters of the layers begin.
func (m *MLP) base() int {
	n := 0
	for _, l := range m.levels {
		n += l * m.embedding
	}
	return n
}

// lossOf returns the loss of a row whose layers are filled, and sets the slopes of the last one to that of the loss; offset, if not nil, has a
// number a class.
func (m *MLP) lossOf(p *pass, y float64, offset []float64) float64 {
	out, slope := p.layer[len(p.layer)-1], p.slope[len(p.slope)-1]
	if m.classes == 0 {
		slope[0] = out[0] - (y-m.target)/m.spread
		return slope[0] * slope[0] / 2
	}
	copy(slope, out)
	for k, o := range offset {
		slope[k] += o
	}
	own := slope[int(y)]
	loss := softmaxOf(slope) - own
	slope[int(y)]--
	return loss
}

// backward adds w times the slopes of the loss of a row to grad, and returns those of its embeddings in touched.
func (m *MLP) backward(p *pass, w float64, grad []float64, touched []int) []int {
	at := m.size()
	for k := len(m.sizes) - 1; k > 0; k-- {
		n, out := m.sizes[k-1], m.sizes[k]
		at -= (n + 1) * out
		clear(p.slope[k-1])
		for i, s := range p.slope[k] {
			if k < len(m.sizes)-1 && p.layer[k][i] <= 0 || s == 0 {
				continue
			}
			weights, to := m.params[at+i*n:at+i*n+n], grad[at+i*n:at+i*n+n]
			for j, v := range p.layer[k-1] {
				to[j] += w * s * v
				p.slope[k-1][j] += s * weights[j]
			}
			grad[at+n*out+i] += w * s
		}
	}
	in := 0
	for j, l := range m.levels {
		switch {
		case m.schema.kind(j) == Numeric:
			in++
		case l > 0:
			if e := p.at[j]; e >= 0 {
				for i, s := range p.slope[0][in : in+m.embedding] {
					grad[e+i] += w * s
				}
				touched = append(touched, e)
			}
			in += m.embedding
		}
	}
	return touched
}

// finite reports whether predictions can be made.
func (m *MLP) finite() bool {
	return check.Slice("", m.params) == nil && check.Slice("", m.mean) == nil && check.Slice("", m.scale) == nil && check.Finite(m.target) && check.Finite(m.spread) && check.Finite(m.loss)
}

func (m *MLP) fitted() bool { return m != nil && len(m.params) > 0 }

// Classes returns the number of classes, 0 for a model of amounts.
func (m *MLP) Classes() int {
	if m == nil {
		return 0
	}
	return m.classes
}

// Columns returns the number of columns the model expects.
func (m *MLP) Columns() int { return m.Schema().Len() }

// Schema returns the columns of the model, nil for one that was not fitted.
func (m *MLP) Schema() *Schema {
	if !m.fitted() {
		return nil
	}
	s := m.schema
	return &s
}

// Epochs returns the number of passes that were made.
func (m *MLP) Epochs() int {
	if m == nil {
		return 0
	}
	return m.epochs
}

// Loss returns the mean loss of the rows held out or, without any, of those trained on: half the squared error in standard deviations of
// y, or the log-loss.
func (m *MLP) Loss() float64 {
	if m == nil {
		return 0
	}
	return m.loss
}

// Converged reports whether the rows held out ended the fit.
func (m *MLP) Converged() bool { return m != nil && m.converged }

// Bind finds the columns of the model among the caller's, as Schema.Bind does, with its
// errors. Bound.Append of a row appends its probabilities, or its amount.
func (m *MLP) Bind(columns []Column) (*Bound, error) {
	return m.Schema().bindAll("predict: MLP.Bind", columns, func(dst, row []float64) []float64 { return m.answer(dst, row, m.newPass()) })
}

// answer appends the amount or the probabilities of a row.
func (m *MLP) answer(dst, row []float64, p *pass) []float64 {
	m.forward(p, row)
	at := len(dst)
	dst = append(dst, p.layer[len(p.layer)-1]...)
	if m.classes > 0 {
		softmaxOf(dst[at:])
	} else {
		dst[at] = m.target + m.spread*dst[at]
	}
	return dst
}

// Predict appends the amount of each row to dst or, with Classes, its most probable class, the lowest of equal ones. A code that the rows of the fit did not have is
// as if it said nothing. On an error, ErrShape, ErrNotFinite or ErrRange naming the row, ErrEmpty for a model that was not fitted, it returns dst as given.
func (m *MLP) Predict(dst []float64, rows [][]float64) ([]float64, error) {
	if m.Classes() == 0 {
		return m.each("predict: MLP.Predict", dst, rows, itself)
	}
	return m.each("predict: MLP.Predict", dst, rows, labelOf)
}

// Prob appends the probabilities of each row to dst, Classes numbers a row, which add up to 1. Otherwise it is
// like Predict; ErrMismatch for a model of amounts.
func (m *MLP) Prob(dst []float64, rows [][]float64) ([]float64, error) {
	const where = "predict: MLP.Prob"
	if m.fitted() && m.classes == 0 {
		return dst, fmt.Errorf("%s: fitted on amounts: %w", where, ErrMismatch)
	}
	return m.each(where, dst, rows, itself)
}

// each appends what of makes of the answer to each row.
func (m *MLP) each(where string, dst []float64, rows [][]float64, of func(z []float64) []float64) ([]float64, error) {
	if !m.fitted() {
		return dst, notFitted(where)
	}
	out, p := dst, m.newPass()
	for i, row := range rows {
		if len(row) != m.schema.n {
			return dst, fmt.Errorf("%s: rows[%d]: %d columns, want %d: %w", where, i, len(row), m.schema.n, ErrShape)
		}
		for j, v := range row {
			if m.schema.kind(j) == Numeric {
				if err := checkValue(v); err != nil {
					return dst, fmt.Errorf("%s: %w", where, badValue(fmt.Sprintf("column %d", j), i, v))
				}
			}
		}
		at := len(out)
		out = m.answer(out, row, p)
		if err := check.Slice("prediction", out[at:]); err != nil {
			return dst, fmt.Errorf("%s: rows[%d]: %w", where, i, err)
		}
		out = append(out[:at], of(out[at:])...)
	}
	return out, nil
}

// trainer is a fit under way.
type trainer struct {
	m            *MLP
	rows         [][]float64
	y            []float64
	weight       func(i int) float64
	offset       func(i int) []float64
	train, held  []int
	grad         []float64
	first, other []float64 // Adam's means of slopes and of their squares
	steps        int
	stream       *rng.Stream
	pass         *pass
}

// trainer draws the rows held out and the start, and standardises.
func (m *MLP) trainer(ctx context.Context, where string, rows [][]float64, y []float64, kept []int, opt MLPOptions) (*trainer, error) {
	t := &trainer{m: m, rows: rows, y: y, weight: opt.weight(y, kept), offset: func(int) []float64 { return nil }, stream: rng.New(opt.Seed, 0x31b, 0)}
	if k := opt.Classes; opt.Offset != nil && k > 0 {
		t.offset = func(i int) []float64 { return opt.Offset[i*k : i*k+k] }
	}
	order := slices.Clone(kept)
	shuffle(t.stream, order)
	n := int(math.Round(opt.Validation * float64(len(order))))
	t.held, t.train = order[:n], order[n:]
	if len(t.train) == 0 || opt.Validation > 0 && n == 0 {
		return nil, fmt.Errorf("%s: %d rows to train on and %d to hold out: %w", where, len(t.train), n, ErrUndefined)
	}
	slices.Sort(t.train)
	slices.Sort(t.held)
	moments := func(value func(i int) float64) (mean, deviation float64) {
		total, square := 0.0, 0.0
		for _, i := range t.train {
			w, e := t.weight(i), value(i)-mean
			total += w
			mean += e * (w / total)
			square += w * e * (value(i) - mean)
		}
		if deviation = math.Sqrt(square / total); !(deviation > 0) {
			deviation = 1
		}
		return mean, deviation
	}
	for j := range m.mean {
		if m.schema.kind(j) == Numeric {
			m.mean[j], m.scale[j] = moments(func(i int) float64 { return rows[i][j] })
		}
	}
	if m.spread = 1; m.classes == 0 {
		m.target, m.spread = moments(func(i int) float64 { return y[i] })
	}
	m.params = make([]float64, m.size())
	t.pass = m.newPass()
	base := m.base()
	seen := make([]bool, base)
	for k, i := range t.train {
		if k%rowBlock == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		m.forward(t.pass, rows[i])
		for _, e := range t.pass.at {
			if e >= 0 {
				seen[e] = true
			}
		}
	}
	for e := 0; e < base; e += m.embedding {
		for i := e; i < e+m.embedding && seen[e]; i++ {
			m.params[i] = .1 * t.stream.Normal()
		}
	}
	for k, at := 1, base; k < len(m.sizes); k++ { // He et al. 2015
		n, out := m.sizes[k-1], m.sizes[k]
		for i := range n * out {
			m.params[at+i] = math.Sqrt(2/float64(n)) * t.stream.Normal()
		}
		at += (n + 1) * out
	}
	t.grad, t.first, t.other = make([]float64, len(m.params)), make([]float64, len(m.params)), make([]float64, len(m.params))
	return t, nil
}

// shuffle puts the numbers in an order drawn from s.
func shuffle(s *rng.Stream, order []int) {
	for i := len(order) - 1; i > 0; i-- {
		j := s.Intn(i + 1)
		order[i], order[j] = order[j], order[i]
	}
}

// run makes the epochs, and leaves the network at the best of its states.
func (t *trainer) run(ctx context.Context, opt MLPOptions) error {
	m := t.m
	judged := t.held
	if len(judged) == 0 {
		judged = t.train
	}
	best, since := []float64(nil), 0
	order := slices.Clone(t.train)
	for m.epochs < opt.Epochs && !m.converged {
		shuffle(t.stream, order)
		for lo := 0; lo < len(order); lo += opt.Batch {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			t.step(order[lo:min(lo+opt.Batch, len(order))], opt)
		}
		m.epochs++
		loss, err := t.mean(ctx, judged)
		if err != nil {
			return err
		}
		if !check.Finite(loss) {
			return fmt.Errorf("the loss is not finite: lower LearningRate: %w", ErrDiverged)
		}
		tell(opt.Progress, m.epochs, opt.Epochs, loss)
		if best == nil || loss < m.loss || len(t.held) == 0 {
			m.loss, since, best = loss, 0, append(best[:0], m.params...)
			continue
		}
		since++
		m.converged = since >= opt.Patience
	}
	copy(m.params, best)
	return nil
}

// mean is the mean loss of rows.
func (t *trainer) mean(ctx context.Context, rows []int) (float64, error) {
	sum, total := 0.0, 0.0
	for k, i := range rows {
		if k%rowBlock == 0 && ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		t.m.forward(t.pass, t.rows[i])
		sum += t.weight(i) * t.m.lossOf(t.pass, t.y[i], t.offset(i))
		total += t.weight(i)
	}
	return sum / total, nil
}

// step is one of Adam's on a batch. Embeddings that the batch does not have stay as they are, with their means.
func (t *trainer) step(batch []int, opt MLPOptions) {
	m := t.m
	total := 0.0
	for _, i := range batch {
		total += t.weight(i)
	}
	base := m.base()
	clear(t.grad[base:])
	var touched []int
	for _, i := range batch {
		m.forward(t.pass, t.rows[i])
		m.lossOf(t.pass, t.y[i], t.offset(i))
		touched = m.backward(t.pass, t.weight(i)/total, t.grad, touched)
	}
	t.steps++
	slices.Sort(touched)
	for _, e := range slices.Compact(touched) {
		t.adam(e, e+m.embedding, 0, opt)
		clear(t.grad[e : e+m.embedding])
	}
	for k, at := 1, base; k < len(m.sizes); k++ {
		n, out := m.sizes[k-1], m.sizes[k]
		t.adam(at, at+n*out, opt.L2, opt)
		t.adam(at+n*out, at+(n+1)*out, 0, opt)
		at += (n + 1) * out
	}
}

// adam moves the parameters lo … hi-1.
func (t *trainer) adam(lo, hi int, l2 float64, opt MLPOptions) {
	const keep, keepSquare, least = .9, .999, 1e-8
	rate := opt.LearningRate * math.Sqrt(1-math.Pow(keepSquare, float64(t.steps))) / (1 - math.Pow(keep, float64(t.steps)))
	for i := lo; i < hi; i++ {
		g := t.grad[i] + l2*t.m.params[i]
		t.first[i] = keep*t.first[i] + (1-keep)*g
		t.other[i] = keepSquare*t.other[i] + (1-keepSquare)*g*g
		t.m.params[i] -= rate * t.first[i] / (math.Sqrt(t.other[i]) + least)
	}
}
