package identity_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aislekit/aisle/profile/identity"
)

// A cookie that lives on a tablet of two is told from it no better after 2500 hours than after 1500: the likelihoods, which both
// underflow by then, are compared as logarithms.
func TestInsideLong(t *testing.T) {
	for _, c := range []struct {
		hours, cookie int // of 100 with the first login
		shared        bool
	}{{1500, 86, true}, {2500, 86, true}, {4000, 86, true}, {2500, 100, false}} {
		g, err := identity.New(identity.Options{Grain: time.Hour})
		must(t, err)
		v, w := id("cookie", "v"), id("device", "w")
		for h := range c.hours {
			at := start.Add(time.Duration(h) * time.Hour)
			see := func(a, b identity.ID) { must(t, g.Add(identity.Evidence{A: a, B: b, At: at})) }
			who := func(of int) identity.ID { return id("login", fmt.Sprint(1+(h%100)/of)) }
			see(v, w)
			see(w, who(84))
			see(v, who(c.cookie))
		}
		x, err := result(t, g).Resolve(v, start)
		must(t, err)
		if x.Shared != c.shared || x.Known == c.shared {
			t.Errorf("%d hours, %d of 100: %+v", c.hours, c.cookie, x)
		}
	}
}

// With a Dominant of 1 nobody has a guest: what lives on something shared is shared, as long as that sees its owner.
func TestInsideDominantOne(t *testing.T) {
	g, err := identity.New(identity.Options{Dominant: 1})
	must(t, err)
	v, w := id("cookie", "v"), id("device", "w")
	for d := range 2000 {
		must(t, g.Add(see(v, ann, d)))
		must(t, g.Add(see(v, w, d)))
		must(t, g.Add(see(w, []identity.ID{ann, bob}[d%2], d)))
	}
	if x := who(t, result(t, g), v, 0); !x.Shared {
		t.Errorf("%+v", x)
	}
}

// A piece of evidence lifts the rule that persons of one kind never join for the kind that it names twice, and for no other.
func TestJoinNamesBoth(t *testing.T) {
	seven, eight, x := id("loyalty", "7"), id("loyalty", "8"), id("cookie", "x")
	var list []identity.Evidence
	for d := range 10 {
		list = append(list, see(ann, x, d), see(x, seven, d))
	}
	r := result(t, graph(t, append(list, see(bob, seven, 3))...))
	if a, b, card := who(t, r, ann, 3), who(t, r, bob, 3), who(t, r, seven, 3); a.Person == b.Person || card.Person != a.Person {
		t.Errorf("a card of ann's joins bob to her: %+v\n%+v\n%+v", a, b, card)
	}

	// Accounts that the shop merged join whatever cards they have; the cards join by their own evidence alone, surer or not.
	list = nil
	for d := range 10 {
		list = append(list, see(ann, seven, d), see(bob, eight, d), see(ann, seven, d+10))
	}
	list = append(list, see(ann, bob, 0))
	r = result(t, graph(t, list...))
	if a := who(t, r, ann, 0).Person; a != who(t, r, bob, 0).Person || a != who(t, r, seven, 0).Person || a == who(t, r, eight, 0).Person {
		t.Error("merged accounts with a card each")
	}
	r = result(t, graph(t, append(list, see(seven, eight, 0))...))
	for _, other := range []identity.ID{bob, seven, eight} {
		if who(t, r, other, 0).Person != who(t, r, ann, 0).Person {
			t.Errorf("merged accounts and cards: %v is alone", other)
		}
	}
}

// A partner that changed hands is one partner.
func TestPartnersRecycled(t *testing.T) {
	fill := func(cookies ...string) identity.Resolved {
		g, err := identity.New(identity.Options{MaxPartners: 1})
		must(t, err)
		for _, name := range cookies {
			for k, login := range []string{"1", "2"} {
				must(t, g.Add(see(id("cookie", name), id("login", login), 300*k)))
				must(t, g.Add(see(id("cookie", name), id("device", "v"), 300*k)))
			}
		}
		return who(t, result(t, g), id("device", "v"), 0)
	}
	if one, two := fill("x"), fill("x", "y"); one.Shared || !two.Shared {
		t.Errorf("one partner %+v, two %+v", one, two)
	}
}

// A share that is Dominant to the letter is enough: .55·100 is above 55 in float64.
func TestDominantExactly(t *testing.T) {
	for _, c := range []struct {
		dominant float64
		of, days int
	}{{.55, 55, 100}, {.55, 54, 100}, {.56, 56, 100}, {.57, 57, 100}, {.58, 58, 100}, {.85, 17, 20}, {.85, 16, 20}} {
		g, err := identity.New(identity.Options{Dominant: c.dominant})
		must(t, err)
		for d := range c.days {
			login := ann
			if d >= c.of {
				login = bob
			}
			must(t, g.Add(see(tablet, login, d)))
		}
		want := float64(c.of)/float64(c.days) < c.dominant
		if x := who(t, result(t, g), tablet, 0); x.Shared != want {
			t.Errorf("%d of %d days at %v: %+v", c.of, c.days, c.dominant, x)
		}
	}
}
