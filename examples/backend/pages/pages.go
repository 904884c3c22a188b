package pages

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aislekit/aisle/examples/backend/api"
	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/metrics/experiment"
	"github.com/aislekit/aisle/segment/audience"
)

//go:embed files
var files embed.FS

// Pages answers browsers.
type Pages struct {
	shop     *shop.Shop
	server   *api.Server
	clock    func() time.Time
	log      *slog.Logger
	sessions sessions
	text     *template.Template
}

// Add puts the pages beside the routes of a server.
func Add(server *api.Server, s *shop.Shop, clock func() time.Time, log *slog.Logger) error {
	p := &Pages{shop: s, server: server, clock: clock, log: log}
	var err error
	p.text, err = template.New("").Funcs(template.FuncMap{
		"money": money, "percent": percent, "when": when, "number": number, "count": group,
	}).ParseFS(files, "files/*.html")
	if err != nil {
		return err
	}
	static, err := fs.Sub(files, "files")
	if err != nil {
		return err
	}
	assets := http.FileServerFS(static)
	for _, name := range []string{"style.css", "live.js"} {
		server.Handle("GET /static/"+name, http.StripPrefix("/static/", guard(assets)))
	}
	server.Handle("GET /{$}", guard(http.RedirectHandler("/pages/", http.StatusSeeOther)))
	server.Handle("GET /signin", guard(http.HandlerFunc(p.askToken)))
	server.Handle("POST /signin", guard(http.HandlerFunc(p.signIn)))
	server.Handle("POST /signout", p.signed(api.Read, p.signOut))
	server.Handle("GET /pages/{$}", p.signed(api.Read, p.overview))
	server.Handle("GET /pages/customer", p.signed(api.Read, p.customer))
	server.Handle("POST /pages/customer", p.signed(api.Read, p.customer))
	server.Handle("POST /pages/customer/delete", p.signed(api.Admin, p.deleteCustomer))
	server.Handle("GET /pages/audience", p.signed(api.Read, p.audience))
	server.Handle("POST /pages/audience", p.signed(api.Read, p.audience))
	server.Handle("POST /pages/audience/count", p.signed(api.Read, p.count))
	server.Handle("GET /pages/experiment", p.signed(api.Read, p.experiments))
	server.Handle("GET /pages/experiment/{name}", p.signed(api.Read, p.experiment))
	server.Handle("GET /pages/stock", p.signed(api.Read, p.stock))
	return nil
}

// guard sets what a browser has to know of every page.
func guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			w.Header().Set(name, value)
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		h.ServeHTTP(w, r)
	})
}

// signed lets those with a session and the role in, and forms only from the session's pages.
func (p *Pages) signed(role api.Role, h func(http.ResponseWriter, *http.Request, *session)) http.Handler {
	return guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := p.of(r)
		if s == nil {
			http.Redirect(w, r, "/signin", http.StatusSeeOther)
			return
		}
		switch {
		case s.role < role:
			p.refuse(w, s, http.StatusForbidden, "Your token may not do this.")
		case r.Method == http.MethodPost && !s.own(r):
			p.refuse(w, s, http.StatusForbidden, "This form did not come from a page of this session. Load the page again.")
		default:
			h(w, r, s)
		}
	}))
}

// view is what every page gets.
type view struct {
	Title, At string
	Session   *session
	CSRF      string
	Name      string
	Admin     bool
	Fault     string
	Data      any
}

