package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

// Reasons for rows of the Online Retail layout.
const (
	notProduct  clean.Reason = "not a product (postage, fees, manual)"
	writeOff    clean.Reason = "stock adjustment (negative without credit note)"
	freeOfCost  clean.Reason = "price zero"
	negative    clean.Reason = "price negative"
	bigQuantity clean.Reason = "quantity far outside the usual"
	bigPrice    clean.Reason = "price far outside the usual"
)

// valueAt is a number with the line it comes from.
type valueAt struct {
	x    float64
	line int64
}

// retailRead is what the file was found to hold.
type retailRead struct {
	Quality                          clean.QualityResult
	Malformed                        []string // the first few, with line numbers
	Rows, Invoices, Customers, Codes int
	NoCustomer, Cancellations        int
	Raw                              int64 // Σ quantity × price, thousandths
	Parts                            []part
	Anonymous                        int64 // thousandths of goods sold to nobody known
	Settled                          clean.Settlement[string, string]
	Twice                            clean.DedupeResult
}

// part is a share of the raw revenue, with the rows it comes from.
type part struct {
	Name  string
	Rows  int
	Milli int64
}

// pounds writes thousandths as pounds and pence, half to even.
func pounds(milli int64) string {
	q, r := milli/10, milli%10
	if r < 0 {
		q, r = q-1, r+10
	}
	if r > 5 || r == 5 && q&1 == 1 {
		q++
	}
	return money(q, "GBP")
}

