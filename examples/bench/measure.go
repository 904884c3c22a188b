package bench

import (
	"context"
	"encoding"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/evaluate"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// record is the outcome of one algorithm.
type record struct {
	task      task
	algorithm string
	settings  settings
	tuning    *tuning

	matrix                string // of -matrix
	users, items, entries int    // of the training part; entries is 0 for sessions
	beyond, margin        float64

	fitWall, fitCPU             float64
	iterations                  int
	iterationWall, iterationCPU float64
	evaluateWall                float64 // NaN without test part
	usersPerSecond              float64
	singleMicros                float64
	peakMB                      float64
	modelBytes                  int64
	quality                     *quality // nil without test part
}

// clock measures wall and processor time together.
type clock struct {
	wall time.Time
	cpu  float64
}

func now() clock { return clock{time.Now(), cpuSeconds()} }

func (c clock) since(b clock) (wall, cpu float64) { return c.wall.Sub(b.wall).Seconds(), c.cpu - b.cpu }

func median(x []float64) float64 {
	x = slices.Clone(x)
	slices.Sort(x)
	n := len(x)
	return (x[(n-1)/2] + x[n/2]) / 2
}

// measure fits one algorithm on all training data and takes its figures.
func measure(ctx context.Context, p *problem, a algorithm, s settings, c *config, log io.Writer) (*record, error) {
	r := &record{task: p.task, algorithm: a.name, settings: s, evaluateWall: nan, usersPerSecond: nan, singleMicros: nan, beyond: nan, margin: nan}
	if p.train != nil {
		r.users, r.items, r.entries = p.train.Users(), p.train.Items(), p.train.Len()
	}
	if c.matrix != "" {
		r.matrix = filepath.Base(c.matrix)
	}
	runtime.GC()
	var marks []clock
	shown := time.Now()
	e := Env{Seed: c.seed, Workers: c.threads, Progress: func(g recommend.Progress) {
		marks = append(marks, now())
		r.iterations = g.Iteration
		if time.Since(shown) > 2*time.Second {
			shown = time.Now()
			fmt.Fprintf(log, "fit %s: iteration %d of %d\n", a.name, g.Iteration, g.Iterations)
		}
	}}
	start := now()
	f, err := p.fit(ctx, a, s, e)
	if err != nil {
		return nil, err
	}
	r.fitWall, r.fitCPU = now().since(start)
	r.settings = effective(a.settingsOf(p.task), s, f.inner())
	r.iterationWall, r.iterationCPU = r.fitWall, r.fitCPU
	switch {
	case len(marks) == 0:
		r.iterations = 1
	case len(marks) > 1: // the first interval holds the preparations too
		var wall, cpu []float64
		for k := 1; k < len(marks); k++ {
			w, c := marks[k].since(marks[k-1])
			wall, cpu = append(wall, w), append(cpu, c)
		}
		r.iterationWall, r.iterationCPU = median(wall), median(cpu)
	}
	fmt.Fprintf(log, "fit %s: %.2fs, %.2f cpu s\n", a.name, r.fitWall, r.fitCPU)
	if p.train != nil && c.task == ranking { // after the fit, as x keeps what a fit found
		if r.beyond, r.margin, err = p.train.BeyondPopularity(); err != nil {
			return nil, err
		}
	}
	if p.hasTest() {
		start := time.Now()
		if r.quality, err = p.evaluate(ctx, f, c.ks, c.threads, 0, c.seed); err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
		r.evaluateWall = time.Since(start).Seconds()
		fmt.Fprintf(log, "evaluate %s: %d users in %.2fs\n", a.name, r.quality.users, r.evaluateWall)
	}
	if c.lists {
		if err := p.speed(ctx, f, c, r); err != nil {
			return nil, fmt.Errorf("speed: %w", err)
		}
	}
	r.peakMB = peakMegabytes()
	r.modelBytes = modelBytes(f)
	return r, nil
}

const (
	speedUsers = 10000
	speedTop   = 10
)

// speed measures top-10 lists with seen items filtered, for 10,000 users drawn
// by the seed: all at once on the given threads, and one at a time on one.
func (p *problem) speed(ctx context.Context, f fitted, c *config, r *record) error {
	ask := p.speedQuestions(c.seed)
	model := f.ranked()
	var walls []float64
	for total := 0.0; len(walls) < 3 && total < 20; {
		start := time.Now()
		lists, failed := recommend.TopLists(ctx, model, speedUsers, speedTop, func(n int) (recommend.Query, recommend.Filter) {
			q := ask(n)
			return q.Query, q.Filter
		}, c.threads)
		for range lists {
		}
		if err := failed(); err != nil {
			return err
		}
		took := time.Since(start).Seconds()
		walls = append(walls, took)
		total += took
	}
	r.usersPerSecond = speedUsers / median(walls)
	ranker := recommend.NewRanker(model)
	var top []recommend.Scored
	var singles []float64
	begin := time.Now()
	for n := 0; n < speedUsers && (n < 200 || time.Since(begin) < 10*time.Second); n++ {
		start := time.Now()
		q := ask(n)
		var err error
		if top, err = ranker.AppendTop(top[:0], q.Query, speedTop, q.Filter); ignoreEmpty(err) != nil {
			return err
		}
		singles = append(singles, float64(time.Since(start).Nanoseconds())/1e3)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	r.singleMicros = median(singles)
	return nil
}

// speedQuestions draws the users, without replacement where there are enough:
// rows of the training part, or sessions of the test part.
func (p *problem) speedQuestions(seed uint64) func(n int) evaluate.Question {
	r := rand.New(rand.NewPCG(seed, 0x5beed))
	pool := 0
	if p.task == session {
		if pool = p.sessions.Len(); p.sessionsTest != nil {
			pool = p.sessionsTest.Len()
		}
	} else {
		pool = p.train.Users()
	}
	var drawn []int
	if pool >= speedUsers {
		drawn = r.Perm(pool)[:speedUsers]
	} else {
		for range speedUsers {
			drawn = append(drawn, r.IntN(pool))
		}
	}
	return func(n int) evaluate.Question {
		k := drawn[n]
		switch {
		case p.sessionsTest != nil:
			return evaluate.Question{Query: recommend.Query{User: recommend.Stranger, Items: p.sessionsTest.Session(k)}}
		case p.task == session:
			return evaluate.Question{Query: recommend.Query{User: recommend.Stranger, Items: p.sessions.Session(k)}}
		}
		q := p.train.Query(k)
		return evaluate.Question{Query: q, Filter: recommend.Filter{Items: q.Items}}
	}
}

// modelBytes returns the length of the binary form, that of all parts for a
// blend, or -1 without one.
func modelBytes(f fitted) int64 {
	var m any = f.model
	if f.session != nil {
		m = f.session
		if u, ok := m.(interface{ unwrap() any }); ok {
			m = u.unwrap()
		}
	}
	if c, ok := m.(interface{ parts() []hybrid.Weighted }); ok {
		sum := int64(0)
		for _, part := range c.parts() {
			n := modelBytes(fitted{model: part.Model})
			if n < 0 {
				return -1
			}
			sum += n
		}
		return sum
	}
	b, ok := m.(encoding.BinaryMarshaler)
	if !ok {
		return -1
	}
	data, err := b.MarshalBinary()
	if err != nil {
		return -1
	}
	return int64(len(data))
}
