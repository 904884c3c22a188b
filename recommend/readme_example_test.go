package recommend_test

import (
	"context"
	"fmt"
	"go/format"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/recommend"
)

// purchaseRows stands for *sql.Rows.
type purchaseRows struct{ left int }

func (r *purchaseRows) Next() bool { r.left--; return r.left >= 0 }

func (r *purchaseRows) Scan(dst ...any) error {
	*dst[0].(*int64) = int64(40 + r.left%3)
	*dst[1].(*string) = []string{"tea", "honey", "milk", "lemon"}[r.left%4]
	*dst[2].(*float32) = 1
	*dst[3].(*time.Time) = time.Date(2026, 3, 1+r.left%7, 0, 0, 0, 0, time.UTC)
	return nil
}

// Example_backend is the snippet of the README.
func Example_backend() {
	ctx, rows := context.Background(), &purchaseRows{left: 10}
	serve := func() error {
		b, err := recommend.NewBuilder[int64, string](recommend.BuilderOptions{HalfLife: 90 * 24 * time.Hour})
		if err != nil {
			return err
		}
		for rows.Next() { // user id, SKU, quantity and time of each purchase
			var user int64
			var sku string
			var quantity float32
			var at time.Time
			if err := rows.Scan(&user, &sku, &quantity, &at); err != nil {
				return err
			}
			if err := b.AddAt(user, sku, quantity, at); err != nil {
				return err
			}
		}
		data, err := b.Build()
		if err != nil {
			return err
		}
		als, err := recommend.FitALS(ctx, data.Interactions, recommend.ALSOptions{})
		if err != nil {
			return err
		}
		engine, err := recommend.NewEngine(data, recommend.EngineOptions{Sources: []recommend.Source{{Name: "als", Model: als}}})
		if err != nil {
			return err
		}
		inStock, _ := data.ItemSet("tea", "honey", "lemon")
		// Per request, from any goroutine:
		list, err := engine.Recommend(nil, recommend.Request[int64, string]{User: 42, K: 10, Allow: inStock})
		fmt.Println(len(list))
		return err
	}
	fmt.Println(serve())
	// Output:
	// 1
	// <nil>
}

// TestReadmeBackend: the README's snippet is the example above, line by line, and
// an afternoon's length at most.
func TestReadmeBackend(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "## In your backend")
	_, rest, _ = strings.Cut(rest, "```go\n")
	snippet, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("no snippet")
	}
	if n := strings.Count(snippet, "\n"); n > 25 {
		t.Errorf("%d lines", n)
	}
	code, err := format.Source([]byte(snippet))
	if err != nil {
		t.Fatal(err)
	}
	// Statements that share a line in the README have one each in the example.
	code, err = format.Source([]byte(strings.NewReplacer("{ return", "{\nreturn", "err }", "err\n}", "; var ", "\nvar ").Replace(string(code))))
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("readme_example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	have := strings.Split(string(example), "\n")
	for _, line := range strings.Split(string(code), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		for len(have) > 0 && strings.TrimSpace(have[0]) != line {
			have = have[1:]
		}
		if len(have) == 0 {
			t.Fatalf("the example has no line, or none in order: %s", line)
		}
		have = have[1:]
	}
}
