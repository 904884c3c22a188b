package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/metrics"
)

// Kind is how a Metric is made of a user's outcomes.
type Kind uint8

// Kinds.
const (
	Mean       Kind = iota // the sum of the outcome, mean over users: revenue per user
	Proportion             // 1 if the sum is above 0: conversion rate
	Ratio                  // sum of Outcome by sum of Per over all users: revenue per order
)

// Metric is one question of an experiment.
//
// Caps and CUPED exclude each other: θ is that of raw sums, a sum that is capped during the experiment has
// another relation to the one before, and a cap that is to hold for both periods is a quantile of neither. To
// have both, cap the values of both periods at an amount of your own before they are added.
type Metric struct {
	Name    string        // in the rows of the result
	Kind    Kind          // default Mean
	Outcome int           // number of the outcome, from 0
	Per     int           // Ratio: number of the outcome below the line
	Cap     float64       // Mean and Ratio: lower sums of Outcome above this quantile of all arms together to it, as 0.999; 0 does not
	CUPED   bool          // Mean and Ratio: adjust by the same outcome before the experiment; not with caps, see Metric
	Scale   metrics.Scale // of its effects; ScaleOdds of a Proportion only

	Floor    float64 // Mean and Ratio: raise sums of Outcome below this quantile to it, as 0.001; 0 does not
	Positive bool    // Cap and Floor are quantiles of the sums above 0 only: most users spend nothing; sums of 0 stay

	// Window, of a Timed Run, is how long after a user's first exposure outcomes count, as 14 days of 24 hours;
	// 0 has no end. Users whose window is not over as of the result are immature: left out of this question, in
	// every arm, and counted in Row.Immature, because nobody knows yet what they will have done.
	Window time.Duration
}

// Options configures a Run.
type Options struct {
	Arms       []string   // names, at least two; the first is the control
	Weights    []float64  // planned shares on any scale; default equal
	Outcomes   int        // how many numbers are kept per user, 1 to 1000
	Metrics    []Metric   // the questions, at least one
	Level      float64    // of the intervals, in (0, 1); default 0.95
	Correction Correction // over all metrics and arms; default Holm

	// Timed: exposures and outcomes come with their time, by AssignAt and AddAt, and only outcomes from a user's
	// first exposure on count. Without it the caller feeds such outcomes only, by Assign and Add.
	Timed bool
}

func (o Options) withDefaults() Options {
	o.Arms, o.Weights, o.Metrics = slices.Clone(o.Arms), slices.Clone(o.Weights), slices.Clone(o.Metrics)
	o.Level = check.Default(o.Level, 0.95)
	return o
}

// validate reports every bad field at once; a question is bad field by field.
func (o Options) validate(where string) error {
	var c check.Options
	c.Require(len(o.Arms) >= 2, "Arms", len(o.Arms), "at least 2")
	c.Require(o.Weights == nil || check.Weights("", o.Weights, len(o.Arms)) == nil, "Weights", o.Weights, "one each, not negative, some above 0")
	c.Require(o.Outcomes >= 1 && o.Outcomes <= 1000, "Outcomes", o.Outcomes, "in [1, 1000]")
	c.Require(len(o.Metrics) >= 1, "Metrics", len(o.Metrics), "at least 1")
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	c.Require(o.Correction <= BenjaminiYekutieli, "Correction", o.Correction, "a Correction")
	for i, m := range o.Metrics {
		f := fmt.Sprintf("Metrics[%d].", i)
		c.Require(m.Kind <= Ratio, f+"Kind", m.Kind, "mean, proportion or ratio")
		c.Require(m.Outcome >= 0 && m.Outcome < o.Outcomes, f+"Outcome", m.Outcome, "in [0, Outcomes)")
		c.Require(m.Per >= 0 && m.Per < o.Outcomes, f+"Per", m.Per, "in [0, Outcomes)")
		plain := m.Kind != Proportion && !m.CUPED
		c.Require(m.Cap >= 0 && m.Cap <= 1 && (m.Cap == 0 || plain), f+"Cap", m.Cap, "in [0, 1], of a mean or a ratio without CUPED")
		c.Require(m.Floor >= 0 && m.Floor <= 1 && (m.Floor == 0 || plain && (m.Cap == 0 || m.Floor < m.Cap)), f+"Floor", m.Floor, "in [0, Cap), of a mean or a ratio without CUPED")
		c.Require(m.Window >= 0 && (m.Window == 0 || o.Timed), f+"Window", m.Window, "not negative, and 0 unless Timed")
		c.Require(!m.CUPED || m.Kind != Proportion, f+"CUPED", m.CUPED, "a mean or a ratio; a proportion is the mean of outcomes 0 and 1")
		c.Require(m.Scale <= metrics.ScaleRatio || m.Scale == metrics.ScaleOdds && m.Kind == Proportion, f+"Scale", m.Scale, "absolute, relative, ratio, or of a proportion the odds ratio")
	}
	return c.Err(where)
}

