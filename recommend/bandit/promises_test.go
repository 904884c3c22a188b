package bandit_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend/bandit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// promised is a value that needs no error handled: what it makes is fixed.
func promised[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// shelf is a catalogue that knows its ids.
type shelf struct {
	items int
	print uint64
}

func (s shelf) Items() int                          { return s.items }
func (s shelf) Fingerprints() (users, items uint64) { return 0, s.print }

func TestPromises(t *testing.T) {
	var types []func() any
	for _, f := range frames() {
		types = append(types, func() any { return f.Fill(t) })
	}
	click := func() *bandit.ClickArms { return frames()[0].Fill(t).(*bandit.ClickArms) }
	linear := func() *bandit.LinearArms { return frames()[1].Fill(t).(*bandit.LinearArms) }
	from := bandit.Ask{From: []int32{1, 0}, K: 1, Request: 7, Free: func(int32) bool { return true }, Took: func(int32) {}}
	ask := func(context ...float64) func() []any {
		asked := from
		asked.Context = context
		return func() []any { return []any{[]bandit.Choice{{Item: 9, Propensity: 1}}, asked} }
	}
	testkit.Promises{
		Funcs: map[string]any{
			"NewClickArms": bandit.NewClickArms, "NewEpsilonGreedy": bandit.NewEpsilonGreedy, "NewLinUCB": bandit.NewLinUCB,
			"NewLinearArms": bandit.NewLinearArms, "NewLinearThompson": bandit.NewLinearThompson, "NewThompson": bandit.NewThompson,
			"NewUCB": bandit.NewUCB,
		},
		Types: append(types,
			func() any { return promised(bandit.NewEpsilonGreedy(bandit.EpsilonGreedyOptions{})) },
			func() any { return promised(bandit.NewLinUCB(linear(), bandit.LinUCBOptions{})) },
			func() any { return promised(bandit.NewLinearThompson(linear(), bandit.ThompsonOptions{})) },
			func() any { return promised(bandit.NewThompson(click(), bandit.ThompsonOptions{})) },
			func() any { return promised(bandit.NewUCB(click(), bandit.UCBOptions{})) },
		),
		Args: map[string]func() []any{
			"NewClickArms":      func() []any { return []any{3} },
			"NewLinUCB":         func() []any { return []any{linear(), bandit.LinUCBOptions{}} },
			"NewLinearArms":     func() []any { return []any{2, 3, bandit.LinearArmsOptions{}} },
			"NewLinearThompson": func() []any { return []any{linear(), bandit.ThompsonOptions{}} },
			"NewThompson":       func() []any { return []any{click(), bandit.ThompsonOptions{}} },
			"NewUCB":            func() []any { return []any{click(), bandit.UCBOptions{}} },

			"ClickArms.Over":               func() []any { return []any{shelf{click().Len(), 7}} },
			"LinearArms.Over":              func() []any { return []any{shelf{linear().Len(), 7}} },
			"ClickArms.AddCounts":          func() []any { return []any{int32(1), int64(4), int64(2)} },
			"EpsilonGreedy.AppendChoices":  ask(),
			"LinUCB.AppendChoices":         ask(1, .5),
			"LinUCB.Bound":                 func() []any { return []any{int32(1), []float64{1, .5}} },
			"LinearArms.Add":               func() []any { return []any{int32(1), []float64{1, .5}, 2.} },
			"LinearThompson.AppendChoices": ask(1, .5),
			"Thompson.AppendChoices":       ask(),
			"UCB.AppendChoices":            ask(),
		},
		Settles: map[string]string{
			"ClickArms.Counts": "panics like a slice, as its comment says",
			"LinearArms.Count": "panics like a slice, as its comment says",
		},
	}.Check(t)
}
