package main

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/aislekit/aisle/examples/backend/api"
	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/recommend"
)

// serve is the backend over the prepared shop. A refit reads the log and makes the
// dataset as always, and takes the prepared vectors in place of fitting new ones.
func serve(ctx context.Context, f flags) error {
	keys, err := shop.LoadKeys(filepath.Join(f.state, "key"))
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, filepath.Join(f.state, "shop.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	opt := shop.Options{Store: db, Keys: keys, Folder: f.state, Log: logger}
	if !f.own {
		opt.Sources = func(context.Context, *recommend.Dataset[string, string]) ([]recommend.Source, error) {
			frame, err := os.ReadFile(filepath.Join(f.state, "als.aisle"))
			if err != nil {
				return nil, err
			}
			als, err := recommend.ReadModel(bytes.NewReader(frame))
			return []recommend.Source{{Name: "als", Model: als}}, err
		}
	}
	s, err := shop.Open(ctx, opt)
	if err != nil {
		return err
	}
	defer s.Close()
	handler, err := api.New(ctx, api.Options{Shop: s, Store: db, Log: logger, Rate: 1e9, Burst: 1e9})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return err
	}
	log.Printf("listening on %s after %.1f s CPU", listener.Addr(), spent())
	server := &http.Server{Handler: handler}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}
