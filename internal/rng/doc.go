// Package rng gives reproducible streams of random numbers.
//
// A stream is named by (seed, stage, block). Work that is cut into fixed blocks
// takes one stream per block, so results do not depend on how many goroutines
// ran or in which order. The generator is xoshiro256** (Blackman and Vigna
// 2021) started by SplitMix64; both are written here, so that no toolchain
// update can change a stream. The streams are pinned by a test.
package rng
