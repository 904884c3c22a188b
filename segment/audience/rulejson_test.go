package audience_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/segment/audience"
)

func FuzzParseRule(f *testing.F) {
	for _, s := range []string{
		`{"op":"and","rules":[{"op":"in","attr":"r","values":["b","a","a"]},{"op":"not","rule":{"op":"<","attr":"x","value":1e3}}]}`,
		`{"op":"or","rules":[{"op":"recency","attr":"t","from":"1d","below":"36h30m"},{"op":"has","attr":"é\u0000"}]}`,
		`{"op":"frequency","attr":"t","within":"0d","least":1,"most":-1}`, `{"op":"between","attr":"x","low":-0.0,"high":2}`,
		`{"attr":"x","op":"missing"}`, `{"op":"near","lat_attr":"a","lon_attr":"o","lat":1,"lon":2,"km":0.5}`,
		`{"op":"has","attr":"x","attr":"y"}`, `{"op":"and","rules":[]}`, `[]`, `{"op":`, `{"op":"has","attr":"x"} x`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := audience.ParseRule(data)
		if err != nil {
			return
		}
		text, err := r.MarshalJSON()
		if err != nil {
			t.Fatalf("parsed, but cannot be written: %v", err)
		}
		again, err := audience.ParseRule(text)
		if err != nil {
			t.Fatalf("written as %s, but cannot be read: %v", text, err)
		}
		twice, err := again.MarshalJSON()
		if err != nil || !bytes.Equal(text, twice) {
			t.Fatalf("not canonical: %s and %s, %v", text, twice, err)
		}
	})
}

func TestParseRuleBadInput(t *testing.T) {
	deep := []byte{}
	for range 70 {
		deep = append(deep, `{"op":"not","rule":`...)
	}
	for _, c := range []struct {
		name, text string
		want       error
		says       string
	}{
		{"empty", ``, audience.ErrCorrupt, "byte 0"},
		{"a list", `[]`, audience.ErrCorrupt, "want a rule object"},
		{"null", `null`, audience.ErrCorrupt, "want a rule object"},
		{"cut", `{"op":"has","attr":`, audience.ErrCorrupt, "byte"},
		{"trailing", `{"op":"has","attr":"x"} {}`, audience.ErrCorrupt, "after the rule"},
		{"no op", `{"attr":"x"}`, audience.ErrCorrupt, `operation ""`},
		{"unknown op", `{"op":"xor","attr":"x"}`, audience.ErrCorrupt, `"xor"`},
		{"unknown member", `{"op":"has","attr":"x","hint":1}`, audience.ErrCorrupt, `"hint"`},
		{"member of another", `{"op":"has","attr":"x","value":1}`, audience.ErrCorrupt, "takes the members"},
		{"repeated member", `{"op":"has","attr":"x","attr":"y"}`, audience.ErrCorrupt, "repeated"},
		{"missing member", `{"op":"<","attr":"x"}`, audience.ErrCorrupt, `"value"`},
		{"text for a number", `{"op":"<","attr":"x","value":"1"}`, audience.ErrCorrupt, "want a number"},
		{"number for text", `{"op":"has","attr":1}`, audience.ErrCorrupt, "want text"},
		{"huge number", `{"op":"<","attr":"x","value":1e999}`, audience.ErrCorrupt, "beyond"},
		{"half event", `{"op":"frequency","attr":"x","within":"1d","least":0.5,"most":1}`, audience.ErrCorrupt, "whole number"},
		{"bad duration", `{"op":"recency","attr":"x","from":"1 day","below":"0d"}`, audience.ErrRange, `"1 day"`},
		{"many days", `{"op":"recency","attr":"x","from":"9999999d","below":"0d"}`, audience.ErrRange, "duration"},
		{"negative duration", `{"op":"recency","attr":"x","from":"-1h","below":"0d"}`, audience.ErrRange, "recency"},
		{"no values", `{"op":"in","attr":"x","values":[]}`, audience.ErrEmpty, "no values"},
		{"values of lists", `{"op":"in","attr":"x","values":[["a"]]}`, audience.ErrCorrupt, "want text"},
		{"no rules", `{"op":"and","rules":[]}`, audience.ErrEmpty, "without rules"},
		{"rules no list", `{"op":"and","rules":{}}`, audience.ErrCorrupt, "want a list"},
		{"too deep", string(deep), audience.ErrTooLarge, "deeper"},
		{"too long", string(make([]byte, 1<<20+1)), audience.ErrTooLarge, "bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := audience.Has("kept")
			_, err := audience.ParseRule([]byte(c.text))
			wantErr(t, err, c.want, c.says)
			if err := r.UnmarshalJSON([]byte(c.text)); err == nil || r.String() != "kept is known" {
				t.Errorf("rule is now %v, %v", r, err)
			}
		})
	}
}

