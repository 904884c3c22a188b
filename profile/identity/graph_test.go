package identity_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/identity"
)

var (
	ann, bob = id("login", "ann"), id("login", "bob")
	phone    = id("phone", "+1")
	tablet   = id("device", "tablet")
	laptop   = id("device", "laptop")
)

// drawEvidence draws from few identifiers and days, so that they meet.
func drawEvidence(t *rapid.T) identity.Evidence {
	of := []identity.ID{ann, bob, phone, tablet, laptop, id("loyalty", "7"), id("cookie", "x"), id("cookie", "y")}
	a := rapid.IntRange(0, len(of)-1).Draw(t, "a")
	b := (a + rapid.IntRange(1, len(of)-1).Draw(t, "b")) % len(of)
	e := see(of[a], of[b], rapid.IntRange(0, 300).Draw(t, "day"))
	e.Source = rapid.SampledFrom([]string{"", "web", "crm"}).Draw(t, "source")
	e.Weight = rapid.SampledFrom([]float64{0, .2, .9, 1}).Draw(t, "weight")
	return e
}

// numbers tells all of a graph that Laws compares.
func numbers(t testing.TB, g *identity.Graph) []float64 {
	r := result(t, g)
	out := []float64{float64(g.Len())}
	for i, p := range r.Persons() {
		list, err := r.IDs(p)
		must(t, err)
		for _, x := range list {
			got, err := r.Resolve(x, time.Time{})
			must(t, err)
			out = append(out, float64(i), got.Confidence, float64(got.Person.Epoch), float64(len(got.Person.Name.Value)))
		}
	}
	return out
}

func TestGraphLaws(t *testing.T) {
	other, err := identity.New(identity.Options{Threshold: .7})
	must(t, err)
	testkit.Laws[*identity.Graph]{
		Empty: func() *identity.Graph { return &identity.Graph{} },
		Other: func() *identity.Graph { return other },
		Add: func(rt *rapid.T) func(*identity.Graph) {
			e := drawEvidence(rt)
			return func(g *identity.Graph) { must(t, g.Add(e)) }
		},
		Merge:  func(a, b *identity.Graph) error { return a.Merge(b) },
		Result: func(g *identity.Graph) []float64 { return numbers(t, g) },
	}.Check(t)
}

// Undo, Unmerge and Forget leave the bytes of a state that never saw what they remove.
func TestGraphUndoProp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(drawEvidence), 1, 30).Draw(rt, "evidence")
		k := rapid.IntRange(0, len(list)-1).Draw(rt, "k")
		g, never := graph(t, list...), graph(t, slices.Delete(slices.Clone(list), k, k+1)...)
		swapped := list[k]
		swapped.A, swapped.B = swapped.B, swapped.A
		must(t, g.Undo(swapped))
		if bytesOf(t, g) != bytesOf(t, never) {
			rt.Fatal("Undo left something")
		}
		first, left, right := graph(t, list[:k]...), graph(t, list[:k]...), graph(t, list[k:]...)
		must(t, left.Merge(right))
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if bytesOf(t, left) != bytesOf(t, graph(t, list...)) {
			rt.Fatal("Merge is not the whole")
		}
		must(t, left.Unmerge(right))
		if bytesOf(t, left) != bytesOf(t, first) {
			rt.Fatal("Unmerge left something")
		}
		gone := list[0].A
		without := slices.DeleteFunc(slices.Clone(list), func(e identity.Evidence) bool { return e.A == gone || e.B == gone })
		all := graph(t, list...)
		all.Forget(gone)
		if bytesOf(t, all) != bytesOf(t, graph(t, without...)) {
			rt.Fatal("Forget left something")
		}
	})
	g := graph(t, see(ann, phone, 0))
	before := bytesOf(t, g)
	for _, err := range []error{g.Undo(see(ann, phone, 1)), g.Unmerge(graph(t, see(ann, phone, 0), see(ann, phone, 0)))} {
		if !errors.Is(err, identity.ErrUnknownID) {
			t.Error(err)
		}
	}
	if bytesOf(t, g) != before {
		t.Error("a refused Undo changed the state")
	}
}

func TestTwoLoginsOneDevice(t *testing.T) {
	list := []identity.Evidence{}
	for d := range 20 {
		list = append(list, see([]identity.ID{ann, bob}[d%2], tablet, d), see(ann, phone, d), see(bob, laptop, d))
	}
	r := result(t, graph(t, list...))
	a, b, shared := who(t, r, ann, 5), who(t, r, bob, 5), who(t, r, tablet, 5)
	if a.Person == b.Person || !shared.Shared || shared.Known || shared.Person == a.Person {
		t.Errorf("%+v\n%+v\n%+v", a, b, shared)
	}
	if who(t, r, phone, 5).Person != a.Person || who(t, r, laptop, 5).Person != b.Person {
		t.Error("their own devices are not theirs")
	}
	if _, err := r.Why(ann, bob, time.Time{}); !errors.Is(err, identity.ErrUndefined) {
		t.Error(err)
	}
	// Evidence that names both joins them.
	merged := result(t, graph(t, append(list, identity.Evidence{A: ann, B: bob, Source: "crm", At: start, Weight: 1})...))
	if who(t, merged, ann, 5).Person != who(t, merged, bob, 5).Person {
		t.Error("an account that was merged by the shop is not")
	}
	// A guest once does not make a device shared, nor get it.
	guest := result(t, graph(t, append(slices.DeleteFunc(list, func(e identity.Evidence) bool { return e.A == bob && e.B == tablet }), see(bob, tablet, 3))...))
	if x := who(t, guest, tablet, 3); x.Shared || x.Person.Name != ann || x.Confidence >= 1 {
		t.Errorf("%+v", x)
	}
}

