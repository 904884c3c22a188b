package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// hostile comes from data in every place where data can appear.
const hostile = "<script>alert('x')</script> & \"y\" \x1b[31m\x00 ' onload='z"

func hostilePage() *Page {
	nan := math.NaN()
	series := []Series{{Name: hostile, Y: []float64{1, nan, -3}}, {Name: "b", Y: []float64{2, 5, 4}, Dashed: true}}
	labels := []string{hostile, "b", "c"}
	plots := []Plot{
		{Kind: Lines, Title: hostile, Desc: hostile, XName: hostile, YName: hostile, Labels: labels, Series: series},
		{Kind: Lines, Title: "over x", X: []float64{1, 2, 4}, Series: series, Percent: true, Zero: true},
		{Kind: Lines, Title: "one point", X: []float64{3}, Series: []Series{{Y: []float64{7}}}},
		{Kind: Bars, Title: hostile, XName: hostile, Labels: labels, Series: series},
		{Kind: Grid, Title: hostile, Labels: labels, Series: series},
	}
	for _, k := range []PlotKind{Lines, Bars, Grid} { // nothing to draw
		plots = append(plots, Plot{Kind: k}, Plot{Kind: k, Labels: labels, Series: []Series{{Y: []float64{nan, nan, nan}}}}, Plot{Kind: k, Labels: labels, Series: []Series{{Y: []float64{0, 0, 0}}}})
	}
	return &Page{Title: hostile, Intro: []string{hostile}, Sections: []Section{{
		Title: hostile, Meaning: hostile, Action: hostile, Notes: []string{hostile},
		Terms: []Term{{hostile, hostile}}, Figures: []Figure{{hostile, hostile, hostile}},
		Checks: []Check{{hostile, hostile, hostile, Good}, {"a", "b", "c", Poor}, {"a", "b", "c", Stated}},
		Tables: []Table{{Caption: hostile, Columns: []string{hostile, "n", "short"}, Rows: [][]string{{hostile, "1"}, {"中文", "-2.5", "x", "beyond"}, nil}}, {}},
		Plots:  plots,
	}}}
}

func TestHTMLEscapes(t *testing.T) {
	var b bytes.Buffer
	if err := hostilePage().WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(bytes.NewReader(b.Bytes()))
	d.Entity = xml.HTMLEntity
	ids := make(map[string]bool)
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if e.Name.Local == "script" {
			t.Error("a script came through")
		}
		for _, a := range e.Attr {
			if strings.HasPrefix(a.Name.Local, "on") {
				t.Errorf("attribute %s came through", a.Name.Local)
			}
			if a.Name.Local == "id" {
				if ids[a.Value] {
					t.Errorf("id %s twice", a.Value)
				}
				ids[a.Value] = true
			}
			if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
				t.Errorf("%s %s=%q", e.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	if err := hostilePage().WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, r := range b.String() {
		if r < ' ' && r != '\n' {
			t.Fatalf("control character %q reaches the terminal", r)
		}
	}
	if !strings.Contains(b.String(), "OFF") || !strings.Contains(b.String(), "中文") {
		t.Error("checks or tables are missing")
	}
	if got := width("ab中文"); got != 6 {
		t.Errorf("width %d, want 6", got)
	}
}

func TestTicks(t *testing.T) {
	for _, c := range [][2]float64{{0, 1}, {0, 7}, {-3, 12}, {1e6, 1.3e6}, {0, 1e-9}, {99, 101}} {
		ts := ticks(c[0], c[1])
		if len(ts) < 2 || len(ts) > 12 || ts[0] > c[0]+1e-9 || ts[len(ts)-1] < c[1]-1e-6*math.Abs(c[1]) {
			t.Errorf("ticks(%v) = %v", c, ts)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteErrors(t *testing.T) {
	if hostilePage().WriteHTML(broken{}) == nil || hostilePage().WriteText(broken{}) == nil {
		t.Error("an error of the writer is lost")
	}
}
