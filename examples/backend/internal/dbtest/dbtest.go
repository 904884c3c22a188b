// Package dbtest gives tests an empty database of each kind.
package dbtest

import (
	"database/sql"
	"errors"
	"hash/fnv"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Each runs the test on SQLite, and on PostgreSQL where AISLE_PG_DSN names one, in a
// schema of its own.
func Each(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "shop.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, Schema(t)) })
}

// Schema makes an empty schema and returns the DSN that leads into it. Without AISLE_PG_DSN
// the test is skipped.
func Schema(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("AISLE_PG_DSN")
	if dsn == "" {
		t.Skip("AISLE_PG_DSN names no PostgreSQL")
	}
	h := fnv.New64a()
	h.Write([]byte(t.Name()))
	name := "test_" + strconv.Itoa(os.Getpid()) + "_" + strconv.FormatUint(h.Sum64(), 16)
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
	if _, err := db.Exec("CREATE SCHEMA " + name); err != nil {
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