// Run assembles an experiment from raw events in any order: who saw which arm, and
// what users did. Users found in two arms are excluded and counted; outcomes of
// users never assigned are counted and left out. Make one with New; Merge joins
// shards of the events, also when a user's events are spread over several.
//
// Only what happens after a user's first exposure can be an effect of it. With
// Options.Timed the Run sees to that itself, and to conversion windows: feed it by
// AssignAt and AddAt. Otherwise feed Assign and Add with outcomes from after the
// first exposure only.
//
// It is not safe for concurrent writers. Memory is some 50 bytes a user and 16 an
// outcome he may have; of a Timed one 80 a user and 24 more each time he has one.
type Run[U cmp.Ordered] struct {
	opt   Options
	index map[U]int32
	users []U
	arm   []int32 // unassigned, crossed, or the arm
	known []bool  // has a pre-period
	sums  []float64
	pre   []float64

	// Of a Timed Run; sums are 0 there.
	first []int64          // exposure of each user, or never
	log   [][]timedOutcome // of each user, in any order
	asOf  int64            // as of which it answers, or never
}

const (
	unassigned = int32(-1)
	crossed    = int32(-2)
)

// New returns an empty experiment.
func New[U cmp.Ordered](opt Options) (*Run[U], error) {
	opt = opt.withDefaults()
	if err := opt.validate("experiment: New"); err != nil {
		return nil, err
	}
	return &Run[U]{opt: opt, index: map[U]int32{}, asOf: never}, nil
}

// made refuses a Run that holds nothing because New did not make it.
func (e *Run[U]) made(where string) error {
	if e == nil || e.index == nil {
		return fmt.Errorf("experiment: %s: not made by New: %w", where, ErrEmpty)
	}
	return nil
}

// user returns the number of u, a new one for a user never seen. where begins the
// error.
func (e *Run[U]) user(where string, u U) (int32, error) {
	if i, ok := e.index[u]; ok {
		return i, nil
	}
	if u != u {
		return 0, fmt.Errorf("experiment: %s: a user that does not equal itself: %w", where, ErrNotFinite)
	}
	if len(e.users) == math.MaxInt32 {
		return 0, fmt.Errorf("experiment: %s: more than 2³¹−1 users: %w", where, ErrOverflow)
	}
	i := int32(len(e.users))
	e.index[u] = i
	e.users = append(e.users, u)
	e.arm = append(e.arm, unassigned)
	e.known = append(e.known, false)
	if e.opt.Timed {
		e.first = append(e.first, never)
		e.log = append(e.log, nil)
	}
	for range e.opt.Outcomes {
		e.sums = append(e.sums, 0)
		e.pre = append(e.pre, 0)
	}
	return i, nil
}

// Assign records that user was exposed to an arm, numbered as in Arms; as often
// as it happens. ErrRange for an unknown arm, ErrOption for a Timed Run.
func (e *Run[U]) Assign(user U, arm int) error {
	if err := e.timed("Run.Assign", false); err != nil {
		return err
	}
	_, err := e.assign("Run.Assign", user, arm)
	return err
}

