package api

import (
	"net/http"
	"time"

	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
)

// route is all that is known of one: mux, checks and document are made from it.
type route struct {
	method, path string
	role         Role
	summary      string
	in           any      // a sample of the body, nil for none
	out          any      // a sample of the answer, nil where it is no JSON
	query        []string // names of parameters
	faults       []int    // beside those every route has
	long         bool     // may take minutes
	handle       func(*call) (any, error)
}

// table are the routes.
func (s *Server) table() []route {
	type m = map[string]any
	return []route{
		{method: "GET", path: "/healthz", summary: "The process lives.", out: Health{}, handle: func(*call) (any, error) { return Health{"ok"}, nil }},
		{method: "GET", path: "/readyz", summary: "The shop is restored and its database answers.", out: Health{}, faults: []int{503}, handle: s.readyz},
		{method: "GET", path: "/openapi.json", summary: "This document.", out: m{}, handle: func(*call) (any, error) { return s.document(), nil }},
		{method: "GET", path: "/metrics", role: Read, summary: "Numbers for Prometheus.", handle: s.metrics},
		{method: "GET", path: "/v1/status", role: Read, summary: "What the shop knows and how fresh it is.", out: shop.Status{}, handle: func(*call) (any, error) { return s.shop.Status(), nil }},

		{method: "POST", path: "/v1/events", role: Write, summary: "Store events, each once by its id. 200 says that at least one is stored, now or before; fates say which. Where a field is invalid nothing is.", in: EventsIn{}, out: EventsOut{}, faults: []int{404, 409, 410, 422, 503}, handle: s.postEvents},
		{method: "POST", path: "/v1/recommendations", role: Read, summary: "What to show, and why.", in: RecommendIn{}, out: shop.List{}, faults: []int{404, 422}, handle: s.recommend},
		{method: "POST", path: "/v1/answers", role: Read, summary: "Entries of the FAQ that a customer may want, by words typed or by history.", in: AnswersIn{}, out: AnswersOut{}, faults: []int{422, 503}, handle: s.answers},

		{method: "PUT", path: "/v1/items", role: Write, summary: "Write items, new and known ones.", in: ItemsIn{}, out: Count{}, faults: []int{422, 503}, handle: s.putItems},
		{method: "GET", path: "/v1/items/{item}", role: Read, summary: "One item.", out: Item{}, faults: []int{404}, handle: s.getItem},
		{method: "PUT", path: "/v1/stock", role: Write, summary: "Write what is on hand of an item.", in: StockIn{}, out: Count{}, faults: []int{404, 422, 503}, handle: s.putStock},
		{method: "GET", path: "/v1/stock/plan", role: Read, summary: "What to order.", out: PlanOut{}, faults: []int{503}, handle: s.stockPlan},
		{method: "PUT", path: "/v1/faq", role: Write, summary: "Write entries of the FAQ.", in: FAQIn{}, out: Count{}, faults: []int{422, 503}, handle: s.putFAQ},

		{method: "GET", path: "/v1/segments", role: Read, summary: "How many customers each segment has.", out: SegmentsOut{}, handle: s.segments},
		{method: "POST", path: "/v1/audiences/count", role: Read, summary: "How many customers a rule means. Fewer than ten are not told.", in: RuleIn{}, out: shop.Audience{}, faults: []int{422}, handle: s.audience},
		{method: "POST", path: "/v1/audiences/export", role: Admin, summary: "Who they are, by the shop's ids. Each goes into the trail.", in: RuleIn{}, out: CustomersOut{}, faults: []int{422, 503}, long: true, handle: s.export},
		{method: "PUT", path: "/v1/offers", role: Write, summary: "Write offers.", in: OffersIn{}, out: Count{}, faults: []int{404, 422, 503}, handle: s.putOffers},
		{method: "POST", path: "/v1/offers/plan", role: Admin, summary: "Who gets which offer, within stock and budget. Each customer goes into the trail.", in: OfferPlanIn{}, out: shop.OfferPlan{}, faults: []int{422, 503}, long: true, handle: s.planOffers},

		{method: "PUT", path: "/v1/ads", role: Write, summary: "Write ads.", in: AdsIn{}, out: Count{}, faults: []int{422, 503}, handle: s.putAds},
		{method: "POST", path: "/v1/ads/page", role: Write, summary: "The ads of a page.", in: PageIn{}, out: PageOut{}, faults: []int{422, 503}, handle: s.page},
		{method: "POST", path: "/v1/ads/outcome", role: Write, summary: "An ad of a page was clicked or acted upon. The second time changes nothing.", in: OutcomeIn{}, out: OutcomeOut{}, faults: []int{404, 422, 503}, handle: s.outcome},

		{method: "POST", path: "/v1/experiments", role: Write, summary: "Begin an experiment.", in: ExperimentIn{}, out: Count{}, faults: []int{409, 422, 503}, handle: s.postExperiment},
		{method: "GET", path: "/v1/experiments", role: Read, summary: "All experiments.", out: ExperimentsOut{}, handle: s.experiments},
		{method: "POST", path: "/v1/experiments/end", role: Write, summary: "End an experiment: everybody gets what the control gets.", in: NameIn{}, out: Count{}, faults: []int{404, 422, 503}, handle: s.endExperiment},
		{method: "GET", path: "/v1/experiments/{name}/result", role: Read, summary: "Arms compared, by orders since the first exposure of each customer.", out: ResultOut{}, faults: []int{404, 422, 503}, handle: s.result},
		{method: "POST", path: "/v1/exposures", role: Write, summary: "A customer saw what the arm is about. Stored once by its id.", in: ExposureIn{}, out: ExposureOut{}, faults: []int{404, 409, 410, 422, 503}, handle: s.expose},

		{method: "GET", path: "/v1/kpi", role: Read, summary: "Figures of a span, from the log as it stands.", query: []string{"from", "to"}, out: shop.KPI{}, faults: []int{422, 503}, handle: s.kpi},

		{method: "POST", path: "/v1/customers/profile", role: Read, summary: "What is thought of a customer. Goes into the trail.", in: CustomerIn{}, out: shop.Profile{}, faults: []int{404, 422, 503}, handle: s.profile},
		{method: "POST", path: "/v1/customers/data", role: Admin, summary: "All that is stored of a customer, for the customer. Goes into the trail.", in: CustomerIn{}, out: DataOut{}, faults: []int{404, 422, 503}, long: true, handle: s.data},
		{method: "POST", path: "/v1/customers/delete", role: Admin, summary: "Delete a customer everywhere, at once; from models and files at the next purge.", in: CustomerIn{}, out: DeletedOut{}, faults: []int{422, 503}, handle: s.delete},
		{method: "POST", path: "/v1/trail", role: Admin, summary: "Who read, exported or deleted whom.", in: TrailIn{}, out: TrailOut{}, faults: []int{422, 503}, handle: s.trail},

		{method: "POST", path: "/v1/refit", role: Admin, summary: "Fit models on the log and put them in place.", out: shop.Refit{}, faults: []int{503}, long: true, handle: s.refit},
		{method: "POST", path: "/v1/purge", role: Admin, summary: "Make deletions hold in models, snapshot and files.", out: PurgeOut{}, faults: []int{503}, long: true, handle: s.purge},
		{method: "GET", path: "/v1/backup", role: Admin, summary: "The database, a line of JSON for each row.", faults: []int{503}, long: true, handle: s.backup},
		{method: "PUT", path: "/v1/tokens", role: Admin, summary: "Make a token, in the place of the one of that name. It is told this once.", in: TokenIn{}, out: TokenOut{}, faults: []int{422, 503}, handle: s.putToken},
		{method: "DELETE", path: "/v1/tokens/{name}", role: Admin, summary: "Take a token back.", out: Count{}, faults: []int{422, 503}, handle: s.dropToken},
	}
}

