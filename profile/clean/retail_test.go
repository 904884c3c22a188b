package clean_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

// TestOnlineRetail runs the whole way on the half million rows of a real shop,
// whose revenue, customers and invoices are published, if that data is here.
func TestOnlineRetail(t *testing.T) {
	if testing.Short() {
		t.Skip("half a million rows")
	}
	in := csv.NewReader(bytes.NewReader(testkit.ReadShared(t, "data", "online-retail", "online_retail.csv.gz")))
	in.ReuseRecord = true
	if _, err := in.Read(); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2011, 12, 10, 0, 0, 0, 0, time.UTC)
	c, err := clean.NewCleaner[string, string](clean.CleanerOptions[string]{AsOf: now})
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Skip("no time zone data")
	}
	// Prices have up to three decimals: count in tenths of a penny.
	p, err := clean.NewParser(c.Quality(), clean.ParserOptions{Layouts: []string{time.DateTime}, Zone: zone, Money: clean.MoneyFormat{Currency: "GBP", Digits: 3}})
	if err != nil {
		t.Fatal(err)
	}
	var l clean.Ledger[string, string]
	invoices, customers := map[string]bool{}, map[string]bool{}
	revenue := int64(0)
	for row := int64(1); ; row++ {
		f, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		invoices[f[0]] = true
		if f[6] != "" {
			customers[f[6]] = true
		}
		quantity, err := p.Int("quantity", f[3])
		if err != nil {
			t.Fatal(err)
		}
		at, err := p.Time("time", f[4])
		if err != nil {
			t.Fatal(err)
		}
		price, err := p.Money("price", f[5])
		if err != nil {
			t.Fatal(err)
		}
		revenue += quantity * price.Minor
		switch {
		case quantity > 0:
			o := profile.Order[string, string]{ID: f[0], User: f[6], At: at, Currency: "GBP", Lines: []profile.OrderLine[string]{{Item: f[1], Quantity: quantity, Price: price.Minor}}}
			if c.Order(row, &o) == clean.Kept {
				if _, err := l.AddLine(&o); err != nil {
					t.Fatal(err)
				}
			}
		default:
			r := profile.Refund[string, string]{ID: fmt.Sprint(f[0], "/", row), User: f[6], At: at, Currency: "GBP", Item: f[1], Quantity: -quantity, Amount: -quantity * price.Minor}
			if c.Refund(row, &r) == clean.Kept {
				if _, err := l.AddRefund(&r); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if revenue != 9_747_747_934 || len(invoices) != 25_900 || len(customers) != 4_372 {
		t.Errorf("revenue %d, invoices %d, customers %d", revenue, len(invoices), len(customers))
	}
	q := c.Quality().Result()
	if q.Rows != 541_909 || q.Kept != 406_829 || q.Count(clean.Missing) != 135_080-q.Count(clean.OutOfRange) {
		t.Errorf("quality\n%v", q)
	}
	s, err := l.Settle(time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	b := newBuilderStrings(t, now)
	for i := range s.Orders {
		if err := b.AddOrder(&s.Orders[i].Order); err != nil {
			t.Fatal(err)
		}
	}
	for i := range s.Refunds {
		if err := b.AddRefund(&s.Refunds[i]); err != nil {
			t.Fatal(err)
		}
	}
	all, err := b.Population()
	if err != nil {
		t.Fatal(err)
	}
	// Every penny is somewhere: what customers paid, less what was taken back and
	// what could not be matched, is the sum over all their rows.
	tot := s.Totals[0]
	t.Logf("%+v, early %d over %d unmatched %d", tot, s.RefundsEarly, s.RefundsOver, s.RefundsUnmatched)
	if got := all.Paid - all.Refunded - tot.Unmatched - tot.Excess; got != 8_300_065_814 {
		t.Errorf("net of known customers %d", got)
	}
	if rfm, err := b.RFM(); err != nil || len(rfm) != 4_339 {
		t.Errorf("%d buyers, %v", len(rfm), err)
	}
}

func newBuilderStrings(t *testing.T, cut time.Time) *profile.Builder[string, string] {
	t.Helper()
	b, err := profile.NewBuilder[string, string](profile.BuilderOptions{AsOf: cut})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
