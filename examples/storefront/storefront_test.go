package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/internal/testkit"
)

// TestSimulated runs the whole job on a small shop and asks of every stage
// whether it found what was planted.
func TestSimulated(t *testing.T) {
	if testkit.Race {
		t.Skip("TestRepeats runs the same code, on less")
	}
	opt := options{Seed: 7, K: 10, Users: 800}
	r, err := simulated(context.Background(), opt, nil)
	if err != nil {
		t.Fatal(err)
	}
	atLeast := func(name string, got, want float64) {
		t.Helper()
		if !(got >= want) {
			t.Errorf("%s: got %.4f, want at least %.4f", name, got, want)
		}
	}
	planted, found := 0, 0
	for _, k := range r.cleaned.Kinds {
		planted, found = planted+k.Planted, found+k.Found
	}
	if planted < 1000 {
		t.Errorf("only %d dirty records planted", planted)
	}
	atLeast("dirty records found", float64(found)/float64(planted), .98)
	if share := float64(r.cleaned.FalseAlarms) / float64(r.cleaned.Clean); share > .005 {
		t.Errorf("%.4f of the clean records were rejected or flagged", share)
	}
	if off := float64(r.cleaned.Net)/float64(r.cleaned.TrueNet) - 1; math.Abs(off) > .05 {
		t.Errorf("net revenue is off by %.3f", off)
	}
	if raw := float64(r.cleaned.RawSum) / float64(r.cleaned.TrueNet); raw < 1.5 {
		t.Errorf("uncleaned revenue is %.2f of the true one: nothing to clean", raw)
	}
	atLeast("favourite category among the top three", float64(r.profiled.Near)/float64(r.profiled.Judged), .85)

	truth := r.segmented.Truth
	atLeast("ARI of groups", truth.ARIOften, .5)
	atLeast("life-cycle states", float64(truth.Agree)/float64(truth.Judged), .75)

	p := r.predicted.Purchase
	atLeast("purchase AUC", p.AUC, p.Ceiling-.12)
	atLeast("purchase AUC over recency alone", p.AUC, p.Recency)
	if c := p.Loss.CalibrationRatio; c < .8 || c > 1.25 {
		t.Errorf("calibration ratio %.3f", c)
	}
	for _, f := range []*propensity{p, r.predicted.Churn} {
		if f.Boosted && !(f.Held[1] < f.Held[0]) || f.Loss.LogLoss > 1.01*f.Linear {
			t.Errorf("%s by %s: log-loss %.4f, logistic model %.4f, before the cut %v", f.What, f.by(), f.Loss.LogLoss, f.Linear, f.Held)
		}
		if len(f.Reasons) == 0 || len(f.Drivers) == 0 {
			t.Errorf("%s: nothing explained", f.What)
		}
	}
	atLeast("churn AUC against planted departures", r.predicted.Churn.Gone, .85)
	for _, cut := range p.Trained {
		if cut.Add(p.Horizon).After(r.records.Cut) {
			t.Errorf("learnt from the outcome of %v, which ends after the cut", cut)
		}
	}

	mark := make(map[string]float64)
	for _, m := range r.recommended.Lists {
		mark[m.Name] = m.At.NDCG
	}
	atLeast("blend against oracle", mark[nameBlend]/mark[nameOracle], .5)
	for _, name := range []string{nameKNN, nameALS, nameContent, nameBlend} {
		atLeast(name+" against bestsellers", mark[name], 1.2*mark[namePopular])
	}

	m := r.measured
	if off := math.Abs(m.Pooled.Effect.Estimate - m.Pooled.Planted); off > 4*m.Pooled.Effect.SE {
		t.Errorf("uplift %+.4f, planted %+.4f, standard error %.4f", m.Pooled.Effect.Estimate, m.Pooled.Planted, m.Pooled.Effect.SE)
	}
	if m.Aimed == nil || m.Others == nil {
		t.Fatal("no group was chosen")
	}
	atLeast("planted uplift of the chosen over that of the others", m.Aimed.Planted, m.Others.Planted+.05)

	in, of := 0, 0
	for k, c := range m.Audits {
		if c.Balance.Alarm || c.Twice != 0 || c.Sent != c.Treated || c.Redeemed == 0 || c.Redeemed > c.Treated {
			t.Errorf("%s: alarm %v, %d twice, %d sent to %d, %d coupons", c.Campaign.Name, c.Balance.Alarm, c.Twice, c.Sent, c.Treated, c.Redeemed)
		}
		for _, p := range append(c.Groups.Rows[:len(c.Groups.Rows):len(c.Groups.Rows)], c.Stages.Rows...) {
			if of++; p.Planted >= p.Effect.Low && p.Planted <= p.Effect.High {
				in++
			}
			if p.Verdict == repeat && p.Planted < p.BreakEven || p.Verdict == stop && p.Planted > p.BreakEven {
				t.Errorf("%s, %s: verdict %v, planted %.3f, break-even %.3f", c.Campaign.Name, p.Name, p.Verdict, p.Planted, p.BreakEven)
			}
		}
		for _, q := range c.Questions {
			if q.Name == "bought" && math.Abs(q.Effect.Estimate-c.Planted) > 4*q.Effect.SE {
				t.Errorf("%s: uplift %+.4f, planted %+.4f, standard error %.4f", c.Campaign.Name, q.Effect.Estimate, c.Planted, q.Effect.SE)
			}
		}
		x := c.Response
		if k > 0 { // the score has something to learn from
			atLeast(c.Campaign.Name+": planted uplift of the best three tenths over that of all", x.TopTrue, c.Planted+.03)
			atLeast(c.Campaign.Name+": planted uplift of the best tenth over that of all", x.Planted[0], c.Planted+.05)
		}
	}
	atLeast("intervals of parts that hold the planted effect", float64(in), .85*float64(of))

	a := r.targeted
	if a.Size == 0 || len(a.Target)+len(a.Control) != a.Size || len(a.Control) == 0 {
		t.Errorf("audience %d, target %d, control %d", a.Size, len(a.Target), len(a.Control))
	}
	checkGranted(t, r)
	d := r.demanded
	if math.Abs(d.CorrectedShare-1) > .08 || d.CorrectedShare < d.SoldShare || d.CorrectedWAPE >= d.SoldWAPE {
		t.Errorf("demand: sold %.3f, corrected %.3f of the planted; errors %.3f, %.3f", d.SoldShare, d.CorrectedShare, d.SoldWAPE, d.CorrectedWAPE)
	}
	if d.WAPE > .9*d.WAPELast {
		t.Errorf("error of the forecast %.3f, of the last four weeks %.3f", d.WAPE, d.WAPELast)
	}
	if x := d.Total / d.TotalWanted; x < .75 || x > 1.33 {
		t.Errorf("forecast is %.3f of what was wanted", x)
	}
	if x := r.stocked.Replayed; x.LostThen == 0 || float64(x.LostNow) > .8*float64(x.LostThen) {
		t.Errorf("replay: %+v", x)
	}

	f := r.filtered
	if f.Before == 0 || f.After != 0 || f.UnsafeLeft != 0 || f.Shown != f.Customers*opt.K {
		t.Errorf("filter: %d of %d out of stock before, %d after, %d unsafe after", f.Before, f.Shown, f.After, f.UnsafeLeft)
	}
	if len(f.Examples) == 0 {
		t.Error("no example lists")
	}
	for _, x := range f.Examples {
		for _, rec := range x.After {
			if r.stocked.OnHand[rec.Item] == 0 {
				t.Errorf("%s is out of stock and recommended to %s", rec.Item, x.Customer)
			}
		}
	}
	checkPage(t, r.page)
}

