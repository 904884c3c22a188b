package tree_test

import (
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/aislekit/aisle/predict/tree"
)

// A model that XGBoost has saved as UBJSON or JSON answers here as it does there.
func ExampleImportXGBoost() {
	data, err := os.ReadFile("testdata/import/xgboost-3.2.0-gamma.ubj")
	if err != nil {
		panic(err)
	}
	m, err := tree.ImportXGBoost(data)
	if err != nil {
		panic(err)
	}
	amounts, err := m.Predict(nil, [][]float64{{.5, 12, 3, 1, 4}, {-1, math.NaN(), 2, 0, 60}})
	fmt.Printf("%v %s %.3f %v\n", m.Names(), m.Link(), amounts, err)
	// Output: [recency spend tier trend shop] log [2.211 1.587] <nil>
}

// LightGBM saves text. What has no like here is refused by name.
func ExampleImportLightGBM() {
	for _, name := range []string{"multiclass", "linear-trees"} {
		data, err := os.ReadFile("testdata/import/lightgbm-4.7.0-" + name + ".txt")
		if err != nil {
			panic(err)
		}
		m, err := tree.ImportLightGBM(data)
		if errors.Is(err, tree.ErrUnsupported) {
			fmt.Println(err)
			continue
		}
		p, err := m.Predict(nil, [][]float64{{.5, 12, 3, 1, 4}})
		fmt.Printf("%.3f %v\n", p, err)
	}
	// Output:
	// [0.203 0.306 0.491] <nil>
	// tree: ImportLightGBM: Tree=0: is_linear is "1": trees with linear models in their leaves: not supported
}

// Linear weights are plain values.
func ExampleImportXGBoostLinear() {
	data, err := os.ReadFile("testdata/import/xgboost-3.2.0-linear.json")
	if err != nil {
		panic(err)
	}
	var w *tree.Weights
	w, err = tree.ImportXGBoostLinear(data)
	if err != nil {
		panic(err)
	}
	y, err := w.Predict(nil, [][]float64{{.5, 12, 3, 1, 4}})
	fmt.Printf("%s %.3f %.3f %v\n", w.Names[0], w.Coefficients[0][0], y, err)
	// Output: recency 1.295 [4.367] <nil>
}
