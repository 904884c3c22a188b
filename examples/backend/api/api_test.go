package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aislekit/aisle/examples/backend/api"
	"github.com/aislekit/aisle/examples/backend/internal/dbtest"
	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
)

type m = map[string]any

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// service is a server over a shop, with a token of each role: its name is its secret.
type service struct {
	t      *testing.T
	server *api.Server
	shop   *shop.Shop
	store  *store.Store
	now    time.Time
	doc    m // the OpenAPI document; each answer is held against it
	called map[string]bool
}

func newService(t *testing.T, dsn string, opt api.Options) *service {
	t.Helper()
	s := &service{t: t, now: now, called: map[string]bool{}}
	clock := func() time.Time { return s.now }
	var err error
	if s.store, err = store.Open(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"read", "write", "admin"} {
		if err := s.store.PutToken(t.Context(), store.Token{Name: role, Role: role, Made: now}, role); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := shop.NewKeys(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	if s.shop, err = shop.Open(t.Context(), shop.Options{Store: s.store, Keys: keys, Folder: filepath.Join(t.TempDir(), "state"), Clock: clock, WriteTimeout: opt.Timeout}); err != nil {
		t.Fatal(err)
	}
	opt.Shop, opt.Store, opt.Clock = s.shop, s.store, clock
	if s.server, err = api.New(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.shop.Close()
		s.store.Close()
	})
	raw := s.do("", "GET", "/openapi.json", nil)
	if err := json.Unmarshal(raw.Body.Bytes(), &s.doc); err != nil {
		t.Fatal(err)
	}
	return s
}

// do sends a request; a body that is no text or bytes is sent as JSON.
func (s *service) do(token, method, path string, body any) *httptest.ResponseRecorder {
	s.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		r = bytes.NewReader(text)
	}
	req := httptest.NewRequest(method, path, r)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, req)
	if s.doc != nil {
		s.hold(method, path, body, w)
	}
	return w
}

// ok sends a request that must succeed, and returns its answer.
func (s *service) ok(token, method, path string, body any) m {
	s.t.Helper()
	w := s.do(token, method, path, body)
	if w.Code != 200 {
		s.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	var out m
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			s.t.Fatal(err)
		}
	}
	return out
}

// hold holds an answer against the document, and a request that succeeded, too.
func (s *service) hold(method, path string, body any, w *httptest.ResponseRecorder) {
	s.t.Helper()
	path, _, _ = strings.Cut(path, "?")
	for pattern, ops := range s.doc["paths"].(m) {
		op, ok := ops.(m)[strings.ToLower(method)].(m)
		expr := "^" + regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(pattern), "[^/]+") + "$"
		if !ok || !regexp.MustCompile(expr).MatchString(path) {
			continue
		}
		s.called[method+" "+pattern] = true
		response, ok := op["responses"].(m)[fmt.Sprint(w.Code)].(m)
		if !ok {
			s.t.Errorf("%s %s: status %d is not in the document: %s", method, pattern, w.Code, w.Body)
			return
		}
		kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
		content, ok := response["content"].(m)[kind].(m)
		if !ok {
			s.t.Errorf("%s %s: content type %q is not in the document", method, pattern, kind)
		} else if kind == "application/json" {
			s.conforms(method+" "+pattern, content["schema"].(m), w.Body.Bytes())
		}
		if w.Code == 200 && body != nil {
			raw, err := json.Marshal(body)
			if err != nil {
				s.t.Fatal(err)
			}
			s.conforms("body of "+method+" "+pattern, op["requestBody"].(m)["content"].(m)["application/json"].(m)["schema"].(m), raw)
		}
		return
	}
}

func (s *service) conforms(what string, schema m, raw []byte) {
	s.t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		s.t.Errorf("%s: %v", what, err)
		return
	}
	if err := valid(s.doc, schema, v); err != nil {
		s.t.Errorf("%s does not conform: %v: %s", what, err, raw)
	}
}

