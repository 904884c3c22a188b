package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/aislekit/aisle/examples/dataio"
)

const synthPrefix = "synth:"

// synthMatrix makes the matrix of synth:USERS,ITEMS,ENTRIES[,SEED]: users of
// log-normal activity, items of Zipf popularity, three favourite groups of items
// a user, counts as values. Every row comes from a random stream of its own, so
// that the number of processors does not matter.
func synthMatrix(spec string) (*dataio.Matrix, error) {
	bad := fmt.Errorf("-matrix is %q, want synth:USERS,ITEMS,ENTRIES or synth:USERS,ITEMS,ENTRIES,SEED", spec)
	parts := strings.Split(strings.TrimPrefix(spec, synthPrefix), ",")
	if len(parts) < 3 || len(parts) > 4 {
		return nil, bad
	}
	n := [4]int{3: 1}
	for i, s := range parts {
		var err error
		if n[i], err = strconv.Atoi(s); err != nil || n[i] < 1 && i < 3 {
			return nil, bad
		}
	}
	users, items, entries, seed := n[0], n[1], n[2], uint64(n[3])
	if users > math.MaxInt32 || items > math.MaxInt32 || entries < users || float64(entries) > float64(users)*float64(items)/4 {
		return nil, fmt.Errorf("-matrix is %q, want at least an entry a user and at most a quarter of all pairs", spec)
	}
	m := &dataio.Matrix{Rows: users, Cols: items, Ptr: synthDegrees(users, items, entries, seed)}
	entries = int(m.Ptr[users])
	m.Col, m.Val = make([]int32, entries), make([]float32, entries)

	p := newPopularity(items)
	ids := rand.New(rand.NewPCG(seed, 1)).Perm(items)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for u := w; u < users; u += workers {
				synthRow(m, u, seed, p, ids)
			}
		}()
	}
	wg.Wait()
	return m, nil
}

// popularity draws items by rank: the r-th in proportion to (r+20)^-0.9.
type popularity struct {
	cumulated []float64
	guide     []int32 // where to start looking, for each of many equal steps of probability
}

func newPopularity(items int) *popularity {
	p := &popularity{make([]float64, items), make([]int32, 1<<16+1)}
	total := 0.0
	for r := range p.cumulated {
		total += math.Pow(float64(r)+20, -0.9)
		p.cumulated[r] = total
	}
	for g := range p.guide {
		p.guide[g] = int32(sort.SearchFloat64s(p.cumulated, total*float64(g)/(1<<16)))
	}
	return p
}

// rank returns the rank below which the share x of all draws lies.
func (p *popularity) rank(x float64) int {
	last := len(p.cumulated) - 1
	total := p.cumulated[last]
	at := int(p.guide[int(x*(1<<16))])
	for at < last && p.cumulated[at] < x*total {
		at++
	}
	return at
}

// synthGroups is the number of kinds of items; a user likes three of them, which every
// second item comes from.
const synthGroups = 64

// synthRow fills in the items of user u and their weights. ids are the items by rank.
func synthRow(m *dataio.Matrix, u int, seed uint64, p *popularity, ids []int) {
	items := len(ids)
	r := rand.New(rand.NewPCG(seed, uint64(u)+1000))
	var favourite [3]int
	for i := range favourite {
		favourite[i] = r.IntN(synthGroups)
	}
	cols := m.Col[m.Ptr[u]:m.Ptr[u]:m.Ptr[u+1]]
	for tries := 0; len(cols) < cap(cols); tries++ {
		for len(cols) < cap(cols) {
			rank := r.IntN(items)
			if tries < 20 { // after that the popular ones are taken
				rank = p.rank(r.Float64())
			}
			if r.Uint64()&1 == 0 {
				if in := rank - rank%synthGroups + favourite[r.IntN(3)]; in < items {
					rank = in
				}
			}
			cols = append(cols, int32(ids[rank]))
		}
		slices.Sort(cols)
		cols = slices.Compact(cols)
	}
	for k := range cols {
		v := float32(1)
		for v < 50 && r.Uint64()&1 == 0 {
			v++
		}
		m.Val[int(m.Ptr[u])+k] = v
	}
}

// synthDegrees returns the row offsets: log-normal degrees from 1 to a tenth of
// the items (or what the mean needs), that add up to about entries.
func synthDegrees(users, items, entries int, seed uint64) []int64 {
	r := rand.New(rand.NewPCG(seed, 2))
	weight := make([]float64, users)
	sum := 0.0
	for u := range weight {
		weight[u] = math.Exp(r.NormFloat64())
		sum += weight[u]
	}
	most := max(1, items/10, min(items, 2*entries/users))
	ptr := make([]int64, users+1)
	carry := 0.0 // what rounding and bounds left over goes to the next users
	for u, w := range weight {
		want := w/sum*float64(entries) + carry
		d := math.Min(math.Max(1, math.Floor(want)), float64(most))
		carry = want - d
		ptr[u+1] = ptr[u] + int64(d)
	}
	return ptr
}
