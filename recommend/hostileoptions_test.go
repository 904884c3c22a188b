package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/modeltest"
)

// Every number of every options struct at the ends of its range: the fit refuses
// the field by name, is told to stop, or gives finite scores.
func TestHostileOptions(t *testing.T) {
	x := modeltest.Groups(24, 17, 4, 3)
	x = must(x.WithTimes(make([]int64, x.Len())))(t)
	ints := []int64{-1, math.MinInt64, math.MaxInt64, math.MaxInt64 / 2, math.MaxInt32, 1}
	floats := []float64{-1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1e-30, 1e30, 1}
	for _, c := range append(fitters(t, x, must(x.Sequences())(t), recommend.GroupTitles(x.Items())),
		fitOf(recommend.FitMF, recommend.MFOptions{Factors: 4, Epochs: 3, Alternating: true}, x),
		fitOf(recommend.FitFM, recommend.FMOptions{Factors: 4, Epochs: 3, Task: recommend.FMClicks}, x),
		fitOf(recommend.FitFM, recommend.FMOptions{Factors: 4, Epochs: 3, Task: recommend.FMRatings}, x),
	) {
		typ := c.opt
		for f := range typ.NumField() {
			field := typ.Field(f)
			try := func(set func(v reflect.Value), label any) {
				opt := reflect.New(typ).Elem()
				opt.Set(c.base)
				set(opt.Field(f))
				name := fmt.Sprintf("%s: %s %v", c.name, field.Name, label)
				ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
				defer cancel()
				defer func() {
					if p := recover(); p != nil {
						t.Errorf("%s: panic: %v", name, p)
					}
				}()
				start := time.Now()
				state, err := c.state(ctx, opt)
				if d := time.Since(start); d > 5*time.Second {
					t.Errorf("%s: took %v after the deadline", name, d)
				}
				switch {
				case errors.Is(err, context.DeadlineExceeded), errors.Is(err, recommend.ErrDiverged), errors.Is(err, recommend.ErrTooLarge):
				case errors.Is(err, recommend.ErrEmpty) && c.name == "FitTFIDF" && strings.HasSuffix(field.Name, "DF"): // no term is left
				case errors.Is(err, recommend.ErrOption):
					if !strings.Contains(err.Error(), field.Name) || !strings.HasPrefix(err.Error(), "recommend: ") {
						t.Errorf("%s: the error does not name the field: %v", name, err)
					}
				case err != nil:
					t.Errorf("%s: %v", name, err)
				default:
					if m, ok := state.(recommend.Model); ok {
						hostileScores(t, name, x, m)
					}
				}
			}
			switch field.Type.Kind() {
			case reflect.Int, reflect.Int64:
				for _, n := range ints {
					if field.Name == "Workers" && n > 1 {
						n = 1000
					}
					try(func(v reflect.Value) { v.SetInt(n) }, n)
				}
			case reflect.Float64:
				for _, n := range floats {
					try(func(v reflect.Value) { v.SetFloat(n) }, n)
				}
			case reflect.Bool:
				try(func(v reflect.Value) { v.SetBool(!v.Bool()) }, "flipped")
			}
		}
	}
}

// hostileScores checks that m scores x, and that all it says is finite.
func hostileScores(t *testing.T, name string, x *recommend.Interactions, m recommend.Model) {
	t.Helper()
	dst := make([]float32, m.Items())
	for u := range x.Users() {
		for _, user := range []int32{int32(u), recommend.Stranger} {
			q := x.Query(u)
			q.User = user
			if err := m.Score(dst, q); err != nil {
				if !errors.Is(err, recommend.ErrEmpty) && !errors.Is(err, recommend.ErrDiverged) {
					t.Errorf("%s: user %d: %v", name, user, err)
					return
				}
				continue
			}
			for i, s := range dst {
				if s-s != 0 {
					t.Errorf("%s: user %d of the fit asked as %d: score of item %d is %v", name, u, user, i, s)
					return
				}
			}
		}
	}
	if s, ok := m.(recommend.Similar); ok {
		for i := range m.Items() {
			near, err := s.AppendSimilar(nil, int32(i), math.MaxInt)
			if err != nil {
				t.Errorf("%s: like item %d: %v", name, i, err)
				return
			}
			for _, n := range near {
				if n.Score-n.Score != 0 {
					t.Errorf("%s: item %d is like item %d by %v", name, i, n.Item, n.Score)
					return
				}
			}
		}
	}
}
