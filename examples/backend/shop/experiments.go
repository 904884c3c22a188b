package shop

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/metrics/experiment"
)

func (s *Shop) loadExperiments(ctx context.Context) error {
	all, err := s.store.Experiments(ctx)
	if err != nil {
		return err
	}
	by := map[string]store.Experiment{}
	for _, x := range all {
		by[x.Name] = x
	}
	s.experiments.Store(&by)
	return nil
}

// StartExperiment begins an experiment; ErrInvalid for arms that are none, ErrTaken for a
// name that is used.
func (s *Shop) StartExperiment(ctx context.Context, name string, arms []store.Arm) error {
	names := map[string]bool{}
	for _, a := range arms {
		if names[a.Name] || a.Name == "" || !slices.Contains(Policies, a.Policy) {
			return fmt.Errorf("arm %q of policy %q: %w", a.Name, a.Policy, ErrInvalid)
		}
		names[a.Name] = true
	}
	if len(arms) < 2 {
		return fmt.Errorf("%d arms: %w", len(arms), ErrInvalid)
	}
	if _, err := s.assigner(name, arms); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return s.do(ctx, func(ctx context.Context) error {
		taken, err := s.store.PutExperiment(ctx, store.Experiment{Name: name, Arms: arms, Began: s.opt.Clock()})
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if taken {
			return fmt.Errorf("experiment %q: %w", name, ErrTaken)
		}
		return s.loadExperiments(ctx)
	})
}

// ErrTaken says that a name is used.
var ErrTaken = fmt.Errorf("there is one of this name: %w", ErrInvalid)

// EndExperiment ends one; its exposures and results stay.
func (s *Shop) EndExperiment(ctx context.Context, name string) error {
	if _, err := s.Experiment(name); err != nil {
		return err
	}
	return s.do(ctx, func(ctx context.Context) error {
		if err := s.store.EndExperiment(ctx, name, s.opt.Clock()); err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return s.loadExperiments(ctx)
	})
}

// Experiments are all by name.
func (s *Shop) Experiments() []store.Experiment {
	by := *s.experiments.Load()
	out := make([]store.Experiment, 0, len(by))
	for _, name := range slices.Sorted(maps.Keys(by)) {
		out = append(out, by[name])
	}
	return out
}

// Experiment is one of them; ErrUnknown.
func (s *Shop) Experiment(name string) (store.Experiment, error) {
	x, ok := (*s.experiments.Load())[name]
	if !ok {
		return x, fmt.Errorf("experiment %q: %w", name, ErrUnknown)
	}
	return x, nil
}

// assigner puts customers into arms by a lot under the key: no customer can choose.
func (s *Shop) assigner(name string, arms []store.Arm) (*experiment.Assigner, error) {
	w := make([]float64, len(arms))
	for i, a := range arms {
		w[i] = a.Weight
	}
	return experiment.NewKeyedAssigner(s.keys.mac("experiment", ""), name, w)
}

// Arm is the arm of a customer, always the same; after the end that of the control.
func (s *Shop) Arm(name, customer string) (store.Arm, error) {
	x, err := s.Experiment(name)
	if err != nil {
		return store.Arm{}, err
	}
	if customer == "" {
		return store.Arm{}, fmt.Errorf("an experiment needs a customer: %w", ErrInvalid)
	}
	if !x.Ended.IsZero() {
		return x.Arms[0], nil
	}
	a, err := s.assigner(name, x.Arms)
	if err != nil {
		return store.Arm{}, err
	}
	return x.Arms[a.Arm(s.keys.Pseudonym(customer))], nil
}

// Expose records that a customer saw what the arm is about. The arm is the assigned one.
func (s *Shop) Expose(ctx context.Context, id, name, customer string, at time.Time) (fate store.Fate, arm string, err error) {
	a, err := s.Arm(name, customer)
	if err != nil {
		return "", "", err
	}
	if x, _ := s.Experiment(name); !x.Ended.IsZero() && at.After(x.Ended) {
		return "", "", fmt.Errorf("experiment %q has ended: %w", name, ErrInvalid)
	}
	err = s.do(ctx, func(ctx context.Context) error {
		fate, err = s.store.AddExposure(ctx, store.Exposure{ID: id, Experiment: name, Customer: s.keys.Pseudonym(customer), Arm: a.Name, At: at}, s.customer(customer, s.opt.Clock()))
		return err
	})
	if err != nil {
		return store.Failed, a.Name, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return fate, a.Name, nil
}

// Result compares the arms by what customers ordered from their first exposure on.
func (s *Shop) Result(ctx context.Context, name string) (experiment.Result, error) {
	x, err := s.Experiment(name)
	if err != nil {
		return experiment.Result{}, err
	}
	opt := experiment.Options{Outcomes: 2, Timed: true, Metrics: []experiment.Metric{
		{Name: "buyers", Kind: experiment.Proportion}, {Name: "revenue", Kind: experiment.Mean, Outcome: 1},
	}}
	arm := map[string]int{}
	for i, a := range x.Arms {
		opt.Arms, opt.Weights, arm[a.Name] = append(opt.Arms, a.Name), append(opt.Weights, a.Weight), i
	}
	run, err := experiment.New[string](opt)
	if err != nil {
		return experiment.Result{}, fmt.Errorf("shop: experiment: %w", err)
	}
	seen, err := s.store.Exposures(ctx, name)
	if err != nil {
		return experiment.Result{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if len(seen) == 0 {
		return experiment.Result{Arms: opt.Arms, Users: make([]int64, len(opt.Arms)), SRMErr: experiment.ErrEmpty, Level: .95}, nil
	}
	now, in := s.opt.Clock(), map[string]bool{}
	for _, e := range seen {
		if err := run.AssignAt(e.Customer, arm[e.Arm], e.At); err != nil {
			return experiment.Result{}, fmt.Errorf("shop: exposure %d: %w", e.Seq, err)
		}
		in[e.Customer] = true
	}
	until := now.Add(time.Minute)
	if !x.Ended.IsZero() {
		until = x.Ended
	}
	for e, err := range s.store.EventsBetween(ctx, store.KindOrder, x.Began, until) {
		if err != nil {
			return experiment.Result{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if !in[e.Customer] {
			continue
		}
		for outcome, v := range []float64{1, float64(e.Amount)} {
			if err := run.AddAt(e.Customer, outcome, v, e.At); err != nil {
				return experiment.Result{}, fmt.Errorf("shop: order %d: %w", e.Seq, err)
			}
		}
	}
	if err := run.AsOf(until); err != nil {
		return experiment.Result{}, fmt.Errorf("shop: experiment: %w", err)
	}
	r, err := run.Result()
	if err != nil {
		return r, fmt.Errorf("shop: experiment: %w", err)
	}
	return r, nil
}

// finite is nil for what JSON has no number for.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
