package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/metrics"
)

// coin writes a small amount with its sign.
func coin(minor float64) string { return fmt.Sprintf("%+.2f", minor/100) }

func coins(low, high float64, currency string) string {
	return coin(low) + " to " + coin(high) + " " + currency
}

func pointsRange(e *metrics.Effect) string {
	return fmt.Sprintf("%+.1f to %+.1f", 100*e.Low, 100*e.High)
}

func named(rows []slice, v verdict) []string {
	var out []string
	for _, p := range rows {
		if p.Verdict == v {
			out = append(out, "“"+p.Name+"”")
		}
	}
	return out
}

func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// more writes a number of customers as an order of magnitude.
func more(n int64) string {
	switch {
	case n < 0:
		return "n/a"
	case n == 0:
		return "0"
	case n > 100_000:
		return "> 100,000"
	}
	step := int64(10)
	if n >= 1000 {
		step = 100
	}
	return count((n + step - 1) / step * step)
}

// whom says to whom to repeat it and for whom to stop.
func whom(rows []slice) string {
	yes, no, open := named(rows, repeat), named(rows, stop), len(named(rows, undecided))
	var s []string
	if len(yes) > 0 {
		s = append(s, "send it again to "+list(yes)+", where it pays")
	}
	if len(no) > 0 {
		s = append(s, "stop sending it to "+list(no)+", where it costs more than it brings")
	}
	var answer []string
	for _, p := range rows {
		if p.Verdict == undecided && p.Adjusted < .05 && p.Effect.Estimate > 0 {
			answer = append(answer, "“"+p.Name+"”")
		}
	}
	if len(answer) > 0 {
		s = append(s, "customers of "+list(answer)+" clearly answer, but that it pays is not proven yet, so send it again there with a hold-out")
	}
	if open -= len(answer); len(s) > 0 && open > 0 {
		s = append(s, fmt.Sprintf("nothing is proven for the other groups (%d): send it there only as a test", open))
	}
	return strings.Join(s, "; ")
}

// decision is what to do, in one sentence.
func (a *audited) decision(currency string) string {
	m := &a.Money
	groups := whom(a.Groups.Rows)
	switch {
	case m.Verdict == repeat && groups == "":
		return "Repeat it to everybody: it earns more than it costs, and no group is proven to be an exception."
	case m.Verdict == repeat:
		return "Repeat it: it earns more than it costs on the whole; " + groups + "."
	case m.Verdict == stop && groups == "":
		return "Stop it: it costs more than it earns, and no group is proven to be an exception."
	case m.Verdict == stop:
		return "Do not repeat it to everybody, for it costs more than it earns; " + groups + "."
	}
	s := "Undecided on the whole"
	switch {
	case m.More > 0:
		s += fmt.Sprintf(": it takes about %s more customers to see a profit as large as the cost of a contact (%s %s)", more(m.More), decimal(m.Contact/100, 2), currency)
	case m.More == 0:
		s += ": with so many customers a profit as large as the cost of a contact would probably have shown, so if it earns anything it is less"
	}
	if groups == "" {
		return s + ". Repeat it only with a hold-out, as a test."
	}
	return s + ". By group it is clearer: " + groups + "."
}

