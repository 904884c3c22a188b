package shop_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/shop"
)

// parse reads a raw line by the rules in the comment of RawLine.
func parse(t *testing.T, s *shop.Shop, l *shop.RawLine) (at time.Time, units int, fen float64) {
	t.Helper()
	var err error
	switch l.Source {
	case "web":
		at, err = time.Parse(time.RFC3339, l.Time)
	case "app":
		var ms int64
		ms, err = strconv.ParseInt(l.Time, 10, 64)
		at = time.UnixMilli(ms)
	case "store":
		at, err = time.ParseInLocation("2006年1月2日 15:04", l.Time, time.FixedZone("", 8*3600))
	case "partner":
		at, err = time.Parse("02/01/2006 15:04", l.Time)
	default:
		t.Fatalf("source %q", l.Source)
	}
	if err != nil {
		t.Fatalf("%+v: %v", l, err)
	}
	if units, err = strconv.Atoi(l.Quantity); err != nil {
		t.Fatal(err)
	}
	p := strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r >= '0' && r <= '9':
			return r
		}
		return -1
	}, l.Price)
	minor, err := strconv.ParseInt(p, 10, 64)
	if err != nil {
		t.Fatalf("price %q: %v", l.Price, err)
	}
	for _, r := range s.Rates {
		if r.Currency == l.Currency {
			return at, units, float64(minor) * float64(r.Base) / 100
		}
	}
	t.Fatalf("currency %q", l.Currency)
	return
}

func TestRawLines(t *testing.T) {
	s := get(t, large)
	clean, dirty, refunds := 0, 0, 0
	kind := map[shop.Dirt]int{}
	for i := range s.RawLines {
		l, x := &s.RawLines[i], s.Truth.RawLines[i]
		if x.Dirt != 0 {
			dirty++
			kind[x.Dirt]++
			bad := false
			switch x.Dirt {
			case shop.DirtDuplicate:
				bad = *l != s.RawLines[i-1]
			case shop.DirtConflict:
				bad = *l == s.RawLines[i-1] || l.OrderID != s.RawLines[i-1].OrderID
			case shop.DirtNoUser:
				bad = l.Customer != ""
			case shop.DirtNoPrice:
				bad = l.Price != ""
			case shop.DirtFuture:
				at, _, _ := parse(t, s, l)
				bad = !at.After(s.End)
			case shop.DirtEarly:
				at, _, _ := parse(t, s, l)
				u, _ := s.UserIndex(l.Customer)
				bad = !at.Before(s.Users[u].Registered)
			case shop.DirtQuantity:
				_, n, _ := parse(t, s, l)
				bad = n < 500
			case shop.DirtPrice:
				_, _, p := parse(t, s, l)
				o := &s.Orders[x.Order]
				r := p * float64(o.Lines[x.Line].Quantity) / float64(o.Lines[x.Line].Total())
				bad = r < 90 && r > .011
			case shop.DirtUnknownSKU:
				_, known := s.ItemIndex(l.SKU)
				bad = known
			case shop.DirtTest:
				bad = x.Order != -1 || !strings.HasPrefix(l.OrderID, "TEST")
			case shop.DirtEarlyRefund:
				at, _, _ := parse(t, s, l)
				bad = !at.Before(s.Orders[x.Order].Time)
			case shop.DirtExcessRefund:
				_, n, _ := parse(t, s, l)
				bad = -n <= s.Orders[x.Order].Lines[x.Line].Quantity
			case shop.DirtDate:
				_, err := time.Parse("02/01/2006 15:04", l.Time)
				_, number := strconv.ParseInt(l.Time, 10, 64)
				bad = err == nil || number == nil || len(l.Time) > 16
			default:
				bad = true
			}
			if bad {
				t.Fatalf("line %d %+v is not what its truth %+v says", i, l, x)
			}
			continue
		}
		clean++
		o := &s.Orders[x.Order]
		line := &o.Lines[x.Line]
		at, units, fen := parse(t, s, l)
		when, want, id := o.Time, line.Quantity, o.ID
		if x.Refund >= 0 {
			refunds++
			when, want, id = s.Refunds[x.Refund].Time, -s.Refunds[x.Refund].Quantity, "C"+o.ID[1:]
		}
		if l.OrderID != id || l.SKU != line.SKU || l.Customer != o.User || units != want {
			t.Fatalf("clean line %d %+v is not its order %+v", i, l, o)
		}
		if d := when.Sub(at); d < 0 || d >= time.Minute {
			t.Fatalf("clean line %d: time off by %v", i, d)
		}
		// Half a minor unit of the foreign currency, in fen.
		if each := float64(line.Total()) / float64(line.Quantity); math.Abs(fen-each) > 4.6 {
			t.Fatalf("clean line %d: %s %s is %.1f fen, want %.1f", i, l.Price, l.Currency, fen, each)
		}
	}
	if refunds < 1000 || refunds > len(s.Refunds) {
		t.Errorf("%d clean returns of %d refunds", refunds, len(s.Refunds))
	}
	n := len(s.Refunds)
	for i := range s.Orders {
		n += len(s.Orders[i].Lines)
	}
	p := s.Config.Dirt
	within(t, "dirty share", float64(dirty)/float64(n), p, math.Sqrt(p*(1-p)/float64(n)), 4, .002)
	for d := shop.DirtDuplicate; d <= shop.DirtExcessRefund; d <<= 1 {
		if d != shop.DirtBot && kind[d] < 20 {
			t.Errorf("dirt %#x occurs %d times", d, kind[d])
		}
	}
}

