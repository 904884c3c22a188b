package pages

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"sync"
	"time"

	"github.com/aislekit/aisle/examples/backend/api"
)

const (
	cookieName = "shop_session"
	lasts      = 8 * time.Hour
	most       = 1000 // sessions at a time
)

// session is somebody who has signed in.
type session struct {
	secret string // the token, so that taking it back ends the session
	csrf   string
	until  time.Time
	name   string
	role   api.Role
}

type sessions struct {
	mu sync.Mutex
	by map[string]*session
}

// start makes a session and returns its id. The oldest go where there are too many.
func (s *sessions) start(secret string, now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = map[string]*session{}
	}
	oldest := ""
	for id, x := range s.by {
		if now.After(x.until) {
			delete(s.by, id)
		} else if oldest == "" || x.until.Before(s.by[oldest].until) {
			oldest = id
		}
	}
	if len(s.by) >= most {
		delete(s.by, oldest)
	}
	id := rand.Text()
	s.by[id] = &session{secret: secret, csrf: rand.Text(), until: now.Add(lasts)}
	return id
}

// of is the session of a request, nil for none. Its token must still be one.
func (p *Pages) of(r *http.Request) *session {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	p.sessions.mu.Lock()
	x := p.sessions.by[cookie.Value]
	p.sessions.mu.Unlock()
	if x == nil || p.clock().After(x.until) {
		return nil
	}
	name, role, ok := p.server.Who(x.secret)
	if !ok {
		return nil
	}
	now := *x
	now.name, now.role = name, role
	return &now
}

// end forgets the session of a request.
func (p *Pages) end(r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		p.sessions.mu.Lock()
		delete(p.sessions.by, cookie.Value)
		p.sessions.mu.Unlock()
	}
}

// own reports whether a form came from a page of the session.
func (s *session) own(r *http.Request) bool {
	return sameSite(r) && subtle.ConstantTimeCompare([]byte(r.PostFormValue("csrf")), []byte(s.csrf)) == 1
}

// sameSite is false where the browser says that another site sent the form.
func sameSite(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin" || site == "none"
}

func cookie(r *http.Request, value string, age time.Duration) *http.Cookie {
	return &http.Cookie{Name: cookieName, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil, MaxAge: int(age / time.Second)}
}
