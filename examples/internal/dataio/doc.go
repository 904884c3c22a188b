// Package dataio reads the file layouts in which recommendation data sets are
// published: adjacency lists, triples, sampled negatives, sessions and raw
// matrices. The example programs share it.
//
// Every text file may be gzipped; that is seen from its first bytes. A line
// that does not fit its layout is a reject: it is counted, the first few are
// kept with their line number, and reading goes on. With Reader.Strict the first
// reject stops reading with a LineError.
//
// Ids may be integers or any other text. Where most ids of a file's first lines
// are integers, anything else in their place is a reject. Indices follow the
// ids: integers ascending, then text ascending, so that the order of lines does
// not matter.
package dataio
