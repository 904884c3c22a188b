package solve

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

// rosenbrock is the chained Rosenbrock function, minimum 0 at (1, …, 1).
func rosenbrock(g, x []float64) (float64, error) {
	f := 0.0
	clear(g)
	for i := 0; i+1 < len(x); i++ {
		a, b := x[i+1]-x[i]*x[i], 1-x[i]
		f += 100*a*a + b*b
		g[i] += -400*a*x[i] - 2*b
		g[i+1] += 200 * a
	}
	return f, nil
}

func TestLBFGSRosenbrock(t *testing.T) {
	for _, n := range []int{2, 10, 101} {
		x0 := make([]float64, n)
		for i := range x0 {
			x0[i] = -1.2
			if i%2 == 1 {
				x0[i] = 1
			}
		}
		r, err := LBFGS(context.Background(), x0, rosenbrock, LBFGSOptions{MaxIter: 2000})
		if err != nil || !r.Converged {
			t.Fatalf("n=%d: %+v, %v", n, r, err)
		}
		// Chained Rosenbrock has a second, local minimum near x₁ = -1 for n >= 4.
		if math.Abs(math.Abs(r.X[0])-1) > 0.02 || math.Abs(r.X[n-1]-1) > 1e-5 {
			t.Errorf("n=%d: ended at %v … %v", n, r.X[0], r.X[n-1])
		}
		if x0[0] != -1.2 {
			t.Error("the start was written")
		}
	}
}

// quadratic returns ½(x-c)ᵀA(x-c), A diagonal of the given condition.
func quadratic(n int, cond float64) (a, c []float64, f Objective) {
	a, c = make([]float64, n), make([]float64, n)
	r := rng.New(1, 2, 3)
	for i := range a {
		a[i] = math.Pow(cond, float64(i)/float64(n-1))
		c[i] = r.Normal()
	}
	return a, c, func(g, x []float64) (float64, error) {
		s := 0.0
		for i := range x {
			d := x[i] - c[i]
			g[i] = a[i] * d
			s += a[i] * d * d / 2
		}
		return s, nil
	}
}

func TestLBFGSPrecond(t *testing.T) {
	a, c, f := quadratic(50, 1e8)
	newton := LBFGSOptions{Memory: -1, Precond: func(dst, g []float64) {
		for i := range g {
			dst[i] = g[i] / a[i]
		}
	}}
	r, err := LBFGS(context.Background(), make([]float64, 50), f, newton)
	if err != nil || !r.Converged || r.Iter != 1 {
		t.Fatalf("Newton on a quadratic: %d iterations, %v", r.Iter, err)
	}
	for i := range c {
		if math.Abs(r.X[i]-c[i]) > 1e-12 {
			t.Errorf("x[%d] = %v, want %v", i, r.X[i], c[i])
		}
	}
}

// TestOWLQN compares with the closed form of soft thresholding.
func TestOWLQN(t *testing.T) {
	a, c, f := quadratic(40, 1e3)
	l1 := make([]float64, 40)
	for i := range l1 {
		l1[i] = 0.5 * float64(i%3)
	}
	r, err := LBFGS(context.Background(), make([]float64, 40), f, LBFGSOptions{L1: l1, MaxIter: 1000})
	if err != nil || !r.Converged {
		t.Fatalf("%+v, %v", r, err)
	}
	zeros := 0
	for i := range c {
		want := math.Copysign(math.Max(0, math.Abs(c[i])-l1[i]/a[i]), c[i])
		if math.Abs(r.X[i]-want) > 1e-6 {
			t.Errorf("x[%d] = %v, want %v", i, r.X[i], want)
		}
		if want == 0 {
			zeros++
			if r.X[i] != 0 {
				t.Errorf("x[%d] = %v, want exactly 0", i, r.X[i])
			}
		}
	}
	if zeros == 0 {
		t.Error("the test has no zero coordinate")
	}
}

func TestLBFGSBounds(t *testing.T) {
	// -log(x) + x is infinite left of 0: the search must step back.
	f := func(g, x []float64) (float64, error) {
		g[0] = 1 - 1/x[0]
		return x[0] - math.Log(x[0]), nil
	}
	r, err := LBFGS(context.Background(), []float64{30}, f, LBFGSOptions{})
	if err != nil || !r.Converged || math.Abs(r.X[0]-1) > 1e-7 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := LBFGS(context.Background(), []float64{-1}, f, LBFGSOptions{}); !errors.Is(err, check.ErrDiverged) {
		t.Errorf("start outside: %v", err)
	}
	if _, err := LBFGS(context.Background(), []float64{1}, f, LBFGSOptions{L1: []float64{1, 2}}); !errors.Is(err, check.ErrShape) {
		t.Errorf("L1 of wrong length: %v", err)
	}
	boom := errors.New("boom")
	if _, err := LBFGS(context.Background(), []float64{1}, func(_, _ []float64) (float64, error) { return 0, boom }, LBFGSOptions{}); !errors.Is(err, boom) {
		t.Errorf("own error: %v", err)
	}
	r, err = LBFGS(context.Background(), []float64{-1.2, 1}, rosenbrock, LBFGSOptions{MaxIter: 3})
	if err != nil || r.Converged || r.Iter != 3 {
		t.Errorf("three iterations: %+v, %v", r, err)
	}
}

func TestLBFGSCancel(t *testing.T) {
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(context.Background())
	n := 0
	_, err := LBFGS(ctx, []float64{-1.2, 1}, func(g, x []float64) (float64, error) {
		if n++; n == 5 {
			cancel(why)
		}
		return rosenbrock(g, x)
	}, LBFGSOptions{})
	if !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}
