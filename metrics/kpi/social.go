package kpi

import (
	"encoding"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*Social)(nil)
	_ encoding.BinaryUnmarshaler = (*Social)(nil)
)

// Social are the totals of live shopping, referral and group buying, from which their KPIs
// follow. Fill the fields you have; a KPI with a field that nobody filled, above or below the
// line, is undefined, not 0. A field is filled as soon as it is not 0; where 0 is what was
// counted, say so with Fill. Money is in minor units of one currency. The zero value is empty.
// Use one per stream, campaign or day and Add or Merge them.
type Social struct {
	Views         int64 // of streams: times that somebody came in
	Viewers       int64 // distinct users among them
	Peak          int64 // most viewers at one moment; of several states the largest
	ViewerSeconds int64 // watched, over all views
	StreamSeconds int64 // on air
	Orders        int64 // placed from streams
	Revenue       int64 // of these, gross merchandise value

	Users    int64 // who could invite others
	Invites  int64 // sent by them
	Referred int64 // new users who came by an invitation

	GroupsFormed  int64 // group purchases that reached their size
	GroupsExpired int64 // that ran out of time before; those still open are in neither
	GroupMembers  int64 // buyers in formed groups

	filled uint32 // bit i: field i is counted, though it be 0
}

const socialFields = 13

func (s *Social) fields() [socialFields]*int64 {
	return [...]*int64{
		&s.Views, &s.Viewers, &s.Peak, &s.ViewerSeconds, &s.StreamSeconds, &s.Orders, &s.Revenue,
		&s.Users, &s.Invites, &s.Referred, &s.GroupsFormed, &s.GroupsExpired, &s.GroupMembers,
	}
}

var socialNames = [socialFields]string{
	"Views", "Viewers", "Peak", "ViewerSeconds", "StreamSeconds", "Orders", "Revenue",
	"Users", "Invites", "Referred", "GroupsFormed", "GroupsExpired", "GroupMembers",
}

// Fill says of fields, by their names here, that they are counted, though the sum may be 0. Add and
// Merge keep it. ErrOption for a name that is no field.
func (s *Social) Fill(fields ...string) error {
	if err := check.Receiver("kpi: Social.Fill", s); err != nil {
		return err
	}
	set := s.filled
	for _, f := range fields {
		i := slices.Index(socialNames[:], f)
		if i < 0 {
			return fmt.Errorf("kpi: Social.Fill: field %q is none: %w", f, ErrOption)
		}
		set |= 1 << i
	}
	s.filled = set
	return nil
}

// Add adds d field by field; of Peak it takes the larger. A negative field is ErrRange, a sum
// beyond 2^60 ErrOverflow; s is then unchanged. Viewers and Users add up correctly only over
// disjoint groups of users. Peaks of streams on air at once do not add up: feed the peak of the sum.
func (s *Social) Add(d Social) error {
	if err := check.Receiver("kpi: Social.Add", s); err != nil {
		return err
	}
	sum := *s
	sum.filled |= d.filled
	to, from := sum.fields(), d.fields()
	for i, x := range from {
		if *x < 0 {
			return fmt.Errorf("kpi: Social.Add: %s is %d, want >= 0: %w", socialNames[i], *x, ErrRange)
		}
		total, err := check.AddInt64(*to[i], *x)
		if x == &d.Peak {
			total, err = max(s.Peak, d.Peak), nil
		}
		if err == nil && total > maxEngagement {
			err = ErrOverflow
		}
		if err != nil {
			return fmt.Errorf("kpi: Social.Add: %s: %w", socialNames[i], err)
		}
		*to[i] = total
	}
	*s = sum
	return nil
}

// Merge is Add of another state; ErrMismatch for a merge with itself.
func (s *Social) Merge(other *Social) error {
	if err := check.Merge("kpi: Social.Merge", s, other); err != nil {
		return err
	}
	return s.Add(*other)
}

// rate returns num, the field of that name, over den; undefined if the field is not filled.
func (s Social) rate(name string, num, den int64) metrics.Ratio {
	if !s.has(name, num) {
		return metrics.Ratio{}
	}
	return metrics.NewRatio(num, den)
}

// has reports whether the field of that name, which holds x, is filled.
func (s Social) has(name string, x int64) bool {
	return x != 0 || s.filled>>slices.Index(socialNames[:], name)&1 != 0
}

