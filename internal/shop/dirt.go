package shop

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/rng"
)

// china is the zone of the web and store systems. It has no name, so that no
// zone data base is needed.
var china = time.FixedZone("", 8*3600)

func rawTime(source string, t time.Time) string {
	switch source {
	case "web":
		return t.In(china).Format(time.RFC3339)
	case "app":
		return strconv.FormatInt(t.UnixMilli(), 10)
	case "store":
		return t.In(china).Format("2006年1月2日 15:04")
	}
	return t.UTC().Format("02/01/2006 15:04")
}

// rawPrice writes minor units of a currency in the manner of the source.
func rawPrice(source, currency string, minor int64) string {
	plain := fmt.Sprintf("%d.%02d", minor/100, minor%100)
	switch source {
	case "web":
		return plain
	case "app":
		return strconv.FormatInt(minor, 10)
	case "store":
		var b strings.Builder
		b.WriteString("￥")
		for _, c := range plain {
			b.WriteRune(c + '０' - '0')
		}
		return b.String()
	}
	whole := strconv.FormatInt(minor/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "." + whole[i:]
	}
	return fmt.Sprintf("%s,%02d %s", whole, minor%100, map[string]string{"CNY": "¥", "GBP": "£", "EUR": "€", "USD": "$"}[currency])
}

// rawCurrency returns the currency in which a source writes orders of a region,
// and its rate.
func rawCurrency(source, place string) (string, int64) {
	if source == "web" || source == "partner" {
		c := region(place).currency
		for _, x := range rates {
			if x.Currency == c {
				return c, x.Base
			}
		}
	}
	return "CNY", 100
}

// rawLine writes one order line as its source would; time and units may differ
// from the order's (returns).
func (s *Shop) rawLine(o *Order, line *OrderLine, id string, units int, at time.Time) RawLine {
	currency, base := rawCurrency(o.Device, o.Region)
	each := float64(line.Total()) / float64(line.Quantity)
	minor := int64(math.Round(each * 100 / float64(base)))
	return RawLine{
		Source: o.Device, OrderID: id, SKU: line.SKU, Description: s.Items[s.itemIndex[line.SKU]].Title, Quantity: strconv.Itoa(units),
		Time: rawTime(o.Device, at), Price: rawPrice(o.Device, currency, minor), Currency: currency, Customer: o.User, Region: o.Region,
	}
}

// makeRaw exports order lines and returns, and makes a share of them dirty.
func (s *Shop) makeRaw() {
	type entry struct {
		at    time.Time
		truth RawLineTruth
	}
	orderIndex := make(map[string]int, len(s.Orders))
	var list []entry
	for k := range s.Orders {
		o := &s.Orders[k]
		orderIndex[o.ID] = k
		for i := range o.Lines {
			list = append(list, entry{o.Time, RawLineTruth{Order: k, Line: i, Refund: -1}})
		}
	}
	for k := range s.Refunds {
		f := &s.Refunds[k]
		o := orderIndex[f.Order]
		i := slices.IndexFunc(s.Orders[o].Lines, func(l OrderLine) bool { return l.SKU == f.SKU })
		list = append(list, entry{f.Time, RawLineTruth{Order: o, Line: i, Refund: k}})
	}
	slices.SortStableFunc(list, func(a, b entry) int { return a.at.Compare(b.at) })
	s.RawLines = make([]RawLine, 0, len(list)+len(list)/16)
	s.Truth.RawLines = make([]RawLineTruth, 0, cap(s.RawLines))
	var r rng.Stream
	for n := range list {
		e := &list[n]
		o := &s.Orders[e.truth.Order]
		line := &o.Lines[e.truth.Line]
		id, units := o.ID, line.Quantity
		if e.truth.Refund >= 0 {
			id, units = "C"+o.ID[1:], -s.Refunds[e.truth.Refund].Quantity
		}
		r.Reset(s.Config.Seed, stageRawLine, uint64(n))
		s.dirtyLine(&r, e.truth, s.rawLine(o, line, id, units, e.at), o, line, units)
	}
}

