package federated

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/fixed"
)

// Masks hide the numbers of one party in the sum of all: to each word a stream is added for every other party that both derive from a secret of
// theirs, with opposite signs, so that all streams vanish from the sum. What a party sends is uniform on its own, and so are those of any set of
// parties but all. A Masks is immutable and safe for concurrent use.
//
// The parties see each other's secrets in pairs only: agree on them by X25519 (crypto/ecdh) over public keys, or hand them out. Who adds up must
// not know them, and must not be in league with all parties but one. A round number is used once for each secret: two words
// masked by the same stream tell their difference.
type Masks struct {
	me    string
	names []string // of the others, ascending
	keys  [][32]byte
}

// leastSecret is the least number of bytes of a secret.
const leastSecret = 16

// NewMasks returns the masks of the party me, with a secret of at least 16 bytes for each other party, the same on both sides: the shared
// secret of X25519, for one. Errors: ErrEmpty for no name or no others, ErrDuplicate for me among the others, ErrOption for a secret that is too short.
func NewMasks(me string, secrets map[string][]byte) (*Masks, error) {
	const where = "federated: NewMasks"
	if me == "" || len(secrets) == 0 {
		return nil, fmt.Errorf("%s: no name, or no other party: %w", where, ErrEmpty)
	}
	m := &Masks{me: me}
	for name := range secrets {
		m.names = append(m.names, name)
	}
	slices.Sort(m.names)
	for _, name := range m.names {
		switch secret := secrets[name]; {
		case name == "":
			return nil, fmt.Errorf("%s: a party without a name: %w", where, ErrEmpty)
		case name == me:
			return nil, fmt.Errorf("%s: the party itself is among the others: %w", where, ErrDuplicate)
		case len(secret) < leastSecret:
			return nil, fmt.Errorf("%s: a secret of %d bytes, want at least %d: %w", where, len(secret), leastSecret, ErrOption)
		default:
			low, high := min(me, name), max(me, name)
			h := sha256.New()
			h.Write([]byte("aisle federated mask 1\n"))
			var size [8]byte
			for _, part := range []string{low, high, string(secret)} {
				binary.LittleEndian.PutUint64(size[:], uint64(len(part)))
				h.Write(size[:])
				h.Write([]byte(part))
			}
			m.keys = append(m.keys, [32]byte(h.Sum(nil)))
		}
	}
	return m, nil
}

// Hide appends the words, two a number as Round.Words and Bayes.Words have them, with the masks of all other parties in the round. Errors: ErrShape for
// an odd number of words, ErrEmpty for a zero Masks.
func (m *Masks) Hide(dst, words []uint64, round uint64) ([]uint64, error) {
	const where = "federated: Masks.Hide"
	if m == nil || len(m.names) == 0 {
		return dst, fmt.Errorf("%s: no other party: %w", where, ErrEmpty)
	}
	if len(words)%2 != 0 {
		return dst, fmt.Errorf("%s: %d words, want two a number: %w", where, len(words), ErrShape)
	}
	at := len(dst)
	dst = append(dst, words...)
	for k := range m.names {
		m.pair(dst[at:], k, round)
	}
	return dst, nil
}

// Pair appends the mask that m has added for another party to n words in the round. Where a party has not sent its words, SumWords of those of
// all others and of their Pair with it, each negated by Negate, is the sum of the others. The one that adds up must ask for it only
// if nothing of the missing party came and nothing will be taken: with the pairs of all others its words are no longer hidden. Errors: ErrMismatch for a party that is none of the others, ErrShape for an odd or negative number and one above 2²⁸,
// ErrEmpty for a zero Masks.
func (m *Masks) Pair(dst []uint64, other string, n int, round uint64) ([]uint64, error) {
	const where = "federated: Masks.Pair"
	if m == nil || len(m.names) == 0 {
		return dst, fmt.Errorf("%s: no other party: %w", where, ErrEmpty)
	}
	k, ok := slices.BinarySearch(m.names, other)
	if !ok {
		return dst, fmt.Errorf("%s: no such party: %w", where, ErrMismatch)
	}
	if n < 0 || n%2 != 0 || n > 1<<28 {
		return dst, fmt.Errorf("%s: %d words, want two a number: %w", where, n, ErrShape)
	}
	at := len(dst)
	dst = append(dst, make([]uint64, n)...)
	m.pair(dst[at:], k, round)
	return dst, nil
}

// pair adds the mask of the k-th other party to words: that of AES-256 in counter mode, the key hashed from the secret and the round first.
func (m *Masks) pair(words []uint64, k int, round uint64) {
	key := sha256.Sum256(binary.LittleEndian.AppendUint64(slices.Clone(m.keys[k][:]), round))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return // a key of 32 bytes is one
	}
	stream := cipher.NewCTR(block, make([]byte, aes.BlockSize))
	var buf [16]byte
	for i := 0; i < len(words); i += 2 {
		clear(buf[:])
		stream.XORKeyStream(buf[:], buf[:])
		mask := fixed.Sum{High: binary.LittleEndian.Uint64(buf[8:]), Low: binary.LittleEndian.Uint64(buf[:8])}
		if strings.Compare(m.me, m.names[k]) > 0 {
			mask = mask.Negated()
		}
		add(words[i:i+2], mask)
	}
}

// add adds f to a number of two words, modulo 2¹²⁸.
func add(words []uint64, f fixed.Sum) {
	low, carry := bits.Add64(words[0], f.Low, 0)
	high, _ := bits.Add64(words[1], f.High, carry)
	words[0], words[1] = low, high
}

// SumWords appends the sums of the numbers of all parties, of two words each, modulo 2¹²⁸: masks that all parties have added vanish. The order of
// parties does not matter. Errors: ErrEmpty for no parties, ErrShape for lengths that differ or are odd.
func SumWords(dst []uint64, parties ...[]uint64) ([]uint64, error) {
	const where = "federated: SumWords"
	if len(parties) == 0 {
		return dst, fmt.Errorf("%s: no parties: %w", where, ErrEmpty)
	}
	for k, p := range parties {
		if err := check.Len("words", len(p), len(parties[0])); err != nil {
			return dst, fmt.Errorf("%s: parties[%d]: %w", where, k, err)
		}
	}
	if len(parties[0])%2 != 0 {
		return dst, fmt.Errorf("%s: %d words, want two a number: %w", where, len(parties[0]), ErrShape)
	}
	at := len(dst)
	dst = append(dst, parties[0]...)
	for _, p := range parties[1:] {
		for i := 0; i < len(p); i += 2 {
			add(dst[at+i:at+i+2], fixed.Sum{High: p[i+1], Low: p[i]})
		}
	}
	return dst, nil
}

// Negate turns the sign of each number of words, two each, in place: of a Pair that is to be taken from a sum. An odd last word stays.
func Negate(words []uint64) {
	for i := 0; i+1 < len(words); i += 2 {
		f := fixed.Sum{High: words[i+1], Low: words[i]}.Negated()
		words[i], words[i+1] = f.Low, f.High
	}
}