// section reports on one campaign. terms asks for explanations, given once a page.
func (a *audited) section(currency string, terms bool) report.Section {
	s := report.Section{Title: "Campaign " + a.Campaign.Name}
	lot := report.Figure{Label: "1. was the lot fair?", Value: "yes", Note: fmt.Sprintf("%s addressed, %s left alone; lots as uneven come up with probability %s", count(a.Treated), count(len(a.Contacts)-a.Treated), percent(a.Balance.PValue))}
	if a.Balance.Alarm {
		// Nothing below this would mean anything.
		lot.Value = "NO"
		s.Figures = []report.Figure{lot}
		s.Meaning = fmt.Sprintf("Nothing can be said of this campaign: %s were addressed and %s left alone, and an even lot gives numbers so unequal in less than one case in a thousand.", count(a.Treated), count(len(a.Contacts)-a.Treated))
		s.Action = "Find out who is missing (filters, lost logs, messages that failed) before you look at any result."
		return s
	}
	buy := a.bought()
	s.Meaning = a.meaning(currency, buy)
	s.Action = a.decision(currency)
	s.Figures = append([]report.Figure{lot}, a.figures(currency, buy)...)
	s.Tables = append(s.Tables, a.questions(currency), a.Groups.table("By group of alike buyers", "group"), a.Stages.table("By stage of life at the start", "stage"))
	s.Plots = append(s.Plots, a.Groups.plot("Effect by group: points more buyers"))
	s.Terms = slices.Clone(campaignTerms)
	s.Notes = a.notes(currency, buy)
	if r := a.Response; r != nil {
		a.responders(&s, r)
	}
	if !math.IsNaN(a.Planted) {
		s.Checks = a.checks(buy)
	}
	if !terms {
		s.Terms = nil
	}
	return s
}

// bought returns the question whether customers bought, nil where it could not be
// asked.
func (a *audited) bought() *question {
	for i := range a.Questions {
		if a.Questions[i].Name == "bought" {
			return &a.Questions[i]
		}
	}
	return nil
}

// meaning says what the message did to the share of buyers and what a contact brought.
func (a *audited) meaning(currency string, buy *question) string {
	c, m := a.Campaign, &a.Money
	said := fmt.Sprintf("%s to %s. The lot was fair. ", date(c.Start), date(c.End.Add(-day)))
	if buy != nil {
		verb := "has not clearly changed"
		if buy.Adjusted < .05 {
			verb = "raised"
			if buy.Effect.Estimate < 0 {
				verb = "lowered"
			}
		}
		said += fmt.Sprintf("The message %s the share of buyers: %s with it, %s without (%s; 95%% interval, the range in which the truth probably lies, %s). ", verb, percent(buy.Effect.MeanB), percent(buy.Effect.MeanA), points(buy.Effect.Estimate), pointsRange(&buy.Effect))
	}
	said += fmt.Sprintf("After all costs a contact brought %s %s; between %s is possible.", coin(m.Profit.Estimate), currency, strings.Replace(coins(m.Profit.Low, m.Profit.High, currency), " to ", " and ", 1))
	return said
}

// campaignTerms explain the figures of a campaign.
var campaignTerms = []report.Term{
	{Word: "Clear?", Meaning: "yes if chance alone would hardly ever (p below 0.05, that is 1 in 20) make a difference as large. p is raised for every further question asked (Holm's correction), because who asks often is sure to be fooled once."},
	{Word: "Relative lift", Meaning: "the difference in per cent of what happened without: from 20% to 23% is +3 points, a lift of +15%."},
	{Word: "Decides", Meaning: "which number decides was fixed before the campaign: profit. The others help to understand it."},
	{Word: "Less what earlier spending explains", Meaning: "good customers spend more anyway; to take that out before comparing (CUPED) leaves less to chance."},
	{Word: "Capped", Meaning: "the largest hundredth of the amounts count as the smallest of them, so that one huge order does not decide."},
	{Word: "Break-even effect", Meaning: "the rise in the share of buyers from which on the message earns its cost: cost of a contact divided by what an additional buyer is worth (revenue less goods, before the discount)."},
	{Word: "Additional", Meaning: "with the message less without it. Coupons that were used do not tell: many users of a coupon would have bought without it."},
}

