package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
)

const (
	beyondPairs = 8192 // entries tested, at most
	beyondLooks = 32   // users looked at for an item
	beyondTries = 8    // draws of another item
	beyondFirst = 512  // entries of the first look
)

// BeyondPopularity tells whether there is anything to learn but popularity. Of two items
// that equally many others have, one of which user u has and the other not, how often
// does the rest of u's history tell which? share is that frequency, ties left out, over
// up to 8,192 entries that can be told, and margin half of its 95 % interval, from the variance between
// users. Where users take items independently of each other and of what else they took, but
// for how popular an item and how busy a user is, share is ½ whatever both are: popularity
// is then all there is. Most catalogues have .6 to .95.
//
// Popularity is all, for the models whose options say so, where share + margin < .55:
// where it is known that there is next to nothing more. A small matrix has a wide margin, and
// nothing follows from it. A share well below ½ counts as well: people who avoid what is like what they have, one of a
// kind being enough, are served worse by models of what goes together than by popularity. What they do then: vectors shrink (ALS) or are one (PureSVD, NMF, GFCF,
// BSPM), every user with something in common is a neighbour and the others count too (UserKNN), and weights between items get a share of what is popular (ItemKNN, RP3Beta, TurboCF,
// SLIM, EASE, SparseEASE), unless options say otherwise. Others have no rule. An Engine serves what
// its Sources hold: look here before the choice of them, FitPopular is the plainest.
//
// The item of an entry is compared with a random one that u does not have and whose count
// differs by at most a tenth from that of the others who have the first. An item
// speaks for u by the walk u → j → v → item, 1/(nⱼ·n_v) on average over up to 32 others v
// who have it. Given counts and activity, it is chance alone who has an item, so both are
// exchangeable without taste: a test conditional on the margins, as Fisher's is, instead
// of a comparison with a fitted model of them. Weights and times are not used.
//
// Cost: 16,384 × 32 rows looked through, a fraction of a second, once: x keeps the answer.
// Share and margin are ½ where no two items can be compared. ErrEmpty for
// no entries. Safe for concurrent use.
func (x *Interactions) BeyondPopularity() (share, margin float64, err error) {
	if x.Len() == 0 {
		return 0, 0, fmt.Errorf("recommend: Interactions.BeyondPopularity: interactions: %w", ErrEmpty)
	}
	x.beyond.once.Do(func() { x.beyond.share, x.beyond.margin = beyondPopularity(x, beyondPairs) })
	return x.beyond.share, x.beyond.margin, nil
}

// onlyPopular reports whether popularity is all, as BeyondPopularity says. A first look at
// a sixteenth of the entries mostly spares the whole test: where .55 is three margins away,
// six standard errors, chance has no say in what the whole would find. No fit waits for long.
func (x *Interactions) onlyPopular() bool {
	if x.Len() == 0 {
		return false
	}
	x.beyond.look.Do(func() {
		if share, margin := beyondPopularity(x, beyondFirst); share-3*margin > 0.55 {
			return
		}
		share, margin, err := x.BeyondPopularity()
		x.beyond.only = err == nil && share+margin < 0.55
	})
	return x.beyond.only
}

// beyondPopularity tests up to so many entries, or one a user of as many users, spread over
// the users and averages within each user first, as the entries of one are not independent.
// Ties are no evidence and left out.
func beyondPopularity(x *Interactions, pairs int) (share, margin float64) {
	m := x.byItem()
	t := beyondTest{x: x, items: m, order: byCount(m), history: make([]float64, m.Rows)}
	stride := max(1, (x.Users()+pairs-1)/pairs)
	each := max(1, min(pairs/((x.Users()+stride-1)/stride), 64))
	var means []float64
	tested := 0
	for u := 0; u < x.Users(); u += stride {
		if won, n := t.user(u, each); n > 0 {
			means = append(means, won/float64(n))
			tested += n
		}
	}
	users := float64(len(means))
	if users < 2 {
		return 0.5, 0.5
	}
	for _, w := range means {
		share += w / users
	}
	for _, w := range means {
		d := w - share
		margin += float64(d * d)
	}
	// Few users who happen to agree are not certain: no less than that of a fair coin.
	return share, 1.959964 * max(math.Sqrt(margin/(users-1)/users), 0.5/math.Sqrt(float64(tested)))
}

// beyondTest is the scratch of BeyondPopularity.
type beyondTest struct {
	x       *Interactions
	items   *sparse.CSR
	order   []int32   // items by count
	history []float64 // 1/n of the items of the user at hand, 0 for others
}

// byCount returns the rows of m, the shortest first, equal ones by index.
func byCount(m *sparse.CSR) []int32 {
	most := 0
	for i := range m.Rows {
		most = max(most, m.RowLen(i))
	}
	next := make([]int32, most+2) // of a length, where its next row goes
	for i := range m.Rows {
		next[m.RowLen(i)+1]++
	}
	for n := range most {
		next[n+1] += next[n]
	}
	order := make([]int32, m.Rows)
	for i := range m.Rows {
		at := &next[m.RowLen(i)]
		order[*at] = int32(i)
		*at++
	}
	return order
}

// user tests up to each entries of user u and returns how many told which of two items is
// the user's, and of how many that could be told.
func (t *beyondTest) user(u, each int) (won float64, n int) {
	items, _ := t.x.Row(u)
	for _, j := range items {
		t.history[j] = 1 / float64(t.items.RowLen(int(j)))
	}
	draw := rng.New(0, 0xbe, uint64(u))
	for k := 0; k < each && len(items) > 1; k++ {
		i := items[draw.Intn(len(items))]
		other, ok := t.rival(i, draw)
		if !ok {
			continue
		}
		own := t.history[i]
		t.history[i] = 0
		a, b := t.speaks(i, u), t.speaks(other, u)
		t.history[i] = own
		if a != b {
			n++
		}
		if a > b {
			won++
		}
	}
	for _, j := range items {
		t.history[j] = 0
	}
	return won, n
}

// rival draws an item that the user at hand does not have and about as many others have
// as i.
func (t *beyondTest) rival(i int32, draw *rng.Stream) (int32, bool) {
	n := t.items.RowLen(int(i)) - 1
	at := func(count int) int {
		k, _ := slices.BinarySearchFunc(t.order, count, func(i int32, count int) int { return cmp.Compare(t.items.RowLen(int(i)), count) })
		return k
	}
	lo, hi := at(n-n/10), at(n+n/10+1)
	if n == 0 || lo == hi {
		return 0, false
	}
	for range beyondTries {
		if k := t.order[lo+draw.Intn(hi-lo)]; t.history[k] == 0 {
			return k, true
		}
	}
	return 0, false
}

// speaks is how much the history speaks for item k by those who have it, but for u:
// evenly spaced ones where they are many.
func (t *beyondTest) speaks(k int32, u int) float64 {
	who, _ := t.items.Row(int(k))
	step := max(1, (len(who)+beyondLooks-1)/beyondLooks)
	sum, n := 0.0, 0
	for p := 0; p < len(who); p += step {
		v := int(who[p])
		if v == u {
			continue
		}
		row, _ := t.x.Row(v)
		common := 0.0
		for _, j := range row {
			common += t.history[j]
		}
		sum += common / float64(len(row))
		n++
	}
	return sum / float64(max(n, 1))
}