// assign is Assign; it returns the number of user.
func (e *Run[U]) assign(where string, user U, arm int) (int32, error) {
	if arm < 0 || arm >= len(e.opt.Arms) {
		return 0, fmt.Errorf("experiment: %s: %w", where, check.Private("user", -1, user, nil, fmt.Errorf("arm %d of %d: %w", arm, len(e.opt.Arms), ErrRange)))
	}
	i, err := e.user(where, user)
	if err != nil {
		return 0, err
	}
	e.arm[i] = joinArms(e.arm[i], int32(arm))
	return i, nil
}

// joinArms returns the arm of a user seen in a and in b.
func joinArms(a, b int32) int32 {
	switch {
	case a == b || b == unassigned:
		return a
	case a == unassigned:
		return b
	}
	return crossed
}

// Add adds x to an outcome of user. ErrRange for an unknown outcome,
// ErrNotFinite for a bad value, ErrOverflow for a sum beyond float64, ErrOption for a
// Timed Run.
func (e *Run[U]) Add(user U, outcome int, x float64) error {
	if err := e.timed("Run.Add", false); err != nil {
		return err
	}
	at, err := e.place("Run.Add", user, outcome, x)
	if err != nil {
		return err
	}
	return put("Run.Add", user, outcome, &e.sums[at], x)
}

// AddPre adds x to an outcome of user before the experiment, for CUPED. A user
// without any call has no pre-period; for one who was there and did nothing add
// a 0. It has no time, of a Timed Run either. Errors are those of Add.
func (e *Run[U]) AddPre(user U, outcome int, x float64) error {
	if err := e.made("Run.AddPre"); err != nil {
		return err
	}
	at, err := e.place("Run.AddPre", user, outcome, x)
	if err != nil {
		return err
	}
	if err := put("Run.AddPre", user, outcome, &e.pre[at], x); err != nil {
		return err
	}
	e.known[e.index[user]] = true
	return nil
}

// place returns where an outcome of user stands in sums and pre.
func (e *Run[U]) place(where string, user U, outcome int, x float64) (int, error) {
	if outcome < 0 || outcome >= e.opt.Outcomes {
		return 0, fmt.Errorf("experiment: %s: %w", where, check.Private("user", -1, user, nil, fmt.Errorf("outcome %d of %d: %w", outcome, e.opt.Outcomes, ErrRange)))
	}
	if !check.Finite(x) {
		return 0, fmt.Errorf("experiment: %s: value of %w", where, check.Private("user", -1, user, x, ErrNotFinite))
	}
	i, err := e.user(where, user)
	return int(i)*e.opt.Outcomes + outcome, err
}

func put[U any](where string, user U, outcome int, sum *float64, x float64) error {
	if !check.Finite(*sum + x) {
		return fmt.Errorf("experiment: %s: %w", where, check.Private("user", -1, user, nil, fmt.Errorf("sum of outcome %d: %w", outcome, ErrOverflow)))
	}
	*sum += x
	return nil
}

// Forget removes a user with arm and outcomes, as if he had never been seen, and reports whether
// there was one; a state stored before has him still. The cost does not grow with the number of
// users. Users excluded for two arms are forgotten too.
func (e *Run[U]) Forget(user U) bool {
	if e == nil {
		return false
	}
	i, ok := e.index[user]
	if !ok {
		return false
	}
	last, k := int32(len(e.users)-1), e.opt.Outcomes
	moved := e.users[last]
	e.users[i], e.arm[i], e.known[i], e.index[moved] = moved, e.arm[last], e.known[last], i
	delete(e.index, user)
	copy(e.sums[int(i)*k:int(i)*k+k], e.sums[int(last)*k:])
	copy(e.pre[int(i)*k:int(i)*k+k], e.pre[int(last)*k:])
	clear(e.users[last:])
	e.users, e.arm, e.known = e.users[:last], e.arm[:last], e.known[:last]
	e.sums, e.pre = e.sums[:int(last)*k], e.pre[:int(last)*k]
	if e.opt.Timed {
		e.first[i], e.log[i] = e.first[last], e.log[last]
		clear(e.log[last:])
		e.first, e.log = e.first[:last], e.log[:last]
	}
	return true
}