// goods reports whether a stock code is that of a product: five digits, perhaps
// with letters. The others are postage, fees, manual entries and vouchers.
func goods(code string) bool {
	n := 0
	for n < len(code) && code[n] >= '0' && code[n] <= '9' {
		n++
	}
	if n != 5 {
		return false
	}
	for _, c := range code[n:] {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// A retailImport takes the rows of one file in: it counts all of them, rejects what is no
// sale or return of a product, drops repetitions and fills the ledger.
type retailImport struct {
	out     *retailRead
	rec     *records
	quality clean.Quality
	dedupe  *clean.Dedupe[retailKey, struct{}]
	flushed time.Time // repetitions before it are forgotten

	products  map[string]*seenProduct
	countries map[string]string // of customers
	invoices  map[string]struct{}
	codes     map[string]struct{}
	one       map[string]string // one copy of each string that is kept
	parts     map[string]*part
	raw       big.Int   // thousandths
	sizes     []valueAt // logarithms of the pieces of each sale
}

// retailKey is what a repeated row repeats, within a minute.
type retailKey struct {
	invoice, code, title, customer string
	quantity, milli                int64
}

// seenProduct is what the file says of a product, row by row.
type seenProduct struct {
	titles map[string]int
	prices []valueAt
	first  time.Time
}

// readRetail streams a file in the Online Retail layout into records. Every row
// counts in the raw revenue; the profile and the rest take sales and returns of
// products only.
func readRetail(path string, strict bool, p *progress) (*records, *retailRead, error) {
	in := &retailImport{
		out: &retailRead{}, rec: &records{Currency: "GBP", Ledger: &ledger{}}, products: make(map[string]*seenProduct),
		countries: make(map[string]string), invoices: make(map[string]struct{}), codes: make(map[string]struct{}),
		one: make(map[string]string), parts: make(map[string]*part),
	}
	parser, err := clean.NewParser(&in.quality, clean.ParserOptions{
		Layouts: []string{time.DateTime, "2006-01-02 15:04", "1/2/2006 15:04"},
		Money:   clean.MoneyFormat{Currency: "GBP", Digits: 3}, // some prices are in tenths of a penny
	})
	if err != nil {
		return nil, nil, err
	}
	in.dedupe, err = clean.NewDedupe[retailKey](clean.DedupeOptions[struct{}]{Window: time.Minute, Compare: func(_, _ struct{}) int { return 0 }})
	if err != nil {
		return nil, nil, err
	}
	reader := &retailReader{parser: parser}
	err = scanLines(path, func(number int64, line string) error {
		if reader.column == nil {
			if err := reader.header(line); err != nil {
				return fmt.Errorf("%s: line %d: %w", path, number, err)
			}
			return nil
		}
		if line == "" {
			return nil
		}
		if number%20000 == 0 {
			p.update("reading %s: %s lines", path, count(number))
		}
		row, err := reader.row(line)
		if err != nil {
			if strict {
				return fmt.Errorf("%s: line %d: %w", path, number, err)
			}
			in.quality.Reject(number, clean.Malformed)
			if len(in.out.Malformed) < 10 {
				in.out.Malformed = append(in.out.Malformed, fmt.Sprintf("line %d: %v", number, err))
			}
			return nil
		}
		return in.row(number, &row)
	})
	if err != nil {
		return nil, nil, err
	}
	if err := in.finish(path); err != nil {
		return nil, nil, err
	}
	return in.rec, in.out, nil
}

// keep returns the one copy of a string that outlives its line.
func (in *retailImport) keep(s string) string {
	if t, ok := in.one[s]; ok {
		return t
	}
	s = strings.Clone(s)
	in.one[s] = s
	return s
}

// tally books the amount of one row, in thousandths, under a part of the revenue.
func (in *retailImport) tally(name string, milli int64) {
	if in.parts[name] == nil {
		in.parts[name] = &part{Name: name}
	}
	in.parts[name].Rows++
	in.parts[name].Milli += milli
}

// row takes one line of the file.
func (in *retailImport) row(number int64, row *retailRow) error {
	out := in.out
	out.Rows++
	row.invoice, row.code, row.customer, row.country = in.keep(row.invoice), in.keep(row.code), in.keep(row.customer), in.keep(row.country)
	in.codes[row.code] = struct{}{}
	row.code = in.keep(strings.ToUpper(row.code)) // 85123a is 85123A
	amount := row.quantity * row.milli
	in.raw.Add(&in.raw, big.NewInt(amount))
	in.invoices[row.invoice] = struct{}{}
	credit := strings.HasPrefix(row.invoice, "C")
	if credit {
		out.Cancellations++
	}
	if row.customer == "" {
		out.NoCustomer++
	} else if in.countries[row.customer] == "" {
		in.countries[row.customer] = row.country
	}
	why := noTrade(row, credit)
	if why == "" {
		var err error
		if why, err = in.repeated(number, row); err != nil {
			return err
		}
	}
	if why != "" {
		in.quality.Reject(number, why)
		in.tally(string(why), amount)
		return nil
	}
	if row.customer == "" {
		in.quality.Flag(number, nobody)
	}
	var err error
	if row.quantity > 0 {
		err = in.sale(number, row)
	} else {
		err = in.credit(number, row)
	}
	if err != nil {
		return fmt.Errorf("line %d: %w", number, err)
	}
	in.quality.Keep(row.at)
	if in.rec.Start.IsZero() || row.at.Before(in.rec.Start) {
		in.rec.Start = row.at
	}
	in.rec.End = later(in.rec.End, row.at)
	return nil
}

// noTrade says why a row is no sale or return of a product, "" if it is one.
func noTrade(row *retailRow, credit bool) clean.Reason {
	switch {
	case !goods(row.code):
		return notProduct
	case row.milli < 0:
		return negative
	case row.quantity < 0 && !credit:
		return writeOff
	case row.quantity == 0:
		return clean.OutOfRange
	case row.milli == 0:
		return freeOfCost
	}
	return ""
}

// repeated says whether a row repeats another: the same product, number, price and
// customer on one invoice within a minute.
func (in *retailImport) repeated(number int64, row *retailRow) (clean.Reason, error) {
	if before := row.at.Add(-time.Hour); before.After(in.flushed.Add(24 * time.Hour)) {
		in.dedupe.Flush(nil, before)
		in.flushed = before
	}
	verdict, err := in.dedupe.Add(retailKey{row.invoice, row.code, in.keep(row.title), row.customer, row.quantity, row.milli}, row.at, struct{}{})
	switch {
	case errors.Is(err, profile.ErrRange):
		in.quality.Flag(number, "out of order") // cannot be compared any more
	case err != nil:
		return "", err
	case verdict == clean.Duplicate:
		return clean.DuplicateRow, nil
	}
	return "", nil
}

// pence returns what is paid for a row. Its price is in thousandths: the price of a
// piece is rounded up to pence, and the excess is a discount on the line.
func (r *retailRow) pence() (units, price, paid int64) {
	units = max(r.quantity, -r.quantity)
	return units, (r.milli + 9) / 10, (units*r.milli + 5) / 10
}

// sale books a row as a line of an order.
func (in *retailImport) sale(number int64, row *retailRow) error {
	s := in.products[row.code]
	if s == nil {
		s = &seenProduct{titles: make(map[string]int), first: row.at}
		in.products[row.code] = s
	}
	if row.title != "" {
		s.titles[in.keep(row.title)]++
	}
	units, price, paid := row.pence()
	s.prices = append(s.prices, valueAt{float64(row.milli), number})
	s.first = earlier(s.first, row.at)
	in.sizes = append(in.sizes, valueAt{math.Log(float64(units)), number})
	o := order{
		ID: row.invoice, User: row.customer, At: row.at, Currency: "GBP",
		Lines: []line{{Item: row.code, Quantity: units, Price: price, Discount: units*price - paid}},
	}
	if _, err := in.rec.Ledger.AddLine(&o); err != nil {
		return err
	}
	amount := row.quantity * row.milli
	if row.customer == "" {
		in.out.Anonymous += amount
		in.tally("sold to customers who are not known", amount)
	} else {
		in.tally("sold to known customers", amount)
	}
	return nil
}

// credit books a row as a return.
func (in *retailImport) credit(number int64, row *retailRow) error {
	units, _, paid := row.pence()
	f := refund{ID: row.invoice + "/" + strconv.FormatInt(number, 10), User: row.customer, At: row.at, Currency: "GBP", Amount: paid, Item: row.code, Quantity: units}
	if _, err := in.rec.Ledger.AddRefund(&f); err != nil {
		return err
	}
	in.tally("returned or cancelled (credit notes)", row.quantity*row.milli)
	return nil
}

// finish makes products, accounts and the span of the log of what was seen, and
// flags what only all rows together show.
func (in *retailImport) finish(path string) error {
	if len(in.products) == 0 {
		return fmt.Errorf("%s: no sale of a product in it", path)
	}
	if !in.raw.IsInt64() {
		return fmt.Errorf("%s: the sum of all rows is beyond 64 bits", path)
	}
	rec, out := in.rec, in.out
	out.Raw = in.raw.Int64()
	out.Invoices, out.Customers, out.Codes = len(in.invoices), len(in.countries), len(in.codes)
	out.Twice = in.dedupe.Result()
	for _, t := range in.parts {
		out.Parts = append(out.Parts, *t)
	}
	slices.SortFunc(out.Parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(abs(b.Milli), abs(a.Milli)), cmp.Compare(a.Name, b.Name))
	})

	midnight := func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	rec.Start, rec.End = midnight(rec.Start), midnight(rec.End).AddDate(0, 0, 1)
	span := rec.End.Sub(rec.Start)
	rec.Cut = rec.End.Add(-(span / 4).Truncate(day))
	rec.Horizon = min(60*day, rec.End.Sub(rec.Cut))
	for sku, s := range in.products {
		rec.Products = append(rec.Products, in.product(sku, s))
	}
	slices.SortFunc(rec.Products, func(a, b product) int { return cmp.Compare(a.SKU, b.SKU) })
	for id, country := range in.countries {
		rec.Accounts = append(rec.Accounts, account{ID: id, Region: country})
	}
	slices.SortFunc(rec.Accounts, func(a, b account) int { return cmp.Compare(a.ID, b.ID) })

	all, err := rec.Ledger.Settle(time.Time{})
	if err != nil {
		return err
	}
	if err := in.flagSizes(); err != nil {
		return err
	}
	out.Quality = in.quality.Result()
	out.Settled = *all
	out.Settled.Orders, out.Settled.Refunds = nil, nil
	return nil
}

