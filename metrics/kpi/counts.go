package kpi

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*Counts)(nil)
	_ encoding.BinaryUnmarshaler = (*Counts)(nil)
)

// Warnings of Counts.
const (
	WarnClicksExceed  metrics.Warning = "more clicks than impressions"
	WarnOrdersExceed  metrics.Warning = "more orders than clicks"
	WarnRefundsExceed metrics.Warning = "refunds and discounts exceed revenue"
)

// Counts are the totals from which the KPIs of a shop, a campaign or a channel
// follow. Fill the fields you have; a KPI with a field that nobody filled, above or below the
// line, is undefined, not 0. A field is filled as soon as it is not 0; where 0 is what was
// counted, say so with Fill. Money is in minor units of one currency. Use one Counts per
// cell of a report and Add or Merge them.
type Counts struct {
	Impressions   int64 // valid, de-duplicated
	Reach         int64 // distinct users with an impression
	Clicks        int64 // what leads to the shop
	Sessions      int64 // visits
	Bounces       int64 // sessions of one page
	Visitors      int64 // distinct users
	Registrations int64 // new accounts
	Carts         int64 // carts with an item
	CartOrders    int64 // of those, ordered
	Orders        int64 // placed
	Buyers        int64 // distinct users with an order
	NewCustomers  int64 // buyers with their first order
	Units         int64 // pieces sold
	Revenue       int64 // paid before refunds and discounts
	Refunds       int64 // >= 0
	Discounts     int64 // >= 0
	GrossMargin   int64 // revenue less cost of goods, before marketing cost; may be negative
	Cost          int64 // marketing cost
	CouponsIssued int64 // handed out
	CouponsUsed   int64 // redeemed
	Engagements   int64 // likes, comments, shares, saves
	Followers     int64 // distinct users who follow

	filled uint32 // bit i: field i is counted, though it be 0
}

// Numbers of the fields, in the order of the struct.
const (
	ofImpressions = iota
	ofReach
	ofClicks
	ofSessions
	ofBounces
	ofVisitors
	ofRegistrations
	ofCarts
	ofCartOrders
	ofOrders
	ofBuyers
	ofNewCustomers
	ofUnits
	ofRevenue
	ofRefunds
	ofDiscounts
	ofGrossMargin
	ofCost
	ofCouponsIssued
	ofCouponsUsed
	ofEngagements
	ofFollowers
)

const (
	countFields = 22
	maxCount    = 1 << 61 // so that differences of three fields cannot overflow
)

func (c *Counts) fields() [countFields]*int64 {
	return [...]*int64{
		&c.Impressions, &c.Reach, &c.Clicks, &c.Sessions, &c.Bounces, &c.Visitors, &c.Registrations, &c.Carts, &c.CartOrders,
		&c.Orders, &c.Buyers, &c.NewCustomers, &c.Units, &c.Revenue, &c.Refunds, &c.Discounts, &c.GrossMargin, &c.Cost,
		&c.CouponsIssued, &c.CouponsUsed, &c.Engagements, &c.Followers,
	}
}

var countNames = [countFields]string{
	"Impressions", "Reach", "Clicks", "Sessions", "Bounces", "Visitors", "Registrations", "Carts", "CartOrders",
	"Orders", "Buyers", "NewCustomers", "Units", "Revenue", "Refunds", "Discounts", "GrossMargin", "Cost",
	"CouponsIssued", "CouponsUsed", "Engagements", "Followers",
}

// Fill says of fields, by their names here, that they are counted, though the sum may be 0: no
// clicks is then a CTR of 0 and no cost a CPA of 0. Add and Merge keep it, and one filled
// cell is enough for a total. ErrOption for a name that is no field.
func (c *Counts) Fill(fields ...string) error {
	if err := check.Receiver("kpi: Counts.Fill", c); err != nil {
		return err
	}
	set := c.filled
	for _, f := range fields {
		i := slices.Index(countNames[:], f)
		if i < 0 {
			return fmt.Errorf("kpi: Counts.Fill: field %q is none: %w", f, ErrOption)
		}
		set |= 1 << i
	}
	c.filled = set
	return nil
}

// has reports whether the field i, which is x, is filled.
func (c Counts) has(i int, x int64) bool { return x != 0 || c.filled>>i&1 == 1 }

