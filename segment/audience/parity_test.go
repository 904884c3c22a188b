package audience_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/segment/audience"
)

func TestParityBadInput(t *testing.T) {
	a, err := audience.New(4, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = audience.Parity(a, table(), "age", 1)
	wantErr(t, err, audience.ErrMismatch, `"age"`)
	_, err = audience.Parity(a, table(), "sex", 1)
	wantErr(t, err, audience.ErrUnknownID, `"sex"`)
	_, err = audience.Parity(a, table(), "region", -2)
	wantErr(t, err, audience.ErrOption, "minGroup")
	_, err = audience.Parity(nil, table(), "region", 1)
	wantErr(t, err, audience.ErrMismatch, "over 0 users")
	_, err = audience.Parity(a, nil, "region", 1)
	wantErr(t, err, audience.ErrEmpty, "table")
	g, err := audience.Parity(a, table(), "region", 0)
	if err != nil || len(g) != 2 || !g[0].Small || g[0].Err == nil || !math.IsNaN(g[0].Ratio) {
		t.Errorf("%+v, %v", g, err)
	}
}

func ExampleParity() {
	table, err := audience.NewAttributes(7)
	must(err)
	must(table.AddTexts("region", []string{"north", "north", "south", "south", "south", "", "west"}))
	a, err := audience.New(7, []int32{0, 1, 3, 5, 6})
	must(err)
	groups, err := audience.Parity(a, table, "region", 2) // 50 where it is for real
	must(err)
	for _, g := range groups {
		fmt.Printf("%s %d of %d, ratio %.2f, %v\n", g.Group, g.Selected, g.Size, g.Ratio, g.Err)
	}
	// Output:
	// north 2 of 2, ratio 1.00, <nil>
	// south 0 of 0, ratio NaN, audience: Parity: group "south": too few people to publish
	// west 0 of 0, ratio NaN, audience: Parity: group "west": too few people to publish
}
