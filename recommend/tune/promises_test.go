package tune_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/tune"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	knobs := []tune.Knob[recommend.ALSOptions]{{Name: "Regularization", Low: .1, High: 10, Log: true, Set: func(o *recommend.ALSOptions, v float64) { o.Regularization = v }}}
	judge := func(_ context.Context, o recommend.ALSOptions, _ float64) (float64, error) {
		return -o.Regularization, nil
	}
	testkit.Promises{
		Funcs: map[string]any{"Search": tune.Search[recommend.ALSOptions]},
		Args: map[string]func() []any{
			"Search": func() []any {
				return []any{context.Background(), recommend.ALSOptions{Regularization: 1}, knobs, judge, tune.Options{Trials: 4, GridPoints: 2}}
			},
		},
		NaN:     map[string]string{"Search": "base as it was given, and scores of trials that failed"},
		Settles: map[string]string{"Search": "gives back what was found so far"},
	}.Check(t)
}
