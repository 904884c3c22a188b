package shop

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Keys make pseudonyms of the ids of customers, and seal the ids.
type Keys struct {
	root []byte
	seal cipher.AEAD
}

// ErrKey says that a file holds no key.
var ErrKey = errors.New("want 64 hexadecimal digits")

// LoadKeys reads the key file, or makes one that only its owner may read.
func LoadKeys(path string) (*Keys, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		root := make([]byte, 32)
		rand.Read(root)
		text = []byte(hex.EncodeToString(root) + "\n")
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("shop: key: %w", err)
		}
		if _, err = f.Write(text); err == nil {
			err = f.Sync()
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("shop: key: %w", err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("shop: key: %w", err)
	}
	root, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(root) != 32 {
		return nil, fmt.Errorf("shop: key: %s: %w", path, ErrKey)
	}
	return NewKeys(root)
}

// NewKeys takes 32 secret bytes.
func NewKeys(root []byte) (*Keys, error) {
	if len(root) != 32 {
		return nil, fmt.Errorf("shop: %d bytes: %w", len(root), ErrKey)
	}
	k := &Keys{root: root}
	block, err := aes.NewCipher(k.mac("seal", ""))
	if err != nil {
		return nil, err
	}
	k.seal, err = cipher.NewGCM(block)
	return k, err
}

// mac is a digest of the text under the key, another one for each use.
func (k *Keys) mac(use, text string) []byte {
	h := hmac.New(sha256.New, k.root)
	h.Write([]byte(use + "\x00" + text))
	return h.Sum(nil)
}

// Pseudonym is what a customer is called in store, models and snapshots.
func (k *Keys) Pseudonym(id string) string { return hex.EncodeToString(k.mac("customer", id)[:16]) }

// Subject is what a customer is called in the trail and the list of deletions.
func (k *Keys) Subject(id string) string { return hex.EncodeToString(k.mac("subject", id)[:16]) }

// Seal hides an id so that Unseal finds it again.
func (k *Keys) Seal(id string) []byte {
	nonce := make([]byte, k.seal.NonceSize())
	rand.Read(nonce)
	return k.seal.Seal(nonce, nonce, []byte(id), nil)
}

// Unseal is the id that was sealed.
func (k *Keys) Unseal(sealed []byte) (string, error) {
	n := k.seal.NonceSize()
	if len(sealed) < n {
		return "", fmt.Errorf("shop: sealed id: %w", ErrKey)
	}
	id, err := k.seal.Open(nil, sealed[:n], sealed[n:], nil)
	if err != nil {
		return "", fmt.Errorf("shop: sealed id: %w", err)
	}
	return string(id), nil
}
