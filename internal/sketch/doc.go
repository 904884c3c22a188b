// Package sketch holds summaries of fixed size that merge: HLL counts distinct
// things, DD keeps quantiles with a bounded relative error, and Scale and Bins are
// the buckets that DD and package survive count by. All depend only on what was
// added, not on its order or on how it was split into shards, and have one encoding
// per content.
//
// The papers: Flajolet, Fusy, Gandouet and Meunier 2007 and Ertl 2017 for HLL;
// Masson, Rim and Lee 2019 for DD.
package sketch
