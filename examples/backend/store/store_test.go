package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/examples/backend/internal/dbtest"
	"github.com/aislekit/aisle/examples/backend/store"
)

func open(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		nothing := func(*sql.Tx) error { return nil }
		first := open(t, dsn)
		if err := first.Write(t.Context(), nothing); err != nil {
			t.Fatal(err)
		}
		second := open(t, dsn)
		if err := second.Write(t.Context(), nothing); err != nil {
			t.Fatal(err)
		}
		if err := first.Write(t.Context(), nothing); !errors.Is(err, store.ErrFenced) {
			t.Errorf("the first process writes after the second came: %v, want ErrFenced", err)
		}
		if first.Shop() == "" || first.Shop() != second.Shop() {
			t.Errorf("two names of one shop: %q and %q", first.Shop(), second.Shop())
		}
	})
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 123456789, time.UTC)

// some is a shop with a little of everything.
func some(t *testing.T, s *store.Store) {
	t.Helper()
	if err := s.PutItems(t.Context(), []store.Item{{ID: "tea", Title: "Tea's \"best\" <b>; DROP TABLE items; --", Stock: 9, LeadDays: 2.5}, {ID: "mug", Stock: 1}}); err != nil {
		t.Fatal(err)
	}
	var events []store.Event
	var customers []store.Customer
	for i := range 7 {
		events = append(events, store.Event{ID: fmt.Sprint("e", i), Customer: fmt.Sprint("c", i%3), Item: "tea", Kind: store.KindOrder, At: noon.Add(time.Duration(i)), Quantity: 1, Amount: 250, Words: "o'clock \\ 茶"})
		customers = append(customers, store.Customer{Pseudonym: fmt.Sprint("c", i%3), Sealed: []byte{0, 1, 255}, Subject: fmt.Sprint("s", i%3), Since: noon})
	}
	fates, err := s.AddEvents(t.Context(), events, customers)
	if err != nil || fmt.Sprint(fates) != "[stored stored stored stored stored stored stored]" {
		t.Fatal(fates, err)
	}
	if _, err := s.PutExperiment(t.Context(), store.Experiment{Name: "x", Arms: []store.Arm{{Name: "a", Weight: 1}}, Began: noon}); err != nil {
		t.Fatal(err)
	}
	if fate, err := s.AddExposure(t.Context(), store.Exposure{ID: "p", Experiment: "x", Customer: "c1", Arm: "a", At: noon}, customers[1]); err != nil || fate != store.Stored {
		t.Fatal(fate, err)
	}
	for _, act := range []string{"read", "export", "delete"} {
		if err := s.AddEntry(t.Context(), store.Entry{At: noon, Actor: "ann", Act: act, Subject: "s1"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.PutToken(t.Context(), store.Token{Name: "ann", Role: "admin", Made: noon}, "open sesame"); err != nil {
		t.Fatal(err)
	}
}

func dump(t *testing.T, s *store.Store) string {
	t.Helper()
	var out bytes.Buffer
	if err := s.Dump(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.Lines(out.String()) {
		if !strings.Contains(line, `"t":"owner"`) { // another process
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// TestDump: what one database dumps the other loads, and dumps the same.
func TestDump(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		some(t, s)
		var raw bytes.Buffer
		if err := s.Dump(t.Context(), &raw); err != nil {
			t.Fatal(err)
		}
		if err := s.Load(t.Context(), bytes.NewReader(raw.Bytes())); !errors.Is(err, store.ErrNotEmpty) {
			t.Errorf("load over a shop: %v, want ErrNotEmpty", err)
		}
		dbtest.Each(t, func(t *testing.T, elsewhere string) {
			other := open(t, elsewhere)
			before := dump(t, other)
			for _, cut := range []int{0, 1, raw.Len() / 2, raw.Len() - 12} {
				if err := other.Load(t.Context(), bytes.NewReader(raw.Bytes()[:cut])); !errors.Is(err, store.ErrDump) {
					t.Errorf("load of %d bytes: %v, want ErrDump", cut, err)
				}
			}
			if after := dump(t, other); after != before {
				t.Errorf("a load that failed left\n%s", after)
			}
			if err := other.Load(t.Context(), bytes.NewReader(raw.Bytes())); err != nil {
				t.Fatal(err)
			}
			if got, want := dump(t, other), dump(t, s); got != want {
				t.Errorf("dumped again:\n%s\nwant\n%s", got, want)
			}
			if other.Shop() != s.Shop() {
				t.Error("the shop has another name")
			}
			// Numbers go on, and the trail does.
			events := []store.Event{{ID: "next", Customer: "c9", Item: "tea", Kind: "view", At: noon, Quantity: 1}}
			if fates, err := other.AddEvents(t.Context(), events, []store.Customer{{Pseudonym: "c9", Sealed: []byte{1}, Subject: "s9", Since: noon}}); err != nil || fates[0] != store.Stored || events[0].Seq <= 7 {
				t.Errorf("next event: %v %v, number %d", fates, err, events[0].Seq)
			}
			if err := other.AddEntry(t.Context(), store.Entry{At: noon, Actor: "bob", Act: "read"}); err != nil {
				t.Fatal(err)
			}
			if lines, err := other.Trail(t.Context(), "", 0, 100); err != nil || len(lines) != 4 {
				t.Errorf("trail: %d lines, %v", len(lines), err)
			}
		})
	})
}

func TestTrail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		some(t, s)
		for _, text := range []string{"UPDATE trail SET actor = 'bob'", "DELETE FROM trail"} {
			if err := s.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(text); return err }); err == nil {
				t.Errorf("%s: no error", text)
			}
		}
		if lines, err := s.Trail(t.Context(), "s1", 0, 10); err != nil || len(lines) != 3 || lines[2].Act != "delete" || !lines[0].At.Equal(noon) {
			t.Errorf("trail of s1: %+v, %v", lines, err)
		}
		if lines, err := s.Trail(t.Context(), "", 1, 10); err != nil || len(lines) != 2 {
			t.Errorf("trail after 1: %+v, %v", lines, err)
		}
		// Whoever takes the guard away is seen by the chain.
		guards := []string{"DROP TRIGGER trail_change", "DROP TRIGGER trail_delete"}
		if s.Dialect() == "postgres" {
			guards = []string{"DROP TRIGGER trail_change ON trail"}
		}
		if err := s.Write(t.Context(), func(tx *sql.Tx) error {
			for _, text := range append(guards, "DELETE FROM trail WHERE act = 'export'") {
				if _, err := tx.Exec(text); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Trail(t.Context(), "", 0, 10); !errors.Is(err, store.ErrBroken) {
			t.Errorf("trail without a line: %v, want ErrBroken", err)
		}
	})
}

func TestDelete(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		some(t, s)
		c := store.Customer{Pseudonym: "c1", Subject: "s1", Sealed: []byte{7}, Since: noon}
		n, err := s.Delete(t.Context(), c, noon.Add(time.Hour), store.Entry{At: noon, Actor: "ann", Act: "delete", Subject: "s1"})
		if err != nil || n != 2 {
			t.Fatalf("deleted %d events, %v", n, err)
		}
		if seq, count, err := s.Last(t.Context()); seq != 7 || count != 5 || err != nil {
			t.Errorf("last %d, %d events, %v", seq, count, err)
		}
		if x, err := s.CustomerExposures(t.Context(), "c1"); len(x) != 0 || err != nil {
			t.Errorf("exposures: %v, %v", x, err)
		}
		events := []store.Event{
			{ID: "late", Customer: "c1", Item: "tea", Kind: "view", At: noon.Add(time.Hour), Quantity: 1},
			{ID: "back", Customer: "c1", Item: "tea", Kind: "view", At: noon.Add(time.Hour + 1), Quantity: 1},
		}
		fates, err := s.AddEvents(t.Context(), events, []store.Customer{c, c})
		if err != nil || fates[0] != store.Deleted || fates[1] != store.Stored {
			t.Errorf("after the deletion: %v, %v", fates, err)
		}
		pending, err := s.Pending(t.Context())
		if err != nil || len(pending) != 1 || pending[0].Pseudonym != "c1" {
			t.Fatalf("pending: %v, %v", pending, err)
		}
		if err := s.Purge(t.Context(), pending); err != nil {
			t.Fatal(err)
		}
		if pending, err = s.Pending(t.Context()); err != nil || len(pending) != 0 {
			t.Errorf("pending after the purge: %v, %v", pending, err)
		}
	})
}

func TestTokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		some(t, s)
		find, all, err := s.Tokens(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		if x, ok := find("open sesame"); !ok || x.Name != "ann" || x.Role != "admin" {
			t.Errorf("found %+v, %v", x, ok)
		}
		if _, ok := find("open sesam"); ok {
			t.Error("a wrong token is taken")
		}
		if strings.Contains(dump(t, s), "sesame") {
			t.Error("the token stands in the database")
		}
	})
}

// TestNewer: a database of a newer program is left alone.
func TestNewer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		if err := s.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec("INSERT INTO migrations (version) VALUES (999)")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if again, err := store.Open(t.Context(), dsn); err == nil {
			again.Close()
			t.Error("opened a database of version 999")
		}
	})
}

func TestOpenBad(t *testing.T) {
	for _, dsn := range []string{filepath.Join(t.TempDir(), "no", "such", "folder.db"), "postgres://nobody@127.0.0.1:1/none?connect_timeout=1", "postgres://%zz"} {
		if s, err := store.Open(t.Context(), dsn); err == nil {
			s.Close()
			t.Errorf("%s: opened", dsn)
		}
	}
}
