package identity_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aislekit/aisle/profile/identity"
)

func ExampleGraph() {
	at := time.Date(2025, 6, 2, 10, 0, 0, 0, time.UTC)
	login, cookie, phone := identity.ID{Kind: "login", Value: "ann"}, identity.ID{Kind: "cookie", Value: "c7"}, identity.ID{Kind: "phone", Value: "+49151"}
	order := identity.Evidence{A: cookie, B: phone, Source: "order form", At: at.AddDate(0, 0, 1), Weight: .9}
	var g, shard identity.Graph
	if err := g.Add(identity.Evidence{A: login, B: cookie, Source: "web", At: at}); err != nil {
		fmt.Println(err)
		return
	}
	if err := shard.Add(order); err != nil {
		fmt.Println(err)
		return
	}
	if err := g.Merge(&shard); err != nil {
		fmt.Println(err)
		return
	}
	r, err := g.Result(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	who, err := r.Resolve(phone, at)
	fmt.Printf("%s, confidence %.2f, known %v, shared %v, recycled %v %v\n", who.Person.Name.Value, who.Confidence, who.Known, who.Shared, who.Recycled, err)
	ids, err := r.IDs(who.Person)
	fmt.Println(len(ids), "identifiers", err)
	steps, err := r.Why(phone, login, at)
	for _, s := range steps {
		fmt.Printf("%s to %s: %.2f by %s\n", s.From.Kind, s.To.Kind, s.Confidence, s.Evidence[0].Source)
	}
	fmt.Println(len(r.Persons()), "person", err)

	// The order form was wrong.
	if err := g.Undo(order); err != nil {
		fmt.Println(err)
		return
	}
	var private *identity.FieldError // has the identifier, which the text of the error has not
	fmt.Println(errors.As(g.Undo(order), &private))
	fmt.Println(g.Len(), "left;", g.Unmerge(&shard) != nil, g.Forget(cookie))
	// Output:
	// ann, confidence 0.60, known true, shared false, recycled false <nil>
	// 3 identifiers <nil>
	// phone to cookie: 0.90 by order form
	// cookie to login: 0.60 by web
	// 1 person <nil>
	// true
	// 1 left; true 1
}

func ExampleNew() {
	g, err := identity.New(identity.Options{
		Kinds: map[string]identity.Rule{"member": {Person: true}, "phone": {Gap: 90 * 24 * time.Hour}}, Grain: time.Hour,
		Weight: .5, Threshold: .6, Dominant: .9, MaxPartners: 20, Limit: 1_000_000,
	})
	fmt.Println(g.Len(), err)
	// Output: 0 <nil>
}

func ExampleGraphResult() {
	var g identity.Graph
	r, err := g.Result(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	var who identity.Resolved
	var by identity.Person
	var way []identity.Link
	fmt.Println(len(r.Persons()), who.Known, by.Epoch, len(way))
	// Output: 0 false 0 0
}

func ExampleTraffic() {
	var t identity.Traffic
	robot := identity.ID{Kind: "cookie", Value: "r2"}
	for k := range 600 {
		at := time.Date(2025, 6, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(k) * 5 * time.Minute)
		if err := t.Add(identity.Hit{Visitor: robot, At: at, Dwell: time.Second, Bought: false}); err != nil {
			fmt.Println(err)
			return
		}
	}
	list, err := t.Result(identity.TrafficOptions{
		PerHour: 120, Dwell: 3 * time.Second, Awake: 12, Evenness: .97, Spread: .4, Idle: 200, Signs: 2,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range list {
		fmt.Println(v.ID.Value, v.Hits, v.Peak, v.Run, v.Robot, v.Signs)
	}
	other := identity.Traffic{}
	fmt.Println(other.Merge(&t), other.Forget(robot))
	fmt.Println(identity.SignRate, "is not seen;", identity.SignHasty, identity.SignNoSleep, identity.SignRound, identity.SignSteady, identity.SignIdle, "are")
	// Output:
	// r2 600 12 50 true [hasty no sleep round steady idle]
	// <nil> true
	// rate is not seen; hasty no sleep round steady idle are
}
