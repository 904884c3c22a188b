package segment_test

import (
	"encoding"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

// The golden frame of each model and accumulator, with every field in use.
func TestFrames(t *testing.T) { testkit.Frames(t, "segment", frames()) }

// FuzzUnmarshal: what is refused changes nothing, what is read is canonical.
func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

func frames() []testkit.Frame {
	return []testkit.Frame{
		{
			Kind: codec.KindKMeans,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				m, err := segment.FitKMeans(bg, filledRows, segment.KMeansOptions{K: 3, Weights: []float64{1, 2, 1, .5, 3, 1, 1, 2}, Seed: 4})
				must(err)
				return m
			},
			Values: func(t testing.TB, s any) any {
				m := s.(*segment.KMeans)
				labels, err := m.Assign(nil, filledRows)
				must(err)
				return map[string]any{
					"K": m.K(), "Dim": m.Dim(), "Centers": m.Centers(), "Weights": m.Weights(), "Inertia": m.Inertia(), "ClusterInertia": m.ClusterInertia(),
					"Iterations": m.Iterations(), "Converged": m.Converged(), "Assign": labels,
				}
			},
		},
		{
			Kind: codec.KindKMeansStep,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				s, err := segment.NewKMeansStep([][]float64{{1, 2}, {8, 1}, {4, 9}})
				must(err)
				for i, r := range filledRows {
					must(s.Add(r, 1+float64(i)/4))
				}
				return s
			},
			Values: func(t testing.TB, s any) any {
				k := s.(*segment.KMeansStep)
				next, shift, err := k.Next()
				must(err)
				return map[string]any{"Weights": k.Weights(), "Inertia": k.Inertia(), "Next": next, "Shift": shift}
			},
		},
		{
			Kind: codec.KindRFM,
			Zero: []string{".t: since version 3, where Values has it", ".t.at: as .t", ".timed: as .t"},
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				m, err := segment.FitRFMT([]float64{2, 90, 30, 200, 10}, []float64{12, 1, 4, 6, 2}, []float64{900, 20, 210, 500, 35}, []float64{7, 40, 21, 0, 30}, 4)
				must(err)
				return m
			},
			Values: func(t testing.TB, s any) any {
				m := s.(*segment.RFM)
				r, f, mon := m.Cuts()
				score, err := m.Score(25, 5, 300)
				must(err)
				values := map[string]any{"Recency": r.Points(), "Frequency": f.Points(), "Monetary": mon.Points(), "Score": map[string]any{"R": score.R, "F": score.F, "M": score.M}}
				if gap, reached, ok := m.TimeCuts(); ok { // since version 3
					score, err := m.ScoreT(25, 5, 300, 25)
					must(err)
					values["Gap"], values["GapReached"], values["T"] = gap.Points(), reached, score.T
				}
				return values
			},
		},
		{
			Kind: codec.KindCuts,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				c, err := segment.FitCuts([]float64{5, 10, 20, 40, 80, 160, 320, 640}, 4)
				must(err)
				return &c
			},
			Values: func(t testing.TB, s any) any {
				c := s.(*segment.Cuts)
				return map[string]any{"Levels": c.Levels(), "Points": c.Points(), "Level": c.Level(60)}
			},
		},
		{
			Kind: codec.KindDendrogram,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				d, err := segment.FitDendrogram(bg, filledRows, segment.DendrogramOptions{Linkage: segment.LinkAverage})
				must(err)
				return d
			},
			Values: func(t testing.TB, s any) any {
				d := s.(*segment.Dendrogram)
				three, err := d.CutCount(nil, 3)
				must(err)
				return map[string]any{"Rows": d.Rows(), "Merges": d.Merges(), "CutCount": three}
			},
		},
		{
			Kind: codec.KindMixture,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				m, err := segment.FitMixture(bg, filledRows, segment.MixtureOptions{K: 2, Full: true, Variance: .1})
				must(err)
				return m
			},
			Values: func(t testing.TB, s any) any {
				m := s.(*segment.Mixture)
				shares, err := m.AppendShares(nil, filledRows[6])
				must(err)
				return map[string]any{
					"K": m.K(), "Dim": m.Dim(), "Weights": m.Weights(), "Means": m.Means(), "Covariances": m.Covariances(),
					"LogLikelihood": m.LogLikelihood(), "BIC": m.BIC(), "Iterations": m.Iterations(), "Converged": m.Converged(), "Shares": shares,
				}
			},
		},
		{
			Kind: codec.KindMovement,
			Zero: []string{".MinAudience: the reader's, not stored"},
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				m := newMovement(2)
				m.MinAudience = 0
				must(m.AddLabels(202606, []int32{0, 0, 1, 1, -1, 0}, []int32{0, 1, 1, -1, 0, 0}))
				must(m.AddLabels(202607, []int32{0, 1, 1}, []int32{1, 1, 0}))
				return m
			},
			Values: func(t testing.TB, s any) any {
				m := s.(*segment.Movement)
				m.MinAudience = -1
				var counts []int64
				for _, p := range m.Periods() {
					for from := segment.Outside; from < m.Groups(); from++ {
						for to := segment.Outside; to < m.Groups(); to++ {
							n, err := m.Count(p, from, to)
							must(err)
							counts = append(counts, n)
						}
					}
				}
				return map[string]any{"Groups": m.Groups(), "Periods": m.Periods(), "Counts": counts}
			},
		},
		{
			Kind: codec.KindPareto,
			Zero: []string{".MinAudience: the reader's, not stored", ".fresh: counted into the others when written"},
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				p := new(segment.Pareto)
				for i := range int64(120) {
					must(p.Add(i%40*i - 5))
				}
				return p
			},
			Values: func(t testing.TB, s any) any {
				p := s.(*segment.Pareto)
				r, err := p.Result()
				must(err)
				cuts, err := p.CutsByCustomers(.1, .3)
				must(err)
				return map[string]any{"Customers": r.Customers, "Money": r.Money, "Gini": r.Gini, "Cuts": cuts.Points()}
			},
		},
		{
			Kind: codec.KindGaps,
			Zero: []string{".MinAudience: the reader's, not stored", ".Sleep: the reader's, not stored", ".Churn: the reader's, not stored"},
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				g := new(segment.Gaps)
				for i := range 60 {
					must(g.Add([]time.Time{at(-300), at(-300 + 1 + i%25), at(-270 + i)}, at(0)))
				}
				// Pauses below a millisecond, ended and open, have a bucket of their own.
				must(g.Add([]time.Time{at(-9), at(-9).Add(3)}, at(-9).Add(7)))
				return g
			},
			Values: func(t testing.TB, s any) any {
				r, err := s.(*segment.Gaps).Result()
				must(err)
				return r
			},
		},
		{
			Kind: codec.KindPrototypes,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				m, err := segment.FitPrototypes(bg, filledRows, filledWords, segment.PrototypesOptions{K: 2})
				must(err)
				return m
			},
			Values: func(t testing.TB, s any) any {
				m := s.(*segment.Prototypes)
				labels, err := m.Assign(nil, filledRows, filledWords)
				must(err)
				return map[string]any{
					"K": m.K(), "Gamma": m.Gamma(), "Centers": m.Centers(), "Modes": m.Modes(), "Weights": m.Weights(), "Cost": m.Cost(),
					"Iterations": m.Iterations(), "Converged": m.Converged(), "Assign": labels,
				}
			},
		},
		{
			Kind: codec.KindTransitions,
			Zero: []string{".MinAudience: the reader's, not stored"},
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				m := new(segment.Transitions)
				for from := range segment.State(segment.NumStates) {
					for to := range segment.State(segment.NumStates) {
						for range 1 + (2*from+3*to)%5 {
							must(m.Add(from, to))
						}
					}
				}
				return m
			},
			Values: func(t testing.TB, s any) any {
				m := s.(*segment.Transitions)
				m.MinAudience = -1
				var counts [segment.NumStates][segment.NumStates]int64
				for from := range counts {
					for to := range counts[from] {
						n, err := m.Count(segment.State(from), segment.State(to))
						must(err)
						counts[from][to] = n
					}
				}
				rate, err := m.Rate(segment.Active, segment.Sleeping)
				must(err)
				return map[string]any{"Counts": counts, "Rate": rate}
			},
		},
	}
}

var filledRows = [][]float64{{1, 2}, {1.5, 1}, {8, 1.5}, {9, 3}, {4, 8}, {5, 9.5}, {2, 2.5}, {7.5, 2}}

var filledWords = [][]string{{"tea", "web"}, {"tea", "app"}, {"milk", "web"}, {"milk", "web"}, {"rice", "app"}, {"rice", "app"}, {"tea", "web"}, {"milk", "app"}}