// Merge adds the events of other, which must have equal options, else
// ErrMismatch.
func (e *Run[U]) Merge(other *Run[U]) error {
	if err := check.Merge("experiment: Experiment.Merge", e, other); err != nil {
		return err
	}
	if err := e.made("Run.Merge"); err != nil {
		return err
	}
	a, b := e.opt, other.opt
	if !slices.Equal(a.Arms, b.Arms) || !slices.Equal(a.Weights, b.Weights) || !slices.Equal(a.Metrics, b.Metrics) ||
		a.Timed != b.Timed || a.Outcomes != b.Outcomes || a.Level != b.Level || a.Correction != b.Correction {
		return fmt.Errorf("experiment: Run.Merge: options %+v and %+v: %w", a, b, ErrMismatch)
	}
	k := a.Outcomes
	for j, u := range other.users {
		if i, ok := e.index[u]; ok {
			for o := range k {
				if !check.Finite(e.sums[int(i)*k+o]+other.sums[j*k+o]) || !check.Finite(e.pre[int(i)*k+o]+other.pre[j*k+o]) {
					return fmt.Errorf("experiment: Run.Merge: %w", check.Private("user", -1, u, nil, fmt.Errorf("sum of outcome %d: %w", o, ErrOverflow)))
				}
			}
		}
	}
	for j, u := range other.users {
		i, err := e.user("Run.Merge", u)
		if err != nil {
			return err
		}
		e.arm[i] = joinArms(e.arm[i], other.arm[j])
		e.known[i] = e.known[i] || other.known[j]
		for o := range k {
			e.sums[int(i)*k+o] += other.sums[j*k+o]
			e.pre[int(i)*k+o] += other.pre[j*k+o]
		}
		if a.Timed {
			e.first[i] = earlier(e.first[i], other.first[j])
			e.log[i] = append(e.log[i], other.log[j]...)
		}
	}
	e.asOf = max(e.asOf, other.asOf)
	return nil
}

// Row is the answer to one question for one arm.
type Row struct {
	Metric   string         // name of the question
	Arm      string         // compared with the control
	Effect   metrics.Effect // of the arm; its numbers are NaN with Err
	Adjusted float64        // p-value corrected over all rows that have one; NaN with Err
	Cap      float64        // sums were lowered to this; NaN if not; a floor stands in Effect.Method
	Theta    float64        // of CUPED; NaN if not adjusted
	Err      error          // why there is no effect
	Immature int64          // users of the control and this arm whose Window was not over, left out here
}

// Result holds all answers. Read SRM first.
type Result struct {
	Arms       []string // names, the control first
	Users      []int64  // per arm, without the excluded
	Crossovers int64    // users in two arms, excluded
	Unassigned int64    // users with outcomes and no arm, of a Timed Run none before AsOf; left out
	SRM        SRM      // were the arms split as planned
	SRMErr     error    // why there is no SRM test
	Rows       []Row    // by question, then by arm
	Level      float64  // of the intervals

	AsOf   time.Time // of a Timed Run: the moment up to which windows are over, UTC; else zero
	Before int64     // outcomes before the first exposure of their user, left out
}

// Table returns the rows as a table.
func (r Result) Table() *metrics.Table {
	t := metrics.NewTable("metric", "arm", "control", "treatment", "effect", "scale", "low", "high", "p", "adjusted p", "method")
	for _, x := range r.Rows {
		if x.Err != nil {
			t.AddRow(x.Metric, x.Arm, math.NaN(), math.NaN(), math.NaN(), x.Effect.Scale, math.NaN(), math.NaN(), math.NaN(), math.NaN(), x.Err.Error())
			continue
		}
		e := x.Effect
		t.AddRow(x.Metric, x.Arm, e.MeanA, e.MeanB, e.Estimate, e.Scale, e.Low, e.High, e.PValue, x.Adjusted, e.Method)
	}
	return t
}

// Result compares every arm with the control in every metric. ErrEmpty without
// users in an arm at all; what cannot be answered for one row is its Err. Of a Timed
// Run it sorts the outcomes of every user once for every question.
func (e *Run[U]) Result() (Result, error) {
	return e.result(func(U) bool { return true })
}