// dirtyLine exports one raw line, and sometimes spoils it: in its place, or as a second
// line beside the true one. t is its truth, to which the kind of dirt is added.
func (s *Shop) dirtyLine(r *rng.Stream, t RawLineTruth, raw RawLine, o *Order, line *OrderLine, units int) {
	put := func(l RawLine, t RawLineTruth, d Dirt) {
		t.Dirt = d
		s.RawLines, s.Truth.RawLines = append(s.RawLines, l), append(s.Truth.RawLines, t)
	}
	if !r.Bool(s.Config.Dirt) {
		put(raw, t, 0)
		return
	}
	sales := [...]Dirt{DirtDuplicate, DirtConflict, DirtNoUser, DirtNoPrice, DirtPrice, DirtQuantity, DirtFuture, DirtEarly, DirtDate, DirtUnknownSKU, DirtTest}
	returns := [...]Dirt{DirtEarlyRefund, DirtExcessRefund, DirtDuplicate, DirtNoUser}
	d := sales[r.Intn(len(sales))]
	if t.Refund >= 0 {
		d = returns[r.Intn(len(returns))]
	}
	bad := raw
	switch d {
	case DirtDuplicate:
		put(raw, t, 0)
	case DirtConflict:
		put(raw, t, 0)
		bad.Quantity = strconv.Itoa(units + 1 + r.Intn(3))
	case DirtNoUser:
		bad.Customer = ""
	case DirtNoPrice:
		bad.Price = ""
	case DirtPrice:
		currency, base := rawCurrency(o.Device, o.Region)
		minor := int64(math.Round(float64(line.Total()) / float64(line.Quantity) * 100 / float64(base)))
		if r.Bool(.5) {
			minor *= int64(100 * (1 + r.Intn(100)))
		} else {
			minor /= 100 * int64(1+r.Intn(10))
		}
		bad.Price = rawPrice(o.Device, currency, minor)
	case DirtQuantity:
		bad.Quantity = strconv.Itoa(units * (500 + r.Intn(9500)))
	case DirtFuture:
		bad.Time = rawTime(o.Device, s.End.Add(hours(24*(1+3000*r.Float64()))))
	case DirtEarly:
		reg := s.Users[s.userIndex[o.User]].Registered
		bad.Time = rawTime(o.Device, reg.Add(-hours(24*(2+2000*r.Float64()))))
	case DirtDate:
		bad.Time = [...]string{"", "0000-00-00", "yesterday", "31/02/2023 10:00"}[r.Intn(4)]
	case DirtUnknownSKU:
		bad.SKU = "X" + bad.SKU
	case DirtTest:
		put(raw, t, 0)
		t = RawLineTruth{Order: -1, Line: -1, Refund: -1}
		bad.OrderID, bad.Customer, bad.Description = "TEST-"+raw.OrderID, "TEST", "test order, please ignore"
	case DirtEarlyRefund:
		bad.Time = rawTime(o.Device, o.Time.Add(-hours(24*(2+30*r.Float64()))))
	case DirtExcessRefund:
		bad.Quantity = strconv.Itoa(-(line.Quantity + 1 + r.Intn(5)))
	}
	put(bad, t, d)
}

// RawEvents returns Events as a real log has them, a share Config.Dirt of them
// dirty, and what is wrong with each. It is made anew by every call; the order is
// that of Events, a bad copy right behind the good one.
func (s *Shop) RawEvents() ([]Event, []RawEventTruth) {
	out := make([]Event, 0, len(s.Events)+len(s.Events)/16)
	truth := make([]RawEventTruth, 0, cap(out))
	var r rng.Stream
	for i := range s.Events {
		e := s.Events[i]
		r.Reset(s.Config.Seed, stageRawEvent, uint64(i))
		put := func(i int, d Dirt) { out, truth = append(out, e), append(truth, RawEventTruth{i, d}) }
		if !r.Bool(s.Config.Dirt) {
			put(i, 0)
			continue
		}
		d := [...]Dirt{DirtDuplicate, DirtNoUser, DirtFuture, DirtEarly, DirtUnknownSKU, DirtBot}[r.Intn(6)]
		if d == DirtUnknownSKU && e.SKU == "" {
			d = DirtDuplicate
		}
		switch d {
		case DirtDuplicate:
			put(i, 0)
			if r.Bool(.5) { // sent again by a client, not only written twice
				e.Time = e.Time.Add(time.Duration(1+r.Intn(5)) * time.Second)
			}
		case DirtNoUser:
			e.User = ""
		case DirtFuture:
			e.Time = s.End.Add(hours(24 * (1 + 3000*r.Float64())))
		case DirtEarly:
			e.Time = s.Users[s.userIndex[e.User]].Registered.Add(-hours(24 * (1 + 2000*r.Float64())))
		case DirtUnknownSKU:
			e.SKU = "X" + e.SKU
		case DirtBot:
			put(i, 0)
			e = Event{
				ID: cmp.Or(-e.ID, -1), Time: e.Time, User: fmt.Sprintf("BOT-%d", 1+r.Intn(3)), Session: -1, Kind: View,
				SKU: s.Items[r.Intn(len(s.Items))].SKU, Dwell: time.Second,
			}
			put(-1, d)
			continue
		}
		put(i, d)
	}
	return out, truth
}
