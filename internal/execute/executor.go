package execute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// Ledger is what the executor needs of the ledger.
type Ledger interface {
	// Begin asks the judge and records the intent, in one transaction. A run that
	// has a result already is returned as it is, without asking the judge.
	Begin(ctx context.Context, k change.RunKey, worker string, token int64, judge func(change.GateFacts) error) (change.Run, error)
	// Finish records the result of an attempt. The same call again is no error.
	Finish(ctx context.Context, k change.RunKey, attempt int, r change.Result) error
	// Change returns the record with what its steps printed, which the facts of the
	// gate leave out. It is asked only for steps whose expressions name an output.
	Change(ctx context.Context, id change.ID) (change.Record, error)
}

// Activities runs activities of other workers.
type Activities interface {
	// Run runs an activity and returns what it returned, as JSON. The same id again finds the run that there is, or its result. An error
	// of the kind unavailable says that nothing is known of the run.
	Run(ctx context.Context, id string, a *runbook.Activity) (json.RawMessage, error)
}

// Executor runs single steps. Its fields are its dependencies; all but those that
// say so are needed.
type Executor struct {
	Ledger Ledger
	Clock  func() time.Time
	Verify Verify
	Worker string // names this worker in the ledger

	// Secrets hands out a secret by name. Optional: without it there are none.
	Secrets func(name string) (string, error)
	// Activities is optional: without it steps of the kind activity fail.
	Activities Activities
	// HTTP sends requests; its Timeout and CheckRedirect are not used. Optional.
	HTTP *http.Client
	// Heartbeat is called about once a second while a step works, with the context
	// given to Run; activity.RecordHeartbeat fits when wrapped. Optional.
	Heartbeat func(ctx context.Context, detail any)
	// Log is optional.
	Log *logrus.Entry
	// Grace is the time between SIGTERM and SIGKILL, 0 for five seconds.
	Grace time.Duration

	turns turns
}

// Run runs one step: gate and intent, the work, the result. That the step failed
// is a Result, not an error. An error means that the gate refused (kind denied),
// that nothing could be recorded, or that ctx ended before the outcome was known;
// what Run then does when it is called again, the rules of resuming say.
func (e *Executor) Run(ctx context.Context, in Input) (change.Result, error) {
	stop := e.beat(ctx, in.RunKey)
	defer stop()
	leave, err := e.turns.take(ctx, in.RunKey)
	if err != nil {
		return change.Result{}, fmt.Errorf("wait for the attempt before at step %d of %s: %w", in.Step, in.Change, err)
	}
	defer leave()
	var facts change.GateFacts
	run, err := e.Ledger.Begin(ctx, in.RunKey, e.Worker, in.Token, func(f change.GateFacts) error {
		facts = f
		return Gate(f, in, e.Verify)
	})
	if err != nil {
		return change.Result{}, fmt.Errorf("begin run %d of step %d of %s: %w", in.Run, in.Step, in.Change, err)
	}
	if run.Outcome != change.Pending {
		return run.Result, nil
	}
	t := e.task(facts, run)
	t.log.Debug("step begun")
	began := e.Clock()
	result, err := t.perform(ctx)
	took := e.Clock().Sub(began)
	if err != nil {
		err = t.discreet(err)
		t.log.WithError(err).Warn("step left without a result")
		return change.Result{}, fmt.Errorf("run the step %q: %w", t.step.Name, err)
	}
	t.log.WithFields(logrus.Fields{"outcome": result.Outcome, "message": result.Message, "took": took}).Info("step ended")
	return result, e.finish(ctx, run, result)
}

// The pauses between two tries to record a result, and how long that is tried
// after ctx has ended: an outcome that is known must not be lost to a shutdown.
const (
	finishFirstPause = 20 * time.Millisecond
	finishLastPause  = 2 * time.Second
	finishGrace      = 5 * time.Second
)

func (e *Executor) finish(ctx context.Context, run change.Run, r change.Result) error {
	done, cancel := outlive(ctx, finishGrace)
	defer cancel()
	for pause := finishFirstPause; ; pause = min(2*pause, finishLastPause) {
		err := e.Ledger.Finish(done, run.RunKey, run.Attempt, r)
		if err == nil {
			return nil
		}
		final := change.KindOf(err) != "" && change.KindOf(err) != change.KindUnavailable
		if final || rest(done, pause) != nil {
			return fmt.Errorf("record the result of run %d of step %d of %s: %w", run.Run, run.Step, run.Change, err)
		}
	}
}

// outlive returns a context that ends a grace later than ctx does.
func outlive(ctx context.Context, grace time.Duration) (context.Context, func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}

// rest lets a pause go by, or returns the cause of ctx.
func rest(ctx context.Context, pause time.Duration) error {
	if pause <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// beat calls the heartbeat until the returned function is called. The first call
// comes after a second: that the step has begun its caller knows, and most steps are
// over before, without having waited for an answer from far away.
func (e *Executor) beat(ctx context.Context, k change.RunKey) func() {
	if e.Heartbeat == nil {
		return func() {}
	}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				e.Heartbeat(ctx, k)
			}
		}
	}()
	return func() { close(over); <-ended }
}

func (e *Executor) logger() *logrus.Entry {
	if e.Log != nil {
		return e.Log
	}
	silent := logrus.New()
	silent.SetOutput(io.Discard)
	return logrus.NewEntry(silent)
}

// errTimeout is the cause of a context that a step's own timeout ended.
var errTimeout = errors.New("the time of the step is over")