// The words and the stored form of every kind of rule, as they are since the first
// version.
func TestRuleForms(t *testing.T) {
	has := audience.Has("x")
	for _, c := range []struct {
		rule       audience.Rule
		text, json string
	}{
		{audience.Compare("age", "<", 1.5), `age < 1.5`, `{"op":"<","attr":"age","value":1.5}`},
		{audience.Compare("age", "!=", 1e21), `age != 1e+21`, `{"op":"!=","attr":"age","value":1e+21}`},
		{audience.Between("age", -1, 2), `age between -1 and 2`, `{"op":"between","attr":"age","low":-1,"high":2}`},
		{audience.In("r", "b", `a"`, "b"), `r in {"a\"", "b"}`, `{"op":"in","attr":"r","values":["a\"","b"]}`},
		{audience.In("r", "<é>"), `r = "<é>"`, `{"op":"in","attr":"r","values":["<é>"]}`},
		{audience.Recency("v", 0, 30*day), `last(v) < 30d`, `{"op":"recency","attr":"v","from":"0d","below":"30d"}`},
		{audience.Recency("v", 36*time.Hour, 0), `last(v) >= 36h`, `{"op":"recency","attr":"v","from":"36h0m0s","below":"0d"}`},
		{audience.Recency("v", day, 2*day), `1d <= last(v) < 2d`, `{"op":"recency","attr":"v","from":"1d","below":"2d"}`},
		{audience.Frequency("b", 0, 2, -1), `b() >= 2`, `{"op":"frequency","attr":"b","within":"0d","least":2,"most":-1}`},
		{audience.Frequency("b", day, 2, 2), `b(within=1d) == 2`, `{"op":"frequency","attr":"b","within":"1d","least":2,"most":2}`},
		{audience.Frequency("b", 0, 0, 3), `b() <= 3`, `{"op":"frequency","attr":"b","within":"0d","least":0,"most":3}`},
		{audience.Frequency("b", 0, 1, 3), `b() between 1 and 3`, `{"op":"frequency","attr":"b","within":"0d","least":1,"most":3}`},
		{audience.Near("la", "lo", 1, -2, 3), `(la, lo) within 3 km of (1, -2)`, `{"op":"near","lat_attr":"la","lon_attr":"lo","lat":1,"lon":-2,"km":3}`},
		{has, `x is known`, `{"op":"has","attr":"x"}`},
		{audience.Missing("x"), `x is missing`, `{"op":"missing","attr":"x"}`},
		{audience.Not(has), `not x is known`, `{"op":"not","rule":{"op":"has","attr":"x"}}`},
		{audience.And(has), `all(x is known)`, `{"op":"and","rules":[{"op":"has","attr":"x"}]}`},
		{
			audience.Or(has, audience.Not(audience.And(has, has))), `x is known or not (x is known and x is known)`,
			`{"op":"or","rules":[{"op":"has","attr":"x"},{"op":"not","rule":{"op":"and","rules":[{"op":"has","attr":"x"},{"op":"has","attr":"x"}]}}]}`,
		},
	} {
		if c.rule.String() != c.text {
			t.Errorf("%s is written %s", c.text, c.rule)
		}
		raw, err := c.rule.MarshalJSON()
		if err != nil || string(raw) != c.json {
			t.Errorf("%s is stored as %s (%v), want %s", c.text, raw, err, c.json)
		}
		if back, err := audience.ParseRule([]byte(c.json)); err != nil || back.String() != c.text {
			t.Errorf("%s came back as %v (%v)", c.json, back, err)
		}
	}
	for _, c := range []struct {
		rule audience.Rule
		text string
		want error
	}{
		{audience.Rule{}, "(no rule)", audience.ErrEmpty},
		{audience.Not(audience.Rule{}), "not (no rule)", audience.ErrEmpty},
		{audience.Compare("age", "=<", 3), `(unknown operator "=<")`, audience.ErrRange},
		{audience.And(), "all()", audience.ErrEmpty},
		{audience.In("r", ""), `r = ""`, audience.ErrRange},
	} {
		if c.rule.String() != c.text {
			t.Errorf("a bad rule is written %s, want %s", c.rule, c.text)
		}
		_, err := c.rule.MarshalJSON()
		wantErr(t, err, c.want, "audience: Rule.MarshalJSON: ")
	}
}

// TestPrinterDepth: no printer follows a rule deeper or longer than Compile does, nor
// one that holds itself many times.
func TestPrinterDepth(t *testing.T) {
	deep, wide := audience.Has("x"), audience.Has("x")
	for range 100_000 {
		deep = audience.Not(deep)
	}
	for range 100 {
		wide = audience.And(wide, wide)
	}
	long := make([]audience.Rule, 20_000)
	for i := range long {
		long[i] = audience.Has("x")
	}
	for name, r := range map[string]audience.Rule{"deep": deep, "wide": wide, "long": audience.Or(long...)} {
		if s := r.String(); !strings.Contains(s, "…") || len(s) > 1<<18 {
			t.Errorf("%s: %d bytes", name, len(s))
		}
		if _, err := r.MarshalJSON(); !errors.Is(err, audience.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := audience.Explanation{Rule: "x"}
	for range 100_000 {
		e = audience.Explanation{Parts: []audience.Explanation{e}}
	}
	if s := e.String(); !strings.HasSuffix(s, "…\n") || len(s) > 1<<14 {
		t.Errorf("%d bytes", len(s))
	}
	if d := e.Deciding(); len(d) != 1 || len(d[0].Parts) != 1 {
		t.Errorf("%d clauses", len(d))
	}
}
