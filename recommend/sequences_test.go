package recommend

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
)

// inOrder turns every user of x into a sequence, the items in a random order: what
// the conformance suite fits models of order on.
func inOrder(x *Interactions) (*Sequences, error) {
	if err := x.checkImplicit("inOrder"); err != nil {
		return nil, err
	}
	events := slices.Clone(x.users.Col)
	for u := range x.Users() {
		row := events[x.users.Ptr[u]:x.users.Ptr[u+1]]
		rng.New(1, 9, uint64(u)).Shuffle(len(row), func(i, j int) { row[i], row[j] = row[j], row[i] })
	}
	s, err := NewSequences(x.Items(), x.users.Ptr, events, nil)
	if err == nil {
		s.origin = x.origin
	}
	return s, err
}

func TestSequencesBadInput(t *testing.T) {
	for _, c := range []struct {
		name  string
		items int
		ptr   []int64
		ev    []int32
		times []int64
		want  error
	}{
		{"no pointer", 3, nil, nil, nil, ErrShape},
		{"first pointer", 3, []int64{1, 2}, []int32{0, 1}, nil, ErrShape},
		{"last pointer", 3, []int64{0, 1}, []int32{0, 1}, nil, ErrShape},
		{"descending", 3, []int64{0, 2, 1, 2}, []int32{0, 1}, nil, ErrShape},
		{"beyond", 3, []int64{0, 5, 2}, []int32{0, 1}, nil, ErrShape},
		{"negative items", -1, []int64{0}, nil, nil, ErrShape},
		{"item", 3, []int64{0, 2}, []int32{0, 3}, nil, ErrRange},
		{"negative item", 3, []int64{0, 2}, []int32{0, -1}, nil, ErrRange},
		{"times", 3, []int64{0, 2}, []int32{0, 1}, []int64{1, 2}, ErrShape},
		{"empty", 0, []int64{0}, nil, nil, nil},
		{"repeats", 3, []int64{0, 0, 3}, []int32{2, 2, 0}, []int64{9, 3}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := NewSequences(c.items, c.ptr, c.ev, c.times); !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
		})
	}
}

func TestSequencesOrder(t *testing.T) {
	s, err := NewSequences(4, []int64{0, 2, 3, 5}, []int32{0, 1, 3, 2, 2}, []int64{5, 9, 5})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.newestFirst(context.Background()); err != nil || !slices.Equal(got, []int32{1, 2, 0}) {
		t.Errorf("newest first: %v", got)
	}
	if at, ok := s.Time(1); !ok || at != 9 || s.Len() != 3 || s.Events() != 5 || s.Items() != 4 || !slices.Equal(s.Query(2).Items, []int32{2, 2}) {
		t.Errorf("time %d %v, %d sequences of %d events", at, ok, s.Len(), s.Events())
	}
	u, _ := SequencesFromRows(4, [][]int32{{0}, {1}, {2}})
	if got, err := u.newestFirst(context.Background()); err != nil || !slices.Equal(got, []int32{2, 1, 0}) {
		t.Errorf("newest first without times: %v", got)
	}
}

func TestBuilderSequences(t *testing.T) {
	type visit struct {
		session, item string
		at            int64
	}
	visits := []visit{{"b", "y", 30}, {"b", "x", 20}, {"a", "x", 10}, {"a", "z", 11}, {"a", "x", 12}, {"a", "y", 12}, {"b", "x", 40}, {"c", "w", 5}}
	for round := range 4 {
		b, err := NewBuilder[string, string](BuilderOptions{MinItemUsers: 2})
		if err != nil {
			t.Fatal(err)
		}
		rand.New(rand.NewPCG(uint64(round), 1)).Shuffle(len(visits), func(i, j int) { visits[i], visits[j] = visits[j], visits[i] })
		for _, v := range visits {
			if err := b.AddSeq(v.session, v.item, 1, time.Unix(v.at, 0), int64(v.item[0])); err != nil {
				t.Fatal(err)
			}
		}
		d, err := b.Build() // w and z have one session each and go
		if err != nil {
			t.Fatal(err)
		}
		s, err := b.Sequences(d)
		if err != nil {
			t.Fatal(err)
		}
		x, y := d.Items.Of("x"), d.Items.Of("y")
		a, o := int(d.Users.Of("a")), int(d.Users.Of("b"))
		if !slices.Equal(s.Sequence(a), []int32{x, x, y}) || !slices.Equal(s.Sequence(o), []int32{x, y, x}) {
			t.Errorf("sequences %v and %v", s.Sequence(a), s.Sequence(o))
		}
		if ta, _ := s.Time(a); ta != 12e9 || s.Len() != d.Users.Len() || s.Items() != d.Items.Len() {
			t.Errorf("time %d, %d sequences over %d items", ta, s.Len(), s.Items())
		}
	}
	b, _ := NewBuilder[string, string](BuilderOptions{})
	_ = b.Add("a", "x", 1)
	d, _ := b.Build()
	if _, err := b.Sequences(d); !errors.Is(err, ErrRange) {
		t.Errorf("events without times: %v", err)
	}
}
