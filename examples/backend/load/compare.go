package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

//go:embed load.lua
var script []byte

// service is one of the two, in processes of its own.
type service struct {
	name string
	url  string
	log  string // what it prints
	cmd  *exec.Cmd
	swap func(context.Context) error // returns when the new models answer
}

// post sends a body and decodes the answer, where out is not nil.
func (s *service) post(ctx context.Context, path string, body string, out any) error {
	req, err := http.NewRequestWithContext(ctx, "POST", s.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %d %.200s", s.name, path, answer.StatusCode, text)
	}
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(text, out)
}

// compare starts both, holds their lists against each other, and sends load in turn.
func compare(ctx context.Context, f flags) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	raw, err := os.Stat(filepath.Join(f.state, "users.f32"))
	if err != nil {
		return fmt.Errorf("run prepare first: %w", err)
	}
	first, err := readAll[int64](filepath.Join(f.state, "orders.indptr.i64"))
	if err != nil {
		return err
	}
	users := len(first) - 1
	rawItems, err := os.Stat(filepath.Join(f.state, "items.f32"))
	if err != nil {
		return err
	}
	items := int(rawItems.Size() * int64(users) / raw.Size())
	// Events of an earlier run would change lists: each has a copy.
	run := filepath.Join(f.state, "run")
	if err := errors.Join(os.RemoveAll(run), copyFiles(run, f.state)); err != nil {
		return err
	}
	f.state = run
	began := time.Now()
	ours, theirs, err := start(ctx, f)
	for _, s := range []*service{ours, theirs} {
		if s != nil {
			defer s.stop()
		}
	}
	if err != nil {
		return err
	}
	log.Printf("both answer after %.0f s", time.Since(began).Seconds())
	if err := sameLists(ctx, ours, theirs, users, items); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(f.state, "load.lua"), script, 0o600); err != nil {
		return err
	}
	fmt.Printf("%d customers, %d items, wrk with one thread and %d connections, %g events a second, %d processors, Go %s\n\n", users, items, f.connections, f.events, runtime.NumCPU(), runtime.Version())
	fmt.Println("| round | service | requests/s | CPU ms/request | p50 ms | p99 ms | max ms | event p50 ms | event p99 ms | RSS MB | failed |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	failed := 0
	for round, swap := range []bool{false, true, false} {
		for _, s := range []*service{ours, theirs} {
			r, err := s.round(ctx, f, round, swap, users, items)
			if err != nil {
				return err
			}
			failed += r.Failed
			name := strconv.Itoa(round + 1)
			if swap {
				name += fmt.Sprintf(", swap in %.1f s", r.swap.Seconds())
			}
			fmt.Printf("| %s | %s | %.0f | %.2f | %.1f | %.1f | %.0f | %.1f | %.1f | %.0f | %d |\n", name, s.name, float64(r.Requests)/r.Micros*1e6, r.cpu*1e3/float64(r.Requests),
				r.P50/1e3, r.P99/1e3, r.Max/1e3, r.event(.5), r.event(.99), r.rss, r.Failed)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d requests failed", failed)
	}
	return nil
}

// start starts both and waits until they answer.
func start(ctx context.Context, f flags) (ours, theirs *service, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	run := func(name string, args ...string) (*service, error) {
		s := &service{name: name, log: filepath.Join(f.state, name+".log")}
		out, err := os.Create(s.log)
		if err != nil {
			return nil, err
		}
		defer out.Close()
		s.cmd = exec.Command(args[0], args[1:]...)
		s.cmd.Stdout, s.cmd.Stderr = out, out
		s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := s.cmd.Start(); err != nil {
			return nil, err
		}
		return s, nil
	}
	var ports [2]string
	for i := range ports {
		if ports[i], err = freePort(); err != nil {
			return nil, nil, err
		}
	}
	if ours, err = run("aisle", self, "-state", f.state, "-listen", "127.0.0.1:"+ports[0], "serve"); err != nil {
		return nil, nil, err
	}
	ours.url = "http://127.0.0.1:" + ports[0]
	ours.swap = func(ctx context.Context) error { return ours.post(ctx, "/v1/refit", "", nil) }
	if theirs, err = run("python", f.python, f.peer, f.state, ports[1]); err != nil {
		return ours, nil, err
	}
	theirs.url = "http://127.0.0.1:" + ports[1]
	theirs.swap = func(ctx context.Context) error {
		if err := os.WriteFile(filepath.Join(f.state, "swap"), []byte(time.Now().String()), 0o600); err != nil {
			return err
		}
		return await(ctx, func() bool { // both processes
			raw, err := os.ReadFile(filepath.Join(f.state, "swapped"))
			return err == nil && len(raw) >= 2
		})
	}
	err = await(ctx, func() bool {
		raw, err := os.ReadFile(theirs.log)
		return err == nil && bytes.Count(raw, []byte("Application startup complete")) == 2
	})
	if err == nil {
		err = await(ctx, func() bool {
			answer, err := http.Get(ours.url + "/readyz")
			if err != nil {
				return false
			}
			answer.Body.Close()
			return answer.StatusCode == http.StatusOK
		})
	}
	if err != nil {
		err = fmt.Errorf("%w: see %s and %s", err, ours.log, theirs.log)
	}
	return ours, theirs, err
}

// copyFiles copies the files of a folder into a new one.
func copyFiles(to, from string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	all, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, x := range all {
		if !x.Type().IsRegular() {
			continue
		}
		in, err := os.Open(filepath.Join(from, x.Name()))
		if err != nil {
			return err
		}
		out, err := os.OpenFile(filepath.Join(to, x.Name()), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = io.Copy(out, in)
			err = errors.Join(err, out.Close())
		}
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
	}
	return nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// await asks until it is so, at most three minutes.
func await(ctx context.Context, so func() bool) error {
	for until := time.Now().Add(3 * time.Minute); !so(); {
		if time.Now().After(until) {
			return errors.New("no answer in three minutes")
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func (s *service) stop() {
	if err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM); err != nil {
		log.Print(err)
	}
	s.cmd.Wait() // by a signal, as it should be
}

// sameLists asserts that 1,000 home pages and 200 product pages are the same, but for items
// whose scores differ by less than the rounding of sums of float32.
func sameLists(ctx context.Context, ours, theirs *service, users, items int) error {
	type list struct {
		Picks []struct {
			Item  string
			Score float64
		}
	}
	equal, ties := 0, 0
	for n := range 1200 {
		body := fmt.Sprintf(`{"customer":%q,"place":"home","k":10}`, customerID(n*997%users))
		if n >= 1000 {
			body = fmt.Sprintf(`{"place":"product","items":[%q],"k":10}`, itemID(n*997%items))
		}
		var a, b list
		if err := errors.Join(ours.post(ctx, "/v1/recommendations", body, &a), theirs.post(ctx, "/v1/recommendations", body, &b)); err != nil {
			return err
		}
		if slices.Equal(a.Picks, b.Picks) {
			equal++
			continue
		}
		if len(a.Picks) != len(b.Picks) || len(a.Picks) == 0 {
			return fmt.Errorf("%s: %d picks and %d", body, len(a.Picks), len(b.Picks))
		}
		same := true
		for i, p := range a.Picks {
			q := b.Picks[i]
			if math.Abs(p.Score-q.Score) > 1e-5*max(1, math.Abs(p.Score)) {
				return fmt.Errorf("%s: place %d: %v and %v", body, i+1, a.Picks, b.Picks)
			}
			same = same && p.Item == q.Item
		}
		if equal++; !same {
			ties++
		}
	}
	log.Printf("%d lists of 1,200 are the same, %d of them but for the order of items that tie", equal, ties)
	return nil
}

// result is what wrk and the events said of one round.
type result struct {
	Requests              int
	Failed                int
	Micros, P50, P99, Max float64
	cpu                   float64 // seconds
	rss                   float64
	swap                  time.Duration
	events                []time.Duration
}

func (r *result) event(q float64) float64 {
	if len(r.events) == 0 {
		return 0
	}
	return r.events[min(int(q*float64(len(r.events))), len(r.events)-1)].Seconds() * 1e3
}

// round sends load to one service.
func (s *service) round(ctx context.Context, f flags, number int, swap bool, users, items int) (*result, error) {
	took := f.plain
	if swap {
		took = f.swapped
	}
	r := &result{}
	before := s.cpu()
	during, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	var fault atomic.Pointer[error]
	refused := 0
	work.Add(1)
	go func() {
		defer work.Done()
		r.events, refused = s.send(during, f, number, users, items)
	}()
	if swap {
		work.Add(1)
		go func() {
			defer work.Done()
			began := time.Now()
			if err := s.swap(ctx); err != nil {
				fault.Store(&err)
			}
			r.swap = time.Since(began)
		}()
	}
	out, err := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(f.connections), "-d"+took.String(), "-s", filepath.Join(f.state, "load.lua"), s.url,
		"--", strconv.Itoa(users), strconv.Itoa(items), strconv.Itoa(number+1)).CombinedOutput()
	r.cpu, r.rss = s.cpu()-before, s.rss()
	stop()
	work.Wait()
	if e := fault.Load(); err == nil && e != nil {
		err = fmt.Errorf("swap: %w", *e)
	}
	_, line, found := strings.Cut(string(out), "RESULT ")
	if err == nil && !found {
		err = errors.New("wrk prints no result")
	}
	if err == nil {
		err = json.NewDecoder(strings.NewReader(line)).Decode(r)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", s.name, err, out)
	}
	r.Failed += refused
	slices.Sort(r.events)
	return r, nil
}

// send sends events at a steady rate until ctx ends, whether earlier ones are answered or not.
func (s *service) send(ctx context.Context, f flags, round, users, items int) (took []time.Duration, failed int) {
	tick := time.NewTicker(time.Duration(float64(time.Second) / f.events))
	defer tick.Stop()
	var mu sync.Mutex
	var open sync.WaitGroup
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			open.Wait()
			return took, failed
		case <-tick.C:
		}
		open.Add(1)
		go func() {
			defer open.Done()
			began := time.Now()
			err := s.post(context.WithoutCancel(ctx), "/v1/events", fmt.Sprintf(`{"events":[{"id":"load-%d-%d-%d","customer":%q,"item":%q,"kind":"view","at":%q,"quantity":1}]}`,
				os.Getpid(), round, n, customerID(n*7919%users), itemID(n*104729%items), began.UTC().Format(time.RFC3339Nano)), nil)
			mu.Lock()
			defer mu.Unlock()
			if took = append(took, time.Since(began)); err != nil {
				failed++
				log.Print(err)
			}
		}()
	}
}

// processes are those that the service consists of.
func (s *service) processes() []int {
	all := []int{s.cmd.Process.Pid}
	parent := map[int]int{}
	found, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return all
	}
	for _, path := range found {
		if fields := stat(path); fields != nil {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			parent[pid], _ = strconv.Atoi(fields[1])
		}
	}
	for i := 0; i < len(all); i++ {
		for pid, p := range parent {
			if p == all[i] {
				all = append(all, pid)
			}
		}
	}
	return all
}

// stat are the fields of a process behind its name; nil where it has ended.
func stat(path string) []string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
}

// cpu are the seconds that the service has spent.
func (s *service) cpu() (sum float64) {
	for _, pid := range s.processes() {
		if fields := stat(fmt.Sprintf("/proc/%d/stat", pid)); fields != nil {
			for _, i := range []int{11, 12} { // user and system, in hundredths
				ticks, _ := strconv.ParseFloat(fields[i], 64)
				sum += ticks / 100
			}
		}
	}
	return sum
}

// rss are the megabytes that its processes hold; what they share counts in each.
func (s *service) rss() (sum float64) {
	for _, pid := range s.processes() {
		if fields := stat(fmt.Sprintf("/proc/%d/stat", pid)); fields != nil {
			pages, _ := strconv.ParseFloat(fields[21], 64)
			sum += pages * float64(os.Getpagesize()) / 1e6
		}
	}
	return sum
}