// SegmentResult is the experiment among the users of one segment.
type SegmentResult struct {
	Segment string // as the caller named it
	Result  Result // among its users; empty where Err is set
	// Err is ErrPrivacy where the result is withheld, since the segment has fewer users, in
	// all, in one of the arms or, of a Timed Run, in one of the arms with the window of a
	// metric over, than asked for, or all withheld ones together would have.
	Err error
}

// withheld says which segments have too few users to publish about, by the segment of each
// user in an arm: in all, in an arm, or, of a Timed Run, in an arm with the window of a
// question over, as they are who its row is about.
func (e *Run[U]) withheld(of map[U]string, names []string, least int64) []bool {
	arms := len(e.opt.Arms)
	counts := make([][]int64, 1+arms, 1+arms*(1+len(e.opt.Metrics)))
	if e.opt.Timed {
		counts = counts[:cap(counts)]
	}
	for i := range counts {
		counts[i] = make([]int64, len(names))
	}
	over, _ := e.horizon()
	for i, u := range e.users {
		s, ok := of[u]
		if !ok {
			continue
		}
		j, _ := slices.BinarySearch(names, s)
		counts[0][j]++
		counts[1+int(e.arm[i])][j]++
		for k, m := range e.opt.Metrics {
			if e.opt.Timed && !m.open(over, e.first[i]) {
				counts[1+arms*(1+k)+int(e.arm[i])][j]++
			}
		}
	}
	return check.Withhold(least, counts...)
}

