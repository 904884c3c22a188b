package dict

import (
	"hash/maphash"
	"math/bits"

	"golang.org/x/exp/constraints"
)

// Secrets of this process: nobody can make keys that meet.
var (
	seed   = maphash.MakeSeed()
	first  = maphash.String(seed, "first")
	second = maphash.String(seed, "second")
	factor = maphash.String(seed, "factor") | 1
)

// tagOf returns 32 bits of a hash of key, another one in each process.
func tagOf[K comparable](key K) uint32 {
	switch key := any(key).(type) { // the usual types, as tagsOf
	case string:
		return tagOfString(key)
	case int:
		return tagOfWord(uint64(key))
	case int32:
		return tagOfWord(uint64(key))
	case int64:
		return tagOfWord(uint64(key))
	case uint32:
		return tagOfWord(uint64(key))
	case uint64:
		return tagOfWord(key)
	}
	return uint32(maphash.Comparable(seed, key) >> 32)
}

// tagsOf writes the tags of the first len(dst) keys to dst.
func tagsOf[K comparable](dst []uint32, keys []K) {
	switch usual := any(keys).(type) {
	case []string:
		for k := range dst {
			dst[k] = tagOfString(usual[k])
		}
	case []int:
		tagsOfWords(dst, usual)
	case []int32:
		tagsOfWords(dst, usual)
	case []int64:
		tagsOfWords(dst, usual)
	case []uint32:
		tagsOfWords(dst, usual)
	case []uint64:
		tagsOfWords(dst, usual)
	default:
		for k := range dst {
			dst[k] = tagOf(keys[k])
		}
	}
}

func tagsOfWords[T constraints.Integer](dst []uint32, keys []T) {
	for k := range dst {
		dst[k] = tagOfWord(uint64(keys[k]))
	}
}

func tagOfString(key string) uint32 { return uint32(maphash.String(seed, key) >> 32) }

// tagOfWord hashes an integer by two products of 128 bits, folded, with secrets: inlined,
// it takes a third of what maphash does.
func tagOfWord(x uint64) uint32 {
	hi, lo := bits.Mul64(x^first, factor)
	hi, lo = bits.Mul64(hi^lo^second, factor)
	return uint32((hi ^ lo) >> 32)
}