// rate returns the field i, which is num, over den; undefined if the field is not filled.
func (c Counts) rate(i int, num, den int64) metrics.Ratio {
	if !c.has(i, num) {
		return metrics.Ratio{}
	}
	return metrics.NewRatio(num, den)
}

// Add adds d field by field. A negative field other than GrossMargin is
// ErrRange, a sum beyond 2^61 ErrOverflow; c is then unchanged. Fields that
// count distinct users (Reach, Visitors, Buyers, Followers) add up correctly
// only over disjoint groups of users.
func (c *Counts) Add(d Counts) error {
	if err := check.Receiver("kpi: Counts.Add", c); err != nil {
		return err
	}
	sum := *c
	sum.filled |= d.filled
	to, from := sum.fields(), d.fields()
	for i, x := range from {
		if *x == 0 {
			continue
		}
		if *x < 0 && x != &d.GrossMargin {
			return fmt.Errorf("kpi: Counts.Add: %s is %d, want >= 0: %w", countNames[i], *x, ErrRange)
		}
		s, err := check.AddInt64(*to[i], *x)
		if err != nil {
			return fmt.Errorf("kpi: Counts.Add: %s: %w", countNames[i], err)
		}
		if s > maxCount || s < -maxCount {
			return fmt.Errorf("kpi: Counts.Add: %s is %d, beyond 2^61: %w", countNames[i], s, ErrOverflow)
		}
		*to[i] = s
	}
	*c = sum
	return nil
}

// Merge is Add of another state; ErrMismatch for a merge with itself.
func (c *Counts) Merge(other *Counts) error {
	if err := check.Merge("kpi: Counts.Merge", c, other); err != nil {
		return err
	}
	return c.Add(*other)
}

// Warnings names what cannot be right, such as more clicks than impressions.
func (c Counts) Warnings() []metrics.Warning {
	var w []metrics.Warning
	if c.Impressions > 0 && c.Clicks > c.Impressions {
		w = append(w, WarnClicksExceed)
	}
	if c.Clicks > 0 && c.Orders > c.Clicks {
		w = append(w, WarnOrdersExceed)
	}
	if c.Refunds > 0 && c.NetRevenue() < 0 {
		w = append(w, WarnRefundsExceed)
	}
	return w
}

// NetRevenue returns Revenue − Refunds − Discounts, of which the latter two count as 0 where nobody
// filled them; at the ends of int64 where fields filled in by hand go beyond it.
func (c Counts) NetRevenue() int64 { return less(less(c.Revenue, c.Refunds), c.Discounts) }

// net returns NetRevenue over den; undefined without revenue.
func (c Counts) net(den int64) metrics.Ratio {
	if !c.has(ofRevenue, c.Revenue) {
		return metrics.Ratio{}
	}
	return metrics.NewRatio(c.NetRevenue(), den)
}

// CTR is clicks per impression, of what leads to the shop. For posts and other content
// take Engagement.CTR, whose impressions and clicks are those of the content.
func (c Counts) CTR() metrics.Ratio { return c.rate(ofClicks, c.Clicks, c.Impressions) }

// CVR is orders per click.
func (c Counts) CVR() metrics.Ratio { return c.rate(ofOrders, c.Orders, c.Clicks) }

// CTCVR is orders per impression.
func (c Counts) CTCVR() metrics.Ratio { return c.rate(ofOrders, c.Orders, c.Impressions) }

// PurchaseConversion is buyers per visitor.
func (c Counts) PurchaseConversion() metrics.Ratio { return c.rate(ofBuyers, c.Buyers, c.Visitors) }

// RegistrationConversion is registrations per visitor.
func (c Counts) RegistrationConversion() metrics.Ratio {
	return c.rate(ofRegistrations, c.Registrations, c.Visitors)
}

// AOV is the average order value before refunds, 客单价 per order: revenue per order.
func (c Counts) AOV() metrics.Ratio { return c.rate(ofRevenue, c.Revenue, c.Orders) }

// NetAOV is net revenue per order.
func (c Counts) NetAOV() metrics.Ratio { return c.net(c.Orders) }

// ARPU is revenue per visitor.
func (c Counts) ARPU() metrics.Ratio { return c.rate(ofRevenue, c.Revenue, c.Visitors) }

// ARPPU is revenue per paying customer, 客单价 per customer.
func (c Counts) ARPPU() metrics.Ratio { return c.rate(ofRevenue, c.Revenue, c.Buyers) }

