package clean_test

import (
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/clean"
)

type (
	field = testkit.Field
	puts  = []func(w *codec.Writer)
)

func on(name string, put func(*codec.Writer)) field { return field{Name: name, Put: put} }

func i64(x int64) func(*codec.Writer)  { return func(w *codec.Writer) { w.Int64(x) } }
func str(x string) func(*codec.Writer) { return func(w *codec.Writer) { w.String(x) } }
func yes(x bool) func(*codec.Writer)   { return func(w *codec.Writer) { w.Bool(x) } }

func TestLedgerRefuses(t *testing.T) {
	at := cut.UnixNano()
	goods := func(item, quantity, price, discount int64) func(w *codec.Writer) {
		return func(w *codec.Writer) {
			w.Int64(item)
			w.String("shoes")
			w.String("acme")
			w.Int64(quantity)
			w.Int64(price)
			w.Int64(discount)
		}
	}
	head := func(user, currency string, discount int64) func(w *codec.Writer) {
		return func(w *codec.Writer) {
			w.String(user)
			w.String(currency)
			w.Int64(discount)
			w.Bool(false)
		}
	}
	fields := []field{
		on("user class", i64(0)),
		on("item class", i64(1)),
		on("orders", i64(1)),
		on("id", str("A")),
		on("records", i64(2)),
		on("at", i64(at)),
		on("head", head("ann", "EUR", 1)),
		on("lines", i64(2)),
		on("line 1", goods(7, 1, 50, 0)),
		on("line 2", goods(8, 2, 50, 9)),
		on("differs", yes(true)),
		on("other at", i64(at+1)),
		on("other head", head("ann", "EUR", 1)),
		on("other lines", i64(1)),
		on("other line", goods(7, 1, 50, 0)),
		on("parts", i64(1)),
		on("part id", str("C")),
		on("heads", i64(2)),
		on("head 1", head("bob", "EUR", 0)),
		on("head 2", head("cid", "EUR", 900)),
		on("part lines", i64(2)),
		on("of 1", i64(0)),
		on("at 1", i64(at)),
		on("part line 1", goods(7, 1, 50, 0)),
		on("of 2", i64(1)),
		on("at 2", i64(at)),
		on("part line 2", goods(6, 1, 50, 0)),
		on("refunds", i64(1)),
		on("refund id", str("r")),
		on("refund records", i64(1)),
		on("refund at", i64(at)),
		on("refund order", str("A")),
		on("refund user", str("ann")),
		on("refund currency", str("EUR")),
		on("amount", i64(5)),
		on("cancel", yes(false)),
		on("refund item", i64(0)),
		on("pieces", i64(0)),
		on("refund differs", yes(false)),
	}
	decode := func(data []byte) error { return new(clean.Ledger[string, int]).UnmarshalBinary(data) }
	p := testkit.Payload{Kind: codec.KindLedger, Version: 2, Fields: fields, Decode: decode}
	p.Refuse(t, clean.ErrCorrupt, map[string]puts{
		"orders":          {i64(-1), i64(1 << 40), i64(0)},
		"id":              {str("")},
		"records":         {i64(1), i64(-3)}, // two contents are two records at least
		"at":              {i64(math.MinInt64), i64(at + 1)},
		"head":            {head("ann", "", 1), head("ann", "eur", 1), head("ann", "EURO", 1), head("ann", "EUR", -1), head("ann", "EUR", 9999)},
		"lines":           {i64(0), i64(3)},
		"line 1":          {goods(9, 1, 50, 0), goods(7, 0, 50, 0), goods(7, 1, -1, 0), goods(7, 1, 50, 51)},
		"differs":         {func(w *codec.Writer) { w.Bytes(nil) }},
		"heads":           {i64(0), i64(1)},
		"head 1":          {head("cid", "EUR", 900), head("dan", "EUR", 0), head("bob", "USD", 0), head("bob", "EUR", -1)},
		"part id":         {str("")},
		"part lines":      {i64(0), i64(1)},
		"of 1":            {i64(1), i64(2), i64(-1)},
		"at 1":            {i64(math.MinInt64)},
		"part line 2":     {goods(6, 0, 50, 0), goods(6, 1, 50, 51)},
		"refund records":  {i64(0)},
		"refund id":       {str("")},
		"refund currency": {str(""), str("eur")},
		"amount":          {i64(-1)},
		"refund order":    {str("")},
		"refund differs":  {yes(true)},
	})
	p.Refuse(t, clean.ErrMismatch, map[string]puts{"user class": {i64(1)}, "item class": {i64(0), i64(2)}})
}