// TestForesees holds the forecast beside the last four weeks, as sold and as corrected for stock-outs,
// in eight weeks that nobody has seen, over shops of the size of the main job.
//
//	AISLE_LONG=1 go test -v -run Foresees ./examples/storefront
func TestForesees(t *testing.T) {
	testkit.Long(t)
	for seed := range uint64(5) {
		sim, err := shop.Simulate(shop.Config{Seed: seed + 1})
		if err != nil {
			t.Fatal(err)
		}
		rec, _, err := cleanRecords(sim, sim.Campaigns[len(sim.Campaigns)-1].Start, 60*day)
		if err != nil {
			t.Fatal(err)
		}
		now, err := profileAt(rec, rec.Cut, nil)
		if err != nil {
			t.Fatal(err)
		}
		d, err := demand(context.Background(), rec, now, wishes(sim))
		if err != nil {
			t.Fatal(err)
		}
		off, all := 0.0, 0.0
		for i, s := range d.Series {
			off += math.Abs(average(s.Units[max(len(s.Units)-4, 0):])*float64(d.Ahead) - d.Later[i])
			all += d.Later[i]
		}
		t.Logf("seed %d: by %s %.3f; the last four weeks as sold %.3f, as corrected %.3f", seed+1, d.By, d.WAPE, d.WAPELast, off/all)
		if last := min(d.WAPELast, off/all); d.WAPE > .9*last {
			t.Errorf("seed %d: error %.3f, last four weeks %.3f", seed+1, d.WAPE, last)
		}
	}
}

