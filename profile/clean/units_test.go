package clean_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

func TestParseUnits(t *testing.T) {
	for text, want := range map[string]struct {
		amount float64
		base   string
	}{
		"1.5 kg": {1500, "g"}, "２００ｇ": {200, "g"}, "3盒": {3, "box"}, "2 Dozen": {24, "piece"}, "1,250 ML": {1250, "ml"}, "12": {12, ""}, "2斤": {1000, "g"},
		"5 lb.": {2267.96185, "g"}, "10 in": {254, "mm"}, "0 pcs": {0, "piece"}, "1双": {2, "piece"}, ".5 l": {500, "ml"}, "1,234,567.5 mm": {1234567.5, "mm"},
		"2㎏": {2000, "g"}, "१२ kg": {12000, "g"}, "٣٫٥ l": {3500, "ml"}, "10 ㎝": {100, "mm"}, "330㎖": {330, "ml"}, "1.5ℓ": {1500, "ml"}, "20㏄": {20, "ml"}, "3 KGS": {3000, "g"}, "5㎎": {.005, "g"}, "7㎜": {7, "mm"}, "8 gms": {8, "g"},
		"12,500 g": {12500, "g"}, "123,456 g": {123456, "g"}, "0.500 kg": {500, "g"}, "007 g": {7, "g"}, "1234567 g": {1234567, "g"},
	} {
		if amount, base, err := clean.ParseUnits(text); err != nil || base != want.base || !testkit.Close(amount, want.amount, 0, 1e-12) {
			t.Errorf("%q: %v %q, %v", text, amount, base, err)
		}
	}
	for text, want := range map[string]error{
		"": profile.ErrEmpty, "  ": profile.ErrEmpty, "kg": profile.ErrRange, "-1 kg": profile.ErrRange, "1 furlong": profile.ErrUnknownID, "1,2 kg": profile.ErrRange,
		"1.2.3 g": profile.ErrRange, ",5 g": profile.ErrRange, "1.5,000 g": profile.ErrRange, "inf kg": profile.ErrRange, "NaN": profile.ErrRange, "1 kg 2 g": profile.ErrUnknownID,
		"0,500 kg": profile.ErrRange, "00,500 kg": profile.ErrRange, "012,500 g": profile.ErrRange, "1234,567 g": profile.ErrRange, "1234,567.5 g": profile.ErrRange,
	} {
		if amount, base, err := clean.ParseUnits(text); !errors.Is(err, want) || amount != 0 || base != "" {
			t.Errorf("%q: %v %q, %v", text, amount, base, err)
		}
	}
}

func ExampleParseUnits() {
	for _, text := range []string{"1.5 kg", "2 dozen", "3盒"} {
		amount, base, err := clean.ParseUnits(text)
		fmt.Println(amount, base, err)
	}
	// Output:
	// 1500 g <nil>
	// 24 piece <nil>
	// 3 box <nil>
}

// Orders that differ in the way they came are other content, and bytes keep it.
func TestLedgerKeepsChannel(t *testing.T) {
	for _, change := range []func(o *order){func(o *order) { o.Channel = "web" }, func(o *order) { o.Campaign = "x" }, func(o *order) { o.Device = "x" }} {
		var l, read clean.Ledger[string, int]
		for i := range 2 {
			o := &order{ID: "1", User: "ann", At: cut, Currency: "EUR", Lines: []line{{Item: 1, Quantity: 1, Price: 5}}}
			if i == 1 {
				change(o)
			}
			if _, err := l.AddOrder(o); err != nil {
				t.Fatal(err)
			}
		}
		data, err := l.MarshalBinary()
		if err == nil {
			err = read.UnmarshalBinary(data)
		}
		if err != nil {
			t.Fatal(err)
		}
		if v, err := l.AddOrder(&order{ID: "1", User: "ann", At: cut, Currency: "EUR", Lines: []line{{Item: 1, Quantity: 1, Price: 5}}, Channel: "third"}); err != nil || v != clean.Conflict {
			t.Errorf("%v, %v", v, err)
		}
		if again, _ := read.MarshalBinary(); string(again) != string(data) {
			t.Error("other bytes")
		}
	}
}