// valid checks a value against a schema, by the words that the document uses.
func valid(doc, schema m, v any) error {
	if ref, ok := schema["$ref"].(string); ok {
		return valid(doc, doc["components"].(m)["schemas"].(m)[ref[strings.LastIndex(ref, "/")+1:]].(m), v)
	}
	if any, ok := schema["anyOf"].([]any); ok {
		var first error
		for _, s := range any {
			err := valid(doc, s.(m), v)
			if err == nil {
				return nil
			}
			if first == nil {
				first = err
			}
		}
		return first
	}
	switch kind := schema["type"]; kind {
	case nil:
		return nil
	case "null":
		if v != nil {
			return fmt.Errorf("%v is not null", v)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return fmt.Errorf("%v is no boolean", v)
		}
	case "integer", "number":
		x, ok := v.(float64)
		if !ok || kind == "integer" && x != math.Trunc(x) {
			return fmt.Errorf("%v is no %s", v, kind)
		}
		if lo, ok := schema["minimum"].(float64); ok && (x < lo || x > schema["maximum"].(float64)) {
			return fmt.Errorf("%v is out of range", x)
		}
	case "string":
		x, ok := v.(string)
		if !ok {
			return fmt.Errorf("%v is no text", v)
		}
		n := float64(utf8.RuneCountInString(x))
		if lo, ok := schema["minLength"].(float64); ok && n < lo {
			return fmt.Errorf("%q is too short", x)
		}
		if hi, ok := schema["maxLength"].(float64); ok && n > hi {
			return fmt.Errorf("%q is too long", x)
		}
		if p, ok := schema["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(x) {
			return fmt.Errorf("%q does not match %s", x, p)
		}
		if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, any(x)) {
			return fmt.Errorf("%q is not one of %v", x, enum)
		}
		if schema["format"] == "date-time" {
			if _, err := time.Parse(time.RFC3339, x); err != nil {
				return err
			}
		}
	case "array":
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("%v is no list", v)
		}
		for i, x := range list {
			if err := valid(doc, schema["items"].(m), x); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
	case "object":
		x, ok := v.(m)
		if !ok {
			return fmt.Errorf("%v is no object", v)
		}
		properties, _ := schema["properties"].(m)
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, ok := x[name.(string)]; !ok {
				return fmt.Errorf("%s is missing", name)
			}
		}
		for name, y := range x {
			p, ok := properties[name].(m)
			if !ok {
				if p, ok = schema["additionalProperties"].(m); !ok && properties != nil {
					return fmt.Errorf("%s is too much", name)
				}
			}
			if p != nil {
				if err := valid(doc, p, y); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	default:
		return fmt.Errorf("type %v is not known here", kind)
	}
	return nil
}

// nasty is put into every text that may be free.
const nasty = `<script>alert("x")</script>'; DROP TABLE events; -- {{.}} 茶 \u0000`

// fill makes a small shop over HTTP: 12 items, 60 customers, and what else there is.
func (s *service) fill() {
	s.t.Helper()
	var items []m
	for i := range 12 {
		items = append(items, m{"item": fmt.Sprint("item", i), "title": fmt.Sprint("Thing ", i, nasty), "category": []string{"tea", "tools", "paper"}[i/4], "price": 1000, "cost": 600, "stock": 500, "on_order": 0, "lead_days": 3})
	}
	s.ok("write", "PUT", "/v1/items", m{"items": items})
	var events []m
	for u := range 60 {
		for j := range 6 {
			kind := []string{"view", "view", "order", "cart", "order", "view"}[j]
			if u%4 == 0 && kind == "order" {
				kind = "view"
			}
			events = append(events, m{
				"id": fmt.Sprintf("e%d-%d", u, j), "customer": fmt.Sprint("c", u), "item": fmt.Sprint("item", u%3*4+(u/3+j)%4), "kind": kind,
				"at": now.Add(-time.Duration((u*7+j*13)%80) * 24 * time.Hour), "quantity": 1, "amount": 1000, "session": fmt.Sprint("s", u),
			})
		}
	}
	for part := range slices.Chunk(events, 40) {
		for _, f := range s.ok("write", "POST", "/v1/events", m{"events": part})["fates"].([]any) {
			if f.(m)["fate"] != "stored" {
				s.t.Fatal(f)
			}
		}
	}
	s.ok("write", "PUT", "/v1/faq", m{"entries": []m{
		{"id": "q1", "question": "Where is my order?", "answer": "Look under orders."},
		{"id": "q2", "question": "How do I send something back?", "answer": "With the label. " + nasty},
		{"id": "q3", "question": "Is the tea organic?", "answer": "Yes."},
	}})
}

