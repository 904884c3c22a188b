package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
)

// Role is what a token may do; each may what the ones before it may.
type Role int

// Roles.
const (
	Nobody Role = iota // without a token
	Read
	Write
	Admin
)

var roles = map[string]Role{"read": Read, "write": Write, "admin": Admin}

// Options configures a Server.
type Options struct {
	Shop    *shop.Shop
	Store   *store.Store
	Log     *slog.Logger     // default none
	Clock   func() time.Time // default time.Now
	Rate    float64          // requests a second and token; default 200
	Burst   int              // of them at once; default 400
	Body    int64            // bytes of a body; default 1 MiB
	Timeout time.Duration    // of a request, but for refit, purge and backup; default 10 s
}

// Server answers HTTP requests. It is safe for concurrent use.
type Server struct {
	opt    Options
	shop   *shop.Shop
	store  *store.Store
	mux    *http.ServeMux
	routes []route
	find   atomic.Pointer[func(string) (store.Token, bool)]
	limits limits
	wrong  limits // of addresses that send wrong tokens

	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	events   *prometheus.CounterVec
}

// New returns a server over a shop.
func New(ctx context.Context, opt Options) (*Server, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	if opt.Rate == 0 {
		opt.Rate, opt.Burst = 200, 400
	}
	if opt.Body == 0 {
		opt.Body = 1 << 20
	}
	if opt.Timeout == 0 {
		opt.Timeout = 10 * time.Second
	}
	s := &Server{
		opt: opt, shop: opt.Shop, store: opt.Store, mux: http.NewServeMux(), registry: prometheus.NewRegistry(),
		limits: limits{rate: opt.Rate, burst: float64(opt.Burst)}, wrong: limits{rate: 1, burst: 20},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "shop_requests_total", Help: "Requests by route and status."}, []string{"route", "code"}),
		seconds:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "shop_request_seconds", Help: "Seconds to answer.", Buckets: prometheus.ExponentialBuckets(.0005, 2, 14)}, []string{"route"}),
		events:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "shop_events_total", Help: "Events by what became of them."}, []string{"fate"}),
	}
	s.registry.MustRegister(s.requests, s.seconds, s.events, opt.Store.Collector(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, of func(shop.Status) float64) {
		s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return of(s.shop.Status()) }))
	}
	gauge("shop_customers", "Customers with an event.", func(x shop.Status) float64 { return float64(x.Customers) })
	gauge("shop_last_event", "Number of the last event.", func(x shop.Status) float64 { return float64(x.Seen) })
	gauge("shop_fitted_event", "Number of the last event that the models know.", func(x shop.Status) float64 { return float64(x.Fitted) })
	gauge("shop_live_events", "Events the engine keeps beside its dataset.", func(x shop.Status) float64 { return float64(x.Live.Events) })
	if err := s.reload(ctx); err != nil {
		return nil, err
	}
	s.routes = s.table()
	for _, r := range s.routes {
		s.mux.Handle(r.method+" "+r.path, s.serve(r))
	}
	return s, nil
}

// reload reads the tokens.
func (s *Server) reload(ctx context.Context) error {
	find, _, err := s.store.Tokens(ctx)
	if err != nil {
		return err
	}
	s.find.Store(&find)
	return nil
}

// Handle lets another handler answer under a pattern, as the pages do.
func (s *Server) Handle(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// Who is the token of a secret; false for a wrong one.
func (s *Server) Who(secret string) (name string, role Role, ok bool) {
	t, ok := (*s.find.Load())(secret)
	return t.Name, roles[t.Role], ok
}

// call is one request on its way.
type call struct {
	w     http.ResponseWriter
	r     *http.Request
	actor string
	sent  bool // the handler has written the answer itself
}

// ServeHTTP answers, with the faults of the mux in the form of all others.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, pattern := s.mux.Handler(r)
	if pattern != "" {
		s.mux.ServeHTTP(w, r)
		return
	}
	// The mux says 404 or 405 in plain text: what it says is kept, how is not.
	probe := &probe{header: http.Header{}}
	h.ServeHTTP(probe, r)
	f := fault(http.StatusNotFound, "not_found", "no such path")
	if probe.code == http.StatusMethodNotAllowed {
		f = fault(http.StatusMethodNotAllowed, "wrong_method", "want %s", probe.header.Get("Allow"))
		w.Header().Set("Allow", probe.header.Get("Allow"))
	}
	s.requests.WithLabelValues("none", strconv.Itoa(f.status)).Inc()
	s.fail(w, f)
}

type probe struct {
	header http.Header
	code   int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) WriteHeader(code int)        { p.code = code }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }

// counting remembers the status.
type counting struct {
	http.ResponseWriter
	code int
}

func (c *counting) WriteHeader(code int) {
	if c.code == 0 {
		c.code = code
	}
	c.ResponseWriter.WriteHeader(code)
}

func (c *counting) Write(b []byte) (int, error) {
	if c.code == 0 {
		c.code = http.StatusOK
	}
	return c.ResponseWriter.Write(b)
}

