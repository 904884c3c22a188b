// Storefront runs the whole job of precision marketing on one shop: raw logs are
// cleaned; customers get profiles and segments; what they will do is predicted;
// products are recommended; an audience is chosen and the campaign measured;
// demand becomes a stock plan; and what the plan can deliver filters the
// recommendations.
//
// Without arguments it simulates a shop whose truth is known and says, for each
// step, what was recovered of it. With -data it reads the Online Retail layout.
//
//	storefront [-data FILE.csv.gz] [-strict] [-out DIR] [-seed 1] [-k 10] [-v]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

// options are the command line.
type options struct {
	Data   string
	Strict bool
	Out    string
	Seed   uint64
	K      int // length of a list of recommendations
	Users  int // of the simulated shop; 0: its default
	V      bool
}

// main reads the command line; run does the work.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var opt options
	flags := flag.NewFlagSet("storefront", flag.ContinueOnError)
	flags.StringVar(&opt.Data, "data", "", "read this `file` in the Online Retail layout, gzipped or not, instead of simulating a shop")
	flags.BoolVar(&opt.Strict, "strict", false, "stop at the first malformed line instead of counting it")
	flags.StringVar(&opt.Out, "out", "", "write report.html into this `directory`")
	flags.Uint64Var(&opt.Seed, "seed", 1, "seed of everything random")
	flags.IntVar(&opt.K, "k", 10, "how many products to recommend to a customer")
	flags.IntVar(&opt.Users, "users", 0, "customers of the simulated shop (default 2000)")
	flags.BoolVar(&opt.V, "v", false, "print details of the models on standard error")
	if err := flags.Parse(os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		os.Exit(2)
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "storefront: unexpected %q; a file is given with -data\n", flags.Arg(0))
		os.Exit(2)
	}
	start := time.Now()
	if err := run(ctx, opt, os.Stdout, newProgress(os.Stderr)); err != nil {
		fmt.Fprintln(os.Stderr, "storefront:", err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "done in %.1f s\n", time.Since(start).Seconds())
}

// run does the job and writes the summary to out and, if asked for, the report.
func run(ctx context.Context, opt options, out io.Writer, p *progress) error {
	if flagErr := opt.check(); flagErr != nil {
		return flagErr
	}
	page, err := work(ctx, opt, p)
	if err != nil {
		return err
	}
	if err := page.WriteText(out); err != nil {
		return err
	}
	if opt.Out == "" {
		_, err := fmt.Fprintln(out, "\nWith -out DIR the same is written as a web page with plots.")
		return err
	}
	if err := os.MkdirAll(opt.Out, 0o777); err != nil {
		return err
	}
	path := filepath.Join(opt.Out, "report.html")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(page.WriteHTML(f), f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nThe same with plots: %s\n", path)
	return err
}

func (o *options) check() error {
	if o.K < 1 || o.K > 100 {
		return fmt.Errorf("-k is %d, want 1 to 100", o.K)
	}
	if o.Users < 0 || o.Users > 0 && o.Users < 200 {
		return fmt.Errorf("-users is %d, want at least 200", o.Users)
	}
	return nil
}
