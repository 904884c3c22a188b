// Load sends the same requests to the backend and to a service of the same endpoints in
// Python (FastAPI on uvicorn, two processes, implicit), both on the loopback interface
// and with the same vectors, and prints what each did. It is a measurement, not a test.
//
//	python gen_interactions.py --out DATA --sizes M    # any matrix in the form of prepare.go
//	go run ./examples/backend/load -state DIR -matrix DATA/M prepare
//	go run ./examples/backend/load -state DIR -python VENV/bin/python compare
//
// compare needs wrk, and a Python with what the head of docs/peers/backend.py names. It
// first asserts that both give the same lists.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"
)

type flags struct {
	state, matrix  string
	factors        int
	own            bool
	python, peer   string
	listen         string
	plain, swapped time.Duration
	connections    int
	events         float64
}

func main() {
	var f flags
	flag.StringVar(&f.state, "state", "", "folder of the shop, its models and what the peer reads")
	flag.StringVar(&f.matrix, "matrix", "", "prepare: the matrix, without .indptr.i64 and .indices.i32")
	flag.IntVar(&f.factors, "factors", 64, "prepare: length of the vectors")
	flag.BoolVar(&f.own, "own", false, "prepare: with the chain of models of the shop itself, for sizing; no peer")
	flag.StringVar(&f.python, "python", "python3", "compare: the Python of the peer")
	flag.StringVar(&f.peer, "peer", "docs/peers/backend.py", "compare: the peer")
	flag.StringVar(&f.listen, "listen", "127.0.0.1:0", "serve: address")
	flag.DurationVar(&f.plain, "plain", 20*time.Second, "compare: a round without a swap")
	flag.DurationVar(&f.swapped, "swapped", 45*time.Second, "compare: a round with one")
	flag.IntVar(&f.connections, "connections", 16, "compare: of wrk, in its one thread")
	flag.Float64Var(&f.events, "events", 50, "compare: events a second")
	flag.Parse()
	log.SetFlags(log.Ltime)
	do := map[string]func(context.Context, flags) error{"prepare": prepare, "serve": serve, "compare": compare}[flag.Arg(0)]
	if do == nil || f.state == "" {
		fmt.Fprintln(os.Stderr, "want -state DIR and one of prepare, serve, compare")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := do(ctx, f); err != nil {
		log.Fatal(err)
	}
}
