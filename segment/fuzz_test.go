package segment_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
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
		r, err := segment.ParseRule(data)
		if err != nil {
			return
		}
		text, err := r.MarshalJSON()
		if err != nil {
			t.Fatalf("parsed, but cannot be written: %v", err)
		}
		again, err := segment.ParseRule(text)
		if err != nil {
			t.Fatalf("written as %s, but cannot be read: %v", text, err)
		}
		twice, err := again.MarshalJSON()
		if err != nil || !bytes.Equal(text, twice) {
			t.Fatalf("not canonical: %s and %s, %v", text, twice, err)
		}
	})
}

// form is the binary form that every model and accumulator has.
type form interface {
	MarshalBinary() ([]byte, error)
	AppendBinary([]byte) ([]byte, error)
	UnmarshalBinary([]byte) error
}

// fuzzForm feeds bytes as they are and with length and checksum made right: what
// is refused leaves the receiver alone, what is accepted is canonical.
func fuzzForm(f *testing.F, fresh func() form, use func(form)) {
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, testkit.Refit(data)} {
			m := fresh()
			before, _ := m.MarshalBinary()
			if err := m.UnmarshalBinary(data); err != nil {
				if !errors.Is(err, segment.ErrCorrupt) && !errors.Is(err, segment.ErrVersion) && !errors.Is(err, segment.ErrMismatch) {
					t.Fatalf("unnamed error %v", err)
				}
				if after, _ := m.MarshalBinary(); !bytes.Equal(before, after) {
					t.Fatal("a failed decode changed the receiver")
				}
				continue
			}
			b, err := m.MarshalBinary()
			if err != nil || !bytes.Equal(b, data) {
				t.Fatalf("accepts %d bytes and writes %d others, %v", len(data), len(b), err)
			}
			use(m) // must not panic
		}
	})
}

func FuzzKMeansUnmarshal(f *testing.F) {
	fuzzForm(f, func() form { return new(segment.KMeans) }, func(m form) {
		k := m.(*segment.KMeans)
		_, _, err := k.Nearest(make([]float64, k.Dim()))
		must(err)
	})
}

func FuzzKMeansStepUnmarshal(f *testing.F) {
	fuzzForm(f, func() form { return new(segment.KMeansStep) }, func(m form) { _, _, _ = m.(*segment.KMeansStep).Next() })
}

func FuzzRFMUnmarshal(f *testing.F) {
	fuzzForm(f, func() form { return new(segment.RFM) }, func(m form) {
		_, err := m.(*segment.RFM).Score(1, 2, 3)
		must(err)
	})
}

func FuzzTransitionsUnmarshal(f *testing.F) {
	fuzzForm(f, func() form { return new(segment.Transitions) }, func(m form) {
		_, _ = m.(*segment.Transitions).Rate(segment.New, segment.Active)
	})
}

func FuzzAudienceUnmarshal(f *testing.F) {
	fuzzForm(f, func() form { return new(segment.Audience) }, func(m form) {
		a := m.(*segment.Audience)
		if a.Count() > a.Universe() {
			panic("more members than users")
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
		{"empty", ``, segment.ErrCorrupt, "byte 0"},
		{"a list", `[]`, segment.ErrCorrupt, "want a rule object"},
		{"null", `null`, segment.ErrCorrupt, "want a rule object"},
		{"cut", `{"op":"has","attr":`, segment.ErrCorrupt, "byte"},
		{"trailing", `{"op":"has","attr":"x"} {}`, segment.ErrCorrupt, "after the rule"},
		{"no op", `{"attr":"x"}`, segment.ErrCorrupt, `operation ""`},
		{"unknown op", `{"op":"xor","attr":"x"}`, segment.ErrCorrupt, `"xor"`},
		{"unknown member", `{"op":"has","attr":"x","hint":1}`, segment.ErrCorrupt, `"hint"`},
		{"member of another", `{"op":"has","attr":"x","value":1}`, segment.ErrCorrupt, "takes the members"},
		{"repeated member", `{"op":"has","attr":"x","attr":"y"}`, segment.ErrCorrupt, "repeated"},
		{"missing member", `{"op":"<","attr":"x"}`, segment.ErrCorrupt, `"value"`},
		{"text for a number", `{"op":"<","attr":"x","value":"1"}`, segment.ErrCorrupt, "want a number"},
		{"number for text", `{"op":"has","attr":1}`, segment.ErrCorrupt, "want text"},
		{"huge number", `{"op":"<","attr":"x","value":1e999}`, segment.ErrCorrupt, "beyond"},
		{"half event", `{"op":"frequency","attr":"x","within":"1d","least":0.5,"most":1}`, segment.ErrCorrupt, "whole number"},
		{"bad duration", `{"op":"recency","attr":"x","from":"1 day","below":"0d"}`, segment.ErrRange, `"1 day"`},
		{"many days", `{"op":"recency","attr":"x","from":"9999999d","below":"0d"}`, segment.ErrRange, "duration"},
		{"negative duration", `{"op":"recency","attr":"x","from":"-1h","below":"0d"}`, segment.ErrRange, "recency"},
		{"no values", `{"op":"in","attr":"x","values":[]}`, segment.ErrEmpty, "no values"},
		{"values of lists", `{"op":"in","attr":"x","values":[["a"]]}`, segment.ErrCorrupt, "want text"},
		{"no rules", `{"op":"and","rules":[]}`, segment.ErrEmpty, "without rules"},
		{"rules no list", `{"op":"and","rules":{}}`, segment.ErrCorrupt, "want a list"},
		{"too deep", string(deep), segment.ErrTooLarge, "deeper"},
		{"too long", string(make([]byte, 1<<20+1)), segment.ErrTooLarge, "bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := segment.Has("kept")
			_, err := segment.ParseRule([]byte(c.text))
			wantErr(t, err, c.want, c.says)
			if err := r.UnmarshalJSON([]byte(c.text)); err == nil || r.String() != "kept is known" {
				t.Errorf("rule is now %v, %v", r, err)
			}
		})
	}
}
