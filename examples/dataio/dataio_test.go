package dataio

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	raw := []byte(text)
	if strings.HasSuffix(name, ".gz") {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(raw); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		raw = b.Bytes()
	}
	if err := os.WriteFile(path, raw, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// dump writes a matrix as "user:item=value@time …" in index order.
func dump(r *Reader, m *Matrix) string {
	var b strings.Builder
	for u := range m.Rows {
		items, vals := m.Row(u)
		for k, i := range items {
			fmt.Fprintf(&b, "%s:%s=%v", r.Users.Name(int32(u)), r.Items.Name(i), vals[k])
			if m.Time != nil {
				fmt.Fprintf(&b, "@%d", m.Time[m.Ptr[u]+int64(k)])
			}
			b.WriteByte(' ')
		}
	}
	return strings.TrimSpace(b.String())
}

func TestEntries(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		format           Format
		values           Values
		positive         bool
		want             string
		wantFormat       Format
		rejects          []int
		header           bool
	}{
		{name: "adjacency", file: "a.txt", text: "10 5 3\n2 3\n\n7\n", want: "2:3=1 10:3=1 10:5=1", wantFormat: Adjacency},
		{name: "adjacency gzipped, carriage returns, no last line end", file: "a.txt.gz", text: "10 5 3\r\n2 3\r\n2 4", want: "2:3=1 2:4=1 10:3=1 10:5=1", wantFormat: Adjacency},
		{name: "adjacency of equal lengths is no triple", file: "a", text: "1 5 3\n2 3 7\n3 1 2\n", want: "1:3=1 1:5=1 2:3=1 2:7=1 3:1=1 3:2=1", wantFormat: Adjacency},
		{name: "adjacency repeats", file: "a", text: "1 5 5 5\n1 5 6\n", want: "1:5=1 1:6=1", wantFormat: Adjacency},
		{name: "adjacency sums", file: "a", text: "1 5 5 5\n1 5 6\n", values: Sums, want: "1:5=4 1:6=1", wantFormat: Adjacency},
		{name: "adjacency rejects", file: "a", text: "1 5 6\n2 5 x6\n-3 5\n4 6\n5 1.5\n6 5\n", want: "1:5=1 1:6=1 4:6=1 6:5=1", wantFormat: Adjacency, rejects: []int{2, 3, 5}},
		{name: "adjacency of names", file: "a", text: "ann tea milk\nbob tea 7\n", want: "ann:milk=1 ann:tea=1 bob:7=1 bob:tea=1", wantFormat: Adjacency},
		{name: "tabs", file: "b", text: "1\t10\t5\n2\t10\t4\n1\t11\t3\n", values: Last, want: "1:10=5 1:11=3 2:10=4", wantFormat: Triples},
		{name: "tabs with time", file: "b.gz", text: "2\t10\t4\t99\n1\t10\t5\t7\n1\t10\t3\t6\n", values: Last, want: "1:10=5@7 2:10=4@99", wantFormat: Triples},
		{name: "comma, header, names", file: "b", text: "user,item,value\nu2,i1,1.5\nu1,i2,-2\n", values: Last, want: "u1:i2=-2 u2:i1=1.5", wantFormat: Triples, header: true},
		{name: "double colon", file: "b", text: "1::10::5::3\n1::9::4::2\n", values: Last, want: "1:9=4@2 1:10=5@3", wantFormat: Triples},
		{name: "spaces", file: "b", text: "1 10 5\n1 11 3\n2 10  4\n", values: Last, want: "1:10=5 1:11=3 2:10=4", wantFormat: Triples},
		{name: "spaces, fractions", file: "b", text: "1 10 4.5\n2 11 3\n", values: Last, want: "1:10=4.5 2:11=3", wantFormat: Triples},
		{
			name: "triple rejects", file: "b", text: "1\t10\t5\n1\t11\n1\tx\t2\n\t11\t2\n1\t12\tNaN\n1\t13\tinf\n1\t14\tsix\n1\t15\t1\t2\n1\t16\t2\n1\t17\t2\n1\t18\t2\n", values: Last,
			format: Triples, want: "1:10=5 1:16=2 1:17=2 1:18=2", wantFormat: Triples, rejects: []int{2, 3, 4, 5, 6, 7, 8},
		},
		{name: "bad time", file: "b", text: "1\t10\t5\t1\n1\t11\t5\tx\n1\t12\t5\t2.5\n", values: Last, want: "1:10=5@1 1:12=5@2", wantFormat: Triples, rejects: []int{2}},
		{name: "values that say no", file: "b", positive: true, text: "1\t10\t5\n1\t11\t0\n1\t12\t-1\n", want: "1:10=1", wantFormat: Triples, rejects: []int{2, 3}},
		{name: "first line broken, ids are integers", file: "b", text: "1\t10\tx\n1\t11\t2\n1\t12\t2\n", want: "1:11=1 1:12=1", wantFormat: Triples, rejects: []int{1}},
		{name: "forced triples", file: "b", format: Triples, text: "1 10 5\n2 11 3\n", values: Last, want: "1:10=5 2:11=3", wantFormat: Triples},
		{name: "byte order mark", file: "b", text: "\xef\xbb\xbf1\t10\t5\n", want: "1:10=1", wantFormat: Triples},
		{name: "leading zeros are names", file: "a", format: Adjacency, text: "a 007 7\nb 07 x\nc y z\n", want: "a:7=1 a:007=1 b:07=1 b:x=1 c:y=1 c:z=1", wantFormat: Adjacency},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.file, c.text)
			r := NewReader()
			r.Positive = c.positive
			e, err := r.Entries(path, c.format)
			if err != nil {
				t.Fatal(err)
			}
			r.Sort()
			rep := r.Reports[0]
			if got := dump(r, e.Matrix(c.values)); got != c.want {
				t.Errorf("got  %s\nwant %s\nrejects %v", got, c.want, rep.First)
			}
			if rep.Format != c.wantFormat || rep.Header != c.header {
				t.Errorf("format %v header %v", rep.Format, rep.Header)
			}
			var lines []int
			for _, l := range rep.First {
				lines = append(lines, l.Line)
			}
			if !slices.Equal(lines, c.rejects[:min(len(c.rejects), maxShown)]) || rep.Rejected != len(c.rejects) {
				t.Errorf("rejects %v (%d), want %v", lines, rep.Rejected, c.rejects)
			}
			r = NewReader()
			r.Strict, r.Positive = true, c.positive
			_, err = r.Entries(path, c.format)
			var bad *LineError
			switch {
			case len(c.rejects) == 0 && err != nil:
				t.Errorf("strict: %v", err)
			case len(c.rejects) > 0 && (!errors.As(err, &bad) || !errors.Is(err, ErrMalformed) || bad.Line != c.rejects[0] || !strings.Contains(err.Error(), fmt.Sprintf("%s:%d: ", path, bad.Line))):
				t.Errorf("strict: %v, want line %d", err, c.rejects[0])
			}
		})
	}
}