// show renders a page whole before the first byte of it is sent.
func (p *Pages) show(w http.ResponseWriter, s *session, status int, name string, v view) {
	if s != nil {
		v.Session, v.CSRF, v.Name, v.Admin = s, s.csrf, s.name, s.role >= api.Admin
	}
	v.At = name
	var out bytes.Buffer
	if err := p.text.ExecuteTemplate(&out, name+".html", v); err != nil {
		p.log.Error("page", "page", name, "error", err)
		http.Error(w, "The page could not be made; the fault is in the log.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := out.WriteTo(w); err != nil {
		p.log.Debug("page not taken", "error", err)
	}
}

func (p *Pages) refuse(w http.ResponseWriter, s *session, status int, fault string) {
	p.show(w, s, status, "fault", view{Title: "Refused", Fault: fault})
}

// fail says what a person can do about an error.
func (p *Pages) fail(w http.ResponseWriter, s *session, err error) {
	switch {
	case errors.Is(err, shop.ErrUnknown):
		p.refuse(w, s, http.StatusNotFound, "There is none of this name.")
	case errors.Is(err, shop.ErrUnavailable), errors.Is(err, shop.ErrClosed):
		p.refuse(w, s, http.StatusServiceUnavailable, "The database does not answer. Nothing is lost; try again in a minute.")
	default:
		p.log.Error("page", "error", err)
		p.refuse(w, s, http.StatusInternalServerError, "Something went wrong; it is in the log.")
	}
}

func (p *Pages) askToken(w http.ResponseWriter, r *http.Request) {
	p.show(w, nil, http.StatusOK, "signin", view{Title: "Sign in"})
}

func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) {
	secret := strings.TrimSpace(r.PostFormValue("token"))
	if !sameSite(r) {
		p.show(w, nil, http.StatusForbidden, "signin", view{Title: "Sign in", Fault: "The form came from another site."})
		return
	}
	if wait := p.server.Guess(r, secret); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		p.show(w, nil, http.StatusTooManyRequests, "signin", view{Title: "Sign in", Fault: "Too many wrong tokens. Wait a little."})
		return
	}
	if _, _, ok := p.server.Who(secret); !ok {
		p.show(w, nil, http.StatusUnauthorized, "signin", view{Title: "Sign in", Fault: "Nobody has this token."})
		return
	}
	p.end(r)
	http.SetCookie(w, cookie(r, p.sessions.start(secret, p.clock()), lasts))
	http.Redirect(w, r, "/pages/", http.StatusSeeOther)
}

func (p *Pages) signOut(w http.ResponseWriter, r *http.Request, _ *session) {
	p.end(r)
	http.SetCookie(w, cookie(r, "", -time.Second))
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}

// bar is a day of the chart, in its units.
type bar struct {
	X, Y, H float64
	Label   string
}

func (p *Pages) overview(w http.ResponseWriter, r *http.Request, s *session) {
	to := p.clock().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
	k, err := p.shop.KPI(r.Context(), to.AddDate(0, 0, -28), to)
	if err != nil {
		p.fail(w, s, err)
		return
	}
	top := int64(1)
	for _, d := range k.Days {
		top = max(top, d.Revenue)
	}
	var bars []bar
	for i, d := range k.Days {
		h := 100 * float64(max(0, d.Revenue)) / float64(top)
		bars = append(bars, bar{float64(i) * 10, 100 - h, h, d.Day + ": " + money(d.Revenue)})
	}
	segments, customers := p.shop.Segments()
	p.show(w, s, http.StatusOK, "overview", view{Title: "The last four weeks", Data: struct {
		KPI       shop.KPI
		Bars      []bar
		Segments  map[string]int
		Customers int
		Status    shop.Status
	}{k, bars, segments, customers, p.shop.Status()}})
}

// typed is a field of a form, cut to what can be meant.
func typed(r *http.Request, name string, most int) (string, bool) {
	text := r.PostFormValue(name)
	return text, utf8.ValidString(text) && utf8.RuneCountInString(text) <= most && !strings.ContainsRune(text, 0)
}

type customerPage struct {
	ID      string
	Found   bool
	Profile shop.Profile
	List    shop.List
	Answers []shop.Answer
	Places  []string
	Deleted bool
}

func (p *Pages) customer(w http.ResponseWriter, r *http.Request, s *session) {
	id, ok := typed(r, "customer", 128)
	d := customerPage{ID: id}
	v := view{Title: "A customer"}
	status := http.StatusOK
	switch {
	case r.Method == http.MethodGet:
	case !ok || id == "":
		v.Fault, status = "An id has 1 to 128 characters.", http.StatusUnprocessableEntity
	case !p.shop.Profile(id).Known:
		v.Fault, status = "Nothing is known of this customer.", http.StatusNotFound
	default:
		var err error
		if d.Profile, err = p.shop.Look(r.Context(), s.name, id); err == nil {
			d.List, err = p.shop.Recommend(r.Context(), shop.Ask{Customer: id, Place: "home", K: 8})
		}
		if err == nil {
			d.Answers, err = p.shop.Answers(r.Context(), id, "", 3)
		}
		if err != nil {
			p.fail(w, s, err)
			return
		}
		d.Found = true
	}
	v.Data = d
	p.show(w, s, status, "customer", v)
}

