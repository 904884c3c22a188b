package recommend_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/recommend"
)

// Pages are the first answer cut in pieces, whatever is observed, swapped or renamed in
// the meantime; what is on no page in the end was not eligible.
func TestPagesProp(t *testing.T) {
	_, d, all := likeShopOnce()
	rapid.Check(t, func(t *rapid.T) {
		opt := recommend.EngineOptions{Sources: all[:2], MaxK: rapid.SampledFrom([]int{30, 1000}).Draw(t, "most"), Live: recommend.LiveOptions{NewItems: 3}}
		e, err := recommend.NewEngine(d, opt)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.AddItems(recommend.Arrival[string]{Item: "joined", Text: "kind7 word1"}); err != nil {
			t.Fatal(err)
		}
		k := rapid.IntRange(1, 5).Draw(t, "k")
		similar := rapid.Bool().Draw(t, "similar")
		ask := func(r shopRequest) []shopItem {
			t.Helper()
			got, err := []shopItem(nil), error(nil)
			if similar {
				got, err = e.Similar(nil, "i03", r)
			} else {
				r.User, r.Seen = "u07", recommend.DropSeen
				got, err = e.Recommend(nil, r)
			}
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		first := itemsOf(ask(shopRequest{K: min(10*k, opt.MaxK)}))
		whole := len(ask(shopRequest{K: opt.MaxK}))
		sold, swapped := "", false
		var cursor recommend.Cursor
		var pages []string
		for n := 0; ; n++ {
			r := shopRequest{K: k, Cursor: &cursor, Reasons: n % 2}
			page := ask(r)
			if len(page) == 0 {
				break
			}
			for _, x := range page {
				if x.Rank <= len(pages) || x.Rank > len(pages)+2 {
					t.Fatalf("rank %d after %d items", x.Rank, len(pages))
				}
				pages = append(pages, x.Item)
			}
			if !swapped && len(page) < k && len(pages) < min(whole, opt.MaxK)-2 {
				t.Fatalf("page %d has %d items, %d of %d came", n, len(page), len(pages), whole)
			}
			if len(cursor) > 12*opt.MaxK+44 || strings.ContainsAny(string(cursor), "+/= ") {
				t.Fatalf("cursor %q", cursor)
			}
			switch rapid.IntRange(0, 4).Draw(t, "meanwhile") {
			case 0:
				if err := e.Observe(recommend.Observation[string, string]{User: fmt.Sprint("w", n), Item: fmt.Sprint("x", n%5)}); err != nil {
					t.Fatal(err)
				}
			case 1:
				swapped = true
				if err := e.Swap(d, recommend.EngineOptions{Sources: all[n%2 : n%2+2], MaxK: opt.MaxK}); err != nil {
					t.Fatal(err)
				}
			case 2:
				if n == 2 && len(first) > 3*k {
					sold = first[len(first)-1]
					e.SetItemStock(sold, false)
				}
			}
		}
		seen := map[string]bool{}
		for _, id := range pages {
			if seen[id] {
				t.Fatalf("%s comes twice: %v", id, pages)
			}
			seen[id] = true
		}
		if sold != "" && seen[sold] && pages[len(first)-1] != sold {
			t.Fatalf("%s is sold out: %v", sold, pages)
		}
		want := first
		if sold != "" && !seen[sold] {
			want = slices.DeleteFunc(slices.Clone(first), func(id string) bool { return id == sold })
		}
		if len(pages) < len(want) || !slices.Equal(pages[:len(want)], want) {
			t.Fatalf("the first answer was\n%v, the pages are\n%v", want, pages)
		}
	})
}

// Filters of a later page count: seen, denied and sold out items are passed over, the
// page is filled from what follows.
func TestPagesFilter(t *testing.T) {
	e, _, _ := likeShop(t, recommend.EngineOptions{})
	whole, err := e.Recommend(nil, shopRequest{User: "u07", K: 30})
	if err != nil {
		t.Fatal(err)
	}
	var cursor recommend.Cursor
	var info recommend.Info
	page := func(r shopRequest) []string {
		t.Helper()
		r.User, r.K, r.Cursor, r.Info = "u07", 3, &cursor, &info
		got, err := e.Recommend(nil, r)
		if err != nil || info.Returned != len(got) {
			t.Fatal(err, info)
		}
		return itemsOf(got)
	}
	all := itemsOf(whole)
	got := page(shopRequest{})
	if err := e.Observe(recommend.Observation[string, string]{User: "u07", Item: all[3]}); err != nil {
		t.Fatal(err)
	}
	e.SetItemStock(all[5], false)
	got = append(got, page(shopRequest{DenyItems: all[6:7]})...)
	got = append(got, page(shopRequest{AllowItems: all[10:]})...)
	want := slices.Concat(all[:3], all[4:5], all[7:9], all[10:13])
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Every page counts the ids that the engine does not know, whether its items are on the
// list already or not.
func TestPagesUnknown(t *testing.T) {
	e, _, _ := likeShop(t, recommend.EngineOptions{})
	all, err := e.Recommend(nil, shopRequest{User: "u07", K: 7})
	if err != nil {
		t.Fatal(err)
	}
	var cursor recommend.Cursor
	for n, want := range []int{3, 3, 1, 0} { // the last one asks beyond the list
		var info recommend.Info
		got, err := e.Recommend(nil, shopRequest{
			User: "u07", K: 3, Cursor: &cursor, Info: &info,
			AllowItems: append(itemsOf(all), "x1", "x2"), DenyItems: []string{"x3"},
			History: []recommend.Event[string]{{Item: "x4"}}, Pins: []recommend.Pin[string]{{Item: "x5", Position: 1}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != want || info.UnknownAllow != 2 || info.UnknownDeny != 1 || info.UnknownHistory != 1 || info.UnknownPins != 1 {
			t.Errorf("page %d: %d items, %+v", n, len(got), info)
		}
	}
}

// FuzzCursor: no text panics, is taken for a cursor without being one, or changes after
// an error.
func FuzzCursor(f *testing.F) {
	e, d, _ := likeShopOnce()
	var cursor recommend.Cursor
	for range 3 {
		if _, err := e.Recommend(nil, shopRequest{Anonymous: true, K: 4, Cursor: &cursor}); err != nil {
			f.Fatal(err)
		}
		f.Add(string(cursor))
	}
	f.Add("")
	f.Add("AAAA")
	f.Add(string(cursor[:20]))
	f.Fuzz(func(t *testing.T, text string) {
		data, _ := base64.RawURLEncoding.DecodeString(text)
		if len(data) > 4 { // with a checksum that holds
			binary.LittleEndian.PutUint32(data[len(data)-4:], crc32.ChecksumIEEE(data[:len(data)-4]))
		}
		for _, x := range []string{text, base64.RawURLEncoding.EncodeToString(data)} {
			c := recommend.Cursor(x)
			got, err := e.Recommend(nil, shopRequest{Anonymous: true, K: 5, Cursor: &c})
			if err != nil && (c != recommend.Cursor(x) || got != nil) {
				t.Fatalf("after %v: %q, %v", err, c, got)
			}
			if err == nil && (c == "" || len(got) > d.Items.Len()) {
				t.Fatalf("%q: %v", c, got)
			}
		}
	})
}

func TestCursorBadInput(t *testing.T) {
	e, d, _ := likeShopOnce()
	var good recommend.Cursor
	if _, err := e.Recommend(nil, shopRequest{Anonymous: true, K: 4, Cursor: &good}); err != nil {
		t.Fatal(err)
	}
	forge := func(change func(data []byte) []byte) recommend.Cursor {
		data, err := base64.RawURLEncoding.DecodeString(string(good))
		if err != nil {
			t.Fatal(err)
		}
		data = change(data[:len(data)-4])
		return recommend.Cursor(base64.RawURLEncoding.EncodeToString(binary.LittleEndian.AppendUint32(data, crc32.ChecksumIEEE(data))))
	}
	for name, x := range map[string]struct {
		c    recommend.Cursor
		want error
	}{
		"text":        {"hello", recommend.ErrCorrupt},
		"cut":         {good[:len(good)-4], recommend.ErrCorrupt},
		"flipped":     {"B" + good[1:], recommend.ErrCorrupt},
		"long":        {recommend.Cursor(strings.Repeat("A", 20_000)), recommend.ErrTooLarge},
		"newer":       {forge(func(d []byte) []byte { d[0] = 2; return d }), recommend.ErrVersion},
		"catalogue":   {forge(func(d []byte) []byte { d[1]++; return d }), recommend.ErrMismatch},
		"beyond":      {forge(func(d []byte) []byte { d[9] = 100; return d }), recommend.ErrCorrupt},
		"longer":      {forge(func(d []byte) []byte { return append(d[:10], 0xe9, 7) }), recommend.ErrCorrupt},
		"an item":     {forge(func(d []byte) []byte { d[11] = 41; return d }), recommend.ErrCorrupt},
		"twice":       {forge(func(d []byte) []byte { d[11] = d[12]; return d }), recommend.ErrCorrupt},
		"bytes after": {forge(func(d []byte) []byte { return append(d, 1) }), recommend.ErrCorrupt},
	} {
		c := x.c
		if got, err := e.Recommend(nil, shopRequest{Anonymous: true, K: 4, Cursor: &c}); !errors.Is(err, x.want) || got != nil || c != x.c {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	c := good
	policy := &recommend.Explore{}
	if _, err := e.Recommend(nil, shopRequest{Anonymous: true, K: 4, Cursor: &c, Explore: policy}); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("explore: %v", err)
	}
	// The same catalogue in another order, and one with an item more, are others.
	ids := d.Items.IDs()
	for name, list := range map[string][]string{
		"permuted": append(slices.Clone(ids[1:]), ids[0]),
		"grown":    append(slices.Clone(ids), "more"),
		"the same": slices.Clone(ids),
	} {
		b, _ := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
		for _, id := range list {
			_ = b.Add("u", id, 1)
		}
		other, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		o, err := recommend.NewEngine(other, recommend.EngineOptions{})
		if err != nil {
			t.Fatal(err)
		}
		c := good
		_, err = o.Recommend(nil, shopRequest{Anonymous: true, K: 4, Cursor: &c})
		same := slices.Equal(other.Items.IDs(), ids)
		if same != (err == nil) || !same && !errors.Is(err, recommend.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	lists, fail := e.All(context.Background(), shopRequest{K: 2, Cursor: &c}, 2)
	for range lists {
	}
	if fail() != nil || c != good {
		t.Error("All reads the cursor", fail())
	}
}
