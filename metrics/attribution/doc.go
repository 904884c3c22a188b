// Package attribution shares conversions and revenue out over the channels that led
// to them.
//
// It is for whoever must say what mail, search and advertisements each brought, and
// set that against their cost. Most programs need four names: [New] makes [Paths],
// Paths.Add takes the [Touch] list of one user, [Paths.Credit] or [Paths.Markov]
// answers. [Mix] joins the answer with costs.
//
//	paths, err := attribution.New(attribution.Options{})
//	if err != nil {
//		return err
//	}
//	for _, j := range journeys {
//		if err := paths.Add(j.Touches, j.Bought, j.Revenue); err != nil {
//			return err
//		}
//	}
//	credit, err := paths.Credit(attribution.Position)
//	if err != nil {
//		return err
//	}
//	rows, err := attribution.Mix(credit, map[string]int64{"ads": 45_000, "mail": 5_000})
//	if err != nil {
//		return err
//	}
//	return attribution.MixTable(rows).WriteText(os.Stdout)
//
// # Which one when
//
//   - A rule that everybody understands: [Paths.Credit] by [First], [Last],
//     [LastNonDirect], [Linear], [Position] or [TimeDecay].
//   - What would be lost without a channel, repeats and order counted: [Paths.Markov].
//     It needs the paths that did not convert.
//   - A fair share of what sets of channels bring: [Paths.Shapley], exact for
//     [ShapleyConversions], by samples for [ShapleyRate] over more than 20 channels.
//   - Nothing shared out yet: [Paths.Channels] says how often each channel is there.
//   - Paths counted elsewhere: [Paths.AddPath].
//   - Cost against credit: [Mix], [MixTable].
//
// None of them proves a cause: a channel that reaches those who would buy anyway gets
// credit too. A hold-out does (package metrics/experiment).
//
// # Guarantees
//
// Credits sum to the conversions and to the revenue of all paths. Results do not
// depend on the order of arrival; Paths of shards Merge, exactly for counts, up to
// rounding for time decay. Money is int64 in minor units of one currency, overflow
// checked. No conversion to share out is [ErrUndefined]. Paths are not safe for
// concurrent use.
//
// # References
//
// Anderl, Becker, von Wangenheim, Schumann (2016), Mapping the customer journey.
// Shapley (1953), A value for n-person games. Zhao, Mahboobi, Bagheri (2018), Shapley
// value methods for attribution modeling in online advertising.
package attribution
