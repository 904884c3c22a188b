package api_test

import (
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aislekit/aisle/examples/backend/api"
	"github.com/aislekit/aisle/examples/backend/internal/dbtest"
)

// wire stands between a service and its PostgreSQL, and can be slow or cut.
type wire struct {
	to    string
	cut   atomic.Bool
	delay atomic.Int64
	mu    sync.Mutex
	open  map[net.Conn]bool
}

// newWire listens for a DSN and returns the one that leads through it.
func newWire(t *testing.T, dsn string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{to: u.Host, open: map[net.Conn]bool{}}
	t.Cleanup(func() {
		l.Close()
		w.set(true)
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
	u.Host = l.Addr().String()
	return w, u.String()
}

// carry copies both ways until either side or the wire ends.
func (w *wire) carry(c net.Conn) {
	defer c.Close()
	if w.cut.Load() {
		return
	}
	d, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer d.Close()
	w.mu.Lock()
	w.open[c], w.open[d] = true, true
	w.mu.Unlock()
	pipe := func(to, from net.Conn) {
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			time.Sleep(time.Duration(w.delay.Load()))
			if _, fault := to.Write(buf[:n]); err != nil || fault != nil {
				to.Close()
				return
			}
		}
	}
	go pipe(d, c)
	pipe(c, d)
}

// set cuts the wire, or mends it.
func (w *wire) set(cut bool) {
	w.cut.Store(cut)
	w.mu.Lock()
	defer w.mu.Unlock()
	if cut {
		for c := range w.open {
			c.Close()
		}
		clear(w.open)
	}
}

func view(id int) m {
	return m{"events": []m{{"id": fmt.Sprint("f", id), "customer": "c1", "item": "item0", "kind": "order", "quantity": 1, "amount": 10, "at": now}}}
}

// trouble sends events while the database is away and after it is back: each is refused
// or stored, lists are answered all the while, and in the end each is stored once.
func (s *service) trouble(away func(), back func()) {
	t := s.t
	s.ok("write", "POST", "/v1/events", view(0))
	away()
	for id := 1; id < 3; id++ {
		if w := s.do("write", "POST", "/v1/events", view(id)); w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "store_unavailable") {
			t.Errorf("an event without a database: %d %s", w.Code, w.Body)
		}
	}
	s.ok("read", "POST", "/v1/recommendations", m{"customer": "c1", "place": "home", "k": 3})
	back()
	until := time.Now().Add(30 * time.Second)
	for s.do("", "GET", "/readyz", nil).Code != 200 && time.Now().Before(until) {
		time.Sleep(20 * time.Millisecond)
	}
	for id := range 4 {
		var code int
		for code = 503; code == 503 && time.Now().Before(until); {
			code = s.do("write", "POST", "/v1/events", view(id)).Code
		}
		if code != 200 {
			t.Errorf("event %d after the database came back: %d", id, code)
		}
	}
	if _, n, err := s.store.Last(t.Context()); err != nil || n != 364 {
		t.Errorf("%d events are stored, want 364: %v", n, err)
	}
	if st := s.shop.Status(); st.Told != 364 {
		t.Errorf("%d events were told, want 364", st.Told)
	}
}

func TestDatabaseGone(t *testing.T) {
	w, dsn := newWire(t, dbtest.Schema(t))
	s := newService(t, dsn, api.Options{Timeout: 5 * time.Second})
	s.fill()
	s.trouble(func() { w.set(true) }, func() { w.set(false) })
}

// TestDatabaseSlow: the database answers later than the service waits. What was committed
// meanwhile is told once it answers again.
func TestDatabaseSlow(t *testing.T) {
	w, dsn := newWire(t, dbtest.Schema(t))
	s := newService(t, dsn, api.Options{Timeout: 3 * time.Second})
	s.fill()
	s.trouble(func() { w.delay.Store(int64(2 * time.Second)) }, func() { w.delay.Store(0) })
}