func (p *Pages) deleteCustomer(w http.ResponseWriter, r *http.Request, s *session) {
	id, ok := typed(r, "customer", 128)
	again, _ := typed(r, "again", 128)
	if !ok || id == "" || again != id {
		p.show(w, s, http.StatusUnprocessableEntity, "customer", view{Title: "A customer", Fault: "Type the id once more to delete the customer. Nothing was deleted.", Data: customerPage{ID: id}})
		return
	}
	if _, err := p.shop.Delete(r.Context(), s.name, id); err != nil {
		p.fail(w, s, err)
		return
	}
	p.show(w, s, http.StatusOK, "customer", view{Title: "A customer", Data: customerPage{Deleted: true}})
}

// ask selects an audience, or says what is wrong with the rule, for people.
func (p *Pages) ask(r *http.Request) (rule string, a shop.Audience, fault string, err error) {
	rule, ok := typed(r, "rule", 2000)
	if !ok || strings.TrimSpace(rule) == "" {
		return rule, a, "Type a rule of at most 2,000 characters.", nil
	}
	a, err = p.shop.Audience(r.Context(), rule)
	var where *audience.TextError
	if errors.As(err, &where) {
		fault = fmt.Sprintf("Line %d, column %d: %v", where.Line, where.Column, where.Err)
		if where.Suggestion != "" {
			fault += fmt.Sprintf(" Did you mean %s?", where.Suggestion)
		}
		return rule, a, fault, nil
	}
	if errors.Is(err, shop.ErrInvalid) {
		return rule, a, err.Error(), nil
	}
	return rule, a, "", err
}

type audiencePage struct {
	Rule     string
	Asked    bool
	Audience shop.Audience
	Share    float64
	Names    []string
}

// example is what the page begins with.
const example = "orders >= 2 and days_since_order < 60"

func (p *Pages) audience(w http.ResponseWriter, r *http.Request, s *session) {
	d := audiencePage{Rule: example, Names: shop.Attributes()}
	v, status := view{Title: "An audience"}, http.StatusOK
	if r.Method == http.MethodPost {
		var err error
		d.Rule, d.Audience, v.Fault, err = p.ask(r)
		if err != nil {
			p.fail(w, s, err)
			return
		}
		if d.Asked = v.Fault == ""; !d.Asked {
			status = http.StatusUnprocessableEntity
		} else if d.Audience.Of > 0 && d.Audience.Count > 0 {
			d.Share = float64(d.Audience.Count) / float64(d.Audience.Of)
		}
	}
	v.Data = d
	p.show(w, s, status, "audience", v)
}