func TestPermutedLinesGiveEqualMatrices(t *testing.T) {
	lines := []string{"3\t900000000\t1\t5", "1\t20\t2\t4", "1\t3\t2\t9", "20\t3\t1\t1"}
	want := ""
	for range len(lines) {
		lines = append(lines[1:], lines[0])
		r := NewReader()
		e, err := r.Entries(write(t, "x", strings.Join(lines, "\n")), Triples)
		if err != nil {
			t.Fatal(err)
		}
		r.Sort()
		got := dump(r, e.Matrix(Last))
		if want == "" {
			want = got
		}
		if got != want || got != "1:3=2@9 1:20=2@4 3:900000000=1@5 20:3=1@1" {
			t.Errorf("got %s", got)
		}
	}
}

func TestLongLine(t *testing.T) {
	var b strings.Builder
	b.WriteString("7")
	for i := range 400_000 { // longer than the buffer
		fmt.Fprintf(&b, " %d", i)
	}
	b.WriteString("\n8 1\n")
	r := NewReader()
	e, err := r.Entries(write(t, "long.gz", b.String()), Adjacency)
	if err != nil {
		t.Fatal(err)
	}
	r.Sort()
	m := e.Matrix(Ones)
	if m.Rows != 2 || m.Cols != 400_000 || len(m.Col) != 400_001 {
		t.Errorf("%d×%d, %d entries", m.Rows, m.Cols, len(m.Col))
	}
}

