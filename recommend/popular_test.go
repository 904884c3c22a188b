package recommend

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

func TestPopular(t *testing.T) {
	d := build(t, BuilderOptions{}, []rawEvent{
		{"a", 1, 2, day(0)}, {"b", 1, 3, day(1)}, {"a", 2, 1, day(2)}, {"c", 3, 9, day(2)}, {"c", 2, 1, day(4)},
	})
	for _, c := range []struct {
		name string
		opt  PopularOptions
		want []float32
	}{
		{"users", PopularOptions{}, []float32{2, 2, 1}},
		{"weights", PopularOptions{ByWeight: true}, []float32{5, 2, 9}},
		{"decayed", PopularOptions{HalfLife: 24 * time.Hour}, []float32{1.0/16 + 1.0/8, 1.0/4 + 1, 1.0 / 4}},
		{"as of day 2", PopularOptions{HalfLife: 24 * time.Hour, AsOf: day(2)}, []float32{1.0/4 + 1.0/2, 1, 1}},
	} {
		m, err := FitPopular(context.Background(), d.Interactions, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.scores, c.want) {
			t.Errorf("%s: %v, want %v", c.name, m.scores, c.want)
		}
	}
	if _, err := FitPopular(context.Background(), d.Interactions, PopularOptions{HalfLife: -1}); !errors.Is(err, ErrOption) {
		t.Errorf("negative half-life: %v", err)
	}
	if _, err := FitPopular(context.Background(), groups(9, 9, 2, 1), PopularOptions{HalfLife: 1}); !errors.Is(err, ErrEmpty) {
		t.Errorf("no times: %v", err)
	}
}

func BenchmarkFitPopular(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := FitPopular(context.Background(), x, PopularOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
