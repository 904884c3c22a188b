package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

// errMalformed is what every malformed line wraps.
var errMalformed = errors.New("malformed line")

// maxLine bounds a line of the file, so that a binary file cannot fill memory.
const maxLine = 1 << 20

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

// retailRow is one line of the file, values read.
type retailRow struct {
	invoice, code, title string
	quantity             int64
	at                   time.Time
	milli                int64 // unit price in thousandths of a pound
	customer, country    string
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

// scanLines calls f with each line of a file and its number, decompressing where
// the first bytes say so.
func scanLines(path string, f func(number int64, line string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<16)
	if head, _ := in.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		in = bufio.NewReaderSize(z, 1<<16)
	}
	var buf []byte
	for number := int64(1); ; number++ {
		buf = buf[:0]
		var more error
		for {
			var chunk []byte
			chunk, more = in.ReadSlice('\n')
			if buf = append(buf, chunk...); len(buf) > maxLine {
				return fmt.Errorf("%s: line %d is longer than %d bytes: %w", path, number, maxLine, errMalformed)
			}
			if more != bufio.ErrBufferFull {
				break
			}
		}
		if more != nil && more != io.EOF {
			return fmt.Errorf("%s: line %d: %w", path, number, more)
		}
		if more == io.EOF && len(buf) == 0 {
			return nil
		}
		if err := f(number, strings.TrimRight(string(buf), "\r\n")); err != nil {
			return err
		}
		if more == io.EOF {
			return nil
		}
	}
}

// splitCSV splits one line at commas that are not within quotes, appending to
// dst. A quoted field may hold commas and doubled quotes, but no line break.
func splitCSV(dst []string, line string) ([]string, error) {
	for {
		if !strings.HasPrefix(line, `"`) {
			i := strings.IndexByte(line, ',')
			if i < 0 {
				return append(dst, line), nil
			}
			dst, line = append(dst, line[:i]), line[i+1:]
			continue
		}
		var field strings.Builder
		rest := line[1:]
		for {
			i := strings.IndexByte(rest, '"')
			if i < 0 {
				return dst, fmt.Errorf("quote is not closed: %w", errMalformed)
			}
			field.WriteString(rest[:i])
			if rest = rest[i+1:]; !strings.HasPrefix(rest, `"`) {
				break
			}
			field.WriteByte('"')
			rest = rest[1:]
		}
		dst = append(dst, field.String())
		if rest == "" {
			return dst, nil
		}
		if rest[0] != ',' {
			return dst, fmt.Errorf("text after a closing quote: %w", errMalformed)
		}
		line = rest[1:]
	}
}

var retailColumns = []string{"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"}

// retailReader turns lines into rows.
type retailReader struct {
	column []int // place of each of retailColumns
	fields []string
	parser *clean.Parser
}

func (r *retailReader) header(line string) error {
	names, err := splitCSV(nil, strings.TrimPrefix(line, "\ufeff"))
	if err != nil {
		return err
	}
	for _, want := range retailColumns {
		k := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(strings.TrimSpace(n), want) })
		if k < 0 {
			return fmt.Errorf("no column %s in the header: %w", want, errMalformed)
		}
		r.column = append(r.column, k)
	}
	return nil
}

