package audience_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/audience"
)

// A nil set is the empty one over no users, wherever a set is asked.
func TestNilSet(t *testing.T) {
	var none *audience.Set
	if none.Universe() != 0 || len(none.IDs(nil)) != 0 || none.Has(0) || none.MinSize() != audience.DefaultMinSize || !none.Small() || none.Reason() != "" || none.IDs(nil) != nil {
		t.Errorf("%d of %d, %q", len(none.IDs(nil)), none.Universe(), none.Reason())
	}
	for range none.All {
		t.Error("a member of nothing")
	}
	both, err := none.And(new(audience.Set))
	if err != nil || both.Universe() != 0 {
		t.Errorf("%v, %v", both, err)
	}
	one, err := audience.New(1, nil)
	must(err)
	_, err = none.Or(one)
	wantErr(t, err, audience.ErrMismatch, "audience: Set.Or: universes of 0 and 1 users")
	b, err := none.MarshalBinary()
	must(err)
	var back audience.Set
	if err := back.UnmarshalBinary(b); err != nil || back.Universe() != 0 || back.MinSize() != audience.DefaultMinSize {
		t.Errorf("%d users, %v", back.Universe(), err)
	}
}

// The larger of the two sizes below which a set is small goes on.
func TestSetMinSize(t *testing.T) {
	program := func(min int) *audience.Set {
		p, err := audience.Compile(audience.Has("age"), table(), audience.Options{MinSize: min})
		must(err)
		a, err := p.Select(bg)
		must(err)
		return a
	}
	three, nine := program(3), program(9)
	if three.Small() || !nine.Small() || program(0).MinSize() != audience.DefaultMinSize {
		t.Error("three users are small against 3, or not against 9")
	}
	for _, op := range []func(a, b *audience.Set) (*audience.Set, error){(*audience.Set).And, (*audience.Set).Or, (*audience.Set).AndNot} {
		for _, pair := range [][2]*audience.Set{{three, nine}, {nine, three}} {
			a, err := op(pair[0], pair[1])
			if err != nil || a.MinSize() != 9 {
				t.Errorf("small below %d, %v", a.MinSize(), err)
			}
		}
	}
	target, control, err := audience.HoldOut(nine, []string{"a", "b", "c", "d"}, .5, 3)
	if err != nil || target.MinSize() != 9 || control.MinSize() != 9 || len(target.IDs(nil))+len(control.IDs(nil)) != 3 {
		t.Errorf("%d and %d members, %v", len(target.IDs(nil)), len(control.IDs(nil)), err)
	}
	empty, err := three.AndNot(three)
	if err != nil || empty.Reason() != "AndNot leaves nobody" {
		t.Errorf("%q, %v", empty.Reason(), err)
	}
}

// Every rule of the payload, with length and checksum made right.
func TestSetDecode(t *testing.T) {
	a, err := audience.New(70, []int32{0, 63, 64, 69})
	must(err)
	good, err := a.MarshalBinary()
	must(err)
	const universe, least, reason = 16, 24, 32 // offsets in the frame
	word := reason + 8 + 8
	put := func(at int, x uint64) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint64(b[at:], x)
		return b
	}
	for _, c := range []struct {
		name string
		data []byte
		text string
	}{
		{"universe beyond 2³¹", put(universe, 1<<31), "do not fit the universe"},
		{"universe of more words", put(universe, 129), "do not fit the universe"},
		{"member outside", put(universe, 69), "outside the universe"},
		{"minimum 0", put(least, 0), "minimum size"},
		{"reason and members", slices.Concat(put(reason, 1)[:reason+8], []byte("x"), good[reason+8:]), "a reason for being empty"},
		{"no words", put(word-8, 0), ""},
		{"a word too many", slices.Concat(put(word-8, 3)[:word], make([]byte, 8), good[word:]), "do not fit"},
	} {
		err := a.UnmarshalBinary(testkit.Refit(c.data))
		wantErr(t, err, audience.ErrCorrupt, c.text)
		if len(a.IDs(nil)) != 4 || !a.Has(69) {
			t.Errorf("%s: a failed decode changed the set", c.name)
		}
	}
	if err := a.UnmarshalBinary(good); err != nil || !slices.Equal(a.IDs(nil), []int32{0, 63, 64, 69}) {
		t.Errorf("%v, %v", a.IDs(nil), err)
	}
}
