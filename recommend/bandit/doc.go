// Package bandit gives some places to chance, with known probability, so that what
// is not shown yet can prove itself and what is logged can judge other policies. It
// is for teams whose lists have learnt only about themselves: new items, banners and
// prices that nobody sees.
//
// Three names are enough to start: a [Policy] fills the places of a list from the
// candidates of an [Ask], and says with each [Choice] how probable it was.
//
//	arms, err := bandit.NewClickArms(3)
//	if err != nil {
//		return err
//	}
//	if err := arms.Add(banner, clicked); err != nil { // every answer from the page
//		return err
//	}
//	policy, err := bandit.NewThompson(arms, bandit.ThompsonOptions{}) // every few minutes
//	if err != nil {
//		return err
//	}
//	choices, err := policy.AppendChoices(nil, bandit.Ask{From: []int32{0, 1, 2}, K: 1, Request: id})
//	if err != nil {
//		return err
//	}
//	fmt.Println(choices[0].Item, choices[0].Propensity) // log both
//
// # Which policy
//
//   - [EpsilonGreedy] needs nothing but the order of the candidates: the best, or
//     with probability Epsilon any. Start with it, on top of any model.
//   - [Thompson] learns the click rate of each arm from [ClickArms], and shows an arm
//     as often as it is probable that it is the best. For banners, new items, the
//     place on top: few arms, many showings.
//   - [UCB] learns from the same counts, and shows the arm with the highest upper bound (UCB1):
//     for rewards that come at once, one by one, when every step should be foreseeable.
//   - [LinUCB] and [LinearThompson] learn from [LinearArms] what an arm earns in a
//     context (who, when, where). LinUCB explores by an upper bound and logs exact
//     propensities; LinearThompson explores as Thompson does.
//
// Arms are dense indices: items, banners, prices, whatever is chosen between. An
// Engine of package recommend explores its answers when a request has an Explore
// with a Policy; caps and pins are kept, and propensities know of them. With the log
// the off-policy estimators of package metrics/causal say what another policy would
// have earned.
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
//   - Auer, Cesa-Bianchi, Fischer: Finite-time analysis of the multiarmed bandit
//     problem. Machine Learning 47, 2002.
//   - Chapelle, Li: An empirical evaluation of Thompson sampling. NIPS 2011.
//   - Agrawal, Goyal: Thompson sampling for contextual bandits with linear payoffs.
//     ICML 2013.
package bandit