func TestOpenErrors(t *testing.T) {
	r := NewReader()
	if _, err := r.Entries(filepath.Join(t.TempDir(), "none"), Auto); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	whole, err := os.ReadFile(write(t, "x.gz", strings.Repeat("1 2 3 4\n", 1000)))
	if err != nil {
		t.Fatal(err)
	}
	cut := write(t, "cut", string(whole[:len(whole)-9]))
	if _, err := r.Entries(cut, Adjacency); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), cut) {
		t.Errorf("truncated gzip: %v", err)
	}
	if _, err := r.Entries(cut, SessionsFormat); err == nil {
		t.Error("sessions are no entries")
	}
}

func TestCandidates(t *testing.T) {
	r := NewReader()
	if _, err := r.Entries(write(t, "t", "4\t30\t1\n5\t31\t1\n"), Triples); err != nil {
		t.Fatal(err)
	}
	c, err := r.Candidates(write(t, "n.gz", "(4,30)\t7\t9\t7\n(5,31) 9 31\n4,30\t7\n(4;30)\t7\n(4,30)\t8\n(6,1)\n(6,1)\t1\n(6,x)\t1\n(7,2)\t1 y\n"))
	if err != nil {
		t.Fatal(err)
	}
	r.Sort()
	c.Renumber()
	c.Renumber() // once is enough
	got := ""
	for k := range c.Len() {
		got += fmt.Sprintf("(%s,%s)", r.Users.Name(c.User[k]), r.Items.Name(c.Item[k]))
		for _, i := range c.Negative(k) {
			got += " " + r.Items.Name(i)
		}
		got += ";"
	}
	if got != "(4,30) 7 9;(5,31) 9 31;" || c.Own != 1 {
		t.Errorf("got %s, own %d", got, c.Own)
	}
	rep := r.Reports[1]
	if rep.Rejected != 7 || len(rep.First) != maxShown || rep.First[0].Line != 3 {
		t.Errorf("%d rejects, first %v", rep.Rejected, rep.First)
	}
}

func TestSessions(t *testing.T) {
	r := NewReader()
	train, err := r.Sessions(write(t, "a", "5 3 5\n2\nx 1\n\n9 3\n"), false)
	if err != nil {
		t.Fatal(err)
	}
	test, err := r.Sessions(write(t, "b", "5 3\t9\n5\n\t3\n4\t3 4\n3\t8\n"), true)
	if err != nil {
		t.Fatal(err)
	}
	r.Sort()
	train.Renumber()
	test.Renumber()
	names := func(s *Sessions) (out string) {
		for k := range s.Len() {
			for _, i := range s.Session(k) {
				out += r.Items.Name(i) + " "
			}
			if s.Target != nil {
				out += "→" + r.Items.Name(s.Target[k])
			}
			out += ";"
		}
		return out
	}
	if got := names(train); got != "5 3 5 ;2 ;9 3 ;" {
		t.Errorf("train %s", got)
	}
	if got := names(test); got != "5 3 →9;3 →8;" {
		t.Errorf("test %s", got)
	}
	if r.Reports[0].Rejected != 1 || r.Reports[1].Rejected != 3 {
		t.Errorf("rejects %d and %d", r.Reports[0].Rejected, r.Reports[1].Rejected)
	}
	m := train.Matrix(r.Items.Len(), Sums)
	items, vals := m.Row(0)
	if m.Rows != 3 || m.Cols != 5 || len(items) != 2 || vals[1] != 2 {
		t.Errorf("matrix %v %v", items, vals)
	}
}

