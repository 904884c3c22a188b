package privacy_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile/privacy"
)

// What a pseudonym is, written down a second time.
func TestPseudonymsByHand(t *testing.T) {
	sign := func(key byte, kind, input string) string {
		h := hmac.New(sha256.New, bytes.Repeat([]byte{key}, 32))
		h.Write([]byte("aisle pseudonym 1\x00" + kind + "\x00\x00\x00\x00\x00\x00\x00\x00\x06agency" + input))
		return string(h.Sum(nil))
	}
	want := "key-2." + base64.RawURLEncoding.EncodeToString([]byte(sign(2, "rotate", sign(1, "id", "anna"))))
	if got, err := pseudonyms(t, 2).Of("anna"); got != want || err != nil {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// Rotated pseudonyms are those of the ids under the new keys, over any number of keys.
func TestPseudonymsRotate(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		id := rapid.StringN(1, -1, 40).Draw(r, "id")
		from := rapid.IntRange(1, 4).Draw(r, "from")
		to := rapid.IntRange(from, 5).Draw(r, "to")
		older, newer := pseudonyms(t, from), pseudonyms(t, to)
		old, _ := older.Of(id)
		want, _ := newer.Of(id)
		if got, err := newer.Rotate(old); got != want || err != nil {
			r.Fatalf("%q, %v, want %q", got, err, want)
		}
		for _, p := range []string{old, want} {
			if ok, err := newer.Match(p, id); !ok || err != nil {
				r.Fatalf("%q is not of its id: %v", p, err)
			}
			if ok, err := newer.Match(p, id+"x"); ok || err != nil {
				r.Fatalf("%q is of another id: %v", p, err)
			}
		}
	})
}

func TestPseudonymsApart(t *testing.T) {
	seen := map[string]string{}
	for _, domain := range []string{"a", "b", "ai"} {
		p, err := privacy.NewPseudonyms(domain, keys(1)...)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"1", "2", "i1"} {
			s, _ := p.Of(id)
			if other := seen[s]; other != "" {
				t.Errorf("%s/%s and %s have one pseudonym", domain, id, other)
			}
			seen[s] = domain + "/" + id
		}
	}
}

func TestPseudonymsRefuse(t *testing.T) {
	long := bytes.Repeat([]byte{7}, 32)
	for name, c := range map[string]struct {
		domain string
		keys   []privacy.Key
		want   error
	}{
		"no keys":      {"d", nil, privacy.ErrEmpty},
		"no domain":    {"", keys(1), privacy.ErrOption},
		"short":        {"d", []privacy.Key{{ID: "k", Secret: long[:31]}}, privacy.ErrOption},
		"dot":          {"d", []privacy.Key{{ID: "k.1", Secret: long}}, privacy.ErrOption},
		"no id":        {"d", []privacy.Key{{Secret: long}}, privacy.ErrOption},
		"id twice":     {"d", []privacy.Key{keys(1)[0], {ID: "key-1", Secret: long}}, privacy.ErrDuplicate},
		"secret twice": {"d", []privacy.Key{{ID: "a", Secret: long}, {ID: "b", Secret: long}}, privacy.ErrDuplicate},
	} {
		if p, err := privacy.NewPseudonyms(c.domain, c.keys...); !errors.Is(err, c.want) || p != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := pseudonyms(t, 2)
	good, _ := p.Of("anna")
	for s, want := range map[string]error{
		"": privacy.ErrRange, "anna": privacy.ErrRange, good[:len(good)-1]: privacy.ErrRange, good + "\n": privacy.ErrRange,
		"other" + good[5:]: privacy.ErrUnknownID,
	} {
		if _, err := p.Rotate(s); !errors.Is(err, want) || strings.Contains(err.Error(), "anna") {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := p.Of(""); !errors.Is(err, privacy.ErrEmpty) {
		t.Errorf("empty id: %v", err)
	}
}

// No way of printing shows a secret.
func TestSecretsAreNotPrinted(t *testing.T) {
	k := privacy.Key{ID: "k", Secret: []byte("abcdefghijklmnopqrstuvwxyz012345")}
	p, err := privacy.NewPseudonyms("d", k)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal([]any{k, p}); err != nil || string(b) != `["key k",{}]` {
		t.Errorf("%s, %v", b, err)
	}
	type owner struct {
		P privacy.Pseudonyms
		p privacy.Pseudonyms
		q *privacy.Pseudonyms
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d"} {
		for _, v := range []any{k, &k, p, *p, []privacy.Key{k}, owner{*p, *p, p}, &owner{*p, *p, p}, []any{*p}} {
			s := strings.ToLower(fmt.Sprintf(format, v)) // addresses may stand there, seven letters of the secret may not
			for _, secret := range []string{"abcdefg", "97 98 99", "97, 98, 99", "61626364656667", "61 62 63", "0x61, 0x62, 0x63"} {
				if strings.Contains(s, secret) {
					t.Errorf("%s of %T is %s", format, v, s)
				}
			}
		}
	}
	if s := fmt.Sprint(p, (*privacy.Pseudonyms)(nil)); !strings.HasPrefix(s, "[key k]") {
		t.Errorf("%s", s)
	}
}
