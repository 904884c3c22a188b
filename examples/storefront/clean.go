package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

// Reasons of our own, beside those of package profile.
const (
	unknownProduct clean.Reason = "unknown product"
	robot          clean.Reason = "robot"
	wildPrice      clean.Reason = "price beyond belief"
	wildQuantity   clean.Reason = "quantity beyond belief"
	nobody         clean.Reason = "customer missing"
	overReturn     clean.Reason = "returns more than was bought"
	earlyReturn    clean.Reason = "return before its order"
)

// cleaned says what cleaning found.
type cleaned struct {
	Currency    string
	Lines       clean.QualityResult
	Events      clean.QualityResult
	Kinds       []dirtKind
	FalseAlarms int   // clean rows that were rejected or flagged
	Clean       int   // clean rows
	Repaired    int   // customers found again through other lines of the order
	RawSum      int64 // revenue if nothing were cleaned
	Paid, Net   int64 // after cleaning
	TruePaid    int64
	TrueNet     int64
}

// rawLine is a line of the raw log after parsing.
type rawLine struct {
	row      int64
	id, sku  string
	user     string
	at       time.Time
	price    int64 // of one unit, minor units of the shop's currency
	quantity int64
}

// cleanRecords turns the raw logs of four systems into records: it parses each in its
// own formats, converts currencies, rejects what cannot be right, repairs what
// can be, removes repetitions, and matches returns to orders. What it found is then
// held against what was planted, which cleaning itself does not look at.
func cleanRecords(s *shop.Shop, cut time.Time, horizon time.Duration) (*records, *cleaned, error) {
	rec := &records{Currency: s.Currency, Start: s.Start, End: s.End, Cut: cut, Horizon: horizon, Ledger: &ledger{}}
	for i := range s.Users {
		u := &s.Users[i]
		rec.Accounts = append(rec.Accounts, account{ID: u.ID, Registered: u.Registered, Age: u.Age, Sex: u.Sex, Region: u.Region})
	}
	for i := range s.Items {
		it := &s.Items[i]
		rec.Products = append(rec.Products, product{
			SKU: it.SKU, Title: it.Title, Text: it.Title + " " + it.Description,
			Category: clean.Canonical(it.Category), Brand: clean.Canonical(it.Brand), Price: it.Price, Cost: it.Cost, Listed: it.Launch,
		})
	}
	slices.SortFunc(rec.Products, func(a, b product) int { return cmp.Compare(a.SKU, b.SKU) })
	for _, o := range s.StockOuts {
		to := o.To
		if to.IsZero() {
			to = s.End
		}
		rec.StockOuts = append(rec.StockOuts, stockOut{o.SKU, o.From, to})
	}
	rec.Prices = make(map[string][]price)
	for _, c := range s.Prices {
		rec.Prices[c.SKU] = append(rec.Prices[c.SKU], price{c.From, c.Price})
	}
	out := &cleaned{Currency: s.Currency}
	lines, err := cleanLines(s.RawLines, s.Rates, rec, out)
	if err != nil {
		return nil, nil, err
	}
	raw, planted := s.RawEvents()
	events, err := cleanEvents(raw, rec, out)
	if err != nil {
		return nil, nil, err
	}
	out.audit(s, lines, raw, planted, events)
	return rec, out, nil
}

// registered returns when each customer opened an account.
func (r *records) registered() map[string]time.Time {
	at := make(map[string]time.Time, len(r.Accounts))
	for _, a := range r.Accounts {
		at[a.ID] = a.Registered
	}
	return at
}

// parsers reads the formats of the four systems, see shop.RawLine.
func parsers(q *clean.Quality) (map[string]*clean.Parser, error) {
	china := time.FixedZone("China", 8*3600)
	symbols := map[string]string{"¥": "CNY", "£": "GBP", "€": "EUR", "$": "USD"}
	options := map[string]clean.ParserOptions{
		"web":     {Layouts: []string{time.RFC3339}},
		"app":     {Layouts: []string{"unixmilli"}},
		"store":   {Layouts: []string{"2006年1月2日 15:04"}, Zone: china, Money: clean.MoneyFormat{Symbols: symbols}},
		"partner": {Layouts: []string{"02/01/2006 15:04"}, Money: clean.MoneyFormat{Symbols: symbols, Decimal: ','}},
	}
	out := make(map[string]*clean.Parser, len(options))
	for name, o := range options {
		p, err := clean.NewParser(q, o)
		if err != nil {
			return nil, err
		}
		out[name] = p
	}
	return out, nil
}

