package api

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// decodeText decodes a body as a request would.
func decodeText[T any](body string) (in T, f *Fault) {
	req := httptest.NewRequest("POST", "/", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	f = decode(req, &in)
	return in, f
}

// TestWholeNumbers: an integer is one however it is written.
func TestWholeNumbers(t *testing.T) {
	for text, want := range map[string]int64{"17": 17, "17.0": 17, "1.7e1": 17, "170e-1": 17, "-0.0": 0, "0e9": 0} {
		in, f := decodeText[StockIn](`{"item": "i", "stock": ` + text + `}`)
		if f != nil || in.Stock != want {
			t.Errorf("%s is %d, %v, want %d", text, in.Stock, f, want)
		}
	}
	for _, text := range []string{"17.5", "1e999", "9223372036854775808", "1e18", "-1.0", `"1"`, "null", "true"} {
		if in, f := decodeText[StockIn](`{"item": "i", "stock": ` + text + `}`); f == nil || f.Field != "stock" {
			t.Errorf("%s is %d, %v, want a fault of stock", text, in.Stock, f)
		}
	}
	in, f := decodeText[RecommendIn](`{"items": ["1.0"], "k":3.0 , "place":"home"}`)
	if f != nil || in.K != 3 || in.Items[0] != "1.0" || in.Place != "home" {
		t.Errorf("%+v, %v", in, f)
	}
}

// TestTooMany: a batch of 501 events is refused, whoever sends it.
func TestTooMany(t *testing.T) {
	event := `{"id": "n", "customer": "c", "kind": "view", "at": "2026-01-01T00:00:00Z"}`
	for n, want := range map[int]string{0: "events", 1: "", 500: "", 501: "events"} {
		_, f := decodeText[EventsIn](`{"events": [` + strings.Join(slices.Repeat([]string{event}, n), ",") + `]}`)
		if f == nil && want != "" || f != nil && f.Field != want {
			t.Errorf("%d events: %v, want a fault of %q", n, f, want)
		}
	}
}

// FuzzEvents: no body panics; what is taken keeps the rules, and written out and read
// again it is the same.
func FuzzEvents(f *testing.F) {
	f.Add(`{"events": [{"id": "a", "customer": "c", "item": "i", "kind": "order", "at": "2026-01-01T00:00:00Z", "quantity": 1.0}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		in, fault := decodeText[EventsIn](body)
		if fault != nil {
			if fault.Reason == "" || fault.Message == "" || fault.status < 400 || fault.status > 499 {
				t.Fatalf("fault %+v", fault)
			}
			return
		}
		for _, e := range in.Events {
			if e.ID == "" || e.Customer == "" || strings.ContainsRune(e.ID+e.Customer+e.Item+e.Words, 0) || e.Quantity < 0 {
				t.Fatalf("taken: %+v", e)
			}
		}
		text, err := json.Marshal(in)
		if err != nil {
			if strings.Contains(err.Error(), "MarshalJSON") { // a time that cannot be written: handlers refuse its year
				return
			}
			t.Fatal(err)
		}
		again, fault := decodeText[EventsIn](string(text))
		if fault != nil || len(again.Events) != len(in.Events) {
			t.Fatalf("%s came back as %+v, %v", text, again, fault)
		}
		for i, e := range again.Events {
			was := in.Events[i]
			if !e.At.Equal(was.At) {
				t.Fatalf("%v came back as %v", was.At, e.At)
			}
			e.At, was.At = time.Time{}, time.Time{}
			if e != was {
				t.Fatalf("%+v came back as %+v", was, e)
			}
		}
	})
}
