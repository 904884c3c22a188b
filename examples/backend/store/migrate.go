package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// Migrations are numbered from 1 by their names and never changed once released.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables up to the newest version, each step with its number in
// one transaction. A database that is newer than the program is left alone.
func migrate(ctx context.Context, db *sql.DB, d dialect) (version int, err error) {
	if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY)"); err != nil {
		return 0, err
	}
	if err := db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM migrations").Scan(&version); err != nil {
		return 0, err
	}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	if version > len(files) {
		return version, fmt.Errorf("the database has version %d, this program knows %d", version, len(files))
	}
	for ; version < len(files); version++ {
		text, err := migrations.ReadFile(files[version])
		if err != nil {
			return version, err
		}
		if err := step(ctx, db, d.words(string(text)), version+1); err != nil {
			return version, fmt.Errorf("%s: %w", files[version], err)
		}
	}
	return version, nil
}

// step runs the statements of one migration, which end with ";\n".
func step(ctx context.Context, db *sql.DB, text string, version int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for s := range strings.SplitSeq(text, ";\n") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%w in: %s", err, s)
		}
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO migrations (version) VALUES ($1)", version); err != nil {
		return err
	}
	return tx.Commit()
}
