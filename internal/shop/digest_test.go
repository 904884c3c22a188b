package shop

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// digests returns a digest of every field of the shop and of its truth, so that a
// difference names whose bytes changed.
func digests(t *testing.T, s *Shop) map[string]string {
	t.Helper()
	out := map[string]string{}
	put := func(name string, v any) {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = fmt.Sprintf("%.6x", sha256.Sum256(data))
	}
	fields := func(prefix string, v reflect.Value) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && f.Type != reflect.TypeFor[Truth]() && f.Type != reflect.TypeFor[Config]() {
				put(prefix+f.Name, v.Field(i).Interface())
			}
		}
	}
	fields("Shop.", reflect.ValueOf(*s))
	fields("Truth.", reflect.ValueOf(s.Truth))
	raw, truth := s.RawEvents()
	put("RawEvents", raw)
	put("RawEvents.truth", truth)
	put("Truth.Wanted", s.Truth.wanted)
	put("Truth.Lost", s.Truth.lost)
	return out
}

// What the shop of one seed is, field by field. An owner who plants something new
// adds a line for each field of its own and changes none. If another line differs, a
// draw was added to, or taken from, somebody else's stream: that is a new shop for
// everybody, and needs everybody's consent.
func TestDigests(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("bits are promised per architecture; these are of amd64")
	}
	s, err := Simulate(Config{Users: 150, Items: 80, Days: 120, Seed: 11})
	if err != nil {
		t.Fatal(err)
	}
	got := digests(t, s)
	want := map[string]string{}
	data, err := os.ReadFile(filepath.Join("testdata", "digests.json"))
	if err == nil {
		err = json.Unmarshal(data, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		switch want[name] {
		case got[name]:
		case "":
			t.Errorf("%s is new: add %q to testdata/digests.json", name, got[name])
		default:
			t.Errorf("%s has the digest %s, want %s", name, got[name], want[name])
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
}

// Planting is adding: whoever draws from a stage of its own, however often and from
// users, items or days, leaves every other byte as it was.
func TestOwnStageLeavesOthers(t *testing.T) {
	cfg := Config{Users: 60, Items: 40, Days: 60, Seed: 4}
	before, err := Simulate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	const stageOwn = 9000 // of no owner
	s, err := Simulate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var planted []float64
	for u := range s.Users {
		r := rng.New(cfg.Seed, stageOwn, uint64(u))
		for range 1 + r.Intn(50) {
			planted = append(planted, r.Normal())
		}
	}
	if a, b := digests(t, before), digests(t, s); !maps.Equal(a, b) || len(planted) < 60 {
		t.Error("the shop differs after somebody else has drawn")
	}
}

// stages returns the numbers of all stages, from the source.
func stages(t *testing.T) map[string]uint64 {
	t.Helper()
	known := map[string]uint64{
		"stageGroup": stageGroup, "stageItem": stageItem, "stagePrice": stagePrice, "stageUser": stageUser, "stageTrip": stageTrip,
		"stageBrowse": stageBrowse, "stageContent": stageContent, "stageStock": stageStock, "stageAfter": stageAfter,
		"stageRawLine": stageRawLine, "stageRawEvent": stageRawEvent, "stageCampaign": stageCampaign,
		"stageProfilePerson": stageProfilePerson, "stageProfileMeet": stageProfileMeet, "stageProfileRobot": stageProfileRobot, "stageProfileWeight": stageProfileWeight,
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok {
				for _, name := range v.Names {
					if _, ok := known[name.Name]; strings.HasPrefix(name.Name, "stage") && !ok {
						t.Errorf("%s: %s does not stand in this list", file, name.Name)
					}
				}
			}
			return true
		})
	}
	return known
}

// owners have a thousand stages each; what stands below is everybody's.
var owners = []string{"everybody", "profile", "segment", "learners", "decisions", "supply", "backend"}

// No number serves two stages, and each lies in the range of the file it is used in.
func TestStages(t *testing.T) {
	seen := map[uint64]string{}
	for name, number := range stages(t) {
		if other, ok := seen[number]; ok {
			t.Errorf("%s and %s are both %d", name, other, number)
		}
		seen[number] = name
		owner := number / 1000
		if owner >= uint64(len(owners)) {
			t.Errorf("%s is %d, in nobody's range", name, number)
			continue
		}
		if owner > 0 {
			if prefix := "stage" + strings.ToUpper(owners[owner][:1]) + owners[owner][1:]; !strings.HasPrefix(name, prefix) {
				t.Errorf("%s is %d, in the range of %s: name it %s…", name, number, owners[owner], prefix)
			}
		}
	}
	if last := stageCampaign + uint64(3650/28); last >= 1000 {
		t.Errorf("the campaigns reach stage %d", last)
	}
}