func TestDedupeRefuses(t *testing.T) {
	at := cut.UnixNano()
	value := func(x float64) func(w *codec.Writer) {
		return func(w *codec.Writer) {
			data, _ := numbers.Append(nil, x)
			w.Bytes(data)
		}
	}
	minute := int64(time.Minute)
	fields := []field{
		on("window", i64(minute)),
		on("policy", i64(int64(numbers.Policy))),
		on("records", i64(5)),
		on("kept", i64(2)),
		on("duplicates", i64(1)),
		on("conflicts", i64(1)),
		on("overruled", i64(2)),
		on("seconds", i64(9)),
		on("nanoseconds", i64(999_999_999)),
		on("keys", i64(1)),
		on("key", str("a")),
		on("groups", i64(2)),
		on("from", i64(at)),
		on("to", i64(at+9)),
		on("at", i64(at+4)),
		on("n", i64(2)),
		on("win", value(2)),
		on("lo", value(1)),
		on("hi", value(3)),
		on("from 2", i64(at+10+minute)),
		on("to 2", i64(at+10+minute)),
		on("at 2", i64(at+10+minute)),
		on("n 2", i64(1)),
		on("win 2", value(7)),
		on("lo 2", value(7)),
		on("hi 2", value(7)),
	}
	decode := func(data []byte) error {
		d, err := clean.NewDedupe[string](numbers)
		if err != nil {
			return err
		}
		return d.UnmarshalBinary(data)
	}
	p := testkit.Payload{Kind: codec.KindDedupe, Fields: fields, Decode: decode}
	p.Refuse(t, clean.ErrCorrupt, map[string]puts{
		"records":     {i64(6), i64(-5)},
		"duplicates":  {i64(-1)},
		"conflicts":   {i64(3)},
		"nanoseconds": {i64(1_000_000_000), i64(-1)},
		"keys":        {i64(2), i64(1 << 40)},
		"groups":      {i64(0), i64(1), i64(3)},
		"from":        {i64(at + 5)},
		"to":          {i64(at + 3), i64(at + 10)}, // too near to the next
		"n":           {i64(0)},
		"win":         {value(4), value(0), func(w *codec.Writer) { w.Bytes([]byte{1}) }},
		"lo":          {value(5)},
		"hi":          {value(1.5)},
	})
	p.Refuse(t, clean.ErrMismatch, map[string]puts{"window": {i64(0)}, "policy": {i64(0)}})
}

func TestRatesRefuses(t *testing.T) {
	fields := []field{
		on("base", str("EUR")),
		on("others", func(w *codec.Writer) { w.Strings([]string{"JPY", "USD"}) }),
		on("num", i64(61)),
		on("den", i64(100)),
		on("num 2", i64(23)),
		on("den 2", i64(25)),
	}
	decode := func(data []byte) error { return new(clean.Rates).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindRates, Fields: fields, Decode: decode}.Refuse(t, clean.ErrCorrupt, map[string]puts{
		"base":   {str(""), str("USD"), str("eur")},
		"others": {func(w *codec.Writer) { w.Strings([]string{"USD", "JPY"}) }, func(w *codec.Writer) { w.Strings([]string{"USD", "USD"}) }, func(w *codec.Writer) { w.Strings([]string{"USD"}) }},
		"num":    {i64(0)},
		"den":    {i64(0), i64(1<<62 + 1)},
	})
}

func TestQualityRefuses(t *testing.T) {
	fields := []field{
		on("rows", i64(5)),
		on("kept", i64(2)),
		on("any first", yes(true)),
		on("first", i64(1)),
		on("any last", yes(true)),
		on("last", i64(2)),
		on("rejected", i64(2)),
		on("why", str("a")),
		on("n", i64(2)),
		on("rows of it", func(w *codec.Writer) { w.Int64s([]int64{3, 4}) }),
		on("why 2", str("b")),
		on("n 2", i64(1)),
		on("rows of it 2", func(w *codec.Writer) { w.Int64s([]int64{9}) }),
		on("flagged", i64(0)),
		on("fields", i64(1)),
		on("name", str("price")),
		on("seen", i64(5)),
		on("missing", i64(2)),
		on("malformed", i64(1)),
		on("gaps", i64(1)),
		on("overlaps", i64(1)),
	}
	decode := func(data []byte) error { return new(clean.Quality).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindQuality, Version: 2, Fields: fields, Decode: decode}.Refuse(t, clean.ErrCorrupt, map[string]puts{
		"rows":       {i64(1)},
		"kept":       {i64(-1), i64(6)},
		"first":      {i64(3)},
		"why":        {str("b"), str("c")},
		"n":          {i64(1)},
		"rows of it": {func(w *codec.Writer) { w.Int64s([]int64{4, 3}) }, func(w *codec.Writer) { w.Int64s(make([]int64, 11)) }},
		"missing":    {i64(-1), i64(3), i64(math.MaxInt64)},
		"malformed":  {i64(-1), i64(2)},
		"gaps":       {i64(-1), i64(2)},
		"overlaps":   {i64(-1), i64(2)},
		"flagged":    {i64(1)},
		"fields":     {i64(0), i64(2)},
	})
}
