package profile_test

import (
	"testing"
	"time"

	"github.com/aislekit/aisle/profile"
)

func TestSmoke(t *testing.T) {
	cut := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	b, err := profile.NewBuilder[string, int](profile.BuilderOptions{CutOff: cut})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Add(&profile.Event[string, int]{User: "a", Kind: profile.View, Time: cut.Add(-30 * 24 * time.Hour), Category: "x"}); err != nil {
		t.Fatal(err)
	}
	var l profile.Ledger[string, int]
	o := profile.Order[string, int]{ID: "1", User: "a", Time: cut.Add(-24 * time.Hour), Currency: "EUR", Lines: []profile.OrderLine[int]{{Item: 1, Category: "y", Quantity: 2, Price: 500}}}
	if _, err := l.AddOrder(&o); err != nil {
		t.Fatal(err)
	}
	s, err := l.Settle(time.Time{})
	if err != nil || len(s.Orders) != 1 {
		t.Fatal(err)
	}
	if err := b.AddOrder(&s.Orders[0].Order); err != nil {
		t.Fatal(err)
	}
	tab, err := b.Table(profile.TableOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for j, n := range tab.Names {
		t.Log(n, tab.Rows[0][j])
	}
	p, _ := b.Individual("a")
	t.Logf("%+v", p)
	t.Log(b.RFM())
}
