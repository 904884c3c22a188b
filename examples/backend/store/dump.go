package store

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// tables are dumped in this order; what counts up is called seq.
var tables = []string{"meta", "customers", "items", "events", "faq", "offers", "ads", "ad_views", "experiments", "exposures", "assignments", "deletions", "tokens", "trail"}

// cell is a value of a dump: one of the three.
type cell struct {
	I *int64   `json:"i,omitempty"`
	F *float64 `json:"f,omitempty"`
	T *string  `json:"t,omitempty"`
	B []byte   `json:"b,omitempty"`
}

type dumped struct {
	Table string   `json:"table,omitempty"`
	Names []string `json:"names,omitempty"`
	Row   []cell   `json:"row,omitempty"`
	End   int      `json:"end,omitempty"` // rows in all, so that a cut dump is seen
}

// Dump writes the whole database as it is at one moment, a line of JSON for each row, so
// that Load makes the same of it in an empty database of either kind. Writers do not wait.
func (s *Store) Dump(ctx context.Context, w io.Writer) error {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("store: dump: %w", err)
	}
	defer tx.Rollback()
	out := bufio.NewWriter(w)
	enc, count := json.NewEncoder(out), 0
	for _, table := range tables {
		n, err := dumpTable(ctx, tx, enc, table)
		if err != nil {
			return fmt.Errorf("store: dump of %s: %w", table, err)
		}
		count += n
	}
	if err := enc.Encode(dumped{End: count}); err != nil {
		return err
	}
	return out.Flush()
}

// dumpTable writes the names of the columns and a line for each row.
func dumpTable(ctx context.Context, tx *sql.Tx, enc *json.Encoder, table string) (count int, err error) {
	found, err := tx.QueryContext(ctx, "SELECT * FROM "+table+" ORDER BY 1, 2")
	if err != nil {
		return 0, err
	}
	defer found.Close()
	names, err := found.Columns()
	if err != nil {
		return 0, err
	}
	if err := enc.Encode(dumped{Table: table, Names: names}); err != nil {
		return 0, err
	}
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	for found.Next() {
		if err := found.Scan(into...); err != nil {
			return 0, err
		}
		row := make([]cell, len(values))
		for i, v := range values {
			switch v := v.(type) {
			case int64:
				row[i].I = &v
			case float64:
				row[i].F = &v
			case string:
				row[i].T = &v
			case []byte:
				row[i].B = v
			default:
				return 0, fmt.Errorf("column %s holds a %T", names[i], v)
			}
		}
		if err := enc.Encode(dumped{Row: row}); err != nil {
			return 0, err
		}
		count++
	}
	return count, found.Err()
}

// ErrNotEmpty says that Load was asked to write over a shop.
var ErrNotEmpty = errors.New("the database holds a shop")

// ErrDump says that what was read is no whole dump.
var ErrDump = errors.New("no whole dump")

// Load reads what Dump wrote into a store that is empty, in one transaction: after an
// error nothing has changed. The shop keeps the name it had.
func (s *Store) Load(ctx context.Context, r io.Reader) error {
	if _, n, err := s.Last(ctx); err != nil {
		return err
	} else if n > 0 {
		return fmt.Errorf("store: load: %w", ErrNotEmpty)
	}
	var shop, last string
	err := s.Write(ctx, func(tx *sql.Tx) error {
		dec := json.NewDecoder(bufio.NewReader(r))
		count, insert, into, columns := 0, "", "", 0
		for {
			var line dumped
			if err := dec.Decode(&line); err != nil {
				return fmt.Errorf("store: load: row %d: %w: %v", count, ErrDump, err)
			}
			switch {
			case line.Table != "":
				var err error
				if insert, err = s.inserter(ctx, tx, line); err != nil {
					return err
				}
				into, columns = line.Table, len(line.Names)
			case line.Row != nil && insert != "":
				if len(line.Row) != columns {
					return fmt.Errorf("store: load: row %d of %s: %w", count, into, ErrDump)
				}
				values := make([]any, len(line.Row))
				for i, c := range line.Row {
					switch {
					case c.I != nil:
						values[i] = *c.I
					case c.F != nil:
						values[i] = *c.F
					case c.T != nil:
						values[i] = *c.T
					default:
						values[i] = append([]byte{}, c.B...)
					}
				}
				if count++; into == "meta" {
					if name, value := values[0], values[1]; name == "shop" {
						shop, _ = value.(string)
					} else if name == "last" {
						last, _ = value.(string)
					}
					continue
				}
				if _, err := tx.ExecContext(ctx, insert, values...); err != nil {
					return fmt.Errorf("store: load: row %d of %s: %w", count, into, err)
				}
			case line.End == count && shop != "":
				for _, row := range [][2]string{{"shop", shop}, {"last", last}} {
					if _, err := tx.ExecContext(ctx, "UPDATE meta SET value = $1 WHERE name = $2", row[1], row[0]); err != nil {
						return err
					}
				}
				return s.recount(ctx, tx)
			default:
				return fmt.Errorf("store: load: row %d: %w", count, ErrDump)
			}
		}
	})
	if err == nil {
		s.shop = shop
	}
	return err
}

// inserter is the statement that puts a row of the dump into its table, whose columns
// must be those the table has.
func (s *Store) inserter(ctx context.Context, tx *sql.Tx, line dumped) (string, error) {
	known := false
	for _, t := range tables {
		known = known || t == line.Table
	}
	if !known {
		return "", fmt.Errorf("store: load: table %q: %w", line.Table, ErrDump)
	}
	found, err := tx.QueryContext(ctx, "SELECT * FROM "+line.Table+" WHERE 1 = 0")
	if err != nil {
		return "", err
	}
	defer found.Close()
	names, err := found.Columns()
	if err != nil || strings.Join(names, ",") != strings.Join(line.Names, ",") {
		return "", errors.Join(fmt.Errorf("store: load: columns %q of %s: %w", line.Names, line.Table, ErrDump), err)
	}
	places := make([]string, len(names))
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	return "INSERT INTO " + line.Table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(places, ", ") + ")", nil
}

// recount lets PostgreSQL count on after the numbers that were loaded; SQLite does.
func (s *Store) recount(ctx context.Context, tx *sql.Tx) error {
	if s.d.name != "postgres" {
		return nil
	}
	for _, table := range []string{"events", "ad_views", "exposures", "trail"} {
		if _, err := tx.ExecContext(ctx, "SELECT setval(pg_get_serial_sequence('"+table+"', 'seq'), COALESCE(MAX(seq), 0) + 1, false) FROM "+table); err != nil {
			return fmt.Errorf("store: load: numbers of %s: %w", table, err)
		}
	}
	return nil
}
