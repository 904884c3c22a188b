// Package shop simulates a shop whose truth is known.
//
// [Simulate] returns a [Shop]: users, items, price changes, events, impressions,
// orders, refunds, campaigns, stock, deliveries, tickets and surveys as a real
// shop would log them, together with the [Truth] that made them. Examples and
// tests of the other packages use it to ask whether a method finds what was
// planted; it is no part of the public library.
//
// # How the shop works
//
// A user belongs to one of six segments, which shape age, sex, tastes and the
// answer to campaigns. Tastes are shares over categories (Dirichlet around the
// segment's) and a style vector that prefers some items within a category. After
// the first order, buying trips are the process of BG/NBD (Fader, Hardie and
// Lee 2005): Poisson with a rate of the user's own, Gamma distributed over
// users, and after every repeat trip the user leaves for good with a
// probability of the user's own, Beta distributed. Trips follow the season: the
// rate of user u for category c in week w is
//
//	λ_u · taste_uc · season_cw · weekday
//
// A trip fills a basket; an item of category c is taken in proportion to
//
//	popularity_i · exp(style_u·style_i) · (price_i(t) / base price_i)^elasticity_c
//
// Some product groups are complements: a line of one brings a line of the other.
// Items may be out of stock. Then the line is lost, so that sales are a censored
// view of demand; what was wanted is in the truth. Users browse between trips
// and stop browsing when they leave.
//
// A campaign treats a random half of the customers of that day. In its window a
// treated user makes one extra trip with probability gain_u, and skips each trip
// of the own accord with probability loss_u; the true difference of the
// probability to buy follows exactly and is kept for each user, as are both
// potential outcomes.
//
// After the sale: parcels with carriers of different quality, refunds by
// category, cancellations, ratings of quality plus taste, tickets that follow
// from bad parcels, surveys that follow from both.
//
// Events, orders and the rest are clean. [Shop.RawLines] and [Shop.RawEvents]
// are the same facts as a real log has them: duplicated, incomplete, with wild
// numbers, mixed formats and skewed clocks, each record labelled with what is
// wrong with it. [Shop.ProfileLog] is a log of identifiers in which people share, lend and
// pass on devices and phones, and robots come by, [Shop.ProfileWeights] one of weights in swapped units.
//
// # Reproducibility
//
// All randomness comes from streams named by (seed, stage, user or item), so a
// user's wishes do not depend on how many other users there are. Users meet only
// at the stock. The same Config gives the same records on one architecture.
//
// # Who may change what
//
// Six owners plant beside each other, each a truth that its own packages are to
// find. An owner has one file and its test, a thousand stages, and fields of its
// own at the end of Shop, Truth and Config, all by the owner's name:
//
//	owner      for                           file          stages       names
//	profile    identity, privacy, cleaning   profile.go    1000 … 1999  Profile…, stageProfile…
//	segment    baskets, triggers, offers     segment.go    2000 … 2999  Segment…, stageSegment…
//	learners   trees, forecasts, lifetimes,  learners.go   3000 … 3999  Learners…, stageLearners…
//	           uplift, ads
//	decisions  experiments, attribution,     decisions.go  4000 … 4999  Decisions…, stageDecisions…
//	           drift, choices
//	supply     lots, policies, scorecards    supply.go     5000 … 5999  Supply…, stageSupply…
//	backend    services, pages, reports      backend.go    6000 … 6999  Backend…, stageBackend…
//
// To plant something, without asking anybody:
//
//  1. Name a stage in your range in your file, and list it in digest_test.go.
//  2. Write a method makeX of Shop in your file that reads what it needs, draws from
//     rng.New(seed, stageYourX, user or item) and writes fields of yours only. What
//     belongs to a user, an item or a day is a slice parallel to Users, Items or days,
//     not a field of User or UserTruth: those are everybody's.
//  3. Call it at the end of Simulate: one line.
//  4. Pin the digests of your new fields in testdata/digests.json.
//  5. Ask in your test whether a method finds it, as truth_test.go does.
//
// An effect that shows in records of others (a price war in the orders, a failing
// carrier in the deliveries) is a field of Config that is off at its zero value and
// whose draws come from a stage of yours, so that the default shop stays what it is.
//
// Everybody's consent is needed to change a draw of a stage below 1000 or its order, a
// default of Config, a type in records.go or truth.go, or a line of
// testdata/digests.json that stands: examples, tests and documented figures of all
// six rest on them. TestDigests says whose bytes changed, TestStages that no number
// serves two, and TestOwnStageLeavesOthers that planting is adding.
//
// Dependencies: check for options and sentinels, rng for the streams; nothing else
// of the module, so that any package may use the shop in its tests.
package shop
