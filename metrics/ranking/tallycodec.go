package ranking

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/moments"
)

// appendBinary appends the frame that Tally and Dense share.
func (c *rankCore) appendBinary(dst []byte) []byte {
	var w codec.Writer
	w.Int(len(c.opt.K))
	for _, k := range c.opt.K {
		w.Int(k)
	}
	for _, b := range []uint8{uint8(c.opt.Precision), uint8(c.opt.Recall), uint8(c.opt.AP), uint8(c.opt.Gain), uint8(c.opt.Discount)} {
		w.Int(int(b))
	}
	w.Float64(c.opt.Persistence)
	w.Int(c.opt.Candidates)
	w.Int(c.opt.SampledNegatives)
	w.Bool(c.opt.KeepUsers)
	w.Int64(c.users)
	w.Int64(c.skipped)
	w.Int64(c.missing)
	for i := range c.stats {
		c.stats[i].Write(&w)
	}
	w.Float64s(c.perUser)
	return w.AppendFrame(dst, codec.KindRanking, 1)
}

// decodeRankCore reads what appendBinary wrote; see Tally.UnmarshalBinary.
func decodeRankCore(where string, data []byte) (*rankCore, error) {
	r, err := codec.Open(data, codec.KindRanking, 1)
	if err != nil {
		return nil, fmt.Errorf("ranking: %s: %w", where, err)
	}
	var o Options
	n := r.Int()
	if n < 1 || n > len(data)/8 {
		r.Fail("number of cut-offs")
	}
	for i := 0; i < n && r.Err() == nil; i++ {
		o.K = append(o.K, r.Int())
		if i > 0 && o.K[i] <= o.K[i-1] {
			r.Fail("cut-offs do not ascend")
		}
	}
	small := func() uint8 {
		x := r.Int()
		if x > math.MaxUint8 {
			r.Fail("enumeration")
		}
		return uint8(x)
	}
	o.Precision, o.Recall, o.AP = PrecisionDenominator(small()), RecallDenominator(small()), APDenominator(small())
	o.Gain, o.Discount = Gain(small()), Discount(small())
	o.Persistence = r.Float64()
	if !(o.Persistence > 0) {
		r.Fail("persistence")
	}
	o.Candidates, o.SampledNegatives, o.KeepUsers = r.Int(), r.Int(), r.Bool()
	users, skipped, missing := r.Int64(), r.Int64(), r.Int64()
	if users < 0 || skipped < 0 || missing < 0 || missing > users {
		r.Fail("user counts")
	}
	if r.Err() != nil {
		return nil, fmt.Errorf("ranking: %s: %w", where, r.Err())
	}
	c, err := newRankCore("ranking: "+where, o)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", err, ErrCorrupt)
	}
	c.users, c.skipped, c.missing = users, skipped, missing
	for i := range c.stats {
		c.stats[i] = moments.Read(r)
		if got := c.stats[i].N(); got > users || got < users && i%measures != int(AUC) {
			r.Fail("a measure's count")
		}
	}
	c.perUser = r.Float64s()
	want := int64(0)
	if o.KeepUsers {
		want = users
	}
	if int64(len(c.perUser)) != want*int64(len(c.row)) {
		r.Fail("number of per-user values")
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("ranking: %s: %w", where, err)
	}
	return c, nil
}