// figures are the chain from those reached to what came of it. buy is the question
// whether customers bought, nil where it could not be asked.
func (a *audited) figures(currency string, buy *question) []report.Figure {
	m, treated := &a.Money, float64(max(a.Treated, 1))
	out := []report.Figure{
		{Label: "2. reached", Value: count(a.Sent), Note: fmt.Sprintf("of %s addressed; %s clicked", count(a.Treated), percent(float64(a.Clicked)/treated))},
		{Label: "3. used the coupon", Value: percent(float64(a.Redeemed) / treated), Note: count(a.Redeemed) + " customers, some of whom would have bought anyway"},
	}
	if buy != nil {
		out = append(out, report.Figure{Label: "4. additional buyers", Value: decimal(a.Additional.Value, 0), Note: fmt.Sprintf("95%% interval %.0f to %.0f", a.Additional.Range.Low, a.Additional.Range.High)})
	}
	return append(out,
		report.Figure{Label: "5. cost", Value: whole(m.Spent, currency), Note: fmt.Sprintf("%s a contact: message %s, discount %s", decimal(m.Contact/100, 2), decimal(m.Message/100, 2), decimal((m.Contact-m.Message)/100, 2))},
		report.Figure{Label: "6. profit a contact", Value: coin(m.Profit.Estimate) + " " + currency, Note: "95% interval " + coins(m.Profit.Low, m.Profit.High, currency)},
		report.Figure{Label: "break-even effect", Value: points(m.BreakEven), Note: fmt.Sprintf("an additional buyer is worth %s", whole(m.Margin, currency))},
		report.Figure{Label: "return on the cost (ROI)", Value: signed(m.ROI), Note: "95% interval " + signed(m.ROIRange.Low) + " to " + signed(m.ROIRange.High)})
}

// questions is the table of what was asked and answered.
func (a *audited) questions(currency string) report.Table {
	t := report.Table{Caption: "What the message changed", Columns: []string{"question", "without", "with", "difference", "95% interval", "relative lift", "clear?"}}
	for _, q := range a.Questions {
		e := &q.Effect
		row := []string{q.Name, percent(e.MeanA), percent(e.MeanB), points(e.Estimate), pointsRange(e)}
		if q.Money {
			row = []string{q.Name, decimal(e.MeanA/100, 2), decimal(e.MeanB/100, 2), coin(e.Estimate) + " " + currency, coin(e.Low) + " to " + coin(e.High)}
		}
		lift, clear := "n/a", "same question"
		if q.HasLift {
			lift = fmt.Sprintf("%s (%s to %s)", signed(q.Lift.Estimate), signed(q.Lift.Low), signed(q.Lift.High))
		}
		if q.Asked {
			clear = "no"
			if q.Adjusted < .05 {
				clear = "yes"
			}
			clear += " (" + pvalue(q.Adjusted) + ")"
		}
		if q.Decides {
			clear = [...]string{"no", "yes", "yes"}[a.Money.Verdict] + ", and this decides (" + pvalue(e.PValue) + ")"
		}
		t.Rows = append(t.Rows, append(row, lift, clear))
	}
	e := &a.Before
	similar := "as alike as lots make them"
	if e.PValue < .05 {
		similar = "unlike by bad luck: trust the line that allows for it"
	}
	t.Rows = append(t.Rows, []string{"check: spent in the 90 days before", decimal(e.MeanA/100, 2), decimal(e.MeanB/100, 2), coin(e.Estimate) + " " + currency, coin(e.Low) + " to " + coin(e.High), "", similar})
	return t
}

// notes are what a reader of the figures should know.
func (a *audited) notes(currency string, buy *question) (notes []string) {
	if a.Capped > 0 {
		notes = append(notes, fmt.Sprintf("Capped: %s customers who spent more than %s count as having spent that much.", count(a.Capped), money(int64(a.Cap), currency)))
	}
	if a.Reduction > 0 {
		notes = append(notes, fmt.Sprintf("Allowing for what customers spent before takes %s of the variance (the play of chance) out of revenue.", percent(a.Reduction)))
	}
	if len(a.Groups.Rows) > 1 {
		notes = append(notes, a.Groups.differ("groups"))
	}
	if len(a.Stages.Rows) > 1 {
		notes = append(notes, a.Stages.differ("stages of life"))
	}
	if a.Redeemed > 0 && buy != nil {
		notes = append(notes, fmt.Sprintf("To credit every used coupon to the message would claim %s buyers where it brought %.0f. The log knows no other channel, so there is nothing else to share the credit with, and the hold-out says more than any such sharing.", count(a.Redeemed), a.Additional.Value))
	}
	if a.Twice > 0 {
		notes = append(notes, fmt.Sprintf("%s customers were found in both arms and left out.", count(a.Twice)))
	}
	return notes
}

