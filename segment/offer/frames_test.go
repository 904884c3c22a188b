package offer_test

import (
	"encoding"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/offer"
)

// booked is a ledger with something of everything.
func booked() *ledger {
	var l ledger
	must(l.Add(redeemed{User: "ann", Offer: "code", Code: "ONE", At: noon, Discount: 300}))
	must(l.Add(redeemed{User: "ann", At: noon, Used: 20, Earned: 75, Expires: noon.Add(240 * time.Hour)}))
	must(l.Add(redeemed{User: "bob", Offer: "full", At: noon, Discount: 4_000}))
	must(l.Add(redeemed{User: "bob", Offer: "full", At: noon.Add(time.Hour), Discount: 1_500, Refund: true}))
	must(l.Add(redeemed{User: "bob", At: noon.Add(time.Hour), Earned: 9}))
	return &l
}

func frames() []testkit.Frame {
	return []testkit.Frame{{
		Kind: codec.KindOfferLedger,
		Fill: func(testing.TB) encoding.BinaryMarshaler { return booked() },
		Values: func(_ testing.TB, s any) any {
			l := s.(*ledger)
			return map[string]any{"Result": testkit.Plain(l.Result()), "Ann": l.Balance("ann", noon), "Bob": l.Balance("bob", noon.Add(time.Hour))}
		},
	}}
}

func TestFrames(t *testing.T) { testkit.Frames(t, "segment/offer", frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

// What a payload must not bring: what no encoder writes.
func TestPayloads(t *testing.T) {
	num := func(n int) func(*codec.Writer) { return func(w *codec.Writer) { w.Int(n) } }
	long := func(n int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64(n) } }
	text := func(s string) func(*codec.Writer) { return func(w *codec.Writer) { w.String(s) } }
	f := func(name string, put func(*codec.Writer)) testkit.Field { return testkit.Field{Name: name, Put: put} }
	const never = 1<<63 - 1
	testkit.Payload{
		Kind: codec.KindOfferLedger,
		Fields: []testkit.Field{
			f("class", num(1)), f("offers", num(2)), f("a", text("a")), f("n", long(3)), f("discount", long(70)), f("returned", long(7)), f("b", text("b")), f("n b", long(0)), f("discount b", long(0)), f("returned b", long(0)),
			f("codes", num(1)), f("code of", text("a")), f("code", text("X")), f("code uses", long(2)),
			f("users", num(2)), f("5", long(5)), f("7", long(7)),
			f("uses 5", num(1)), f("offer 5", text("a")), f("times 5", long(2)),
			f("moves 5", num(3)), f("at", long(10)), f("expires", long(20)), f("points", long(8)), f("at 2", long(10)), f("never", long(never)), f("used", long(-3)), f("at 3", long(11)), f("expires 3", long(12)), f("points 3", long(1)),
			f("uses 7", num(1)), f("offer 7", text("a")), f("times 7", long(1)), f("moves 7", num(0)),
		},
		Decode: func(frame []byte) error { return new(offer.Ledger[int]).UnmarshalBinary(frame) },
	}.Refuse(t, offer.ErrCorrupt, map[string][]func(*codec.Writer){
		"class": {num(3), num(9)}, "offers": {num(1), num(3), num(math.MaxInt32)}, "a": {text(""), text("b"), text("c")}, "n": {long(-1), long(2)}, "discount": {long(-1)}, "returned": {long(-7)}, "b": {text("a")},
		"code of": {text("c"), text("")}, "code": {text("")}, "code uses": {long(0), long(-1), long(4)}, "discount b": {long(1)}, "5": {long(7), long(8)}, "offer 5": {text("c"), text("")}, "times 5": {long(0), long(-1), long(3), long(never)},
		"at": {long(11), long(21)}, "expires": {long(10)}, "points": {long(0), long(never), long(-8)}, "at 2": {long(9)}, "never": {long(30)}, "used": {long(0), long(-never - 1)}, "expires 3": {long(11)}, "points 3": {long(-1)},
		"moves 5": {num(2), num(4), num(math.MaxInt32)}, "times 7": {long(2)}, "codes": {num(2)}, "users": {num(1), num(3)},
	})
	if err := new(offer.Ledger[uint8]).UnmarshalBinary(promised(booked().MarshalBinary())); !errors.Is(err, offer.ErrMismatch) {
		t.Errorf("names became numbers: %v", err)
	}
}

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*book)(nil), (*offer.Quote)(nil), (*ledger)(nil), (*till)(nil))
}
