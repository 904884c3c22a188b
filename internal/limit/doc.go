// Package limit keeps what must not be exceeded: how often something may happen to
// somebody, and how much may be spent.
//
//   - Counts remembers when events of a key happened, by group (channels of messages,
//     offers, ads). Take counts one more unless a Span is full, in one step, so that
//     goroutines together never pass a cap. Sliding makes the span of a window that ends
//     now; the spans of days, weeks and months come from package calendar.
//   - Budget spends an amount in minor units: Reserve, then Commit or Release, by a key of
//     the caller's, such as an order. What is held and spent never exceeds the amount.
//
// Both are safe for concurrent use, merge, and write themselves into the frame of the
// type that owns them. What they hold does not depend on the order of calls for
// different keys, and neither do their bytes. There is no clock in here: every instant is
// the caller's.
package limit
