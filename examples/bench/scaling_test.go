package bench

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestSynthMatrix: a valid matrix of about the size asked for, the same at any
// GOMAXPROCS, another for another seed, skewed as purchases are.
func TestSynthMatrix(t *testing.T) {
	const spec = "synth:500,300,9000"
	m, err := synthMatrix(spec)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(m.Col); m.Rows != 500 || m.Cols != 300 || n < 8900 || n > 9100 || len(m.Val) != n || m.Ptr[500] != int64(n) {
		t.Fatalf("%d×%d with %d entries", m.Rows, m.Cols, n)
	}
	count := make([]int, m.Cols)
	for u := range m.Rows {
		cols, vals := m.Row(u)
		if len(cols) == 0 {
			t.Fatalf("user %d has nothing", u)
		}
		for k, i := range cols {
			if i < 0 || int(i) >= m.Cols || k > 0 && i <= cols[k-1] || vals[k] < 1 || vals[k] > 50 {
				t.Fatalf("user %d: %v %v", u, cols, vals)
			}
			count[i]++
		}
	}
	slices.Sort(count)
	if top := count[len(count)-1]; top < 3*len(m.Col)/m.Cols {
		t.Errorf("the most popular item has %d of %d entries", top, len(m.Col))
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	again, err := synthMatrix(spec)
	if err != nil || !slices.Equal(again.Col, m.Col) || !slices.Equal(again.Val, m.Val) {
		t.Error("another matrix at another GOMAXPROCS")
	}
	if other, err := synthMatrix(spec + ",2"); err != nil || slices.Equal(other.Col, m.Col) {
		t.Error("the same matrix for another seed")
	}
	for _, bad := range []string{"synth:", "synth:1,2", "synth:a,2,3", "synth:10,10,5", "synth:10,10,90", "synth:-1,2,3", "synth:1,2,3,4,5"} {
		if _, err := synthMatrix(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestScaling: two sizes, repeated, drawn; and drawn again from the lines alone.
func TestScaling(t *testing.T) {
	dir := t.TempDir()
	args := []string{"-matrix", "synth:200,100,3000", "-matrix", "synth:400,200,8000", "-algorithms", "itemknn,tfidf,popular", "-json", "-repeat", "2", "-lists=false", "-plots", dir}
	var out string
	for _, isolate := range []string{"-isolate=false", "-isolate=true"} {
		code, lines, log := bench(t, append(args, isolate)...)
		if code != 0 {
			t.Fatal(log)
		}
		rows := parseLines(t, lines)
		if len(rows) != 6 || rows[0]["matrix"] != "synth:200,100,3000" || rows[5]["matrix"] != "synth:400,200,8000" || rows[5].number("train_users") != 400 {
			t.Fatalf("%s: %s", isolate, lines)
		}
		for _, r := range rows {
			if r.number("repeats") != 2 || !(r.number("fit_wall_s") >= 0) || !(r.number("peak_rss_mb") > 1) || r["users_per_s"] != nil {
				t.Errorf("%s: %v", isolate, r)
			}
		}
		out = lines
	}
	drawn, err := os.ReadFile(filepath.Join(dir, "scaling.svg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">itemknn ", ">tfidf ", "interactions", "</svg>"} {
		if !strings.Contains(string(drawn), want) {
			t.Errorf("scaling.svg lacks %q", want)
		}
	}
	if n := strings.Count(string(drawn), "<circle"); n < 4 || n > 6 { // a fit may take no time that the clock shows
		t.Errorf("%d dots", n)
	}
	saved := write(t, "lines", out)
	again := t.TempDir()
	code, table, log := bench(t, "-from", saved, "-plots", again)
	if code != 0 || !strings.Contains(table, "tfidf synth:400,200,8000") {
		t.Fatal(table, log)
	}
	if svg, err := os.ReadFile(filepath.Join(again, "scaling.svg")); err != nil || string(svg) != string(drawn) {
		t.Errorf("another picture from the lines: %v", err)
	}
	if code, _, log := bench(t, "-from", write(t, "broken", "{}\n")); code != exitUnusable || !strings.Contains(log, "broken:1: want a line") {
		t.Errorf("exit %d: %s", code, log)
	}
}

func TestMedians(t *testing.T) {
	got, err := medians([][]byte{
		[]byte(`{"algorithm":"a","settings":{"x":[1,{"fit_wall_s":9}]},"fit_wall_s":3,"peak_rss_mb":5,"users_per_s":null,"iterations":4,"single_p50_us":1}` + "\n"),
		[]byte(`{"algorithm":"a","settings":{},"fit_wall_s":1,"peak_rss_mb":7,"users_per_s":null,"iterations":4,"single_p50_us":2}` + "\n"),
		[]byte(`{"algorithm":"a","settings":{},"fit_wall_s":2,"peak_rss_mb":6,"users_per_s":null,"iterations":4,"single_p50_us":9}` + "\n"),
	})
	want := `{"algorithm":"a","settings":{"x":[1,{"fit_wall_s":9}]},"fit_wall_s":2,"peak_rss_mb":7,"users_per_s":null,"iterations":4,"single_p50_us":2,"repeats":3}` + "\n"
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}
