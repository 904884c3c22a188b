package uplift_test

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/predict/uplift"
)

var bg = context.Background()

func get[T any](x T, err error) T {
	must(err)
	return x
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// mean learns the mean of the rows that are equal in the first column.
func mean(_ context.Context, rows [][]float64, y, weights []float64) (uplift.Predict, error) {
	sum, weight := map[float64]float64{}, map[float64]float64{}
	for i, row := range rows {
		w := 1.0
		if weights != nil {
			w = weights[i]
		}
		sum[row[0]] += w * y[i]
		weight[row[0]] += w
	}
	return each(func(row []float64) float64 {
		if weight[row[0]] == 0 {
			return 0
		}
		return sum[row[0]] / weight[row[0]]
	}), nil
}

// each is a Predict out of a function of one row.
func each(f func(row []float64) float64) uplift.Predict {
	return func(dst []float64, rows [][]float64) ([]float64, error) {
		for _, row := range rows {
			dst = append(dst, f(row))
		}
		return dst, nil
	}
}

// ridge learns a linear model, with a penalty l2 on all coefficients, of what basis makes of a row.
func ridge(l2 float64, basis func(row []float64) []float64) uplift.Learner {
	return func(_ context.Context, rows [][]float64, y, weights []float64) (uplift.Predict, error) {
		d := len(basis(rows[0]))
		a := make([][]float64, d)
		for i := range a {
			a[i] = make([]float64, d+1)
			a[i][i] = l2
		}
		for k, row := range rows {
			w := 1.0
			if weights != nil {
				w = weights[k]
			}
			b := basis(row)
			for i := range d {
				for j := range d {
					a[i][j] += w * b[i] * b[j]
				}
				a[i][d] += w * b[i] * y[k]
			}
		}
		coef := solved(a)
		return each(func(row []float64) float64 {
			s := 0.0
			for i, b := range basis(row) {
				s += coef[i] * b
			}
			return s
		}), nil
	}
}

// solved solves linear equations by elimination with pivots.
func solved(a [][]float64) []float64 {
	d := len(a)
	for c := range d {
		p := c
		for i := c; i < d; i++ {
			if math.Abs(a[i][c]) > math.Abs(a[p][c]) {
				p = i
			}
		}
		a[c], a[p] = a[p], a[c]
		for i := range d {
			if i != c && a[c][c] != 0 {
				f := a[i][c] / a[c][c]
				for j := c; j <= d; j++ {
					a[i][j] -= f * a[c][j]
				}
			}
		}
	}
	x := make([]float64, d)
	for i := range d {
		if a[i][i] != 0 {
			x[i] = a[i][d] / a[i][i]
		}
	}
	return x
}

// linear is 1 and the columns.
func linear(row []float64) []float64 { return append([]float64{1}, row...) }

// squares is 1, each column and each product of two.
func squares(row []float64) []float64 {
	out := linear(row)
	for i := range row {
		for j := i; j < len(row); j++ {
			out = append(out, row[i]*row[j])
		}
	}
	return out
}

// node is one of a regression tree.
type node struct {
	mean, cut   float64
	column      int
	left, right *node
}

// cart grows a regression tree, every edge searched; of splits that gain the same the first one is taken.
func cart(depth, least int) uplift.Learner {
	return func(_ context.Context, rows [][]float64, y, weights []float64) (uplift.Predict, error) {
		if weights == nil {
			weights = slices.Repeat([]float64{1}, len(y))
		}
		idx := make([]int, len(y))
		for i := range idx {
			idx[i] = i
		}
		root := growCart(rows, y, weights, idx, depth, least)
		return each(func(row []float64) float64 {
			n := root
			for n.left != nil {
				if row[n.column] <= n.cut {
					n = n.left
				} else {
					n = n.right
				}
			}
			return n.mean
		}), nil
	}
}

func growCart(rows [][]float64, y, w []float64, idx []int, depth, least int) *node {
	var sw, sy, square float64
	for _, i := range idx {
		sw, sy, square = sw+w[i], sy+w[i]*y[i], square+w[i]*y[i]*y[i]
	}
	out := &node{mean: sy / sw}
	if depth == 0 || len(idx) < 2*least {
		return out
	}
	best, found := 1e-9*square, false
	order := slices.Clone(idx)
	for j := range rows[0] {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rows[a][j], rows[b][j]) })
		var lw, ly float64
		for p := range len(order) - 1 {
			i := order[p]
			lw, ly = lw+w[i], ly+w[i]*y[i]
			a, b := rows[i][j], rows[order[p+1]][j]
			if a == b || p+1 < least || len(order)-p-1 < least {
				continue
			}
			if gain := ly*ly/lw + (sy-ly)*(sy-ly)/(sw-lw) - sy*sy/sw; gain > best*(1+1e-9) {
				best, found, out.column, out.cut = gain, true, j, (a+b)/2
			}
		}
	}
	if !found {
		return out
	}
	var sides [2][]int
	for _, i := range idx {
		if rows[i][out.column] <= out.cut {
			sides[0] = append(sides[0], i)
		} else {
			sides[1] = append(sides[1], i)
		}
	}
	out.left = growCart(rows, y, w, sides[0], depth-1, least)
	out.right = growCart(rows, y, w, sides[1], depth-1, least)
	return out
}