// product gives a product its most frequent title and its middle price, and flags
// prices far from it.
func (in *retailImport) product(sku string, s *seenProduct) product {
	title, n := "", 0
	for t, k := range s.titles {
		if k > n || k == n && t < title {
			title, n = t, k
		}
	}
	slices.SortFunc(s.prices, func(a, b valueAt) int { return cmp.Compare(a.x, b.x) })
	middle := s.prices[len(s.prices)/2].x
	for _, p := range s.prices {
		if p.x > 10*middle || p.x < middle/10 {
			in.quality.Flag(p.line, bigPrice)
		}
	}
	return product{SKU: sku, Title: title, Text: title, Price: int64(middle) / 10, Listed: s.first}
}

// flagSizes flags orders of unbelievable size. They are not dropped: wholesalers do
// buy thousands, and the worst slips were cancelled minutes later.
func (in *retailImport) flagSizes() error {
	logs := make([]float64, len(in.sizes))
	for i := range in.sizes {
		logs[i] = in.sizes[i].x
	}
	bounds, err := clean.FitOutliers(logs, clean.OutlierOptions{Method: clean.IQR, K: 1.5})
	if errors.Is(err, profile.ErrEmpty) { // too few rows to say
		return nil
	} else if err != nil {
		return err
	}
	for _, s := range in.sizes {
		if bounds.Is(s.x) {
			in.quality.Flag(s.line, bigQuantity)
		}
	}
	return nil
}

