package audience_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aislekit/aisle/segment/audience"
)

// What people write who know other languages, or a keyboard with other signs: put in place of
// what was found, suggestions lead to a rule.
func TestParseTextSuggestions(t *testing.T) {
	for _, c := range []struct{ text, back string }{
		{`年龄 >= 18 and （地区 = “北京”）`, `年龄 >= 18 and 地区 = "北京"`},
		{`地区 in ｛"北京"，"上海"、"杭州"｝`, `地区 in {"上海", "北京", "杭州"}`},
		{`购买（品类＝"茶"，within＝90d）＞2`, `购买(品类="茶", within=90d) >= 3`},
		{"地区\u3000= \"北京\"", `地区 = "北京"`}, // white space of any kind is no error
		{"age\u00a0> 3", "age > 3"},
		{`age => 18 && age =< 25 || age <> 7`, `(age >= 18 and age <= 25) or age != 7`},
		{`age === 18 & !bought() | age !== 2`, `(age == 18 and not bought()) or age != 2`},
		{`age > 1_000`, `age > 1000`},
		{`18 <= age`, `age >= 18`},
		{`18 < age and 3 != x`, `age > 18 and x != 3`},
		{`18 <= age <= 25`, `age between 18 and 25`},
		{`last(visit) < 30`, `last(visit) < 30d`},
		{`last(visit) < 30 d`, `last(visit) < 30d`},
		{`last(visit) < 30 days and a > 1`, `last(visit) < 30d and a > 1`},
		{`last(visit) < 30days`, `last(visit) < 30d`},
		{`bought(within=1month)`, `bought(within=30d)`},
		{`bought(within=2 Weeks)`, `bought(within=14d)`},
		{`bought(within=1y)`, `bought(within=365d)`},
		{`bought(within=30天)`, `bought(within=30d)`},
		{`bought(within=3个月)`, `bought(within=90d)`},
		{`last(visit) >= 1.5d`, `last(visit) >= 36h`},
		{`last(visit) <= 2D`, `last(visit) < 2d`},
		{`email is not missing`, `email is known`},
		{`email is not known`, `email is missing`},
		{`email is NULL or email is not null`, `email is missing or email is known`},
		{`region = north`, `region = "north"`},
	} {
		text := c.text
		for range 12 {
			r, err := audience.ParseText(text)
			if err == nil {
				if r.String() != c.back {
					t.Errorf("%q: read as %q, want %q", c.text, r, c.back)
				}
				text = ""
				break
			}
			var at *audience.TextError
			if !errors.As(err, &at) || at.Suggestion == "" || at.Found == "" || text[at.Offset:][:len(at.Found)] != at.Found {
				t.Errorf("%q: at %q: no suggestion for what stands there: %v", c.text, text, err)
				break
			}
			if s := at.Suggestion + text[at.Offset+len(at.Found):]; s[0] >= 'a' && s[0] <= 'z' {
				text = text[:at.Offset] + " " + at.Suggestion + " " + text[at.Offset+len(at.Found):]
			} else {
				text = text[:at.Offset] + s
			}
		}
		if text != "" {
			t.Errorf("%q: stands at %q", c.text, text)
		}
	}
}

// A date is no number; the error says how to ask for one, and invents no number of days.
func TestParseTextDates(t *testing.T) {
	for text, want := range map[string]string{
		`signup < 2024-01-01`:        "last(signup) >= 30d",
		`signup >= 2024-02-29 and a`: "last(signup) < 30d",
		`signup > "2024-01-01"`:      "last(signup) < 30d",
		`signup == 2024-01-01`:       "last(signup) < 30d",
		`signup < 2024-13-01`:        "", // no date
		`signup < 2024 -1`:           "",
	} {
		_, err := audience.ParseText(text)
		var at *audience.TextError
		if !errors.As(err, &at) || (want != "") != errors.Is(err, audience.ErrMismatch) || !strings.Contains(err.Error(), want) || want != "" && (at.Suggestion != "" || !strings.Contains(at.Found, "2024-")) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