// lineKey tells the lines of the raw log apart: one product on one order.
type lineKey struct{ id, sku string }

// finding is a reason with its row.
type finding struct {
	row int64
	why clean.Reason
}

// lineCleaner takes the raw order lines through their stages: parse, credible,
// dedupe, settle. Stages only note what they find; count makes the report of it.
type lineCleaner struct {
	rec        *records
	registered map[string]time.Time // by customer
	quality    clean.Quality
	found      []clean.Reason // what was found last of each raw row, "" for nothing
	flags      []finding      // what was noted of rows without rejecting them
	lines      []rawLine      // those that could be read
	rawSum     int64          // revenue if nothing were cleaned
	repaired   int            // customers found again
}

// cleanLines turns the raw order lines into the ledger and says what was found of
// each row.
func cleanLines(raw []shop.RawLine, rates []shop.Rate, rec *records, out *cleaned) ([]clean.Reason, error) {
	c := &lineCleaner{rec: rec, registered: rec.registered(), found: make([]clean.Reason, len(raw))}
	if err := c.parse(raw, rates); err != nil {
		return nil, err
	}
	if err := c.credible(); err != nil {
		return nil, err
	}
	kept, err := c.dedupe()
	if err != nil {
		return nil, err
	}
	if err := c.settle(kept); err != nil {
		return nil, err
	}
	all, err := rec.Ledger.Settle(time.Time{})
	if err != nil {
		return nil, err
	}
	for _, t := range all.Totals {
		out.Paid += t.Paid
		out.Net += t.Net()
	}
	out.Lines, out.RawSum, out.Repaired = c.count(), c.rawSum, c.repaired
	return c.found, nil
}

// reject leaves a row out, flag keeps it; both remember why.
func (c *lineCleaner) reject(row int64, why clean.Reason) { c.found[row] = why }

func (c *lineCleaner) flag(row int64, why clean.Reason) {
	c.found[row] = why
	c.flags = append(c.flags, finding{row, why})
}

// rejected reports whether a row is left out.
func (c *lineCleaner) rejected(row int64) bool {
	switch c.found[row] {
	case clean.Kept, nobody, overReturn, earlyReturn:
		return false
	}
	return true
}

// count reports what the stages found, beside what the parsers counted field by field.
func (c *lineCleaner) count() clean.QualityResult {
	for row, why := range c.found {
		if c.rejected(int64(row)) {
			c.quality.Reject(int64(row), why)
		}
	}
	for i := range c.lines {
		if !c.rejected(c.lines[i].row) {
			c.quality.Keep(c.lines[i].at)
		}
	}
	for _, f := range c.flags {
		c.quality.Flag(f.row, f.why)
	}
	return c.quality.Result()
}

// parse reads the text of each row in the format of its system and converts the
// price to the shop's currency.
func (c *lineCleaner) parse(raw []shop.RawLine, rates []shop.Rate) error {
	units := make(map[string]float64, len(rates))
	for _, r := range rates {
		units[r.Currency] = float64(r.Base) / 100
	}
	exchange, err := clean.NewRates(c.rec.Currency, units)
	if err != nil {
		return err
	}
	readers, err := parsers(&c.quality)
	if err != nil {
		return err
	}
	c.lines = make([]rawLine, 0, len(raw))
	for row := range raw {
		raw, row := &raw[row], int64(row)
		p := readers[raw.Source]
		if p == nil {
			c.reject(row, clean.Malformed)
			continue
		}
		quantity, badQuantity := p.Int("quantity", raw.Quantity)
		at, badTime := p.Time("time", raw.Time)
		price, badPrice := readPrice(p, raw)
		if cmp.Or(badQuantity, badTime, badPrice) != nil {
			why := clean.Malformed
			if raw.Time == "" || raw.Price == "" || raw.Quantity == "" {
				why = clean.Missing
			}
			c.reject(row, why)
			continue
		}
		base, err := exchange.Convert(price)
		if err != nil {
			return fmt.Errorf("raw line %d: %w", row+1, err)
		}
		c.rawSum += base.Minor * quantity
		c.lines = append(c.lines, rawLine{row, raw.OrderID, raw.SKU, raw.Customer, at, base.Minor, quantity})
	}
	if len(c.lines) == 0 {
		return fmt.Errorf("no order line could be read")
	}
	return nil
}