// count is what the script asks while somebody types.
func (p *Pages) count(w http.ResponseWriter, r *http.Request, s *session) {
	_, a, fault, err := p.ask(r)
	out := struct {
		Fault string `json:"fault"`
		Text  string `json:"text"`
	}{Fault: fault}
	status := http.StatusOK
	switch {
	case err != nil:
		status, out.Fault = http.StatusServiceUnavailable, "The count is not to be had now."
	case fault != "":
		status = http.StatusUnprocessableEntity
	default:
		out.Text = sentence(a)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(out); err != nil {
		p.log.Debug("count not taken", "error", err)
	}
}

// sentence says how many.
func sentence(a shop.Audience) string {
	switch {
	case a.Count < 0:
		return fmt.Sprintf("Fewer than 10 of %s customers: too few to be told.", group(int64(a.Of)))
	case a.Count == 0 && a.Why != "":
		return "Nobody: " + a.Why
	}
	return fmt.Sprintf("%s of %s customers", group(int64(a.Count)), group(int64(a.Of)))
}

// Sentence is sentence, for the template.
func (d audiencePage) Sentence() string { return sentence(d.Audience) }

func (p *Pages) experiments(w http.ResponseWriter, r *http.Request, s *session) {
	p.show(w, s, http.StatusOK, "experiments", view{Title: "Experiments", Data: p.shop.Experiments()})
}

type experimentRow struct {
	Question, Arm, Verdict string
	Money                  bool
	Control, Treated       float64
	Low, High, P           float64
	Whisker                [3]float64 // low, estimate, high in [0, 100]
	Zero                   float64
	Known                  bool
}

func (p *Pages) experiment(w http.ResponseWriter, r *http.Request, s *session) {
	name := r.PathValue("name")
	x, err := p.shop.Experiment(name)
	if err != nil {
		p.fail(w, s, err)
		return
	}
	result, err := p.shop.Result(r.Context(), name)
	if err != nil {
		p.fail(w, s, err)
		return
	}
	var rows []experimentRow
	for _, row := range result.Rows {
		rows = append(rows, experimentView(row, result.Level))
	}
	state := "It runs since " + when(x.Began) + "."
	if !x.Ended.IsZero() {
		state = "It ran from " + when(x.Began) + " to " + when(x.Ended) + "."
	}
	p.show(w, s, http.StatusOK, "experiment", view{Title: "Experiment " + name, Data: struct {
		State  string
		Arms   any
		Users  []int64
		Rows   []experimentRow
		Alarm  bool
		Nobody bool
	}{state, x.Arms, result.Users, rows, result.SRMErr == nil && result.SRM.Alarm, len(rows) == 0}})
}

// experimentView puts a comparison into words and onto a line of 0 to 100.
func experimentView(row experiment.Row, level float64) experimentRow {
	out := experimentRow{Question: map[string]string{"buyers": "Share who ordered", "revenue": "Revenue per customer"}[row.Metric], Arm: row.Arm, Money: row.Metric == "revenue"}
	e := row.Effect
	if row.Err != nil || math.IsNaN(e.Low) || math.IsNaN(e.High) || math.IsInf(e.Low, 0) || math.IsInf(e.High, 0) {
		out.Verdict = "Too few customers or orders to tell."
		return out
	}
	out.Known, out.Control, out.Treated, out.Low, out.High, out.P = true, e.MeanA, e.MeanB, e.Low, e.High, row.Adjusted
	span := max(math.Abs(e.Low), math.Abs(e.High), 1e-12) * 1.1
	at := func(v float64) float64 { return 50 + 50*v/span }
	out.Whisker, out.Zero = [3]float64{at(e.Low), at(e.Estimate), at(e.High)}, 50
	switch {
	case row.Adjusted < 1-level && e.Estimate > 0:
		out.Verdict = "Better than the control."
	case row.Adjusted < 1-level:
		out.Verdict = "Worse than the control."
	default:
		out.Verdict = "No difference that could not be chance."
	}
	return out
}

func (p *Pages) stock(w http.ResponseWriter, r *http.Request, s *session) {
	lines, err := p.shop.StockPlan(r.Context())
	if err != nil {
		p.fail(w, s, err)
		return
	}
	orders := []shop.StockLine{}
	for _, l := range lines {
		if l.Reorder {
			orders = append(orders, l)
		}
	}
	p.show(w, s, http.StatusOK, "stock", view{Title: "What to order", Data: struct {
		Orders, All []shop.StockLine
	}{orders, lines}})
}

// money writes minor units with two places.
func money(minor any) string {
	x := 0.
	switch v := minor.(type) {
	case int64:
		x = float64(v)
	case float64:
		x = v
	case *float64:
		if v == nil {
			return "–"
		}
		x = *v
	}
	sign := ""
	if x < 0 {
		sign, x = "−", -x
	}
	cents := int64(math.Round(x))
	return fmt.Sprintf("%s%s.%02d", sign, group(cents/100), cents%100)
}

// group writes a whole number with commas.
func group(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func percent(x any) string {
	switch v := x.(type) {
	case float64:
		return strconv.FormatFloat(100*v, 'f', 1, 64) + " %"
	case *float64:
		if v != nil {
			return percent(*v)
		}
	}
	return "–"
}

func number(x any) string {
	switch v := x.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case *float64:
		if v != nil {
			return number(*v)
		}
	}
	return "–"
}

func when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2 Jan 2006 15:04")
}
