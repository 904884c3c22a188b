package federated_test

import (
	"context"
	"crypto/ecdh"
	"errors"
	"fmt"
	"math"

	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/federated"
)

// Three shops fit one model of who buys again. None sees a row of another, and who adds up sees no shop's numbers: they agree on secrets by X25519, and
// what they send is masked.
func Example() {
	shops := []string{"north", "south", "east"}
	visits := [][]float64{{1, 2, 3, 5}, {2, 4, 6, 1}, {1, 5, 4, 7}}
	again := [][]float64{{0, 0, 1, 1}, {0, 1, 1, 0}, {0, 0, 1, 1}}
	private := make([]*ecdh.PrivateKey, len(shops))
	for k := range shops {
		seed := make([]byte, 32) // ecdh.X25519().GenerateKey(rand.Reader)
		seed[0] = byte(k + 1)
		var err error
		if private[k], err = ecdh.X25519().NewPrivateKey(seed); err != nil {
			panic(err)
		}
	}
	masks := make([]*federated.Masks, len(shops))
	for k := range shops {
		secrets := make(map[string][]byte)
		for j, other := range shops {
			if j == k {
				continue
			}
			secret, err := private[k].ECDH(private[j].PublicKey()) // public keys may be seen by all
			if err != nil {
				panic(err)
			}
			secrets[other] = secret
		}
		var err error
		if masks[k], err = federated.NewMasks(shops[k], secrets); err != nil {
			panic(err)
		}
	}
	round := uint64(0)
	ask := func(_ context.Context, at *federated.Round) (*federated.Round, error) {
		round++
		var sent [][]uint64
		for k := range shops {
			mine := at.Empty()
			for i, v := range visits[k] {
				if err := mine.Add([]float64{v}, again[k][i], 1, 0); err != nil {
					return nil, err
				}
			}
			words, err := masks[k].Hide(nil, mine.Words(nil), round)
			if err != nil {
				return nil, err
			}
			sent = append(sent, words)
		}
		sum, err := federated.SumWords(nil, sent...)
		if err != nil {
			return nil, err
		}
		return at, at.SetWords(sum)
	}
	m, err := federated.FitLogistic(context.Background(), []string{"visits"}, ask, federated.Options{L2: 1})
	if err != nil {
		panic(err)
	}
	p, err := m.Prob(nil, [][]float64{{1}, {6}})
	fmt.Printf("%.2f %v\n", p, err)
	// Output:
	// [0.11 0.92] <nil>
}

// A linear and a Poisson regression of the same rows, over two parties that answer in turn.
func ExampleFitLinear() {
	rows, spent, orders := [][]float64{{1}, {2}, {3}, {4}}, []float64{12, 19, 31, 41}, []float64{1, 2, 2, 5}
	over := func(y []float64) federated.Ask {
		return func(_ context.Context, at *federated.Round) (*federated.Round, error) {
			for party := range 2 {
				var mine *federated.Round = at.Empty()
				for i := party; i < len(rows); i += 2 {
					if err := mine.Add(rows[i], y[i], 1, 0); err != nil {
						return nil, err
					}
				}
				if err := at.Merge(mine); err != nil {
					return nil, err
				}
			}
			return at, nil
		}
	}
	var ask federated.Ask = over(spent)
	line, err := federated.FitLinear(context.Background(), []string{"visits"}, ask, federated.Options{})
	if err != nil {
		panic(err)
	}
	counts, err := federated.FitPoisson(context.Background(), []string{"visits"}, over(orders), federated.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.2f %.2f\n", line.Coefficients()[0].Value, counts.Coefficients()[0].Value)
	// Output:
	// 9.90 0.52
}

// What a party sends first: the sums of its rows at coefficients of 0.
func ExampleNewRound() {
	var law federated.Law = federated.Logistic // or federated.Poisson, federated.Linear
	r, err := federated.NewRound(law, []float64{0, 0}, 0)
	if err != nil {
		panic(err)
	}
	if err := r.Add([]float64{1, 2}, 1, 1, 0); err != nil {
		panic(err)
	}
	var bad *federated.FieldError
	if errors.As(r.Add([]float64{math.NaN(), 2}, 1, 1, 0), &bad) {
		fmt.Println(bad.Field)
	}
	fmt.Printf("%d row, objective %.4f, %d words\n", r.Rows(), r.Objective(), len(r.Words(nil)))
	// Output:
	// column 0
	// 1 row, objective 0.6931, 24 words
}

// Two parties and one that is missing: what the two have masked for it is taken out again.
func ExampleMasks_Pair() {
	secret := func(a, b string) []byte { return []byte("agreed on by " + min(a, b) + " and " + max(a, b)) }
	names := []string{"north", "south", "west"}
	var sent [][]uint64
	for _, me := range names[:2] {
		secrets := make(map[string][]byte)
		for _, other := range names {
			if other != me {
				secrets[other] = secret(me, other)
			}
		}
		m, err := federated.NewMasks(me, secrets)
		if err != nil {
			panic(err)
		}
		words, err := m.Hide(nil, []uint64{20, 0}, 1) // 20 in two words
		if err != nil {
			panic(err)
		}
		pair, err := m.Pair(nil, "west", len(words), 1)
		if err != nil {
			panic(err)
		}
		federated.Negate(pair)
		sent = append(sent, words, pair)
	}
	sum, err := federated.SumWords(nil, sent...)
	fmt.Println(sum, err)
	// Output:
	// [40 0] <nil>
}

// Naive Bayes over two parties: one pass, and one exchange.
func ExampleBayes() {
	opt := predict.NaiveBayesOptions{Classes: 2, Columns: predict.Numbers("age", "orders")}
	var parties [2]*federated.Bayes
	for k := range parties {
		var err error
		if parties[k], err = federated.NewBayes(opt); err != nil {
			panic(err)
		}
	}
	for i, row := range [][]float64{{20, 1}, {22, 1}, {25, 2}, {51, 6}, {48, 5}, {60, 7}} {
		if err := parties[i%2].Add(row, i/3, 1); err != nil {
			panic(err)
		}
	}
	if err := parties[0].Merge(parties[1]); err != nil {
		panic(err)
	}
	sums, err := parties[0].NaiveBayes()
	if err != nil {
		panic(err)
	}
	m, err := sums.Result()
	if err != nil {
		panic(err)
	}
	class, err := m.Predict(nil, [][]float64{{23, 1}, {55, 6}})
	fmt.Println(class, err)
	// Output:
	// [0 1] <nil>
}

// The server's step of federated averaging.
func ExampleAverage() {
	mean, err := federated.Average([]federated.Update{{Coef: []float64{1, 2}, Rows: 300}, {Coef: []float64{2, 4}, Rows: 100}})
	fmt.Println(mean, err)
	// Output:
	// [1.25 2.5] <nil>
}