func TestRecycledPhone(t *testing.T) {
	r := result(t, graph(t, see(ann, phone, 0), see(ann, phone, 10), see(bob, phone, 200), see(bob, phone, 220), see(phone, tablet, 5), see(phone, laptop, 210)))
	before, after := who(t, r, phone, 5), who(t, r, phone, 215)
	if before.Person.Name != ann || after.Person.Name != bob || !before.Recycled || before.Shared {
		t.Errorf("%+v\n%+v", before, after)
	}
	if who(t, r, tablet, 215).Person.Name != ann || who(t, r, laptop, 0).Person.Name != bob {
		t.Error("what was seen with it did not follow")
	}
	if last, err := r.Resolve(phone, time.Time{}); err != nil || last.Person.Name != bob {
		t.Errorf("%+v %v", last, err)
	}
	for _, p := range r.Persons() {
		list, err := r.IDs(p)
		must(t, err)
		if len(list) != 3 || !slices.Contains(list, phone) {
			t.Errorf("%v", list)
		}
	}
	// Back after the gap: of the same person still.
	again := result(t, graph(t, see(ann, phone, 0), see(ann, phone, 300)))
	if x := who(t, again, phone, 150); x.Recycled || x.Person.Name != ann {
		t.Errorf("%+v", x)
	}
	g, err := identity.New(identity.Options{Kinds: map[string]identity.Rule{"login": {Person: true}, "phone": {Gap: -1}}})
	must(t, err)
	must(t, g.Add(see(ann, phone, 0)))
	must(t, g.Add(see(bob, phone, 200)))
	if x := who(t, result(t, g), phone, 0); !x.Shared || x.Recycled {
		t.Errorf("a kind that is never recycled: %+v", x)
	}
}

// A cycle of evidence, several devices, and the explanation: 1 − .4² for two days.
func TestWhy(t *testing.T) {
	r := result(t, graph(t, see(ann, phone, 0), see(ann, phone, 1), see(phone, tablet, 0), see(tablet, laptop, 0), see(laptop, ann, 0)))
	steps, err := r.Why(tablet, ann, time.Time{})
	must(t, err)
	if len(steps) != 2 || steps[0].From != tablet || steps[1].To != ann || steps[0].To != steps[1].From {
		t.Fatalf("%+v", steps)
	}
	direct, err := r.Why(ann, phone, time.Time{})
	must(t, err)
	if len(direct) != 1 || !testkit.Close(direct[0].Confidence, .84, 1e-12, 0) || len(direct[0].Evidence) != 2 || direct[0].Evidence[1].At != start.Add(day).Truncate(day) {
		t.Errorf("%+v", direct)
	}
	if none, err := r.Why(ann, ann, time.Time{}); err != nil || len(none) != 0 {
		t.Errorf("%v %v", none, err)
	}
	if x := who(t, r, phone, 0); !testkit.Close(x.Confidence, .84, 1e-12, 0) || !x.Known {
		t.Errorf("%+v", x)
	}
	if n := len(r.Persons()); n != 1 {
		t.Errorf("%d persons", n)
	}
}

// A place that meets many joins nobody; doubtful evidence neither, until there is more of it.
func TestHubAndThreshold(t *testing.T) {
	var list []identity.Evidence
	for k := range 60 {
		list = append(list, see(id("address", "café"), id("cookie", fmt.Sprint(k)), k))
	}
	if r := result(t, graph(t, list...)); len(r.Persons()) != 61 || !who(t, r, id("address", "café"), 0).Shared {
		t.Errorf("%d persons", len(r.Persons()))
	}
	weak := see(ann, phone, 0)
	weak.Weight = .3
	if r := result(t, graph(t, weak)); who(t, r, phone, 0).Known {
		t.Error("joined below the threshold")
	}
	more := weak
	more.At = more.At.Add(2 * day)
	if r := result(t, graph(t, weak, more)); !who(t, r, phone, 0).Known {
		t.Error("not joined by two pieces of evidence: 1 − .7² = .51")
	}
}

func TestGraphLimit(t *testing.T) {
	g, err := identity.New(identity.Options{Limit: 1})
	must(t, err)
	must(t, g.Add(see(ann, phone, 0)))
	must(t, g.Add(see(ann, phone, 0)))
	other, err := identity.New(identity.Options{Limit: 1})
	must(t, err)
	must(t, other.Add(see(bob, phone, 0)))
	before := bytesOf(t, g)
	for _, err := range []error{g.Add(see(bob, phone, 0)), g.Merge(other)} {
		if !errors.Is(err, identity.ErrRange) {
			t.Error(err)
		}
	}
	if bytesOf(t, g) != before || g.Len() != 1 {
		t.Error("a refused Add or Merge changed the state")
	}
}
