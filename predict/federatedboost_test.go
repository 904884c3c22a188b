package predict_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/federated"
	"github.com/aislekit/aisle/predict/tree"
)

// TestFederatedBoosting: boosting over four parties whose words are masked in pairs, one of them missing from an exchange, gives the bytes of
// the same sums in the open.
func TestFederatedBoosting(t *testing.T) {
	ctx := context.Background()
	get := func(m *federated.Masks, err error) *federated.Masks {
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	who := []string{"east", "north", "south", "west"}
	masks := make([]*federated.Masks, len(who))
	parties := make([]*tree.BoostParty, len(who))
	r := rng.New(3, 0, 0)
	for k, me := range who {
		secrets := map[string][]byte{}
		for _, other := range who {
			if other != me {
				secrets[other] = []byte("a secret of " + min(me, other) + " and " + max(me, other))
			}
		}
		masks[k] = get(federated.NewMasks(me, secrets))
		rows, y := make([][]float64, 80), make([]float64, 80)
		for i := range rows {
			rows[i] = []float64{r.Normal(), float64(r.Intn(6))}
			if rows[i][0]+r.Normal() > rows[i][1]/3 {
				y[i] = 1
			}
		}
		var err error
		if parties[k], err = tree.NewBoostParty(rows, y, tree.PartyOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	fit := func(hidden bool) []byte {
		exchange := uint64(0)
		m, err := tree.FitBoostParties(ctx, []string{"spent", "visits"}, func(ctx context.Context, at *tree.BoostRound) (*tree.BoostRound, error) {
			exchange++
			var sent [][]uint64
			for k, p := range parties {
				if k == 3 && exchange == 4 {
					continue // west does not answer
				}
				mine := at.Empty()
				if err := mine.Add(ctx, p); err != nil {
					return nil, err
				}
				if !hidden {
					if err := at.Merge(mine); err != nil {
						return nil, err
					}
					continue
				}
				words, err := masks[k].Hide(nil, mine.Words(nil), exchange)
				if err != nil {
					return nil, err
				}
				sent = append(sent, words)
			}
			if !hidden {
				return at, nil
			}
			if exchange == 4 {
				sum, err := federated.SumWords(nil, sent...)
				if err != nil {
					return nil, err
				}
				if err := at.SetWords(sum); !errors.Is(err, tree.ErrCorrupt) {
					t.Errorf("masks for the missing party: %v", err)
				}
				for k := range 3 {
					pair, err := masks[k].Pair(nil, "west", len(sum), exchange)
					if err != nil {
						return nil, err
					}
					federated.Negate(pair)
					sent = append(sent, pair)
				}
			}
			sum, err := federated.SumWords(nil, sent...)
			if err != nil {
				return nil, err
			}
			return at, at.SetWords(sum)
		}, tree.BoostOptions{Iterations: 3, Leaves: 5, MinRows: 5})
		if err != nil {
			t.Fatal(err)
		}
		b, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(fit(true), fit(false)) {
		t.Error("masked sums give another model")
	}
}
