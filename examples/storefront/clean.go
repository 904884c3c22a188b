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

// dirtKind compares one kind of dirt with what was planted of it.
type dirtKind struct {
	Name           string
	Planted, Found int
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

// clean turns the raw logs of four systems into records: it parses each in its
// own formats, converts currencies, rejects what cannot be right, repairs what
// can be, removes repetitions, and matches returns to orders.
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
	out := &cleaned{Currency: s.Currency}
	if err := cleanLines(s, rec, out); err != nil {
		return nil, nil, err
	}
	if err := cleanEvents(s, rec, out); err != nil {
		return nil, nil, err
	}
	return rec, out, nil
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

func cleanLines(s *shop.Shop, rec *records, out *cleaned) error {
	registered := make(map[string]time.Time, len(rec.Accounts))
	for _, a := range rec.Accounts {
		registered[a.ID] = a.Registered
	}
	units := make(map[string]float64, len(s.Rates))
	for _, r := range s.Rates {
		units[r.Currency] = float64(r.Base) / 100
	}
	rates, err := clean.NewRates(s.Currency, units)
	if err != nil {
		return err
	}
	var quality clean.Quality
	readers, err := parsers(&quality)
	if err != nil {
		return err
	}
	found := make([]clean.Reason, len(s.RawLines))
	reject := func(row int64, why clean.Reason) {
		found[row] = why
		quality.Reject(row, why)
	}
	flag := func(row int64, why clean.Reason) {
		found[row] = why
		quality.Flag(row, why)
	}

	// First pass: text to values.
	lines := make([]rawLine, 0, len(s.RawLines))
	for row := range s.RawLines {
		raw, row := &s.RawLines[row], int64(row)
		p := readers[raw.Source]
		if p == nil {
			reject(row, clean.Malformed)
			continue
		}
		quantity, err := p.Int("quantity", raw.Quantity)
		at, err2 := p.Time("time", raw.Time)
		price, err3 := readPrice(p, raw)
		if err = cmp.Or(err, err2, err3); err != nil {
			why := clean.Malformed
			if raw.Time == "" || raw.Price == "" || raw.Quantity == "" {
				why = clean.Missing
			}
			reject(row, why)
			continue
		}
		base, err := rates.Convert(price)
		if err != nil {
			return fmt.Errorf("raw line %d: %w", row+1, err)
		}
		out.RawSum += base.Minor * quantity
		lines = append(lines, rawLine{row, raw.OrderID, raw.SKU, raw.Customer, at, base.Minor, quantity})
	}

	// What a product usually costs and how many are usually bought at a time is
	// seen only over all lines.
	if len(lines) == 0 {
		return fmt.Errorf("no order line could be read")
	}
	prices := make(map[string][]float64)
	sizes := make([]float64, 0, len(lines))
	for i := range lines {
		prices[lines[i].sku] = append(prices[lines[i].sku], float64(lines[i].price))
		sizes = append(sizes, math.Abs(float64(lines[i].quantity)))
	}
	usual := make(map[string]float64, len(prices))
	for sku, p := range prices {
		slices.Sort(p)
		usual[sku] = p[len(p)/2]
	}
	// Most lines are of one or two units, so that quartiles and deviations give no
	// scale: what is a hundred times the usual is taken for a slip.
	slices.Sort(sizes)
	credible, err := clean.NewBounds(1, 100*sizes[len(sizes)/2])
	if err != nil {
		return err
	}
	// A promotion may halve a price; a slipped decimal mark moves it tenfold.
	factor, err := clean.NewBounds(math.Log(.1), math.Log(10))
	if err != nil {
		return err
	}

	// Second pass: row by row.
	customer := make(map[string]string, len(lines)) // of an order, by its other lines
	for i := range lines {
		if lines[i].user != "" {
			customer[lines[i].id] = lines[i].user
		}
	}
	type key struct{ id, sku string }
	dedupe, err := clean.NewDedupe[key](clean.DedupeOptions[rawLine]{Compare: func(a, b rawLine) int {
		// Of two versions the smaller quantity is believed until somebody has looked.
		return cmp.Or(cmp.Compare(max(a.quantity, -a.quantity), max(b.quantity, -b.quantity)), cmp.Compare(a.price, b.price), cmp.Compare(a.id, b.id), cmp.Compare(a.sku, b.sku))
	}})
	if err != nil {
		return err
	}
	for i := range lines {
		l := &lines[i]
		reg := registered[l.user]
		switch {
		case l.user == "TEST" || strings.HasPrefix(l.id, "TEST"):
			reject(l.row, clean.TestRow)
		case rec.product(l.sku) == nil:
			reject(l.row, unknownProduct)
		case l.at.After(rec.End):
			reject(l.row, clean.Future)
		case !reg.IsZero() && l.at.Before(reg):
			reject(l.row, clean.BeforeAccount)
		case credible.Is(math.Abs(float64(l.quantity))):
			reject(l.row, wildQuantity)
		case l.price <= 0 || factor.Is(math.Log(float64(l.price)/usual[l.sku])):
			reject(l.row, wildPrice)
		default:
			if l.user == "" {
				flag(l.row, nobody)
				if l.user = customer[l.id]; l.user == "" {
					l.user = customer["O"+strings.TrimPrefix(l.id, "C")]
				}
				if l.user != "" {
					out.Repaired++
				}
			}
			if _, err := dedupe.Add(key{l.id, l.sku}, l.at, *l); err != nil {
				return fmt.Errorf("raw line %d: %w", l.row+1, err)
			}
		}
	}
	kept := dedupe.All()
	survivor := make(map[key]rawLine, len(kept))
	for _, k := range kept {
		survivor[k.Key] = k.Value
	}
	done := make(map[key]bool, len(kept))
	for i := range lines {
		l := &lines[i]
		if found[l.row] != "" && found[l.row] != nobody {
			continue
		}
		k := key{l.id, l.sku}
		s := survivor[k]
		switch {
		case s.quantity == l.quantity && s.price == l.price && !done[k]: // of equal rows the first
			done[k] = true
			quality.Keep(l.at)
		case s.quantity == l.quantity:
			reject(l.row, clean.DuplicateRow)
		default:
			reject(l.row, clean.ConflictRow)
		}
	}

	// Lines make orders, and returns go against them.
	for _, k := range kept {
		l := k.Value
		if l.quantity > 0 {
			p := rec.product(l.sku)
			o := order{
				ID: l.id, User: l.user, At: l.at, Currency: rec.Currency,
				Lines: []line{{Item: l.sku, Category: p.Category, Brand: p.Brand, Quantity: l.quantity, Price: l.price}},
			}
			if _, err := rec.Ledger.AddLine(&o); err != nil {
				return fmt.Errorf("raw line %d: %w", l.row+1, err)
			}
			continue
		}
		back := -l.quantity
		of, ok := survivor[key{"O" + strings.TrimPrefix(l.id, "C"), l.sku}]
		switch {
		case ok && back > of.quantity:
			flag(l.row, overReturn)
			back = of.quantity
		case ok && l.at.Before(of.at):
			flag(l.row, earlyReturn)
			l.at = of.at
		}
		f := refund{
			ID: l.id + "/" + l.sku, OrderID: "O" + strings.TrimPrefix(l.id, "C"), User: l.user, At: l.at, Currency: rec.Currency,
			Amount: back * l.price, Item: l.sku, Quantity: back,
		}
		if _, err := rec.Ledger.AddRefund(&f); err != nil {
			return fmt.Errorf("raw line %d: %w", l.row+1, err)
		}
	}
	all, err := rec.Ledger.Settle(time.Time{})
	if err != nil {
		return err
	}
	for _, t := range all.Totals {
		out.Paid += t.Paid
		out.Net += t.Net()
	}
	out.Lines = quality.Result()

	// What was planted.
	for i := range s.Orders {
		for k := range s.Orders[i].Lines {
			out.TruePaid += s.Orders[i].Lines[k].Total()
		}
	}
	out.TrueNet = out.TruePaid
	for i := range s.Refunds {
		out.TrueNet -= s.Refunds[i].Amount
	}
	kinds := []struct {
		name string
		dirt shop.Dirt
	}{
		{"line: repeated", shop.DirtDuplicate},
		{"line: repeated with other content", shop.DirtConflict},
		{"line: customer missing", shop.DirtNoUser},
		{"line: price missing", shop.DirtNoPrice},
		{"line: price wrong", shop.DirtPrice},
		{"line: quantity wrong", shop.DirtQuantity},
		{"line: in the future", shop.DirtFuture},
		{"line: before the account", shop.DirtEarly},
		{"line: no date", shop.DirtDate},
		{"line: unknown product", shop.DirtUnknownSKU},
		{"line: test order", shop.DirtTest},
		{"return: before its order", shop.DirtEarlyRefund},
		{"return: of too much", shop.DirtExcessRefund},
	}
	for _, k := range kinds {
		d := dirtKind{Name: k.name}
		for i, t := range s.Truth.RawLines {
			if t.Dirt&k.dirt != 0 {
				d.Planted++
				if found[i] != "" {
					d.Found++
				}
			}
		}
		if d.Planted > 0 {
			out.Kinds = append(out.Kinds, d)
		}
	}
	for i, t := range s.Truth.RawLines {
		if t.Dirt == 0 {
			out.Clean++
			if found[i] != "" {
				out.FalseAlarms++
			}
		}
	}
	return nil
}

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

func cleanEvents(s *shop.Shop, rec *records, out *cleaned) error {
	registered := make(map[string]time.Time, len(rec.Accounts))
	for _, a := range rec.Accounts {
		registered[a.ID] = a.Registered
	}
	c, err := clean.NewCleaner[string, string](clean.CleanerOptions[string]{AsOf: rec.End, Repeat: 5 * time.Second})
	if err != nil {
		return err
	}
	raw, truth := s.RawEvents()
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
	for _, k := range []struct {
		name string
		dirt shop.Dirt
	}{
		{"event: repeated", shop.DirtDuplicate},
		{"event: customer missing", shop.DirtNoUser},
		{"event: in the future", shop.DirtFuture},
		{"event: before the account", shop.DirtEarly},
		{"event: unknown product", shop.DirtUnknownSKU},
		{"event: robot", shop.DirtBot},
	} {
		d := dirtKind{Name: k.name}
		for i, t := range truth {
			if _, act := eventKinds[raw[i].Kind]; act && t.Dirt&k.dirt != 0 {
				d.Planted++
				if found[i] != "" {
					d.Found++
				}
			}
		}
		if d.Planted > 0 {
			out.Kinds = append(out.Kinds, d)
		}
	}
	for i, t := range truth {
		if _, act := eventKinds[raw[i].Kind]; act && t.Dirt == 0 {
			out.Clean++
			if found[i] != "" {
				out.FalseAlarms++
			}
		}
	}
	return nil
}

func (c *cleaned) section() report.Section {
	planted, found := 0, 0
	t := report.Table{Caption: "Dirt by kind", Columns: []string{"kind", "planted", "found"}}
	for _, k := range c.Kinds {
		planted, found = planted+k.Planted, found+k.Found
		t.Rows = append(t.Rows, []string{k.Name, count(k.Planted), count(k.Found)})
	}
	alarms := float64(c.FalseAlarms) / float64(max(c.Clean, 1))
	off := float64(c.Net)/float64(c.TrueNet) - 1
	return report.Section{
		Title: "Cleaning the logs",
		Meaning: fmt.Sprintf("Of %s raw rows, %s order lines and %s visits were good enough to use; without cleaning, revenue would look like %s instead of %s.",
			count(c.Lines.Rows+c.Events.Rows), count(c.Lines.Kept), count(c.Events.Kept), whole(float64(c.RawSum), c.Currency), whole(float64(c.Net), c.Currency)),
		Action: "Have the largest kinds of dirt below mended where they arise: every rejected line is a purchase that nobody will be thanked for.",
		Terms: []report.Term{
			{Word: "Rejected", Meaning: "a row that was left out because it cannot be right, such as an order from next year."},
			{Word: "Net revenue", Meaning: "what customers paid less what was paid back to them."},
		},
		Figures: []report.Figure{
			{Label: "order lines read", Value: count(c.Lines.Rows), Note: percent(float64(c.Lines.Kept)/float64(c.Lines.Rows)) + " kept"},
			{Label: "visits and clicks read", Value: count(c.Events.Rows), Note: percent(float64(c.Events.Kept)/float64(c.Events.Rows)) + " kept"},
			{Label: "net revenue", Value: whole(float64(c.Net), c.Currency), Note: "paid " + whole(float64(c.Paid), c.Currency)},
			{Label: "customers repaired", Value: count(c.Repaired), Note: "found through other lines of the order"},
		},
		Checks: []report.Check{
			{What: "dirty records", Planted: count(planted), Found: fmt.Sprintf("%s (%s)", count(found), percent(float64(found)/float64(max(planted, 1)))), Verdict: report.Mark(float64(found) >= .97*float64(planted))},
			{What: "clean records rejected or flagged", Planted: "0 of " + count(c.Clean), Found: fmt.Sprintf("%s (%s)", count(c.FalseAlarms), percent(alarms)), Verdict: report.Mark(alarms < .01)},
			{What: "net revenue", Planted: whole(float64(c.TrueNet), c.Currency), Found: fmt.Sprintf("%s (%+.1f%%)", whole(float64(c.Net), c.Currency), 100*off), Verdict: report.Mark(math.Abs(off) < .04)},
		},
		Tables: []report.Table{t, reasons("Order lines rejected or flagged", "row ", 1, &c.Lines), reasons("Visits rejected or flagged", "row ", 1, &c.Events)},
	}
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
