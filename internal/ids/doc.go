// Package ids gives the caller's ids what every package needs of them: bytes, a
// hash and an order that are the same in every process. Package dict numbers them.
//
//   - Put and Get write and read one id, of any type that Writable accepts.
//   - PutSorted and GetSorted do so with a set of them, in natural order, of any
//     such type; PutAscending and GetAscending with ids that < compares.
//   - ClassOf tells ids of strings, signed and unsigned numbers apart, so that a state of
//     one is not read as another.
//   - Origin is what a state with indices embeds to know over which ids it is.
//   - Order and Permutation bring ids in an order that does not depend on their
//     arrival; Hash and Seeded scatter them.
//
// Bytes and hashes are stored and compared by programs of every later version:
// they never change.
package ids
