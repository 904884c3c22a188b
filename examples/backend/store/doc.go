// Package store keeps what the backend must not lose: the log of events, and what
// was shown, decided and deleted. It speaks to SQLite in a file and to PostgreSQL by
// the same statements; the few words in which the two differ are in dialect.go.
//
// One process serves one shop. A store that is opened takes the shop over (see Open):
// whatever process had it before is told ErrFenced at its next write, so that no
// two of them number events at once and what was read up to a number stays read.
package store
