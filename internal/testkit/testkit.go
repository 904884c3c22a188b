package testkit

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Close reports whether got is within abs + rel·|want| of want. NaN is close to
// NaN, and infinities to themselves.
func Close(got, want, abs, rel float64) bool {
	if got == want || math.IsNaN(got) && math.IsNaN(want) {
		return true
	}
	return math.Abs(got-want) <= abs+rel*math.Abs(want)
}

// Near fails the test unless got is within tol (absolute) of want.
func Near(t testing.TB, name string, got, want, tol float64) {
	t.Helper()
	if !Close(got, want, tol, 0) {
		t.Errorf("%s = %.12g, want %.12g ± %.3g", name, got, want, tol)
	}
}

// Provenance is kept in every golden file: which tool produced the numbers, in
// which version, by which command.
type Provenance struct {
	Tool    string `json:"tool"`
	Version string `json:"version"`
	Command string `json:"command"`
}

// Golden decodes testdata/name into v. The file must hold a non-empty
// "provenance" object; a golden number of unknown origin fails the test.
func Golden(t testing.TB, name string, v any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var head struct {
		Provenance Provenance `json:"provenance"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if head.Provenance.Tool == "" || head.Provenance.Version == "" || head.Provenance.Command == "" {
		t.Fatalf("%s: provenance needs tool, version and command", name)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// Shared returns the path of a file below the optional data folder that lies
// beside the project, and skips the test where it is absent.
func Shared(t testing.TB, parts ...string) string {
	t.Helper()
	// From the working folder, a test's own, and not from the path of this source, which
	// -trimpath takes out.
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for exists := false; !exists; root = filepath.Dir(root) {
		if filepath.Dir(root) == root {
			t.Skip("no go.work above the working folder")
		}
		_, err := os.Stat(filepath.Join(root, "go.work"))
		exists = err == nil
	}
	root = filepath.Join(root, "shared")
	path := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		// A data set may be absent; a folder that was never there is a misspelt path, and
		// its test would skip for ever.
		_, noRoot := os.Stat(root)
		if _, err := os.Stat(filepath.Join(root, parts[0])); noRoot == nil && err != nil {
			t.Fatalf("the shared folder has no %s", parts[0])
		}
		t.Skipf("optional data %s is not here", filepath.Join(parts...))
	}
	return path
}

// ReadShared returns the content of such a file, decompressed if it ends in .gz.
func ReadShared(t testing.TB, parts ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile(Shared(t, parts...))
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(parts[len(parts)-1]) != ".gz" {
		return raw
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Long skips the test unless the environment variable AISLE_LONG is set: whole
// data sets, soaks and other checks of minutes.
func Long(t testing.TB) {
	t.Helper()
	if os.Getenv("AISLE_LONG") == "" {
		t.Skip("long check: set AISLE_LONG=1")
	}
}

// AtGOMAXPROCS runs fn at 1, 2 and 8 processors and fails unless all three
// return the same bytes.
func AtGOMAXPROCS(t *testing.T, fn func() []byte) {
	t.Helper()
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	var first []byte
	for i, n := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(n)
		got := fn()
		if i == 0 {
			first = got
		} else if !bytes.Equal(first, got) {
			t.Fatalf("GOMAXPROCS %d gives other bytes than 1", n)
		}
	}
}
