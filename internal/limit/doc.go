// Package limit keeps what must not be exceeded: how often something may happen to
// somebody, and how much may be spent. Package segment/trigger counts messages with it,
// segment/offer spends budgets, predict/ads does both and spreads them over time.
//
//   - Counts remembers when events of a key happened, by group (channels of messages), for as
//     long as the caps look back. Newest tells the event that must leave a window before there
//     is room for another, Full whether there is room at an instant, in whatever order events come; looking and counting are
//     one step behind the lock of the owner. Prune bounds what is remembered of keys that do not come back.
//     Counts writes itself into the frame of the type that owns it.
//   - Budget spends an amount in minor units: Reserve, then Commit or Release, by a key of
//     the caller's, such as an order. What is held and spent never exceeds the amount.
//   - Bucket and PID spread an amount over time: by tokens, or by the share of requests that
//     are taken part in. They belong to one owner, who locks. Late and Clock are for clocks that do not agree.
//
// Counts and Budget are safe for concurrent use. What they hold does not depend on the order of calls for
// different keys, and neither do the bytes of Counts. There is no clock in here: every instant
// is the caller's.
package limit
