package bench

import (
	"context"

	"github.com/aislekit/aisle/examples/dataio"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// fitSequences fits a model that reads histories in order.
type fitSequences func(ctx context.Context, x *recommend.Sequences, s settings, e Env) (recommend.Model, error)

// inOrder makes a session task of such a model; the history of a query is the
// session so far.
func inOrder(fit fitSequences) func(context.Context, *dataio.Sessions, int, settings, Env) (sessionModel, error) {
	return func(ctx context.Context, d *dataio.Sessions, items int, s settings, e Env) (sessionModel, error) {
		x, err := recommend.NewSequences(items, d.Ptr, d.Items, nil)
		if err != nil {
			return nil, err
		}
		m, err := fit(ctx, x, s, e)
		if err != nil {
			return nil, err
		}
		return orderedSession{m}, nil
	}
}

type orderedSession struct{ recommend.Model }

func (o orderedSession) unwrap() any { return o.Model }

func (o orderedSession) Score(dst []float32, prefix []int32) error {
	return o.Model.Score(dst, recommend.Query{User: recommend.Stranger, Items: prefix})
}

// sessionKNNParams are the settings of session neighbours besides those for
// positions.
var sessionKNNParams = []param{
	logIntegers("neighbors", 1000, 100, 3000),
	logIntegers("sample", 5000, 1000, 20000),
	uniform("matchidf", 1, 0, 2).refining(),
	uniform("length", 0.3, 0, 1),
	logUniform("age", 0, 0.2, 10).refining(), // share of all sessions; 0: no decay
	uniform("idf", 1, 0, 2),
	uniform("match", 0.2, 0, 1),
	logUniform("remind", 0.3, 0.01, 3),
	logUniform("reminddecay", 5, 1, 50),
}

func sessionKNN(s settings) recommend.SessionKNNOptions {
	return recommend.SessionKNNOptions{
		Neighbors: s.int("neighbors"), Sample: s.int("sample"),
		MatchIDF: off(s.float("matchidf")), Length: off(s.float("length")), AgeDecay: s.float("age"),
		IDF: off(s.float("idf")), Match: off(s.float("match")),
		Remind: off(s.float("remind")), RemindDecay: s.float("reminddecay"),
	}
}

// vsknn is vector multiplication session-kNN with its choice of position weights
// and without decays.
func vsknn() algorithm {
	shapes := map[string]recommend.PositionWeighting{
		"even": recommend.EvenPositions, "linear": recommend.LinearPositions, "quadratic": recommend.QuadraticPositions,
		"harmonic": recommend.HarmonicPositions, "log": recommend.LogPositions,
	}
	fit := func(ctx context.Context, x *recommend.Sequences, s settings, _ Env) (recommend.Model, error) {
		o := sessionKNN(s)
		o.Position = shapes[s.text("position")]
		o.StepDecay, o.DistanceDecay, o.Before = -1, -1, 1
		return recommend.FitSessionKNN(ctx, x, o)
	}
	params := append([]param{oneOf("position", "harmonic", "even", "linear", "quadratic", "harmonic", "log")}, sessionKNNParams...)
	return algorithm{name: "vsknn", session: inOrder(fit), sessionParams: params, starts: []settings{
		{},
		{"position": "linear", "length": 0.0, "matchidf": 0.0, "remind": 0.0, "match": 1.0}, // as published
	}}
}

var stanParams = append([]param{
	logUniform("position", 3, 0.5, 10),
	logUniform("step", 3, 0.3, 20),
	logUniform("distance", 2, 0.3, 20),
	uniform("before", 0.8, 0, 1),
}, sessionKNNParams...)

func stanOptions(s settings) recommend.SessionKNNOptions {
	o := sessionKNN(s)
	o.PositionDecay, o.StepDecay, o.DistanceDecay, o.Before = s.float("position"), s.float("step"), s.float("distance"), off(s.float("before"))
	return o
}

func stan() algorithm {
	fit := func(ctx context.Context, x *recommend.Sequences, s settings, _ Env) (recommend.Model, error) {
		return recommend.FitSessionKNN(ctx, x, stanOptions(s))
	}
	return algorithm{name: "stan", session: inOrder(fit), sessionParams: stanParams, starts: []settings{
		{},
		{"remind": 1.0, "reminddecay": 10.0, "length": 0.5},
		{"remind": 0.5, "match": 0.1, "age": 1.0},
	}}
}

var markovParams = []param{
	logIntegers("followers", 500, 50, 2000),
	integers("steps", 10, 1, 20),
	oneOf("weighting", "harmonic", "harmonic", "quadratic", "linear", "even").searching("harmonic", "quadratic"),
	uniform("backoff", 0.5, 0, 5),
	uniform("remember", 0.3, 0, 0.9),
}

func fitMarkov(ctx context.Context, x *recommend.Sequences, s settings, e Env) (recommend.Model, error) {
	shapes := map[string]recommend.StepWeighting{
		"harmonic": recommend.HarmonicSteps, "quadratic": recommend.QuadraticSteps, "linear": recommend.LinearSteps, "even": recommend.EvenSteps,
	}
	return recommend.FitMarkov(ctx, x, recommend.MarkovOptions{
		Neighbors: s.int("followers"), Steps: s.int("steps"), Weighting: shapes[s.text("weighting")],
		Backoff: off(s.float("backoff")), Remember: off(s.float("remember")), Workers: e.Workers, Progress: e.Progress,
	})
}

func markov() algorithm {
	return algorithm{name: "markov", session: inOrder(fitMarkov), sessionParams: markovParams, starts: []settings{
		{},
		{"weighting": "quadratic"},
		{"remember": 0.6, "steps": 20.0},
	}}
}

// sessionBlend adds up session neighbours and transitions: those see the whole
// session, these the last step sharply.
func sessionBlend() algorithm {
	fit := func(ctx context.Context, x *recommend.Sequences, s settings, e Env) (recommend.Model, error) {
		near, err := recommend.FitSessionKNN(ctx, x, stanOptions(s))
		if err != nil {
			return nil, err
		}
		next, err := fitMarkov(ctx, x, s, e)
		if err != nil {
			return nil, err
		}
		share := min(max(s.float("markov"), 1e-6), 1-1e-6)
		return hybrid.NewBlend([]hybrid.Weighted{
			{Model: near, Weight: float32(1 - share)}, {Model: next, Weight: float32(share)},
		}, hybrid.BlendOptions{})
	}
	params := append([]param{uniform("markov", 0.4, 0, 1)}, stanParams...)
	for _, p := range markovParams {
		if p.name == "remember" {
			p = p.refining()
		}
		params = append(params, p)
	}
	return algorithm{name: "sessionblend", session: inOrder(fit), sessionParams: params, starts: []settings{
		{},
		{"markov": 0.1, "remind": 1.0, "reminddecay": 10.0},
		{"markov": 0.5, "match": 0.1},
	}}
}

// item2vec weighs the history like models that know no order, recency^age.
func item2vec() algorithm {
	fit := func(ctx context.Context, d *dataio.Sessions, items int, s settings, e Env) (sessionModel, error) {
		x, err := recommend.NewSequences(items, d.Ptr, d.Items, nil)
		if err != nil {
			return nil, err
		}
		m, err := recommend.FitItem2Vec(ctx, x, recommend.Item2VecOptions{
			Factors: s.int("factors"), Window: s.int("window"), Epochs: s.int("epochs"), Rate: s.float("rate"),
			Negatives: s.int("negatives"), Power: off(s.float("power")), Subsample: off(s.float("subsample")),
			Seed: e.Seed, Workers: e.Workers, Progress: e.Progress,
		})
		if err != nil {
			return nil, err
		}
		return &historySession{m, s.float("recency")}, nil
	}
	return algorithm{name: "item2vec", session: fit, sessionParams: []param{
		logIntegers("factors", 64, 32, 128).doubling(),
		integers("window", 5, 1, 10),
		logIntegers("epochs", 20, 5, 60),
		logUniform("rate", 0.1, 0.02, 0.3),
		integers("negatives", 5, 1, 15),
		uniform("power", 0.75, 0, 1),
		logUniform("subsample", 0.001, 1e-5, 1e-2),
		recencyParam,
	}, starts: []settings{{}, {"rate": 0.15, "power": 0.2, "recency": 0.5}}}
}

// nextBasket takes each session for a user and each event for a basket, so that a
// running session is answered by what it holds and by like ones.
func nextBasket() algorithm {
	fit := func(ctx context.Context, x *recommend.Sequences, s settings, _ Env) (recommend.Model, error) {
		return recommend.FitNextBasket(ctx, x, nil, recommend.NextBasketOptions{
			Neighbors: s.int("neighbors"), Group: s.int("group"), BasketDecay: s.float("basketdecay"), GroupDecay: s.float("groupdecay"), Own: off(s.float("own")),
		})
	}
	return algorithm{name: "nextbasket", session: inOrder(fit), sessionParams: []param{
		logIntegers("neighbors", 300, 50, 1500),
		integers("group", 7, 1, 20),
		uniform("basketdecay", 0.9, 0.3, 1),
		uniform("groupdecay", 0.7, 0.1, 1),
		uniform("own", 0.3, 0, 1),
	}}
}
