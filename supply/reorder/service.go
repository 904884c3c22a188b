package reorder

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// CriticalRatio is the service that pays: under/(over + under), the chance of not running out at which one unit more costs as much as it
// saves. under is what a missing unit costs, a lost margin or its delay, over what a unit left over costs, its holding over the cycle. Both are > 0 and
// finite, ErrOption otherwise. Use it as the CycleService of Point, BaseStock or Stock, product by product: what earns more may run out less.
func CriticalRatio(over, under float64) (float64, error) {
	var c check.Options
	check.Positive(&c, "over", over)
	check.Positive(&c, "under", under)
	if err := c.Err("reorder: CriticalRatio"); err != nil {
		return 0, err
	}
	_, ratio := shares(over, under)
	return ratio, nil
}

// ServiceTable is the wanted service, in (0, 1), by class of value (rows A, B, C of supply.ABC) and of regularity (columns X, Y, Z of supply.XYZ). An
// entry of 0 means its default:
//
//	   X    Y    Z
//	A .98  .97  .95
//	B .96  .95  .92
//	C .92  .90  .85
//
// where irregular products, whose service costs most stock, are promised less. They are a start, not a result: CriticalRatio knows the margins.
type ServiceTable [3][3]float64

// usualService is ServiceTable's default.
var usualService = ServiceTable{{.98, .97, .95}, {.96, .95, .92}, {.92, .90, .85}}

// Of returns the service of a product of class abc ('A', 'B' or 'C') and xyz ('X', 'Y' or 'Z'). Errors: ErrUnknownID for other
// classes, as the '-' that supply.ABC gives to a negative value; ErrOption for an entry that is no service.
func (t ServiceTable) Of(abc, xyz byte) (float64, error) {
	const where = "reorder: ServiceTable.Of"
	if abc < 'A' || abc > 'C' || xyz < 'X' || xyz > 'Z' {
		return 0, fmt.Errorf("%s: class %q of value, %q of regularity: %w", where, abc, xyz, ErrUnknownID)
	}
	s := check.Default(t[abc-'A'][xyz-'X'], usualService[abc-'A'][xyz-'X'])
	if !(s > 0 && s < 1) {
		return 0, fmt.Errorf("%s: entry %c%c is %v, want in (0, 1): %w", where, abc, xyz, s, ErrOption)
	}
	return s, nil
}
