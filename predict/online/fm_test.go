package online_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/aislekit/aisle/predict/online"
)

var bg = context.Background()

// rowsOf draws examples of a stream.
func rowsOf(c *clicks, s *online.Space, n int) *online.Rows {
	x, row := new(online.Rows), s.Row()
	for range n {
		y, _ := c.next()
		c.fill(row)
		must(x.Add(row, y, 1))
	}
	return x
}

// tasteful draws examples of which a click depends on how customers like categories alone.
func tasteful(n int, seed uint64, s *online.Space) *online.Rows {
	r := rand.New(rand.NewPCG(11, 0)) // of the tastes
	var user, ad [60][3]float64
	for i := range user {
		for k := range 3 {
			user[i][k], ad[i][k] = r.NormFloat64(), r.NormFloat64()
		}
	}
	r = rand.New(rand.NewPCG(12, seed))
	x, row := new(online.Rows), s.Row()
	for range n {
		u, a, y := r.IntN(60), r.IntN(60), 0.0
		score := 0.0
		for k := range 3 {
			score += user[u][k] * ad[a][k]
		}
		if r.Float64() < 1/(1+math.Exp(-score)) {
			y = 1
		}
		row.Reset()
		row.Add("user", fmt.Sprint("u", u), 1)
		row.Add("ad", fmt.Sprint("a", a), 1)
		row.Add("site", fmt.Sprint("s", r.IntN(9)), 1)
		must(x.Add(row, y, 1))
	}
	return x
}

// Where clicks are a matter of taste, vectors learn what a linear model cannot.
func TestFMTastes(t *testing.T) {
	if path := os.Getenv("AISLE_WRITE_CLICKS"); path != "" {
		c := newClicks(3, .9)
		writeFFM(path+".train", c, 30_000)
		writeFFM(path+".valid", c, 6_000)
		writeFFM(path+".test", c, 6_000)
	}
	s := small(10)
	train, valid, test := tasteful(12_000, 1, s), tasteful(3_000, 2, s), tasteful(3_000, 3, s)
	got := map[string]float64{}
	for name, m := range map[string]online.Learner{
		"ftrl":  get(online.NewFTRL(s, online.FTRLOptions{})),
		"fm":    get(online.NewFM(s, online.FMOptions{})),
		"field": get(online.NewFieldFM(s, online.FMOptions{})),
	} {
		get(online.Fit(bg, m, train, valid, online.FitOptions{Seed: 1}))
		told := get(online.Fit(bg, m, test, nil, online.FitOptions{InOrder: true}))
		got[name] = told[0].Loss
	}
	t.Logf("losses %v", got)
	if got["fm"] > got["ftrl"]-.1 || got["field"] > got["ftrl"]-.1 {
		t.Errorf("losses %v: a linear model cannot know", got)
	}
}

// writeFFM writes examples in the format of libffm.
func writeFFM(path string, c *clicks, n int) {
	f := get(os.Create(path))
	w := bufio.NewWriter(f)
	for range n {
		y, _ := c.next()
		fmt.Fprint(w, y)
		at := 0
		for k, l := range levels {
			fmt.Fprintf(w, " %d:%d:1", k, at+c.at[k])
			at += l.levels
		}
		fmt.Fprintf(w, " %d:%d:%v\n", len(levels), at, c.price)
	}
	must(w.Flush())
	must(f.Close())
}

// Fit leaves the learner as it was after its best pass, and alone where it fails.
func TestFit(t *testing.T) {
	s := get(online.NewSpace(online.SpaceOptions{Bits: 10, Namespaces: namespaces()}))
	c := newClicks(4, 1)
	train, valid := rowsOf(c, s, 1000), rowsOf(c, s, 500)
	for name, make := range map[string]func() online.Learner{
		"ftrl":  func() online.Learner { return get(online.NewFTRL(s, online.FTRLOptions{})) },
		"fm":    func() online.Learner { return get(online.NewFM(s, online.FMOptions{Rate: .1})) },
		"field": func() online.Learner { return get(online.NewFieldFM(s, online.FMOptions{Rate: .1})) },
	} {
		m := make()
		told, err := online.Fit(bg, m, train, valid, online.FitOptions{Epochs: 30})
		if err != nil {
			t.Fatal(err)
		}
		least, at := math.Inf(1), 0
		for k, p := range told {
			if p.Valid < least {
				least, at = p.Valid, k
			}
		}
		if len(told) < 2 || len(told) > at+3 {
			t.Errorf("%s: %d passes, the best is %d", name, len(told), at+1)
		}
		again := make()
		get(online.Fit(bg, again, train, nil, online.FitOptions{Epochs: at + 1}))
		if !sameBytes(m, again) {
			t.Errorf("%s: not what %d passes make", name, at+1)
		}
		ctx, stop := context.WithCancelCause(bg)
		reason := errors.New("enough")
		_, err = online.Fit(ctx, m, train, valid, online.FitOptions{Progress: func(online.Progress) { stop(reason) }})
		if !errors.Is(err, reason) || !sameBytes(m, again) {
			t.Errorf("%s: cancelled: %v", name, err)
		}
	}
	m := get(online.NewFM(s, online.FMOptions{}))
	row := s.Row()
	row.Add("ad", "a", 1)
	odd, none := new(online.Rows), new(online.Rows)
	must(odd.Add(row, .5, 1))
	must(none.Add(row, 1, 0))
	for name, c := range map[string]struct {
		x    *online.Rows
		want error
	}{"nil": {nil, online.ErrEmpty}, "empty": {new(online.Rows), online.ErrEmpty}, "labels": {odd, online.ErrRange}, "no weight": {none, online.ErrEmpty}} {
		if _, err := online.Fit(bg, m, c.x, nil, online.FitOptions{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := online.Fit(bg, (*online.FM)(nil), train, nil, online.FitOptions{}); !errors.Is(err, online.ErrEmpty) {
		t.Errorf("no learner: %v", err)
	}
}

func sameBytes(a, b online.Learner) bool {
	return string(get(a.MarshalBinary())) == string(get(b.MarshalBinary()))
}
