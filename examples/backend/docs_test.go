package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// blocks are the parts of a page between ``` of a language.
func blocks(page, language string) (out []string) {
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(page, -1) {
		out = append(out, m[1])
	}
	return out
}

func readPage(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// runPage runs all sh blocks of a page in one shell, in the root of the repository, with
// this test as the service, and returns what they print. vars are set before the first.
func runPage(t *testing.T, page string, replace ...string) string {
	t.Helper()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("no ", tool)
		}
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "binary")
	if err := os.WriteFile(binary, []byte(fmt.Sprintf("#!/bin/sh\nAISLE_BACKEND_SERVE=1 exec %q \"$@\"\n", os.Args[0])), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	script := strings.Join(blocks(page, "sh"), "\n")
	build := regexp.MustCompile(`(?m)^CGO_ENABLED=0 go build -o ("?\S+"?) ./examples/backend$`)
	if !build.MatchString(script) {
		t.Fatal("no line that builds the service")
	}
	script = build.ReplaceAllString(script, "cp "+binary+" $1")
	script = strings.NewReplacer(append(replace, "127.0.0.1:8080", addr)...).Replace(script)
	cmd := exec.Command("bash", "-c", "set -euo pipefail\ntrap 'kill $(jobs -p); wait' EXIT\n"+script)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, "SHOP_DSN=")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(3*time.Minute, func() { cmd.Process.Kill() })
	defer limit.Stop()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	return out.String()
}

// TestReadme: the commands of README.md, as they stand there.
func TestReadme(t *testing.T) {
	page := readPage(t, "README.md")
	out := runPage(t, page, " -demo ", " -demo -demo-users 16 ")
	for what, want := range map[string]string{
		"readiness": `{"status":"ready"}`, "a reason": `"because":[{`, "a list": `"known":true`, "an event": `"fate":"stored"`, "the event again": `"fate":"repeated"`,
		"a segment": `"segment":"`, "a count": `"of":`, "an answer": `"because":"words"`, "an ad": `"advertiser":`, "an exposure": `"arm":"`, "figures": `"revenue":`,
		"a plan": `"reorder":`, "a token": `"token":"`, "a deletion": `"events":`, "a purge": `"deletions":1`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the commands do not print %s, %s, but\n%s", what, want, out)
		}
	}
}

// TestGuide: the commands and programs of docs/backend.md, as they stand there.
func TestGuide(t *testing.T) {
	page := readPage(t, filepath.Join("..", "..", "docs", "backend.md"))
	programs := blocks(page, "go")
	if len(programs) != 2 {
		t.Fatalf("%d programs, want the import and the recipe", len(programs))
	}
	dir := t.TempDir()
	for i, name := range []string{"import.go", "live.go"} {
		formatted, err := format.Source([]byte(programs[i]))
		if err != nil || string(formatted) != programs[i] {
			t.Errorf("%s is not formatted: %v", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(programs[i]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := runPage(t, page, "$DIR/import.go", filepath.Join(dir, "import.go"))
	for what, want := range map[string]string{
		"the items": `{"count":5}`, "the import": "map[stored:9]\n", "the second import": "map[repeated:9]\n", "the refit": `"sources":["together","taste","text"]`,
		"a list": `"source":"together"`, "a live event": `"fate":"stored"`, "the arms": `"arms":["bestsellers","personal"]`, "the end of the backup": `{"end":`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the commands do not print %s, %s, but\n%s", what, want, out)
		}
	}
	recipe := exec.Command("go", "run", filepath.Join(dir, "live.go"))
	recipe.Dir = filepath.Join("..", "..")
	got, err := recipe.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	if want := blocks(page, "text"); len(want) != 1 || string(got) != want[0] {
		t.Errorf("the recipe prints\n%swant\n%s", got, want)
	}
}

// TestReadmeNames: README.md names each flag, each route and each number of the service, each
// field of its log, and no route or number besides.
func TestReadmeNames(t *testing.T) {
	page := readPage(t, "README.md")
	usage := exec.Command(os.Args[0], "-h")
	usage.Env = append(os.Environ(), "AISLE_BACKEND_SERVE=1")
	help, _ := usage.CombinedOutput() // -h ends with an error
	flags := regexp.MustCompile(`(?m)^  -([a-z-]+)(?: |$)`).FindAllSubmatch(help, -1)
	if len(flags) < 5 {
		t.Fatalf("flags: %s", help)
	}
	for _, f := range flags {
		if !strings.Contains(page, "`-"+string(f[1])+"`") {
			t.Errorf("README.md does not name the flag -%s", f[1])
		}
	}

	folder, log := t.TempDir(), &lines{}
	p := begin(t, log, "-folder", folder, "-dsn", filepath.Join(folder, "shop.db"))
	defer func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	}()
	get := func(path string) []byte {
		req, err := http.NewRequest("GET", "http://"+p.addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(readPage(t, filepath.Join(folder, "admin-token"))))
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s %v", path, answer.StatusCode, body, err)
		}
		return body
	}
	var doc struct {
		Paths map[string]map[string]struct{}
	}
	if err := json.Unmarshal(get("/openapi.json"), &doc); err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for path, methods := range doc.Paths {
		for method := range methods {
			there[strings.ToUpper(method)+" "+path] = true
		}
	}
	numbers := regexp.MustCompile(`(?m)^# TYPE (shop_\w+)`).FindAllSubmatch(get("/metrics"), -1)
	for _, n := range numbers {
		there[string(n[1])] = true
	}
	there["shop_events_total"] = true // from the first event on
	for name := range there {
		if !strings.Contains(page, "`"+name) {
			t.Errorf("README.md does not name %s", name)
		}
	}
	for _, m := range regexp.MustCompile("`((?:GET|PUT|POST|DELETE) /[^`]*|shop_[a-z_]+)").FindAllStringSubmatch(page, -1) {
		name := m[1]
		if i := strings.IndexAny(name, "?"); i > 0 {
			name = name[:i]
		}
		if !there[name] && name != "shop_request_seconds" {
			t.Errorf("README.md names %s, which there is not", name)
		}
	}
	for _, line := range strings.Split(log.String(), "\n") {
		var fields m
		if json.Unmarshal([]byte(line), &fields) != nil || fields["msg"] != "request" {
			continue
		}
		for name := range fields {
			if !strings.Contains(page, "`"+name+"`") {
				t.Errorf("README.md does not name the field %s of the log", name)
			}
		}
	}
}
