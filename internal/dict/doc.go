// Package dict maps identifiers to dense indices and back.
// Any comparable type is a key; Sort brings ordered keys into an order that does not
// depend on how they came. What ids look like in bytes is package ids.
//
// Dependency: golang.org/x/exp/constraints, for the name of "any integer type" in
// Key, as the public packages have it in ID. BSD licence.
package dict