func (c *counting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// serve is the way of every request of a route: limits, token, body, answer, log.
func (s *Server) serve(r route) http.Handler {
	pattern := r.method + " " + r.path
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		began, out := time.Now(), &counting{ResponseWriter: w}
		c := &call{w: out, r: req}
		id := rand.Text()[:16]
		out.Header().Set("X-Request-Id", id)
		out.Header().Set("X-Content-Type-Options", "nosniff")
		out.Header().Set("Cache-Control", "no-store")
		var cause error
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				cause = fmt.Errorf("panic: %v", p)
				s.opt.Log.Error("panic", "route", pattern, "request", id, "stack", string(debug.Stack()))
				if out.code == 0 {
					s.fail(out, asFault(errors.New("panic")))
				}
			}
			took := time.Since(began)
			s.requests.WithLabelValues(pattern, strconv.Itoa(out.code)).Inc()
			s.seconds.WithLabelValues(pattern).Observe(took.Seconds())
			level := slog.LevelInfo
			args := []any{"route", pattern, "status", out.code, "ms", float64(took.Microseconds()) / 1000, "token", c.actor, "request", id}
			if out.code >= 500 {
				level = slog.LevelError
				args = append(args, "error", fmt.Sprint(cause))
			}
			s.opt.Log.Log(context.Background(), level, "request", args...)
		}()
		if f := s.admit(c, r); f != nil {
			s.fail(out, f)
			return
		}
		timeout := s.opt.Timeout
		if r.long {
			timeout = 10 * time.Minute
			deadline := time.Now().Add(timeout)
			if err := http.NewResponseController(out).SetWriteDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
				cause = err
			}
		}
		ctx, cancel := context.WithTimeout(req.Context(), timeout)
		defer cancel()
		c.r = req.WithContext(ctx)
		c.r.Body = http.MaxBytesReader(out, req.Body, s.opt.Body)
		body, err := r.handle(c)
		if err != nil {
			cause = err
			s.fail(out, asFault(err))
			return
		}
		if !c.sent {
			s.send(out, http.StatusOK, body)
		}
	})
}

// admit checks token, role and rate.
func (s *Server) admit(c *call, r route) *Fault {
	if r.role == Nobody {
		return nil
	}
	secret, bearer := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		f := fault(http.StatusUnauthorized, "no_token", "want Authorization: Bearer …")
		c.w.Header().Set("WWW-Authenticate", "Bearer")
		return f
	}
	if wait := s.Guess(c.r, secret); wait > 0 {
		return tooMany(wait)
	}
	name, role, ok := s.Who(secret)
	if !ok {
		c.w.Header().Set("WWW-Authenticate", "Bearer")
		return fault(http.StatusUnauthorized, "wrong_token", "nobody has this token")
	}
	c.actor = name
	if role < r.role {
		return fault(http.StatusForbidden, "wrong_role", "the token may not do this")
	}
	if wait := s.limits.take(name, s.opt.Clock()); wait > 0 {
		return tooMany(wait)
	}
	return nil
}

func tooMany(wait time.Duration) *Fault {
	f := fault(http.StatusTooManyRequests, "too_many_requests", "slow down")
	f.after = int(wait/time.Second) + 1
	return f
}

// send writes a body.
func (s *Server) send(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		s.opt.Log.Error("answer", "error", err)
		status, text = http.StatusInternalServerError, []byte(`{"error":{"reason":"internal","message":"the fault is the service's, and in its log"}}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(append(text, '\n')); err != nil {
		s.opt.Log.Debug("answer not taken", "error", err)
	}
}

func (s *Server) fail(w http.ResponseWriter, f *Fault) {
	if f.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.after))
	}
	s.send(w, f.status, Problem{f})
}

// prometheus is the handler of the metrics.
func (s *Server) prometheus() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{})
}

// limits are buckets of tokens by name, which fill at a rate up to a burst.
type limits struct {
	rate, burst float64
	mu          sync.Mutex
	by          map[string]*bucket
}

type bucket struct {
	left float64
	at   time.Time
}

// take takes one, and returns how long to wait where there is none.
func (l *limits) take(name string, now time.Time) time.Duration { return l.ask(name, now, 1) }

// peek is how long to wait until there is one.
func (l *limits) peek(name string, now time.Time) time.Duration { return l.ask(name, now, 0) }

func (l *limits) ask(name string, now time.Time, n float64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.by[name]
	if b == nil {
		if n == 0 {
			return 0
		}
		if l.by == nil || len(l.by) > 10_000 { // nobody may fill the memory with names
			l.by = map[string]*bucket{}
		}
		b = &bucket{left: l.burst, at: now}
		l.by[name] = b
	}
	// A clock that jumps back gives nothing, and one that jumps ahead no more than a burst.
	b.left = min(l.burst, b.left+l.rate*max(0, now.Sub(b.at).Seconds()))
	b.at = now
	if b.left < 1 {
		return time.Duration((1 - b.left) / l.rate * float64(time.Second))
	}
	b.left -= n
	return 0
}

// Routes is how many routes the mux has, pages apart.
func (s *Server) Routes() int { return len(s.routes) }

// Guess counts a wrong token of an address, and returns how long the address has to wait
// where it has sent too many.
func (s *Server) Guess(r *http.Request, secret string) time.Duration {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	if wait := s.wrong.peek(address, s.opt.Clock()); wait > 0 {
		return wait
	}
	if _, _, ok := s.Who(secret); !ok {
		s.wrong.take(address, s.opt.Clock())
	}
	return 0
}
