// Package check holds the error sentinels that every public package re-exports
// and the few input checks they all need.
//
// One sentinel value serves all packages, so that a caller may test
// errors.Is(err, recommend.ErrOption) or errors.Is(err, metrics.ErrOption) and
// mean the same thing.
//
//   - Options, Positive, NonNegative, Default, OrOff: options structs.
//   - Slice, Len, Matrix, Vectors, Weights, Amount: input.
//   - Merge: the first line of every Merge; Receiver that of other methods.
//   - AddInt64, MulInt64: sums of money and counts. Currency: the codes of money.
//   - FieldError, Private: errors about a customer's record that do not print it.
package check
