package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/examples/backend/internal/dbtest"
	"github.com/aislekit/aisle/examples/backend/shop"
)

// found are the files below the folders that hold one of the words, with which.
func found(t *testing.T, folders []string, words map[string]string) (hits []string, files int) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !d.Type().IsRegular() {
				if os.IsNotExist(err) {
					return nil // a file of a database that goes on
				}
				return err
			}
			raw, err := os.ReadFile(path)
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil {
				return err
			}
			files++
			for what, word := range words {
				if bytes.Contains(raw, []byte(word)) {
					hits = append(hits, what+" in "+path)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return hits, files
}

// pgFolder is where the PostgreSQL of the tests keeps its files; "" where they cannot be
// read, or where it recycles its log.
func pgFolder(t *testing.T, dsn string) string {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var folder, recycle string
	if err := db.QueryRow("SELECT current_setting('data_directory'), current_setting('wal_recycle')").Scan(&folder, &recycle); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadDir(folder); err != nil || recycle != "off" {
		t.Skipf("the files of this PostgreSQL cannot be read, or it recycles its log (wal_recycle = %s): %v", recycle, err)
	}
	return folder
}

// TestForget: after a deletion and the purge no file holds the customer's id, pseudonym or
// words, and lists, counts, experiments and the next model do not know the customer.
func TestForget(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		folder, log := filepath.Join(t.TempDir(), "data"), &lines{}
		folders := []string{folder, filepath.Dir(dsn)}
		if strings.HasPrefix(dsn, "postgres") {
			folders[1] = pgFolder(t, dsn)
		}
		p := begin(t, log, "-dsn", dsn, "-folder", folder, "-refit", "0", "-purge", "0", "-save", "0", "-key", filepath.Join(t.TempDir(), "key"))
		token, err := os.ReadFile(filepath.Join(folder, "admin-token"))
		if err != nil {
			t.Fatal(err)
		}
		c := &client{t: t, token: strings.TrimSpace(string(token))}
		c.addr.Store(p.addr)
		var items []m
		for i := range 8 {
			items = append(items, m{"item": fmt.Sprint("item", i), "title": fmt.Sprint("Thing ", i), "category": "tea", "price": 100, "cost": 50, "stock": 100, "lead_days": 3})
		}
		c.must("PUT", "/v1/items", m{"items": items}, 200)
		c.must("POST", "/v1/experiments", m{"name": "x", "arms": []m{{"name": "a", "weight": 1, "policy": "usual"}, {"name": "b", "weight": 1, "policy": "usual"}}}, 200)
		c.must("PUT", "/v1/ads", m{"ads": []m{{"id": "ad", "advertiser": "acme", "title": "Tea", "bid": 5}}}, 200)
		const id, words = "ottilie.von.schwarzwald@example.com", "my daughter Kunigunde is allergic to chamomile"
		keys, err := shop.LoadKeys(p.cmd.Args[len(p.cmd.Args)-1])
		if err != nil {
			t.Fatal(err)
		}
		secrets := map[string]string{"the id": id, "the pseudonym": keys.Pseudonym(id), "the words": "Kunigunde", "the session": "session-of-ottilie", "the order": "order-of-ottilie"}
		var events []m
		for u := range 40 {
			for j := range 4 {
				e := m{"id": fmt.Sprint("e", u, "-", j), "customer": fmt.Sprint("c", u), "item": fmt.Sprint("item", (u+j)%8), "kind": "order", "quantity": 1, "amount": 100, "at": time.Now().Add(-time.Duration(u+j) * time.Hour)}
				if u == 7 {
					e["customer"], e["session"], e["purchase"] = id, secrets["the session"], secrets["the order"]
				}
				events = append(events, e)
			}
		}
		question := m{"id": "q", "customer": id, "kind": "question", "words": words, "at": time.Now()}
		c.must("POST", "/v1/events", m{"events": append(events, question)}, 200)
		c.must("POST", "/v1/refit", nil, 200) // the model and the saved engine know the customer
		c.must("POST", "/v1/events", m{"events": []m{{"id": "live", "customer": id, "item": "item1", "kind": "view", "at": time.Now()}}}, 200)
		c.must("POST", "/v1/exposures", m{"id": "x", "experiment": "x", "customer": id, "at": time.Now()}, 200)
		c.must("POST", "/v1/ads/page", m{"customer": id}, 200)
		c.must("POST", "/v1/customers/profile", m{"customer": id}, 200)
		if hits, _ := found(t, folders, secrets); len(hits) < 3 {
			t.Fatalf("before the deletion only %q: this test sees nothing", hits)
		}
		began := time.Now()
		c.must("POST", "/v1/customers/delete", m{"customer": id}, 200)
		c.must("POST", "/v1/customers/profile", m{"customer": id}, 404)
		var list struct{ Known bool }
		if err := json.Unmarshal(c.must("POST", "/v1/recommendations", m{"customer": id, "place": "home", "k": 3}, 200), &list); err != nil || list.Known {
			t.Errorf("known after the deletion: %v", err)
		}
		c.must("POST", "/v1/events", m{"events": []m{question}}, 410)
		var result struct{ Customers []int64 }
		if err := json.Unmarshal(c.must("GET", "/v1/experiments/x/result", nil, 200), &result); err != nil || result.Customers[0]+result.Customers[1] != 0 {
			t.Errorf("the experiment counts %v, %v", result.Customers, err)
		}
		var segments struct{ Customers int }
		if err := json.Unmarshal(c.must("GET", "/v1/segments", nil, 200), &segments); err != nil || segments.Customers != 39 {
			t.Errorf("segments count %d customers, want 39, %v", segments.Customers, err)
		}
		c.must("POST", "/v1/purge", nil, 200)
		took := time.Since(began)
		var status struct{ Refit struct{ Users int } }
		if err := json.Unmarshal(c.must("GET", "/v1/status", nil, 200), &status); err != nil || status.Refit.Users != 39 {
			t.Errorf("the model knows %d users, want 39, %v", status.Refit.Users, err)
		}
		hits, files := found(t, folders, secrets)
		for _, h := range hits {
			t.Errorf("after the purge: %s", h)
		}
		for what, word := range secrets {
			if strings.Contains(log.String(), word) {
				t.Errorf("%s is in the log", what)
			}
		}
		t.Logf("deleted and purged in %v, looked through %d files and the log", took, files)
		// Who read and deleted is still told, to whoever has the id.
		var trail struct{ Lines []struct{ Act string } }
		if err := json.Unmarshal(c.must("POST", "/v1/trail", m{"customer": id, "limit": 10}, 200), &trail); err != nil || len(trail.Lines) < 2 {
			t.Errorf("trail: %v, %v", trail, err)
		}
		p.kill(t)
	})
}
