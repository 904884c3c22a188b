// Backend is the service an e-commerce team would run, with Aisle inside: events in,
// recommendations, answers, segments, audiences, offers, ads, experiments, figures and
// stock plans out, over HTTP, on SQLite or PostgreSQL. Packages: store (what must not be
// lost), shop (models beside the log), api (HTTP).
//
//	go run ./examples/backend -demo              # a filled shop on 127.0.0.1:8080
//	go run ./examples/backend -dsn postgres://…  # or SHOP_DSN, which no list of processes shows
//
// The first start writes a token that may do everything to data/admin-token.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/aislekit/aisle/examples/backend/api"
	"github.com/aislekit/aisle/examples/backend/pages"
	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
)

type flags struct {
	addr, dsn, folder, key string
	demo                   bool
	demoUsers              int
	dump, load, token      string
	refit, save, purge     time.Duration
	rate                   float64
	burst                  int
	wait                   time.Duration
}

func main() {
	var f flags
	flag.StringVar(&f.addr, "addr", "127.0.0.1:8080", "address to listen on")
	flag.StringVar(&f.dsn, "dsn", os.Getenv("SHOP_DSN"), "postgres://… or the path of a SQLite file; default SHOP_DSN, or shop.db in -folder")
	flag.StringVar(&f.folder, "folder", "data", "where the saved engine lies")
	flag.StringVar(&f.key, "key", "", "file of the key behind pseudonyms, made if it is missing; default key in -folder. Keep it apart from backups of the database")
	flag.BoolVar(&f.demo, "demo", false, "fill an empty shop with a simulated one")
	flag.IntVar(&f.demoUsers, "demo-users", 400, "customers of -demo")
	flag.StringVar(&f.dump, "dump", "", "write the database to this file, and exit")
	flag.StringVar(&f.load, "load", "", "read what -dump or /v1/backup wrote into an empty database, and exit")
	flag.StringVar(&f.token, "token", "", "name:role of a token (read, write, admin) to make and print, and exit")
	flag.DurationVar(&f.refit, "refit", time.Hour, "how often models are fitted, where there are new events; 0 for never")
	flag.DurationVar(&f.save, "save", 5*time.Minute, "how often the engine is saved, which bounds what a restart replays; 0 for never")
	flag.DurationVar(&f.purge, "purge", 24*time.Hour, "how often deletions are made to hold in models and files; 0 for never")
	flag.Float64Var(&f.rate, "rate", 200, "requests a second and token")
	flag.IntVar(&f.burst, "burst", 400, "requests at once and token")
	flag.DurationVar(&f.wait, "wait", 30*time.Second, "how long to wait for the database at the start")
	flag.Parse()
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, f, log); err != nil {
		log.Error("the service ends", "error", err)
		os.Exit(1)
	}
}

// run opens store and shop, serves until ctx ends, and puts everything away.
func run(ctx context.Context, f flags, log *slog.Logger) (err error) {
	if err := os.MkdirAll(f.folder, 0o700); err != nil {
		return err
	}
	if f.dsn == "" {
		f.dsn = filepath.Join(f.folder, "shop.db")
	}
	if f.key == "" {
		f.key = filepath.Join(f.folder, "key")
	}
	keys, err := shop.LoadKeys(f.key)
	if err != nil {
		return err
	}
	db, err := await(ctx, f, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if done, err := once(ctx, f, db); done || err != nil {
		return err
	}
	if err := firstToken(ctx, f, db, log); err != nil {
		return err
	}
	s, err := shop.Open(ctx, shop.Options{Store: db, Keys: keys, Folder: f.folder, Log: log})
	if err != nil {
		return err
	}
	defer s.Close()
	if f.demo {
		if err := demo(ctx, s, f.demoUsers, log); err != nil {
			return err
		}
	}
	handler, err := api.New(ctx, api.Options{Shop: s, Store: db, Log: log, Rate: f.rate, Burst: f.burst})
	if err != nil {
		return err
	}
	if err := pages.Add(handler, s, time.Now, log); err != nil {
		return err
	}
	return serve(ctx, f, s, handler, log)
}

// await opens the database, which may still be starting.
func await(ctx context.Context, f flags, log *slog.Logger) (*store.Store, error) {
	for until := time.Now().Add(f.wait); ; {
		db, err := store.Open(ctx, f.dsn)
		if err == nil || time.Now().After(until) {
			return db, err
		}
		log.Warn("no database yet", "error", err)
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(time.Second):
		}
	}
}