func abs(x int64) int64 { return max(x, -x) }

// assumedShelves invents stock for a file that has none: nine of ten products
// hold what they sell in up to six weeks, the others nothing, and the supplier takes about two.
func assumedShelves(d *demanded, seed uint64) []position {
	out := make([]position, len(d.SKUs))
	for i, sku := range d.SKUs {
		r := rng.New(seed, 91, uint64(i))
		cover := .5 + 5.5*r.Float64()
		if r.Bool(.1) {
			cover = 0
		}
		out[i] = position{SKU: sku, OnHand: math.Ceil(cover * d.Mean[i]), Lead: 2, LeadSD: .5}
	}
	return out
}

// section reports on the cleaning of the file, amount by amount.
func (r *retailRead) section() report.Section {
	t := report.Table{Caption: "Where the sum of all rows comes from: nothing is lost", Columns: []string{"part", "rows", "amount"}}
	rest := r.Raw
	for _, p := range r.Parts {
		t.Rows = append(t.Rows, []string{p.Name, count(p.Rows), pounds(p.Milli)})
		rest -= p.Milli
	}
	if rest != 0 { // cannot be: every row is in one part
		t.Rows = append(t.Rows, []string{"unexplained", "", pounds(rest)})
	}
	t.Rows = append(t.Rows, []string{"all rows", count(r.Rows), pounds(r.Raw)})
	var total clean.Total
	for _, x := range r.Settled.Totals {
		total = x // one currency
	}
	back := report.Table{Caption: "Credit notes set against orders", Columns: []string{"", "amount"}, Rows: [][]string{
		{"paid for products", money(total.Paid, "GBP")},
		{"taken back from these orders", money(total.Refunded, "GBP")},
		{"credit notes without an order in the file", money(total.Unmatched, "GBP")},
		{"credit beyond what was paid", money(total.Excess, "GBP")},
		{"net revenue of products", money(total.Net(), "GBP")},
	}}
	s := report.Section{
		Title: "Cleaning the file",
		Meaning: fmt.Sprintf("The file holds %s rows worth %s before cleaning: %s invoices, %s customers, %s stock codes.",
			count(r.Rows), pounds(r.Raw), count(r.Invoices), count(r.Customers), count(r.Codes)),
		Action: fmt.Sprintf("Ask for a customer number at the till: %s of the rows have none, so nobody can be thanked for them.", percent(float64(r.NoCustomer)/float64(max(r.Rows, 1)))),
		Terms: []report.Term{
			{Word: "Credit note", Meaning: "an invoice whose number starts with C: something came back or was cancelled. Each is set against the order it belongs to, so that no money is counted twice."},
			{Word: "Flagged", Meaning: "kept, but worth a look."},
		},
		Figures: []report.Figure{
			{Label: "revenue before cleaning", Value: pounds(r.Raw)},
			{Label: "customers", Value: count(r.Customers)},
			{Label: "invoices", Value: count(r.Invoices)},
			{Label: "rows without customer", Value: count(r.NoCustomer), Note: "kept in revenue and demand, in nobody's profile"},
			{Label: "rows of credit notes", Value: count(r.Cancellations)},
			{Label: "malformed lines", Value: count(r.Quality.Count(clean.Malformed))},
		},
		Tables: []report.Table{t, back, reasons("Rows rejected or flagged", "line ", 0, &r.Quality)},
	}
	if len(r.Malformed) > 0 {
		m := report.Table{Caption: "Malformed lines, the first ones", Columns: []string{"line"}}
		for _, l := range r.Malformed {
			m.Rows = append(m.Rows, []string{l})
		}
		s.Tables = append(s.Tables, m)
	}
	return s
}