// checks hold what was measured against what was planted.
func (a *audited) checks(buy *question) (checks []report.Check) {
	if buy != nil {
		checks = append(checks, report.Check{
			What: "effect on the share of buyers", Planted: points(a.Planted), Found: points(buy.Effect.Estimate) + " (" + pointsRange(&buy.Effect) + ")",
			Verdict: report.Mark(a.Planted >= buy.Effect.Low && a.Planted <= buy.Effect.High),
		})
	}
	checks = append(checks, a.Groups.check("groups"), a.Stages.check("stages of life"))
	if r := a.Response; r != nil {
		checks = append(checks, report.Check{
			What: "effect among the three tenths with the highest score", Planted: points(r.TopTrue), Found: points(r.Top.Estimate) + " (" + pointsRange(&r.Top) + ")",
			Verdict: report.Mark(r.TopTrue >= r.Top.Low && r.TopTrue <= r.Top.High),
		})
	}
	return checks
}

// responders adds whom the score finds.
func (a *audited) responders(s *report.Section, r *response) {
	what := "how lately a customer bought"
	if r.Learnt {
		what = "how the customer's group answered earlier campaigns, and how lately the customer bought"
	}
	known := !math.IsNaN(a.Planted)
	s.Terms = append(s.Terms, report.Term{Word: "Score", Meaning: "a guess, made before the campaign, of who will answer."},
		report.Term{Word: "Uplift curve", Meaning: "additional buyers if only the customers with the highest scores had been addressed. A curve above the straight line means that the score finds those who answer; where it falls, messages drive buyers away. The area between the two measures it; so does the Qini coefficient, its like for the customers addressed."})
	bars := report.Plot{Kind: report.Bars, Title: "Effect by tenth of the score: points more buyers", Desc: "Bars of the measured and the planted effect in each tenth of the customers by falling score.", Percent: true, Series: []report.Series{{Name: "measured"}}}
	t := report.Table{Caption: "By tenth of the score", Columns: []string{"tenth", "customers", "without", "with", "difference", "95% interval"}}
	if known {
		t.Columns = append(t.Columns, "planted")
		bars.Series = append(bars.Series, report.Series{Name: "planted"})
	}
	for k, b := range r.Buckets {
		name := fmt.Sprint(k + 1)
		if k == 0 {
			name += " (highest)"
		}
		bars.Labels = append(bars.Labels, name)
		row := []string{name, count(b.Treated + b.Control), "n/a", "n/a", "n/a", "n/a"}
		if b.Err == nil {
			row = []string{name, count(b.Treated + b.Control), percent(b.Effect.MeanA), percent(b.Effect.MeanB), points(b.Effect.Estimate), "n/a"}
			if !math.IsNaN(b.Effect.Low) {
				row[5] = pointsRange(&b.Effect)
			}
		}
		bars.Series[0].Y = append(bars.Series[0].Y, b.Effect.Estimate)
		if known {
			row = append(row, points(r.Planted[k]))
			bars.Series[1].Y = append(bars.Series[1].Y, r.Planted[k])
		}
		t.Rows = append(t.Rows, row)
	}
	s.Plots = append(s.Plots, r.curve(known), bars)
	s.Tables = append(s.Tables, t)
	verdictOf := "so the score is better than lots"
	switch {
	case r.Gain.High < 0:
		verdictOf = "so the score is worse than lots: do not choose by it"
	case r.Gain.Low <= 0:
		verdictOf = "so it is not proven that the score is better than lots"
	}
	note := fmt.Sprintf("The score looks at "+what+". Choosing by it instead of by lot brings %.1f additional buyers per 1,000 customers, averaged over all sizes of audience (95%% interval %.1f to %.1f), %s.", 1000*r.Gain.Estimate, 1000*r.Gain.Low, 1000*r.Gain.High, verdictOf)
	if q := r.Curves.Qini.Normalized; !math.IsNaN(q) {
		note += fmt.Sprintf(" Its Qini coefficient is %.3f, where 0 is lots and 1 an oracle that knows what everybody did.", q)
	}
	s.Notes = append(s.Notes, note)
}