// once does what is asked for instead of serving.
func once(ctx context.Context, f flags, db *store.Store) (done bool, err error) {
	switch {
	case f.dump != "":
		out, err := os.OpenFile(f.dump, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return true, err
		}
		if err = db.Dump(ctx, out); err == nil {
			err = out.Sync()
		}
		return true, errors.Join(err, out.Close())
	case f.load != "":
		in, err := os.Open(f.load)
		if err != nil {
			return true, err
		}
		defer in.Close()
		return true, db.Load(ctx, in)
	case f.token != "":
		name, role, ok := cut(f.token)
		if !ok {
			return true, fmt.Errorf("-token %q: want name:role", f.token)
		}
		secret := rand.Text()
		if err := db.PutToken(ctx, store.Token{Name: name, Role: role, Made: time.Now()}, secret); err != nil {
			return true, err
		}
		_, err := io.WriteString(os.Stdout, secret+"\n")
		return true, err
	}
	return false, nil
}

func cut(token string) (name, role string, ok bool) {
	for i := len(token) - 1; i > 0; i-- {
		if token[i] == ':' {
			name, role = token[:i], token[i+1:]
			return name, role, role == "read" || role == "write" || role == "admin"
		}
	}
	return "", "", false
}

// firstToken makes a token where nobody has one. It stands in a file, not in a log.
func firstToken(ctx context.Context, f flags, db *store.Store, log *slog.Logger) error {
	_, all, err := db.Tokens(ctx)
	if err != nil || len(all) > 0 {
		return err
	}
	secret, path := rand.Text(), filepath.Join(f.folder, "admin-token")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		return err
	}
	log.Info("first start", "admin token in", path)
	return db.PutToken(ctx, store.Token{Name: "admin", Role: "admin", Made: time.Now()}, secret)
}

// serve listens until ctx ends, then lets requests end, and saves.
func serve(ctx context.Context, f flags, s *shop.Shop, handler http.Handler, log *slog.Logger) error {
	listener, err := net.Listen("tcp", f.addr)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	log.Info("listening", "address", listener.Addr().String())
	background, stop := context.WithCancel(ctx)
	defer stop()
	work := make(chan struct{})
	go func() {
		defer close(work)
		routine(background, f, s, log)
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	log.Info("going down")
	stop()
	<-work
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		log.Warn("requests were cut off", "error", err)
	}
	return s.Save()
}

// routine refits, saves and purges, one after the other, each when its time has come.
func routine(ctx context.Context, f flags, s *shop.Shop, log *slog.Logger) {
	type job struct {
		name  string
		every time.Duration
		do    func() error
		next  time.Time
	}
	fitted, saved := s.Status().Fitted, s.Status().Seen
	jobs := []*job{
		{name: "refit", every: f.refit, do: func() error {
			if seen := s.Status().Seen; seen != fitted {
				if _, err := s.Refit(ctx); err != nil {
					return err
				}
				fitted, saved = s.Status().Fitted, seen
			}
			return nil
		}},
		{name: "save", every: f.save, do: func() error {
			if seen := s.Status().Seen; seen != saved {
				saved = seen
				return s.Save()
			}
			return nil
		}},
		{name: "purge", every: f.purge, do: func() error { return s.PurgeIfDue(ctx) }},
	}
	now := time.Now()
	for _, j := range jobs {
		j.next = now.Add(j.every)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now = <-tick.C:
		}
		for _, j := range jobs {
			if j.every > 0 && now.After(j.next) {
				j.next = now.Add(j.every)
				if err := j.do(); err != nil && ctx.Err() == nil {
					log.Error(j.name, "error", err)
				}
			}
		}
	}
}
