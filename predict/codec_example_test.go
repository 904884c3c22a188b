package predict_test

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/aislekit/aisle/predict"
)

// A model and its calibrator in one stream, read again by whoever serves them.
func ExampleWriteModel() {
	m, err := predict.FitLogistic(context.Background(), visits, bought, predict.LogisticOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var stream bytes.Buffer // a file, an object store, a queue
	for _, p := range []predict.Persistent{m, &predict.SigmoidCalibrator{A: -1.2, B: 0.3, Converged: true}} {
		if _, err := predict.WriteModel(&stream, p); err != nil {
			fmt.Println(err)
			return
		}
	}
	for {
		p, err := predict.ReadModel(&stream)
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		switch p := p.(type) {
		case *predict.Logistic:
			fmt.Println("a model of", p.Columns(), "columns")
		case *predict.SigmoidCalibrator:
			fmt.Println("a calibrator:", p.A, p.B)
		}
	}
	// Output:
	// a model of 2 columns
	// a calibrator: -1.2 0.3
}

// The purchases of two shards, one of which came over the wire.
func ExampleLabeler_MarshalBinary() {
	var here, there predict.Labeler[string]
	_ = here.Add("ann", at(1))
	_ = there.Add("ann", at(20))
	_ = there.Add("bea", at(5))
	shipped, err := there.MarshalBinary()
	if err != nil {
		fmt.Println(err)
		return
	}
	var arrived predict.Labeler[string]
	if err := arrived.UnmarshalBinary(shipped); err != nil {
		fmt.Println(err)
		return
	}
	if err := here.Merge(&arrived); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(here.Len(), "users")
	// Output: 2 users
}
