package recommend_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aislekit/aisle/recommend"
)

// Events of a dataset without times are in no sequence, so not even those that a return
// cancelled or k-core dropped may keep the order in which they came.
func TestUntimedReturnsInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 1))
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for round := range 40 {
		events := make([]recommend.Observation[int, string], 1+r.IntN(40))
		for k := range events {
			o := recommend.Observation[int, string]{User: r.IntN(3), Item: string(rune('a' + r.IntN(6))), Weight: float32(1 + r.IntN(2))}
			if r.IntN(2) == 0 {
				o.Weight = -o.Weight
			}
			if round%2 == 1 && r.IntN(2) == 0 {
				o.At = at
			}
			events[k] = o
		}
		events = append(events, recommend.Observation[int, string]{User: 0, Item: "kept", Weight: 1})
		opt := recommend.BuilderOptions{MinUserItems: round % 3, MinItemUsers: round / 3 % 3} // what these drop is kept for Grow
		var want []byte
		for turn := range 4 {
			b, _ := recommend.NewBuilder[int, string](opt)
			for _, o := range events {
				var err error
				if o.At.IsZero() {
					err = b.Add(o.User, o.Item, o.Weight)
				} else {
					err = b.AddAt(o.User, o.Item, o.Weight, o.At)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if turn == 3 {
				frame, err := b.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				if err := b.UnmarshalBinary(frame); err != nil {
					t.Fatal(err)
				}
			}
			d, err := b.Build()
			if errors.Is(err, recommend.ErrEmpty) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := d.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if turn == 0 {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("round %d, turn %d: other bytes for the events in another order", round, turn)
			}
			r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		}
	}
}