func TestReadMatrix(t *testing.T) {
	dir := t.TempDir()
	prefix := filepath.Join(dir, "S")
	put := func(ext string, v any) {
		var b bytes.Buffer
		if s, ok := v.(string); ok {
			b.WriteString(s)
		} else if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(prefix+ext, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	meta := `{"rows": 2, "cols": 3, "nnz": 3, "seed": 1, "row_degree": {"min": 1}}`
	put(".meta.json", meta)
	put(".indptr.i64", []int64{0, 2, 3})
	put(".indices.i32", []int32{0, 2, 1})
	put(".data.f32", []float32{1, 2, 3})
	m, err := ReadMatrix(prefix)
	if err != nil {
		t.Fatal(err)
	}
	items, vals := m.Row(0)
	if m.Rows != 2 || m.Cols != 3 || !slices.Equal(items, []int32{0, 2}) || !slices.Equal(vals, []float32{1, 2}) || m.Ptr[2] != 3 {
		t.Errorf("%+v", m)
	}
	for name, change := range map[string]func(){
		"short data":   func() { put(".data.f32", []float32{1, 2}) },
		"long indptr":  func() { put(".indptr.i64", []int64{0, 2, 3, 3}) },
		"no meta":      func() { os.Remove(prefix + ".meta.json") },
		"no rows":      func() { put(".meta.json", `{"cols": 3, "nnz": 3}`) },
		"hostile size": func() { put(".meta.json", fmt.Sprintf(`{"rows": 2, "cols": 3, "nnz": %d}`, int64(math.MaxInt64))) },
		"not JSON":     func() { put(".meta.json", "rows 2") },
	} {
		put(".meta.json", meta)
		put(".indptr.i64", []int64{0, 2, 3})
		put(".data.f32", []float32{1, 2, 3})
		change()
		if _, err := ReadMatrix(prefix); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for _, f := range []Format{Auto, Adjacency, Triples, SessionsFormat} {
		if got, err := ParseFormat(f.String()); got != f || err != nil {
			t.Errorf("%v: %v, %v", f, got, err)
		}
	}
	if _, err := ParseFormat("negatives"); err == nil {
		t.Error("negatives is no format of -format")
	}
}

// FuzzEntries: whatever the bytes, the outcome is an error or a valid matrix.
func FuzzEntries(f *testing.F) {
	f.Add([]byte("1 2 3\n4 5 6\n"), uint8(0))
	f.Add([]byte("1\t2\t3\t4\n1::2::3\n"), uint8(2))
	f.Add([]byte("\x1f\x8b garbage"), uint8(1))
	f.Add([]byte("a,b,1e400\n\xff,\x00,1\n"), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, format uint8) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		r := NewReader()
		e, err := r.Entries(path, Format(format%3))
		if err != nil {
			return
		}
		c, err := r.Candidates(path)
		if err != nil {
			return
		}
		s, err := r.Sessions(path, format%2 == 0)
		if err != nil {
			return
		}
		r.Sort()
		m := e.Matrix(Sums)
		for u := range m.Rows {
			items, _ := m.Row(u)
			for k, i := range items {
				if i < 0 || int(i) >= m.Cols || k > 0 && items[k-1] >= i {
					t.Fatalf("row %d is %v of %d", u, items, m.Cols)
				}
			}
		}
		c.Renumber()
		s.Renumber()
		for _, i := range append(c.Negatives, s.Items...) {
			if int(i) >= r.Items.Len() {
				t.Fatal("item out of range")
			}
		}
		seen := map[string]bool{}
		for i := range r.Items.Len() {
			name := r.Items.Name(int32(i))
			if name == "" || seen[name] {
				t.Fatalf("item %d is %q, twice or empty", i, name)
			}
			seen[name] = true
		}
	})
}

// All gives the entries of the file by id, before and after the ids are sorted.
func TestAll(t *testing.T) {
	r := NewReader()
	e, err := r.Entries(write(t, "a", "9,b,2.5,30\n1,a,1,20\n9,b,2,10\n"), Triples)
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{{"9", "b", 2.5, 30}, {"1", "a", 1, 20}, {"9", "b", 2, 10}}
	if got := slices.Collect(e.All()); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	r.Sort()
	if got := slices.Collect(e.All()); !slices.Equal(got, want) {
		t.Errorf("sorted: %v, want %v", got, want)
	}
	for x := range e.All() {
		if x != want[0] {
			t.Errorf("%v, want %v", x, want[0])
		}
		break
	}
	f, err := NewReader().Entries(write(t, "b", "1 2 3\n"), Adjacency)
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(f.All()); !slices.Equal(got, []Entry{{"1", "2", 1, 0}, {"1", "3", 1, 0}}) {
		t.Errorf("%v", got)
	}
}
