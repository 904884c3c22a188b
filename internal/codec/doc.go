// Package codec frames and checks the binary form of every model and
// accumulator.
//
// A frame is, little-endian:
//
//	offset  size  meaning
//	0       4     magic "AISL"
//	4       2     kind, one number per type, see kinds.go
//	6       2     version of that kind
//	8       8     payload length n
//	16      n     payload
//	16+n    4     CRC-32C of bytes 0 … 16+n
//
// Decoding is bounded: memory grows with bytes received, never with a length
// that the input merely promises, and a failed decode changes nothing.
package codec