// AverageViewers is the number of viewers at a moment on average: seconds watched per second on
// air. At peak there were Peak.
func (s Social) AverageViewers() metrics.Ratio {
	return s.rate("ViewerSeconds", s.ViewerSeconds, s.StreamSeconds)
}

// Dwell is the seconds watched per view.
func (s Social) Dwell() metrics.Ratio { return s.rate("ViewerSeconds", s.ViewerSeconds, s.Views) }

// DwellPerViewer is the seconds watched per distinct viewer.
func (s Social) DwellPerViewer() metrics.Ratio {
	return s.rate("ViewerSeconds", s.ViewerSeconds, s.Viewers)
}

// OrdersPerView is orders per view.
func (s Social) OrdersPerView() metrics.Ratio { return s.rate("Orders", s.Orders, s.Views) }

// GPM is revenue per thousand views (GMV per mille, 千次观看成交额): 1000 times Revenue/Views.
func (s Social) GPM() (float64, error) {
	x, err := s.rate("Revenue", s.Revenue, s.Views).Value()
	return 1000 * x, err
}

// InvitesPerUser is invitations per user who could send one.
func (s Social) InvitesPerUser() metrics.Ratio { return s.rate("Invites", s.Invites, s.Users) }

// InviteConversion is new users per invitation.
func (s Social) InviteConversion() metrics.Ratio { return s.rate("Referred", s.Referred, s.Invites) }

// KFactor is new users by referral per user, InvitesPerUser times InviteConversion: above 1 every
// user brings more than one other.
func (s Social) KFactor() metrics.Ratio { return s.rate("Referred", s.Referred, s.Users) }

// GroupCompletion is the share of formed groups among those that are over, formed or expired:
// undefined where only one of the two is filled.
func (s Social) GroupCompletion() metrics.Ratio {
	if !s.has("GroupsExpired", s.GroupsExpired) {
		return metrics.Ratio{}
	}
	return s.rate("GroupsFormed", s.GroupsFormed, plus(s.GroupsFormed, s.GroupsExpired))
}

// GroupSize is buyers per formed group.
func (s Social) GroupSize() metrics.Ratio {
	return s.rate("GroupMembers", s.GroupMembers, s.GroupsFormed)
}

// Table returns the KPIs that are defined, each with what it was made of.
func (s Social) Table() *metrics.Table {
	return ratioTable([]namedRatio{
		{"average viewers", s.AverageViewers()},
		{"dwell", s.Dwell()},
		{"dwell per viewer", s.DwellPerViewer()},
		{"orders per view", s.OrdersPerView()},
		{"revenue per view", s.rate("Revenue", s.Revenue, s.Views)},
		{"invites per user", s.InvitesPerUser()},
		{"invite conversion", s.InviteConversion()},
		{"K-factor", s.KFactor()},
		{"group completion", s.GroupCompletion()},
		{"group size", s.GroupSize()},
	})
}

// AppendBinary appends the binary form. ErrRange for fields filled in by hand that Add would refuse.
func (s *Social) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("kpi: Social.AppendBinary", s); err != nil {
		return nil, err
	}
	var w codec.Writer
	for i, f := range s.fields() {
		if err := storable("kpi: Social.AppendBinary", socialNames[i], *f, 0, maxEngagement); err != nil {
			return nil, err
		}
		w.Int64(*f)
	}
	w.Int64(int64(s.filled))
	return w.AppendFrame(dst, codec.KindSocial, 1), nil
}

// MarshalBinary returns the binary form.
func (s *Social) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s. Payload of version 1, little-endian: 13×i64, the fields in the
// order of the struct, each in [0, 2^60], and an i64 whose bit i says of field i that it was filled by
// Fill. Any other length or value is ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; s is then unchanged.
func (s *Social) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("kpi: Social.UnmarshalBinary", s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindSocial, 1)
	if err != nil {
		return fmt.Errorf("kpi: Social.UnmarshalBinary: %w", err)
	}
	var got Social
	for i, f := range got.fields() {
		if *f = r.Int64(); *f < 0 || *f > maxEngagement {
			r.Fail(socialNames[i] + " is not in [0, 2^60]")
		}
	}
	set := r.Int64()
	if set < 0 || set >= 1<<socialFields {
		r.Fail("fields that are none are filled")
	}
	got.filled = uint32(set)
	if err := r.Done(); err != nil {
		return fmt.Errorf("kpi: Social.UnmarshalBinary: %w", err)
	}
	*s = got
	return nil
}