func TestRawEvents(t *testing.T) {
	s := get(t, usual)
	events, truth := s.RawEvents()
	if len(events) != len(truth) {
		t.Fatal("not parallel")
	}
	kind := map[shop.Dirt]int{}
	seen := make([]int, len(s.Events))
	dirty := 0
	for i, x := range truth {
		e := &events[i]
		kind[x.Dirt]++
		if x.Dirt != 0 {
			dirty++
		}
		bad := false
		switch x.Dirt {
		case 0:
			bad = *e != s.Events[x.Event]
		case shop.DirtDuplicate:
			bad = e.ID != events[i-1].ID || e.Time.Before(events[i-1].Time) || e.Time.Sub(events[i-1].Time) > 10*time.Second
		case shop.DirtNoUser:
			bad = e.User != ""
		case shop.DirtFuture:
			bad = !e.Time.After(s.End)
		case shop.DirtEarly:
			u, _ := s.UserIndex(e.User)
			bad = !e.Time.Before(s.Users[u].Registered)
		case shop.DirtUnknownSKU:
			_, known := s.ItemIndex(e.SKU)
			bad = known
		case shop.DirtBot:
			bad = x.Event != -1 || !strings.HasPrefix(e.User, "BOT")
		default:
			bad = true
		}
		if bad {
			t.Fatalf("record %d %+v is not what its truth %+v says", i, e, x)
		}
		if x.Event >= 0 {
			seen[x.Event]++
		}
	}
	for i, n := range seen {
		if n == 0 {
			t.Fatalf("event %d is missing", i)
		}
	}
	p, n := s.Config.Dirt, float64(len(s.Events))
	within(t, "dirty share", float64(dirty)/n, p, math.Sqrt(p*(1-p)/n), 4, .001)
	for _, d := range []shop.Dirt{shop.DirtDuplicate, shop.DirtNoUser, shop.DirtFuture, shop.DirtEarly, shop.DirtUnknownSKU, shop.DirtBot} {
		if kind[d] < 500 {
			t.Errorf("dirt %#x occurs %d times", d, kind[d])
		}
	}
}

func TestMissing(t *testing.T) {
	s := get(t, large)
	var miss [4]float64
	for i := range s.Users {
		x, y := &s.Users[i], &s.Truth.Users[i]
		for k, m := range []bool{x.Age == 0, x.Sex == "", x.Region == "", x.Channel == ""} {
			if m {
				miss[k]++
			}
		}
		if x.Age != 0 && x.Age != y.Age || x.Sex != "" && x.Sex != y.Sex || x.Region != "" && x.Region != y.Region || x.Channel != "" && x.Channel != y.Channel {
			t.Fatalf("user %d shows other attributes than the truth", i)
		}
	}
	n, p := float64(len(s.Users)), s.Config.Missing
	for k, m := range miss {
		within(t, "missing attribute "+strconv.Itoa(k), m/n, p, math.Sqrt(p*(1-p)/n), 4, .005)
	}
	var seg [6]float64
	for i := range s.Truth.Users {
		seg[s.Truth.Users[i].Segment]++
	}
	for k, x := range s.Truth.Segments {
		within(t, "share of "+x.Name, seg[k]/n, x.Share, math.Sqrt(x.Share*(1-x.Share)/n), 4, .01)
	}
}