// usual says what is to be believed: the middle price of each product, how far off
// it a price may be (as a logarithm), and how many pieces a line may have. It is
// seen only over all lines.
func (c *lineCleaner) usual() (price map[string]float64, factor, pieces *clean.Outliers, err error) {
	prices := make(map[string][]float64)
	sizes := make([]float64, 0, len(c.lines))
	for i := range c.lines {
		l := &c.lines[i]
		prices[l.sku] = append(prices[l.sku], float64(l.price))
		sizes = append(sizes, math.Abs(float64(l.quantity)))
	}
	price = make(map[string]float64, len(prices))
	for sku, p := range prices {
		slices.Sort(p)
		price[sku] = p[len(p)/2]
	}
	// A promotion may halve a price; a slipped decimal mark moves it tenfold.
	if factor, err = clean.NewBounds(math.Log(.1), math.Log(10)); err != nil {
		return price, factor, pieces, err
	}
	// Most lines are of one or two units, so that quartiles and deviations give no
	// scale: what is a hundred times the usual is taken for a slip.
	slices.Sort(sizes)
	pieces, err = clean.NewBounds(1, 100*sizes[len(sizes)/2])
	return price, factor, pieces, err
}

// credible rejects rows that cannot be right and finds missing customers again, by
// the other lines of the order or of the order that was returned.
func (c *lineCleaner) credible() error {
	usual, factor, pieces, err := c.usual()
	if err != nil {
		return err
	}
	customer := make(map[string]string, len(c.lines)) // of an order, by its other lines
	for i := range c.lines {
		if c.lines[i].user != "" {
			customer[c.lines[i].id] = c.lines[i].user
		}
	}
	for i := range c.lines {
		l := &c.lines[i]
		reg := c.registered[l.user]
		switch {
		case l.user == "TEST" || strings.HasPrefix(l.id, "TEST"):
			c.reject(l.row, clean.TestRow)
		case c.rec.product(l.sku) == nil:
			c.reject(l.row, unknownProduct)
		case l.at.After(c.rec.End):
			c.reject(l.row, clean.Future)
		case !reg.IsZero() && l.at.Before(reg):
			c.reject(l.row, clean.BeforeAccount)
		case pieces.Is(math.Abs(float64(l.quantity))):
			c.reject(l.row, wildQuantity)
		case l.price <= 0 || factor.Is(math.Log(float64(l.price)/usual[l.sku])):
			c.reject(l.row, wildPrice)
		case l.user == "":
			c.flag(l.row, nobody)
			if l.user = cmp.Or(customer[l.id], customer[orderOf(l.id)]); l.user != "" {
				c.repaired++
			}
		}
	}
	return nil
}

// dedupe keeps one of the rows for the same product on the same order, rejects the
// others, and returns those kept.
func (c *lineCleaner) dedupe() ([]clean.Survivor[lineKey, rawLine], error) {
	once, err := clean.NewDedupe[lineKey](clean.DedupeOptions[rawLine]{Compare: func(a, b rawLine) int {
		// Of two versions the smaller quantity is believed until somebody has looked.
		return cmp.Or(cmp.Compare(max(a.quantity, -a.quantity), max(b.quantity, -b.quantity)), cmp.Compare(a.price, b.price), cmp.Compare(a.id, b.id), cmp.Compare(a.sku, b.sku))
	}})
	if err != nil {
		return nil, err
	}
	for i := range c.lines {
		l := &c.lines[i]
		if c.rejected(l.row) {
			continue
		}
		if _, err := once.Add(lineKey{l.id, l.sku}, l.at, *l); err != nil {
			return nil, fmt.Errorf("raw line %d: %w", l.row+1, err)
		}
	}
	kept := once.All()
	survivor := make(map[lineKey]rawLine, len(kept))
	for _, k := range kept {
		survivor[k.Key] = k.Value
	}
	done := make(map[lineKey]bool, len(kept))
	for i := range c.lines {
		l := &c.lines[i]
		if c.rejected(l.row) {
			continue
		}
		k := lineKey{l.id, l.sku}
		s := survivor[k]
		switch {
		case s.quantity == l.quantity && s.price == l.price && !done[k]: // of equal rows the first
			done[k] = true
		case s.quantity == l.quantity:
			c.reject(l.row, clean.DuplicateRow)
		default:
			c.reject(l.row, clean.ConflictRow)
		}
	}
	return kept, nil
}