// curve draws the additional buyers by share addressed, beside what was planted, if that
// is known, and choice by lot.
func (r *response) curve(known bool) report.Plot {
	curve := report.Plot{
		Kind: report.Lines, Title: "Who responds? Uplift curve of the score", Desc: "Additional buyers per customer against the share of customers addressed by falling score; the straight dashed line is choice by lot.",
		XName: "share addressed, highest score first", YName: "additional buyers, of all customers", Percent: true, Zero: true, X: r.X, Series: []report.Series{{Name: "measured", Y: r.Found}},
	}
	if known {
		curve.Series = append(curve.Series, report.Series{Name: "planted", Y: r.True})
	}
	end := r.Found[len(r.Found)-1]
	line := make([]float64, len(r.X))
	for i, x := range r.X {
		line[i] = x * end
	}
	curve.Series = append(curve.Series, report.Series{Name: "by lot", Y: line, Dashed: true})
	return curve
}

func pvalue(p float64) string {
	if p < .001 {
		return "p below 0.001"
	}
	return fmt.Sprintf("p %.3f", p)
}

func signed(x float64) string {
	if math.IsNaN(x) {
		return "n/a"
	}
	return fmt.Sprintf("%+.0f%%", 100*x)
}

func (p *parts) known() bool { return len(p.Rows) > 0 && !math.IsNaN(p.Rows[0].Planted) }

