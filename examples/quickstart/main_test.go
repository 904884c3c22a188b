package main

import (
	"io"
	"os"
	"strings"
	"testing"
)

func TestPrintsTenRecommendations(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	main()
	os.Stdout = stdout
	w.Close()
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 10 || !strings.Contains(lines[0], "because of") {
		t.Errorf("want ten lines with reasons, got\n%s", out)
	}
}