// TestDatabaseLocked is the same of SQLite: another program holds the file.
func TestDatabaseLocked(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "shop.db")
	s := newService(t, dsn, api.Options{Timeout: 5 * time.Second})
	s.fill()
	other, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	exec := func(text string) func() {
		return func() {
			if _, err := other.Exec(text); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.trouble(exec("BEGIN IMMEDIATE"), exec("ROLLBACK"))
}

// TestDiskFull fills a disk of 16 MiB. What is refused is refused whole, what was stored
// stays, and when there is room again it goes on.
func TestDiskFull(t *testing.T) {
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("no tmpfs can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", disk).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	s := newService(t, filepath.Join(disk, "shop.db"), api.Options{Rate: 1e6, Burst: 1e6})
	s.fill()
	ballast, err := os.Create(filepath.Join(disk, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(ballast, io.LimitReader(zeros{}, 14<<20)); err != nil {
		t.Fatal(err)
	}
	stored, full := 0, false
	for id := 0; id < 5000 && !full; id++ {
		event := view(id)
		event["events"].([]m)[0]["words"] = strings.Repeat("x", 2000)
		switch w := s.do("write", "POST", "/v1/events", event); w.Code {
		case 200:
			stored++
		case 503:
			full = true
		default:
			t.Fatalf("on a full disk: %d %s", w.Code, w.Body)
		}
	}
	if !full {
		t.Fatal("the disk never was full")
	}
	s.ok("read", "POST", "/v1/recommendations", m{"customer": "c1", "place": "home", "k": 3})
	if _, n, err := s.store.Last(t.Context()); err != nil || n != int64(360+stored) {
		t.Errorf("%d events on the full disk, %d were acknowledged: %v", n, 360+stored, err)
	}
	if err := ballast.Truncate(0); err != nil {
		t.Fatal(err)
	}
	ballast.Close()
	s.ok("write", "POST", "/v1/events", view(9999))
	if st := s.shop.Status(); st.Told != int64(361+stored) {
		t.Errorf("%d events told, want %d", st.Told, 361+stored)
	}
	var verdict string
	db, err := sql.Open("sqlite", filepath.Join(disk, "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity: %s, %v", verdict, err)
	}
	t.Logf("%d events of 2,000 characters until the disk was full", stored)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestClockJumps: the clock goes back and ahead; what was stored is told again after a
// restart whatever it shows, and a deletion takes what it had dated ahead.
func TestClockJumps(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := newService(t, dsn, api.Options{})
		s.fill()
		send := func(id int, want int) {
			t.Helper()
			e := view(id)
			e["events"].([]m)[0]["at"], e["events"].([]m)[0]["customer"] = s.now, "jumper"
			if w := s.do("write", "POST", "/v1/events", e); w.Code != want {
				t.Errorf("event %d at %v: %d %s, want %d", id, s.now, w.Code, w.Body, want)
			}
		}
		for i, jump := range []time.Duration{0, 240 * time.Hour, -480 * time.Hour, time.Nanosecond, 100 * time.Hour} {
			s.now = s.now.Add(jump)
			send(i, 200)
			s.ok("read", "POST", "/v1/recommendations", m{"customer": "jumper", "place": "home", "k": 3})
			s.ok("admin", "POST", "/v1/refit", nil)
			s.ok("read", "GET", "/v1/stock/plan", nil)
			s.ok("read", "GET", "/v1/kpi", nil)
		}
		if st := s.shop.Status(); st.Told != 365 {
			t.Errorf("%d events told, want 365", st.Told)
		}
		s.now = now.Add(-1000 * time.Hour)
		s.ok("admin", "POST", "/v1/customers/delete", m{"customer": "jumper"})
		send(9, 410) // dated before what was deleted
		s.now = now.Add(241 * time.Hour)
		send(10, 200)
		data := s.ok("admin", "POST", "/v1/customers/data", m{"customer": "jumper"})
		if n := len(data["events"].([]any)); n != 1 {
			t.Errorf("%d events of a customer who came back, want 1", n)
		}
	})
}
