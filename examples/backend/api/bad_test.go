package api_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/examples/backend/api"
	"github.com/aislekit/aisle/examples/backend/internal/dbtest"
)

// TestBadInput: each is refused with its status and reason, and leaves nothing.
func TestBadInput(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := newService(t, dsn, api.Options{Body: 20_000, Rate: 1e6, Burst: 1e6})
		s.fill()
		s.ok("write", "POST", "/v1/experiments", m{"name": "x", "arms": []m{{"name": "a", "weight": 1, "policy": "usual"}, {"name": "b", "weight": 1, "policy": "usual"}}})
		s.ok("admin", "POST", "/v1/customers/delete", m{"customer": "gone"})
		s.ok("write", "POST", "/v1/exposures", m{"id": "p", "experiment": "x", "customer": "c1", "at": now})
		event := func(with m) m {
			e := m{"id": "n1", "customer": "c1", "item": "item0", "kind": "view", "at": now}
			for k, v := range with {
				if v == nil {
					delete(e, k)
				} else {
					e[k] = v
				}
			}
			return m{"events": []m{e}}
		}
		type bad struct {
			name, token, method, path string
			body                      any
			status                    int
			reason, field             string
		}
		post := func(name, path string, body any, status int, reason, field string) bad {
			return bad{name, "admin", "POST", path, body, status, reason, field}
		}
		before := s.counts()
		for _, c := range []bad{
			post("not JSON", "/v1/events", `{"events": [`, 400, "malformed_json", ""),
			post("nothing", "/v1/events", ``, 400, "malformed_json", ""),
			post("two values", "/v1/events", `{"events": []} {}`, 400, "malformed_json", ""),
			post("no UTF-8", "/v1/events", "{\"events\": [\"\xff\"]}", 400, "not_utf8", ""),
			post("unknown field", "/v1/events", `{"events": [], "and": 1}`, 400, "unknown_field", "and"),
			post("unknown field inside", "/v1/events", event(m{"price": 3}), 400, "unknown_field", "price"),
			post("wrong type", "/v1/events", event(m{"quantity": "two"}), 422, "invalid_field", "events[0].quantity"),
			post("number too long", "/v1/events", `{"events": [{"quantity": 1e99}]}`, 422, "invalid_field", "events[0].quantity"),
			post("null", "/v1/events", `null`, 422, "invalid_field", ""),
			post("a list", "/v1/events", `[]`, 422, "invalid_field", ""),
			post("no events", "/v1/events", `{"events": []}`, 422, "invalid_field", "events"),
			post("too many items", "/v1/recommendations", m{"place": "home", "k": 3, "items": slices.Repeat([]string{"item0"}, 51)}, 422, "invalid_field", "items"),
			post("too large", "/v1/events", event(m{"words": strings.Repeat("x", 20_000)}), 413, "body_too_large", ""),
			post("null for a text", "/v1/events", `{"events": [{"id": "n1", "customer": null, "item": "item0", "kind": "view", "at": "2026-01-01T00:00:00Z"}]}`, 422, "invalid_field", "events[0].customer"),
			post("null for a list", "/v1/recommendations", `{"place": "home", "k": 3, "items": null}`, 422, "invalid_field", "items"),
			post("a field twice", "/v1/recommendations", `{"place": "home", "k": 3, "k": 4}`, 422, "invalid_field", "k"),
			post("a name in other letters", "/v1/recommendations", `{"place": "home", "K": 3}`, 400, "unknown_field", "K"),
			post("part of a unit", "/v1/recommendations", `{"place": "home", "k": 3.5}`, 422, "invalid_field", "k"),
			post("NUL in an id", "/v1/events", event(m{"id": "a\x00b"}), 422, "invalid_field", "events[0].id"),
			post("NUL in words", "/v1/events", event(m{"kind": "question", "words": "a\x00b"}), 422, "invalid_field", "events[0].words"),
			post("half a surrogate", "/v1/events", `{"events": [{"id": "\ud800", "customer": "c1", "item": "itemX", "kind": "view", "at": "2026-01-01T00:00:00Z"}]}`, 404, "unknown_item", "events[0].item"),
			post("beyond 64 bits", "/v1/events", event(m{"quantity": json.Number("9223372036854775808")}), 422, "invalid_field", "events[0].quantity"),
			{"offer without its cost", "write", "PUT", "/v1/offers", m{"offers": []m{{"id": "a", "title": "t", "stock": 1}}}, 422, "invalid_field", "offers[0].cost"},
			{"NUL in a name", "admin", "DELETE", "/v1/tokens/a%00b", nil, 422, "invalid_field", "name"},
			{"no UTF-8 in a name", "admin", "DELETE", "/v1/tokens/%ff", nil, 422, "invalid_field", "name"},
			{"NUL in a path", "read", "GET", "/v1/items/a%00b", nil, 404, "unknown_item", ""},
			{"NUL in an experiment", "read", "GET", "/v1/experiments/a%00b/result", nil, 404, "unknown_id", ""},
			{"a day left empty", "read", "GET", "/v1/kpi?to=", nil, 422, "invalid_field", "to"},
			post("deep", "/v1/events", strings.Repeat("[", 19_000), 422, "invalid_field", ""),
			post("no id", "/v1/events", event(m{"id": nil}), 422, "invalid_field", "events[0].id"),
			post("long id", "/v1/events", event(m{"id": strings.Repeat("茶", 129)}), 422, "invalid_field", "events[0].id"),
			post("NUL in an id", "/v1/events", event(m{"id": "a\x00b"}), 422, "invalid_field", "events[0].id"),
			post("line end in a customer", "/v1/events", event(m{"customer": "a\nb"}), 422, "invalid_field", "events[0].customer"),
			post("NUL in words", "/v1/events", event(m{"words": "a\x00b"}), 422, "invalid_field", "events[0].words"),
			post("long words", "/v1/events", event(m{"words": strings.Repeat("x", 2001)}), 422, "invalid_field", "events[0].words"),
			post("unknown kind", "/v1/events", event(m{"kind": "buy"}), 422, "invalid_field", "events[0].kind"),
			post("no time", "/v1/events", event(m{"at": nil}), 422, "invalid_field", "events[0].at"),
			post("no time at all", "/v1/events", event(m{"at": "yesterday"}), 422, "invalid_field", "events[0].at"),
			post("future", "/v1/events", event(m{"at": now.AddDate(0, 0, 1)}), 422, "time_out_of_range", "events[0].at"),
			post("long ago", "/v1/events", event(m{"at": now.AddDate(-40, 0, 0)}), 422, "time_out_of_range", "events[0].at"),
			post("negative amount", "/v1/events", event(m{"amount": -1}), 422, "invalid_field", "events[0].amount"),
			post("order of nothing", "/v1/events", event(m{"kind": "order"}), 422, "invalid_field", "events[0].quantity"),
			post("view of nothing", "/v1/events", event(m{"item": ""}), 422, "invalid_field", "events[0].item"),
			post("question without words", "/v1/events", event(m{"kind": "question", "item": ""}), 422, "invalid_field", "events[0].words"),
			post("unknown item", "/v1/events", event(m{"item": "item99"}), 404, "unknown_item", "events[0].item"),
			post("id of another event", "/v1/events", event(m{"id": "e1-1"}), 409, "id_reused", "events[0].id"),
			post("late, of a deleted customer", "/v1/events", event(m{"customer": "gone", "at": now.AddDate(0, 0, -3)}), 410, "customer_deleted", "events[0].at"),
			post("one bad of two", "/v1/events", m{"events": []m{event(nil)["events"].([]m)[0], event(m{"id": "", "item": "x"})["events"].([]m)[0]}}, 422, "invalid_field", "events[1].id"),

			post("unknown place", "/v1/recommendations", m{"place": "cellar", "k": 3}, 422, "invalid_field", "place"),
			post("k 0", "/v1/recommendations", m{"place": "home", "k": 0}, 422, "invalid_field", "k"),
			post("k 101", "/v1/recommendations", m{"place": "home", "k": 101}, 422, "invalid_field", "k"),
			post("k of a fraction", "/v1/recommendations", m{"place": "home", "k": 1.5}, 422, "invalid_field", "k"),
			post("product of nothing", "/v1/recommendations", m{"place": "product", "k": 1}, 422, "invalid_field", "items"),
			post("product nobody has", "/v1/recommendations", m{"place": "product", "items": []string{"x"}, "k": 1}, 404, "unknown_id", ""),
			post("empty item", "/v1/recommendations", m{"place": "basket", "items": []string{"item0", ""}, "k": 1}, 422, "invalid_field", "items[1]"),
			post("unknown experiment", "/v1/recommendations", m{"customer": "c1", "place": "home", "k": 1, "experiment": "y"}, 404, "unknown_id", ""),
			post("experiment with a stranger", "/v1/recommendations", m{"place": "home", "k": 1, "experiment": "x"}, 422, "invalid", ""),
			post("answers k", "/v1/answers", m{"k": 21}, 422, "invalid_field", "k"),

			{"item without title", "write", "PUT", "/v1/items", m{"items": []m{{"item": "i", "category": "tea", "lead_days": 1}}}, 422, "invalid_field", "items[0].title"},
			{"item without lead time", "write", "PUT", "/v1/items", m{"items": []m{{"item": "i", "title": "t", "category": "tea", "price": 1, "cost": 1, "stock": 1}}}, 422, "invalid_field", "items[0].lead_days"},
			{"negative stock", "write", "PUT", "/v1/stock", m{"item": "item0", "stock": -1}, 422, "invalid_field", "stock"},
			{"stock of an unknown item", "write", "PUT", "/v1/stock", m{"item": "nothing", "stock": 1}, 404, "unknown_id", ""},
			{"unknown item", "read", "GET", "/v1/items/nothing", nil, 404, "unknown_item", ""},
			{"SQL for an item", "read", "GET", "/v1/items/'%20OR%201=1--", nil, 404, "unknown_item", ""},
			{"offer of an unknown item", "write", "PUT", "/v1/offers", m{"offers": []m{{"id": "o", "title": "t", "item": "nothing", "stock": 1, "cost": 1}}}, 404, "unknown_item", "offers[0].item"},
			post("negative budget", "/v1/offers/plan", m{"rule": "orders >= 1", "budget": -1}, 422, "invalid_field", "budget"),

			post("rule that is none", "/v1/audiences/count", m{"rule": "orders >="}, 422, "invalid_rule", "rule"),
			post("rule of an unknown attribute", "/v1/audiences/count", m{"rule": "shoe_size > 42"}, 422, "invalid_rule", "rule"),
			post("SQL for a rule", "/v1/audiences/count", m{"rule": "1=1; DROP TABLE events; --"}, 422, "invalid_rule", "rule"),
			post("deep rule", "/v1/audiences/count", m{"rule": strings.Repeat("(", 1900)}, 422, "invalid_rule", "rule"),
			post("rule of the wrong kind", "/v1/audiences/export", m{"rule": "segment > 3"}, 422, "invalid_rule", "rule"),
			post("no rule", "/v1/audiences/count", m{"rule": ""}, 422, "invalid_field", "rule"),

			post("ad of an unknown page", "/v1/ads/outcome", m{"page": "12", "ad": "a", "outcome": "click"}, 404, "unknown_id", ""),
			post("page that is no number", "/v1/ads/outcome", m{"page": "x", "ad": "a", "outcome": "click"}, 404, "unknown_id", ""),
			{"ad for nothing", "write", "PUT", "/v1/ads", m{"ads": []m{{"id": "a", "advertiser": "b", "title": "t", "bid": 0}}}, 422, "invalid_field", "ads[0].bid"},
			{"two ads of one id", "write", "PUT", "/v1/ads", m{"ads": []m{{"id": "a", "advertiser": "b", "title": "t", "bid": 1}, {"id": "a", "advertiser": "b", "title": "t", "bid": 1}}}, 422, "invalid", ""},

			post("one arm", "/v1/experiments", m{"name": "y", "arms": []m{{"name": "a", "weight": 1, "policy": "usual"}}}, 422, "invalid_field", "arms"),
			post("two arms of a name", "/v1/experiments", m{"name": "y", "arms": []m{{"name": "a", "weight": 1, "policy": "usual"}, {"name": "a", "weight": 1, "policy": "usual"}}}, 422, "invalid", ""),
			post("weight 0", "/v1/experiments", m{"name": "y", "arms": []m{{"name": "a", "weight": 0, "policy": "usual"}, {"name": "b", "weight": 1, "policy": "usual"}}}, 422, "invalid_field", "arms[0].weight"),
			post("HTML for a name", "/v1/experiments", m{"name": "<b>", "arms": []m{{"name": "a", "weight": 1, "policy": "usual"}, {"name": "b", "weight": 1, "policy": "usual"}}}, 422, "invalid_field", "name"),
			post("a name twice", "/v1/experiments", m{"name": "x", "arms": []m{{"name": "a", "weight": 1, "policy": "usual"}, {"name": "b", "weight": 1, "policy": "usual"}}}, 409, "name_taken", ""),
			post("end of an unknown one", "/v1/experiments/end", m{"name": "y"}, 404, "unknown_id", ""),
			{"result of an unknown one", "read", "GET", "/v1/experiments/y/result", nil, 404, "unknown_id", ""},
			post("exposure to an unknown one", "/v1/exposures", m{"id": "q", "experiment": "y", "customer": "c1", "at": now}, 404, "unknown_id", ""),
			post("exposure id of another", "/v1/exposures", m{"id": "p", "experiment": "x", "customer": "c2", "at": now}, 409, "id_reused", ""),
			post("exposure of a deleted customer", "/v1/exposures", m{"id": "q", "experiment": "x", "customer": "gone", "at": now.AddDate(0, 0, -1)}, 410, "customer_deleted", ""),

			{"day that is none", "read", "GET", "/v1/kpi?from=2026-02-30", nil, 422, "invalid_field", "from"},
			{"span of a century", "read", "GET", "/v1/kpi?from=2001-01-01", nil, 422, "invalid_field", "from"},
			{"span backwards", "read", "GET", "/v1/kpi?from=2026-02-03&to=2026-02-01", nil, 422, "invalid_field", "from"},

			post("unknown customer", "/v1/customers/profile", m{"customer": "nobody"}, 404, "unknown_customer", ""),
			post("data of an unknown customer", "/v1/customers/data", m{"customer": "nobody"}, 404, "unknown_customer", ""),
			post("delete nobody", "/v1/customers/delete", m{"customer": ""}, 422, "invalid_field", "customer"),
			post("trail without limit", "/v1/trail", m{}, 422, "invalid_field", "limit"),
			{"token of no role", "admin", "PUT", "/v1/tokens", m{"name": "a", "role": "root"}, 422, "invalid_field", "role"},
			{"token of a bad name", "admin", "PUT", "/v1/tokens", m{"name": "a b", "role": "read"}, 422, "invalid_field", "name"},

			{"no token", "", "GET", "/v1/status", nil, 401, "no_token", ""},
			{"wrong token", "wrong", "GET", "/v1/status", nil, 401, "wrong_token", ""},
			{"read may not write", "read", "POST", "/v1/events", event(nil), 403, "wrong_role", ""},
			{"write may not delete", "write", "POST", "/v1/customers/delete", m{"customer": "c1"}, 403, "wrong_role", ""},
			{"write may not back up", "write", "GET", "/v1/backup", nil, 403, "wrong_role", ""},
			{"no such path", "admin", "GET", "/v2/events", nil, 404, "not_found", ""},
			{"wrong method", "admin", "DELETE", "/v1/events", nil, 405, "wrong_method", ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				s.t = t
				w := s.do(c.token, c.method, c.path, c.body)
				var p struct{ Error api.Fault }
				if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
					t.Fatalf("%v in %s", err, w.Body)
				}
				if w.Code != c.status || p.Error.Reason != c.reason || p.Error.Field != c.field || p.Error.Message == "" {
					t.Errorf("%d %s %q (%s), want %d %s %q", w.Code, p.Error.Reason, p.Error.Field, p.Error.Message, c.status, c.reason, c.field)
				}
			})
		}
		s.t = t
		if after := s.counts(); after != before {
			t.Errorf("refused requests left something:\n%s\nwas\n%s", after, before)
		}
		// No JSON by its header, whatever it is.
		req := httptest.NewRequest("POST", "/v1/events", strings.NewReader(`{"events": []}`))
		req.Header.Set("Authorization", "Bearer write")
		w := httptest.NewRecorder()
		if s.server.ServeHTTP(w, req); w.Code != 415 || !strings.Contains(w.Body.String(), "wrong_content_type") {
			t.Errorf("without a content type: %d %s", w.Code, w.Body)
		}
		// What is stored comes back as it was, and no page can be made of it: < is escaped.
		text := `<script>alert("x")</script>'; DROP TABLE events; -- 茶`
		s.ok("write", "POST", "/v1/events", event(m{"id": text, "kind": "question", "words": text, "session": text, "customer": text}))
		back := s.do("admin", "POST", "/v1/customers/data", m{"customer": text})
		if strings.Contains(back.Body.String(), "<script") {
			t.Error("markup comes out as it went in")
		}
		var data struct{ Events []api.Event }
		if err := json.Unmarshal(back.Body.Bytes(), &data); err != nil || len(data.Events) != 1 || data.Events[0].Words != text || data.Events[0].ID != text {
			t.Errorf("came back as %+v, %v", data, err)
		}
	})
}

