package layout

import (
	"bytes"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// TestReadme: every Go block of README.md is a formatted program that compiles, and
// prints what the text block behind it says.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```go\n(.*?)```.*?```text\n(.*?)```")
	found := block.FindAllSubmatch(readme, -1)
	if len(found) == 0 || len(found) != bytes.Count(readme, []byte("```go\n")) {
		t.Fatalf("%d programs with their output in README.md, want each Go block to be one", len(found))
	}
	for _, m := range found {
		program, output := m[1], m[2]
		formatted, err := format.Source(program)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(formatted, program) {
			t.Error("a Go block of README.md is not formatted")
		}
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, program, 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "run", file)
		cmd.Dir = root
		got, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, got)
		}
		if !bytes.Equal(got, output) {
			t.Errorf("the program of README.md prints\n%swant\n%s", got, output)
		}
	}
}