// OrdersPerBuyer is the mean number of orders of a buyer.
func (c Counts) OrdersPerBuyer() metrics.Ratio { return c.rate(ofOrders, c.Orders, c.Buyers) }

// UnitsPerOrder is the mean basket size.
func (c Counts) UnitsPerOrder() metrics.Ratio { return c.rate(ofUnits, c.Units, c.Orders) }

// SessionsPerVisitor is how often a visitor comes.
func (c Counts) SessionsPerVisitor() metrics.Ratio { return c.rate(ofSessions, c.Sessions, c.Visitors) }

// RefundRate is refunded money per revenue.
func (c Counts) RefundRate() metrics.Ratio { return c.rate(ofRefunds, c.Refunds, c.Revenue) }

// CPC is cost per click.
func (c Counts) CPC() metrics.Ratio { return c.rate(ofCost, c.Cost, c.Clicks) }

// CPM is cost per thousand impressions: its Value is 1000 times that of
// Cost/Impressions.
func (c Counts) CPM() (float64, error) {
	x, err := c.rate(ofCost, c.Cost, c.Impressions).Value()
	return 1000 * x, err
}

// CPA is cost per order.
func (c Counts) CPA() metrics.Ratio { return c.rate(ofCost, c.Cost, c.Orders) }

// CPL is cost per registration.
func (c Counts) CPL() metrics.Ratio { return c.rate(ofCost, c.Cost, c.Registrations) }

// CAC is cost per new customer.
func (c Counts) CAC() metrics.Ratio { return c.rate(ofCost, c.Cost, c.NewCustomers) }

// ROAS is revenue before refunds per marketing cost; over the totals of the whole
// shop it is the marketing efficiency ratio (MER).
func (c Counts) ROAS() metrics.Ratio { return c.rate(ofRevenue, c.Revenue, c.Cost) }

// NetROAS is net revenue per marketing cost.
func (c Counts) NetROAS() metrics.Ratio { return c.net(c.Cost) }

// ROI is (gross margin − marketing cost) per marketing cost.
func (c Counts) ROI() metrics.Ratio {
	if !c.has(ofGrossMargin, c.GrossMargin) {
		return metrics.Ratio{}
	}
	return metrics.NewRatio(less(c.GrossMargin, c.Cost), c.Cost)
}

// BounceRate is sessions of one page per session.
func (c Counts) BounceRate() metrics.Ratio { return c.rate(ofBounces, c.Bounces, c.Sessions) }

// CartAbandonment is carts that were not ordered per cart.
func (c Counts) CartAbandonment() metrics.Ratio {
	if !c.has(ofCartOrders, c.CartOrders) {
		return metrics.Ratio{}
	}
	return metrics.NewRatio(less(c.Carts, c.CartOrders), c.Carts)
}

// CouponRedemption is coupons used per coupon issued.
func (c Counts) CouponRedemption() metrics.Ratio {
	return c.rate(ofCouponsUsed, c.CouponsUsed, c.CouponsIssued)
}

// Frequency is impressions per reached user.
func (c Counts) Frequency() metrics.Ratio { return c.rate(ofImpressions, c.Impressions, c.Reach) }

// EngagementByReach is likes, comments, shares and saves per reached user, where one
// number says how many. Where they are counted apart, with reads, plays and followers
// gained, take Engagement.ByReach: it is the same measure.
func (c Counts) EngagementByReach() metrics.Ratio {
	return c.rate(ofEngagements, c.Engagements, c.Reach)
}

// EngagementByFollowers is the same per follower; see Engagement.ByFollowers.
func (c Counts) EngagementByFollowers() metrics.Ratio {
	return c.rate(ofEngagements, c.Engagements, c.Followers)
}

// Growth returns (end−start)/|start| as a Ratio; undefined for start 0. Over the size of
// start, because a loss that halves is an improvement: from −10 to −5 is +.5. Where the difference
// is beyond int64 both numbers of the Ratio are halved.
func Growth(start, end int64) metrics.Ratio {
	d := end - start
	if (d > 0) != (end > start) || start == math.MinInt64 {
		start, d = start/2, end/2-start/2
	}
	return metrics.NewRatio(d, max(start, -start))
}

// less returns a − b, the end of int64 nearest to it where that is beyond: fields filled in by hand
// may be.
func less(a, b int64) int64 {
	switch d := a - b; {
	case b < 0 && d < a:
		return math.MaxInt64
	case b > 0 && d > a:
		return math.MinInt64
	default:
		return d
	}
}

