package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aislekit/aisle/examples/backend/internal/dbtest"
	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
)

// TestMain lets the test be the service: a process that is started with the variable runs
// main, with the race detector in it where the test has it.
func TestMain(m *testing.M) {
	if os.Getenv("AISLE_BACKEND_SERVE") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is the service in a process of its own.
type process struct {
	cmd  *exec.Cmd
	addr string
	log  *lines
}

// lines keeps what a process writes, and hands it on line by line.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// begin starts the service and waits until it is ready.
func begin(t *testing.T, log *lines, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], append([]string{"-addr", "127.0.0.1:0"}, args...)...), log: log}
	p.cmd.Env = append(os.Environ(), "AISLE_BACKEND_SERVE=1")
	out, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr := make(chan string, 1)
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			log.mu.Lock()
			log.text.Write(append(s.Bytes(), '\n'))
			log.mu.Unlock()
			var line struct{ Msg, Address string }
			if json.Unmarshal(s.Bytes(), &line) == nil && line.Msg == "listening" {
				addr <- line.Address
			}
		}
		close(addr)
	}()
	select {
	case a, ok := <-addr:
		if !ok {
			t.Fatalf("the service ended at once:\n%s", log)
		}
		p.addr = a
	case <-time.After(time.Minute):
		t.Fatal("the service does not listen")
	}
	return p
}

// kill sends SIGKILL and holds the process to have died of it.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err == nil || !strings.Contains(p.cmd.ProcessState.String(), "killed") {
		t.Fatalf("the process was not killed: %v, %s", err, p.cmd.ProcessState)
	}
}

// client sends requests to whatever process there is, again and again until it is answered.
type client struct {
	t     *testing.T
	token string
	addr  atomic.Value
	tries atomic.Int64
}

// try sends once. Status 0 is no answer.
func (c *client) try(method, path string, body any) (int, []byte) {
	raw, err := json.Marshal(body)
	if err != nil {
		c.t.Error(err)
		return 0, nil
	}
	req, err := http.NewRequest(method, "http://"+c.addr.Load().(string)+path, bytes.NewReader(raw))
	if err != nil {
		c.t.Error(err)
		return 0, nil
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	c.tries.Add(1)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil
	}
	return resp.StatusCode, text
}

// must tries until there is an answer other than "try again", which must be the one wanted.
func (c *client) must(method, path string, body any, want int) []byte {
	for range 3000 {
		code, text := c.try(method, path, body)
		if code == 0 || code == 503 {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if code != want {
			c.t.Errorf("%s %s %v: %d %s", method, path, body, code, text)
		}
		return text
	}
	c.t.Errorf("%s %s: no answer", method, path)
	return nil
}

type m = map[string]any

// deed is an acknowledged event.
type deed struct {
	customer, item, kind string
	quantity             int64
}

// diary is what clients were told is stored.
type diary struct {
	mu        sync.Mutex
	events    map[string]deed
	exposures map[string]string // customer by id
	deleted   map[string]bool
	sold      map[string]int64
}

const (
	killItems, killCustomers = 120, 30
	killStock                = 1_000_000
)

// write sends events, some of them twice, until stop is closed.
func (d *diary) write(c *client, name string, seed uint64, stop chan struct{}) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		var batch []m
		for k := range 1 + rng.IntN(4) {
			batch = append(batch, m{
				"id": fmt.Sprint(name, "-", n, "-", k), "customer": fmt.Sprint("c", rng.IntN(killCustomers)), "item": fmt.Sprint("item", rng.IntN(killItems)),
				"kind": []string{"view", "cart", "order", "view", "dislike"}[rng.IntN(5)], "quantity": 1 + rng.IntN(3), "amount": 100,
				"at": time.Now().Add(-time.Duration(rng.IntN(100000)) * time.Second).UTC(),
			})
		}
		for range 1 + rng.IntN(2) {
			c.must("POST", "/v1/events", m{"events": batch}, 200)
		}
		d.mu.Lock()
		for _, e := range batch {
			x := deed{e["customer"].(string), e["item"].(string), e["kind"].(string), int64(e["quantity"].(int))}
			d.events[e["id"].(string)] = x
			if x.kind == "order" {
				d.sold[x.item] += x.quantity
			}
		}
		d.mu.Unlock()
	}
}