// ResultBy returns the result of each segment, by name, and for each metric and
// arm (in the order of Rows) whether its effect differs between the segments;
// segments without an effect take no part, and nil stands where fewer than two
// have one. segment must not depend on what happened in the experiment.
//
// Results of fewer than minAudience users (0 means 50) are withheld, see SegmentResult.Err,
// and take no part either; -1 switches that off, anything below is ErrOption.
func (e *Run[U]) ResultBy(segment func(U) string, minAudience int) ([]SegmentResult, []*Heterogeneity, error) {
	if err := e.made("Run.ResultBy"); err != nil {
		return nil, nil, err
	}
	if segment == nil {
		return nil, nil, fmt.Errorf("experiment: Run.ResultBy: segment is nil: %w", ErrOption)
	}
	var c check.Options
	c.Require(minAudience >= -1, "minAudience", minAudience, "> 0, or -1 for no floor")
	if err := c.Err("experiment: Run.ResultBy"); err != nil {
		return nil, nil, err
	}
	_, end := e.horizon()
	of := make(map[U]string, len(e.users))
	var names []string
	for i, u := range e.users {
		if e.arm[i] >= 0 && !e.later(i, end) {
			s := segment(u)
			of[u] = s
			names = append(names, s)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("experiment: Run.ResultBy: no users in any arm: %w", ErrEmpty)
	}
	var out []SegmentResult
	withheld := e.withheld(of, names, check.Floor(minAudience))
	for i, s := range names {
		if withheld[i] {
			out = append(out, SegmentResult{Segment: s, Err: fmt.Errorf("experiment: Run.ResultBy: segment %q: %w", s, ErrPrivacy)})
			continue
		}
		r, err := e.result(func(u U) bool { x, ok := of[u]; return ok && x == s })
		if err != nil {
			return nil, nil, fmt.Errorf("experiment: Run.ResultBy: segment %q: %w", s, err)
		}
		out = append(out, SegmentResult{Segment: s, Result: r})
	}
	het := make([]*Heterogeneity, len(e.opt.Metrics)*(len(e.opt.Arms)-1))
	for i := range het {
		var effects []metrics.Effect
		for _, s := range out {
			if s.Err != nil {
				continue
			}
			if row := s.Result.Rows[i]; row.Err == nil && row.Effect.SE > 0 {
				effects = append(effects, row.Effect)
			}
		}
		if len(effects) < 2 {
			continue
		}
		h, err := CompareSegments(effects, e.opt.Correction)
		if err != nil {
			return nil, nil, err
		}
		het[i] = &h
	}
	return out, het, nil
}

// result is Result among the users that in lets pass.
func (e *Run[U]) result(in func(U) bool) (Result, error) {
	if err := e.made("Run.Result"); err != nil {
		return Result{}, err
	}
	r := Result{Arms: slices.Clone(e.opt.Arms), Users: make([]int64, len(e.opt.Arms)), Level: e.opt.Level}
	byArm := make([][]int32, len(e.opt.Arms))
	order := make([]int32, 0, len(e.users))
	for i := range e.users {
		order = append(order, int32(i))
	}
	// Sums must not depend on the order of events.
	slices.SortFunc(order, func(i, j int32) int { return cmp.Compare(e.users[i], e.users[j]) })
	seen := false
	over, end := e.horizon()
	if e.opt.Timed {
		r.AsOf = time.Unix(0, over).UTC()
	}
	for _, i := range order {
		switch a := e.arm[i]; {
		case a == unassigned || e.later(int(i), end):
			r.Unassigned++
		case a == crossed:
			r.Crossovers++
		case in(e.users[i]):
			r.Users[a]++
			byArm[a] = append(byArm[a], i)
			seen = true
		}
	}
	if !seen {
		return Result{}, fmt.Errorf("experiment: Run.Result: no users in any arm: %w", ErrEmpty)
	}
	r.Before = e.before(byArm)
	r.SRM, r.SRMErr = SampleRatio(r.Users, e.opt.Weights)
	for _, m := range e.opt.Metrics {
		r.Rows = append(r.Rows, e.rows(m, byArm)...)
	}
	if err := r.adjust(e.opt.Correction); err != nil {
		return Result{}, err
	}
	return r, nil
}

// rows answers question m for every arm against the first.
func (e *Run[U]) rows(m Metric, byArm [][]int32) []Row {
	v, byArm, immature, err := e.counted(m, byArm)
	limit := bounds{math.NaN(), math.NaN()}
	if err == nil {
		limit, err = v.bounds(m, byArm)
	}
	var out []Row
	for a := 1; a < len(e.opt.Arms); a++ {
		row := Row{Metric: m.Name, Arm: e.opt.Arms[a], Adjusted: math.NaN(), Cap: limit.high, Theta: math.NaN(), Err: err, Immature: immature[0] + immature[a]}
		if row.Err == nil {
			row.Effect, row.Theta, row.Err = v.compare(m, limit, byArm[0], byArm[a])
		}
		if row.Err != nil {
			row.Effect = metrics.Effect{Scale: m.Scale, Estimate: math.NaN(), PValue: math.NaN()}
		}
		out = append(out, row)
	}
	return out
}

// bounds are the sums between which a question clips; NaN stands for none.
type bounds struct{ low, high float64 }

// bounds returns those of question m: quantiles of all arms together.
func (e *Run[U]) bounds(m Metric, byArm [][]int32) (bounds, error) {
	b := bounds{math.NaN(), math.NaN()}
	var arms [][]float64
	if m.Cap > 0 || m.Floor > 0 {
		for _, users := range byArm {
			arms = append(arms, e.values(users, m.Outcome))
		}
	}
	var err1, err2 error
	if m.Cap > 0 {
		b.high, err1 = winsorCap("Run.Result", m.Cap, m.Positive, arms...)
	}
	if m.Floor > 0 {
		b.low, err2 = winsorCap("Run.Result", m.Floor, m.Positive, arms...)
	}
	return b, errors.Join(err1, err2)
}

// clip returns the sum x of question m within b; of Positive a sum of 0 or less stays.
func (b bounds) clip(m Metric, x float64) float64 {
	if m.Positive && x <= 0 {
		return x
	}
	if x > b.high {
		x = b.high
	}
	if x < b.low {
		x = b.low
	}
	return x
}

// text says what was done.
func (b bounds) text() string {
	s := ""
	if !math.IsNaN(b.high) {
		s += ", values capped at " + capText(b.high)
	}
	if !math.IsNaN(b.low) {
		s += ", values raised to " + capText(b.low)
	}
	return s
}

// adjust fills in the corrected p-values of the rows that have one.
func (r *Result) adjust(c Correction) error {
	var ps []float64
	for _, row := range r.Rows {
		if row.Err == nil {
			ps = append(ps, row.Effect.PValue)
		}
	}
	if len(ps) == 0 {
		return nil
	}
	q, err := AdjustPValues(ps, c)
	if err != nil {
		return err
	}
	for i := range r.Rows {
		if r.Rows[i].Err == nil {
			r.Rows[i].Adjusted, q = q[0], q[1:]
		}
	}
	return nil
}

// values returns one outcome of each of the users.
func (e *Run[U]) values(users []int32, outcome int) []float64 {
	out := make([]float64, len(users))
	for j, i := range users {
		out[j] = e.sums[e.at(i, outcome)]
	}
	return out
}

// at is the place of an outcome of user i in sums and pre.
func (e *Run[U]) at(i int32, outcome int) int { return int(i)*e.opt.Outcomes + outcome }

// fillArms adds every user of an arm to the state of that arm, in the order given.
func fillArms[A any](control, treated []int32, add func(state *A, user int32) error) (a, b A, err error) {
	for _, i := range control {
		err = errors.Join(err, add(&a, i))
	}
	for _, i := range treated {
		err = errors.Join(err, add(&b, i))
	}
	return a, b, err
}

// compare answers question m for the users of two arms: the effect, and θ of CUPED
// or NaN. Sums of a mean or a ratio are clipped to limit.
func (e *Run[U]) compare(m Metric, limit bounds, control, treated []int32) (metrics.Effect, float64, error) {
	opt := metrics.CompareOptions{Scale: m.Scale, Level: e.opt.Level}
	sum := func(user int32) float64 { return e.sums[e.at(user, m.Outcome)] }
	switch {
	case m.Kind == Proportion:
		a, b, _ := fillArms(control, treated, func(s *metrics.Proportion, u int32) error {
			s.Add(sum(u) > 0)
			return nil
		})
		x, err := metrics.CompareProportions(a, b, opt)
		return x, math.NaN(), err
	case m.CUPED:
		return e.compareAdjusted(m, opt, control, treated)
	case m.Kind == Mean:
		a, b, err := fillArms(control, treated, func(s *metrics.Moments, u int32) error {
			return s.Add(limit.clip(m, sum(u)))
		})
		if err != nil {
			return metrics.Effect{}, 0, err
		}
		x, err := metrics.CompareMeans(a, b, opt)
		if err == nil {
			x.Method += limit.text()
		}
		return x, math.NaN(), err
	}
	a, b, err := fillArms(control, treated, func(s *RatioMoments, u int32) error {
		return s.Add(limit.clip(m, sum(u)), e.sums[e.at(u, m.Per)])
	})
	if err != nil {
		return metrics.Effect{}, 0, err
	}
	x, err := CompareRatios(a, b, opt)
	if err == nil {
		x.Method += limit.text()
	}
	return x, math.NaN(), err
}

// compareAdjusted is compare of a mean or a ratio with CUPED.
func (e *Run[U]) compareAdjusted(m Metric, opt metrics.CompareOptions, control, treated []int32) (metrics.Effect, float64, error) {
	if m.Kind == Mean {
		a, b, err := fillArms(control, treated, func(s *CUPED, u int32) error {
			at := e.at(u, m.Outcome)
			if !e.known[u] {
				return s.AddMissing(e.sums[at])
			}
			return s.Add(e.sums[at], e.pre[at])
		})
		if err != nil {
			return metrics.Effect{}, 0, err
		}
		x, err := CompareCUPED(a, b, opt)
		return x.Effect, x.Theta, err
	}
	a, b, err := fillArms(control, treated, func(s *CUPEDRatio, u int32) error {
		at, per := e.at(u, m.Outcome), e.at(u, m.Per)
		if !e.known[u] {
			return s.AddMissing(e.sums[at], e.sums[per])
		}
		return s.Add(e.sums[at], e.sums[per], e.pre[at], e.pre[per])
	})
	if err != nil {
		return metrics.Effect{}, 0, err
	}
	x, err := CompareCUPEDRatios(a, b, opt)
	return x.Effect, x.Theta, err
}
