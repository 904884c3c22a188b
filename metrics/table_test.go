package metrics_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/metrics"
)

func TestTable(t *testing.T) {
	tab := metrics.NewTable("名称 name", "value", "n")
	tab.AddRow("a|b", 0.123456789, 12)
	tab.AddRow("长名字的商品", math.NaN(), int64(3), "dropped")
	tab.AddRow("line\nbreak", 1234567.0)
	var text, md strings.Builder
	if err := tab.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := tab.WriteMarkdown(&md); err != nil {
		t.Fatal(err)
	}
	wantText := "" +
		"名称 name        value    n\n" +
		"------------  --------  ---\n" +
		"a|b           0.123457   12\n" +
		"长名字的商品       n/a    3\n" +
		"line break     1234567\n"
	wantMD := "" +
		"| 名称 name    |    value |   n |\n" +
		"| ------------ | -------: | --: |\n" +
		"| a\\|b         | 0.123457 |  12 |\n" +
		"| 长名字的商品 |      n/a |   3 |\n" +
		"| line break   |  1234567 |     |\n"
	if text.String() != wantText {
		t.Errorf("text:\n%s\nwant:\n%s", text.String(), wantText)
	}
	if md.String() != wantMD {
		t.Errorf("markdown:\n%s\nwant:\n%s", md.String(), wantMD)
	}
	if err := tab.WriteText(failing{}); !errors.Is(err, errFull) {
		t.Errorf("a failing writer: %v", err)
	}
}

var errFull = errors.New("full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }
