package bench

import (
	"context"

	"github.com/aislekit/aisle/recommend"
)

func ease() algorithm  { return autoencoder("ease", false, false) }
func edlae() algorithm { return autoencoder("edlae", true, false) }
func rdlae() algorithm { return autoencoder("rdlae", true, true) }

// autoencoder is EASE with, or without, dropout and a relaxed diagonal.
func autoencoder(name string, dropout, diagonal bool) algorithm {
	fit := func(ctx context.Context, x *recommend.Interactions, s settings, e Env) (recommend.Model, error) {
		opt := recommend.EASEOptions{L2: s.float("regularization"), Workers: e.Workers, Progress: e.Progress}
		if dropout {
			opt.Dropout = s.float("dropout")
		}
		if diagonal {
			opt.Diagonal = s.float("diagonal")
		}
		return recommend.FitEASE(ctx, x, opt)
	}
	a := algorithm{
		name:          name,
		params:        []param{logUniform("regularization", 0, 5, 3000).unsaid()},
		starts:        []settings{{}, {"regularization": 80.0}, {"regularization": 500.0}},
		rank:          fit,
		session:       bySession(fit),
		sessionParams: []param{recencyParam},
	}
	if dropout {
		a.params = append(a.params, uniform("dropout", 0.3, 0, 0.9))
	}
	if diagonal {
		a.params = append(a.params, uniform("diagonal", 0.3, 0, 0.9))
	}
	return a
}
