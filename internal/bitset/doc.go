// Package bitset is a set of dense indices over kelindar/bitmap, with the
// guards that library leaves to its caller: operands of different length or
// none are allowed, and nothing is ever decoded from untrusted lengths.
//
// Dependency: github.com/kelindar/bitmap, for its vector instructions over words:
// filters of a request and rules over an audience are And, Or and AndNot of millions
// of bits. MIT licence.
package bitset
