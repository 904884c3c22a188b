// Package dataio reads the file layouts in which recommendation data sets are
// published: adjacency lists, triples, sampled negatives, sessions and raw
// matrices. It is for everybody who tries a model on public data; the example programs
// share it.
//
// Two names are enough to start: [NewReader], and its Entries.
//
//	r := dataio.NewReader()
//	train, err := r.Entries("u1.base.gz", dataio.Auto)
//	if err != nil {
//		return err
//	}
//	for x := range train.All() {
//		err = errors.Join(err, builder.Add(x.User, x.Item, 1)) // a recommend.Builder
//	}
//
// # Which reader
//
//	what the file holds                        reader
//	a user and its items, or user item value   Reader.Entries
//	a session of items a line                  Reader.Sessions
//	a user and its items in order              Reader.Histories
//	test items with sampled negatives          Reader.Candidates
//	a matrix in raw arrays                     ReadMatrix
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
