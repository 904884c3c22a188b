package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aislekit/aisle/examples/dataio"
	"github.com/aislekit/aisle/recommend"
)

// Env is what every fit gets besides its data. A fit may leave all of it alone.
type Env struct {
	Seed     uint64                   // -seed: drives everything random
	Workers  int                      // -threads: goroutines
	Progress func(recommend.Progress) // to be called after each iteration, for the log and the time of one; may be nil
}

// Model is a recommender to be compared, of the library or of your own: a name, and a
// fit for each task that it can do.
type Model struct {
	Name string // on the command line and in the table: no spaces, no commas

	// Rank fits on weights that say how much, Rate on ratings, whose scores are then
	// predicted ratings. Models know the items of the matrix.
	Rank, Rate func(ctx context.Context, x *recommend.Interactions, e Env) (recommend.Model, error)
	// Sessions fits on sequences of the given number of items. The model is asked for
	// a stranger whose history is the session so far, oldest first and with repeats.
	Sessions func(ctx context.Context, s *dataio.Sessions, items int, e Env) (recommend.Model, error)

	own *algorithm // of the library, with settings
}

// Models returns those of the library, in the order in which "all" runs them, with their
// settings and what -tune searches.
func Models() []Model {
	var out []Model
	for _, a := range registry() {
		out = append(out, Model{Name: a.name, own: &a})
	}
	return out
}

// algorithms checks models and makes entries of the registry of them.
func algorithms(models []Model) ([]algorithm, error) {
	if len(models) == 0 {
		return nil, fmt.Errorf("no models to choose from")
	}
	var out []algorithm
	for _, m := range models {
		switch {
		case m.Name == "" || m.Name == "all" || strings.ContainsAny(m.Name, ", \t\n"):
			return nil, fmt.Errorf("a model is named %q, want a word without commas other than all", m.Name)
		case slices.Contains(names(out), m.Name):
			return nil, fmt.Errorf("two models are named %q", m.Name)
		case m.own == nil && m.Rank == nil && m.Rate == nil && m.Sessions == nil:
			return nil, fmt.Errorf("model %s has no fit", m.Name)
		}
		out = append(out, m.algorithm())
	}
	return out, nil
}

// algorithm is m as an entry of the registry: one of the library with its settings, any
// other without.
func (m Model) algorithm() algorithm {
	if m.own != nil {
		a := *m.own
		a.name = m.Name
		return a
	}
	a := algorithm{name: m.Name}
	if m.Rank != nil {
		a.rank = func(ctx context.Context, x *recommend.Interactions, _ settings, e Env) (recommend.Model, error) {
			return given(m.Rank(ctx, x, e))
		}
	}
	if m.Rate != nil {
		a.rate = func(ctx context.Context, x *recommend.Interactions, _ settings, e Env) (recommend.Model, error) {
			return given(m.Rate(ctx, x, e))
		}
	}
	if m.Sessions != nil {
		a.session = func(ctx context.Context, s *dataio.Sessions, items int, _ settings, e Env) (sessionModel, error) {
			model, err := given(m.Sessions(ctx, s, items, e))
			if err != nil {
				return nil, err
			}
			return asked{model}, nil
		}
	}
	return a
}

// given wants a fit to return a model or an error.
func given(m recommend.Model, err error) (recommend.Model, error) {
	if err == nil && m == nil {
		err = errors.New("the fit returned no model")
	}
	return m, err
}

// asked is a model that reads the history of a query as a session.
type asked struct{ recommend.Model }

func (a asked) unwrap() any { return a.Model }

// Score asks for a stranger.
func (a asked) Score(dst []float32, prefix []int32) error {
	return a.Model.Score(dst, recommend.Query{User: recommend.Stranger, Items: prefix})
}