// settle makes orders of the lines kept, and sets returns against them.
func (c *lineCleaner) settle(kept []clean.Survivor[lineKey, rawLine]) error {
	of := make(map[lineKey]rawLine, len(kept))
	for _, k := range kept {
		of[k.Key] = k.Value
	}
	for _, k := range kept {
		l := k.Value
		var err error
		if l.quantity > 0 {
			p := c.rec.product(l.sku)
			o := order{
				ID: l.id, User: l.user, At: l.at, Currency: c.rec.Currency,
				Lines: []line{{Item: l.sku, Category: p.Category, Brand: p.Brand, Quantity: l.quantity, Price: l.price}},
			}
			_, err = c.rec.Ledger.AddLine(&o)
		} else {
			back := -l.quantity
			sale, ok := of[lineKey{orderOf(l.id), l.sku}]
			switch {
			case ok && back > sale.quantity:
				c.flag(l.row, overReturn)
				back = sale.quantity
			case ok && l.at.Before(sale.at):
				c.flag(l.row, earlyReturn)
				l.at = sale.at
			}
			f := refund{
				ID: l.id + "/" + l.sku, OrderID: orderOf(l.id), User: l.user, At: l.at, Currency: c.rec.Currency,
				Amount: back * l.price, Item: l.sku, Quantity: back,
			}
			_, err = c.rec.Ledger.AddRefund(&f)
		}
		if err != nil {
			return fmt.Errorf("raw line %d: %w", l.row+1, err)
		}
	}
	return nil
}

// orderOf returns the number of the order that a return of this number is of.
func orderOf(id string) string { return "O" + strings.TrimPrefix(id, "C") }

func readPrice(p *clean.Parser, raw *shop.RawLine) (profile.Money, error) {
	switch raw.Source {
	case "app": // minor units
		minor, err := p.Int("price", raw.Price)
		return profile.Money{Minor: minor, Currency: raw.Currency}, err
	case "web": // the currency has a field of its own
		if raw.Price == "" {
			return p.Money("price", "")
		}
		return p.Money("price", raw.Price+" "+raw.Currency)
	}
	return p.Money("price", raw.Price)
}

var eventKinds = map[shop.EventKind]profile.Kind{
	shop.View: profile.View, shop.Search: profile.Search, shop.Cart: profile.Cart,
	shop.Favourite: profile.Favorite, shop.Rating: profile.Rate, shop.Comment: profile.Comment, shop.CampaignClick: profile.Click,
}

// cleanEvents turns what customers did on the pages into the events of rec and says
// what was found of each row; rows that are no act of a customer are passed over.
func cleanEvents(raw []shop.Event, rec *records, out *cleaned) ([]clean.Reason, error) {
	registered := rec.registered()
	c, err := clean.NewCleaner[string, string](clean.CleanerOptions[string]{AsOf: rec.End, Repeat: 5 * time.Second})
	if err != nil {
		return nil, err
	}
	found := make([]clean.Reason, len(raw))
	own := func(row int, why clean.Reason) {
		found[row] = why
		c.Quality().Reject(int64(row), why)
	}
	for i := range raw {
		r := &raw[i]
		kind, act := eventKinds[r.Kind]
		if !act {
			continue // what the shop sent is no act of a customer
		}
		reg, known := registered[r.User]
		p := rec.product(r.SKU)
		switch {
		case r.User != "" && !known:
			own(i, robot)
			continue
		case r.SKU != "" && p == nil:
			own(i, unknownProduct)
			continue
		case known && r.Time.Before(reg):
			own(i, clean.BeforeAccount)
			continue
		}
		e := event{User: r.User, Item: r.SKU, Kind: kind, At: r.Time, Dwell: r.Dwell, Position: int32(r.Position), Rating: math.NaN(), Sentiment: math.NaN()}
		if kind == profile.Rate {
			e.Rating = float64(r.Stars)
		}
		if p != nil {
			e.Category, e.Brand = p.Category, p.Brand
		}
		if found[i] = c.Event(int64(i), &e); found[i] == clean.Kept {
			rec.Events = append(rec.Events, e)
		}
	}
	out.Events = c.Quality().Result()
	return found, nil
}

// reasons lists why rows were rejected or flagged.
func reasons(caption, what string, offset int64, q *clean.QualityResult) report.Table {
	t := report.Table{Caption: caption, Columns: []string{"reason", "rows", "the first are"}}
	add := func(fate string, rs []clean.ReasonCount) {
		for _, r := range rs {
			first := make([]string, min(len(r.First), 3))
			for i := range first {
				first[i] = fmt.Sprint(r.First[i] + offset)
			}
			t.Rows = append(t.Rows, []string{fate + string(r.Reason), count(r.Rows), what + strings.Join(first, ", ")})
		}
	}
	add("rejected: ", q.Rejected)
	add("flagged: ", q.Flagged)
	return t
}