// table lists the parts with what was measured in each.
func (p *parts) table(caption, what string) report.Table {
	t := report.Table{Caption: caption, Columns: []string{what, "customers", "without", "with", "difference", "95% interval", "clear?", "break-even", "does it pay?", "more customers to decide"}}
	if p.known() {
		t.Columns = append(t.Columns, "planted")
	}
	for _, r := range p.Rows {
		e := &r.Effect
		clear := "no"
		if r.Adjusted < .05 {
			clear = "yes"
		}
		row := []string{
			r.Name, count(e.N), percent(e.MeanA), percent(e.MeanB), points(e.Estimate), pointsRange(e), clear + " (" + pvalue(r.Adjusted) + ")",
			points(r.BreakEven), [...]string{"undecided", "yes", "no"}[r.Verdict], "–",
		}
		if r.Verdict == undecided {
			row[9] = more(r.More)
		}
		if p.known() {
			row = append(row, points(r.Planted))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// plot draws the effects beside those needed to break even.
func (p *parts) plot(title string) report.Plot {
	out := report.Plot{
		Kind: report.Bars, Title: title, Desc: "Bars of the effect and of the effect needed to break even, by part of the customers.", Percent: true,
		Series: []report.Series{{Name: "measured"}, {Name: "needed to break even"}},
	}
	if p.known() {
		out.Series = append(out.Series, report.Series{Name: "planted"})
	}
	for _, r := range p.Rows {
		out.Labels = append(out.Labels, r.Name)
		out.Series[0].Y = append(out.Series[0].Y, r.Effect.Estimate)
		out.Series[1].Y = append(out.Series[1].Y, r.BreakEven)
		if p.known() {
			out.Series[2].Y = append(out.Series[2].Y, r.Planted)
		}
	}
	return out
}

// differ says whether the parts answer differently.
func (p *parts) differ(what string) string {
	if p.Differ == nil {
		return ""
	}
	if p.Differ.PValue < .05 {
		return fmt.Sprintf("Do the %s answer differently? Yes: chance alone makes differences as large between them too rarely (interaction test, %s).", what, pvalue(p.Differ.PValue))
	}
	return fmt.Sprintf("Do the %s answer differently? Not proven (interaction test, %s): do not read much into the order of the table.", what, pvalue(p.Differ.PValue))
}

// check counts the intervals that hold what was planted.
func (p *parts) check(what string) report.Check {
	in := 0
	for _, r := range p.Rows {
		if r.Planted >= r.Effect.Low && r.Planted <= r.Effect.High {
			in++
		}
	}
	n := len(p.Rows)
	return report.Check{What: "95% intervals of the " + what + " that hold the planted effect", Planted: "95%", Found: fmt.Sprintf("%d of %d", in, n), Verdict: report.Mark(float64(in) >= .7*float64(n))}
}

// section reports on all campaigns together, or on none.
func (m *measured) section() report.Section {
	s := report.Section{
		Title: "Did it work?",
		Terms: []report.Term{
			{Word: "95% interval", Meaning: "the range in which the true effect lies, if such a calculation is right 95 times in 100. If it contains 0, chance alone may explain the difference."},
			{Word: "Points", Meaning: "percentage points: from 20% to 23% is +3 points."},
		},
	}
	t := report.Table{Caption: "Effect on the chance to buy within the campaign", Columns: []string{"campaign", "customers", "bought without", "bought with", "difference", "95% interval", "profit a contact, " + m.Currency}}
	add := func(e *effect) {
		if e == nil {
			return
		}
		profit := "–"
		if e.Profit != nil {
			profit = coin(e.Profit.Estimate) + " (" + coin(e.Profit.Low) + " to " + coin(e.Profit.High) + ")"
		}
		t.Rows = append(t.Rows, []string{e.Name, count(e.Effect.N), percent(e.Effect.MeanA), percent(e.Effect.MeanB), points(e.Effect.Estimate), interval(e), profit})
	}
	if len(m.Audits) == 0 {
		t.Columns = t.Columns[:6]
		add(m.Placebo)
		for i := range t.Rows {
			t.Rows[i] = t.Rows[i][:6]
		}
		s.Tables = append(s.Tables, t)
		s.Meaning = m.placeboMeaning()
		s.Action = "Run the next campaign with the hold-out of the section before, and read its effect here."
		return s
	}
	overview, effects := m.overview()
	for i := range effects {
		add(&effects[i])
		if !math.IsNaN(effects[i].Planted) {
			s.Checks = append(s.Checks, planted("effect of "+effects[i].Name, &effects[i]))
		}
	}
	s.Tables = append(s.Tables, overview, t)
	if m.Pooled == nil {
		s.Meaning = "No campaign can be judged."
		s.Action = "See the campaigns below for why."
		return s
	}
	add(m.Pooled)
	add(m.Aimed)
	add(m.Others)
	s.Tables[1] = t
	s.Meaning = fmt.Sprintf("Over all campaigns a message changed the chance to buy within two weeks by %s (from %s to %s); the true effect lies between %s.",
		points(m.Pooled.Effect.Estimate), percent(m.Pooled.Effect.MeanA), percent(m.Pooled.Effect.MeanB), strings.Replace(interval(m.Pooled), " to ", " and ", 1))
	s.Action = "The campaigns before the cut prove for no group that the message pays or does not. Address the more promising half (marked “chosen”), with a hold-out."
	if w := whom(m.Groups.Rows); w != "" {
		s.Action = "By the campaigns before the cut: " + w + "."
	}
	s.Checks = append(s.Checks, m.checks()...)
	m.answers(&s)
	if m.Aimed != nil {
		s.Notes = append(s.Notes, "Who is chosen was fixed before the last campaign began, so its lines are a fair test of the choice. Customers in several campaigns are counted once in each.")
	}
	return s
}

// checks hold the pooled effects against what was planted, if that is known.
func (m *measured) checks() []report.Check {
	if math.IsNaN(m.Pooled.Planted) {
		return nil
	}
	out := []report.Check{planted("effect of all campaigns together", m.Pooled)}
	if m.Aimed != nil && m.Others != nil {
		x := planted("held-out campaign, customers chosen by earlier ones", m.Aimed)
		x.Verdict = report.Mark(m.Aimed.Planted > m.Others.Planted)
		y := planted("held-out campaign, all others", m.Others)
		y.Verdict = report.Stated
		out = append(out, x, y)
	}
	return out
}

// overview lists the campaigns with what to do, and returns the effects of those that can
// be judged.
func (m *measured) overview() (report.Table, []effect) {
	var effects []effect
	overview := report.Table{Caption: "Campaign by campaign", Columns: []string{"campaign", "lot fair?", "effect on the share of buyers", "profit a contact, " + m.Currency, "decision"}}
	for _, a := range m.Audits {
		if a.Balance.Alarm {
			overview.Rows = append(overview.Rows, []string{a.Campaign.Name, "NO", "–", "–", "mend the measurement first"})
			continue
		}
		e := &effect{Name: a.Campaign.Name, Planted: a.Planted, Profit: &a.Money.Profit}
		for _, q := range a.Questions {
			if q.Name == "bought" {
				e.Effect = q.Effect
			}
		}
		effects = append(effects, *e)
		overview.Rows = append(overview.Rows, []string{e.Name, "yes", points(e.Effect.Estimate), coin(a.Money.Profit.Estimate), [...]string{"undecided on the whole", "repeat", "not for everybody"}[a.Money.Verdict]})
	}
	return overview, effects
}

// placeboMeaning says what it means to measure where nothing was sent.
func (m *measured) placeboMeaning() string {
	switch {
	case m.Placebo == nil:
		return "The file holds no campaign, and too few customers to measure one."
	case m.Placebo.Effect.Significant():
		return "The file holds no campaign, yet the two halves of the audience, to whom nothing was sent, differ by more than chance usually does; one time in twenty that happens."
	}
	return "The file holds no campaign; the two halves of the audience, to whom nothing was sent, differ by no more than chance: the measurement invents no effect."
}

// answers adds who answered the campaigns before the cut, and who was chosen by it.
func (m *measured) answers(s *report.Section) {
	g := m.Groups.table("Who answers? Campaigns before the cut, customers not gone", "group")
	g.Columns = append(g.Columns, "chosen")
	for i := range g.Rows {
		chosen := "no"
		if slices.Contains(m.Chosen, m.Groups.Rows[i].Key) {
			chosen = "yes"
		}
		g.Rows[i] = append(g.Rows[i], chosen)
	}
	s.Tables = append(s.Tables, g)
	s.Plots = append(s.Plots, m.Groups.plot("Effect by group, campaigns before the cut: points more buyers"))
	s.Terms = append(s.Terms, report.Term{Word: "Break-even", Meaning: "the rise in the share of buyers from which on a message earns what it and its discounts cost."},
		report.Term{Word: "More customers to decide", Meaning: "how many more have to take part until an effect of twice the break-even would show in four of five such tests."})
	if d := m.Groups.differ("groups"); d != "" {
		s.Notes = append(s.Notes, d)
	}
}

// planted holds one effect against the planted one.
func planted(what string, e *effect) report.Check {
	return report.Check{
		What: what, Planted: points(e.Planted), Found: points(e.Effect.Estimate) + " (" + interval(e) + ")",
		Verdict: report.Mark(e.Planted >= e.Effect.Low && e.Planted <= e.Effect.High),
	}
}
