package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

// The records that stages hand to one another, with ids as plain strings.
type (
	order   = profile.Order[string, string]
	line    = profile.OrderLine[string]
	refund  = profile.Refund[string, string]
	event   = profile.Event[string, string]
	settled = clean.Settled[string, string]
	ledger  = clean.Ledger[string, string]
)

// product is one product of the catalogue.
type product struct {
	SKU, Title, Text string
	Category, Brand  string    // "" if unknown
	Price, Cost      int64     // minor units; Cost 0 if unknown
	Listed           time.Time // zero if unknown
}

// account is what is known of a customer apart from what they do.
type account struct {
	ID          string
	Registered  time.Time // zero if unknown
	Age         int       // 0 if unknown
	Sex, Region string    // "" if unknown
}

// stockOut is a time in which a product could not be bought.
type stockOut struct {
	SKU      string
	From, To time.Time
}

// price is what a product costs from a time on, in minor units.
type price struct {
	From  time.Time
	Price int64
}

// records is a shop after cleaning, wherever it came from. Orders without a
// customer have User "": they are revenue and demand, but nobody's profile.
type records struct {
	Currency   string
	Start, End time.Time // the log covers [Start, End)
	Cut        time.Time // the moment at which we stand: what follows only checks
	Horizon    time.Duration
	Accounts   []account // by id
	Products   []product // by SKU
	Ledger     *ledger
	Events     []event // behaviour other than buying, may be empty
	StockOuts  []stockOut
	Prices     map[string][]price // the plan of each product in order of time, the weeks to come as well; nil if unknown

	index map[string]int // SKU to Products
}

func (r *records) product(sku string) *product {
	if r.index == nil {
		r.index = make(map[string]int, len(r.Products))
		for i := range r.Products {
			r.index[r.Products[i].SKU] = i
		}
	}
	if i, ok := r.index[sku]; ok {
		return &r.Products[i]
	}
	return nil
}

// title names a product for people.
func (r *records) title(sku string) string {
	if p := r.product(sku); p != nil && p.Title != "" {
		return p.Title
	}
	return sku
}

func days(d time.Duration) float64 { return d.Hours() / 24 }

const day = 24 * time.Hour

// Numbers as people write them.

func count[N ~int | ~int32 | ~int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		return "-" + s
	}
	return s
}

// money writes minor units of a currency with two decimals.
func money(minor int64, currency string) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	return fmt.Sprintf("%s%s.%02d %s", sign, count(minor/100), minor%100, currency)
}

// whole writes minor units without decimals.
func whole(minor float64, currency string) string {
	n := int64(minor)
	if n < 0 {
		return "-" + count((-n+50)/100) + " " + currency
	}
	return count((n+50)/100) + " " + currency
}

func percent(x float64) string {
	if x != x {
		return "n/a"
	}
	return strconv.FormatFloat(100*x, 'f', 1, 64) + "%"
}

func points(x float64) string { return fmt.Sprintf("%+.1f points", 100*x) }

func decimal(x float64, digits int) string {
	if x != x {
		return "n/a"
	}
	return strconv.FormatFloat(x, 'f', digits, 64)
}

func date(t time.Time) string { return t.Format("2 Jan 2006") }

// kept returns the share of each product of each order that did not come back,
// by order and SKU; what is not listed was kept in full.
func kept(orders []settled, refunds []refund) map[[2]string]float64 {
	back := make(map[[2]string]int64)
	for i := range refunds {
		if r := &refunds[i]; r.Item != "" {
			back[[2]string{r.OrderID, r.Item}] += r.Amount
		}
	}
	out := make(map[[2]string]float64, len(back))
	paid := make(map[[2]string]int64, len(back))
	for i := range orders {
		o := &orders[i].Order
		for _, l := range o.Lines {
			k := [2]string{o.ID, l.Item}
			if back[k] > 0 {
				paid[k] += l.Quantity*l.Price - l.Discount
			}
		}
	}
	for k, p := range paid {
		out[k] = 1 - float64(min(back[k], p))/float64(max(p, 1))
	}
	return out
}

// share of a product of an order that was kept, see kept.
func share(k map[[2]string]float64, order, sku string) float64 {
	if x, ok := k[[2]string{order, sku}]; ok {
		return x
	}
	return 1
}
