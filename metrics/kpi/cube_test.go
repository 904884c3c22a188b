package kpi

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"

	"pgregory.net/rapid"
)

type cell struct {
	Channel string
	Day     int
}

func newCellCube(t interface{ Fatal(...any) }, limit int) *Cube[cell, Counts] {
	c, err := NewCube(CubeOptions[cell, Counts]{Merge: (*Counts).Merge, MaxCells: limit})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCube(t *testing.T) {
	c := newCellCube(t, 3)
	for i, k := range []cell{{"mail", 2}, {"ads", 1}, {"mail", 1}, {"mail", 2}} {
		s, err := c.Cell(k)
		must(t, err)
		must(t, s.Add(Counts{Clicks: int64(1 + i)}))
	}
	if got := fmt.Sprint(c.Cells()[0].Key, c.Cells()[1].Key, c.Cells()[2].Key); got != "{ads 1} {mail 1} {mail 2}" {
		t.Error(got)
	}
	by, err := c.RollUp(func(k cell) cell { return cell{Channel: k.Channel} })
	must(t, err)
	if len(by) != 2 || by[0].State.Clicks != 2 || by[1].State.Clicks != 8 || by[1].Key.Channel != "mail" {
		t.Errorf("%+v", by)
	}
	total, err := c.Total()
	must(t, err)
	if total.Clicks != 10 {
		t.Errorf("total %d", total.Clicks)
	}
	// A roll-up is a copy.
	by[0].State.Clicks = 99
	if c.Cells()[0].State.Clicks != 2 {
		t.Error("the roll-up shares states with the cube")
	}
	if _, err := c.Cell(cell{"new", 1}); !errors.Is(err, ErrTooLarge) || c.Len() != 3 {
		t.Errorf("beyond the limit: %v", err)
	}
	d := newCellCube(t, 3)
	s, _ := d.Cell(cell{"more", 1})
	must(t, s.Add(Counts{Clicks: 1}))
	s, _ = d.Cell(cell{"ads", 1})
	must(t, s.Add(Counts{Clicks: 1}))
	before, _ := c.MarshalBinary()
	if err := c.Merge(d); !errors.Is(err, ErrTooLarge) {
		t.Errorf("merge beyond the limit: %v", err)
	}
	s.Clicks = maxCount
	e := newCellCube(t, 9)
	must(t, e.Merge(c))
	if err := e.Merge(d); !errors.Is(err, ErrOverflow) || e.Len() != 3 {
		t.Errorf("overflow: %v", err)
	}
	after, _ := c.MarshalBinary()
	unmerged, _ := e.MarshalBinary()
	if !bytes.Equal(before, after) || !bytes.Equal(before, unmerged) {
		t.Error("a failed merge changed the cube")
	}
	// States handed out stay those of the cube after a merge.
	held, _ := e.Cell(cell{"ads", 1})
	must(t, e.Merge(c))
	must(t, held.Add(Counts{Clicks: 1}))
	if e.Cells()[0].State.Clicks != 5 {
		t.Errorf("a held cell was lost: %d", e.Cells()[0].State.Clicks)
	}
}

func TestCubeBadInput(t *testing.T) {
	for name, err := range map[string]error{
		"no merge":   second(NewCube(CubeOptions[int, Counts]{})),
		"limit":      second(NewCube(CubeOptions[int, Counts]{Merge: (*Counts).Merge, MaxCells: -1})),
		"no order":   second(NewCube(CubeOptions[float64, Counts]{Merge: (*Counts).Merge})),
		"interfaces": second(NewCube(CubeOptions[any, Counts]{Merge: (*Counts).Merge})),
		"binary form": func() error {
			c, err := NewCube(CubeOptions[float64, Counts]{Merge: (*Counts).Merge, Compare: func(a, b float64) int { return cmp.Compare(a, b) }})
			must(t, err)
			_, err = c.MarshalBinary()
			return err
		}(),
		"states without one": func() error {
			c, err := NewCube(CubeOptions[int, struct{ n int }]{Merge: func(a, b *struct{ n int }) error { a.n += b.n; return nil }})
			must(t, err)
			_, err = c.Cell(1)
			must(t, err)
			_, err = c.MarshalBinary()
			return err
		}(),
	} {
		if !errors.Is(err, ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var zero Cube[int, Counts]
	if err := zero.UnmarshalBinary(nil); err == nil {
		t.Error("a cube without options was read into")
	}
	big, small := newCellCube(t, 9), newCellCube(t, 1)
	for i := range 2 {
		_, err := big.Cell(cell{"", i})
		must(t, err)
	}
	data, err := big.MarshalBinary()
	must(t, err)
	if err := small.UnmarshalBinary(data); !errors.Is(err, ErrTooLarge) || small.Len() != 0 {
		t.Errorf("limit of the reader: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestCubeMerge(t *testing.T) {
	testkit.Laws[*Cube[cell, Counts]]{
		Empty: func() *Cube[cell, Counts] { return newCellCube(t, 0) },
		Add: func(t *rapid.T) func(*Cube[cell, Counts]) {
			k := cell{rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "channel"), rapid.IntRange(-1, 2).Draw(t, "day")}
			n := rapid.Int64Range(0, 9).Draw(t, "clicks")
			return func(c *Cube[cell, Counts]) {
				s, err := c.Cell(k)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Add(Counts{Clicks: n}); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Cube[cell, Counts]) error { return a.Merge(b) },
		Result: func(c *Cube[cell, Counts]) []float64 {
			var out []float64
			for _, r := range c.Cells() {
				out = append(out, float64(len(r.Key.Channel)), float64(r.Key.Day), float64(r.State.Clicks))
			}
			total, err := c.Total()
			if err != nil {
				panic(err)
			}
			return append(out, float64(total.Clicks))
		},
	}.Check(t)
}

func BenchmarkCubeCell(b *testing.B) {
	c := newCellCube(b, 0)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		s, err := c.Cell(cell{"mail", i & 255})
		if err != nil {
			b.Fatal(err)
		}
		s.Clicks++
	}
}

func BenchmarkCountsAdd(b *testing.B) {
	var c Counts
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Add(Counts{Impressions: 1, Clicks: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
