package privacy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/aislekit/aisle/internal/check"
)

// minSecret is the least length of a secret: as long as the hash, so that guessing the
// key is no easier than guessing the pseudonym.
const minSecret = 32

// Key is a secret for pseudonyms with its name. Its text holds the name only. Not even package
// fmt, which calls no method in an unexported field of a caller's struct, can print the secret: it is in
// a closure alone, of which there is an address of code to be seen. Make it with NewKey; immutable and safe for
// concurrent use.
type Key struct {
	id  string
	mac func() hash.Hash
}

// NewKey returns a key. id, 1 to 32 letters, digits, - or _, stands in every pseudonym; secret is at
// least 32 random bytes, which are copied. Others are ErrOption; no error tells a secret.
func NewKey(id string, secret []byte) (Key, error) {
	var c check.Options
	c.Require(keyID(id), "id", fmt.Sprintf("%d bytes", len(id)), "1 to 32 letters, digits, - or _")
	c.Require(len(secret) >= minSecret, "secret", fmt.Sprintf("%d bytes", len(secret)), "at least 32")
	if err := c.Err("privacy: NewKey"); err != nil {
		return Key{}, err
	}
	secret = slices.Clone(secret)
	return Key{strings.Clone(id), func() hash.Hash { return hmac.New(sha256.New, secret) }}, nil
}

// ID returns the name.
func (k Key) ID() string { return k.id }

// String returns the ID alone.
func (k Key) String() string { return "key " + k.id }

// Format writes the ID alone, for every verb of package fmt.
func (k Key) Format(f fmt.State, _ rune) {
	if f != nil {
		_, _ = f.Write([]byte(k.String()))
	}
}

// MarshalText returns the ID alone, so that no JSON and no log holds the secret.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// mark tells secrets apart without showing them.
func (k Key) mark() []byte {
	h := k.mac()
	h.Write([]byte("aisle pseudonym 1\x00mark\x00"))
	return h.Sum(nil)
}

// Pseudonyms gives ids that only those who have the keys can give. A pseudonym is the
// ID of the newest key, a dot and HMAC-SHA-256 in base64url. The first key signs the id, each
// later key what the one before it gave, so that a rotation takes old pseudonyms to
// new ones without the ids: Rotate. Whoever has the keys can test a guess, so pseudonyms
// are still personal data: keep the keys apart from the data. There is no binary form, as
// secrets do not belong into one. Immutable and safe for concurrent use. Make it with NewPseudonyms.
type Pseudonyms struct {
	domain string
	keys   []Key
}

// NewPseudonyms returns pseudonyms of a domain ("customers for the agency"), by keys from
// the oldest to the newest; the same id in two domains cannot be matched. To rotate, add a key
// at the end. No domain is ErrOption, no keys, or one that NewKey did not make, ErrEmpty, two keys of
// one ID or secret ErrDuplicate. No error tells a secret.
func NewPseudonyms(domain string, keys ...Key) (*Pseudonyms, error) {
	const where = "privacy: NewPseudonyms"
	var c check.Options
	c.Require(domain != "", "domain", `""`, "a name")
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: keys: %w", where, ErrEmpty)
	}
	for i, k := range keys {
		if k.mac == nil {
			return nil, fmt.Errorf("%s: key %d is not made by NewKey: %w", where, i, ErrEmpty)
		}
		for j, o := range keys[:i] {
			if o.id == k.id || hmac.Equal(o.mark(), k.mark()) {
				return nil, fmt.Errorf("%s: keys %d and %d: %w", where, j, i, ErrDuplicate)
			}
		}
	}
	if err := c.Err(where); err != nil {
		return nil, err
	}
	return &Pseudonyms{domain: strings.Clone(domain), keys: slices.Clone(keys)}, nil
}

func keyID(s string) bool {
	return len(s) >= 1 && len(s) <= 32 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	})
}

