package ids

import (
	"crypto/sha256"
	"encoding/binary"
	"reflect"

	"github.com/aislekit/aisle/internal/dict"
)

// Digest is what is kept of an id that is not to be kept: the first 128 bits of a
// SHA-256. Two ids with the same one are not known to exist, and cannot be made.
type Digest [2]uint64

// Compare orders digests by their bytes.
func (d Digest) Compare(other Digest) int {
	for k, x := range d {
		if y := other[k]; x < y {
			return -1
		} else if x > y {
			return 1
		}
	}
	return 0
}

// DigestOf returns the digest of an id, the same in every process; strings, signed
// and unsigned numbers do not meet. Ids of up to 120 bytes cost no allocation. It is
// no secret: whoever can guess an id can test the guess.
func DigestOf[K dict.Key](id K) Digest {
	var memory [128]byte
	b := append(memory[:0], byte(ClassOf[K]().Letter()))
	switch v := reflect.ValueOf(id); {
	case v.Kind() == reflect.String:
		b = append(b, v.String()...)
	case v.CanInt():
		b = binary.LittleEndian.AppendUint64(b, uint64(v.Int()))
	default:
		b = binary.LittleEndian.AppendUint64(b, v.Uint())
	}
	sum := sha256.Sum256(b)
	return Digest{binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:])}
}
