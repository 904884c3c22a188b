package modeltest

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// checkTies asks for everything similar to everything: on the common data, and on
// users with the same items, who are all equally alike.
func checkTies(t testing.TB, s *subject) {
	rows := make([][]int32, 12)
	for u := range rows {
		rows[u] = []int32{1, 2, 5, 7, 9}
	}
	x := fromRows(t, 11, rows...)
	twins, err := s.fit(x)
	if err != nil && !(errors.Is(err, recommend.ErrDiverged) && s.MayDiverge) {
		t.Fatal(err)
	}
	for _, c := range []struct {
		m recommend.Model
		x *recommend.Interactions
	}{{s.model(t), s.x}, {twins, x}} {
		if a, ok := c.m.(recommend.Similar); ok {
			for i := range int32(c.x.Items()) {
				got, err := a.AppendSimilar(nil, i, c.x.Items())
				if err != nil {
					t.Fatal(err)
				}
				for k := 1; k < len(got); k++ {
					if got[k-1].Score == got[k].Score && got[k-1].Item >= got[k].Item {
						t.Fatalf("like item %d: equal scores are not by index: %v", i, got)
					}
				}
			}
		}
		if a, ok := c.m.(recommend.SimilarUsers); ok {
			for u := range int32(c.x.Users()) {
				got, err := a.AppendSimilarUsers(nil, u, c.x.Users())
				if err != nil {
					t.Fatal(err)
				}
				for k := 1; k < len(got); k++ {
					if got[k-1].Score == got[k].Score && got[k-1].User >= got[k].User {
						t.Fatalf("like user %d: equal scores are not by index: %v", u, got)
					}
				}
			}
		}
	}
}

// checkRoundTrip wants the model back, then tries every cut and a flip of every byte
// on it.
func checkRoundTrip(t testing.TB, s *subject) {
	m := s.model(t)
	data := marshal(t, m)
	if data == nil {
		return
	}
	appended, err := m.(recommend.Persistent).AppendBinary([]byte("before"))
	if err != nil || string(appended) != "before"+string(data) {
		t.Errorf("AppendBinary appends other bytes than MarshalBinary returns: %v", err)
	}
	back, err := s.read(m, string(data))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(marshal(t, back), data) {
		t.Error("encode, decode, encode gives other bytes")
	}
	for u, q := range known(s.x) {
		if !slices.Equal(scores(t, m, q), scores(t, back, q)) {
			t.Fatalf("user %d: the decoded model gives other scores", u)
		}
	}
	step := 1
	if testkit.Race { // one goroutine
		step += len(data) / 100
	}
	for n := 0; n < len(data); n += step {
		if err := back.UnmarshalBinary(data[:n]); err == nil {
			t.Fatalf("accepted %d of %d bytes", n, len(data))
		}
		flip := bytes.Clone(data)
		flip[n] ^= 0x41
		if err := back.UnmarshalBinary(flip); err == nil {
			t.Fatalf("accepted a flipped byte at %d", n)
		}
	}
	if !bytes.Equal(marshal(t, back), data) {
		t.Error("a failed decode changed the model")
	}
	if s.Read == nil {
		return
	}
	stream := strings.NewReader(string(data) + "rest")
	if _, err := s.Read(stream); err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(stream); string(rest) != "rest" {
		t.Errorf("Read left %q", rest)
	}
}

// checkSimilar asks for the four items most like each: of 12 of its group, chance finds
// one.
func checkSimilar(t testing.TB, s *subject) {
	m := s.model(t)
	a, ok := m.(recommend.Similar)
	if !ok {
		return
	}
	for _, bad := range []int32{-1, int32(m.Items())} {
		if _, err := a.AppendSimilar(nil, bad, 3); !errors.Is(err, recommend.ErrUnknownID) {
			t.Errorf("item %d: %v, want ErrUnknownID", bad, err)
		}
	}
	same, all := 0, 0
	for i := range int32(m.Items()) {
		before := recommend.Scored{Item: -7, Score: 7}
		got, err := a.AppendSimilar([]recommend.Scored{before}, i, 4)
		if err != nil || len(got) > 5 || got[0] != before {
			t.Fatalf("like item %d: %v, %v", i, got, err)
		}
		got = got[1:]
		for k, o := range got {
			if o.Item == i {
				t.Errorf("item %d is its own neighbour", i)
			}
			if k > 0 && got[k-1].Score < o.Score || infinite(o.Score) {
				t.Errorf("item %d: neighbours out of order: %v", i, got)
			}
			all++
			if o.Item%4 == i%4 {
				same++
			}
		}
	}
	if !s.Ratings && float64(same) < 0.7*float64(all) {
		t.Errorf("%d of %d neighbours are of the item's group", same, all)
	}
	for _, k := range []int{0, -1, math.MinInt} {
		if got, err := a.AppendSimilar(nil, 0, k); err != nil || len(got) != 0 {
			t.Errorf("k=%d: %v, %v", k, got, err)
		}
	}
}