// TestRoutes calls each route, and holds each answer against the document.
func TestRoutes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := newService(t, dsn, api.Options{})
		s.ok("", "GET", "/healthz", nil)
		s.ok("", "GET", "/readyz", nil)
		s.ok("", "GET", "/openapi.json", nil)
		s.ok("read", "GET", "/v1/status", nil)
		s.ok("read", "POST", "/v1/recommendations", m{"place": "home", "k": 5})
		s.fill()
		s.ok("read", "GET", "/v1/status", nil)
		if r := s.ok("admin", "POST", "/v1/refit", nil); r["events"] != 360. || len(r["sources"].([]any)) != 3 {
			t.Errorf("refit: %v", r)
		}
		s.ok("read", "GET", "/v1/status", nil)
		list := s.ok("read", "POST", "/v1/recommendations", m{"customer": "c1", "place": "home", "k": 5})
		picks := list["picks"].([]any)
		if len(picks) != 5 || list["known"] != true || picks[0].(m)["because"] == nil {
			t.Errorf("home: %v", list)
		}
		product := s.ok("read", "POST", "/v1/recommendations", m{"place": "product", "items": []string{"item0"}, "k": 3})["picks"].([]any)
		if len(product) == 0 || product[0].(m)["category"] != "tea" {
			t.Errorf("product: %v", product)
		}
		for _, place := range []string{"basket", "session"} {
			if got := s.ok("read", "POST", "/v1/recommendations", m{"customer": "c9", "place": place, "items": []string{"item4", "item5"}, "k": 3, "category": "tools"})["picks"].([]any); len(got) == 0 {
				t.Errorf("%s: nothing", place)
			}
		}
		answers := s.ok("read", "POST", "/v1/answers", m{"text": "send it back", "k": 2})["answers"].([]any)
		if len(answers) != 2 || answers[0].(m)["id"] != "q2" || answers[0].(m)["because"] != "words" {
			t.Errorf("answers: %v", answers)
		}
		if a := s.ok("read", "POST", "/v1/answers", m{"customer": "c3", "k": 1})["answers"].([]any); a[0].(m)["because"] != "history" {
			t.Errorf("answers by history: %v", a)
		}
		s.ok("read", "GET", "/v1/items/item3", nil)
		s.ok("write", "PUT", "/v1/stock", m{"item": "item3", "stock": 0})
		for _, p := range s.ok("read", "POST", "/v1/recommendations", m{"place": "home", "k": 100})["picks"].([]any) {
			if p.(m)["item"] == "item3" {
				t.Error("item3 is out of stock and recommended")
			}
		}
		if lines := s.ok("read", "GET", "/v1/stock/plan", nil)["lines"].([]any); len(lines) != 12 {
			t.Errorf("stock plan: %v", lines)
		}
		if x := s.ok("read", "GET", "/v1/segments", nil); x["customers"] != 60. {
			t.Errorf("segments: %v", x)
		}
		if x := s.ok("read", "POST", "/v1/audiences/count", m{"rule": "orders >= 1"}); x["count"] != 45. || x["of"] != 60. {
			t.Errorf("audience: %v", x)
		}
		if x := s.ok("admin", "POST", "/v1/audiences/export", m{"rule": "orders >= 1"})["customers"].([]any); len(x) != 45 || !slices.Contains(x, any("c1")) {
			t.Errorf("export: %v", x)
		}
		s.ok("write", "PUT", "/v1/offers", m{"offers": []m{{"id": "o1", "title": nasty[:40], "item": "item0", "stock": 3, "cost": 50}, {"id": "o2", "title": "all", "item": "", "stock": -1, "cost": 10}}})
		if x := s.ok("admin", "POST", "/v1/offers/plan", m{"rule": "orders >= 1", "budget": 400}); x["spent"].(float64) > 400 || x["spent"].(float64) == 0 {
			t.Errorf("offers: %v", x)
		}
		s.ok("write", "PUT", "/v1/ads", m{"ads": []m{{"id": "a1", "advertiser": "acme", "title": "Buy", "bid": 30, "budget": 100, "per_day": 2, "categories": []string{"tea"}, "segments": []string{}}, {"id": "a2", "advertiser": "zeta", "title": "Tea", "bid": 20, "budget": 0, "per_day": 0, "categories": []string{}, "segments": []string{}}}})
		page := s.ok("write", "POST", "/v1/ads/page", m{"customer": "c1", "categories": []string{"tea"}})
		if len(page["ads"].([]any)) != 2 {
			t.Errorf("ads: %v", page)
		}
		for i := range 2 {
			if x := s.ok("write", "POST", "/v1/ads/outcome", m{"page": page["page"], "ad": "a1", "outcome": "click"}); x["first"] != (i == 0) || (x["cost_thousandths"] == 0.) != (i == 1) {
				t.Errorf("click %d: %v", i, x)
			}
		}
		s.ok("write", "POST", "/v1/experiments", m{"name": "x1", "arms": []m{{"name": "old", "weight": 1, "policy": "popular"}, {"name": "new", "weight": 1, "policy": "usual"}}})
		s.ok("read", "GET", "/v1/experiments", nil)
		s.ok("read", "GET", "/v1/experiments/x1/result", nil)
		arms := map[any]int{}
		for u := range 60 {
			x := s.ok("write", "POST", "/v1/exposures", m{"id": fmt.Sprint("x", u), "experiment": "x1", "customer": fmt.Sprint("c", u), "at": now})
			arms[x["arm"]]++
			list := s.ok("read", "POST", "/v1/recommendations", m{"customer": fmt.Sprint("c", u), "place": "home", "k": 2, "experiment": "x1"})
			if list["arm"] != x["arm"] || list["policy"] != map[any]string{"old": "popular", "new": "usual"}[x["arm"]] {
				t.Errorf("customer %d exposed to %v gets %v", u, x, list)
			}
		}
		if len(arms) != 2 || arms["old"] < 15 || arms["new"] < 15 {
			t.Errorf("arms: %v", arms)
		}
		s.now = s.now.Add(time.Hour)
		for u := range 30 {
			s.ok("write", "POST", "/v1/events", m{"events": []m{{"id": fmt.Sprint("later", u), "customer": fmt.Sprint("c", u), "item": "item1", "kind": "order", "at": s.now, "quantity": 1, "amount": 500 + u}}})
		}
		result := s.ok("read", "GET", "/v1/experiments/x1/result", nil)
		if rows := result["rows"].([]any); len(rows) != 2 || rows[0].(m)["treated"] == nil || result["nobody_exposed"] != false {
			t.Errorf("result: %v", result)
		}
		s.ok("write", "POST", "/v1/experiments/end", m{"name": "x1"})
		kpi := s.ok("read", "GET", "/v1/kpi?from=2026-03-02&to=2026-03-02", nil)
		if kpi["orders"].(float64) < 30 || kpi["revenue"].(float64) < 30*500 || len(kpi["days"].([]any)) != 1 {
			t.Errorf("kpi: %v", kpi)
		}
		s.ok("read", "GET", "/v1/kpi", nil)
		if p := s.ok("read", "POST", "/v1/customers/profile", m{"customer": "c1"}); p["orders"].(float64) < 2 || p["value"] == nil || p["propensity"] == nil {
			t.Errorf("profile: %v", p)
		}
		s.ok("admin", "POST", "/v1/customers/data", m{"customer": "c1"})
		if d := s.ok("admin", "POST", "/v1/customers/delete", m{"customer": "c1"}); d["events"] != 7. {
			t.Errorf("delete: %v", d)
		}
		trail := s.ok("admin", "POST", "/v1/trail", m{"customer": "c1", "after": 0, "limit": 100})["lines"].([]any)
		var acts []string
		for _, l := range trail {
			acts = append(acts, l.(m)["act"].(string)+" by "+l.(m)["actor"].(string))
		}
		if n := len(acts); n < 5 || strings.Join(acts[n-4:], ", ") != "read by read, export by admin, delete by admin, trail by admin" {
			t.Errorf("trail: %q", acts)
		}
		if p := s.ok("admin", "POST", "/v1/purge", nil); p["deletions"] != 1. {
			t.Errorf("purge: %v", p)
		}
		if w := s.do("admin", "GET", "/v1/backup", nil); !strings.HasSuffix(w.Body.String(), "}\n") || !strings.Contains(w.Body.String(), `"end":`) {
			t.Error("backup is cut")
		}
		secret := s.ok("admin", "PUT", "/v1/tokens", m{"name": "zoe", "role": "read"})["token"].(string)
		s.ok(secret, "GET", "/v1/status", nil)
		s.ok("admin", "DELETE", "/v1/tokens/zoe", nil)
		if w := s.do(secret, "GET", "/v1/status", nil); w.Code != 401 {
			t.Errorf("a token that was taken back: %d", w.Code)
		}
		if w := s.do("read", "GET", "/metrics", nil); !strings.Contains(w.Body.String(), `shop_events_total{fate="stored"} 390`) {
			t.Errorf("metrics:\n%s", w.Body)
		}
		for path, ops := range s.doc["paths"].(m) {
			for method := range ops.(m) {
				if key := strings.ToUpper(method) + " " + path; !s.called[key] {
					t.Errorf("%s is in the document and was not called", key)
				}
			}
		}
		if got := len(s.called); got != s.server.Routes() {
			t.Errorf("%d routes called, the mux has %d", got, s.server.Routes())
		}
	})
}