// expose sends exposures, each twice, and deletes customers who have just done something.
func (d *diary) expose(c *client, stop chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		id, customer, seen := fmt.Sprint("x", n), fmt.Sprint("c", n%killCustomers), time.Now().UTC()
		for range 2 {
			c.must("POST", "/v1/exposures", m{"id": id, "experiment": "x", "customer": customer, "at": seen}, 200)
		}
		gone := fmt.Sprint("gone", n)
		at := time.Now().UTC()
		event := m{"events": []m{{"id": gone, "customer": gone, "item": "item0", "kind": "order", "quantity": 2, "amount": 5, "at": at}}}
		c.must("POST", "/v1/events", event, 200)
		c.must("POST", "/v1/exposures", m{"id": gone, "experiment": "x", "customer": gone, "at": at}, 200)
		c.must("POST", "/v1/customers/delete", m{"customer": gone}, 200)
		c.must("POST", "/v1/events", event, 410) // late
		d.mu.Lock()
		d.exposures[id], d.deleted[gone] = customer, true
		d.sold["item0"] += 2
		d.mu.Unlock()
	}
}

// TestKill kills the service at random moments under load, and compares what the store
// holds with what clients were told, and lists with those of a shop that is made from the
// log alone. AISLE_LONG=1 kills twenty times; its command:
//
//	AISLE_LONG=1 go test -count=1 -v -run TestKill ./examples/backend
func TestKill(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		kills := 2
		if os.Getenv("AISLE_LONG") != "" {
			kills = 20
		}
		folder, log := filepath.Join(t.TempDir(), "data"), &lines{}
		args := []string{"-dsn", dsn, "-folder", folder, "-refit", "400ms", "-save", "150ms", "-purge", "700ms", "-rate", "1e9", "-burst", "1000000000"}
		p := begin(t, log, args...)
		token, err := os.ReadFile(filepath.Join(folder, "admin-token"))
		if err != nil {
			t.Fatal(err)
		}
		c := &client{t: t, token: strings.TrimSpace(string(token))}
		c.addr.Store(p.addr)
		var items []m
		for i := range killItems {
			items = append(items, m{"item": fmt.Sprint("item", i), "title": fmt.Sprint("Thing ", i), "category": fmt.Sprint("k", i%3), "price": 100, "cost": 50, "stock": killStock, "lead_days": 3})
		}
		c.must("PUT", "/v1/items", m{"items": items}, 200)
		c.must("POST", "/v1/experiments", m{"name": "x", "arms": []m{{"name": "a", "weight": 1, "policy": "usual"}, {"name": "b", "weight": 1, "policy": "usual"}}}, 200)

		d := &diary{events: map[string]deed{}, exposures: map[string]string{}, deleted: map[string]bool{}, sold: map[string]int64{}}
		stop := make(chan struct{})
		var clients sync.WaitGroup
		for k := range 2 {
			clients.Add(1)
			go func() {
				defer clients.Done()
				d.write(c, fmt.Sprint("w", k), uint64(k), stop)
			}()
		}
		clients.Add(1)
		go func() {
			defer clients.Done()
			d.expose(c, stop)
		}()
		for k := range kills {
			after := time.Duration(200+rand.IntN(700)) * time.Millisecond
			time.Sleep(after)
			p.kill(t)
			d.mu.Lock()
			t.Logf("kill %d of %d after %v: %d events, %d exposures, %d deletions acknowledged", k+1, kills, after, len(d.events), len(d.exposures), len(d.deleted))
			d.mu.Unlock()
			p = begin(t, log, args...)
			c.addr.Store(p.addr)
		}
		time.Sleep(300 * time.Millisecond)
		close(stop)
		clients.Wait()

		// A fit of all, then some that are live, then lists; from here on nothing is fitted.
		last := p
		last.kill(t)
		p = begin(t, log, append(args, "-refit", "0", "-purge", "0")...)
		c.addr.Store(p.addr)
		var fit struct{ Last int64 }
		if err := json.Unmarshal(c.must("POST", "/v1/refit", nil, 200), &fit); err != nil {
			t.Fatal(err)
		}
		stopped := make(chan struct{})
		live := &client{t: t, token: c.token}
		live.addr.Store(p.addr)
		time.AfterFunc(100*time.Millisecond, func() { close(stopped) })
		d.write(live, "live", 9, stopped)
		want := lists(c)
		p.kill(t)
		p = begin(t, log, append(args, "-refit", "0", "-purge", "0")...)
		c.addr.Store(p.addr)
		if len(want) != killCustomers {
			t.Errorf("%d customers have lists, want %d", len(want), killCustomers)
		}
		if got := lists(c); !reflect.DeepEqual(got, want) {
			t.Errorf("lists after a kill differ:\n%v\nwant\n%v", got, want)
		}
		p.kill(t)
		d.compare(t, dsn, filepath.Join(folder, "key"), fit.Last, want)
		if s := log.String(); strings.Contains(s, `"level":"ERROR"`) && !strings.Contains(s, "store_unavailable") {
			for line := range strings.Lines(s) {
				if strings.Contains(line, `"level":"ERROR"`) {
					t.Errorf("in the log: %s", line)
				}
			}
		}
	})
}

