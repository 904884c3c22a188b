package ann_test

import (
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/ann"
)

// hardCase is a set of vectors of testdata/golden_hnsw.py, and what hnswlib finds there.
type hardCase struct {
	Name, Space            string
	F, Seed, Copies        int
	Sigma, Offset, Lengths float64
	Clusters               int
	Scale                  []float64
	Wild                   [][3]float64 // row, coordinate, value
	Recall                 float64
}

type hardCases struct {
	Settings struct{ N, K, Queries, Links, Build, Ef int }
	Cases    []hardCase
}

// hardNormals is normals of the program.
func hardNormals(seed, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		for j := range 12 {
			z := (uint64(seed)<<32 + uint64(12*i+j) + 1) * 0x9E3779B97F4A7C15
			z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
			z = (z ^ z>>27) * 0x94D049BB133111EB
			out[i] += float64((z^z>>31)>>32) / (1 << 32)
		}
		out[i] -= 6
	}
	return out
}

// rows makes the vectors of a case, to the bit those of the program.
func (c hardCase) rows(n int) recommend.RowVectors {
	v := recommend.RowVectors{Rows: make([]float32, n*c.F), N: c.F}
	normals, lengths := hardNormals(c.Seed, n*c.F), hardNormals(c.Seed+1, n)
	for i := range n {
		from := i
		if c.Copies > 0 {
			from %= c.Copies
		}
		for k := range c.F {
			x := normals[from*c.F+k]
			if c.Sigma != 0 {
				x *= c.Sigma
			}
			if c.Clusters > 0 && i%c.Clusters == k {
				x += 10
			}
			x += c.Offset
			if c.Scale != nil {
				x *= c.Scale[k]
			}
			if c.Lengths > 0 {
				x = math.Ldexp(x, int(math.Floor(lengths[i]*c.Lengths)))
			}
			v.Rows[i*c.F+k] = float32(x)
		}
	}
	for _, w := range c.Wild {
		v.Rows[int(w[0])*c.F+int(w[1])] = float32(w[2])
	}
	return v
}

// trueScore is the score of the metric in float64.
func trueScore(m ann.Metric, x, q []float32) float64 {
	dot, d2, n2, q2 := 0.0, 0.0, 0.0, 0.0
	for k, a := range x {
		x, y := float64(a), float64(q[k])
		dot += x * y
		d2 += (x - y) * (x - y)
		n2 += x * x
		q2 += y * y
	}
	switch {
	case m == ann.Euclidean:
		return -d2
	case m == ann.Cosine && dot != 0:
		return dot / math.Sqrt(n2) / math.Sqrt(q2)
	}
	return dot
}

// trueOrder is what the metric ranks by, where a cosine in float64 is too coarse: -‖x̂-q̂‖².
func trueOrder(m ann.Metric, x, q []float32) float64 {
	if m != ann.Cosine {
		return trueScore(m, x, q)
	}
	a, b := math.Sqrt(-trueScore(ann.Euclidean, x, make([]float32, len(x)))), math.Sqrt(-trueScore(ann.Euclidean, q, make([]float32, len(q))))
	d2 := 0.0
	for k := range x {
		d := float64(x[k])/a - float64(q[k])/b
		d2 += d * d
	}
	return -d2
}

// TestHNSWHard: vectors of which a product and two squared lengths say nothing in float32.
// Where hnswlib finds nineteen of twenty so does the index, and every score is the true
// one, to a rounding of float32.
func TestHNSWHard(t *testing.T) {
	var g hardCases
	testkit.Golden(t, "hnswlib.json", &g)
	for _, c := range g.Cases {
		t.Run(c.Space+"/"+c.Name, func(t *testing.T) {
			v := c.rows(g.Settings.N)
			m := map[string]ann.Metric{"InnerProduct": ann.InnerProduct, "Cosine": ann.Cosine, "Euclidean": ann.Euclidean}[c.Space]
			x := fitHNSW(t, v, ann.HNSWOptions{Metric: m, Links: g.Settings.Links, Build: g.Settings.Build})
			recall := 0.0
			order := make([]float64, v.Items())
			for u := range g.Settings.Queries {
				q := v.ItemVector(u)
				got, err := x.AppendTop(nil, q, g.Settings.K, g.Settings.Ef, recommend.Filter{})
				if err != nil || len(got) != g.Settings.K {
					t.Fatal(len(got), err)
				}
				for i := range order {
					order[i] = trueOrder(m, v.ItemVector(i), q)
				}
				sorted := slices.Clone(order)
				slices.Sort(sorted)
				worst := sorted[len(sorted)-g.Settings.K]
				for i, s := range got {
					if order[s.Item] >= worst-1e-12*math.Abs(worst) {
						recall++
					}
					want, tol := trueScore(m, v.ItemVector(int(s.Item)), q), 1e-6
					if m == ann.InnerProduct { // a sum in float32: of its parts, not of itself
						tol = 1e-6 * math.Sqrt(trueScore(m, q, q)*trueScore(m, v.ItemVector(int(s.Item)), v.ItemVector(int(s.Item)))) / math.Abs(want)
					}
					if math.Abs(float64(s.Score)-want) > tol*math.Abs(want) {
						t.Fatalf("query %d, item %d: score %v, want %v", u, s.Item, s.Score, want)
					}
					if i > 0 && (s.Score > got[i-1].Score || s.Score == got[i-1].Score && s.Item <= got[i-1].Item) {
						t.Fatalf("query %d: place %d is out of order: %v", u, i, got)
					}
				}
			}
			recall /= float64(g.Settings.Queries * g.Settings.K)
			t.Logf("recall@10 %.4f, hnswlib %.4f", recall, c.Recall)
			if recall < min(.95, c.Recall) {
				t.Errorf("recall@10 %.4f, hnswlib %.4f", recall, c.Recall)
			}
		})
	}
}
