package pages_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/examples/backend/api"
	"github.com/aislekit/aisle/examples/backend/internal/dbtest"
	"github.com/aislekit/aisle/examples/backend/pages"
	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// site is the pages over a small shop, and somebody who looks at them.
type site struct {
	t      *testing.T
	shop   *shop.Shop
	store  *store.Store
	server *httptest.Server
	client *http.Client
	csrf   string
}

// markup is in every text of the shop.
const markup = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`

func newSite(t *testing.T, dsn string) *site {
	t.Helper()
	s := &site{t: t}
	var err error
	if s.store, err = store.Open(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	keys, err := shop.NewKeys(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return now }
	if s.shop, err = shop.Open(t.Context(), shop.Options{Store: s.store, Keys: keys, Folder: filepath.Join(t.TempDir(), "state"), Clock: clock}); err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"read", "admin"} {
		if err := s.store.PutToken(t.Context(), store.Token{Name: role, Role: role, Made: now}, role); err != nil {
			t.Fatal(err)
		}
	}
	var items []store.Item
	for i := range 8 {
		items = append(items, store.Item{ID: fmt.Sprint("item", i), Title: fmt.Sprint("Thing ", i, markup), Category: "tea" + markup, Price: 1000, Cost: 600, Stock: 30, LeadDays: 7})
	}
	if err := s.shop.PutItems(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	var events []shop.Event
	for u := range 40 {
		for j := range 3 {
			events = append(events, shop.Event{ID: fmt.Sprint("e", u, "-", j), Customer: fmt.Sprint("c", u), Item: fmt.Sprint("item", (u+j)%8), Kind: []string{"view", "order", "cart"}[j], At: now.Add(-time.Duration(u*12+j) * time.Hour), Quantity: 1, Amount: 1000})
		}
	}
	if _, err := s.shop.Record(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if err := s.shop.PutQuestions(t.Context(), []store.Question{{ID: "q", Question: "Where?" + markup, Answer: "There." + markup}}); err != nil {
		t.Fatal(err)
	}
	if err := s.shop.StartExperiment(t.Context(), "x", []store.Arm{{Name: "a", Weight: 1, Policy: "usual"}, {Name: "b", Weight: 1, Policy: "varied"}}); err != nil {
		t.Fatal(err)
	}
	for u := range 40 {
		if _, _, err := s.shop.Expose(t.Context(), fmt.Sprint("x", u), "x", fmt.Sprint("c", u), now.AddDate(0, 0, -30)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.shop.Refit(t.Context()); err != nil {
		t.Fatal(err)
	}
	server, err := api.New(t.Context(), api.Options{Shop: s.shop, Store: s.store, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	if err := pages.Add(server, s.shop, clock, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewServer(server)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.client = &http.Client{Jar: jar}
	t.Cleanup(func() {
		s.server.Close()
		s.shop.Close()
		s.store.Close()
	})
	return s
}

// get and post return status and page; every page is held to what all must have.
func (s *site) get(path string) (int, string) { return s.send("GET", path, nil) }

func (s *site) post(path string, form url.Values) (int, string) {
	if form.Get("csrf") == "" {
		form.Set("csrf", s.csrf)
	}
	return s.send("POST", path, form)
}

func (s *site) send(method, path string, form url.Values) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	page := string(raw)
	csp := resp.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		s.t.Errorf("%s: policy %q", path, csp)
	}
	if strings.Contains(page, "<script>") || strings.Contains(page, "<img") || regexp.MustCompile(`\s(on\w+|style)=`).MatchString(strings.ReplaceAll(page, "src=x onerror=alert", "")) && strings.Contains(resp.Header.Get("Content-Type"), "html") {
		s.t.Errorf("%s: markup or an inline script or style is in the page", path)
	}
	if m := regexp.MustCompile(`name="csrf" value="(\w+)"`).FindStringSubmatch(page); m != nil {
		s.csrf = m[1]
	}
	if dump := os.Getenv("AISLE_PAGES"); dump != "" && method+path != "POST/pages/audience/count" { // to look at
		name := strings.Trim(regexp.MustCompile(`\W+`).ReplaceAllString(method+path, "-"), "-") + ".html"
		if err := os.WriteFile(filepath.Join(dump, name), []byte(strings.ReplaceAll(page, `"/static/`, `"`)), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
	return resp.StatusCode, page
}

func (s *site) signIn(token string) {
	s.t.Helper()
	if code, page := s.send("POST", "/signin", url.Values{"token": {token}}); code != 200 || !strings.Contains(page, "Sign out") {
		s.t.Fatalf("sign in: %d %s", code, page)
	}
}

func TestSignIn(t *testing.T) {
	s := newSite(t, filepath.Join(t.TempDir(), "shop.db"))
	for _, path := range []string{"/", "/pages/", "/pages/customer", "/pages/audience", "/pages/experiment", "/pages/stock"} {
		if _, page := s.get(path); !strings.Contains(page, "Your token") {
			t.Errorf("%s without a session: %s", path, page)
		}
	}
	if code, page := s.send("POST", "/signin", url.Values{"token": {"wrong"}}); code != 401 || !strings.Contains(page, "Nobody has this token") {
		t.Errorf("a wrong token: %d", code)
	}
	s.signIn("read")
	cookies := s.client.Jar.Cookies(must(url.Parse(s.server.URL)))
	if len(cookies) != 1 || strings.Contains(cookies[0].Value, "read") {
		t.Fatalf("cookies %v", cookies)
	}
	none := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := none.PostForm(s.server.URL+"/signin", url.Values{"token": {"read"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if c := resp.Header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Strict") {
		t.Errorf("cookie %q", c)
	}
	for _, path := range []string{"/pages/customer", "/pages/audience", "/pages/audience/count", "/signout"} {
		if code, _ := s.post(path, url.Values{"csrf": {"another"}, "customer": {"c1"}, "rule": {"orders > 0"}}); code != 403 {
			t.Errorf("%s with a wrong word: %d", path, code)
		}
	}
	if code, _ := s.post("/pages/customer/delete", url.Values{"customer": {"c1"}, "again": {"c1"}}); code != 403 || !s.shop.Profile("c1").Known {
		t.Errorf("reader deletes: %d", code)
	}
	if err := s.store.DropToken(t.Context(), "read"); err != nil {
		t.Fatal(err)
	}
	if code, page := s.post("/signout", url.Values{}); code != 200 || !strings.Contains(page, "Your token") {
		t.Errorf("sign out: %d", code)
	}
	if _, page := s.get("/pages/"); !strings.Contains(page, "Your token") {
		t.Error("signed out and still in")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestOneEvent: a page shows what an SQL query gives, before one order and after it.
func TestOneEvent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := newSite(t, dsn)
		s.signIn("read")
		driver := "sqlite"
		if strings.HasPrefix(dsn, "postgres") {
			driver = "pgx"
		}
		db, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		ask := func(text string) (n int64) {
			t.Helper()
			if err := db.QueryRow(text).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		look := func() (orders, stock, audience, sold int64, picks []string) {
			t.Helper()
			_, page := s.get("/pages/")
			orders = ask("SELECT COUNT(*) FROM events WHERE kind = 'order' AND at >= " + fmt.Sprint(now.Truncate(24*time.Hour).AddDate(0, 0, -27).UnixNano()))
			if !strings.Contains(page, fmt.Sprintf(`id="orders">%d<`, orders)) {
				t.Errorf("the figures do not show %d orders", orders)
			}
			_, page = s.get("/pages/stock")
			stock, sold = ask("SELECT stock FROM items WHERE item = 'item5'"), ask("SELECT COALESCE(SUM(quantity), 0) FROM events WHERE kind = 'order' AND item = 'item5'")
			if !regexp.MustCompile(fmt.Sprintf(`data-item="item5">.*?</td><td>%d</td><td>0</td><td>%d</td>`, stock, sold)).MatchString(page) {
				t.Errorf("the stock plan does not show %d on hand and %d sold", stock, sold)
			}
			_, page = s.post("/pages/audience", url.Values{"rule": {"orders >= 1"}})
			audience = ask("SELECT COUNT(DISTINCT customer) FROM events WHERE kind = 'order'")
			of := ask("SELECT COUNT(DISTINCT customer) FROM events")
			if want := fmt.Sprintf("%d of %d customers", audience, of); !strings.Contains(page, want) {
				t.Errorf("the audience is not %s", want)
			}
			code, page := s.post("/pages/customer", url.Values{"customer": {"c2"}})
			for _, m := range regexp.MustCompile(`<li data-item="(\w+)">`).FindAllStringSubmatch(page, -1) {
				picks = append(picks, m[1])
			}
			if code != 200 || len(picks) == 0 {
				t.Errorf("c2: %d, %v", code, picks)
			}
			return orders, stock, audience, sold, picks
		}
		orders, stock, audience, sold, picks := look()
		bought := ""
		for _, p := range picks {
			if p == "item5" {
				bought = p
			}
		}
		if bought == "" {
			t.Fatalf("c2 is not shown item5: %v", picks)
		}
		fates, err := s.shop.Record(t.Context(), []shop.Event{
			{ID: "one", Customer: "c2", Item: "item5", Kind: "order", At: now, Quantity: 2, Amount: 2000}, {ID: "two", Customer: "new", Item: "item0", Kind: "order", At: now, Quantity: 1, Amount: 1000},
		})
		if err != nil || fates[0] != store.Stored {
			t.Fatal(fates, err)
		}
		orders2, stock2, audience2, sold2, picks2 := look()
		if orders2 != orders+2 || stock2 != stock-2 || audience2 != audience+1 || sold2 != sold+2 {
			t.Errorf("orders %d → %d, stock %d → %d, audience %d → %d, sold %d → %d", orders, orders2, stock, stock2, audience, audience2, sold, sold2)
		}
		for _, p := range picks2 {
			if p == "item5" {
				t.Errorf("c2 ordered item5 and is still shown it: %v", picks2)
			}
		}
	})
}

func TestPages(t *testing.T) {
	s := newSite(t, filepath.Join(t.TempDir(), "shop.db"))
	s.signIn("admin")
	for path, want := range map[string]string{"/pages/": "Revenue by day", "/pages/customer": "Id of the customer", "/pages/audience": "Who is meant", "/pages/experiment": "/pages/experiment/x", "/pages/experiment/x": "Share who ordered", "/pages/stock": "What to order"} {
		if code, page := s.get(path); code != 200 || !strings.Contains(page, want) {
			t.Errorf("%s: %d without %q", path, code, want)
		}
	}
	for _, c := range []struct {
		path string
		form url.Values
		code int
		want string
	}{
		{"/pages/customer", url.Values{"customer": {""}}, 422, "1 to 128"},
		{"/pages/customer", url.Values{"customer": {markup}}, 404, "Nothing is known"},
		{"/pages/customer", url.Values{"customer": {strings.Repeat("x", 129)}}, 422, "1 to 128"},
		{"/pages/customer", url.Values{"customer": {"c1"}}, 200, "because of"},
		{"/pages/audience", url.Values{"rule": {"orders >="}}, 422, "Line 1, column"},
		{"/pages/audience", url.Values{"rule": {markup}}, 422, "Line 1"},
		{"/pages/audience", url.Values{"rule": {"ordes >= 1"}}, 422, "orders"},
		{"/pages/audience", url.Values{"rule": {strings.Repeat("(", 2001)}}, 422, "at most 2,000"},
		{"/pages/audience", url.Values{"rule": {"orders >= 100"}}, 200, "Nobody"},
		{"/pages/audience/count", url.Values{"rule": {"orders >= 1"}}, 200, "40 of 40 customers"},
		{"/pages/audience/count", url.Values{"rule": {"orders >"}}, 422, "fault"},
		{"/pages/customer/delete", url.Values{"customer": {"c3"}, "again": {"c4"}}, 422, "Nothing was deleted"},
		{"/pages/customer/delete", url.Values{"customer": {"c3"}, "again": {"c3"}}, 200, "is deleted"},
		{"/pages/customer", url.Values{"customer": {"c3"}}, 404, "Nothing is known"},
	} {
		if code, page := s.post(c.path, c.form); code != c.code || !strings.Contains(page, c.want) {
			t.Errorf("%s %v: %d without %q:\n%s", c.path, c.form, code, c.want, page)
		}
	}
	if code, _ := s.get("/pages/experiment/none"); code != 404 {
		t.Errorf("an experiment that is none: %d", code)
	}
	lines, err := s.store.Trail(t.Context(), "", 0, 100)
	if err != nil || len(lines) != 2 || lines[0].Act != "read" || lines[1].Act != "delete" {
		t.Errorf("trail: %+v, %v", lines, err)
	}
}
