// Package shop is one shop with Aisle inside: it takes events, answers what to show, and
// fits and replaces the models behind the answers while it does.
//
// # The recipe
//
//   - Log. An event is committed to the store under its ID before anything else knows of
//     it. One goroutine writes, and takes whatever waits into one transaction, so that the
//     numbers of events follow the order of their commits.
//   - Observe. What was committed is told to the engine in that order, then the sender
//     hears of it. Where a commit failed, or nobody knows whether it did, the log is read
//     from the last number that was told before the next event is.
//   - Refit. The log up to a number becomes a dataset, models are fitted on it beside the
//     traffic, Engine.Swap puts both in place, and what came since stays live.
//   - Snapshot. The number that was told last is read first, then the engine is written
//     beside it, with a rename at the end. What the engine took in meanwhile is told again
//     at a restart and refused by its ID.
//   - Replay. A restart reads the engine, deletes whoever was deleted since, and tells it
//     the log from the number on. Without a file, or with one of another shop or later than
//     the log (a backup was put back), all is made anew from the log.
//
// Customers have pseudonyms: digests of the shop's ids under a key in a file. Only the
// mapping in the store leads back, sealed by the same key, and a deletion takes it away.
package shop
