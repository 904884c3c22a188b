package search

import (
	"cmp"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/solve"
)

// improve returns the position with the largest expected improvement under a
// Gaussian process over the trials so far; the first few are random.
func (t *run[O]) improve(n int) []float64 {
	var xs [][]float64
	var ys []float64
	for i, p := range t.points {
		if p != nil && t.out.Trials[i].Err == nil {
			xs, ys = append(xs, p), append(ys, t.out.Trials[i].Score)
		}
	}
	if n <= 2+len(t.knobs) || len(ys) < 3 {
		return t.random(n)
	}
	best := slices.Max(ys)
	if len(ys) > maxModelled { // cubic cost: the latest, and the best of those before
		old := len(ys) - maxModelled/2
		order := make([]int, old)
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ys[b], ys[a]) })
		order = order[:maxModelled-maxModelled/2]
		slices.Sort(order)
		kx, ky := make([][]float64, 0, maxModelled), make([]float64, 0, maxModelled)
		for _, i := range order {
			kx, ky = append(kx, xs[i]), append(ky, ys[i])
		}
		xs, ys = append(kx, xs[old:]...), append(ky, ys[old:]...)
	}
	gp := fitGP(xs, ys, 1e-3)
	if gp == nil {
		return t.random(n)
	}
	at := xs[slices.Index(ys, best)]
	var top []float64
	gain := -1.0
	for k := range 1000 {
		p := t.draw(uint64(n)<<20 | uint64(k) | 1<<40)
		if k%2 == 1 { // half of the candidates near the best
			for i := range p {
				p[i] = min(max(at[i]+0.1*(p[i]-0.5), 0), 1)
			}
		}
		if g := gp.improvement(p, best); g > gain {
			top, gain = p, g
		}
	}
	return top
}

// maxModelled bounds the trials the Gaussian process is fitted to.
const maxModelled = 120

// gaussianProcess has a constant mean and a Matérn 5/2 kernel with one length.
type gaussianProcess struct {
	xs         [][]float64
	mean, sd   float64
	length     float64
	chol       []float64
	weights    []float64
	likelihood float64
}

// fitGP fits scores ys at positions xs and takes the length, and of noises the variance, with
// the largest marginal likelihood; nil where the scores do not differ. Scores are brought to
// mean 0 and deviation 1, so that one kernel variance, 1, serves all.
// The sums, here and in improvement, are plain loops: moments.Of and vec.Dot64 add in
// another order, whose last bits may choose another trial.
func fitGP(xs [][]float64, ys []float64, noises ...float64) *gaussianProcess {
	n := len(ys)
	mean, m2 := 0.0, 0.0
	for _, y := range ys {
		mean += y / float64(n)
	}
	for _, y := range ys {
		m2 += (y - mean) * (y - mean)
	}
	sd := math.Sqrt(m2 / float64(n))
	if sd == 0 {
		return nil
	}
	var best *gaussianProcess
	for _, noise := range noises {
		for _, length := range []float64{0.1, 0.2, 0.4, 0.8, 1.6} {
			g := &gaussianProcess{xs: xs, mean: mean, sd: sd, length: length, chol: make([]float64, n*n), weights: make([]float64, n)}
			for i := range n {
				for j := range n {
					g.chol[i*n+j] = g.kernel(xs[i], xs[j])
				}
				g.chol[i*n+i] += noise
				g.weights[i] = (ys[i] - mean) / sd
			}
			z := slices.Clone(g.weights)
			if !solve.Cholesky64(g.chol, n) {
				continue
			}
			solve.SolveCholesky64(g.chol, n, g.weights)
			for i := range n {
				g.likelihood -= 0.5*z[i]*g.weights[i] + math.Log(g.chol[i*n+i])
			}
			if best == nil || g.likelihood > best.likelihood {
				best = g
			}
		}
	}
	return best
}

// kernel is the Matérn 5/2 covariance of two positions, 1 where they are one.
func (g *gaussianProcess) kernel(a, b []float64) float64 {
	d := 0.0
	for i := range a {
		d += (a[i] - b[i]) * (a[i] - b[i])
	}
	r := math.Sqrt(5*d) / g.length
	return (1 + r + r*r/3) * math.Exp(-r)
}

// improvement is the expected gain over best at p, in deviations of the scores.
func (g *gaussianProcess) improvement(p []float64, best float64) float64 {
	n := len(g.xs)
	k := make([]float64, n)
	mu, variance := 0.0, 1.0
	for i, x := range g.xs {
		k[i] = g.kernel(p, x)
		mu += k[i] * g.weights[i]
	}
	v := slices.Clone(k)
	solve.SolveCholesky64(g.chol, n, v)
	for i := range k {
		variance -= k[i] * v[i]
	}
	sd := math.Sqrt(max(variance, 1e-12))
	z := (mu - (best-g.mean)/g.sd) / sd
	return sd * (z*0.5*math.Erfc(-z/math.Sqrt2) + math.Exp(-z*z/2)/math.Sqrt(2*math.Pi))
}
