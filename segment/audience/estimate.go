package audience

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/rng"
)

// Estimate is a guess at the size of an audience.
type Estimate struct {
	Count     float64 // best guess
	Low, High float64 // 95 % interval
	Sampled   int     // users looked at
}

// Estimate evaluates the rule for sample users drawn without replacement, and
// scales up, with a 95 % Wilson interval corrected for the finite population. A
// sample of all users or more gives the exact count. A guess below Options.MinSize,
// though not 0, is ErrPrivacy. Of a sample of nearly all users two seeds tell what the few are
// whom only one left out, and no ledger notices: publish sizes by Published.
func (p *Program) Estimate(ctx context.Context, sample int, seed uint64) (Estimate, error) {
	if err := p.made("audience: Program.Estimate"); err != nil {
		return Estimate{}, err
	}
	n := p.table.n
	if sample < 1 {
		return Estimate{}, fmt.Errorf("audience: Program.Estimate: sample is %d, want > 0: %w", sample, ErrOption)
	}
	if n == 0 {
		return Estimate{}, fmt.Errorf("audience: Program.Estimate: the table has no users: %w", ErrUndefined)
	}
	if sample >= n {
		t, err := p.where(ctx, p.root, True)
		if err != nil {
			return Estimate{}, err
		}
		if check.Few(t.Count(), p.minSize) {
			return Estimate{}, p.tooFew()
		}
		c := float64(t.Count())
		return Estimate{c, c, c, n}, nil
	}
	// Floyd's sampling: every subset of the size is equally likely.
	s := rng.New(seed, stageEstimate, 0)
	drawn := make(map[int32]struct{}, sample)
	hits := 0
	for i := n - sample; i < n; i++ {
		if (i-n+sample)%4096 == 0 && ctx.Err() != nil {
			return Estimate{}, context.Cause(ctx)
		}
		u := int32(s.Intn(i + 1))
		if _, ok := drawn[u]; ok {
			u = int32(i)
		}
		drawn[u] = struct{}{}
		if p.truth(p.root, u) == True {
			hits++
		}
	}
	total, k := float64(n), float64(sample)
	share := float64(hits) / k
	if hits > 0 && share*total < float64(p.minSize) {
		return Estimate{}, p.tooFew()
	}
	// The correction for the finite population shrinks the variance as if the sample
	// were larger.
	low, high := infer.Wilson(share, k*(total-1)/(total-k), 0.95)
	// What has been seen is certain: hits users match, sample-hits do not.
	return Estimate{
		Count:   share * total,
		Low:     max(low, float64(hits)/total) * total,
		High:    min(high, 1-float64(sample-hits)/total) * total,
		Sampled: sample,
	}, nil
}

func (p *Program) tooFew() error {
	return fmt.Errorf("audience: Program.Estimate: fewer than %d members: %w", p.minSize, ErrPrivacy)
}

const stageEstimate = 0x657374