// counts is everything that a refused request might have changed.
func (s *service) counts() string {
	s.t.Helper()
	w := s.do("admin", "GET", "/v1/backup", nil)
	var kept []string
	for line := range strings.Lines(w.Body.String()) {
		if !strings.Contains(line, `"backup"`) && !strings.Contains(line, `"end":`) && !strings.Contains(line, `"export"`) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// TestLimits: who asks too often, or guesses tokens, has to wait; a clock that jumps
// locks nobody out.
func TestLimits(t *testing.T) {
	s := newService(t, t.TempDir()+"/shop.db", api.Options{Rate: 1, Burst: 5})
	codes := func(token string, n int) (out []int) {
		for range n {
			out = append(out, s.do(token, "GET", "/v1/status", nil).Code)
		}
		return out
	}
	if got := codes("read", 7); got[4] != 200 || got[5] != 429 {
		t.Errorf("seven at once: %v", got)
	}
	if got := codes("write", 1); got[0] != 200 {
		t.Errorf("another token: %v", got)
	}
	s.now = s.now.Add(-24 * 3600e9)
	if got := codes("read", 1); got[0] != 429 {
		t.Errorf("a day back: %v", got)
	}
	s.now = s.now.Add(2e9)
	if got := codes("read", 3); got[0] != 200 || got[2] != 429 {
		t.Errorf("two seconds later: %v", got)
	}
	if got := codes("guess", 21); got[19] != 401 || got[20] != 429 {
		t.Errorf("guesses: %v", got)
	}
	if w := s.do("write", "GET", "/v1/status", nil); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("after guesses from one address: %d", w.Code)
	}
}
