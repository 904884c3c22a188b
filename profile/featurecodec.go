package profile

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/codec"
)

// write writes the states of one user, by feature and cell.
func (f *featureSet) write(w *codec.Writer, u int32) {
	type part struct {
		key  uint64
		span span
	}
	var parts []part
	f.cells.of(u, func(key uint64, s *span) {
		if s.n > 0 {
			parts = append(parts, part{key, *s})
		}
	})
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.key, b.key) })
	w.Int(len(parts))
	for _, p := range parts {
		w.Int(int(p.key >> 32))
		w.Int64(int64(uint32(p.key)))
		w.Int64s(f.state(p.span))
	}
}

// read reads what write wrote, and fails r for cells that are none and states that their
// feature does not know.
func (f *featureSet) read(r *codec.Reader, u int32, rolling bool) error {
	last := int64(-1)
	for range r.Int() {
		i, cell := r.Int(), r.Int64()
		state := r.Int64s()
		if r.Err() != nil {
			return r.Err()
		}
		ok := i < len(f.list) && cell >= 0 && len(state) > 0
		if ok && cell != allTime {
			days := f.days[i]
			ok = len(days) > 0 && (rolling && cell < int64(days[len(days)-1]) || !rolling && cell < int64(len(days)))
		}
		key := int64(i)<<32 | cell
		if !ok || key <= last || !f.list[i].Valid(state) {
			r.Fail("has a state of a feature out of place")
			return r.Err()
		}
		last = key
		if err := f.put(f.cells.at(u, uint64(key)), state); err != nil {
			return err
		}
	}
	return r.Err()
}

// readFeatures reads which features a frame has and compares them with those of the
// Builder that reads it.
func (b *Builder[U, I]) readFeatures(r *codec.Reader, features []Feature, zone *time.Location) error {
	n := 0
	if r.Version > 2 {
		n = r.Int()
	}
	if r.Err() != nil || n == 0 && len(features) == 0 {
		return r.Err()
	}
	for i := range n {
		name, count := r.String(), r.Int()
		var days []int
		for range count {
			if days = append(days, r.Int()); r.Err() != nil || len(days) > maxFeatureDays {
				return fmt.Errorf("windows of a feature: %w", cmp.Or(r.Err(), ErrCorrupt))
			}
		}
		if r.Err() != nil {
			return r.Err()
		}
		if i >= len(features) || name != features[i].Name() || !slices.Equal(days, features[i].Days()) {
			return fmt.Errorf("feature %q is none of the Features of the Builder that reads it: %w", name, ErrMismatch)
		}
	}
	if n != len(features) {
		return fmt.Errorf("%d features, the Builder that reads them has %d: %w", n, len(features), ErrMismatch)
	}
	if !b.by(zone) {
		return fmt.Errorf("features by the clock of another Zone: %w", ErrMismatch)
	}
	opt := b.opt
	opt.Features = features
	fresh, err := NewBuilder[U, I](opt)
	if err != nil {
		return fmt.Errorf("options do not hold: %w", ErrCorrupt)
	}
	b.opt.Features, b.extra = features, fresh.extra
	return nil
}
