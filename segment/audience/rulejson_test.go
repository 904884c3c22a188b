package audience_test

import (
	"bytes"
	"testing"

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