// plus returns a + b for the same.
func plus(a, b int64) int64 {
	switch s := a + b; {
	case a > 0 && b > 0 && s < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && s >= 0:
		return math.MinInt64
	default:
		return s
	}
}

// storable refuses totals that were filled in by hand and that no frame holds: nobody could read them.
func storable(where, name string, x, low, high int64) error {
	if x < low || x > high {
		return fmt.Errorf("%s: %s is %d, want in [%d, %d]: %w", where, name, x, low, high, ErrRange)
	}
	return nil
}

// ShareOf returns own of total as a Ratio: share of voice from impressions,
// market share from sales, take rate from platform revenue and GMV. The total is
// the whole market's, own included. ErrRange unless 0 <= own <= total.
func ShareOf(own, total int64) (metrics.Ratio, error) {
	if own < 0 || own > total {
		return metrics.Ratio{}, fmt.Errorf("kpi: ShareOf: %d of %d, want 0 <= own <= total: %w", own, total, ErrRange)
	}
	return metrics.NewRatio(own, total), nil
}

// Table returns the KPIs that are defined, each with what it was made of.
func (c Counts) Table() *metrics.Table {
	return ratioTable([]namedRatio{
		{"CTR", c.CTR()},
		{"CVR", c.CVR()},
		{"CTCVR", c.CTCVR()},
		{"purchase conversion", c.PurchaseConversion()},
		{"registration conversion", c.RegistrationConversion()},
		{"AOV", c.AOV()},
		{"net AOV", c.NetAOV()},
		{"ARPU", c.ARPU()},
		{"ARPPU", c.ARPPU()},
		{"orders per buyer", c.OrdersPerBuyer()},
		{"units per order", c.UnitsPerOrder()},
		{"sessions per visitor", c.SessionsPerVisitor()},
		{"refund rate", c.RefundRate()},
		{"CPC", c.CPC()},
		{"CPA", c.CPA()},
		{"CPL", c.CPL()},
		{"CAC", c.CAC()},
		{"ROAS", c.ROAS()},
		{"net ROAS", c.NetROAS()},
		{"ROI", c.ROI()},
		{"bounce rate", c.BounceRate()},
		{"cart abandonment", c.CartAbandonment()},
		{"coupon redemption", c.CouponRedemption()},
		{"frequency", c.Frequency()},
		{"engagement by reach", c.EngagementByReach()},
		{"engagement by followers", c.EngagementByFollowers()},
	})
}

// AppendBinary appends the binary form. ErrRange for fields filled in by hand that Add would refuse.
func (c *Counts) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("kpi: Counts.AppendBinary", c); err != nil {
		return nil, err
	}
	var w codec.Writer
	for i, f := range c.fields() {
		low := int64(0)
		if i == ofGrossMargin {
			low = -maxCount
		}
		if err := storable("kpi: Counts.AppendBinary", countNames[i], *f, low, maxCount); err != nil {
			return nil, err
		}
		w.Int64(*f)
	}
	if c.filled == 0 {
		return w.AppendFrame(dst, codec.KindCounts, 1), nil
	}
	w.Int64(int64(c.filled))
	return w.AppendFrame(dst, codec.KindCounts, 2), nil
}

// MarshalBinary returns the binary form.
func (c *Counts) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c. Payload of version 2: 22×i64, little-endian, the fields
// in the order of the struct, all but GrossMargin >= 0 and none beyond 2^61, and an i64 whose bit i says of
// field i that it was filled by Fill; version 1 is without it, and is written where it is 0.
// Any other length or value is ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; c is then unchanged.
func (c *Counts) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("kpi: Counts.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindCounts, 2)
	if err != nil {
		return fmt.Errorf("kpi: Counts.UnmarshalBinary: %w", err)
	}
	var got Counts
	for i, f := range got.fields() {
		*f = r.Int64()
		if *f < 0 && f != &got.GrossMargin {
			r.Fail(countNames[i] + " is negative")
		}
		if *f > maxCount || *f < -maxCount {
			r.Fail(countNames[i] + " is beyond 2^61")
		}
	}
	if r.Version >= 2 {
		set := r.Int64()
		if set <= 0 || set >= 1<<countFields {
			r.Fail("fields that are none are filled, or none is")
		}
		got.filled = uint32(set)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("kpi: Counts.UnmarshalBinary: %w", err)
	}
	*c = got
	return nil
}