// Bodies of requests and answers.
type (
	Health struct {
		Status string `json:"status"`
	}
	Count struct {
		Count int `json:"count"`
	}

	Event struct {
		ID       string    `json:"id" rule:"id"`
		Customer string    `json:"customer" rule:"id"`
		Item     string    `json:"item,omitempty" rule:"id,opt"`
		Kind     string    `json:"kind" rule:"enum=view|cart|order|return|dislike|question|answer"`
		At       time.Time `json:"at"`
		Quantity int64     `json:"quantity,omitempty" rule:"range=0:1000000"`
		Amount   int64     `json:"amount,omitempty" rule:"range=0:1000000000000"`
		Purchase string    `json:"purchase,omitempty" rule:"id,opt"`
		Session  string    `json:"session,omitempty" rule:"id,opt"`
		Words    string    `json:"words,omitempty" rule:"text,opt"`
	}
	EventsIn struct {
		Events []Event `json:"events" rule:"len=1:500"`
	}
	Fate struct {
		ID   string `json:"id"`
		Fate string `json:"fate" rule:"enum=stored|repeated|id_reused|customer_deleted|unknown_item"`
	}
	EventsOut struct {
		Fates []Fate `json:"fates"`
	}

	RecommendIn struct {
		Customer   string   `json:"customer,omitempty" rule:"id,opt"`
		Place      string   `json:"place" rule:"enum=home|product|basket|session"`
		Items      []string `json:"items,omitempty" rule:"id,len=0:50"`
		Category   string   `json:"category,omitempty" rule:"id,opt"`
		K          int      `json:"k" rule:"range=1:100"`
		Experiment string   `json:"experiment,omitempty" rule:"name,opt"`
	}
	AnswersIn struct {
		Customer string `json:"customer,omitempty" rule:"id,opt"`
		Text     string `json:"text,omitempty" rule:"text,opt"`
		K        int    `json:"k" rule:"range=1:20"`
	}
	AnswersOut struct {
		Answers []shop.Answer `json:"answers"`
	}

	Item struct {
		Item     string  `json:"item" rule:"id"`
		Title    string  `json:"title" rule:"text"`
		Category string  `json:"category" rule:"id"`
		Price    int64   `json:"price" rule:"range=0:1000000000"`
		Cost     int64   `json:"cost" rule:"range=0:1000000000"`
		Stock    int64   `json:"stock" rule:"range=0:1000000000"`
		OnOrder  int64   `json:"on_order,omitempty" rule:"range=0:1000000000"`
		LeadDays float64 `json:"lead_days" rule:"range=0.01:1000"`
	}
	ItemsIn struct {
		Items []Item `json:"items" rule:"len=1:1000"`
	}
	StockIn struct {
		Item  string `json:"item" rule:"id"`
		Stock int64  `json:"stock" rule:"range=0:1000000000"`
	}
	PlanOut struct {
		Lines []shop.StockLine `json:"lines"`
	}
	Question struct {
		ID       string `json:"id" rule:"id"`
		Question string `json:"question" rule:"text"`
		Answer   string `json:"answer" rule:"text"`
	}
	FAQIn struct {
		Entries []Question `json:"entries" rule:"len=1:1000"`
	}

	SegmentsOut struct {
		Customers int            `json:"customers"`
		Segments  map[string]int `json:"segments"`
	}
	RuleIn struct {
		Rule string `json:"rule" rule:"text"`
	}
	CustomersOut struct {
		Customers []string `json:"customers"`
	}
	Offer struct {
		ID    string `json:"id" rule:"id"`
		Title string `json:"title" rule:"text"`
		Item  string `json:"item,omitempty" rule:"id,opt"`
		Stock int64  `json:"stock" rule:"range=-1:1000000000"`
		Cost  int64  `json:"cost" rule:"range=0:1000000000"`
	}
	OffersIn struct {
		Offers []Offer `json:"offers" rule:"len=1:100"`
	}
	OfferPlanIn struct {
		Rule   string `json:"rule" rule:"text"`
		Budget int64  `json:"budget" rule:"range=0:1000000000000"`
	}

	Ad struct {
		ID         string   `json:"id" rule:"id"`
		Advertiser string   `json:"advertiser" rule:"id"`
		Title      string   `json:"title" rule:"text"`
		Bid        int64    `json:"bid" rule:"range=1:1000000000"`
		Budget     int64    `json:"budget,omitempty" rule:"range=0:1000000000000"`
		PerDay     int      `json:"per_day,omitempty" rule:"range=0:1000"`
		Categories []string `json:"categories,omitempty" rule:"id,len=0:100"`
		Segments   []string `json:"segments,omitempty" rule:"id,len=0:100"`
	}
	AdsIn struct {
		Ads []Ad `json:"ads" rule:"len=1:1000"`
	}
	PageIn struct {
		Customer   string   `json:"customer,omitempty" rule:"id,opt"`
		Categories []string `json:"categories,omitempty" rule:"id,len=0:20"`
	}
	PageOut struct {
		Page string       `json:"page"`
		Ads  []shop.Shown `json:"ads"`
	}
	OutcomeIn struct {
		Page    string `json:"page" rule:"id"`
		Ad      string `json:"ad" rule:"id"`
		Outcome string `json:"outcome" rule:"enum=click|action"`
	}
	OutcomeOut struct {
		First bool  `json:"first"`
		Cost  int64 `json:"cost_thousandths"`
	}

	Arm struct {
		Name   string  `json:"name" rule:"name"`
		Weight float64 `json:"weight" rule:"range=0.000001:1000000"`
		Policy string  `json:"policy" rule:"enum=usual|popular|varied"`
	}
	ExperimentIn struct {
		Name string `json:"name" rule:"name"`
		Arms []Arm  `json:"arms" rule:"len=2:10"`
	}
	ExperimentOut struct {
		Name  string     `json:"name"`
		Arms  []Arm      `json:"arms"`
		Began time.Time  `json:"began"`
		Ended *time.Time `json:"ended"`
	}
	ExperimentsOut struct {
		Experiments []ExperimentOut `json:"experiments"`
	}
	NameIn struct {
		Name string `json:"name" rule:"name"`
	}
	ExposureIn struct {
		ID         string    `json:"id" rule:"id"`
		Experiment string    `json:"experiment" rule:"name"`
		Customer   string    `json:"customer" rule:"id"`
		At         time.Time `json:"at"`
	}
	ExposureOut struct {
		Fate string `json:"fate" rule:"enum=stored|repeated"`
		Arm  string `json:"arm"`
	}
	ResultRow struct {
		Metric      string   `json:"metric"`
		Arm         string   `json:"arm"`
		Control     *float64 `json:"control"`
		Treated     *float64 `json:"treated"`
		Difference  *float64 `json:"difference"`
		Low         *float64 `json:"low"`
		High        *float64 `json:"high"`
		PValue      *float64 `json:"p_value"`
		Adjusted    *float64 `json:"p_adjusted"`
		Why         string   `json:"why,omitempty"` // there is no effect
		Significant bool     `json:"significant"`
	}
	ResultOut struct {
		Arms          []string    `json:"arms"`
		Customers     []int64     `json:"customers"`
		SplitPValue   *float64    `json:"split_p_value"`
		SplitAlarm    bool        `json:"split_alarm"`
		Crossovers    int64       `json:"crossovers"`
		Rows          []ResultRow `json:"rows"`
		NobodyExposed bool        `json:"nobody_exposed"`
	}

	CustomerIn struct {
		Customer string `json:"customer" rule:"id"`
	}
	DataOut struct {
		Since     time.Time     `json:"since"`
		Profile   shop.Profile  `json:"profile"`
		Events    []Event       `json:"events"`
		Exposures []ExposureRow `json:"exposures"`
		Trail     []TrailRow    `json:"trail"`
	}
	ExposureRow struct {
		ID         string    `json:"id"`
		Experiment string    `json:"experiment"`
		Arm        string    `json:"arm"`
		At         time.Time `json:"at"`
	}
	DeletedOut struct {
		Events int64 `json:"events"`
	}
	TrailIn struct {
		Customer string `json:"customer,omitempty" rule:"id,opt"`
		After    int64  `json:"after,omitempty" rule:"range=0:9e15"`
		Limit    int    `json:"limit" rule:"range=1:1000"`
	}
	TrailRow struct {
		Number  int64     `json:"number"`
		At      time.Time `json:"at"`
		Actor   string    `json:"actor"`
		Act     string    `json:"act"`
		Subject string    `json:"subject"`
	}
	TrailOut struct {
		Lines []TrailRow `json:"lines"`
	}
	PurgeOut struct {
		Deletions int     `json:"deletions"`
		Seconds   float64 `json:"seconds"`
	}
	TokenIn struct {
		Name string `json:"name" rule:"name"`
		Role string `json:"role" rule:"enum=read|write|admin"`
	}
	TokenOut struct {
		Token string `json:"token"`
	}
)

// everywhere are the faults that any request may meet.
var everywhere = []int{http.StatusInternalServerError}

func itemOut(x store.Item) Item {
	return Item{x.ID, x.Title, x.Category, x.Price, x.Cost, x.Stock, x.OnOrder, x.LeadDays}
}
