package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Entry is a line of the trail: who did what about whom. The subject is a keyed digest of
// the customer's id, another one than the pseudonym, so that the trail outlives a
// deletion: whoever has the id and the key finds the lines, nobody finds the customer.
type Entry struct {
	Seq     int64
	At      time.Time
	Actor   string // the name of a token
	Act     string // "read", "export", "delete", …
	Subject string
	Link    []byte // a digest of this line and of the one before
}

// link is the digest that chains the line to the one before.
func (e Entry) link(before []byte) []byte {
	h := sha256.New()
	for _, part := range [][]byte{before, binary.BigEndian.AppendUint64(nil, uint64(e.At.UnixNano())), []byte(e.Actor), []byte(e.Act), []byte(e.Subject)} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	return h.Sum(nil)
}

// AddEntry appends a line to the trail. The tables let nobody change or delete one.
func (s *Store) AddEntry(ctx context.Context, e Entry) error {
	return s.Write(ctx, func(tx *sql.Tx) error { return addEntry(ctx, tx, e) })
}

func addEntry(ctx context.Context, tx *sql.Tx, e Entry) error {
	var before []byte
	if err := tx.QueryRowContext(ctx, "SELECT link FROM trail ORDER BY seq DESC LIMIT 1").Scan(&before); err != nil && err != sql.ErrNoRows {
		return fmt.Errorf("store: trail: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO trail (at, actor, act, subject, link) VALUES ($1, $2, $3, $4, $5)", e.At.UnixNano(), e.Actor, e.Act, e.Subject, e.link(before)); err != nil {
		return fmt.Errorf("store: trail: %w", err)
	}
	return nil
}

// ErrBroken says that lines of the trail were changed or taken out.
var ErrBroken = errors.New("the trail is broken")

// Trail are the lines about a subject, or all for "", after a number, at most n. Of all
// lines it checks that each continues the one before: ErrBroken.
func (s *Store) Trail(ctx context.Context, subject string, after int64, n int) ([]Entry, error) {
	found, err := rows(ctx, s.db, func(row scanner) (e Entry, err error) {
		var at int64
		err = row.Scan(&e.Seq, &at, &e.Actor, &e.Act, &e.Subject, &e.Link)
		e.At = time.Unix(0, at).UTC()
		return e, err
	}, "SELECT seq, at, actor, act, subject, link FROM trail WHERE seq > $1 AND ($2 = '' OR subject = $2) ORDER BY seq LIMIT $3", after, subject, n)
	if err != nil || subject != "" || len(found) == 0 {
		return found, err
	}
	var before []byte
	if err := s.db.QueryRowContext(ctx, "SELECT link FROM trail WHERE seq < $1 ORDER BY seq DESC LIMIT 1", found[0].Seq).Scan(&before); err != nil && err != sql.ErrNoRows {
		return nil, fmt.Errorf("store: trail: %w", err)
	}
	for _, e := range found {
		if !bytes.Equal(e.Link, e.link(before)) {
			return found, fmt.Errorf("store: line %d: %w", e.Seq, ErrBroken)
		}
		before = e.Link
	}
	return found, nil
}

// Token is a key to the service, as its digest.
type Token struct {
	Name string
	Role string
	Made time.Time
}

// PutToken stores the token of a name, in the place of the one it had.
func (s *Store) PutToken(ctx context.Context, t Token, secret string) error {
	digest := sha256.Sum256([]byte(secret))
	return s.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO tokens (name, role, digest, made) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET role = excluded.role, digest = excluded.digest, made = excluded.made`, t.Name, t.Role, digest[:], t.Made.UnixNano())
		return err
	})
}

// DropToken takes the token of a name back.
func (s *Store) DropToken(ctx context.Context, name string) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM tokens WHERE name = $1", name)
		return err
	})
}

// Tokens are all tokens, with a function that finds the one of a secret. It compares
// digests, each in full, so that its time tells nothing.
func (s *Store) Tokens(ctx context.Context) (find func(secret string) (Token, bool), all []Token, err error) {
	type row struct {
		Token
		digest []byte
	}
	found, err := rows(ctx, s.db, func(r scanner) (t row, err error) {
		var made int64
		err = r.Scan(&t.Name, &t.Role, &t.digest, &made)
		t.Made = time.Unix(0, made).UTC()
		return t, err
	}, "SELECT name, role, digest, made FROM tokens ORDER BY name")
	if err != nil {
		return nil, nil, err
	}
	for _, t := range found {
		all = append(all, t.Token)
	}
	return func(secret string) (Token, bool) {
		digest, at := sha256.Sum256([]byte(secret)), -1
		for i, t := range found {
			if subtle.ConstantTimeCompare(digest[:], t.digest) == 1 {
				at = i
			}
		}
		if at < 0 {
			return Token{}, false
		}
		return found[at].Token, true
	}, all, nil
}
