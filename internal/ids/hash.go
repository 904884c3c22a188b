package ids

import (
	"reflect"

	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/rng"
)

// Hash is a number for an id, the same in every process: of a string its hash, of
// an integer itself, sign-extended. Feed it to rng.Hash, which scatters it.
func Hash[K dict.Key](id K) uint64 {
	switch v := reflect.ValueOf(id); {
	case v.Kind() == reflect.String:
		return rng.HashString(v.String())
	case v.CanInt():
		return uint64(v.Int())
	default:
		return v.Uint()
	}
}

// Seeded is a hash of an id that looks random, and another one for each seed.
// Strings and numbers do not meet.
func Seeded[K dict.Key](id K, seed uint64) uint64 {
	if ClassOf[K]() == String {
		return rng.Hash(seed, 0, Hash(id))
	}
	return rng.Hash(seed, 1, Hash(id))
}
