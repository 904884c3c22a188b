package clean

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/profile"
)

// A unit is so many of a base unit.
type unit struct {
	base string
	per  float64
}

// units are the names that ParseUnits knows, in the form of Canonical.
var units = func() map[string]unit {
	out := make(map[string]unit)
	for _, u := range []struct {
		base  string
		per   float64
		names string
	}{
		{"g", .001, "mg ㎎ milligram milligrams 毫克"},
		{"g", 1, "g gr gm gms gram grams gramme grammes 克"},
		{"g", 1000, "kg kgs ㎏ kilo kilos kilogram kilograms 千克 公斤"},
		{"g", 500, "斤 jin"},
		{"g", 1e6, "t tonne tonnes 吨"},
		{"g", 28.349523125, "oz ounce ounces 盎司"},
		{"g", 453.59237, "lb lbs pound pounds 磅"},
		{"mm", 1, "mm ㎜ millimetre millimetres millimeter millimeters 毫米"},
		{"mm", 10, "cm ㎝ centimetre centimetres centimeter centimeters 厘米"},
		{"mm", 1000, "m metre metres meter meters 米"},
		{"mm", 25.4, "in inch inches 英寸"},
		{"mm", 304.8, "ft foot feet 英尺"},
		{"ml", 1, "ml ㎖ cc ㏄ millilitre millilitres milliliter milliliters 毫升"},
		{"ml", 10, "cl centilitre centilitres"},
		{"ml", 1000, "l ℓ litre litres liter liters 升"},
		{"piece", 1, "piece pieces pc pcs item items ea each unit units 个 件 只 支"},
		{"piece", 2, "pair pairs 双 对"},
		{"piece", 12, "dozen dozens dz 打"},
		{"box", 1, "box boxes 盒 箱"},
		{"pack", 1, "pack packs packet packets 包 袋"},
		{"bottle", 1, "bottle bottles 瓶"},
	} {
		for _, name := range strings.Fields(u.names) {
			out[name] = unit{u.base, u.per}
		}
	}
	return out
}()

// ParseUnits reads a weight, size, volume or count with its unit, such as "1.5 kg", "２００ｇ", "3盒" or
// "2 dozen", and returns it in the base unit of its sort: "g", "mm", "ml", "piece", "box", "pack" or
// "bottle". Letter case, width and the space between are ignored, the decimal digits of every
// script accepted; names are English and Chinese, one
// and many, and a number alone is of no unit, base "". The decimal mark is a point; commas between groups of three are
// dropped, the first having one to three digits and not beginning with 0: "0,500 kg" may mean half a kilogram
// and is ErrRange. A text that is no number and unit, a number below 0, NaN or infinite is ErrRange, a unit that is not known
// ErrUnknownID, an empty text ErrEmpty.
func ParseUnits(s string) (amount float64, base string, err error) {
	text := numeric(Canonical(s), '.')
	fail := func(err error) (float64, string, error) {
		return 0, "", fmt.Errorf("clean: ParseUnits: %w", check.Private("units", -1, nil, s, err))
	}
	if text == "" {
		return fail(profile.ErrEmpty)
	}
	end := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != ',' })
	if end < 0 {
		end = len(text)
	}
	number, name := text[:end], strings.TrimSuffix(strings.TrimSpace(text[end:]), ".")
	groups := strings.Split(strings.SplitN(number, ".", 2)[0], ",")
	for i, group := range groups {
		if i > 0 && len(group) != 3 || len(groups) > 1 && (len(group) > 3 || strings.HasPrefix(groups[0], "0")) {
			return fail(fmt.Errorf("want groups of three digits after a first of one to three, not 0: %w", ErrRange))
		}
	}
	amount, err = strconv.ParseFloat(strings.ReplaceAll(number, ",", ""), 64)
	if err != nil || strings.HasPrefix(number, ",") || strings.Contains(number, ".") && strings.Contains(strings.SplitN(number, ".", 2)[1], ",") {
		return fail(fmt.Errorf("want a number and a unit: %w", ErrRange))
	}
	if name == "" {
		return amount, "", nil
	}
	u, ok := units[name]
	if !ok {
		return fail(ErrUnknownID)
	}
	if amount *= u.per; math.IsInf(amount, 0) {
		return fail(fmt.Errorf("beyond float64: %w", ErrRange))
	}
	return amount, u.base, nil
}
