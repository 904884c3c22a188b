package clean_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile/clean"
)

type rec struct {
	key string
	at  time.Time
	v   int
}

// slowDedupe sorts and cuts where the gap exceeds the window.
func slowDedupe(rs []rec, window time.Duration, policy clean.Policy) (out []rec, rep clean.DedupeResult) {
	rs = slices.Clone(rs)
	slices.SortFunc(rs, func(a, b rec) int {
		return cmp.Or(cmp.Compare(a.key, b.key), a.at.Compare(b.at), cmp.Compare(a.v, b.v))
	})
	for i := 0; i < len(rs); {
		k := i + 1
		for k < len(rs) && rs[k].key == rs[i].key && (window == 0 || rs[k].at.Sub(rs[k-1].at) <= window) {
			k++
		}
		g := rs[i:k]
		win := g[0]
		same := true
		for _, x := range g {
			same = same && x.v == g[0].v
			if policy == clean.KeepLast || policy == clean.KeepMax && x.v > win.v {
				win = x
			}
		}
		out = append(out, win)
		rep.Records += int64(len(g))
		rep.Kept++
		if same {
			rep.Duplicates += int64(len(g) - 1)
		} else {
			rep.Conflicts++
			rep.Overruled += int64(len(g) - 1)
		}
		i = k
	}
	slices.SortFunc(out, func(a, b rec) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.v, b.v), cmp.Compare(a.key, b.key))
	})
	return out, rep
}

func TestDedupeProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		window := time.Duration(rapid.IntRange(0, 5).Draw(r, "window"))
		policy := clean.Policy(rapid.IntRange(0, 2).Draw(r, "policy"))
		rs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) rec {
			return rec{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), cut.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "at"))), rapid.IntRange(0, 3).Draw(t, "v")}
		}), 0, 30).Draw(r, "records")
		opt := clean.DedupeOptions[rec]{Window: window, Policy: policy, Compare: func(a, b rec) int { return cmp.Compare(a.v, b.v) }}
		opt.Append = func(dst []byte, x rec) ([]byte, error) { return append(dst, byte(x.v)), nil }
		opt.Parse = func(data []byte) (rec, error) {
			if len(data) != 1 {
				return rec{}, errors.New("want one byte")
			}
			return rec{v: int(data[0])}, nil
		}
		sum, err := clean.NewDedupe[string](opt)
		if err != nil {
			r.Fatal(err)
		}
		part, _ := clean.NewDedupe[string](opt)
		for _, x := range rs {
			d := sum
			if rapid.Bool().Draw(r, "part") {
				d = part
			}
			if _, err := d.Add(x.key, x.at, x); err != nil {
				r.Fatal(err)
			}
		}
		shard, err := part.MarshalBinary()
		if err != nil {
			r.Fatal(err)
		}
		sent, _ := clean.NewDedupe[string](opt) // a shard from elsewhere
		if err := errors.Join(sent.UnmarshalBinary(shard), sum.Merge(sent)); err != nil {
			r.Fatal(err)
		}
		want, rep := slowDedupe(rs, window, policy)
		check := func(all []clean.Survivor[string, rec]) {
			var got []rec
			for _, s := range all {
				got = append(got, rec{s.Key, s.At, s.Value.v})
			}
			slices.SortFunc(got, func(a, b rec) int {
				return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.v, b.v), cmp.Compare(a.key, b.key))
			})
			if fmt.Sprint(got) != fmt.Sprint(want) || sum.Result() != rep {
				r.Fatalf("got %v %+v\nwant %v %+v", got, sum.Result(), want, rep)
			}
		}
		check(sum.All())
		if int(sum.Len()) != len(want) {
			r.Fatalf("Len %d, want %d", sum.Len(), len(want))
		}
		flushed := sum.Flush(nil, cut.Add(time.Duration(rapid.IntRange(0, 70).Draw(r, "flush"))))
		check(append(flushed, sum.All()...))
	})
}

func TestDedupeBadInput(t *testing.T) {
	compare := func(a, b int) int { return cmp.Compare(a, b) }
	for name, opt := range map[string]clean.DedupeOptions[int]{
		"compare": {}, "window": {Compare: compare, Window: -1}, "policy": {Compare: compare, Policy: 9},
	} {
		if _, err := clean.NewDedupe[string](opt); !errors.Is(err, clean.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d, err := clean.NewDedupe[string](clean.DedupeOptions[int]{Compare: compare, Window: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Add("a", time.Time{}, 1); !errors.Is(err, clean.ErrRange) {
		t.Error(err)
	}
	d.Flush(nil, cut)
	if _, err := d.Add("a", cut.Add(-1), 1); !errors.Is(err, clean.ErrRange) {
		t.Error(err)
	}
	for name, other := range map[string]*clean.Dedupe[string, int]{"self": d, "nil": nil} {
		if err := d.Merge(other); !errors.Is(err, clean.ErrMismatch) {
			t.Errorf("merge %s: %v", name, err)
		}
	}
	if _, err := d.MarshalBinary(); !errors.Is(err, clean.ErrOption) {
		t.Errorf("no Append: %v", err)
	}
	if _, err := new(clean.Dedupe[string, int]).Add("a", cut, 1); !errors.Is(err, clean.ErrEmpty) {
		t.Errorf("zero value: %v", err)
	}
	stored, err := filledDedupe(t).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	other := numbers
	other.Policy = clean.KeepMax
	if max, err := clean.NewDedupe[string](other); err != nil || !errors.Is(max.UnmarshalBinary(stored), clean.ErrMismatch) {
		t.Errorf("another policy: %v", err)
	}
	if odd, err := clean.NewDedupe[float64](numbers); err != nil || !errors.Is(odd.UnmarshalBinary(stored), clean.ErrOption) {
		t.Errorf("keys that cannot be written: %v", err)
	}
}