func (r *retailReader) row(line string) (retailRow, error) {
	var err error
	if r.fields, err = splitCSV(r.fields[:0], line); err != nil {
		return retailRow{}, err
	}
	get := func(k int) string {
		if c := r.column[k]; c < len(r.fields) {
			return strings.TrimSpace(r.fields[c])
		}
		return ""
	}
	if len(r.fields) != len(retailColumns) {
		return retailRow{}, fmt.Errorf("%d fields, want %d: %w", len(r.fields), len(retailColumns), errMalformed)
	}
	row := retailRow{invoice: get(0), code: get(1), title: get(2), customer: get(6), country: get(7)}
	if row.invoice == "" || row.code == "" {
		return row, fmt.Errorf("no invoice or stock code: %w", errMalformed)
	}
	quantity, err1 := r.parser.Int("Quantity", get(3))
	at, err2 := r.parser.Time("InvoiceDate", get(4))
	price, err3 := r.parser.Money("UnitPrice", get(5))
	if err := cmp.Or(err1, err2, err3); err != nil {
		return row, fmt.Errorf("%w: %w", errMalformed, err)
	}
	if quantity > 1e9 || quantity < -1e9 || price.Minor > 1e9 || price.Minor < -1e9 { // so that no product or sum overflows
		return row, fmt.Errorf("quantity or price is out of reason: %w", errMalformed)
	}
	row.quantity, row.at, row.milli = quantity, at, price.Minor
	return row, nil
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

// readRetail streams a file in the Online Retail layout into records. Every row
// counts in the raw revenue; the profile and the rest take sales and returns of
// products only.
func readRetail(path string, strict bool, p *progress) (*records, *retailRead, error) {
	out := &retailRead{}
	var quality clean.Quality
	parser, err := clean.NewParser(&quality, clean.ParserOptions{
		Layouts: []string{time.DateTime, "2006-01-02 15:04", "1/2/2006 15:04"},
		Money:   clean.MoneyFormat{Currency: "GBP", Digits: 3},
	}) // some prices are in tenths of a penny
	if err != nil {
		return nil, nil, err
	}
	reader := &retailReader{parser: parser}
	type key struct {
		invoice, code, title, customer string
		quantity, milli                int64
	}
	dedupe, err := clean.NewDedupe[key](clean.DedupeOptions[struct{}]{Window: time.Minute, Compare: func(_, _ struct{}) int { return 0 }})
	if err != nil {
		return nil, nil, err
	}
	rec := &records{Currency: "GBP", Ledger: &ledger{}}
	type seen struct {
		titles map[string]int
		prices []valueAt
		first  time.Time
	}
	var (
		products  = make(map[string]*seen)
		countries = make(map[string]string) // of customers
		invoices  = make(map[string]struct{})
		codes     = make(map[string]struct{})
		one       = make(map[string]string) // one copy of each string that is kept
		parts     = make(map[string]*part)
		raw       big.Int
		flushed   time.Time
	)
	keep := func(s string) string {
		if t, ok := one[s]; ok {
			return t
		}
		s = strings.Clone(s)
		one[s] = s
		return s
	}
	tally := func(name string, milli int64) {
		if parts[name] == nil {
			parts[name] = &part{Name: name}
		}
		parts[name].Rows++
		parts[name].Milli += milli
	}
	var sizes []valueAt
	handle := func(number int64, row *retailRow) error {
		out.Rows++
		row.invoice, row.code, row.customer, row.country = keep(row.invoice), keep(row.code), keep(row.customer), keep(row.country)
		codes[row.code] = struct{}{}
		row.code = keep(strings.ToUpper(row.code)) // 85123a is 85123A
		amount := row.quantity * row.milli
		raw.Add(&raw, big.NewInt(amount))
		invoices[row.invoice] = struct{}{}
		credit := strings.HasPrefix(row.invoice, "C")
		if credit {
			out.Cancellations++
		}
		if row.customer == "" {
			out.NoCustomer++
		} else if countries[row.customer] == "" {
			countries[row.customer] = row.country
		}
		reject := func(why clean.Reason) { quality.Reject(number, why); tally(string(why), amount) }
		switch {
		case !goods(row.code):
			reject(notProduct)
			return nil
		case row.milli < 0:
			reject(negative)
			return nil
		case row.quantity < 0 && !credit:
			reject(writeOff)
			return nil
		case row.quantity == 0:
			reject(clean.OutOfRange)
			return nil
		case row.milli == 0:
			reject(freeOfCost)
			return nil
		}
		// Repetitions: the same product, number, price and customer on one invoice.
		if before := row.at.Add(-time.Hour); before.After(flushed.Add(24 * time.Hour)) {
			dedupe.Flush(nil, before)
			flushed = before
		}
		verdict, err := dedupe.Add(key{row.invoice, row.code, keep(row.title), row.customer, row.quantity, row.milli}, row.at, struct{}{})
		switch {
		case errors.Is(err, profile.ErrRange):
			quality.Flag(number, "out of order") // cannot be compared any more
		case err != nil:
			return err
		case verdict == clean.Duplicate:
			reject(clean.DuplicateRow)
			return nil
		}
		// Pence are what is paid; a finer price is rounded up and the excess is a
		// discount on the line.
		units := max(row.quantity, -row.quantity)
		pence := (row.milli + 9) / 10
		paid := (units*row.milli + 5) / 10
		if row.customer == "" {
			quality.Flag(number, nobody)
		}
		if row.quantity > 0 {
			s := products[row.code]
			if s == nil {
				s = &seen{titles: make(map[string]int), first: row.at}
				products[row.code] = s
			}
			if row.title != "" {
				s.titles[keep(row.title)]++
			}
			s.prices = append(s.prices, valueAt{float64(row.milli), number})
			s.first = earlier(s.first, row.at)
			sizes = append(sizes, valueAt{math.Log(float64(units)), number})
			o := order{
				ID: row.invoice, User: row.customer, At: row.at, Currency: "GBP",
				Lines: []line{{Item: row.code, Quantity: units, Price: pence, Discount: units*pence - paid}},
			}
			if _, err := rec.Ledger.AddLine(&o); err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
			if row.customer == "" {
				out.Anonymous += amount
				tally("sold to customers who are not known", amount)
			} else {
				tally("sold to known customers", amount)
			}
		} else {
			f := refund{ID: row.invoice + "/" + strconv.FormatInt(number, 10), User: row.customer, At: row.at, Currency: "GBP", Amount: paid, Item: row.code, Quantity: units}
			if _, err := rec.Ledger.AddRefund(&f); err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
			tally("returned or cancelled (credit notes)", amount)
		}
		quality.Keep(row.at)
		if rec.Start.IsZero() || row.at.Before(rec.Start) {
			rec.Start = row.at
		}
		rec.End = later(rec.End, row.at)
		return nil
	}
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
			quality.Reject(number, clean.Malformed)
			if len(out.Malformed) < 10 {
				out.Malformed = append(out.Malformed, fmt.Sprintf("line %d: %v", number, err))
			}
			return nil
		}
		return handle(number, &row)
	})
	if err != nil {
		return nil, nil, err
	}
	if len(products) == 0 {
		return nil, nil, fmt.Errorf("%s: no sale of a product in it", path)
	}
	if !raw.IsInt64() {
		return nil, nil, fmt.Errorf("%s: the sum of all rows is beyond 64 bits", path)
	}
	out.Raw = raw.Int64()
	out.Invoices, out.Customers, out.Codes = len(invoices), len(countries), len(codes)
	out.Twice = dedupe.Result()
	for _, t := range parts {
		out.Parts = append(out.Parts, *t)
	}
	slices.SortFunc(out.Parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(abs(b.Milli), abs(a.Milli)), cmp.Compare(a.Name, b.Name))
	})

	day0 := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	rec.Start, rec.End = day0(rec.Start), day0(rec.End).AddDate(0, 0, 1)
	span := rec.End.Sub(rec.Start)
	rec.Cut = rec.End.Add(-(span / 4).Truncate(day))
	rec.Horizon = min(60*day, rec.End.Sub(rec.Cut))
	for sku, s := range products {
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
				quality.Flag(p.line, bigPrice)
			}
		}
		rec.Products = append(rec.Products, product{SKU: sku, Title: title, Text: title, Price: int64(middle) / 10, Listed: s.first})
	}
	slices.SortFunc(rec.Products, func(a, b product) int { return cmp.Compare(a.SKU, b.SKU) })
	for id, country := range countries {
		rec.Accounts = append(rec.Accounts, account{ID: id, Region: country})
	}
	slices.SortFunc(rec.Accounts, func(a, b account) int { return cmp.Compare(a.ID, b.ID) })

	all, err := rec.Ledger.Settle(time.Time{})
	if err != nil {
		return nil, nil, err
	}
	// Orders of unbelievable size are flagged, not dropped: wholesalers do buy
	// thousands, and the worst slips were cancelled minutes later.
	logs := make([]float64, len(sizes))
	for i := range sizes {
		logs[i] = sizes[i].x
	}
	if bounds, err := clean.FitOutliers(logs, clean.OutlierOptions{Method: clean.IQR, K: 1.5}); err == nil {
		for _, s := range sizes {
			if bounds.Is(s.x) {
				quality.Flag(s.line, bigQuantity)
			}
		}
	} else if !errors.Is(err, profile.ErrEmpty) { // too few rows to say
		return nil, nil, err
	}
	out.Quality = quality.Result()
	out.Settled = *all
	out.Settled.Orders, out.Settled.Refunds = nil, nil
	return rec, out, nil
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
