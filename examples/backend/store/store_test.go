package store_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aislekit/aisle/examples/backend/store"
)

// each runs the test on SQLite, and on PostgreSQL where AISLE_PG_DSN names one, in a
// schema of its own.
func each(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "shop.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, schema(t)) })
}

// schema makes an empty schema and returns the DSN that leads into it.
func schema(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("AISLE_PG_DSN")
	if dsn == "" {
		t.Skip("AISLE_PG_DSN names no PostgreSQL")
	}
	name := "test_" + strings.ToLower(strings.Map(func(r rune) rune {
		if r == '/' {
			return '_'
		}
		return r
	}, t.Name()))
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + name + " CASCADE")
		if err = errors.Join(err, db.Close()); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Exec("DROP SCHEMA IF EXISTS " + name + " CASCADE; CREATE SCHEMA " + name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

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
	each(t, func(t *testing.T, dsn string) {
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
