package recommend

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
)

func TestAll(t *testing.T) {
	b, _ := NewBuilder[int, int](BuilderOptions{})
	for u := range 1700 {
		for i := range 5 {
			if err := b.Add(u, (u*7+i*i)%90, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	knn, err := FitItemKNN(context.Background(), d.Interactions, ItemKNNOptions{Neighbors: 20})
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(d, EngineOptions{Sources: []Source{{Name: "knn", Model: knn}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []int{2900, 2800} {
		if err := e.Observe(Observation[int, int]{User: u, Item: 3}); err != nil {
			t.Fatal(err)
		}
	}
	if known, err := e.Forget(17); !known || err != nil {
		t.Fatal(known, err)
	}
	var want []int
	for u := range 1700 {
		if u != 17 {
			want = append(want, u)
		}
	}
	want = append(want, 2800, 2900)
	for _, workers := range []int{0, 1, 3, 16} {
		lists, failed := e.All(context.Background(), Request[int, int]{User: 5, Anonymous: true, K: 7, Info: &Info{}}, workers)
		for range 2 { // an iterator may be used again
			var users []int
			for u, list := range lists {
				users = append(users, u)
				one, err := e.Recommend(nil, Request[int, int]{User: u, K: 7})
				if err != nil || !slices.EqualFunc(one, list, sameRecommendation[int]) {
					t.Fatalf("user %d: %v, want %v", u, list, one)
				}
			}
			if failed() != nil || !slices.Equal(users, want) {
				t.Fatalf("%d workers: %v, users %v", workers, failed(), users)
			}
		}
		n := 0
		for range lists {
			if n++; n == 1000 {
				break
			}
		}
		if n != 1000 || failed() != nil {
			t.Errorf("break: %d, %v", n, failed())
		}
	}
	lists, failed := e.All(context.Background(), Request[int, int]{}, 2)
	for range lists {
		t.Error("an answer without K")
	}
	if !errors.Is(failed(), ErrOption) {
		t.Errorf("no K: %v", failed())
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	reason := errors.New("enough")
	lists, failed = e.All(ctx, Request[int, int]{K: 1}, 2)
	n := 0
	for range lists {
		n++
		cancel(reason)
	}
	if !errors.Is(failed(), reason) || n > batchUsers {
		t.Errorf("canceled after %d: %v", n, failed())
	}
}

func TestBuilderStreams(t *testing.T) {
	var events []Observation[int, string]
	for k := range 20 {
		o := Observation[int, string]{User: k % 3, Item: fmt.Sprint(k % 5), Weight: float32(k % 4), At: at(k)}
		events = append(events, o)
	}
	one, _ := NewBuilder[int, string](BuilderOptions{})
	for _, o := range events {
		if err := one.AddAt(o.User, o.Item, max(o.Weight, 0)+b2f(o.Weight == 0), o.At); err != nil {
			t.Fatal(err)
		}
	}
	want, err := one.Build()
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("connection lost")
	rows := func(stop int) iter.Seq2[Observation[int, string], error] {
		return func(yield func(Observation[int, string], error) bool) {
			for k, o := range events {
				if k == stop {
					yield(Observation[int, string]{}, broken)
					return
				}
				if !yield(o, nil) {
					return
				}
			}
		}
	}
	for name, add := range map[string]func(b *Builder[int, string]) (int, error){
		"AddAll":  func(b *Builder[int, string]) (int, error) { return b.AddAll(slices.Values(events)) },
		"AddRows": func(b *Builder[int, string]) (int, error) { return b.AddRows(rows(-1)) },
	} {
		b, _ := NewBuilder[int, string](BuilderOptions{})
		n, err := add(b)
		if n != len(events) || err != nil {
			t.Fatal(name, n, err)
		}
		got, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		x, y := got.Interactions, want.Interactions
		if !slices.Equal(x.users.Col, y.users.Col) || !slices.Equal(x.users.Val, y.users.Val) || !slices.Equal(x.times, y.times) {
			t.Errorf("%s: another matrix", name)
		}
	}
	b, _ := NewBuilder[int, string](BuilderOptions{})
	if n, err := b.AddRows(rows(7)); n != 7 || !errors.Is(err, broken) || b.Len() != 7 {
		t.Errorf("broken source: %d, %v", n, err)
	}
	bad := slices.Clone(events)
	bad[3].Weight = float32(inf())
	if n, err := b.AddAll(slices.Values(bad)); n != 3 || !errors.Is(err, ErrNotFinite) {
		t.Errorf("bad event: %d, %v", n, err)
	}
}

func b2f(b bool) float32 {
	if b {
		return 1
	}
	return 0
}

func inf() float64 { x := 1e308; return x * 10 }
