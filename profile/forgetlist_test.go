package profile_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestForgetOrRebuild: each state of this package and its families that merges either forgets a customer or
// is on the list of those that have to be made again.
func TestForgetOrRebuild(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(doc), "cannot forget one:")
	list, _, _ = strings.Cut(list, ".\n")
	var files []string
	for _, pattern := range []string{"*.go", "*/*.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	merges, forgets := map[string]bool{}, map[string]bool{}
	method := regexp.MustCompile(`(?m)^func \(\w+ \*([A-Z]\w*)(?:\[[^]]*\])?\) (Merge|Forget)\(`)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range method.FindAllStringSubmatch(string(src), -1) {
			at := filepath.Dir(name) + "." + m[1]
			if m[2] == "Merge" {
				merges[at] = true
			} else {
				forgets[at] = true
			}
		}
	}
	if len(merges) < 10 {
		t.Fatalf("only %d states found", len(merges))
	}
	for at := range merges {
		name := at[strings.LastIndex(at, ".")+1:]
		listed := regexp.MustCompile(`\b` + name + `\b`).MatchString(list)
		if forgets[at] == listed {
			t.Errorf("%s: forgets %v, on the list of those to be made again %v", at, forgets[at], listed)
		}
	}
}