// checkSimilarUsers does the same for users. Whoever has vectors of users can answer.
func checkSimilarUsers(t testing.TB, s *subject) {
	m := s.model(t)
	a, ok := m.(recommend.SimilarUsers)
	if !ok {
		if _, vectors := m.(interface{ UserVector(u int) []float32 }); vectors {
			t.Error("has vectors of users, but names no users like another")
		}
		return
	}
	for _, bad := range []int32{-1, int32(s.x.Users())} {
		if _, err := a.AppendSimilarUsers(nil, bad, 3); !errors.Is(err, recommend.ErrUnknownID) {
			t.Errorf("user %d: %v, want ErrUnknownID", bad, err)
		}
	}
	same, all := 0, 0
	for u := range int32(s.x.Users()) {
		before := recommend.UserScore{User: -7, Score: 7}
		got, err := a.AppendSimilarUsers([]recommend.UserScore{before}, u, 4)
		if err != nil || len(got) > 5 || got[0] != before {
			t.Fatalf("like user %d: %v, %v", u, got, err)
		}
		got = got[1:]
		if items, _ := s.x.Row(int(u)); len(items) == 0 && len(got) > 0 {
			t.Errorf("user %d has no entries, but is like %v", u, got)
		}
		for k, o := range got {
			if o.User == u {
				t.Errorf("user %d is its own neighbour", u)
			}
			if k > 0 && got[k-1].Score < o.Score || infinite(o.Score) {
				t.Errorf("user %d: neighbours out of order: %v", u, got)
			}
			all++
			if o.User%4 == u%4 {
				same++
			}
		}
	}
	if s.Learns && float64(same) < 0.7*float64(all) {
		t.Errorf("%d of %d neighbours are of the user's group", same, all)
	}
	for _, k := range []int{0, -1, math.MinInt} {
		if got, err := a.AppendSimilarUsers(nil, 0, k); err != nil || len(got) != 0 {
			t.Errorf("k=%d: %v, %v", k, got, err)
		}
	}
}

// checkReasons asks for all reasons of three items, the one nobody took among them, for
// everybody.
func checkReasons(t testing.TB, s *subject) {
	m := s.model(t)
	e, ok := m.(recommend.Explainer)
	if !ok {
		return
	}
	for u, q := range known(s.x) {
		score := scores(t, m, q)
		for _, i := range []int32{0, 7, int32(m.Items() - 1)} {
			all, err := e.AppendReasons(nil, q, i, len(q.Items))
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for k, r := range all {
				sum += float64(r.Contribution)
				if k > 0 && all[k-1].Contribution < r.Contribution {
					t.Errorf("reasons out of order: %v", all)
				}
				if !slices.Contains(q.Items, r.Item) {
					t.Errorf("user %d item %d: reason %d is not in the history", u, i, r.Item)
				}
			}
			if math.Abs(sum-float64(score[i])) > 1e-3*max(1, math.Abs(float64(score[i]))) {
				t.Fatalf("user %d item %d: reasons add up to %v, score is %v", u, i, sum, score[i])
			}
			two, err := e.AppendReasons(nil, q, i, 2)
			if err != nil || len(two) > 2 || len(two) > 0 && two[0] != all[0] {
				t.Errorf("two reasons: %v, %v", two, err)
			}
		}
	}
	if _, err := e.AppendReasons(nil, s.x.Query(0), int32(m.Items()), 1); !errors.Is(err, recommend.ErrUnknownID) {
		t.Errorf("unknown item: %v, want ErrUnknownID", err)
	}
	if _, err := e.AppendReasons(nil, recommend.Query{User: 0, Items: []int32{-1}}, 0, 1); !errors.Is(err, recommend.ErrRange) {
		t.Errorf("history out of range: %v, want ErrRange", err)
	}
}

// checkVectors appends to every vector that the model hands out, which must not reach the
// next one, and asks for those of nobody.
func checkVectors(t testing.TB, s *subject) {
	m := s.model(t)
	before := marshal(t, m)
	beyond := []int{-1, math.MinInt, math.MaxInt}
	ask := func(of string, n int, vector func(i int) []float32) {
		for i := range n {
			if v := vector(i); cap(v) != len(v) {
				t.Fatalf("vector %d of %s has room for %d numbers more: append would write into the model", i, of, cap(v)-len(v))
			}
		}
		for _, i := range append(beyond, n) {
			if v := vector(i); v != nil {
				t.Errorf("vector %d of %d %s is %v, want nil", i, n, of, v)
			}
		}
	}
	if v, ok := m.(interface{ UserVector(u int) []float32 }); ok {
		ask("users", m.Users(), v.UserVector)
	}
	if v, ok := m.(interface{ ItemVector(i int) []float32 }); ok {
		ask("items", m.Items(), v.ItemVector)
	}
	if v, ok := m.(interface{ ItemBias(i int) float32 }); ok {
		for _, i := range append(beyond, m.Items()) {
			if b := v.ItemBias(i); b != 0 {
				t.Errorf("bias of item %d of %d is %v, want 0", i, m.Items(), b)
			}
		}
	}
	if !bytes.Equal(marshal(t, m), before) {
		t.Error("asking for vectors changes the model")
	}
}

// checkFoldIn folds in the history of everybody, and two that are wrong.
func checkFoldIn(t testing.TB, s *subject) {
	m := s.model(t)
	f, ok := m.(recommend.Folder)
	if !ok {
		return
	}
	v := make([]float32, f.Factors())
	if len(v) == 0 {
		t.Fatal("Factors is 0")
	}
	for u, q := range known(s.x) {
		if err := f.FoldIn(v, q.Items, q.Weights); err != nil {
			t.Fatalf("history of user %d: %v", u, err)
		}
		if slices.ContainsFunc(v, infinite) {
			t.Fatalf("history of user %d: vector %v", u, v)
		}
	}
	if err := f.FoldIn(make([]float32, len(v)+1), []int32{0}, nil); !errors.Is(err, recommend.ErrShape) {
		t.Errorf("dst of another length: %v, want ErrShape", err)
	}
	if err := f.FoldIn(v, []int32{int32(m.Items())}, nil); !errors.Is(err, recommend.ErrRange) {
		t.Errorf("unknown item: %v, want ErrRange", err)
	}
}