// sign is the HMAC of generation g. Purpose, domain and kind of input go before the
// input with their lengths, so that no two uses of a key sign the same bytes.
func (p *Pseudonyms) sign(g int, input []byte) []byte {
	h := p.keys[g].mac()
	head := []byte("aisle pseudonym 1\x00id\x00")
	if g > 0 {
		head = []byte("aisle pseudonym 1\x00rotate\x00")
	}
	head = binary.BigEndian.AppendUint64(head, uint64(len(p.domain)))
	h.Write(append(head, p.domain...))
	h.Write(input)
	return h.Sum(nil)
}

// carry takes what generation g gave to the newest and writes it.
func (p *Pseudonyms) carry(g int, mac []byte) string {
	for g++; g < len(p.keys); g++ {
		mac = p.sign(g, mac)
	}
	return p.keys[len(p.keys)-1].id + "." + base64.RawURLEncoding.EncodeToString(mac)
}

// Of returns the pseudonym of id. An empty id is ErrEmpty: all without an id would
// become one customer. One HMAC a key.
func (p *Pseudonyms) Of(id string) (string, error) {
	if p == nil || len(p.keys) == 0 {
		return "", fmt.Errorf("privacy: Pseudonyms.Of: not made by NewPseudonyms: %w", ErrEmpty)
	}
	if id == "" {
		return "", fmt.Errorf("privacy: Pseudonyms.Of: id: %w", ErrEmpty)
	}
	return p.carry(0, p.sign(0, []byte(id))), nil
}

// parse returns the generation and the code of a pseudonym.
func (p *Pseudonyms) parse(method, pseudonym string) (int, []byte, error) {
	if p == nil || len(p.keys) == 0 {
		return 0, nil, fmt.Errorf("privacy: Pseudonyms.%s: not made by NewPseudonyms: %w", method, ErrEmpty)
	}
	id, code, _ := strings.Cut(pseudonym, ".")
	mac, err := base64.RawURLEncoding.Strict().DecodeString(code)
	if err != nil || len(mac) != sha256.Size || strings.ContainsAny(code, "\r\n") {
		return 0, nil, fmt.Errorf("privacy: Pseudonyms.%s: no pseudonym: %w", method, ErrRange)
	}
	g := slices.IndexFunc(p.keys, func(k Key) bool { return k.id == id })
	if g < 0 {
		return 0, nil, fmt.Errorf("privacy: Pseudonyms.%s: key of the pseudonym: %w", method, ErrUnknownID)
	}
	return g, mac, nil
}

// Rotate returns what an older pseudonym is under the newest key, without the id it stands
// for: equal to Of of that id. One of the newest key stays as it is. What is no
// pseudonym is ErrRange, one of a key that is not there ErrUnknownID. That the older one was
// signed by its key cannot be seen without the id: see Match.
func (p *Pseudonyms) Rotate(pseudonym string) (string, error) {
	g, mac, err := p.parse("Rotate", pseudonym)
	if err != nil {
		return "", err
	}
	return p.carry(g, mac), nil
}

// Match reports whether pseudonym, of any of the keys, is that of id, in a time that does
// not depend on where they differ. Errors are those of Rotate, and ErrEmpty for no id.
func (p *Pseudonyms) Match(pseudonym, id string) (bool, error) {
	g, mac, err := p.parse("Match", pseudonym)
	if err != nil {
		return false, err
	}
	if id == "" {
		return false, fmt.Errorf("privacy: Pseudonyms.Match: id: %w", ErrEmpty)
	}
	want := p.sign(0, []byte(id))
	for i := 1; i <= g; i++ {
		want = p.sign(i, want)
	}
	return hmac.Equal(mac, want), nil
}

// Format writes the IDs of the keys and no secret, for every verb of package fmt.
func (p *Pseudonyms) Format(f fmt.State, _ rune) {
	if p != nil && f != nil {
		fmt.Fprint(f, p.keys)
	}
}