// listed is an item of a list.
type listed struct {
	Item  string
	Score float64
}

// lists are the items recommended to each customer.
func lists(c *client) map[string][]listed {
	out := map[string][]listed{}
	for u := range killCustomers {
		customer := fmt.Sprint("c", u)
		var l struct{ Picks []listed }
		if err := json.Unmarshal(c.must("POST", "/v1/recommendations", m{"customer": customer, "place": "home", "k": 10}, 200), &l); err != nil {
			c.t.Error(err)
		}
		out[customer] = l.Picks
	}
	return out
}

// untied are the lines of a list with its ties by name: items that joined after the fit
// stand, at one score, in the order in which they joined, and which of the last score made
// the cut depends on it too.
func untied(list []listed) []string {
	out := make([]string, len(list))
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].Score == list[from].Score {
			to++
		}
		for k, x := range list[from:to] {
			out[from+k] = fmt.Sprint(x.Score, " ", x.Item)
			if to == len(list) {
				out[from+k] = fmt.Sprint(x.Score)
			}
		}
		slices.Sort(out[from:to])
		from = to
	}
	return out
}

// compare holds the store against the diary, and lists against those of a shop that is made
// anew from the log.
func (d *diary) compare(t *testing.T, dsn, key string, fitTo int64, want map[string][]listed) {
	t.Helper()
	db, err := store.Open(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	keys, err := shop.LoadKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]deed{}
	for e, err := range db.Events(context.Background(), 0, 1<<62) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := found[e.ID]; twice {
			t.Errorf("event %s is stored twice", e.ID)
		}
		found[e.ID] = deed{e.Customer, e.Item, e.Kind, e.Quantity}
	}
	for id, x := range d.events {
		x.customer = keys.Pseudonym(x.customer)
		if found[id] != x {
			t.Errorf("event %s is stored as %+v, want %+v", id, found[id], x)
		}
		delete(found, id)
	}
	for id := range found {
		t.Errorf("event %s is stored and nobody sent it, or it was deleted", id)
	}
	items, err := db.Items(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range items {
		if x.Stock != killStock-d.sold[x.ID] {
			t.Errorf("%s: %d in stock, want %d less %d sold", x.ID, x.Stock, killStock, d.sold[x.ID])
		}
	}
	exposures, err := db.Exposures(context.Background(), "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range exposures {
		if keys.Pseudonym(d.exposures[x.ID]) != x.Customer {
			t.Errorf("exposure %s is of %s", x.ID, x.Customer)
		}
	}
	if len(exposures) != len(d.exposures) {
		t.Errorf("%d exposures are stored, %d were acknowledged", len(exposures), len(d.exposures))
	}
	for id := range d.deleted {
		if sealed, _, err := db.Sealed(context.Background(), keys.Pseudonym(id)); sealed != nil || err != nil {
			t.Errorf("%s was deleted and is known: %v", id, err)
		}
	}
	slow, err := shop.Open(context.Background(), shop.Options{Store: db, Keys: keys, Folder: filepath.Join(t.TempDir(), "slow"), FitTo: fitTo})
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	for customer, list := range want {
		l, err := slow.Recommend(context.Background(), shop.Ask{Customer: customer, Place: "home", K: 10})
		if err != nil {
			t.Fatal(err)
		}
		var got []listed
		for _, p := range l.Picks {
			got = append(got, listed{p.Item, p.Score})
		}
		if !slices.Equal(untied(got), untied(list)) {
			t.Errorf("%s: the service recommended %v, the log says %v", customer, list, got)
		}
	}
	t.Logf("%d events, %d exposures, %d deletions: each once; %d lists equal", len(d.events), len(exposures), len(d.deleted), len(want))
}
