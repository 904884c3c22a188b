package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/recommend"
)

// token is the secret of the one token of the shop; the peer takes it, too.
const token = "load"

// matrix is a file of pairs: by rows, the columns of each ascending. On the disk it is
// little-endian, rows+1 numbers of 64 bits in .indptr.i64 and as many of 32 bits as the
// last of these says in .indices.i32.
type matrix struct {
	first []int64
	items []int32
	width int
}

func readMatrix(path string) (x matrix, err error) {
	if x.first, err = readAll[int64](path + ".indptr.i64"); err == nil {
		x.items, err = readAll[int32](path + ".indices.i32")
	}
	if err == nil && (len(x.first) < 2 || x.first[len(x.first)-1] != int64(len(x.items))) {
		err = fmt.Errorf("%s: the two files do not go together", path)
	}
	for _, i := range x.items {
		x.width = max(x.width, int(i)+1)
	}
	return x, err
}

func readAll[T int32 | int64 | float32](path string) ([]T, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := make([]T, len(raw)/binary.Size(T(0)))
	_, err = binary.Decode(raw, binary.LittleEndian, out)
	return out, err
}

func writeAll(path string, data any) error {
	raw, err := binary.Append(nil, binary.LittleEndian, data)
	if err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o600)
}

func customerID(u int) string { return fmt.Sprint("customer-", u) }
func itemID(i int) string     { return fmt.Sprintf("item-%05d", i) }

// ordered says which pairs are orders: one in ten. The others are looks.
func ordered(pair int64) bool { return pair*2654435761>>8%10 == 0 }

// prepare makes the shop of a matrix, an event for each pair over 180 days, fits its
// models, and writes the vectors for the peer.
func prepare(ctx context.Context, f flags) error {
	x, err := readMatrix(f.matrix)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.state, 0o700); err != nil {
		return err
	}
	keys, err := shop.LoadKeys(filepath.Join(f.state, "key"))
	if err != nil {
		return err
	}
	path := filepath.Join(f.state, "shop.db")
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s is there already", path)
	}
	db, err := store.Open(ctx, path)
	if err != nil {
		return err
	}
	defer db.Close()
	began := spent()
	if err := fill(ctx, path, keys, x); err != nil {
		return err
	}
	size, err := db.Size(ctx)
	if err != nil {
		return err
	}
	log.Printf("%d events of %d customers and %d items stored: %.1f s CPU, %.0f MB", len(x.items), len(x.first)-1, x.width, spent()-began, float64(size)/1e6)
	began = spent()
	opt := shop.Options{Store: db, Keys: keys, Folder: f.state}
	if !f.own {
		opt.Sources = func(ctx context.Context, data *recommend.Dataset[string, string]) ([]recommend.Source, error) {
			als, err := recommend.FitALS(ctx, data.Interactions, recommend.ALSOptions{Factors: f.factors})
			if err != nil {
				return nil, err
			}
			return []recommend.Source{{Name: "als", Model: als}}, export(f.state, keys, x, data, als)
		}
	}
	s, err := shop.Open(ctx, opt)
	if err != nil {
		return err
	}
	defer s.Close()
	log.Printf("fitted and replayed: %.1f s CPU", spent()-began)
	return s.Save()
}

// fill writes token, items and events straight into the tables, in one transaction with
// all pages in memory: by requests it takes many times as long. Events of all customers
// come mixed, as they do.
func fill(ctx context.Context, path string, keys *shop.Keys, x matrix) (err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(OFF)&_pragma=cache_size(-1000000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	into := func(table string, columns int) func(...any) {
		insert, fault := tx.PrepareContext(ctx, "INSERT INTO "+table+" VALUES (?"+strings.Repeat(", ?", columns-1)+")")
		err = errors.Join(err, fault)
		return func(values ...any) {
			if err == nil {
				_, err = insert.ExecContext(ctx, values...)
			}
		}
	}
	users, pairs := len(x.first)-1, int64(len(x.items))
	end := time.Now().Truncate(time.Second)
	digest := sha256.Sum256([]byte(token))
	into("tokens (name, role, digest, made)", 4)(token, "admin", digest[:], end.UnixNano())
	item := into("items (item, title, category, price, cost, stock, on_order, lead_days)", 8)
	for i := range x.width {
		item(itemID(i), fmt.Sprint("Item number ", i), fmt.Sprint("category-", i%50), 1000, 500, 1_000_000_000, 0, 7)
	}
	customer := into("customers (customer, sealed, since)", 3)
	pseudonyms := make([]string, users)
	user := make([]int32, pairs)
	for u := range users {
		pseudonyms[u] = keys.Pseudonym(customerID(u))
		customer(pseudonyms[u], keys.Seal(customerID(u)), end.UnixNano())
		for p := x.first[u]; p < x.first[u+1]; p++ {
			user[p] = int32(u)
		}
	}
	event := into("events (seq, id, customer, item, kind, at, quantity, amount, purchase, session, words)", 11)
	const stride = 1_000_003 // a prime, so that every pair comes once
	if pairs%stride == 0 {
		return errors.New("as many pairs as the stride")
	}
	for n := range pairs {
		p := n * stride % pairs
		at := end.Add(-time.Duration(pairs-n) * (180 * 24 * time.Hour / time.Duration(pairs)))
		kind, amount := "view", 0
		if ordered(p) {
			kind, amount = store.KindOrder, 1000
		}
		event(n+1, fmt.Sprint("pair-", p), pseudonyms[user[p]], itemID(int(x.items[p])), kind, at.UnixNano(), 1, amount, "", "", "")
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, "UPDATE meta SET value = ? WHERE name = 'last'", strconv.FormatInt(pairs, 10))
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}

// export writes the model, its vectors in the order of the matrix, and the orders, which
// both services leave out of lists.
func export(folder string, keys *shop.Keys, x matrix, data *recommend.Dataset[string, string], als *recommend.ALS) error {
	frame, err := als.MarshalBinary()
	if err != nil {
		return err
	}
	users, items := []float32{}, []float32{}
	first, bought := []int64{0}, []int32{}
	for u := range len(x.first) - 1 {
		users = append(users, als.UserVector(int(data.Users.Of(keys.Pseudonym(customerID(u)))))...)
		for p := x.first[u]; p < x.first[u+1]; p++ {
			if ordered(p) {
				bought = append(bought, x.items[p])
			}
		}
		first = append(first, int64(len(bought)))
	}
	for i := range x.width {
		items = append(items, als.ItemVector(int(data.Items.Of(itemID(i))))...)
	}
	return errors.Join(os.WriteFile(filepath.Join(folder, "als.aisle"), frame, 0o600),
		writeAll(filepath.Join(folder, "users.f32"), users), writeAll(filepath.Join(folder, "items.f32"), items),
		writeAll(filepath.Join(folder, "orders.indptr.i64"), first), writeAll(filepath.Join(folder, "orders.indices.i32"), bought))
}

// spent are the CPU seconds of this process.
func spent() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
