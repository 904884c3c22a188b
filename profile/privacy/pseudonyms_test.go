package privacy_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
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
		id     string
		secret []byte
	}{"short": {"k", long[:31]}, "none": {"k", nil}, "dot": {"k.1", long}, "no id": {"", long}, "long id": {strings.Repeat("k", 33), long}} {
		k, err := privacy.NewKey(c.id, c.secret)
		if !errors.Is(err, privacy.ErrOption) || k.ID() != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	key := func(id string, secret []byte) privacy.Key {
		k, err := privacy.NewKey(id, secret)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	for name, c := range map[string]struct {
		domain string
		keys   []privacy.Key
		want   error
	}{
		"no keys":      {"d", nil, privacy.ErrEmpty},
		"no domain":    {"", keys(1), privacy.ErrOption},
		"not made":     {"d", []privacy.Key{keys(1)[0], {}}, privacy.ErrEmpty},
		"id twice":     {"d", []privacy.Key{keys(1)[0], key("key-1", long)}, privacy.ErrDuplicate},
		"secret twice": {"d", []privacy.Key{key("a", long), key("b", slices.Clone(long))}, privacy.ErrDuplicate},
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

// No way of printing shows a secret, wherever the key or the pseudonyms stand, and whoever
// changes the bytes that NewKey was given changes no key.
func TestSecretsAreNotPrinted(t *testing.T) {
	secret := []byte("abcdefghijklmnopqrstuvwxyz012345")
	k, err := privacy.NewKey("k", secret)
	if err != nil {
		t.Fatal(err)
	}
	p, err := privacy.NewPseudonyms("d", k)
	if err != nil {
		t.Fatal(err)
	}
	of, _ := p.Of("anna")
	clear(secret)
	again, err := privacy.NewPseudonyms("d", k)
	if err != nil {
		t.Fatal(err)
	}
	if same, _ := again.Of("anna"); same != of {
		t.Error("the key has changed with the bytes it was made of")
	}
	if b, err := json.Marshal([]any{k, p}); err != nil || string(b) != `["key k",{}]` {
		t.Errorf("%s, %v", b, err)
	}
	type owner struct {
		P privacy.Pseudonyms
		p privacy.Pseudonyms
		q *privacy.Pseudonyms
		K privacy.Key
		k privacy.Key
		l *privacy.Key
		m map[string]privacy.Key
		s []privacy.Key
		a any
		i fmt.Stringer
	}
	o := owner{*p, *p, p, k, k, &k, map[string]privacy.Key{"a": k}, []privacy.Key{k}, k, &k}
	var texts []string
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d"} {
		for _, v := range []any{k, &k, p, *p, []privacy.Key{k}, o, &o, []any{*p}, struct{ o owner }{o}, reflect.ValueOf(k), [1]privacy.Key{k}} {
			texts = append(texts, fmt.Sprintf(format, v))
		}
	}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("start", "key", k, "pointer", &k, "owner", o, "p", p, "list", o.s)
	}
	var stored bytes.Buffer
	if err := gob.NewEncoder(&stored).Encode(k); err == nil {
		t.Error("gob takes a key")
	}
	js, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	xm, err := xml.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	texts = append(texts, log.String(), stored.String(), string(js), string(xm))
	if len(texts) < 100 {
		t.Fatal("texts are missing")
	}
	for _, s := range texts {
		s = strings.ToLower(s) // addresses may stand there, seven letters of the secret may not
		for _, secret := range []string{"abcdefg", "97 98 99", "97, 98, 99", "61626364656667", "61 62 63", "0x61, 0x62, 0x63", "ywjjzgvm"} {
			if strings.Contains(s, secret) {
				t.Errorf("a secret is in %s", s)
			}
		}
	}
	if s := fmt.Sprint(p, (*privacy.Pseudonyms)(nil), k); !strings.HasPrefix(s, "[key k]") || !strings.HasSuffix(s, "key k") {
		t.Errorf("%s", s)
	}
}
