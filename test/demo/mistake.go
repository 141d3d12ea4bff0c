package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/test/lab"
	"github.com/changectl/changectl/test/product"
)

// stall is the longest that a transaction of a writer has waited so far.
func stall(w *lab.Writer) time.Duration {
	return time.Duration(w.Probe().LongestStallMillis) * time.Millisecond
}

// count stops a writer, has it look everything up, and shows what it found.
func (d *demo) count(ctx context.Context, l *lab.Lab, w *lab.Writer) (lab.Report, error) {
	w.Stop()
	serving, err := l.Serving(ctx)
	if err != nil {
		return lab.Report{}, err
	}
	r, err := w.Verify(ctx, serving.OrdersDSN)
	if err != nil {
		return r, err
	}
	fmt.Fprintf(d.show.out, "\n    the writer: %d transactions acknowledged in %s, %d failed, %d ambiguous, %d acknowledged but LOST; longest stall %s\n",
		r.Acknowledged, r.Duration.Round(100*time.Millisecond), r.Failed, r.Ambiguous, r.Lost, r.LongestStall.Round(time.Millisecond))
	return r, nil
}

func (d *demo) naive(ctx context.Context) error {
	d.show.act("The mistake, by hand", `A second pair, and somebody in a hurry: promote the standby, point PgBouncer at it, reload. No
		pause, nobody stops the old primary. It takes a moment and nothing looks wrong.`)
	l, err := d.stage.pair(ctx, "second-pair")
	if err != nil {
		return err
	}
	w, err := d.writer(ctx, l)
	if err != nil {
		return err
	}
	if err := pause(ctx, time.Second); err != nil {
		return err
	}
	idle := stall(w)
	fmt.Fprint(d.show.out, "\n    orders-db-2=# SELECT pg_promote();\n    $ sed -i 's/port=<orders-db-1>/port=<orders-db-2>/' pgbouncer.ini\n    pgbouncer=# RELOAD;\n")
	if _, err := l.NaivePromotion(ctx); err != nil {
		return err
	}
	if err := pause(ctx, time.Second); err != nil {
		return err
	}
	r, err := d.count(ctx, l, w)
	if err != nil {
		return err
	}
	d.show.say(`Not one error, and %d orders that customers were told are placed are gone (client/sequence %s): the old
		primary acknowledged them after the new one had left it. Nothing that watches for errors would have noticed.`,
		r.Lost, firstOf(r.LostRows, 5))
	d.figures.naive(r, idle)
	return nil
}

func (d *demo) gate(ctx context.Context) error {
	d.show.act("The same mistake as a change, stopped by a gate", `The first pair again, and the runbook naive-promotion: the same three
		commands, behind the gates that a failover needs. The lag is small, which is all that the mistake looks at. Then the gate asks whether the old
		primary was shut down cleanly. It takes writes, so the change is held, and nothing has been promoted.`)
	w, err := d.writer(ctx, d.pair)
	if err != nil {
		return err
	}
	id, err := d.mistake(ctx, "naive.yaml")
	if err != nil {
		return err
	}
	d.show.say("Going on all the same, with decide continue, would take somebody's reason and signature. Dave is on call; he sends it back (exit code 6: backed out).")
	if _, err := d.show.run(ctx, changectl("--profile dave decide %s back-out", id).because("the old primary still takes writes")); err != nil {
		return err
	}
	_, err = d.show.run(ctx, changectl("watch %s", id).ends(6))
	if err != nil {
		return err
	}
	rec, err := d.show.record(ctx, id)
	if err != nil {
		return err
	}
	r, err := d.count(ctx, d.pair, w)
	if err != nil {
		return err
	}
	var follows bool
	if err := ask(ctx, d.pair.Nodes[1].AdminDSN, "SELECT pg_is_in_recovery()", &follows); err != nil {
		return err
	}
	d.figures.gate(rec, r, follows)
	return nil
}

// mistake has the naive promotion submitted and approved, and returns it held.
func (d *demo) mistake(ctx context.Context, name string) (string, error) {
	w, err := window(time.Now().Add(5 * time.Second).Truncate(time.Second))
	if err != nil {
		return "", err
	}
	path, err := d.file(name, fmt.Sprintf(naiveFile, product.PasswordSecret, w))
	if err != nil {
		return "", err
	}
	out, err := d.show.run(ctx, changectl("submit -f %s", path).without("the other steps", firstSteps(7)))
	if err != nil {
		return "", err
	}
	id, err := idIn(out)
	if err != nil {
		return "", err
	}
	if err := d.approvals(ctx, id); err != nil {
		return "", err
	}
	if _, err := d.show.run(ctx, changectl("watch %s --plain --until %s", id, change.Held)); err != nil {
		return "", err
	}
	if _, err = d.show.run(ctx, changectl("explain %s", id)); err != nil {
		return "", err
	}
	return id, d.whatTheGateRead(ctx, id)
}

// whatTheGateRead shows the output of the step that holds a change.
func (d *demo) whatTheGateRead(ctx context.Context, id string) error {
	rec, err := d.show.record(ctx, id)
	if err != nil {
		return err
	}
	for _, r := range rec.Runs {
		if r.Outcome == change.FailedRun {
			d.show.say("The record keeps what the gate read from the old primary's control file: %s", r.Output)
		}
	}
	return nil
}

func firstOf(rows []string, n int) string {
	if len(rows) > n {
		return strings.Join(rows[:n], ", ") + ", ..."
	}
	return strings.Join(rows, ", ")
}

func (d *demo) log(ctx context.Context) error {
	d.show.act("What is left", `Every submission, refusal, approval, decision, step and result is in a log that nobody can rewrite unnoticed: a
		Merkle tree with a signed head, which the command line recomputes by itself.`)
	if _, err := d.show.run(ctx, changectl("log --change %s", d.id).without("intent and result of every other step", theStory(14))); err != nil {
		return err
	}
	out, err := d.show.run(ctx, changectl("log verify"))
	d.figures.log(out, err == nil)
	if err != nil {
		return err
	}
	_, err = d.show.run(ctx, changectl("list"))
	return err
}

// hold keeps everything up, with a change that stands still, until Ctrl-C.
func (d *demo) hold(ctx context.Context) error {
	d.show.act("One more that waits for you", "DEMO_HOLD is set: the mistake once more, as a change that is held for a decision of yours.")
	quiet := *d
	quiet.show = &shell{out: io.Discard, bin: d.bin, env: d.environment()}
	id, err := quiet.mistake(ctx, "yours.yaml")
	if err != nil {
		return err
	}
	fmt.Fprintf(d.show.out, `
Everything is up, until Ctrl-C.

  Temporal UI   http://127.0.0.1:%d/namespaces/changectl/workflows
  HTTP API      %s/openapi.json
  Files         %s

Play the people of Nordwind from another terminal (without --profile you are alice):

  export CHANGECTL_STATE_DIR=%s PATH=%s:$PATH
  changectl list
  changectl --profile dave explain %s
  changectl --profile dave decide %s back-out --reason "not like this"
`, d.dev.UI, d.dev.Server(), d.dir, d.state(), d.bin, id, id)
	<-ctx.Done()
	return nil
}
