package store

import (
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// dialect is what the two databases call differently. Statements write $1, $2 …,
// which both drivers understand, and BIGINT, TEXT and DOUBLE PRECISION for columns.
type dialect struct {
	name    string
	driver  string
	serial  string   // a key that counts up and is never given twice
	text    string   // text that is compared by its bytes
	bytes   string   // a string of bytes
	purge   []string // makes what was deleted leave the files, in this order
	size    string   // bytes on the disk
	writers int      // connections at most
}

var sqlite = dialect{
	name:   "sqlite",
	driver: "sqlite",
	serial: "INTEGER PRIMARY KEY AUTOINCREMENT",
	text:   "TEXT",
	bytes:  "BLOB",
	// secure_delete writes zeros over what goes, VACUUM writes the file anew without
	// free pages, and the checkpoint cuts the log of writes to nothing.
	purge: []string{"PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"},
	size:  "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
	// Readers do not wait for the writer in WAL mode.
	writers: 8,
}

var postgres = dialect{
	name:    "postgres",
	driver:  "pgx",
	serial:  "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
	text:    `TEXT COLLATE "C"`,
	bytes:   "BYTEA",
	purge:   []string{"VACUUM (FULL, ANALYZE)", "CHECKPOINT"},
	size:    "SELECT pg_database_size(current_database())",
	writers: 16,
}

// connect opens the database of a DSN: postgres://… is PostgreSQL, everything else
// the path of a file for SQLite.
func connect(dsn string) (*sql.DB, dialect, error) {
	d, source := sqlite, dsn
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		d = postgres
	} else {
		// A transaction that writes takes the lock at its beginning: one that began by
		// reading could not wait for it. FULL survives a loss of power, not only a kill.
		q := url.Values{"_txlock": {"immediate"}, "_pragma": {
			"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)", "foreign_keys(1)", "secure_delete(1)",
		}}
		source = (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: dsn}).EscapedPath(), RawQuery: q.Encode()}).String()
	}
	db, err := sql.Open(d.driver, source)
	if err != nil {
		return nil, d, fmt.Errorf("store: %s: %w", d.name, err)
	}
	db.SetMaxOpenConns(d.writers)
	db.SetMaxIdleConns(d.writers)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, d, nil
}

// words puts the dialect's words into the text of a migration.
func (d dialect) words(text string) string {
	return strings.NewReplacer("{serial}", d.serial, "{text}", d.text, "{bytes}", d.bytes).Replace(text)
}
