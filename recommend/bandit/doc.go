// Package bandit gives some places to chance, with known probability, so that what
// is not shown yet can prove itself and what is logged can judge other policies.
//
// A recommender that always shows its best list learns only about that list. A
// Policy fills the places of a list from candidates and says with each Choice how
// probable it was (its propensity). Log both with what came of it: the off-policy
// estimators of package metrics then say what another policy would have earned.
//
// # Which policy
//
//   - EpsilonGreedy needs nothing but the order of the candidates: the best, or with
//     probability Epsilon any. Start with it, on top of any model.
//   - Thompson learns the click rate of each arm from ClickArms, and shows an arm as
//     often as it is probable that it is the best. For banners, new items, the place
//     on top: few arms, many showings.
//   - LinUCB and LinearThompson learn from LinearArms what an arm earns in a context
//     (who, when, where). LinUCB explores by an upper bound and logs exact
//     propensities; LinearThompson explores as Thompson does.
//
// Arms are dense indices: items, banners, prices, whatever is chosen between.
//
// # In short
//
//	arms, err := bandit.NewClickArms(3)
//	arms.Add(banner, clicked)                 // with every answer from the page
//	policy, err := bandit.NewThompson(arms, bandit.ThompsonOptions{}) // every few minutes
//	choices, err := policy.AppendChoices(nil, bandit.Ask{From: []int32{0, 1, 2}, K: 1, Request: id})
//	log(id, choices[0].Item, choices[0].Propensity)
//
// An Engine of package recommend explores its answers when a request has an
// Explore with a Policy; caps and pins are kept, and propensities know of them.
//
// # Guarantees
//
//   - Propensities are those of the choice that was made, given the places before:
//     exact, or, for the Thompson policies, an unbiased estimate above 0 with its
//     standard error. A test counts lists against them.
//   - Equal policies (data, options, seed) and asks give equal choices at any
//     GOMAXPROCS. A request id is to be used once.
//   - Policies are immutable and safe for concurrent use; make a new one when there
//     is new data. ClickArms and LinearArms are accumulators: they merge, and have a
//     versioned, checksummed binary form. They are not safe for concurrent writers.
//   - Data never panics: what is wrong is a wrapped sentinel (errors.go).
//
// # References
//
//   - Thompson: On the likelihood that one unknown probability exceeds another in
//     view of the evidence of two samples. Biometrika 25, 1933.
//   - Li, Chu, Langford, Schapire: A contextual-bandit approach to personalized news
//     article recommendation. WWW 2010.
//   - Chapelle, Li: An empirical evaluation of Thompson sampling. NIPS 2011.
//   - Agrawal, Goyal: Thompson sampling for contextual bandits with linear payoffs.
//     ICML 2013.
package bandit
