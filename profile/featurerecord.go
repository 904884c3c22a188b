package profile

import (
	"math"
	"slices"
	"time"
)

// featureRecord begins the record of a moment.
func (b *Builder[U, I]) featureRecord(source RecordSource, at int64) *Record {
	r := &b.extra.record
	*r = Record{Source: source, At: time.Unix(0, at).UTC(), Clock: b.clock(at), Rating: math.NaN(), Sentiment: math.NaN()}
	return r
}

// clock is a moment by the clock of Zone; UTC where a stored Builder does not know it.
func (b *Builder[U, I]) clock(at int64) Clock { return Clock{at: at, zone: b.opt.Zone} }

// now is the cut-off, with the days before it.
func (b *Builder[U, I]) now() Clock { return Clock{b.cut, b.opt.Zone, &b.days} }

// featureEvent hands an event to the features.
func (b *Builder[U, I]) featureEvent(u int32, at int64, e *Event[U, I]) error {
	r := b.featureRecord(FromEvent, at)
	r.Kind, r.Item, r.Category, r.Brand, r.Query = e.Kind, ItemKey(e.Item), e.Category, e.Brand, e.Query
	r.Channel, r.Campaign, r.Device, r.Extra = e.Channel, e.Campaign, e.Device, e.Extra
	r.Dwell, r.Position, r.Pages = e.Dwell, e.Position, e.Pages
	if e.Kind == Rate {
		r.Rating = e.Rating
	}
	if e.Kind == Comment {
		r.Sentiment = e.Sentiment
	}
	return b.extra.add(u, func() int { return b.daysBack(at) }, b.opt.Rolling)
}

// featureOrder hands an order and its lines, which are valid, to the features.
func (b *Builder[U, I]) featureOrder(u int32, at, paid, units int64, o *Order[U, I]) error {
	back := func() int { return b.daysBack(at) }
	discount := o.Discount
	for i := range o.Lines {
		discount += o.Lines[i].Discount
	}
	r := b.featureRecord(FromOrder, at)
	r.Kind, r.Quantity, r.Money, r.Discount, r.Lines = Purchase, units, paid, discount, int64(len(o.Lines))
	r.Channel, r.Campaign, r.Device = o.Channel, o.Campaign, o.Device
	if err := b.extra.add(u, back, b.opt.Rolling); err != nil {
		return err
	}
	for i := range o.Lines {
		l := &o.Lines[i]
		r.Source, r.Item, r.Category, r.Brand = FromLine, ItemKey(l.Item), l.Category, l.Brand
		r.Quantity, r.Price, r.Discount, r.Money, r.Lines = l.Quantity, l.Price, l.Discount, l.Quantity*l.Price-l.Discount, 0
		if err := b.extra.add(u, back, b.opt.Rolling); err != nil {
			return err
		}
	}
	return nil
}

// featureRefund hands a refund to the features.
func (b *Builder[U, I]) featureRefund(u int32, at int64, x *Refund[U, I]) error {
	r := b.featureRecord(FromRefund, at)
	r.Kind, r.Item, r.Quantity, r.Money = Return, ItemKey(x.Item), x.Quantity, x.Amount
	return b.extra.add(u, func() int { return b.daysBack(at) }, b.opt.Rolling)
}

// featureColumn says which value of a feature stands in which column.
type featureColumn struct{ from, to int }

// featureValues fills the columns of features in the row of user u.
func (b *Builder[U, I]) featureValues(scratch []float64, u int32, columns map[int][]featureColumn, row []float64) []float64 {
	now := b.now()
	for i, list := range columns { // each has columns of its own: the order does not matter
		scratch = b.extra.results(scratch[:0], u, i, now, b.opt.Rolling)
		for _, c := range list {
			row[c.to] = scratch[c.from]
		}
	}
	return scratch
}

// baseName reports whether a column of every Builder with these windows has the name.
func baseName(name string, windows []int) bool {
	b := &Builder[int64, int64]{opt: BuilderOptions{Windows: windows}, from: make([]int64, len(windows))}
	return slices.ContainsFunc(b.baseColumns(), func(c column[int64, int64]) bool { return c.name == name })
}