// TestRepeats: equal seed, equal report, other seed, other report.
func TestRepeats(t *testing.T) {
	dir := t.TempDir()
	write := func(seed uint64) string {
		opt := options{Seed: seed, K: 5, Users: 200, Out: dir}
		var out bytes.Buffer
		if err := run(context.Background(), opt, &out, nil); err != nil {
			t.Fatal(err)
		}
		page, err := os.ReadFile(filepath.Join(dir, "report.html"))
		if err != nil {
			t.Fatal(err)
		}
		return out.String() + string(page)
	}
	first := write(3)
	if write(3) != first {
		t.Error("equal seeds give other reports")
	}
	if !testkit.Race && write(4) == first {
		t.Error("the seed has no influence")
	}
}

func TestBadOptions(t *testing.T) {
	for _, opt := range []options{{K: 0}, {K: 101}, {K: 5, Users: 3}} {
		if err := run(context.Background(), opt, io.Discard, nil); err == nil {
			t.Errorf("%+v is accepted", opt)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := work(ctx, options{K: 5, Users: 200}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
}

// checkPage reads the page as strict XML and looks for what must not be there.
func checkPage(t *testing.T, p *report.Page) {
	t.Helper()
	var b bytes.Buffer
	if err := p.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Entity = xml.HTMLEntity
	svg, titles := 0, 0
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		if e, ok := tok.(xml.StartElement); ok {
			switch e.Name.Local {
			case "svg":
				svg++
			case "desc":
				titles++
			case "script", "link", "img", "iframe":
				t.Errorf("the page loads a %s", e.Name.Local)
			}
		}
	}
	if svg < 4 || titles != svg {
		t.Errorf("%d plots, %d descriptions", svg, titles)
	}
	for _, bad := range []string{"http://", "https://", "url(", "@import", "NaN", "+Inf"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
}

const head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

// TestReadRetail reads a small file by hand, with one of everything that is wrong
// with real ones.
func TestReadRetail(t *testing.T) {
	file := head +
		"1,10000,\"CUP, \"\"RED\"\"\",6,2011-01-01 10:00:00,2.55,7,France\r\n" + // 2: 15.30
		"1,10000,\"CUP, \"\"RED\"\"\",6,2011-01-01 10:00:00,2.55,7,France\n" + // 3: repeated
		"1,10001A,PLATE,10,2011-01-01 10:00:00,0.125,7,France\n" + // 4: 1.25, tenths of a penny
		"2,10000,CUP,1,2011-01-02 10:00:00,2.55,,France\n" + // 5: nobody
		"2,POST,POSTAGE,1,2011-01-02 10:00:00,18.00,,France\n" + // 6: no product
		"C3,10000,CUP,-2,2011-01-03 10:00:00,2.55,7,France\n" + // 7: credit note
		"4,10001a,broken,-3,2011-01-03 11:00:00,0,,France\n" + // 8: write-off
		"5,10001A,gift,1,2011-01-03 12:00:00,0,8,France\n" + // 9: free
		"A6,B,Adjust bad debt,1,2011-01-03 12:00:00,-100.06,,France\n" + // 10: debt
		"7,10001A,PLATE,x,2011-01-03 12:00:00,1,8,France\n" + // 11: malformed
		"7,10001A,\"PLATE,1,2011-01-03 12:00:00,1,8,France\n" + // 12: malformed
		"7,10001A,PLATE,1,2011-13-03 12:00:00,1,8,France\n" + // 13: malformed
		"7,10001A,PLATE\n" + // 14: malformed
		"8,10001A,PLATE,3,2011-01-04 12:00:00,1,8,Spain" // 15: no line end
	path := filepath.Join(t.TempDir(), "r.csv.gz")
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := io.WriteString(w, file); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), os.WriteFile(path, z.Bytes(), 0o666)); err != nil {
		t.Fatal(err)
	}
	rec, r, err := readRetail(path, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	// 15.30 + 15.30 + 1.25 + 2.55 + 18 - 5.10 + 0 + 0 - 100.06 + 3.00
	if r.Raw != -49_760 || pounds(r.Raw) != "-49.76 GBP" {
		t.Errorf("raw sum %d, %s", r.Raw, pounds(r.Raw))
	}
	if r.Rows != 10 || r.Invoices != 7 || r.Customers != 2 || r.Cancellations != 1 || r.NoCustomer != 4 {
		t.Errorf("%d rows, %d invoices, %d customers, %d cancellations, %d without customer", r.Rows, r.Invoices, r.Customers, r.Cancellations, r.NoCustomer)
	}
	for why, want := range map[string]int64{"malformed": 4, string(notProduct): 2, string(writeOff): 1, string(freeOfCost): 1, "duplicate": 1} {
		got := int64(0)
		for _, c := range r.Quality.Rejected {
			if string(c.Reason) == why {
				got = c.Rows
			}
		}
		if got != want {
			t.Errorf("%s: %d rows, want %d", why, got, want)
		}
	}
	if len(r.Malformed) != 4 || !strings.HasPrefix(r.Malformed[0], "line 11:") || !strings.HasPrefix(r.Malformed[3], "line 14:") {
		t.Errorf("malformed: %q", r.Malformed)
	}
	sum := int64(0)
	for _, p := range r.Parts {
		sum += p.Milli
	}
	if sum != r.Raw {
		t.Errorf("parts add up to %d, all rows to %d", sum, r.Raw)
	}
	tot := r.Settled.Totals[0]
	if tot.Paid != 1530+125+255+300 || tot.Refunded != 510 || tot.Unmatched != 0 {
		t.Errorf("totals %+v", tot)
	}
	if p := rec.product("10000"); p == nil || !strings.HasPrefix(p.Title, "CUP") {
		t.Errorf("product %+v", p)
	}
	if _, _, err := readRetail(path, true, nil); !errors.Is(err, errMalformed) || !strings.Contains(err.Error(), "line 11") {
		t.Errorf("strict: %v", err)
	}
}

func TestReadRetailBadFiles(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"empty": "", "header only": head, "no header": "a,b,c\n1,2,3\n", "cut gzip": "\x1f\x8b\x08\x00",
		"one long line": head + strings.Repeat("x", maxLine+2),
	} {
		path := filepath.Join(dir, "f.csv")
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readRetail(path, false, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, _, err := readRetail(filepath.Join(dir, "absent"), false, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}

func FuzzSplitCSV(f *testing.F) {
	f.Add(`a,"b,""c""",`)
	f.Add(`"`)
	f.Fuzz(func(t *testing.T, line string) {
		fields, err := splitCSV(nil, line)
		if err != nil {
			return
		}
		var b strings.Builder
		for i, x := range fields {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(x, `"`, `""`) + `"`)
		}
		again, err := splitCSV(nil, b.String())
		if err != nil || strings.Join(again, "\x00") != strings.Join(fields, "\x00") {
			t.Errorf("%q gives %q, then %q, %v", line, fields, again, err)
		}
	})
}

// TestOnlineRetail reads the half million rows, if they are here, and compares
// with the published figures.
func TestOnlineRetail(t *testing.T) {
	if testing.Short() {
		t.Skip("half a million rows")
	}
	_, r, err := readRetail(testkit.Shared(t, "data", "online-retail", "online_retail.csv.gz"), true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if pounds(r.Raw) != "9,747,747.93 GBP" {
		t.Errorf("revenue before cleaning %s", pounds(r.Raw))
	}
	if r.Rows != 541_909 || r.Invoices != 25_900 || r.Customers != 4_372 || r.Codes != 4_070 || r.NoCustomer != 135_080 || r.Cancellations != 9_288 {
		t.Errorf("%d rows, %d invoices, %d customers, %d codes, %d without customer, %d cancelled rows", r.Rows, r.Invoices, r.Customers, r.Codes, r.NoCustomer, r.Cancellations)
	}
	// Every penny is somewhere, and what is taken back is taken back once.
	sum := int64(0)
	for _, p := range r.Parts {
		sum += p.Milli
	}
	if sum != r.Raw {
		t.Errorf("parts add up to %d, all rows to %d", sum, r.Raw)
	}
	tot := r.Settled.Totals[0]
	if back := tot.Refunded + tot.Unmatched + tot.Excess; back != 47_590_116 {
		t.Errorf("credit notes come to %d pence", back)
	}
	if tot.Refunded > tot.Paid || r.Settled.RefundsOver != 0 && tot.Excess == 0 {
		t.Errorf("totals %+v", tot)
	}
}

// TestOnlineRetailJob does the whole job on them.
func TestOnlineRetailJob(t *testing.T) {
	testkit.Long(t)
	r, err := retail(context.Background(), options{Data: testkit.Shared(t, "data", "online-retail", "online_retail.csv.gz"), Seed: 1, K: 10}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := r.predicted.Purchase.AUC; a < .7 {
		t.Errorf("purchase AUC %.3f", a)
	}
	blend, _ := r.recommended.find(nameBlend)
	pop, _ := r.recommended.find(namePopular)
	if blend.At.NDCG < 1.5*pop.At.NDCG {
		t.Errorf("blend %.4f, bestsellers %.4f", blend.At.NDCG, pop.At.NDCG)
	}
	if e := r.measured.Placebo.Effect; e.PValue < .001 {
		t.Errorf("an effect of nothing: %v", e)
	}
	if r.filtered.After != 0 || r.filtered.Before == 0 {
		t.Errorf("out of stock: %d before, %d after the filter", r.filtered.Before, r.filtered.After)
	}
	checkPage(t, r.page)
}
